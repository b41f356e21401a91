// Package report holds what tests found out: which promises held, for which
// module, on which backend and engine, and what of the modules was touched.
//
// Results are lines of JSON, so that files of several processes or shards are
// merged by putting them behind one another:
//
//	file, err := report.Open("results.jsonl")
//	err = file.Add(report.Line{Promise: &report.Promise{Name: "round trip", Outcome: report.Held}})
//	all, err := report.Read("shard-1.jsonl", "shard-2.jsonl")
//	err = all.JUnit(os.Stdout)
//
// It runs no test and knows nothing of package testing.
package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/keywright/keywright/harness/coverage"
)

// Outcome is what became of a promise.
type Outcome string

// The outcomes. A promise that could not be asked for is skipped, never held.
const (
	Held    Outcome = "held"
	Broken  Outcome = "broken"
	Skipped Outcome = "skipped"
)

// Promise is one promise that was put to the test.
type Promise struct {
	// Name says what was promised, such as "round trip as app".
	Name string `json:"name"`
	// Test is the Go test that asked; "" outside of Go tests.
	Test string `json:"test,omitempty"`
	// Module is the folder of the root module.
	Module string `json:"module"`
	// Resource is the address of the key; "" when it is about the module.
	Resource string `json:"resource,omitempty"`
	// Backend and Engine are what it ran on, such as "embedded" and "terraform
	// 1.11.4".
	Backend string `json:"backend"`
	Engine  string `json:"engine"`
	// Outcome with its Reason: what decided a refusal, what is broken, why it was
	// skipped.
	Outcome Outcome `json:"outcome"`
	Reason  string  `json:"reason,omitempty"`
	// Seconds it took.
	Seconds float64 `json:"seconds"`
}

// Run is one session of a test process with a backend and an engine: from its
// first test to the end of its last.
type Run struct {
	Backend string `json:"backend"`
	Engine  string `json:"engine"`
	// Provider is the version of the AWS provider.
	Provider string `json:"provider"`
	// Seconds of wall time it took.
	Seconds float64 `json:"seconds"`
}

// Line is one line of a result file: one of its fields is set.
type Line struct {
	Promise  *Promise         `json:"promise,omitempty"`
	Run      *Run             `json:"run,omitempty"`
	Coverage *coverage.Module `json:"coverage,omitempty"`
}

// Report is what result files hold together.
type Report struct {
	Promises []Promise         `json:"promises"`
	Runs     []Run             `json:"runs"`
	Coverage []coverage.Module `json:"coverage"`
}

// Count returns how many promises had the outcome.
func (r Report) Count(of Outcome) int {
	n := 0
	for _, p := range r.Promises {
		if p.Outcome == of {
			n++
		}
	}
	return n
}

// File is a result file. It is safe for concurrent use, also by several
// processes.
type File struct {
	mu   sync.Mutex
	file *os.File
}

// Open opens a result file to add to; it is made if it is not there. The caller
// must Close it.
func Open(path string) (*File, error) {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening result file: %w", err)
	}
	return &File{file: file}, nil
}

// Add adds a line. On a nil File it does nothing.
func (f *File) Add(line Line) error {
	if f == nil {
		return nil
	}
	data, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("writing result: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	// One write a line: that is what keeps the lines of several processes apart.
	if _, err := f.file.Write(append(data, '\n')); err != nil {
		return fmt.Errorf("writing result: %w", err)
	}
	return nil
}

// Close closes the file. On a nil File it does nothing.
func (f *File) Close() error {
	if f == nil {
		return nil
	}
	return f.file.Close()
}

// Read reads result files and merges what they say of coverage.
func Read(paths ...string) (Report, error) {
	r := Report{Promises: []Promise{}, Runs: []Run{}}
	var looks []coverage.Module
	for _, path := range paths {
		lines, err := readLines(path)
		if err != nil {
			return r, err
		}
		for _, line := range lines {
			if line.Promise != nil {
				r.Promises = append(r.Promises, *line.Promise)
			}
			if line.Run != nil {
				r.Runs = append(r.Runs, *line.Run)
			}
			if line.Coverage != nil {
				looks = append(looks, *line.Coverage)
			}
		}
	}
	r.Coverage = coverage.Merge(looks)
	return r, nil
}

func readLines(path string) ([]Line, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading results: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	var lines []Line
	for {
		var line Line
		err := decoder.Decode(&line)
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading results %q, byte %d: %w", path, decoder.InputOffset(), err)
		}
		lines = append(lines, line)
	}
}

// Write writes the report as a result file has it: JSON lines.
func (r Report) Write(w io.Writer) error {
	encoder := json.NewEncoder(w)
	for i := range r.Promises {
		if err := encoder.Encode(Line{Promise: &r.Promises[i]}); err != nil {
			return fmt.Errorf("writing results: %w", err)
		}
	}
	for i := range r.Runs {
		if err := encoder.Encode(Line{Run: &r.Runs[i]}); err != nil {
			return fmt.Errorf("writing results: %w", err)
		}
	}
	for i := range r.Coverage {
		if err := encoder.Encode(Line{Coverage: &r.Coverage[i]}); err != nil {
			return fmt.Errorf("writing results: %w", err)
		}
	}
	return nil
}
