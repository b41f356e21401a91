package differential_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"strings"
)

// granting is CreateGrant's parameters with others.
func granting(more ...any) object {
	return ofKey("create", append([]any{"GranteePrincipal", root, "Operations", []any{"Decrypt"}}, more...)...)
}

// retirer is the account's own root: ListRetirableGrants is about that account's.
func retirer(m memory) any {
	arn, err := m.at("create.KeyMetadata.Arn")
	if parts := strings.Split(arn.(string), ":"); err == nil && len(parts) > 4 {
		return "arn:aws:iam::" + parts[4] + ":root"
	}
	return ""
}

var grantSteps = []step{
	{name: "create", operation: "CreateKey", in: object{}},
	{name: "grant", operation: "CreateGrant", in: granting("Name", "g", "RetiringPrincipal", retirer, "Constraints", object{"EncryptionContextSubset": object{"a": "b"}})},
	{name: "grant again by name", operation: "CreateGrant", in: granting("Name", "g", "RetiringPrincipal", retirer, "Constraints", object{"EncryptionContextSubset": object{"a": "b"}})},
	{name: "list", operation: "ListGrants", in: ofKey("create")},
	{name: "list by id", operation: "ListGrants", in: ofKey("create", "GrantId", "$grant.GrantId")},
	{name: "list by an unknown id", operation: "ListGrants", in: ofKey("create", "GrantId", strings.Repeat("0", 64))},
	{name: "list of an unknown key", operation: "ListGrants", in: object{"KeyId": unknownID}},
	{name: "list retirable", operation: "ListRetirableGrants", in: object{"RetiringPrincipal": retirer}},
	{name: "list retirable by nobody", operation: "ListRetirableGrants", in: object{}},
	{name: "retire", operation: "RetireGrant", in: object{"GrantToken": "$grant.GrantToken"}},
	{name: "retire without token and id", operation: "RetireGrant", in: object{}},
	{name: "list after that", operation: "ListGrants", in: ofKey("create")},
	{name: "another grant", operation: "CreateGrant", in: granting()},
	{name: "revoke", operation: "RevokeGrant", in: ofKey("create", "GrantId", "$another grant.GrantId")},
	{name: "revoke twice", operation: "RevokeGrant", in: ofKey("create", "GrantId", "$another grant.GrantId")},
	{name: "last grant", operation: "CreateGrant", in: granting()},
	{name: "revoke, dry run", operation: "RevokeGrant", in: ofKey("create", "GrantId", "$last grant.GrantId", "DryRun", true)},
	{name: "grant without operations", operation: "CreateGrant", in: granting("Operations", []any{})},
	{name: "grant an unknown operation", operation: "CreateGrant", in: granting("Operations", []any{"Fly"})},
	{name: "grant what the key can't do", operation: "CreateGrant", in: granting("Operations", []any{"Sign"})},
	{name: "grant to nobody", operation: "CreateGrant", in: ofKey("create", "Operations", []any{"Decrypt"})},
	{name: "grant to a malformed ARN", operation: "CreateGrant", in: granting("GranteePrincipal", "nobody")},
	{name: "grant, dry run", operation: "CreateGrant", in: granting("DryRun", true)},
	{name: "encrypt with a bad token", operation: "Encrypt", in: ofKey("create", "Plaintext", blob("x"), "GrantTokens", []any{"nonsense"})},
}

// wrapped is key material of 32 bytes of a letter, wrapped for an import with the
// parameters that a step got.
func wrapped(step, letter string) func(memory) any {
	return func(m memory) any {
		public, err := m.at(step + ".PublicKey")
		if err != nil {
			return ""
		}
		der, err := base64.StdEncoding.DecodeString(public.(string))
		if err != nil {
			return ""
		}
		key, err := x509.ParsePKIXPublicKey(der)
		if err != nil {
			return ""
		}
		sealed, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, key.(*rsa.PublicKey), []byte(strings.Repeat(letter, 32)), nil)
		if err != nil {
			return ""
		}
		return base64.StdEncoding.EncodeToString(sealed)
	}
}

// importing is ImportKeyMaterial's parameters with others.
func importing(step, letter string, more ...any) object {
	return ofKey("create", append([]any{
		"ImportToken", "$" + step + ".ImportToken", "EncryptedKeyMaterial", wrapped(step, letter),
		"ExpirationModel", "KEY_MATERIAL_DOES_NOT_EXPIRE",
	}, more...)...)
}

func forImport(key string, more ...any) object {
	return ofKey(key, append([]any{"WrappingAlgorithm", "RSAES_OAEP_SHA_256", "WrappingKeySpec", "RSA_2048"}, more...)...)
}

var importSteps = []step{
	{name: "create", operation: "CreateKey", in: object{"Origin": "EXTERNAL"}},
	{name: "encrypt without material", operation: "Encrypt", in: ofKey("create", "Plaintext", blob("x"))},
	{name: "enable without material", operation: "EnableKey", in: ofKey("create")},
	{name: "parameters", operation: "GetParametersForImport", in: forImport("create")},
	{name: "parameters of an unknown algorithm", operation: "GetParametersForImport", in: forImport("create", "WrappingAlgorithm", "ROT13")},
	{name: "parameters of SM2", operation: "GetParametersForImport", in: forImport("create", "WrappingAlgorithm", "SM2PKE")},
	{name: "import with a bad token", operation: "ImportKeyMaterial", in: importing("parameters", "m", "ImportToken", blob("nonsense"))},
	{name: "import nonsense", operation: "ImportKeyMaterial", in: importing("parameters", "m", "EncryptedKeyMaterial", blob("nonsense"))},
	{name: "import that expires without a date", operation: "ImportKeyMaterial", in: importing("parameters", "m", "ExpirationModel", "KEY_MATERIAL_EXPIRES")},
	{name: "import", operation: "ImportKeyMaterial", in: importing("parameters", "m")},
	{name: "describe", operation: "DescribeKey", in: ofKey("create")},
	{name: "encrypt", operation: "Encrypt", in: ofKey("create", "Plaintext", blob(chosen))},
	{name: "import new material", operation: "ImportKeyMaterial", in: importing("parameters", "o", "ImportType", "NEW_KEY_MATERIAL")},
	{name: "rotate to it", operation: "RotateKeyOnDemand", in: ofKey("create")},
	{name: "rotate once more", operation: "RotateKeyOnDemand", in: ofKey("create")},
	{name: "rotate by itself", operation: "EnableKeyRotation", in: ofKey("create")},
	{name: "delete", operation: "DeleteImportedKeyMaterial", in: ofKey("create")},
	{name: "describe without material", operation: "DescribeKey", in: ofKey("create")},
	{name: "decrypt without material", operation: "Decrypt", in: object{"CiphertextBlob": "$encrypt.CiphertextBlob"}},
	{name: "import other material", operation: "ImportKeyMaterial", in: importing("parameters", "n")},
	{name: "create another", operation: "CreateKey", in: object{"Origin": "EXTERNAL"}},
	{name: "parameters of the other", operation: "GetParametersForImport", in: forImport("create another")},
	{name: "import into the other", operation: "ImportKeyMaterial", in: importing("parameters of the other", "m", "KeyId", "$create another.KeyMetadata.KeyId")},
	{name: "delete that", operation: "DeleteImportedKeyMaterial", in: ofKey("create another")},
	{name: "import that again", operation: "ImportKeyMaterial", in: importing("parameters of the other", "m", "KeyId", "$create another.KeyMetadata.KeyId")},
	{name: "encrypt with what was imported again", operation: "Encrypt", in: ofKey("create another", "Plaintext", blob(chosen))},
	{name: "key of KMS", operation: "CreateKey", in: object{}},
	{name: "parameters of a key of KMS", operation: "GetParametersForImport", in: forImport("key of KMS")},
	{name: "delete material of a key of KMS", operation: "DeleteImportedKeyMaterial", in: ofKey("key of KMS")},
}
