package kmsemu_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"
)

func (w *world) encrypt(by *caller, key string, context map[string]string) ([]byte, error) {
	out, err := by.kms.Encrypt(w.ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("secret"), EncryptionContext: context})
	if err != nil {
		return nil, err
	}
	return out.CiphertextBlob, nil
}

func (w *world) decrypt(by *caller, ciphertext []byte, context map[string]string) ([]byte, error) {
	out, err := by.kms.Decrypt(w.ctx, &kms.DecryptInput{CiphertextBlob: ciphertext, EncryptionContext: context})
	if err != nil {
		return nil, err
	}
	return out.Plaintext, nil
}

func denied(caller, action, resource, because string) string {
	return "User: " + caller + " is not authorized to perform: " + action + " on resource: " + resource + " " + because
}

// unseen is the denial of a key that nothing but a ciphertext named.
func unseen(caller, action string) string {
	return "User: " + caller + " is not authorized to perform: " + action + " on the resource associated with this ciphertext" +
		" because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"
}

// TestDenialTexts (K0075 to K0078): each names the caller's session, the key's
// ARN even if an alias was sent, and the kind of policy that decided.
func TestDenialTexts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.roleARN(w.root, allow("kms:*", "*"))
	session := w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role})
	bare := w.role("")
	denying := w.role(identity("Deny", "kms:Encrypt", "*"))
	narrowed := w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role, Policy: aws.String(allow("kms:Decrypt", "*"))})

	delegating := w.key()
	_, err := w.root.kms.CreateAlias(w.ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/app"), TargetKeyId: &delegating})
	require.NoError(t, err)
	silent := w.key(withPolicy(keyPolicyOfRoot("kms:PutKeyPolicy")))
	refusing := w.key(withPolicy(keyPolicy(statement("Deny", role, "kms:Encrypt", ""))))

	for name, row := range map[string]struct {
		by            *caller
		key, resource string
		because       string
	}{
		"no identity policy allows": {bare, delegating, delegating, "because no identity-based policy allows the kms:Encrypt action"},
		"by alias":                  {bare, "alias/app", delegating, "because no identity-based policy allows the kms:Encrypt action"},
		"key policy silent":         {session, silent, silent, "because no resource-based policy allows the kms:Encrypt action"},
		"key policy denies":         {session, refusing, refusing, "with an explicit deny in a resource-based policy"},
		"identity policy denies":    {denying, delegating, delegating, "with an explicit deny in an identity-based policy"},
		"session policy silent":     {narrowed, delegating, delegating, "because no session policy allows the kms:Encrypt action"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.encrypt(row.by, row.key, nil)
			fails(t, err, "AccessDeniedException", denied(row.by.arn, "kms:Encrypt", row.resource, row.because))
		})
	}
	_, err = w.encrypt(session, delegating, nil)
	require.NoError(t, err, "the twin of every row: the same role, the delegating key")
}

// keyPolicyOfRoot leaves the account only some actions.
func keyPolicyOfRoot(action string) string {
	return `{"Version":"2012-10-17","Statement":[` + statement("Allow", "arn:aws:iam::000000000000:root", action, "") + `]}`
}

// TestRootNeedsTheKeyPolicy: root is no exception to the key policy.
func TestRootNeedsTheKeyPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(withPolicy(keyPolicyOfRoot("kms:*")))
	_, err := w.encrypt(w.root, key, nil)
	require.NoError(t, err)
	key = w.key(withPolicy(keyPolicyOfRoot("kms:PutKeyPolicy")))
	_, err = w.encrypt(w.root, key, nil)
	failsLike(t, err, "AccessDeniedException", "because no resource-based policy allows the kms:Encrypt action")
}

// TestKeyPolicyAlone: a role, or one session, named in the key policy needs no
// identity policy.
func TestKeyPolicyAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.roleARN(w.root, "")
	session := w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("one")})
	sibling := w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("two")})
	stranger := w.role("")

	byRole := w.key(withPolicy(keyPolicy(statement("Allow", role, "kms:Encrypt", ""))))
	bySession := w.key(withPolicy(keyPolicy(statement("Allow", session.arn, "kms:Encrypt", ""))))
	w.mayEncrypt(t, map[string]attempt{
		"role named, a session of it":       {session, byRole, true},
		"role named, another session of it": {sibling, byRole, true},
		"role named, another role":          {stranger, byRole, false},
		"session named, that session":       {session, bySession, true},
		"session named, another session":    {sibling, bySession, false},
	})
}

// TestAdministratorCannotDecrypt, and can give himself the permission: a tester
// should assert both.
func TestAdministratorCannotDecrypt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.roleARN(w.root, "")
	user := w.roleARN(w.root, "")
	key := w.key(withPolicy(`{"Version":"2012-10-17","Statement":[` +
		statement("Allow", "arn:aws:iam::000000000000:root", "kms:PutKeyPolicy", "") + "," +
		statement("Allow", admin, "kms:*KeyPolicy", "") + "," +
		statement("Allow", user, "kms:*crypt", "") + `]}`))
	administrator := w.session(w.root, &sts.AssumeRoleInput{RoleArn: &admin})
	secret, err := w.encrypt(w.session(w.root, &sts.AssumeRoleInput{RoleArn: &user}), key, nil)
	require.NoError(t, err)
	_, err = w.decrypt(administrator, secret, nil)
	failsLike(t, err, "AccessDeniedException", "because no resource-based policy allows the kms:Decrypt action")

	_, err = administrator.kms.PutKeyPolicy(w.ctx, &kms.PutKeyPolicyInput{KeyId: &key, Policy: aws.String(keyPolicy(statement("Allow", admin, "kms:*", "")))})
	require.NoError(t, err)
	plain, err := w.decrypt(administrator, secret, nil)
	require.NoError(t, err)
	require.Equal(t, "secret", string(plain))
}

// TestSessionPolicyNarrows what the role may do, even if the key policy names the
// role.
func TestSessionPolicyNarrows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.roleARN(w.root, "")
	key := w.key(withPolicy(keyPolicy(statement("Allow", role, "kms:*crypt", ""))))
	narrow := w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role, Policy: aws.String(allow("kms:Encrypt", key))})
	secret, err := w.encrypt(narrow, key, nil)
	require.NoError(t, err)
	_, err = w.decrypt(narrow, secret, nil)
	failsLike(t, err, "AccessDeniedException", "because no session policy allows the kms:Decrypt action")
	_, err = w.decrypt(w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role}), secret, nil)
	require.NoError(t, err)
}

// TestConditionKeys holds one call that meets a condition of the key policy and a
// twin that differs in the one thing the condition is about.
func TestConditionKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.roleARN(w.root, "")
	session := w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role})
	elsewhere := w.callerIn(region, "test", "test", "")
	tenant := map[string]string{"tenant": "blue"}
	ptr := aws.String

	type call func(key, alias string) error
	encrypt := func(context map[string]string) call {
		return func(key, _ string) error {
			_, err := w.encrypt(session, key, context)
			return err
		}
	}
	for name, row := range map[string]struct {
		action, condition string
		allowed, twin     call
	}{
		"kms:EncryptionContext:k": {"kms:Encrypt", `{"StringEquals":{"kms:EncryptionContext:tenant":"blue"}}`,
			encrypt(tenant), encrypt(map[string]string{"tenant": "red"})},
		"kms:EncryptionContextKeys": {"kms:Encrypt", `{"ForAllValues:StringEquals":{"kms:EncryptionContextKeys":["tenant"]}}`,
			encrypt(tenant), encrypt(map[string]string{"tenant": "blue", "app": "x"})},
		"kms:EncryptionAlgorithm": {"kms:Encrypt", `{"StringEquals":{"kms:EncryptionAlgorithm":"SYMMETRIC_DEFAULT"}}`,
			encrypt(nil), func(key, _ string) error {
				_, err := session.kms.Encrypt(w.ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("x"), EncryptionAlgorithm: types.EncryptionAlgorithmSpecRsaesOaepSha256})
				return err
			}},
		"kms:RequestAlias": {"kms:Encrypt", `{"StringLike":{"kms:RequestAlias":"alias/cond-*"}}`,
			func(_, alias string) error { _, err := w.encrypt(session, alias, nil); return err },
			func(key, _ string) error { _, err := w.encrypt(session, key, nil); return err }},
		"kms:ScheduleKeyDeletionPendingWindowInDays": {"kms:ScheduleKeyDeletion", `{"NumericGreaterThanEquals":{"kms:ScheduleKeyDeletionPendingWindowInDays":"30"}}`,
			func(key, _ string) error { // the default counts
				_, err := session.kms.ScheduleKeyDeletion(w.ctx, &kms.ScheduleKeyDeletionInput{KeyId: &key})
				return err
			}, func(key, _ string) error {
				_, err := session.kms.ScheduleKeyDeletion(w.ctx, &kms.ScheduleKeyDeletionInput{KeyId: &key, PendingWindowInDays: aws.Int32(29)})
				return err
			}},
		"kms:RotationPeriodInDays": {"kms:EnableKeyRotation", `{"NumericLessThanEquals":{"kms:RotationPeriodInDays":"365"}}`,
			func(key, _ string) error { // the default counts
				_, err := session.kms.EnableKeyRotation(w.ctx, &kms.EnableKeyRotationInput{KeyId: &key})
				return err
			}, func(key, _ string) error {
				_, err := session.kms.EnableKeyRotation(w.ctx, &kms.EnableKeyRotationInput{KeyId: &key, RotationPeriodInDays: aws.Int32(366)})
				return err
			}},
		"kms:BypassPolicyLockoutSafetyCheck": {"kms:PutKeyPolicy", `{"Bool":{"kms:BypassPolicyLockoutSafetyCheck":"false"}}`,
			func(key, _ string) error {
				_, err := session.kms.PutKeyPolicy(w.ctx, &kms.PutKeyPolicyInput{KeyId: &key, Policy: ptr(keyPolicy(statement("Allow", role, "kms:*", "")))})
				return err
			}, func(key, _ string) error {
				_, err := session.kms.PutKeyPolicy(w.ctx, &kms.PutKeyPolicyInput{KeyId: &key, Policy: ptr(keyPolicy()), BypassPolicyLockoutSafetyCheck: true})
				return err
			}},
		"kms:PolicyName": {"kms:PutKeyPolicy", `{"StringEquals":{"kms:PolicyName":"default"}}`,
			func(key, _ string) error {
				_, err := session.kms.PutKeyPolicy(w.ctx, &kms.PutKeyPolicyInput{KeyId: &key, Policy: ptr(keyPolicy(statement("Allow", role, "kms:*", "")))})
				return err
			}, encrypt(nil)},
		"kms:ReEncryptOnSameKey": {"kms:ReEncrypt*", `{"Bool":{"kms:ReEncryptOnSameKey":"true"}}`,
			func(key, _ string) error {
				secret, err := w.encrypt(w.root, key, nil)
				require.NoError(t, err)
				_, err = session.kms.ReEncrypt(w.ctx, &kms.ReEncryptInput{CiphertextBlob: secret, DestinationKeyId: &key})
				return err
			}, func(key, _ string) error {
				secret, err := w.encrypt(w.root, w.key(withPolicy(keyPolicy(statement("Allow", role, "kms:ReEncrypt*", "")))), nil)
				require.NoError(t, err)
				_, err = session.kms.ReEncrypt(w.ctx, &kms.ReEncryptInput{CiphertextBlob: secret, DestinationKeyId: &key})
				return err
			}},
		"aws:RequestTag": {"kms:TagResource", `{"StringEquals":{"aws:RequestTag/env":"dev"}}`,
			func(key, _ string) error { return w.tag(session, key, "env", "dev") },
			func(key, _ string) error { return w.tag(session, key, "env", "prod") }},
		"aws:TagKeys": {"kms:*tagResource", `{"ForAllValues:StringEquals":{"aws:TagKeys":["env"]}}`,
			func(key, _ string) error {
				_, err := session.kms.UntagResource(w.ctx, &kms.UntagResourceInput{KeyId: &key, TagKeys: []string{"env"}})
				return err
			}, func(key, _ string) error { return w.tag(session, key, "owner", "me") }},
		"aws:ResourceTag": {"kms:TagResource", `{"Null":{"aws:ResourceTag/locked":"true"}}`,
			func(key, _ string) error { return w.tag(session, key, "env", "dev") },
			func(key, _ string) error {
				require.NoError(t, w.tag(w.root, key, "locked", "yes"))
				return w.tag(session, key, "env", "dev")
			}},
		"aws:RequestedRegion": {"kms:Encrypt", `{"StringEquals":{"aws:RequestedRegion":"us-east-1"}}`,
			encrypt(nil), func(key, _ string) error {
				return w.inRegion("eu-west-1", role, `{"StringEquals":{"aws:RequestedRegion":"us-east-1"}}`)
			}},
		"aws:SecureTransport": {"kms:Encrypt", `{"Bool":{"aws:SecureTransport":"true"}}`, encrypt(nil), w.opposite(session, role, `{"Bool":{"aws:SecureTransport":"false"}}`)},
		"aws:SourceIp":        {"kms:Encrypt", `{"IpAddress":{"aws:SourceIp":"127.0.0.0/8"}}`, encrypt(nil), w.opposite(session, role, `{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`)},
		"aws:UserAgent":       {"kms:Encrypt", `{"StringLike":{"aws:UserAgent":"aws-sdk-go-v2/*"}}`, encrypt(nil), w.opposite(session, role, `{"StringLike":{"aws:UserAgent":"curl/*"}}`)},
		"aws:CurrentTime":     {"kms:Encrypt", `{"DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}}`, encrypt(nil), w.opposite(session, role, `{"DateLessThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}}`)},
		"aws:EpochTime":       {"kms:Encrypt", `{"NumericGreaterThan":{"aws:EpochTime":"1577836800"}}`, encrypt(nil), w.opposite(session, role, `{"NumericLessThan":{"aws:EpochTime":"1577836800"}}`)},
	} {
		t.Run(name, func(t *testing.T) {
			alias := "alias/" + w.name("cond")
			fresh := func() string {
				key := w.key(withPolicy(keyPolicy(statement("Allow", role, row.action, row.condition))))
				alias = "alias/" + w.name("cond")
				_, err := elsewhere.kms.CreateAlias(w.ctx, &kms.CreateAliasInput{AliasName: &alias, TargetKeyId: &key})
				require.NoError(t, err)
				return key
			}
			key := fresh()
			require.NoError(t, row.allowed(key, alias))
			key = fresh()
			fails(t, row.twin(key, alias), "AccessDeniedException", "")
		})
	}
}

// opposite encrypts with a key whose policy has the opposite condition.
func (w *world) opposite(by *caller, role, condition string) func(key, alias string) error {
	return func(string, string) error {
		_, err := w.encrypt(by, w.key(withPolicy(keyPolicy(statement("Allow", role, "kms:Encrypt", condition)))), nil)
		return err
	}
}

// inRegion encrypts in another Region, with a key of the same policy.
func (w *world) inRegion(region, role, condition string) error {
	root := w.callerIn(region, "test", "test", "")
	out, err := root.kms.CreateKey(w.ctx, &kms.CreateKeyInput{Policy: aws.String(keyPolicy(statement("Allow", role, "kms:Encrypt", condition)))})
	require.NoError(w, err)
	assumed, err := root.sts.AssumeRole(w.ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("there")})
	require.NoError(w, err)
	c := assumed.Credentials
	_, err = w.encrypt(w.callerIn(region, *c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken), *out.KeyMetadata.Arn, nil)
	return err
}

func (w *world) tag(by *caller, key, name, value string) error {
	_, err := by.kms.TagResource(w.ctx, &kms.TagResourceInput{KeyId: &key, Tags: []types.Tag{{TagKey: &name, TagValue: &value}}})
	return err
}

// TestCrossAccount (K0081): both sides must allow, and only some operations work.
func TestCrossAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	foreign := w.caller(other, "test", "")
	role := w.roleARN(foreign, allow("kms:*", "*"))
	bare := w.roleARN(foreign, "")
	session := w.session(foreign, &sts.AssumeRoleInput{RoleArn: &role})
	powerless := w.session(foreign, &sts.AssumeRoleInput{RoleArn: &bare})
	shared := w.key(withPolicy(keyPolicy(statement("Allow", "arn:aws:iam::"+other+":root", "kms:*", ""))))
	private := w.key()

	secret, err := w.encrypt(session, shared, nil)
	require.NoError(t, err)
	plain, err := w.decrypt(session, secret, nil)
	require.NoError(t, err, "the ciphertext alone names the other account's key")
	require.Equal(t, "secret", string(plain))

	_, err = w.encrypt(session, private, nil)
	fails(t, err, "AccessDeniedException", denied(session.arn, "kms:Encrypt", private, "because no resource-based policy allows the kms:Encrypt action"))
	_, err = w.encrypt(powerless, shared, nil)
	fails(t, err, "AccessDeniedException", denied(powerless.arn, "kms:Encrypt", shared, "because no identity-based policy allows the kms:Encrypt action"))
	_, err = session.kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: &shared})
	require.NoError(t, err)
	_, err = session.kms.DisableKey(w.ctx, &kms.DisableKeyInput{KeyId: &shared})
	failsLike(t, err, "AccessDeniedException", "kms:DisableKey")
	_, err = w.encrypt(w.root, shared, nil)
	require.NoError(t, err, "the key was not disabled")
}

// TestSealedKeyStaysUnseen (K0033): the ciphertext of another account's key, and
// of a key that is no more.
func TestSealedKeyStaysUnseen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	secret, err := w.encrypt(w.root, key, nil)
	require.NoError(t, err)
	stranger, text := w.caller(other, "test", ""), unseen(rootARN, "kms:Decrypt")
	_, err = w.decrypt(stranger, secret, nil)
	fails(t, err, "AccessDeniedException", unseen("arn:aws:iam::"+other+":root", "kms:Decrypt"))
	guest := w.roleARN(stranger, "")
	session := w.session(stranger, &sts.AssumeRoleInput{RoleArn: &guest})
	_, err = w.decrypt(session, secret, nil)
	fails(t, err, "AccessDeniedException", unseen(session.arn, "kms:Decrypt"))
	shared, err := w.encrypt(w.root, w.key(withPolicy(keyPolicy(statement("Allow", "arn:aws:iam::"+other+":root", "kms:Decrypt", "")))), nil)
	require.NoError(t, err)
	_, err = w.decrypt(session, shared, nil)
	fails(t, err, "AccessDeniedException", "User: "+session.arn+" is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext because no identity-based policy allows the kms:Decrypt action")
	_, err = w.decrypt(w.callerIn("eu-west-1", "test", "test", ""), secret, nil)
	fails(t, err, "AccessDeniedException", text)
	_, err = w.rootIn("eu-west-1").kms.ReEncrypt(w.ctx, &kms.ReEncryptInput{CiphertextBlob: secret, DestinationKeyId: &key})
	fails(t, err, "AccessDeniedException", unseen(rootARN, "kms:ReEncryptFrom"))
	role := w.role("")
	_, err = w.decrypt(role, secret, nil)
	fails(t, err, "AccessDeniedException", denied(role.arn, "kms:Decrypt", key, "because no identity-based policy allows the kms:Decrypt action"))

	w.pend(subject{key: key})
	w.clock.Advance(30 * 24 * hour)
	_, err = w.decrypt(w.root, secret, nil)
	fails(t, err, "AccessDeniedException", text)
}

// TestStatementWithoutEffect (K0050): a statement without Action or Resource is taken
// and allows nothing.
func TestStatementWithoutEffect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role, session := w.roleAndSession()
	whole := statement("Allow", role, "kms:Encrypt", "")
	for name, row := range map[string]struct {
		statement string
		may       bool
	}{
		"whole":            {whole, true},
		"without Action":   {strings.Replace(whole, `"Action":"kms:Encrypt",`, "", 1), false},
		"without Resource": {strings.Replace(whole, `,"Resource":"*"`, "", 1), false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.encrypt(session, w.key(withPolicy(keyPolicy(row.statement))), nil)
			if row.may {
				require.NoError(t, err)
			} else {
				fails(t, err, "AccessDeniedException", "")
			}
		})
	}
}

// TestAliasInAnIdentityPolicy (K0080): it is the alias, and not its key.
func TestAliasInAnIdentityPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, alias := w.key(), "alias/named"
	_, err := w.root.kms.CreateAlias(w.ctx, &kms.CreateAliasInput{AliasName: &alias, TargetKeyId: &key})
	require.NoError(t, err)
	_, err = w.encrypt(w.role(allow("kms:Encrypt", key)), alias, nil)
	require.NoError(t, err)
	onAlias := w.role(allow("kms:Encrypt", "arn:aws:kms:us-east-1:000000000000:"+alias))
	_, err = w.encrypt(onAlias, alias, nil)
	fails(t, err, "AccessDeniedException", denied(onAlias.arn, "kms:Encrypt", key, "because no identity-based policy allows the kms:Encrypt action"))
}

// TestAliasVerbsNeedBoth (K0079): the alias by identity policy, the key by its own.
func TestAliasVerbsNeedBoth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	alias := "alias/app"
	aliasARN := "arn:aws:kms:us-east-1:000000000000:" + alias
	create := func(by *caller) error {
		_, err := by.kms.CreateAlias(w.ctx, &kms.CreateAliasInput{AliasName: &alias, TargetKeyId: &key})
		return err
	}
	onKey, onAlias := w.role(allow("kms:CreateAlias", key)), w.role(allow("kms:CreateAlias", aliasARN))
	fails(t, create(onKey), "AccessDeniedException", denied(onKey.arn, "kms:CreateAlias", aliasARN, "because no identity-based policy allows the kms:CreateAlias action"))
	fails(t, create(onAlias), "AccessDeniedException", denied(onAlias.arn, "kms:CreateAlias", key, "because no identity-based policy allows the kms:CreateAlias action"))
	require.NoError(t, create(w.role(allow("kms:CreateAlias", "arn:aws:kms:*:000000000000:*"))))

	// Moving an alias needs the key it leaves too, and deleting it its key.
	next := w.key()
	move := func(by *caller) error {
		_, err := by.kms.UpdateAlias(w.ctx, &kms.UpdateAliasInput{AliasName: &alias, TargetKeyId: &next})
		return err
	}
	remove := func(by *caller) error {
		_, err := by.kms.DeleteAlias(w.ctx, &kms.DeleteAliasInput{AliasName: &alias})
		return err
	}
	withoutOld := w.role(allow("kms:*Alias", aliasARN, next))
	fails(t, move(withoutOld), "AccessDeniedException", denied(withoutOld.arn, "kms:UpdateAlias", key, "because no identity-based policy allows the kms:UpdateAlias action"))
	fails(t, remove(withoutOld), "AccessDeniedException", denied(withoutOld.arn, "kms:DeleteAlias", key, "because no identity-based policy allows the kms:DeleteAlias action"))
	all := w.role(allow("kms:*Alias", aliasARN, key, next))
	require.NoError(t, move(all))
	require.NoError(t, remove(all))
}

// TestIdentityChangesCountAtOnce: policies are read at each call, and a deleted
// role ends its sessions (K0108).
func TestIdentityChangesCountAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	role := w.roleARN(w.root, allow("kms:Encrypt", "*"))
	session := w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role})
	name := aws.String(role[len("arn:aws:iam::000000000000:role/"):])
	_, err := w.encrypt(session, key, nil)
	require.NoError(t, err)
	_, err = w.root.iam.DeleteRolePolicy(w.ctx, &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: aws.String("inline")})
	require.NoError(t, err)
	_, err = w.encrypt(session, key, nil)
	failsLike(t, err, "AccessDeniedException", "because no identity-based policy allows")
	_, err = w.root.iam.DeleteRole(w.ctx, &iam.DeleteRoleInput{RoleName: name})
	require.NoError(t, err)
	_, err = w.encrypt(session, key, nil)
	fails(t, err, "UnrecognizedClientException", "The security token included in the request is invalid.")
}
