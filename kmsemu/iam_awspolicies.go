package kmsemu

import (
	"strings"
	"sync"
	"time"
)

// awsAccount stands in the ARNs of AWS managed policies where others have an
// account id.
const awsAccount = "aws"

// awsPolicyTexts are the AWS managed policies known here: those that come up
// around KMS and whose text is published. Any other is refused as not existing,
// never taken for empty (K0410). Source: AWS Managed Policy Reference Guide.
var awsPolicyTexts = []struct {
	name, path, id, version string
	created, updated        string
	description, text       string
}{
	{
		"AdministratorAccess", "/", "ANPAIWMBCKSKIEE64ZLYK", "v1", "2015-02-06T18:39:46Z", "2015-02-06T18:39:46Z",
		"Provides full access to AWS services and resources.",
		`{
  "Version" : "2012-10-17",
  "Statement" : [ { "Effect" : "Allow", "Action" : "*", "Resource" : "*" } ]
}`,
	},
	{
		"PowerUserAccess", "/", "ANPAJYRXTHIB4FOVS3ZXS", "v12", "2015-02-06T18:39:47Z", "2026-02-12T17:59:00Z",
		"Provides full access to AWS services and resources, but does not allow management of Users and groups.",
		`{
  "Version" : "2012-10-17",
  "Statement" : [
    { "Effect" : "Allow", "NotAction" : [ "iam:*", "organizations:*", "account:*" ], "Resource" : "*" },
    {
      "Effect" : "Allow",
      "Action" : [
        "account:GetAccountInformation", "account:GetGovCloudAccountInformation", "account:GetPrimaryEmail", "account:ListRegions",
        "iam:CreateServiceLinkedRole", "iam:DeleteServiceLinkedRole", "iam:ListRoles",
        "organizations:DescribeEffectivePolicy", "organizations:DescribeOrganization"
      ],
      "Resource" : "*"
    }
  ]
}`,
	},
	{
		"AWSKeyManagementServicePowerUser", "/", "ANPAJNPP7PPPPMJRV2SA4", "v2", "2015-02-06T18:40:40Z", "2017-03-07T00:55:11Z",
		"Provides access to AWS Key Management Service (KMS).",
		`{
  "Version" : "2012-10-17",
  "Statement" : [ {
    "Effect" : "Allow",
    "Action" : [
      "kms:CreateAlias", "kms:CreateKey", "kms:DeleteAlias", "kms:Describe*", "kms:GenerateRandom", "kms:Get*", "kms:List*",
      "kms:TagResource", "kms:UntagResource", "iam:ListGroups", "iam:ListRoles", "iam:ListUsers"
    ],
    "Resource" : "*"
  } ]
}`,
	},
	{
		"AWSLambdaBasicExecutionRole", "/service-role/", "ANPAJNCQGXC42545SKXIK", "v1", "2015-04-09T15:03:43Z", "2015-04-09T15:03:43Z",
		"Provides write permissions to CloudWatch Logs.",
		`{
  "Version" : "2012-10-17",
  "Statement" : [ {
    "Effect" : "Allow",
    "Action" : [ "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents" ],
    "Resource" : "*"
  } ]
}`,
	},
}

// awsPolicies are the AWS managed policies by ARN, in every partition. They never
// change, so all servers share them.
var awsPolicies = sync.OnceValue(readAWSPolicies)

var partitions = []string{"aws", "aws-cn", "aws-us-gov"}

func readAWSPolicies() map[string]*managedPolicy {
	out := map[string]*managedPolicy{}
	for _, row := range awsPolicyTexts {
		policy, err := parseIdentityPolicy("managed policy "+row.name, row.text)
		if err != nil {
			panic("the AWS managed policy " + row.name + " does not parse: " + err.Error()) // a mistake in the table above
		}
		created, updated := mustTime(row.created), mustTime(row.updated)
		v := &policyVersion{document{text: row.text, policy: policy}, row.version, updated}
		for _, name := range partitions {
			arn := "arn:" + name + ":iam::" + awsAccount + ":policy" + row.path + row.name
			out[arn] = &managedPolicy{
				entity:      entity{id: row.id, account: awsAccount, arn: arn, name: row.name, path: row.path, created: created},
				description: row.description, updated: updated, versions: []*policyVersion{v}, standard: v,
			}
		}
	}
	return out
}

func mustTime(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err) // a mistake in the table above
	}
	return t
}

// awsManagedPolicy finds an AWS managed policy; nil if it is none or not known.
func awsManagedPolicy(arn string) *managedPolicy { return awsPolicies()[arn] }

// awsManagedPolicies lists those of a partition.
func awsManagedPolicies(partition string) []*managedPolicy {
	var out []*managedPolicy
	for arn, p := range awsPolicies() {
		if strings.HasPrefix(arn, "arn:"+partition+":") {
			out = append(out, p)
		}
	}
	return out
}
