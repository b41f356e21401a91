package sweep_test

import (
	"context"
	"fmt"
	"time"

	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/sweep"
)

func ExampleKeys() {
	ctx := context.Background()
	b, err := backend.StartEmbedded(ctx, backend.EmbeddedConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close()
	found, err := sweep.Keys(ctx, b.Config(), sweep.Filter{OlderThan: 2 * time.Hour, Now: time.Now()})
	fmt.Println(len(found.Leftovers), "left over,", err)
	// Output: 0 left over, <nil>
}
