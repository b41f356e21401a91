package test

import "testing"

// The key rotates by itself, as often as asked.
func rotation(_ *testing.T, k *key) {
	k.AssertRotation(k.arn, rotationPeriodInDays)
}
