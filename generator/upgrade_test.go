package generator_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/generator"
)

// earlier returns a copy of a module as templates of an earlier version rendered it.
func earlier(t *testing.T, version, preset string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), preset)
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join("..", "fixtures", "upgrade", version, preset))))
	return dir
}

// TestUpgrade brings the modules of fixtures/upgrade to the present templates: they
// then are what would be generated anew, and a second update changes nothing.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob(filepath.Join("..", "fixtures", "upgrade", "*", "*"))
	require.NoError(t, err)
	require.NotEmpty(t, folders)
	for _, folder := range folders {
		version, preset := filepath.Base(filepath.Dir(folder)), filepath.Base(folder)
		t.Run(version+"/"+preset, func(t *testing.T) {
			t.Parallel()
			dir := earlier(t, version, preset)
			m, err := generator.Stamped(dir)
			require.NoError(t, err)
			files := render(t, m)
			changes, err := generator.Check(dir, files)
			require.NoError(t, err)
			require.NotEmpty(t, changes)
			for _, c := range changes {
				require.NotEqual(t, generator.Edited, c.Kind, "%s: the fixture is as it was rendered", c.Path)
			}
			require.NotEmpty(t, updateTo(t, dir, files))
			changes, err = generator.Check(dir, files)
			require.NoError(t, err)
			require.Empty(t, changes)
			require.Empty(t, updateTo(t, dir, files))
		})
	}
}

// TestUpgradeWithoutOriginals: a stamp of version 0.1 has no originals, so there is
// no base to merge an edited file by, and nothing is written.
func TestUpgradeWithoutOriginals(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(t *testing.T, dir string)
	}{
		{"edited", func(t *testing.T, dir string) { t.Helper(); edit(t, dir, "main.tf") }},
		{"deleted", func(t *testing.T, dir string) { t.Helper(); remove(t, dir, "main.tf") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := earlier(t, "0.1.0", "encryption")
			test.change(t, dir)
			m, err := generator.Stamped(dir)
			require.NoError(t, err)
			_, err = generator.PlanUpdate(dir, render(t, m))
			require.ErrorContains(t, err, `keeps no original of "main.tf"; put the file back as it was written`)
		})
	}
}
