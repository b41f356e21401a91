package kmsemu_test

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/mlkem"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/cloudflare/circl/kem/mlkem/mlkem512"
	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/stretchr/testify/require"
)

const (
	oaepSHA1   = types.EncryptionAlgorithmSpecRsaesOaepSha1
	oaepSHA256 = types.EncryptionAlgorithmSpecRsaesOaepSha256
	symmetric  = types.EncryptionAlgorithmSpecSymmetricDefault
)

var oaepHash = map[types.EncryptionAlgorithmSpec]func() hash.Hash{oaepSHA1: sha1.New, oaepSHA256: sha256.New}

func (w *world) encryptBy(key string, algorithm types.EncryptionAlgorithmSpec, plaintext []byte) ([]byte, error) {
	out, err := w.root.kms.Encrypt(w.ctx, &kms.EncryptInput{KeyId: &key, Plaintext: plaintext, EncryptionAlgorithm: algorithm})
	if err != nil {
		return nil, err
	}
	require.Equal(w, algorithm, out.EncryptionAlgorithm)
	require.Equal(w, key, *out.KeyId)
	return out.CiphertextBlob, nil
}

func (w *world) decryptBy(key string, algorithm types.EncryptionAlgorithmSpec, ciphertext []byte) ([]byte, error) {
	out, err := w.root.kms.Decrypt(w.ctx, &kms.DecryptInput{KeyId: &key, CiphertextBlob: ciphertext, EncryptionAlgorithm: algorithm})
	if err != nil {
		return nil, err
	}
	require.Equal(w, algorithm, out.EncryptionAlgorithm)
	require.Equal(w, key, *out.KeyId)
	require.Nil(w, out.KeyMaterialId, "symmetric keys alone have it")
	return out.Plaintext, nil
}

// TestRSAEncryption (K0030): what fits goes in and comes back, encrypted inside or
// outside; a byte more does not.
func TestRSAEncryption(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for spec, row := range map[types.KeySpec]struct {
		size   int
		limits map[types.EncryptionAlgorithmSpec]int
	}{
		types.KeySpecRsa2048: {256, map[types.EncryptionAlgorithmSpec]int{oaepSHA1: 214, oaepSHA256: 190}},
		types.KeySpecRsa3072: {384, map[types.EncryptionAlgorithmSpec]int{oaepSHA1: 342, oaepSHA256: 318}},
		types.KeySpecRsa4096: {512, map[types.EncryptionAlgorithmSpec]int{oaepSHA1: 470, oaepSHA256: 446}},
	} {
		key := w.key(ofKind(spec, encryptDecrypt))
		for algorithm, limit := range row.limits {
			t.Run(fmt.Sprint(spec, "/", algorithm), func(t *testing.T) {
				plaintext := bytes.Repeat([]byte{0xA5}, limit)
				inside, err := w.encryptBy(key, algorithm, plaintext)
				require.NoError(t, err)
				require.Len(t, inside, row.size)
				outside, err := rsa.EncryptOAEP(oaepHash[algorithm](), rand.Reader, publicOf[*rsa.PublicKey](w, key), plaintext, nil)
				require.NoError(t, err)
				for _, ciphertext := range [][]byte{inside, outside} {
					got, err := w.decryptBy(key, algorithm, ciphertext)
					require.NoError(t, err)
					require.Equal(t, plaintext, got)
				}
				_, err = w.encryptBy(key, algorithm, append(plaintext, 0))
				fails(t, err, "ValidationException", fmt.Sprintf("Algorithm %s and key spec %s cannot encrypt data larger than %d bytes.", algorithm, spec, limit))
			})
		}
	}
}

// TestRSADecryption: everything wrong with a ciphertext looks the same (K0202).
func TestRSADecryption(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, other := w.key(ofKind(types.KeySpecRsa2048, encryptDecrypt)), w.key(ofKind(types.KeySpecRsa2048, encryptDecrypt))
	ciphertext, err := w.encryptBy(key, oaepSHA256, []byte("secret"))
	require.NoError(t, err)
	got, err := w.decryptBy(key, oaepSHA256, ciphertext)
	require.NoError(t, err)
	require.Equal(t, "secret", string(got))
	for name, row := range map[string]struct {
		key        string
		algorithm  types.EncryptionAlgorithmSpec
		ciphertext []byte
	}{
		"another key":       {other, oaepSHA256, ciphertext},
		"another algorithm": {key, oaepSHA1, ciphertext},
		"altered":           {key, oaepSHA256, flipped(ciphertext)},
		"a byte short":      {key, oaepSHA256, ciphertext[1:]},
		"a byte long":       {key, oaepSHA256, append([]byte{0}, ciphertext...)},
		"no algorithm":      {key, symmetric, ciphertext}, // the ciphertext is read first
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.decryptBy(row.key, row.algorithm, row.ciphertext)
			fails(t, err, "InvalidCiphertextException", "")
		})
	}
	_, err = w.root.kms.Decrypt(w.ctx, &kms.DecryptInput{CiphertextBlob: ciphertext, EncryptionAlgorithm: oaepSHA256})
	fails(t, err, "InvalidCiphertextException", "") // it does not name its key
	_, err = w.encryptBy(key, symmetric, []byte("x"))
	fails(t, err, "InvalidKeyUsageException", "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048.")
}

// TestRSATakesNoEncryptionContext (K0204).
func TestRSATakesNoEncryptionContext(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(ofKind(types.KeySpecRsa2048, encryptDecrypt))
	for context, code := range map[string]string{"": "", "k": "ValidationException"} {
		in := &kms.EncryptInput{KeyId: &key, Plaintext: []byte("x"), EncryptionAlgorithm: oaepSHA256, EncryptionContext: map[string]string{}}
		if context != "" {
			in.EncryptionContext[context] = "v"
		}
		out, err := w.root.kms.Encrypt(w.ctx, in)
		if code != "" {
			fails(t, err, code, "An encryption context is not supported with key spec RSA_2048.")
			continue
		}
		require.NoError(t, err)
		_, err = w.root.kms.Decrypt(w.ctx, &kms.DecryptInput{KeyId: &key, CiphertextBlob: out.CiphertextBlob, EncryptionAlgorithm: oaepSHA256, EncryptionContext: map[string]string{"k": "v"}})
		fails(t, err, "ValidationException", "An encryption context is not supported with key spec RSA_2048.")
	}
}

// TestReEncryptBetweenKinds goes from a symmetric key to an RSA key and back.
func TestReEncryptBetweenKinds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	aes, rsa := w.key(), w.key(ofKind(types.KeySpecRsa2048, encryptDecrypt))
	sealed, err := w.encrypt(w.root, aes, nil)
	require.NoError(t, err)
	there, err := w.root.kms.ReEncrypt(w.ctx, &kms.ReEncryptInput{CiphertextBlob: sealed, DestinationKeyId: &rsa, DestinationEncryptionAlgorithm: oaepSHA256})
	require.NoError(t, err)
	require.Equal(t, symmetric, there.SourceEncryptionAlgorithm)
	require.Equal(t, oaepSHA256, there.DestinationEncryptionAlgorithm)
	require.NotNil(t, there.SourceKeyMaterialId)
	require.Nil(t, there.DestinationKeyMaterialId)
	back, err := w.root.kms.ReEncrypt(w.ctx, &kms.ReEncryptInput{CiphertextBlob: there.CiphertextBlob, SourceKeyId: &rsa, SourceEncryptionAlgorithm: oaepSHA256, DestinationKeyId: &aes})
	require.NoError(t, err)
	plaintext, err := w.decrypt(w.root, back.CiphertextBlob, nil)
	require.NoError(t, err)
	require.Equal(t, "secret", string(plaintext))

	long, err := w.encryptBy(aes, symmetric, make([]byte, 191))
	require.NoError(t, err)
	_, err = w.root.kms.ReEncrypt(w.ctx, &kms.ReEncryptInput{CiphertextBlob: long, DestinationKeyId: &rsa, DestinationEncryptionAlgorithm: oaepSHA256})
	fails(t, err, "ValidationException", "Algorithm RSAES_OAEP_SHA_256 and key spec RSA_2048 cannot encrypt data larger than 190 bytes.")
}

// TestOpenSSLEncrypts with the public key what the emulator then decrypts.
func TestOpenSSLEncrypts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(ofKind(types.KeySpecRsa2048, encryptDecrypt))
	for algorithm, name := range map[types.EncryptionAlgorithmSpec]string{oaepSHA1: "sha1", oaepSHA256: "sha256"} {
		t.Run(name, func(t *testing.T) {
			files := map[string][]byte{"key": w.public(key), "secret": []byte("secret")}
			ciphertext := openssl(t, files, "pkeyutl", "-encrypt", "-pubin", "-inkey", "key", "-keyform", "DER", "-in", "secret",
				"-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt", "rsa_oaep_md:"+name, "-pkeyopt", "rsa_mgf1_md:"+name)
			plaintext, err := w.decryptBy(key, algorithm, ciphertext)
			require.NoError(t, err)
			require.Equal(t, "secret", string(plaintext))
		})
	}
}

// TestMACs equal those computed outside with the same key, which a known seed
// gives away.
func TestMACs(t *testing.T) {
	t.Parallel()
	message := []byte("message")
	for spec, row := range map[types.KeySpec]struct {
		hash    func() hash.Hash
		size    int
		openssl string
	}{
		types.KeySpecHmac224: {sha256.New224, 28, "-sha224"}, types.KeySpecHmac256: {sha256.New, 32, "-sha256"},
		types.KeySpecHmac384: {sha512.New384, 48, "-sha384"}, types.KeySpecHmac512: {sha512.New, 64, "-sha512"},
	} {
		t.Run(string(spec), func(t *testing.T) {
			w := newSeededWorld(t, 'a')
			key := w.key(ofKind(spec, generateMAC))
			algorithm := types.MacAlgorithmSpec("HMAC_SHA_" + strings.TrimPrefix(string(spec), "HMAC_"))
			out, err := w.root.kms.GenerateMac(w.ctx, &kms.GenerateMacInput{KeyId: &key, Message: message, MacAlgorithm: algorithm})
			require.NoError(t, err)
			require.Equal(t, key, *out.KeyId)
			require.Equal(t, algorithm, out.MacAlgorithm)

			secret := make([]byte, row.size)
			shake := sha3.NewSHAKE256()
			shake.Write(bytes.Repeat([]byte{'a'}, 32))
			shake.Read(secret)
			h := hmac.New(row.hash, secret)
			h.Write(message)
			require.Equal(t, h.Sum(nil), out.Mac)

			verify := func(message, mac []byte) error {
				out, err := w.root.kms.VerifyMac(w.ctx, &kms.VerifyMacInput{KeyId: &key, Message: message, Mac: mac, MacAlgorithm: algorithm})
				if err == nil {
					require.True(t, out.MacValid)
					require.Equal(t, key, *out.KeyId)
					require.Equal(t, algorithm, out.MacAlgorithm)
				}
				return err
			}
			require.NoError(t, verify(message, out.Mac))
			fails(t, verify([]byte("another"), out.Mac), "KMSInvalidMacException", "")
			fails(t, verify(message, flipped(out.Mac)), "KMSInvalidMacException", "")
			fails(t, verify(message, out.Mac[1:]), "KMSInvalidMacException", "")

			other := types.MacAlgorithmSpecHmacSha224
			if spec == types.KeySpecHmac224 {
				other = types.MacAlgorithmSpecHmacSha256
			}
			_, err = w.root.kms.GenerateMac(w.ctx, &kms.GenerateMacInput{KeyId: &key, Message: message, MacAlgorithm: other})
			fails(t, err, "InvalidKeyUsageException", fmt.Sprintf("Algorithm %s is incompatible with key spec %s.", other, spec))

			t.Run("OpenSSL", func(t *testing.T) {
				got := openssl(t, map[string][]byte{"message": message}, "dgst", row.openssl, "-mac", "HMAC", "-macopt", "hexkey:"+hex.EncodeToString(secret), "-binary", "message")
				require.Equal(t, got, out.Mac)
			})
		})
	}
}

func (w *world) derive(key string, peer []byte) ([]byte, error) {
	out, err := w.root.kms.DeriveSharedSecret(w.ctx, &kms.DeriveSharedSecretInput{KeyId: &key, PublicKey: peer, KeyAgreementAlgorithm: types.KeyAgreementAlgorithmSpecEcdh})
	if err != nil {
		return nil, err
	}
	require.Equal(w, key, *out.KeyId)
	require.Equal(w, types.OriginTypeAwsKms, out.KeyOrigin)
	require.Equal(w, types.KeyAgreementAlgorithmSpecEcdh, out.KeyAgreementAlgorithm)
	return out.SharedSecret, nil
}

// TestSharedSecrets are the same on both sides: inside and outside, or twice
// inside.
func TestSharedSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for spec, curve := range map[types.KeySpec]elliptic.Curve{
		types.KeySpecEccNistP256: elliptic.P256(), types.KeySpecEccNistP384: elliptic.P384(), types.KeySpecEccNistP521: elliptic.P521(),
	} {
		t.Run(string(spec), func(t *testing.T) {
			key, sibling := w.key(ofKind(spec, agreement)), w.key(ofKind(spec, agreement))
			mine, err := ecdsa.GenerateKey(curve, rand.Reader)
			require.NoError(t, err)
			myPublic, err := x509.MarshalPKIXPublicKey(mine.Public())
			require.NoError(t, err)
			inside, err := w.derive(key, myPublic)
			require.NoError(t, err)
			require.Equal(t, agree(t, mine, publicOf[*ecdsa.PublicKey](w, key)), inside)
			require.Len(t, inside, (curve.Params().BitSize+7)/8)

			one, err := w.derive(key, w.public(sibling))
			require.NoError(t, err)
			two, err := w.derive(sibling, w.public(key))
			require.NoError(t, err)
			require.Equal(t, one, two)
			require.NotEqual(t, one, inside)

			mineDER, err := x509.MarshalPKCS8PrivateKey(mine)
			require.NoError(t, err)
			t.Run("OpenSSL", func(t *testing.T) {
				files := map[string][]byte{"mine": mineDER, "peer": w.public(key)}
				require.Equal(t, inside, openssl(t, files, "pkeyutl", "-derive", "-inkey", "mine", "-keyform", "DER", "-peerkey", "peer", "-peerform", "DER"))
			})
		})
	}
}

func agree(t *testing.T, mine *ecdsa.PrivateKey, peer *ecdsa.PublicKey) []byte {
	t.Helper()
	private, err := mine.ECDH()
	require.NoError(t, err)
	public, err := peer.ECDH()
	require.NoError(t, err)
	shared, err := private.ECDH(public)
	require.NoError(t, err)
	return shared
}

// TestBadPeers (K0006): a public key that will not do is a ValidationException
// without a message.
func TestBadPeers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(ofKind(types.KeySpecEccNistP256, agreement))
	_, err := w.derive(key, peerP256)
	require.NoError(t, err)
	x25519, err := ecdh.X25519().GenerateKey(rand.Reader)
	require.NoError(t, err)
	other, err := x509.MarshalPKIXPublicKey(x25519.Public())
	require.NoError(t, err)
	for name, peer := range map[string][]byte{
		"not DER":       []byte("x"),
		"another curve": w.public(w.key(ofKind(types.KeySpecEccNistP384, agreement))),
		"secp256k1":     w.public(w.key(ofKind(types.KeySpecEccSecgP256k1, signVerify))),
		"RSA":           w.public(w.key(ofKind(types.KeySpecRsa2048, signVerify))),
		"X25519":        other,
		"off the curve": flipped(peerP256),
		"trailing byte": append(bytes.Clone(peerP256), 0),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.derive(key, peer)
			fails(t, err, "ValidationException", "")
			var e interface{ ErrorMessage() string }
			require.ErrorAs(t, err, &e)
			require.Equal(t, "UnknownError", e.ErrorMessage(), "what the SDK says where there is no message")
		})
	}
}

// TestDataKeyPairs of every spec: the private key is that of the public key, and
// the ciphertext is the private key's.
func TestDataKeyPairs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	context := map[string]string{"tenant": "blue"}
	for _, spec := range types.DataKeyPairSpec("").Values() {
		t.Run(string(spec), func(t *testing.T) {
			out, err := w.root.kms.GenerateDataKeyPair(w.ctx, &kms.GenerateDataKeyPairInput{KeyId: &key, KeyPairSpec: spec, EncryptionContext: context})
			if spec == types.DataKeyPairSpecSm2 {
				fails(t, err, "UnsupportedOperationException", "This emulator does not support KeyPairSpec SM2, which only China Regions have.")
				return
			}
			require.NoError(t, err)
			require.Equal(t, key, *out.KeyId)
			require.Equal(t, spec, out.KeyPairSpec)
			require.Len(t, *out.KeyMaterialId, 64)
			require.Equal(t, out.PublicKey, publicOfPrivate(t, spec, out.PrivateKeyPlaintext))
			plaintext, err := w.decrypt(w.root, out.PrivateKeyCiphertextBlob, context)
			require.NoError(t, err)
			require.Equal(t, out.PrivateKeyPlaintext, plaintext)
			_, err = w.decrypt(w.root, out.PrivateKeyCiphertextBlob, nil)
			fails(t, err, "InvalidCiphertextException", "")

			if spec == types.DataKeyPairSpecRsa3072 || spec == types.DataKeyPairSpecRsa4096 {
				return // slow to make
			}
			blind, err := w.root.kms.GenerateDataKeyPairWithoutPlaintext(w.ctx, &kms.GenerateDataKeyPairWithoutPlaintextInput{KeyId: &key, KeyPairSpec: spec})
			require.NoError(t, err)
			require.NotEqual(t, out.PublicKey, blind.PublicKey)
			plaintext, err = w.decrypt(w.root, blind.PrivateKeyCiphertextBlob, nil)
			require.NoError(t, err)
			require.Equal(t, blind.PublicKey, publicOfPrivate(t, spec, plaintext))
		})
	}
	_, err := w.root.kms.GenerateDataKeyPair(w.ctx, &kms.GenerateDataKeyPairInput{KeyId: &key, KeyPairSpec: "ML_DSA_44"})
	failsLike(t, err, "ValidationException", "Value 'ML_DSA_44' at 'keyPairSpec'")
}

// privateKeyInfo is a PKCS #8 private key.
type privateKeyInfo struct {
	Version   int
	Algorithm pkix.AlgorithmIdentifier
	Key       []byte
}

// publicOfPrivate is the public key, as a SubjectPublicKeyInfo, that a PKCS #8
// private key has by the reckoning of others.
func publicOfPrivate(t *testing.T, spec types.DataKeyPairSpec, der []byte) []byte {
	t.Helper()
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		public, err := x509.MarshalPKIXPublicKey(key.(crypto.Signer).Public())
		require.NoError(t, err)
		return public
	}
	var info privateKeyInfo
	rest, err := asn1.Unmarshal(der, &info)
	require.NoError(t, err)
	require.Empty(t, rest)
	var point []byte
	if spec == types.DataKeyPairSpecEccSecgP256k1 {
		var key struct {
			Version int
			Key     []byte
			Public  asn1.BitString `asn1:"explicit,tag:1"`
		}
		_, err := asn1.Unmarshal(info.Key, &key)
		require.NoError(t, err)
		point = secp256k1.PrivKeyFromBytes(key.Key).PubKey().SerializeUncompressed()
		require.Equal(t, point, key.Public.Bytes)
	} else {
		point = mlkemPublic(t, spec, mlkemSeed(t, info.Key))
	}
	public, err := asn1.Marshal(struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}{info.Algorithm, asn1.BitString{Bytes: point, BitLength: 8 * len(point)}})
	require.NoError(t, err)
	return public
}

func mlkemSeed(t *testing.T, key []byte) []byte {
	t.Helper()
	var seed asn1.RawValue
	_, err := asn1.Unmarshal(key, &seed)
	require.NoError(t, err)
	require.Len(t, seed.Bytes, 64)
	return seed.Bytes
}

func mlkemPublic(t *testing.T, spec types.DataKeyPairSpec, seed []byte) []byte {
	t.Helper()
	switch spec {
	case types.DataKeyPairSpecMlKem768:
		key, err := mlkem.NewDecapsulationKey768(seed)
		require.NoError(t, err)
		return key.EncapsulationKey().Bytes()
	case types.DataKeyPairSpecMlKem1024:
		key, err := mlkem.NewDecapsulationKey1024(seed)
		require.NoError(t, err)
		return key.EncapsulationKey().Bytes()
	}
	public, _ := mlkem512.NewKeyFromSeed(seed)
	b, err := public.MarshalBinary()
	require.NoError(t, err)
	return b
}

// TestUnknownMACAlgorithm (K0612).
func TestUnknownMACAlgorithm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.root.kms.GenerateMac(w.ctx, &kms.GenerateMacInput{KeyId: ptr(w.key()), Message: []byte("m"), MacAlgorithm: "INVALID"})
	fails(t, err, "ValidationException", "1 validation error detected: Value 'INVALID' at 'macAlgorithm' failed to satisfy constraint: "+
		"Member must satisfy enum value set: [HMAC_SHA_384, HMAC_SHA_256, HMAC_SHA_224, HMAC_SHA_512]")
}

// TestOpenSSLReadsDataKeyPairs and finds the same public key in them.
func TestOpenSSLReadsDataKeyPairs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	for _, spec := range []types.DataKeyPairSpec{
		types.DataKeyPairSpecRsa2048, types.DataKeyPairSpecEccNistP256, types.DataKeyPairSpecEccNistP521,
		types.DataKeyPairSpecEccSecgP256k1, types.DataKeyPairSpecEccNistEdwards25519,
	} {
		t.Run(string(spec), func(t *testing.T) {
			out, err := w.root.kms.GenerateDataKeyPair(w.ctx, &kms.GenerateDataKeyPairInput{KeyId: &key, KeyPairSpec: spec})
			require.NoError(t, err)
			files := map[string][]byte{"private": out.PrivateKeyPlaintext}
			require.Equal(t, out.PublicKey, openssl(t, files, "pkey", "-inform", "DER", "-in", "private", "-pubout", "-outform", "DER"))
		})
	}
}

func (w *world) decapsulate(key string, ciphertext []byte) ([]byte, error) {
	out, err := w.root.kms.Decapsulate(w.ctx, &kms.DecapsulateInput{KeyId: &key, SharedSecretCiphertextBlob: ciphertext, EncapsulationAlgorithm: types.EncapsulationAlgorithmSpecMlKem})
	if err != nil {
		return nil, err
	}
	require.Equal(w, key, *out.KeyId)
	require.Equal(w, types.EncapsulationAlgorithmSpecMlKem, out.EncapsulationAlgorithm)
	return out.SharedSecret, nil
}

// mlkemEncapsulate makes a secret outside, for a public key.
func mlkemEncapsulate(t *testing.T, spec types.KeySpec, public []byte) (shared, ciphertext []byte) {
	t.Helper()
	switch spec {
	case types.KeySpecMlKem768:
		key, err := mlkem.NewEncapsulationKey768(public)
		require.NoError(t, err)
		return key.Encapsulate()
	case types.KeySpecMlKem1024:
		key, err := mlkem.NewEncapsulationKey1024(public)
		require.NoError(t, err)
		return key.Encapsulate()
	}
	key, err := mlkem512.Scheme().UnmarshalBinaryPublicKey(public)
	require.NoError(t, err)
	ciphertext, shared, err = mlkem512.Scheme().Encapsulate(key)
	require.NoError(t, err)
	return shared, ciphertext
}

// TestEncapsulation (K0040): secrets made inside or outside come back; a wrong
// ciphertext of the right length gives another secret, one of a wrong length an
// error.
func TestEncapsulation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for spec, row := range map[types.KeySpec]struct {
		id   string
		size int
	}{
		types.KeySpecMlKem512: {"2.16.840.1.101.3.4.4.1", 768}, types.KeySpecMlKem768: {"2.16.840.1.101.3.4.4.2", 1088}, types.KeySpecMlKem1024: {"2.16.840.1.101.3.4.4.3", 1568},
	} {
		t.Run(string(spec), func(t *testing.T) {
			key, other := w.key(ofKind(spec, encapsulation)), w.key(ofKind(spec, encapsulation))
			made, err := w.root.kms.Encapsulate(w.ctx, &kms.EncapsulateInput{KeyId: &key, EncapsulationAlgorithm: types.EncapsulationAlgorithmSpecMlKem})
			require.NoError(t, err)
			require.Equal(t, key, *made.KeyId)
			require.Equal(t, types.EncapsulationAlgorithmSpecMlKem, made.EncapsulationAlgorithm)
			require.Len(t, made.SharedSecret, 32)
			require.Len(t, made.SharedSecretCiphertextBlob, row.size)
			got, err := w.decapsulate(key, made.SharedSecretCiphertextBlob)
			require.NoError(t, err)
			require.Equal(t, made.SharedSecret, got)

			var info struct {
				Algorithm pkix.AlgorithmIdentifier
				Key       asn1.BitString
			}
			rest, err := asn1.Unmarshal(w.public(key), &info)
			require.NoError(t, err)
			require.Empty(t, rest)
			require.Equal(t, row.id, info.Algorithm.Algorithm.String())
			require.Empty(t, info.Algorithm.Parameters.FullBytes)
			shared, ciphertext := mlkemEncapsulate(t, spec, info.Key.Bytes)
			got, err = w.decapsulate(key, ciphertext)
			require.NoError(t, err)
			require.Equal(t, shared, got)

			for name, wrong := range map[string]struct {
				key        string
				ciphertext []byte
			}{"altered": {key, flipped(ciphertext)}, "another key's": {other, ciphertext}} {
				got, err = w.decapsulate(wrong.key, wrong.ciphertext)
				require.NoError(t, err, name)
				require.Len(t, got, 32, name)
				require.NotEqual(t, shared, got, name)
			}
			for _, wrong := range [][]byte{ciphertext[1:], append(bytes.Clone(ciphertext), 0)} {
				_, err = w.decapsulate(key, wrong)
				fails(t, err, "InvalidCiphertextException", "")
			}
		})
	}
}
