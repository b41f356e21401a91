package kmsemu

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Fault is one rule of a fault plan: which calls go wrong, and how. Only calls
// with valid credentials can. Of several rules that apply to a call the first
// strikes, and those behind it do not see the call.
type Fault struct {
	// Operation, Caller and Key say which calls the rule is for; "" means all. In
	// them * stands for any text and ? for any character. Operation is a name such
	// as "Encrypt", with its service as in "kms:*" if it has a colon. Caller is the
	// ARN that GetCallerIdentity shows, or that of its role. Key is the id or ARN of
	// a key that the request names, also by alias or ciphertext.
	Operation string `json:"operation,omitempty"`
	Caller    string `json:"caller,omitempty"`
	Key       string `json:"key,omitempty"`

	// Every makes the rule strike every n-th of its calls; 0 means each.
	Every int `json:"every,omitempty"`
	// Probability, from 0 to 1, is that of those it strikes; 0 means all. It is
	// drawn from [Config.Seed] or [Config.Rand].
	Probability float64 `json:"probability,omitempty"`
	// Times ends the rule when it has struck that often; 0 means never. Every 3 with
	// Times 1 is the third call alone.
	Times int `json:"times,omitempty"`

	// Latency is how long the call waits first, a minute at most.
	Latency Duration `json:"latency,omitzero"`
	// Error is the code of the answer in place of the call, such as
	// "KMSInternalException", "DependencyTimeoutException" or "ThrottlingException";
	// the rule is for the services alone that have the code. Message is its text.
	Error   string `json:"error,omitempty"`
	Message string `json:"message,omitempty"`
	// Connection is what happens to the connection: [DropBefore], [DropAfter] or
	// [Truncate].
	Connection string `json:"connection,omitempty"`
}

// What can happen to a connection.
const (
	// DropBefore: it is closed and the call is not made.
	DropBefore = "drop-before"
	// DropAfter: the call is made and its answer lost.
	DropAfter = "drop-after"
	// Truncate: the call is made, and half of its answer arrives.
	Truncate = "truncate"
)

// maxLatency is short enough for an answer to be written in time.
const maxLatency = Duration(time.Minute)

// FaultStatus is a rule and what it did so far.
type FaultStatus struct {
	Fault
	// Matched is how many calls it was for, Struck how many went wrong.
	Matched int `json:"matched"`
	Struck  int `json:"struck"`
}

// faultRule is a rule at work.
type faultRule struct {
	FaultStatus
	operation, caller, key *regexp.Regexp // nil for all
}

// faultPlan is a list of rules at work.
type faultPlan struct {
	mu     sync.Mutex
	rules  []*faultRule
	random io.Reader // for probabilities
}

// SetFaults replaces the fault plan; without arguments it ends it. The counts
// begin at 0. It refuses rules that can do nothing, and changes nothing then.
func (s *Server) SetFaults(plan ...Fault) error {
	if err := checkFaults(plan); err != nil {
		return fmt.Errorf("setting faults: %w", err)
	}
	s.faults.set(plan, s.random.Load().stream("faults"))
	return nil
}

// planned reports whether there are rules.
func (p *faultPlan) planned() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.rules) > 0
}

func checkFaults(plan []Fault) error {
	for i, f := range plan {
		if err := f.check(); err != nil {
			return fmt.Errorf("fault %d of %d: %w", i+1, len(plan), err)
		}
	}
	return nil
}

func (p *faultPlan) set(plan []Fault, random io.Reader) {
	var rules []*faultRule
	for _, f := range plan {
		rules = append(rules, &faultRule{FaultStatus{Fault: f}, wildcard(f.Operation), wildcard(f.Caller), wildcard(f.Key)})
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules, p.random = rules, random
}

// Faults lists the rules of the fault plan and what they did.
func (s *Server) Faults() []FaultStatus {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	out := make([]FaultStatus, len(s.faults.rules))
	for i, rule := range s.faults.rules {
		out[i] = rule.FaultStatus
	}
	return out
}

func (f *Fault) check() error {
	switch {
	case f.Latency == 0 && f.Error == "" && f.Connection == "":
		return errors.New("it does nothing: give a latency, an error or a connection")
	case f.Error != "" && f.Connection != "":
		return errors.New("give an error or a connection, not both")
	case f.Message != "" && f.Error == "":
		return errors.New("a message needs an error")
	case !f.meansOperations():
		return fmt.Errorf("no operation is called %q: give a name such as Encrypt, in which * is any text", f.Operation)
	case f.Error != "" && !slices.ContainsFunc(codes[:], func(row wireCode) bool { return row.name == f.Error || row.queryName == f.Error }):
		return fmt.Errorf("no service has the error code %q", f.Error)
	case f.Connection != "" && !slices.Contains([]string{DropBefore, DropAfter, Truncate}, f.Connection):
		return fmt.Errorf("connection is %q: give %s, %s or %s", f.Connection, DropBefore, DropAfter, Truncate)
	case f.Latency < 0 || f.Latency > maxLatency:
		return fmt.Errorf("latency is %v: give up to %v", time.Duration(f.Latency), time.Duration(maxLatency))
	case f.Every < 0 || f.Times < 0:
		return errors.New("every and times are counts, from 0")
	case !(f.Probability >= 0 && f.Probability <= 1):
		return fmt.Errorf("probability is %v: give 0 to 1", f.Probability)
	}
	return nil
}

// meansOperations reports whether the rule can be for any operation.
func (f *Fault) meansOperations() bool {
	pattern := wildcard(f.Operation)
	if pattern == nil {
		return true
	}
	for service, operations := range map[string]map[string]operation{serviceKMS: kmsOperations, serviceSTS: stsOperations, serviceIAM: iamOperations} {
		for name := range operations {
			if pattern.MatchString(f.nameOf(name, service+":"+name)) {
				return true
			}
		}
	}
	return false
}

// nameOf is the name of an operation or its action, whichever the rule tells.
func (f *Fault) nameOf(operation, action string) string {
	if strings.Contains(f.Operation, ":") {
		return action
	}
	return operation
}

// wildcard compiles a pattern with * and ?; nil for "".
func wildcard(pattern string) *regexp.Regexp {
	if pattern == "" {
		return nil
	}
	text := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(pattern))
	return regexp.MustCompile(`(?s)^` + text + `$`)
}

// strike finds the rule that strikes a call, and counts; the zero rule if none does.
func (p *faultPlan) strike(c *call) (Fault, error) {
	p.mu.Lock()
	planned, keyed := len(p.rules) > 0, slices.ContainsFunc(p.rules, func(r *faultRule) bool { return r.key != nil })
	p.mu.Unlock()
	if !planned {
		return Fault{}, nil
	}
	var about subjects
	if keyed { // outside of the plan's lock, for it takes the state's
		var err error
		if about, err = c.about(); err != nil {
			return Fault{}, err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, rule := range p.rules {
		if !rule.isFor(c, about) {
			continue
		}
		if strikes, err := rule.strikes(p.random); err != nil || strikes {
			return rule.Fault, err
		}
	}
	return Fault{}, nil
}

func (r *faultRule) isFor(c *call, about subjects) bool {
	is := func(pattern *regexp.Regexp, texts ...string) bool {
		return pattern == nil || slices.ContainsFunc(texts, pattern.MatchString)
	}
	_, hasCode := c.codeNamed(r.Error)
	return is(r.operation, r.nameOf(c.name, c.action)) && is(r.caller, c.caller.principal.ARN, c.caller.principal.RoleARN) && (r.Error == "" || hasCode) &&
		(r.key == nil || slices.ContainsFunc(about.keys, func(k *key) bool { return is(r.key, k.id, k.arn) }))
}

// strikes counts a call and decides whether it goes wrong.
func (r *faultRule) strikes(random io.Reader) (bool, error) {
	r.Matched++
	if r.Times > 0 && r.Struck >= r.Times || r.Every > 0 && r.Matched%r.Every != 0 {
		return false, nil
	}
	if r.Probability > 0 {
		b, err := randomBytes(random, 8)
		if err != nil {
			return false, err
		}
		// 53 bits are as many as a fraction can hold.
		if float64(binary.BigEndian.Uint64(b)>>11)/(1<<53) >= r.Probability {
			return false, nil
		}
	}
	r.Struck++
	return true, nil
}

// codeNamed finds an error code by the name it has in the call's service.
func (c *call) codeNamed(name string) (code, bool) {
	for i := range codes {
		if name != "" && c.protocol.name(code(i)) == name {
			return code(i), true
		}
	}
	return 0, false
}
