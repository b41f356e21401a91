package backend_test

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/backend/backendtest"
	"github.com/keywright/keywright/harness/probe"
	"github.com/keywright/keywright/harness/sweep"
	"github.com/keywright/keywright/harness/toolchain/python/pythontest"
)

func TestContract(t *testing.T) {
	t.Parallel()
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		backendtest.Contract(t, func(ctx context.Context) (backend.Backend, error) {
			return backend.StartEmbedded(ctx, backend.EmbeddedConfig{Region: "eu-central-1"})
		})
	})
	// In the place of AWS, and as slow to count changes.
	t.Run("aws", func(t *testing.T) {
		t.Parallel()
		s := newStandIn(t)
		backendtest.Contract(t, func(ctx context.Context) (backend.Backend, error) { return backend.StartAWS(ctx, s.Config) })
	})
	// One that was found running, which all share.
	t.Run("localstack", func(t *testing.T) {
		t.Parallel()
		l, err := backend.StartLocalStack(t.Context(), backend.LocalStackConfig{Python: pythontest.Config(t)})
		pythontest.Check(t, err)
		t.Cleanup(func() { _ = l.Close() })
		found := func(ctx context.Context) (backend.Backend, error) {
			return backend.StartLocalStack(ctx, backend.LocalStackConfig{Endpoint: l.Env()["AWS_ENDPOINT_URL"], Region: "eu-west-1"})
		}
		backendtest.Contract(t, found)
		t.Run("is swept", func(t *testing.T) {
			t.Parallel()
			b, err := found(t.Context())
			require.NoError(t, err)
			requireSwept(t, b)
		})
	})
}

// requireSwept makes a key with an alias, and a role, and has the sweeper find and
// remove them, and no more: others of the same account stay.
func requireSwept(t *testing.T, b backend.Backend) {
	t.Helper()
	role, err := probe.CreateRole(t.Context(), b, "swept-"+strings.ToLower(rand.Text()[:8]))
	require.NoError(t, err)
	client := kms.NewFromConfig(b.Config())
	key, err := client.CreateKey(t.Context(), &kms.CreateKeyInput{})
	require.NoError(t, err)
	alias := "alias/" + role.Name
	_, err = client.CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: &alias, TargetKeyId: key.KeyMetadata.KeyId})
	require.NoError(t, err)

	filter := sweep.Filter{Run: b.Env()["TF_AWS_DEFAULT_TAGS_"+sweep.Tag]}
	left := func() []sweep.Leftover {
		keys, err := sweep.Keys(t.Context(), b.Config(), filter)
		require.NoError(t, err)
		roles, err := sweep.Roles(t.Context(), b.Config(), filter)
		require.NoError(t, err)
		return slices.Concat(keys.Leftovers, roles.Leftovers)
	}
	found := left()
	require.Len(t, found, 3)
	for i, name := range []string{alias, *key.KeyMetadata.KeyId, role.Name} {
		require.Equal(t, name, found[i].Name)
		require.NoError(t, sweep.Remove(t.Context(), b.Config(), found[i]))
		require.NoError(t, sweep.Remove(t.Context(), b.Config(), found[i]), "it is gone already")
	}
	require.Empty(t, left())
}
