package generator_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/generator"
)

var update = flag.Bool("update", false, "rewrite the modules of the catalogue")

// catalogue is the folder of the committed modules: what templates and
// generator make of its spec is the golden file of both.
var catalogue = filepath.Join("..", "modules", "kms")

func TestCatalogueIsUpToDate(t *testing.T) {
	t.Parallel()
	name := filepath.Join(catalogue, "keywright.hcl")
	src, err := os.ReadFile(name)
	require.NoError(t, err)
	spec, err := generator.ParseSpec(name, src)
	require.NoError(t, err)
	r := renderer(t)
	for _, m := range spec.Modules {
		dir, err := generator.OutputDir(catalogue, m)
		require.NoError(t, err)
		files, err := r.Render(m)
		require.NoError(t, err)
		if *update {
			_, err := generator.Write(dir, files)
			require.NoError(t, err)
		}
		changes, err := generator.Check(dir, files)
		require.NoError(t, err)
		require.Empty(t, changes, "run go generate ./modules/kms, and commit what it changes")
	}
	list, err := r.Catalogue(spec.Modules)
	require.NoError(t, err)
	readme := filepath.Join(catalogue, "README.md")
	if *update {
		require.NoError(t, os.WriteFile(readme, list, 0o644))
	}
	have, err := os.ReadFile(readme)
	require.NoError(t, err)
	require.Equal(t, string(list), string(have), "run go generate ./modules/kms, and commit what it changes")
}

// TestCatalogueHasEveryPreset: no preset is left out of the committed modules.
func TestCatalogueHasEveryPreset(t *testing.T) {
	t.Parallel()
	name := filepath.Join(catalogue, "keywright.hcl")
	src, err := os.ReadFile(name)
	require.NoError(t, err)
	spec, err := generator.ParseSpec(name, src)
	require.NoError(t, err)
	var found []string
	for _, m := range spec.Modules {
		require.Equal(t, m.Preset, m.Name)
		found = append(found, m.Preset)
	}
	require.Equal(t, presetNames(t), found)
}
