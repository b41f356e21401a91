package test

import "testing"

// An applied module plans no change.
func secondPlanIsEmpty(_ *testing.T, k *key) {
	k.AssertNoDrift(k.options)
}
