package report_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/keywright/keywright/harness/report"
)

// The result files of two shards, put together.
func Example() {
	dir, err := os.MkdirTemp("", "results-*")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	var shards []string
	for i, p := range []report.Promise{
		{Name: "round trip", Module: "modules/app", Backend: "embedded", Engine: "terraform 1.11.4", Outcome: report.Held},
		{Name: "no drift", Module: "modules/app", Backend: "embedded", Engine: "terraform 1.11.4", Outcome: report.Broken, Reason: "the description changes"},
	} {
		shards = append(shards, filepath.Join(dir, fmt.Sprintf("shard-%d.jsonl", i+1)))
		file, err := report.Open(shards[i])
		if err != nil {
			fmt.Println(err)
			return
		}
		if err := file.Add(report.Line{Promise: &p}); err != nil {
			fmt.Println(err)
		}
		if err := file.Close(); err != nil {
			fmt.Println(err)
		}
	}
	all, err := report.Read(shards...)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := all.Text(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// module       backend   engine            held  broken  skipped  seconds
	// modules/app  embedded  terraform 1.11.4  1     1       0        0.0
	//
	// broken: no drift (modules/app)
	//   the description changes
}
