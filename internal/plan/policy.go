package plan

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/keywright/keywright/keypolicy"
)

// Policy is a policy of a plan, before or after its change.
type Policy struct {
	*keypolicy.Policy
	// Address of the resource that holds it.
	Address string
	// Document is its text; nil if that is not known yet as a whole.
	Document []byte
	// Whole is true if nothing of it is known: the policy is one that stands in.
	Whole bool
}

var markOpen, _, _ = strings.Cut(keypolicy.Mark("?"), "?")

// policy reads the attribute policy. It returns nil if there is none: the
// attribute is null, or left to its default.
func (r *reader) policy(rc *tfjson.ResourceChange, v values) (*Policy, error) {
	if text := v.text("policy"); text != "" {
		return r.parse(rc.Address, []byte(text))
	}
	if !v.isUnknown("policy") {
		return nil, nil
	}
	m, e := r.module(rc.ModuleAddress), r.expression(rc, "policy")
	if m != nil && e == nil {
		return nil, nil // an unknown attribute that is not set is computed
	}
	if o := r.origin(m, e); o != nil && o.null {
		return nil, nil
	}
	if document := r.documentOf(m, e, rc); document != nil {
		return r.marked(rc.Address, document, false)
	}
	return r.standIn(rc.Address)
}

// documentOf rebuilds the document that an expression refers to; nil if it
// refers to none.
func (r *reader) documentOf(m *module, e *tfjson.Expression, from *tfjson.ResourceChange) *policyJSON {
	o := r.origin(m, e)
	if o == nil || o.null || o.resource[0].name != "data" || o.resource[1].name != "aws_iam_policy_document" {
		return nil
	}
	// A reference with each.key or count.index does not say which attribute.
	if !slices.Contains([]string{"json", "minified_json", ""}, o.attribute) {
		return nil
	}
	rc := r.instance(o, from)
	if rc == nil {
		return nil
	}
	return r.rebuild(rc)
}

// standIn is the policy of which nothing is known.
func (r *reader) standIn(address string) (*Policy, error) {
	document := &policyJSON{Version: "2012-10-17", Statement: standIn(address + ".policy")}
	return r.marked(address, document, true)
}

// standIn is what an unknown document may say: to allow anything to anybody, and
// to deny anything. The two have marks of their own: who is allowed need not be
// who is denied.
func standIn(name string) []statementJSON {
	var statements []statementJSON
	for _, effect := range []keypolicy.Effect{keypolicy.Allow, keypolicy.Deny} {
		mark := keypolicy.Mark(fmt.Sprintf("%s (%s)", name, effect))
		statements = append(statements, statementJSON{Effect: string(effect), Principal: anybody(mark), Action: "kms:*", Resource: "*"})
	}
	return statements
}

func (r *reader) parse(address string, text []byte) (*Policy, error) {
	parsed, err := keypolicy.Parse(address, text)
	if err != nil {
		return nil, fmt.Errorf("reading the policy of %w", err)
	}
	return &Policy{Policy: parsed, Address: address, Document: text}, nil
}

// marked is a policy with marks.
func (r *reader) marked(address string, document *policyJSON, whole bool) (*Policy, error) {
	text, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the policy of %s: %w", address, err)
	}
	p, err := r.parse(address, text)
	if err != nil {
		return nil, err
	}
	p.Document, p.Whole = nil, whole
	return p, nil
}

// defaultPolicy is what KMS gives a key that is made without a policy. Source:
// KMS Developer Guide, "Default key policy".
func (r *reader) defaultPolicy(address, account string) (*Policy, error) {
	if account == "" {
		account = keypolicy.Mark("the account")
	}
	document, err := json.Marshal(policyJSON{Version: "2012-10-17", ID: "key-default-1", Statement: []statementJSON{{
		Sid: "Enable IAM User Permissions", Effect: string(keypolicy.Allow), Action: "kms:*", Resource: "*",
		Principal: map[string]string{"AWS": "arn:aws:iam::" + account + ":root"},
	}}})
	if err != nil {
		return nil, fmt.Errorf("writing the default policy of %s: %w", address, err)
	}
	return r.parse(address, document)
}
