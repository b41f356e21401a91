package generator

import "slices"

// preset is a named row of default parts. There is nothing else to it: what a
// module holds follows from its parts.
type preset struct {
	name string
	// purpose completes "a module for".
	purpose string
	// parts that differ from those of an ordinary encryption key. The verbs of
	// Roles are those that the preset has; Description is that of the key.
	parts Module
}

// verbsOf are roles without principals.
func verbsOf(verbs ...Verb) map[Verb][]string {
	roles := make(map[Verb][]string, len(verbs))
	for _, v := range verbs {
		roles[v] = nil
	}
	return roles
}

// ofService is the preset of the service of the same name.
func ofService(name, purpose, description string) preset {
	return preset{name, purpose, Module{Services: []string{name}, Description: description, Roles: verbsOf(Administer)}}
}

var presets = []preset{
	{"encryption", "encryption by roles, and by services that make grants", Module{
		Description: "Encrypts and decrypts data",
		Roles:       verbsOf(Administer, Use, Grant),
	}},
	{"application-data", "data keys of an application, each bound to an encryption context", Module{
		Description:       "Makes data keys that are bound to an encryption context",
		Roles:             verbsOf(Administer, Use, Decrypt),
		EncryptionContext: []string{"tenant"},
	}},
	{"signing", "digital signatures with RSA or elliptic curves", Module{
		Description: "Signs and verifies",
		KeySpec:     "ECC_NIST_P256", KeyUsage: signVerify,
		Roles: verbsOf(Administer, Sign, Verify),
	}},
	{"post-quantum-signing", "digital signatures with ML-DSA", Module{
		Description: "Signs and verifies with ML-DSA",
		KeySpec:     "ML_DSA_65", KeyUsage: signVerify,
		Roles: verbsOf(Administer, Sign, Verify),
	}},
	{"hmac", "message authentication codes", Module{
		Description: "Generates and verifies message authentication codes",
		KeySpec:     "HMAC_256", KeyUsage: generateVerifyMAC,
		Roles: verbsOf(Administer, Sign, Verify),
	}},
	{"asymmetric-encryption", "RSA encryption, by whoever has the public key", Module{
		Description: "Encrypts and decrypts with RSA",
		KeySpec:     "RSA_4096", KeyUsage: encryptDecrypt,
		Roles: verbsOf(Administer, Encrypt, Decrypt),
	}},
	{"key-agreement", "shared secrets by elliptic curve Diffie-Hellman", Module{
		Description: "Derives shared secrets",
		KeySpec:     "ECC_NIST_P256", KeyUsage: keyAgreement,
		Roles: verbsOf(Administer, Use),
	}},
	{"external", "a key whose material you import", Module{
		Description: "Encrypts and decrypts with imported key material",
		Origin:      OriginExternal,
		Roles:       verbsOf(Administer, Use, Grant),
	}},
	{"external-expiring", "a key whose imported material expires", Module{
		Description: "Encrypts and decrypts with imported key material that expires",
		Origin:      OriginExternal, KeyMaterialExpires: true,
		Roles: verbsOf(Administer, Use, Grant),
	}},
	{"cloudhsm", "a key in a CloudHSM key store", Module{
		Description: "Encrypts and decrypts in a CloudHSM key store",
		Origin:      OriginCloudHSM,
		Roles:       verbsOf(Administer, Use, Grant),
	}},
	{"external-key-store", "a key in an external key store", Module{
		Description: "Encrypts and decrypts in an external key store",
		Origin:      OriginXKS,
		Roles:       verbsOf(Administer, Use, Grant),
	}},
	{"multi-region", "a primary key and its replica in another Region, in one call", Module{
		Description: "Encrypts and decrypts in two Regions",
		MultiRegion: PrimaryWithReplica,
		Roles:       verbsOf(Administer, Use, Grant),
	}},
	{"multi-region-primary", "a primary key that other modules replicate", Module{
		Description: "Encrypts and decrypts in several Regions",
		MultiRegion: Primary,
		Roles:       verbsOf(Administer, Use, Grant),
	}},
	{"multi-region-replica", "a replica of a primary key that is made elsewhere", Module{
		Description: "Encrypts and decrypts in several Regions",
		MultiRegion: Replica,
		Roles:       verbsOf(Administer, Use, Grant),
	}},
	{"policy", "the key policy of keys that are made elsewhere", Module{
		Manages: ManagesPolicy,
		Roles:   verbsOf(Administer, Use, Grant),
	}},
	{"grants", "grants on a key that is made elsewhere", Module{Manages: ManagesGrants}},
	ofService("s3", "objects in Amazon S3 buckets", "Encrypts Amazon S3 objects"),
	ofService("rds", "Amazon RDS and Aurora databases", "Encrypts Amazon RDS databases"),
	ofService("dynamodb", "Amazon DynamoDB tables", "Encrypts Amazon DynamoDB tables"),
	ofService("ebs", "Amazon EBS volumes, also those that Auto Scaling launches", "Encrypts Amazon EBS volumes"),
	ofService("efs", "Amazon EFS file systems", "Encrypts Amazon EFS file systems"),
	ofService("secretsmanager", "AWS Secrets Manager secrets", "Encrypts AWS Secrets Manager secrets"),
	ofService("ssm", "secure strings in Parameter Store", "Encrypts parameters of AWS Systems Manager"),
	ofService("sns", "Amazon SNS topics", "Encrypts Amazon SNS topics"),
	ofService("sqs", "Amazon SQS queues", "Encrypts Amazon SQS queues"),
	ofService("logs", "CloudWatch Logs log groups", "Encrypts Amazon CloudWatch Logs log groups"),
	ofService("cloudtrail", "log files of AWS CloudTrail trails", "Encrypts AWS CloudTrail log files"),
	ofService("lambda", "AWS Lambda environment variables and packages", "Encrypts AWS Lambda functions"),
	ofService("eks", "Kubernetes secrets in Amazon EKS", "Encrypts Kubernetes secrets"),
	ofService("kinesis", "Amazon Kinesis data streams", "Encrypts Amazon Kinesis data streams"),
	{"route53-dnssec", "DNSSEC signing of Amazon Route 53 hosted zones", Module{
		Description: "Signs Amazon Route 53 hosted zones",
		KeySpec:     "ECC_NIST_P256", KeyUsage: signVerify,
		Services: []string{"route53-dnssec"},
		Roles:    verbsOf(Administer),
	}},
	ofService("backup", "AWS Backup vaults, copies across accounts included", "Encrypts AWS Backup vaults"),
}

func lookUpPreset(name string) (preset, bool) {
	i := slices.IndexFunc(presets, func(p preset) bool { return p.name == name })
	if i < 0 {
		return preset{}, false
	}
	return presets[i], true
}

func presetNames() []string {
	names := make([]string, len(presets))
	for i, p := range presets {
		names[i] = p.name
	}
	return names
}
