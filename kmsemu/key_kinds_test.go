package kmsemu_test

import (
	"slices"
	"strings"
	"testing"

	"crypto/x509"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"
)

// The usages, short.
const (
	encryptDecrypt = types.KeyUsageTypeEncryptDecrypt
	signVerify     = types.KeyUsageTypeSignVerify
	generateMAC    = types.KeyUsageTypeGenerateVerifyMac
	agreement      = types.KeyUsageTypeKeyAgreement
	encapsulation  = types.KeyUsageTypeEncapsulateDecapsulate
)

// ofKind asks for a key of a spec and usage.
func ofKind(spec types.KeySpec, usage types.KeyUsageType) func(*kms.CreateKeyInput) {
	return func(in *kms.CreateKeyInput) { in.KeySpec, in.KeyUsage = spec, usage }
}

// public is the public key of a key, as a SubjectPublicKeyInfo.
func (w *world) public(key string) []byte {
	w.Helper()
	out, err := w.root.kms.GetPublicKey(w.ctx, &kms.GetPublicKeyInput{KeyId: &key})
	require.NoError(w, err)
	return out.PublicKey
}

// publicOf parses it.
func publicOf[T any](w *world, key string) T {
	w.Helper()
	parsed, err := x509.ParsePKIXPublicKey(w.public(key))
	require.NoError(w, err)
	return parsed.(T)
}

// keyKind is the key an operation is tried on, and what that makes beforehand.
type keyKind struct {
	spec  types.KeySpec
	usage types.KeyUsageType
	made  func(*world, string) []byte
}

// keyKinds are those of operations that do not work on symmetric keys.
var keyKinds = map[string]keyKind{
	"Decapsulate": {types.KeySpecMlKem768, encapsulation, func(w *world, key string) []byte {
		out, err := w.root.kms.Encapsulate(w.ctx, &kms.EncapsulateInput{KeyId: &key, EncapsulationAlgorithm: types.EncapsulationAlgorithmSpecMlKem})
		require.NoError(w, err)
		return out.SharedSecretCiphertextBlob
	}},
	"DeriveSharedSecret": {types.KeySpecEccNistP256, agreement, func(w *world, key string) []byte { return w.public(key) }},
	"Encapsulate":        {types.KeySpecMlKem768, encapsulation, nothing},
	"GenerateMac":        {types.KeySpecHmac256, generateMAC, nothing},
	"GetPublicKey":       {types.KeySpecEccNistP256, signVerify, nothing},
	"Sign":               {types.KeySpecEccNistP256, signVerify, nothing},
	"Verify": {types.KeySpecEccNistP256, signVerify, func(w *world, key string) []byte {
		out, err := w.root.kms.Sign(w.ctx, &kms.SignInput{KeyId: &key, Message: []byte("x"), SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha256})
		require.NoError(w, err)
		return out.Signature
	}},
	"VerifyMac": {types.KeySpecHmac256, generateMAC, func(w *world, key string) []byte {
		out, err := w.root.kms.GenerateMac(w.ctx, &kms.GenerateMacInput{KeyId: &key, Message: []byte("x"), MacAlgorithm: types.MacAlgorithmSpecHmacSha256})
		require.NoError(w, err)
		return out.Mac
	}},
}

func nothing(*world, string) []byte { return nil }

// subjectOf is a subject whose key the operation works on.
func (w *world) subjectOf(operation string) subject {
	w.Helper()
	s := w.subject()
	if strings.Contains(operation, "CustomKeyStore") {
		s.store = w.storeSubject(operation)
	}
	if kind, ok := keyKinds[operation]; ok {
		s.key = w.key(ofKind(kind.spec, kind.usage))
		s.made = kind.made(w, s.key)
	}
	switch operation {
	case "UpdatePrimaryRegion":
		s.key = w.key(multiRegion)
		w.replica(s.key, abroad)
	case "ReplicateKey":
		s.key = w.key(multiRegion)
	case "GetParametersForImport", "ImportKeyMaterial", "DeleteImportedKeyMaterial":
		w.importSubject(&s)
	}
	return s
}

// kinds are all key specs with all they can be used for (K0017, K0018, K0200).
var kinds = map[types.KeySpec]map[types.KeyUsageType][]string{
	types.KeySpecSymmetricDefault: {encryptDecrypt: {"SYMMETRIC_DEFAULT"}},
	types.KeySpecRsa2048:          rsaKinds, types.KeySpecRsa3072: rsaKinds, types.KeySpecRsa4096: rsaKinds,
	types.KeySpecEccNistP256:         {signVerify: {"ECDSA_SHA_256"}, agreement: {"ECDH"}},
	types.KeySpecEccNistP384:         {signVerify: {"ECDSA_SHA_384"}, agreement: {"ECDH"}},
	types.KeySpecEccNistP521:         {signVerify: {"ECDSA_SHA_512"}, agreement: {"ECDH"}},
	types.KeySpecEccSecgP256k1:       {signVerify: {"ECDSA_SHA_256"}},
	types.KeySpecEccNistEdwards25519: {signVerify: {"ED25519_SHA_512", "ED25519_PH_SHA_512"}},
	types.KeySpecHmac224:             {generateMAC: {"HMAC_SHA_224"}},
	types.KeySpecHmac256:             {generateMAC: {"HMAC_SHA_256"}},
	types.KeySpecHmac384:             {generateMAC: {"HMAC_SHA_384"}},
	types.KeySpecHmac512:             {generateMAC: {"HMAC_SHA_512"}},
	types.KeySpecMlDsa44:             mldsaKinds, types.KeySpecMlDsa65: mldsaKinds, types.KeySpecMlDsa87: mldsaKinds,
	types.KeySpecMlKem512: mlkemKinds, types.KeySpecMlKem768: mlkemKinds, types.KeySpecMlKem1024: mlkemKinds,
}

var (
	rsaKinds = map[types.KeyUsageType][]string{
		encryptDecrypt: {"RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"},
		signVerify: {
			"RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384", "RSASSA_PKCS1_V1_5_SHA_512",
			"RSASSA_PSS_SHA_256", "RSASSA_PSS_SHA_384", "RSASSA_PSS_SHA_512",
		},
	}
	mldsaKinds = map[types.KeyUsageType][]string{signVerify: {"ML_DSA_SHAKE_256"}}
	mlkemKinds = map[types.KeyUsageType][]string{encapsulation: {"ML_KEM"}}
)

func texts[T ~string](list []T) []string {
	var out []string
	for _, one := range list {
		out = append(out, string(one))
	}
	return out
}

// TestKeyKinds makes a key of every spec for every usage: those that fit say what
// they can do, and the others are refused (K0015 to K0018).
func TestKeyKinds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Len(t, kinds, len(types.KeySpec("").Values())-1, "every spec but SM2")
	for spec, usages := range kinds {
		for _, usage := range types.KeyUsageType("").Values() {
			out, err := w.root.kms.CreateKey(w.ctx, &kms.CreateKeyInput{KeySpec: spec, KeyUsage: usage})
			want, fits := usages[usage]
			if !fits {
				fails(t, err, "ValidationException", "KeyUsage "+string(usage)+" is not compatible with KeySpec "+string(spec))
				continue
			}
			require.NoError(t, err, "%s for %s", spec, usage)
			m := out.KeyMetadata
			require.Equal(t, spec, m.KeySpec)
			require.Equal(t, string(spec), string(m.CustomerMasterKeySpec))
			require.Equal(t, usage, m.KeyUsage)
			got := map[types.KeyUsageType][]string{
				encryptDecrypt: texts(m.EncryptionAlgorithms), signVerify: texts(m.SigningAlgorithms), generateMAC: texts(m.MacAlgorithms),
				agreement: texts(m.KeyAgreementAlgorithms), encapsulation: texts(m.EncapsulationAlgorithms),
			}
			for other, algorithms := range got {
				if other != usage {
					require.Empty(t, algorithms, "%s for %s", spec, usage)
				}
			}
			require.Equal(t, want, got[usage], "%s for %s", spec, usage)
			require.Equal(t, spec == types.KeySpecSymmetricDefault, m.CurrentKeyMaterialId != nil, "%s", spec)
		}
		_, err := w.root.kms.CreateKey(w.ctx, &kms.CreateKeyInput{KeySpec: spec})
		if spec == types.KeySpecSymmetricDefault {
			require.NoError(t, err)
			continue
		}
		fails(t, err, "ValidationException", "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.")
	}
}

// TestDeprecatedKeySpec: CustomerMasterKeySpec takes what it took when KeySpec
// replaced it, and nothing newer (K0018).
func TestDeprecatedKeySpec(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for spec, usages := range kinds {
		for usage := range usages {
			_, err := w.root.kms.CreateKey(w.ctx, &kms.CreateKeyInput{CustomerMasterKeySpec: types.CustomerMasterKeySpec(spec), KeyUsage: usage})
			if slices.Contains(types.CustomerMasterKeySpec("").Values(), types.CustomerMasterKeySpec(spec)) {
				require.NoError(t, err, spec)
				continue
			}
			failsLike(t, err, "ValidationException", "Value '"+string(spec)+"' at 'customerMasterKeySpec'")
		}
	}
}

// TestPublicKeyAnswer: the same lists as in the metadata, and the key by its ARN.
func TestPublicKeyAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for spec, usages := range kinds {
		for usage := range usages {
			if spec == types.KeySpecRsa3072 || spec == types.KeySpecRsa4096 {
				continue // as RSA_2048, and slow to make
			}
			key := w.key(ofKind(spec, usage))
			out, err := w.root.kms.GetPublicKey(w.ctx, &kms.GetPublicKeyInput{KeyId: &key})
			if usage == generateMAC || spec == types.KeySpecSymmetricDefault {
				fails(t, err, "UnsupportedOperationException", "")
				continue
			}
			require.NoError(t, err)
			m, err := w.root.kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: &key})
			require.NoError(t, err)
			require.Equal(t, key, *out.KeyId)
			require.Equal(t, m.KeyMetadata.KeySpec, out.KeySpec)
			require.Equal(t, m.KeyMetadata.CustomerMasterKeySpec, out.CustomerMasterKeySpec)
			require.Equal(t, m.KeyMetadata.KeyUsage, out.KeyUsage)
			require.Equal(t, m.KeyMetadata.EncryptionAlgorithms, out.EncryptionAlgorithms)
			require.Equal(t, m.KeyMetadata.SigningAlgorithms, out.SigningAlgorithms)
			require.Equal(t, m.KeyMetadata.KeyAgreementAlgorithms, out.KeyAgreementAlgorithms)
			require.Equal(t, m.KeyMetadata.EncapsulationAlgorithms, out.EncapsulationAlgorithms)
			require.NotEmpty(t, out.PublicKey)
		}
	}
}

// TestWrongUsage (K0031, K0032): each operation on a key of every usage but its
// own.
func TestWrongUsage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	keys := map[types.KeyUsageType]string{
		encryptDecrypt: w.key(ofKind(types.KeySpecRsa2048, encryptDecrypt)),
		signVerify:     w.key(ofKind(types.KeySpecEccNistP256, signVerify)),
		generateMAC:    w.key(ofKind(types.KeySpecHmac256, generateMAC)),
		agreement:      w.key(ofKind(types.KeySpecEccNistP256, agreement)),
		encapsulation:  w.key(ofKind(types.KeySpecMlKem768, encapsulation)),
	}
	own := map[string]types.KeyUsageType{
		"Sign": signVerify, "Verify": signVerify, "GenerateMac": generateMAC, "VerifyMac": generateMAC, "DeriveSharedSecret": agreement,
		"Encapsulate": encapsulation, "Decapsulate": encapsulation, "Encrypt": encryptDecrypt, "GenerateDataKey": encryptDecrypt,
		"GenerateDataKeyWithoutPlaintext": encryptDecrypt, "GenerateDataKeyPair": encryptDecrypt, "GenerateDataKeyPairWithoutPlaintext": encryptDecrypt,
	}
	for operation, usage := range own {
		for other, key := range keys {
			s := w.subjectOf(operation)
			s.key = key
			err := kmsCalls[operation].call(w.ctx, w.root.kms, s)
			switch {
			case other != usage:
				fails(t, err, "InvalidKeyUsageException", key+" key usage is "+string(other)+" which is not valid for "+operation+".")
			case operation == "GenerateDataKey" || operation == "GenerateDataKeyWithoutPlaintext":
				fails(t, err, "InvalidKeyUsageException", "You cannot generate a data key with an asymmetric CMK")
			case usage == encryptDecrypt:
				fails(t, err, "InvalidKeyUsageException", "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048.")
			}
		}
	}
	s := w.subject()
	for usage, key := range keys {
		_, err := w.root.kms.ReEncrypt(w.ctx, &kms.ReEncryptInput{CiphertextBlob: s.ciphertext, DestinationKeyId: &key})
		if usage != encryptDecrypt {
			fails(t, err, "InvalidKeyUsageException", key+" key usage is "+string(usage)+" which is not valid for ReEncrypt.")
		}
		const text = "The key ID in the request does not identify a CMK that can perform this operation."
		_, err = w.root.kms.Decrypt(w.ctx, &kms.DecryptInput{CiphertextBlob: s.ciphertext, KeyId: &key})
		fails(t, err, "IncorrectKeyException", text)
		_, err = w.root.kms.ReEncrypt(w.ctx, &kms.ReEncryptInput{CiphertextBlob: s.ciphertext, SourceKeyId: &key, DestinationKeyId: &s.spare})
		fails(t, err, "IncorrectKeyException", text)
	}
}

// TestOnlySymmetricKeysRotate (K0201): of other keys nothing has to be disabled.
func TestOnlySymmetricKeysRotate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for spec, usages := range kinds {
		for usage := range usages {
			key := w.key(ofKind(spec, usage))
			require.False(t, w.status(key).KeyRotationEnabled)
			for name, call := range map[string]func() error{
				"EnableKeyRotation": func() error {
					_, err := w.root.kms.EnableKeyRotation(w.ctx, &kms.EnableKeyRotationInput{KeyId: &key})
					return err
				},
				"DisableKeyRotation": func() error {
					_, err := w.root.kms.DisableKeyRotation(w.ctx, &kms.DisableKeyRotationInput{KeyId: &key})
					return err
				},
				"RotateKeyOnDemand": func() error {
					_, err := w.root.kms.RotateKeyOnDemand(w.ctx, &kms.RotateKeyOnDemandInput{KeyId: &key})
					return err
				},
				"ListKeyRotations": func() error {
					_, err := w.root.kms.ListKeyRotations(w.ctx, &kms.ListKeyRotationsInput{KeyId: &key})
					return err
				},
			} {
				if spec == types.KeySpecSymmetricDefault || name == "DisableKeyRotation" {
					require.NoError(t, call(), name)
					continue
				}
				fails(t, call(), "UnsupportedOperationException", "")
			}
		}
	}
}

// TestAliasKeepsItsKind (K0210): an alias moves to keys of its key's kind only.
func TestAliasKeepsItsKind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	symmetric, rsa := w.key(), w.key(ofKind(types.KeySpecRsa2048, encryptDecrypt))
	signing, agreeing := w.key(ofKind(types.KeySpecEccNistP256, signVerify)), w.key(ofKind(types.KeySpecEccNistP256, agreement))
	for name, row := range map[string]struct{ from, to, twin, message string }{
		"usage": {signing, agreeing, w.key(ofKind(types.KeySpecRsa2048, signVerify)), "cannot be changed from a CMK with key usage SIGN_VERIFY to a CMK with key usage KEY_AGREEMENT. The key usage of the current CMK and the new CMK must be the same."},
		"type":  {symmetric, rsa, w.key(), "cannot be changed from a CMK with key spec SYMMETRIC_DEFAULT to a CMK with key spec RSA_2048. The key type of the current CMK and the new CMK must be the same."},
	} {
		t.Run(name, func(t *testing.T) {
			alias := "alias/" + w.name("kind")
			_, err := w.root.kms.CreateAlias(w.ctx, &kms.CreateAliasInput{AliasName: &alias, TargetKeyId: &row.from})
			require.NoError(t, err)
			_, err = w.root.kms.UpdateAlias(w.ctx, &kms.UpdateAliasInput{AliasName: &alias, TargetKeyId: &row.to})
			fails(t, err, "ValidationException", "Alias "+alias+" "+row.message)
			_, err = w.root.kms.UpdateAlias(w.ctx, &kms.UpdateAliasInput{AliasName: &alias, TargetKeyId: &row.twin})
			require.NoError(t, err)
		})
	}
}

// TestKindConditions holds one call that meets a condition about the kind of
// cryptography, and a twin that differs in that alone (K0211).
func TestKindConditions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.roleARN(w.root, "")
	session := w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role})
	sign := func(algorithm types.SigningAlgorithmSpec, messageType types.MessageType, message []byte) func(string) error {
		return func(key string) error {
			_, err := session.kms.Sign(w.ctx, &kms.SignInput{KeyId: &key, Message: message, MessageType: messageType, SigningAlgorithm: algorithm})
			return err
		}
	}
	mac := func(algorithm types.MacAlgorithmSpec) func(string) error {
		return func(key string) error {
			_, err := session.kms.GenerateMac(w.ctx, &kms.GenerateMacInput{KeyId: &key, Message: []byte("x"), MacAlgorithm: algorithm})
			return err
		}
	}
	pair := func(spec types.DataKeyPairSpec) func(string) error {
		return func(key string) error {
			_, err := session.kms.GenerateDataKeyPair(w.ctx, &kms.GenerateDataKeyPairInput{KeyId: &key, KeyPairSpec: spec})
			return err
		}
	}
	encrypt := func(algorithm types.EncryptionAlgorithmSpec) func(string) error {
		return func(key string) error {
			_, err := session.kms.Encrypt(w.ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("x"), EncryptionAlgorithm: algorithm})
			return err
		}
	}
	derive := func(key string) error {
		_, err := session.kms.DeriveSharedSecret(w.ctx, &kms.DeriveSharedSecretInput{KeyId: &key, PublicKey: peerP256, KeyAgreementAlgorithm: types.KeyAgreementAlgorithmSpecEcdh})
		return err
	}
	for name, row := range map[string]struct {
		kind            func(*kms.CreateKeyInput)
		action, met     string
		unmet           string // "" if the twin is another call
		allowed, denied func(string) error
	}{
		"kms:SigningAlgorithm": {ofKind(types.KeySpecRsa2048, signVerify), "kms:Sign", "RSASSA_PSS_SHA_256", "",
			sign(types.SigningAlgorithmSpecRsassaPssSha256, "", []byte("x")), sign(types.SigningAlgorithmSpecRsassaPssSha384, "", []byte("x"))},
		"kms:MessageType": {ofKind(types.KeySpecEccNistP256, signVerify), "kms:Sign", "RAW", "", // the default counts
			sign(types.SigningAlgorithmSpecEcdsaSha256, "", make([]byte, 32)), sign(types.SigningAlgorithmSpecEcdsaSha256, types.MessageTypeDigest, make([]byte, 32))},
		"kms:MacAlgorithm": {ofKind(types.KeySpecHmac256, generateMAC), "kms:GenerateMac", "HMAC_SHA_256", "HMAC_SHA_512",
			mac(types.MacAlgorithmSpecHmacSha256), mac(types.MacAlgorithmSpecHmacSha256)},
		"kms:KeyAgreementAlgorithm": {ofKind(types.KeySpecEccNistP256, agreement), "kms:DeriveSharedSecret", "ECDH", "OTHER", derive, derive},
		"kms:DataKeyPairSpec": {ofKind(types.KeySpecSymmetricDefault, encryptDecrypt), "kms:GenerateDataKeyPair", "ECC_NIST_P256", "",
			pair(types.DataKeyPairSpecEccNistP256), pair(types.DataKeyPairSpecEccNistP384)},
		"kms:EncryptionAlgorithm": {ofKind(types.KeySpecRsa2048, encryptDecrypt), "kms:Encrypt", "RSAES_OAEP_SHA_256", "",
			encrypt(types.EncryptionAlgorithmSpecRsaesOaepSha256), encrypt(types.EncryptionAlgorithmSpecRsaesOaepSha1)},
		"kms:KeySpec": {ofKind(types.KeySpecEccNistP384, signVerify), "kms:Sign", "ECC_NIST_P384", "ECC_NIST_P256",
			sign(types.SigningAlgorithmSpecEcdsaSha384, "", []byte("x")), sign(types.SigningAlgorithmSpecEcdsaSha384, "", []byte("x"))},
		"kms:KeyUsage": {ofKind(types.KeySpecEccNistP384, signVerify), "kms:Sign", "SIGN_VERIFY", "KEY_AGREEMENT",
			sign(types.SigningAlgorithmSpecEcdsaSha384, "", []byte("x")), sign(types.SigningAlgorithmSpecEcdsaSha384, "", []byte("x"))},
	} {
		t.Run(name, func(t *testing.T) {
			key := func(value string) string {
				condition := `{"StringEquals":{"` + name + `":"` + value + `"}}`
				return w.key(row.kind, withPolicy(keyPolicy(statement("Allow", role, row.action, condition))))
			}
			require.NoError(t, row.allowed(key(row.met)))
			unmet := row.met
			if row.unmet != "" {
				unmet = row.unmet
			}
			fails(t, row.denied(key(unmet)), "AccessDeniedException", "")
		})
	}
}
