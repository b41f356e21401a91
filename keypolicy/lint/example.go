package lint

import "strings"

// The principals of the examples, as values of a Principal element.
const (
	everybody = `"*"`
	rootUser  = `{"AWS": "arn:aws:iam::111122223333:root"}`
	adminRole = `{"AWS": "arn:aws:iam::111122223333:role/key-admin"}`
	appRole   = `{"AWS": "arn:aws:iam::111122223333:role/app"}`
	partner   = `{"AWS": "arn:aws:iam::444455556666:role/partner"}`
	logTrail  = `{"Service": "cloudtrail.amazonaws.com"}`
)

// accountStatement leaves the key to the account's IAM policies, as the default
// key policy of KMS does.
func accountStatement() string { return allow(rootUser, `"kms:*"`, "") }

// allow and deny write a statement; the condition may be "".
func allow(principal, actions, condition string) string {
	return statementText("Allow", principal, actions, condition)
}

func deny(principal, actions, condition string) string {
	return statementText("Deny", principal, actions, condition)
}

func statementText(effect, principal, actions, condition string) string {
	text := `{"Effect": "` + effect + `", "Principal": ` + principal + `, "Action": ` + actions + `, "Resource": "*"`
	if condition != "" {
		text += `, "Condition": ` + condition
	}
	return text + "}"
}

// document is a policy of statements. The first of them is flagged; see at.
func document(statements ...string) Example {
	return Example{Policy: "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    " + strings.Join(statements, ",\n    ") + "\n  ]\n}"}
}

// delegating is a key policy that leaves the key to the account's IAM policies
// and has statements besides, of which the first is flagged.
func delegating(statements ...string) Example {
	return document(append([]string{accountStatement()}, statements...)...).at(1)
}

// decryptOn is an IAM policy that allows kms:Decrypt on a resource.
func decryptOn(resource string) Example {
	e := document(`{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": ` + resource + `}`)
	e.Kind = IdentityPolicy
	return e
}

// at says which statement is flagged.
func (e Example) at(statement int) Example {
	e.Statement = statement
	return e
}

// of adds what is known of the key.
func (e Example) of(key Settings) Example {
	e.Key = &key
	return e
}

// by says who applies the policy.
func (e Example) by(arn string) Example {
	e.Applier = arn
	return e
}
