package lint

import (
	"encoding/base64"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keywright/keywright/keypolicy"
)

const conditionKeysSource = "KMS Developer Guide, AWS KMS condition keys"

// conditionRules ask whether a condition compares what it seems to compare.
func conditionRules() []Rule {
	return []Rule{
		{
			ID: "KP006", Title: "Condition key that does not exist", Severity: High,
			Rationale: "No request has the key: an Allow never applies, and a Deny either never or always.",
			Source:    conditionKeysSource + "; IAM Access Analyzer, Invalid service condition key",
			Remedy:    "correct the name of the key",
			Bad:       delegating(allow(appRole, `"kms:Decrypt"`, `{"StringEquals": {"kms:ViaServices": "s3.eu-west-1.amazonaws.com"}}`)),
			Good:      delegating(allow(appRole, `"kms:Decrypt"`, `{"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}`)),
			check:     checkKeyNames, scope: onAnyPolicy,
		},
		{
			ID: "KP007", Title: "Condition key that requests of the action do not have", Severity: High,
			Rationale: "A condition on a key that the request lacks is not met: the Allow is dead for that action, the Deny does not deny it.",
			Source:    "Service Authorization Reference, Actions, resources, and condition keys for AWS Key Management Service",
			Remedy:    "move the actions that do not have the key to a statement without the condition",
			Bad:       delegating(allow(appRole, `["kms:Decrypt", "kms:DescribeKey"]`, `{"StringEquals": {"kms:EncryptionContext:tenant": "a"}}`)),
			Good:      delegating(allow(appRole, `"kms:Decrypt"`, `{"StringEquals": {"kms:EncryptionContext:tenant": "a"}}`), allow(appRole, `"kms:DescribeKey"`, "")),
			check:     checkKeyContext, scope: onAnyPolicy,
		},
		{
			ID: "KP008", Title: "Operator or value that does not fit the key, or a wildcard compared as text", Severity: High,
			Rationale: "StringEquals compares an asterisk as an asterisk, and a comparison of the wrong type never holds.",
			Source:    "IAM User Guide, IAM JSON policy elements: Condition operators; IAM Access Analyzer, Type mismatch",
			Remedy:    "use StringLike or ArnLike for wildcards, and the operator of the key's type",
			Bad:       delegating(allow(everybody, `"kms:Decrypt"`, `{"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/app-*"}}`)),
			Good:      delegating(allow(everybody, `"kms:Decrypt"`, `{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/app-*"}}`)),
			check:     checkTypes, scope: onAnyPolicy,
		},
		{
			ID: "KP009", Title: "Set operator on a single-valued key, or none on a multi-valued one", Severity: High,
			Rationale: "ForAllValues holds where the key is absent, which opens the statement; KMS refuses it for kms:EncryptionContext and aws:RequestTag as OverlyPermissiveCondition. A multi-valued key compared without a set operator is met by any of its values.",
			Source:    conditionKeysSource + ", kms:EncryptionContext; IAM Access Analyzer, ForAllValues with single valued key",
			Remedy:    "leave the set operator out for a single-valued key; write ForAnyValue or ForAllValues for a multi-valued one",
			Bad:       delegating(allow(appRole, `"kms:Decrypt"`, `{"ForAllValues:StringEquals": {"kms:EncryptionContext:App": "orders"}}`)),
			Good:      delegating(allow(appRole, `"kms:Decrypt"`, `{"StringEquals": {"kms:EncryptionContext:App": "orders"}}`)),
			check:     checkSetOperators, scope: onAnyPolicy,
		},
		{
			ID: "KP014", Title: "Condition key that was superseded", Severity: Info,
			Rationale: "The old names do not know the newer kinds of keys.",
			Source:    conditionKeysSource + ", kms:CustomerMasterKeySpec",
			Remedy:    "use the newer key",
			Bad:       delegating(allow(appRole, `"kms:Sign"`, `{"StringEquals": {"kms:CustomerMasterKeySpec": "RSA_4096"}}`)),
			Good:      delegating(allow(appRole, `"kms:Sign"`, `{"StringEquals": {"kms:KeySpec": "RSA_4096"}}`)),
			check:     checkDeprecatedKeys, scope: onAnyPolicy,
		},
	}
}

// checkKeyNames knows all keys of KMS. Of the global ones there may be newer
// ones, so only what looks like a slip is flagged; keys of other services and
// of identity providers are left alone.
func checkKeyNames(s *subject) {
	for st, c := range s.conditions() {
		if c.known.Name != "" || unknown(c.Key) || s.in.Kind == IdentityPolicy && !st.actions.any() {
			continue
		}
		name := nearestKey(c.Key)
		prefix, _, hasPrefix := strings.Cut(c.key, ":")
		switch {
		case prefix == "kms", !hasPrefix, prefix == "aws" && name != "":
		default:
			continue
		}
		f := s.reportCondition(st, c, "%s is no condition key", c.Key)
		if name != "" {
			f.Remedy = "did you mean " + name + "?"
		}
	}
}

func nearestKey(name string) string {
	var names []string
	for _, key := range keypolicy.ConditionKeys() {
		names = append(names, key.Name)
	}
	return keypolicy.Nearest(name, names)
}

// checkKeyContext looks at actions written out: for a wildcard the condition is
// what narrows it.
func checkKeyContext(s *subject) {
	for st, c := range s.conditions() {
		if c.known.Name == "" || !c.requires() {
			continue
		}
		var lacking []string
		for _, name := range st.Action {
			action, ok := keypolicy.LookUpAction(name)
			if !ok {
				continue
			}
			if _, has := slices.BinarySearch(action.ConditionKeys, c.known.Name); !has {
				lacking = append(lacking, name)
			}
		}
		if len(lacking) > 0 {
			s.reportCondition(st, c, "requests of %s do not have %s", strings.Join(lacking, ", "), c.Key)
		}
	}
}

// operatorTypes are the types that an operator compares, by how its name
// begins. Numbers and booleans compared as strings work as long as they are
// written alike, and an ARN is a string.
var operatorTypes = []struct {
	prefix string
	types  []keypolicy.ValueType
	valid  func(value string) bool
}{
	{"String", []keypolicy.ValueType{keypolicy.StringType, keypolicy.ARNType, keypolicy.BoolType, keypolicy.NumericType}, nil},
	{"Arn", []keypolicy.ValueType{keypolicy.ARNType, keypolicy.StringType}, looksLikeARN},
	{"Bool", []keypolicy.ValueType{keypolicy.BoolType}, isBool},
	{"Numeric", []keypolicy.ValueType{keypolicy.NumericType}, isNumber},
	{"Date", []keypolicy.ValueType{keypolicy.DateType}, isDate},
	{"IpAddress", []keypolicy.ValueType{keypolicy.IPAddressType}, isAddress},
	{"NotIpAddress", []keypolicy.ValueType{keypolicy.IPAddressType}, isAddress},
	{"Binary", []keypolicy.ValueType{keypolicy.BinaryType}, isBase64},
	{"Null", nil, isBool},
}

func checkTypes(s *subject) {
	for st, c := range s.conditions() {
		for _, o := range operatorTypes {
			if !strings.HasPrefix(c.operator, o.prefix) {
				continue
			}
			if t := c.known.Type; t != "" && o.types != nil && !slices.Contains(o.types, t) && !slices.Contains(o.types, c.known.Also) {
				s.reportCondition(st, c, "%s compares %s, which is of type %s", c.Operator, c.Key, t)
			} else if value := firstInvalid(c.Values, o.valid); value != "" {
				s.reportCondition(st, c, "%s cannot compare with %q", c.Operator, value)
			}
		}
		if value := literalWildcard(c); value != "" {
			s.reportCondition(st, c, "%s compares the wildcard in %q as text", c.Operator, value)
		}
	}
}

// firstInvalid is the first value that the operator cannot compare. What is not
// known yet, or comes from a variable, is not judged.
func firstInvalid(values []string, valid func(string) bool) string {
	for _, value := range values {
		if valid != nil && !unknown(value) && !strings.Contains(value, "${") && !valid(value) {
			return value
		}
	}
	return ""
}

func literalWildcard(c *condition) string {
	if !strings.HasPrefix(c.operator, "String") || strings.HasSuffix(c.operator, "Like") {
		return ""
	}
	for _, value := range c.Values {
		if strings.Contains(strings.ReplaceAll(value, "${*}", ""), "*") {
			return value
		}
	}
	return ""
}

func looksLikeARN(value string) bool {
	return strings.HasPrefix(value, "arn:") && strings.Count(value, ":") >= 5 || strings.HasPrefix(value, "*")
}

func isBool(value string) bool {
	return strings.EqualFold(value, "true") || strings.EqualFold(value, "false")
}

func isNumber(value string) bool {
	_, err := strconv.ParseFloat(value, 64)
	return err == nil
}

func isDate(value string) bool {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", time.DateOnly, "2006-01", "2006"} {
		if _, err := time.Parse(layout, value); err == nil {
			return true
		}
	}
	_, err := strconv.ParseInt(value, 10, 64)
	return err == nil
}

func isAddress(value string) bool {
	_, err1 := netip.ParsePrefix(value)
	_, err2 := netip.ParseAddr(value)
	return err1 == nil || err2 == nil
}

func isBase64(value string) bool {
	_, err := base64.StdEncoding.DecodeString(value)
	return err == nil
}

func checkSetOperators(s *subject) {
	for st, c := range s.conditions() {
		switch {
		case c.known.Name == "" || c.operator == "Null":
		case c.quantifier == "ForAllValues" && !c.known.MultiValued:
			s.reportCondition(st, c, "%s holds for requests without %s, which has a single value", c.Operator, c.Key)
		case c.quantifier == "ForAnyValue" && !c.known.MultiValued:
			s.reportCondition(st, c, "%s: %s has a single value", c.Operator, c.Key).Severity = Low
		case c.quantifier == "" && c.known.MultiValued:
			s.reportCondition(st, c, "%s has several values, and %s says not which of them must match", c.Key, c.Operator)
		}
	}
}

func checkDeprecatedKeys(s *subject) {
	for st, c := range s.conditions() {
		if c.known.Deprecated != "" {
			s.reportCondition(st, c, "%s was superseded by %s", c.Key, c.known.Deprecated).Remedy = "use " + c.known.Deprecated
		}
	}
}
