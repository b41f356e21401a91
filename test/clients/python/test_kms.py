"""KMS as programs use it: round trips, roles, grants, pages, presigned URLs, errors
by their classes."""

import urllib.error
import urllib.request

from case import ACCOUNT, DELEGATE, REGION, ROOT, Case, document, statement, unique


class RoundTrips(Case):
    def test_encryption_context(self):
        key = self.key()
        sealed = self.kms.encrypt(KeyId=key, Plaintext=b"secret", EncryptionContext={"a": "b"})["CiphertextBlob"]
        opened = self.kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"a": "b"})
        self.assertEqual((b"secret", key), (opened["Plaintext"], opened["KeyId"]))
        for other in ({}, {"a": "c"}, {"ab": ""}, {"a": "b", "c": "d"}):
            with self.subTest(str(other)):
                self.refused("InvalidCiphertextException", self.kms.decrypt, CiphertextBlob=sealed, EncryptionContext=other)

    def test_rotated_key_opens_old_ciphertext(self):
        key = self.key()
        old = self.kms.encrypt(KeyId=key, Plaintext=b"old")["CiphertextBlob"]
        before = self.kms.decrypt(CiphertextBlob=old)["KeyMaterialId"]
        self.kms.rotate_key_on_demand(KeyId=key)
        self.assertEqual((b"old", before), tuple(self.kms.decrypt(CiphertextBlob=old)[k] for k in ("Plaintext", "KeyMaterialId")))
        new = self.kms.encrypt(KeyId=key, Plaintext=b"new")["CiphertextBlob"]
        self.assertNotEqual(before, self.kms.decrypt(CiphertextBlob=new)["KeyMaterialId"])

    def test_data_key(self):
        made = self.kms.generate_data_key(KeyId=self.key(), KeySpec="AES_128", EncryptionContext={"a": "b"})
        self.assertEqual(16, len(made["Plaintext"]))
        opened = self.kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext={"a": "b"})
        self.assertEqual(made["Plaintext"], opened["Plaintext"])

    def test_signature(self):
        key = self.key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
        call = {"KeyId": key, "SigningAlgorithm": "RSASSA_PSS_SHA_256"}
        signature = self.kms.sign(Message=b"m", **call)["Signature"]
        self.assertTrue(self.kms.verify(Message=b"m", Signature=signature, **call)["SignatureValid"])
        self.refused("KMSInvalidSignatureException", self.kms.verify, Message=b"n", Signature=signature, **call)

    def test_alias_moves(self):
        first, second, alias = self.key(), self.key(), unique("alias/moving")
        self.kms.create_alias(AliasName=alias, TargetKeyId=first)
        sealed = self.kms.encrypt(KeyId=alias, Plaintext=b"x")
        self.assertEqual(first, sealed["KeyId"])
        self.kms.update_alias(AliasName=alias, TargetKeyId=second)
        self.assertEqual(second, self.kms.encrypt(KeyId=alias, Plaintext=b"x")["KeyId"])
        self.assertEqual(first, self.kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"])["KeyId"])


class Services(Case):
    def test_through_a_service(self):
        """docs/serve.md: a header, added as boto3 signs, makes a call a service's."""

        def through(client, service):
            client.meta.events.register("before-sign.kms", lambda request, **_: request.headers.add_header("X-Keywright-Via-Service", service))

        arn, direct = self.role()
        condition = {"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}}
        key = self.key(Policy=document(DELEGATE, statement("Allow", {"AWS": arn}, "kms:Encrypt", Condition=condition)))
        self.refused("AccessDeniedException", direct.encrypt, KeyId=key, Plaintext=b"x")
        through(direct, "s3")
        self.assertEqual(key, direct.encrypt(KeyId=key, Plaintext=b"x")["KeyId"])


class Metadata(Case):
    def test_kinds(self):
        """Each kind of key is described by the fields that AWS gives it."""
        common = (
            "AWSAccountId Arn CreationDate CustomerMasterKeySpec Description Enabled KeyId "
            "KeyManager KeySpec KeyState KeyUsage MultiRegion Origin"
        )
        for spec, usage, own in (
            ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "EncryptionAlgorithms CurrentKeyMaterialId"),
            ("RSA_2048", "ENCRYPT_DECRYPT", "EncryptionAlgorithms"),
            ("RSA_2048", "SIGN_VERIFY", "SigningAlgorithms"),
            ("ECC_NIST_P384", "KEY_AGREEMENT", "KeyAgreementAlgorithms"),
            ("HMAC_512", "GENERATE_VERIFY_MAC", "MacAlgorithms"),
        ):
            with self.subTest(f"{spec} {usage}"):
                key = self.key(KeySpec=spec, KeyUsage=usage)
                self.fields(self.kms.describe_key(KeyId=key)["KeyMetadata"], f"{common} {own}")

    def test_pending_deletion(self):
        key = self.key()
        self.kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        described = self.kms.describe_key(KeyId=key)["KeyMetadata"]
        self.assertEqual(("PendingDeletion", False), (described["KeyState"], described["Enabled"]))
        self.assertEqual(7, round((described["DeletionDate"] - described["CreationDate"]).total_seconds() / 86400))


class Roles(Case):
    def test_key_policy_alone(self):
        """A role that the key policy names needs no policy of its own."""
        app, app_kms = self.role()
        _, stranger = self.role()
        policy = document(DELEGATE, statement("Allow", {"AWS": app}, "kms:Encrypt", "kms:Decrypt"))
        key = self.key(Policy=policy)
        sealed = app_kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
        self.assertEqual(b"x", app_kms.decrypt(CiphertextBlob=sealed)["Plaintext"])
        self.refused("AccessDeniedException", app_kms.generate_data_key, KeyId=key, KeySpec="AES_256", text="kms:GenerateDataKey")
        self.refused("AccessDeniedException", stranger.encrypt, KeyId=key, Plaintext=b"x", text="because no identity-based policy")

    def test_identity_policy_needs_delegation(self):
        _, app_kms = self.role({"Effect": "Allow", "Action": "kms:*", "Resource": "*"})
        admin = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
        delegating = self.key(Policy=document(DELEGATE))
        closed = self.key(
            Policy=document(statement("Allow", admin, "kms:*", Condition={"StringEquals": {"aws:PrincipalArn": ROOT}})),
            BypassPolicyLockoutSafetyCheck=True,
        )
        app_kms.encrypt(KeyId=delegating, Plaintext=b"x")
        self.refused("AccessDeniedException", app_kms.encrypt, KeyId=closed, Plaintext=b"x")

    def test_explicit_deny(self):
        app, app_kms = self.role({"Effect": "Allow", "Action": "kms:*", "Resource": "*"})
        key = self.key()
        app_kms.describe_key(KeyId=key)
        self.kms.put_key_policy(KeyId=key, Policy=document(DELEGATE, statement("Deny", {"AWS": app}, "kms:DescribeKey")))
        self.refused("AccessDeniedException", app_kms.describe_key, KeyId=key, text="with an explicit deny in a resource-based policy")

    def test_lock_out(self):
        locked = document(statement("Allow", {"AWS": ROOT}, "kms:Encrypt"))
        self.refused("MalformedPolicyDocumentException", self.kms.put_key_policy, KeyId=self.key(), Policy=locked, text="will not allow you")


class Grants(Case):
    def test_life(self):
        app, app_kms = self.role()
        key = self.key()
        self.refused("AccessDeniedException", app_kms.generate_data_key, KeyId=key, KeySpec="AES_256", EncryptionContext={"a": "b"})
        grant = self.kms.create_grant(
            KeyId=key, GranteePrincipal=app, Operations=["GenerateDataKey", "RetireGrant"], Name="python",
            Constraints={"EncryptionContextSubset": {"a": "b"}},
        )  # fmt: skip
        token = [grant["GrantToken"]]
        app_kms.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext={"a": "b", "c": "d"}, GrantTokens=token)
        self.refused("AccessDeniedException", app_kms.generate_data_key, KeyId=key, KeySpec="AES_256", EncryptionContext={"a": "c"})
        (listed,) = self.kms.list_grants(KeyId=key)["Grants"]
        self.fields(listed, "Constraints CreationDate GrantId GranteePrincipal IssuingAccount KeyId Name Operations")
        app_kms.retire_grant(GrantToken=grant["GrantToken"])
        self.assertEqual([], self.kms.list_grants(KeyId=key)["Grants"])
        self.refused("AccessDeniedException", app_kms.generate_data_key, KeyId=key, KeySpec="AES_256", EncryptionContext={"a": "b"})


class Pages(Case):
    def test_paginators(self):
        """Every paginator of boto3 brings each thing once."""
        key = self.key(Tags=[{"TagKey": str(i), "TagValue": "v"} for i in range(5)])
        aliases = sorted(unique("alias/page") for _ in range(5))
        for alias in aliases:
            self.kms.create_alias(AliasName=alias, TargetKeyId=key)
        grants = {
            self.kms.create_grant(KeyId=key, GranteePrincipal=ROOT, RetiringPrincipal=ROOT, Operations=["Decrypt"])["GrantId"]
            for _ in range(5)
        }
        keys = {self.key() for _ in range(3)} | {key}
        for _ in range(3):
            self.kms.rotate_key_on_demand(KeyId=key)

        def pages(operation, field, **parameters):
            paginator = self.kms.get_paginator(operation)
            found = list(paginator.paginate(**parameters, PaginationConfig={"PageSize": 2}))
            self.assertGreater(len(found), 1, "several pages")
            return [item for page in found for item in page[field]]

        self.assertEqual(aliases, sorted(a["AliasName"] for a in pages("list_aliases", "Aliases", KeyId=key)))
        self.assertEqual(5, len(pages("list_grants", "Grants", KeyId=key)))
        self.assertEqual(grants, {g["GrantId"] for g in pages("list_grants", "Grants", KeyId=key)})
        self.assertLessEqual(grants, {g["GrantId"] for g in pages("list_retirable_grants", "Grants", RetiringPrincipal=ROOT)})
        self.assertEqual(list("01234"), sorted(t["TagKey"] for t in pages("list_resource_tags", "Tags", KeyId=key)))
        self.assertEqual(3, len(pages("list_key_rotations", "Rotations", KeyId=key)))
        listed = [k["KeyArn"] for k in pages("list_keys", "Keys")]
        self.assertLessEqual(keys, set(listed))
        self.assertEqual(len(listed), len(set(listed)))
        (policies,) = self.kms.get_paginator("list_key_policies").paginate(KeyId=key)
        self.assertEqual(["default"], policies["PolicyNames"])


class Presigned(Case):
    def test_sts(self):
        """A URL that boto3 signs is taken; with one letter changed it is not."""
        url = self.sts.generate_presigned_url("get_caller_identity", HttpMethod="GET")
        with urllib.request.urlopen(url) as answer:
            self.assertIn(ROOT.encode(), answer.read())
        forged = url[:-1] + ("0" if url[-1] != "0" else "1")
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(forged)
        with caught.exception as refusal:
            self.assertIn(b"SignatureDoesNotMatch", refusal.read())


class Errors(Case):
    def test_classes(self):
        """Errors are of the classes that boto3 makes of the model, with what it documents."""
        gone = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
        with self.assertRaises(self.kms.exceptions.NotFoundException) as caught:
            self.kms.describe_key(KeyId=gone)
        self.assertEqual(f"Key '{gone}' does not exist", caught.exception.response["Error"]["Message"])
        self.assertEqual(400, caught.exception.response["ResponseMetadata"]["HTTPStatusCode"])
        key, alias = self.key(), unique("alias/twice")
        self.kms.disable_key(KeyId=key)
        with self.assertRaises(self.kms.exceptions.DisabledException):
            self.kms.encrypt(KeyId=key, Plaintext=b"x")
        self.kms.create_alias(AliasName=alias, TargetKeyId=key)
        with self.assertRaises(self.kms.exceptions.AlreadyExistsException):
            self.kms.create_alias(AliasName=alias, TargetKeyId=key)
        with self.assertRaises(self.kms.exceptions.InvalidMarkerException):
            self.kms.list_keys(Marker="no marker")
        self.kms.enable_key(KeyId=key)
        with self.assertRaises(self.kms.exceptions.DryRunOperationException):
            self.kms.encrypt(KeyId=key, Plaintext=b"x", DryRun=True)

    def test_wrong_secret(self):
        stranger = self.client("kms", credentials={"AccessKeyId": "test", "SecretAccessKey": "wrong"})
        self.refused("InvalidSignatureException", stranger.list_keys)

    def test_other_region(self):
        key = self.key()
        self.client("kms", "eu-west-1").list_keys()
        self.refused("NotFoundException", self.client("kms", "eu-west-1").describe_key, KeyId=key, text="Invalid arn us-east-1")
