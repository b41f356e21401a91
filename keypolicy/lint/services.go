package lint

import (
	"slices"
	"strings"

	"github.com/keywright/keywright/keypolicy"

	"github.com/keywright/keywright/internal/lazyregexp"
)

// serviceRules are about AWS services that use the key.
func serviceRules() []Rule {
	return []Rule{
		{
			ID: "KP401", Title: "Service that anyone can send", Severity: High,
			Rationale: "A service acts for all its customers. Without a condition on whose resource it acts for, another account can have it use this key: the confused deputy.",
			Source:    "KMS Developer Guide, Permissions for AWS services in key policies; IAM User Guide, The confused deputy problem",
			Remedy:    "add aws:SourceArn or aws:SourceAccount",
			Bad:       delegating(allow(logTrail, `"kms:GenerateDataKey"`, "")),
			Good:      delegating(allow(logTrail, `"kms:GenerateDataKey"`, `{"StringEquals": {"aws:SourceAccount": "111122223333"}}`)),
			check:     checkConfusedDeputy,
		},
		{
			ID: "KP402", Title: "kms:ViaService with a value that never matches", Severity: High,
			Rationale: "The value is SERVICE.REGION.amazonaws.com, with that suffix in all partitions, and the service's name as KMS knows it.",
			Source:    "KMS Developer Guide, AWS KMS condition keys: kms:ViaService",
			Remedy:    "write the value as s3.eu-west-1.amazonaws.com",
			Bad:       delegating(allow(appRole, `"kms:Decrypt"`, `{"StringEquals": {"kms:ViaService": "s3.amazonaws.com"}}`)),
			Good:      delegating(allow(appRole, `"kms:Decrypt"`, `{"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}`)),
			check:     checkViaService, scope: onAnyPolicy,
		},
		{
			ID: "KP403", Title: "Deny by network that also denies AWS services", Severity: High,
			Rationale: "When EBS, S3 or another service calls KMS for its user, the address is the service's and there is no VPC endpoint: the Deny breaks the service.",
			Source:    "KMS Developer Guide, AWS global condition keys: Using the IP address condition in policies with AWS KMS permissions",
			Remedy:    `add "Bool": {"aws:ViaAWSService": "false"}, or a test of kms:ViaService`,
			Bad:       delegating(deny(everybody, `"kms:Decrypt"`, `{"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}`)),
			Good:      delegating(deny(everybody, `"kms:Decrypt"`, `{"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}, "Bool": {"aws:ViaAWSService": "false"}}`)),
			check:     checkNetworkDeny,
		},
	}
}

// sourceKeys say whose resource a service acts for.
var sourceKeys = keySet{"aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths"}

// checkConfusedDeputy leaves alone what only reads about the key.
func checkConfusedDeputy(s *subject) {
	for st := range s.allows() {
		if !st.actions.some(func(a *keypolicy.Action) bool { return cryptographic(a) || manages(a) }) || st.binds(sourceKeys) || st.bindsResourceByContext() {
			continue
		}
		for i := range st.principals {
			p := &st.principals[i]
			if p.class == service && !s.direct(keypolicy.Principal{ARN: p.Value}, firstAction(st)).Explicit {
				s.reportStatement(st, p.Value, "%s may %s for anyone's resources", p.Value, st.actionText())
			}
		}
	}
}

func firstAction(st *statement) string {
	return catalogue()[slices.Index(st.actions, true)].Name
}

// resourceInContext is an ARN or an account within a value of the encryption
// context, which some services fill with the resource they act for.
var resourceInContext = lazyregexp.New(`arn:|[0-9]{12}`)

func (st *statement) bindsResourceByContext() bool {
	return slices.ContainsFunc(st.conditions, func(c condition) bool {
		return c.requires() && encryptionContext.has(c.key) && slices.ContainsFunc(c.Values, func(v string) bool { return unknown(v) || resourceInContext.MatchString(v) })
	})
}

// viaServiceForm is SERVICE.REGION.amazonaws.com.
var viaServiceForm = lazyregexp.New(`^[a-z0-9-]+\.[a-z]{2,}(-[a-z]+)+-[0-9]+\.amazonaws\.com$`)

// misnamed are services that go by another name in kms:ViaService.
var misnamed = map[string]string{
	"documentdb": "rds", "ebs": "ec2", "efs": "elasticfilesystem", "msk": "kafka", "opensearch": "es",
	"parameterstore": "ssm", "secrets-manager": "secretsmanager", "systems-manager": "ssm",
}

func checkViaService(s *subject) {
	for st, c := range s.conditions() {
		if !viaService.has(c.key) || c.operator == "Null" {
			continue
		}
		for _, value := range c.Values {
			name, _, _ := strings.Cut(value, ".")
			switch {
			case unknown(value) || strings.Contains(value, "${"):
			case !viaServiceFits(value, strings.HasSuffix(c.operator, "Like")):
				s.reportCondition(st, c, "%q is not of the form SERVICE.REGION.amazonaws.com", value)
			case misnamed[name] != "":
				s.reportCondition(st, c, "%q: the service is named %s here", value, misnamed[name])
			}
		}
	}
}

// viaServiceFits reports whether a value can match; of a pattern it looks at the
// parts without wildcards.
func viaServiceFits(value string, pattern bool) bool {
	if !pattern || !hasWildcard(value) {
		return viaServiceForm.MatchString(value)
	}
	part := strings.Split(value, ".")
	last := part[len(part)-1]
	return hasWildcard(last) || strings.HasSuffix(value, "com") && len(part) <= 4 && (len(part) == 4 || hasWildcard(part[0]))
}

// networkKeys say where a request comes from; a carve-out says that it is not
// made by a service for its caller, or by a service itself.
var (
	networkKeys = keySet{"aws:sourceip", "aws:sourcevpc", "aws:sourcevpcarn", "aws:sourcevpce", "aws:vpceaccount", "aws:vpceorgid", "aws:vpcsourceip"}
	carveOuts   = keySet{
		"kms:viaservice", "aws:viaawsservice", "aws:calledvia", "aws:calledviafirst", "aws:calledvialast",
		"aws:principalisawsservice", "aws:principalservicename", "kms:grantisforawsresource",
	}
)

func checkNetworkDeny(s *subject) {
	for st := range s.denies() {
		if st.mentions(carveOuts) || !st.actions.some(cryptographic) {
			continue
		}
		for i := range st.conditions {
			if c := &st.conditions[i]; networkKeys.has(c.key) && c.negated() {
				s.reportCondition(st, c, "the Deny by %s also hits services that call KMS for their users", c.Key)
			}
		}
	}
}
