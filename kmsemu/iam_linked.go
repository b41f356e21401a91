package kmsemu

import (
	"fmt"
	"strings"

	"github.com/keywright/keywright/keypolicy"

	"github.com/keywright/keywright/internal/lazyregexp"
)

// linkedPath is the path of service-linked roles, before the service's name.
const linkedPath = "/aws-service-role/"

// linkedServices are the services whose service-linked roles can be made: the
// role's name, and whether it may have a suffix. Source: the services' own guides,
// "Using service-linked roles".
var linkedServices = map[string]struct {
	name   string
	suffix bool
}{
	"autoscaling.amazonaws.com":                      {"AWSServiceRoleForAutoScaling", true},
	"backup.amazonaws.com":                           {"AWSServiceRoleForBackup", false},
	"cks.kms.amazonaws.com":                          {"AWSServiceRoleForKeyManagementServiceCustomKeyStores", false},
	"dynamodb.application-autoscaling.amazonaws.com": {"AWSServiceRoleForApplicationAutoScaling_DynamoDBTable", false},
	"ecs.amazonaws.com":                              {"AWSServiceRoleForECS", false},
	"eks.amazonaws.com":                              {"AWSServiceRoleForAmazonEKS", false},
	"elasticache.amazonaws.com":                      {"AWSServiceRoleForElastiCache", false},
	"elasticfilesystem.amazonaws.com":                {"AWSServiceRoleForAmazonElasticFileSystem", false},
	"elasticloadbalancing.amazonaws.com":             {"AWSServiceRoleForElasticLoadBalancing", false},
	"mrk.kms.amazonaws.com":                          {"AWSServiceRoleForKeyManagementServiceMultiRegionKeys", false},
	"opensearchservice.amazonaws.com":                {"AWSServiceRoleForAmazonOpenSearchService", false},
	"organizations.amazonaws.com":                    {"AWSServiceRoleForOrganizations", false},
	"rds.amazonaws.com":                              {"AWSServiceRoleForRDS", false},
	"spot.amazonaws.com":                             {"AWSServiceRoleForEC2Spot", false},
	"ssm.amazonaws.com":                              {"AWSServiceRoleForAmazonSSM", false},
}

var (
	serviceNameRule = textRule{min: 1, max: 128, pattern: namePattern}
	suffixRule      = textRule{max: 64, pattern: namePattern}
	taskRule        = textRule{min: 1, max: 1000}
	taskPattern     = lazyregexp.New(`^task` + linkedPath + `([^/]+)/([^/]+)/[^/]+$`)
)

// linkedTrust is the trust policy of a service-linked role.
const linkedTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"%s"},"Action":"sts:AssumeRole"}]}`

// createServiceLinkedRole makes the role under the name and path its service
// wants. It has no policies here: its service is not in this emulator (K0415).
func createServiceLinkedRole(c *call, f *form) (*roleResult, error) {
	service, suffix := f.text("AWSServiceName", serviceNameRule), f.text("CustomSuffix", suffixRule)
	description := f.text("Description", roleDescriptionRule)
	known, ok := linkedServices[service]
	if service != "" && !ok {
		f.fail(invalidInput, "This emulator does not know the service-linked role of %s.", service)
	}
	if ok && suffix != "" && !known.suffix {
		f.fail(invalidInput, "Custom suffix is not allowed for %s", service)
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	name := known.name
	if suffix != "" {
		name += "_" + suffix
	}
	r := c.newLinkedRole(service, name)
	r.description = description
	if err := c.permitNew(creation{arn: r.arn, context: linkedConditions(service)}); err != nil {
		return nil, err
	}
	if taken(c.directoryLocked().roles, name) {
		return nil, fail(invalidInput, "Service role name %s has been taken in this account, please try a different suffix.", name)
	}
	return c.addRole(r, fmt.Sprintf(linkedTrust, service))
}

// newLinkedRole is a service-linked role that is not made yet.
func (c *call) newLinkedRole(service, name string) *role {
	r := &role{member: newMember(c, name, linkedPath+service+"/"), maxSeconds: roleSeconds.low}
	r.arn, r.linked = c.arn(serviceIAM, "role"+r.path+r.name), true
	return r
}

func linkedConditions(service string) keypolicy.Context {
	conditions := boundaryConditions("")
	conditions.Set("iam:AWSServiceName", service)
	return conditions
}

type deletionTaskResult struct {
	DeletionTaskID string `xml:"DeletionTaskId"`
}

// deleteServiceLinkedRole deletes at once: no service here still uses the role.
func deleteServiceLinkedRole(c *call, f *form) (*deletionTaskResult, error) {
	r, err := roles.open(c, f, nil)
	if err != nil {
		return nil, err
	}
	if !r.linked {
		return nil, fail(invalidInput, "%s is not a service-linked role: delete it with DeleteRole.", r.name)
	}
	id, err := newUUID(c.random)
	if err != nil {
		return nil, err
	}
	task := "task" + r.path + r.name + "/" + id
	a := c.server.state.account(c.caller.account)
	a.deletions[task] = true
	c.server.state.changes.note(a)
	c.dropRole(r)
	return &deletionTaskResult{task}, nil
}

type deletionStatusResult struct{ Status string }

func getServiceLinkedRoleDeletionStatus(c *call, f *form) (*deletionStatusResult, error) {
	task := f.text("DeletionTaskId", taskRule)
	if err := f.err(); err != nil {
		return nil, err
	}
	resource := "*"
	if parts := taskPattern.FindStringSubmatch(task); parts != nil {
		resource = c.arn(serviceIAM, "role"+linkedPath+strings.Join(parts[1:], "/"))
	}
	if err := c.permit(permission{action: c.action, resource: resource}); err != nil {
		return nil, err
	}
	if !c.directoryLocked().deletions[task] {
		return nil, fail(noSuchEntity, "The deletion task %s cannot be found.", task)
	}
	return &deletionStatusResult{"SUCCEEDED"}, nil
}
