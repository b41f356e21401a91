package kmsemu_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

// Regions for replicas.
const (
	abroad  = "eu-west-1"
	farther = "ap-southeast-2"
)

func multiRegion(in *kms.CreateKeyInput) { in.MultiRegion = aws.Bool(true) }

// at is a key's ARN in another Region.
func at(region, arn string) string {
	parts := strings.Split(arn, ":")
	parts[3] = region
	return strings.Join(parts, ":")
}

// rootIn is the root user at work in a Region.
func (w *world) rootIn(region string) *caller { return w.callerIn(region, "test", "test", "") }

// elsewhere is a caller's self in a Region.
func (c *caller) elsewhere(region string) *kms.Client {
	return kms.NewFromConfig(c.Config, func(o *kms.Options) { o.Region = region })
}

// replica replicates a key as root.
func (w *world) replica(key, region string) string {
	w.Helper()
	out, err := w.root.kms.ReplicateKey(w.ctx, &kms.ReplicateKeyInput{KeyId: &key, ReplicaRegion: &region})
	require.NoError(w, err)
	return *out.ReplicaKeyMetadata.Arn
}

// describe describes a key in its own Region.
func (w *world) describe(key string) *types.KeyMetadata {
	w.Helper()
	out, err := w.rootIn(strings.Split(key, ":")[3]).kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: &key})
	require.NoError(w, err)
	return out.KeyMetadata
}

func related(arn string) types.MultiRegionKey {
	return types.MultiRegionKey{Arn: &arn, Region: aws.String(strings.Split(arn, ":")[3])}
}

// configuration is that of a key, with its type and its primary's ARN.
func configuration(kind types.MultiRegionKeyType, primary string, replicas ...string) *types.MultiRegionConfiguration {
	c := &types.MultiRegionConfiguration{MultiRegionKeyType: kind, PrimaryKey: ptr(related(primary)), ReplicaKeys: []types.MultiRegionKey{}}
	for _, replica := range replicas {
		c.ReplicaKeys = append(c.ReplicaKeys, related(replica))
	}
	return c
}

// TestMultiRegionKey (K0471): keys of every spec can be multi-Region.
func TestMultiRegionKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	single := w.describe(w.key())
	require.False(t, *single.MultiRegion)
	require.Nil(t, single.MultiRegionConfiguration)
	for spec, usages := range kinds {
		usage := slices.Sorted(maps.Keys(usages))[0]
		m := w.describe(w.key(multiRegion, ofKind(spec, usage)))
		require.Regexp(t, regexp.MustCompile(`^mrk-[0-9a-f]{32}$`), *m.KeyId)
		require.True(t, *m.MultiRegion)
		require.Equal(t, types.KeyStateEnabled, m.KeyState)
		require.Equal(t, configuration(types.MultiRegionKeyTypePrimary, *m.Arn), m.MultiRegionConfiguration)
	}
	_, err := w.rootIn("cn-north-1").kms.CreateKey(w.ctx, &kms.CreateKeyInput{MultiRegion: aws.Bool(true)})
	fails(t, err, "UnsupportedOperationException", "Multi-Region keys are not supported in the Region cn-north-1.")
	_, err = w.rootIn("cn-north-1").kms.CreateKey(w.ctx, &kms.CreateKeyInput{})
	require.NoError(t, err)
}

// TestReplicateKey (K0472, K0473): the replica is there at once, and usable after
// a while.
func TestReplicateKey(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, kmsemu.Config{Consistency: kmsemu.Consistency{Replicas: kmsemu.Duration(5 * time.Second)}})
	key := w.key(multiRegion, func(in *kms.CreateKeyInput) { in.Description = aws.String("primary") })
	w.clock.Advance(time.Hour)
	out, err := w.root.kms.ReplicateKey(w.ctx, &kms.ReplicateKeyInput{KeyId: &key, ReplicaRegion: aws.String(abroad)})
	require.NoError(t, err)
	replica := at(abroad, key)
	id := key[strings.LastIndex(key, "/")+1:]
	require.Equal(t, &types.KeyMetadata{
		AWSAccountId: aws.String(account), Arn: &replica, KeyId: &id, CreationDate: aws.Time(w.clock.Now().UTC()), Description: aws.String(""),
		CustomerMasterKeySpec: types.CustomerMasterKeySpecSymmetricDefault, KeySpec: types.KeySpecSymmetricDefault,
		Enabled: false, KeyState: types.KeyStateCreating, KeyManager: types.KeyManagerTypeCustomer,
		EncryptionAlgorithms: []types.EncryptionAlgorithmSpec{types.EncryptionAlgorithmSpecSymmetricDefault},
		KeyUsage:             types.KeyUsageTypeEncryptDecrypt, MultiRegion: aws.Bool(true), Origin: types.OriginTypeAwsKms,
		MultiRegionConfiguration: configuration(types.MultiRegionKeyTypeReplica, key, replica),
	}, out.ReplicaKeyMetadata)
	require.JSONEq(t, fmt.Sprintf(`{"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{"AWS":%q},"Action":"kms:*","Resource":"*"}]}`, rootARN), *out.ReplicaPolicy)
	require.Equal(t, []types.Tag{}, out.ReplicaTags)
	require.Equal(t, configuration(types.MultiRegionKeyTypePrimary, key, replica), w.describe(key).MultiRegionConfiguration)

	there := w.rootIn(abroad)
	_, err = w.encrypt(there, replica, nil)
	fails(t, err, "KMSInvalidStateException", replica+" is creating.")
	w.clock.Advance(5*time.Second - time.Millisecond)
	_, err = w.encrypt(there, id, nil)
	fails(t, err, "KMSInvalidStateException", replica+" is creating.")
	require.NoError(t, w.tag(there, replica, "managed", "already"))
	w.clock.Advance(time.Millisecond)
	_, err = w.encrypt(there, id, nil)
	require.NoError(t, err)
	require.Equal(t, types.KeyStateEnabled, w.describe(replica).KeyState)
	require.Equal(t, w.describe(key).CurrentKeyMaterialId, w.describe(replica).CurrentKeyMaterialId)

	listed, err := there.kms.ListKeys(w.ctx, &kms.ListKeysInput{})
	require.NoError(t, err)
	require.Len(t, listed.Keys, 1)
	second := w.replica(key, farther)
	require.Equal(t, configuration(types.MultiRegionKeyTypeReplica, key, second, replica), w.describe(replica).MultiRegionConfiguration)
}

// TestReplicaParameters: the replica has the properties the request gives it.
func TestReplicaParameters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(multiRegion)
	policy := keyPolicy(statement("Deny", rootARN, "kms:Encrypt", ""))
	out, err := w.root.kms.ReplicateKey(w.ctx, &kms.ReplicateKeyInput{
		KeyId: &key, ReplicaRegion: aws.String(abroad), Description: aws.String("replica"), Policy: &policy,
		Tags: []types.Tag{{TagKey: aws.String("a"), TagValue: aws.String("b")}},
	})
	require.NoError(t, err)
	require.Equal(t, "replica", *out.ReplicaKeyMetadata.Description)
	require.Equal(t, policy, *out.ReplicaPolicy)
	require.Equal(t, []types.Tag{{TagKey: aws.String("a"), TagValue: aws.String("b")}}, out.ReplicaTags)
	require.Equal(t, types.KeyStateCreating, out.ReplicaKeyMetadata.KeyState)
	require.Equal(t, types.KeyStateEnabled, w.describe(at(abroad, key)).KeyState, "without a delay, from the next call on")
	_, err = w.encrypt(w.rootIn(abroad), at(abroad, key), nil)
	failsLike(t, err, "AccessDeniedException", "with an explicit deny in a resource-based policy")
	_, err = w.encrypt(w.root, key, nil)
	require.NoError(t, err, "the primary's policy is its own")
}

// TestRefusedReplicas (K0473, K0478).
func TestRefusedReplicas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(multiRegion)
	replica := w.replica(key, abroad)
	single := w.key()
	id := key[strings.LastIndex(key, "/")+1:]
	lockedOut := keyPolicyOfRoot("kms:DescribeKey")
	exists := func(region string) string {
		return "The Region " + region + " already has the multi-Region key " + id + "."
	}
	for name, row := range map[string]struct {
		region        string
		in            kms.ReplicateKeyInput
		code, message string
	}{
		"a replica":             {abroad, kms.ReplicateKeyInput{KeyId: &replica, ReplicaRegion: aws.String(farther)}, "UnsupportedOperationException", replica + " is not a multi-region primary key."},
		"a single-Region key":   {region, kms.ReplicateKeyInput{KeyId: &single, ReplicaRegion: aws.String(farther)}, "UnsupportedOperationException", single + " is not a multi-region primary key."},
		"another partition":     {region, kms.ReplicateKeyInput{KeyId: &key, ReplicaRegion: aws.String("cn-north-1")}, "UnsupportedOperationException", "A replica key must be in the partition of its primary key; cn-north-1 is in another."},
		"no Region":             {region, kms.ReplicateKeyInput{KeyId: &key, ReplicaRegion: aws.String("Ireland")}, "ValidationException", `1 validation error detected: Value 'Ireland' at 'replicaRegion' failed to satisfy constraint: Member must satisfy regular expression pattern: ^([a-z]+-){2,3}\d+$`},
		"its own Region":        {region, kms.ReplicateKeyInput{KeyId: &key, ReplicaRegion: aws.String(region)}, "AlreadyExistsException", exists(region)},
		"where there is one":    {region, kms.ReplicateKeyInput{KeyId: &key, ReplicaRegion: aws.String(abroad)}, "AlreadyExistsException", exists(abroad)},
		"locked out":            {region, kms.ReplicateKeyInput{KeyId: &key, ReplicaRegion: aws.String(farther), Policy: &lockedOut}, "MalformedPolicyDocumentException", "The new key policy will not allow you to update the key policy in the future."},
		"by alias":              {region, kms.ReplicateKeyInput{KeyId: aws.String("alias/a"), ReplicaRegion: aws.String(farther)}, "InvalidArnException", "Key Aliases are not supported for this operation."},
		"description too long":  {region, kms.ReplicateKeyInput{KeyId: &key, ReplicaRegion: aws.String(farther), Description: repeat(8193)}, "ValidationException", ""},
		"tag of the service's":  {region, kms.ReplicateKeyInput{KeyId: &key, ReplicaRegion: aws.String(farther), Tags: []types.Tag{{TagKey: aws.String("aws:a"), TagValue: aws.String("")}}}, "TagException", "Tags beginning with aws: are reserved"},
		"policy with no syntax": {region, kms.ReplicateKeyInput{KeyId: &key, ReplicaRegion: aws.String(farther), Policy: aws.String("{")}, "MalformedPolicyDocumentException", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.rootIn(row.region).kms.ReplicateKey(w.ctx, &row.in)
			fails(t, err, row.code, row.message)
		})
	}
	_, err := w.rootIn(abroad).kms.ScheduleKeyDeletion(w.ctx, &kms.ScheduleKeyDeletionInput{KeyId: &replica})
	require.NoError(t, err)
	_, err = w.root.kms.ReplicateKey(w.ctx, &kms.ReplicateKeyInput{KeyId: &key, ReplicaRegion: aws.String(abroad)})
	fails(t, err, "AlreadyExistsException", exists(abroad))
	_, err = w.root.kms.ReplicateKey(w.ctx, &kms.ReplicateKeyInput{KeyId: &key, ReplicaRegion: aws.String(farther), Policy: &lockedOut, BypassPolicyLockoutSafetyCheck: true})
	require.NoError(t, err, "the twin of the row that is locked out")
}

// whenever is an identity policy that allows everything, and denies an action
// under a condition.
func whenever(action, condition string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":%q,"Resource":"*","Condition":%s}]}`, action, condition)
}

// TestReplicaConditions (K0473): each Region's part of the work has its own
// condition keys.
func TestReplicaConditions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, row := range map[string]struct {
		action, condition string
		denied            string // the action that is; "" for none
	}{
		"replica Region":                 {"kms:ReplicateKey", `{"StringEquals":{"kms:ReplicaRegion":"eu-west-1"}}`, "kms:ReplicateKey"},
		"another replica Region":         {"kms:ReplicateKey", `{"StringEquals":{"kms:ReplicaRegion":"eu-west-2"}}`, ""},
		"the primary's type":             {"kms:ReplicateKey", `{"StringEquals":{"kms:MultiRegionKeyType":"PRIMARY"}}`, "kms:ReplicateKey"},
		"creating where the replica is":  {"kms:CreateKey", `{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}`, "kms:CreateKey"},
		"creating where the primary is":  {"kms:CreateKey", `{"StringEquals":{"aws:RequestedRegion":"us-east-1"}}`, ""},
		"creating a replica":             {"kms:CreateKey", `{"StringEquals":{"kms:MultiRegionKeyType":"REPLICA"}}`, "kms:CreateKey"},
		"creating a primary":             {"kms:CreateKey", `{"StringEquals":{"kms:MultiRegionKeyType":"PRIMARY"}}`, ""},
		"creating a multi-Region key":    {"kms:CreateKey", `{"Bool":{"kms:MultiRegion":"true"}}`, "kms:CreateKey"},
		"creating a key of that spec":    {"kms:CreateKey", `{"StringEquals":{"kms:KeySpec":"SYMMETRIC_DEFAULT"}}`, "kms:CreateKey"},
		"creating with the tag":          {"kms:CreateKey", `{"StringEquals":{"aws:RequestTag/a":"b"}}`, "kms:CreateKey"},
		"tagging":                        {"kms:TagResource", `{"StringEquals":{"aws:RequestTag/a":"b"}}`, "kms:TagResource"},
		"tagging in the primary's place": {"kms:TagResource", `{"StringEquals":{"aws:RequestedRegion":"us-east-1"}}`, ""},
		"the role of the service":        {"iam:CreateServiceLinkedRole", `{"Null":{"aws:PrincipalArn":"false"}}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := w.subjectOf("ReplicateKey")
			by := w.role(whenever(row.action, row.condition))
			err := kmsCalls["ReplicateKey"].call(w.ctx, by.kms, s)
			if row.denied == "" {
				require.NoError(t, err)
				return
			}
			failsLike(t, err, "AccessDeniedException", by.arn+" is not authorized to perform: "+row.denied+" on resource: ")
			_, err = w.rootIn(abroad).kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: aws.String(at(abroad, s.key))})
			fails(t, err, "NotFoundException", "")
		})
	}
}

// TestPrimaryNeedsTheServiceLinkedRole (K0476): who creates a primary key must be
// allowed to create the role, whether it exists or not.
func TestPrimaryNeedsTheServiceLinkedRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const name = "AWSServiceRoleForKeyManagementServiceMultiRegionKeys"
	exists := func() error {
		_, err := w.root.iam.GetRole(w.ctx, &iam.GetRoleInput{RoleName: aws.String(name)})
		return err
	}
	create := func(by *caller, multi bool) error {
		_, err := by.kms.CreateKey(w.ctx, &kms.CreateKeyInput{MultiRegion: &multi})
		return err
	}
	bare := w.role(allow("kms:*", "*"))
	require.NoError(t, create(bare, false))
	arn := "arn:aws:iam::000000000000:role/aws-service-role/mrk.kms.amazonaws.com/" + name
	want := denied(bare.arn, "iam:CreateServiceLinkedRole", arn, "because no identity-based policy allows the iam:CreateServiceLinkedRole action")
	fails(t, create(bare, true), "AccessDeniedException", want)
	require.Error(t, exists())
	require.NoError(t, create(w.role(whenever("iam:CreateServiceLinkedRole", `{"StringNotEquals":{"iam:AWSServiceName":"mrk.kms.amazonaws.com"}}`)), true))
	require.NoError(t, exists())
	fails(t, create(bare, true), "AccessDeniedException", want)
	require.NoError(t, create(w.root, true), "though the role exists")
}

// TestRelatedKeysAreInteroperable (K0472), and keys of one Region never leave it
// (K0033).
func TestRelatedKeysAreInteroperable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(multiRegion)
	replica, there := w.replica(key, abroad), w.rootIn(abroad)
	for name, row := range map[string]struct {
		from, to *caller
		key      string
	}{"primary to replica": {w.root, there, key}, "replica to primary": {there, w.root, replica}} {
		sealed, err := w.encrypt(row.from, row.key, map[string]string{"a": "b"})
		require.NoError(t, err, name)
		plain, err := w.decrypt(row.to, sealed, map[string]string{"a": "b"})
		require.NoError(t, err, name)
		require.Equal(t, "secret", string(plain), name)
		_, err = w.decrypt(row.to, sealed, map[string]string{"a": "c"})
		fails(t, err, "InvalidCiphertextException", "")
	}
	outOfReach := unseen(rootARN, "kms:Decrypt")
	single, err := w.encrypt(w.root, w.key(), nil)
	require.NoError(t, err)
	_, err = w.decrypt(there, single, nil)
	fails(t, err, "AccessDeniedException", outOfReach)
	unrelated, err := w.encrypt(w.root, w.key(multiRegion), nil)
	require.NoError(t, err)
	_, err = w.decrypt(there, unrelated, nil)
	fails(t, err, "AccessDeniedException", outOfReach)

	signing := w.key(multiRegion, ofKind(types.KeySpecEccNistP256, signVerify))
	w.replica(signing, abroad)
	made, err := there.kms.Sign(w.ctx, &kms.SignInput{KeyId: aws.String(at(abroad, signing)), Message: []byte("x"), SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha256})
	require.NoError(t, err)
	_, err = w.root.kms.Verify(w.ctx, &kms.VerifyInput{KeyId: &signing, Message: []byte("x"), Signature: made.Signature, SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha256})
	require.NoError(t, err)
	one, err := w.root.kms.GetPublicKey(w.ctx, &kms.GetPublicKeyInput{KeyId: &signing})
	require.NoError(t, err)
	other, err := there.kms.GetPublicKey(w.ctx, &kms.GetPublicKeyInput{KeyId: aws.String(at(abroad, signing))})
	require.NoError(t, err)
	require.Equal(t, one.PublicKey, other.PublicKey)
}

// TestOwnProperties (K0472): state, policy, grants, aliases, tags and description
// of related keys are each key's own.
func TestOwnProperties(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(multiRegion)
	replica, there := w.replica(key, abroad), w.rootIn(abroad)
	user := w.roleARN(w.root, "")
	session := w.session(w.root, &sts.AssumeRoleInput{RoleArn: &user})
	w.grant(w.root, key, user, types.GrantOperationEncrypt)
	_, err := w.encrypt(session, key, nil)
	require.NoError(t, err)
	_, err = session.elsewhere(abroad).Encrypt(w.ctx, &kms.EncryptInput{KeyId: &replica, Plaintext: []byte("x")})
	fails(t, err, "AccessDeniedException", "")

	require.NoError(t, w.tag(w.root, key, "a", "b"))
	tags, err := there.kms.ListResourceTags(w.ctx, &kms.ListResourceTagsInput{KeyId: &replica})
	require.NoError(t, err)
	require.Empty(t, tags.Tags)
	_, err = w.root.kms.CreateAlias(w.ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/a"), TargetKeyId: &key})
	require.NoError(t, err)
	_, err = w.encrypt(there, "alias/a", nil)
	fails(t, err, "NotFoundException", "")
	_, err = w.root.kms.UpdateKeyDescription(w.ctx, &kms.UpdateKeyDescriptionInput{KeyId: &key, Description: aws.String("primary")})
	require.NoError(t, err)
	require.Empty(t, *w.describe(replica).Description)
	_, err = w.root.kms.DisableKey(w.ctx, &kms.DisableKeyInput{KeyId: &key})
	require.NoError(t, err)
	_, err = w.encrypt(there, replica, nil)
	require.NoError(t, err)
	_, err = w.encrypt(w.root, key, nil)
	fails(t, err, "DisabledException", key+" is disabled.")
}

// TestMultiRegionKeyConditions: kms:MultiRegion and kms:MultiRegionKeyType tell
// keys apart (K0082).
func TestMultiRegionKeyConditions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	single, key := w.key(), w.key(multiRegion)
	replica := w.replica(key, abroad)
	for name, row := range map[string]struct {
		condition string
		denied    []string
	}{
		"multi-Region":        {`{"Bool":{"kms:MultiRegion":"true"}}`, []string{key, replica}},
		"single-Region":       {`{"Bool":{"kms:MultiRegion":"false"}}`, []string{single}},
		"primary":             {`{"StringEquals":{"kms:MultiRegionKeyType":"PRIMARY"}}`, []string{key}},
		"replica":             {`{"StringEquals":{"kms:MultiRegionKeyType":"REPLICA"}}`, []string{replica}},
		"of neither type":     {`{"Null":{"kms:MultiRegionKeyType":"true"}}`, []string{single}},
		"creating, no matter": {`{"StringEquals":{"kms:PrimaryRegion":"us-east-1"}}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			by := w.role(whenever("kms:Encrypt", row.condition))
			for _, one := range []string{single, key, replica} {
				_, err := by.elsewhere(strings.Split(one, ":")[3]).Encrypt(w.ctx, &kms.EncryptInput{KeyId: &one, Plaintext: []byte("x")})
				if slices.Contains(row.denied, one) {
					fails(t, err, "AccessDeniedException", "")
					continue
				}
				require.NoError(t, err, one)
			}
		})
	}
}

func ptr[T any](value T) *T { return &value }
