package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/harness/report"
	"github.com/keywright/keywright/internal/cli/process"
)

// reportFiles are the flags of commands that have results to write.
type reportFiles struct {
	json, junit string
	minCoverage float64
}

func (f *reportFiles) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.json, "json", "", "write the results to this `FILE`, as JSON lines")
	cmd.Flags().StringVar(&f.junit, "junit", "", "write the results to this `FILE`, as JUnit XML")
	cmd.Flags().Float64Var(&f.minCoverage, "min-coverage", 0, "exit 2 if less than this `PERCENT` of a module was touched")
}

// check refuses flags that could not be followed once the work is done.
func (f *reportFiles) check() error {
	if !(f.minCoverage >= 0 && f.minCoverage <= 100) {
		return fmt.Errorf("--min-coverage %v: give a percentage, from 0 to 100", f.minCoverage)
	}
	for _, path := range []string{f.json, f.junit} {
		if path == "" {
			continue
		}
		if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
			return fmt.Errorf("writing results to %s: there is no folder %s: make it first", path, filepath.Dir(path))
		}
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return fmt.Errorf("writing results to %s: it is a folder: name a file", path)
		}
	}
	return nil
}

// write writes the files that were asked for.
func (f *reportFiles) write(r report.Report) error {
	return errors.Join(writeFile(f.json, r.Write), writeFile(f.junit, r.JUnit))
}

func writeFile(path string, content func(io.Writer) error) error {
	if path == "" {
		return nil
	}
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("writing results: %w", err)
	}
	return errors.Join(content(file), file.Close())
}

// judge returns process.ErrFindings if a promise is broken or too little was touched.
func (f *reportFiles) judge(r report.Report) error {
	if r.Count(report.Broken) > 0 {
		return process.ErrFindings
	}
	if f.minCoverage > 0 && len(r.Coverage) == 0 {
		return errors.New("--min-coverage: the results tell of no module what was touched")
	}
	for _, m := range r.Coverage {
		if m.Percent() < f.minCoverage {
			return process.ErrFindings
		}
	}
	return nil
}

// supportFiles are the flags for the support matrix.
type supportFiles struct{ json, markdown string }

func (f *supportFiles) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.json, "support", "", "write to this `FILE`, as JSON, how many promises held, of each module on each backend and engine")
	cmd.Flags().StringVar(&f.markdown, "markdown", "", "write the same into this `FILE`, as Markdown: behind what is there, or in place of the last one")
}

func (f *supportFiles) write(s report.Support) error {
	if err := writeFile(f.json, s.Write); err != nil || f.markdown == "" {
		return err
	}
	text, err := os.ReadFile(f.markdown)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("writing support matrix: %w", err)
	}
	if err := os.WriteFile(f.markdown, []byte(s.Into(string(text))), 0o644); err != nil {
		return fmt.Errorf("writing support matrix: %w", err)
	}
	return nil
}

func (a *app) report() *cobra.Command {
	var files reportFiles
	var support supportFiles
	cmd := &cobra.Command{
		Use:   "report FILE...",
		Short: "Put result files of tests together",
		Long: `Report reads result files, as Go tests write them with KEYWRIGHT_RESULTS and
keywright test with --json, puts the results of all together and prints how the
promises fared and what of each module no test touched. With --support and
--markdown it writes a matrix of that: modules by backends and engines. The status
is 2 if a promise is broken or a module is covered less than --min-coverage.`,
		Example: `  KEYWRIGHT_RESULTS=$PWD/results.jsonl go test ./...
  keywright report results.jsonl --min-coverage 80
  keywright report shard-*/results.jsonl --junit promises.xml --markdown "$GITHUB_STEP_SUMMARY"`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := files.check(); err != nil {
				return err
			}
			r, err := report.Read(args...)
			if err != nil {
				return err
			}
			if len(r.Promises) == 0 {
				return fmt.Errorf("there is no promise in %s: did the tests run with KEYWRIGHT_RESULTS?", strings.Join(args, ", "))
			}
			if err := errors.Join(r.Text(a.Out), files.write(r), support.write(r.Support())); err != nil {
				return err
			}
			return files.judge(r)
		},
	}
	files.flags(cmd)
	support.flags(cmd)
	return cmd
}
