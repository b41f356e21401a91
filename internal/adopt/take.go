package adopt

import (
	"slices"
	"strconv"
	"strings"

	"github.com/keywright/keywright/generator"
	"github.com/keywright/keywright/keypolicy"
)

// take makes the module have what the rule stands for.
func (k *Key) take(s keypolicy.Statement, r generator.Rule) {
	k.match.met[r.Sid] = true
	if r.Service != "" {
		k.Module.Services = union(k.Module.Services, []string{r.Service})
	}
	passed, _ := k.passes(r, s, alike)
	for _, n := range r.Needs {
		values, ok := passed[n.Variable]
		if !ok {
			continue
		}
		k.pass(n, values)
		if c := conditionOn(s, n.Key); c != nil && !slices.Equal(union(c.Values, nil), values) {
			k.note("statement %s held for %s %s, and %s of the module does for %s", title(s, 0), n.Key, strings.Join(c.Values, ", "), r.Sid, strings.Join(values, ", "))
		}
	}
	who := principals(r, s)
	switch verb := verbOf(r); {
	case r.List == "" || dependent(r):
	case verb != "":
		k.assign(verb, who)
	default:
		k.match.passed[r.List] = union(k.match.passed[r.List], who)
		k.Arguments[r.List] = list(k.match.passed[r.List])
	}
}

// lost tells what a statement allowed that the module does not.
func (k *Key) lost(s keypolicy.Statement, covered map[string]bool, than string) {
	if more := beyond(expand(s.Action), covered); len(more) > 0 {
		k.note("statement %s allowed more than %s, and no longer does: %s", title(s, 0), than, strings.Join(more, ", "))
	}
}

func of(actions []string) map[string]bool {
	covered := map[string]bool{}
	for _, a := range actions {
		covered[a] = true
	}
	return covered
}

// pass passes the values of a condition, unless they are what holds without.
func (k *Key) pass(n generator.Need, values []string) {
	k.match.passed[n.Variable] = values
	switch {
	case n.Variable == "deletion_window_in_days":
		if days, err := strconv.Atoi(values[0]); err == nil {
			k.Module.DeletionWindowInDays = days
		}
	case n.Variable == "valid_to":
		k.Arguments[n.Variable] = quoted(values)[0]
	case !slices.Equal(values, union(n.Values, nil)):
		k.Arguments[n.Variable] = list(values)
	}
}

// verbOf returns the verb that the rule is for; "" for a service's.
func verbOf(r generator.Rule) generator.Verb {
	for _, v := range generator.Verbs() {
		if generator.VariableOf(v) == r.List {
			return v
		}
	}
	return ""
}

// quoted writes texts as HCL strings.
func quoted(texts []string) []string {
	all := make([]string, len(texts))
	for i, text := range texts {
		all[i] = strconv.Quote(strings.NewReplacer("${", "$${", "%{", "%%{").Replace(text))
	}
	return all
}

func list(texts []string) string { return "[" + strings.Join(quoted(texts), ", ") + "]" }

// gained tells what services get with the module that they did not have.
func (k *Key) gained() {
	for _, r := range k.match.rules {
		if len(r.Principals) > 0 && slices.Contains(k.Module.Services, r.Service) && !k.match.met[r.Sid] {
			k.note("with the module %s may also call %s: its statement %s", strings.Join(r.Principals, ", "), strings.Join(r.Actions, ", "), r.Sid)
		}
	}
}
