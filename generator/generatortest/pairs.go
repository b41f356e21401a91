// Package generatortest has specs for tests of what is generated.
package generatortest

import "strings"

// Options returns the options of Pairs.
func Options() [][]string { return options }

// options are arguments with values that make a difference; "" leaves the
// argument out. Arguments that need each other are one option.
var options = [][]string{
	{
		`key_spec = "SYMMETRIC_DEFAULT"`, "key_spec = \"RSA_2048\"\nkey_usage = \"ENCRYPT_DECRYPT\"", "key_spec = \"RSA_4096\"\nkey_usage = \"SIGN_VERIFY\"",
		"key_spec = \"ECC_NIST_P256\"\nkey_usage = \"SIGN_VERIFY\"", "key_spec = \"ECC_NIST_P256\"\nkey_usage = \"KEY_AGREEMENT\"",
		`key_spec = "HMAC_256"`, `key_spec = "ML_DSA_44"`, `key_spec = "ML_KEM_768"`,
	},
	{"", `manages = "policy"`, `manages = "grants"`},
	{"", `origin = "EXTERNAL"`, "origin = \"EXTERNAL\"\nkey_material_expires = true", `origin = "AWS_CLOUDHSM"`, `origin = "EXTERNAL_KEY_STORE"`},
	{"", `multi_region = "primary"`, `multi_region = "replica"`, `multi_region = "primary_with_replica"`},
	{"", `services = ["s3", "logs"]`, `services = ["ebs", "rds", "dynamodb", "efs"]`, `services = ["cloudtrail", "lambda", "sns", "sqs"]`, `services = ["route53-dnssec"]`, `services = ["backup", "eks", "kinesis", "secretsmanager", "ssm"]`},
	{"roles = { use = [] }", "", `roles = { encrypt = [], decrypt = [] }`, `roles = { sign = [], verify = [] }`, `roles = { grant = [], read = [], use = [] }`},
	{"", `encryption_context = ["tenant", "app"]`},
	{"", `aliases = ["a"]`},
	{"", `rotation_period_in_days = 90`},
	{"", `deletion_window_in_days = 7`},
	{"", `root_statement = "delegate"`, `root_statement = "none"`},
	{"", `principal_binding = "arn"`},
	{"", `protect_from_destroy = true`},
	{"", `target = { engine = "opentofu" }`, `target = { provider = "6.30" }`},
}

// Pairs returns what module blocks hold, a text each, such that any two values of
// different options stand together in one, with all others left at their first, so
// that no conflict of a third hides the pair. Some are refused: not everything goes
// together.
func Pairs() []string {
	var choices []string
	seen := map[string]bool{}
	for i := range options {
		for j := range i {
			for _, a := range options[i] {
				for _, b := range options[j] {
					if text := choose(map[int]string{i: a, j: b}); !seen[text] {
						seen[text] = true
						choices = append(choices, text)
					}
				}
			}
		}
	}
	return choices
}

// choose writes the options with the chosen values, and the first of all others.
func choose(chosen map[int]string) string {
	choice := make([]string, 0, len(options))
	for i := range options {
		value, ok := chosen[i]
		if !ok {
			value = options[i][0]
		}
		if value != "" {
			choice = append(choice, value)
		}
	}
	return strings.Join(choice, "\n")
}
