package main_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"
)

// acknowledged is all that a server said it had done.
type acknowledged struct {
	mu      sync.Mutex
	keys    map[string][]byte            // id: a ciphertext, nil for none yet
	aliases map[string]string            // name: key id
	grants  map[string]map[string]string // key id: grant ids
	roles   []string
	gone    []string // aliases that were deleted
	calls   int
	enough  chan struct{} // closed at the call at which the server is killed
	limit   int
}

// done notes what was acknowledged.
func (a *acknowledged) done(note func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	note()
	if a.calls++; a.calls == a.limit {
		close(a.enough)
	}
}

// write changes what it can until the server is gone. Each worker has names of its
// own.
func (a *acknowledged) write(s *served, worker string) {
	ctx, client := s.Context(), s.kms()
	for i := 0; ; i++ {
		name := fmt.Sprintf("%s-%d", worker, i)
		made, err := client.CreateKey(ctx, &kms.CreateKeyInput{})
		if err != nil {
			return
		}
		id := *made.KeyMetadata.KeyId
		a.done(func() { a.keys[id] = nil })
		secret, err := client.Encrypt(ctx, &kms.EncryptInput{KeyId: &id, Plaintext: []byte(id)})
		if err != nil {
			return
		}
		a.done(func() { a.keys[id] = secret.CiphertextBlob })
		if _, err := client.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/" + name), TargetKeyId: &id}); err != nil {
			return
		}
		a.done(func() { a.aliases["alias/"+name] = id })
		grant, err := client.CreateGrant(ctx, &kms.CreateGrantInput{
			KeyId: &id, GranteePrincipal: aws.String("arn:aws:iam::000000000000:root"), Operations: []types.GrantOperation{types.GrantOperationDecrypt},
		})
		if err != nil {
			return
		}
		a.done(func() { a.grants[id] = map[string]string{*grant.GrantId: *grant.GrantToken} })
		if _, err := s.iam().CreateRole(ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(trustNobody)}); err != nil {
			return
		}
		a.done(func() { a.roles = append(a.roles, name) })
		if i%3 == 0 {
			a.forget(s, "alias/"+name)
		}
	}
}

const trustNobody = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole"}]}`

// forget deletes an alias. It is known neither way until that is acknowledged.
func (a *acknowledged) forget(s *served, name string) {
	a.mu.Lock()
	delete(a.aliases, name)
	a.mu.Unlock()
	if _, err := s.kms().DeleteAlias(s.Context(), &kms.DeleteAliasInput{AliasName: &name}); err == nil {
		a.done(func() { a.gone = append(a.gone, name) })
	}
}

// check finds everything again.
func (a *acknowledged) check(s *served) {
	ctx, client := s.Context(), s.kms()
	for id, secret := range a.keys {
		_, err := client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &id})
		require.NoError(s, err)
		if secret != nil {
			plain, err := client.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: secret})
			require.NoError(s, err)
			require.Equal(s, id, string(plain.Plaintext))
		}
	}
	aliases := s.aliases(ctx)
	for name, id := range a.aliases {
		require.Equal(s, id, aliases[name])
	}
	for _, name := range a.gone {
		require.NotContains(s, aliases, name)
	}
	for id, grants := range a.grants {
		list, err := client.ListGrants(ctx, &kms.ListGrantsInput{KeyId: &id})
		require.NoError(s, err)
		for _, g := range list.Grants {
			delete(grants, *g.GrantId)
		}
		require.Empty(s, grants)
	}
	for _, name := range a.roles {
		_, err := s.iam().GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
		require.NoError(s, err)
	}
}

// TestKilledServersLoseNothing: killed in the midst of changes, again and again, a
// server finds all that it had acknowledged.
func TestKilledServersLoseNothing(t *testing.T) {
	t.Parallel()
	const rounds, workers = 12, 6
	dir := t.TempDir()
	for round := range rounds {
		a := &acknowledged{
			keys: map[string][]byte{}, aliases: map[string]string{}, grants: map[string]map[string]string{},
			enough: make(chan struct{}), limit: 20 + 17*round, // so that each round ends elsewhere
		}
		s := serve(t, "--state", dir)
		var group sync.WaitGroup
		for worker := range workers {
			group.Go(func() { a.write(s, fmt.Sprintf("r%d-w%d", round, worker)) })
		}
		<-a.enough
		s.kill()
		group.Wait()
		again := serve(t, "--state", dir)
		a.check(again)
		again.kill()
	}
}
