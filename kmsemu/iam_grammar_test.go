package kmsemu_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/stretchr/testify/require"
)

// TestPolicyGrammar (K0613): what IAM takes for a policy, and the words in which it
// refuses what differs in one thing.
func TestPolicyGrammar(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	create := func(document string) error {
		_, err := w.root.iam.CreatePolicy(w.ctx, &iam.CreatePolicyInput{PolicyName: aws.String(w.name("p")), PolicyDocument: &document})
		return err
	}
	about := func(resource string) string { return allow("kms:Decrypt", resource) }
	when := func(date string) string {
		return strings.Replace(allow("kms:Decrypt", "*"), `"Effect"`, `"Condition":{"DateLessThan":{"aws:CurrentTime":"`+date+`"}},"Effect"`, 1)
	}
	version := func(version string) string { return strings.Replace(allow("kms:*", "*"), "2012-10-17", version, 1) }
	without := func(element string) string { return strings.Replace(allow("kms:*", "*"), element, "", 1) }
	for name, row := range map[string]struct{ good, bad, message string }{
		"version":              {version("2012-10-17"), version("2008-10-17"), "Policy document must be version 2012-10-17 or greater."},
		"version left out":     {version("2012-10-17"), without(`"Version":"2012-10-17",`), "Policy document must be version 2012-10-17 or greater."},
		"partition":            {about("arn:aws-cn:kms:*:*:key/1"), about("arn:error:kms:*:*:key/1"), `Partition "error" is not valid for resource "arn:error:kms:*:*:key/1".`},
		"partition, wildcard":  {about("arn:*:kms:*:*:key/1"), about("aws:kms:*:*:key/1"), `Partition "kms" is not valid for resource "arn:kms:*:*:key/1:*".`},
		"vendor of a resource": {about("arn:aws:kms"), about("arn:aws"), "Resource vendor must be fully qualified and cannot contain regexes."},
		"parts of a resource":  {about("arn:aws:s3:::bucket"), about("arn:aws:s3::bucket"), "The policy failed legacy parsing"},
		"no vendor":            {about("arn:aws:none:::bucket"), about("arn:aws::::bucket"), "The policy failed legacy parsing"},
		"IAM resource":         {about("arn:aws:iam::111122223333:role/a"), about("arn:aws:iam:us-east-1:111122223333:role/a"), "IAM resource arn:aws:iam:us-east-1:111122223333:role/a cannot contain region information."},
		"kind of IAM resource": {about("arn:aws:iam::111122223333:*"), about("arn:aws:iam::111122223333:roles/a"), `IAM resource path must either be "*", root, or start with user/, federated-user/, role/, group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/.`},
		"bucket":               {about("arn:aws:s3:us-east-1:111122223333:accesspoint/a"), about("arn:aws:s3:us-east-1::bucket"), "Resource arn:aws:s3:us-east-1::bucket can not contain region information."},
		"vendor of an action":  {allow("s3-x.y:Get*", "*"), allow("s 3:Get*", "*"), "Vendor s 3 is not valid"},
		"date":                 {when("2030-01-02T03:04:05Z"), when("soon"), "The policy failed legacy parsing"},
		"seconds":              {when("-292275054"), when("9223372036854775808"), "The policy failed legacy parsing"},
		"odd date":             {when("01T"), when("T01"), "The policy failed legacy parsing"},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, create(row.good))
			fails(t, create(row.bad), "MalformedPolicyDocument", row.message)
		})
	}
	failsLike(t, create("{"), "MalformedPolicyDocument", "Syntax errors in policy.")
}

// TestOldPoliciesInline (K0613): only managed policies have to be of the newest version.
func TestOldPoliciesInline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.role(`{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*"}}`)
}
