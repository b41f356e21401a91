"""The AWS Encryption SDK for Python with its KMS keyrings."""

import aws_encryption_sdk
from aws_cryptographic_material_providers.mpl import AwsCryptographicMaterialProviders
from aws_cryptographic_material_providers.mpl.config import MaterialProvidersConfig
from aws_cryptographic_material_providers.mpl.models import (
    CreateAwsKmsKeyringInput,
    CreateAwsKmsMrkKeyringInput,
    CreateMultiKeyringInput,
)
from case import DELEGATE, Case, document, statement

CONTEXT = {"tenant": "a"}


class Keyrings(Case):
    def setUp(self):
        self.sdk = aws_encryption_sdk.EncryptionSDKClient()
        self.providers = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig())

    def keyring(self, key, client=None):
        return self.providers.create_aws_kms_keyring(input=CreateAwsKmsKeyringInput(kms_key_id=key, kms_client=client or self.kms))

    def test_round_trip_as_a_role(self):
        app, app_kms = self.role()
        _, stranger = self.role()
        allowed = statement(
            "Allow", {"AWS": app}, "kms:GenerateDataKey", "kms:Decrypt",
            Condition={"StringEquals": {"kms:EncryptionContext:tenant": "a"}},
        )  # fmt: skip
        key = self.key(Policy=document(DELEGATE, allowed))
        sealed, _ = self.sdk.encrypt(source=b"secret" * 1000, keyring=self.keyring(key, app_kms), encryption_context=CONTEXT)
        opened, header = self.sdk.decrypt(source=sealed, keyring=self.keyring(key, app_kms), encryption_context=CONTEXT)
        self.assertEqual(b"secret" * 1000, opened)
        self.assertLessEqual(CONTEXT.items(), header.encryption_context.items())
        for name, ring in {"a stranger": self.keyring(key, stranger), "another key": self.keyring(self.key())}.items():
            with self.subTest(name), self.assertRaises(Exception) as caught:
                self.sdk.decrypt(source=sealed, keyring=ring, encryption_context=CONTEXT)
            self.assertNotIsInstance(caught.exception, AssertionError)
        with self.assertRaises(Exception):
            self.sdk.encrypt(source=b"x", keyring=self.keyring(key, app_kms), encryption_context={"tenant": "b"})

    def test_several_keys(self):
        """A message for two keys opens with either, after the other is disabled."""
        first, second = self.key(), self.key()
        multi = self.providers.create_multi_keyring(
            input=CreateMultiKeyringInput(generator=self.keyring(first), child_keyrings=[self.keyring(second)])
        )
        sealed, _ = self.sdk.encrypt(source=b"x", keyring=multi)
        self.kms.disable_key(KeyId=first)
        self.assertEqual(b"x", self.sdk.decrypt(source=sealed, keyring=multi)[0])
        self.kms.disable_key(KeyId=second)
        with self.assertRaises(Exception):
            self.sdk.decrypt(source=sealed, keyring=multi)

    def test_multi_region_key(self):
        """What the primary key sealed, its replica opens; another replica does not."""
        other = self.client("kms", "eu-west-1")
        primary, stranger = self.key(MultiRegion=True), self.key(MultiRegion=True)

        def replica(key):
            made = self.kms.replicate_key(KeyId=key, ReplicaRegion="eu-west-1")
            arn = made["ReplicaKeyMetadata"]["Arn"]
            return self.providers.create_aws_kms_mrk_keyring(input=CreateAwsKmsMrkKeyringInput(kms_key_id=arn, kms_client=other))

        mine = self.providers.create_aws_kms_mrk_keyring(input=CreateAwsKmsMrkKeyringInput(kms_key_id=primary, kms_client=self.kms))
        sealed, _ = self.sdk.encrypt(source=b"x", keyring=mine)
        self.assertEqual(b"x", self.sdk.decrypt(source=sealed, keyring=replica(primary))[0])
        with self.assertRaises(Exception):
            self.sdk.decrypt(source=sealed, keyring=replica(stranger))
