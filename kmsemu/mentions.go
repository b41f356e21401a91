package kmsemu

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/keywright/keywright/keypolicy"
)

// mention is a place in a policy's text that names a user or role. Such a policy
// means that very user or role, not whoever has its name later: once it is
// deleted, the policy shows its unique id instead (K0406).
type mention struct {
	start, end int // of the JSON string in the text, quotes included
	of         *entity
	shown      string // what stands there
}

// nameInPolicies is how a policy shows the entity now.
func (e *entity) nameInPolicies() string {
	if e.deleted {
		return e.id
	}
	return e.arn
}

// bind finds the users and roles that a policy names, by ARN or by unique id.
func (s *state) bind(d document) document { return bind(d, s.memberNamed) }

// bind notes what a policy names that find knows.
func bind(d document, find func(name string) *entity) document {
	for _, place := range principalsIn(d.text) {
		if of := find(place.shown); of != nil {
			place.of = of
			d.mentions = append(d.mentions, place)
		}
	}
	d.follow()
	return d
}

// follow brings the policy up to date with what became of those it names.
func (d *document) follow() {
	changes := map[string]string{}
	for _, m := range d.mentions {
		if now := m.of.nameInPolicies(); now != m.shown {
			changes[m.shown] = now
		}
	}
	if len(changes) == 0 {
		return
	}
	d.policy = withPrincipals(d.policy, changes)
	d.text, d.mentions = d.rewritten((*entity).nameInPolicies)
}

// rewritten is the policy's text with other names for the users and roles it
// means, and where those stand.
func (d *document) rewritten(name func(*entity) string) (string, []mention) {
	var text strings.Builder
	last := 0
	mentions := slices.Clone(d.mentions)
	for i := range mentions {
		m := &mentions[i]
		text.WriteString(d.text[last:m.start])
		last, m.start, m.shown = m.end, text.Len(), name(m.of)
		text.WriteString(`"` + m.shown + `"`) // ARNs and ids need no escaping
		m.end = text.Len()
	}
	return text.String() + d.text[last:], mentions
}

// withPrincipals is a policy with some principals of the type AWS under other
// names.
func withPrincipals(p *keypolicy.Policy, names map[string]string) *keypolicy.Policy {
	out := *p
	out.Statements = slices.Clone(p.Statements)
	replace := func(list keypolicy.Principals) keypolicy.Principals {
		list = slices.Clone(list)
		for i, entry := range list {
			if now, ok := names[entry.Value]; ok && entry.Type == "AWS" {
				list[i] = keypolicy.PrincipalEntry{Type: "AWS", Value: now}
			}
		}
		return list
	}
	for i := range out.Statements {
		s := &out.Statements[i]
		s.Principal, s.NotPrincipal = replace(s.Principal), replace(s.NotPrincipal)
	}
	return &out
}

// principalsIn finds the strings that a policy's text gives as principals of the
// type AWS. Conditions may hold the same ARNs and are left alone: they compare
// names, and do so for ever.
func principalsIn(text string) []mention {
	w := principalWalk{text: text, decoder: json.NewDecoder(strings.NewReader(text))}
	w.value(nil)
	return w.found
}

// principalWalk is a walk through the tokens of a policy that parses.
type principalWalk struct {
	text    string
	decoder *json.Decoder
	found   []mention
}

// value reads one JSON value; path holds the member names that lead to it.
func (w *principalWalk) value(path []string) {
	start := int(w.decoder.InputOffset())
	token, err := w.decoder.Token()
	if err != nil {
		return // the text was parsed before: it ends here
	}
	switch t := token.(type) {
	case string:
		if slices.Equal(path, []string{"Statement", "Principal", "AWS"}) || slices.Equal(path, []string{"Statement", "NotPrincipal", "AWS"}) {
			start += strings.IndexByte(w.text[start:], '"') // what comes before is space and punctuation
			w.found = append(w.found, mention{start: start, end: int(w.decoder.InputOffset()), shown: t})
		}
	case json.Delim:
		w.children(t, path)
	}
}

func (w *principalWalk) children(open json.Delim, path []string) {
	for w.decoder.More() {
		inner := path
		if open == '{' {
			name, err := w.decoder.Token()
			if err != nil {
				return
			}
			inner = append(slices.Clone(path), name.(string)) // a member's name is a string
		}
		w.value(inner)
	}
	_, _ = w.decoder.Token() // the closing bracket, which More has seen
}
