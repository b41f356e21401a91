package kmsemu_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"crypto/x509"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

// peerP256 is somebody's public key.
var peerP256 = func() []byte {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		panic(err)
	}
	return der
}()

// TestKindDryRuns (K0038): each operation that has DryRun succeeds by its error,
// and fails as it would.
func TestKindDryRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dry := aws.Bool(true)
	bare := w.role("")
	calls := map[string]func(*kms.Client, subject) error{
		"Sign": func(c *kms.Client, s subject) error {
			_, err := c.Sign(w.ctx, &kms.SignInput{KeyId: &s.key, Message: []byte("x"), SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha256, DryRun: dry})
			return err
		},
		"Verify": func(c *kms.Client, s subject) error {
			_, err := c.Verify(w.ctx, &kms.VerifyInput{KeyId: &s.key, Message: []byte("x"), Signature: s.made, SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha256, DryRun: dry})
			return err
		},
		"GenerateMac": func(c *kms.Client, s subject) error {
			_, err := c.GenerateMac(w.ctx, &kms.GenerateMacInput{KeyId: &s.key, Message: []byte("x"), MacAlgorithm: types.MacAlgorithmSpecHmacSha256, DryRun: dry})
			return err
		},
		"VerifyMac": func(c *kms.Client, s subject) error {
			_, err := c.VerifyMac(w.ctx, &kms.VerifyMacInput{KeyId: &s.key, Message: []byte("x"), Mac: s.made, MacAlgorithm: types.MacAlgorithmSpecHmacSha256, DryRun: dry})
			return err
		},
		"DeriveSharedSecret": func(c *kms.Client, s subject) error {
			_, err := c.DeriveSharedSecret(w.ctx, &kms.DeriveSharedSecretInput{KeyId: &s.key, PublicKey: s.made, KeyAgreementAlgorithm: types.KeyAgreementAlgorithmSpecEcdh, DryRun: dry})
			return err
		},
		"Encapsulate": func(c *kms.Client, s subject) error {
			_, err := c.Encapsulate(w.ctx, &kms.EncapsulateInput{KeyId: &s.key, EncapsulationAlgorithm: types.EncapsulationAlgorithmSpecMlKem, DryRun: dry})
			return err
		},
		"Decapsulate": func(c *kms.Client, s subject) error {
			_, err := c.Decapsulate(w.ctx, &kms.DecapsulateInput{KeyId: &s.key, SharedSecretCiphertextBlob: s.made, EncapsulationAlgorithm: types.EncapsulationAlgorithmSpecMlKem, DryRun: dry})
			return err
		},
		"GenerateDataKeyPair": func(c *kms.Client, s subject) error {
			_, err := c.GenerateDataKeyPair(w.ctx, &kms.GenerateDataKeyPairInput{KeyId: &s.key, KeyPairSpec: types.DataKeyPairSpecRsa4096, DryRun: dry})
			return err
		},
		"GenerateDataKeyPairWithoutPlaintext": func(c *kms.Client, s subject) error {
			_, err := c.GenerateDataKeyPairWithoutPlaintext(w.ctx, &kms.GenerateDataKeyPairWithoutPlaintextInput{KeyId: &s.key, KeyPairSpec: types.DataKeyPairSpecRsa4096, DryRun: dry})
			return err
		},
		"GenerateDataKeyWithoutPlaintext": func(c *kms.Client, s subject) error {
			_, err := c.GenerateDataKeyWithoutPlaintext(w.ctx, &kms.GenerateDataKeyWithoutPlaintextInput{KeyId: &s.key, KeySpec: types.DataKeySpecAes256, DryRun: dry})
			return err
		},
	}
	for name, call := range calls {
		s := w.subjectOf(name)
		fails(t, call(w.root.kms, s), "DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
		fails(t, call(bare.kms, s), "AccessDeniedException", "")
		if len(s.made) > 0 && name != "Decapsulate" { // which rejects nothing
			s.made = append([]byte{s.made[0] ^ 1}, s.made[1:]...)
			require.Error(t, call(w.root.kms, s))
			require.NotContains(t, call(w.root.kms, s).Error(), "DryRunOperationException", name)
		}
	}
}

// TestDryRunModifiers (K0203): permissions can be tested without a ciphertext.
func TestDryRunModifiers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.subject()
	bare := w.role("")
	ignore := []types.DryRunModifierType{types.DryRunModifierTypeIgnoreCiphertext}
	type tried func(by *caller, dry bool, ciphertext []byte, modifiers []types.DryRunModifierType) error
	for name, try := range map[string]tried{
		"Decrypt": func(by *caller, dry bool, ciphertext []byte, modifiers []types.DryRunModifierType) error {
			_, err := by.kms.Decrypt(w.ctx, &kms.DecryptInput{KeyId: &s.key, CiphertextBlob: ciphertext, DryRun: &dry, DryRunModifiers: modifiers})
			return err
		},
		"ReEncrypt": func(by *caller, dry bool, ciphertext []byte, modifiers []types.DryRunModifierType) error {
			_, err := by.kms.ReEncrypt(w.ctx, &kms.ReEncryptInput{SourceKeyId: &s.key, DestinationKeyId: &s.spare, CiphertextBlob: ciphertext, DryRun: &dry, DryRunModifiers: modifiers})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			fails(t, try(w.root, true, nil, ignore), "DryRunOperationException", "")
			fails(t, try(w.root, true, []byte("junk"), ignore), "DryRunOperationException", "")
			fails(t, try(bare, true, nil, ignore), "AccessDeniedException", "")
			fails(t, try(w.root, true, []byte("junk"), nil), "InvalidCiphertextException", "")
			fails(t, try(w.root, true, nil, nil), "ValidationException", "1 validation error detected: Value null at 'ciphertextBlob'"+constraint+"not be null")
			fails(t, try(w.root, false, nil, ignore), "ValidationException", "")
			fails(t, try(w.root, true, nil, []types.DryRunModifierType{"OTHER"}), "ValidationException", "")
		})
	}
}

// TestRecipientIsRefused: there are no enclaves here to encrypt for.
func TestRecipientIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	recipient := &types.RecipientInfo{AttestationDocument: []byte("x")}
	const text = "This emulator does not support the parameter Recipient: leave it out."
	key, agreeing := w.key(), w.key(ofKind(types.KeySpecEccNistP256, agreement))
	_, err := w.root.kms.GenerateDataKeyPair(w.ctx, &kms.GenerateDataKeyPairInput{KeyId: &key, KeyPairSpec: types.DataKeyPairSpecRsa2048, Recipient: recipient})
	fails(t, err, "UnsupportedOperationException", text)
	_, err = w.root.kms.GenerateDataKey(w.ctx, &kms.GenerateDataKeyInput{KeyId: &key, KeySpec: types.DataKeySpecAes256, Recipient: recipient})
	fails(t, err, "UnsupportedOperationException", text)
	_, err = w.root.kms.DeriveSharedSecret(w.ctx, &kms.DeriveSharedSecretInput{KeyId: &agreeing, PublicKey: peerP256, KeyAgreementAlgorithm: types.KeyAgreementAlgorithmSpecEcdh, Recipient: recipient})
	fails(t, err, "UnsupportedOperationException", text)
	_, err = w.root.kms.GenerateRandom(w.ctx, &kms.GenerateRandomInput{NumberOfBytes: ptr(int32(8)), Recipient: recipient})
	fails(t, err, "UnsupportedOperationException", text)
}

// TestSeedDecidesKeys: the same randomness makes the same keys, of every kind.
func TestSeedDecidesKeys(t *testing.T) {
	t.Parallel()
	for spec, usages := range kinds {
		usage := slices.Sorted(func(yield func(types.KeyUsageType) bool) {
			for usage := range usages {
				if !yield(usage) {
					return
				}
			}
		})[0]
		if usage == generateMAC || spec == types.KeySpecSymmetricDefault || spec == types.KeySpecRsa3072 || spec == types.KeySpecRsa4096 {
			continue // no public key; as RSA_2048
		}
		made := func(seed byte) []byte {
			w := newSeededWorld(t, seed)
			return w.public(w.key(ofKind(spec, usage)))
		}
		require.Equal(t, made('a'), made('a'), spec)
		require.NotEqual(t, made('a'), made('b'), spec)
	}
}

// constant is a random source that is not random at all.
type constant byte

func (c constant) Read(p []byte) (int, error) {
	copy(p, bytes.Repeat([]byte{byte(c)}, len(p)))
	return len(p), nil
}

func newSeededWorld(t testing.TB, seed byte) *world {
	t.Helper()
	return newWorldOf(t, kmsemu.Config{Rand: constant(seed)})
}

// TestOthersAreNotKeptWaiting: while a key is being made or used, the server
// answers everybody else.
func TestOthersAreNotKeptWaiting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, operation := range []string{"Sign", "Verify", "GenerateMac", "VerifyMac", "GetPublicKey", "DeriveSharedSecret", "Encapsulate", "Decapsulate", "Encrypt", "Decrypt", "ReEncrypt", "GenerateDataKey"} {
		s := w.subjectOf(operation)
		asked, release := w.Server.HoldSecret(s.key)
		done := make(chan error, 1)
		go func() { done <- kmsCalls[operation].call(w.ctx, w.root.kms, s) }()
		<-asked
		_, err := w.root.kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: &s.key})
		require.NoError(t, err)
		select {
		case err := <-done:
			t.Fatalf("%s did not wait for the key: %v", operation, err)
		default:
		}
		release()
		require.NoError(t, <-done, operation)
	}
}

// TestKindsAcrossAccounts (K0081): both sides must allow.
func TestKindsAcrossAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	foreign := w.caller(other, "test", "")
	allowed, powerless := w.roleARN(foreign, allow("kms:*", "*")), w.roleARN(foreign, "")
	may, mayNot := w.session(foreign, &sts.AssumeRoleInput{RoleArn: &allowed}), w.session(foreign, &sts.AssumeRoleInput{RoleArn: &powerless})
	for operation := range keyKinds {
		s := w.subjectOf(operation)
		failsLike(t, kmsCalls[operation].call(w.ctx, may.kms, s), "AccessDeniedException", "because no resource-based policy allows the kms:"+operation+" action")
		_, err := w.root.kms.PutKeyPolicy(w.ctx, &kms.PutKeyPolicyInput{KeyId: &s.key, Policy: aws.String(keyPolicy(statement("Allow", "arn:aws:iam::"+other+":root", "kms:*", "")))})
		require.NoError(t, err)
		require.NoError(t, kmsCalls[operation].call(w.ctx, may.kms, s), operation)
		failsLike(t, kmsCalls[operation].call(w.ctx, mayNot.kms, s), "AccessDeniedException", "because no identity-based policy allows the kms:"+operation+" action")
	}
}

// TestKindsByGrant: a grant of the operation is enough, a grant of another is not.
func TestKindsByGrant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.roleARN(w.root, "")
	session := w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role})
	for operation := range keyKinds {
		s := w.subjectOf(operation)
		w.grant(w.root, s.key, role, types.GrantOperationDescribeKey)
		fails(t, kmsCalls[operation].call(w.ctx, session.kms, s), "AccessDeniedException", "")
		w.grant(w.root, s.key, role, types.GrantOperation(operation))
		require.NoError(t, kmsCalls[operation].call(w.ctx, session.kms, s), operation)
	}
}

// TestKindEvents (K0086): the trail has the algorithms and none of the data.
func TestKindEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := map[string]map[string]any{
		"Sign":                {"signingAlgorithm": "ECDSA_SHA_256"},
		"Verify":              {"signingAlgorithm": "ECDSA_SHA_256"},
		"GenerateMac":         {"macAlgorithm": "HMAC_SHA_256"},
		"VerifyMac":           {"macAlgorithm": "HMAC_SHA_256"},
		"DeriveSharedSecret":  {"keyAgreementAlgorithm": "ECDH"},
		"Encapsulate":         {"encapsulationAlgorithm": "ML_KEM"},
		"Decapsulate":         {"encapsulationAlgorithm": "ML_KEM"},
		"GetPublicKey":        {},
		"GenerateDataKeyPair": {"keyPairSpec": "ECC_NIST_P256"},
	}
	for operation, parameters := range want {
		s := w.subjectOf(operation)
		require.NoError(t, kmsCalls[operation].call(w.ctx, w.root.kms, s))
		e := w.event(operation)
		parameters["keyId"] = s.key
		require.Equal(t, parameters, e.RequestParameters, operation)
		require.Equal(t, []kmsemu.Resource{{ARN: s.key, AccountID: account, Type: "AWS::KMS::Key"}}, e.Resources, operation)
	}
}

// openssl runs OpenSSL in a folder of its own that holds the files.
func openssl(t *testing.T, files map[string][]byte, args ...string) []byte {
	t.Helper()
	program, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not on PATH")
	}
	dir := t.TempDir()
	for name, content := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "openssl %v: %s", args, stderr.String())
	return out
}
