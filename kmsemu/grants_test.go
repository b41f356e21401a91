package kmsemu_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/keypolicy"
	"github.com/keywright/keywright/kmsemu"
)

const dryRunOK = "The request would have succeeded, but the DryRun option is set."

// grant makes a grant.
func (w *world) grant(by *caller, key, grantee string, operations ...types.GrantOperation) *kms.CreateGrantOutput {
	w.Helper()
	out, err := w.createGrant(by, key, grantee, operations)
	require.NoError(w, err)
	return out
}

// createGrant asks for a grant; change may adapt the request.
func (w *world) createGrant(by *caller, key, grantee string, operations []types.GrantOperation, change ...func(*kms.CreateGrantInput)) (*kms.CreateGrantOutput, error) {
	in := &kms.CreateGrantInput{KeyId: &key, Operations: operations}
	if grantee != "" {
		in.GranteePrincipal = &grantee
	}
	for _, f := range change {
		f(in)
	}
	return by.kms.CreateGrant(w.ctx, in)
}

func retiredBy(principal string) func(*kms.CreateGrantInput) {
	return func(in *kms.CreateGrantInput) { in.RetiringPrincipal = &principal }
}

func onlyWith(c types.GrantConstraints) func(*kms.CreateGrantInput) {
	return func(in *kms.CreateGrantInput) { in.Constraints = &c }
}

// ops is a list of operations.
func ops(names ...string) []types.GrantOperation {
	var out []types.GrantOperation
	for _, name := range names {
		out = append(out, types.GrantOperation(name))
	}
	return out
}

// roleAndSession is a new role without policies, and a session of it.
func (w *world) roleAndSession() (string, *caller) {
	w.Helper()
	role := w.roleARN(w.root, "")
	return role, w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role})
}

// otherRole is a role of another account, and a session of it.
func (w *world) otherRole(identityPolicy string) (string, *caller) {
	w.Helper()
	root := w.caller(other, "test", "")
	role := w.roleARN(root, identityPolicy)
	return role, w.session(root, &sts.AssumeRoleInput{RoleArn: &role})
}

// TestGrantAllows: a grant gives its grantee its operations, whoever that is, and
// nothing else to nobody else.
func TestGrantAllows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role, session := w.roleAndSession()
	abroad, stranger := w.otherRole("")
	for name, row := range map[string]struct {
		grantee string
		by      *caller
	}{
		"role":                    {role, session},
		"session":                 {session.arn, session},
		"role of another account": {abroad, stranger},
	} {
		t.Run(name, func(t *testing.T) {
			key := w.key()
			_, err := w.encrypt(row.by, key, nil)
			fails(t, err, "AccessDeniedException", "")
			g := w.grant(w.root, key, row.grantee, types.GrantOperationEncrypt)
			_, err = w.encrypt(row.by, key, nil)
			require.NoError(t, err)
			decision := w.event("Encrypt").Decision
			require.Equal(t, keypolicy.KeyGrant, decision.Source)
			require.Equal(t, "grant "+*g.GrantId, decision.Reasons[0].Policy)

			_, err = row.by.kms.GenerateDataKey(w.ctx, &kms.GenerateDataKeyInput{KeyId: &key, KeySpec: types.DataKeySpecAes256})
			fails(t, err, "AccessDeniedException", "")
			_, another := w.roleAndSession()
			_, err = w.encrypt(another, key, nil)
			fails(t, err, "AccessDeniedException", "")
			_, err = w.encrypt(row.by, w.key(), nil)
			fails(t, err, "AccessDeniedException", "")
			_, err = w.root.kms.RevokeGrant(w.ctx, &kms.RevokeGrantInput{KeyId: &key, GrantId: g.GrantId})
			require.NoError(t, err)
			_, err = w.encrypt(row.by, key, nil)
			fails(t, err, "AccessDeniedException", "")
		})
	}
	t.Run("one to an account leaves it to IAM (K0334)", func(t *testing.T) {
		key := w.key()
		_, allowed := w.otherRole(allow("kms:Encrypt", "*"))
		_, err := w.encrypt(allowed, key, nil)
		fails(t, err, "AccessDeniedException", "")
		w.grant(w.root, key, "arn:aws:iam::"+other+":root", types.GrantOperationEncrypt)
		_, err = w.encrypt(allowed, key, nil)
		require.NoError(t, err)
		_, err = w.encrypt(stranger, key, nil)
		failsLike(t, err, "AccessDeniedException", "because no identity-based policy allows")
	})
	t.Run("a Deny beats a grant", func(t *testing.T) {
		key := w.key(withPolicy(keyPolicy(statement("Deny", role, "kms:Encrypt", ""))))
		w.grant(w.root, key, role, types.GrantOperationEncrypt)
		_, err := w.encrypt(session, key, nil)
		failsLike(t, err, "AccessDeniedException", "with an explicit deny in a resource-based policy")
	})
}

// TestGrantIDs (K0300): 64 hexadecimal digits; without a name every request makes
// another grant.
func TestGrantIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	first := w.grant(w.root, key, rootARN, types.GrantOperationEncrypt)
	second := w.grant(w.root, key, rootARN, types.GrantOperationEncrypt)
	require.Regexp(t, `^[0-9a-f]{64}$`, *first.GrantId)
	require.NotEqual(t, *first.GrantId, *second.GrantId)
	require.Len(t, w.grants(key), 2)
}

// grants lists the grants of a key.
func (w *world) grants(key string) []types.GrantListEntry {
	w.Helper()
	out, err := w.root.kms.ListGrants(w.ctx, &kms.ListGrantsInput{KeyId: &key})
	require.NoError(w, err)
	return out.Grants
}

// TestGrantTokens (K0301): every operation that takes tokens refuses those that
// name no grant, and counts them.
func TestGrantTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	token := *w.grant(w.root, key, rootARN, types.GrantOperationEncrypt).GrantToken
	require.NotEmpty(t, token)
	encrypt := func(tokens ...string) error {
		_, err := w.root.kms.Encrypt(w.ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("x"), GrantTokens: tokens})
		return err
	}
	require.NoError(t, encrypt(token))
	require.NoError(t, encrypt(strings.Split(strings.Repeat(token+" ", 10), " ")[:10]...))
	failsLike(t, encrypt(strings.Split(strings.Repeat(token+" ", 11), " ")[:11]...), "ValidationException", "'grantTokens'"+constraint+"have length less than or equal to 10")
	failsLike(t, encrypt(strings.Repeat("x", 8193)), "ValidationException", "'grantTokens.1.member'"+constraint+"have length less than or equal to 8192")
	flipped := []byte(token)
	flipped[len(flipped)-6] ^= 1
	for name, bad := range map[string]string{"not base64": "!", "not a token": "eA==", "longest": strings.Repeat("x", 8192), "forged": string(flipped)} {
		failsLike(t, encrypt(bad), "InvalidGrantTokenException", "The grant token is not valid")
		require.NotEmpty(t, name)
	}
	elsewhere := w.callerIn("eu-west-1", "test", "test", "")
	out, err := elsewhere.kms.CreateKey(w.ctx, &kms.CreateKeyInput{})
	require.NoError(t, err)
	foreign := w.grant(elsewhere, *out.KeyMetadata.Arn, rootARN, types.GrantOperationEncrypt)
	fails(t, encrypt(*foreign.GrantToken), "InvalidGrantTokenException", "")

	_, err = w.root.kms.RetireGrant(w.ctx, &kms.RetireGrantInput{GrantToken: &token})
	require.NoError(t, err)
	fails(t, encrypt(token), "InvalidGrantTokenException", "")
}

// TestEveryOperationTakesGrantTokens (K0301): all that have them in the SDK.
func TestEveryOperationTakesGrantTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.subject()
	client := reflect.TypeOf(w.root.kms)
	taking := 0
	for _, name := range kmsemu.Operations("kms") {
		method, ok := client.MethodByName(name)
		if !ok {
			continue
		}
		if _, takes := method.Type.In(2).Elem().FieldByName("GrantTokens"); !takes {
			continue
		}
		taking++
		call := func(token string) error {
			in := w.validInput(name, s)
			in.Elem().FieldByName("GrantTokens").Set(reflect.ValueOf([]string{token}))
			return reflect.ValueOf(w.root.kms).MethodByName(name).Call([]reflect.Value{reflect.ValueOf(w.ctx), in})[1].Interface().(error)
		}
		failsLike(t, call("!"), "InvalidGrantTokenException", "The grant token is not valid")
		require.NotEmpty(t, name)
	}
	require.GreaterOrEqual(t, taking, 7)
}

// validInput is an input that passes the checks of shape; which keys it is about
// does not matter where a token is refused first.
func (w *world) validInput(operation string, s subject) reflect.Value {
	method, _ := reflect.TypeOf(w.root.kms).MethodByName(operation)
	in := reflect.New(method.Type.In(2).Elem())
	text, err := json.Marshal(map[string]any{
		"KeyId": s.key, "DestinationKeyId": s.key, "CiphertextBlob": s.ciphertext, "Plaintext": []byte("x"), "Message": []byte("x"),
		"Signature": []byte("x"), "Mac": []byte("x"), "PublicKey": []byte("x"), "SharedSecretCiphertextBlob": []byte("x"), "GranteePrincipal": rootARN, "Operations": []string{"Decrypt"},
		"KeySpec": "AES_256", "KeyPairSpec": "ECC_NIST_P256", "SigningAlgorithm": "ECDSA_SHA_256", "MacAlgorithm": "HMAC_SHA_256",
		"KeyAgreementAlgorithm": "ECDH", "EncapsulationAlgorithm": "ML_KEM",
	})
	require.NoError(w, err)
	require.NoError(w, json.Unmarshal(text, in.Interface()))
	return in
}

// TestGrantRetry (K0302): the same name and parameters are the same grant, under
// another token that works as well.
func TestGrantRetry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	named := func(change ...func(*kms.CreateGrantInput)) *kms.CreateGrantOutput {
		change = append([]func(*kms.CreateGrantInput){func(in *kms.CreateGrantInput) { in.Name = aws.String("mine") }}, change...)
		out, err := w.createGrant(w.root, key, rootARN, ops("Encrypt", "Decrypt"), change...)
		require.NoError(t, err)
		return out
	}
	first, again := named(), named()
	require.Equal(t, *first.GrantId, *again.GrantId)
	require.NotEqual(t, *first.GrantToken, *again.GrantToken)
	for name, different := range map[string]func(*kms.CreateGrantInput){
		"name":       func(in *kms.CreateGrantInput) { in.Name = aws.String("yours") },
		"operations": func(in *kms.CreateGrantInput) { in.Operations = ops("Encrypt") },
		"retirer":    retiredBy(rootARN),
		"constraint": onlyWith(types.GrantConstraints{EncryptionContextSubset: map[string]string{"a": "b"}}),
		"kind":       onlyWith(types.GrantConstraints{EncryptionContextEquals: map[string]string{"a": "b"}}),
	} {
		require.NotEqual(t, *first.GrantId, *named(different).GrantId, name)
	}
	require.Len(t, w.grants(key), 6)
	for _, token := range []*string{first.GrantToken, again.GrantToken} {
		_, err := w.root.kms.RetireGrant(w.ctx, &kms.RetireGrantInput{GrantToken: token, DryRun: aws.Bool(true)})
		fails(t, err, "DryRunOperationException", dryRunOK)
	}
	_, err := w.root.kms.RetireGrant(w.ctx, &kms.RetireGrantInput{GrantToken: again.GrantToken})
	require.NoError(t, err)
	require.NotEqual(t, *first.GrantId, *named().GrantId, "a grant that is gone is not found again")
}

// TestManyGrants (K0303): the quota, and that a call looks at few of them.
func TestManyGrants(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role, session := w.roleAndSession()
	key := w.key()
	kmsemu.FillGrants(w.Server, key, kmsemu.MaxGrants-2, func(i int) string { return fmt.Sprintf("arn:aws:iam::%012d:root", i+1) })
	w.grant(w.root, key, role, types.GrantOperationEncrypt)
	w.grant(w.root, key, role, types.GrantOperationEncrypt)
	_, err := w.createGrant(w.root, key, role, ops("Encrypt"))
	failsLike(t, err, "LimitExceededException", "50000 grants")
	_, err = w.encrypt(session, key, nil)
	require.NoError(t, err)
	require.Equal(t, 1, kmsemu.GrantsConsidered(w.Server, key, role, "Encrypt", nil), "like grants count once")

	volumes := w.key()
	kmsemu.FillGrants(w.Server, volumes, 1000, func(int) string { return role })
	require.Equal(t, 1, kmsemu.GrantsConsidered(w.Server, volumes, role, "Decrypt", map[string]string{"n": "17", "more": "x"}))
	require.Equal(t, 0, kmsemu.GrantsConsidered(w.Server, volumes, role, "Decrypt", map[string]string{"n": "1000"}))
	require.Equal(t, 1, kmsemu.GrantsConsidered(w.Server, volumes, role, "DescribeKey", nil))
	require.Equal(t, 0, kmsemu.GrantsConsidered(w.Server, volumes, role, "Encrypt", map[string]string{"n": "17"}))

	// Of several pairs the index goes by one that tells grants apart.
	alike := w.key()
	for i := range 20 {
		_, err := w.createGrant(w.root, alike, role, ops("Decrypt"), onlyWith(types.GrantConstraints{EncryptionContextSubset: map[string]string{"app": "x", "n": fmt.Sprint(i)}}))
		require.NoError(t, err)
	}
	context := map[string]string{"app": "x", "n": "17"}
	require.LessOrEqual(t, kmsemu.GrantsConsidered(w.Server, alike, role, "Decrypt", context), 2)
	secret, err := w.encrypt(w.root, alike, context)
	require.NoError(t, err)
	_, err = w.decrypt(session, secret, context)
	require.NoError(t, err)
	other := map[string]string{"app": "x", "n": "20"}
	secret, err = w.encrypt(w.root, alike, other)
	require.NoError(t, err)
	_, err = w.decrypt(session, secret, other)
	fails(t, err, "AccessDeniedException", "")
}

// TestGrantDiesWithItsRole (K0304): a role of the same name is another.
func TestGrantDiesWithItsRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	role, session := w.roleAndSession()
	name, id := roleName(role), w.roleID(role)
	for _, grantee := range []string{role, session.arn} {
		_, err := w.createGrant(w.root, key, grantee, ops("Encrypt"), retiredBy(role))
		require.NoError(t, err)
	}
	_, err := w.encrypt(session, key, nil)
	require.NoError(t, err)

	_, err = w.root.iam.DeleteRole(w.ctx, &iam.DeleteRoleInput{RoleName: &name})
	require.NoError(t, err)
	_, err = w.root.iam.CreateRole(w.ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(trusting(rootARN))})
	require.NoError(t, err)
	again := w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role})
	require.Equal(t, session.arn, again.arn)
	_, err = w.encrypt(again, key, nil)
	fails(t, err, "AccessDeniedException", "")
	names := map[string]bool{}
	for _, g := range w.grants(key) {
		names[*g.GranteePrincipal] = true
		require.Equal(t, id, *g.RetiringPrincipal)
	}
	require.Equal(t, map[string]bool{id: true, id + ":session": true}, names)
	out, err := w.root.kms.ListRetirableGrants(w.ctx, &kms.ListRetirableGrantsInput{RetiringPrincipal: &role})
	require.NoError(t, err)
	require.Empty(t, out.Grants)
}

// TestGrantConstraints (K0305): they bind operations that have an encryption
// context, and those alone.
func TestGrantConstraints(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role, session := w.roleAndSession()
	tenant := map[string]string{"tenant": "blue", "app": "x"}
	for name, row := range map[string]struct {
		constraint types.GrantConstraints
		context    map[string]string
		allowed    bool
	}{
		"none":                   {types.GrantConstraints{}, nil, true},
		"equal":                  {types.GrantConstraints{EncryptionContextEquals: tenant}, map[string]string{"app": "x", "tenant": "blue"}, true},
		"equal, one more":        {types.GrantConstraints{EncryptionContextEquals: tenant}, map[string]string{"app": "x", "tenant": "blue", "z": ""}, false},
		"equal, one less":        {types.GrantConstraints{EncryptionContextEquals: tenant}, map[string]string{"tenant": "blue"}, false},
		"equal, another value":   {types.GrantConstraints{EncryptionContextEquals: tenant}, map[string]string{"app": "x", "tenant": "red"}, false},
		"equal to nothing":       {types.GrantConstraints{EncryptionContextEquals: map[string]string{}}, tenant, true},
		"one of two is empty":    {types.GrantConstraints{EncryptionContextEquals: map[string]string{}, EncryptionContextSubset: tenant}, map[string]string{"app": "x"}, false},
		"subset":                 {types.GrantConstraints{EncryptionContextSubset: tenant}, map[string]string{"app": "x", "tenant": "blue", "z": ""}, true},
		"subset, one less":       {types.GrantConstraints{EncryptionContextSubset: tenant}, map[string]string{"app": "x"}, false},
		"subset, no context":     {types.GrantConstraints{EncryptionContextSubset: tenant}, nil, false},
		"source, called by none": {types.GrantConstraints{SourceArn: aws.String("arn:aws:sns:us-east-1:000000000000:topic")}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			key := w.key()
			_, err := w.createGrant(w.root, key, role, ops("Encrypt", "DescribeKey"), onlyWith(row.constraint))
			require.NoError(t, err)
			_, err = session.kms.Encrypt(w.ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("x"), EncryptionContext: row.context})
			if row.allowed {
				require.NoError(t, err)
			} else {
				fails(t, err, "AccessDeniedException", "")
			}
			_, err = session.kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: &key})
			if row.constraint.SourceArn == nil {
				require.NoError(t, err, "constraints on the encryption context do not bind DescribeKey")
			} else {
				fails(t, err, "AccessDeniedException", "")
			}
		})
	}
}

// TestRefusedConstraints (K0305).
func TestRefusedConstraints(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pairs := func(n int) map[string]string {
		out := map[string]string{}
		for i := range n {
			out[fmt.Sprint(i)] = "v"
		}
		return out
	}
	symmetric := w.key()
	asymmetric := w.key(func(in *kms.CreateKeyInput) {
		in.KeySpec, in.KeyUsage = types.KeySpecEccNistP256, types.KeyUsageTypeSignVerify
	})
	for name, row := range map[string]struct {
		key        string
		operation  string
		constraint types.GrantConstraints
		part       string
	}{
		"8 pairs":          {symmetric, "Decrypt", types.GrantConstraints{EncryptionContextEquals: pairs(8)}, ""},
		"9 pairs":          {symmetric, "Decrypt", types.GrantConstraints{EncryptionContextEquals: pairs(9)}, "up to 8 encryption context pairs"},
		"384 characters":   {symmetric, "Decrypt", types.GrantConstraints{EncryptionContextSubset: map[string]string{"a": strings.Repeat("x", 384)}}, ""},
		"385 characters":   {symmetric, "Decrypt", types.GrantConstraints{EncryptionContextSubset: map[string]string{"a": strings.Repeat("x", 385)}}, "'constraints.encryptionContextSubset.a'" + constraint + "have length less than or equal to 384"},
		"both kinds":       {symmetric, "Decrypt", types.GrantConstraints{EncryptionContextSubset: pairs(1), EncryptionContextEquals: pairs(1)}, "More than one constraint supplied"},
		"signing":          {asymmetric, "Sign", types.GrantConstraints{EncryptionContextSubset: pairs(1)}, "supported only on grant operations that include an encryption context"},
		"signing, source":  {asymmetric, "Sign", types.GrantConstraints{SourceArn: aws.String("arn:aws:sns:us-east-1:000000000000:topic")}, ""},
		"describing":       {asymmetric, "DescribeKey", types.GrantConstraints{EncryptionContextSubset: pairs(1)}, ""},
		"source, long":     {symmetric, "Decrypt", types.GrantConstraints{SourceArn: repeatedARN(512)}, ""},
		"source, longer":   {symmetric, "Decrypt", types.GrantConstraints{SourceArn: repeatedARN(513)}, "'constraints.sourceArn'" + constraint + "have length less than or equal to 512"},
		"source, bucket":   {symmetric, "Decrypt", types.GrantConstraints{SourceArn: aws.String("arn:aws:s3:::bucket-of-nobody")}, "'constraints.sourceArn'" + constraint + "satisfy regular expression pattern: ^arn:aws[a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+$"},
		"source is no ARN": {symmetric, "Decrypt", types.GrantConstraints{SourceArn: aws.String("bucket")}, "'constraints.sourceArn'" + constraint},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.createGrant(w.root, row.key, rootARN, ops(row.operation), onlyWith(row.constraint))
			if row.part == "" {
				require.NoError(t, err)
				return
			}
			failsLike(t, err, "ValidationException", row.part)
		})
	}
}

// repeatedARN is an ARN of n characters.
func repeatedARN(n int) *string {
	const begin = "arn:aws:sns:us-east-1:000000000000:"
	return aws.String(begin + strings.Repeat("x", n-len(begin)))
}

// TestGrantOperations (K0306): those of the list that the key can do.
func TestGrantOperations(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	keys := map[string]string{"symmetric": w.key()}
	for name, kind := range map[string]struct {
		spec  types.KeySpec
		usage types.KeyUsageType
	}{
		"RSA":  {types.KeySpecRsa2048, types.KeyUsageTypeEncryptDecrypt},
		"ECC":  {types.KeySpecEccNistP256, types.KeyUsageTypeSignVerify},
		"HMAC": {types.KeySpecHmac256, types.KeyUsageTypeGenerateVerifyMac},
		"ECDH": {types.KeySpecEccNistP256, types.KeyUsageTypeKeyAgreement},
	} {
		keys[name] = w.key(func(in *kms.CreateKeyInput) { in.KeySpec, in.KeyUsage = kind.spec, kind.usage })
	}
	possible := map[string][]string{
		"symmetric": {"Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo"},
		"RSA":       {"Decrypt", "Encrypt", "ReEncryptFrom", "ReEncryptTo", "GetPublicKey"},
		"ECC":       {"Sign", "Verify", "GetPublicKey"},
		"HMAC":      {"GenerateMac", "VerifyMac"},
		"ECDH":      {"DeriveSharedSecret", "GetPublicKey"},
	}
	for name, key := range keys {
		can := map[string]bool{"CreateGrant": true, "DescribeKey": true, "RetireGrant": true}
		for _, operation := range possible[name] {
			can[operation] = true
		}
		for _, operation := range types.GrantOperation("").Values() {
			_, err := w.createGrant(w.root, key, rootARN, []types.GrantOperation{operation, types.GrantOperationDescribeKey})
			if can[string(operation)] {
				require.NoError(t, err, "%s on %s", operation, name)
				continue
			}
			failsLike(t, err, "ValidationException", "Operation "+string(operation)+" is not supported on a KMS key with KeySpec ")
		}
	}
	_, err := w.createGrant(w.root, keys["symmetric"], rootARN, ops("PutKeyPolicy"))
	failsLike(t, err, "ValidationException", "Value 'PutKeyPolicy' at 'operations.1.member'"+constraint+"satisfy enum value set: [")
	_, err = w.createGrant(w.root, keys["symmetric"], rootARN, []types.GrantOperation{})
	fails(t, err, "ValidationException", "A grant must allow at least one operation.")
	_, err = w.createGrant(w.root, keys["symmetric"], rootARN, ops("CreateGrant"))
	fails(t, err, "ValidationException", "Grants must not contain only the CreateGrant operation.")
	resp, body := w.raw(request{target: "CreateGrant", body: `{"KeyId":"` + keys["symmetric"] + `","GranteePrincipal":"` + rootARN + `"}`})
	checkJSONError(t, resp, body, "ValidationException", "1 validation error detected: Value null at 'operations'"+constraint+"not be null")
}

// TestGrantParties (K0307): who can be named, and who must.
func TestGrantParties(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	role := w.roleARN(w.root, "")
	service := func(in *kms.CreateGrantInput) {
		in.GranteeServicePrincipal, in.RetiringServicePrincipal = aws.String("dynamodb.amazonaws.com"), aws.String("dynamodb.amazonaws.com")
		in.Constraints = &types.GrantConstraints{SourceArn: aws.String("arn:aws:dynamodb:us-east-1:000000000000:table/t")}
	}
	missing := "arn:aws:iam::000000000000:role/missing"
	for name, row := range map[string]struct {
		grantee    string
		change     func(*kms.CreateGrantInput)
		code, text string
	}{
		"role":                   {role, func(*kms.CreateGrantInput) {}, "", ""},
		"retired by a role":      {rootARN, retiredBy(role), "", ""},
		"service":                {"", service, "", ""},
		"unknown account":        {"arn:aws:iam::" + other + ":role/r", func(*kms.CreateGrantInput) {}, "", ""},
		"unknown role":           {missing, func(*kms.CreateGrantInput) {}, "InvalidArnException", "ARN does not refer to a valid principal: " + missing},
		"unknown retirer":        {role, retiredBy(missing), "InvalidArnException", "ARN does not refer to a valid principal: " + missing},
		"service as a principal": {"s3.amazonaws.com", func(*kms.CreateGrantInput) {}, "InvalidArnException", "ARN does not refer to a valid principal: s3.amazonaws.com"},
		"account number":         {account, func(*kms.CreateGrantInput) {}, "InvalidArnException", "ARN does not refer to a valid principal: " + account},
		"everyone":               {"*", func(*kms.CreateGrantInput) {}, "ValidationException", ""},
		"nobody":                 {"", func(*kms.CreateGrantInput) {}, "ValidationException", "You must specify either GranteePrincipal or GranteeServicePrincipal, but not both."},
		"role and service":       {role, service, "ValidationException", "You must specify either GranteePrincipal or GranteeServicePrincipal, but not both."},
		"two retirers": {role, func(in *kms.CreateGrantInput) {
			in.RetiringPrincipal, in.RetiringServicePrincipal = &role, aws.String("s3.amazonaws.com")
		}, "ValidationException", "You can specify either RetiringPrincipal or RetiringServicePrincipal, but not both."},
		"service without source":    {"", func(in *kms.CreateGrantInput) { service(in); in.Constraints = nil }, "ValidationException", "When you specify a GranteeServicePrincipal, you must also specify a SourceArn grant constraint."},
		"service without a retirer": {"", func(in *kms.CreateGrantInput) { service(in); in.RetiringServicePrincipal = nil }, "ValidationException", "When you specify a GranteeServicePrincipal, you must also specify a RetiringPrincipal or a RetiringServicePrincipal."},
		"not a service":             {"", func(in *kms.CreateGrantInput) { service(in); in.GranteeServicePrincipal = aws.String("example.com") }, "ValidationException", ""},
		"name":                      {role, func(in *kms.CreateGrantInput) { in.Name = aws.String("a b") }, "ValidationException", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.createGrant(w.root, key, row.grantee, ops("Decrypt"), row.change)
			if row.code == "" {
				require.NoError(t, err)
				return
			}
			fails(t, err, row.code, row.text)
		})
	}
}

// TestGrantDryRun: nothing is made or gone.
func TestGrantDryRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	dry := aws.Bool(true)
	_, err := w.createGrant(w.root, key, rootARN, ops("Encrypt"), func(in *kms.CreateGrantInput) { in.DryRun = dry })
	fails(t, err, "DryRunOperationException", dryRunOK)
	require.Empty(t, w.grants(key))
	g := w.grant(w.root, key, rootARN, types.GrantOperationEncrypt)
	_, err = w.root.kms.RevokeGrant(w.ctx, &kms.RevokeGrantInput{KeyId: &key, GrantId: g.GrantId, DryRun: dry})
	fails(t, err, "DryRunOperationException", dryRunOK)
	_, err = w.root.kms.RetireGrant(w.ctx, &kms.RetireGrantInput{KeyId: &key, GrantId: g.GrantId, DryRun: dry})
	fails(t, err, "DryRunOperationException", dryRunOK)
	require.Len(t, w.grants(key), 1)

	_, err = w.createGrant(w.root, key, "arn:aws:iam::000000000000:role/missing", ops("Encrypt"), func(in *kms.CreateGrantInput) { in.DryRun = dry })
	fails(t, err, "InvalidArnException", "")
	_, err = w.createGrant(w.role(""), key, rootARN, ops("Encrypt"), func(in *kms.CreateGrantInput) { in.DryRun = dry })
	fails(t, err, "AccessDeniedException", "")
}

// TestGrantsGoWithTheKey, also from the lists of who may retire them.
func TestGrantsGoWithTheKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	out, err := w.createGrant(w.root, key, rootARN, ops("Encrypt"), retiredBy(rootARN))
	require.NoError(t, err)
	_, err = w.root.kms.ScheduleKeyDeletion(w.ctx, &kms.ScheduleKeyDeletionInput{KeyId: &key, PendingWindowInDays: aws.Int32(7)})
	require.NoError(t, err)
	retirable := func() int {
		out, err := w.root.kms.ListRetirableGrants(w.ctx, &kms.ListRetirableGrantsInput{RetiringPrincipal: aws.String(rootARN)})
		require.NoError(t, err)
		return len(out.Grants)
	}
	require.Equal(t, 1, retirable())
	require.Len(t, w.grants(key), 1)
	w.clock.Advance(7 * 24 * time.Hour)
	require.Equal(t, 0, retirable())
	_, err = w.root.kms.RetireGrant(w.ctx, &kms.RetireGrantInput{KeyId: &key, GrantId: out.GrantId})
	failsLike(t, err, "NotFoundException", "does not exist")
	_, err = w.root.kms.RetireGrant(w.ctx, &kms.RetireGrantInput{GrantToken: out.GrantToken})
	fails(t, err, "InvalidGrantTokenException", "")
	require.Zero(t, kmsemu.RetirableGrants(w.Server), "a list kept grants of a key that is gone")
}

// TestGrantEvent: the request as the trail shows it, under its names.
func TestGrantEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	g, err := w.createGrant(w.root, key, rootARN, ops("Decrypt"), onlyWith(types.GrantConstraints{EncryptionContextSubset: map[string]string{"aws:ebs:id": "vol-1"}}))
	require.NoError(t, err)
	e := w.event("CreateGrant")
	require.Equal(t, map[string]any{
		"keyId": key, "granteePrincipal": rootARN, "operations": []any{"Decrypt"},
		"constraints": map[string]any{"encryptionContextSubset": map[string]any{"aws:ebs:id": "vol-1"}},
	}, e.RequestParameters)
	require.Equal(t, []kmsemu.Resource{{ARN: key, AccountID: account, Type: "AWS::KMS::Key"}}, e.Resources)
	_, err = w.role("").kms.RetireGrant(w.ctx, &kms.RetireGrantInput{KeyId: &key, GrantId: g.GrantId})
	fails(t, err, "AccessDeniedException", "")
	e = w.event("RetireGrant")
	require.Equal(t, map[string]any{"keyId": key, "grantId": *g.GrantId}, e.RequestParameters)
	require.Equal(t, key, e.Resources[0].ARN)
	require.Equal(t, kmsemu.AccessDenied, e.ErrorCode)
	require.False(t, e.Decision.Allowed())
}
