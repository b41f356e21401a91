package probe

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/x509"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// input is what a call takes besides the key.
type input string

const (
	ciphertext input = "ciphertext"
	signature  input = "signature"
	mac        input = "MAC"
)

// maker makes an input with the key.
type maker struct {
	input  input
	action Action
	make   func(context.Context, *kms.Client, *subject) ([]byte, error)
}

// call makes the input for the permission that it takes.
func (m maker) call(ctx context.Context, c *kms.Client, s *subject) error {
	_, err := m.make(ctx, c, s)
	return err
}

var makers = []maker{encrypting, signing, authenticating}

var (
	encrypting = maker{ciphertext, Encrypt, func(ctx context.Context, c *kms.Client, s *subject) ([]byte, error) {
		out, err := c.Encrypt(ctx, s.encryption())
		if err != nil {
			return nil, err
		}
		return out.CiphertextBlob, nil
	}}
	signing = maker{signature, Sign, func(ctx context.Context, c *kms.Client, s *subject) ([]byte, error) {
		out, err := c.Sign(ctx, &kms.SignInput{KeyId: &s.key, Message: message, SigningAlgorithm: s.meta.SigningAlgorithms[0]})
		if err != nil {
			return nil, err
		}
		return out.Signature, nil
	}}
	authenticating = maker{mac, GenerateMac, func(ctx context.Context, c *kms.Client, s *subject) ([]byte, error) {
		out, err := c.GenerateMac(ctx, &kms.GenerateMacInput{KeyId: &s.key, Message: message, MacAlgorithm: s.meta.MacAlgorithms[0]})
		if err != nil {
			return nil, err
		}
		return out.Mac, nil
	}}
)

func (s *subject) encryption() *kms.EncryptInput {
	return &kms.EncryptInput{KeyId: &s.key, Plaintext: message, EncryptionContext: s.context, EncryptionAlgorithm: s.cipher()}
}

// cipher is the encryption algorithm that calls use.
func (s *subject) cipher() types.EncryptionAlgorithmSpec { return s.meta.EncryptionAlgorithms[0] }

var cryptographicVerbs = []verb{
	{action: Encrypt, call: encrypting.call},
	{action: Decrypt, needs: ciphertext, call: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.Decrypt(ctx, &kms.DecryptInput{
			KeyId: &s.key, CiphertextBlob: s.inputs[ciphertext], EncryptionContext: s.context, EncryptionAlgorithm: s.cipher(),
		})
		return err
	}},
	{action: ReEncrypt, needs: ciphertext, call: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.ReEncrypt(ctx, &kms.ReEncryptInput{
			CiphertextBlob: s.inputs[ciphertext], SourceKeyId: &s.key, SourceEncryptionContext: s.context, SourceEncryptionAlgorithm: s.cipher(),
			DestinationKeyId: &s.key, DestinationEncryptionContext: s.context, DestinationEncryptionAlgorithm: s.cipher(),
		})
		return err
	}},
	{action: GenerateDataKey, call: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{
			KeyId: &s.key, KeySpec: types.DataKeySpecAes256, EncryptionContext: s.context,
		})
		return err
	}},
	{action: Sign, call: signing.call},
	{action: Verify, needs: signature, call: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.Verify(ctx, &kms.VerifyInput{
			KeyId: &s.key, Message: message, Signature: s.inputs[signature], SigningAlgorithm: s.meta.SigningAlgorithms[0],
		})
		return err
	}},
	{action: GetPublicKey, call: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.GetPublicKey(ctx, &kms.GetPublicKeyInput{KeyId: &s.key})
		return err
	}},
	{action: GenerateMac, call: authenticating.call},
	{action: VerifyMac, needs: mac, call: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.VerifyMac(ctx, &kms.VerifyMacInput{
			KeyId: &s.key, Message: message, Mac: s.inputs[mac], MacAlgorithm: s.meta.MacAlgorithms[0],
		})
		return err
	}},
	{action: DeriveSharedSecret, call: deriveSharedSecret},
}

// curves are those of key agreement that the standard library has.
var curves = map[types.KeySpec]ecdh.Curve{
	types.KeySpecEccNistP256: ecdh.P256(), types.KeySpecEccNistP384: ecdh.P384(), types.KeySpecEccNistP521: ecdh.P521(),
}

// deriveSharedSecret agrees with a key that nobody keeps.
func deriveSharedSecret(ctx context.Context, c *kms.Client, s *subject) error {
	curve, ok := curves[s.meta.KeySpec]
	if !ok {
		return fmt.Errorf("no key of the other side can be made for %s", s.meta.KeySpec)
	}
	other, err := curve.GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("making the other side's key: %w", err)
	}
	public, err := x509.MarshalPKIXPublicKey(other.PublicKey())
	if err != nil {
		return fmt.Errorf("encoding the other side's key: %w", err)
	}
	_, err = c.DeriveSharedSecret(ctx, &kms.DeriveSharedSecretInput{
		KeyId: &s.key, KeyAgreementAlgorithm: s.meta.KeyAgreementAlgorithms[0], PublicKey: public,
	})
	return err
}
