package test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness"
)

// catalogue is all presets in one root: the provider polls for 12 seconds after
// each key is made, and polls for many at once.
type catalogue struct {
	*harness.Harness
	world
	options *terraform.Options
	presets []preset         // also those that the backend can't have
	worlds  map[string]world // by Region, of keys that are not in the backend's own
	outputs map[string]any   // by preset

	remembered []byte // a snapshot of the emulator; see elsewhen

	planned     map[string][]string // what the second plan would do, by preset
	destroyedAt time.Time
}

// roleNames are the roles of the suites. Each is one party of the READMEs.
var roleNames = []string{"user", "reader", "signer", "verifier", "service-user", "launcher", "stranger", "administrator"}

// rolePolicies are the IAM policies of roles; key policies decide the rest.
var rolePolicies = map[string]string{
	// A key policy that names whom it trusts must hold even against this.
	"stranger": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}`,
	// The permissions on aliases and for replicas, which no key policy can give.
	"administrator": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["kms:CreateAlias","kms:UpdateAlias","kms:DeleteAlias"],"Resource":"arn:aws:kms:*:*:alias/*"},
		{"Effect":"Allow","Action":"kms:CreateKey","Resource":"*"}]}`,
}

// newCatalogue makes the roles and wires the root; nothing is applied yet.
func newCatalogue(t *testing.T, of []preset) *catalogue {
	t.Helper()
	c := &catalogue{Harness: harness.New(t), presets: of}
	c.world, c.worlds = newWorld(t, c.Harness), map[string]world{}
	for _, p := range of {
		if _, known := c.worlds[p.region]; p.region != "" && !known {
			c.worlds[p.region] = c.in(t, p.region)
		}
	}
	c.options = c.Options(&terraform.Options{
		TerraformDir: c.write(t), Vars: map[string]any{"external_key": "first"},
		Parallelism: 2 * len(of), // the provider's waits overlap
	})
	return c
}

// write makes a root module that calls the module of each preset.
func (c *catalogue) write(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "catalogue")
	require.NoError(t, os.Mkdir(dir, 0o700))
	modules, outputs, keys, resources := map[string]any{}, map[string]any{}, map[string]any{}, map[string]any{}
	for _, p := range c.applied() {
		if p.beside != "" {
			continue
		}
		modules[p.name] = c.call(t, p, dir)
		value := "${module." + p.name + "}"
		if p.elsewhere {
			keys[p.name] = map[string]any{"deletion_window_in_days": 30, "enable_key_rotation": true, "policy": c.ownPolicy(p)}
			value = "${merge(module." + p.name + ", {key_arn = aws_kms_key." + p.name + ".arn})}"
		}
		outputs[p.name] = map[string]any{"value": value}
		if p.name == "s3" && gapOf(c.Backend().Name(), p, "BucketEncryption") == "" {
			maps.Copy(resources, bucket())
			outputs["bucket"] = map[string]any{"value": "${aws_s3_bucket.objects.id}"}
		}
	}
	root := map[string]any{
		// One key of an external key manager stands behind one KMS key, also while that
		// waits for its deletion.
		"variable": map[string]any{"external_key": map[string]any{"type": "string"}},
	}
	if len(c.worlds) > 0 {
		root["provider"] = map[string]any{"aws": []map[string]string{{"region": primaryRegion}, {"alias": "replica", "region": replicaRegion}}}
	}
	if len(modules) > 0 { // else the backend can have none of the presets
		root["module"], root["output"] = modules, outputs
	}
	if len(keys) > 0 {
		resources["aws_kms_key"] = keys
	}
	if len(resources) > 0 {
		root["resource"] = resources
	}
	text, err := json.MarshalIndent(root, "", "  ")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.tf.json"), text, 0o600))
	return dir
}

// call is the call of a preset's module from a root in dir.
func (c *catalogue) call(t *testing.T, p preset, dir string) map[string]any {
	t.Helper()
	module, err := filepath.Abs(p.folder())
	require.NoError(t, err)
	source, err := filepath.Rel(dir, module)
	require.NoError(t, err)
	call := map[string]any{"source": source}
	if p.providers != nil {
		call["providers"] = p.providers
	}
	for name, value := range p.vars {
		call[name] = value
	}
	for list, role := range p.lists {
		call[list] = []string{c.roles[role].RoleARN}
	}
	administrators := []string{c.roles["administrator"].RoleARN, c.DeployerARN()}
	switch {
	case p.name == "grants":
		call["key_id"] = "${aws_kms_key.grants.key_id}"
		call["grants"] = map[string]any{"user": map[string]any{
			"grantee_principal": c.roles["user"].RoleARN, "operations": p.uses["user"],
			"constraints": map[string]any{"encryption_context_subset": map[string]string{"tenant": "a"}},
		}}
	case p.elsewhere:
		call["administrators"] = administrators
		call["key_ids"] = map[string]string{"elsewhere": "${aws_kms_key." + p.name + ".key_id}"}
	default:
		call["administrators"] = administrators
		call["aliases"] = []string{aliasOf(p)}
		call["tags"] = map[string]string{"team": "test"}
	}
	if p.origin == "AWS_CLOUDHSM" || p.origin == "EXTERNAL_KEY_STORE" {
		call["custom_key_store_id"] = c.keyStore(t, p.origin)
	}
	return call
}

// aliasOf is the alias of a preset's key, as the module takes it.
func aliasOf(p preset) string { return "catalogue/" + cmp.Or(p.beside, p.name) }

// ownPolicy is the policy that a key made elsewhere is made with; nil for the one
// that KMS gives it.
func (c *catalogue) ownPolicy(p preset) any {
	if p.name != "grants" {
		return nil
	}
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[
		{"Sid":"Deployer","Effect":"Allow","Principal":{"AWS":"%s"},"Action":"kms:*","Resource":"*"},
		{"Sid":"BreakGlass","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::%s:root"},"Action":"kms:*","Resource":"*",
			"Condition":{"StringEquals":{"aws:PrincipalType":"Account"}}}]}`, c.DeployerARN(), c.account)
}

// apply applies the root and reads its outputs.
func (c *catalogue) apply(t *testing.T) {
	t.Helper()
	terraform.InitAndApply(t, c.options)
	c.outputs = terraform.OutputAll(t, c.options)
	for _, p := range c.applied() {
		if p.beside != "" {
			c.outputs[p.name] = aboutReplica(c.outputs[p.beside])
		}
		if p.origin == "EXTERNAL" {
			c.key(p).importMaterial(t, p.material())
		}
	}
	c.remember(t)
}

// key is one preset's key, for one promise.
type key struct {
	*catalogue
	preset    preset
	arn       string
	destroyed string              // the ARN of the one before it; see lifetime
	pass      func(time.Duration) // lets time pass; nil in the present, see elsewhen
}

// output is an output of the preset's module, which must be text; "" of one that
// the backend can't have.
func (k *key) output(name string) string {
	outputs, _ := k.outputs[k.preset.name].(map[string]any)
	text, _ := outputs[name].(string)
	return text
}

func (c *catalogue) key(p preset) *key {
	if w, ok := c.worlds[p.region]; ok {
		there := *c
		there.world, c = w, &there
	}
	k := &key{catalogue: c, preset: p}
	k.arn = k.output("key_arn")
	return k
}

// as is the client of a role.
func (k *key) as(role string) *kms.Client { return k.roles[role].KMS }

// otherRoles are the roles but the administrator.
func (k *key) otherRoles() []string { return roleNames[:len(roleNames)-1] }

// metadata is what the root user is told of the key.
func (k *key) metadata(t *testing.T) *types.KeyMetadata {
	t.Helper()
	out, err := k.root.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &k.arn})
	require.NoError(t, err)
	return out.KeyMetadata
}

// encryptionContext is what every symmetric call of the suites gives.
func (k *key) encryptionContext() map[string]string {
	if k.preset.kind != symmetric {
		return nil
	}
	return map[string]string{"tenant": "a"}
}

// mustEnforce skips a promise that only a backend with policies can prove.
func (k *key) mustEnforce(t *testing.T) {
	t.Helper()
	if !k.Backend().Enforces() {
		t.Skipf("%s enforces no policy", k.Backend().Name())
	}
}

// promise is what modules promise of their keys.
type promise struct {
	name string
	// of tells which presets promise it.
	of func(preset) bool
	// check asks for it. It leaves the key as it found it.
	check func(*testing.T, *key)
}

// promises are in the order in which they are asked for. Each is in the file of
// its name.
var promises = []promise{
	{"SecondPlanIsEmpty", all, secondPlanIsEmpty},
	{"RoundTrip", encrypts, roundTrip},
	{"PlaintextLimits", encrypts, plaintextLimits},
	{"SealedOutside", is(rsaEncryption), sealedOutside},
	{"EncryptionContext", encryptsData, encryptionContext},
	{"ContextKeptApart", encryptsData, contextKeptApart},
	{"Envelope", encryptsData, envelope},
	{"Signature", is(signing), signature},
	{"MAC", is(mac), macs},
	{"KeyAgreement", is(agreement), keyAgreement},
	{"RotationByTime", preset.rotates, rotationByTime},
	{"Loss", func(p preset) bool { return writesPolicy(p) && p.region != primaryRegion }, loss},
	{"Expiry", func(p preset) bool { return p.vars["valid_to"] != nil }, expiry},
	{"ImportedMaterial", imports, importedMaterial},
	{"OtherMaterial", imports, otherMaterial},
	{"MaterialMustExpire", func(p preset) bool { return p.vars["valid_to"] != nil }, materialMustExpire},
	{"LeastPrivilege", all, leastPrivilege},
	{"DenialTold", only("encryption"), denialTold},
	{"SelfEscalation", writesPolicy, selfEscalation},
	{"CrossAccount", writesPolicy, crossAccount},
	{"SessionsAndBoundaries", writesPolicy, sessionsAndBoundaries},
	{"RoleMadeAgain", writesPolicy, roleMadeAgain},
	{"Throttling", only("encryption"), throttling},
	{"BucketEncryption", only("s3"), bucketEncryption},
	{"Services", func(p preset) bool { return len(p.flows) > 0 }, services},
	{"Audit", all, audit},
	{"Rotation", preset.rotates, rotation},
	{"RotationListed", preset.rotates, rotationListed},
	{"RotationOnDemand", preset.rotates, rotationOnDemand},
	{"Alias", func(p preset) bool { return !p.elsewhere }, aliasResolves},
	{"AliasKeepsKind", func(p preset) bool { return p.kind != symmetric }, aliasKeepsKind},
	{"Tags", func(p preset) bool { return !p.elsewhere }, tags},
	{"Disable", writesPolicy, disable},
	{"DeletionWindow", writesPolicy, deletionWindow},
	{"ShorterWindow", func(p preset) bool { return writesPolicy(p) && p.window() > shortestWindow }, shorterWindow},
}

// What is promised of keys that were changed behind Terraform's back, of destroyed
// ones, and of those that are then applied again.
var (
	promisesTampered     = []promise{{"Drift", writesPolicy, driftFound}}
	promisesDestroyed    = []promise{{"PendingDeletion", all, destroyed}}
	promisesAppliedAgain = []promise{{"SameAlias", all, appliedAgain}}
)

// imports: the owner brings the key's material.
func imports(p preset) bool { return p.origin == "EXTERNAL" }

func all(preset) bool { return true }

func is(k kind) func(preset) bool { return func(p preset) bool { return p.kind == k } }

// only is for promises about callers, which one preset stands for.
func only(name string) func(preset) bool { return func(p preset) bool { return p.name == name } }

// writesPolicy: the module writes the key's policy.
func writesPolicy(p preset) bool { return p.name != "grants" }

// encrypts: some role may encrypt and decrypt by calls of its own.
func encrypts(p preset) bool { return p.who("Encrypt") != "" && p.who("Decrypt") != "" }

func encryptsData(p preset) bool { return p.kind == symmetric && encrypts(p) }

// TestCatalogue asks for what every module promises, of one key of each.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	newCatalogue(t, presets).lifetime(t, func([]*key) {})
}

// lifetime asks for what is promised of the keys, and then for more: while they are
// applied, tampered with, destroyed, and applied again.
func (c *catalogue) lifetime(t *testing.T, more func([]*key)) {
	t.Helper()
	c.apply(t)
	c.planned = c.plan(t)
	c.ask(t, "applied", c.keys(), promises)
	more(c.keys())
	c.tamper(t)
	c.ask(t, "tampered with", c.keys(), promisesTampered)
	before := c.keys()
	c.destroy(t)
	c.options.Vars["external_key"] = "second"
	c.ask(t, "destroyed", c.keys(), promisesDestroyed)
	c.apply(t)
	again := c.keys()
	for i := range again {
		again[i].destroyed = before[i].arn
	}
	c.ask(t, "applied again", again, promisesAppliedAgain)
}

// applied are the presets that the root holds.
func (c *catalogue) applied() []preset {
	return slices.DeleteFunc(slices.Clone(c.presets), func(p preset) bool { return gapOf(c.Backend().Name(), p, "") != "" })
}

// keys are those of all presets, as last applied.
func (c *catalogue) keys() []*key {
	var keys []*key
	for _, p := range c.presets {
		keys = append(keys, c.key(p))
	}
	return keys
}

// ask asks for promises of every key, side by side.
func (c *catalogue) ask(t *testing.T, phase string, keys []*key, promises []promise) {
	t.Helper()
	t.Run(phase, func(t *testing.T) {
		for _, k := range keys {
			t.Run(k.preset.name, func(t *testing.T) {
				t.Parallel()
				for _, promise := range promises {
					if promise.of(k.preset) {
						t.Run(promise.name, func(t *testing.T) { k.prove(t, promise) })
					}
				}
			})
		}
	})
}
