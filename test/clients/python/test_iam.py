"""IAM and STS: the life of every kind of entity. Each call succeeds as the
account's root, with an answer as the model says, and is then denied to a role
without permissions."""

import json
import os

import wire
from case import ACCOUNT, ROOT, TRUST, Case, document, method, offered, unique

READ = document({"Effect": "Allow", "Action": "kms:ListKeys", "Resource": "*"})
BOUNDARY = "arn:aws:iam::aws:policy/AdministratorAccess"
TAGS = [{"Key": "a", "Value": "b"}]
THUMB = "0" * 40


class Lives(Case):
    def setUp(self):
        name = unique("stranger")
        arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        session = self.sts.assume_role(RoleArn=arn, RoleSessionName="session")["Credentials"]
        self.stranger = self.client("iam", credentials=session)

    def do(self, operation, **parameters):
        """Makes the call as root, after it was denied to the stranger."""
        self.refused("AccessDenied", method(self.stranger, operation), text=f"perform: iam:{operation} ", **parameters)
        return method(self.iam, operation)(**parameters)

    def inline(self, kind, name):
        """Inline policies of a User, Group or Role."""
        entity = {f"{kind}Name": name}
        self.do(f"Put{kind}Policy", **entity, PolicyName="inline", PolicyDocument=READ)
        self.assertEqual(json.loads(READ), self.do(f"Get{kind}Policy", **entity, PolicyName="inline")["PolicyDocument"])
        self.assertEqual(["inline"], self.do(f"List{kind}Policies", **entity)["PolicyNames"])
        self.do(f"Delete{kind}Policy", **entity, PolicyName="inline")

    def attached(self, kind, name, policy):
        entity = {f"{kind}Name": name}
        self.do(f"Attach{kind}Policy", **entity, PolicyArn=policy)
        (listed,) = self.do(f"ListAttached{kind}Policies", **entity)["AttachedPolicies"]
        self.assertEqual(policy, listed["PolicyArn"])
        self.do("ListEntitiesForPolicy", PolicyArn=policy)
        self.do(f"Detach{kind}Policy", **entity, PolicyArn=policy)

    def tagged(self, kind, **entity):
        self.do(f"Tag{kind}", **entity, Tags=TAGS)
        self.assertEqual(TAGS, self.do(f"List{kind}Tags", **entity)["Tags"])
        self.do(f"Untag{kind}", **entity, TagKeys=["a"])

    def policy(self):
        return self.iam.create_policy(PolicyName=unique("p"), PolicyDocument=READ)["Policy"]["Arn"]

    def test_role(self):
        name, policy = unique("role"), self.policy()
        self.fields(
            self.do("CreateRole", RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"],
            "Arn AssumeRolePolicyDocument CreateDate Path RoleId RoleName",
        )
        role = self.do("GetRole", RoleName=name)["Role"]
        self.fields(role, "Arn AssumeRolePolicyDocument CreateDate MaxSessionDuration Path RoleId RoleLastUsed RoleName")
        self.assertEqual(json.loads(TRUST), role["AssumeRolePolicyDocument"])
        self.assertIn(name, [r["RoleName"] for r in self.do("ListRoles")["Roles"]])
        self.do("UpdateRole", RoleName=name, Description="d", MaxSessionDuration=7200)
        self.do("UpdateRoleDescription", RoleName=name, Description="e")
        self.do("UpdateAssumeRolePolicy", RoleName=name, PolicyDocument=TRUST)
        self.do("PutRolePermissionsBoundary", RoleName=name, PermissionsBoundary=BOUNDARY)
        self.assertEqual(BOUNDARY, self.do("GetRole", RoleName=name)["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"])
        self.do("DeleteRolePermissionsBoundary", RoleName=name)
        self.inline("Role", name)
        self.attached("Role", name, policy)
        self.tagged("Role", RoleName=name)
        profile = unique("profile")
        self.do("CreateInstanceProfile", InstanceProfileName=profile)
        self.do("AddRoleToInstanceProfile", InstanceProfileName=profile, RoleName=name)
        (role_in_it,) = self.do("GetInstanceProfile", InstanceProfileName=profile)["InstanceProfile"]["Roles"]
        self.assertEqual(name, role_in_it["RoleName"])
        self.do("ListInstanceProfiles")
        self.do("ListInstanceProfilesForRole", RoleName=name)
        self.tagged("InstanceProfile", InstanceProfileName=profile)
        self.refused("DeleteConflict", self.iam.delete_role, RoleName=name)
        self.do("RemoveRoleFromInstanceProfile", InstanceProfileName=profile, RoleName=name)
        self.do("DeleteInstanceProfile", InstanceProfileName=profile)
        self.do("DeleteRole", RoleName=name)
        self.refused("NoSuchEntity", self.iam.get_role, RoleName=name)

    def test_user(self):
        name, group, policy = unique("user"), unique("group"), self.policy()
        self.do("CreateUser", UserName=name)
        self.do("GetUser", UserName=name)
        self.assertIn(name, [u["UserName"] for u in self.do("ListUsers")["Users"]])
        self.inline("User", name)
        self.attached("User", name, policy)
        self.tagged("User", UserName=name)
        self.do("PutUserPermissionsBoundary", UserName=name, PermissionsBoundary=BOUNDARY)
        self.do("DeleteUserPermissionsBoundary", UserName=name)
        key = self.do("CreateAccessKey", UserName=name)["AccessKey"]
        self.assertEqual("Active", self.do("ListAccessKeys", UserName=name)["AccessKeyMetadata"][0]["Status"])
        mine = self.client("sts", credentials={k: key[k] for k in ("AccessKeyId", "SecretAccessKey")})
        self.assertEqual(f"arn:aws:iam::{ACCOUNT}:user/{name}", mine.get_caller_identity()["Arn"])
        self.do("UpdateAccessKey", UserName=name, AccessKeyId=key["AccessKeyId"], Status="Inactive")
        self.do("DeleteAccessKey", UserName=name, AccessKeyId=key["AccessKeyId"])
        self.do("CreateGroup", GroupName=group)
        self.do("AddUserToGroup", GroupName=group, UserName=name)
        self.assertEqual([name], [u["UserName"] for u in self.do("GetGroup", GroupName=group)["Users"]])
        self.do("ListGroups")
        self.assertEqual([group], [g["GroupName"] for g in self.do("ListGroupsForUser", UserName=name)["Groups"]])
        self.inline("Group", group)
        self.attached("Group", group, policy)
        self.do("RemoveUserFromGroup", GroupName=group, UserName=name)
        self.do("UpdateGroup", GroupName=group, NewPath="/path/")
        self.do("DeleteGroup", GroupName=group)
        self.do("UpdateUser", UserName=name, NewPath="/path/")
        for operation in ("ListMFADevices", "ListSSHPublicKeys", "ListServiceSpecificCredentials", "ListSigningCertificates"):
            self.do(operation, UserName=name)
        self.do("ListVirtualMFADevices")
        self.refused("NoSuchEntity", self.iam.delete_login_profile, UserName=name)
        self.do("DeleteUser", UserName=name)

    def test_managed_policy(self):
        arn = self.do("CreatePolicy", PolicyName=unique("managed"), PolicyDocument=READ)["Policy"]["Arn"]
        self.do("GetPolicy", PolicyArn=arn)
        self.do("ListPolicies", Scope="Local")
        self.do("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=READ)
        self.do("SetDefaultPolicyVersion", PolicyArn=arn, VersionId="v2")
        self.assertEqual(["v1", "v2"], sorted(v["VersionId"] for v in self.do("ListPolicyVersions", PolicyArn=arn)["Versions"]))
        self.assertEqual(json.loads(READ), self.do("GetPolicyVersion", PolicyArn=arn, VersionId="v2")["PolicyVersion"]["Document"])
        self.do("DeletePolicyVersion", PolicyArn=arn, VersionId="v1")
        self.tagged("Policy", PolicyArn=arn)
        self.do("DeletePolicy", PolicyArn=arn)

    def test_service_linked_role(self):
        made = self.do("CreateServiceLinkedRole", AWSServiceName="autoscaling.amazonaws.com", CustomSuffix=unique("s"))["Role"]
        self.assertTrue(made["Path"].startswith("/aws-service-role/autoscaling.amazonaws.com/"))
        task = self.do("DeleteServiceLinkedRole", RoleName=made["RoleName"])["DeletionTaskId"]
        self.assertEqual("SUCCEEDED", self.do("GetServiceLinkedRoleDeletionStatus", DeletionTaskId=task)["Status"])

    def test_web_identity(self):
        url = os.environ["TEST_TOKEN_ISSUER"]
        arn = self.do("CreateOpenIDConnectProvider", Url=url, ClientIDList=["kms"], ThumbprintList=[THUMB])["OpenIDConnectProviderArn"]
        provider = {"OpenIDConnectProviderArn": arn}
        self.do("GetOpenIDConnectProvider", **provider)
        self.do("ListOpenIDConnectProviders")
        self.do("AddClientIDToOpenIDConnectProvider", **provider, ClientID="sts")
        self.do("RemoveClientIDFromOpenIDConnectProvider", **provider, ClientID="sts")
        self.do("UpdateOpenIDConnectProviderThumbprint", **provider, ThumbprintList=[THUMB])
        self.tagged("OpenIDConnectProvider", **provider)
        trust = document({"Effect": "Allow", "Principal": {"Federated": arn}, "Action": "sts:AssumeRoleWithWebIdentity"})
        role = self.iam.create_role(RoleName=unique("web"), AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        token = os.environ["TEST_TOKEN"]
        got = self.sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="web", WebIdentityToken=token)
        me = self.client("sts", credentials=got["Credentials"]).get_caller_identity()
        self.assertEqual(got["AssumedRoleUser"]["Arn"], me["Arn"])
        self.refused(
            "InvalidIdentityToken", self.sts.assume_role_with_web_identity,
            RoleArn=role, RoleSessionName="web", WebIdentityToken=token[:-8] + "AAAAAAAA",
        )  # fmt: skip
        self.do("DeleteOpenIDConnectProvider", **provider)

    def test_sts(self):
        self.fields(self.sts.get_caller_identity(), "Account Arn UserId")
        name = unique("user")
        self.iam.create_user(UserName=name)
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        self.assertEqual(ACCOUNT, self.sts.get_access_key_info(AccessKeyId=key["AccessKeyId"])["Account"])
        mine = self.client("sts", credentials={k: key[k] for k in ("AccessKeyId", "SecretAccessKey")})
        self.fields(mine.get_session_token()["Credentials"], "AccessKeyId Expiration SecretAccessKey SessionToken")
        self.refused("AccessDenied", mine.get_federation_token, Name="federated", Policy=READ, text="sts:GetFederationToken")
        federate = document({"Effect": "Allow", "Action": "sts:GetFederationToken", "Resource": "*"})
        self.iam.put_user_policy(UserName=name, PolicyName="federate", PolicyDocument=federate)
        self.fields(mine.get_federation_token(Name="federated", Policy=READ), "Credentials FederatedUser PackedPolicySize")
        role = self.iam.create_role(RoleName=unique("trusting"), AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        self.refused("AccessDenied", mine.assume_role, RoleArn=role, RoleSessionName="session", text="sts:AssumeRole")
        tagged = {"RoleArn": role, "RoleSessionName": "session", "Policy": READ, "Tags": TAGS}
        self.refused("AccessDenied", self.sts.assume_role, text="sts:TagSession", **tagged)
        both = document({"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": ["sts:AssumeRole", "sts:TagSession"]})
        self.iam.update_assume_role_policy(RoleName=role.rpartition("/")[2], PolicyDocument=both)
        got = self.sts.assume_role(**tagged)
        self.fields(got, "AssumedRoleUser Credentials PackedPolicySize")
        session = self.client("kms", credentials=got["Credentials"])
        self.refused("AccessDeniedException", session.list_keys)

    def test_root_is_no_user(self):
        self.assertEqual(ROOT, self.sts.get_caller_identity()["Arn"])


def tearDownModule():
    """What the emulator has of IAM and STS was answered at least once."""
    for service in ("iam", "sts"):
        missing = offered(Case.client(service, watched=False)) - wire.answered[service]
        # DeleteLoginProfile has nothing to delete: the emulator makes none.
        assert missing <= {"DeleteLoginProfile"}, f"no test here calls {sorted(missing)}"
