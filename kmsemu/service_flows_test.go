package kmsemu_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

// rule makes the statements of a key policy; right is the service that is meant,
// and the twin of the test gives the name of another.
type rule func(service string) []string

// via lets the caller act through a service only, as AWS documents it for
// services that work for their users; more are further conditions.
func via(actions, more string) rule {
	return func(service string) []string {
		condition := fmt.Sprintf(`{"StringEquals":{"kms:ViaService":"%s.us-east-1.amazonaws.com","kms:CallerAccount":"000000000000"}%s}`, service, more)
		return []string{fmt.Sprintf(`{"Sid":"use","Effect":"Allow","Principal":{"AWS":"*"},"Action":[%s],"Resource":"*","Condition":%s}`, actions, condition)}
	}
}

// andGrants adds what services need that make grants.
func andGrants(use rule) rule {
	return func(service string) []string {
		return append(use(service), via(`"kms:CreateGrant"`, `,"Bool":{"kms:GrantIsForAWSResource":"true"}`)(service)...)
	}
}

// itself lets a service principal act under conditions; the twin is another
// principal. {service} in the principal is the name.
func itself(principal, actions, condition string) rule {
	return func(service string) []string {
		return []string{fmt.Sprintf(`{"Sid":"use","Effect":"Allow","Principal":{"Service":%q},"Action":[%s],"Resource":"*","Condition":%s}`,
			strings.ReplaceAll(principal, "{service}", service), actions, condition)}
	}
}

const (
	symmetricUse = `"kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*","kms:DescribeKey"`
	dataKeyUse   = `"kms:GenerateDataKey*","kms:Decrypt"`
)

// like conditions on a pair of the encryption context.
func like(key, value string) string {
	return fmt.Sprintf(`,"StringLike":{"kms:EncryptionContext:%s":"%s"}`, key, value)
}

// story is a service's flows in an order in which they can happen.
type story struct {
	service  string // of kms:ViaService or the principal
	policy   rule
	resource string
	source   string
	// flows, each with what may stop it: "policy", or "grant" if it needs only the
	// grant a flow before it made.
	flows [][2]string
}

const east = ":us-east-1:000000000000:"

var stories = map[string]story{
	"S3 objects": {"s3", via(`"kms:GenerateDataKey","kms:Decrypt"`, like("aws:s3:arn", "arn:aws:s3:::bucket/*")), "arn:aws:s3:::bucket/key", "",
		[][2]string{{"s3:PutObject", "policy"}, {"s3:GetObject", "policy"}}},
	"S3 Bucket Key": {"s3", via(`"kms:GenerateDataKey","kms:Decrypt"`, like("aws:s3:arn", "arn:aws:s3:::bucket")), "arn:aws:s3:::bucket", "",
		[][2]string{{"s3:PutObject", "policy"}, {"s3:GetObject", "policy"}}},
	"S3 events to a topic": {"s3", itself("{service}.amazonaws.com", dataKeyUse, `{"StringEquals":{"aws:SourceAccount":"000000000000"},"ArnLike":{"aws:SourceArn":"arn:aws:s3:::bucket"}}`), "arn:aws:sns" + east + "t", "arn:aws:s3:::bucket",
		[][2]string{{"s3:NotifyTopic", "policy"}}},
	"S3 events to a queue": {"s3", itself("{service}.amazonaws.com", dataKeyUse, `{"ArnEquals":{"aws:SourceArn":"arn:aws:s3:::bucket"}}`), "arn:aws:sqs" + east + "q", "arn:aws:s3:::bucket",
		[][2]string{{"s3:NotifyQueue", "policy"}}},
	"EBS volumes": {"ec2", andGrants(via(symmetricUse, like("aws:ebs:id", "vol-*"))), "arn:aws:ec2" + east + "volume/vol-1", "",
		[][2]string{{"ec2:CreateVolume", "policy"}, {"ec2:AttachVolume", "policy"}}},
	"DynamoDB tables": {"dynamodb", via(symmetricUse+`,"kms:CreateGrant"`, ""), "arn:aws:dynamodb" + east + "table/Books", "",
		[][2]string{{"dynamodb:CreateTable", "policy"}, {"dynamodb:GetItem", "policy"}, {"dynamodb:BackUpTable", "grant"}, {"dynamodb:DeleteTable", "grant"}}},
	"RDS instances": {"rds", via(`"kms:CreateGrant","kms:DescribeKey"`, ""), "arn:aws:rds" + east + "db:db-ABCDEFGHIJ", "",
		[][2]string{{"rds:CreateDBInstance", "policy"}, {"rds:StartDBInstance", "grant"}}},
	"EFS file systems": {"elasticfilesystem", via(symmetricUse+`,"kms:CreateGrant"`, ""), "arn:aws:elasticfilesystem" + east + "file-system/fs-1", "",
		[][2]string{{"elasticfilesystem:CreateFileSystem", "policy"}, {"elasticfilesystem:MountFileSystem", "grant"}}},
	"Secrets Manager secrets": {"secretsmanager", via(symmetricUse, like("SecretARN", "arn:aws:secretsmanager"+east+"secret:s-*")), "arn:aws:secretsmanager" + east + "secret:s-abcdef", "",
		[][2]string{{"secretsmanager:PutSecretValue", "policy"}, {"secretsmanager:GetSecretValue", "policy"}}},
	"SNS topics": {"sns", via(dataKeyUse, like("aws:sns:topicArn", "arn:aws:sns"+east+"t")), "arn:aws:sns" + east + "t", "",
		[][2]string{{"sns:Publish", "policy"}}},
	"SNS to SQS": {"sns", itself("{service}.amazonaws.com", `"kms:GenerateDataKey","kms:Decrypt"`, `{"ArnEquals":{"aws:SourceArn":"arn:aws:sns`+east+`t"}}`), "arn:aws:sqs" + east + "q", "arn:aws:sns" + east + "t",
		[][2]string{{"sns:NotifyQueue", "policy"}}},
	"SQS queues": {"sqs", via(`"kms:GenerateDataKey","kms:Decrypt"`, like("aws:sqs:arn", "arn:aws:sqs"+east+"q")), "arn:aws:sqs" + east + "q", "",
		[][2]string{{"sqs:SendMessage", "policy"}, {"sqs:ReceiveMessage", "policy"}}},
	"CloudWatch Logs groups": {"logs", itself("{service}.us-east-1.amazonaws.com", `"kms:Encrypt*","kms:Decrypt*","kms:ReEncrypt*","kms:GenerateDataKey*","kms:Describe*"`, `{"ArnEquals":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs`+east+`log-group:g"}}`), "arn:aws:logs" + east + "log-group:g", "",
		[][2]string{{"logs:PutLogEvents", "policy"}, {"logs:GetLogEvents", "policy"}}},
	"CloudTrail trails": {"cloudtrail", func(service string) []string {
		const condition = `{"StringEquals":{"aws:SourceArn":"arn:aws:cloudtrail` + east + `trail/t"}%s}`
		principal := "{service}.amazonaws.com"
		return append(
			itself(principal, `"kms:GenerateDataKey*"`, fmt.Sprintf(condition, like("aws:cloudtrail:arn", "arn:aws:cloudtrail:*:000000000000:trail/*")))(service),
			itself(principal, `"kms:DescribeKey"`, fmt.Sprintf(condition, ""))(service)...)
	}, "arn:aws:s3:::logs/AWSLogs/1.json.gz", "arn:aws:cloudtrail" + east + "trail/t",
		[][2]string{{"cloudtrail:CreateTrail", "policy"}, {"cloudtrail:PutLogFile", "policy"}}},
	"CloudTrail log files": {"s3", func(service string) []string {
		return append(
			itself("cloudtrail.amazonaws.com", `"kms:GenerateDataKey*"`, "{}")("cloudtrail"),
			via(`"kms:Decrypt"`, `,"Null":{"kms:EncryptionContext:aws:cloudtrail:arn":"false"}`)(service)...)
	}, "arn:aws:s3:::logs/AWSLogs/1.json.gz", "arn:aws:cloudtrail" + east + "trail/t",
		[][2]string{{"cloudtrail:PutLogFile", "other policy"}, {"s3:GetLogFile", "policy"}}},
	"Lambda environments": {"lambda", via(`"kms:Encrypt","kms:Decrypt","kms:CreateGrant"`, like("aws:lambda:FunctionArn", "arn:aws:lambda"+east+"function:f")), "arn:aws:lambda" + east + "function:f", "",
		[][2]string{{"lambda:SetEnvironment", "policy"}}},
	"Lambda packages": {"lambda", itself("{service}.amazonaws.com", `"kms:GenerateDataKey","kms:Decrypt"`, `{"StringLike":{"kms:EncryptionContext:aws:lambda:FunctionArn":"arn:aws:lambda`+east+`function:f"}}`), "arn:aws:lambda" + east + "function:f", "",
		[][2]string{{"lambda:UploadPackage", "policy"}, {"lambda:LoadPackage", "policy"}}},
	"Kinesis streams": {"kinesis", via(`"kms:GenerateDataKey","kms:Decrypt"`, like("aws:kinesis:arn", "arn:aws:kinesis"+east+"stream/s")), "arn:aws:kinesis" + east + "stream/s", "",
		[][2]string{{"kinesis:PutRecord", "policy"}, {"kinesis:GetRecords", "policy"}}},
	"Parameter Store parameters": {"ssm", via(`"kms:Encrypt","kms:Decrypt"`, like("PARAMETER_ARN", "arn:aws:ssm"+east+"parameter/app/*")), "arn:aws:ssm" + east + "parameter/app/p", "",
		[][2]string{{"ssm:PutParameter", "policy"}, {"ssm:GetParameter", "policy"}}},
	"Parameter Store, advanced": {"ssm", via(`"kms:GenerateDataKey","kms:Decrypt"`, like("PARAMETER_ARN", "arn:aws:ssm"+east+"parameter/app/*")), "arn:aws:ssm" + east + "parameter/app/p", "",
		[][2]string{{"ssm:PutAdvancedParameter", "policy"}, {"ssm:GetParameter", "policy"}}},
}

// TestServiceFlows (K0320 to K0333): each flow succeeds under the policy AWS
// documents for it, and is refused under the account's default policy and under
// the same policy for another service; a flow by grant, without the grant.
func TestServiceFlows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.roleARN(w.root, "")
	function := w.roleARN(w.root, "")
	for name, row := range stories {
		t.Run(name, func(t *testing.T) {
			right := keyPolicy(row.policy(row.service)...)
			key := w.key(withPolicy(right))
			use := kmsemu.ServiceUse{
				Region: region, Caller: role, KeyID: key, Resource: row.resource, SourceARN: row.source, Grantee: roleName(function),
				VersionID: "v1", Plaintext: []byte("secret"),
			}
			if row.service == "ec2" {
				use.Grantee = "i-1"
			}
			for _, flow := range row.flows {
				use.Flow = flow[0]
				if flow[1] == "grant" {
					w.refusesWithoutGrant(use)
				} else {
					w.refusesUnder(keyPolicy(), use)
				}
				if flow[1] == "policy" {
					w.refusesUnder(keyPolicy(row.policy("events")...), use)
				}
				w.putPolicy(key, right)
				result, err := w.Server.UseService(w.ctx, use)
				require.NoError(t, err, flow[0])
				use.Ciphertext, use.GrantID = result.Ciphertext, or(result.GrantID, use.GrantID)
			}
		})
	}
}

func (w *world) putPolicy(key, policy string) {
	w.Helper()
	_, err := w.root.kms.PutKeyPolicy(w.ctx, &kms.PutKeyPolicyInput{KeyId: &key, Policy: &policy})
	require.NoError(w, err)
}

// refused asserts that a flow ends in a denial.
func (w *world) refused(use kmsemu.ServiceUse) {
	w.Helper()
	_, err := w.Server.UseService(w.ctx, use)
	var problem *kmsemu.ServiceError
	require.ErrorAs(w, err, &problem, use.Flow)
	require.Equal(w, "AccessDeniedException", problem.Code, "%s: %v", use.Flow, err)
	require.Contains(w, problem.Error(), problem.Operation+": AccessDeniedException: User: ")
}

func (w *world) refusesUnder(policy string, use kmsemu.ServiceUse) {
	w.Helper()
	w.putPolicy(use.KeyID, policy)
	w.refused(use)
}

// refusesWithoutGrant: the same flow for another table or instance, whose grant
// there is not.
func (w *world) refusesWithoutGrant(use kmsemu.ServiceUse) {
	w.Helper()
	if strings.HasSuffix(use.Flow, ":DeleteTable") {
		use.GrantID = *w.grant(w.root, use.KeyID, rootARN, "DescribeKey").GrantId
		w.refused(use)
		return
	}
	use.Resource += "2"
	w.refused(use)
}

// TestEveryServiceFlowIsCovered by a story or a test of its own.
func TestEveryServiceFlowIsCovered(t *testing.T) {
	t.Parallel()
	covered := map[string]bool{"autoscaling:LaunchInstance": true}
	for _, row := range stories {
		for _, flow := range row.flows {
			covered[flow[0]] = true
		}
	}
	for _, flow := range kmsemu.ServiceFlows() {
		require.True(t, covered[flow], "add %s to a story", flow)
	}
	require.Len(t, covered, len(kmsemu.ServiceFlows()))
}

// TestAutoScalingFlow (K0332): the service-linked role needs the key and the right
// to make grants for AWS resources.
func TestAutoScalingFlow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	out, err := w.root.iam.CreateServiceLinkedRole(w.ctx, &iam.CreateServiceLinkedRoleInput{AWSServiceName: aws.String("autoscaling.amazonaws.com")})
	require.NoError(t, err)
	linked := *out.Role.Arn
	use := `{"Sid":"use","Effect":"Allow","Principal":{"AWS":"` + linked + `"},"Action":[` + symmetricUse + `],"Resource":"*"}`
	grants := statement("Allow", linked, "kms:CreateGrant", `{"Bool":{"kms:GrantIsForAWSResource":"true"}}`)
	launch := kmsemu.ServiceUse{
		Flow: "autoscaling:LaunchInstance", Region: region, Caller: linked, Resource: "arn:aws:ec2:us-east-1:000000000000:volume/vol-1", Grantee: "i-1",
	}
	for name, row := range map[string]struct {
		policy, stopped string
	}{
		"both statements": {keyPolicy(use, grants), ""},
		"use alone":       {keyPolicy(use), "CreateGrant"},
		"grants alone":    {keyPolicy(grants), "GenerateDataKeyWithoutPlaintext"},
	} {
		launch.KeyID = w.key(withPolicy(row.policy))
		result, err := w.Server.UseService(w.ctx, launch)
		if row.stopped == "" {
			require.NoError(t, err, name)
			require.Len(t, result.Plaintext, 64)
			require.Len(t, w.grants(launch.KeyID), 1)
			continue
		}
		var problem *kmsemu.ServiceError
		require.ErrorAs(t, err, &problem, name)
		require.Equal(t, row.stopped, problem.Operation)
	}
}

// TestFlowCalls (K0319): what the service sends, and who it is by then.
func TestFlowCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.roleARN(w.root, "")
	key := w.key(withPolicy(keyPolicy(statement("Allow", role, "kms:*", ""))))
	result, err := w.Server.UseService(w.ctx, kmsemu.ServiceUse{
		Flow: "dynamodb:CreateTable", Region: region, Caller: role, KeyID: key, Resource: "arn:aws:dynamodb:us-east-1:000000000000:table/Books",
	})
	require.NoError(t, err)
	require.Equal(t, key, result.KeyARN)
	require.Len(t, result.Plaintext, 32)
	context := map[string]any{"aws:dynamodb:tableName": "Books", "aws:dynamodb:subscriberId": account}
	require.Equal(t, map[string]any{
		"keyId": key, "granteePrincipal": "dynamodb.us-east-1.amazonaws.com", "retiringPrincipal": "dynamodb.us-east-1.amazonaws.com",
		"operations":  []any{"Decrypt", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo", "RetireGrant", "DescribeKey"},
		"constraints": map[string]any{"encryptionContextSubset": context},
	}, w.event("CreateGrant").RequestParameters)
	require.Equal(t, "dynamodb.amazonaws.com", w.event("CreateGrant").UserIdentity.InvokedBy)
	require.Equal(t, strings.Replace(role, ":iam::", ":sts::", 1), strings.Replace(strings.TrimSuffix(w.event("CreateGrant").UserIdentity.ARN, "/session"), ":assumed-role/", ":role/", 1))
	e := w.event("GenerateDataKey")
	require.Equal(t, map[string]any{"keyId": key, "keySpec": "AES_256", "encryptionContext": context}, e.RequestParameters)
	require.Equal(t, kmsemu.UserIdentity{Type: "AWSService", InvokedBy: "dynamodb.us-east-1.amazonaws.com"}, e.UserIdentity)
	require.Equal(t, "grant "+result.GrantID, e.Decision.Reasons[0].Policy)
	require.Equal(t, "dynamodb.us-east-1.amazonaws.com", *w.grants(key)[0].GranteePrincipal)

	sealed, err := w.Server.UseService(w.ctx, kmsemu.ServiceUse{
		Flow: "ec2:CreateVolume", Region: region, Caller: role, KeyID: key, Resource: "arn:aws:ec2:us-east-1:000000000000:volume/vol-1",
	})
	require.NoError(t, err)
	require.Nil(t, sealed.Plaintext)
	require.EqualValues(t, 64, w.event("GenerateDataKeyWithoutPlaintext").RequestParameters["numberOfBytes"])
	opened, err := w.Server.UseService(w.ctx, kmsemu.ServiceUse{
		Flow: "ec2:AttachVolume", Region: region, Caller: role, KeyID: key, Resource: "arn:aws:ec2:us-east-1:000000000000:volume/vol-1",
		Grantee: "i-81e2f56c", Ciphertext: sealed.Ciphertext,
	})
	require.NoError(t, err)
	require.Len(t, opened.Plaintext, 64)
	infrastructure := w.event("Decrypt").UserIdentity
	require.Equal(t, "arn:aws:sts::000000000000:assumed-role/aws:ec2-infrastructure/i-81e2f56c", infrastructure.ARN)
	require.Equal(t, "000000000000:aws:ec2-infrastructure:i-81e2f56c", infrastructure.PrincipalID)
	require.Equal(t, "aws:ec2-infrastructure", infrastructure.SessionContext.SessionIssuer.UserName)
}

// TestFlowCallers (K0319): who a service can work for.
func TestFlowCallers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role, session := w.roleAndSession()
	user, err := w.root.iam.CreateUser(w.ctx, &iam.CreateUserInput{UserName: aws.String("alice")})
	require.NoError(t, err)
	credentials, err := session.Credentials.Retrieve(w.ctx)
	require.NoError(t, err)
	accessKey, err := w.root.iam.CreateAccessKey(w.ctx, &iam.CreateAccessKeyInput{UserName: aws.String("alice")})
	require.NoError(t, err)
	for name, row := range map[string]struct{ caller, named string }{
		"role":                   {role, role},
		"session":                {session.arn, role},
		"access key of sessions": {credentials.AccessKeyID, role},
		"user":                   {*user.User.Arn, *user.User.Arn},
		"access key of users":    {*accessKey.AccessKey.AccessKeyId, *user.User.Arn},
		"root":                   {rootARN, rootARN},
		"access key of root":     {"test", rootARN},
	} {
		t.Run(name, func(t *testing.T) {
			put := kmsemu.ServiceUse{Flow: "s3:PutObject", Region: region, Caller: row.caller, Resource: "arn:aws:s3:::b/k"}
			put.KeyID = w.key(withPolicy(keyPolicy(statement("Allow", row.named, "kms:GenerateDataKey", ""))))
			_, err := w.Server.UseService(w.ctx, put)
			require.NoError(t, err)
			if row.named != rootARN {
				put.KeyID = w.key()
				w.refused(put)
			}
		})
	}
}

// TestFlowProblems: what is wrong with a use is told before any call.
func TestFlowProblems(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := kmsemu.ServiceUse{Flow: "s3:PutObject", Region: region, Caller: rootARN, KeyID: w.key(), Resource: "arn:aws:s3:::b/k"}
	_, err := w.Server.UseService(w.ctx, good)
	require.NoError(t, err)
	calls := len(w.Server.Events())
	for name, row := range map[string]struct {
		change func(*kmsemu.ServiceUse)
		text   string
	}{
		"flow":     {func(u *kmsemu.ServiceUse) { u.Flow = "s3:Put" }, `flow "s3:Put" is not known: use one of autoscaling:LaunchInstance, `},
		"service":  {func(u *kmsemu.ServiceUse) { u.Flow = "s4:PutObject" }, `flow "s4:PutObject" is not known`},
		"Region":   {func(u *kmsemu.ServiceUse) { u.Region = "" }, `"" is not a Region`},
		"resource": {func(u *kmsemu.ServiceUse) { u.Resource = "" }, "flow s3:PutObject needs to know the resource"},
		"caller":   {func(u *kmsemu.ServiceUse) { u.Caller = "arn:aws:iam::000000000000:role/missing" }, `caller "arn:aws:iam::000000000000:role/missing" does not exist`},
		"grantee":  {func(u *kmsemu.ServiceUse) { u.Flow = "ec2:AttachVolume" }, "flow ec2:AttachVolume needs to know the grantee"},
	} {
		use := good
		row.change(&use)
		_, err := w.Server.UseService(w.ctx, use)
		require.ErrorContains(t, err, row.text, name)
		var problem *kmsemu.ServiceError
		require.False(t, errors.As(err, &problem), name)
	}
	require.Len(t, w.Server.Events(), calls)

	good.KeyID = "missing"
	_, err = w.Server.UseService(w.ctx, good)
	var problem *kmsemu.ServiceError
	require.ErrorAs(t, err, &problem)
	require.Equal(t, "NotFoundException", problem.Code)
}
