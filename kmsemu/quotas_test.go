package kmsemu_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

const (
	throttled     = "ThrottlingException"
	throttledText = "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls."
)

// once is c without retries, so that each call is one request.
func once(c *caller) *caller {
	cfg := c.Config
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	return &caller{Config: cfg, kms: kms.NewFromConfig(cfg), sts: sts.NewFromConfig(cfg), iam: iam.NewFromConfig(cfg), arn: c.arn}
}

// limited is a world whose quotas are the given ones.
func limited(t *testing.T, rates map[string]float64) *world {
	t.Helper()
	return newWorldOf(t, kmsemu.Config{Quotas: kmsemu.Quotas{Enforced: true, Rates: rates}})
}

// TestQuotas (K0571): a second's worth of requests passes, the next is throttled,
// and the quota fills up by the clock, up to a second's worth.
func TestQuotas(t *testing.T) {
	t.Parallel()
	w := limited(t, nil)
	by := once(w.root)
	create := func() error {
		_, err := by.kms.CreateKey(w.ctx, &kms.CreateKeyInput{})
		return err
	}
	for range 5 {
		require.NoError(t, create())
	}
	fails(t, create(), throttled, throttledText)
	require.Equal(t, throttled, w.event("CreateKey").ErrorCode, "throttled calls are in the trail")
	w.clock.Advance(time.Second / 5)
	require.NoError(t, create())
	fails(t, create(), throttled, "")
	w.clock.Advance(time.Minute)
	for range 5 {
		require.NoError(t, create())
	}
	fails(t, create(), throttled, "")
	_, err := by.kms.ListKeys(w.ctx, &kms.ListKeysInput{})
	require.NoError(t, err, "each quota is counted by itself")
	out, err := newWorld(t).root.kms.ListKeys(w.ctx, &kms.ListKeysInput{})
	require.NoError(t, err)
	require.Empty(t, out.Keys)
}

// TestQuotaBelowOne: a rate of less than one a second is one in several seconds.
func TestQuotaBelowOne(t *testing.T) {
	t.Parallel()
	w := limited(t, map[string]float64{"ListKeys": 0.25})
	list := func() error {
		_, err := once(w.root).kms.ListKeys(w.ctx, &kms.ListKeysInput{})
		return err
	}
	require.NoError(t, list())
	w.clock.Advance(4*time.Second - 1)
	fails(t, list(), throttled, "")
	w.clock.Advance(1)
	require.NoError(t, list())
	fails(t, list(), throttled, "")
}

// TestQuotaIsTheCallersAccounts (K0574): cross-account calls count for who makes
// them, denied calls count too, and every Region has its own.
func TestQuotaIsTheCallersAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner, guest := once(w.caller(other, "test", "")), once(w.root)
	key, err := owner.kms.CreateKey(w.ctx, &kms.CreateKeyInput{Policy: aws.String(strings.ReplaceAll(keyPolicy(statement("Allow", rootARN, "kms:*", "")), "000000000000:root\"},\"Action\":\"kms:*\",\"Resource\":\"*\"},", other+":root\"},\"Action\":\"kms:*\",\"Resource\":\"*\"},"))})
	require.NoError(t, err)
	arn := *key.KeyMetadata.Arn
	role := once(w.role(""))
	require.NoError(t, w.Server.SetQuotas(kmsemu.Quotas{Enforced: true, Rates: map[string]float64{"Cryptographic operations (symmetric)": 3}}))
	fails(t, w.encrypting(role, arn)(), refused, "")
	fails(t, w.encrypting(guest, "alias/none")(), missing, "")
	require.NoError(t, w.encrypting(guest, arn)())
	fails(t, w.encrypting(guest, arn)(), throttled, "")
	fails(t, w.encrypting(role, arn)(), throttled, "")
	require.NoError(t, w.encrypting(owner, arn)())
	elsewhere := once(w.callerIn("eu-west-1", "test", "test", ""))
	fails(t, w.encrypting(elsewhere, "alias/none")(), missing, "")
}

// TestSharedQuotas (K0572): cryptographic operations share a quota by the kind of
// key, and no other.
func TestSharedQuotas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	by := once(w.root)
	of := func(spec types.KeySpec, usage types.KeyUsageType) string {
		return w.key(func(in *kms.CreateKeyInput) { in.KeySpec, in.KeyUsage = spec, usage })
	}
	sign := func(spec types.KeySpec, algorithm types.SigningAlgorithmSpec) func() error {
		key := of(spec, types.KeyUsageTypeSignVerify)
		return func() error {
			_, err := by.kms.Sign(w.ctx, &kms.SignInput{KeyId: &key, Message: []byte("x"), SigningAlgorithm: algorithm})
			return err
		}
	}
	mac, kem := of(types.KeySpecHmac256, types.KeyUsageTypeGenerateVerifyMac), of(types.KeySpecMlKem768, types.KeyUsageTypeEncapsulateDecapsulate)
	key := w.key()
	sealed, err := w.encrypt(w.root, key, nil)
	require.NoError(t, err)
	pair := func(spec types.DataKeyPairSpec) func() error {
		return func() error {
			_, err := by.kms.GenerateDataKeyPairWithoutPlaintext(w.ctx, &kms.GenerateDataKeyPairWithoutPlaintextInput{KeyId: &key, KeyPairSpec: spec})
			return err
		}
	}
	groups := map[string][]func() error{
		"Cryptographic operations (symmetric)": {
			w.encrypting(by, key),
			func() error { _, err := w.decrypt(by, sealed, nil); return err },
			func() error {
				_, err := by.kms.GenerateMac(w.ctx, &kms.GenerateMacInput{KeyId: &mac, Message: []byte("x"), MacAlgorithm: types.MacAlgorithmSpecHmacSha256})
				return err
			},
			func() error {
				_, err := by.kms.GenerateRandom(w.ctx, &kms.GenerateRandomInput{NumberOfBytes: aws.Int32(1)})
				return err
			},
		},
		"Cryptographic operations (RSA)":         {sign(types.KeySpecRsa2048, types.SigningAlgorithmSpecRsassaPssSha256)},
		"Cryptographic operations (ECC and SM2)": {sign(types.KeySpecEccNistP256, types.SigningAlgorithmSpecEcdsaSha256), sign(types.KeySpecEccNistEdwards25519, types.SigningAlgorithmSpecEd25519Sha512)},
		"Cryptographic operations (ML-DSA)":      {sign(types.KeySpecMlDsa44, types.SigningAlgorithmSpecMlDsaShake256)},
		"Cryptographic operations (ML-KEM)": {func() error {
			_, err := by.kms.Encapsulate(w.ctx, &kms.EncapsulateInput{KeyId: &kem, EncapsulationAlgorithm: types.EncapsulationAlgorithmSpecMlKem})
			return err
		}},
		"GenerateDataKeyPair (ECC_NIST_P256)": {pair(types.DataKeyPairSpecEccNistP256)},
		"GenerateDataKeyPair (ECC_NIST_P384)": {pair(types.DataKeyPairSpecEccNistP384)},
	}
	rates := map[string]float64{}
	for name, group := range groups {
		rates[name] = float64(len(group))
	}
	require.NoError(t, w.Server.SetQuotas(kmsemu.Quotas{Enforced: true, Rates: rates}))
	for name, group := range groups {
		for _, call := range group {
			require.NoError(t, call(), name)
		}
	}
	for _, group := range groups {
		for _, call := range group {
			fails(t, call(), throttled, "")
		}
	}
}

// TestReEncryptCountsForBothKeys (K0572): once for each kind of key.
func TestReEncryptCountsForBothKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	pair := w.key(func(in *kms.CreateKeyInput) {
		in.KeySpec, in.KeyUsage = types.KeySpecRsa2048, types.KeyUsageTypeEncryptDecrypt
	})
	sealed, err := w.encrypt(w.root, key, nil)
	require.NoError(t, err)
	reEncrypt := func(to string, algorithm types.EncryptionAlgorithmSpec) error {
		_, err := once(w.root).kms.ReEncrypt(w.ctx, &kms.ReEncryptInput{CiphertextBlob: sealed, DestinationKeyId: &to, DestinationEncryptionAlgorithm: algorithm})
		return err
	}
	require.NoError(t, w.Server.SetQuotas(kmsemu.Quotas{Enforced: true, Rates: map[string]float64{"Cryptographic operations (RSA)": 1, "Cryptographic operations (symmetric)": 2}}))
	require.NoError(t, reEncrypt(pair, types.EncryptionAlgorithmSpecRsaesOaepSha256))
	require.NoError(t, reEncrypt(key, ""))
	fails(t, reEncrypt(pair, types.EncryptionAlgorithmSpecRsaesOaepSha256), throttled, "")
	fails(t, reEncrypt(key, ""), throttled, "")
}

// TestQuotasElsewhere (K0571): a replica counts twice as CreateKey in its Region, a
// change of the primary in both.
func TestQuotasElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	primary := w.key(func(in *kms.CreateKeyInput) { in.MultiRegion = aws.Bool(true) })
	by, there := once(w.root), once(w.callerIn(abroad, "test", "test", ""))
	create := func(c *caller) error {
		_, err := c.kms.CreateKey(w.ctx, &kms.CreateKeyInput{})
		return err
	}
	require.NoError(t, w.Server.SetQuotas(kmsemu.Quotas{Enforced: true, Rates: map[string]float64{"CreateKey": 3, "UpdatePrimaryRegion": 1}}))
	_, err := by.kms.ReplicateKey(w.ctx, &kms.ReplicateKeyInput{KeyId: &primary, ReplicaRegion: aws.String(abroad)})
	require.NoError(t, err)
	require.NoError(t, create(there))
	fails(t, create(there), throttled, "")
	require.NoError(t, create(by))
	_, err = by.kms.UpdatePrimaryRegion(w.ctx, &kms.UpdatePrimaryRegionInput{KeyId: &primary, PrimaryRegion: aws.String(abroad)})
	require.NoError(t, err)
	_, err = there.kms.UpdatePrimaryRegion(w.ctx, &kms.UpdatePrimaryRegionInput{KeyId: &primary, PrimaryRegion: aws.String(region)})
	fails(t, err, throttled, "")
}

// TestKeyStoreRequestQuota (K0575): a key in a custom key store counts for the store too,
// whoever uses it; other keys do not.
func TestKeyStoreRequestQuota(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	store := w.connected(w.cloudInput())
	inside := w.key(func(in *kms.CreateKeyInput) {
		in.CustomKeyStoreId, in.Origin = &store, types.OriginTypeAwsCloudhsm
		in.Policy = aws.String(keyPolicy(statement("Allow", "arn:aws:iam::"+other+":root", "kms:*", "")))
	})
	outside := w.key()
	random := func() error {
		_, err := once(w.root).kms.GenerateRandom(w.ctx, &kms.GenerateRandomInput{NumberOfBytes: aws.Int32(1), CustomKeyStoreId: &store})
		return err
	}
	require.NoError(t, w.Server.SetQuotas(kmsemu.Quotas{Enforced: true, Rates: map[string]float64{"Custom key store": 3}}))
	require.NoError(t, w.encrypting(once(w.root), inside)())
	require.NoError(t, w.encrypting(once(w.caller(other, "test", "")), inside)())
	require.NoError(t, random())
	fails(t, w.encrypting(once(w.root), inside)(), throttled, "")
	fails(t, random(), throttled, "")
	require.NoError(t, w.encrypting(once(w.root), outside)())
	_, err := once(w.root).kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: &inside})
	require.NoError(t, err, "only cryptographic operations count")
}

// TestRetriesPassWhenTheQuotaFills: the SDK takes a ThrottlingException for what it
// is, and gets through when time has passed.
func TestRetriesPassWhenTheQuotaFills(t *testing.T) {
	t.Parallel()
	w := limited(t, map[string]float64{"CreateKey": 1})
	waits := 0
	cfg := w.root.Config
	cfg.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) {
				waits++
				w.clock.Advance(time.Second / 2)
				return 0, nil
			})
		})
	}
	client := kms.NewFromConfig(cfg)
	for range 3 {
		_, err := client.CreateKey(w.ctx, &kms.CreateKeyInput{})
		require.NoError(t, err)
	}
	require.Equal(t, 4, waits)
}

// TestOnlyKMSIsThrottled: IAM and STS are not, and what a service does for a caller
// is (K0574).
func TestOnlyKMSIsThrottled(t *testing.T) {
	t.Parallel()
	w := limited(t, map[string]float64{"Cryptographic operations (symmetric)": 1})
	key := w.key()
	for range 20 {
		_, err := once(w.root).sts.GetCallerIdentity(w.ctx, &sts.GetCallerIdentityInput{})
		require.NoError(t, err)
	}
	use := kmsemu.ServiceUse{Flow: "s3:PutObject", Caller: "test", KeyID: key, Region: region, Resource: "arn:aws:s3:::bucket/object"}
	_, err := w.Server.UseService(w.ctx, use)
	require.NoError(t, err)
	_, err = w.Server.UseService(w.ctx, use)
	var problem *kmsemu.ServiceError
	require.ErrorAs(t, err, &problem)
	require.Equal(t, throttled, problem.Code)
}

// TestQuotaTable: every operation of KMS has a quota of its own or shares one.
func TestQuotaTable(t *testing.T) {
	t.Parallel()
	shared := []string{
		"Decapsulate", "Decrypt", "DeriveSharedSecret", "Encapsulate", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair",
		"GenerateDataKeyPairWithoutPlaintext", "GenerateDataKeyWithoutPlaintext", "GenerateMac", "GenerateRandom", "ReEncrypt", "Sign", "Verify", "VerifyMac",
	}
	for _, name := range kmsemu.Operations("kms") {
		require.NotEqual(t, slices.Contains(shared, name), slices.Contains(kmsemu.QuotaNames(), name), name)
	}
	for _, row := range []struct {
		quota, region string
		rate          float64
	}{
		{"Cryptographic operations (symmetric)", "us-east-1", 100_000},
		{"Cryptographic operations (symmetric)", "eu-west-2", 20_000},
		{"Cryptographic operations (symmetric)", "sa-east-1", 10_000},
		{"GenerateDataKeyPair (RSA_4096)", "us-east-1", 1},
		{"GenerateDataKeyPair (RSA_4096)", "cn-north-1", 0.1},
		{"DescribeKey", "cn-north-1", 2000},
	} {
		require.InDelta(t, row.rate, kmsemu.DefaultRate(row.quota, row.region), 0, "%s in %s", row.quota, row.region)
	}
}

// TestSetQuotas refuses what is no quota and no rate, and changes nothing then.
func TestSetQuotas(t *testing.T) {
	t.Parallel()
	w := limited(t, map[string]float64{"ListKeys": 1})
	for name, rates := range map[string]map[string]float64{
		"unknown": {"MakeCoffee": 1}, "zero": {"CreateKey": 0}, "negative": {"CreateKey": -1},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorContains(t, w.Server.SetQuotas(kmsemu.Quotas{Rates: rates}), "setting quotas: ")
			require.Equal(t, map[string]float64{"ListKeys": 1}, w.Server.Quotas().Rates)
			_, err := kmsemu.Start(kmsemu.Config{Quotas: kmsemu.Quotas{Rates: rates}})
			require.Error(t, err)
		})
	}
	list := func() error {
		_, err := once(w.root).kms.ListKeys(w.ctx, &kms.ListKeysInput{})
		return err
	}
	require.NoError(t, list())
	fails(t, list(), throttled, "")
	require.NoError(t, w.Server.SetQuotas(kmsemu.Quotas{Enforced: true, Rates: map[string]float64{"ListKeys": 1}}))
	require.NoError(t, list(), "new quotas begin full")
	require.NoError(t, w.Server.SetQuotas(kmsemu.Quotas{}))
	require.NoError(t, list())
}
