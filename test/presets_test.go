package test

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// kind is what a key does.
type kind string

const (
	symmetric     kind = "symmetric encryption"
	rsaEncryption kind = "RSA encryption"
	signing       kind = "signing"
	mac           kind = "MAC"
	agreement     kind = "key agreement"
)

// preset is a module of the catalogue as the suites apply it, and what its README
// promises about it.
type preset struct {
	name string
	// module is the catalogue's; "" for the one of the preset's name.
	module string
	kind   kind
	// lists are the variables that list roles, each with the role.
	lists map[string]string
	// vars are further variables.
	vars map[string]any
	// uses are the actions that each role may call itself. What is not listed must
	// be denied.
	uses map[string][]string
	// administers are the administrators' actions besides administer.
	administers []string
	// origin of the key material; "" for AWS_KMS.
	origin string
	// elsewhere: the module makes no key, so the suite does. Its policy is the
	// module's, or lets the deployer alone do anything.
	elsewhere bool
	// flows are what AWS services do with the key.
	flows []flow
	// region is the key's; "" for the backend's own.
	region string
	// providers are those that the module is given; nil for the root's own.
	providers map[string]string
	// beside is the preset whose module makes this key too, as a replica of its own.
	beside string
}

// flow is one use of a key through an AWS service.
type flow struct {
	name     string // as kmsemu.ServiceFlows lists it
	role     string // whom the service works for; "" for itself
	resource string // ARN; {account} in it is the account's id
	source   string // ARN in aws:SourceArn; "" for the resource
	grantee  string
}

// actions splits a list as it stands in the READMEs.
func actions(list string) []string { return strings.Fields(list) }

// What the READMEs grant to all administrators, and to those of some kinds of
// key.
var (
	administer = actions(`CancelKeyDeletion CreateAlias DeleteAlias DescribeKey DisableKey EnableKey GetKeyPolicy
		GetKeyRotationStatus ListGrants ListKeyPolicies ListResourceTags PutKeyPolicy RevokeGrant ScheduleKeyDeletion
		TagResource UntagResource UpdateAlias UpdateKeyDescription`)
	rotate     = actions("DisableKeyRotation EnableKeyRotation ListKeyRotations RotateKeyOnDemand")
	bringOwn   = actions("DeleteImportedKeyMaterial GetParametersForImport ImportKeyMaterial ListKeyRotations RotateKeyOnDemand")
	useContext = actions("Decrypt Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext ReEncryptFrom ReEncryptTo")
	useAll     = append([]string{"DescribeKey"}, useContext...)
)

var (
	usersAndServices = map[string]string{"users": "user", "service_users": "service-user"}
	signersVerifiers = map[string]string{"signers": "signer", "verifiers": "verifier"}
	userUsesAll      = map[string][]string{"user": useAll, "service-user": nil}
	nobodyDirectly   = map[string][]string{"user": nil, "reader": nil}
)

// Resources of flows. {account} is the account's id.
const (
	object   = "arn:aws:s3:::bucket/object"
	logFile  = "arn:aws:s3:::logs/AWSLogs/1.json.gz"
	volume   = "arn:aws:ec2:us-east-1:{account}:volume/vol-1"
	table    = "arn:aws:dynamodb:us-east-1:{account}:table/books"
	database = "arn:aws:rds:us-east-1:{account}:db:db-1"
	fileSys  = "arn:aws:elasticfilesystem:us-east-1:{account}:file-system/fs-1"
	secret   = "arn:aws:secretsmanager:us-east-1:{account}:secret:s-abcdef"
	param    = "arn:aws:ssm:us-east-1:{account}:parameter/app/p"
	topic    = "arn:aws:sns:us-east-1:{account}:topic"
	queue    = "arn:aws:sqs:us-east-1:{account}:queue"
	group    = "arn:aws:logs:us-east-1:{account}:log-group:group"
	trail    = "arn:aws:cloudtrail:us-east-1:{account}:trail/trail"
	function = "arn:aws:lambda:us-east-1:{account}:function:function"
	stream   = "arn:aws:kinesis:us-east-1:{account}:stream/stream"
)

// presets are the modules of the catalogue that one root can hold.
var presets = []preset{
	{
		name: "encryption", kind: symmetric, lists: usersAndServices, uses: userUsesAll, administers: rotate,
		vars: map[string]any{"rotation_period_in_days": 200},
	},
	{
		name: "application-data", kind: symmetric, administers: rotate,
		lists: map[string]string{"users": "user", "decrypters": "reader"}, vars: map[string]any{"deletion_window_in_days": 7},
		uses: map[string][]string{"user": useAll, "reader": actions("Decrypt DescribeKey ReEncryptFrom")},
	},
	{
		name: "signing", kind: signing, lists: signersVerifiers,
		uses: map[string][]string{"signer": actions("DescribeKey GetPublicKey Sign"), "verifier": actions("DescribeKey GetPublicKey Verify")},
	},
	{
		name: "hmac", kind: mac, lists: signersVerifiers,
		uses: map[string][]string{"signer": actions("DescribeKey GenerateMac"), "verifier": actions("DescribeKey VerifyMac")},
	},
	{
		name: "asymmetric-encryption", kind: rsaEncryption, lists: map[string]string{"encrypters": "user", "decrypters": "reader"},
		uses: map[string][]string{
			"user": actions("DescribeKey Encrypt GetPublicKey ReEncryptTo"), "reader": actions("Decrypt DescribeKey ReEncryptFrom"),
		},
	},
	{
		name: "key-agreement", kind: agreement, lists: map[string]string{"users": "user"},
		uses: map[string][]string{"user": actions("DeriveSharedSecret DescribeKey GetPublicKey")},
	},
	{name: "external", kind: symmetric, origin: "EXTERNAL", lists: usersAndServices, uses: userUsesAll, administers: bringOwn},
	{
		name: "external-expiring", kind: symmetric, origin: "EXTERNAL", lists: usersAndServices, uses: userUsesAll, administers: bringOwn,
		vars: map[string]any{"valid_to": materialMayLast.Format(time.RFC3339)},
	},
	{name: "cloudhsm", kind: symmetric, origin: "AWS_CLOUDHSM", lists: usersAndServices, uses: userUsesAll},
	{
		name: "external-key-store", kind: symmetric, origin: "EXTERNAL_KEY_STORE", lists: usersAndServices, uses: userUsesAll,
		vars: map[string]any{"xks_key_id": "${var.external_key}"},
	},
	{name: "policy", kind: symmetric, elsewhere: true, lists: usersAndServices, uses: userUsesAll, administers: rotate},
	{name: "grants", kind: symmetric, elsewhere: true, uses: map[string][]string{"user": useAll}},
	{
		name: "s3", kind: symmetric, lists: map[string]string{"s3_users": "user", "s3_readers": "reader"}, uses: nobodyDirectly, administers: rotate,
		flows: []flow{{name: "s3:PutObject", role: "user", resource: object}, {name: "s3:GetObject", role: "reader", resource: object}},
	},
	{
		name: "rds", kind: symmetric, lists: map[string]string{"rds_users": "user"}, uses: map[string][]string{"user": nil}, administers: rotate,
		flows: []flow{{name: "rds:CreateDBInstance", role: "user", resource: database}, {name: "rds:StartDBInstance", resource: database}},
	},
	{
		name: "dynamodb", kind: symmetric, lists: map[string]string{"dynamodb_users": "user"}, uses: map[string][]string{"user": nil}, administers: rotate,
		flows: []flow{
			{name: "dynamodb:CreateTable", role: "user", resource: table},
			{name: "dynamodb:GetItem", role: "user", resource: table}, {name: "dynamodb:BackUpTable", resource: table},
		},
	},
	{
		name: "ebs", kind: symmetric, lists: map[string]string{"ebs_users": "user", "autoscaling_roles": "launcher"}, administers: rotate,
		uses: map[string][]string{"user": nil, "launcher": useAll},
		flows: []flow{
			{name: "ec2:CreateVolume", role: "user", resource: volume}, {name: "ec2:AttachVolume", role: "user", resource: volume, grantee: "i-1"},
			{name: "autoscaling:LaunchInstance", role: "launcher", resource: volume, grantee: "i-2"},
		},
	},
	{
		name: "efs", kind: symmetric, lists: map[string]string{"efs_users": "user"}, uses: map[string][]string{"user": nil}, administers: rotate,
		flows: []flow{
			{name: "elasticfilesystem:CreateFileSystem", role: "user", resource: fileSys},
			{name: "elasticfilesystem:MountFileSystem", resource: fileSys},
		},
	},
	{
		name: "secretsmanager", kind: symmetric, administers: rotate, uses: nobodyDirectly,
		lists: map[string]string{"secretsmanager_users": "user", "secretsmanager_readers": "reader"},
		flows: []flow{
			{name: "secretsmanager:PutSecretValue", role: "user", resource: secret},
			{name: "secretsmanager:GetSecretValue", role: "reader", resource: secret},
		},
	},
	{
		name: "ssm", kind: symmetric, lists: map[string]string{"ssm_users": "user", "ssm_readers": "reader"}, uses: nobodyDirectly, administers: rotate,
		flows: []flow{{name: "ssm:PutParameter", role: "user", resource: param}, {name: "ssm:GetParameter", role: "reader", resource: param}},
	},
	{
		name: "sns", kind: symmetric, lists: map[string]string{"sns_publishers": "user"}, uses: map[string][]string{"user": nil}, administers: rotate,
		vars: map[string]any{"sns_source_services": []string{"s3.amazonaws.com"}, "sns_source_arns": []string{"arn:aws:s3:::bucket"}},
		flows: []flow{
			{name: "sns:Publish", role: "user", resource: topic}, {name: "s3:NotifyTopic", resource: topic, source: "arn:aws:s3:::bucket"},
		},
	},
	{
		name: "sqs", kind: symmetric, lists: map[string]string{"sqs_producers": "user", "sqs_consumers": "reader"}, uses: nobodyDirectly, administers: rotate,
		vars: map[string]any{"sqs_source_services": []string{"sns.amazonaws.com"}},
		flows: []flow{
			{name: "sqs:SendMessage", role: "user", resource: queue}, {name: "sqs:ReceiveMessage", role: "reader", resource: queue},
			{name: "sns:NotifyQueue", resource: queue, source: topic},
		},
	},
	{
		name: "logs", kind: symmetric, administers: rotate,
		flows: []flow{{name: "logs:PutLogEvents", resource: group}, {name: "logs:GetLogEvents", resource: group}},
	},
	{
		name: "cloudtrail", kind: symmetric, lists: map[string]string{"cloudtrail_readers": "reader"}, uses: map[string][]string{"reader": nil}, administers: rotate,
		flows: []flow{
			{name: "cloudtrail:CreateTrail", resource: logFile, source: trail}, {name: "cloudtrail:PutLogFile", resource: logFile, source: trail},
			{name: "s3:GetLogFile", role: "reader", resource: logFile, source: trail},
		},
	},
	{
		name: "lambda", kind: symmetric, lists: map[string]string{"lambda_users": "user"}, uses: map[string][]string{"user": nil}, administers: rotate,
		flows: []flow{
			{name: "lambda:SetEnvironment", role: "user", resource: function, grantee: functionRole},
			{name: "lambda:UploadPackage", resource: function}, {name: "lambda:LoadPackage", resource: function},
		},
	},
	{name: "eks", kind: symmetric, lists: map[string]string{"eks_users": "user"}, uses: map[string][]string{"user": nil}, administers: rotate},
	{
		name: "kinesis", kind: symmetric, administers: rotate, uses: nobodyDirectly,
		lists: map[string]string{"kinesis_producers": "user", "kinesis_consumers": "reader"},
		flows: []flow{{name: "kinesis:PutRecord", role: "user", resource: stream}, {name: "kinesis:GetRecords", role: "reader", resource: stream}},
	},
	{name: "route53-dnssec", kind: signing},
	{
		name: "post-quantum-signing", kind: signing, lists: signersVerifiers,
		uses: map[string][]string{"signer": actions("DescribeKey GetPublicKey Sign"), "verifier": actions("DescribeKey GetPublicKey Verify")},
	},
	{
		name: "backup", kind: symmetric, lists: map[string]string{"backup_roles": "user"}, administers: rotate,
		uses: map[string][]string{"user": useAll},
	},
}

// TestEveryPreset: the suites ask every module of the catalogue.
func TestEveryPreset(t *testing.T) {
	t.Parallel()
	var asked []string
	for _, p := range slices.Concat(presets, multiRegionPresets) {
		if p.beside == "" {
			asked = append(asked, p.name)
		}
	}
	modules, err := filepath.Glob("../modules/kms/*/main.tf")
	require.NoError(t, err)
	var all []string
	for _, file := range modules {
		all = append(all, filepath.Base(filepath.Dir(file)))
	}
	require.ElementsMatch(t, all, asked)
}

// rotates reports whether the module has the key's material rotate by itself; that of
// a replica does with its primary key.
func (p preset) rotates() bool {
	return p.kind == symmetric && p.origin == "" && !p.elsewhere && p.region != replicaRegion
}

// moduleName is what the preset's module is called.
func (p preset) moduleName() string { return cmp.Or(p.module, p.beside, p.name) }

// folder is the module's.
func (p preset) folder() string { return "../modules/kms/" + p.moduleName() }

// window is the module's deletion window in days.
func (p preset) window() int32 {
	if days, ok := p.vars["deletion_window_in_days"].(int); ok {
		return int32(days)
	}
	return 30
}

// who returns the role that may call all of the actions itself; "" for none.
func (p preset) who(all ...string) string {
	for _, role := range roleNames {
		if len(all) > 0 && !slices.ContainsFunc(all, func(a string) bool { return !slices.Contains(p.uses[role], a) }) {
			return role
		}
	}
	return ""
}
