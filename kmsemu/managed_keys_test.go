package kmsemu_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

// managedAliases are the predefined aliases, with the service that uses the key.
var managedAliases = map[string]string{
	"alias/aws/dynamodb": "dynamodb", "alias/aws/ebs": "ec2", "alias/aws/elasticfilesystem": "elasticfilesystem", "alias/aws/kinesis": "kinesis",
	"alias/aws/lambda": "lambda", "alias/aws/rds": "rds", "alias/aws/s3": "s3", "alias/aws/secretsmanager": "secretsmanager",
	"alias/aws/sns": "sns", "alias/aws/sqs": "sqs", "alias/aws/ssm": "ssm",
}

// TestManagedKeyComesIntoBeing when it is first described, and not before (K0538,
// K0539).
func TestManagedKeyComesIntoBeing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	predefined := map[string]bool{}
	list, err := w.root.kms.ListAliases(w.ctx, &kms.ListAliasesInput{})
	require.NoError(t, err)
	for _, a := range list.Aliases {
		require.Equal(t, types.AliasListEntry{AliasName: a.AliasName, AliasArn: ptr("arn:aws:kms:us-east-1:" + account + ":" + *a.AliasName)}, a, "no key, no dates")
		predefined[*a.AliasName] = true
	}
	for name := range managedAliases {
		require.True(t, predefined[name], name)
	}
	require.Len(t, predefined, len(managedAliases))
	byName := func(a, b types.AliasListEntry) int { return strings.Compare(*a.AliasName, *b.AliasName) }
	require.True(t, slices.IsSortedFunc(list.Aliases, byName))
	_, err = w.encrypt(w.root, "alias/aws/s3", nil)
	fails(t, err, "NotFoundException", "Alias arn:aws:kms:us-east-1:"+account+":alias/aws/s3 is not found.")
	_, err = w.role("").kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: ptr("alias/aws/s3")})
	failsLike(t, err, "AccessDeniedException", "kms:DescribeKey on resource: arn:aws:kms:us-east-1:"+account+":key/")
	_, err = w.caller(other, "test", "").kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: ptr("arn:aws:kms:us-east-1:" + account + ":alias/aws/s3")})
	fails(t, err, "NotFoundException", "")
	keys := func() int {
		out, err := w.root.kms.ListKeys(w.ctx, &kms.ListKeysInput{})
		require.NoError(t, err)
		return len(out.Keys)
	}
	require.Zero(t, keys())

	reader := w.role(allow("kms:DescribeKey", "*"))
	out, err := reader.kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: ptr("alias/aws/s3")})
	require.NoError(t, err)
	m := out.KeyMetadata
	require.Equal(t, types.KeyManagerTypeAws, m.KeyManager)
	require.Equal(t, "Default key that protects my S3 objects when no other key is defined", *m.Description)
	require.Equal(t, types.KeyStateEnabled, m.KeyState)
	require.Equal(t, w.clock.Now().UTC(), *m.CreationDate)
	require.Equal(t, m, w.described("alias/aws/s3"), "it is made once")
	require.Equal(t, m, w.described("arn:aws:kms:us-east-1:"+account+":alias/aws/s3"))
	require.Equal(t, m, w.described(*m.Arn))
	require.Equal(t, []string{"alias/aws/s3"}, w.aliases())
	require.Equal(t, 1, keys())
	ofKey, err := w.root.kms.ListAliases(w.ctx, &kms.ListAliasesInput{KeyId: m.KeyId})
	require.NoError(t, err)
	require.Len(t, ofKey.Aliases, 1)
	require.Equal(t, m.KeyId, ofKey.Aliases[0].TargetKeyId)
	require.NotEqual(t, m.KeyId, describedBy(w, w.caller(other, "test", "")).KeyId, "another account has its own")
	require.NotEqual(t, m.KeyId, describedBy(w, w.callerIn("eu-west-1", "test", "test", "")).KeyId, "another Region has its own")
}

func describedBy(w *world, by *caller) *types.KeyMetadata {
	w.Helper()
	out, err := by.kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: ptr("alias/aws/s3")})
	require.NoError(w, err)
	return out.KeyMetadata
}

// TestManagedKeyPolicies: who may do everything uses the keys through their service
// alone, reads them without it, and does nothing else (K0536).
func TestManagedKeyPolicies(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, kmsemu.Config{ServiceCalls: true})
	admin := w.role(allow("*", "*"))
	for name, service := range managedAliases {
		t.Run(name, func(t *testing.T) {
			key := *w.described(name).Arn
			with := func(by *caller) error {
				_, err := by.kms.GenerateDataKey(w.ctx, &kms.GenerateDataKeyInput{KeyId: &name, KeySpec: types.DataKeySpecAes256})
				return err
			}
			require.NoError(t, with(admin.through(viaService, service)))
			require.NoError(t, with(w.role("").through(viaService, service)), "whoever may use the service")
			wrong := "s3"
			if service == "s3" {
				wrong = "sqs"
			}
			const text = "because no resource-based policy allows the kms:GenerateDataKey action"
			failsLike(t, with(admin.through(viaService, wrong)), "AccessDeniedException", text)
			failsLike(t, with(admin), "AccessDeniedException", text)
			failsLike(t, with(w.root), "AccessDeniedException", text)
			foreign := w.caller(other, "test", "").through(viaService, service)
			_, err := foreign.kms.GenerateDataKey(w.ctx, &kms.GenerateDataKeyInput{KeyId: &key, KeySpec: types.DataKeySpecAes256})
			fails(t, err, "AccessDeniedException", "")

			for _, operation := range []string{
				"PutKeyPolicy", "ScheduleKeyDeletion", "DisableKey", "EnableKeyRotation", "DisableKeyRotation", "RotateKeyOnDemand",
				"TagResource", "UpdateKeyDescription", "CreateGrant", "CreateAlias",
			} {
				err := kmsCalls[operation].call(w.ctx, admin.kms, subject{key: key, newAlias: "alias/" + w.name("mine")})
				failsLike(t, err, "AccessDeniedException", "kms:"+operation+" on resource: "+key+" because no resource-based policy allows the kms:"+operation+" action")
			}
			for _, operation := range []string{"DescribeKey", "GetKeyPolicy", "GetKeyRotationStatus", "ListGrants", "ListKeyPolicies", "ListResourceTags", "ListKeyRotations"} {
				require.NoError(t, kmsCalls[operation].call(w.ctx, admin.kms, subject{key: key}), operation)
				fails(t, kmsCalls[operation].call(w.ctx, w.role("").kms, subject{key: key}), "AccessDeniedException", "")
			}
		})
	}
}

// TestManagedKeyPolicyText: a policy as AWS shows it, of a service without grants.
func TestManagedKeyPolicyText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	out, err := w.root.kms.GetKeyPolicy(w.ctx, &kms.GetKeyPolicyInput{KeyId: w.described("alias/aws/s3").KeyId})
	require.NoError(t, err)
	require.JSONEq(t, `{"Version":"2012-10-17","Id":"auto-s3-2","Statement":[
		{"Sid":"Allow access through S3 for all principals in the account that are authorized to use S3","Effect":"Allow","Principal":{"AWS":"*"},
		 "Action":["kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*","kms:DescribeKey"],"Resource":"*",
		 "Condition":{"StringEquals":{"kms:CallerAccount":"000000000000","kms:ViaService":"s3.us-east-1.amazonaws.com"}}},
		{"Sid":"Allow direct access to key metadata to the account","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:root"},
		 "Action":["kms:Describe*","kms:Get*","kms:List*"],"Resource":"*"}]}`, *out.Policy)
}

// TestManagedKeyRotates every year (K0537).
func TestManagedKeyRotates(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, kmsemu.Config{ServiceCalls: true})
	key := *w.described("alias/aws/s3").Arn
	s3 := w.root.through(viaService, "s3")
	old, err := w.encrypt(s3, key, nil)
	require.NoError(t, err)
	status := w.status(key)
	require.True(t, status.KeyRotationEnabled)
	require.EqualValues(t, 365, *status.RotationPeriodInDays)
	require.Equal(t, w.clock.Now().Add(365*day).UTC(), *status.NextRotationDate)
	before := *w.described(key).CurrentKeyMaterialId
	w.clock.Advance(365 * day)
	require.NotEqual(t, before, *w.described(key).CurrentKeyMaterialId)
	_, err = w.decrypt(s3, old, nil)
	require.NoError(t, err)
}

// TestReservedAliases stay AWS's, whether or not they have a key (K0043).
func TestReservedAliases(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	for range 2 {
		_, err := w.root.kms.CreateAlias(w.ctx, &kms.CreateAliasInput{AliasName: ptr("alias/aws/s3"), TargetKeyId: &key})
		fails(t, err, "NotAuthorizedException", "")
		_, err = w.root.kms.UpdateAlias(w.ctx, &kms.UpdateAliasInput{AliasName: ptr("alias/aws/s3"), TargetKeyId: &key})
		fails(t, err, "NotAuthorizedException", "")
		_, err = w.root.kms.DeleteAlias(w.ctx, &kms.DeleteAliasInput{AliasName: ptr("alias/aws/s3")})
		fails(t, err, "NotAuthorizedException", "")
		w.described("alias/aws/s3")
	}
}

// TestDefaultKeyOfService: a service that is not told a key uses the account's AWS
// managed key, for whoever may use the service (K0540).
func TestDefaultKeyOfService(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.roleARN(w.root, "")
	for flow, row := range map[string]struct{ resource, grantee, alias string }{
		"dynamodb:CreateTable":               {"arn:aws:dynamodb" + east + "table/t", "", "alias/aws/dynamodb"},
		"ec2:CreateVolume":                   {"arn:aws:ec2" + east + "volume/vol-1", "", "alias/aws/ebs"},
		"autoscaling:LaunchInstance":         {"arn:aws:ec2" + east + "volume/vol-2", "i-1", "alias/aws/ebs"},
		"elasticfilesystem:CreateFileSystem": {"arn:aws:elasticfilesystem" + east + "file-system/fs-1", "", "alias/aws/elasticfilesystem"},
		"kinesis:PutRecord":                  {"arn:aws:kinesis" + east + "stream/s", "", "alias/aws/kinesis"},
		"lambda:SetEnvironment":              {"arn:aws:lambda" + east + "function:f", roleName(role), "alias/aws/lambda"},
		"rds:CreateDBInstance":               {"arn:aws:rds" + east + "db:d", "", "alias/aws/rds"},
		"s3:PutObject":                       {"arn:aws:s3:::bucket/key", "", "alias/aws/s3"},
		"secretsmanager:PutSecretValue":      {"arn:aws:secretsmanager" + east + "secret:s-abcdef", "", "alias/aws/secretsmanager"},
		"sns:Publish":                        {"arn:aws:sns" + east + "t", "", "alias/aws/sns"},
		"sqs:SendMessage":                    {"arn:aws:sqs" + east + "q", "", "alias/aws/sqs"},
		"ssm:PutParameter":                   {"arn:aws:ssm" + east + "parameter/p", "", "alias/aws/ssm"},
	} {
		t.Run(flow, func(t *testing.T) {
			result, err := w.Server.UseService(w.ctx, kmsemu.ServiceUse{
				Flow: flow, Region: region, Caller: role, Resource: row.resource, Grantee: row.grantee, VersionID: "v", Plaintext: []byte("x"),
			})
			require.NoError(t, err)
			m := w.described(row.alias)
			require.Equal(t, *m.Arn, result.KeyARN)
			require.Equal(t, types.KeyManagerTypeAws, m.KeyManager)
		})
	}
	stored, err := w.Server.UseService(w.ctx, kmsemu.ServiceUse{Flow: "s3:PutObject", Region: region, Caller: role, Resource: "arn:aws:s3:::bucket/key"})
	require.NoError(t, err)
	_, err = w.Server.UseService(w.ctx, kmsemu.ServiceUse{Flow: "s3:GetObject", Region: region, Caller: role, Resource: "arn:aws:s3:::bucket/key", Ciphertext: stored.Ciphertext})
	require.NoError(t, err)

	for name, row := range map[string]struct {
		use  kmsemu.ServiceUse
		part string
	}{
		"no managed key": {kmsemu.ServiceUse{Flow: "logs:PutLogEvents", Region: region, Resource: "arn:aws:logs" + east + "log-group:g"}, "logs has no AWS managed key: name the key"},
		"no account":     {kmsemu.ServiceUse{Flow: "s3:NotifyQueue", Region: region, Resource: "arn:aws:s3:::bucket"}, "needs to know the account"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.Server.UseService(w.ctx, row.use)
			require.ErrorContains(t, err, row.part)
		})
	}
	_, err = w.Server.UseService(w.ctx, kmsemu.ServiceUse{Flow: "s3:NotifyQueue", Region: region, Resource: "arn:aws:sqs" + east + "q"})
	var refused *kmsemu.ServiceError
	require.True(t, errors.As(err, &refused), "a service principal may not use an AWS managed key: %v", err)
	require.Equal(t, "AccessDeniedException", refused.Code)
}

// TestPredefinedAliasesInPages: they stand where their names belong, once, whether
// or not they have a key.
func TestPredefinedAliasesInPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	want := []string{"alias/a", "alias/aws0", "alias/z"}
	for _, name := range want {
		_, err := w.root.kms.CreateAlias(w.ctx, &kms.CreateAliasInput{AliasName: &name, TargetKeyId: &key})
		require.NoError(t, err)
	}
	w.described("alias/aws/lambda")
	for name := range managedAliases {
		want = append(want, name)
	}
	slices.Sort(want)
	for limit := range int32(len(want)) {
		var got []string
		for marker, more := (*string)(nil), true; more; {
			out, err := w.root.kms.ListAliases(w.ctx, &kms.ListAliasesInput{Limit: ptr(limit + 1), Marker: marker})
			require.NoError(t, err)
			for _, a := range out.Aliases {
				got = append(got, *a.AliasName)
			}
			marker, more = out.NextMarker, out.Truncated
		}
		require.Equal(t, want, got)
	}
}
