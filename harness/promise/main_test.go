package promise_test

import (
	"testing"

	"github.com/keywright/keywright/internal/sidebyside"
)

// Most of them wait for the provider's polling. Each has a provider process of 0.7 GB.
func TestMain(m *testing.M) { sidebyside.Main(m, 4) }
