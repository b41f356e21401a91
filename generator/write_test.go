package generator_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/generator"
)

// snapshot returns every file under dir with its content, so that a test can
// tell that nothing at all was touched.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(name)
		found[strings.TrimPrefix(name, dir+"/")] = string(data)
		return err
	})
	require.NoError(t, err)
	return found
}

func put(t *testing.T, data string, path ...string) {
	t.Helper()
	name := filepath.Join(path...)
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
	require.NoError(t, os.WriteFile(name, []byte(data), 0o644))
}

// written returns a folder as Write leaves it, and what was rendered.
func written(t *testing.T) (dir string, files []generator.File) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "orders")
	files = render(t, parse(t, ""))
	changes, err := generator.Write(dir, files)
	require.NoError(t, err)
	require.Len(t, changes, len(files))
	return dir, files
}

// without returns files less the one of that name.
func without(files []generator.File, name string) []generator.File {
	var rest []generator.File
	for _, f := range files {
		if f.Path != name {
			rest = append(rest, f)
		}
	}
	return rest
}

func TestWriteMakesTheFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "keys", "orders")
	files := render(t, parse(t, ""))
	changes, err := generator.Write(dir, files)
	require.NoError(t, err)
	for i, c := range changes {
		require.Equal(t, files[i].Path+" (missing)", c.String())
	}
	want := map[string]string{}
	for _, f := range files {
		want[f.Path] = string(f.Data)
	}
	require.Empty(t, cmp.Diff(want, snapshot(t, dir)), "-want +got")
	info, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o755), info.Mode().Perm()&0o755, "others may read the folder")
	require.Len(t, snapshot(t, filepath.Dir(dir)), len(files), "nothing is left beside the folder")
}

func TestWriteAgainTouchesNothing(t *testing.T) {
	t.Parallel()
	dir, files := written(t)
	before, err := os.Stat(dir)
	require.NoError(t, err)
	changes, err := generator.Write(dir, files)
	require.NoError(t, err)
	require.Empty(t, changes)
	after, err := os.Stat(dir)
	require.NoError(t, err)
	require.True(t, os.SameFile(before, after), "the folder was replaced")
	require.Equal(t, before.ModTime(), after.ModTime())
}

// TestCheckAndWriteByKind changes a written folder in one way a row: Check names
// the file and its kind, and Write either puts it right or refuses and leaves
// the folder as it was.
func TestCheckAndWriteByKind(t *testing.T) {
	t.Parallel()
	next := render(t, parse(t, `description = "Orders"`))
	for _, test := range []struct {
		name    string
		change  func(t *testing.T, dir string)
		files   func(files []generator.File) []generator.File
		want    []string
		refused bool
	}{
		{name: "up to date"},
		{
			name:   "missing",
			change: func(t *testing.T, dir string) { require.NoError(t, os.Remove(filepath.Join(dir, "main.tf"))) },
			want:   []string{"main.tf (missing)"},
		},
		{
			name:   "missing folder",
			change: func(t *testing.T, dir string) { require.NoError(t, os.RemoveAll(filepath.Join(dir, "tests"))) },
			want:   []string{"tests/contract.tftest.hcl (missing)", "tests/policy.tftest.hcl (missing)", "tests/validation.tftest.hcl (missing)"},
		},
		{
			name:   "missing stamp",
			change: func(t *testing.T, dir string) { require.NoError(t, os.Remove(filepath.Join(dir, ".keywright.json"))) },
			want:   []string{".keywright.json (missing)"},
		},
		{
			name:  "stale",
			files: func([]generator.File) []generator.File { return next },
			want:  []string{".keywright.json (stale)", "README.md (stale)", "variables.tf (stale)"},
		},
		{
			name:  "orphaned",
			files: func(files []generator.File) []generator.File { return without(files, "outputs.tf") },
			want:  []string{"outputs.tf (orphaned)"},
		},
		{
			name:    "edited",
			change:  func(t *testing.T, dir string) { put(t, "# mine", dir, "main.tf") },
			want:    []string{"main.tf (edited)"},
			refused: true,
		},
		{
			name:    "edited and no longer rendered",
			change:  func(t *testing.T, dir string) { put(t, "# mine", dir, "outputs.tf") },
			files:   func(files []generator.File) []generator.File { return without(files, "outputs.tf") },
			want:    []string{"outputs.tf (edited)"},
			refused: true,
		},
		{
			name:    "edited stamp",
			change:  func(t *testing.T, dir string) { put(t, "<<<<<<< HEAD", dir, ".keywright.json") },
			want:    []string{".keywright.json (edited)"},
			refused: true,
		},
		{
			name:    "stale without the stamp that proves it",
			change:  func(t *testing.T, dir string) { require.NoError(t, os.Remove(filepath.Join(dir, ".keywright.json"))) },
			files:   func([]generator.File) []generator.File { return next },
			want:    []string{".keywright.json (missing)", "README.md (edited)", "variables.tf (edited)"},
			refused: true,
		},
		{
			name:    "extra",
			change:  func(t *testing.T, dir string) { put(t, "mine", dir, "notes", "todo.txt") },
			want:    []string{"notes/todo.txt (extra)"},
			refused: true,
		},
		{
			name: "extra symbolic link",
			change: func(t *testing.T, dir string) {
				require.NoError(t, os.Symlink("main.tf", filepath.Join(dir, "link.tf")))
			},
			want:    []string{"link.tf (extra)"},
			refused: true,
		},
		{
			name: "symbolic link in the place of a file",
			change: func(t *testing.T, dir string) {
				require.NoError(t, os.Rename(filepath.Join(dir, "main.tf"), filepath.Join(dir, "..", "main.tf")))
				require.NoError(t, os.Symlink("../main.tf", filepath.Join(dir, "main.tf")))
			},
			want:    []string{"main.tf (edited)"},
			refused: true,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir, files := written(t)
			if test.change != nil {
				test.change(t, dir)
			}
			if test.files != nil {
				files = test.files(files)
			}
			before := snapshot(t, filepath.Dir(dir))
			changes, err := generator.Check(dir, files)
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(test.want, words(changes)), "-want +got")
			require.Empty(t, cmp.Diff(before, snapshot(t, filepath.Dir(dir))), "Check wrote: -want +got")

			made, err := generator.Write(dir, files)
			if !test.refused {
				require.NoError(t, err)
				require.Empty(t, cmp.Diff(changes, made), "-want +got")
				left, err := generator.Check(dir, files)
				require.NoError(t, err)
				require.Empty(t, left)
				return
			}
			var conflict *generator.ConflictError
			require.ErrorAs(t, err, &conflict)
			require.Equal(t, dir, conflict.Dir)
			require.Subset(t, test.want, words(conflict.Changes))
			require.ErrorContains(t, err, conflict.Changes[0].String())
			require.Empty(t, cmp.Diff(before, snapshot(t, filepath.Dir(dir))), "a refusal wrote: -want +got")
		})
	}
}

func words(changes []generator.Change) []string {
	var found []string
	for _, c := range changes {
		found = append(found, c.String())
	}
	return found
}

func TestConflictErrorNamesEveryFileAndTheRemedy(t *testing.T) {
	t.Parallel()
	err := generator.Conflict("orders", []generator.Change{
		{Path: "a.tf", Kind: generator.Edited}, {Path: "b.tf", Kind: generator.Stale}, {Path: "c.txt", Kind: generator.Extra},
	})
	require.EqualError(t, err, `folder "orders" holds files that were not generated, or were changed since: a.tf (edited), c.txt (extra); `+
		`move them elsewhere, or restore what was generated, and put the change into the spec, or merge the new rendering into them with keywright update --spec`)
	require.NoError(t, generator.Conflict("orders", []generator.Change{{Path: "b.tf", Kind: generator.Stale}}))
}

// engineFiles are what a person's runs of Terraform leave in a module's folder.
var engineFiles = map[string]string{
	".terraform/providers/p":            "provider",
	".terraform.lock.hcl":               "lock",
	"terraform.tfstate":                 "state",
	"terraform.tfstate.backup":          "backup",
	"crash.log":                         "crash",
	"examples/basic/.terraform/m.json":  "modules",
	"examples/basic/terraform.tfstate":  "state of the example",
	".terraform.tfstate.lock.info":      "info",
	"examples/old/terraform.tfstate":    "state of an example that is gone",
	"terraform.tfstate.1700000000.back": "older state",
}

func TestWriteKeepsWhatTheEngineLeft(t *testing.T) {
	t.Parallel()
	dir, files := written(t)
	for name, data := range engineFiles {
		put(t, data, dir, name)
	}
	changes, err := generator.Check(dir, files)
	require.NoError(t, err)
	require.Empty(t, changes)

	_, err = generator.Write(dir, render(t, parse(t, `description = "Orders"`)))
	require.NoError(t, err)
	after := snapshot(t, dir)
	for name, data := range engineFiles {
		require.Equal(t, data, after[name], name)
	}
	require.Contains(t, after["variables.tf"], `"Orders"`)
}

// TestWriteSurvivesInterruption starts from each state on disk that a Write
// which dies between two of its steps leaves.
func TestWriteSurvivesInterruption(t *testing.T) {
	t.Parallel()
	const old, next = ".orders.keywright-old", ".orders.keywright-new"
	for _, test := range []struct {
		name  string
		state func(t *testing.T, parent string)
	}{
		{"while building the new folder", func(t *testing.T, parent string) {
			put(t, "half", parent, next, "main.tf")
		}},
		{"with the old folder moved aside", func(t *testing.T, parent string) {
			require.NoError(t, os.Rename(filepath.Join(parent, "orders"), filepath.Join(parent, old)))
			put(t, "half", parent, next, "main.tf")
		}},
		{"with state still in the old folder", func(t *testing.T, parent string) {
			require.NoError(t, os.Rename(filepath.Join(parent, "orders"), filepath.Join(parent, old)))
			_, err := generator.Write(filepath.Join(parent, "next", "orders"), render(t, parse(t, `description = "Orders"`)))
			require.NoError(t, err)
			require.NoError(t, os.Rename(filepath.Join(parent, "next", "orders"), filepath.Join(parent, "orders")))
			require.NoError(t, os.Remove(filepath.Join(parent, "next")))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir, _ := written(t)
			put(t, "state", dir, "terraform.tfstate")
			test.state(t, filepath.Dir(dir))

			files := render(t, parse(t, `description = "Orders"`))
			_, err := generator.Write(dir, files)
			require.NoError(t, err)
			changes, err := generator.Check(dir, files)
			require.NoError(t, err)
			require.Empty(t, changes)
			require.Equal(t, "state", snapshot(t, dir)["terraform.tfstate"])
			require.Len(t, snapshot(t, filepath.Dir(dir)), len(files)+1, "nothing is left beside the folder")
		})
	}
}

func TestWriteNeverPicksBetweenTwoStates(t *testing.T) {
	t.Parallel()
	dir, files := written(t)
	put(t, "newer", dir, "terraform.tfstate")
	put(t, "older", filepath.Dir(dir), ".orders.keywright-old", "terraform.tfstate")
	before := snapshot(t, filepath.Dir(dir))
	_, err := generator.Write(dir, files)
	require.ErrorContains(t, err, "keep the one you need")
	require.Empty(t, cmp.Diff(before, snapshot(t, filepath.Dir(dir))), "-want +got")
}

func TestWriteThatCannotFinishLeavesTheOldFolder(t *testing.T) {
	t.Parallel()
	dir, files := written(t)
	before := snapshot(t, dir)
	// main.tf cannot be a file and a folder.
	_, err := generator.Write(dir, append(files, generator.File{Path: "main.tf/part.tf"}))
	require.ErrorContains(t, err, "writing folder")
	require.Empty(t, cmp.Diff(before, snapshot(t, dir)), "-want +got")
	require.Len(t, snapshot(t, filepath.Dir(dir)), len(before), "nothing is left beside the folder")
}

func TestCheckRefusesAFileOrLinkForAFolder(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	put(t, "mine", parent, "orders")
	require.NoError(t, os.Symlink(t.TempDir(), filepath.Join(parent, "linked")))
	for _, name := range []string{"orders", "linked"} {
		_, err := generator.Check(filepath.Join(parent, name), render(t, parse(t, "")))
		require.ErrorContains(t, err, "it is a file or a symbolic link", name)
	}
}

func TestOutputDirStaysInsideTheSpecFolder(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(root, "keys"), 0o755))
	require.NoError(t, os.Symlink(t.TempDir(), filepath.Join(root, "linked")))
	put(t, "mine", root, "file")

	for _, output := range []string{"orders", "keys/orders", "new/orders"} {
		dir, err := generator.OutputDir(root, parse(t, `output = "`+output+`"`))
		require.NoError(t, err)
		require.Equal(t, filepath.Join(root, output), dir)
	}
	for _, output := range []string{"linked", "linked/orders", "file", "file/orders"} {
		_, err := generator.OutputDir(root, parse(t, `output = "`+output+`"`))
		var found generator.Diagnostic
		require.ErrorAs(t, err, &found, output)
		require.ErrorContains(t, err, "keywright.hcl:1:1: the path of output")
	}
}
