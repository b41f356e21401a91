"""What the tests of this folder share: clients, roles, refusals."""

import json
import os
import unittest
import uuid

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

import wire

ACCOUNT = "000000000000"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
REGION = "us-east-1"


def statement(effect, principal, *actions, **more):
    return {"Effect": effect, "Principal": principal, "Action": list(actions), "Resource": "*", **more}


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


DELEGATE = statement("Allow", {"AWS": ROOT}, "kms:*")
TRUST = document({"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "sts:AssumeRole"})


def unique(name):
    return f"{name}-{uuid.uuid4().hex[:8]}"


def method(client, operation):
    """The client's method for an operation of the model."""
    names = {v: k for k, v in client.meta.method_to_api_mapping.items()}
    return getattr(client, names[operation])


def offered(client):
    """The operations that the emulator has: it refuses others by their names alone, or
    for having no signature. The client sends no parameters and must not check that
    there are none."""
    refusals = ("InvalidAction", "UnknownOperationException", "MissingAuthenticationToken")

    def has(operation):
        try:
            method(client, operation)()
        except ClientError as refused:
            return refused.response["Error"]["Code"] not in refusals
        return True

    return {operation for operation in client.meta.service_model.operation_names if has(operation)}


class Case(unittest.TestCase):
    maxDiff = None

    @staticmethod
    def client(service, region=REGION, credentials=None, watched=True):
        """A client as root of the account, or with what AssumeRole answered. One that
        is not watched does not check parameters either."""
        names = {"AccessKeyId": "aws_access_key_id", "SecretAccessKey": "aws_secret_access_key", "SessionToken": "aws_session_token"}
        who = {names[k]: v for k, v in (credentials or {}).items() if k in names}
        config = Config(retries={"total_max_attempts": 1}, parameter_validation=watched)
        client = boto3.client(service, region_name=region, endpoint_url=os.environ["AWS_ENDPOINT_URL"], config=config, **who)
        return wire.watch(client) if watched else client

    @classmethod
    def setUpClass(cls):
        cls.kms, cls.iam, cls.sts = (cls.client(name) for name in ("kms", "iam", "sts"))

    def role(self, *statements):
        """A role whose identity policy has the statements: (ARN, KMS client)."""
        name = unique("role")
        arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        if statements:
            self.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(*statements))
        session = self.sts.assume_role(RoleArn=arn, RoleSessionName="python")
        return arn, self.client("kms", credentials=session["Credentials"])

    def key(self, client=None, **parameters):
        return (client or self.kms).create_key(**parameters)["KeyMetadata"]["Arn"]

    def fields(self, answer, names):
        """Requires exactly these fields."""
        self.assertEqual(sorted(names.split()), sorted(set(answer) - {"ResponseMetadata"}))

    def refused(self, code, call, *args, text="", **parameters):
        with self.assertRaises(ClientError) as caught:
            call(*args, **parameters)
        error = caught.exception.response["Error"]
        self.assertEqual(code, error["Code"], error)
        self.assertIn(text, error.get("Message", ""))
        return caught.exception
