package probe

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/sha512"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// use is what a key of some usage is for: the permissions that it takes and the
// proof that it works.
type use struct {
	actions []Action
	prove   func(context.Context, *kms.Client, *types.KeyMetadata) error
}

var message = []byte("keywright-probe")

var uses = map[types.KeyUsageType]use{
	types.KeyUsageTypeEncryptDecrypt:    {[]Action{Encrypt, Decrypt}, cipherTrip},
	types.KeyUsageTypeSignVerify:        {[]Action{Sign, Verify}, signatureTrip},
	types.KeyUsageTypeGenerateVerifyMac: {[]Action{GenerateMac, VerifyMac}, macTrip},
	types.KeyUsageTypeKeyAgreement:      {[]Action{GetPublicKey, DeriveSharedSecret}, agreementTrip},
}

// UseActions returns the actions that [Use] takes for a key; nil for a key whose
// usage it does not know.
func UseActions(key *types.KeyMetadata) []Action {
	if key.KeySpec == types.KeySpecSymmetricDefault {
		return []Action{Encrypt, Decrypt, GenerateDataKey}
	}
	return uses[key.KeyUsage].actions
}

// Use does with a key what it is for, there and back, with every algorithm that
// the key offers: encrypts and decrypts ([RoundTrip] for a symmetric key, under
// the encryption context), signs and verifies, makes and verifies MACs, agrees on
// a secret. What was altered in between must be refused. The error says which
// promise was broken.
func Use(ctx context.Context, client *kms.Client, key *types.KeyMetadata, encryptionContext map[string]string) error {
	if key.KeySpec == types.KeySpecSymmetricDefault {
		return RoundTrip(ctx, client, *key.Arn, encryptionContext)
	}
	u, ok := uses[key.KeyUsage]
	if !ok {
		return fmt.Errorf("no proof is known for a key of usage %s", key.KeyUsage)
	}
	return u.prove(ctx, client, key)
}

func cipherTrip(ctx context.Context, client *kms.Client, key *types.KeyMetadata) error {
	for _, algorithm := range key.EncryptionAlgorithms {
		out, err := client.Encrypt(ctx, &kms.EncryptInput{KeyId: key.Arn, Plaintext: message, EncryptionAlgorithm: algorithm})
		if err != nil {
			return fmt.Errorf("encrypting with %s: %w", algorithm, err)
		}
		back, err := client.Decrypt(ctx, &kms.DecryptInput{KeyId: key.Arn, CiphertextBlob: out.CiphertextBlob, EncryptionAlgorithm: algorithm})
		if err != nil {
			return fmt.Errorf("decrypting with %s: %w", algorithm, err)
		}
		if !bytes.Equal(back.Plaintext, message) {
			return fmt.Errorf("decrypting with %s gave another plaintext", algorithm)
		}
	}
	return nil
}

// signed is what Sign and Verify take for a message.
type signed struct {
	text []byte
	is   types.MessageType
}

// signable is the message as the algorithm takes it: ED25519_PH_SHA_512 digests alone.
// Source: KMS API Reference, Sign.
func signable(algorithm types.SigningAlgorithmSpec, message []byte) signed {
	if algorithm == types.SigningAlgorithmSpecEd25519PhSha512 {
		digest := sha512.Sum512(message)
		return signed{digest[:], types.MessageTypeDigest}
	}
	return signed{message, types.MessageTypeRaw}
}

func signatureTrip(ctx context.Context, client *kms.Client, key *types.KeyMetadata) error {
	for _, algorithm := range key.SigningAlgorithms {
		right := signable(algorithm, message)
		out, err := client.Sign(ctx, &kms.SignInput{KeyId: key.Arn, Message: right.text, MessageType: right.is, SigningAlgorithm: algorithm})
		if err != nil {
			return fmt.Errorf("signing with %s: %w", algorithm, err)
		}
		verify := func(message []byte) error {
			s := signable(algorithm, message)
			_, err := client.Verify(ctx, &kms.VerifyInput{
				KeyId: key.Arn, Message: s.text, MessageType: s.is, Signature: out.Signature, SigningAlgorithm: algorithm,
			})
			return err
		}
		if err := verify(message); err != nil {
			return fmt.Errorf("verifying with %s: %w", algorithm, err)
		}
		var invalid *types.KMSInvalidSignatureException
		if err := verify(append([]byte("not "), message...)); !errors.As(err, &invalid) {
			return fmt.Errorf("verifying another message with %s: want KMSInvalidSignatureException, got: %w", algorithm, orAllowed(err))
		}
	}
	return nil
}

func macTrip(ctx context.Context, client *kms.Client, key *types.KeyMetadata) error {
	for _, algorithm := range key.MacAlgorithms {
		out, err := client.GenerateMac(ctx, &kms.GenerateMacInput{KeyId: key.Arn, Message: message, MacAlgorithm: algorithm})
		if err != nil {
			return fmt.Errorf("making a MAC with %s: %w", algorithm, err)
		}
		verify := func(message []byte) error {
			_, err := client.VerifyMac(ctx, &kms.VerifyMacInput{KeyId: key.Arn, Message: message, Mac: out.Mac, MacAlgorithm: algorithm})
			return err
		}
		if err := verify(message); err != nil {
			return fmt.Errorf("verifying a MAC with %s: %w", algorithm, err)
		}
		var invalid *types.KMSInvalidMacException
		if err := verify(append([]byte("not "), message...)); !errors.As(err, &invalid) {
			return fmt.Errorf("verifying the MAC of another message with %s: want KMSInvalidMacException, got: %w", algorithm, orAllowed(err))
		}
	}
	return nil
}

// agreementTrip derives the secret on both sides.
func agreementTrip(ctx context.Context, client *kms.Client, key *types.KeyMetadata) error {
	public, err := client.GetPublicKey(ctx, &kms.GetPublicKeyInput{KeyId: key.Arn})
	if err != nil {
		return fmt.Errorf("getting the public key: %w", err)
	}
	theirs, err := agreementKey(public.PublicKey)
	if err != nil {
		return err
	}
	ours, err := theirs.Curve().GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("making the other side's key: %w", err)
	}
	want, err := ours.ECDH(theirs)
	if err != nil {
		return fmt.Errorf("deriving the secret outside: %w", err)
	}
	encoded, err := x509.MarshalPKIXPublicKey(ours.PublicKey())
	if err != nil {
		return fmt.Errorf("encoding the other side's key: %w", err)
	}
	for _, algorithm := range key.KeyAgreementAlgorithms {
		out, err := client.DeriveSharedSecret(ctx, &kms.DeriveSharedSecretInput{KeyId: key.Arn, KeyAgreementAlgorithm: algorithm, PublicKey: encoded})
		if err != nil {
			return fmt.Errorf("deriving the secret with %s: %w", algorithm, err)
		}
		if !bytes.Equal(out.SharedSecret, want) {
			return fmt.Errorf("deriving the secret with %s gave another than outside", algorithm)
		}
	}
	return nil
}

// agreementKey reads a public key of a NIST curve.
func agreementKey(der []byte) (*ecdh.PublicKey, error) {
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("reading the public key: %w", err)
	}
	key, ok := parsed.(interface {
		ECDH() (*ecdh.PublicKey, error)
	})
	if !ok {
		return nil, fmt.Errorf("the public key is a %T, which agrees on no secret", parsed)
	}
	public, err := key.ECDH()
	if err != nil {
		return nil, fmt.Errorf("reading the public key: %w", err)
	}
	return public, nil
}

var errAllowed = errors.New("it was allowed")

func orAllowed(err error) error {
	if err == nil {
		return errAllowed
	}
	return err
}
