package generator_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/generator"
	"github.com/keywright/keywright/templates"
)

// BenchmarkThousandModules parses a spec of 1,000 modules, of all presets in turn
// and each with values of its own, and renders them as the command does. The promise is 2 seconds.
func BenchmarkThousandModules(b *testing.B) {
	presets := presetNames(b)
	src := ""
	for i := range 1000 {
		preset := presets[i%len(presets)]
		src += fmt.Sprintf("module \"m%d\" {\n  preset = %q\n", i, preset)
		if preset != "grants" {
			src += fmt.Sprintf("  roles = { administer = [\"arn:aws:iam::111122223333:role/admin-%d\"] }\n", i)
		}
		if preset != "grants" && preset != "policy" {
			src += fmt.Sprintf("  aliases = [\"m/%d\"]\n  tags = { number = \"%d\" }\n", i, i)
		}
		src += "}\n"
	}
	for b.Loop() {
		spec, err := generator.ParseSpec("keywright.hcl", []byte(src))
		require.NoError(b, err)
		r, err := generator.NewRenderer(templates.FS)
		require.NoError(b, err)
		var rendering sync.WaitGroup
		free := make(chan struct{}, runtime.GOMAXPROCS(0))
		for _, m := range spec.Modules {
			free <- struct{}{}
			rendering.Go(func() {
				_, err := r.Render(m)
				assert.NoError(b, err)
				<-free
			})
		}
		rendering.Wait()
	}
}
