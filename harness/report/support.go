package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
)

// Support is what result files say in short: how the promises of each module fared
// on each backend with each engine. It is small enough to be committed.
type Support struct {
	// Runs has one for each backend, engine and provider, with the whole seconds of
	// all their sessions together, in the order of the result files.
	Runs []Run `json:"runs"`
	// Tallies are sorted by module.
	Tallies []Tally `json:"tallies"`
}

// Tally counts the promises of one module on one backend with one engine.
type Tally struct {
	Module  string `json:"module"`
	Backend string `json:"backend"`
	Engine  string `json:"engine"`
	Held    int    `json:"held"`
	Broken  int    `json:"broken,omitempty"`
	// Skipped is by the reason.
	Skipped map[string]int `json:"skipped,omitempty"`
}

// Support counts the promises.
func (r Report) Support() Support {
	s := Support{Runs: []Run{}, Tallies: []Tally{}}
	for _, run := range r.Runs {
		i := slices.IndexFunc(s.Runs, func(o Run) bool {
			o.Seconds = run.Seconds
			return o == run
		})
		if i < 0 {
			s.Runs = append(s.Runs, run)
			continue
		}
		s.Runs[i].Seconds += run.Seconds
	}
	for i := range s.Runs {
		s.Runs[i].Seconds = math.Round(s.Runs[i].Seconds)
	}
	for _, g := range r.groups() {
		t := Tally{Module: g.first.Module, Backend: g.first.Backend, Engine: g.first.Engine, Held: g.Count(Held), Broken: g.Count(Broken)}
		for _, p := range g.Promises {
			if p.Outcome == Skipped {
				if t.Skipped == nil {
					t.Skipped = map[string]int{}
				}
				t.Skipped[p.Reason]++
			}
		}
		s.Tallies = append(s.Tallies, t)
	}
	slices.SortStableFunc(s.Tallies, func(a, b Tally) int { return cmp.Compare(a.Module, b.Module) })
	return s
}

// Write writes the counts as indented JSON.
func (s Support) Write(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(s); err != nil {
		return fmt.Errorf("writing support matrix: %w", err)
	}
	return nil
}

// ReadSupport reads what [Support.Write] wrote.
func ReadSupport(path string) (Support, error) {
	var s Support
	data, err := os.ReadFile(path)
	if err != nil {
		return s, fmt.Errorf("reading support matrix: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil {
		return s, fmt.Errorf("reading support matrix %q: %w", path, err)
	}
	return s, nil
}
