package probe

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" // a hash of RSAES-OAEP
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"strings"

	"filippo.io/mldsa"
	mldsax509 "filippo.io/mldsa/x509"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	secpecdsa "github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
)

// ErrNotOutside says that what a key is for cannot be done outside of KMS, or that no
// library here does it.
var ErrNotOutside = errors.New("not checked outside of KMS")

// OutsideActions returns the actions that [UseOutside] takes besides GetPublicKey; nil
// for a key of which nothing can be done outside.
func OutsideActions(key *types.KeyMetadata) []Action {
	switch {
	case key.KeySpec == types.KeySpecSymmetricDefault:
		return nil
	case key.KeyUsage == types.KeyUsageTypeSignVerify:
		return []Action{Sign}
	case key.KeyUsage == types.KeyUsageTypeEncryptDecrypt:
		return []Action{Decrypt}
	}
	return nil
}

// UseOutside proves that the public key, which reader gets, is the key's, with every
// algorithm: signatures that user makes verify without KMS, and what is encrypted
// without KMS user decrypts. The error wraps [ErrNotOutside] where that can't be said.
func UseOutside(ctx context.Context, user, reader *kms.Client, key *types.KeyMetadata) error {
	if OutsideActions(key) == nil {
		return ErrNotOutside
	}
	public, err := reader.GetPublicKey(ctx, &kms.GetPublicKeyInput{KeyId: key.Arn})
	if err != nil {
		return fmt.Errorf("getting the public key: %w", err)
	}
	for _, algorithm := range key.SigningAlgorithms {
		if err := signedInside(ctx, user, key, public.PublicKey, algorithm); err != nil {
			return fmt.Errorf("%s: %w", algorithm, err)
		}
	}
	for _, algorithm := range key.EncryptionAlgorithms {
		if err := sealedOutside(ctx, user, key, public.PublicKey, algorithm); err != nil {
			return fmt.Errorf("%s: %w", algorithm, err)
		}
	}
	return nil
}

func signedInside(ctx context.Context, user *kms.Client, key *types.KeyMetadata, public []byte, algorithm types.SigningAlgorithmSpec) error {
	right, other := signable(algorithm, message), signable(algorithm, append([]byte("not "), message...))
	out, err := user.Sign(ctx, &kms.SignInput{KeyId: key.Arn, Message: right.text, MessageType: right.is, SigningAlgorithm: algorithm})
	if err != nil {
		return fmt.Errorf("signing: %w", err)
	}
	if err := VerifyOutside(public, algorithm, right.text, out.Signature); err != nil {
		return err
	}
	if err := VerifyOutside(public, algorithm, other.text, out.Signature); err == nil {
		return errors.New("outside of KMS the signature is that of another message too")
	}
	return nil
}

func sealedOutside(ctx context.Context, user *kms.Client, key *types.KeyMetadata, public []byte, algorithm types.EncryptionAlgorithmSpec) error {
	hash, known := map[types.EncryptionAlgorithmSpec]crypto.Hash{
		types.EncryptionAlgorithmSpecRsaesOaepSha1: crypto.SHA1, types.EncryptionAlgorithmSpecRsaesOaepSha256: crypto.SHA256,
	}[algorithm]
	parsed, err := parsePublicKey(public)
	if err != nil {
		return err
	}
	modulus, isRSA := parsed.(*rsa.PublicKey)
	if !known || !isRSA {
		return ErrNotOutside
	}
	sealed, err := rsa.EncryptOAEP(hash.New(), rand.Reader, modulus, message, nil)
	if err != nil {
		return fmt.Errorf("encrypting outside of KMS: %w", err)
	}
	out, err := user.Decrypt(ctx, &kms.DecryptInput{KeyId: key.Arn, CiphertextBlob: sealed, EncryptionAlgorithm: algorithm})
	if err != nil {
		return fmt.Errorf("decrypting what was encrypted outside of KMS: %w", err)
	}
	if !bytes.Equal(out.Plaintext, message) {
		return errors.New("decrypting what was encrypted outside of KMS gave another plaintext")
	}
	return nil
}

var errOtherSignature = errors.New("outside of KMS the signature does not verify")

// VerifyOutside returns an error unless the signature is that of the message under a
// public key as GetPublicKey returns it (DER, SubjectPublicKeyInfo). The error wraps
// [ErrNotOutside] for algorithms that no library here has: those of SM2.
func VerifyOutside(public []byte, algorithm types.SigningAlgorithmSpec, message, signature []byte) error {
	key, err := parsePublicKey(public)
	if err != nil {
		return err
	}
	switch key := key.(type) {
	case ed25519.PublicKey:
		return verifyEdwards(key, algorithm, message, signature)
	case *mldsa.PublicKey:
		return unless(mldsa.Verify(key, message, signature, nil) == nil, errOtherSignature)
	}
	name := string(algorithm)
	hash, known := map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[name[strings.LastIndexByte(name, '_')+1:]]
	if !known {
		return ErrNotOutside
	}
	h := hash.New()
	h.Write(message)
	digest := h.Sum(nil)
	switch key := key.(type) {
	case *rsa.PublicKey:
		if strings.HasPrefix(name, "RSASSA_PSS_") {
			return unless(rsa.VerifyPSS(key, hash, digest, signature, nil) == nil, errOtherSignature)
		}
		return unless(rsa.VerifyPKCS1v15(key, hash, digest, signature) == nil, errOtherSignature)
	case *ecdsa.PublicKey:
		return unless(ecdsa.VerifyASN1(key, digest, signature), errOtherSignature)
	case *secp256k1.PublicKey:
		parsed, err := secpecdsa.ParseDERSignature(signature)
		return unless(err == nil && parsed.Verify(digest, key), errOtherSignature)
	}
	return ErrNotOutside
}

// verifyEdwards hashes the message of ED25519_PH_SHA_512, which is a digest already,
// once more, as KMS does.
func verifyEdwards(key ed25519.PublicKey, algorithm types.SigningAlgorithmSpec, message, signature []byte) error {
	if algorithm != types.SigningAlgorithmSpecEd25519PhSha512 {
		return unless(ed25519.Verify(key, message, signature), errOtherSignature)
	}
	digest := sha512.Sum512(message)
	return unless(ed25519.VerifyWithOptions(key, digest[:], signature, &ed25519.Options{Hash: crypto.SHA512}) == nil, errOtherSignature)
}

func unless(right bool, err error) error {
	if right {
		return nil
	}
	return err
}

// secp256k1ID names the curve, which package x509 does not know. Source: SEC 2,
// appendix A.2.1.
var secp256k1ID = asn1.ObjectIdentifier{1, 3, 132, 0, 10}

// parsePublicKey reads a public key; one of a kind that is not known is an error that
// wraps [ErrNotOutside].
func parsePublicKey(der []byte) (any, error) {
	if key, err := mldsax509.ParsePKIXPublicKey(der); err == nil { // of all that package x509 knows, too
		return key, nil
	}
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Point     asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &info); err != nil {
		return nil, fmt.Errorf("reading the public key: %w", err)
	}
	var curve asn1.ObjectIdentifier
	if _, err := asn1.Unmarshal(info.Algorithm.Parameters.FullBytes, &curve); err != nil || !curve.Equal(secp256k1ID) {
		return nil, ErrNotOutside
	}
	key, err := secp256k1.ParsePubKey(info.Point.RightAlign())
	if err != nil {
		return nil, fmt.Errorf("reading the public key: %w", err)
	}
	return key, nil
}
