package generator

import "slices"

// grantable are the operations that a grant can give on a key, by what the key
// can do. CreateGrant is left out: it lets the grantee pass the key on. Source: KMS
// Developer Guide, Grants in AWS KMS: Grant operations.
var grantable = map[ability][]string{
	encryptsSymmetrically: {
		"Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext",
		"GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo", "RetireGrant",
	},
	encryptsAsymmetrically: {"Decrypt", "DescribeKey", "Encrypt", "GetPublicKey", "ReEncryptFrom", "ReEncryptTo", "RetireGrant"},
	signs:                  {"DescribeKey", "GetPublicKey", "RetireGrant", "Sign", "Verify"},
	makesMACs:              {"DescribeKey", "GenerateMac", "RetireGrant", "VerifyMac"},
	agrees:                 {"DeriveSharedSecret", "DescribeKey", "GetPublicKey", "RetireGrant"},
	encapsulates:           {"Decapsulate", "DescribeKey", "Encapsulate", "GetPublicKey", "RetireGrant"},
}

func keyID() variable {
	return variable{
		Name: "key_id", Type: "string", Description: "Id or ARN of the key, not an alias.", Sample: `"1234abcd-12ab-34cd-56ef-1234567890ab"`,
		Rules: []rule{{`!strcontains(var.key_id, "alias/") && var.key_id != ""`, "Name the key by its id or ARN: an alias may come to stand for another key.", []bad{{"key_by_its_alias", `"alias/app"`}, {"key_empty", `""`}}}},
	}
}

func keyIDs() variable {
	return variable{
		Name: "key_ids", Type: "map(string)", Default: "{}",
		Description: "Ids or ARNs of the keys that get the policy, by names of your own. Empty to take the policy from the output alone.",
		Sample:      `{ orders = "1234abcd-12ab-34cd-56ef-1234567890ab" }`,
		Rules: []rule{{
			`alltrue([for id in values(var.key_ids) : !strcontains(id, "alias/") && id != ""])`,
			"Name keys by their ids or ARNs: an alias would be written again at each apply.",
			[]bad{{"key_by_its_alias", `{ orders = "alias/app" }`}, {"key_empty", `{ orders = "" }`}},
		}},
	}
}

const grantType = `map(object({
  grantee_principal  = string
  operations         = set(string)
  retiring_principal = optional(string)
  constraints = optional(object({
    encryption_context_equals = optional(map(string))
    encryption_context_subset = optional(map(string))
  }))
}))`

// grantBad is the map of one grant with what is wrong with it.
func grantBad(attributes string) string { return "{ test = { " + attributes + " } }" }

const goodGrantee = `grantee_principal = "arn:aws:iam::111122223333:role/app"`

func (m *Module) grantsVariable() variable {
	operations := grantable[m.ability()]
	first := quote(operations[0])
	refused := `"GenerateMac"`
	if slices.Contains(operations, "GenerateMac") {
		refused = `"Decrypt"`
	}
	v := variable{
		Name: "grants", Type: grantType, Default: "{}",
		Description: "Grants on the key, by their names: who gets which operations, who may retire the grant, and which encryption context it takes. A change replaces the grant.",
		Sample:      `{ app = { ` + goodGrantee + `, operations = [` + first + `, "DescribeKey"] } }`,
		Rules: []rule{
			{
				`alltrue([for name in keys(var.grants) : can(regex("^[a-zA-Z0-9:/_-]{1,256}$", name))])`,
				"The name of a grant has 1 to 256 letters, digits, colons, slashes, underscores and hyphens.",
				[]bad{{"grant_name_with_a_space", `{ "my grant" = { ` + goodGrantee + `, operations = [` + first + `] } }`}},
			},
			{
				"alltrue([for grant in values(var.grants) : alltrue([for arn in compact([grant.grantee_principal, grant.retiring_principal]) : can(regex(" + quote(principalPattern) + ", arn))])])",
				"Grantees and retiring principals are ARNs of IAM roles or users, such as arn:aws:iam::111122223333:role/app: no wildcards, accounts or sessions.",
				[]bad{
					{"grant_to_everyone", grantBad(`grantee_principal = "*", operations = [` + first + `]`)},
					{"grant_to_an_account", grantBad(`grantee_principal = "arn:aws:iam::111122223333:root", operations = [` + first + `]`)},
					{"grant_retired_by_a_session", grantBad(goodGrantee + `, operations = [` + first + `], retiring_principal = "arn:aws:sts::111122223333:assumed-role/app/session"`)},
				},
			},
			{
				"alltrue([for grant in values(var.grants) : length(grant.operations) > 0 && length(setsubtract(grant.operations, " + list(operations) + ")) == 0])",
				"A grant on a key for " + string(m.ability()) + " has one or more of its operations. CreateGrant is none: it would let the grantee pass the key on.",
				[]bad{
					{"grant_of_nothing", grantBad(goodGrantee + `, operations = []`)},
					{"grant_that_the_key_cannot_honour", grantBad(goodGrantee + `, operations = [` + refused + `]`)},
					{"grant_to_grant", grantBad(goodGrantee + `, operations = ["CreateGrant"]`)},
				},
			},
		},
	}
	v.Rules = append(v.Rules, m.constraintRule(first))
	return v
}

// constraintRule: at most one kind, with pairs in it, and none on keys that take
// no encryption context.
func (m *Module) constraintRule(first string) rule {
	const pair = `{ tenant = "a" }`
	if m.ability() != encryptsSymmetrically {
		return rule{
			"alltrue([for grant in values(var.grants) : grant.constraints == null])",
			"A key for " + string(m.ability()) + " takes no encryption context, and its grants no constraints.",
			[]bad{{"grant_with_a_constraint", grantBad(goodGrantee + `, operations = [` + first + `], constraints = { encryption_context_equals = ` + pair + ` }`)}},
		}
	}
	return rule{
		"alltrue([for grant in values(var.grants) : grant.constraints == null ? true : length([for pairs in [grant.constraints.encryption_context_equals, grant.constraints.encryption_context_subset] : pairs if length(pairs == null ? {} : pairs) > 0]) == 1])",
		"Constraints are encryption_context_equals or encryption_context_subset, one of them and not empty: KMS takes no grant with both.",
		[]bad{
			{"grant_with_both_constraints", grantBad(goodGrantee + `, operations = [` + first + `], constraints = { encryption_context_equals = ` + pair + `, encryption_context_subset = ` + pair + ` }`)},
			{"grant_with_an_empty_constraint", grantBad(goodGrantee + `, operations = [` + first + `], constraints = {}`)},
		},
	}
}
