package adopt

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/keywright/keywright/generator"
	"github.com/keywright/keywright/internal/lazyregexp"
	"github.com/keywright/keywright/keypolicy"
)

// matching is what statements were recognized as: rules, the statements that modules
// of Keywright have.
type matching struct {
	rules []generator.Rule
	// met are the Sids of those that the policy has.
	met map[string]bool
	// passed are the values of the variables that rules compare with, which hold for
	// all rules of the module alike.
	passed map[string][]string
}

var (
	rootARN       = lazyregexp.New(`arn:(aws[a-z-]*):iam::([0-9]{12}):root`)
	regionOfName  = lazyregexp.New(`"[a-z0-9-]+\.([a-z]{2}-[a-z-]+-[0-9])\.amazonaws\.com`)
	partsOfKeyARN = lazyregexp.New(`^arn:([^:]+):kms:([^:]+):([0-9]{12}):key/`)
)

// where finds out what is not known of where the key is, by what its policy speaks of.
func (k *Key) where(document string) {
	p := &k.place
	if match := rootARN.FindStringSubmatch(document); match != nil && p.Account == "" {
		p.Partition, p.Account = match[1], match[2]
	}
	if match := regionOfName.FindStringSubmatch(document); match != nil && p.Region == "" {
		p.Region = match[1]
	}
	if p.Partition == "" {
		p.Partition = partitionOf(p.Region)
	}
}

// prepare looks at all statements at once: what a policy that is bound to an
// encryption context, to ARNs or to expiring material has is another's everywhere.
func (k *Key) prepare(policy *keypolicy.Policy) error {
	m := &k.Module
	for _, s := range policy.Statements {
		for _, c := range s.Condition {
			own, ofContext := strings.CutPrefix(c.Key, "kms:EncryptionContext:")
			switch {
			case ofContext && c.Operator == "Null" && slices.Equal(c.Values, []string{"false"}) && !strings.Contains(own, ":") && plainly(s, anyAWS):
				m.EncryptionContext = union(m.EncryptionContext, []string{own})
			case c.Operator == "ArnEquals" && c.Key == "aws:PrincipalArn" && plainly(s, accountRoot):
				m.PrincipalBinding = generator.ByARN
			case c.Key == "kms:ExpirationModel" && m.Origin == generator.OriginExternal:
				m.KeyMaterialExpires = true
			}
		}
	}
	all := *m
	all.Services = m.Fitting()
	all.Roles = map[generator.Verb][]string{}
	for _, v := range generator.Verbs() {
		if m.Allows(v) != nil {
			all.Roles[v] = nil
		}
	}
	var err error
	k.match = matching{met: map[string]bool{}, passed: map[string][]string{}}
	k.match.rules, err = all.Rules(k.place)
	return err
}

var anyAWS = lazyregexp.New(`.`)

// exactly takes a statement over that is a rule's, with the same conditions: one of
// its Sid, or a verb's.
func (k *Key) exactly(s keypolicy.Statement, named bool) bool {
	best := -1
	for i, r := range k.match.rules {
		switch {
		case named && r.Sid != s.Sid, !named && r.Service != "", dependent(r), len(s.Condition) != len(r.Needs):
		case best >= 0 && len(r.Actions) <= len(k.match.rules[best].Actions):
		case k.fits(r, s, same):
			best = i
		}
	}
	if best < 0 {
		return false
	}
	k.take(s, k.match.rules[best])
	k.lost(s, of(k.match.rules[best].Actions), k.match.rules[best].Sid+" of the module does")
	return true
}

// dependent reports whether the rule is about principals that another one names.
func dependent(r generator.Rule) bool {
	return r.List == "context_users" || r.List == "administrators" && r.Sid != "Administrators"
}

// dependent takes a statement over that gives something more to principals that have
// a part already.
func (k *Key) dependent(s keypolicy.Statement) bool {
	for _, r := range k.match.rules {
		if !dependent(r) || len(s.Condition) != len(r.Needs) || !k.fits(r, s, same) {
			continue
		}
		known := k.Module.Roles[generator.Administer]
		if r.List == "context_users" {
			known = nil
			for _, v := range generator.Verbs() {
				if k.bound(v) {
					known = union(known, k.Module.Roles[v])
				}
			}
		}
		if !slices.ContainsFunc(principals(r, s), func(arn string) bool { return !slices.Contains(known, arn) }) {
			k.take(s, r)
			k.lost(s, of(r.Actions), r.Sid+" of the module does")
			return true
		}
	}
	return false
}

// through takes a statement over that gives a service what the module gives it,
// under fewer conditions.
func (k *Key) through(s keypolicy.Statement) bool {
	allowed, covered := expand(s.Action), map[string]bool{}
	var found []generator.Rule
	rules := slices.SortedStableFunc(slices.Values(k.match.rules), func(a, b generator.Rule) int { return cmp.Compare(len(a.Needs), len(b.Needs)) })
	for _, r := range rules { // those first that ask for least beside
		if r.Service == "" || subsumed(r.Actions, covered) || len(found) > 0 && found[0].Service != r.Service || !k.recognizable(r, s) || !k.fits(r, s, alike) {
			continue
		}
		found = append(found, r)
		for _, a := range r.Actions {
			covered[a] = true
		}
	}
	for _, r := range found {
		k.take(s, r)
		if missing := lacks(r.Actions, allowed); len(missing) > 0 {
			k.note("with the module %s may also call %s: its statement %s", strings.Join(values(s.Principal), ", "), strings.Join(missing, ", "), r.Sid)
		}
		if r.OfServices && r.List != "" {
			k.note("statement %s lets services send to topics, so %s is among services; for queues that is sqs", title(s, 0), r.Service)
		}
		for _, n := range r.Needs {
			if conditionOn(s, n.Key) == nil {
				k.note("statement %s asked for no %s, and %s of the module does", title(s, 0), n.Key, r.Sid)
			}
		}
	}
	if len(found) > 0 {
		k.lost(s, covered, "the service needs")
	}
	return len(found) > 0
}

// serviceRole is the path of a role that is a service's own.
var serviceRole = lazyregexp.New(`:role/aws-service-role/([a-z-]+)\.amazonaws\.com/`)

// ofService reports whether the statement is for roles that are services' own.
func ofService(s keypolicy.Statement) bool {
	return plainly(s, serviceRole)
}

// recognizable reports whether the statement speaks of the rule's service.
func (k *Key) recognizable(r generator.Rule, s keypolicy.Statement) bool {
	switch {
	case r.OfServices: // who sends to topics and queues is told by nothing but the source
		return r.List == "" || conditionOn(s, "aws:SourceArn") != nil || conditionOn(s, "aws:SourceAccount") != nil
	case conditionOn(s, "kms:ViaService") != nil:
		return slices.ContainsFunc(r.Needs, func(n generator.Need) bool { return n.Key == "kms:ViaService" })
	}
	return !slices.ContainsFunc(values(s.Principal), func(arn string) bool {
		match := serviceRole.FindStringSubmatch(arn)
		return match == nil || match[1] != r.Service && (match[1] != "autoscaling" || r.Sid != "AutoScaling" && r.Sid != "AutoScalingGrants")
	})
}

func conditionOn(s keypolicy.Statement, key string) *keypolicy.Condition {
	i := slices.IndexFunc(s.Condition, func(c keypolicy.Condition) bool { return strings.EqualFold(c.Key, key) })
	if i < 0 {
		return nil
	}
	return &s.Condition[i]
}

// same and alike compare operators.
func same(a, b string) bool { return a == b }

func alike(a, b string) bool {
	family := []string{"StringEquals", "StringLike", "ArnEquals", "ArnLike"}
	return a == b || slices.Contains(family, a) && slices.Contains(family, b)
}

// fits reports whether the statement gives the rule's principals the rule's actions,
// under conditions that are among the rule's. Of a service's own principals, some of
// the actions will do where operators need not be the same: the rest is told.
func (k *Key) fits(r generator.Rule, s keypolicy.Statement, operators func(a, b string) bool) bool {
	who, missing := principals(r, s), lacks(r.Actions, expand(s.Action))
	if len(missing) > 0 && (!r.OfServices || !operators("StringEquals", "StringLike") || len(missing) == len(r.Actions)) {
		return false
	}
	if who == nil || r.List == "" && !slices.Equal(union(who, nil), union(r.Principals, nil)) {
		return false
	}
	if _, ok := k.passes(r, s, operators); !ok {
		return false
	}
	return !slices.ContainsFunc(r.Needs, func(n generator.Need) bool { // a caller's account is the key's own
		return n.Key == "kms:CallerAccount" && slices.ContainsFunc(who, func(arn string) bool { return !strings.Contains(arn, "::"+k.place.Account+":") })
	})
}

// lacks lists what allowed has not of actions.
func lacks(actions, allowed []string) []string {
	return slices.DeleteFunc(slices.Clone(actions), func(a string) bool { return slices.Contains(allowed, a) })
}

// passes returns the values of the rule's variables, with which its conditions are
// those of the statement; false if there are none.
func (k *Key) passes(r generator.Rule, s keypolicy.Statement, operators func(a, b string) bool) (map[string][]string, bool) {
	passed := map[string][]string{}
	for _, c := range s.Condition {
		i := slices.IndexFunc(r.Needs, func(n generator.Need) bool {
			return strings.EqualFold(n.Key, c.Key) && operators(n.Operator, c.Operator)
		})
		if i < 0 {
			return nil, false
		}
		n, values := r.Needs[i], union(c.Values, nil)
		switch before, ok := passed[n.Variable]; {
		case n.Key == "aws:PrincipalArn":
			continue
		case n.Variable == "" && slices.Equal(values, union(n.Values, nil)):
			continue
		case n.Variable == "":
			return nil, false
		case ok:
			values = narrower(before, values)
		case !formed(n.Form, values): // what the module has without them may be within
			values = narrower(values, n.Values)
			if !slices.Equal(values, union(n.Values, nil)) {
				return nil, false
			}
		}
		before, ok := k.match.passed[n.Variable]
		if values == nil || ok && !slices.Equal(values, before) || n.Variable == "deletion_window_in_days" && k.Module.DeletionWindowInDays != 0 && !slices.Equal(values, n.Values) {
			return nil, false
		}
		passed[n.Variable] = values
	}
	return passed, true
}

// formed reports whether a variable takes the values.
func formed(form string, values []string) bool {
	pattern, err := regexp.Compile(form)
	return err == nil && !slices.ContainsFunc(values, func(v string) bool { return !pattern.MatchString(v) })
}

// narrower is the one of two lists of patterns that the other takes in; nil if
// neither does.
func narrower(a, b []string) []string {
	within := func(a, b []string) bool {
		return !slices.ContainsFunc(a, func(text string) bool {
			return !slices.ContainsFunc(b, func(pattern string) bool {
				matched, err := path.Match(strings.ReplaceAll(pattern, "/", ":"), strings.ReplaceAll(text, "/", ":"))
				return matched && err == nil
			})
		})
	}
	switch {
	case within(a, b):
		return a
	case within(b, a):
		return b
	}
	return nil
}

// principals are those that the rule's list would hold; nil if the statement's are of
// another kind.
func principals(r generator.Rule, s keypolicy.Statement) []string {
	if r.OfServices {
		ofServices := s.Effect == "Allow" && len(s.NotPrincipal) == 0 && len(s.NotAction) == 0 && len(s.NotResource) == 0
		if !ofServices || slices.ContainsFunc(s.Principal, func(p keypolicy.PrincipalEntry) bool { return p.Type != "Service" }) {
			return nil
		}
		return values(s.Principal)
	}
	byARN := slices.ContainsFunc(r.Needs, func(n generator.Need) bool { return n.Key == "aws:PrincipalArn" })
	switch c := conditionOn(s, "aws:PrincipalArn"); {
	case !byARN && plainly(s, roleOrUser):
		return values(s.Principal)
	case !byARN || c == nil || !plainly(s, accountRoot) || !slices.Equal(union(values(s.Principal), nil), rootsOf(c.Values)):
		return nil
	default:
		return c.Values
	}
}

// rootsOf are the accounts of the principals.
func rootsOf(arns []string) []string {
	var roots []string
	for _, arn := range arns {
		if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
			roots = append(roots, "arn:"+parts[1]+":iam::"+parts[4]+":root")
		}
	}
	return union(roots, nil)
}
