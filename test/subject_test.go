package test

import (
	"context"
	"crypto/ecdh"
	"crypto/x509"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"
)

// subject is a key with what calls on it need. The account's root user, who may
// call everything, makes it.
type subject struct {
	key         string
	context     map[string]string
	encryption  types.EncryptionAlgorithmSpec
	ciphertext  []byte // of the key
	signature   []byte
	mac         []byte
	peer        []byte // a public key to agree with
	policy      string // the key's own
	description string
	alias       string // another one of the key
	grantee     string
	period      int32  // of its rotation, in days
	region      string // its own

	open           string // a key that anybody may use
	openCiphertext []byte
}

// rsaAlgorithm is one of those of RSA keys.
const rsaAlgorithm = types.EncryptionAlgorithmSpecRsaesOaepSha256

var plaintext = []byte("attack at dawn")

func (k *key) newSubject(t *testing.T) *subject {
	t.Helper()
	ctx := t.Context()
	s := &subject{
		key: k.arn, context: k.encryptionContext(), alias: "alias/probe/" + k.preset.name, grantee: k.DeployerARN(),
		period: k.preset.rotationPeriodInDays(), region: k.rootUser.Region,
		// Blobs that any call may carry, as long as the key is for something else.
		ciphertext: make([]byte, 64), signature: make([]byte, 64), mac: make([]byte, 32),
	}
	described, err := k.root.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &k.arn})
	require.NoError(t, err)
	s.description = aws.ToString(described.KeyMetadata.Description)
	policy, err := k.root.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &k.arn})
	require.NoError(t, err)
	s.policy = aws.ToString(policy.Policy)
	_, err = k.root.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: &s.alias, TargetKeyId: &k.arn})
	require.NoError(t, err)
	t.Cleanup(func() { k.removeAliases(t, s.alias, s.alias+"-new") })
	s.peer = newPublicKey(t)
	s.open, s.openCiphertext = k.open, k.openCiphertext
	k.seal(t, s)
	return s
}

// bareSubject is the key with what a call takes that makes something.
func (k *key) bareSubject(t *testing.T) *subject {
	t.Helper()
	s := &subject{key: k.arn, context: k.encryptionContext(), peer: newPublicKey(t)}
	if k.preset.kind == rsaEncryption {
		s.encryption = rsaAlgorithm
	}
	return s
}

// seal has the root user make what the key's kind makes.
func (k *key) seal(t *testing.T, s *subject) {
	t.Helper()
	switch k.preset.kind {
	case rsaEncryption:
		s.encryption = rsaAlgorithm
		fallthrough
	case symmetric:
		out, err := k.root.Encrypt(t.Context(), &kms.EncryptInput{
			KeyId: &k.arn, Plaintext: plaintext, EncryptionContext: s.context, EncryptionAlgorithm: s.encryption,
		})
		require.NoError(t, err)
		s.ciphertext = out.CiphertextBlob
	case signing:
		out, err := k.root.Sign(t.Context(), &kms.SignInput{KeyId: &k.arn, Message: plaintext, SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha256})
		require.NoError(t, err)
		s.signature = out.Signature
	case mac:
		out, err := k.root.GenerateMac(t.Context(), &kms.GenerateMacInput{KeyId: &k.arn, Message: plaintext, MacAlgorithm: types.MacAlgorithmSpecHmacSha256})
		require.NoError(t, err)
		s.mac = out.Mac
	case agreement:
	}
}

// removeAliases deletes those that are there.
func (k *key) removeAliases(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		_, err := k.deployer.DeleteAlias(context.WithoutCancel(t.Context()), &kms.DeleteAliasInput{AliasName: &name})
		if code(err) != "NotFoundException" {
			require.NoError(t, err)
		}
	}
}

// newPublicKey is that of a peer to agree with.
func newPublicKey(t *testing.T) []byte {
	t.Helper()
	public, err := x509.MarshalPKIXPublicKey(newPeer(t, ecdh.P256()).PublicKey())
	require.NoError(t, err)
	return public
}
