package kmsemu_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

const (
	spread   = 5 * time.Minute
	refused  = "AccessDeniedException"
	missing  = "NotFoundException"
	stranger = "MalformedPolicyDocumentException"
)

// change is something that spreads: what is tried, how that ends before the change
// counts and after ("" for well), and the change.
type change struct {
	try           func() error
	before, after string
	make          func()
}

// spreading makes a change in a world.
var spreading = map[string]struct {
	delay kmsemu.Consistency
	in    func(*world) change
}{
	"new alias": {kmsemu.Consistency{Aliases: kmsemu.Duration(spread)}, func(w *world) change {
		key := w.key()
		return change{w.encrypting(w.root, "alias/a"), missing, "", func() { w.alias("alias/a", key) }}
	}},
	"deleted alias": {kmsemu.Consistency{Aliases: kmsemu.Duration(spread)}, func(w *world) change {
		w.alias("alias/a", w.key())
		return change{w.encrypting(w.root, "alias/a"), "", missing, func() { w.deleteAlias("alias/a") }}
	}},
	"moved alias": {kmsemu.Consistency{Aliases: kmsemu.Duration(spread)}, func(w *world) change {
		old, to := w.key(), w.key(withPolicy(keyPolicy(statement("Deny", rootARN, "kms:Encrypt", ""))))
		w.alias("alias/a", old)
		return change{w.encrypting(w.root, "alias/a"), "", refused, func() {
			_, err := w.root.kms.UpdateAlias(w.ctx, &kms.UpdateAliasInput{AliasName: aws.String("alias/a"), TargetKeyId: &to})
			require.NoError(w, err)
		}}
	}},
	"new alias in a condition": {kmsemu.Consistency{Aliases: kmsemu.Duration(spread)}, func(w *world) change {
		key, role := w.key(), w.role(onlyIf("ForAnyValue:StringEquals", "kms:ResourceAliases", "alias/a"))
		return change{w.encrypting(role, key), refused, "", func() { w.alias("alias/a", key) }}
	}},
	"deleted alias in a condition": {kmsemu.Consistency{Aliases: kmsemu.Duration(spread)}, func(w *world) change {
		key, role := w.key(), w.role(onlyIf("ForAnyValue:StringEquals", "kms:ResourceAliases", "alias/a"))
		w.alias("alias/a", key)
		w.alias("alias/b", key)
		return change{w.encrypting(role, key), "", refused, func() { w.deleteAlias("alias/a") }}
	}},
	"new tag": {kmsemu.Consistency{Tags: kmsemu.Duration(spread)}, func(w *world) change {
		key, role := w.key(), w.role(onlyIf("StringEquals", "aws:ResourceTag/team", "red"))
		return change{w.encrypting(role, key), refused, "", func() { require.NoError(w, w.tag(w.root, key, "team", "red")) }}
	}},
	"removed tag": {kmsemu.Consistency{Tags: kmsemu.Duration(spread)}, func(w *world) change {
		key, role := w.key(), w.role(onlyIf("StringEquals", "aws:ResourceTag/team", "red"))
		require.NoError(w, w.tag(w.root, key, "team", "red"))
		return change{w.encrypting(role, key), "", refused, func() {
			_, err := w.root.kms.UntagResource(w.ctx, &kms.UntagResourceInput{KeyId: &key, TagKeys: []string{"team"}})
			require.NoError(w, err)
		}}
	}},
	"key policy": {kmsemu.Consistency{KeyPolicies: kmsemu.Duration(spread)}, func(w *world) change {
		role, session := w.roleAndSession()
		key := w.key()
		return change{w.encrypting(session, key), refused, "", func() { w.putPolicy(key, keyPolicy(statement("Allow", role, "kms:Encrypt", ""))) }}
	}},
	"stricter key policy": {kmsemu.Consistency{KeyPolicies: kmsemu.Duration(spread)}, func(w *world) change {
		role, session := w.roleAndSession()
		key := w.key(withPolicy(keyPolicy(statement("Allow", role, "kms:Encrypt", ""))))
		return change{w.encrypting(session, key), "", refused, func() { w.putPolicy(key, keyPolicy()) }}
	}},
	"new grant": {kmsemu.Consistency{Grants: kmsemu.Duration(spread)}, func(w *world) change {
		role, session := w.roleAndSession()
		key := w.key()
		return change{w.encrypting(session, key), refused, "", func() { w.grant(w.root, key, role, types.GrantOperationEncrypt) }}
	}},
	"revoked grant": {kmsemu.Consistency{Grants: kmsemu.Duration(spread)}, func(w *world) change {
		role, session := w.roleAndSession()
		key := w.key()
		g := w.grant(w.root, key, role, types.GrantOperationEncrypt)
		return change{w.encrypting(session, key), "", refused, func() {
			_, err := w.root.kms.RevokeGrant(w.ctx, &kms.RevokeGrantInput{KeyId: &key, GrantId: g.GrantId})
			require.NoError(w, err)
			require.Empty(w, w.grants(key), "lists follow at once")
		}}
	}},
	"retired grant": {kmsemu.Consistency{Grants: kmsemu.Duration(spread)}, func(w *world) change {
		role, session := w.roleAndSession()
		key := w.key()
		g := w.grant(w.root, key, role, types.GrantOperationEncrypt)
		return change{w.encrypting(session, key), "", refused, func() {
			_, err := w.root.kms.RetireGrant(w.ctx, &kms.RetireGrantInput{GrantToken: g.GrantToken})
			require.NoError(w, err)
		}}
	}},
	"inline policy": {kmsemu.Consistency{IAM: kmsemu.Duration(spread)}, func(w *world) change {
		role, session := w.roleAndSession()
		return change{w.encrypting(session, w.key()), refused, "", func() {
			_, err := w.root.iam.PutRolePolicy(w.ctx, &iam.PutRolePolicyInput{RoleName: aws.String(roleName(role)), PolicyName: aws.String("p"), PolicyDocument: aws.String(allow("kms:*", "*"))})
			require.NoError(w, err)
		}}
	}},
	"detached policy": {kmsemu.Consistency{IAM: kmsemu.Duration(spread)}, func(w *world) change {
		user, policy := w.user(""), w.policy(allow("kms:*", "*"))
		_, err := w.root.iam.AttachUserPolicy(w.ctx, &iam.AttachUserPolicyInput{UserName: user.name(), PolicyArn: &policy})
		require.NoError(w, err)
		return change{w.encrypting(user, w.key()), "", refused, func() {
			_, err := w.root.iam.DetachUserPolicy(w.ctx, &iam.DetachUserPolicyInput{UserName: user.name(), PolicyArn: &policy})
			require.NoError(w, err)
		}}
	}},
	"policy version": {kmsemu.Consistency{IAM: kmsemu.Duration(spread)}, func(w *world) change {
		user, policy := w.user(""), w.policy(allow("kms:*", "*"))
		_, err := w.root.iam.AttachUserPolicy(w.ctx, &iam.AttachUserPolicyInput{UserName: user.name(), PolicyArn: &policy})
		require.NoError(w, err)
		return change{w.encrypting(user, w.key()), "", refused, func() {
			_, err := w.root.iam.CreatePolicyVersion(w.ctx, &iam.CreatePolicyVersionInput{PolicyArn: &policy, PolicyDocument: aws.String(allow("s3:*", "*")), SetAsDefault: true})
			require.NoError(w, err)
		}}
	}},
	"boundary": {kmsemu.Consistency{IAM: kmsemu.Duration(spread)}, func(w *world) change {
		user, policy := w.user(allow("kms:*", "*")), w.policy(allow("s3:*", "*"))
		return change{w.encrypting(user, w.key()), "", refused, func() {
			_, err := w.root.iam.PutUserPermissionsBoundary(w.ctx, &iam.PutUserPermissionsBoundaryInput{UserName: user.name(), PermissionsBoundary: &policy})
			require.NoError(w, err)
		}}
	}},
	"trust policy": {kmsemu.Consistency{IAM: kmsemu.Duration(spread)}, func(w *world) change {
		role := w.trustingRole(trusting("arn:aws:iam::" + other + ":root"))
		return change{w.assuming(role), "AccessDenied", "", func() {
			_, err := w.root.iam.UpdateAssumeRolePolicy(w.ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String(roleName(role)), PolicyDocument: aws.String(trusting(rootARN))})
			require.NoError(w, err)
		}}
	}},
	"new role": {kmsemu.Consistency{IAM: kmsemu.Duration(spread)}, func(w *world) change {
		return change{w.assuming("arn:aws:iam::000000000000:role/new"), "AccessDenied", "", func() { w.newRole("new") }}
	}},
	"new role in a key policy": {kmsemu.Consistency{IAM: kmsemu.Duration(spread)}, func(w *world) change {
		return change{w.naming("arn:aws:iam::000000000000:role/new"), stranger, "", func() { w.newRole("new") }}
	}},
	"session of a new role in a key policy": {kmsemu.Consistency{IAM: kmsemu.Duration(spread)}, func(w *world) change {
		return change{w.naming("arn:aws:sts::000000000000:assumed-role/new/s"), stranger, "", func() { w.newRole("new") }}
	}},
	"new role in a grant": {kmsemu.Consistency{IAM: kmsemu.Duration(spread)}, func(w *world) change {
		key := w.key()
		return change{func() error {
			_, err := w.createGrant(w.root, key, "arn:aws:iam::000000000000:role/new", []types.GrantOperation{types.GrantOperationDecrypt})
			return err
		}, "InvalidArnException", "", func() { w.newRole("new") }}
	}},
}

func (w *world) encrypting(by *caller, key string) func() error {
	return func() error {
		_, err := by.kms.Encrypt(w.ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("x")})
		return err
	}
}

func (w *world) assuming(role string) func() error {
	return func() error {
		_, err := w.root.sts.AssumeRole(w.ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("s1")})
		return err
	}
}

// naming makes a key whose policy names a principal.
func (w *world) naming(principal string) func() error {
	return func() error {
		_, err := w.root.kms.CreateKey(w.ctx, &kms.CreateKeyInput{Policy: aws.String(keyPolicy(statement("Allow", principal, "kms:Encrypt", "")))})
		return err
	}
}

func (w *world) newRole(name string) {
	w.Helper()
	_, err := w.root.iam.CreateRole(w.ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(trusting(rootARN))})
	require.NoError(w, err)
}

func (w *world) alias(name, key string) {
	w.Helper()
	_, err := w.root.kms.CreateAlias(w.ctx, &kms.CreateAliasInput{AliasName: &name, TargetKeyId: &key})
	require.NoError(w, err)
}

func (w *world) deleteAlias(name string) {
	w.Helper()
	_, err := w.root.kms.DeleteAlias(w.ctx, &kms.DeleteAliasInput{AliasName: &name})
	require.NoError(w, err)
}

// onlyIf allows everything under a condition.
func onlyIf(operator, key, value string) string {
	text, _ := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": map[string]any{
		"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Condition": map[string]any{operator: map[string]string{key: value}},
	}})
	return string(text)
}

// ends asserts how a try ends: well, or with a code.
func ends(t *testing.T, err error, code string) {
	t.Helper()
	if code == "" {
		require.NoError(t, err)
		return
	}
	fails(t, err, code, "")
}

// TestConsistency (K0561 to K0566): a change counts when its time has passed, and
// not a moment before; without a delay it counts at once.
func TestConsistency(t *testing.T) {
	t.Parallel()
	for name, row := range spreading {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			change := row.in(w)
			w.clock.Advance(2 * spread)
			require.NoError(t, w.Server.SetConsistency(row.delay))
			ends(t, change.try(), change.before)
			change.make()
			ends(t, change.try(), change.before)
			w.clock.Advance(spread - time.Nanosecond)
			ends(t, change.try(), change.before)
			w.clock.Advance(time.Nanosecond)
			ends(t, change.try(), change.after)

			w = newWorld(t)
			change = row.in(w)
			w.clock.Advance(2 * spread)
			change.make()
			ends(t, change.try(), change.after)
		})
	}
}

// TestConsistencyOfKeys (K0561): who makes a key must wait until it is found; lists
// have it at once.
func TestConsistencyOfKeys(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, kmsemu.Config{Consistency: kmsemu.Consistency{Keys: kmsemu.Duration(time.Second)}})
	key := w.key()
	describe := func() error {
		_, err := w.root.kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: &key})
		return err
	}
	fails(t, describe(), missing, "Key '"+key+"' does not exist")
	list, err := w.root.kms.ListKeys(w.ctx, &kms.ListKeysInput{})
	require.NoError(t, err)
	require.Len(t, list.Keys, 1)
	w.clock.Advance(time.Second)
	require.NoError(t, describe())
}

// TestConsistencyOfGrantTokens (K0564): the token of a new grant counts at once,
// for the grantee alone, and the grant can be retired by it; a grant that is older
// and alike counts without.
func TestConsistencyOfGrantTokens(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, kmsemu.Config{Consistency: kmsemu.Consistency{Grants: kmsemu.Duration(spread)}})
	role, session := w.roleAndSession()
	key := w.key()
	encrypt := func(by *caller, tokens ...string) error {
		_, err := by.kms.Encrypt(w.ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("x"), GrantTokens: tokens})
		return err
	}
	first := w.grant(w.root, key, role, types.GrantOperationEncrypt)
	fails(t, encrypt(session), refused, "")
	require.NoError(t, encrypt(session, *first.GrantToken))
	fails(t, encrypt(w.role(""), *first.GrantToken), refused, "")
	w.clock.Advance(spread)
	for range 8 { // whichever comes first by id
		w.grant(w.root, key, role, types.GrantOperationEncrypt)
	}
	require.NoError(t, encrypt(session), "the first counts by now")
	late := w.grant(w.root, key, role, types.GrantOperationEncrypt)
	_, err := w.root.kms.RetireGrant(w.ctx, &kms.RetireGrantInput{GrantToken: late.GrantToken})
	require.NoError(t, err)
	fails(t, encrypt(session, *late.GrantToken), "InvalidGrantTokenException", "")
}

// TestConsistencyOfAccessKeys (K0566).
func TestConsistencyOfAccessKeys(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, kmsemu.Config{Consistency: kmsemu.Consistency{IAM: kmsemu.Duration(spread)}})
	_, err := w.root.iam.CreateUser(w.ctx, &iam.CreateUserInput{UserName: aws.String("u")})
	require.NoError(t, err)
	user := w.keyOf("u")
	whoAmI := func() error {
		_, err := user.sts.GetCallerIdentity(w.ctx, &sts.GetCallerIdentityInput{})
		return err
	}
	fails(t, whoAmI(), "InvalidClientTokenId", "")
	w.clock.Advance(spread)
	require.NoError(t, whoAmI())
}

// TestSeveralChangesOnTheirWay: each counts at its own time.
func TestSeveralChangesOnTheirWay(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, kmsemu.Config{Consistency: kmsemu.Consistency{Aliases: kmsemu.Duration(spread)}})
	keys := []string{w.key(), w.key(), w.key()}
	leadsTo := func() string {
		out, err := w.root.kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: aws.String("alias/a")})
		if err != nil {
			fails(t, err, missing, "")
			return ""
		}
		return *out.KeyMetadata.Arn
	}
	w.alias("alias/a", keys[0])
	w.clock.Advance(spread / 2)
	for _, key := range keys[1:] { // the second is never seen
		_, err := w.root.kms.UpdateAlias(w.ctx, &kms.UpdateAliasInput{AliasName: aws.String("alias/a"), TargetKeyId: &key})
		require.NoError(t, err)
	}
	require.Empty(t, leadsTo())
	w.clock.Advance(spread / 2)
	require.Equal(t, keys[0], leadsTo())
	w.clock.Advance(spread / 2)
	require.Equal(t, keys[2], leadsTo())
	require.Zero(t, func() int {
		w.alias("alias/b", keys[0])
		w.clock.Advance(spread)
		w.alias("alias/c", keys[0])
		return kmsemu.Former(w.Server) - 1
	}(), "what is past is forgotten")
}

// TestSetConsistency: changes count by the delay of now, also those made before;
// negative delays are refused.
func TestSetConsistency(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	want := kmsemu.Consistency{Keys: kmsemu.Duration(spread)}
	require.NoError(t, w.Server.SetConsistency(want))
	require.Equal(t, want, w.Server.Consistency())
	fails(t, w.encrypting(w.root, key)(), missing, "")
	require.EqualError(t, w.Server.SetConsistency(kmsemu.Consistency{IAM: -1}), "setting consistency: a change cannot take effect -1ns after it is made")
	require.NoError(t, w.Server.SetConsistency(kmsemu.Consistency{}))
	require.NoError(t, w.encrypting(w.root, key)())
}
