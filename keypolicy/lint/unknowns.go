package lint

import (
	"slices"
	"strings"

	"github.com/keywright/keywright/keypolicy"
)

// UnknownID stands for unknown places in reports, beside the ids of rules.
const UnknownID = "KX001"

// UnknownPlace is a statement with values that are not known yet. It is no
// finding, and there is no rule for it: rules are silent where their answer
// hangs on it.
type UnknownPlace struct {
	Address   string             `json:"address,omitempty"`
	Policy    string             `json:"policy"`
	Sid       string             `json:"sid,omitempty"`
	Statement int                `json:"statement"`
	Position  keypolicy.Position `json:"position"`
	// Names are those given to [keypolicy.Mark], sorted.
	Names []string `json:"names"`
}

// Unknowns lists the statements of the input's policy that hold unknown values.
func Unknowns(in Input) []UnknownPlace {
	if in.Policy == nil {
		return nil
	}
	var found []UnknownPlace
	for i := range in.Policy.Statements {
		st := &in.Policy.Statements[i]
		if names := marksOf(st); len(names) > 0 {
			found = append(found, UnknownPlace{in.Address, in.Policy.Name, st.Sid, i, st.Position, names})
		}
	}
	return found
}

func marksOf(st *keypolicy.Statement) []string {
	texts := slices.Concat(st.Action, st.NotAction, st.Resource, st.NotResource)
	for _, entry := range slices.Concat(st.Principal, st.NotPrincipal) {
		texts = append(texts, entry.Value)
	}
	for _, c := range st.Condition {
		texts = append(append(texts, c.Key), c.Values...)
	}
	var names []string
	for _, text := range texts {
		for unknown(text) {
			_, after, _ := strings.Cut(text, markStart)
			name, rest, _ := strings.Cut(after, markEnd)
			names, text = append(names, name), rest
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
