package review

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/keywright/keywright/internal/plan"
	"github.com/keywright/keywright/keypolicy"
	"github.com/keywright/keywright/keypolicy/lint"
)

// judgedInput is what the rules judge, and where it comes from.
type judgedInput struct {
	lint.Input
	file   string // that it was read from
	inPlan bool
	config *plan.Configuration // nil for none
	// whole is a policy of which nothing is known; nil if something is.
	whole *plan.Policy
}

// place is where a finding is reported: a file, perhaps a line and column of it,
// and, for a plan, the resource.
type place struct {
	file         string
	line, column int
	resource     string
}

// judged reads all inputs.
func (c *commands) judged(o *lintOptions) ([]judgedInput, error) {
	if err := checkAccount(o.account); err != nil {
		return nil, err
	}
	applier, err := applierOf(o.applier)
	if err != nil {
		return nil, err
	}
	var config *plan.Configuration
	if o.config != "" {
		if config, err = plan.OpenConfiguration(o.config); err != nil {
			return nil, err
		}
	}
	var all []judgedInput
	from := map[string]string{}
	for _, input := range o.inputs {
		some, err := c.judgedOf(input, o)
		if err != nil {
			return nil, err
		}
		for _, j := range some {
			if file, ok := from[j.Address]; ok && file != input {
				return nil, fmt.Errorf("%s is in %s and in %s: lint them one by one", j.Address, file, input)
			}
			from[j.Address] = input
			j.TrustedAccounts, j.Applier, j.config = o.trusted, applier, config
			all = append(all, j)
		}
	}
	return all, nil
}

// applierOf is the caller that an ARN stands for: of a role a session.
func applierOf(arn string) (*keypolicy.Principal, error) {
	if arn == "" {
		return nil, nil
	}
	p := keypolicy.Principal{RoleARN: arn}
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 && strings.HasPrefix(parts[5], "role/") {
		name := parts[5][strings.LastIndexByte(parts[5], '/')+1:]
		p.ARN = fmt.Sprintf("arn:%s:sts::%s:assumed-role/%s/keywright", parts[1], parts[4], name)
		_, err := keypolicy.ParsePrincipal(p.ARN)
		return &p, err
	}
	p, err := keypolicy.ParsePrincipal(arn)
	if err != nil {
		return nil, fmt.Errorf("--applier: %w", err)
	}
	return &p, nil
}

func (c *commands) judgedOf(input string, o *lintOptions) ([]judgedInput, error) {
	d, err := c.load(input)
	if err != nil {
		return nil, err
	}
	if plan.Is(d.src) {
		p, err := plan.Read(d.name, d.src, o.account)
		if err != nil {
			return nil, err
		}
		return c.judgedPlan(d.name, p)
	}
	if o.mustPlan {
		return nil, fmt.Errorf("%s is not a plan: print one with terraform show -json PLANFILE", d.name)
	}
	address := filepath.ToSlash(filepath.Clean(d.name))
	j := judgedInput{file: d.name, Input: lint.Input{Document: d.src, Account: o.account, Address: address}}
	if o.kind == "identity" {
		j.Kind = lint.IdentityPolicy
		j.Policy, err = keypolicy.Parse(d.name, d.src)
		return []judgedInput{j}, err
	}
	s, err := subjectOf(d, o.account)
	if err != nil {
		return nil, err
	}
	j.Policy, j.Account = s.After.Policy, s.Account
	return []judgedInput{j}, nil
}

// judgedPlan are the keys and IAM policies of a plan.
func (c *commands) judgedPlan(name string, p *plan.Plan) ([]judgedInput, error) {
	var all []judgedInput
	for _, k := range p.Keys {
		s := subject{Key: *k, name: k.Address, inPlan: true}
		j := judgedInput{file: name, inPlan: true, Input: lint.Input{Address: k.Address, Key: k.Settings}}
		if k.After != nil {
			if err := s.findAccount(); err != nil {
				return nil, err
			}
			j.take(k.After)
		}
		j.Account = s.Account
		for _, g := range k.Grants {
			j.Grants = append(j.Grants, lint.PlannedGrant{Address: g.Address, Grantee: g.Grantee, Operations: g.Operations, Constrained: g.Constrained})
		}
		all = append(all, j)
	}
	for _, policy := range p.Identities {
		j := judgedInput{file: name, inPlan: true, Input: lint.Input{Address: policy.Address, Kind: lint.IdentityPolicy, Account: p.Account}}
		j.take(policy)
		all = append(all, j)
	}
	if len(all) == 0 {
		c.say("%s holds no KMS key, grant or IAM policy", name)
	}
	return all, nil
}

// take takes the policy to be judged, unless nothing is known of it.
func (j *judgedInput) take(p *plan.Policy) {
	if p.Whole {
		j.whole = p
		return
	}
	j.Policy, j.Document = p.Policy, p.Document
}

// unknown lists what of the policy is known after apply.
func (j *judgedInput) unknown() []unknownPlace {
	places := lint.Unknowns(j.Input)
	if j.whole != nil {
		places = []lint.UnknownPlace{{Address: j.Address, Policy: j.whole.Name, Statement: -1, Names: []string{"the whole policy"}}}
	}
	var all []unknownPlace
	for _, u := range places {
		all = append(all, unknownPlace{u, j.at(u.Policy, u.Sid, u.Statement, u.Position)})
	}
	return all
}

// placeOf is where a finding of this input is reported.
func (j *judgedInput) placeOf(f lint.Finding) place {
	resource := f.Policy // in a plan, a policy's name is the address of what holds it
	if resource == "" {
		resource = f.Address
	}
	return j.at(resource, f.Sid, f.Statement, f.Position)
}

func (j *judgedInput) at(resource, sid string, statement int, position keypolicy.Position) place {
	if !j.inPlan {
		return place{file: j.file, line: position.Line, column: position.Column}
	}
	p := place{file: j.file, resource: resource}
	if j.config != nil {
		if found, ok := j.config.Find(resource); ok {
			p.file, p.line = found.File, found.Line
		}
	}
	switch {
	case sid != "":
		p.resource += fmt.Sprintf(", statement %q", sid)
	case statement >= 0:
		p.resource += fmt.Sprintf(", statement %d", statement+1)
	}
	return p
}

// String is the place as an editor reads it, and the resource.
func (p place) String() string {
	text := p.file
	if p.line > 0 {
		text += fmt.Sprintf(":%d", p.line)
	}
	if p.column > 0 {
		text += fmt.Sprintf(":%d", p.column)
	}
	if p.resource != "" {
		text += ": " + p.resource
	}
	return text
}
