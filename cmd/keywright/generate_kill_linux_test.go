package main_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// interrupted is a folder of modules that are written again and again, from one spec
// and then from another, by a command that is killed.
type interrupted struct {
	testing.TB
	dir string
	// whole are the contents that the modules' folders may have: what the command
	// makes of each spec when it is let be.
	whole [][]map[string]string
	// mine are files of a person's and of an engine's in each folder.
	mine map[string]string
}

const interruptedModules = 4

// interruptedSpec says what to make of each module; days set one spec apart from the other.
func interruptedSpec(days int) string {
	var spec strings.Builder
	for i := range interruptedModules {
		fmt.Fprintf(&spec, "module \"m%d\" {\n  preset = \"encryption\"\n  rotation_period_in_days = %d\n  output = \"m%d/key\"\n}\n", i, days, i)
	}
	return spec.String()
}

func (k *interrupted) write(data string, path ...string) {
	k.Helper()
	name := filepath.Join(append([]string{k.dir}, path...)...)
	require.NoError(k, os.MkdirAll(filepath.Dir(name), 0o755))
	require.NoError(k, os.WriteFile(name, []byte(data), 0o600))
}

// folders returns what is in the folders of the modules.
func (k *interrupted) folders() []map[string]string {
	k.Helper()
	var all []map[string]string
	for i := range interruptedModules {
		all = append(all, k.folder(i))
	}
	return all
}

// folder returns what is in the folder of a module.
func (k *interrupted) folder(i int) map[string]string {
	k.Helper()
	dir := filepath.Join(k.dir, fmt.Sprintf("m%d", i), "key")
	found := map[string]string{}
	require.NoError(k, filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		found[strings.TrimPrefix(name, dir+"/")] = string(data)
		return err
	}))
	return found
}

// command is the one that is killed.
func (k *interrupted) command(args []string) *exec.Cmd {
	cmd := exec.CommandContext(k.Context(), "keywright", args...)
	cmd.Dir, cmd.Stderr = k.dir, os.Stderr
	return cmd
}

// beside lists what is beside the modules' folders.
func (k *interrupted) beside() string {
	k.Helper()
	names, err := filepath.Glob(filepath.Join(k.dir, "m*", ".key.*", "*"))
	require.NoError(k, err)
	return strings.Join(names, " ")
}

// kill starts the command and kills it when what is beside the modules' folders has
// changed so many times, or lets it end before.
func (k *interrupted) kill(args []string, after int) {
	k.Helper()
	cmd := k.command(args)
	require.NoError(k, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for seen := k.beside(); after > 0; {
		select {
		case <-ended:
			return
		case <-look.C:
		}
		if now := k.beside(); now != seen {
			seen, after = now, after-1
		}
	}
	require.NoError(k, cmd.Process.Kill())
	<-ended
}

// requireWhole finds each folder old or new, and each of the other files once: where
// it was, or beside, from where the next run fetches it.
func (k *interrupted) requireWhole() {
	k.Helper()
	for i, found := range k.folders() {
		for name, data := range k.mine {
			if _, there := found[name]; !there {
				beside, err := os.ReadFile(filepath.Join(k.dir, fmt.Sprintf("m%d", i), ".key.keywright-old", name))
				require.NoError(k, err)
				found[name] = string(beside)
			}
			require.Equal(k, data, found[name])
			delete(found, name)
		}
		require.Contains(k, []map[string]string{k.whole[0][i], k.whole[1][i]}, found, "module %d is neither old nor new", i)
	}
}

// requireDone finds all folders new, and nothing beside them.
func (k *interrupted) requireDone(want []map[string]string) {
	k.Helper()
	for i, found := range k.folders() {
		for name, data := range k.mine {
			require.Equal(k, data, found[name])
			delete(found, name)
		}
		require.Equal(k, want[i], found)
		beside, err := os.ReadDir(filepath.Join(k.dir, fmt.Sprintf("m%d", i)))
		require.NoError(k, err)
		require.Len(k, beside, 1)
	}
}

// TestKilledRunsLeaveTheOldOrTheNew kills generate and update wherever they are.
func TestKilledRunsLeaveTheOldOrTheNew(t *testing.T) {
	t.Parallel()
	const rounds = 5
	for _, test := range []struct {
		name string
		args []string
		mine map[string]string
	}{
		{"generate", []string{"generate"}, map[string]string{"terraform.tfstate": "state"}},
		{"update", []string{"update", "--spec", "keywright.hcl"}, map[string]string{"terraform.tfstate": "state", "mine.tf": "# mine", "notes/n.txt": "mine"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			k := &interrupted{TB: t, dir: t.TempDir()}
			specs := []string{interruptedSpec(90), interruptedSpec(180)}
			for _, spec := range specs {
				k.write(spec, "keywright.hcl")
				require.NoError(t, k.command([]string{"generate"}).Run())
				k.whole = append(k.whole, k.folders())
			}
			k.mine = test.mine
			for i := range interruptedModules {
				for name, data := range k.mine {
					k.write(data, fmt.Sprintf("m%d", i), "key", name)
				}
			}
			for round := range rounds {
				k.write(specs[round%2], "keywright.hcl")
				k.kill(test.args, 2*round)
				k.requireWhole()
				if round%2 == 0 { // others go on from what was left
					require.NoError(t, k.command(test.args).Run())
					k.requireDone(k.whole[round%2])
				}
			}
		})
	}
}
