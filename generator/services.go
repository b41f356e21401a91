package generator

// service is an AWS service that uses keys, with what its documentation says a
// key policy must hold for it.
type service struct {
	title string
	// spec and usage of the keys it takes.
	spec, usage string
	// singleRegion is true if it takes no multi-Region keys.
	singleRegion bool
	// callers are roles and users that use the key through the service.
	callers []caller
	// patterns are ARNs of resources that the service acts for.
	patterns []pattern
	// names are lists of service principals.
	names []nameList
	// itself are the statements for service principals.
	itself []statement
	// checks are preconditions that the service adds.
	checks []precondition
	source source
}

// caller is a list of roles and users that use the key through a service.
type caller struct {
	variable, sid string
	actions       []string
	// grants is true if the service makes grants for them.
	grants bool
	// conditions of all that they do; those of grants come on top.
	conditions []condition
	// foreign is true if they may be of other accounts.
	foreign bool
	// grantConditions replace forAWSResource, where the service does not have it.
	grantConditions []condition
	// doc completes "ARNs of the IAM roles and users that".
	doc string
	why []string
}

// pattern is a list of ARNs, with wildcards, of resources that a service acts for.
type pattern struct {
	variable, doc string
	// form of the ARNs, a regular expression; example is one.
	form, example string
	// all is an HCL expression: what an empty list stands for.
	all string
}

// nameList is a list of service principals.
type nameList struct{ name, doc, example string }

var (
	symmetricUse = useActions
	dataKeyUse   = []string{"kms:Decrypt", "kms:GenerateDataKey"}
	decryptOnly  = []string{"kms:Decrypt"}
)

// through is a caller of a service that works with the caller's rights.
func through(service, title string, c caller) caller {
	c.conditions = append([]condition{via(service, title), ownCallers}, c.conditions...)
	return c
}

var throughWhy = []string{"Only through the service: they cannot call KMS for themselves."}

// services by their names in specs. The page of each is in its source.
var services = map[string]service{
	"s3": {
		title: "Amazon S3", spec: symmetricDefault, usage: encryptDecrypt,
		callers: []caller{
			through("s3", "Amazon S3", caller{variable: "s3_users", sid: "S3Users", actions: dataKeyUse, doc: "read and write objects.", why: throughWhy}),
			through("s3", "Amazon S3", caller{variable: "s3_readers", sid: "S3Readers", actions: decryptOnly, doc: "read objects.", why: throughWhy}),
		},
		source: source{"Amazon S3 User Guide, Using server-side encryption with AWS KMS keys (SSE-KMS)", "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html"},
	},
	"rds": {
		title: "Amazon RDS", spec: symmetricDefault, usage: encryptDecrypt,
		callers: []caller{
			through("rds", "Amazon RDS", caller{variable: "rds_users", sid: "RDSUsers", actions: []string{"kms:DescribeKey"}, grants: true, doc: "create and change databases.", why: throughWhy}),
		},
		source: source{"Amazon RDS User Guide, AWS KMS key management", "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.Keys.html"},
	},
	"dynamodb": {
		title: "Amazon DynamoDB", spec: symmetricDefault, usage: encryptDecrypt,
		callers: []caller{{
			variable: "dynamodb_users", sid: "DynamoDBUsers", actions: symmetricUse, grants: true, doc: "read and write tables.",
			// Any Region: replicas of global tables call from theirs.
			conditions: []condition{
				{"StringLike", "kms:ViaService", `["dynamodb.*.amazonaws.com"]`, "through Amazon DynamoDB, in any Region"}, ownCallers,
			},
			why: []string{"Only through the service. Any Region, because global tables call from each", "of theirs."},
		}},
		source: source{"Amazon DynamoDB Developer Guide, DynamoDB encryption at rest: usage notes", "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html"},
	},
	"ebs": {
		title: "Amazon EBS", spec: symmetricDefault, usage: encryptDecrypt,
		callers: []caller{
			through("ec2", "Amazon EC2", caller{
				variable: "ebs_users", sid: "EBSUsers", grants: true, doc: "create and attach volumes.", why: throughWhy,
				actions: []string{"kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"},
			}),
			{
				variable: "autoscaling_roles", sid: "AutoScaling", actions: symmetricUse, grants: true, foreign: true,
				doc: "launch instances for Auto Scaling: service-linked roles, which must exist, such as `arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling`.",
				why: []string{"Auto Scaling launches instances in its service-linked role, which calls KMS", "itself."},
			},
		},
		source: source{"Amazon EBS User Guide, Requirements for Amazon EBS encryption; Amazon EC2 Auto Scaling User Guide, Required AWS KMS key policy for use with encrypted volumes", "https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html"},
	},
	"efs": {
		title: "Amazon EFS", spec: symmetricDefault, usage: encryptDecrypt,
		callers: []caller{
			through("elasticfilesystem", "Amazon EFS", caller{
				variable: "efs_users", sid: "EFSUsers", grants: true, doc: "create file systems.", why: throughWhy,
				actions: []string{"kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext"},
			}),
		},
		source: source{"Amazon EFS User Guide, Using AWS KMS keys for Amazon EFS", "https://docs.aws.amazon.com/efs/latest/ug/EFSKMS.html"},
	},
	"secretsmanager": {
		title: "AWS Secrets Manager", spec: symmetricDefault, usage: encryptDecrypt,
		callers: []caller{
			through("secretsmanager", "AWS Secrets Manager", caller{variable: "secretsmanager_users", sid: "SecretsManagerUsers", actions: dataKeyUse, doc: "read and write secrets.", why: throughWhy}),
			through("secretsmanager", "AWS Secrets Manager", caller{variable: "secretsmanager_readers", sid: "SecretsManagerReaders", actions: decryptOnly, doc: "read secrets.", why: throughWhy}),
		},
		source: source{"AWS Secrets Manager User Guide, Secret encryption and decryption in AWS Secrets Manager", "https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html"},
	},
	"ssm": {
		title: "AWS Systems Manager Parameter Store", spec: symmetricDefault, usage: encryptDecrypt,
		callers: []caller{
			// Standard parameters call Encrypt, advanced ones GenerateDataKey.
			through("ssm", "AWS Systems Manager", caller{variable: "ssm_users", sid: "SSMUsers", actions: []string{"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"}, doc: "read and write secure strings.", why: throughWhy}),
			through("ssm", "AWS Systems Manager", caller{variable: "ssm_readers", sid: "SSMReaders", actions: decryptOnly, doc: "read secure strings.", why: throughWhy}),
		},
		source: source{"AWS Systems Manager User Guide, AWS KMS encryption for AWS Systems Manager Parameter Store SecureString parameters", "https://docs.aws.amazon.com/systems-manager/latest/userguide/secure-string-parameter-kms-encryption.html"},
	},
	"sns": {
		title: "Amazon SNS", spec: symmetricDefault, usage: encryptDecrypt,
		callers: []caller{
			through("sns", "Amazon SNS", caller{variable: "sns_publishers", sid: "SNSPublishers", actions: dataKeyUse, doc: "publish to topics.", why: throughWhy}),
		},
		names:    []nameList{eventSources("sns", "topics")},
		patterns: []pattern{eventSourceARNs("sns", "topics")},
		itself:   []statement{eventStatement("sns", "SNSSources", snsPage)},
		source:   snsPage,
	},
	"sqs": {
		title: "Amazon SQS", spec: symmetricDefault, usage: encryptDecrypt,
		callers: []caller{
			through("sqs", "Amazon SQS", caller{variable: "sqs_producers", sid: "SQSProducers", actions: dataKeyUse, doc: "send messages.", why: throughWhy}),
			through("sqs", "Amazon SQS", caller{variable: "sqs_consumers", sid: "SQSConsumers", actions: decryptOnly, doc: "receive messages.", why: throughWhy}),
		},
		names:    []nameList{eventSources("sqs", "queues")},
		patterns: []pattern{eventSourceARNs("sqs", "queues")},
		itself:   []statement{eventStatement("sqs", "SQSSources", sqsPage)},
		source:   sqsPage,
	},
	"kinesis": {
		title: "Amazon Kinesis Data Streams", spec: symmetricDefault, usage: encryptDecrypt,
		callers: []caller{
			through("kinesis", "Amazon Kinesis", caller{variable: "kinesis_producers", sid: "KinesisProducers", actions: []string{"kms:GenerateDataKey"}, doc: "write to streams.", why: throughWhy}),
			through("kinesis", "Amazon Kinesis", caller{variable: "kinesis_consumers", sid: "KinesisConsumers", actions: decryptOnly, doc: "read from streams.", why: throughWhy}),
		},
		source: source{"Amazon Kinesis Data Streams Developer Guide, Permissions to use user-generated KMS keys", "https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html"},
	},
	"logs":           logsService,
	"cloudtrail":     cloudTrailService,
	"lambda":         lambdaService,
	"eks":            eksService,
	"route53-dnssec": dnssecService,
	"backup":         backupService,
}
