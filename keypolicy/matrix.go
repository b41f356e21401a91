package keypolicy

import (
	"runtime"
	"slices"
	"strings"
	"sync"
)

// Candidate is a caller of an access matrix, with what is attached to it.
type Candidate struct {
	// Name is what tables call the candidate.
	Name      string
	Principal Principal
	Identity  []*Policy
	Boundary  *Policy
	Session   []*Policy
}

// Matrix says who may do what with a key.
type Matrix struct {
	// Actions are the columns.
	Actions []string
	// Rows are the candidates, in the order given.
	Rows []MatrixRow
	// Escalations are the candidates that can give themselves what they lack.
	Escalations []Escalation
}

// MatrixRow is one candidate's row.
type MatrixRow struct {
	Candidate Candidate
	// Cells has one decision for each action. [Unknown] means conditional: it
	// depends on condition keys of the request, which HangsOn names.
	Cells []Decision
}

// Escalation is a way in which a candidate gives itself actions it lacks.
type Escalation struct {
	Candidate string
	// Through is "kms:PutKeyPolicy" or "kms:CreateGrant", By its decision.
	Through string
	By      Decision
	// Gains are the actions of the matrix that the candidate lacks and could then
	// call. Sorted.
	Gains []string
}

// NewMatrix decides every action for every candidate on the key whose ARN is
// given, with condition keys of the request left open: [Request].Open. The
// world's Identity, Boundary and Session are replaced by those of each
// candidate. Where nothing allows, a cell has no reasons: ask [Evaluate] for the
// nearest misses.
func NewMatrix(world World, key string, candidates []Candidate, actions []string) Matrix {
	m := Matrix{Actions: actions, Rows: make([]MatrixRow, len(candidates))}
	lower := make([]string, len(actions))
	for i, action := range actions {
		lower[i] = strings.ToLower(action)
	}
	found := make([][]Escalation, len(candidates))
	inParallel(len(candidates), func(i int) {
		c, world := candidates[i], world
		world.Identity, world.Boundary, world.Session = c.Identity, c.Boundary, c.Session
		request := Request{Principal: c.Principal, Resource: key, Open: true}
		world.ResourcePolicy = world.ResourcePolicy.about(&request)
		row := newRow(&request, &world)
		m.Rows[i] = MatrixRow{Candidate: c, Cells: make([]Decision, len(actions))}
		for j, action := range actions {
			m.Rows[i].Cells[j] = row.decide(action, lower[j], nil)
		}
		found[i] = row.escalations(m.Rows[i], actions)
	})
	m.Escalations = slices.Concat(found...)
	return m
}

// inParallel calls work for 0 to n-1, on as many processors as there are.
func inParallel(n int, work func(int)) {
	workers := min(n, runtime.GOMAXPROCS(0))
	var group sync.WaitGroup
	for first := range workers {
		group.Go(func() {
			for i := first; i < n; i += workers {
				work(i)
			}
		})
	}
	group.Wait()
}

// row asks many questions about one caller.
type row struct {
	request    *Request
	evaluation evaluation
}

func newRow(request *Request, world *World) *row {
	r := &row{request, newEvaluation(request, world)}
	r.evaluation.brief = true
	return r
}

func (r *row) decide(action, lower string, context Context) Decision {
	r.request.Action, r.request.Context = action, context
	r.evaluation.action, r.evaluation.hangs = lower, nil
	return r.evaluation.decide()
}

// about is the policy with only those statements, and of these only those
// principals, that may cover the caller. A row of the matrix asks many questions
// about one caller, and a policy may name a thousand others.
func (p *Policy) about(request *Request) *Policy {
	if p == nil {
		return nil
	}
	f := newFacts(request, &World{})
	slim := &Policy{Name: p.Name, Version: p.Version, ID: p.ID}
	for _, s := range p.Statements {
		if s.NotPrincipal == nil {
			all := s.Principal
			s.Principal = nil
			for i := range all {
				if r, _ := all[i].reaches(&f); r != notNamed {
					s.Principal = append(s.Principal, all[i])
				}
			}
			if s.Principal == nil {
				continue
			}
		}
		slim.Statements = append(slim.Statements, s)
	}
	return slim
}

// doors are the actions that lead to others: what a candidate who has one can
// gain. Whoever may change the key policy may write anything into it; whoever
// may create a grant for himself may give himself any operation of a grant.
// Source: KMS Developer Guide, "Default key policy" and "Controlling access to
// CreateGrant".
var doors = []struct {
	action  string
	context Context // the door is open only to calls with these keys
	leads   func(action string) bool
}{
	{"kms:PutKeyPolicy", nil, func(string) bool { return true }},
	{"kms:CreateGrant", Context{"kms:grantisforawsresource": {"false"}}, isGrantOperation},
}

func isGrantOperation(action string) bool {
	a, ok := LookUpAction(action)
	return ok && a.GrantOperation != ""
}

func (r *row) escalations(cells MatrixRow, actions []string) []Escalation {
	var found []Escalation
	for _, door := range doors {
		by := r.decide(door.action, strings.ToLower(door.action), door.context)
		if by.Verdict == Denied {
			continue
		}
		var gains []string
		for i, action := range actions {
			if cells.Cells[i].Verdict == Denied && !strings.EqualFold(action, door.action) && door.leads(action) {
				gains = append(gains, action)
			}
		}
		if len(gains) > 0 {
			slices.Sort(gains)
			found = append(found, Escalation{cells.Candidate.Name, door.action, by, gains})
		}
	}
	return found
}

// allowAll is the identity policy of a candidate that IAM lets do everything:
// what remains is what the key policy says.
var allowAll = &Policy{Name: "any IAM policy", Version: "2012-10-17", Statements: []Statement{allowAllStatement()}}

func allowAllStatement() Statement {
	s := Statement{Sid: "Everything", Effect: Allow, Action: []string{"*"}, Resource: []string{"*"}}
	s.compile(false)
	return s
}

// Candidates are the callers that a key policy of the given account is about:
// everybody it names, the account's root, and, where it delegates or names
// everyone, one to stand for those.
func Candidates(p *Policy, account string) []Candidate {
	var list []Candidate
	add := func(name string, principal Principal, identity ...*Policy) {
		if !slices.ContainsFunc(list, func(c Candidate) bool { return c.Name == name }) {
			list = append(list, Candidate{Name: name, Principal: principal, Identity: identity})
		}
	}
	for i := range p.Statements {
		for _, e := range append(slices.Clone(p.Statements[i].Principal), p.Statements[i].NotPrincipal...) {
			name, principal, ok := e.candidate(p.partition(), account)
			switch {
			case !ok:
			case name == e.Value && principal.Account() == account:
				add(name, principal)
			default: // IAM must allow as well
				add(name, principal, allowAll)
			}
		}
	}
	partition := p.partition()
	add("root of "+account, Principal{ARN: "arn:" + partition + ":iam::" + account + ":root"})
	add(withIAM(account), someUser(partition, account), allowAll)
	add("others in "+account+" (without IAM)", someUser(partition, account))
	add("other accounts", someUser(partition, strangeAccount(account)), allowAll)
	return list
}

// stranger is a name that no policy uses.
const stranger = "keywright-somebody-else"

func strangeAccount(account string) string {
	if account == "999999999999" {
		return "999999999998"
	}
	return "999999999999"
}

// candidate is a caller that the entry names: the principal itself, a session of
// a role, or somebody of an account.
func (e *PrincipalEntry) candidate(partition, account string) (name string, p Principal, ok bool) {
	if e.Type == "Service" {
		return e.Value, Principal{ARN: e.Value}, true
	}
	a := splitARN(e.Value)
	role, isRole := strings.CutPrefix(a.resource, "role/")
	switch {
	case e.Type != "AWS" || e.Value == "*":
		return "", Principal{}, false
	case isRole:
		session := "arn:" + a.partition + ":sts::" + a.account + ":assumed-role/" + role[strings.LastIndexByte(role, '/')+1:] + "/" + stranger
		return e.Value, Principal{ARN: session, RoleARN: e.Value}, true
	case isAccount(e.Value):
		return withIAM(e.Value), someUser(partition, e.Value), true
	case a.resource == "root":
		return withIAM(a.account), someUser(a.partition, a.account), true
	case strings.HasPrefix(e.Value, "AIDA"), strings.HasPrefix(e.Value, "AROA"):
		gone := someUser(partition, account)
		gone.UniqueID = e.Value
		return e.Value, gone, true
	}
	parsed, err := ParsePrincipal(e.Value)
	return e.Value, parsed, err == nil
}

// someUser is a user that no policy names.
func someUser(partition, account string) Principal {
	return Principal{ARN: "arn:" + partition + ":iam::" + account + ":user/" + stranger}
}

// partition is that of the ARNs the policy names; "aws" if it names none.
func (p *Policy) partition() string {
	for i := range p.Statements {
		for _, e := range p.Statements[i].Principal {
			if partition := splitARN(e.Value).partition; partition != "" {
				return partition
			}
		}
	}
	return "aws"
}

func withIAM(account string) string { return "others in " + account + " (with IAM)" }
