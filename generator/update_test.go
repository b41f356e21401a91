package generator_test

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/generator"
)

// appended puts a line of a person's at the end of a file.
func appended(t *testing.T, path ...string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(path...))
	require.NoError(t, err)
	put(t, string(data)+"# mine\n", path...)
}

// updateTo plans and makes the update of dir to files, and returns its steps.
func updateTo(t *testing.T, dir string, files []generator.File) []string {
	t.Helper()
	before := snapshot(t, filepath.Dir(dir))
	u, err := generator.PlanUpdate(dir, files)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(before, snapshot(t, filepath.Dir(dir))), "PlanUpdate wrote: -want +got")
	require.NoError(t, u.Write())
	var steps []string
	for _, s := range u.Steps {
		steps = append(steps, s.String())
	}
	return steps
}

// TestUpdateByOutcome changes a written folder in one way a row, by the person, the
// templates or both.
func TestUpdateByOutcome(t *testing.T) {
	t.Parallel()
	const stamp = ".keywright.json: replace"
	for _, test := range []struct {
		name   string
		change func(t *testing.T, dir string)
		files  func(t *testing.T) []generator.File // the newer templates' unless given
		want   []string
		holds  map[string]string // what files hold then; "" for no file
	}{
		{
			name: "nothing changed",
			files: func(t *testing.T) []generator.File {
				t.Helper()
				return render(t, parse(t, ""))
			},
		},
		{
			name:  "newer templates",
			want:  []string{"added.tf: create", "main.tf: replace", stamp},
			holds: map[string]string{"main.tf": "# Nine.", "added.tf": "# Added."},
		},
		{
			name:   "edited where the templates did not change",
			change: func(t *testing.T, dir string) { t.Helper(); edit(t, dir, "outputs.tf") },
			want:   []string{"added.tf: create", "main.tf: replace", "outputs.tf: keep (edited by hand)", stamp},
			holds:  map[string]string{"outputs.tf": "# mine"},
		},
		{
			name:   "edited elsewhere in a file that changed",
			change: func(t *testing.T, dir string) { t.Helper(); edit(t, dir, "main.tf") },
			want:   []string{"added.tf: create", "main.tf: merge", stamp},
			holds:  map[string]string{"main.tf": "# mine\n# Code generated"},
		},
		{
			name:   "edited in the same place",
			change: func(t *testing.T, dir string) { t.Helper(); appended(t, dir, "main.tf") },
			want:   []string{"added.tf: create", "main.tf: conflict (in 1 place)", stamp},
			holds:  map[string]string{"main.tf": "<<<<<<< in the folder\n# mine\n||||||| written by templates "},
		},
		{
			name:   "deleted, and not changed",
			change: func(t *testing.T, dir string) { t.Helper(); remove(t, dir, "outputs.tf") },
			want:   []string{"added.tf: create", "main.tf: replace", "outputs.tf: keep (deleted by hand)", stamp},
			holds:  map[string]string{"outputs.tf": ""},
		},
		{
			name:   "deleted, and changed",
			change: func(t *testing.T, dir string) { t.Helper(); remove(t, dir, "main.tf") },
			want:   []string{"added.tf: create", "main.tf: conflict (deleted by hand, and changed since; it stays deleted)", stamp},
			holds:  map[string]string{"main.tf": ""},
		},
		{
			name:  "no longer generated",
			files: func(t *testing.T) []generator.File { t.Helper(); return without(renderNewer(t), "outputs.tf") },
			want:  []string{"added.tf: create", "main.tf: replace", "outputs.tf: remove", stamp},
			holds: map[string]string{"outputs.tf": ""},
		},
		{
			name:   "edited, and no longer generated",
			change: func(t *testing.T, dir string) { t.Helper(); edit(t, dir, "outputs.tf") },
			files:  func(t *testing.T) []generator.File { t.Helper(); return without(renderNewer(t), "outputs.tf") },
			want:   []string{"added.tf: create", "main.tf: replace", "outputs.tf: conflict (edited by hand, and no longer generated; it stays)", stamp},
			holds:  map[string]string{"outputs.tf": "# mine"},
		},
		{
			name:   "deleted, and no longer generated",
			change: func(t *testing.T, dir string) { t.Helper(); remove(t, dir, "outputs.tf") },
			files:  func(t *testing.T) []generator.File { t.Helper(); return without(renderNewer(t), "outputs.tf") },
			want:   []string{"added.tf: create", "main.tf: replace", stamp},
			holds:  map[string]string{"outputs.tf": ""},
		},
		{
			name:   "a person's own in the place of a new file",
			change: func(t *testing.T, dir string) { t.Helper(); put(t, "# mine\n", dir, "added.tf") },
			want:   []string{"added.tf: conflict (in 1 place)", "main.tf: replace", stamp},
			holds:  map[string]string{"added.tf": "<<<<<<< in the folder\n# mine\n|||||||"},
		},
		{
			name: "what merges and no longer parses",
			change: func(t *testing.T, dir string) {
				t.Helper()
				data, err := os.ReadFile(filepath.Join(dir, "main.tf"))
				require.NoError(t, err)
				put(t, strings.Replace(string(data), "{", "[", 1), dir, "main.tf")
			},
			want:  []string{"added.tf: create", "main.tf: conflict (merged, but no longer parses: main.tf:4:", stamp},
			holds: map[string]string{"main.tf": "# Nine."},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir, _ := written(t)
			put(t, "state", dir, "terraform.tfstate")
			put(t, "mine", dir, "notes", "mine.txt")
			if test.change != nil {
				test.change(t, dir)
			}
			files := renderNewer(t)
			if test.files != nil {
				files = test.files(t)
			}
			steps := updateTo(t, dir, files)
			require.Len(t, steps, len(test.want), steps)
			for i, want := range test.want {
				require.True(t, strings.HasPrefix(steps[i], want), steps[i])
			}
			after := snapshot(t, dir)
			for name, text := range test.holds {
				require.Contains(t, after[name], text)
				require.Equal(t, text != "", after[name] != "", name)
			}
			require.Equal(t, "state", after["terraform.tfstate"])
			require.Equal(t, "mine", after["notes/mine.txt"])
		})
	}
}

func renderNewer(t *testing.T) []generator.File {
	t.Helper()
	return renderWith(t, newer(t), parse(t, ""))
}

func TestUpdateTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	dir, _ := written(t)
	edit(t, dir, "main.tf")
	updateTo(t, dir, renderNewer(t))
	before := snapshot(t, filepath.Dir(dir))
	require.Equal(t, []string{"main.tf: keep (edited by hand)"}, updateTo(t, dir, renderNewer(t)))
	require.Empty(t, cmp.Diff(before, snapshot(t, filepath.Dir(dir))), "-want +got")
}

func TestUpdateRefusesAnOpenConflict(t *testing.T) {
	t.Parallel()
	dir, _ := written(t)
	appended(t, dir, "main.tf")
	updateTo(t, dir, renderNewer(t))
	before := snapshot(t, filepath.Dir(dir))
	_, err := generator.PlanUpdate(dir, renderNewer(t))
	require.ErrorContains(t, err, "main.tf still holds a conflict; decide on the lines between <<<<<<< and >>>>>>> first")
	require.Empty(t, cmp.Diff(before, snapshot(t, filepath.Dir(dir))), "-want +got")

	// Decided, it goes on from there.
	put(t, "# mine\n", dir, "main.tf")
	require.Equal(t, []string{"main.tf: keep (edited by hand)"}, updateTo(t, dir, renderNewer(t)))
}

func TestUpdateTakesChangedInputs(t *testing.T) {
	t.Parallel()
	dir, _ := written(t)
	edit(t, dir, "variables.tf")
	steps := updateTo(t, dir, render(t, parse(t, `description = "Orders"`)))
	require.Contains(t, steps, "variables.tf: merge")
	after := snapshot(t, dir)
	require.Contains(t, after["variables.tf"], "# mine\n")
	require.Contains(t, after["variables.tf"], `"Orders"`)
}

func TestUpdateKeepsModesAndLinks(t *testing.T) {
	t.Parallel()
	dir, _ := written(t)
	put(t, "#!/bin/sh\n", dir, "apply.sh")
	require.NoError(t, os.Chmod(filepath.Join(dir, "apply.sh"), 0o755))
	require.NoError(t, os.Symlink("main.tf", filepath.Join(dir, "link.tf")))
	updateTo(t, dir, renderNewer(t))
	info, err := os.Stat(filepath.Join(dir, "apply.sh"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o755), info.Mode())
	target, err := os.Readlink(filepath.Join(dir, "link.tf"))
	require.NoError(t, err)
	require.Equal(t, "main.tf", target)
}

func TestStampedIsTheModuleThatWasWritten(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "orders")
	m := parse(t, full)
	_, err := generator.Write(dir, render(t, m))
	require.NoError(t, err)
	stamped, err := generator.Stamped(dir)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(render(t, m), render(t, stamped)), "-want +got")
	name, err := generator.StampedName(dir)
	require.NoError(t, err)
	require.Equal(t, "orders", name)
}

// TestStampedRefuses: what is no module is not rendered into the folder.
func TestStampedRefuses(t *testing.T) {
	t.Parallel()
	dir, _ := written(t)
	_, err := generator.Stamped(dir)
	require.NoError(t, err)
	put(t, `{"template_version": "0.3.0", "inputs": {"manages": "key"}, "files": {}}`, dir, ".keywright.json")
	_, err = generator.Stamped(dir)
	require.ErrorContains(t, err, `"" is no name of a module; put the stamp back`)
}

// TestUpdateRefuses what it has no ground to start from, and writes nothing.
func TestUpdateRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(t *testing.T, dir string)
		want   string
	}{
		{"no stamp", func(t *testing.T, dir string) { t.Helper(); remove(t, dir, ".keywright.json") }, "there is no "},
		{"spoilt stamp", func(t *testing.T, dir string) { t.Helper(); put(t, "<<<<<<< HEAD", dir, ".keywright.json") }, "is spoilt; put it back"},
		{"empty stamp", func(t *testing.T, dir string) {
			t.Helper()
			put(t, `{"inputs": {}, "files": {}}`, dir, ".keywright.json")
		}, "is spoilt; put it back"},
		{"forged original", func(t *testing.T, dir string) {
			t.Helper()
			data, err := os.ReadFile(filepath.Join(dir, ".keywright.json"))
			require.NoError(t, err)
			put(t, strings.Replace(string(data), `"sha256": "`, `"sha256": "0`, 1), dir, ".keywright.json")
		}, "an original of \"CHANGELOG.md\" that its own hash denies"},
		{"cut original", func(t *testing.T, dir string) {
			t.Helper()
			data, err := os.ReadFile(filepath.Join(dir, ".keywright.json"))
			require.NoError(t, err)
			put(t, strings.Replace(string(data), `"original": "`, `"original": "AAAA`, 1), dir, ".keywright.json")
		}, "reading the original of"},
		{"symbolic link", func(t *testing.T, dir string) {
			t.Helper()
			remove(t, dir, "main.tf")
			require.NoError(t, os.Symlink("outputs.tf", filepath.Join(dir, "main.tf")))
		}, "main.tf is a symbolic link or no file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir, _ := written(t)
			test.change(t, dir)
			before := snapshot(t, filepath.Dir(dir))
			_, err := generator.PlanUpdate(dir, renderNewer(t))
			require.ErrorContains(t, err, test.want)
			require.Empty(t, cmp.Diff(before, snapshot(t, filepath.Dir(dir))), "-want +got")
		})
	}
}

// TestStampsAreComparedByMeaning: another version of Go may compress the same
// originals to other bytes.
func TestStampsAreComparedByMeaning(t *testing.T) {
	t.Parallel()
	dir, files := written(t)
	recompress(t, filepath.Join(dir, ".keywright.json"))
	changes, err := generator.Check(dir, files)
	require.NoError(t, err)
	require.Empty(t, changes)
}

// recompress stores the originals of a stamp instead of deflating them.
func recompress(t *testing.T, name string) {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	var stamp map[string]any
	require.NoError(t, json.Unmarshal(data, &stamp))
	for _, record := range stamp["files"].(map[string]any) {
		fields := record.(map[string]any)
		packed, err := base64.StdEncoding.DecodeString(fields["original"].(string))
		require.NoError(t, err)
		text, err := io.ReadAll(flate.NewReader(bytes.NewReader(packed)))
		require.NoError(t, err)
		var stored bytes.Buffer
		w, err := flate.NewWriter(&stored, flate.NoCompression)
		require.NoError(t, err)
		_, err = w.Write(text)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		fields["original"] = stored.Bytes()
	}
	data, err = json.Marshal(stamp)
	require.NoError(t, err)
	put(t, string(data), name)
}
