package generator

// Explanation tells what a module will hold, before it is written.
type Explanation struct {
	// Summary is one sentence.
	Summary string
	// Provider is the lowest AWS provider that the module takes, and Why tells
	// what asks for it.
	Provider, Why string
	// Root tells what the account that owns the key gets; "" for grants.
	Root string
	// Access is who can do what, a row for each statement of the key policy. Those
	// whose list is empty are left out when the module is applied.
	Access []Access
}

// Access is a row of who can do what.
type Access struct {
	// Sid is the name of the statement.
	Sid string
	// Who tells whom it names, Principals the ARNs of them that the spec has.
	Who        string
	Principals []string
	Actions    []string
	// When is "always", or tells what the conditions ask for.
	When string
}

// Explain tells what the module will hold. It returns an error for a module that
// [Renderer.Render] refuses too.
func Explain(m Module) (Explanation, error) {
	v, err := newView(m, newMemo())
	if err != nil {
		return Explanation{}, err
	}
	e := Explanation{Summary: v.Summary(), Provider: v.Floor, Why: v.FloorWhy, Root: plain(v.Root.Paragraph)}
	for _, s := range v.Statements {
		e.Access = append(e.Access, Access{s.Sid, plain(s.Who), v.named(s), s.Actions, plain(s.When())})
	}
	return e, nil
}

// named are the principals that the spec has for a statement.
func (v *view) named(s statement) []string {
	for _, p := range v.Parties {
		if s.Principals == "local."+p.Variable || s.Principals == "local."+p.Variable+"_accounts" {
			return p.values
		}
	}
	return nil
}

// Allows returns the actions that the module's key policy allows the roles of a
// verb, without their conditions; nil if a key of its spec, usage and origin cannot
// honour the verb.
func (m Module) Allows(v Verb) []string {
	m.fill()
	if v == Administer {
		return m.administration()
	}
	for _, known := range verbs {
		if known.name == v {
			return known.actions[m.ability()]
		}
	}
	return nil
}

// Verbs returns all verbs, in the order of the reference.
func Verbs() []Verb {
	all := make([]Verb, len(verbs))
	for i, v := range verbs {
		all[i] = v.name
	}
	return all
}
