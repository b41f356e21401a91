package kmsemu_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/keypolicy"
)

// TestWhoMayRetire (K0308): the grant says who; policies can only take away, or
// pass on what an account may do.
func TestWhoMayRetire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role, session := w.roleAndSession()
	_, stranger := w.roleAndSession()
	abroad, foreigner := w.otherRole("")
	_, delegate := w.otherRole(allow("kms:RetireGrant", "*"))
	allowed := w.role(allow("kms:RetireGrant", "*"))
	otherRoot := w.caller(other, "test", "")
	noStatement := ""
	for name, row := range map[string]struct {
		grantee, retirer string
		operations       []types.GrantOperation
		policy           string // a statement of the key policy
		by               *caller
		may              bool
	}{
		"retiring role":                        {rootARN, role, ops("Encrypt"), noStatement, session, true},
		"another role":                         {rootARN, role, ops("Encrypt"), noStatement, stranger, false},
		"retiring session":                     {rootARN, session.arn, ops("Encrypt"), noStatement, session, true},
		"retiring role of another account":     {rootARN, abroad, ops("Encrypt"), noStatement, foreigner, true},
		"grantee with RetireGrant":             {role, "", ops("Encrypt", "RetireGrant"), noStatement, session, true},
		"grantee without":                      {role, "", ops("Encrypt"), noStatement, session, false},
		"the key's account":                    {role, "", ops("Encrypt"), noStatement, w.root, true},
		"by a policy in the key's account":     {role, "", ops("Encrypt"), noStatement, allowed, true},
		"another account":                      {role, "", ops("Encrypt"), noStatement, otherRoot, false},
		"by a policy in another account":       {role, "", ops("Encrypt"), noStatement, delegate, false},
		"retiring account":                     {role, "arn:aws:iam::" + other + ":root", ops("Encrypt"), noStatement, otherRoot, true},
		"by a policy in the retiring account":  {role, "arn:aws:iam::" + other + ":root", ops("Encrypt"), noStatement, delegate, true},
		"without one in the retiring account":  {role, "arn:aws:iam::" + other + ":root", ops("Encrypt"), noStatement, foreigner, false},
		"an Allow of the key policy":           {rootARN, "", ops("Encrypt"), statement("Allow", role, "kms:RetireGrant", ""), session, false},
		"a Deny of the key policy":             {rootARN, role, ops("Encrypt"), statement("Deny", role, "kms:RetireGrant", ""), session, false},
		"a Deny of the key policy to an other": {rootARN, role, ops("Encrypt"), statement("Deny", abroad, "kms:RetireGrant", ""), session, true},
	} {
		t.Run(name, func(t *testing.T) {
			policy := keyPolicy()
			if row.policy != "" {
				policy = keyPolicy(row.policy)
			}
			key := w.key(withPolicy(policy))
			g, err := w.createGrant(w.root, key, row.grantee, row.operations, func(in *kms.CreateGrantInput) {
				if row.retirer != "" {
					in.RetiringPrincipal = &row.retirer
				}
			})
			require.NoError(t, err)
			_, err = row.by.kms.RetireGrant(w.ctx, &kms.RetireGrantInput{KeyId: &key, GrantId: g.GrantId, DryRun: aws.Bool(true)})
			if !row.may {
				failsLike(t, err, "AccessDeniedException", "is not authorized to perform: kms:RetireGrant on resource: "+key)
				return
			}
			fails(t, err, "DryRunOperationException", dryRunOK)
			_, err = row.by.kms.RetireGrant(w.ctx, &kms.RetireGrantInput{GrantToken: g.GrantToken})
			require.NoError(t, err)
			require.Empty(t, w.grants(key))
		})
	}
}

// TestIssuingAccountMayRetire (K0308): the account that made a grant on another's
// key.
func TestIssuingAccountMayRetire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(withPolicy(keyPolicy(statement("Allow", "arn:aws:iam::"+other+":root", "kms:CreateGrant", ""))))
	_, maker := w.otherRole(allow("kms:CreateGrant", "*"))
	_, delegate := w.otherRole(allow("kms:RetireGrant", "*"))
	g := w.grant(maker, key, "arn:aws:iam::"+other+":root", types.GrantOperationEncrypt)
	require.Equal(t, "arn:aws:iam::"+other+":root", *w.grants(key)[0].IssuingAccount)
	_, err := maker.kms.RetireGrant(w.ctx, &kms.RetireGrantInput{KeyId: &key, GrantId: g.GrantId})
	fails(t, err, "AccessDeniedException", "")
	_, err = delegate.kms.RetireGrant(w.ctx, &kms.RetireGrantInput{KeyId: &key, GrantId: g.GrantId})
	require.NoError(t, err)
}

// TestRetireByWhat (K0312): a token, or a key and a grant id.
func TestRetireByWhat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	g := w.grant(w.root, key, rootARN, types.GrantOperationEncrypt)
	id := key[len(key)-36:]
	for name, in := range map[string]kms.RetireGrantInput{
		"nothing":              {},
		"key alone":            {KeyId: &key},
		"id alone":             {GrantId: g.GrantId},
		"token and id":         {GrantToken: g.GrantToken, GrantId: g.GrantId},
		"token, key and grant": {GrantToken: g.GrantToken, KeyId: &key, GrantId: g.GrantId},
	} {
		_, err := w.root.kms.RetireGrant(w.ctx, &in)
		fails(t, err, "ValidationException", "You must specify either a GrantToken or both a KeyId and a GrantId.")
		require.NotEmpty(t, name)
	}
	_, err := w.root.kms.RetireGrant(w.ctx, &kms.RetireGrantInput{KeyId: &id, GrantId: g.GrantId})
	require.NoError(t, err)
	for name, call := range map[string]func() error{
		"retire": func() error {
			_, err := w.root.kms.RetireGrant(w.ctx, &kms.RetireGrantInput{KeyId: &key, GrantId: g.GrantId})
			return err
		},
		"revoke": func() error {
			_, err := w.root.kms.RevokeGrant(w.ctx, &kms.RevokeGrantInput{KeyId: &key, GrantId: g.GrantId})
			return err
		},
		"list": func() error {
			_, err := w.root.kms.ListGrants(w.ctx, &kms.ListGrantsInput{KeyId: &key, GrantId: g.GrantId})
			return err
		},
	} {
		fails(t, call(), "InvalidGrantIdException", "The grant '"+*g.GrantId+"' does not exist on the key '"+key+"'.")
		require.NotEmpty(t, name)
	}
	_, err = w.root.kms.RevokeGrant(w.ctx, &kms.RevokeGrantInput{KeyId: aws.String(w.key()), GrantId: w.grant(w.root, key, rootARN, types.GrantOperationEncrypt).GrantId})
	fails(t, err, "InvalidGrantIdException", "")
}

// TestGrantsByGrant (K0309): who may create grants by a grant passes on no more
// than it has; who may by policy, anything.
func TestGrantsByGrant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role, session := w.roleAndSession()
	blue := map[string]string{"tenant": "blue"}
	bluer := map[string]string{"tenant": "blue", "app": "x"}
	subset := func(pairs map[string]string) types.GrantConstraints {
		return types.GrantConstraints{EncryptionContextSubset: pairs}
	}
	equals := func(pairs map[string]string) types.GrantConstraints {
		return types.GrantConstraints{EncryptionContextEquals: pairs}
	}
	for name, row := range map[string]struct {
		parent, child types.GrantConstraints
		operations    []types.GrantOperation
		may           bool
	}{
		"all of it":                {subset(blue), subset(blue), ops("CreateGrant", "Decrypt", "Encrypt"), true},
		"some of it":               {subset(blue), subset(blue), ops("Decrypt"), true},
		"more than it":             {subset(blue), subset(blue), ops("Decrypt", "GenerateDataKey"), false},
		"a pair more":              {subset(blue), subset(bluer), ops("Decrypt"), true},
		"a pair less":              {subset(bluer), subset(blue), ops("Decrypt"), false},
		"another value":            {subset(blue), subset(map[string]string{"tenant": "red"}), ops("Decrypt"), false},
		"no constraint":            {subset(blue), types.GrantConstraints{}, ops("Decrypt"), false},
		"exact instead of subset":  {subset(blue), equals(bluer), ops("Decrypt"), true},
		"subset instead of exact":  {equals(blue), subset(blue), ops("Decrypt"), false},
		"exactly as before":        {equals(blue), equals(blue), ops("Decrypt"), true},
		"exactly something else":   {equals(blue), equals(bluer), ops("Decrypt"), false},
		"a constraint where none":  {types.GrantConstraints{}, equals(blue), ops("Decrypt"), true},
		"none where there is none": {types.GrantConstraints{}, types.GrantConstraints{}, ops("Decrypt"), true},
	} {
		t.Run(name, func(t *testing.T) {
			key := w.key()
			_, err := w.createGrant(w.root, key, role, ops("CreateGrant", "Decrypt", "Encrypt"), onlyWith(row.parent))
			require.NoError(t, err)
			_, err = w.createGrant(session, key, "arn:aws:iam::"+other+":root", row.operations, onlyWith(row.child))
			if !row.may {
				failsLike(t, err, "AccessDeniedException", "kms:CreateGrant")
				return
			}
			require.NoError(t, err)
			require.Len(t, w.grants(key), 2)
		})
	}
	t.Run("by policy", func(t *testing.T) {
		key := w.key(withPolicy(keyPolicy(statement("Allow", role, "kms:CreateGrant", ""))))
		w.grant(session, key, role, types.GrantOperationDecrypt)
		w.grant(w.root, key, role, types.GrantOperationCreateGrant, types.GrantOperationDescribeKey)
		w.grant(session, key, role, types.GrantOperationEncrypt)
	})
	t.Run("a narrow grant does not hide a wide one", func(t *testing.T) {
		key := w.key()
		for _, operations := range [][]types.GrantOperation{ops("CreateGrant", "Decrypt"), ops("CreateGrant", "Encrypt")} {
			w.grant(w.root, key, role, operations...)
		}
		w.grant(session, key, role, types.GrantOperationDecrypt)
		w.grant(session, key, role, types.GrantOperationEncrypt)
		_, err := w.createGrant(session, key, role, ops("Decrypt", "Encrypt"))
		fails(t, err, "AccessDeniedException", "")
	})
}

// TestGrantConditionKeys (K0310, K0311) holds a call that meets a condition and a
// twin that differs in the one thing the condition is about.
func TestGrantConditionKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role, session := w.roleAndSession()
	another := w.roleARN(w.root, "")
	context := map[string]string{"tenant": "blue"}
	source := func(arn string) func(*kms.CreateGrantInput) {
		return func(in *kms.CreateGrantInput) {
			in.GranteePrincipal = nil
			in.GranteeServicePrincipal, in.RetiringServicePrincipal = aws.String("s3.amazonaws.com"), aws.String("sns.amazonaws.com")
			in.Constraints = &types.GrantConstraints{SourceArn: &arn}
		}
	}
	serviceNamed := func(grantee, retirer string) func(*kms.CreateGrantInput) {
		return func(in *kms.CreateGrantInput) {
			source("arn:aws:sns:us-east-1:000000000000:b")(in)
			in.GranteeServicePrincipal, in.RetiringServicePrincipal = &grantee, &retirer
		}
	}
	operations := func(names ...string) func(*kms.CreateGrantInput) {
		return func(in *kms.CreateGrantInput) { in.Operations = ops(names...) }
	}
	to := func(grantee string) func(*kms.CreateGrantInput) {
		return func(in *kms.CreateGrantInput) { in.GranteePrincipal = &grantee }
	}
	for name, row := range map[string]struct {
		condition     string
		allowed, twin func(*kms.CreateGrantInput)
	}{
		"kms:GrantOperations": {`{"ForAllValues:StringEquals":{"kms:GrantOperations":["Decrypt","Encrypt"]}}`,
			operations("Encrypt", "Decrypt"), operations("Decrypt", "DescribeKey")},
		"kms:GrantConstraintType": {`{"StringEquals":{"kms:GrantConstraintType":"EncryptionContextEquals"}}`,
			onlyWith(types.GrantConstraints{EncryptionContextEquals: context}), onlyWith(types.GrantConstraints{EncryptionContextSubset: context})},
		"kms:GrantConstraintType absent": {`{"Null":{"kms:GrantConstraintType":"true"}}`,
			operations("Decrypt"), onlyWith(types.GrantConstraints{EncryptionContextSubset: context})},
		"kms:GrantConstraintSourceArn": {`{"ArnLike":{"kms:GrantConstraintSourceArn":"arn:aws:sns:us-east-1:000000000000:mine*"}}`,
			source("arn:aws:sns:us-east-1:000000000000:mine-1"), source("arn:aws:sns:us-east-1:000000000000:yours")},
		"kms:GranteePrincipal":         {`{"StringEquals":{"kms:GranteePrincipal":"` + another + `"}}`, to(another), to(role)},
		"kms:RetiringPrincipal":        {`{"StringEquals":{"kms:RetiringPrincipal":"` + another + `"}}`, retiredBy(another), retiredBy(role)},
		"kms:GranteeServicePrincipal":  {`{"StringEquals":{"kms:GranteeServicePrincipal":"s3.amazonaws.com"}}`, serviceNamed("s3.amazonaws.com", "sns.amazonaws.com"), serviceNamed("sns.amazonaws.com", "sns.amazonaws.com")},
		"kms:RetiringServicePrincipal": {`{"StringEquals":{"kms:RetiringServicePrincipal":"s3.amazonaws.com"}}`, serviceNamed("sns.amazonaws.com", "s3.amazonaws.com"), serviceNamed("sns.amazonaws.com", "sns.amazonaws.com")},
		"kms:EncryptionContext:k": {`{"StringEquals":{"kms:EncryptionContext:tenant":"blue"}}`,
			onlyWith(types.GrantConstraints{EncryptionContextSubset: context}), onlyWith(types.GrantConstraints{EncryptionContextSubset: map[string]string{"tenant": "red"}})},
	} {
		t.Run(name, func(t *testing.T) {
			key := w.key(withPolicy(keyPolicy(statement("Allow", role, "kms:CreateGrant", row.condition))))
			_, err := w.createGrant(session, key, rootARN, ops("Decrypt"), row.allowed)
			require.NoError(t, err)
			_, err = w.createGrant(session, key, rootARN, ops("Decrypt"), row.twin)
			fails(t, err, "AccessDeniedException", "")
		})
	}
	t.Run("kms:GrantIsForAWSResource", func(t *testing.T) {
		for value, may := range map[string]bool{"false": true, "true": false} {
			key := w.key(withPolicy(keyPolicy(statement("Allow", role, "kms:*Grant*", `{"Bool":{"kms:GrantIsForAWSResource":"`+value+`"}}`))))
			g := w.grant(w.root, key, rootARN, types.GrantOperationDecrypt)
			for name, call := range map[string]func() error{
				"CreateGrant": func() error { _, err := w.createGrant(session, key, rootARN, ops("Decrypt")); return err },
				"ListGrants":  func() error { _, err := session.kms.ListGrants(w.ctx, &kms.ListGrantsInput{KeyId: &key}); return err },
				"RevokeGrant": func() error {
					_, err := session.kms.RevokeGrant(w.ctx, &kms.RevokeGrantInput{KeyId: &key, GrantId: g.GrantId})
					return err
				},
			} {
				if err := call(); may {
					require.NoError(t, err, name)
				} else {
					fails(t, err, "AccessDeniedException", "")
				}
			}
		}
	})
}

// TestListGrants (K0313): entries, filters and pages.
func TestListGrants(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	role, session := w.roleAndSession()
	context := map[string]string{"a": "b"}
	g, err := w.createGrant(w.root, key, role, ops("Decrypt", "Encrypt", "Decrypt"), retiredBy(session.arn),
		onlyWith(types.GrantConstraints{EncryptionContextSubset: context}), func(in *kms.CreateGrantInput) { in.Name = aws.String("mine") })
	require.NoError(t, err)
	list := func(change ...func(*kms.ListGrantsInput)) *kms.ListGrantsOutput {
		in := &kms.ListGrantsInput{KeyId: &key}
		for _, f := range change {
			f(in)
		}
		out, err := w.root.kms.ListGrants(w.ctx, in)
		require.NoError(t, err)
		return out
	}
	require.Equal(t, []types.GrantListEntry{{
		Constraints: &types.GrantConstraints{EncryptionContextSubset: context}, CreationDate: aws.Time(w.clock.Now().UTC()),
		GrantId: g.GrantId, GranteePrincipal: &role, IssuingAccount: aws.String(rootARN), KeyId: &key, Name: aws.String("mine"),
		Operations: ops("Decrypt", "Encrypt"), RetiringPrincipal: aws.String(session.arn),
	}}, list().Grants)

	_, err = w.createGrant(w.root, key, "", ops("Decrypt"), func(in *kms.CreateGrantInput) {
		in.GranteeServicePrincipal, in.RetiringServicePrincipal = aws.String("s3.amazonaws.com"), aws.String("s3.amazonaws.com")
		in.Constraints = &types.GrantConstraints{SourceArn: aws.String("arn:aws:sns:us-east-1:000000000000:b")}
	})
	require.NoError(t, err)
	service := list().Grants[slices.IndexFunc(list().Grants, func(e types.GrantListEntry) bool { return e.GranteeServicePrincipal != nil })]
	require.Equal(t, "s3.amazonaws.com", *service.GranteeServicePrincipal)
	require.Equal(t, "s3.amazonaws.com", *service.RetiringServicePrincipal)
	require.Nil(t, service.GranteePrincipal)
	require.Equal(t, "arn:aws:sns:us-east-1:000000000000:b", *service.Constraints.SourceArn)
	require.Empty(t, *service.Name)

	one := w.grant(w.root, key, rootARN, types.GrantOperationEncrypt)
	require.Len(t, list().Grants, 3)
	byID := list(func(in *kms.ListGrantsInput) { in.GrantId = one.GrantId }).Grants
	require.Len(t, byID, 1)
	require.Equal(t, rootARN, *byID[0].GranteePrincipal)
	require.Nil(t, byID[0].Constraints)
	byRole := list(func(in *kms.ListGrantsInput) { in.GranteePrincipal = &role }).Grants
	require.Len(t, byRole, 1)
	require.Equal(t, *g.GrantId, *byRole[0].GrantId)
	require.Empty(t, list(func(in *kms.ListGrantsInput) { in.GranteePrincipal = aws.String("s3.amazonaws.com") }).Grants)

	_, err = w.root.kms.ListGrants(w.ctx, &kms.ListGrantsInput{KeyId: &key, GranteePrincipal: &role, GranteeServicePrincipal: aws.String("s3.amazonaws.com")})
	fails(t, err, "ValidationException", "You can specify either GranteePrincipal or GranteeServicePrincipal, but not both.")
	_, err = w.root.kms.ListGrants(w.ctx, &kms.ListGrantsInput{KeyId: &key, GranteeServicePrincipal: aws.String("s3.amazonaws.com")})
	fails(t, err, "ValidationException", "GranteeServicePrincipal can be used only by a service principal.")
}

// TestGrantPages (K0071): 50 by default, 100 at most, while grants come and go.
func TestGrantPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	made := map[string]bool{}
	for range 103 {
		g, err := w.createGrant(w.root, key, rootARN, ops("Encrypt"), retiredBy(rootARN))
		require.NoError(t, err)
		made[*g.GrantId] = true
	}
	for name, list := range map[string]func(limit *int32, marker *string) ([]types.GrantListEntry, bool, *string, error){
		"ListGrants": func(limit *int32, marker *string) ([]types.GrantListEntry, bool, *string, error) {
			out, err := w.root.kms.ListGrants(w.ctx, &kms.ListGrantsInput{KeyId: &key, Limit: limit, Marker: marker})
			if err != nil {
				return nil, false, nil, err
			}
			return out.Grants, out.Truncated, out.NextMarker, nil
		},
		"ListRetirableGrants": func(limit *int32, marker *string) ([]types.GrantListEntry, bool, *string, error) {
			out, err := w.root.kms.ListRetirableGrants(w.ctx, &kms.ListRetirableGrantsInput{RetiringPrincipal: aws.String(rootARN), Limit: limit, Marker: marker})
			if err != nil {
				return nil, false, nil, err
			}
			return out.Grants, out.Truncated, out.NextMarker, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			seen := map[string]bool{}
			first, more, marker, err := list(nil, nil)
			require.NoError(t, err)
			require.True(t, more)
			require.Len(t, first, 50)
			rest, more, none, err := list(aws.Int32(100), marker)
			require.NoError(t, err)
			require.False(t, more)
			require.Nil(t, none)
			for _, e := range append(first, rest...) {
				seen[*e.GrantId] = true
			}
			require.Equal(t, made, seen)
			_, _, _, err = list(aws.Int32(101), nil)
			failsLike(t, err, "ValidationException", "'limit'"+constraint+"have value less than or equal to 100")
			_, _, _, err = list(nil, aws.String("!"))
			fails(t, err, "InvalidMarkerException", "")
		})
	}
}

// TestListRetirableGrants (K0314, K0315): those of a principal of the caller's
// account, on keys of every account, in the Region.
func TestListRetirableGrants(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role, session := w.roleAndSession()
	abroad, _ := w.otherRole("")
	otherRoot := w.caller(other, "test", "")
	out, err := otherRoot.kms.CreateKey(w.ctx, &kms.CreateKeyInput{})
	require.NoError(t, err)
	own, foreign := w.key(), *out.KeyMetadata.Arn
	for _, g := range []struct {
		by      *caller
		key     string
		retirer string
	}{{w.root, own, role}, {otherRoot, foreign, role}, {w.root, own, rootARN}, {w.root, own, abroad}} {
		_, err := w.createGrant(g.by, g.key, g.retirer, ops("Encrypt"), retiredBy(g.retirer))
		require.NoError(t, err)
	}
	list := func(by *caller, principal string) ([]string, error) {
		out, err := by.kms.ListRetirableGrants(w.ctx, &kms.ListRetirableGrantsInput{RetiringPrincipal: &principal})
		if err != nil {
			return nil, err
		}
		keys := []string{}
		for _, g := range out.Grants {
			require.Equal(t, principal, *g.RetiringPrincipal)
			keys = append(keys, *g.KeyId)
		}
		slices.Sort(keys)
		return keys, nil
	}
	both := []string{own, foreign}
	slices.Sort(both)
	got, err := list(w.root, role)
	require.NoError(t, err)
	require.Equal(t, both, got)
	elsewhere := w.callerIn("eu-west-1", "test", "test", "")
	got, err = list(elsewhere, role)
	require.NoError(t, err)
	require.Empty(t, got)

	// The retiring principal is the resource of the permission.
	only := w.role(allow("kms:ListRetirableGrants", role))
	got, err = list(only, role)
	require.NoError(t, err)
	require.Equal(t, both, got)
	_, err = list(only, rootARN)
	fails(t, err, "AccessDeniedException", denied(only.arn, "kms:ListRetirableGrants", rootARN, "because no identity-based policy allows the kms:ListRetirableGrants action"))
	_, err = list(session, role)
	fails(t, err, "AccessDeniedException", "")
	_, err = list(w.root, abroad)
	failsLike(t, err, "AccessDeniedException", abroad)
	_, err = list(w.root, "arn:aws:iam::000000000000:role/missing")
	fails(t, err, "InvalidArnException", "ARN does not refer to a valid principal: arn:aws:iam::000000000000:role/missing")

	// What is retired or revoked is no longer there.
	for _, g := range w.grants(own) {
		_, err := w.root.kms.RevokeGrant(w.ctx, &kms.RevokeGrantInput{KeyId: &own, GrantId: g.GrantId})
		require.NoError(t, err)
	}
	got, err = list(w.root, role)
	require.NoError(t, err)
	require.Equal(t, []string{foreign}, got)

	_, err = w.root.kms.ListRetirableGrants(w.ctx, &kms.ListRetirableGrantsInput{})
	fails(t, err, "ValidationException", "You must specify either RetiringPrincipal or RetiringServicePrincipal, but not both.")
	_, err = w.root.kms.ListRetirableGrants(w.ctx, &kms.ListRetirableGrantsInput{RetiringServicePrincipal: aws.String("s3.amazonaws.com")})
	fails(t, err, "ValidationException", "RetiringServicePrincipal can be used only by a service principal.")
}

// TestGrantsAcrossAccounts: another account's role makes, lists, uses and revokes
// grants on a key whose policy lets it.
func TestGrantsAcrossAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	abroad, foreigner := w.otherRole(allow("kms:*", "*"))
	key := w.key(withPolicy(keyPolicy(statement("Allow", abroad, `kms:*Grant*`, ""))))
	closed := w.key()
	_, err := w.createGrant(foreigner, closed, abroad, ops("Encrypt"))
	fails(t, err, "AccessDeniedException", "")
	g := w.grant(foreigner, key, abroad, types.GrantOperationEncrypt)
	_, err = w.encrypt(foreigner, key, nil)
	require.NoError(t, err)
	_, err = w.encrypt(foreigner, closed, nil)
	fails(t, err, "AccessDeniedException", "")
	out, err := foreigner.kms.ListGrants(w.ctx, &kms.ListGrantsInput{KeyId: &key})
	require.NoError(t, err)
	require.Len(t, out.Grants, 1)
	_, err = foreigner.kms.RevokeGrant(w.ctx, &kms.RevokeGrantInput{KeyId: &key, GrantId: g.GrantId})
	require.NoError(t, err)
	_, err = w.encrypt(foreigner, key, nil)
	fails(t, err, "AccessDeniedException", "")
}

// TestGrantWithinSessionPolicy: what a session policy leaves out no grant to the
// role gives.
func TestGrantWithinSessionPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.roleARN(w.root, "")
	key := w.key()
	w.grant(w.root, key, role, types.GrantOperationEncrypt)
	for action, may := range map[string]bool{"kms:Encrypt": true, "kms:Decrypt": false} {
		session := w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role, Policy: aws.String(allow(action, "*"))})
		_, err := w.encrypt(session, key, nil)
		if may {
			require.NoError(t, err, fmt.Sprint(action))
		} else {
			failsLike(t, err, "AccessDeniedException", "because no session policy allows the kms:Encrypt action")
		}
	}
}

// TestEveryGrantOperation calls each operation that a grant can give as a role
// that has nothing but grants, and as its twin whose grants lack it.
func TestEveryGrantOperation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	covered := 0
	for name, row := range kmsCalls {
		operations := grantable(row.actions)
		if len(operations) != len(row.actions) || name == "RetireGrant" { // see TestWhoMayRetire
			continue
		}
		covered++
		s := w.subjectOf(name)
		role, session := w.roleAndSession()
		for i, operation := range operations {
			with := []types.GrantOperation{operation}
			if name == "CreateGrant" { // which cannot be alone
				with = append(with, types.GrantOperationDecrypt)
			}
			if name != "DescribeKey" {
				failsLike(t, row.call(w.ctx, session.kms, s), "AccessDeniedException", "is not authorized to perform: "+row.actions[i])
			}
			key := s.key
			if operation == types.GrantOperationReEncryptTo {
				key = s.spare
			}
			w.grant(w.root, key, role, with...)
		}
		require.NoError(t, row.call(w.ctx, session.kms, s), name)
	}
	require.Equal(t, 17, covered, "all operations that a grant can give, but RetireGrant")
}

// grantable are the operations of grants that give the actions, as many as there
// are.
func grantable(actions []string) []types.GrantOperation {
	var out []types.GrantOperation
	for _, name := range actions {
		if action, _ := keypolicy.LookUpAction(name); action.GrantOperation != "" {
			out = append(out, types.GrantOperation(action.GrantOperation))
		}
	}
	return out
}
