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
	f := versions{name: name, ours: ours, theirs: theirs}
	if known {
		var err error
		if f.base, err = p.stamp.base(name, ours); err != nil {
			return err
		}
	}
	switch {
	case !there:
		p.deleted(f)
	case !wanted:
		p.orphaned(f)
	default:
		p.both(f, known)
	}
	return nil
}

// versions are those of one file: as it was written, as the person has it, and as it
// is rendered now. Each is nil if there is none.
type versions struct {
	name               string
	base, ours, theirs []byte
}

// deleted is a file that the person deleted: it stays so, and is told if what was
// deleted would now be another.
func (p *planner) deleted(f versions) {
	switch {
	case f.theirs == nil: // and is no longer generated
	case bytes.Equal(f.base, f.theirs):
		p.add(Step{Path: f.name, Outcome: Keep, Detail: "deleted by hand"})
	default:
		p.add(Step{Path: f.name, Outcome: Conflicting, Detail: "deleted by hand, and changed since; it stays deleted"})
	}
}

// orphaned is a file that is no longer generated.
func (p *planner) orphaned(f versions) {
	if bytes.Equal(f.base, f.ours) {
		p.add(Step{Path: f.name, Outcome: Remove, Before: f.ours})
		return
	}
	p.keep(f.name)
	p.add(Step{Path: f.name, Outcome: Conflicting, Detail: "edited by hand, and no longer generated; it stays", Before: f.ours, After: f.ours})
}

// both is a file that is there and generated; known means that it was before.
func (p *planner) both(f versions, known bool) {
	switch {
	case bytes.Equal(f.ours, f.theirs):
		p.keep(f.name)
	case known && bytes.Equal(f.base, f.ours):
		p.add(Step{Path: f.name, Outcome: Replace, Before: f.ours, After: f.theirs})
	case known && bytes.Equal(f.base, f.theirs):
		p.keep(f.name)
		p.add(Step{Path: f.name, Outcome: Keep, Detail: "edited by hand", Before: f.ours, After: f.ours})
	default:
		p.add(p.merged(f))
	}
}

// merged is a file that changed on both sides.
func (p *planner) merged(f versions) Step {
	text, conflicts := merge.Merge(string(f.base), string(f.ours), string(f.theirs), p.labels)
	s := Step{Path: f.name, Outcome: Merge, Before: f.ours, After: []byte(text)}
	switch {
	case conflicts == 1:
		s.Outcome, s.Detail = Conflicting, "in 1 place"
	case conflicts > 1:
		s.Outcome, s.Detail = Conflicting, fmt.Sprintf("in %d places", conflicts)
	case strings.HasSuffix(f.name, ".tf") || strings.HasSuffix(f.name, ".hcl"):
		// Lines that merge need not make sense together.
		if _, diags := hclsyntax.ParseConfig(s.After, f.name, hcl.InitialPos); diags.HasErrors() {
			s.Outcome, s.Detail = Conflicting, "merged, but no longer parses: "+fromHCL(diags)[0].Error()
		}
	}
	return s
}

func (p *planner) add(s Step) { p.update.Steps = append(p.update.Steps, s) }

func (p *planner) keep(name string) { p.update.kept = append(p.update.kept, name) }
