package test

import (
	"strings"
	"testing"

	"github.com/gruntwork-io/terratest/modules/terraform"

	"github.com/keywright/keywright/harness"
	"github.com/keywright/keywright/harness/probe"
)

// key is an applied modules/kms/encryption with the roles its policy is about.
type key struct {
	*harness.Harness
	options *terraform.Options
	arn     string

	app      *probe.Identity // in users
	admin    *probe.Identity // in administrators
	stranger *probe.Identity // in neither, with kms:* in its own IAM policy
}

// everything is the stranger's IAM policy: a key policy that names whom it
// trusts must hold even against it.
const everything = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}`

const (
	rotationPeriodInDays = 200
	deletionWindowInDays = 14
)

// alias makes an alias of the test's own.
func alias(t *testing.T) string {
	return "test/" + strings.ToLower(t.Name())
}

// prepare makes the roles and wires the module; nothing is applied yet.
func prepare(t *testing.T) *key {
	t.Helper()
	h := harness.New(t)
	k := &key{Harness: h, app: h.Role("app"), admin: h.Role("admin"), stranger: h.Role("stranger", everything)}
	k.options = h.Options(&terraform.Options{
		TerraformDir: "../modules/kms/encryption",
		Vars: map[string]any{
			"aliases":                 []string{alias(t)},
			"administrators":          []string{k.admin.RoleARN, h.DeployerARN()},
			"users":                   []string{k.app.RoleARN},
			"rotation_period_in_days": rotationPeriodInDays,
			"deletion_window_in_days": deletionWindowInDays,
			"tags":                    map[string]string{"team": "test"},
		},
	})
	return k
}

// apply prepares and applies.
func apply(t *testing.T) *key {
	t.Helper()
	k := prepare(t)
	terraform.InitAndApply(t, k.options)
	k.arn = terraform.Output(t, k.options, "key_arn")
	return k
}

// promises of the encryption module that one applied key can be asked for. Each
// is in the file of its name.
var promises = []struct {
	name  string
	check func(*testing.T, *key)
}{
	{"RoundTrip", roundTrip},
	{"LeastPrivilege", leastPrivilege},
	{"SelfEscalation", selfEscalation},
	{"Rotation", rotation},
	{"Alias", aliasResolves},
	{"SecondPlanIsEmpty", secondPlanIsEmpty},
	{"DeletionWindow", deletionWindow},
}

func TestEncryption(t *testing.T) {
	t.Parallel()
	k := apply(t)
	for _, p := range promises {
		t.Run(p.name, func(t *testing.T) { p.check(t, k) })
	}
}
