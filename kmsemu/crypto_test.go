package kmsemu_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"
)

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	for _, size := range []int{1, 15, 16, 17, 4096} {
		plaintext := bytes.Repeat([]byte{0xA5}, size)
		sealed, err := w.root.kms.Encrypt(w.ctx, &kms.EncryptInput{KeyId: &key, Plaintext: plaintext})
		require.NoError(t, err)
		require.False(t, bytes.Contains(sealed.CiphertextBlob, plaintext) && size > 1)
		require.Equal(t, types.EncryptionAlgorithmSpecSymmetricDefault, sealed.EncryptionAlgorithm)
		opened, err := w.root.kms.Decrypt(w.ctx, &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob})
		require.NoError(t, err)
		require.Equal(t, plaintext, opened.Plaintext)
		require.Equal(t, key, *opened.KeyId)
		require.Len(t, *opened.KeyMaterialId, 64)
	}
}

func TestEncryptingTwiceDiffers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	one, err := w.encrypt(w.root, key, nil)
	require.NoError(t, err)
	two, err := w.encrypt(w.root, key, nil)
	require.NoError(t, err)
	require.NotEqual(t, one, two)
}

// TestEncryptionContext (K0037): exact, case-sensitive, in any order, and never
// ambiguous.
func TestEncryptionContext(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	for name, row := range map[string]struct {
		sealed, opened map[string]string
		ok             bool
	}{
		"same":                {map[string]string{"a": "1", "b": "2"}, map[string]string{"b": "2", "a": "1"}, true},
		"none and empty":      {nil, map[string]string{}, true},
		"empty value":         {map[string]string{"a": ""}, map[string]string{"a": ""}, true},
		"missing":             {map[string]string{"a": "1"}, nil, false},
		"added":               {nil, map[string]string{"a": "1"}, false},
		"pair left out":       {map[string]string{"a": "1", "b": "2"}, map[string]string{"a": "1"}, false},
		"other value":         {map[string]string{"a": "1"}, map[string]string{"a": "2"}, false},
		"other case of value": {map[string]string{"a": "x"}, map[string]string{"a": "X"}, false},
		"other case of key":   {map[string]string{"a": "x"}, map[string]string{"A": "x"}, false},
		"joined":              {map[string]string{"a": "b"}, map[string]string{"ab": ""}, false},
		"joined, reversed":    {map[string]string{"ab": ""}, map[string]string{"a": "b"}, false},
		"shifted":             {map[string]string{"a": "bc", "d": "e"}, map[string]string{"a": "b", "cd": "e"}, false},
		"swapped":             {map[string]string{"a": "b"}, map[string]string{"b": "a"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			sealed, err := w.encrypt(w.root, key, row.sealed)
			require.NoError(t, err)
			plaintext, err := w.decrypt(w.root, sealed, row.opened)
			if row.ok {
				require.NoError(t, err)
				require.Equal(t, "secret", string(plaintext))
				return
			}
			fails(t, err, "InvalidCiphertextException", "")
			require.ErrorContains(t, err, "InvalidCiphertextException")
		})
	}
}

// TestTampering flips each byte of a ciphertext, and cuts it at each length.
func TestTampering(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sealed, err := w.encrypt(w.root, w.key(), nil)
	require.NoError(t, err)
	for i := range sealed {
		for _, mask := range []byte{0x01, 0x80} {
			flipped := bytes.Clone(sealed)
			flipped[i] ^= mask
			_, err := w.decrypt(w.root, flipped, nil)
			fails(t, err, "InvalidCiphertextException", "")
		}
		if i > 0 {
			_, err := w.decrypt(w.root, sealed[:i], nil)
			fails(t, err, "InvalidCiphertextException", "")
		}
	}
	_, err = w.decrypt(w.root, sealed, nil)
	require.NoError(t, err, "the original still opens")
}

// TestIncorrectKey (K0032).
func TestIncorrectKey(t *testing.T) {
	t.Parallel()
	const text = "The key ID in the request does not identify a CMK that can perform this operation."
	w := newWorld(t)
	key, wrong := w.key(), w.key()
	sealed, err := w.encrypt(w.root, key, nil)
	require.NoError(t, err)
	_, err = w.root.kms.Decrypt(w.ctx, &kms.DecryptInput{CiphertextBlob: sealed, KeyId: &key})
	require.NoError(t, err)
	_, err = w.root.kms.Decrypt(w.ctx, &kms.DecryptInput{CiphertextBlob: sealed, KeyId: &wrong})
	fails(t, err, "IncorrectKeyException", text)
	_, err = w.root.kms.ReEncrypt(w.ctx, &kms.ReEncryptInput{CiphertextBlob: sealed, SourceKeyId: &wrong, DestinationKeyId: &key})
	fails(t, err, "IncorrectKeyException", text)
}

func TestWrongAlgorithm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	_, err := w.root.kms.Encrypt(w.ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("x"), EncryptionAlgorithm: types.EncryptionAlgorithmSpecRsaesOaepSha1})
	fails(t, err, "InvalidKeyUsageException", "Algorithm RSAES_OAEP_SHA_1 is incompatible with key spec SYMMETRIC_DEFAULT.")
	sealed, err := w.encrypt(w.root, key, nil)
	require.NoError(t, err)
	_, err = w.root.kms.Decrypt(w.ctx, &kms.DecryptInput{CiphertextBlob: sealed, EncryptionAlgorithm: types.EncryptionAlgorithmSpecRsaesOaepSha1})
	fails(t, err, "InvalidKeyUsageException", "")
	_, err = w.root.kms.ReEncrypt(w.ctx, &kms.ReEncryptInput{CiphertextBlob: sealed, DestinationKeyId: &key, DestinationEncryptionAlgorithm: types.EncryptionAlgorithmSpecRsaesOaepSha1})
	fails(t, err, "InvalidKeyUsageException", "")
}

func TestReEncrypt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	from, to := w.key(), w.key()
	before, after := map[string]string{"a": "1"}, map[string]string{"b": "2"}
	sealed, err := w.encrypt(w.root, from, before)
	require.NoError(t, err)
	out, err := w.root.kms.ReEncrypt(w.ctx, &kms.ReEncryptInput{
		CiphertextBlob: sealed, SourceEncryptionContext: before, DestinationKeyId: &to, DestinationEncryptionContext: after,
	})
	require.NoError(t, err)
	require.Equal(t, from, *out.SourceKeyId)
	require.Equal(t, to, *out.KeyId)
	require.NotEqual(t, *out.SourceKeyMaterialId, *out.DestinationKeyMaterialId)
	plaintext, err := w.decrypt(w.root, out.CiphertextBlob, after)
	require.NoError(t, err)
	require.Equal(t, "secret", string(plaintext))
	_, err = w.decrypt(w.root, out.CiphertextBlob, before)
	fails(t, err, "InvalidCiphertextException", "")
	_, err = w.root.kms.ReEncrypt(w.ctx, &kms.ReEncryptInput{CiphertextBlob: sealed, SourceEncryptionContext: after, DestinationKeyId: &to})
	fails(t, err, "InvalidCiphertextException", "")
}

func TestDataKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	for name, row := range map[string]struct {
		spec  types.DataKeySpec
		bytes *int32
		want  int
	}{
		"AES_128": {types.DataKeySpecAes128, nil, 16},
		"AES_256": {types.DataKeySpecAes256, nil, 32},
		"1":       {"", aws.Int32(1), 1},
		"1024":    {"", aws.Int32(1024), 1024},
	} {
		t.Run(name, func(t *testing.T) {
			context := map[string]string{"tenant": "blue"}
			out, err := w.root.kms.GenerateDataKey(w.ctx, &kms.GenerateDataKeyInput{KeyId: &key, KeySpec: row.spec, NumberOfBytes: row.bytes, EncryptionContext: context})
			require.NoError(t, err)
			require.Len(t, out.Plaintext, row.want)
			plaintext, err := w.decrypt(w.root, out.CiphertextBlob, context)
			require.NoError(t, err)
			require.Equal(t, out.Plaintext, plaintext)

			blind, err := w.root.kms.GenerateDataKeyWithoutPlaintext(w.ctx, &kms.GenerateDataKeyWithoutPlaintextInput{KeyId: &key, KeySpec: row.spec, NumberOfBytes: row.bytes})
			require.NoError(t, err)
			plaintext, err = w.decrypt(w.root, blind.CiphertextBlob, nil)
			require.NoError(t, err)
			require.Len(t, plaintext, row.want)
		})
	}
}

// TestDryRun (K0038): success is an error of its own; what would fail still fails.
func TestDryRun(t *testing.T) {
	t.Parallel()
	const text = "The request would have succeeded, but the DryRun option is set."
	w := newWorld(t)
	key := w.key()
	dry := aws.Bool(true)
	sealed, err := w.encrypt(w.root, key, nil)
	require.NoError(t, err)
	_, err = w.root.kms.Encrypt(w.ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("x"), DryRun: dry})
	fails(t, err, "DryRunOperationException", text)
	_, err = w.root.kms.Decrypt(w.ctx, &kms.DecryptInput{CiphertextBlob: sealed, DryRun: dry})
	fails(t, err, "DryRunOperationException", text)
	_, err = w.root.kms.ReEncrypt(w.ctx, &kms.ReEncryptInput{CiphertextBlob: sealed, DestinationKeyId: &key, DryRun: dry})
	fails(t, err, "DryRunOperationException", text)
	_, err = w.root.kms.GenerateDataKey(w.ctx, &kms.GenerateDataKeyInput{KeyId: &key, KeySpec: types.DataKeySpecAes128, DryRun: dry})
	fails(t, err, "DryRunOperationException", text)
	_, err = w.role("").kms.Encrypt(w.ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("x"), DryRun: dry})
	fails(t, err, "AccessDeniedException", "")
	_, err = w.root.kms.Decrypt(w.ctx, &kms.DecryptInput{CiphertextBlob: sealed[:40], DryRun: dry})
	fails(t, err, "InvalidCiphertextException", "")
}

// TestRefusedParameters: what this emulator cannot honour it refuses.
func TestRefusedParameters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	sealed, err := w.encrypt(w.root, key, nil)
	require.NoError(t, err)
	_, err = w.root.kms.Decrypt(w.ctx, &kms.DecryptInput{CiphertextBlob: sealed, Recipient: &types.RecipientInfo{AttestationDocument: []byte("x")}})
	fails(t, err, "UnsupportedOperationException", "This emulator does not support the parameter Recipient: leave it out.")
	for name, row := range map[string]struct {
		in   kms.CreateKeyInput
		code string
		part string
	}{
		"key spec":         {kms.CreateKeyInput{KeySpec: types.KeySpecSm2, KeyUsage: types.KeyUsageTypeEncryptDecrypt}, "UnsupportedOperationException", "does not support KeySpec SM2"},
		"unknown key spec": {kms.CreateKeyInput{KeySpec: "AES_512"}, "ValidationException", "Value 'AES_512' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: ["},
		"usage missing":    {kms.CreateKeyInput{KeySpec: types.KeySpecRsa2048}, "ValidationException", "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."},
		"usage":            {kms.CreateKeyInput{KeyUsage: types.KeyUsageTypeSignVerify}, "ValidationException", "KeyUsage SIGN_VERIFY is not compatible with KeySpec SYMMETRIC_DEFAULT"},
		"two specs":        {kms.CreateKeyInput{KeySpec: types.KeySpecSymmetricDefault, CustomerMasterKeySpec: types.CustomerMasterKeySpecSymmetricDefault}, "ValidationException", "You cannot specify KeySpec and CustomerMasterKeySpec"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.root.kms.CreateKey(w.ctx, &row.in)
			failsLike(t, err, row.code, row.part)
		})
	}
	out, err := w.root.kms.CreateKey(w.ctx, &kms.CreateKeyInput{CustomerMasterKeySpec: types.CustomerMasterKeySpecSymmetricDefault, Origin: types.OriginTypeAwsKms, KeyUsage: types.KeyUsageTypeEncryptDecrypt})
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(*out.KeyMetadata.Arn, "arn:aws:kms:us-east-1:000000000000:key/"))
}
