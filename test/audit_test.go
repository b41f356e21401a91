package test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

// The audit trail shows who did what with the key: Terraform's deployer made it,
// every call of a role is there with the decision on it, and none of them with
// plaintext.
func audit(t *testing.T, k *key) {
	created := k.events(t, "CreateKey")
	require.Len(t, created, 1)
	require.Contains(t, created[0].UserIdentity.ARN, "assumed-role/keywright-deployer/")

	calls := k.events(t, "DescribeKey")
	seen := map[string]bool{}
	for _, e := range calls {
		require.NotNil(t, e.Decision)
		require.Equal(t, e.ErrorCode == "", e.Decision.Allowed())
		require.NotEmpty(t, e.Decision.Reasons)
		seen[e.UserIdentity.ARN] = true
	}
	for name, role := range k.roles {
		require.True(t, seen[role.ARN], "%s described the key, or tried", name)
	}
}

// events are those of the trail about the key; on a backend without a trail the
// promise is skipped.
func (k *key) events(t *testing.T, name string) []kmsemu.Event {
	t.Helper()
	return k.emulator(t).EventsWhere(kmsemu.EventFilter{Name: name, Key: k.arn})
}
