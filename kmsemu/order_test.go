package kmsemu_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

// TestOrder compares an order with a sorted list, while it grows to many runs and
// shrinks to nothing again.
func TestOrder(t *testing.T) {
	t.Parallel()
	var order kmsemu.Order
	labels := make([]string, 10*kmsemu.MaxRun)
	for i, n := range rand.New(rand.NewPCG(1, 2)).Perm(len(labels)) {
		labels[i] = fmt.Sprintf("%05d", 2*n)
	}
	check := func(want []string) {
		t.Helper()
		sorted := slices.Sorted(slices.Values(want))
		require.Equal(t, len(sorted), order.Size())
		require.True(t, slices.Equal(sorted, order.After("")))
		for i := 0; i < len(sorted); i += 37 {
			require.True(t, order.Has(sorted[i]))
			require.False(t, order.Has(sorted[i]+"x"))
			require.True(t, slices.Equal(sorted[i+1:], order.After(sorted[i])), "after one that is there")
			require.True(t, slices.Equal(sorted[i+1:], order.After(sorted[i]+"x")), "after one that is not")
		}
	}
	check(nil)
	for i, label := range labels {
		order.Add(label)
		order.Add(label) // the same again changes nothing
		if i%1000 == 0 {
			check(labels[:i+1])
		}
	}
	check(labels)
	for i, label := range labels {
		order.Remove(label)
		order.Remove(label + "x")
		if i%1000 == 0 {
			check(labels[i+1:])
		}
	}
	check(nil)
	order.Add("again")
	check([]string{"again"})
}
