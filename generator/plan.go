package generator

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/keywright/keywright/internal/merge"
)

// planner works out an update.
type planner struct {
	stamp    *stamp
	found    map[string][]byte
	rendered map[string][]byte
	labels   merge.Labels
	update   *Update
}

// plan decides on every file there was, is and will be.
func (p *planner) plan(next *stamp) error {
	names := map[string]bool{}
	for _, of := range []map[string][]byte{p.found, p.rendered} {
		for name := range of {
			names[name] = true
		}
	}
	for name := range p.stamp.Files {
		names[name] = true
	}
	delete(names, stampName)
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if err := p.decide(name); err != nil {
			problems = append(problems, err)
		}
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	p.stampStep(next)
	return nil
}

// stampStep replaces the stamp, unless it says the same.
func (p *planner) stampStep(next *stamp) {
	if p.stamp.same(next) {
		p.update.kept = append(p.update.kept, stampName)
		return
	}
	p.add(Step{Path: stampName, Outcome: Replace, Before: p.found[stampName], After: p.rendered[stampName]})
}

// decide adds the step of one file, or keeps the file without one.
func (p *planner) decide(name string) error {
	ours, there := p.found[name]
	theirs, wanted := p.rendered[name]
	known := p.stamp.lists(name)
	switch {
	case !known && !wanted: // a person's own
		p.keep(name)
		return nil
	case there && ours == nil:
		return fmt.Errorf("%s is a symbolic link or no file; put the file in its place", name)
	case there && merge.HasMarks(string(ours)):
		return fmt.Errorf("%s still holds a conflict; decide on the lines between <<<<<<< and >>>>>>> first", name)
	case !known && !there:
		p.add(Step{Path: name, Outcome: Create, After: theirs})
		return nil
	}
	var base []byte
	if known {
		var err error
		if base, err = p.stamp.base(name, ours); err != nil {
			return err
		}
	}
	switch {
	case !there:
		p.deleted(name, base, theirs)
	case !wanted:
		p.orphaned(name, base, ours)
	default:
		p.both(name, known, base, ours, theirs)
	}
	return nil
}

// deleted is a file that the person deleted: it stays so, and is told if what was
// deleted would now be another.
func (p *planner) deleted(name string, base, theirs []byte) {
	switch {
	case theirs == nil: // and is no longer generated
	case bytes.Equal(base, theirs):
		p.add(Step{Path: name, Outcome: Keep, Detail: "deleted by hand"})
	default:
		p.add(Step{Path: name, Outcome: Conflicting, Detail: "deleted by hand, and changed since; it stays deleted"})
	}
}

// orphaned is a file that is no longer generated.
func (p *planner) orphaned(name string, base, ours []byte) {
	if bytes.Equal(base, ours) {
		p.add(Step{Path: name, Outcome: Remove, Before: ours})
		return
	}
	p.keep(name)
	p.add(Step{Path: name, Outcome: Conflicting, Detail: "edited by hand, and no longer generated; it stays", Before: ours, After: ours})
}

// both is a file that is there and generated.
func (p *planner) both(name string, known bool, base, ours, theirs []byte) {
	switch {
	case bytes.Equal(ours, theirs):
		p.keep(name)
	case known && bytes.Equal(base, ours):
		p.add(Step{Path: name, Outcome: Replace, Before: ours, After: theirs})
	case known && bytes.Equal(base, theirs):
		p.keep(name)
		p.add(Step{Path: name, Outcome: Keep, Detail: "edited by hand", Before: ours, After: ours})
	default:
		p.add(p.merged(name, base, ours, theirs))
	}
}

// merged is a file that changed on both sides.
func (p *planner) merged(name string, base, ours, theirs []byte) Step {
	text, conflicts := merge.Merge(string(base), string(ours), string(theirs), p.labels)
	s := Step{Path: name, Outcome: Merge, Before: ours, After: []byte(text)}
	switch {
	case conflicts == 1:
		s.Outcome, s.Detail = Conflicting, "in 1 place"
	case conflicts > 1:
		s.Outcome, s.Detail = Conflicting, fmt.Sprintf("in %d places", conflicts)
	case strings.HasSuffix(name, ".tf") || strings.HasSuffix(name, ".hcl"):
		// Lines that merge need not make sense together.
		if _, diags := hclsyntax.ParseConfig(s.After, name, hcl.InitialPos); diags.HasErrors() {
			s.Outcome, s.Detail = Conflicting, "merged, but no longer parses: "+fromHCL(diags)[0].Error()
		}
	}
	return s
}

func (p *planner) add(s Step) { p.update.Steps = append(p.update.Steps, s) }

func (p *planner) keep(name string) { p.update.kept = append(p.update.kept, name) }
