package test

import (
	"bytes"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"
)

// Who may encrypt can, with every algorithm of the key and every size that fits,
// and who may decrypt gets it back.
func roundTrip(t *testing.T, k *key) {
	described, err := k.root.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &k.arn})
	require.NoError(t, err)
	require.NotEmpty(t, described.KeyMetadata.EncryptionAlgorithms)
	for _, algorithm := range described.KeyMetadata.EncryptionAlgorithms {
		for _, size := range []int{1, largest[algorithm]} {
			text := bytes.Repeat([]byte{7}, size)
			sealed, err := k.encrypt(t, text, algorithm)
			require.NoErrorf(t, err, "%s of %d bytes", algorithm, size)
			require.NotEqual(t, text, sealed.CiphertextBlob)
			require.Equal(t, k.arn, aws.ToString(sealed.KeyId))
			opened, err := k.as(k.preset.who("Decrypt")).Decrypt(t.Context(), &kms.DecryptInput{
				KeyId: &k.arn, CiphertextBlob: sealed.CiphertextBlob, EncryptionAlgorithm: algorithm, EncryptionContext: k.encryptionContext(),
			})
			require.NoErrorf(t, err, "%s of %d bytes", algorithm, size)
			require.Equal(t, text, opened.Plaintext)
		}
	}
}

// No algorithm of the key takes nothing, or more than fits.
func plaintextLimits(t *testing.T, k *key) {
	described, err := k.root.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &k.arn})
	require.NoError(t, err)
	require.NotEmpty(t, described.KeyMetadata.EncryptionAlgorithms)
	for _, algorithm := range described.KeyMetadata.EncryptionAlgorithms {
		for _, size := range []int{0, largest[algorithm] + 1} {
			_, err := k.encrypt(t, make([]byte, size), algorithm)
			require.Errorf(t, err, "%s of %d bytes", algorithm, size)
			require.NotEqual(t, "AccessDeniedException", code(err))
		}
	}
}

// largest is how many bytes of plaintext an algorithm takes; of RSA those with
// the module's RSA_4096. Source: KMS API Reference, Encrypt.
var largest = map[types.EncryptionAlgorithmSpec]int{
	types.EncryptionAlgorithmSpecSymmetricDefault: 4096,
	types.EncryptionAlgorithmSpecRsaesOaepSha1:    470,
	types.EncryptionAlgorithmSpecRsaesOaepSha256:  446,
	types.EncryptionAlgorithmSpec("SM2PKE"):       1024,
}

func (k *key) encrypt(t *testing.T, text []byte, algorithm types.EncryptionAlgorithmSpec) (*kms.EncryptOutput, error) {
	t.Helper()
	return k.as(k.preset.who("Encrypt")).Encrypt(t.Context(), &kms.EncryptInput{
		KeyId: &k.arn, Plaintext: text, EncryptionAlgorithm: algorithm, EncryptionContext: k.encryptionContext(),
	})
}

// contextCase is an encryption context to decrypt with.
type contextCase struct {
	name    string
	context map[string]string
	opens   bool
}

// What was encrypted under a context opens under the same one alone.
func encryptionContext(t *testing.T, k *key) {
	k.openUnder(t, []contextCase{
		{"right", map[string]string{"tenant": "a"}, true},
		{"wrong", map[string]string{"tenant": "b"}, false},
		{"more", map[string]string{"tenant": "a", "region": "x"}, false},
		{"missing", nil, false},
	})
}

// A context with the same letters, of which some are the key instead of the value,
// is another one.
func contextKeptApart(t *testing.T, k *key) {
	k.openUnder(t, []contextCase{
		{"right", map[string]string{"tenant": "a"}, true},
		{"moved", map[string]string{"tenanta": ""}, false},
	})
}

// openUnder opens with each context what was encrypted under that of the suites.
func (k *key) openUnder(t *testing.T, cases []contextCase) {
	t.Helper()
	sealed, err := k.encrypt(t, plaintext, types.EncryptionAlgorithmSpecSymmetricDefault)
	require.NoError(t, err)
	for _, c := range cases {
		out, err := k.as(k.preset.who("Decrypt")).Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob, EncryptionContext: c.context})
		if c.opens {
			require.NoError(t, err, c.name)
			require.Equal(t, plaintext, out.Plaintext)
			continue
		}
		// Policies and grants that look at the context refuse first, and a proxy of an
		// external key manager does not tell why it does.
		require.Contains(t, []string{"InvalidCiphertextException", "AccessDeniedException", "KMSInvalidStateException"}, code(err), c.name)
	}
}
