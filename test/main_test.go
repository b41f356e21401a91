package test

import (
	"testing"

	"github.com/keywright/keywright/internal/sidebyside"
)

// Most of them wait for the provider's polling.
func TestMain(m *testing.M) { sidebyside.Main(m, 16) }
