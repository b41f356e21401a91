package kmsemu_test

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"hash"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	secpecdsa "github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
	"github.com/stretchr/testify/require"
)

// pkcs8 writes a private key down.
func pkcs8(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return der
}

// keyFor makes a key of a kind, with material still to come.
func (w *world) keyFor(spec types.KeySpec, usage types.KeyUsageType) string {
	w.Helper()
	return w.key(ofKind(spec, usage), imports)
}

// signs is the key's signature of the word "message".
func (w *world) signs(key string, algorithm types.SigningAlgorithmSpec) []byte {
	w.Helper()
	out, err := w.root.kms.Sign(w.ctx, &kms.SignInput{KeyId: &key, Message: []byte("message"), SigningAlgorithm: algorithm})
	require.NoError(w, err)
	return out.Signature
}

// TestImportedRSA: what the imported key does, its owner's copy undoes.
func TestImportedRSA(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for spec, bits := range map[types.KeySpec]int{types.KeySpecRsa2048: 2048, types.KeySpecRsa3072: 3072, types.KeySpecRsa4096: 4096} {
		t.Run(string(spec), func(t *testing.T) {
			t.Parallel()
			own, err := rsa.GenerateKey(rand.Reader, bits)
			require.NoError(t, err)
			key := w.keyFor(spec, signVerify)
			out, err := w.importBy(key, wrapHybrid, pkcs8(t, own))
			require.NoError(t, err)
			require.Nil(t, out.KeyMaterialId, "symmetric keys alone show it")
			require.Nil(t, w.describe(key).CurrentKeyMaterialId)
			require.True(t, own.PublicKey.Equal(publicOf[*rsa.PublicKey](w, key)))
			sum := sha256.Sum256([]byte("message"))
			signature := w.signs(key, types.SigningAlgorithmSpecRsassaPkcs1V15Sha256)
			require.NoError(t, rsa.VerifyPKCS1v15(&own.PublicKey, crypto.SHA256, sum[:], signature))

			sealing := w.keyFor(spec, encryptDecrypt)
			_, err = w.importBy(sealing, types.AlgorithmSpecRsaAesKeyWrapSha1, pkcs8(t, own))
			require.NoError(t, err)
			sealed, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, &own.PublicKey, []byte("secret"), nil)
			require.NoError(t, err)
			plain, err := w.decryptBy(sealing, oaepSHA256, sealed)
			require.NoError(t, err)
			require.Equal(t, "secret", string(plain))
		})
	}
}

var ecCurves = map[types.KeySpec]struct {
	curve     elliptic.Curve
	algorithm types.SigningAlgorithmSpec
	hash      func([]byte) []byte
}{
	types.KeySpecEccNistP256: {elliptic.P256(), types.SigningAlgorithmSpecEcdsaSha256, func(b []byte) []byte { sum := sha256.Sum256(b); return sum[:] }},
	types.KeySpecEccNistP384: {elliptic.P384(), types.SigningAlgorithmSpecEcdsaSha384, func(b []byte) []byte { sum := sha512.Sum384(b); return sum[:] }},
	types.KeySpecEccNistP521: {elliptic.P521(), types.SigningAlgorithmSpecEcdsaSha512, func(b []byte) []byte { sum := sha512.Sum512(b); return sum[:] }},
}

// TestImportedECC: signatures verify outside, and both sides agree on secrets.
func TestImportedECC(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for spec, row := range ecCurves {
		own, err := ecdsa.GenerateKey(row.curve, rand.Reader)
		require.NoError(t, err)
		key := w.keyFor(spec, signVerify)
		_, err = w.importBy(key, wrapHybrid, pkcs8(t, own))
		require.NoError(t, err)
		require.True(t, own.PublicKey.Equal(publicOf[*ecdsa.PublicKey](w, key)))
		require.True(t, ecdsa.VerifyASN1(&own.PublicKey, row.hash([]byte("message")), w.signs(key, row.algorithm)))

		agreeing := w.keyFor(spec, agreement)
		_, err = w.importBy(agreeing, wrapHybrid, pkcs8(t, own))
		require.NoError(t, err)
		peer, err := ecdsa.GenerateKey(row.curve, rand.Reader)
		require.NoError(t, err)
		der, err := x509.MarshalPKIXPublicKey(peer.Public())
		require.NoError(t, err)
		out, err := w.root.kms.DeriveSharedSecret(w.ctx, &kms.DeriveSharedSecretInput{KeyId: &agreeing, PublicKey: der, KeyAgreementAlgorithm: types.KeyAgreementAlgorithmSpecEcdh})
		require.NoError(t, err)
		require.Equal(t, shared(t, peer, own), out.SharedSecret)
	}
}

func shared(t *testing.T, private, public *ecdsa.PrivateKey) []byte {
	t.Helper()
	one, err := private.ECDH()
	require.NoError(t, err)
	var other *ecdh.PublicKey
	other, err = public.PublicKey.ECDH()
	require.NoError(t, err)
	secret, err := one.ECDH(other)
	require.NoError(t, err)
	return secret
}

// ecPrivateKey is RFC 5915's, importedKeyInfo RFC 5208's.
type (
	ecPrivateKey struct {
		Version int
		Key     []byte
		Curve   asn1.ObjectIdentifier `asn1:"optional,explicit,tag:0"`
		Public  asn1.BitString        `asn1:"optional,explicit,tag:1"`
	}
	importedKeyInfo struct {
		Version   int
		Algorithm struct{ Algorithm, Curve asn1.ObjectIdentifier }
		Key       []byte
	}
)

var (
	ecID        = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	secp256k1ID = asn1.ObjectIdentifier{1, 3, 132, 0, 10}
)

// secp256k1Key writes a private key on secp256k1 down; change may spoil it.
func secp256k1Key(t testing.TB, scalar []byte, change func(*importedKeyInfo, *ecPrivateKey)) []byte {
	t.Helper()
	var outer importedKeyInfo
	inner := ecPrivateKey{Version: 1, Key: scalar}
	outer.Algorithm.Algorithm, outer.Algorithm.Curve = ecID, secp256k1ID
	change(&outer, &inner)
	var err error
	outer.Key, err = asn1.Marshal(inner)
	require.NoError(t, err)
	der, err := asn1.Marshal(outer)
	require.NoError(t, err)
	return der
}

// TestImportedSecp256k1 with every optional part of the encoding there and absent.
func TestImportedSecp256k1(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own, err := secp256k1.GeneratePrivateKey()
	require.NoError(t, err)
	public := own.PubKey()
	for name, change := range map[string]func(*importedKeyInfo, *ecPrivateKey){
		"bare":              func(*importedKeyInfo, *ecPrivateKey) {},
		"curve named twice": func(_ *importedKeyInfo, k *ecPrivateKey) { k.Curve = secp256k1ID },
		"compressed point": func(_ *importedKeyInfo, k *ecPrivateKey) {
			k.Public = asn1.BitString{Bytes: public.SerializeCompressed(), BitLength: 33 * 8}
		},
		"uncompressed point": func(_ *importedKeyInfo, k *ecPrivateKey) {
			k.Public = asn1.BitString{Bytes: public.SerializeUncompressed(), BitLength: 65 * 8}
		},
	} {
		t.Run(name, func(t *testing.T) {
			key := w.keyFor(types.KeySpecEccSecgP256k1, signVerify)
			_, err := w.importMaterial(key, secp256k1Key(t, own.Serialize(), change))
			require.NoError(t, err)
			signature, err := secpecdsa.ParseDERSignature(w.signs(key, types.SigningAlgorithmSpecEcdsaSha256))
			require.NoError(t, err)
			sum := sha256.Sum256([]byte("message"))
			require.True(t, signature.Verify(sum[:], public))
		})
	}
}

// TestImportedHMAC at both ends of the lengths (K0434).
func TestImportedHMAC(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for spec, row := range map[types.KeySpec]struct {
		least     int
		algorithm types.MacAlgorithmSpec
		hash      func() hash.Hash
	}{
		types.KeySpecHmac224: {28, types.MacAlgorithmSpecHmacSha224, sha256.New224},
		types.KeySpecHmac256: {32, types.MacAlgorithmSpecHmacSha256, sha256.New},
		types.KeySpecHmac384: {48, types.MacAlgorithmSpecHmacSha384, sha512.New384},
		types.KeySpecHmac512: {64, types.MacAlgorithmSpecHmacSha512, sha512.New},
	} {
		for _, n := range []int{row.least, 128} {
			own, key := random(n), w.keyFor(spec, generateMAC)
			_, err := w.importMaterial(key, own)
			require.NoError(t, err)
			out, err := w.root.kms.GenerateMac(w.ctx, &kms.GenerateMacInput{KeyId: &key, Message: []byte("message"), MacAlgorithm: row.algorithm})
			require.NoError(t, err)
			h := hmac.New(row.hash, own)
			h.Write([]byte("message"))
			require.Equal(t, hex.EncodeToString(h.Sum(nil)), hex.EncodeToString(out.Mac))
		}
		key := w.keyFor(spec, generateMAC)
		for _, n := range []int{row.least - 1, 129} {
			_, err := w.importMaterial(key, random(n))
			failsLike(t, err, "IncorrectKeyMaterialException", " to 128 bytes")
		}
	}
}

// TestWrongMaterial (K0434): each is right for another key, or nearly right.
func TestWrongMaterial(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	three, err := rsa.GenerateMultiPrimeKey(rand.Reader, 3, 2048)
	require.NoError(t, err)
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	sec1, err := x509.MarshalECPrivateKey(p256)
	require.NoError(t, err)
	scalar := bytes.Repeat([]byte{1}, 32)
	keys := map[types.KeySpec]string{}
	for name, row := range map[string]struct {
		spec     types.KeySpec
		usage    types.KeyUsageType
		material []byte
	}{
		"31 bytes":                 {types.KeySpecSymmetricDefault, encryptDecrypt, random(31)},
		"33 bytes":                 {types.KeySpecSymmetricDefault, encryptDecrypt, random(33)},
		"no bytes":                 {types.KeySpecSymmetricDefault, encryptDecrypt, []byte{}},
		"RSA of another size":      {types.KeySpecRsa3072, signVerify, pkcs8(t, rsaKey)},
		"RSA of three primes":      {types.KeySpecRsa2048, signVerify, pkcs8(t, three)},
		"RSA as PKCS #1":           {types.KeySpecRsa2048, signVerify, x509.MarshalPKCS1PrivateKey(rsaKey)},
		"RSA and something more":   {types.KeySpecRsa2048, signVerify, append(pkcs8(t, rsaKey), 0)},
		"ECC for RSA":              {types.KeySpecRsa2048, signVerify, pkcs8(t, p256)},
		"RSA for ECC":              {types.KeySpecEccNistP256, signVerify, pkcs8(t, rsaKey)},
		"another curve":            {types.KeySpecEccNistP384, signVerify, pkcs8(t, p256)},
		"ECC as SEC 1":             {types.KeySpecEccNistP256, signVerify, sec1},
		"ECC and something more":   {types.KeySpecEccNistP256, signVerify, append(pkcs8(t, p256), 0)},
		"Edwards for Weierstrass":  {types.KeySpecEccNistP256, signVerify, pkcs8(t, edKey)},
		"P-256 for secp256k1":      {types.KeySpecEccSecgP256k1, signVerify, pkcs8(t, p256)},
		"secp256k1 for P-256":      {types.KeySpecEccNistP256, signVerify, secp256k1Key(t, scalar, func(*importedKeyInfo, *ecPrivateKey) {})},
		"secp256k1 of zero":        {types.KeySpecEccSecgP256k1, signVerify, secp256k1Key(t, make([]byte, 32), func(*importedKeyInfo, *ecPrivateKey) {})},
		"secp256k1 past the order": {types.KeySpecEccSecgP256k1, signVerify, secp256k1Key(t, bytes.Repeat([]byte{255}, 32), func(*importedKeyInfo, *ecPrivateKey) {})},
		"secp256k1 of 33 bytes":    {types.KeySpecEccSecgP256k1, signVerify, secp256k1Key(t, append(scalar, 1), func(*importedKeyInfo, *ecPrivateKey) {})},
		"secp256k1 named twice":    {types.KeySpecEccSecgP256k1, signVerify, secp256k1Key(t, scalar, func(_ *importedKeyInfo, k *ecPrivateKey) { k.Curve = ecID })},
		"secp256k1 and more":       {types.KeySpecEccSecgP256k1, signVerify, append(secp256k1Key(t, scalar, func(*importedKeyInfo, *ecPrivateKey) {}), 0)},
		"another algorithm":        {types.KeySpecEccSecgP256k1, signVerify, secp256k1Key(t, scalar, func(k *importedKeyInfo, _ *ecPrivateKey) { k.Algorithm.Algorithm = secp256k1ID })},
		"no DER":                   {types.KeySpecEccSecgP256k1, signVerify, random(100)},
	} {
		t.Run(name, func(t *testing.T) {
			algorithm := wrapOAEP
			if row.usage == signVerify {
				algorithm = wrapHybrid
			}
			key := keys[row.spec]
			if key == "" {
				key = w.keyFor(row.spec, row.usage)
				keys[row.spec] = key
			}
			_, err := w.importBy(key, algorithm, row.material)
			failsLike(t, err, "IncorrectKeyMaterialException", "The key material is not valid for this key: it must be ")
			require.Equal(t, types.KeyStatePendingImport, w.describe(key).KeyState)
		})
	}
}

// opensslKey is a private key that OpenSSL makes, as PKCS #8 in DER.
func opensslKey(t *testing.T, algorithm string, options ...string) []byte {
	t.Helper()
	args := []string{"genpkey", "-algorithm", algorithm}
	for _, option := range options {
		args = append(args, "-pkeyopt", option)
	}
	return openssl(t, map[string][]byte{"key": openssl(t, nil, args...)}, "pkcs8", "-topk8", "-nocrypt", "-in", "key", "-outform", "DER")
}

// TestExplicitCurveParameters are refused (K0434), for no library writes them: the
// key is OpenSSL's.
func TestExplicitCurveParameters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for encoding, code := range map[string]string{"named_curve": "", "explicit": "IncorrectKeyMaterialException"} {
		der := opensslKey(t, "EC", "ec_paramgen_curve:P-256", "ec_param_enc:"+encoding)
		_, err := w.importBy(w.keyFor(types.KeySpecEccNistP256, signVerify), wrapHybrid, der)
		if code == "" {
			require.NoError(t, err)
			continue
		}
		fails(t, err, code, "")
	}
}

// TestImportableSpecs (K0432): of every spec, whether it can be imported at all.
func TestImportableSpecs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	refused := map[types.KeySpec]bool{
		types.KeySpecEccNistEdwards25519: true, types.KeySpecMlDsa44: true, types.KeySpecMlDsa65: true, types.KeySpecMlDsa87: true,
		types.KeySpecMlKem512: true, types.KeySpecMlKem768: true, types.KeySpecMlKem1024: true,
	}
	for spec, usages := range kinds {
		for usage := range usages {
			_, err := w.root.kms.CreateKey(w.ctx, &kms.CreateKeyInput{KeySpec: spec, KeyUsage: usage, Origin: types.OriginTypeExternal})
			if refused[spec] {
				fails(t, err, "UnsupportedOperationException", "Origin EXTERNAL is not supported for KeySpec "+string(spec)+".")
				continue
			}
			require.NoError(t, err, spec)
		}
	}
}

// TestWrappingAlgorithms (K0432): which may wrap what, with which wrapping key.
func TestWrappingAlgorithms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const (
		direct = "RSAES_OAEP_SHA_1 RSAES_OAEP_SHA_256"
		hybrid = "RSA_AES_KEY_WRAP_SHA_1 RSA_AES_KEY_WRAP_SHA_256"
	)
	for name, row := range map[string]struct {
		spec     types.KeySpec
		usage    types.KeyUsageType
		wrapping types.WrappingKeySpec
		allowed  string
	}{
		"symmetric":     {types.KeySpecSymmetricDefault, encryptDecrypt, types.WrappingKeySpecRsa2048, direct},
		"HMAC":          {types.KeySpecHmac512, generateMAC, types.WrappingKeySpecRsa2048, direct},
		"RSA":           {types.KeySpecRsa2048, signVerify, types.WrappingKeySpecRsa2048, hybrid},
		"ECC":           {types.KeySpecEccNistP384, signVerify, types.WrappingKeySpecRsa2048, direct + " " + hybrid},
		"secp256k1":     {types.KeySpecEccSecgP256k1, signVerify, types.WrappingKeySpecRsa2048, direct + " " + hybrid},
		"P-521 by 2048": {types.KeySpecEccNistP521, signVerify, types.WrappingKeySpecRsa2048, hybrid},
		"P-521 by 3072": {types.KeySpecEccNistP521, signVerify, types.WrappingKeySpecRsa3072, direct + " " + hybrid},
		"SM2":           {types.KeySpecEccNistP256, signVerify, types.WrappingKeySpecSm2, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := w.keyFor(row.spec, row.usage)
			for _, algorithm := range types.AlgorithmSpec("").Values() {
				_, err := w.root.kms.GetParametersForImport(w.ctx, &kms.GetParametersForImportInput{KeyId: &key, WrappingAlgorithm: algorithm, WrappingKeySpec: row.wrapping})
				if bytes.Contains([]byte(" "+row.allowed+" "), []byte(" "+algorithm+" ")) {
					require.NoError(t, err, algorithm)
					continue
				}
				fails(t, err, "ValidationException", "Wrapping algorithm "+string(algorithm)+" and wrapping key spec "+string(row.wrapping)+" cannot be used to import a "+string(row.spec)+" key.")
			}
		})
	}
	key := w.key(imports)
	_, err := w.root.kms.GetParametersForImport(w.ctx, &kms.GetParametersForImportInput{KeyId: &key, WrappingAlgorithm: "X", WrappingKeySpec: "Y"})
	fails(t, err, "ValidationException", "2 validation errors detected: "+
		"Value 'X' at 'wrappingAlgorithm'"+constraint+"satisfy enum value set: [RSAES_PKCS1_V1_5, RSAES_OAEP_SHA_1, RSAES_OAEP_SHA_256, RSA_AES_KEY_WRAP_SHA_1, RSA_AES_KEY_WRAP_SHA_256, SM2PKE]; "+
		"Value 'Y' at 'wrappingKeySpec'"+constraint+"satisfy enum value set: [RSA_2048, RSA_3072, RSA_4096, SM2]")
}

// TestWrappingRoundTrips: by every algorithm, and with every size of wrapping key.
func TestWrappingRoundTrips(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	for _, row := range []struct {
		algorithm types.AlgorithmSpec
		size      types.WrappingKeySpec
	}{
		{types.AlgorithmSpecRsaesOaepSha1, types.WrappingKeySpecRsa2048},
		{wrapOAEP, types.WrappingKeySpecRsa3072},
		{types.AlgorithmSpecRsaAesKeyWrapSha1, types.WrappingKeySpecRsa2048},
		{wrapHybrid, types.WrappingKeySpecRsa4096},
	} {
		t.Run(string(row.algorithm), func(t *testing.T) {
			t.Parallel()
			key := w.keyFor(types.KeySpecEccNistP256, signVerify)
			p := w.parameters(key, row.algorithm, row.size)
			wrapped := w.wrap(p, row.algorithm, pkcs8(t, own))
			in := &kms.ImportKeyMaterialInput{KeyId: &key, ImportToken: p.ImportToken, ExpirationModel: forEver}
			try := func(wrapped []byte) error {
				in.EncryptedKeyMaterial = wrapped
				_, err := w.root.kms.ImportKeyMaterial(w.ctx, in)
				return err
			}
			fails(t, try(append([]byte{wrapped[0] ^ 1}, wrapped[1:]...)), "InvalidCiphertextException", "")
			fails(t, try(flipped(wrapped)), "InvalidCiphertextException", "")
			fails(t, try(wrapped[:1]), "ValidationException", "Invalid encrypted key size.")
			require.Error(t, try(wrapped[:len(wrapped)-1]))
			require.NoError(t, try(wrapped))
		})
	}
}

// TestOpenSSLWraps material as the Developer Guide shows it.
func TestOpenSSLWraps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	private := opensslKey(t, "RSA", "rsa_keygen_bits:2048")
	kek := random(32)
	oaep := func(p *kms.GetParametersForImportOutput, secret []byte) []byte {
		return openssl(t, map[string][]byte{"public": p.PublicKey, "secret": secret}, "pkeyutl", "-encrypt", "-in", "secret", "-inkey", "public", "-keyform", "DER", "-pubin",
			"-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt", "rsa_oaep_md:sha256", "-pkeyopt", "rsa_mgf1_md:sha256")
	}
	for name, row := range map[string]struct {
		spec      types.KeySpec
		usage     types.KeyUsageType
		algorithm types.AlgorithmSpec
		wrap      func(*kms.GetParametersForImportOutput) []byte
	}{
		"symmetric": {types.KeySpecSymmetricDefault, encryptDecrypt, wrapOAEP, func(p *kms.GetParametersForImportOutput) []byte { return oaep(p, random(32)) }},
		"RSA": {types.KeySpecRsa2048, signVerify, wrapHybrid, func(p *kms.GetParametersForImportOutput) []byte {
			wrapped := openssl(t, map[string][]byte{"private": private}, "enc", "-id-aes256-wrap-pad", "-iv", "A65959A6", "-K", hex.EncodeToString(kek), "-in", "private")
			return append(oaep(p, kek), wrapped...)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			key := w.keyFor(row.spec, row.usage)
			p := w.parameters(key, row.algorithm, types.WrappingKeySpecRsa3072)
			_, err := w.root.kms.ImportKeyMaterial(w.ctx, &kms.ImportKeyMaterialInput{KeyId: &key, ImportToken: p.ImportToken, EncryptedKeyMaterial: row.wrap(p), ExpirationModel: forEver})
			require.NoError(t, err)
			if row.usage == encryptDecrypt {
				_, err = w.encrypt(w.root, key, nil)
				require.NoError(t, err)
				return
			}
			files := map[string][]byte{"private": private, "message": []byte("message"), "signature": w.signs(key, types.SigningAlgorithmSpecRsassaPkcs1V15Sha256)}
			public := openssl(t, files, "pkey", "-inform", "DER", "-in", "private", "-pubout", "-outform", "DER")
			require.Equal(t, public, w.public(key))
			require.Contains(t, string(openssl(t, files, "dgst", "-sha256", "-prverify", "private", "-keyform", "DER", "-signature", "signature", "message")), "Verified OK")
		})
	}
}

// TestOneMaterialForEver (K0436): keys that are not symmetric take no other, and
// nothing that only symmetric keys have a use for.
func TestOneMaterialForEver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	another, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	key := w.keyFor(types.KeySpecEccNistP256, signVerify)
	for name, change := range map[string]func(*importInput){
		"type":        asNew,
		"description": func(in *importInput) { in.KeyMaterialDescription = aws.String("mine") },
		"id":          func(in *importInput) { in.KeyMaterialId = aws.String(hex.EncodeToString(random(32))) },
	} {
		_, err := w.importMaterial(key, pkcs8(t, own), change)
		fails(t, err, "UnsupportedOperationException", "ImportType, KeyMaterialDescription and KeyMaterialId are not supported for key spec ECC_NIST_P256.")
		require.Error(t, err, name)
	}
	_, err = w.importMaterial(key, pkcs8(t, own))
	require.NoError(t, err)
	for range 2 {
		_, err = w.importMaterial(key, pkcs8(t, another))
		fails(t, err, "IncorrectKeyMaterialException", "The key material is not the one that was imported into KMS key "+key+" before.")
		out, err := w.deleteMaterial(key)
		require.NoError(t, err)
		require.Nil(t, out.KeyMaterialId)
	}
	// The same key in another encoding: without its public half.
	scalar, err := own.Bytes()
	require.NoError(t, err)
	bare := importedKeyInfo{}
	bare.Algorithm.Algorithm, bare.Algorithm.Curve = ecID, asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}
	bare.Key, err = asn1.Marshal(ecPrivateKey{Version: 1, Key: scalar})
	require.NoError(t, err)
	der, err := asn1.Marshal(bare)
	require.NoError(t, err)
	_, err = w.importMaterial(key, der)
	require.NoError(t, err)
	require.True(t, own.PublicKey.Equal(publicOf[*ecdsa.PublicKey](w, key)))
}
