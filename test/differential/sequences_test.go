package differential_test

import (
	"encoding/base64"
	"strings"
)

// sequence is a list of calls of one account.
type sequence struct {
	name  string
	steps []step
}

// step is a call; later ones refer to its answer by its name.
type step struct {
	name, operation string
	in              object
	region          string // "" means homeRegion
}

// blob is data as the protocol carries it.
func blob(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// damaged is the blob at a reference with one bit turned.
func damaged(path string) func(memory) any {
	return func(m memory) any {
		text, err := m.at(path)
		data, err2 := base64.StdEncoding.DecodeString(text.(string))
		if err != nil || err2 != nil || len(data) == 0 {
			return ""
		}
		data[len(data)-1] ^= 1
		return base64.StdEncoding.EncodeToString(data)
	}
}

const (
	unknownID = "11111111-2222-3333-4444-555555555555"
	root      = "arn:aws:iam::000000000000:root"
	policy    = `{"Version":"2012-10-17","Statement":[{"Sid":"All","Effect":"Allow","Principal":{"AWS":"*"},"Action":"kms:*","Resource":"*"}]}`
)

// ofKey is a parameter KeyId with others.
func ofKey(step string, more ...any) object {
	in := object{"KeyId": "$" + step + ".KeyMetadata.KeyId"}
	for i := 0; i+1 < len(more); i += 2 {
		in[more[i].(string)] = more[i+1]
	}
	return in
}

func tag(key, value string) any { return object{"TagKey": key, "TagValue": value} }

var sequences = []sequence{
	{"keys", []step{
		{name: "create", operation: "CreateKey", in: object{"Description": "d", "Tags": []any{tag("a", "b")}}},
		{name: "describe", operation: "DescribeKey", in: ofKey("create")},
		{name: "describe by ARN", operation: "DescribeKey", in: object{"KeyId": "$create.KeyMetadata.Arn"}},
		{name: "describe an unknown key", operation: "DescribeKey", in: object{"KeyId": unknownID}},
		{name: "describe a malformed id", operation: "DescribeKey", in: object{"KeyId": "nonsense"}},
		{name: "describe without KeyId", operation: "DescribeKey", in: object{}},
		{name: "list", operation: "ListKeys", in: object{}},
		{name: "describe in another Region", operation: "DescribeKey", in: object{"KeyId": "$create.KeyMetadata.Arn"}, region: "eu-west-1"},
		{name: "create an unknown spec", operation: "CreateKey", in: object{"KeySpec": "AES_512"}},
		{name: "create RSA without usage", operation: "CreateKey", in: object{"KeySpec": "RSA_2048"}},
		{name: "create RSA for agreement", operation: "CreateKey", in: object{"KeySpec": "RSA_2048", "KeyUsage": "KEY_AGREEMENT"}},
		{name: "create with a reserved tag", operation: "CreateKey", in: object{"Tags": []any{tag("aws:a", "b")}}},
		{name: "create with a tag twice", operation: "CreateKey", in: object{"Tags": []any{tag("a", "b"), tag("a", "c")}}},
		{name: "create with a policy that is no JSON", operation: "CreateKey", in: object{"Policy": "nonsense"}},
		{name: "list with a limit of 0", operation: "ListKeys", in: object{"Limit": 0}},
		{name: "list with a bad marker", operation: "ListKeys", in: object{"Marker": "nonsense"}},
		{name: "describe again", operation: "UpdateKeyDescription", in: ofKey("create", "Description", "e")},
		{name: "see the description", operation: "DescribeKey", in: ofKey("create")},
		{name: "disable", operation: "DisableKey", in: ofKey("create")},
		{name: "disable an unknown key", operation: "DisableKey", in: object{"KeyId": unknownID}},
		{name: "see it disabled", operation: "DescribeKey", in: ofKey("create")},
		{name: "encrypt while disabled", operation: "Encrypt", in: ofKey("create", "Plaintext", blob("x"))},
		{name: "enable", operation: "EnableKey", in: ofKey("create")},
		{name: "enable an unknown key", operation: "EnableKey", in: object{"KeyId": unknownID}},
		{name: "unknown operation", operation: "EnableEverything", in: object{}},
		{name: "describe too long", operation: "UpdateKeyDescription", in: ofKey("create", "Description", strings.Repeat("d", 8193))},
	}},
	{"deletion", []step{
		{name: "create", operation: "CreateKey", in: object{}},
		{name: "cancel what is not scheduled", operation: "CancelKeyDeletion", in: ofKey("create")},
		{name: "schedule in 6 days", operation: "ScheduleKeyDeletion", in: ofKey("create", "PendingWindowInDays", 6)},
		{name: "schedule", operation: "ScheduleKeyDeletion", in: ofKey("create", "PendingWindowInDays", 7)},
		{name: "schedule twice", operation: "ScheduleKeyDeletion", in: ofKey("create")},
		{name: "see it pending", operation: "DescribeKey", in: ofKey("create")},
		{name: "encrypt while pending", operation: "Encrypt", in: ofKey("create", "Plaintext", blob("x"))},
		{name: "enable while pending", operation: "EnableKey", in: ofKey("create")},
		{name: "tag while pending", operation: "TagResource", in: ofKey("create", "Tags", []any{tag("a", "b")})},
		{name: "cancel", operation: "CancelKeyDeletion", in: ofKey("create")},
		{name: "see it disabled", operation: "DescribeKey", in: ofKey("create")},
		{name: "schedule an unknown key", operation: "ScheduleKeyDeletion", in: object{"KeyId": unknownID}},
	}},
	{"policies", []step{
		{name: "create", operation: "CreateKey", in: object{}},
		{name: "get the default", operation: "GetKeyPolicy", in: ofKey("create")},
		{name: "get by name", operation: "GetKeyPolicy", in: ofKey("create", "PolicyName", "default")},
		{name: "get another name", operation: "GetKeyPolicy", in: ofKey("create", "PolicyName", "other")},
		{name: "list", operation: "ListKeyPolicies", in: ofKey("create")},
		{name: "list of an unknown key", operation: "ListKeyPolicies", in: object{"KeyId": unknownID}},
		{name: "put", operation: "PutKeyPolicy", in: ofKey("create", "PolicyName", "default", "Policy", policy)},
		{name: "get what was put", operation: "GetKeyPolicy", in: ofKey("create", "PolicyName", "default")},
		{name: "put without a name", operation: "PutKeyPolicy", in: ofKey("create", "Policy", policy)},
		{name: "put another name", operation: "PutKeyPolicy", in: ofKey("create", "PolicyName", "other", "Policy", policy)},
		{name: "put what is no JSON", operation: "PutKeyPolicy", in: ofKey("create", "PolicyName", "default", "Policy", "nonsense")},
		{name: "put what locks everyone out", operation: "PutKeyPolicy", in: ofKey("create", "PolicyName", "default", "Policy", `{"Version":"2012-10-17","Statement":[]}`)},
	}},
	{"tags", []step{
		{name: "create", operation: "CreateKey", in: object{}},
		{name: "tag", operation: "TagResource", in: ofKey("create", "Tags", []any{tag("a", "1"), tag("b", "2")})},
		{name: "tag over it", operation: "TagResource", in: ofKey("create", "Tags", []any{tag("a", "3")})},
		{name: "tag with a reserved key", operation: "TagResource", in: ofKey("create", "Tags", []any{tag("aws:a", "b")})},
		{name: "tag with a key twice", operation: "TagResource", in: ofKey("create", "Tags", []any{tag("c", "1"), tag("c", "2")})},
		{name: "list", operation: "ListResourceTags", in: ofKey("create")},
		{name: "list an unknown key", operation: "ListResourceTags", in: object{"KeyId": unknownID}},
		{name: "untag", operation: "UntagResource", in: ofKey("create", "TagKeys", []any{"a", "none"})},
		{name: "untag an unknown key", operation: "UntagResource", in: object{"KeyId": unknownID, "TagKeys": []any{"a"}}},
		{name: "list what is left", operation: "ListResourceTags", in: ofKey("create")},
		{name: "tag with an empty key", operation: "TagResource", in: ofKey("create", "Tags", []any{tag("", "b")})},
	}},
	{"aliases", []step{
		{name: "create", operation: "CreateKey", in: object{}},
		{name: "create another", operation: "CreateKey", in: object{}},
		{name: "alias", operation: "CreateAlias", in: object{"AliasName": "alias/a", "TargetKeyId": "$create.KeyMetadata.KeyId"}},
		{name: "alias twice", operation: "CreateAlias", in: object{"AliasName": "alias/a", "TargetKeyId": "$create.KeyMetadata.KeyId"}},
		{name: "list of a key", operation: "ListAliases", in: ofKey("create")},
		{name: "alias without prefix", operation: "CreateAlias", in: object{"AliasName": "a", "TargetKeyId": "$create.KeyMetadata.KeyId"}},
		{name: "alias of AWS", operation: "CreateAlias", in: object{"AliasName": "alias/aws/a", "TargetKeyId": "$create.KeyMetadata.KeyId"}},
		{name: "alias with a bad character", operation: "CreateAlias", in: object{"AliasName": "alias/a!", "TargetKeyId": "$create.KeyMetadata.KeyId"}},
		{name: "alias of an unknown key", operation: "CreateAlias", in: object{"AliasName": "alias/b", "TargetKeyId": unknownID}},
		{name: "list of an unknown key", operation: "ListAliases", in: object{"KeyId": unknownID}},
		{name: "alias of an alias", operation: "CreateAlias", in: object{"AliasName": "alias/b", "TargetKeyId": "alias/a"}},
		{name: "describe by alias", operation: "DescribeKey", in: object{"KeyId": "alias/a"}},
		{name: "describe by an unknown alias", operation: "DescribeKey", in: object{"KeyId": "alias/none"}},
		{name: "enable by alias", operation: "EnableKey", in: object{"KeyId": "alias/a"}},
		{name: "encrypt by alias", operation: "Encrypt", in: object{"KeyId": "alias/a", "Plaintext": blob("x")}},
		{name: "move", operation: "UpdateAlias", in: object{"AliasName": "alias/a", "TargetKeyId": "$create another.KeyMetadata.KeyId"}},
		{name: "move an unknown alias", operation: "UpdateAlias", in: object{"AliasName": "alias/none", "TargetKeyId": "$create.KeyMetadata.KeyId"}},
		{name: "list of the other key", operation: "ListAliases", in: ofKey("create another")},
		{name: "move back, to an ARN", operation: "UpdateAlias", in: object{"AliasName": "alias/a", "TargetKeyId": "$create.KeyMetadata.Arn"}},
		{name: "describe what was moved to an ARN", operation: "DescribeKey", in: object{"KeyId": "alias/a"}},
		{name: "create one that signs", operation: "CreateKey", in: object{"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}},
		{name: "move to one that signs", operation: "UpdateAlias", in: object{"AliasName": "alias/a", "TargetKeyId": "$create one that signs.KeyMetadata.KeyId"}},
		{name: "delete", operation: "DeleteAlias", in: object{"AliasName": "alias/a"}},
		{name: "delete twice", operation: "DeleteAlias", in: object{"AliasName": "alias/a"}},
	}},
	{"encryption", []step{
		{name: "create", operation: "CreateKey", in: object{}},
		{name: "create another", operation: "CreateKey", in: object{}},
		{name: "encrypt", operation: "Encrypt", in: ofKey("create", "Plaintext", blob(chosen), "EncryptionContext", object{"a": "b"})},
		{name: "decrypt", operation: "Decrypt", in: object{"CiphertextBlob": "$encrypt.CiphertextBlob", "EncryptionContext": object{"a": "b"}}},
		{name: "decrypt without context", operation: "Decrypt", in: object{"CiphertextBlob": "$encrypt.CiphertextBlob"}},
		{name: "decrypt with another context", operation: "Decrypt", in: object{"CiphertextBlob": "$encrypt.CiphertextBlob", "EncryptionContext": object{"a": "c"}}},
		{name: "decrypt with an ambiguous context", operation: "Decrypt", in: object{"CiphertextBlob": "$encrypt.CiphertextBlob", "EncryptionContext": object{"ab": ""}}},
		{name: "decrypt with another key", operation: "Decrypt", in: object{"CiphertextBlob": "$encrypt.CiphertextBlob", "EncryptionContext": object{"a": "b"}, "KeyId": "$create another.KeyMetadata.KeyId"}},
		{name: "decrypt a damaged ciphertext", operation: "Decrypt", in: object{"CiphertextBlob": damaged("encrypt.CiphertextBlob"), "EncryptionContext": object{"a": "b"}}},
		{name: "decrypt nonsense", operation: "Decrypt", in: object{"CiphertextBlob": blob("nonsense")}},
		{name: "encrypt nothing", operation: "Encrypt", in: ofKey("create", "Plaintext", "")},
		{name: "encrypt 4096 bytes", operation: "Encrypt", in: ofKey("create", "Plaintext", blob(strings.Repeat("x", 4096)))},
		{name: "encrypt 4097 bytes", operation: "Encrypt", in: ofKey("create", "Plaintext", blob(strings.Repeat("x", 4097)))},
		{name: "encrypt with RSA's algorithm", operation: "Encrypt", in: ofKey("create", "Plaintext", blob("x"), "EncryptionAlgorithm", "RSAES_OAEP_SHA_256")},
		{name: "encrypt with an unknown algorithm", operation: "Encrypt", in: ofKey("create", "Plaintext", blob("x"), "EncryptionAlgorithm", "ROT13")},
		{name: "encrypt, dry run", operation: "Encrypt", in: ofKey("create", "Plaintext", blob("x"), "DryRun", true)},
		{name: "encrypt with an unknown key", operation: "Encrypt", in: object{"KeyId": unknownID, "Plaintext": blob("x")}},
		{name: "encrypt anew", operation: "ReEncrypt", in: object{"CiphertextBlob": "$encrypt.CiphertextBlob", "SourceEncryptionContext": object{"a": "b"}, "SourceKeyId": "$create.KeyMetadata.KeyId", "DestinationKeyId": "$create another.KeyMetadata.KeyId"}},
		{name: "decrypt that", operation: "Decrypt", in: object{"CiphertextBlob": "$encrypt anew.CiphertextBlob"}},
		{name: "encrypt anew without source", operation: "ReEncrypt", in: object{"CiphertextBlob": "$encrypt.CiphertextBlob", "SourceEncryptionContext": object{"a": "b"}, "DestinationKeyId": "$create another.KeyMetadata.KeyId"}},
		{name: "encrypt anew without context", operation: "ReEncrypt", in: object{"CiphertextBlob": "$encrypt.CiphertextBlob", "DestinationKeyId": "$create another.KeyMetadata.KeyId"}},
		{name: "random", operation: "GenerateRandom", in: object{"NumberOfBytes": 7}},
		{name: "random without size", operation: "GenerateRandom", in: object{}},
		{name: "random, 0 bytes", operation: "GenerateRandom", in: object{"NumberOfBytes": 0}},
		{name: "random, 1025 bytes", operation: "GenerateRandom", in: object{"NumberOfBytes": 1025}},
	}},
	{"RSA encryption", []step{
		{name: "create", operation: "CreateKey", in: object{"KeySpec": "RSA_2048", "KeyUsage": "ENCRYPT_DECRYPT"}},
		{name: "encrypt", operation: "Encrypt", in: ofKey("create", "Plaintext", blob(chosen), "EncryptionAlgorithm", "RSAES_OAEP_SHA_256")},
		{name: "decrypt", operation: "Decrypt", in: ofKey("create", "CiphertextBlob", "$encrypt.CiphertextBlob", "EncryptionAlgorithm", "RSAES_OAEP_SHA_256")},
		{name: "decrypt without KeyId", operation: "Decrypt", in: object{"CiphertextBlob": "$encrypt.CiphertextBlob", "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}},
		{name: "encrypt without algorithm", operation: "Encrypt", in: ofKey("create", "Plaintext", blob(chosen))},
		{name: "encrypt 191 bytes", operation: "Encrypt", in: ofKey("create", "Plaintext", blob(strings.Repeat("x", 191)), "EncryptionAlgorithm", "RSAES_OAEP_SHA_256")},
		{name: "sign", operation: "Sign", in: ofKey("create", "Message", blob("m"), "SigningAlgorithm", "RSASSA_PSS_SHA_256")},
		{name: "make a data key", operation: "GenerateDataKey", in: ofKey("create", "KeySpec", "AES_256")},
		{name: "public key", operation: "GetPublicKey", in: ofKey("create")},
	}},
	{"data keys", []step{
		{name: "create", operation: "CreateKey", in: object{}},
		{name: "AES_128", operation: "GenerateDataKey", in: ofKey("create", "KeySpec", "AES_128")},
		{name: "7 bytes", operation: "GenerateDataKey", in: ofKey("create", "NumberOfBytes", 7)},
		{name: "decrypt 7 bytes", operation: "Decrypt", in: object{"CiphertextBlob": "$7 bytes.CiphertextBlob"}},
		{name: "no size", operation: "GenerateDataKey", in: ofKey("create")},
		{name: "two sizes", operation: "GenerateDataKey", in: ofKey("create", "NumberOfBytes", 7, "KeySpec", "AES_256")},
		{name: "1025 bytes", operation: "GenerateDataKey", in: ofKey("create", "NumberOfBytes", 1025)},
		{name: "dry run", operation: "GenerateDataKey", in: ofKey("create", "KeySpec", "AES_256", "DryRun", true)},
		{name: "without plaintext", operation: "GenerateDataKeyWithoutPlaintext", in: ofKey("create", "KeySpec", "AES_256")},
		{name: "without plaintext of an unknown key", operation: "GenerateDataKeyWithoutPlaintext", in: object{"KeyId": unknownID, "KeySpec": "AES_256"}},
		{name: "pair", operation: "GenerateDataKeyPair", in: ofKey("create", "KeyPairSpec", "ECC_NIST_P256")},
		{name: "pair of Ed25519", operation: "GenerateDataKeyPair", in: ofKey("create", "KeyPairSpec", "ECC_NIST_EDWARDS25519")},
		{name: "pair of an unknown spec", operation: "GenerateDataKeyPair", in: ofKey("create", "KeyPairSpec", "AES_256")},
		{name: "pair, dry run", operation: "GenerateDataKeyPair", in: ofKey("create", "KeyPairSpec", "RSA_2048", "DryRun", true)},
		{name: "pair without plaintext", operation: "GenerateDataKeyPairWithoutPlaintext", in: ofKey("create", "KeyPairSpec", "ECC_NIST_P256")},
		{name: "pair without plaintext of an unknown key", operation: "GenerateDataKeyPairWithoutPlaintext", in: object{"KeyId": unknownID, "KeyPairSpec": "ECC_NIST_P256"}},
	}},
	{"signatures", []step{
		{name: "create", operation: "CreateKey", in: object{"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}},
		{name: "public key", operation: "GetPublicKey", in: ofKey("create")},
		{name: "public key of an unknown key", operation: "GetPublicKey", in: object{"KeyId": unknownID}},
		{name: "sign", operation: "Sign", in: ofKey("create", "Message", blob("m"), "SigningAlgorithm", "ECDSA_SHA_256")},
		{name: "verify", operation: "Verify", in: ofKey("create", "Message", blob("m"), "SigningAlgorithm", "ECDSA_SHA_256", "Signature", "$sign.Signature")},
		{name: "verify another message", operation: "Verify", in: ofKey("create", "Message", blob("n"), "SigningAlgorithm", "ECDSA_SHA_256", "Signature", "$sign.Signature")},
		{name: "sign with RSA's algorithm", operation: "Sign", in: ofKey("create", "Message", blob("m"), "SigningAlgorithm", "RSASSA_PSS_SHA_256")},
		{name: "sign a digest", operation: "Sign", in: ofKey("create", "Message", blob(strings.Repeat("d", 32)), "MessageType", "DIGEST", "SigningAlgorithm", "ECDSA_SHA_256")},
		{name: "sign a digest of a wrong length", operation: "Sign", in: ofKey("create", "Message", blob("d"), "MessageType", "DIGEST", "SigningAlgorithm", "ECDSA_SHA_256")},
		{name: "sign 4097 bytes", operation: "Sign", in: ofKey("create", "Message", blob(strings.Repeat("m", 4097)), "SigningAlgorithm", "ECDSA_SHA_256")},
		{name: "sign, dry run", operation: "Sign", in: ofKey("create", "Message", blob("m"), "SigningAlgorithm", "ECDSA_SHA_256", "DryRun", true)},
		{name: "encrypt", operation: "Encrypt", in: ofKey("create", "Plaintext", blob("x"))},
		{name: "rotate", operation: "EnableKeyRotation", in: ofKey("create")},
		{name: "rotate on demand", operation: "RotateKeyOnDemand", in: ofKey("create")},
		{name: "symmetric key", operation: "CreateKey", in: object{}},
		{name: "public key of a symmetric key", operation: "GetPublicKey", in: ofKey("symmetric key")},
		{name: "sign with a symmetric key", operation: "Sign", in: ofKey("symmetric key", "Message", blob("m"), "SigningAlgorithm", "ECDSA_SHA_256")},
		{name: "create Ed25519", operation: "CreateKey", in: object{"KeySpec": "ECC_NIST_EDWARDS25519", "KeyUsage": "SIGN_VERIFY"}},
		{name: "create ML-DSA", operation: "CreateKey", in: object{"KeySpec": "ML_DSA_44", "KeyUsage": "SIGN_VERIFY"}},
	}},
	{"MACs", []step{
		{name: "create", operation: "CreateKey", in: object{"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}},
		{name: "make", operation: "GenerateMac", in: ofKey("create", "Message", blob("m"), "MacAlgorithm", "HMAC_SHA_256")},
		{name: "verify", operation: "VerifyMac", in: ofKey("create", "Message", blob("m"), "MacAlgorithm", "HMAC_SHA_256", "Mac", "$make.Mac")},
		{name: "verify another message", operation: "VerifyMac", in: ofKey("create", "Message", blob("n"), "MacAlgorithm", "HMAC_SHA_256", "Mac", "$make.Mac")},
		{name: "make with another algorithm", operation: "GenerateMac", in: ofKey("create", "Message", blob("m"), "MacAlgorithm", "HMAC_SHA_512")},
		{name: "make with an unknown algorithm", operation: "GenerateMac", in: ofKey("create", "Message", blob("m"), "MacAlgorithm", "CRC32")},
		{name: "make of an empty message", operation: "GenerateMac", in: ofKey("create", "Message", "", "MacAlgorithm", "HMAC_SHA_256")},
		{name: "encrypt", operation: "Encrypt", in: ofKey("create", "Plaintext", blob("x"))},
	}},
	{"key agreement", []step{
		{name: "create", operation: "CreateKey", in: object{"KeySpec": "ECC_NIST_P256", "KeyUsage": "KEY_AGREEMENT"}},
		{name: "create the peer", operation: "CreateKey", in: object{"KeySpec": "ECC_NIST_P256", "KeyUsage": "KEY_AGREEMENT"}},
		{name: "peer's public key", operation: "GetPublicKey", in: ofKey("create the peer")},
		{name: "derive", operation: "DeriveSharedSecret", in: ofKey("create", "KeyAgreementAlgorithm", "ECDH", "PublicKey", "$peer's public key.PublicKey")},
		{name: "derive with nonsense", operation: "DeriveSharedSecret", in: ofKey("create", "KeyAgreementAlgorithm", "ECDH", "PublicKey", blob("nonsense"))},
		{name: "derive with an unknown algorithm", operation: "DeriveSharedSecret", in: ofKey("create", "KeyAgreementAlgorithm", "DH", "PublicKey", "$peer's public key.PublicKey")},
		{name: "sign", operation: "Sign", in: ofKey("create", "Message", blob("m"), "SigningAlgorithm", "ECDSA_SHA_256")},
		{name: "disable", operation: "DisableKey", in: ofKey("create")},
		{name: "derive while disabled", operation: "DeriveSharedSecret", in: ofKey("create", "KeyAgreementAlgorithm", "ECDH", "PublicKey", "$peer's public key.PublicKey")},
	}},
	{"rotation", []step{
		{name: "create", operation: "CreateKey", in: object{}},
		{name: "status", operation: "GetKeyRotationStatus", in: ofKey("create")},
		{name: "status of an unknown key", operation: "GetKeyRotationStatus", in: object{"KeyId": unknownID}},
		{name: "enable", operation: "EnableKeyRotation", in: ofKey("create", "RotationPeriodInDays", 90)},
		{name: "status when enabled", operation: "GetKeyRotationStatus", in: ofKey("create")},
		{name: "encrypt", operation: "Encrypt", in: ofKey("create", "Plaintext", blob(chosen))},
		{name: "on demand", operation: "RotateKeyOnDemand", in: ofKey("create")},
		{name: "on demand of an unknown key", operation: "RotateKeyOnDemand", in: object{"KeyId": unknownID}},
		{name: "status after that", operation: "GetKeyRotationStatus", in: ofKey("create")},
		{name: "decrypt what was before", operation: "Decrypt", in: object{"CiphertextBlob": "$encrypt.CiphertextBlob"}},
		{name: "list of an unknown key", operation: "ListKeyRotations", in: object{"KeyId": unknownID}},
		{name: "disable", operation: "DisableKeyRotation", in: ofKey("create")},
		{name: "disable of an unknown key", operation: "DisableKeyRotation", in: object{"KeyId": unknownID}},
		{name: "status when disabled", operation: "GetKeyRotationStatus", in: ofKey("create")},
		{name: "enable every 89 days", operation: "EnableKeyRotation", in: ofKey("create", "RotationPeriodInDays", 89)},
		{name: "disable the key", operation: "DisableKey", in: ofKey("create")},
		{name: "on demand when the key is disabled", operation: "RotateKeyOnDemand", in: ofKey("create")},
	}},
	{"grants", grantSteps},
	{"imported material", importSteps},
	{"multi-Region keys", []step{
		{name: "create", operation: "CreateKey", in: object{"MultiRegion": true, "Description": "d"}},
		{name: "replicate", operation: "ReplicateKey", in: ofKey("create", "ReplicaRegion", "eu-west-1", "Description", "e", "Tags", []any{tag("a", "b")})},
		{name: "replicate twice", operation: "ReplicateKey", in: ofKey("create", "ReplicaRegion", "eu-west-1")},
		{name: "replicate to its own Region", operation: "ReplicateKey", in: ofKey("create", "ReplicaRegion", homeRegion)},
		{name: "describe the primary", operation: "DescribeKey", in: ofKey("create")},
		{name: "describe the replica", operation: "DescribeKey", in: ofKey("create"), region: "eu-west-1"},
		{name: "replicate the replica", operation: "ReplicateKey", in: ofKey("create", "ReplicaRegion", "eu-west-2"), region: "eu-west-1"},
		{name: "encrypt", operation: "Encrypt", in: ofKey("create", "Plaintext", blob(chosen))},
		{name: "decrypt with the replica", operation: "Decrypt", in: object{"CiphertextBlob": "$encrypt.CiphertextBlob"}, region: "eu-west-1"},
		{name: "policy of the replica", operation: "GetKeyPolicy", in: ofKey("create"), region: "eu-west-1"},
		{name: "single-Region key", operation: "CreateKey", in: object{}},
		{name: "replicate a single-Region key", operation: "ReplicateKey", in: ofKey("single-Region key", "ReplicaRegion", "eu-west-1")},
		{name: "delete the primary", operation: "ScheduleKeyDeletion", in: ofKey("create")},
	}},
}
