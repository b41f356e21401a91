package adopt

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/keywright/keywright/generator"
	"github.com/keywright/keywright/keypolicy"

	"github.com/keywright/keywright/internal/lazyregexp"
)

// policy takes the key policy apart: the root statement, verbs of roles and users,
// services, and what remains.
func (k *Key) policy(document string) error {
	parsed, err := keypolicy.Parse("key policy", []byte(document))
	if err != nil {
		return err
	}
	statements, err := rawStatements(document)
	if err != nil {
		return err
	}
	if err := k.prepare(parsed); err != nil {
		return err
	}
	k.Module.RootStatement = generator.NoRoot
	left := map[int]bool{}
	for i, s := range parsed.Statements {
		switch {
		case k.root(s), k.exactly(s, true), ofService(s) && k.through(s), k.verbs(s), k.exactly(s, false), k.through(s):
		default:
			left[i] = true
		}
	}
	for i, s := range parsed.Statements { // now that it is known who is who
		if left[i] && k.dependent(s) {
			delete(left, i)
		}
	}
	var remaining []json.RawMessage
	for i, s := range parsed.Statements {
		if left[i] {
			remaining = append(remaining, statements[i])
			k.note("statement %s is kept as it is in the document of what remains%s", title(s, i), hint(s))
		}
	}
	k.conclude()
	if remaining == nil {
		return nil
	}
	k.Remaining, err = json.MarshalIndent(map[string]any{"Version": "2012-10-17", "Statement": remaining}, "", "  ")
	k.Remaining = append(k.Remaining, '\n')
	return err
}

// conclude says what the statements together come to.
func (k *Key) conclude() {
	k.separate()
	k.gained()
	if len(k.Module.Roles[generator.Administer]) == 0 {
		k.note("nobody is known to administer the key: name at least one role under administer")
	}
}

// rawStatements are the statements of a document as they are written.
func rawStatements(document string) ([]json.RawMessage, error) {
	var d struct{ Statement json.RawMessage }
	if err := json.Unmarshal([]byte(document), &d); err != nil {
		return nil, fmt.Errorf("reading the key policy: %w", err)
	}
	var many []json.RawMessage
	if json.Unmarshal(d.Statement, &many) == nil {
		return many, nil
	}
	return []json.RawMessage{d.Statement}, nil
}

var (
	accountRoot = lazyregexp.New(`^(arn:[^:]+:iam::[0-9]{12}:root|[0-9]{12})$`)
	roleOrUser  = lazyregexp.New(`^arn:[^:]+:iam::[0-9]{12}:(role|user)/.+$`)
)

// plainly reports whether the statement allows all of its principals, which fit the
// pattern, its actions on the key.
func plainly(s keypolicy.Statement, principals *lazyregexp.Regexp) bool {
	allows := s.Effect == "Allow" && len(s.NotPrincipal) == 0 && len(s.NotAction) == 0 && len(s.NotResource) == 0 && len(s.Principal) > 0
	return allows && !slices.ContainsFunc(s.Principal, func(p keypolicy.PrincipalEntry) bool {
		return p.Type != "AWS" || !principals.MatchString(p.Value)
	})
}

// root takes a statement over that gives everything to the account alone.
func (k *Key) root(s keypolicy.Statement) bool {
	if !plainly(s, accountRoot) || len(s.Principal) != 1 || !slices.Equal(s.Action, []string{"kms:*"}) {
		return false
	}
	switch {
	case len(s.Condition) == 0:
		k.Module.RootStatement = generator.Delegate
	case len(s.Condition) == 1 && s.Condition[0].Operator == "StringEquals" && s.Condition[0].Key == "aws:PrincipalType" && slices.Equal(s.Condition[0].Values, []string{"Account"}):
		if k.Module.RootStatement == generator.NoRoot {
			k.Module.RootStatement = generator.BreakGlass
		}
	default:
		return false
	}
	return true
}

// verbs takes a statement over that some verbs stand for: those whose actions it
// allows, all of them. What it allows besides is noted, for the module will not.
func (k *Key) verbs(s keypolicy.Statement) bool {
	if !plainly(s, roleOrUser) || k.Module.PrincipalBinding == generator.ByARN {
		return false
	}
	allowed := expand(s.Action)
	var found []generator.Verb
	covered := map[string]bool{}
	for _, v := range generator.Verbs() {
		actions := k.Module.Allows(v)
		if actions == nil || k.bound(v) || !conditioned(v, s.Condition) || !k.stands(v, actions, allowed) || subsumed(actions, covered) {
			continue
		}
		found = append(found, v)
		for _, a := range actions {
			covered[a] = true
		}
	}
	if len(found) == 0 {
		return false
	}
	k.lost(s, covered, "its verbs do")
	for _, v := range found {
		k.assign(v, values(s.Principal))
	}
	return true
}

// bound reports whether the module's verb asks for an encryption context, so that no
// statement without one is its.
func (k *Key) bound(v generator.Verb) bool {
	return len(k.Module.EncryptionContext) > 0 && v != generator.Administer && v != generator.Read && v != generator.Grant
}

// stands reports whether a verb may stand for what is allowed. Who may put the
// policy can give themselves all of administration, so that is no more than they
// had; any other verb must be allowed in full.
func (k *Key) stands(v generator.Verb, actions, allowed []string) bool {
	if v == generator.Administer {
		return slices.Contains(allowed, "kms:PutKeyPolicy")
	}
	return !slices.ContainsFunc(actions, func(a string) bool { return !slices.Contains(allowed, a) })
}

// conditioned reports whether a statement with these conditions is the verb's: that
// of grants has one, the others none.
func conditioned(v generator.Verb, conditions []keypolicy.Condition) bool {
	if v != generator.Grant {
		return len(conditions) == 0
	}
	return len(conditions) == 1 && conditions[0].Operator == "Bool" && conditions[0].Key == "kms:GrantIsForAWSResource" &&
		slices.Equal(conditions[0].Values, []string{"true"})
}

// subsumed reports whether a verb adds nothing to those before it.
func subsumed(actions []string, covered map[string]bool) bool {
	return !slices.ContainsFunc(actions, func(a string) bool { return !covered[a] })
}

// beyond are the allowed actions that are not covered, and that a key policy can
// allow at all.
func beyond(allowed []string, covered map[string]bool) []string {
	return slices.DeleteFunc(slices.Clone(allowed), func(a string) bool {
		return covered[a] || a == "kms:ScheduleKeyDeletion" && covered["kms:PutKeyPolicy"]
	})
}

// expand lists the actions of KMS on keys that the patterns mean.
func expand(patterns []string) []string {
	var names []string
	for _, a := range keypolicy.Actions() {
		if a.InKeyPolicy && slices.ContainsFunc(patterns, func(pattern string) bool {
			matched, err := path.Match(strings.ToLower(pattern), strings.ToLower(a.Name))
			return matched && err == nil
		}) {
			names = append(names, a.Name)
		}
	}
	return names
}

func (k *Key) assign(v generator.Verb, arns []string) {
	if k.Module.Roles == nil {
		k.Module.Roles = map[generator.Verb][]string{}
	}
	k.Module.Roles[v] = union(k.Module.Roles[v], arns)
}

func values(principals keypolicy.Principals) []string {
	var all []string
	for _, p := range principals {
		all = append(all, p.Value)
	}
	return all
}

// union returns what either list holds, sorted and without doubles.
func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// separate takes use away from administrators: no module gives both to one role.
func (k *Key) separate() {
	for _, v := range generator.Verbs() {
		if v == generator.Administer || v == generator.Read || k.Module.Roles[v] == nil {
			continue
		}
		k.Module.Roles[v] = slices.DeleteFunc(k.Module.Roles[v], func(arn string) bool {
			both := slices.Contains(k.Module.Roles[generator.Administer], arn)
			if both {
				k.note("%s administers the key and had the verb %s too, which it loses: give that to another role", arn, v)
			}
			return both
		})
		if len(k.Module.Roles[v]) == 0 {
			delete(k.Module.Roles, v)
		}
	}
}

func title(s keypolicy.Statement, index int) string {
	if s.Sid != "" {
		return s.Sid
	}
	return fmt.Sprintf("%d", index+1)
}

var viaService = lazyregexp.New(`^([a-z0-9-]+)\.([a-z0-9*-]+\.)?amazonaws\.com(\.cn)?$`)

// hint names the AWS service that a statement is about.
func hint(s keypolicy.Statement) string {
	var names []string
	for _, p := range s.Principal {
		if p.Type == "Service" {
			names = append(names, p.Value)
		}
	}
	for _, c := range s.Condition {
		if c.Key == "kms:ViaService" {
			names = append(names, c.Values...)
		}
	}
	for _, name := range names {
		if match := viaService.FindStringSubmatch(name); match != nil {
			return fmt.Sprintf("; it is about the service %s: see whether services has it", match[1])
		}
	}
	return ""
}
