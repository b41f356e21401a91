package merge_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/internal/merge"
)

var labels = merge.Labels{Ours: "ours", Base: "base", Theirs: "theirs"}

func TestMerge(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, base, ours, theirs, want string
		conflicts                      int
	}{
		{"changes apart", "a\nb\nc\nd\ne\n", "A\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\n", "A\nb\nc\nd\nE\n", 0},
		{"insertion and deletion apart", "a\nb\nc\nd\n", "a\nx\nb\nc\nd\n", "a\nb\nc\n", "a\nx\nb\nc\n", 0},
		{"the same change", "a\nb\n", "a\nc\n", "a\nc\n", "a\nc\n", 0},
		{"the same line", "a\nb\nc\n", "a\nx\nc\n", "a\ny\nc\n",
			"a\n<<<<<<< ours\nx\n||||||| base\nb\n=======\ny\n>>>>>>> theirs\nc\n", 1},
		{"adjoining lines", "a\nb\n", "A\nb\n", "a\nB\n",
			"<<<<<<< ours\nA\nb\n||||||| base\na\nb\n=======\na\nB\n>>>>>>> theirs\n", 1},
		{"deleted and changed", "a\nb\nc\n", "a\nc\n", "a\nB\nc\n",
			"a\n<<<<<<< ours\n||||||| base\nb\n=======\nB\n>>>>>>> theirs\nc\n", 1},
		{"two insertions at one place", "a\n", "a\nx\n", "a\ny\n",
			"a\n<<<<<<< ours\nx\n||||||| base\n=======\ny\n>>>>>>> theirs\n", 1},
		{"two conflicts", "a\nb\nc\n", "1\nb\n2\n", "3\nb\n4\n",
			"<<<<<<< ours\n1\n||||||| base\na\n=======\n3\n>>>>>>> theirs\nb\n<<<<<<< ours\n2\n||||||| base\nc\n=======\n4\n>>>>>>> theirs\n", 2},
		{"nothing in common", "", "x\n", "y\n", "<<<<<<< ours\nx\n||||||| base\n=======\ny\n>>>>>>> theirs\n", 1},
		{"no final newline", "a", "b", "c", "<<<<<<< ours\nb\n||||||| base\na\n=======\nc\n>>>>>>> theirs\n", 1},
		{"a final newline on one side", "a\nb\nc", "a\nb\nc\n", "A\nb\nc", "A\nb\nc\n", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, conflicts := merge.Merge(test.base, test.ours, test.theirs, labels)
			require.Equal(t, test.want, got)
			require.Equal(t, test.conflicts, conflicts)
			require.Equal(t, test.conflicts > 0, merge.HasMarks(got))
		})
	}
}

// text is a few lines out of few, so that versions share some and repeat some.
func text(random *rand.Rand) string {
	var b strings.Builder
	for range random.IntN(12) {
		b.WriteString(string(rune('a'+random.IntN(5))) + "\n")
	}
	if random.IntN(4) == 0 {
		return strings.TrimSuffix(b.String(), "\n")
	}
	return b.String()
}

// TestMergeLaws holds for whatever the texts are.
func TestMergeLaws(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: thousands of texts, one after the other")
	}
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	clean := 0
	for range 20_000 {
		checkLaws(t, text(random), text(random), text(random), &clean)
	}
	require.Greater(t, clean, 500, "the texts hardly ever merge")
}

func checkLaws(t *testing.T, base, ours, theirs string, clean *int) {
	t.Helper()
	is := func(want, base, ours, theirs string) {
		got, conflicts := merge.Merge(base, ours, theirs, labels)
		require.Zerof(t, conflicts, "%q %q %q", base, ours, theirs)
		require.Equalf(t, want, got, "%q %q %q", base, ours, theirs)
	}
	is(ours, base, ours, base)
	is(theirs, base, base, theirs)
	is(ours, base, ours, ours)
	one, conflicts := merge.Merge(base, ours, theirs, labels)
	other, conversely := merge.Merge(base, theirs, ours, labels)
	require.Equal(t, conflicts, conversely, "%q %q %q", base, ours, theirs)
	if conflicts == 0 {
		*clean++
		require.Equal(t, one, other, "%q %q %q", base, ours, theirs)
		return
	}
	nothingLost(t, one, base, ours)
	nothingLost(t, one, base, theirs)
}

// nothingLost: out of a text with conflicts, the lines that a side added to the
// base can still be read.
func nothingLost(t *testing.T, merged, base, side string) {
	t.Helper()
	for line := range strings.Lines(side) {
		if !strings.Contains(base, strings.TrimSuffix(line, "\n")) {
			require.Containsf(t, merged, line, "of base %q and side %q", base, side)
		}
	}
}

func FuzzMerge(f *testing.F) {
	f.Add("a\nb\n", "a\nc\n", "d\nb\n")
	f.Add("a", "", "a\n\n")
	f.Fuzz(func(t *testing.T, base, ours, theirs string) {
		clean := 0
		checkLaws(t, base, ours, theirs, &clean)
	})
}
