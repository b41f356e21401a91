package generator_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/generator"
	"github.com/keywright/keywright/templates"
)

// newer returns templates of version 9.0.0, where main.tf has one line more at its
// end, and there is a file added.tf.
func newer(t *testing.T) fs.FS {
	t.Helper()
	changed := fstest.MapFS{}
	err := fs.WalkDir(templates.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(templates.FS, name)
		switch {
		case path.Base(name) == "VERSION":
			data = []byte("9.0.0\n")
		case name == templateFolder+"/main.tf.tmpl":
			data = append(data, "\n# Nine.\n"...)
		}
		changed[name] = &fstest.MapFile{Data: data}
		return err
	})
	require.NoError(t, err)
	changed[templateFolder+"/added.tf.tmpl"] = &fstest.MapFile{Data: []byte("# Added.\n")}
	return changed
}

// templateFolder holds the templates of the files of modules.
const templateFolder = "module"

func renderWith(t *testing.T, set fs.FS, m generator.Module) []generator.File {
	t.Helper()
	r, err := generator.NewRenderer(set)
	require.NoError(t, err)
	files, err := r.Render(m)
	require.NoError(t, err)
	return files
}

// edit puts a line of a person's at the top of a file.
func edit(t *testing.T, path ...string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(path...))
	require.NoError(t, err)
	put(t, "# mine\n"+string(data), path...)
}

// remove deletes a file of a folder.
func remove(t *testing.T, path ...string) {
	t.Helper()
	require.NoError(t, os.Remove(filepath.Join(path...)))
}

// version is that of the templates that are shipped.
func version(t *testing.T) string {
	t.Helper()
	return regexp.MustCompile(`"template_version": "(.*)"`).FindStringSubmatch(content(t, render(t, parse(t, "")), ".keywright.json"))[1]
}

// TestCheckTellsTheCause changes one thing a row, and asks why one file differs.
func TestCheckTellsTheCause(t *testing.T) {
	t.Parallel()
	templatesChanged := "the templates changed from " + version(t) + " to 9.0.0"
	for _, test := range []struct {
		name   string
		change func(t *testing.T, dir string)
		spec   string
		newer  bool
		path   string
		causes []string
		diff   string // a line of it
	}{
		{
			name: "hand edit", path: "main.tf",
			change: func(t *testing.T, dir string) { edit(t, dir, "main.tf") },
			causes: []string{"edited by hand"}, diff: "+# mine",
		},
		{
			name: "hand edit, and a spec that changed the file too", path: "variables.tf", spec: `description = "Orders"`,
			change: func(t *testing.T, dir string) { edit(t, dir, "variables.tf") },
			causes: []string{"edited by hand", "the spec changed: description"}, diff: "+# mine",
		},
		{
			name: "hand edit, and a spec that did not change the file", path: "outputs.tf", spec: `description = "Orders"`,
			change: func(t *testing.T, dir string) { edit(t, dir, "outputs.tf") },
			causes: []string{"edited by hand"}, diff: "+# mine",
		},
		{
			name: "spec", path: "variables.tf", spec: `description = "Orders"
				deletion_window_in_days = 7`,
			causes: []string{"the spec changed: deletion_window_in_days, description"}, diff: "+  default     = 7",
		},
		{
			name: "templates", path: "main.tf", newer: true,
			causes: []string{templatesChanged}, diff: "+# Nine.",
		},
		{
			name: "a new template", path: "added.tf", newer: true,
			causes: []string{templatesChanged}, diff: "+# Added.",
		},
		{
			name: "spec and templates", path: "variables.tf", spec: `description = "Orders"`, newer: true,
			causes: []string{"the spec changed: description", templatesChanged}, diff: `+  default     = "Orders"`,
		},
		{
			name: "the stamp", path: ".keywright.json", newer: true, causes: []string{templatesChanged},
		},
		{
			name: "deleted by hand", path: "outputs.tf",
			change: func(t *testing.T, dir string) { remove(t, dir, "outputs.tf") },
			causes: []string{"deleted by hand"}, diff: "--- /dev/null",
		},
		{
			name: "a person's own", path: "mine.tf",
			change: func(t *testing.T, dir string) { put(t, "# mine", dir, "mine.tf") },
			causes: []string{"not generated"},
		},
		{
			name: "no stamp, file there", path: "variables.tf", spec: `description = "Orders"`,
			change: func(t *testing.T, dir string) { remove(t, dir, ".keywright.json") },
			causes: []string{".keywright.json is missing or spoilt, so nothing proves who wrote the file"}, diff: `-  default     = "Orders"`,
		},
		{
			name: "no stamp, file gone", path: "outputs.tf",
			change: func(t *testing.T, dir string) {
				remove(t, dir, ".keywright.json")
				remove(t, dir, "outputs.tf")
			},
			causes: []string{"never generated"}, diff: "--- /dev/null",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir, _ := written(t)
			if test.change != nil {
				test.change(t, dir)
			}
			set := fs.FS(templates.FS)
			if test.newer {
				set = newer(t)
			}
			changes, err := generator.Check(dir, renderWith(t, set, parse(t, test.spec)))
			require.NoError(t, err)
			i := slices.IndexFunc(changes, func(c generator.Change) bool { return c.Path == test.path })
			require.GreaterOrEqual(t, i, 0, words(changes))
			found := changes[i]
			require.Equal(t, test.causes, found.Causes)
			if test.diff == "" {
				require.Empty(t, found.Diff())
				return
			}
			require.Contains(t, strings.Split(found.Diff(), "\n"), test.diff)
		})
	}
}
