package kmsemu_test

import (
	"bytes"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
	"github.com/keywright/keywright/kmsemu/kmsemutest"
)

// seeded is a world at a fixed time.
func seeded(t *testing.T, cfg kmsemu.Config) *world {
	t.Helper()
	clock := kmsemutest.NewClock(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
	w := &world{TB: t, ctx: t.Context(), clock: clock}
	cfg.Clock = clock.Now
	w.Instance = kmsemutest.New(t, &cfg)
	w.keepStrictly()
	w.root = w.caller("test", "test", "")
	return w
}

// firsts makes one of everything that is random, and returns it. Between, it
// polls that often.
func firsts(w *world, polls int) map[string]string {
	w.Helper()
	out := map[string]string{}
	for _, name := range []string{"first", "second"} {
		key := w.key()
		for range polls {
			_, err := w.root.kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: &key})
			require.NoError(w, err)
			_, err = w.role("").kms.Encrypt(w.ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("x")})
			fails(w, err, "AccessDeniedException", "")
		}
		out[name+" key"] = key
		grant := w.grant(w.root, key, "arn:aws:iam::"+other+":root", types.GrantOperationDecrypt)
		out[name+" grant"], out[name+" token"] = *grant.GrantId, *grant.GrantToken
		dataKey, err := w.root.kms.GenerateDataKey(w.ctx, &kms.GenerateDataKeyInput{KeyId: &key, KeySpec: types.DataKeySpecAes256})
		require.NoError(w, err)
		out[name+" data key"], out[name+" ciphertext"] = string(dataKey.Plaintext), string(dataKey.CiphertextBlob)
	}
	pair := w.key(func(in *kms.CreateKeyInput) {
		in.KeySpec, in.KeyUsage = types.KeySpecEccNistP256, types.KeyUsageTypeSignVerify
	})
	public, err := w.root.kms.GetPublicKey(w.ctx, &kms.GetPublicKeyInput{KeyId: &pair})
	require.NoError(w, err)
	out["public key"] = string(public.PublicKey)
	user, err := w.root.iam.CreateUser(w.ctx, &iam.CreateUserInput{UserName: aws.String("u")})
	require.NoError(w, err)
	credentials, err := w.root.iam.CreateAccessKey(w.ctx, &iam.CreateAccessKeyInput{UserName: aws.String("u")})
	require.NoError(w, err)
	out["user"], out["secret"] = *user.User.UserId, *credentials.AccessKey.SecretAccessKey
	token, err := w.root.sts.GetFederationToken(w.ctx, &sts.GetFederationTokenInput{Name: aws.String("federated")})
	require.NoError(w, err)
	out["session"] = *token.Credentials.SessionToken
	return out
}

// TestSeed: servers of one seed make the same, however often other operations are
// called in between; servers of another seed make nothing the same.
func TestSeed(t *testing.T) {
	t.Parallel()
	first := firsts(seeded(t, kmsemu.Config{Seed: "one"}), 0)
	require.Equal(t, first, firsts(seeded(t, kmsemu.Config{Seed: "one"}), 0))
	require.Equal(t, first, firsts(seeded(t, kmsemu.Config{Seed: "one"}), 3))
	for _, cfg := range []kmsemu.Config{{Seed: "two"}, {}} {
		for name, value := range firsts(seeded(t, cfg), 0) {
			require.NotEqual(t, first[name], value, name)
		}
	}
}

// TestSeedInParallel: calls made at the same time get the same between them, and
// each Region and account has its own.
func TestSeedInParallel(t *testing.T) {
	t.Parallel()
	made := func(parallel bool) map[string]bool {
		w := seeded(t, kmsemu.Config{Seed: "one"})
		var mu sync.Mutex
		var group sync.WaitGroup
		keys := map[string]bool{}
		for _, c := range []*caller{w.root, w.callerIn("eu-west-1", "test", "test", ""), w.caller(other, "test", "")} {
			for range 4 {
				create := func() {
					out, err := c.kms.CreateKey(w.ctx, &kms.CreateKeyInput{})
					if err == nil {
						mu.Lock()
						keys[*out.KeyMetadata.Arn] = true
						mu.Unlock()
					}
				}
				if parallel {
					group.Go(create)
				} else {
					create()
				}
			}
		}
		group.Wait()
		require.Len(t, keys, 12)
		return keys
	}
	require.Equal(t, made(false), made(true))
}

// TestRand: without a seed Config.Rand decides.
func TestRand(t *testing.T) {
	t.Parallel()
	made := func(seed string) string {
		return seeded(t, kmsemu.Config{Rand: bytes.NewReader(bytes.Repeat([]byte(seed), 4096))}).key()
	}
	require.Equal(t, made("seed"), made("seed"))
	require.NotEqual(t, made("seed"), made("deed"))
}

// TestAdvance: the server's own clock runs ahead of that of the Config, and never
// goes back.
func TestAdvance(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	_, err := w.root.kms.ScheduleKeyDeletion(w.ctx, &kms.ScheduleKeyDeletionInput{KeyId: &key, PendingWindowInDays: aws.Int32(7)})
	require.NoError(t, err)
	require.Equal(t, w.clock.Now().Add(7*day-1), w.Server.Advance(7*day-1))
	_, err = w.root.kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: &key})
	require.NoError(t, err)
	require.Equal(t, w.clock.Now().Add(7*day), w.Server.Advance(1))
	_, err = w.root.kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: &key})
	fails(t, err, "NotFoundException", "")
	require.Equal(t, w.Server.Now(), w.Server.Advance(-day), "the clock never goes back")
	w.Server.Advance(math.MaxInt64)
	far := w.Server.Now()
	require.Equal(t, far, w.Server.Advance(day), "the end of time")
}
