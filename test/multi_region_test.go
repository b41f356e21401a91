package test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness"
)

// The Regions of the multi-Region presets, and one more.
const (
	primaryRegion = "eu-central-1"
	replicaRegion = "eu-west-1"
	thirdRegion   = "eu-west-3"
)

var (
	ofPrimary = slices.Concat(rotate, actions("ReplicateKey UpdatePrimaryRegion"))
	ofReplica = actions("UpdatePrimaryRegion")
)

// multiRegionPresets are those whose keys are in two Regions: a primary key, then its
// replica.
var multiRegionPresets = []preset{
	{
		name: "multi-region", kind: symmetric, lists: usersAndServices, uses: userUsesAll, administers: ofPrimary, region: primaryRegion,
		providers: map[string]string{"aws": "aws", "aws.replica": "aws.replica"},
	},
	// One policy for both.
	{name: "multi-region-second", beside: "multi-region", kind: symmetric, uses: userUsesAll, administers: ofPrimary, region: replicaRegion},
	{name: "multi-region-primary", kind: symmetric, lists: usersAndServices, uses: userUsesAll, administers: ofPrimary, region: primaryRegion},
	{
		name: "multi-region-replica", kind: symmetric, lists: usersAndServices, uses: userUsesAll, administers: ofReplica, region: replicaRegion,
		providers: map[string]string{"aws": "aws.replica"}, vars: map[string]any{"primary_key_arn": "${module.multi-region-primary.key_arn}"},
	},
}

// aboutReplica are a module's outputs about the replica that it makes beside its key.
func aboutReplica(outputs any) map[string]any {
	about := maps.Clone(outputs.(map[string]any))
	for _, name := range []string{"key_arn", "alias_arns"} {
		about[name] = about["replica_"+name]
	}
	return about
}

// TestMultiRegion asks for the same as TestCatalogue of related keys, each in its
// Region, and then for what they promise together.
func TestMultiRegion(t *testing.T) {
	t.Parallel()
	newCatalogue(t, multiRegionPresets).lifetime(t, func(keys []*key) {
		for pair := range slices.Chunk(keys, 2) {
			for _, p := range familyPromises {
				of := promise{p.name, all, func(t *testing.T, _ *key) { p.check(t, family{pair[0], pair[1]}) }}
				t.Run(pair[0].preset.name+"/"+p.name, func(t *testing.T) { pair[0].prove(t, of) })
			}
		}
	})
}

// family is a primary key with its replica.
type family struct{ primary, replica *key }

// familyPromises leave both keys as they found them.
var familyPromises = []struct {
	name  string
	check func(*testing.T, family)
}{
	{"OpensInTheOtherRegion", opensInTheOtherRegion},
	{"SharedProperties", sharedProperties},
	{"OwnProperties", ownProperties},
	{"PrimaryMoves", primaryMoves},
	{"PrimaryOutlivesReplica", primaryOutlivesReplica},
}

// sealed is what the user encrypts with the key.
func (k *key) sealed(t *testing.T) []byte {
	t.Helper()
	out, err := k.encrypt(t, plaintext, types.EncryptionAlgorithmSpecSymmetricDefault)
	require.NoError(t, err)
	return out.CiphertextBlob
}

// opened asks a Region's KMS, as the user, for what a ciphertext holds, and returns
// the key that opened it.
func (w *world) opened(t *testing.T, ciphertext []byte, encryptionContext map[string]string) (key string, err error) {
	t.Helper()
	out, err := w.roles["user"].KMS.Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: ciphertext, EncryptionContext: encryptionContext})
	if err != nil {
		return "", err
	}
	require.Equal(t, plaintext, out.Plaintext)
	return aws.ToString(out.KeyId), nil
}

// What either key encrypts the other opens in its own Region, and nothing else
// anywhere. What a key of a single Region encrypts opens there alone.
func opensInTheOtherRegion(t *testing.T, f family) {
	third := f.primary.roles["user"].In(thirdRegion)
	for _, k := range []*key{f.primary, f.replica} {
		ciphertext := k.sealed(t)
		for _, other := range []*key{f.primary, f.replica} {
			by, err := other.opened(t, ciphertext, k.encryptionContext())
			require.NoError(t, err)
			require.Equal(t, other.arn, by)
		}
		_, err := third.KMS.Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: ciphertext, EncryptionContext: k.encryptionContext()})
		require.Contains(t, []string{"AccessDeniedException", "IncorrectKeyException", "InvalidCiphertextException", "NotFoundException"}, code(err))
	}
	single := f.primary.openCiphertext
	_, err := f.primary.root.Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: single})
	require.NoError(t, err)
	_, err = f.replica.root.Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: single})
	require.Contains(t, []string{"AccessDeniedException", "InvalidCiphertextException", "NotFoundException"}, code(err), "a key of a single Region")
}

// Id and material are one, and so is rotation: asked for at the primary key, it is
// the replica's too, and what either encrypted before still opens.
func sharedProperties(t *testing.T, f family) {
	require.Equal(t, f.primary.metadata(t).KeyId, f.replica.metadata(t).KeyId)
	before := f.replica.sealed(t)
	old := f.replica.metadata(t).CurrentKeyMaterialId
	require.Equal(t, f.primary.metadata(t).CurrentKeyMaterialId, old)

	_, err := f.replica.root.RotateKeyOnDemand(t.Context(), &kms.RotateKeyOnDemandInput{KeyId: &f.replica.arn})
	require.Equal(t, "UnsupportedOperationException", code(err))
	_, err = f.primary.as("administrator").RotateKeyOnDemand(t.Context(), &kms.RotateKeyOnDemandInput{KeyId: &f.primary.arn})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return *f.replica.metadata(t).CurrentKeyMaterialId != *old }, patience, pause)
	require.Equal(t, f.primary.metadata(t).CurrentKeyMaterialId, f.replica.metadata(t).CurrentKeyMaterialId)
	for _, k := range []*key{f.primary, f.replica} {
		_, err := k.opened(t, before, k.encryptionContext())
		require.NoError(t, err)
	}
}

// State, policy and tags are each key's own: what is done to the replica's leaves
// the primary key's as they are.
func ownProperties(t *testing.T, f family) {
	tagsOf := func(k *key) []types.Tag {
		out, err := k.root.ListResourceTags(t.Context(), &kms.ListResourceTagsInput{KeyId: &k.arn})
		require.NoError(t, err)
		return out.Tags
	}
	before := tagsOf(f.primary)
	admin := f.replica.as("administrator")
	_, err := admin.TagResource(t.Context(), &kms.TagResourceInput{KeyId: &f.replica.arn, Tags: []types.Tag{{TagKey: aws.String("own"), TagValue: aws.String("")}}})
	require.NoError(t, err)
	require.Equal(t, before, tagsOf(f.primary))
	require.Len(t, tagsOf(f.replica), len(before)+1)
	_, err = admin.UntagResource(t.Context(), &kms.UntagResourceInput{KeyId: &f.replica.arn, TagKeys: []string{"own"}})
	require.NoError(t, err)

	_, err = admin.DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: &f.replica.arn})
	require.NoError(t, err)
	require.Equal(t, "DisabledException", code(f.replica.work(t)))
	require.NoError(t, f.primary.work(t))
	_, err = admin.EnableKey(t.Context(), &kms.EnableKeyInput{KeyId: &f.replica.arn})
	require.NoError(t, err)

	g := f.replica.newGuest(t, f.replica.account, "guest-"+f.replica.preset.name)
	f.replica.withPolicy(t, f.replica.trusting(t, g), func() {
		require.Empty(t, g.work(t, f.replica, ""))
		g.account.Region = primaryRegion
		require.Equal(t, refused, g.work(t, f.primary, ""), "the primary key's policy does not name the guest")
	})
}

// An administrator of both keys can make the replica the primary key, which then
// rotates there; nobody else can, and nothing has to be encrypted anew.
func primaryMoves(t *testing.T, f family) {
	before := f.primary.sealed(t)
	move := func(from *key, role, region string) error {
		_, err := from.as(role).UpdatePrimaryRegion(t.Context(), &kms.UpdatePrimaryRegionInput{KeyId: &from.arn, PrimaryRegion: &region})
		return err
	}
	rotatesIn := func(region string) {
		for _, k := range []*key{f.primary, f.replica} {
			require.Eventually(t, func() bool { return k.state(t) == types.KeyStateEnabled }, patience, pause)
			require.Equal(t, region, aws.ToString(k.metadata(t).MultiRegionConfiguration.PrimaryKey.Region))
			_, err := k.root.EnableKeyRotation(t.Context(), &kms.EnableKeyRotationInput{KeyId: &k.arn, RotationPeriodInDays: aws.Int32(k.preset.rotationPeriodInDays())})
			require.Equal(t, k.rootUser.Region == region, err == nil, "%v", err)
			_, err = k.opened(t, before, k.encryptionContext())
			require.NoError(t, err)
		}
	}
	rotatesIn(primaryRegion)
	for _, role := range []string{"user", "stranger"} {
		require.Equal(t, refused, code(move(f.primary, role, replicaRegion)))
	}
	require.NoError(t, move(f.primary, "administrator", replicaRegion))
	rotatesIn(replicaRegion)
	_, err := terraform.PlanE(t, f.primary.options)
	require.ErrorContains(t, err, "is not a multi-Region primary key", "as the READMEs say")
	require.NoError(t, move(f.replica, "administrator", primaryRegion))
	rotatesIn(primaryRegion)
}

// TestReplicaOfMovedPrimary: a replica whose primary key is now in a third Region would
// be replaced, until the module is passed the ARN of the key that is the primary now;
// and none is planned while it is the primary itself. The READMEs say so.
func TestReplicaOfMovedPrimary(t *testing.T) {
	t.Parallel()
	h := harness.New(t)
	preset := multiRegionPresets[3]
	if reason := gapOf(h.Backend().Name(), preset, ""); reason != "" {
		t.Skip(reason)
	}
	c := &catalogue{Harness: h, world: newWorld(t, h).in(t, primaryRegion)}
	made, err := c.root.CreateKey(t.Context(), &kms.CreateKeyInput{MultiRegion: aws.Bool(true)})
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "moved")
	require.NoError(t, os.Mkdir(dir, 0o700))
	root := func(primary string) map[string]any {
		preset.vars = map[string]any{"primary_key_arn": primary}
		call := c.call(t, preset, dir)
		delete(call, "providers")
		call["aliases"] = []string{"moved"} // TestMultiRegion has the preset's own
		return map[string]any{"module": map[string]any{preset.name: call}, "provider": map[string]any{"aws": map[string]string{"region": replicaRegion}}}
	}
	writeRoot(t, dir, root(aws.ToString(made.KeyMetadata.Arn)))
	c.options = h.Options(&terraform.Options{TerraformDir: dir})
	terraform.InitAndApply(t, c.options)
	require.Empty(t, c.plan(t))

	moved := c.moveTo(t, made.KeyMetadata, thirdRegion)
	require.Contains(t, c.plan(t)[preset.name], "delete and create aws_kms_replica_key.this")
	writeRoot(t, c.options.TerraformDir, root(moved))
	require.Empty(t, c.plan(t))

	c.movePrimary(t, made.KeyMetadata, thirdRegion, replicaRegion)
	_, err = terraform.PlanE(t, c.options)
	require.ErrorContains(t, err, "is not a multi-Region replica key")
	c.movePrimary(t, made.KeyMetadata, replicaRegion, thirdRegion)
}

// moveTo makes a replica of a primary key in a Region and makes that the primary; it
// returns the ARN.
func (w *world) moveTo(t *testing.T, primary *types.KeyMetadata, region string) string {
	t.Helper()
	made, err := w.root.ReplicateKey(t.Context(), &kms.ReplicateKeyInput{KeyId: primary.KeyId, ReplicaRegion: &region})
	require.NoError(t, err)
	w.movePrimary(t, primary, primaryRegion, region)
	t.Cleanup(func() {
		for _, in := range []string{primaryRegion, region} {
			_, err := w.root.ScheduleKeyDeletion(context.WithoutCancel(t.Context()), &kms.ScheduleKeyDeletionInput{KeyId: primary.KeyId}, func(o *kms.Options) { o.Region = in })
			require.NoError(t, err)
		}
	})
	return aws.ToString(made.ReplicaKeyMetadata.Arn)
}

func (w *world) movePrimary(t *testing.T, key *types.KeyMetadata, from, to string) {
	t.Helper()
	_, err := w.root.UpdatePrimaryRegion(t.Context(), &kms.UpdatePrimaryRegionInput{KeyId: key.KeyId, PrimaryRegion: &to}, func(o *kms.Options) { o.Region = from })
	require.NoError(t, err)
}

// A primary key waits for its replicas: its window begins when the last of them is
// deleted.
func primaryOutlivesReplica(t *testing.T, f family) {
	then := f.primary.elsewhen(t)
	window := time.Duration(f.primary.preset.window()) * day
	for _, id := range []string{f.primary.arn, f.replica.arn} {
		client := then.as("administrator")
		if id == f.replica.arn {
			client = then.roles["administrator"].In(replicaRegion).KMS
		}
		_, err := client.ScheduleKeyDeletion(t.Context(), &kms.ScheduleKeyDeletionInput{KeyId: &id, PendingWindowInDays: aws.Int32(then.preset.window())})
		require.NoError(t, err)
	}
	then.pass(window - time.Minute)
	require.Equal(t, types.KeyStatePendingReplicaDeletion, then.state(t))
	then.pass(time.Minute)
	require.Equal(t, types.KeyStatePendingDeletion, then.state(t), "the replica is gone")
	then.pass(window - time.Minute)
	require.Equal(t, types.KeyStatePendingDeletion, then.state(t))
	then.pass(time.Minute)
	_, err := then.root.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &then.arn})
	require.Equal(t, "NotFoundException", code(err))
}
