package kmsemu

import (
	"iter"
	"slices"
	"sort"
	"strings"
)

// order keeps things in the order of their labels. Adding, removing, finding and
// listing from any place cost nearly the same however many there are: they stand
// in runs of limited length, and only one run moves at a time. The zero value is
// empty.
type order[T labelled] struct{ runs [][]T } // no run is empty

// labelled is what has a label, which does not change.
type labelled interface{ label() string }

func (k *key) label() string   { return k.id }
func (a *alias) label() string { return a.name }
func (g *grant) label() string { return g.id }

// maxRun is the length at which a run is cut in two.
const maxRun = 512

// place is where a label is, or would be put: in which run, and where there.
func (o *order[T]) place(label string) (run, at int, found bool) {
	if len(o.runs) == 0 {
		return 0, 0, false
	}
	// The first run that ends at the label or behind it; the last if none does.
	run = sort.Search(len(o.runs)-1, func(i int) bool {
		return o.runs[i][len(o.runs[i])-1].label() >= label
	})
	at, found = slices.BinarySearchFunc(o.runs[run], label, func(t T, label string) int { return strings.Compare(t.label(), label) })
	return run, at, found
}

// get finds a thing by its label.
func (o *order[T]) get(label string) (t T, found bool) {
	run, at, found := o.place(label)
	if found {
		t = o.runs[run][at]
	}
	return t, found
}

// add puts a thing where it belongs, or in the place of one with the same label.
func (o *order[T]) add(t T) {
	run, at, found := o.place(t.label())
	switch {
	case len(o.runs) == 0:
		o.runs = [][]T{{t}}
		return
	case found:
		o.runs[run][at] = t
		return
	}
	list := slices.Insert(o.runs[run], at, t)
	if o.runs[run] = list; len(list) > maxRun {
		half := len(list) / 2
		o.runs = slices.Insert(o.runs, run+1, slices.Clone(list[half:]))
		o.runs[run] = slices.Delete(list, half, len(list))
	}
}

// remove takes the thing with a label out, if there is one.
func (o *order[T]) remove(label string) {
	run, at, found := o.place(label)
	if !found {
		return
	}
	if o.runs[run] = slices.Delete(o.runs[run], at, at+1); len(o.runs[run]) == 0 {
		o.runs = slices.Delete(o.runs, run, run+1)
	}
}

// after lists what comes after a label, "" for everything. While it is read, the
// order must not change.
func (o *order[T]) after(label string) iter.Seq[T] {
	return func(yield func(T) bool) {
		run, at, found := o.place(label)
		if found {
			at++
		}
		for ; run < len(o.runs); run, at = run+1, 0 {
			for _, t := range o.runs[run][at:] {
				if !yield(t) {
					return
				}
			}
		}
	}
}

// only is the order of the thing with a label, if it is there.
func (o *order[T]) only(label string) *order[T] {
	var out order[T]
	if t, found := o.get(label); found {
		out.add(t)
	}
	return &out
}

// together is one order of what several hold, of which each may be nil: where only
// one holds anything, that very one.
func together[T labelled](orders ...*order[T]) *order[T] {
	all := &order[T]{}
	for _, o := range orders {
		switch {
		case o == nil:
		case all.empty():
			all = o
		default:
			both := &order[T]{}
			for _, part := range []*order[T]{all, o} {
				for t := range part.after("") {
					both.add(t)
				}
			}
			all = both
		}
	}
	return all
}

// first is the first of things of which there is at least one.
func (o *order[T]) first() T { return o.runs[0][0] }

func (o *order[T]) empty() bool { return len(o.runs) == 0 }

// size is how many things there are. It counts runs, not things.
func (o *order[T]) size() int {
	n := 0
	for _, run := range o.runs {
		n += len(run)
	}
	return n
}
