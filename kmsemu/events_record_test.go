package kmsemu_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

// TestResponseElements (K0486): of calls that changed something alone, what they
// answered or, if that was nothing, the key.
func TestResponseElements(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.clock.Advance(time.Date(2030, 1, 2, 15, 4, 5, 0, time.UTC).Sub(w.clock.Now()))
	for name, row := range kmsCalls {
		s := w.subjectOf(name)
		if name == "CancelKeyDeletion" {
			w.pend(s)
		}
		require.NoError(t, row.call(w.ctx, w.root.kms, s), name)
		e := w.event(name)
		key := s.key
		switch name {
		case "DeleteAlias":
			key = s.spare
		case "UpdatePrimaryRegion":
			key = at(abroad, s.key)
		}
		switch name {
		case "CreateKey":
			metadata := e.ResponseElements["keyMetadata"].(map[string]any)
			require.Equal(t, "Jan 2, 2030, 3:04:05 PM", metadata["creationDate"])
			require.Equal(t, account, metadata["aWSAccountId"])
			require.Equal(t, e.Resources[0].ARN, metadata["arn"])
		case "ReplicateKey":
			metadata := e.ResponseElements["replicaKeyMetadata"].(map[string]any)
			require.Equal(t, at(abroad, s.key), metadata["multiRegionConfiguration"].(map[string]any)["replicaKeys"].([]any)[0].(map[string]any)["arn"])
			require.Equal(t, []any{map[string]any{"tagKey": "a", "tagValue": "b"}}, e.ResponseElements["replicaTags"])
		case "CreateCustomKeyStore":
			require.Regexp(t, "^cks-", e.ResponseElements["customKeyStoreId"])
		case "ConnectCustomKeyStore", "DisconnectCustomKeyStore", "UpdateCustomKeyStore", "DeleteCustomKeyStore":
			require.Nil(t, e.ResponseElements, name)
			require.Equal(t, s.store, e.RequestParameters["customKeyStoreId"])
		case "CreateGrant":
			require.Len(t, e.ResponseElements["grantId"], 64)
			require.Equal(t, key, e.ResponseElements["keyId"])
			require.Len(t, e.ResponseElements, 2, "not the token")
		case "ImportKeyMaterial", "DeleteImportedKeyMaterial":
			require.Len(t, e.ResponseElements["keyMaterialId"], 64)
			require.Equal(t, key, e.ResponseElements["keyId"])
		case "ScheduleKeyDeletion":
			require.Equal(t, map[string]any{"keyId": key, "keyState": "PendingDeletion", "deletionDate": "Feb 1, 2030, 3:04:05 PM", "pendingWindowInDays": 30.0}, e.ResponseElements)
		default:
			if e.ReadOnly {
				require.Nil(t, e.ResponseElements, name)
				continue
			}
			require.Equal(t, map[string]any{"keyId": key}, e.ResponseElements, name)
		}
	}
	_, err := w.role("").kms.DisableKey(w.ctx, &kms.DisableKeyInput{KeyId: aws.String(w.key())})
	fails(t, err, "AccessDeniedException", "")
	require.Nil(t, w.event("DisableKey").ResponseElements)
	w.roleARN(w.root, "")
	require.Nil(t, w.event("CreateRole").ResponseElements, "IAM's have secrets among them")
}

// TestReadOnly (K0487): which operations change nothing.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var changing []string
	for name, row := range kmsCalls {
		s := w.subjectOf(name)
		if name == "CancelKeyDeletion" {
			w.pend(s)
		}
		require.NoError(t, row.call(w.ctx, w.root.kms, s), name)
		e := w.event(name)
		require.Equal(t, "AwsApiCall", e.EventType)
		require.Equal(t, "Management", e.EventCategory)
		require.True(t, e.ManagementEvent)
		require.Equal(t, account, e.RecipientAccountID)
		require.Empty(t, e.SharedEventID)
		if !e.ReadOnly {
			changing = append(changing, name)
		}
	}
	slices.Sort(changing)
	var want []string
	for _, name := range kmsemu.Operations("kms") {
		reads := strings.HasPrefix(name, "Get") || strings.HasPrefix(name, "List") || strings.HasPrefix(name, "Describe") || strings.HasPrefix(name, "Generate")
		if !reads && !slices.Contains(texts(types.KeyLastUsageTrackingOperation("").Values()), name) {
			want = append(want, name)
		}
	}
	require.Equal(t, want, changing)
	w.roleARN(w.root, "")
	require.False(t, w.event("CreateRole").ReadOnly)
	require.True(t, w.event("GetCallerIdentity").ReadOnly)
}

// TestAliasEvents name the alias beside its key (K0486).
func TestAliasEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.subject()
	require.NoError(t, kmsCalls["CreateAlias"].call(w.ctx, w.root.kms, s))
	require.Equal(t, []kmsemu.Resource{
		{ARN: s.key, AccountID: account, Type: "AWS::KMS::Key"},
		{ARN: "arn:aws:kms:us-east-1:000000000000:" + s.newAlias, AccountID: account, Type: "AWS::KMS::Alias"},
	}, w.event("CreateAlias").Resources)
}

// TestEventsOfTwoAccounts (K0488): what succeeds with a key of another account is
// in both trails, a failure in the caller's.
func TestEventsOfTwoAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stranger := w.caller(other, "test", "")
	key := w.key(withPolicy(keyPolicy(statement("Allow", "arn:aws:iam::"+other+":root", "kms:Encrypt", ""))))
	_, err := w.encrypt(stranger, key, nil)
	require.NoError(t, err)
	records := w.Server.EventsWhere(kmsemu.EventFilter{Name: "Encrypt"})
	require.Len(t, records, 2)
	caller, owner := records[0], records[1]
	require.Equal(t, other, caller.RecipientAccountID)
	require.Equal(t, "Root", caller.UserIdentity.Type)
	require.NotEmpty(t, caller.SharedEventID)
	require.Equal(t, caller.SharedEventID, owner.SharedEventID)
	require.Equal(t, caller.RequestID, owner.RequestID)
	require.NotEqual(t, caller.EventID, owner.EventID)
	require.Equal(t, account, owner.RecipientAccountID)
	require.Equal(t, kmsemu.UserIdentity{Type: "AWSAccount", PrincipalID: other, AccountID: other}, owner.UserIdentity)
	require.Equal(t, caller.Resources, owner.Resources)

	_, err = stranger.kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: &key})
	fails(t, err, "AccessDeniedException", "")
	records = w.Server.EventsWhere(kmsemu.EventFilter{Name: "DescribeKey"})
	require.Len(t, records, 1)
	require.Equal(t, other, records[0].RecipientAccountID)
	_, err = w.encrypt(w.root, key, nil)
	require.NoError(t, err)
	require.Len(t, w.Server.EventsWhere(kmsemu.EventFilter{Name: "Encrypt"}), 3, "one account, one record")
}

// TestEventsOfThreeAccounts (K0488): both owners of the keys of a ReEncrypt have a
// record, and each key remembers its owner's.
func TestEventsOfThreeAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const third = "444455556666"
	toAll := withPolicy(`{"Version":"2012-10-17","Statement":[` + statement("Allow", "*", "kms:*", "") + `]}`)
	source := w.key(toAll)
	in := &kms.CreateKeyInput{}
	toAll(in)
	destination, err := w.caller(other, "test", "").kms.CreateKey(w.ctx, in)
	require.NoError(t, err)
	sealed, err := w.encrypt(w.root, source, nil)
	require.NoError(t, err)
	_, err = w.caller(third, "test", "").kms.ReEncrypt(w.ctx, &kms.ReEncryptInput{CiphertextBlob: sealed, DestinationKeyId: destination.KeyMetadata.Arn})
	require.NoError(t, err)
	records := w.Server.EventsWhere(kmsemu.EventFilter{Name: "ReEncrypt"})
	require.Len(t, records, 3)
	for i, recipient := range []string{third, account, other} {
		require.Equal(t, recipient, records[i].RecipientAccountID)
		require.Equal(t, records[0].SharedEventID, records[i].SharedEventID)
	}
	require.Equal(t, records[1].EventID, *w.lastUsage(source).KeyLastUsage.CloudTrailEventId)
	usage, err := w.caller(other, "test", "").kms.GetKeyLastUsage(w.ctx, &kms.GetKeyLastUsageInput{KeyId: destination.KeyMetadata.Arn})
	require.NoError(t, err)
	require.Equal(t, records[2].EventID, *usage.KeyLastUsage.CloudTrailEventId)
}

// TestReplicationEvents (K0473, K0474): each Region has its own record of a call,
// also if it fails there.
func TestReplicationEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(multiRegion)
	w.replica(key, abroad)
	main, part := w.event("ReplicateKey"), w.event("CreateKey")
	require.Equal(t, region, main.AWSRegion)
	require.Empty(t, main.UserIdentity.InvokedBy)
	require.Equal(t, map[string]any{"keyId": key, "replicaRegion": abroad, "bypassPolicyLockoutSafetyCheck": false, "description": ""}, main.RequestParameters)
	require.Equal(t, abroad, part.AWSRegion)
	require.Equal(t, "kms.amazonaws.com", part.UserIdentity.InvokedBy)
	require.Equal(t, main.RequestID, part.RequestID)
	require.NotEqual(t, main.EventID, part.EventID)
	require.Equal(t, map[string]any{
		"keySpec": "SYMMETRIC_DEFAULT", "customerMasterKeySpec": "SYMMETRIC_DEFAULT", "keyUsage": "ENCRYPT_DECRYPT", "origin": "AWS_KMS",
		"multiRegion": true, "bypassPolicyLockoutSafetyCheck": false, "description": "",
	}, part.RequestParameters)
	require.Equal(t, at(abroad, key), part.Resources[0].ARN)
	require.Equal(t, main.ResponseElements["replicaKeyMetadata"], part.ResponseElements["keyMetadata"])

	require.NoError(t, w.updatePrimary(w.root, key, abroad))
	records := w.Server.EventsWhere(kmsemu.EventFilter{Name: "UpdatePrimaryRegion"})
	require.Len(t, records, 2)
	require.Equal(t, region, records[0].AWSRegion)
	require.Equal(t, key, records[0].Resources[0].ARN)
	require.Equal(t, abroad, records[1].AWSRegion)
	require.Equal(t, map[string]any{"keyId": at(abroad, key), "primaryRegion": abroad}, records[1].RequestParameters)

	_, err := w.role(whenever("kms:CreateKey", `{"StringEquals":{"aws:RequestedRegion":"ap-southeast-2"}}`)).elsewhere(abroad).
		ReplicateKey(w.ctx, &kms.ReplicateKeyInput{KeyId: aws.String(at(abroad, key)), ReplicaRegion: aws.String(farther)})
	fails(t, err, "AccessDeniedException", "")
	for _, name := range []string{"ReplicateKey", "CreateKey"} {
		require.Equal(t, kmsemu.AccessDenied, w.event(name).ErrorCode)
		require.False(t, w.event(name).Decision.Allowed())
	}
	ids := map[string]bool{}
	for _, e := range w.Server.Events() {
		require.False(t, ids[e.EventID], "two events %s", e.EventID)
		ids[e.EventID] = true
	}
}

// TestServiceEvents (K0489): what time does is in the trail, on its date.
func TestServiceEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(multiRegion)
	w.replica(key, abroad)
	id := key[strings.LastIndex(key, "/")+1:]
	named := func(name string) []kmsemu.Event { return w.Server.EventsWhere(kmsemu.EventFilter{Name: name}) }
	require.Len(t, named("SynchronizeMultiRegionKey"), 1, "the replica got its material")
	w.enableRotation(key, aws.Int32(90))
	start := w.clock.Now().UTC()
	require.Len(t, named("SynchronizeMultiRegionKey"), 2, "and the schedule")

	w.clock.Advance(181 * day)
	rotations := named("RotateKey")
	require.Len(t, rotations, 2, "though nobody looked at the key")
	material := w.rotationsIn(region, key)
	require.Equal(t, kmsemu.Event{
		EventTime: start.Add(90 * day), EventSource: "kms.amazonaws.com", EventName: "RotateKey", AWSRegion: region,
		SourceIPAddress: "AWS Internal", UserAgent: "AWS Internal", UserIdentity: kmsemu.UserIdentity{AccountID: account, InvokedBy: "AWS Internal"},
		EventID: rotations[0].EventID, EventType: "AwsServiceEvent", EventCategory: "Management", ManagementEvent: true, RecipientAccountID: account,
		Resources: []kmsemu.Resource{{ARN: key, AccountID: account, Type: "AWS::KMS::Key"}},
		ServiceEventDetails: map[string]any{
			"keyId": id, "keyOrigin": "AWS_KMS", "rotationType": "AUTOMATIC",
			"previousKeyMaterialId": *material[0].KeyMaterialId, "currentKeyMaterialId": *material[1].KeyMaterialId,
		},
	}, rotations[0])
	require.NotEqual(t, rotations[0].EventID, rotations[1].EventID)
	synced := named("SynchronizeMultiRegionKey")
	require.Len(t, synced, 4)
	require.Equal(t, "AwsApiCall", synced[3].EventType)
	require.Equal(t, map[string]any{"keyId": key}, synced[3].ResponseElements)

	_, err := w.root.kms.RotateKeyOnDemand(w.ctx, &kms.RotateKeyOnDemandInput{KeyId: &key})
	require.NoError(t, err)
	require.Equal(t, "ON_DEMAND", named("RotateKey")[2].ServiceEventDetails["rotationType"])

	w.scheduleDeletion(key, region, 7)
	w.scheduleDeletion(at(abroad, key), abroad, 7)
	w.clock.Advance(20 * day)
	deletions := named("DeleteKey")
	require.Len(t, deletions, 2)
	require.Equal(t, at(abroad, key), deletions[0].Resources[0].ARN)
	require.Equal(t, start.Add((181+7)*day), deletions[0].EventTime)
	require.Equal(t, key, deletions[1].Resources[0].ARN)
	require.Equal(t, start.Add((181+14)*day), deletions[1].EventTime)
	require.Equal(t, map[string]any{"keyId": id}, deletions[1].ServiceEventDetails)

	text, err := json.Marshal(deletions[1])
	require.NoError(t, err)
	var fields map[string]any
	require.NoError(t, json.Unmarshal(text, &fields))
	require.Contains(t, fields, "requestParameters")
	require.Nil(t, fields["responseElements"])
	require.NotContains(t, fields, "requestID")
	require.Equal(t, map[string]any{"accountId": account, "invokedBy": "AWS Internal"}, fields["userIdentity"])
}

// TestEventFilter selects by each field, and by all.
func TestEventFilter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.roleARN(w.root, allow("kms:Encrypt", "*"))
	session := w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role})
	key, spare := w.key(), w.key()
	id := key[strings.LastIndex(key, "/")+1:]
	sealed, err := w.encrypt(session, key, nil)
	require.NoError(t, err)
	_, err = w.decrypt(session, sealed, nil)
	fails(t, err, "AccessDeniedException", "")
	_, err = w.encrypt(w.root, spare, nil)
	require.NoError(t, err)
	_, err = w.rootIn(abroad).kms.ListKeys(w.ctx, &kms.ListKeysInput{})
	require.NoError(t, err)
	for name, row := range map[string]struct {
		filter kmsemu.EventFilter
		want   []string
	}{
		"name":            {kmsemu.EventFilter{Name: "Encrypt"}, []string{"Encrypt", "Encrypt"}},
		"session":         {kmsemu.EventFilter{Principal: session.arn}, []string{"Encrypt", "Decrypt"}},
		"role":            {kmsemu.EventFilter{Principal: role}, []string{"Encrypt", "Decrypt"}},
		"nobody":          {kmsemu.EventFilter{Principal: role + "x"}, nil},
		"key":             {kmsemu.EventFilter{Key: key}, []string{"CreateKey", "Encrypt", "Decrypt"}},
		"key id":          {kmsemu.EventFilter{Key: id}, []string{"CreateKey", "Encrypt", "Decrypt"}},
		"part of an id":   {kmsemu.EventFilter{Key: id[1:]}, nil},
		"denied":          {kmsemu.EventFilter{ErrorCode: kmsemu.AccessDenied}, []string{"Decrypt"}},
		"succeeded":       {kmsemu.EventFilter{ErrorCode: kmsemu.NoError, Key: key}, []string{"CreateKey", "Encrypt"}},
		"Region":          {kmsemu.EventFilter{Region: abroad}, []string{"ListKeys"}},
		"another account": {kmsemu.EventFilter{Account: other}, nil},
		"all together":    {kmsemu.EventFilter{Name: "Decrypt", Principal: role, Key: key, ErrorCode: kmsemu.AccessDenied, Region: region, Account: account}, []string{"Decrypt"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, e := range w.Server.EventsWhere(row.filter) {
				got = append(got, e.EventName)
			}
			require.Equal(t, row.want, got)
		})
	}
	require.Equal(t, w.Server.Events(), w.Server.EventsWhere(kmsemu.EventFilter{}))
}
