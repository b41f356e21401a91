package kmsemu

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/keywright/keywright/keypolicy"

	"github.com/keywright/keywright/internal/lazyregexp"
)

// parseIdentityPolicy reads a policy that is attached to its principal, and so
// names none, and must name resources (K0613).
func parseIdentityPolicy(name, text string) (*keypolicy.Policy, error) {
	policy, err := keypolicy.Parse(name, []byte(text))
	if err != nil {
		return nil, syntaxErrors(err)
	}
	for i := range policy.Statements {
		if s := &policy.Statements[i]; s.Principal != nil || s.NotPrincipal != nil {
			return nil, fail(malformedPolicy, "Policy document should not specify a principal.")
		}
	}
	checks := []func(*keypolicy.Statement) error{checkLegacy, checkComplete, checkResources, checkActions}
	if err := checkSids(policy); err != nil {
		return nil, err
	}
	for _, check := range checks {
		for i := range policy.Statements {
			if err := check(&policy.Statements[i]); err != nil {
				return nil, err
			}
		}
	}
	return policy, nil
}

// syntaxErrors words what is wrong with the syntax of a policy: IAM says no more than
// the first sentence.
func syntaxErrors(err error) error { return fail(malformedPolicy, "Syntax errors in policy. %v", err) }

// checkIAMGrammar checks what IAM wants of its own policies, trust policies too, and
// a key policy need not have (K0114).
func checkIAMGrammar(policy *keypolicy.Policy) error {
	if err := checkSids(policy); err != nil {
		return err
	}
	for i := range policy.Statements {
		if err := checkActions(&policy.Statements[i]); err != nil {
			return err
		}
	}
	return nil
}

var sidPattern = lazyregexp.New(`^[0-9A-Za-z]*$`)

func checkSids(policy *keypolicy.Policy) error {
	seen := map[string]bool{}
	for i := range policy.Statements {
		sid := policy.Statements[i].Sid
		if !sidPattern.MatchString(sid) {
			return fail(malformedPolicy, "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*")
		}
		if sid != "" && seen[sid] {
			return fail(malformedPolicy, "Statement IDs (SID) in a single policy must be unique.")
		}
		seen[sid] = true
	}
	return nil
}

func checkComplete(s *keypolicy.Statement) error {
	switch {
	case s.Action == nil && s.NotAction == nil:
		return fail(malformedPolicy, "Policy statement must contain actions.")
	case s.Resource == nil && s.NotResource == nil:
		return fail(malformedPolicy, "Policy statement must contain resources.")
	}
	return nil
}

var vendorPattern = lazyregexp.New(`^[0-9A-Za-z.-]+$`)

func checkActions(s *keypolicy.Statement) error {
	for _, action := range slices.Concat(s.Action, s.NotAction) {
		vendor, _, named := strings.Cut(action, ":")
		switch {
		case !named && action != "*":
			return fail(malformedPolicy, "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
		case strings.Count(action, ":") > 1:
			return fail(malformedPolicy, "Actions/Condition can contain only one colon.")
		case named && !vendorPattern.MatchString(vendor):
			return fail(malformedPolicy, "Vendor %s is not valid", vendor)
		}
	}
	return nil
}

// datePattern is the shape of a date in a condition: IAM takes stranger ones than ISO
// 8601 has, but none without digits.
var datePattern = lazyregexp.New(`^[0-9]+(-[0-9]{1,2}){0,2}([Tt][0-9:.Zz+-]*)?$`)

// checkLegacy is what IAM finds only when the syntax is right: resources with too few
// parts, and dates that are none.
func checkLegacy(s *keypolicy.Statement) error {
	failed := fail(malformedPolicy, "The policy failed legacy parsing")
	for _, resource := range slices.Concat(s.Resource, s.NotResource) {
		parts := strings.SplitN(resource, ":", 6)
		if len(parts) < 6 && strings.Contains(resource, "::") || len(parts) > 2 && parts[2] == "" {
			return failed
		}
	}
	for _, c := range s.Condition {
		if !strings.HasPrefix(c.Operator[strings.LastIndexByte(c.Operator, ':')+1:], "Date") {
			continue
		}
		for _, value := range c.Values {
			_, err := strconv.ParseInt(value, 10, 64)
			if err != nil && (!datePattern.MatchString(value) || !strings.ContainsAny(value, "-Tt")) {
				return failed
			}
		}
	}
	return nil
}

var knownPartitions = []string{"aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"}

// iamResources is what the resources of IAM begin with.
var iamResources = []string{
	"user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/", "policy/",
	"sms-mfa/", "saml-provider/", "oidc-provider/", "report/", "access-report/",
}

func checkResources(s *keypolicy.Statement) error {
	for _, resource := range slices.Concat(s.Resource, s.NotResource) {
		if resource == "*" {
			continue
		}
		if problem := resourceProblem(resource); problem != "" {
			return fail(malformedPolicy, "%s", problem)
		}
	}
	return nil
}

// resourceProblem is what is wrong with the ARN of a resource; "" for nothing.
// Wildcards may stand for a partition, and for an IAM resource.
func resourceProblem(resource string) string {
	parts := strings.SplitN(resource, ":", 6)
	switch {
	case len(parts) == 1:
		return fmt.Sprintf(`Resource %s must be in ARN format or "*".`, resource)
	case !strings.ContainsAny(parts[1], "*?$") && !slices.Contains(knownPartitions, parts[1]):
		rest := slices.Concat(parts[1:], slices.Repeat([]string{"*"}, 6-len(parts)))
		return fmt.Sprintf("Partition %q is not valid for resource %q.", parts[1], "arn:"+strings.Join(rest, ":"))
	case len(parts) == 2:
		return "Resource vendor must be fully qualified and cannot contain regexes."
	case len(parts) < 6:
		return ""
	case parts[2] == serviceIAM && parts[3] != "":
		return fmt.Sprintf("IAM resource %s cannot contain region information.", resource)
	case parts[2] == "s3" && parts[3] != "" && parts[4] == "":
		return fmt.Sprintf("Resource %s can not contain region information.", resource)
	case parts[2] == serviceIAM && !isIAMResource(parts[5]):
		return `IAM resource path must either be "*", root, or start with ` + strings.Join(iamResources, ", ") + "."
	}
	return ""
}

func isIAMResource(name string) bool {
	return name == "root" || strings.ContainsAny(name[:min(len(name), 1)], "*?$") ||
		slices.ContainsFunc(iamResources, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}
