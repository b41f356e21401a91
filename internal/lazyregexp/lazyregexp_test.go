package lazyregexp_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/internal/lazyregexp"
)

func TestRegexp(t *testing.T) {
	t.Parallel()
	r := lazyregexp.New(`^a(b+)$`)
	require.Equal(t, `^a(b+)$`, r.String())
	require.True(t, r.MatchString("abb"))
	require.False(t, r.MatchString("ab."))
	require.Equal(t, []string{"abb", "bb"}, r.FindStringSubmatch("abb"))
	require.Nil(t, r.FindStringSubmatch("b"))
	require.Same(t, r.Compiled(), r.Compiled(), "compiled once")
}

// TestInvalid: a mistake shows when the expression is used, not when a program with
// it starts.
func TestInvalid(t *testing.T) {
	t.Parallel()
	r := lazyregexp.New(`(`)
	require.Panics(t, func() { r.MatchString("") })
}
