"""One valid call of each operation of KMS that boto3 knows: as the account's root
it succeeds, with exactly the fields listed, and its answer is as the model says;
as a role without permissions it is denied, by the name of its action."""

import os
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from case import DELEGATE, ROOT, Case, document, method, offered, unique


class Subject:
    """What the calls are about: keys, aliases and what was made with them."""

    def __init__(self, case):
        self.case, self.kms = case, case.kms

    def key(self, **parameters):
        return self.case.key(**parameters)

    def of(self, spec, usage):
        return self.key(KeySpec=spec, KeyUsage=usage)

    def pending(self):
        key = self.key()
        self.kms.schedule_key_deletion(KeyId=key)
        return key

    def rotated(self):
        key = self.key()
        self.kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
        self.kms.rotate_key_on_demand(KeyId=key)
        return key

    def alias(self):
        name = unique("alias/python")
        self.kms.create_alias(AliasName=name, TargetKeyId=self.key())
        return name

    def ciphertext(self):
        return self.kms.encrypt(KeyId=self.key(), Plaintext=b"secret")["CiphertextBlob"]

    def grant(self):
        key = self.key()
        made = self.kms.create_grant(KeyId=key, GranteePrincipal=ROOT, RetiringPrincipal=ROOT, Operations=["Decrypt"])
        return {"KeyId": key, "GrantId": made["GrantId"]}

    def signature(self):
        key = self.of("ECC_NIST_P256", "SIGN_VERIFY")
        call = {"KeyId": key, "Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"}
        return {**call, "Signature": self.kms.sign(**call)["Signature"]}

    def mac(self):
        call = {"KeyId": self.of("HMAC_256", "GENERATE_VERIFY_MAC"), "Message": b"m", "MacAlgorithm": "HMAC_SHA_256"}
        return {**call, "Mac": self.kms.generate_mac(**call)["Mac"]}

    def peer(self):
        return self.kms.get_public_key(KeyId=self.of("ECC_NIST_P256", "KEY_AGREEMENT"))["PublicKey"]

    def replicated(self, region="eu-west-1"):
        key = self.key(MultiRegion=True)
        self.kms.replicate_key(KeyId=key, ReplicaRegion=region)
        return {"KeyId": key, "PrimaryRegion": region}

    def external(self):
        """A key without material, and what imports some."""
        key = self.key(Origin="EXTERNAL")
        given = self.kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")
        oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
        wrapped = serialization.load_der_public_key(given["PublicKey"]).encrypt(os.urandom(32), oaep)
        return {
            "KeyId": key, "ImportToken": given["ImportToken"], "EncryptedKeyMaterial": wrapped,
            "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
        }  # fmt: skip

    def imported(self):
        call = self.external()
        self.kms.import_key_material(**call)
        return {"KeyId": call["KeyId"]}

    def proxy(self):
        """A key store outside of AWS."""
        return {
            "CustomKeyStoreName": unique("store"), "CustomKeyStoreType": "EXTERNAL_KEY_STORE",
            "XksProxyConnectivity": "PUBLIC_ENDPOINT", "XksProxyUriEndpoint": f"https://{unique('proxy')}.example.com",
            "XksProxyUriPath": "/kms/xks/v1",
            "XksProxyAuthenticationCredential": {
                "AccessKeyId": "ABCDEFGHIJKLMNOPQRST", "RawSecretAccessKey": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA==",
            },
        }  # fmt: skip

    def store(self, connected=False):
        store = {"CustomKeyStoreId": self.kms.create_custom_key_store(**self.proxy())["CustomKeyStoreId"]}
        if connected:
            self.kms.connect_custom_key_store(**store)
            deadline = time.monotonic() + 60
            while self.kms.describe_custom_key_stores(**store)["CustomKeyStores"][0]["ConnectionState"] != "CONNECTED":
                self.case.assertLess(time.monotonic(), deadline, "the store does not connect")
        return store

    def encapsulated(self):
        key = self.of("ML_KEM_768", "ENCAPSULATE_DECAPSULATE")
        made = self.kms.encapsulate(KeyId=key, EncapsulationAlgorithm="ML_KEM")
        return {"KeyId": key, "EncapsulationAlgorithm": "ML_KEM", "SharedSecretCiphertextBlob": made["SharedSecretCiphertextBlob"]}


# Each operation: a valid call, and the fields of its answer.
CALLS = {
    "CancelKeyDeletion": (lambda s: {"KeyId": s.pending()}, "KeyId"),
    "ConnectCustomKeyStore": (lambda s: s.store(), ""),
    "CreateAlias": (lambda s: {"AliasName": unique("alias/new"), "TargetKeyId": s.key()}, ""),
    "CreateCustomKeyStore": (lambda s: s.proxy(), "CustomKeyStoreId"),
    "CreateGrant": (lambda s: {"KeyId": s.key(), "GranteePrincipal": ROOT, "Operations": ["Decrypt"]}, "GrantId GrantToken"),
    "CreateKey": (lambda s: {}, "KeyMetadata"),
    "Decapsulate": (lambda s: s.encapsulated(), "KeyId SharedSecret EncapsulationAlgorithm"),
    "Decrypt": (lambda s: {"CiphertextBlob": s.ciphertext()}, "KeyId Plaintext EncryptionAlgorithm KeyMaterialId"),
    "DeleteAlias": (lambda s: {"AliasName": s.alias()}, ""),
    "DeleteCustomKeyStore": (lambda s: s.store(), ""),
    "DeleteImportedKeyMaterial": (lambda s: s.imported(), "KeyId KeyMaterialId"),
    "DeriveSharedSecret": (
        lambda s: {"KeyId": s.of("ECC_NIST_P256", "KEY_AGREEMENT"), "PublicKey": s.peer(), "KeyAgreementAlgorithm": "ECDH"},
        "KeyId SharedSecret KeyAgreementAlgorithm KeyOrigin",
    ),
    "DescribeCustomKeyStores": (lambda s: s.store(connected=True), "CustomKeyStores Truncated"),
    "DescribeKey": (lambda s: {"KeyId": s.key()}, "KeyMetadata"),
    "DisableKey": (lambda s: {"KeyId": s.key()}, ""),
    "DisableKeyRotation": (lambda s: {"KeyId": s.key()}, ""),
    "DisconnectCustomKeyStore": (lambda s: s.store(connected=True), ""),
    "EnableKey": (lambda s: {"KeyId": s.key()}, ""),
    "EnableKeyRotation": (lambda s: {"KeyId": s.key(), "RotationPeriodInDays": 90}, ""),
    "Encapsulate": (
        lambda s: {"KeyId": s.of("ML_KEM_768", "ENCAPSULATE_DECAPSULATE"), "EncapsulationAlgorithm": "ML_KEM"},
        "KeyId SharedSecret SharedSecretCiphertextBlob EncapsulationAlgorithm",
    ),
    "Encrypt": (lambda s: {"KeyId": s.key(), "Plaintext": b"x"}, "CiphertextBlob KeyId EncryptionAlgorithm"),
    "GenerateDataKey": (lambda s: {"KeyId": s.key(), "KeySpec": "AES_256"}, "CiphertextBlob Plaintext KeyId KeyMaterialId"),
    "GenerateDataKeyPair": (
        lambda s: {"KeyId": s.key(), "KeyPairSpec": "ECC_NIST_P256"},
        "PrivateKeyCiphertextBlob PrivateKeyPlaintext PublicKey KeyId KeyPairSpec KeyMaterialId",
    ),
    "GenerateDataKeyPairWithoutPlaintext": (
        lambda s: {"KeyId": s.key(), "KeyPairSpec": "ECC_NIST_P256"},
        "PrivateKeyCiphertextBlob PublicKey KeyId KeyPairSpec KeyMaterialId",
    ),
    "GenerateDataKeyWithoutPlaintext": (lambda s: {"KeyId": s.key(), "NumberOfBytes": 7}, "CiphertextBlob KeyId KeyMaterialId"),
    "GenerateMac": (
        lambda s: {"KeyId": s.of("HMAC_256", "GENERATE_VERIFY_MAC"), "Message": b"m", "MacAlgorithm": "HMAC_SHA_256"},
        "Mac MacAlgorithm KeyId",
    ),
    "GenerateRandom": (lambda s: {"NumberOfBytes": 8}, "Plaintext"),
    "GetKeyLastUsage": (
        lambda s: {"KeyId": s.kms.decrypt(CiphertextBlob=s.ciphertext())["KeyId"]},
        "KeyId KeyLastUsage TrackingStartDate KeyCreationDate",
    ),
    "GetKeyPolicy": (lambda s: {"KeyId": s.key()}, "Policy PolicyName"),
    "GetKeyRotationStatus": (
        lambda s: {"KeyId": s.rotated()},
        "KeyId KeyRotationEnabled RotationPeriodInDays NextRotationDate",
    ),
    "GetParametersForImport": (
        lambda s: {"KeyId": s.key(Origin="EXTERNAL"), "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"},
        "KeyId ImportToken PublicKey ParametersValidTo",
    ),
    "GetPublicKey": (
        lambda s: {"KeyId": s.of("RSA_2048", "SIGN_VERIFY")},
        "KeyId PublicKey CustomerMasterKeySpec KeySpec KeyUsage SigningAlgorithms",
    ),
    "ImportKeyMaterial": (lambda s: s.external(), "KeyId KeyMaterialId"),
    "ListAliases": (lambda s: {"KeyId": s.kms.describe_key(KeyId=s.alias())["KeyMetadata"]["KeyId"]}, "Aliases Truncated"),
    "ListGrants": (lambda s: s.grant(), "Grants Truncated"),
    "ListKeyPolicies": (lambda s: {"KeyId": s.key()}, "PolicyNames Truncated"),
    "ListKeyRotations": (lambda s: {"KeyId": s.rotated(), "IncludeKeyMaterial": "ALL_KEY_MATERIAL"}, "Rotations Truncated"),
    "ListKeys": (lambda s: {}, "Keys Truncated"),
    "ListResourceTags": (lambda s: {"KeyId": s.key(Tags=[{"TagKey": "a", "TagValue": ""}])}, "Tags Truncated"),
    "ListRetirableGrants": (lambda s: s.grant() and {"RetiringPrincipal": ROOT}, "Grants Truncated"),
    "PutKeyPolicy": (lambda s: {"KeyId": s.key(), "Policy": document(DELEGATE)}, ""),
    "ReEncrypt": (
        lambda s: {"CiphertextBlob": s.ciphertext(), "DestinationKeyId": s.key()},
        "CiphertextBlob SourceKeyId KeyId SourceEncryptionAlgorithm DestinationEncryptionAlgorithm SourceKeyMaterialId DestinationKeyMaterialId",
    ),
    "ReplicateKey": (
        lambda s: {"KeyId": s.key(MultiRegion=True), "ReplicaRegion": "eu-west-1", "Tags": [{"TagKey": "a", "TagValue": "b"}]},
        "ReplicaKeyMetadata ReplicaPolicy ReplicaTags",
    ),
    "RetireGrant": (lambda s: s.grant(), ""),
    "RevokeGrant": (lambda s: s.grant(), ""),
    "RotateKeyOnDemand": (lambda s: {"KeyId": s.key()}, "KeyId"),
    "ScheduleKeyDeletion": (lambda s: {"KeyId": s.key(), "PendingWindowInDays": 7}, "KeyId DeletionDate KeyState PendingWindowInDays"),
    "Sign": (
        lambda s: {"KeyId": s.of("ML_DSA_44", "SIGN_VERIFY"), "Message": b"m", "SigningAlgorithm": "ML_DSA_SHAKE_256"},
        "KeyId Signature SigningAlgorithm",
    ),
    "TagResource": (lambda s: {"KeyId": s.key(), "Tags": [{"TagKey": "a", "TagValue": "b"}]}, ""),
    "UntagResource": (lambda s: {"KeyId": s.key(), "TagKeys": ["a"]}, ""),
    "UpdateAlias": (lambda s: {"AliasName": s.alias(), "TargetKeyId": s.key()}, ""),
    "UpdateCustomKeyStore": (lambda s: {**s.store(), "NewCustomKeyStoreName": unique("renamed")}, ""),
    "UpdateKeyDescription": (lambda s: {"KeyId": s.key(), "Description": "d"}, ""),
    "UpdatePrimaryRegion": (lambda s: s.replicated(), ""),
    "Verify": (lambda s: s.signature(), "KeyId SignatureValid SigningAlgorithm"),
    "VerifyMac": (lambda s: s.mac(), "KeyId MacValid MacAlgorithm"),
}

# Where the permission is not called as the operation is.
ACTIONS = {"ReEncrypt": "kms:ReEncryptFrom"}


class Operations(Case):
    def test_each(self):
        subject, (_, stranger) = Subject(self), self.role()
        for name, (call, fields) in CALLS.items():
            with self.subTest(name):
                parameters = call(subject)
                action = ACTIONS.get(name, f"kms:{name}")
                self.refused("AccessDeniedException", method(stranger, name), text=f"perform: {action} ", **parameters)
                self.fields(method(self.kms, name)(**parameters), fields)

    def test_all_are_here(self):
        self.assertEqual(offered(self.client("kms", watched=False)), set(CALLS))
