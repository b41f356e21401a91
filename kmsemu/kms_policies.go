package kmsemu

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/keywright/keywright/keypolicy"

	"github.com/keywright/keywright/internal/lazyregexp"
)

const (
	policyName = "default" // the only name that a key policy here can have (K0046)
	ramPolicy  = "AWS_RAM" // that of the policy by which RAM shares a key (K0551)
	// maxPolicyBytes is the service's bound, maxPolicyLength that of its model.
	maxPolicyBytes  = 32768
	maxPolicyLength = 131072
)

var policyRule = textRule{max: maxPolicyLength, pattern: lazyregexp.New(`^[\x{0009}\x{000A}\x{000D}\x{0020}-\x{00FF}]+$`)}

// checkPolicyText checks the characters and the size of a policy. The pattern
// failure prints no policy: it would be unreadable.
func checkPolicyText(k *checker, text string) {
	if k.blank["policy"] {
		k.checkText("policy", text, policyRule)
		return
	}
	if text != "" && !policyRule.pattern.MatchString(text) {
		k.problem("Value at 'policy' failed to satisfy constraint: Member must satisfy regular expression pattern: %s", policyRule.pattern)
	}
	k.checkLength("Value at 'policy'", len(text), intRule{0, policyRule.max})
	if len(text) > maxPolicyBytes {
		k.fail(limitExceeded, "The policy has %d bytes; %d are allowed.", len(text), maxPolicyBytes)
	}
}

// defaultKeyPolicy is what a key gets that is created without a policy (K0047).
const defaultKeyPolicy = `{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "arn:%s:iam::%s:root"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}`

// newKeyPolicy reads a policy for a key and makes the checks that the service
// makes before it attaches one: syntax, that its principals exist, and that the
// caller does not lock itself out (K0048, K0049).
func (c *call) newKeyPolicy(k *key, text string, bypassLockoutCheck bool) (document, error) {
	if text == "" {
		text = fmt.Sprintf(defaultKeyPolicy, partition(c.region), k.account)
	}
	d, err := c.server.state.keyPolicies.parse(text)
	if err != nil {
		return document{}, fail(malformedPolicy, "%v", err)
	}
	if err := checkSetOperators(d.policy); err != nil {
		return document{}, err
	}
	if unknown, ok := c.principalsExist(d.policy); !ok {
		return document{}, fail(malformedPolicy, "Policy contains a statement with one or more invalid principals: %s does not exist.", unknown)
	}
	if !bypassLockoutCheck && !c.mayPutPolicy(k, d.policy) {
		return document{}, fail(malformedPolicy, "The new key policy will not allow you to update the key policy in the future.")
	}
	return c.server.state.bind(d), nil
}

// keyPolicies remembers key policies by their text: most keys have one of a few,
// and need no copy of their own.
type keyPolicies map[string]document

// maxKeyPolicies bounds the memory of policies that no key has any more.
const maxKeyPolicies = 1 << 8

// parse reads a policy. Whom it names is not known yet.
func (p keyPolicies) parse(text string) (document, error) {
	if d, ok := p[text]; ok {
		return d, nil
	}
	policy, err := keypolicy.Parse("key policy", []byte(text))
	if err != nil {
		return document{}, err
	}
	if len(p) == maxKeyPolicies {
		clear(p)
	}
	p[text] = document{text: text, policy: policy}
	return p[text], nil
}

// mayPutPolicy asks whether the caller could replace the policy again.
func (c *call) mayPutPolicy(k *key, policy *keypolicy.Policy) bool {
	return c.decide(permission{action: "kms:PutKeyPolicy", resource: k.arn, context: policyConditions(policyName, false), policy: policy, key: c.facts(k)}).Allowed()
}

func policyConditions(name string, bypassLockoutCheck bool) keypolicy.Context {
	conditions := policyNameCondition(name)
	conditions.Set("kms:BypassPolicyLockoutSafetyCheck", strconv.FormatBool(bypassLockoutCheck))
	return conditions
}

func policyNameCondition(name string) keypolicy.Context {
	conditions := keypolicy.Context{}
	conditions.Set("kms:PolicyName", cmp.Or(name, policyName))
	return conditions
}

// checkSetOperators refuses what would hold for requests that lack the key: a
// single-valued condition key whose name has a part of the request's, under
// ForAllValues (K0549).
func checkSetOperators(policy *keypolicy.Policy) error {
	for _, statement := range policy.Statements {
		for _, condition := range statement.Condition {
			subject := openKey(condition.Key)
			if subject != "" && strings.HasPrefix(condition.Operator, "ForAllValues:") {
				return fail(malformedPolicy, "OverlyPermissiveCondition: Using the ForAllValues set operator with a single-valued condition key matches requests without the specified %s or with an unspecified %s. To fix, remove ForAllValues.", subject, subject)
			}
		}
	}
	return nil
}

// openKey is what a condition key with an open name is about; "" for the others.
func openKey(key string) string {
	switch key = strings.ToLower(key); {
	case strings.HasPrefix(key, "kms:encryptioncontext:"):
		return "encryption context"
	case strings.HasPrefix(key, "aws:requesttag/"):
		return "tag"
	}
	return ""
}

type getKeyPolicyInput struct {
	keyInput
	PolicyName string
}

var policyNameRule = textRule{max: 128, pattern: lazyregexp.New(`^\w+$`)}

func (in *getKeyPolicyInput) check(k *checker) {
	in.keyInput.check(k)
	k.checkText("policyName", in.PolicyName, policyNameRule)
}

// checkPolicyName refuses every name but the one there is.
func checkPolicyName(name string) error {
	if name != "" && name != policyName {
		return fail(notFound, "No such policy exists")
	}
	return nil
}

type getKeyPolicyOutput struct {
	Policy     string
	PolicyName string
}

func getKeyPolicy(c *call, in *getKeyPolicyInput) (*getKeyPolicyOutput, error) {
	k, err := c.key(in.KeyID, policyNameCondition(in.PolicyName))
	if err != nil {
		return nil, err
	}
	if err := checkPolicyName(in.PolicyName); err != nil {
		return nil, err
	}
	k.policy.follow()
	return &getKeyPolicyOutput{k.policy.text, policyName}, nil
}

type putKeyPolicyInput struct {
	keyInput
	BypassPolicyLockoutSafetyCheck bool
	Policy                         string
	PolicyName                     string
}

func (in *putKeyPolicyInput) check(k *checker) {
	in.keyInput.check(k)
	k.checkText("policyName", in.PolicyName, policyNameRule)
	if in.Policy == "" && !k.blank["policy"] {
		k.problem("Value null at 'policy' failed to satisfy constraint: Member must not be null")
	}
	checkPolicyText(k, in.Policy)
}

func putKeyPolicy(c *call, in *putKeyPolicyInput) (*empty, error) {
	k, err := c.key(in.KeyID, policyConditions(in.PolicyName, in.BypassPolicyLockoutSafetyCheck))
	if err != nil {
		return nil, err
	}
	if in.PolicyName == ramPolicy {
		return nil, fail(validation, "The %s policy can only be managed by the RAM service", ramPolicy)
	}
	if err := checkPolicyName(in.PolicyName); err != nil {
		return nil, err
	}
	policy, err := c.newKeyPolicy(k, in.Policy, in.BypassPolicyLockoutSafetyCheck)
	if err != nil {
		return nil, err
	}
	c.setPolicy(k, policy)
	return done()
}

type listKeyPoliciesInput struct {
	keyInput
	pageInput
}

func (in *listKeyPoliciesInput) check(k *checker) {
	in.keyInput.check(k)
	in.checkPage(k, pageLimits{100, 1000})
}

type listKeyPoliciesOutput struct {
	PolicyNames []string
	pageOutput
}

func listKeyPolicies(c *call, in *listKeyPoliciesInput) (*listKeyPoliciesOutput, error) {
	if _, err := c.key(in.KeyID, nil); err != nil {
		return nil, err
	}
	names, more, err := page(c, &in.pageInput, pageLimits{100, 1000}, []string{policyName}, func(name string) string { return name })
	if err != nil {
		return nil, err
	}
	return &listKeyPoliciesOutput{names, more}, nil
}
