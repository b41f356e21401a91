package test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" // one of the hashes of RSAES-OAEP
	"crypto/x509"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"
)

// Who may encrypt can, with every algorithm of the key and every size that fits,
// and who may decrypt gets it back.
func roundTrip(t *testing.T, k *key) {
	algorithms := k.metadata(t).EncryptionAlgorithms
	require.NotEmpty(t, algorithms)
	for _, algorithm := range algorithms {
		for _, size := range []int{1, k.largest(t, algorithm)} {
			text := bytes.Repeat([]byte{7}, size)
			sealed, err := k.encrypt(t, text, algorithm)
			require.NoErrorf(t, err, "%s of %d bytes", algorithm, size)
			require.NotEqual(t, text, sealed.CiphertextBlob)
			require.Equal(t, k.arn, aws.ToString(sealed.KeyId))
			require.Equal(t, text, k.decrypt(t, sealed.CiphertextBlob, algorithm))
		}
	}
}

func (k *key) decrypt(t *testing.T, sealed []byte, algorithm types.EncryptionAlgorithmSpec) []byte {
	t.Helper()
	opened, err := k.as(k.preset.who("Decrypt")).Decrypt(t.Context(), &kms.DecryptInput{
		KeyId: &k.arn, CiphertextBlob: sealed, EncryptionAlgorithm: algorithm, EncryptionContext: k.encryptionContext(),
	})
	require.NoErrorf(t, err, "%s of %d bytes", algorithm, len(sealed))
	return opened.Plaintext
}

// No algorithm of the key takes nothing, or more than fits.
func plaintextLimits(t *testing.T, k *key) {
	algorithms := k.metadata(t).EncryptionAlgorithms
	require.NotEmpty(t, algorithms)
	for _, algorithm := range algorithms {
		for _, size := range []int{0, k.largest(t, algorithm) + 1} {
			_, err := k.encrypt(t, make([]byte, size), algorithm)
			require.Equalf(t, "ValidationException", code(err), "%s of %d bytes: %v", algorithm, size, err)
		}
	}
}

// What anybody encrypts with the public key, without KMS, who may decrypt gets back.
func sealedOutside(t *testing.T, k *key) {
	for algorithm, hash := range oaepHashes {
		sealed, err := rsa.EncryptOAEP(hash.New(), rand.Reader, k.rsaKey(t), plaintext, nil)
		require.NoError(t, err)
		require.Equal(t, plaintext, k.decrypt(t, sealed, algorithm))
	}
}

var oaepHashes = map[types.EncryptionAlgorithmSpec]crypto.Hash{
	types.EncryptionAlgorithmSpecRsaesOaepSha1: crypto.SHA1, types.EncryptionAlgorithmSpecRsaesOaepSha256: crypto.SHA256,
}

// largest is how many bytes of plaintext an algorithm of the key takes. Sources: KMS
// API Reference, Encrypt; RFC 8017, section 7.1.1.
func (k *key) largest(t *testing.T, algorithm types.EncryptionAlgorithmSpec) int {
	t.Helper()
	if algorithm == types.EncryptionAlgorithmSpecSymmetricDefault {
		return 4096
	}
	return k.rsaKey(t).Size() - 2*oaepHashes[algorithm].Size() - 2
}

func (k *key) rsaKey(t *testing.T) *rsa.PublicKey {
	t.Helper()
	out, err := k.as(k.preset.who("GetPublicKey")).GetPublicKey(t.Context(), &kms.GetPublicKeyInput{KeyId: &k.arn})
	require.NoError(t, err)
	public, err := x509.ParsePKIXPublicKey(out.PublicKey)
	require.NoError(t, err)
	return public.(*rsa.PublicKey)
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
