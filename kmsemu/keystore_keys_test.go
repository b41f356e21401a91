package kmsemu_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"
)

func externalKey(store, id string) *kms.CreateKeyInput {
	return &kms.CreateKeyInput{Origin: types.OriginTypeExternalKeyStore, CustomKeyStoreId: &store, XksKeyId: &id}
}

func cloudKey(store string) *kms.CreateKeyInput {
	return &kms.CreateKeyInput{Origin: types.OriginTypeAwsCloudhsm, CustomKeyStoreId: &store}
}

func (w *world) keyIn(in *kms.CreateKeyInput) string {
	w.Helper()
	out, err := w.root.kms.CreateKey(w.ctx, in)
	require.NoError(w, err)
	return *out.KeyMetadata.Arn
}

func (w *world) described(key string) *types.KeyMetadata {
	w.Helper()
	out, err := w.root.kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: &key})
	require.NoError(w, err)
	return out.KeyMetadata
}

// TestKeyStoreKeyMetadata: what is said of a key in a store (K0524).
func TestKeyStoreKeyMetadata(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cloudInput := w.cloudInput()
	cloud, external := w.connected(cloudInput), w.connected(w.externalInput())
	for name, row := range map[string]struct {
		in      *kms.CreateKeyInput
		cluster *string
		xks     *types.XksKeyConfigurationType
	}{
		"CloudHSM": {cloudKey(cloud), cloudInput.CloudHsmClusterId, nil},
		"external": {externalKey(external, "external.key-1"), nil, &types.XksKeyConfigurationType{Id: ptr("external.key-1")}},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := w.root.kms.CreateKey(w.ctx, row.in)
			require.NoError(t, err)
			m := out.KeyMetadata
			require.Equal(t, &types.KeyMetadata{
				AWSAccountId: ptr(account), Arn: m.Arn, KeyId: m.KeyId, CreationDate: ptr(w.clock.Now().UTC()), Description: ptr(""),
				CloudHsmClusterId: row.cluster, CustomKeyStoreId: row.in.CustomKeyStoreId, XksKeyConfiguration: row.xks,
				CustomerMasterKeySpec: types.CustomerMasterKeySpecSymmetricDefault, KeySpec: types.KeySpecSymmetricDefault,
				Enabled: true, KeyState: types.KeyStateEnabled, KeyManager: types.KeyManagerTypeCustomer, KeyUsage: types.KeyUsageTypeEncryptDecrypt,
				EncryptionAlgorithms: []types.EncryptionAlgorithmSpec{types.EncryptionAlgorithmSpecSymmetricDefault},
				MultiRegion:          aws.Bool(false), Origin: row.in.Origin,
			}, m)
			require.Equal(t, m, w.described(*m.Arn))
			data, err := w.root.kms.GenerateDataKey(w.ctx, &kms.GenerateDataKeyInput{KeyId: m.Arn, KeySpec: types.DataKeySpecAes256})
			require.NoError(t, err)
			require.Nil(t, data.KeyMaterialId, "KMS does not hold it")
			opened, err := w.root.kms.Decrypt(w.ctx, &kms.DecryptInput{CiphertextBlob: data.CiphertextBlob})
			require.NoError(t, err)
			require.Equal(t, data.Plaintext, opened.Plaintext)
			require.Equal(t, *m.Arn, *opened.KeyId)
			require.Nil(t, opened.KeyMaterialId)
		})
	}
}

// TestRefusedKeyStoreKeys: keys that no store can hold (K0523).
func TestRefusedKeyStoreKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cloud, external := w.connected(w.cloudInput()), w.connected(w.externalInput())
	idle := w.store(w.externalInput())
	first := w.keyIn(externalKey(external, "taken"))
	for name, row := range map[string]struct {
		in         *kms.CreateKeyInput
		code, part string
	}{
		"store without origin":   {&kms.CreateKeyInput{CustomKeyStoreId: &cloud}, "ValidationException", "CustomKeyStoreId is not valid if Origin is AWS_KMS"},
		"CloudHSM, no store":     {&kms.CreateKeyInput{Origin: types.OriginTypeAwsCloudhsm}, "ValidationException", "CustomKeyStoreId is required if Origin is AWS_CLOUDHSM"},
		"external, no store":     {&kms.CreateKeyInput{Origin: types.OriginTypeExternalKeyStore, XksKeyId: ptr("x")}, "ValidationException", "CustomKeyStoreId is required"},
		"external, no key":       {&kms.CreateKeyInput{Origin: types.OriginTypeExternalKeyStore, CustomKeyStoreId: &external}, "ValidationException", "XksKeyId is required"},
		"external key in a HSM":  {&kms.CreateKeyInput{Origin: types.OriginTypeAwsCloudhsm, CustomKeyStoreId: &cloud, XksKeyId: ptr("x")}, "ValidationException", "XksKeyId is not valid if Origin is AWS_CLOUDHSM"},
		"external key id":        {externalKey(external, "a b"), "ValidationException", "Value 'a b' at 'xksKeyId'"},
		"external key id of 129": {externalKey(external, *repeat(129)), "ValidationException", "have length less than or equal to 128"},
		"store id of 65":         {externalKey(*repeat(65), "x"), "ValidationException", "'customKeyStoreId'"},
		"the other kind":         {externalKey(cloud, "x"), "ValidationException", "Origin EXTERNAL_KEY_STORE is not valid for a custom key store of type AWS_CLOUDHSM"},
		"and the reverse":        {cloudKey(external), "ValidationException", "Origin AWS_CLOUDHSM is not valid"},
		"not connected":          {externalKey(idle, "x"), "CustomKeyStoreInvalidStateException", "is DISCONNECTED"},
		"RSA":                    {&kms.CreateKeyInput{Origin: types.OriginTypeAwsCloudhsm, CustomKeyStoreId: &cloud, KeySpec: types.KeySpecRsa2048, KeyUsage: types.KeyUsageTypeSignVerify}, "UnsupportedOperationException", "only symmetric"},
		"HMAC":                   {&kms.CreateKeyInput{Origin: types.OriginTypeExternalKeyStore, CustomKeyStoreId: &external, XksKeyId: ptr("x"), KeySpec: types.KeySpecHmac256, KeyUsage: types.KeyUsageTypeGenerateVerifyMac}, "UnsupportedOperationException", "only symmetric"},
		"multi-Region":           {&kms.CreateKeyInput{Origin: types.OriginTypeAwsCloudhsm, CustomKeyStoreId: &cloud, MultiRegion: aws.Bool(true)}, "UnsupportedOperationException", "a single Region"},
		"external key in use":    {externalKey(external, "taken"), "XksKeyAlreadyInUseException", "taken"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.root.kms.CreateKey(w.ctx, row.in)
			failsLike(t, err, row.code, row.part)
		})
	}
	w.keyIn(externalKey(w.connected(w.externalInput()), "taken"))
	_, err := w.root.kms.ScheduleKeyDeletion(w.ctx, &kms.ScheduleKeyDeletionInput{KeyId: &first, PendingWindowInDays: aws.Int32(7)})
	require.NoError(t, err)
	_, err = w.root.kms.CreateKey(w.ctx, externalKey(external, "taken"))
	fails(t, err, "XksKeyAlreadyInUseException", "")
	w.clock.Advance(7 * day)
	w.keyIn(externalKey(external, "taken"))
}

// TestUnavailableKeys: what a disconnected store means for its keys (K0525).
func TestUnavailableKeys(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(w *world) (store, key string){
		"CloudHSM": func(w *world) (string, string) {
			store := w.connected(w.cloudInput())
			return store, w.keyIn(cloudKey(store))
		},
		"external": func(w *world) (string, string) {
			store := w.connected(w.externalInput())
			return store, w.keyIn(externalKey(store, "one"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			store, key := make(w)
			secret, err := w.encrypt(w.root, key, nil)
			require.NoError(t, err)
			state := func(want types.KeyState) {
				t.Helper()
				m := w.described(key)
				require.Equal(t, want, m.KeyState)
				require.Equal(t, want == types.KeyStateEnabled, m.Enabled)
			}
			unusable := func() {
				t.Helper()
				_, err := w.encrypt(w.root, key, nil)
				fails(t, err, "KMSInvalidStateException", key+" is unavailable.")
				_, err = w.decrypt(w.root, secret, nil)
				fails(t, err, "KMSInvalidStateException", key+" is unavailable.")
				state(types.KeyStateUnavailable)
			}
			w.disconnect(store)
			unusable()
			w.clock.Advance(linkDelay)
			unusable()
			w.grant(w.root, key, "arn:aws:iam::"+other+":root", types.GrantOperationDecrypt)

			_, err = w.root.kms.DisableKey(w.ctx, &kms.DisableKeyInput{KeyId: &key})
			require.NoError(t, err)
			state(types.KeyStateUnavailable)
			w.connect(store)
			unusable()
			w.clock.Advance(linkDelay)
			state(types.KeyStateDisabled)
			_, err = w.root.kms.EnableKey(w.ctx, &kms.EnableKeyInput{KeyId: &key})
			require.NoError(t, err)
			opened, err := w.decrypt(w.root, secret, nil)
			require.NoError(t, err, "the key is the same")
			require.Equal(t, "secret", string(opened))

			w.disconnect(store)
			w.clock.Advance(linkDelay)
			_, err = w.root.kms.DeleteCustomKeyStore(w.ctx, &kms.DeleteCustomKeyStoreInput{CustomKeyStoreId: &store})
			failsLike(t, err, "CustomKeyStoreHasCMKsException", "")
			_, err = w.root.kms.ScheduleKeyDeletion(w.ctx, &kms.ScheduleKeyDeletionInput{KeyId: &key, PendingWindowInDays: aws.Int32(7)})
			require.NoError(t, err)
			state(types.KeyStatePendingDeletion)
			_, err = w.root.kms.CancelKeyDeletion(w.ctx, &kms.CancelKeyDeletionInput{KeyId: &key})
			require.NoError(t, err, "without connecting the store")
			state(types.KeyStateUnavailable)
			_, err = w.root.kms.ScheduleKeyDeletion(w.ctx, &kms.ScheduleKeyDeletionInput{KeyId: &key, PendingWindowInDays: aws.Int32(7)})
			require.NoError(t, err)
			_, err = w.root.kms.DeleteCustomKeyStore(w.ctx, &kms.DeleteCustomKeyStoreInput{CustomKeyStoreId: &store})
			fails(t, err, "CustomKeyStoreHasCMKsException", "")
			w.clock.Advance(7 * day)
			_, err = w.root.kms.DeleteCustomKeyStore(w.ctx, &kms.DeleteCustomKeyStoreInput{CustomKeyStoreId: &store})
			require.NoError(t, err, "the key is gone")
		})
	}
}

// TestWhatKeyStoreKeysCannot (K0527).
func TestWhatKeyStoreKeysCannot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.keyIn(cloudKey(w.connected(w.cloudInput())))
	text := key + " origin is AWS_CLOUDHSM which is not valid for this operation."
	for _, name := range []string{
		"EnableKeyRotation", "DisableKeyRotation", "GetKeyRotationStatus", "ListKeyRotations", "RotateKeyOnDemand",
		"GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext",
	} {
		t.Run(name, func(t *testing.T) {
			fails(t, kmsCalls[name].call(w.ctx, w.root.kms, subject{key: key}), "UnsupportedOperationException", text)
			require.NoError(t, kmsCalls[name].call(w.ctx, w.root.kms, subject{key: w.key()}), "a key of KMS")
		})
	}
	for _, name := range []string{"GetParametersForImport", "ImportKeyMaterial", "DeleteImportedKeyMaterial"} {
		t.Run(name, func(t *testing.T) {
			s := w.subjectOf(name)
			require.NoError(t, kmsCalls[name].call(w.ctx, w.root.kms, s), "a key for imported material")
			s.key = key
			fails(t, kmsCalls[name].call(w.ctx, w.root.kms, s), "UnsupportedOperationException", text)
		})
	}
}

// TestDoubleEncryption: external keys encrypt once more what KMS encrypted, so a
// ciphertext is longer by a second tag, and it is the key manager that finds it
// damaged (K0528).
func TestDoubleEncryption(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	external := w.keyIn(externalKey(w.connected(w.externalInput()), "one"))
	cloud := w.keyIn(cloudKey(w.connected(w.cloudInput())))
	context := map[string]string{"a": "b"}
	twice, err := w.encrypt(w.root, external, context)
	require.NoError(t, err)
	once, err := w.encrypt(w.root, cloud, context)
	require.NoError(t, err)
	require.Len(t, twice, len(once)+16)
	const damaged = "The external key store proxy rejected the request because the specified ciphertext or additional authenticated data is corrupted, missing, or otherwise invalid."
	for name, row := range map[string]struct {
		ciphertext []byte
		context    map[string]string
		code, text string
	}{
		"external":                {twice, context, "", ""},
		"external, other context": {twice, nil, "KMSInvalidStateException", damaged},
		"external, damaged":       {flipLast(twice), context, "KMSInvalidStateException", damaged},
		"external, cut":           {twice[:len(twice)-20], context, "KMSInvalidStateException", damaged},
		"CloudHSM":                {once, context, "", ""},
		"CloudHSM, other context": {once, nil, "InvalidCiphertextException", ""},
		"CloudHSM, damaged":       {flipLast(once), context, "InvalidCiphertextException", ""},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := w.decrypt(w.root, row.ciphertext, row.context)
			if row.code != "" {
				fails(t, err, row.code, row.text)
				return
			}
			require.NoError(t, err)
			require.Equal(t, "secret", string(out))
		})
	}
}

func flipLast(b []byte) []byte {
	b = append([]byte(nil), b...)
	b[len(b)-1] ^= 1
	return b
}

// TestRandomFromKeyStore: GenerateRandom in a CloudHSM cluster (K0529).
func TestRandomFromKeyStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cloudInput := w.cloudInput()
	cloud, external := w.connected(cloudInput), w.connected(w.externalInput())
	random := func(store string) error {
		out, err := w.root.kms.GenerateRandom(w.ctx, &kms.GenerateRandomInput{CustomKeyStoreId: &store, NumberOfBytes: aws.Int32(16)})
		if err == nil {
			require.Len(t, out.Plaintext, 16)
		}
		return err
	}
	require.NoError(t, random(cloud))
	fails(t, random(external), "UnsupportedOperationException", "")
	w.fail(*cloudInput.CloudHsmClusterId, "INSUFFICIENT_CLOUDHSM_HSMS")
	fails(t, random(cloud), "KMSInvalidStateException", "")
	w.works()
	w.disconnect(cloud)
	failsLike(t, random(cloud), "CustomKeyStoreInvalidStateException", "is DISCONNECTING")
}

// TestKeyStoreKeyAccess: a key in a store is like any other to policies; its
// origin is a condition key.
func TestKeyStoreKeyAccess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	store := w.connected(w.cloudInput())
	const policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:CreateKey","Resource":"*","Condition":{"StringEquals":{"kms:KeyOrigin":"AWS_CLOUDHSM"}}}]}`
	maker := w.role(policy)
	in := cloudKey(store)
	in.BypassPolicyLockoutSafetyCheck = true
	_, err := maker.kms.CreateKey(w.ctx, in)
	require.NoError(t, err)
	_, err = maker.kms.CreateKey(w.ctx, &kms.CreateKeyInput{BypassPolicyLockoutSafetyCheck: true})
	fails(t, err, "AccessDeniedException", "")
	key := w.keyIn(cloudKey(store))
	w.mayEncrypt(t, map[string]attempt{
		"by identity policy": {w.role(allow("kms:Encrypt", key)), key, true},
		"without":            {w.role(""), key, false},
	})
}
