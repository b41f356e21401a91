package lint

import (
	"slices"
	"strings"

	"github.com/keywright/keywright/keypolicy"
)

// grammarRules ask whether KMS takes the document, and as what it is meant.
func grammarRules() []Rule {
	return []Rule{
		{
			ID: "KP001", Title: "Statement without effect: Action or Resource is missing, or Resource is not *", Severity: High,
			Rationale: "In a key policy Resource means the key itself and is \"*\". A statement without Action or Resource grants and denies nothing, and KMS refuses new ones since August 2025.",
			Source:    "KMS Developer Guide, Key policies in AWS KMS; PutKeyPolicy",
			Remedy:    `name the actions, and write "Resource": "*"`,
			Bad:       delegating(`{"Effect": "Allow", "Principal": ` + appRole + `, "Action": "kms:Decrypt", "Resource": "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"}`),
			Good:      delegating(allow(appRole, `"kms:Decrypt"`, "")),
			check:     checkElements,
		},
		{
			ID: "KP002", Title: "Policy too long, or with characters that KMS does not take", Severity: High,
			Rationale: "PutKeyPolicy takes 32,768 bytes of tab, line feed, carriage return and the characters from U+0020 to U+00FF. A dash or quotation mark from a word processor is outside.",
			Source:    "KMS API Reference, PutKeyPolicy: Policy",
			Remedy:    "replace lists of principals by a condition on organization or tags, and use plain punctuation",
			Bad:       document(strings.Replace(accountStatement(), `{`, `{"Sid": "IAM – the account", `, 1)).at(-1),
			Good:      document(strings.Replace(accountStatement(), `{`, `{"Sid": "IAM - the account", `, 1)),
			check:     checkText, scope: onAnyPolicy,
		},
		{
			ID: "KP003", Title: "Old or missing Version, or a Sid used twice", Severity: Medium,
			Rationale: "Without Version 2012-10-17 a policy variable such as ${aws:username} is compared as text. A Sid that stands for two statements makes findings and reviews ambiguous, and the console refuses it.",
			Source:    "IAM User Guide, IAM JSON policy elements: Version and Sid",
			Remedy:    `write "Version": "2012-10-17", and a Sid of its own for each statement`,
			Bad:       Example{Policy: strings.Replace(document(accountStatement()).Policy, "2012-10-17", "2008-10-17", 1), Statement: -1},
			Good:      document(accountStatement()),
			check:     checkVersionAndSids, scope: onAnyPolicy,
		},
	}
}

func checkElements(s *subject) {
	for i := range s.statements {
		st := &s.statements[i]
		switch other := notStar(st.Resource); {
		case st.Action == nil && st.NotAction == nil:
			s.reportStatement(st, "action", "the statement has no Action: it has no effect")
		case st.NotResource != nil:
			s.reportStatement(st, "resource", "the statement has NotResource: in a key policy only \"Resource\": \"*\" has a meaning")
		case st.Resource == nil:
			s.reportStatement(st, "resource", "the statement has no Resource: it has no effect")
		case len(other) > 0:
			s.reportStatement(st, "resource", "Resource is %q: in a key policy it is \"*\", which stands for the key", other)
		}
	}
}

func notStar(resources []string) []string {
	return slices.DeleteFunc(known(resources), func(r string) bool { return r == "*" })
}

// maxPolicyBytes is the longest key policy that KMS takes; nearly is when to
// say that there is not much left.
const (
	maxPolicyBytes = 32768
	nearlyPercent  = 90
)

func checkText(s *subject) {
	// What stands for unknown values is not a part of the final text, which
	// can only be longer than the rest.
	text := withoutMarks(string(s.in.Document))
	if s.in.Kind == KeyPolicy {
		switch {
		case len(text) > maxPolicyBytes:
			s.report("length", "the policy has %d bytes; KMS takes %d", len(text), maxPolicyBytes)
		case len(text)*100 > maxPolicyBytes*nearlyPercent:
			s.report("length", "the policy has %d bytes of the %d that KMS takes", len(text), maxPolicyBytes).Severity = Low
		}
	}
	if at := strings.IndexFunc(text, forbidden); at >= 0 {
		line := 1 + strings.Count(text[:at], "\n")
		s.report("characters", "the policy has the character %q in line %d, which AWS does not take", []rune(text[at:])[0], line)
	}
}

func forbidden(r rune) bool {
	return r > 0xff || r < 0x20 && r != '\t' && r != '\n' && r != '\r'
}

func withoutMarks(text string) string {
	if !unknown(text) {
		return text
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, markStart)
		b.WriteString(before)
		_, rest, closed := strings.Cut(after, markEnd)
		if !found || !closed {
			return b.String()
		}
		text = rest
	}
}

func checkVersionAndSids(s *subject) {
	switch s.in.Policy.Version {
	case "":
		s.report("version", "the policy has no Version, so that of 2008 applies")
	case "2008-10-17":
		s.report("version", "the policy has Version 2008-10-17, which knows no variables")
	}
	seen := map[string]bool{}
	for i := range s.statements {
		st := &s.statements[i]
		if st.Sid != "" && seen[st.Sid] {
			s.reportStatement(st, "sid", "another statement has the Sid %q too", st.Sid)
		}
		seen[st.Sid] = true
	}
}

// actionRules ask whether the actions exist and can have an effect.
func actionRules() []Rule {
	return []Rule{
		{
			ID: "KP004", Title: "Action that does not exist", Severity: High,
			Rationale: "An unknown action is no error: the statement silently misses what it was written for.",
			Source:    "Service Authorization Reference, Actions, resources, and condition keys for AWS Key Management Service; IAM Access Analyzer, Invalid action",
			Remedy:    "correct the name; a key policy knows only actions of KMS",
			Bad:       delegating(allow(appRole, `"kms:GenerateDataKeys"`, "")),
			Good:      delegating(allow(appRole, `"kms:GenerateDataKey"`, "")),
			check:     checkActionNames, scope: onAnyPolicy,
		},
		{
			ID: "KP005", Title: "Action without effect in this key policy", Severity: Low,
			Rationale: "Actions that concern no key, such as kms:CreateKey, are a matter of IAM policies alone, and most management actions do not work on a key of another account whatever its policy says.",
			Source:    "KMS Developer Guide, AWS KMS permissions, and Allowing users in other accounts to use a KMS key",
			Remedy:    "remove the action here; give it by an IAM policy in the caller's account where that works",
			Bad:       delegating(allow(partner, `["kms:Decrypt", "kms:EnableKey"]`, "")),
			Good:      delegating(allow(partner, `["kms:Decrypt", "kms:DescribeKey"]`, "")),
			check:     checkActionEffect,
		},
	}
}

func checkActionNames(s *subject) {
	for i := range s.statements {
		st := &s.statements[i]
		for _, action := range known(slices.Concat(st.Action, st.NotAction)) {
			ofKMS := strings.HasPrefix(strings.ToLower(action), "kms:")
			if action == "*" || !ofKMS && s.in.Kind == IdentityPolicy || len(matching(action)) > 0 {
				continue
			}
			f := s.reportStatement(st, action, "%s is no action of KMS", action)
			if name := nearestAction(action); ofKMS && name != "" {
				f.Remedy = "did you mean " + name + "?"
			}
		}
	}
}

func nearestAction(name string) string {
	names := make([]string, len(catalogue()))
	for i := range catalogue() {
		names[i] = catalogue()[i].Name
	}
	return keypolicy.Nearest(name, names)
}

// checkActionEffect looks at actions written out: a wildcard takes in what has
// no effect as a matter of course.
func checkActionEffect(s *subject) {
	for st := range s.allows() {
		foreign := s.foreignOnly(st)
		for _, name := range st.Action {
			action, ok := keypolicy.LookUpAction(name)
			switch {
			case !ok:
			case !action.InKeyPolicy:
				s.reportStatement(st, name, "%s in a key policy has no effect", name)
			case foreign && !action.CrossAccount:
				s.reportStatement(st, name, "%s does not work for principals of another account", name)
			}
		}
	}
}

// foreignOnly reports whether all principals of the statement are known to be
// of other accounts.
func (s *subject) foreignOnly(st *statement) bool {
	return s.in.Account != "" && len(st.principals) > 0 && !slices.ContainsFunc(st.principals, func(p principal) bool {
		return p.account == "" || p.account == s.in.Account
	})
}
