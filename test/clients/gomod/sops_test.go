package gomod_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/getsops/sops/v3/kms"
	"github.com/stretchr/testify/require"
)

// TestSOPS wraps a file's data key as SOPS does, with the role and the encryption
// context of its configuration: each deny differs from the allow in one of them.
func TestSOPS(t *testing.T) {
	w := newWorld(t)
	tenant := func(name string) map[string]*string { return map[string]*string{"tenant": aws.String(name)} }
	dataKey := []byte("0123456789abcdef0123456789abcdef")

	master := kms.NewMasterKey(w.key, w.app, tenant("a"))
	require.NoError(t, master.EncryptContext(t.Context(), dataKey))
	sealed := master.EncryptedDataKey()

	for _, row := range []struct {
		name, role, tenant, refused string
	}{
		{"as it was encrypted", w.app, "a", ""},
		{"another encryption context", w.app, "b", "AccessDeniedException"},
		{"another role", w.stranger, "a", "AccessDeniedException"},
		{"root with another encryption context", "", "b", "InvalidCiphertextException"},
	} {
		t.Run(row.name, func(t *testing.T) {
			key := kms.NewMasterKey(w.key, row.role, tenant(row.tenant))
			key.SetEncryptedDataKey(sealed)
			opened, err := key.DecryptContext(t.Context())
			if row.refused != "" {
				require.ErrorContains(t, err, row.refused)
				return
			}
			require.NoError(t, err)
			require.Equal(t, dataKey, opened)
		})
	}
	require.ErrorContains(t, kms.NewMasterKey(w.key, w.stranger, tenant("a")).EncryptContext(t.Context(), dataKey), "AccessDeniedException")
}
