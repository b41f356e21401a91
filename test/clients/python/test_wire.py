"""The check itself: it finds each kind of fault in an answer, and none in a good one."""

import json
import unittest

import botocore.session

import wire

KEY = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"
ROLE = """<GetRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetRoleResult><Role><Path>/</Path>
<RoleName>app</RoleName><RoleId>AROA335AN2QKLWP6CJFKN</RoleId><Arn>arn:aws:iam::000000000000:role/app</Arn>
<CreateDate>2026-11-24T09:10:32Z</CreateDate><MaxSessionDuration>3600</MaxSessionDuration></Role></GetRoleResult>
<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetRoleResponse>"""
REFUSAL = """<ErrorResponse><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>m</Message></Error>
<RequestId>1</RequestId></ErrorResponse>"""


class Check(unittest.TestCase):
    def check(self, service, operation, body, status=200, headers=("x-amzn-RequestId",)):
        model = botocore.session.get_session().get_service_model(service).operation_model(operation)
        answered = {"body": body.encode(), "status_code": status, "headers": dict.fromkeys(headers, "1")}
        wire.check(model, answered)

    def finds(self, problem, service, operation, body, **more):
        with self.subTest(problem), self.assertRaises(AssertionError) as caught:
            self.check(service, operation, body, **more)
        self.assertIn(problem, str(caught.exception))

    def test_json(self):
        good = {"KeyMetadata": {"KeyId": "k", "CreationDate": 1.5, "Enabled": True, "KeySpec": "RSA_2048", "SigningAlgorithms": []}}
        self.check("kms", "DescribeKey", json.dumps(good))
        for problem, change in {
            "unknown field Colour": {"Colour": "red"},
            "None is no string": {"Description": None},
            "'yes' is no boolean": {"Enabled": "yes"},
            "True is no timestamp": {"CreationDate": True},
            "'RSA_1' is none of": {"KeySpec": "RSA_1"},
            "SigningAlgorithms[0]: 'x' is none of": {"SigningAlgorithms": ["x"]},
            "size or value 0 is outside of": {"KeyId": ""},
        }.items():
            self.finds(problem, "kms", "DescribeKey", json.dumps({"KeyMetadata": {**good["KeyMetadata"], **change}}))
        self.finds("required field KeyId is missing", "kms", "DescribeKey", '{"KeyMetadata":{}}')
        self.finds("unknown field Extra", "kms", "DescribeKey", json.dumps({**good, "Extra": 1}))
        self.finds("size or value 7000 is outside of", "kms", "Encrypt", json.dumps({"CiphertextBlob": "AAAA" * 2333 + "AA=="}))
        self.finds("a body, where the model has none", "kms", "EnableKey", "{}")
        self.finds("no request id", "kms", "EnableKey", "", headers=())

    def test_json_errors(self):
        self.check("kms", "Decrypt", '{"__type":"InvalidCiphertextException"}', status=400)
        self.finds("has no error TagException", "kms", "Decrypt", '{"__type":"TagException","message":"m"}', status=400)
        self.finds("unknown fields", "kms", "Decrypt", '{"__type":"NotFoundException","text":"m"}', status=400)

    def test_query(self):
        self.check("iam", "GetRole", ROLE)
        for problem, (old, new) in {
            "required field RoleId is missing": ("<RoleId>AROA335AN2QKLWP6CJFKN</RoleId>", ""),
            "unknown field Colour": ("<Path>", "<Colour>red</Colour><Path>"),
            "'x' is no integer": ("3600", "x"),
            "size or value 1 is outside of": ("3600", "1"),
            "is no timestamp": ("2026-11-24T09:10:32Z", "2026-11-24"),
            "repeated elements": ("<Path>/</Path>", "<Path>/</Path><Path>/</Path>"),
            "no ResponseMetadata": ("ResponseMetadata", "Metadata"),
            "no GetRoleResult": ("GetRoleResult", "Result"),
            "the root is GetResponse": ("GetRoleResponse", "GetResponse"),
        }.items():
            self.finds(problem, "iam", "GetRole", ROLE.replace(old, new))

    def test_query_errors(self):
        self.check("iam", "GetRole", REFUSAL, status=404)
        self.finds("has no error Nothing", "iam", "GetRole", REFUSAL.replace("NoSuchEntity", "Nothing"), status=404)
        self.finds("an error of", "iam", "GetRole", REFUSAL.replace("<Type>Sender</Type>", ""), status=404)
