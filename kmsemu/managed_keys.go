package kmsemu

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright/keypolicy"
)

// managedKey is the AWS managed key of a service. Source of the policies: those of
// a real account that the repository FogSecurity/aws-managed-kms-keys keeps; the
// descriptions are assumed (K0535).
type managedKey struct {
	name     string // of its alias, after alias/aws/
	via      string // the service in kms:ViaService
	policyID string
	access   string // Sid of what the service's users may do
	protects string
	uses     []managedUse
	account  []string // what the account may do without the service
	reader   string   // the service principal that may read the key; "" for none
}

// managedUse is what users of a service may do through it.
type managedUse struct {
	actions   []string
	anyRegion bool // through the service in another Region too
}

var (
	cipherActions = []string{"kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"}
	grantActions  = []string{"kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey"}
	readActions   = []string{"kms:Describe*", "kms:Get*", "kms:List*"}
	revokeActions = append(slices.Clone(readActions), "kms:RevokeGrant")
)

// managedKeys are those of the services in [serviceProfiles] that have one, by
// name.
var managedKeys = []managedKey{
	{"dynamodb", "dynamodb", "auto-dynamodb-3", through("Amazon DynamoDB"), "DynamoDB data",
		[]managedUse{{grantActions, true}}, revokeActions, "dynamodb.amazonaws.com"},
	{"ebs", "ec2", "auto-ebs-2", through("EBS"), "EBS volumes", []managedUse{{grantActions, false}}, revokeActions, ""},
	{"elasticfilesystem", "elasticfilesystem", "auto-elasticfilesystem-1",
		"Allow access to EFS for all principals in the account that are authorized to use EFS", "EFS filesystems",
		[]managedUse{{grantActions, false}}, revokeActions, ""},
	{"kinesis", "kinesis", "auto-kinesis-1", through("Amazon Kinesis"), "Kinesis data", []managedUse{{cipherActions, false}}, readActions, ""},
	{"lambda", "lambda", "auto-awslambda", through("AWS Lambda"), "Lambda functions", []managedUse{{grantActions, false}}, revokeActions, ""},
	{"rds", "rds", "auto-rds-2", through("RDS"), "RDS database volumes",
		[]managedUse{{slices.Insert(slices.Clone(grantActions), 5, "kms:ListGrants"), false}}, revokeActions, ""},
	{"s3", "s3", "auto-s3-2", through("S3"), "S3 objects", []managedUse{{cipherActions, false}}, readActions, ""},
	{"secretsmanager", "secretsmanager", "auto-secretsmanager-2", through("AWS Secrets Manager"), "Secrets Manager data",
		[]managedUse{
			{[]string{"kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:CreateGrant", "kms:DescribeKey"}, false},
			{[]string{"kms:GenerateDataKey*"}, true},
		}, revokeActions, ""},
	{"sns", "sns", "auto-sns-1", through("SNS"), "SNS data",
		[]managedUse{{[]string{"kms:Decrypt", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:ListGrants", "kms:DescribeKey"}, false}}, revokeActions, ""},
	{"sqs", "sqs", "auto-sqs-1", through("Simple Queue Service (SQS)"), "SQS messages", []managedUse{{grantActions, false}}, revokeActions, ""},
	{"ssm", "ssm", "auto-ssm-1", through("SSM"), "SSM parameters", []managedUse{{cipherActions, false}}, readActions, ""},
}

// through is the Sid of most policies of AWS managed keys.
func through(service string) string {
	return "Allow access through " + service + " for all principals in the account that are authorized to use " + service
}

func (m *managedKey) aliasName() string { return reservedAliasPrefix + m.name }

// managedKeyWhere finds an AWS managed key; nil if there is none.
func managedKeyWhere(fits func(*managedKey) bool) *managedKey {
	for i := range managedKeys {
		if fits(&managedKeys[i]) {
			return &managedKeys[i]
		}
	}
	return nil
}

// managedStatement is a statement of the policy of an AWS managed key.
type managedStatement struct {
	Sid       string
	Effect    string
	Principal map[string]string
	Action    []string
	Resource  string
	Condition map[string]map[string]string `json:",omitempty"`
}

// policy is the key policy: whoever uses the service in the account may use the
// key through it; the account reads it, and gives no other right (K0536).
func (m *managedKey) policy(account, region string) ([]byte, error) {
	var statements []managedStatement
	for _, use := range m.uses {
		condition := map[string]map[string]string{"StringEquals": {"kms:CallerAccount": account}}
		if use.anyRegion {
			condition["StringLike"] = map[string]string{"kms:ViaService": m.via + ".*.amazonaws.com"}
		} else {
			condition["StringEquals"]["kms:ViaService"] = m.via + "." + region + ".amazonaws.com"
		}
		statements = append(statements, managedStatement{m.access, "Allow", map[string]string{"AWS": "*"}, use.actions, "*", condition})
	}
	statements = append(statements, managedStatement{
		"Allow direct access to key metadata to the account", "Allow",
		map[string]string{"AWS": accountRoot(partition(region), account)}, m.account, "*", nil,
	})
	if m.reader != "" {
		statements = append(statements, managedStatement{
			"Allow the service to directly describe the key", "Allow", map[string]string{"Service": m.reader}, readActions, "*", nil,
		})
	}
	return json.MarshalIndent(struct {
		Version   string
		ID        string `json:"Id"`
		Statement []managedStatement
	}{"2012-10-17", m.policyID, statements}, "", "  ")
}

// newManagedKey makes the AWS managed key of an account in a Region, which
// [region.adopt] puts there.
func (s *Server) newManagedKey(m *managedKey, account, region string, random io.Reader) (*key, error) {
	text, err := m.policy(account, region)
	if err != nil {
		return nil, fmt.Errorf("writing the policy of %s: %w", m.aliasName(), err)
	}
	policy, err := keypolicy.Parse("key policy", text)
	if err != nil {
		return nil, fmt.Errorf("reading the policy of %s: %w", m.aliasName(), err)
	}
	id, err := newUUID(random)
	if err != nil {
		return nil, err
	}
	spec := keySpecs[symmetricDefault]
	first, err := spec.newMaterial(random)
	if err != nil {
		return nil, err
	}
	return &key{
		id: id, account: account, region: region, arn: kmsARN(region, account, "key/"+id), managed: true,
		spec: spec, usage: usageEncryptDecrypt, origin: originKMS,
		description: "Default key that protects my " + m.protects + " when no other key is defined",
		state:       stateEnabled, materials: []*material{first},
		policy: s.state.bind(document{text: string(text), policy: policy}),
	}, nil
}

// adopt puts a new AWS managed key into the Region, under its alias. It rotates
// every year from now on (K0537).
func (r *region) adopt(m *managedKey, k *key, now time.Time) {
	k.created = now
	k.rotation.enabled, k.rotation.periodDays = true, defaultRotationPeriod
	k.rotation.schedule(now)
	r.add(k)
	name := m.aliasName()
	r.put(&alias{name: name, arn: strings.Replace(k.arn, "key/"+k.id, name, 1), created: now, updated: now}, k)
}

// describedKey is [call.key] for DescribeKey, which brings the AWS managed key of
// a predefined alias into being: the first that may see it does (K0538).
func (c *call) describedKey(id string) (*key, error) {
	m := c.predefined(id)
	if m == nil || c.regionLocked().aliases[m.aliasName()] != nil {
		return c.key(id, nil)
	}
	fresh, err := c.server.newManagedKey(m, c.caller.account, c.region, c.random)
	if err != nil {
		return nil, err
	}
	k, err := c.open(found{key: fresh, alias: m.aliasName()}, need{action: c.action, states: c.op.states})
	if err != nil {
		return nil, err
	}
	c.regionLocked().adopt(m, k, c.now)
	return k, nil
}

// predefined is the AWS managed key of the caller's account that an alias name or
// alias ARN is for; nil if it is for none.
func (c *call) predefined(id string) *managedKey {
	return managedKeyWhere(func(m *managedKey) bool { return id == m.aliasName() || id == c.arn(serviceKMS, m.aliasName()) })
}

// defaultKey is the ARN of the AWS managed key that a service uses if its user
// names no other.
func (s *Server) defaultKey(p *serviceProfile, account, region string) (string, error) {
	m := managedKeyWhere(func(m *managedKey) bool { return m.via == p.via })
	if m == nil {
		return "", fmt.Errorf("%s has no AWS managed key: name the key", p.via)
	}
	var arn string
	err := s.whileLocked(func() error {
		r := s.state.account(account).region(region)
		if a := r.aliases[m.aliasName()]; a != nil {
			arn = a.key.arn
			return nil
		}
		k, err := s.newManagedKey(m, account, region, s.random.Load().stream(m.aliasName()+" "+account+" "+region))
		if err != nil {
			return err
		}
		r.adopt(m, k, s.Now())
		s.state.agenda.note(k)
		arn = k.arn
		return nil
	})
	return arn, err
}
