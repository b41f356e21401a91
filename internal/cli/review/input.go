package review

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/keywright/keywright/internal/plan"
	"github.com/keywright/keywright/keypolicy"
)

// maxInput bounds what is read: a plan of a large root module is some 100 MB, a
// policy 32 KiB.
const maxInput = 1 << 30

// document is an input as it was read.
type document struct {
	name string
	src  []byte
}

// load reads a file, or standard input for "-".
func (c *commands) load(name string) (document, error) {
	d := document{name: name}
	from := c.In
	if name == "-" {
		d.name = "stdin"
	} else {
		file, err := os.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			return d, fmt.Errorf("there is no file %q: name a policy or a plan, or - for standard input", name)
		}
		if err != nil {
			return d, fmt.Errorf("opening the input: %w", err)
		}
		defer file.Close()
		if info, err := file.Stat(); err == nil && info.IsDir() {
			return d, fmt.Errorf("%q is a folder: name a policy, or a plan as terraform show -json prints it", name)
		}
		from = file
	}
	src, err := io.ReadAll(io.LimitReader(from, maxInput+1))
	if err != nil {
		return d, fmt.Errorf("reading %s: %w", d.name, err)
	}
	d.src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
	return d, d.check()
}

// check refuses what is neither a policy nor a plan, and says what it looks like.
func (d document) check() error {
	switch {
	case len(d.src) > maxInput:
		return fmt.Errorf("%s is larger than %d MiB: is it a plan?", d.name, maxInput>>20)
	case len(bytes.TrimSpace(d.src)) == 0:
		return fmt.Errorf("%s is empty: give it a policy, or a plan as terraform show -json prints it", d.name)
	}
	if plan.Is(d.src) {
		return nil
	}
	if what, do := plan.Mistaken(d.name, d.src); what != "" {
		return fmt.Errorf("%s is %s: %s", d.name, what, do)
	}
	if text := ""; json.Unmarshal(d.src, &text) == nil {
		return fmt.Errorf("%s is a JSON string: take the policy out of it with jq fromjson", d.name)
	}
	var document map[string]json.RawMessage
	if json.Unmarshal(d.src, &document) == nil { // else its reader says where it is wrong
		for _, w := range wrappers {
			if document[w.member] != nil {
				return fmt.Errorf("%s is %s: %s", d.name, w.what, w.do)
			}
		}
	}
	return nil
}

// wrappers are JSON documents that hold what is asked for, or are taken for it, by one
// of their outermost members: what they are, and what to do with them.
var wrappers = []struct{ member, what, do string }{
	{"lineage", "a state, not a plan", plan.Print},
	{"format_version", "a state, not a plan", plan.Print},
	{"Policy", "what aws kms get-key-policy prints", "take the policy out of it with --query Policy --output text, or jq -r .Policy"},
	{"PolicyDocument", "what aws iam prints of an inline policy", "take the policy out of it with jq .PolicyDocument"},
	{"PolicyVersion", "what aws iam get-policy-version prints", "take the policy out of it with jq .PolicyVersion.Document"},
	{"Records", "a CloudTrail log file", "take the policy of an event out of it with jq -r '.Records[].requestParameters.policy // empty'"},
	{"Events", "what aws cloudtrail lookup-events prints", "take the policy of an event out of it with jq -r '.Events[].CloudTrailEvent | fromjson | .requestParameters.policy // empty'"},
	{"requestParameters", "a CloudTrail event", "take the policy out of it with jq -r .requestParameters.policy"},
}

// subject is a key policy under review: one of a file, or that of a planned key.
type subject struct {
	plan.Key
	// name is how output names it: the file or the key's address.
	name   string
	inPlan bool
}

// subjects reads the key policies of an input, each with its account.
func (c *commands) subjects(input, account string) ([]subject, error) {
	d, err := c.load(input)
	if err != nil {
		return nil, err
	}
	if err := checkAccount(account); err != nil {
		return nil, err
	}
	if !plan.Is(d.src) {
		s, err := subjectOf(d, account)
		return []subject{s}, err
	}
	p, err := plan.Read(d.name, d.src, account)
	if err != nil {
		return nil, err
	}
	return c.planned(d.name, p)
}

func subjectOf(d document, account string) (subject, error) {
	policy, err := keypolicy.Parse(d.name, d.src)
	if err != nil {
		return subject{}, err
	}
	s := subject{name: d.name, Key: plan.Key{Account: account, After: &plan.Policy{Policy: policy, Document: d.src}}}
	return s, s.findAccount()
}

// planned are the keys of a plan that have a policy before or after it.
func (c *commands) planned(name string, p *plan.Plan) ([]subject, error) {
	var subjects []subject
	var errs []error
	for _, k := range p.Keys {
		if k.Before == nil && k.After == nil {
			continue
		}
		s := subject{Key: *k, name: k.Address, inPlan: true}
		errs = append(errs, s.findAccount())
		subjects = append(subjects, s)
	}
	if len(subjects) == 0 {
		c.say("%s holds no key policy", name)
	}
	return subjects, errors.Join(errs...)
}

// findAccount takes the account from the policy where nothing else says it: of
// the accounts as a whole that it names, if it names one.
func (s *subject) findAccount() error {
	if s.Account != "" {
		return nil
	}
	var named []string
	for _, p := range []*plan.Policy{s.After, s.Before} {
		if p != nil {
			named = append(named, accountsNamed(p.Policy)...)
		}
	}
	slices.Sort(named)
	switch named = slices.Compact(named); len(named) {
	case 0:
		return fmt.Errorf("%s does not say which account owns the key: pass --account", s.name)
	case 1:
		s.Account = named[0]
		return nil
	}
	return fmt.Errorf("%s names the accounts %s: pass --account to say which of them owns the key", s.name, strings.Join(named, " and "))
}

// accountsNamed are the accounts that the policy allows something as a whole.
func accountsNamed(p *keypolicy.Policy) []string {
	var named []string
	for _, s := range p.Statements {
		for _, entry := range s.Principal {
			account := entry.Value
			if parts := strings.Split(entry.Value, ":"); len(parts) == 6 && parts[5] == "root" {
				account = parts[4]
			}
			if s.Effect == keypolicy.Allow && checkAccount(account) == nil {
				named = append(named, account)
			}
		}
	}
	return named
}

// checkAccount refuses what is neither an account nor "".
func checkAccount(account string) error {
	if account != "" && (len(account) != 12 || strings.Trim(account, "0123456789") != "") {
		return fmt.Errorf("--account %q is no account: write its twelve digits", account)
	}
	return nil
}

// arn is the key's ARN; what is not known of it is a mark.
func (s *subject) arn() string {
	if s.ARN != "" {
		return s.ARN
	}
	return "arn:aws:kms:" + keypolicy.Mark("Region") + ":" + s.Account + ":key/" + keypolicy.Mark("key id")
}

// scope is what the library compares and asserts for.
func (s *subject) scope() keypolicy.Scope {
	return keypolicy.Scope{Account: s.Account, ARN: s.ARN, Key: s.Facts}
}

// world is the key with its policy after the plan and its grants.
func (s *subject) world() keypolicy.World {
	w := keypolicy.World{}
	if s.After != nil {
		w.ResourcePolicy = s.After.Policy
	}
	if s.Settings != nil {
		w.Key = &s.Facts
	}
	for _, g := range s.Grants {
		w.Grants = append(w.Grants, g.Grant)
	}
	return w
}
