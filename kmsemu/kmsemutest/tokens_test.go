package kmsemutest_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu/kmsemutest"
)

// TestToken has the claims asked for over those it comes with. That the emulator
// takes it is tested there, with the SDK.
func TestToken(t *testing.T) {
	t.Parallel()
	issuer := kmsemutest.NewTokenIssuer(t, kmsemutest.New(t, nil), "https://tokens.example.com")
	claims := func(with map[string]any) map[string]any {
		parts := strings.Split(issuer.Token(with), ".")
		require.Len(t, parts, 3)
		text, err := base64.RawURLEncoding.DecodeString(parts[1])
		require.NoError(t, err)
		var out map[string]any
		require.NoError(t, json.Unmarshal(text, &out))
		return out
	}
	usual := claims(map[string]any{"sub": "app"})
	require.Equal(t, "https://tokens.example.com", usual["iss"])
	require.Equal(t, "app", usual["sub"])
	require.Greater(t, usual["exp"], 0.0)
	require.Equal(t, 7.0, claims(map[string]any{"exp": 7})["exp"])
}
