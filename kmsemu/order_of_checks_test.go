package kmsemu_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"
)

// disabled makes a key of a kind and disables it.
func (w *world) disabled(spec types.KeySpec, usage types.KeyUsageType) string {
	w.Helper()
	key := w.key(ofKind(spec, usage))
	_, err := w.root.kms.DisableKey(w.ctx, &kms.DisableKeyInput{KeyId: &key})
	require.NoError(w, err)
	return key
}

// TestOrderOfChecks (K0621): the usage of a key goes before its state, and that
// before its spec; what is missing in the request before all of them.
func TestOrderOfChecks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hmac, rsa := w.disabled(types.KeySpecHmac256, generateMAC), w.disabled(types.KeySpecRsa2048, signVerify)
	wrapping := w.disabled(types.KeySpecRsa2048, encryptDecrypt)
	sign := func(key string, algorithm types.SigningAlgorithmSpec) error {
		_, err := w.root.kms.Sign(w.ctx, &kms.SignInput{KeyId: &key, Message: []byte("x"), SigningAlgorithm: algorithm})
		return err
	}
	dataKey := func(key string, spec types.DataKeySpec) error {
		_, err := w.root.kms.GenerateDataKey(w.ctx, &kms.GenerateDataKeyInput{KeyId: &key, KeySpec: spec})
		return err
	}
	for name, row := range map[string]struct {
		err           error
		code, message string
	}{
		"usage before state":       {sign(hmac, types.SigningAlgorithmSpecRsassaPssSha256), "InvalidKeyUsageException", hmac + " key usage is GENERATE_VERIFY_MAC which is not valid for Sign."},
		"state before algorithm":   {sign(rsa, types.SigningAlgorithmSpecEcdsaSha256), "DisabledException", rsa + " is disabled."},
		"sizes before usage":       {dataKey(rsa, ""), "ValidationException", "Please specify either number of bytes or key spec."},
		"state before spec":        {dataKey(wrapping, types.DataKeySpecAes256), "DisabledException", wrapping + " is disabled."},
		"usage before state again": {dataKey(rsa, types.DataKeySpecAes256), "InvalidKeyUsageException", rsa + " key usage is SIGN_VERIFY which is not valid for GenerateDataKey."},
	} {
		t.Run(name, func(t *testing.T) { fails(t, row.err, row.code, row.message) })
	}
}

// TestWrongKeyBeforeState (K0621): whether a key is the ciphertext's goes before its
// state; a key that is the ciphertext's is refused for its state.
func TestWrongKeyBeforeState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, target := w.key(), w.key()
	sealed, err := w.encrypt(w.root, key, nil)
	require.NoError(t, err)
	open := func(id string, ciphertext []byte) error {
		_, err := w.root.kms.Decrypt(w.ctx, &kms.DecryptInput{CiphertextBlob: ciphertext, KeyId: &id})
		return err
	}
	reseal := func(id string) error {
		_, err := w.root.kms.ReEncrypt(w.ctx, &kms.ReEncryptInput{CiphertextBlob: sealed, SourceKeyId: &id, DestinationKeyId: &target})
		return err
	}
	pending := w.key(func(in *kms.CreateKeyInput) { in.Origin = types.OriginTypeExternal })
	fails(t, open(pending, sealed), "IncorrectKeyException", "")
	fails(t, reseal(pending), "IncorrectKeyException", "")
	_, err = w.root.kms.DisableKey(w.ctx, &kms.DisableKeyInput{KeyId: &key})
	require.NoError(t, err)
	fails(t, open(key, sealed), "DisabledException", "")
	fails(t, reseal(key), "DisabledException", "")
	fails(t, open(key, []byte("no ciphertext")), "InvalidCiphertextException", "")
}

// TestMeasuredTexts (K0622): what KMS says to values that it does not know.
func TestMeasuredTexts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(ofKind(types.KeySpecRsa2048, signVerify))
	const arn, problem, values = "arn:aws:kms:us-east-1:000000000000:key/", "1 validation error detected: Value 'FOO' at '", "' failed to satisfy constraint: Member must satisfy enum value set: "
	for name, row := range map[string]struct{ target, body, code, message string }{
		"upper case":           {"DescribeKey", `{"KeyId":"786CA7CD-B74B-42B3-B887-902AD7AB6429"}`, "NotFoundException", "Key '" + arn + "786CA7CD-B74B-42B3-B887-902AD7AB6429' does not exist"},
		"malformed":            {"DescribeKey", `{"KeyId":"foo"}`, "NotFoundException", "Invalid keyId 'foo'"},
		"malformed in an ARN":  {"DescribeKey", `{"KeyId":"` + arn + `foo"}`, "NotFoundException", "Invalid keyId foo"},
		"data key":             {"GenerateDataKey", `{"KeyId":"` + key + `","KeySpec":"FOO"}`, "ValidationException", problem + "keySpec" + values + "[RSA_2048, RSA_3072, RSA_4096, ECC_NIST_P256, ECC_NIST_P384, ECC_NIST_P521, ECC_SECG_P256K1, ECC_NIST_EDWARDS25519, SYMMETRIC_DEFAULT, HMAC_224, HMAC_256, HMAC_384, HMAC_512, SM2, ML_DSA_44, ML_DSA_65, ML_DSA_87]"},
		"encryption algorithm": {"Encrypt", `{"KeyId":"` + key + `","Plaintext":"eA==","EncryptionAlgorithm":"FOO"}`, "ValidationException", problem + "encryptionAlgorithm" + values + "[RSAES_OAEP_SHA_1, RSAES_OAEP_SHA_256, SM2PKE, SYMMETRIC_DEFAULT]"},
		"signing algorithm":    {"Sign", `{"KeyId":"` + key + `","Message":"eA==","SigningAlgorithm":"FOO"}`, "ValidationException", problem + "signingAlgorithm" + values + "[RSASSA_PSS_SHA_256, RSASSA_PSS_SHA_384, RSASSA_PSS_SHA_512, RSASSA_PKCS1_V1_5_SHA_256, RSASSA_PKCS1_V1_5_SHA_384, RSASSA_PKCS1_V1_5_SHA_512, ECDSA_SHA_256, ECDSA_SHA_384, ECDSA_SHA_512, ED25519_SHA_512, ED25519_PH_SHA_512, SM2DSA, ML_DSA_SHAKE_256]"},
		"no signing algorithm": {"Sign", `{"KeyId":"` + key + `","Message":"eA==","SigningAlgorithm":"SYMMETRIC_DEFAULT"}`, "InvalidKeyUsageException", "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048."},
		"public key":           {"GetPublicKey", `{"KeyId":"` + w.key() + `"}`, "UnsupportedOperationException", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp, body := w.raw(request{target: row.target, body: row.body})
			checkJSONError(t, resp, body, row.code, row.message)
			if row.message == "" {
				require.NotContains(t, body, "message")
			}
		})
	}
}

// TestEmptyStrings (K0623): a member that is sent empty is not absent, be it
// required or not; where nothing may be there, nothing is said.
func TestEmptyStrings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	const tooShort, pattern = "' failed to satisfy constraint: Member must have length greater than or equal to 1", "' failed to satisfy constraint: Member must satisfy regular expression pattern: "
	const noKey = "2 validation errors detected: Value '' at 'keyId" + tooShort + "; Value '' at 'keyId" + pattern + `^\p{ASCII}+$`
	for name, row := range map[string]struct{ target, body, message string }{
		"required":      {"GetPublicKey", `{"KeyId":""}`, noKey},
		"optional":      {"Decrypt", `{"KeyId":"","CiphertextBlob":"eA=="}`, noKey},
		"filter":        {"ListAliases", `{"KeyId":""}`, noKey},
		"marker":        {"ListKeys", `{"Marker":""}`, "1 validation error detected: Value '' at 'marker" + tooShort},
		"long dash":     {"ListKeys", `{"Marker":"–"}`, "1 validation error detected: Value '–' at 'marker" + pattern + `[\u0020-\u00FF]*`},
		"with default":  {"Encrypt", `{"KeyId":"` + key + `","Plaintext":"eA==","EncryptionAlgorithm":""}`, "1 validation error detected: Value '' at 'encryptionAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: [RSAES_OAEP_SHA_1, RSAES_OAEP_SHA_256, SM2PKE, SYMMETRIC_DEFAULT]"},
		"grant name":    {"CreateGrant", `{"KeyId":"` + key + `","GranteePrincipal":"arn:aws:iam::000000000000:root","Operations":["Encrypt"],"Name":""}`, "2 validation errors detected: Value '' at 'name" + tooShort + "; Value '' at 'name" + pattern + "^[a-zA-Z0-9:/_-]+$"},
		"enumeration":   {"CreateKey", `{"Origin":""}`, "1 validation error detected: Value '' at 'origin' failed to satisfy constraint: Member must satisfy enum value set: [AWS_KMS, EXTERNAL, AWS_CLOUDHSM, EXTERNAL_KEY_STORE]"},
		"description":   {"CreateKey", `{"Description":""}`, ""},
		"tag value":     {"CreateKey", `{"Tags":[{"TagKey":"a","TagValue":""}]}`, ""},
		"context value": {"Encrypt", `{"KeyId":"` + key + `","Plaintext":"eA==","EncryptionContext":{"a":""}}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp, body := w.raw(request{target: row.target, body: row.body})
			code := ""
			if row.message != "" {
				code = "ValidationException"
			}
			checkJSONError(t, resp, body, code, row.message)
		})
	}
	_, err := w.root.kms.PutKeyPolicy(w.ctx, &kms.PutKeyPolicyInput{KeyId: &key, Policy: aws.String("")})
	failsLike(t, err, "ValidationException", "Value '' at 'policy"+tooShort)
}

// TestShortIDOfAnotherAccount (K0624): a ciphertext tells whose key its id is of.
func TestShortIDOfAnotherAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(withPolicy(keyPolicy(statement("Allow", "arn:aws:iam::"+other+":root", "kms:*", ""))))
	id := key[len(key)-36:]
	sealed, err := w.encrypt(w.root, key, nil)
	require.NoError(t, err)
	stranger := w.caller(other, "test", "")
	out, err := stranger.kms.Decrypt(w.ctx, &kms.DecryptInput{CiphertextBlob: sealed, KeyId: &id})
	require.NoError(t, err)
	require.Equal(t, key, *out.KeyId)
	own, err := stranger.kms.CreateKey(w.ctx, &kms.CreateKeyInput{})
	require.NoError(t, err)
	_, err = stranger.kms.ReEncrypt(w.ctx, &kms.ReEncryptInput{CiphertextBlob: sealed, SourceKeyId: &id, DestinationKeyId: own.KeyMetadata.KeyId})
	require.NoError(t, err)
	_, err = stranger.kms.Encrypt(w.ctx, &kms.EncryptInput{Plaintext: []byte("x"), KeyId: &id})
	fails(t, err, "NotFoundException", "")
	_, err = stranger.kms.Decrypt(w.ctx, &kms.DecryptInput{CiphertextBlob: sealed, KeyId: own.KeyMetadata.KeyId})
	fails(t, err, "IncorrectKeyException", "")
}
