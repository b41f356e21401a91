package kmsemu

// serviceProfile is how an AWS service uses KMS keys. Sources, unless a row says
// otherwise: the encryption page of the service's own guide and, for older forms
// of the same text, the KMS Developer Guide, "How AWS services use AWS KMS".
type serviceProfile struct {
	// via is the service in kms:ViaService, without Region and domain.
	via string
	// principal is the service principal, grantee the one that grants name and
	// that uses them; "" for none. {region} stands for the Region.
	principal, grantee string
	// calledVia: the service sets aws:CalledVia as well.
	calledVia bool
	flows     map[string]serviceFlow
}

// serviceFlow is what the service asks of KMS when its user does one thing.
type serviceFlow struct {
	// context is the encryption context; see [flowRun.expand] for {names}.
	context map[string]string
	grant   *grantPlan // the grant CreateGrant makes
	steps   []serviceStep
}

// serviceStep is one call.
type serviceStep struct {
	operation string
	by        actor
}

// actor is whose rights a step has.
type actor uint8

const (
	byCaller  actor = iota // those of the service's user
	byService              // those of the service principal
	byGrantee              // those of the grant
)

// grantPlan is the grant a service makes for itself.
type grantPlan struct {
	grantee, retirer string
	operations       []string
	exact            bool // the constraint is EncryptionContextEquals, not Subset
}

// ec2Infrastructure is the role that holds the keys of an instance's volumes, with
// the instance as its session (K0323).
const ec2Infrastructure = "arn:{partition}:sts::{account}:assumed-role/aws:ec2-infrastructure/{grantee}"

var (
	ebsContext    = map[string]string{"aws:ebs:id": "{id}"}
	ebsGrant      = &grantPlan{grantee: ec2Infrastructure, operations: []string{"Decrypt"}}
	rdsContext    = map[string]string{"aws:rds:db-id": "{id}"}
	tableContext  = map[string]string{"aws:dynamodb:tableName": "{id}", "aws:dynamodb:subscriberId": "{account}"}
	secretContext = map[string]string{"SecretARN": "{resource}", "SecretVersionId": "{version}"}
	logContext    = map[string]string{"aws:cloudtrail:arn": "{source}", "aws:s3:arn": "{resource}"}
	lambdaContext = map[string]string{"aws:lambda:FunctionArn": "{resource}"}
	efsContext    = map[string]string{"aws:elasticfilesystem:filesystem:id": "{id}"}
	objectContext = map[string]string{"aws:s3:arn": "{resource}"}
	topicContext  = map[string]string{"aws:sns:topicArn": "{resource}"}
	queueContext  = map[string]string{"aws:sqs:arn": "{resource}"}
	streamContext = map[string]string{"aws:kinesis:arn": "{resource}"}
	paramContext  = map[string]string{"PARAMETER_ARN": "{resource}"}
	groupContext  = map[string]string{"aws:logs:arn": "{resource}"}
)

// serviceProfiles are the services, by the name of their profile. K0320 to K0333
// say what of each row is documented and what is assumed.
var serviceProfiles = map[string]*serviceProfile{
	"autoscaling": {via: "ec2", principal: "autoscaling.amazonaws.com", flows: map[string]serviceFlow{
		"LaunchInstance": {ebsContext, ebsGrant, []serviceStep{
			{"GenerateDataKeyWithoutPlaintext", byCaller}, {"CreateGrant", byCaller}, {"Decrypt", byGrantee},
		}},
	}},
	"cloudtrail": {via: "cloudtrail", principal: "cloudtrail.amazonaws.com", flows: map[string]serviceFlow{
		"CreateTrail": {logContext, nil, []serviceStep{{"DescribeKey", byService}, {"GenerateDataKey", byService}}},
		"PutLogFile":  {logContext, nil, []serviceStep{{"GenerateDataKey", byService}}},
	}},
	"dynamodb": {
		via: "dynamodb", principal: "dynamodb.amazonaws.com", grantee: "dynamodb.{region}.amazonaws.com", calledVia: true,
		flows: map[string]serviceFlow{
			"CreateTable": {tableContext, &grantPlan{
				grantee: "dynamodb.{region}.amazonaws.com", retirer: "dynamodb.{region}.amazonaws.com",
				operations: []string{"Decrypt", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo", "RetireGrant", "DescribeKey"},
			}, []serviceStep{{"DescribeKey", byCaller}, {"CreateGrant", byCaller}, {"GenerateDataKey", byGrantee}}},
			"GetItem":     {tableContext, nil, []serviceStep{{"Decrypt", byCaller}}},
			"BackUpTable": {tableContext, nil, []serviceStep{{"Decrypt", byGrantee}}},
			"DeleteTable": {tableContext, nil, []serviceStep{{"RetireGrant", byGrantee}}},
		},
	},
	"ec2": {via: "ec2", principal: "ec2.amazonaws.com", flows: map[string]serviceFlow{
		"CreateVolume": {ebsContext, nil, []serviceStep{{"GenerateDataKeyWithoutPlaintext", byCaller}}},
		"AttachVolume": {ebsContext, ebsGrant, []serviceStep{{"CreateGrant", byCaller}, {"Decrypt", byGrantee}}},
	}},
	"elasticfilesystem": {
		via: "elasticfilesystem", principal: "elasticfilesystem.amazonaws.com", grantee: "elasticfilesystem.{region}.amazonaws.com",
		flows: map[string]serviceFlow{
			"CreateFileSystem": {efsContext, &grantPlan{
				grantee: "elasticfilesystem.{region}.amazonaws.com", retirer: "elasticfilesystem.{region}.amazonaws.com",
				operations: []string{"Decrypt", "DescribeKey", "RetireGrant"}, exact: true,
			}, []serviceStep{{"DescribeKey", byCaller}, {"GenerateDataKeyWithoutPlaintext", byCaller}, {"CreateGrant", byCaller}}},
			"MountFileSystem": {efsContext, nil, []serviceStep{{"Decrypt", byGrantee}}},
		},
	},
	"kinesis": {via: "kinesis", principal: "kinesis.amazonaws.com", flows: map[string]serviceFlow{
		"PutRecord":  {streamContext, nil, []serviceStep{{"GenerateDataKey", byCaller}}},
		"GetRecords": {streamContext, nil, []serviceStep{{"Decrypt", byCaller}}},
	}},
	"lambda": {via: "lambda", principal: "lambda.amazonaws.com", flows: map[string]serviceFlow{
		"SetEnvironment": {lambdaContext, &grantPlan{
			grantee:    "arn:{partition}:sts::{account}:assumed-role/{grantee}/{id}",
			operations: []string{"Decrypt", "RetireGrant"}, exact: true,
		}, []serviceStep{{"CreateGrant", byCaller}, {"Encrypt", byCaller}, {"Decrypt", byGrantee}}},
		"UploadPackage": {lambdaContext, nil, []serviceStep{{"GenerateDataKey", byService}}},
		"LoadPackage":   {lambdaContext, nil, []serviceStep{{"Decrypt", byService}}},
	}},
	"logs": {via: "logs", principal: "logs.{region}.amazonaws.com", flows: map[string]serviceFlow{
		"PutLogEvents": {groupContext, nil, []serviceStep{{"GenerateDataKey", byService}}},
		"GetLogEvents": {groupContext, nil, []serviceStep{{"Decrypt", byService}}},
	}},
	"rds": {via: "rds", principal: "rds.amazonaws.com", grantee: "rds.{region}.amazonaws.com", flows: map[string]serviceFlow{
		"CreateDBInstance": {rdsContext, &grantPlan{
			grantee: "rds.{region}.amazonaws.com", retirer: "rds.{region}.amazonaws.com",
			operations: []string{
				"Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo",
				"CreateGrant", "RetireGrant", "DescribeKey",
			},
		}, []serviceStep{{"DescribeKey", byCaller}, {"CreateGrant", byCaller}, {"GenerateDataKeyWithoutPlaintext", byGrantee}}},
		"StartDBInstance": {rdsContext, nil, []serviceStep{{"Decrypt", byGrantee}}},
	}},
	"s3": {via: "s3", principal: "s3.amazonaws.com", flows: map[string]serviceFlow{
		"PutObject":   {objectContext, nil, []serviceStep{{"GenerateDataKey", byCaller}}},
		"GetObject":   {objectContext, nil, []serviceStep{{"Decrypt", byCaller}}},
		"GetLogFile":  {logContext, nil, []serviceStep{{"Decrypt", byCaller}}},
		"NotifyTopic": {topicContext, nil, []serviceStep{{"GenerateDataKey", byService}, {"Decrypt", byService}}},
		"NotifyQueue": {queueContext, nil, []serviceStep{{"GenerateDataKey", byService}, {"Decrypt", byService}}},
	}},
	"secretsmanager": {via: "secretsmanager", principal: "secretsmanager.amazonaws.com", flows: map[string]serviceFlow{
		"PutSecretValue": {secretContext, nil, []serviceStep{{"GenerateDataKey", byCaller}, {"Decrypt", byCaller}}},
		"GetSecretValue": {secretContext, nil, []serviceStep{{"Decrypt", byCaller}}},
	}},
	"sns": {via: "sns", principal: "sns.amazonaws.com", flows: map[string]serviceFlow{
		"Publish": {topicContext, nil, []serviceStep{{"GenerateDataKey", byCaller}, {"Decrypt", byCaller}}},
		// A topic that delivers to an encrypted queue.
		"NotifyQueue": {queueContext, nil, []serviceStep{{"GenerateDataKey", byService}, {"Decrypt", byService}}},
	}},
	"sqs": {via: "sqs", principal: "sqs.amazonaws.com", flows: map[string]serviceFlow{
		"SendMessage":    {queueContext, nil, []serviceStep{{"GenerateDataKey", byCaller}, {"Decrypt", byCaller}}},
		"ReceiveMessage": {queueContext, nil, []serviceStep{{"Decrypt", byCaller}}},
	}},
	"ssm": {via: "ssm", principal: "ssm.amazonaws.com", flows: map[string]serviceFlow{
		"PutParameter":         {paramContext, nil, []serviceStep{{"Encrypt", byCaller}}},
		"PutAdvancedParameter": {paramContext, nil, []serviceStep{{"GenerateDataKey", byCaller}}},
		"GetParameter":         {paramContext, nil, []serviceStep{{"Decrypt", byCaller}}},
	}},
}
