package cli

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/keywright/keywright/generator"
	"github.com/keywright/keywright/internal/cli/process"
)

// name is the path of a changed file, as the person who ran the command sees it.
func (m rendered) name(c generator.Change) string {
	return filepath.Join(m.dir, filepath.FromSlash(c.Path))
}

// reportDrift prints how the folders differ from their spec, and why. It shows
// the lines only of files that are there and belong there: the rest is a whole
// file.
func (a *app) reportDrift(modules []rendered) error {
	return a.eachChange(modules, func(m rendered, c generator.Change) error {
		diff := ""
		if c.Kind == generator.Edited || c.Kind == generator.Stale {
			diff = c.Diff()
		}
		_, err := fmt.Fprintf(a.Out, "%s: %s (%s)\n%s", m.name(c), c.Kind, strings.Join(c.Causes, "; "), diff)
		return err
	})
}

// eachChange calls tell with every change, and returns process.ErrFindings if there was one.
func (a *app) eachChange(modules []rendered, tell func(rendered, generator.Change) error) error {
	var found error
	for _, m := range modules {
		for _, c := range m.changes {
			if err := tell(m, c); err != nil {
				return err
			}
			found = process.ErrFindings
		}
	}
	return found
}

// finding is a change in the form for other programs.
type finding struct {
	// Path is slash-separated, and relative to where the command runs.
	Path   string   `json:"path"`
	Kind   string   `json:"kind"`
	Causes []string `json:"causes"`
	// Diff is unified; empty for a person's own file and for the stamp.
	Diff string `json:"diff"`
}

// reportJSON prints the findings as a JSON array.
func (a *app) reportJSON(modules []rendered) error {
	findings := []finding{}
	found := a.eachChange(modules, func(m rendered, c generator.Change) error {
		findings = append(findings, finding{filepath.ToSlash(m.name(c)), c.Kind.String(), c.Causes, c.Diff()})
		return nil
	})
	encoder := json.NewEncoder(a.Out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(findings); err != nil {
		return fmt.Errorf("printing the findings: %w", err)
	}
	return found
}

// rehearse prints what writeModules would do with each file, and ends as it would
// end.
func (a *app) rehearse(modules []rendered, diff bool) error {
	for _, m := range modules {
		for _, c := range m.changes {
			text := ""
			if diff {
				text = c.Diff()
			}
			if _, err := fmt.Fprintf(a.Out, "%s: %s (%s)\n%s", m.name(c), c.Kind.Remedy(), strings.Join(c.Causes, "; "), text); err != nil {
				return err
			}
		}
	}
	return conflict(modules)
}
