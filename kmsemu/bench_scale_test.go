package kmsemu_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/internal/kmsload"
	"github.com/keywright/keywright/kmsemu"
)

// in and answer are JSON objects of the API.
type (
	in     map[string]any
	answer map[string]any
)

// scaleCall makes one call, or a few that undo each other, with the key or grants
// under test.
type scaleCall func(ctx context.Context, c *kmsload.Client, s scaleSubject) error

type scaleSubject struct {
	key, alias string
	role       string // whose grants the key has
	ciphertext []byte
}

// one is a call whose answer does not matter.
func one(operation string, input func(s scaleSubject) in) scaleCall {
	return func(ctx context.Context, c *kmsload.Client, s scaleSubject) error {
		return c.Call(ctx, operation, input(s), nil)
	}
}

var scaleByKeys = map[string]scaleCall{
	"Encrypt":        one("Encrypt", func(s scaleSubject) in { return in{"KeyId": s.key, "Plaintext": []byte("x")} }),
	"EncryptByAlias": one("Encrypt", func(s scaleSubject) in { return in{"KeyId": s.alias, "Plaintext": []byte("x")} }),
	"Decrypt":        one("Decrypt", func(s scaleSubject) in { return in{"CiphertextBlob": s.ciphertext} }),
	"DescribeKey":    one("DescribeKey", func(s scaleSubject) in { return in{"KeyId": s.key} }),
	"PutKeyPolicy":   one("PutKeyPolicy", func(s scaleSubject) in { return in{"KeyId": s.key, "Policy": keyPolicy()} }),
	"TagResource": one("TagResource", func(s scaleSubject) in {
		return in{"KeyId": s.key, "Tags": []in{{"TagKey": "a", "TagValue": "b"}}}
	}),
	"ListKeys":         one("ListKeys", func(scaleSubject) in { return in{"Limit": 1} }),
	"ListAliases":      one("ListAliases", func(scaleSubject) in { return in{"Limit": 1} }),
	"ListAliasesOfKey": one("ListAliases", func(s scaleSubject) in { return in{"KeyId": s.key} }),
	"CreateAndDeleteAlias": func(ctx context.Context, c *kmsload.Client, s scaleSubject) error {
		if err := c.Call(ctx, "CreateAlias", in{"AliasName": "alias/5", "TargetKeyId": s.key}, nil); err != nil {
			return err
		}
		return c.Call(ctx, "DeleteAlias", in{"AliasName": "alias/5"}, nil)
	},
}

var scaleByGrants = map[string]scaleCall{
	"DecryptByGrant": one("Decrypt", func(s scaleSubject) in {
		return in{"CiphertextBlob": s.ciphertext, "EncryptionContext": in{"n": "0"}}
	}),
	"DescribeKeyByGrant": one("DescribeKey", func(s scaleSubject) in { return in{"KeyId": s.key} }),
}

var scaleOfGrants = map[string]scaleCall{
	"ListGrants":          one("ListGrants", func(s scaleSubject) in { return in{"KeyId": s.key, "Limit": 1} }),
	"ListGrantsOfGrantee": one("ListGrants", func(s scaleSubject) in { return in{"KeyId": s.key, "Limit": 1, "GranteePrincipal": s.role} }),
	"CreateAndRevokeGrant": func(ctx context.Context, c *kmsload.Client, s scaleSubject) error {
		var made answer
		if err := c.Call(ctx, "CreateGrant", in{"KeyId": s.key, "GranteePrincipal": s.role, "Operations": []string{"Encrypt"}}, &made); err != nil {
			return err
		}
		return c.Call(ctx, "RevokeGrant", in{"KeyId": s.key, "GrantId": made["GrantId"]}, nil)
	},
}

// BenchmarkScale shows what a call costs with many keys in the Region, or many
// grants on its key: x-of-1 is how many times the cost with one.
func BenchmarkScale(b *testing.B) {
	keys := scaleWorlds(b, []int{1, 1000, kmsemu.MaxKeys - 10}, func(w *world, s *scaleSubject, n int) (*caller, map[string]string) {
		kmsemu.FillRegion(w.Server, s.key, n-1)
		role := w.roleARN(w.root, allow("kms:*", "*"))
		return w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role}), nil
	})
	keys.run(b, "keys", scaleByKeys)
	byGrants := func(by func(w *world, session *caller) *caller) scaleWorldSet {
		return scaleWorlds(b, []int{1, 1000, kmsemu.MaxGrants - 10}, func(w *world, s *scaleSubject, n int) (*caller, map[string]string) {
			role, session := w.roleAndSession()
			s.role = role
			kmsemu.FillGrants(w.Server, s.key, n, func(int) string { return role })
			return by(w, session), map[string]string{"n": "0"}
		})
	}
	byGrants(func(_ *world, session *caller) *caller { return session }).run(b, "grants", scaleByGrants)
	byGrants(func(w *world, _ *caller) *caller { return w.root }).run(b, "grants", scaleOfGrants)
}

// scaleWorldSet is a world for each size.
type scaleWorldSet []scaleWorld

type scaleWorld struct {
	size    int
	client  *kmsload.Client
	subject scaleSubject
}

// scaleWorlds makes the worlds; fill makes one as large as it should be and says
// who calls, and in which encryption context the ciphertext is.
func scaleWorlds(b *testing.B, sizes []int, fill func(w *world, s *scaleSubject, n int) (*caller, map[string]string)) scaleWorldSet {
	var set scaleWorldSet
	for _, size := range sizes {
		w := newWorld(b)
		s := scaleSubject{key: w.key(), alias: "alias/under-test"}
		_, err := w.root.kms.CreateAlias(w.ctx, &kms.CreateAliasInput{AliasName: &s.alias, TargetKeyId: &s.key})
		require.NoError(b, err)
		by, encryptionContext := fill(w, &s, size)
		s.ciphertext, err = w.encrypt(w.root, s.key, encryptionContext)
		require.NoError(b, err)
		set = append(set, scaleWorld{size, by.lean(b), s})
	}
	return set
}

func (set scaleWorldSet) run(b *testing.B, of string, calls map[string]scaleCall) {
	for _, name := range slices.Sorted(maps.Keys(calls)) {
		var base time.Duration
		for _, w := range set {
			b.Run(fmt.Sprintf("%s/%d-%s", name, w.size, of), func(b *testing.B) {
				for b.Loop() {
					require.NoError(b, calls[name](b.Context(), w.client, w.subject))
				}
				each := b.Elapsed() / time.Duration(b.N)
				if w.size == 1 {
					base = each
				}
				if base > 0 {
					b.ReportMetric(float64(each)/float64(base), "x-of-1")
				}
			})
		}
	}
}
