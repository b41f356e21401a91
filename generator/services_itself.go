package generator

// Services that call KMS as themselves, or in ways of their own. A service acts
// for all its customers: each statement says for whose resource. Source: KMS
// Developer Guide, Permissions for AWS services in key policies.

var (
	snsPage = source{"Amazon SNS Developer Guide, Managing Amazon SNS encryption keys and costs", "https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html"}
	sqsPage = source{"Amazon SQS Developer Guide, Amazon SQS key management", "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html"}
)

// like holds if the key of the request's context is among a list of ARN patterns.
func like(key, list, when string) condition {
	return condition{"ArnLike", key, "local." + list, when}
}

func eventSources(service, resources string) nameList {
	return nameList{service + "_source_services", "Service principals of AWS services that send to encrypted " + resources + ", such as s3.amazonaws.com, events.amazonaws.com or cloudwatch.amazonaws.com.", "events.amazonaws.com"}
}

func eventSourceARNs(service, resources string) pattern {
	return pattern{
		variable: service + "_source_arns",
		doc:      "ARNs, wildcards allowed, of what those services send from to encrypted " + resources + ". Empty for all in the key's account. Buckets must be listed: their ARNs name no account.",
		form:     `^arn:(aws|aws-us-gov|aws-cn):[a-z0-9-]+:[a-z0-9*-]*:([0-9]{12})?:.+$`, example: "arn:aws:events:us-east-1:111122223333:rule/orders",
		all: `["arn:${local.partition}:*:*:${local.account}:*"]`,
	}
}

func eventStatement(service, sid string, page source) statement {
	return statement{
		Local: service + "_sources_statement", Sid: sid, Kind: "Service",
		Why:        []string{"Event sources send as themselves, for a resource of this account only."},
		Principals: "local." + service + "_source_services",
		Actions:    dataKeyUse,
		Conditions: []condition{ownSources, like("aws:SourceArn", service+"_source_arns", "from one of `"+service+"_source_arns`")},
		Who:        "`" + service + "_source_services`",
		Source:     page,
	}
}

var logsPage = source{"Amazon CloudWatch Logs User Guide, Encrypt log data in CloudWatch Logs using AWS KMS", "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"}

// logsPrincipals are regional, with the partition's suffix, unlike others.
const logsPrincipals = `[for region in local.regions : "logs.${region}.${data.aws_partition.current.dns_suffix}"]`

var logsService = service{
	title: "Amazon CloudWatch Logs", spec: symmetricDefault, usage: encryptDecrypt,
	patterns: []pattern{{
		variable: "log_group_arns",
		doc:      "ARNs of the log groups, wildcards allowed. Empty for all of the key's account and Region.",
		form:     `^arn:(aws|aws-us-gov|aws-cn):logs:[a-z0-9*-]+:[0-9]{12}:log-group:[a-zA-Z0-9_/.#*-]+$`, example: "arn:aws:logs:us-east-1:111122223333:log-group:/app/*",
		all: `[for region in local.regions : "arn:${local.partition}:logs:${region}:${local.account}:log-group:*"]`,
	}},
	itself: []statement{
		{
			Local: "logs_statement", Sid: "Logs", Kind: "Service",
			Why: []string{
				"The encryption context holds the log group's ARN, and with it the account for",
				"which the service acts.",
			},
			Principals: logsPrincipals,
			Actions:    []string{"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"},
			Conditions: []condition{like("kms:EncryptionContext:aws:logs:arn", "log_group_arns", "for one of `log_group_arns`")},
			Who:        "CloudWatch Logs", Source: logsPage,
		},
		{
			Local: "logs_describe_statement", Sid: "LogsDescribe", Kind: "Service",
			Why: []string{
				"Apart, because DescribeKey carries no encryption context: with the condition",
				"above it would never be allowed. It tells what the key is, and no secret.",
			},
			Principals: logsPrincipals,
			Actions:    []string{"kms:DescribeKey"},
			Who:        "CloudWatch Logs", Source: logsPage,
		},
	},
	source: logsPage,
}

var cloudTrailPage = source{"AWS CloudTrail User Guide, Configure AWS KMS key policies for CloudTrail", "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html"}

var cloudTrailService = service{
	title: "AWS CloudTrail", spec: symmetricDefault, usage: encryptDecrypt,
	callers: []caller{
		through("s3", "Amazon S3", caller{
			variable: "cloudtrail_readers", sid: "CloudTrailReaders", actions: decryptOnly, doc: "read log files.",
			conditions: []condition{{"Null", "kms:EncryptionContext:aws:cloudtrail:arn", `"false"`, "the object is a log file of a trail"}},
			why:        []string{"Readers fetch log files from the trail's bucket: log files and nothing else."},
		}),
	},
	patterns: []pattern{{
		variable: "trail_arns",
		doc:      "ARNs of the trails, wildcards allowed. Empty for all of the key's account and Region; trails of an organization's other Regions and accounts must be listed.",
		form:     `^arn:(aws|aws-us-gov|aws-cn):cloudtrail:[a-z0-9*-]+:[0-9]{12}:trail/[a-zA-Z0-9._*-]+$`, example: "arn:aws:cloudtrail:us-east-1:111122223333:trail/main",
		all: `[for region in local.regions : "arn:${local.partition}:cloudtrail:${region}:${local.account}:trail/*"]`,
	}},
	itself: []statement{
		{
			Local: "cloudtrail_statement", Sid: "CloudTrail", Kind: "Service",
			Why: []string{
				"For these trails only, by the ARN in the request and by that which the log",
				"file is bound to. Decrypt is for buckets with Bucket Keys.",
			},
			Principals: `["cloudtrail.amazonaws.com"]`,
			Actions:    dataKeyUse,
			Conditions: []condition{
				like("aws:SourceArn", "trail_arns", "for one of `trail_arns`"),
				like("kms:EncryptionContext:aws:cloudtrail:arn", "trail_arns", "bound to it"),
			},
			Who: "CloudTrail", Source: cloudTrailPage,
		},
		{
			Local: "cloudtrail_describe_statement", Sid: "CloudTrailDescribe", Kind: "Service",
			Why:        []string{"Apart, because DescribeKey carries no encryption context."},
			Principals: `["cloudtrail.amazonaws.com"]`,
			Actions:    []string{"kms:DescribeKey"},
			Conditions: []condition{like("aws:SourceArn", "trail_arns", "for one of `trail_arns`")},
			Who:        "CloudTrail", Source: cloudTrailPage,
		},
	},
	source: cloudTrailPage,
}

var lambdaPage = source{"AWS Lambda Developer Guide, Encrypting Lambda .zip deployment packages, and Securing Lambda environment variables", "https://docs.aws.amazon.com/lambda/latest/dg/encrypt-zip-package.html"}

var ofFunction = like("kms:EncryptionContext:aws:lambda:FunctionArn", "function_arns", "for one of `function_arns`")

var lambdaService = service{
	title: "AWS Lambda", spec: symmetricDefault, usage: encryptDecrypt,
	callers: []caller{
		through("lambda", "AWS Lambda", caller{
			variable: "lambda_users", sid: "LambdaUsers", actions: []string{"kms:Decrypt", "kms:Encrypt"}, grants: true,
			conditions: []condition{ofFunction}, doc: "deploy functions. The function's own role gets a grant.",
			why: []string{"Who deploys encrypts the environment variables and has the service grant the", "function's role their use, for these functions."},
		}),
	},
	patterns: []pattern{{
		variable: "function_arns",
		doc:      "ARNs of the functions, wildcards allowed. Empty for all of the key's account and Region.",
		form:     `^arn:(aws|aws-us-gov|aws-cn):lambda:[a-z0-9*-]+:[0-9]{12}:function:[a-zA-Z0-9_*-]+$`, example: "arn:aws:lambda:us-east-1:111122223333:function:orders-*",
		all: `[for region in local.regions : "arn:${local.partition}:lambda:${region}:${local.account}:function:*"]`,
	}},
	itself: []statement{{
		Local: "lambda_statement", Sid: "Lambda", Kind: "Service",
		Why: []string{
			"Packages are encrypted by the service itself. The encryption context holds",
			"the function's ARN, and with it the account for which the service acts.",
		},
		Principals: `["lambda.amazonaws.com"]`,
		Actions:    dataKeyUse,
		Conditions: []condition{ofFunction},
		Who:        "Lambda", Source: lambdaPage,
	}},
	source: lambdaPage,
}

var eksService = service{
	title: "Amazon EKS", spec: symmetricDefault, usage: encryptDecrypt,
	callers: []caller{
		// That CreateCluster reaches KMS with kms:ViaService is assumed: AWS says
		// only that kms:GrantIsForAWSResource cannot be used.
		through("eks", "Amazon EKS", caller{
			variable: "eks_users", sid: "EKSUsers", actions: []string{"kms:DescribeKey"}, grants: true,
			grantConditions: []condition{},
			doc:             "create clusters.",
			why: []string{
				"Only through the service. CreateCluster makes its grant without",
				"kms:GrantIsForAWSResource: asking for it would break it.",
			},
		}),
	},
	source: source{"Amazon EKS User Guide, Encrypt Kubernetes secrets with KMS on existing clusters", "https://docs.aws.amazon.com/eks/latest/userguide/enable-kms.html"},
}

var dnssecPage = source{"Amazon Route 53 Developer Guide, Working with customer managed keys for DNSSEC", "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-configuring-dnssec-cmk-requirements.html"}

var ofZone = []condition{ownSources, like("aws:SourceArn", "hosted_zone_arns", "for one of `hosted_zone_arns`")}

var dnssecService = service{
	title: "Amazon Route 53 DNSSEC", spec: "ECC_NIST_P256", usage: signVerify, singleRegion: true,
	patterns: []pattern{{
		variable: "hosted_zone_arns",
		doc:      "ARNs of the public hosted zones, wildcards allowed. Empty for all of the key's account.",
		form:     `^arn:(aws|aws-us-gov|aws-cn):route53:::hostedzone/[A-Z0-9*]+$`, example: "arn:aws:route53:::hostedzone/Z0123456789ABCDEFGHIJ",
		all: `["arn:${local.partition}:route53:::hostedzone/*"]`,
	}},
	itself: []statement{
		{
			Local: "dnssec_statement", Sid: "DNSSEC", Kind: "Service",
			Why:        []string{"Route 53 signs hosted zones of this account only."},
			Principals: `["dnssec-route53.amazonaws.com"]`,
			Actions:    []string{"kms:DescribeKey", "kms:GetPublicKey", "kms:Sign"},
			Conditions: ofZone,
			Who:        "Route 53 DNSSEC", Source: dnssecPage,
		},
		{
			Local: "dnssec_grants_statement", Sid: "DNSSECGrants", Kind: "Service",
			Why:        []string{"And grants itself the same, for them."},
			Principals: `["dnssec-route53.amazonaws.com"]`,
			Actions:    []string{"kms:CreateGrant"},
			Conditions: append([]condition{forAWSResource}, ofZone...),
			Who:        "Route 53 DNSSEC", Source: dnssecPage,
		},
	},
	checks: []precondition{{
		Condition: `local.partition != "aws" || contains(local.regions, "us-east-1")`,
		Message:   "Route 53 takes keys for DNSSEC from us-east-1 alone, not from ${join(\", \", local.regions)}: use a provider of that Region.",
		Breaks:    []refusal{{Name: "key_of_another_region", Override: map[string]string{"aws_region": `{ id = "eu-west-1", name = "eu-west-1" }`}}},
	}},
	source: dnssecPage,
}

var backupService = service{
	title: "AWS Backup", spec: symmetricDefault, usage: encryptDecrypt,
	callers: []caller{{
		variable: "backup_roles", sid: "Backup", actions: symmetricUse, grants: true, foreign: true,
		doc: "copy and restore backups: roles of AWS Backup, in the account that a copy comes from or goes to as well, such as `arn:aws:iam::444455556666:role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup`. They must exist.",
		why: []string{"A copy between accounts reads and writes in roles of AWS Backup of both. Named", "one by one: the account as principal would let its IAM policies decide."},
	}},
	source: source{"AWS Backup Developer Guide, Creating backup copies across AWS accounts", "https://docs.aws.amazon.com/aws-backup/latest/devguide/create-cross-account-backup.html"},
}
