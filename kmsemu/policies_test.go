package kmsemu_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"
)

// TestDefaultKeyPolicy (K0047).
func TestDefaultKeyPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	out, err := w.root.kms.GetKeyPolicy(w.ctx, &kms.GetKeyPolicyInput{KeyId: &key, PolicyName: aws.String("default")})
	require.NoError(t, err)
	require.Equal(t, "default", *out.PolicyName)
	require.JSONEq(t, `{"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions",
		"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:root"},"Action":"kms:*","Resource":"*"}]}`, *out.Policy)
	names, err := w.root.kms.ListKeyPolicies(w.ctx, &kms.ListKeyPoliciesInput{KeyId: &key})
	require.NoError(t, err)
	require.Equal(t, []string{"default"}, names.PolicyNames)

	for _, row := range []struct{ region, partition string }{{"cn-north-1", "aws-cn"}, {"us-gov-west-1", "aws-us-gov"}} {
		c := w.callerIn(row.region, "test", "test", "")
		made, err := c.kms.CreateKey(w.ctx, &kms.CreateKeyInput{})
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(*made.KeyMetadata.Arn, "arn:"+row.partition+":kms:"+row.region+":"))
		out, err = c.kms.GetKeyPolicy(w.ctx, &kms.GetKeyPolicyInput{KeyId: made.KeyMetadata.KeyId})
		require.NoError(t, err)
		require.Contains(t, *out.Policy, "arn:"+row.partition+":iam::000000000000:root")
	}
}

func TestPolicyIsKeptAsGiven(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	document := keyPolicy() + "\n"
	_, err := w.root.kms.PutKeyPolicy(w.ctx, &kms.PutKeyPolicyInput{KeyId: &key, Policy: &document})
	require.NoError(t, err)
	out, err := w.root.kms.GetKeyPolicy(w.ctx, &kms.GetKeyPolicyInput{KeyId: &key})
	require.NoError(t, err)
	require.Equal(t, document, *out.Policy)
}

func TestPolicyNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	_, err := w.root.kms.GetKeyPolicy(w.ctx, &kms.GetKeyPolicyInput{KeyId: &key, PolicyName: aws.String("other")})
	fails(t, err, "NotFoundException", "No such policy exists")
	_, err = w.root.kms.PutKeyPolicy(w.ctx, &kms.PutKeyPolicyInput{KeyId: &key, PolicyName: aws.String("other"), Policy: aws.String(keyPolicy())})
	fails(t, err, "NotFoundException", "No such policy exists")
}

// TestRefusedKeyPolicies (K0046, K0048, K0049), each beside the twin that is
// accepted.
func TestRefusedKeyPolicies(t *testing.T) {
	t.Parallel()
	const (
		lockout   = "The new key policy will not allow you to update the key policy in the future."
		principal = "Policy contains a statement with one or more invalid principals"
	)
	w := newWorld(t)
	role := w.roleARN(w.root, allow("kms:*", "*"))
	byRole := w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role})
	unnamed := w.role(allow("kms:*", "*"))
	id, user := w.roleID(role), w.user("")
	naming := func(principal string) string { return keyPolicy(statement("Allow", principal, "kms:Encrypt", "")) }
	only := func(principal string) string {
		return `{"Version":"2012-10-17","Statement":[` + statement("Allow", principal, "kms:*", "") + `]}`
	}
	for name, row := range map[string]struct {
		by            *caller
		good, bad     string
		code, message string
	}{
		"not JSON":               {w.root, keyPolicy(), keyPolicy()[1:], "MalformedPolicyDocumentException", "key policy"},
		"not a policy":           {w.root, keyPolicy(), `{}`, "MalformedPolicyDocumentException", "Statement"},
		"control character":      {w.root, keyPolicy() + "\t", keyPolicy() + "\v", "ValidationException", "at 'policy'"},
		"beyond Latin-1":         {w.root, naming("*"), strings.Replace(keyPolicy(), "root", "ro\u0153t", 1), "ValidationException", "at 'policy'"},
		"root locked out":        {w.root, only("arn:aws:iam::000000000000:root"), only(role), "MalformedPolicyDocumentException", lockout},
		"role locked out":        {byRole, only(role), only("arn:aws:iam::" + other + ":root"), "MalformedPolicyDocumentException", lockout},
		"identity policy counts": {unnamed, only("arn:aws:iam::000000000000:root"), only(role), "MalformedPolicyDocumentException", lockout},
		"unknown role":           {w.root, naming(role), naming(role + "x"), "MalformedPolicyDocumentException", principal},
		"role without its path":  {w.root, naming(role), naming(strings.Replace(role, "role/", "role/path/", 1)), "MalformedPolicyDocumentException", principal},
		"unknown user":           {w.root, naming(user.arn), naming(user.arn + "x"), "MalformedPolicyDocumentException", principal},
		"unknown session role":   {w.root, naming(byRole.arn), naming("arn:aws:sts::000000000000:assumed-role/none/s"), "MalformedPolicyDocumentException", principal},
		"unknown id":             {w.root, naming(id), naming("AROAAAAAAAAAAAAAAAAAA"), "MalformedPolicyDocumentException", principal},
		"wildcard in an ARN":     {w.root, naming("*"), naming("arn:aws:iam::000000000000:role/*"), "MalformedPolicyDocumentException", principal},
		"not a principal":        {w.root, naming(other), naming("arn:aws:s3:::bucket"), "MalformedPolicyDocumentException", principal},
		"a group":                {w.root, naming("arn:aws:iam::" + other + ":root"), naming("arn:aws:iam::" + other + ":group/g"), "MalformedPolicyDocumentException", principal},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := row.by.kms.CreateKey(w.ctx, &kms.CreateKeyInput{Policy: &row.bad})
			failsLike(t, err, row.code, row.message)
			out, err := row.by.kms.CreateKey(w.ctx, &kms.CreateKeyInput{Policy: &row.good})
			require.NoError(t, err)
			_, err = row.by.kms.PutKeyPolicy(w.ctx, &kms.PutKeyPolicyInput{KeyId: out.KeyMetadata.KeyId, Policy: &row.bad})
			failsLike(t, err, row.code, row.message)
			kept, err := row.by.kms.GetKeyPolicy(w.ctx, &kms.GetKeyPolicyInput{KeyId: out.KeyMetadata.KeyId})
			require.NoError(t, err)
			// An id is shown as the ARN it belongs to (K0406).
			require.Equal(t, strings.Replace(row.good, `"`+id+`"`, `"`+role+`"`, 1), *kept.Policy, "a refused policy changes nothing")
		})
	}
}

func TestLockoutCheckCanBeBypassed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.roleARN(w.root, "")
	policy := `{"Version":"2012-10-17","Statement":[` + statement("Allow", role, "kms:*", "") + `]}`
	_, err := w.root.kms.CreateKey(w.ctx, &kms.CreateKeyInput{Policy: &policy, BypassPolicyLockoutSafetyCheck: true})
	require.NoError(t, err)
	key := w.key()
	_, err = w.root.kms.PutKeyPolicy(w.ctx, &kms.PutKeyPolicyInput{KeyId: &key, Policy: &policy, BypassPolicyLockoutSafetyCheck: true})
	require.NoError(t, err)
	_, err = w.root.kms.PutKeyPolicy(w.ctx, &kms.PutKeyPolicyInput{KeyId: &key, Policy: &policy})
	failsLike(t, err, "AccessDeniedException", "kms:PutKeyPolicy")
}

func (w *world) roleID(arn string) string {
	w.Helper()
	out, err := w.root.iam.GetRole(w.ctx, &iam.GetRoleInput{RoleName: aws.String(arn[strings.LastIndex(arn, "/")+1:])})
	require.NoError(w, err)
	return *out.Role.RoleId
}

// TestCreateKeyConditions: a request for a key meets conditions too, defaults
// included (K0082).
func TestCreateKeyConditions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, row := range map[string]struct{ met, unmet string }{
		"key spec":     {`{"StringEquals":{"kms:KeySpec":"SYMMETRIC_DEFAULT"}}`, `{"StringEquals":{"kms:KeySpec":"RSA_2048"}}`},
		"key usage":    {`{"StringEquals":{"kms:KeyUsage":"ENCRYPT_DECRYPT"}}`, `{"StringEquals":{"kms:KeyUsage":"SIGN_VERIFY"}}`},
		"origin":       {`{"StringEquals":{"kms:KeyOrigin":"AWS_KMS"}}`, `{"StringEquals":{"kms:KeyOrigin":"EXTERNAL"}}`},
		"multi-Region": {`{"Bool":{"kms:MultiRegion":"false"}}`, `{"Bool":{"kms:MultiRegion":"true"}}`},
		"bypass":       {`{"Bool":{"kms:BypassPolicyLockoutSafetyCheck":"false"}}`, `{"Bool":{"kms:BypassPolicyLockoutSafetyCheck":"true"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			create := func(condition string) error {
				policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*","Condition":%s}]}`, condition)
				_, err := w.role(policy).kms.CreateKey(w.ctx, &kms.CreateKeyInput{BypassPolicyLockoutSafetyCheck: false, Policy: aws.String(keyPolicy(statement("Allow", "*", "kms:PutKeyPolicy", "")))})
				return err
			}
			require.NoError(t, create(row.met))
			failsLike(t, create(row.unmet), "AccessDeniedException", "kms:CreateKey on resource: * because no identity-based policy allows")
		})
	}
}

// TestOverlyPermissiveConditions (K0549).
func TestOverlyPermissiveConditions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	for name, row := range map[string]struct{ condition, subject string }{
		"encryption context":            {`{"ForAllValues:StringEquals":{"kms:EncryptionContext:app":"x"}}`, "encryption context"},
		"in other letters":              {`{"ForAllValues:StringLike":{"KMS:encryptioncontext:app":"x"}}`, "encryption context"},
		"request tag":                   {`{"ForAllValues:StringEquals":{"aws:RequestTag/env":"dev"}}`, "tag"},
		"if it exists":                  {`{"ForAllValues:StringEqualsIfExists":{"aws:RequestTag/env":"dev"}}`, "tag"},
		"context keys":                  {`{"ForAllValues:StringEquals":{"kms:EncryptionContextKeys":"app"}}`, ""},
		"tag keys":                      {`{"ForAllValues:StringEquals":{"aws:TagKeys":"env"}}`, ""},
		"any value":                     {`{"ForAnyValue:StringEquals":{"kms:EncryptionContext:app":"x"}}`, ""},
		"encryption context, no set":    {`{"StringEquals":{"kms:EncryptionContext:app":"x"}}`, ""},
		"a tag of the key, for all":     {`{"ForAllValues:StringEquals":{"aws:ResourceTag/env":"dev"}}`, ""},
		"request tag without operators": {`{"StringEquals":{"aws:RequestTag/env":"dev"}}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			policy := keyPolicy(statement("Allow", "*", "kms:Encrypt", row.condition))
			_, err := w.root.kms.PutKeyPolicy(w.ctx, &kms.PutKeyPolicyInput{KeyId: &key, Policy: &policy})
			_, atBirth := w.root.kms.CreateKey(w.ctx, &kms.CreateKeyInput{Policy: &policy})
			if row.subject == "" {
				require.NoError(t, err)
				require.NoError(t, atBirth)
				return
			}
			text := "OverlyPermissiveCondition: Using the ForAllValues set operator with a single-valued condition key matches requests without the specified X or with an unspecified X. To fix, remove ForAllValues."
			text = strings.ReplaceAll(text, "X", row.subject)
			fails(t, err, "MalformedPolicyDocumentException", text)
			fails(t, atBirth, "MalformedPolicyDocumentException", text)
		})
	}
}

// TestRAMPolicy: there is none, and RAM alone could write it (K0551).
func TestRAMPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	put := func(by *caller) error {
		_, err := by.kms.PutKeyPolicy(w.ctx, &kms.PutKeyPolicyInput{KeyId: &key, PolicyName: ptr("AWS_RAM"), Policy: ptr(keyPolicy())})
		return err
	}
	get := func(by *caller, name string) error {
		_, err := by.kms.GetKeyPolicy(w.ctx, &kms.GetKeyPolicyInput{KeyId: &key, PolicyName: &name})
		return err
	}
	fails(t, put(w.root), "ValidationException", "The AWS_RAM policy can only be managed by the RAM service")
	fails(t, get(w.root, "AWS_RAM"), "NotFoundException", "No such policy exists")
	const onlyDefault = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*KeyPolicy","Resource":"*","Condition":{"StringEquals":{"kms:PolicyName":"default"}}}]}`
	limited := w.role(onlyDefault)
	fails(t, put(limited), "AccessDeniedException", "")
	fails(t, get(limited, "AWS_RAM"), "AccessDeniedException", "")
	require.NoError(t, get(limited, "default"))
}
