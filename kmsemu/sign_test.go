package kmsemu_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha3"
	"encoding/asn1"
	"math/big"
	"slices"
	"strings"
	"testing"

	"filippo.io/mldsa"
	mldsax509 "filippo.io/mldsa/x509"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	secpecdsa "github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
	"github.com/stretchr/testify/require"
)

func (w *world) sign(key string, algorithm types.SigningAlgorithmSpec, kind types.MessageType, message []byte) ([]byte, error) {
	out, err := w.root.kms.Sign(w.ctx, &kms.SignInput{KeyId: &key, Message: message, MessageType: kind, SigningAlgorithm: algorithm})
	if err != nil {
		return nil, err
	}
	require.Equal(w, key, *out.KeyId)
	require.Equal(w, algorithm, out.SigningAlgorithm)
	return out.Signature, nil
}

func (w *world) verify(key string, algorithm types.SigningAlgorithmSpec, kind types.MessageType, message, signature []byte) error {
	out, err := w.root.kms.Verify(w.ctx, &kms.VerifyInput{KeyId: &key, Message: message, MessageType: kind, Signature: signature, SigningAlgorithm: algorithm})
	if err != nil {
		return err
	}
	require.True(w, out.SignatureValid)
	require.Equal(w, key, *out.KeyId)
	require.Equal(w, algorithm, out.SigningAlgorithm)
	return nil
}

// hashOf is the hash a signing algorithm names.
func hashOf(algorithm types.SigningAlgorithmSpec) crypto.Hash {
	for name, hash := range map[string]crypto.Hash{"SHA_256": crypto.SHA256, "SHA_384": crypto.SHA384, "SHA_512": crypto.SHA512} {
		if strings.HasSuffix(string(algorithm), name) {
			return hash
		}
	}
	return 0
}

func sum(hash crypto.Hash, message []byte) []byte {
	h := hash.New()
	h.Write(message)
	return h.Sum(nil)
}

// valid checks a signature of a message outside the emulator.
func valid(w *world, key string, algorithm types.SigningAlgorithmSpec, message, signature []byte) bool {
	w.Helper()
	hash := hashOf(algorithm)
	parsed, err := mldsax509.ParsePKIXPublicKey(w.public(key))
	if err != nil {
		return validSecp256k1(w, key, sum(hash, message), signature)
	}
	switch public := parsed.(type) {
	case *rsa.PublicKey:
		if strings.Contains(string(algorithm), "PSS") {
			return rsa.VerifyPSS(public, hash, sum(hash, message), signature, &rsa.PSSOptions{SaltLength: hash.Size()}) == nil
		}
		return rsa.VerifyPKCS1v15(public, hash, sum(hash, message), signature) == nil
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(public, sum(hash, message), signature)
	case ed25519.PublicKey:
		return ed25519.Verify(public, message, signature)
	case *mldsa.PublicKey:
		return mldsa.Verify(public, message, signature, nil) == nil
	}
	w.Fatalf("unexpected public key %T", parsed)
	return false
}

// validSecp256k1 reads the public key as the standard lays it out: the point is
// what follows the header of the SubjectPublicKeyInfo.
func validSecp256k1(w *world, key string, digest, signature []byte) bool {
	w.Helper()
	public, err := secp256k1.ParsePubKey(secp256k1Point(w, w.public(key)))
	require.NoError(w, err)
	parsed, err := secpecdsa.ParseDERSignature(signature)
	require.NoError(w, err)
	return parsed.Verify(digest, public)
}

func secp256k1Point(w *world, der []byte) []byte {
	w.Helper()
	var info struct {
		Algorithm struct{ Type, Curve asn1.ObjectIdentifier }
		Point     asn1.BitString
	}
	rest, err := asn1.Unmarshal(der, &info)
	require.NoError(w, err)
	require.Empty(w, rest)
	require.Equal(w, "1.2.840.10045.2.1", info.Algorithm.Type.String())
	require.Equal(w, "1.3.132.0.10", info.Algorithm.Curve.String())
	return info.Point.Bytes
}

// TestSignatures of every spec and algorithm verify outside the emulator and
// inside, and nothing else does. A message and its digest are the same.
func TestSignatures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	message, another := []byte("message"), []byte("another")
	for spec, usages := range kinds {
		algorithms := usages[signVerify]
		if algorithms == nil {
			continue
		}
		key, stranger := w.key(ofKind(spec, signVerify)), w.key(ofKind(types.KeySpecRsa2048, signVerify))
		for _, name := range algorithms {
			algorithm := types.SigningAlgorithmSpec(name)
			if algorithm == types.SigningAlgorithmSpecEd25519PhSha512 {
				continue // no raw messages: TestEd25519ph
			}
			t.Run(string(spec)+"/"+name, func(t *testing.T) {
				signature, err := w.sign(key, algorithm, "", message)
				require.NoError(t, err)
				require.True(t, valid(w, key, algorithm, message, signature))
				require.False(t, valid(w, key, algorithm, another, signature))
				require.NoError(t, w.verify(key, algorithm, types.MessageTypeRaw, message, signature))
				fails(t, w.verify(key, algorithm, "", another, signature), "KMSInvalidSignatureException", "")
				fails(t, w.verify(key, algorithm, "", message, flipped(signature)), "KMSInvalidSignatureException", "")
				fails(t, w.verify(key, algorithm, "", message, signature[1:]), "KMSInvalidSignatureException", "")
				fails(t, w.verify(key, algorithm, "", message, append(signature, 0)), "KMSInvalidSignatureException", "")
				if strings.HasPrefix(string(spec), "RSA_") {
					fails(t, w.verify(stranger, algorithm, "", message, signature), "KMSInvalidSignatureException", "")
				}
				hash := hashOf(algorithm)
				if hash == 0 || algorithm == types.SigningAlgorithmSpecEd25519Sha512 {
					return
				}
				digest := sum(hash, message)
				require.NoError(t, w.verify(key, algorithm, types.MessageTypeDigest, digest, signature))
				fails(t, w.verify(key, algorithm, types.MessageTypeRaw, digest, signature), "KMSInvalidSignatureException", "")
				signature, err = w.sign(key, algorithm, types.MessageTypeDigest, digest)
				require.NoError(t, err)
				require.True(t, valid(w, key, algorithm, message, signature))
				require.NoError(t, w.verify(key, algorithm, types.MessageTypeRaw, message, signature))
			})
		}
	}
}

// flipped changes the last bit.
func flipped(b []byte) []byte {
	out := append([]byte{}, b...)
	out[len(out)-1] ^= 1
	return out
}

// TestEd25519ph (K0206): KMS hashes the digest again.
func TestEd25519ph(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(ofKind(types.KeySpecEccNistEdwards25519, signVerify))
	digest := sum(crypto.SHA512, []byte("message"))
	signature, err := w.sign(key, types.SigningAlgorithmSpecEd25519PhSha512, types.MessageTypeDigest, digest)
	require.NoError(t, err)
	public := publicOf[ed25519.PublicKey](w, key)
	prehash := &ed25519.Options{Hash: crypto.SHA512}
	require.NoError(t, ed25519.VerifyWithOptions(public, sum(crypto.SHA512, digest), signature, prehash))
	require.Error(t, ed25519.VerifyWithOptions(public, digest, signature, prehash))
	require.NoError(t, w.verify(key, types.SigningAlgorithmSpecEd25519PhSha512, types.MessageTypeDigest, digest, signature))
	fails(t, w.verify(key, types.SigningAlgorithmSpecEd25519PhSha512, types.MessageTypeDigest, flipped(digest), signature), "KMSInvalidSignatureException", "")
}

// TestExternalMu (K0208): the representative of a message and the message are the
// same. Source: FIPS 204, section 6.2.
func TestExternalMu(t *testing.T) {
	t.Parallel()
	const algorithm = types.SigningAlgorithmSpecMlDsaShake256
	w := newWorld(t)
	for _, spec := range []types.KeySpec{types.KeySpecMlDsa44, types.KeySpecMlDsa65, types.KeySpecMlDsa87} {
		t.Run(string(spec), func(t *testing.T) {
			key := w.key(ofKind(spec, signVerify))
			message := []byte("message")
			parsed, err := mldsax509.ParsePKIXPublicKey(w.public(key))
			require.NoError(t, err)
			mu := muOf(parsed.(*mldsa.PublicKey), message)
			signature, err := w.sign(key, algorithm, types.MessageTypeExternalMu, mu)
			require.NoError(t, err)
			require.True(t, valid(w, key, algorithm, message, signature))
			require.NoError(t, w.verify(key, algorithm, types.MessageTypeRaw, message, signature))
			require.NoError(t, w.verify(key, algorithm, types.MessageTypeExternalMu, mu, signature))
			fails(t, w.verify(key, algorithm, types.MessageTypeExternalMu, flipped(mu), signature), "KMSInvalidSignatureException", "")
			fails(t, w.verify(key, algorithm, types.MessageTypeRaw, mu, signature), "KMSInvalidSignatureException", "")
			signature, err = w.sign(key, algorithm, types.MessageTypeRaw, message)
			require.NoError(t, err)
			require.NoError(t, w.verify(key, algorithm, types.MessageTypeExternalMu, mu, signature))
		})
	}
}

func muOf(public *mldsa.PublicKey, message []byte) []byte {
	tr := make([]byte, 64)
	shake := sha3.NewSHAKE256()
	shake.Write(public.Bytes())
	shake.Read(tr)
	shake = sha3.NewSHAKE256()
	shake.Write(tr)
	shake.Write([]byte{0, 0}) // pure, without a context
	shake.Write(message)
	mu := make([]byte, 64)
	shake.Read(mu)
	return mu
}

// TestMessageTypes (K0034, K0205): which algorithm takes which type, and how long.
func TestMessageTypes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const (
		raw, digest, mu = types.MessageTypeRaw, types.MessageTypeDigest, types.MessageTypeExternalMu
		ecdsa256        = types.SigningAlgorithmSpecEcdsaSha256
		pure, prehashed = types.SigningAlgorithmSpecEd25519Sha512, types.SigningAlgorithmSpecEd25519PhSha512
		shake           = types.SigningAlgorithmSpecMlDsaShake256
	)
	for name, row := range map[string]struct {
		spec      types.KeySpec
		algorithm types.SigningAlgorithmSpec
		good, bad types.MessageType
		length    int
		wrong     int // length; 0 if the type is wrong
		message   string
	}{
		"digest too short":       {types.KeySpecEccNistP256, ecdsa256, digest, digest, 32, 31, "Digest is invalid length for algorithm ECDSA_SHA_256."},
		"digest too long":        {types.KeySpecEccNistP256, ecdsa256, digest, digest, 32, 33, "Digest is invalid length for algorithm ECDSA_SHA_256."},
		"RSA digest":             {types.KeySpecRsa2048, types.SigningAlgorithmSpecRsassaPssSha384, digest, digest, 48, 32, "Digest is invalid length for algorithm RSASSA_PSS_SHA_384."},
		"Ed25519ph digest":       {types.KeySpecEccNistEdwards25519, prehashed, digest, digest, 64, 63, "Digest is invalid length for algorithm ED25519_PH_SHA_512."},
		"representative":         {types.KeySpecMlDsa44, shake, mu, mu, 64, 65, "External Mu is invalid length for algorithm ML_DSA_SHAKE_256."},
		"ML-DSA of a digest":     {types.KeySpecMlDsa44, shake, raw, digest, 64, 0, "Message type DIGEST is incompatible with key spec ML_DSA_44."},
		"ECDSA of mu":            {types.KeySpecEccNistP256, ecdsa256, raw, mu, 64, 0, "Message type EXTERNAL_MU is incompatible with key spec ECC_NIST_P256."},
		"Ed25519 of a digest":    {types.KeySpecEccNistEdwards25519, pure, raw, digest, 64, 0, "Message type DIGEST is incompatible with algorithm ED25519_SHA_512."},
		"Ed25519ph of a message": {types.KeySpecEccNistEdwards25519, prehashed, digest, raw, 64, 0, "Message type RAW is incompatible with algorithm ED25519_PH_SHA_512."},
		"Ed25519 of mu":          {types.KeySpecEccNistEdwards25519, pure, raw, mu, 64, 0, "Message type EXTERNAL_MU is incompatible with key spec ECC_NIST_EDWARDS25519."},
	} {
		t.Run(name, func(t *testing.T) {
			key := w.key(ofKind(row.spec, signVerify))
			signature, err := w.sign(key, row.algorithm, row.good, make([]byte, row.length))
			require.NoError(t, err)
			wrong := row.wrong
			if wrong == 0 {
				wrong = row.length
			}
			_, err = w.sign(key, row.algorithm, row.bad, make([]byte, wrong))
			fails(t, err, "ValidationException", row.message)
			fails(t, w.verify(key, row.algorithm, row.bad, make([]byte, wrong), signature), "ValidationException", row.message)
		})
	}
}

// TestSigningAlgorithms (K0031): each spec refuses every algorithm that is not its
// own.
func TestSigningAlgorithms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for spec, usages := range kinds {
		if usages[signVerify] == nil {
			continue
		}
		key := w.key(ofKind(spec, signVerify))
		for _, algorithm := range types.SigningAlgorithmSpec("").Values() {
			if slices.Contains(usages[signVerify], string(algorithm)) {
				continue
			}
			text := "Algorithm " + string(algorithm) + " is incompatible with key spec " + string(spec) + "."
			_, err := w.sign(key, algorithm, "", []byte("x"))
			fails(t, err, "InvalidKeyUsageException", text)
			fails(t, w.verify(key, algorithm, "", []byte("x"), []byte("x")), "InvalidKeyUsageException", text)
		}
	}
	_, err := w.sign(w.key(ofKind(types.KeySpecEccNistP256, signVerify)), "ECDSA_SHA_1", "", []byte("x"))
	failsLike(t, err, "ValidationException", "Value 'ECDSA_SHA_1' at 'signingAlgorithm'")
}

// TestSecp256k1Signatures (K0207): both the lower and the higher s occur, as on
// AWS, and both verify.
func TestSecp256k1Signatures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(ofKind(types.KeySpecEccSecgP256k1, signVerify))
	half := new(big.Int).Rsh(secp256k1.S256().N, 1)
	seen := map[bool]bool{}
	for i := 0; i < 100 && len(seen) < 2; i++ {
		signature, err := w.sign(key, types.SigningAlgorithmSpecEcdsaSha256, "", []byte{byte(i)})
		require.NoError(t, err)
		var parsed struct{ R, S *big.Int }
		_, err = asn1.Unmarshal(signature, &parsed)
		require.NoError(t, err)
		seen[parsed.S.Cmp(half) > 0] = true
		require.NoError(t, w.verify(key, types.SigningAlgorithmSpecEcdsaSha256, "", []byte{byte(i)}, signature))
	}
	require.Len(t, seen, 2)
	for name, bad := range map[string]struct{ R, S *big.Int }{
		"zero":     {big.NewInt(0), big.NewInt(1)},
		"negative": {big.NewInt(1), big.NewInt(-1)},
		"order":    {secp256k1.S256().N, big.NewInt(1)},
		"huge":     {new(big.Int).Lsh(big.NewInt(1), 300), big.NewInt(1)},
	} {
		signature, err := asn1.Marshal(bad)
		require.NoError(t, err, name)
		fails(t, w.verify(key, types.SigningAlgorithmSpecEcdsaSha256, "", []byte("x"), signature), "KMSInvalidSignatureException", "")
	}
}

// TestOpenSSLVerifies signatures of the specs that OpenSSL 3.0 knows, from the
// public key as GetPublicKey gives it.
func TestOpenSSLVerifies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	message := []byte("message")
	for name, row := range map[string]struct {
		spec      types.KeySpec
		algorithm types.SigningAlgorithmSpec
		options   []string
	}{
		"RSA PKCS #1": {types.KeySpecRsa2048, types.SigningAlgorithmSpecRsassaPkcs1V15Sha256, []string{"-sha256"}},
		"RSA PSS":     {types.KeySpecRsa2048, types.SigningAlgorithmSpecRsassaPssSha512, []string{"-sha512", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"}},
		"P-256":       {types.KeySpecEccNistP256, types.SigningAlgorithmSpecEcdsaSha256, []string{"-sha256"}},
		"P-384":       {types.KeySpecEccNistP384, types.SigningAlgorithmSpecEcdsaSha384, []string{"-sha384"}},
		"P-521":       {types.KeySpecEccNistP521, types.SigningAlgorithmSpecEcdsaSha512, []string{"-sha512"}},
		"secp256k1":   {types.KeySpecEccSecgP256k1, types.SigningAlgorithmSpecEcdsaSha256, []string{"-sha256"}},
	} {
		t.Run(name, func(t *testing.T) {
			key := w.key(ofKind(row.spec, signVerify))
			signature, err := w.sign(key, row.algorithm, "", message)
			require.NoError(t, err)
			files := map[string][]byte{"key": w.public(key), "signature": signature, "message": message}
			args := append([]string{"dgst"}, row.options...)
			out := openssl(t, files, append(args, "-verify", "key", "-keyform", "DER", "-signature", "signature", "message")...)
			require.Contains(t, string(out), "Verified OK")
		})
	}
	t.Run("Ed25519", func(t *testing.T) {
		key := w.key(ofKind(types.KeySpecEccNistEdwards25519, signVerify))
		signature, err := w.sign(key, types.SigningAlgorithmSpecEd25519Sha512, "", message)
		require.NoError(t, err)
		files := map[string][]byte{"key": w.public(key), "signature": signature, "message": message}
		out := openssl(t, files, "pkeyutl", "-verify", "-pubin", "-inkey", "key", "-keyform", "DER", "-rawin", "-sigfile", "signature", "-in", "message")
		require.Contains(t, string(out), "Signature Verified Successfully")
	})
}

// TestSigningLimits (K0212) at both sides of each boundary.
func TestSigningLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(ofKind(types.KeySpecEccNistP256, signVerify))
	mac := w.key(ofKind(types.KeySpecHmac256, generateMAC))
	agreeing := w.key(ofKind(types.KeySpecEccNistP256, agreement))
	kem := w.key(ofKind(types.KeySpecMlKem768, encapsulation))
	const low, high = constraint + "have length greater than or equal to 1", constraint + "have length less than or equal to "
	message := func(n int) error {
		_, err := w.sign(key, types.SigningAlgorithmSpecEcdsaSha256, "", make([]byte, n))
		return err
	}
	signature := func(n int) error {
		return w.verify(key, types.SigningAlgorithmSpecEcdsaSha256, "", []byte("x"), make([]byte, n))
	}
	macMessage := func(n int) error {
		_, err := w.root.kms.GenerateMac(w.ctx, &kms.GenerateMacInput{KeyId: &mac, Message: make([]byte, n), MacAlgorithm: types.MacAlgorithmSpecHmacSha256})
		return err
	}
	macSize := func(n int) error {
		_, err := w.root.kms.VerifyMac(w.ctx, &kms.VerifyMacInput{KeyId: &mac, Message: []byte("x"), Mac: make([]byte, n), MacAlgorithm: types.MacAlgorithmSpecHmacSha256})
		return err
	}
	publicKey := func(n int) error {
		_, err := w.root.kms.DeriveSharedSecret(w.ctx, &kms.DeriveSharedSecretInput{KeyId: &agreeing, PublicKey: make([]byte, n), KeyAgreementAlgorithm: types.KeyAgreementAlgorithmSpecEcdh})
		return err
	}
	encapsulated := func(n int) error {
		_, err := w.root.kms.Decapsulate(w.ctx, &kms.DecapsulateInput{KeyId: &kem, SharedSecretCiphertextBlob: make([]byte, n), EncapsulationAlgorithm: types.EncapsulationAlgorithmSpecMlKem})
		return err
	}
	for name, row := range map[string]struct {
		try       func(int) error
		good, bad int
		code      string // of the good one, which may be wrong in itself
		message   string
	}{
		"message, low":         {message, 1, 0, "", "'message'" + low},
		"message, high":        {message, 4096, 4097, "", "'message'" + high + "4096"},
		"signature, low":       {signature, 1, 0, "KMSInvalidSignatureException", "'signature'" + low},
		"signature, high":      {signature, 6144, 6145, "KMSInvalidSignatureException", "'signature'" + high + "6144"},
		"MAC of message, low":  {macMessage, 1, 0, "", "'message'" + low},
		"MAC of message, high": {macMessage, 4096, 4097, "", "'message'" + high + "4096"},
		"MAC, low":             {macSize, 1, 0, "KMSInvalidMacException", "'mac'" + low},
		"MAC, high":            {macSize, 6144, 6145, "KMSInvalidMacException", "'mac'" + high + "6144"},
		"public key, low":      {publicKey, 1, 0, "ValidationException", "'publicKey'" + low},
		"public key, high":     {publicKey, 8192, 8193, "ValidationException", "'publicKey'" + high + "8192"},
		"encapsulated, low":    {encapsulated, 1, 0, "InvalidCiphertextException", "'sharedSecretCiphertextBlob'" + low},
		"encapsulated, high":   {encapsulated, 6144, 6145, "InvalidCiphertextException", "'sharedSecretCiphertextBlob'" + high + "6144"},
		"encapsulated, right":  {encapsulated, 1088, 6145, "", "'sharedSecretCiphertextBlob'" + high + "6144"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := row.try(row.good); row.code == "" {
				require.NoError(t, err)
			} else {
				fails(t, err, row.code, "")
			}
			fails(t, row.try(row.bad), "ValidationException", "1 validation error detected: Value at "+row.message)
		})
	}
}
