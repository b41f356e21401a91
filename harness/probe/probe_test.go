package probe_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/probe"
)

// lab is a backend with a key and some roles.
type lab struct {
	*backend.Embedded
	t *testing.T
}

func newLab(t *testing.T) lab {
	t.Helper()
	b, err := backend.StartEmbedded(t.Context(), backend.EmbeddedConfig{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return lab{b, t}
}

func (l lab) role(name string, policies ...string) *probe.Identity {
	l.t.Helper()
	id, err := probe.CreateRole(l.t.Context(), l, name, policies...)
	require.NoError(l.t, err)
	return id
}

// statement allows actions to a role; condition is JSON or "".
func statement(sid string, id *probe.Identity, condition string, actions ...string) string {
	if condition != "" {
		condition = `,"Condition":` + condition
	}
	return fmt.Sprintf(`{"Sid":%q,"Effect":"Allow","Principal":{"AWS":%q},"Action":["kms:%s"],"Resource":"*"%s}`,
		sid, id.RoleARN, strings.Join(actions, `","kms:`), condition)
}

// key makes a key whose policy lets the deployer administer it, beside the
// given statements.
func (l lab) key(statements ...string) string {
	l.t.Helper()
	admin := `{"Sid":"Admin","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:role/` + backend.DeployerRole + `"},` +
		`"Action":["kms:Describe*","kms:Get*","kms:List*","kms:Put*","kms:Enable*","kms:Disable*","kms:TagResource",` +
		`"kms:UntagResource","kms:ScheduleKeyDeletion","kms:CancelKeyDeletion"],"Resource":"*"}`
	policy := `{"Version":"2012-10-17","Statement":[` + strings.Join(append(statements, admin), ",") + `]}`
	out, err := kms.NewFromConfig(l.Config()).CreateKey(l.t.Context(), &kms.CreateKeyInput{Policy: aws.String(policy)})
	require.NoError(l.t, err)
	return aws.ToString(out.KeyMetadata.Arn)
}

var cryptographic = []string{"Encrypt", "Decrypt", "GenerateDataKey"}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	tenant := map[string]string{"tenant": "a"}
	bound := `{"StringEquals":{"kms:EncryptionContext:tenant":"a"}}`
	tests := []struct {
		name      string
		actions   []string
		condition string
		context   map[string]string
		want      string // part of the error; "" for none
	}{
		{"without context", cryptographic, "", nil, ""},
		{"with context", cryptographic, "", tenant, ""},
		{"with the context the policy asks for", cryptographic, bound, tenant, ""},
		{"with another context than the policy asks for", cryptographic, bound, map[string]string{"tenant": "b"}, "encrypting with"},
		{"without Encrypt", []string{"Decrypt", "GenerateDataKey"}, "", nil, "encrypting with"},
		{"without Decrypt", []string{"Encrypt", "GenerateDataKey"}, "", nil, "decrypting: "},
		{"without GenerateDataKey", []string{"Encrypt", "Decrypt"}, "", nil, "generating data key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			app := l.role("app")
			key := l.key(statement("App", app, tt.condition, tt.actions...))
			err := probe.RoundTrip(t.Context(), app.KMS, key, tt.context)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestRoundTripByIDAndAlias(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	admin := kms.NewFromConfig(l.Config())
	key, err := admin.CreateKey(t.Context(), &kms.CreateKeyInput{})
	require.NoError(t, err)
	_, err = admin.CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: aws.String("alias/app"), TargetKeyId: key.KeyMetadata.KeyId})
	require.NoError(t, err)
	for _, name := range []string{aws.ToString(key.KeyMetadata.KeyId), aws.ToString(key.KeyMetadata.Arn), "alias/app"} {
		require.NoError(t, probe.RoundTrip(t.Context(), admin, name, nil), name)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	app, stranger := l.role("app"), l.role("stranger")
	key := l.key(statement("App", app, "", "Encrypt"))
	encrypt := func(ctx context.Context, c *kms.Client) error {
		_, err := c.Encrypt(ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("x")})
		return err
	}
	reason, err := probe.Refused(t.Context(), stranger, encrypt)
	require.NoError(t, err)
	require.NotEmpty(t, reason, "the audit trail says why")
	again, err := probe.Refused(t.Context(), stranger, func(ctx context.Context, c *kms.Client) error {
		err := encrypt(ctx, c)
		_, other := c.ListKeyPolicies(ctx, &kms.ListKeyPoliciesInput{KeyId: &key})
		return errors.Join(err, other)
	})
	require.NoError(t, err)
	require.Equal(t, reason, again, "whatever the same session calls after")

	_, err = probe.Refused(t.Context(), app, encrypt)
	require.ErrorContains(t, err, "was allowed, want AccessDeniedException")
	require.ErrorContains(t, err, `statement "App"`, "it says what allowed it")

	_, err = probe.Refused(t.Context(), app, func(ctx context.Context, c *kms.Client) error {
		_, err := c.Encrypt(ctx, &kms.EncryptInput{KeyId: aws.String("00000000-0000-4000-8000-000000000000"), Plaintext: []byte("x")})
		return err
	})
	require.ErrorContains(t, err, "want AccessDeniedException, got: ", "a missing key is no denial")
	var missing *types.NotFoundException
	require.ErrorAs(t, err, &missing)

	_, err = probe.Refused(t.Context(), app, func(context.Context, *kms.Client) error {
		return &smithy.GenericAPIError{Code: "AccessDeniedException"}
	})
	require.ErrorContains(t, err, "the audit trail has no reason", "a denial that the backend did not make")
}

// lax is a backend that allows everything.
type lax struct{ backend.Backend }

func (lax) Enforces() bool { return false }
func (lax) Name() string   { return "lax" }

func TestNotEnforced(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	id, err := probe.CreateRole(t.Context(), lax{l}, "app")
	require.NoError(t, err)
	_, err = probe.Refused(t.Context(), id, func(context.Context, *kms.Client) error { return nil })
	require.ErrorIs(t, err, probe.ErrNotEnforced)
	_, err = probe.Access(t.Context(), lax{l}, probe.Matrix{})
	require.ErrorIs(t, err, probe.ErrNotEnforced)
}

func TestAccess(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	all := probe.Actions()
	admin, app, auditor, stranger := l.role("admin"), l.role("app"), l.role("auditor"), l.role("stranger")
	names := make([]string, len(all)) // every probed action as the policy names it
	for i, action := range all {
		names[i] = string(action)
	}
	names = append(names, "ReEncryptFrom", "ReEncryptTo")
	names = slices.DeleteFunc(names, func(n string) bool { return n == "ReEncrypt" })
	key := l.key(
		statement("Admin", admin, "", names...),
		statement("App", app, "", cryptographic...),
		statement("Auditor", auditor, "", "DescribeKey", "GetKeyPolicy"),
	)
	before := l.describe(key)
	rows := []probe.Row{
		{Identity: admin, Allow: all},
		{Identity: app, Allow: []probe.Action{probe.Encrypt, probe.Decrypt, probe.GenerateDataKey}},
		{Identity: auditor, Allow: []probe.Action{probe.DescribeKey, probe.GetKeyPolicy}},
		{Identity: stranger, Stranger: true},
	}
	results, err := probe.Access(t.Context(), l, probe.Matrix{Key: key, Rows: rows})
	require.NoError(t, err)
	require.Len(t, results, 4*len(all))
	for _, r := range results {
		require.True(t, r.OK(), r.String())
		require.NotEmpty(t, r.Reason, r.String())
	}
	if diff := cmp.Diff(before, l.describe(key)); diff != "" {
		t.Errorf("the key was changed (-before +after):\n%s", diff)
	}

	// The same matrix with one promise more, and one less, is not kept.
	rows[1].Allow = append(rows[1].Allow, probe.ReEncrypt)
	rows[2].Allow = []probe.Action{probe.DescribeKey}
	results, err = probe.Access(t.Context(), l, probe.Matrix{Key: key, Rows: rows})
	require.NoError(t, err)
	var broken []string
	for _, r := range results {
		if !r.OK() {
			broken = append(broken, r.Role+" "+string(r.Action))
		}
	}
	require.Equal(t, []string{"app ReEncrypt", "auditor GetKeyPolicy"}, broken)
}

// describe is all of the key that a probe could leave changed.
func (l lab) describe(key string) map[string]any {
	l.t.Helper()
	ctx, c := l.t.Context(), kms.NewFromConfig(l.Config())
	metadata, err := c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &key})
	require.NoError(l.t, err)
	policy, err := c.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &key})
	require.NoError(l.t, err)
	rotation, err := c.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: &key})
	require.NoError(l.t, err)
	tags, err := c.ListResourceTags(ctx, &kms.ListResourceTagsInput{KeyId: &key})
	require.NoError(l.t, err)
	return map[string]any{
		"state": metadata.KeyMetadata.KeyState, "policy": aws.ToString(policy.Policy),
		"rotation": rotation.KeyRotationEnabled, "tags": len(tags.Tags),
	}
}

// An encryption context that the policy asks for goes with every call.
func TestAccessWithContext(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	app := l.role("app")
	key := l.key(statement("App", app, `{"StringEquals":{"kms:EncryptionContext:tenant":"a"}}`, cryptographic...))
	allow := []probe.Action{probe.Encrypt, probe.Decrypt, probe.GenerateDataKey}
	for tenant, want := range map[string]string{"a": "", "b": "nobody could make a ciphertext"} {
		results, err := probe.Access(t.Context(), l, probe.Matrix{
			Key: key, EncryptionContext: map[string]string{"tenant": tenant}, Rows: []probe.Row{{Identity: app, Allow: allow}},
		})
		if want != "" {
			require.ErrorContains(t, err, want)
			continue
		}
		require.NoError(t, err)
		for _, r := range results {
			require.True(t, r.OK(), r.String())
		}
	}
}

func TestMatrixThatProvesNothing(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	app := l.role("app")
	tests := []struct {
		name string
		rows []probe.Row
		want string
	}{
		{"no rows", nil, "it has no rows"},
		{"a role that may do nothing", []probe.Row{{Identity: app}}, "app is allowed nothing"},
		{"a stranger that may do something", []probe.Row{{Identity: app, Stranger: true, Allow: []probe.Action{probe.Encrypt}}}, "declared a stranger, yet allowed"},
		{"a misspelt action", []probe.Row{{Identity: app, Allow: []probe.Action{"Encrpyt"}}}, `action "Encrpyt" is not probed`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := probe.Access(t.Context(), l, probe.Matrix{Key: "none", Rows: tt.rows})
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	const encrypt = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:Encrypt","Resource":"*"}]}`
	app, bare := l.role("app", encrypt), l.role("bare")
	require.Regexp(t, `^arn:aws:sts::000000000000:assumed-role/app/probe-[a-z2-7]{8}$`, app.ARN)

	// A key with the default policy leaves the decision to identity policies.
	key, err := kms.NewFromConfig(l.Config()).CreateKey(t.Context(), &kms.CreateKeyInput{})
	require.NoError(t, err)
	input := &kms.EncryptInput{KeyId: key.KeyMetadata.Arn, Plaintext: []byte("x")}
	_, err = app.KMS.Encrypt(t.Context(), input)
	require.NoError(t, err)
	_, err = bare.KMS.Encrypt(t.Context(), input)
	require.Error(t, err)

	again, err := probe.AssumeRole(t.Context(), l, app.RoleARN)
	require.NoError(t, err)
	require.Equal(t, "app", again.Name)
	require.NotEqual(t, app.ARN, again.ARN, "each session has a name of its own")

	require.NoError(t, app.Remove(t.Context()))
	_, err = probe.AssumeRole(t.Context(), l, app.RoleARN)
	require.Error(t, err)
	_, err = probe.CreateRole(t.Context(), l, "bare")
	require.ErrorContains(t, err, "creating role bare")
	_, err = probe.CreateRole(t.Context(), l, "broken", "not JSON")
	require.ErrorContains(t, err, "putting policy 1 of role broken")
	_, err = probe.AssumeRole(t.Context(), l, "arn:aws:iam::000000000000:role/broken")
	require.Error(t, err, "a role that was not finished is removed")
}

// A role that is made again is the same to the policies that name it, with other
// policies of its own.
func TestRenewRole(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	allow := func(action string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:` + action + `","Resource":"*"}]}`
	}
	renew := func(policies ...string) *probe.Identity {
		t.Helper()
		id, err := probe.RenewRole(t.Context(), l, "app", policies...)
		require.NoError(t, err)
		return id
	}
	random := func(id *probe.Identity) error {
		_, err := id.KMS.GenerateRandom(t.Context(), &kms.GenerateRandomInput{NumberOfBytes: aws.Int32(8)})
		return err
	}
	encrypt := func(id *probe.Identity, key string) error {
		_, err := id.KMS.Encrypt(t.Context(), &kms.EncryptInput{KeyId: &key, Plaintext: []byte("x")})
		return err
	}
	first := renew(allow("GenerateRandom"), allow("ListKeys"))
	key := l.key(statement("App", first, "", "Encrypt"))
	require.NoError(t, random(first))
	require.NoError(t, encrypt(first, key))

	second := renew(allow("ListKeys"))
	require.ErrorContains(t, random(second), "AccessDenied", "the policy is gone")
	require.NoError(t, encrypt(second, key), "the key's policy still names it")
	require.NoError(t, second.Remove(t.Context()))
	require.ErrorContains(t, encrypt(renew(), key), "AccessDenied", "this is another role of that name")
}
