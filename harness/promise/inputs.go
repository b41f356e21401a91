package promise

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-config-inspect/tfconfig"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/keywright/keywright/harness/probe"
	"github.com/keywright/keywright/harness/runner"

	"github.com/keywright/keywright/internal/lazyregexp"
)

// inputs are a root's variables and the roles made for them.
type inputs struct {
	roles []*probe.Identity
	// policies are the roles' IAM policies (JSON) by the role's ARN.
	policies map[string]string
	// values are of the file of the test and of roles made.
	values map[string]json.RawMessage
	// given are the names of all variables that have a value.
	given []string
	// told says, for the reader, which variables were given what roles.
	told []string
}

// principals is the name of a list that takes ARNs of roles or users.
var principals = lazyregexp.New(`(?i)(^|_)(admin|administrator|user|owner|principal|role|reader|writer|operator|consumer|producer)s?(_arns?)?$`)

// managing is the name of one whose roles manage the key, among which Terraform's
// must be.
var managing = lazyregexp.New(`(?i)(admin|owner)`)

var lists = lazyregexp.New(`^(list|set)\(\s*string\s*\)$`)

// prepare reads the test's file and makes the roles.
func (p *prover) prepare(ctx context.Context) error {
	in := &p.inputs
	in.policies, in.values = map[string]string{p.Backend.DeployerARN(): everything}, map[string]json.RawMessage{}
	module, diags := tfconfig.LoadModule(p.Dir)
	if diags.HasErrors() {
		return fmt.Errorf("reading module %s: %w", p.Dir, positioned(diags))
	}
	file, err := readFile(filepath.Join(p.Dir, FileName))
	if err != nil {
		return err
	}
	for _, r := range file.roles {
		made, err := p.makeRole(ctx, r.name, r.policies...)
		if err != nil {
			return err
		}
		in.roles = append(in.roles, made)
	}
	if err := p.evaluate(file, module); err != nil {
		return err
	}
	for _, v := range p.Vars {
		name, _, _ := strings.Cut(v, "=")
		in.given = append(in.given, name)
	}
	for _, path := range p.VarFiles {
		names, err := runner.VariablesOf(path)
		if err != nil {
			return err
		}
		in.given = append(in.given, names...)
	}
	return p.fill(ctx, module)
}

// positioned is the first error with the place it is in.
func positioned(diags tfconfig.Diagnostics) error {
	for _, d := range diags {
		if d.Severity == tfconfig.DiagError && d.Pos != nil {
			return fmt.Errorf("%s:%d: %s: %s", d.Pos.Filename, d.Pos.Line, d.Summary, d.Detail)
		}
	}
	return diags.Err()
}

// evaluate gives the variables of the test's file their values.
func (p *prover) evaluate(file *file, module *tfconfig.Module) error {
	roles := map[string]cty.Value{}
	for _, r := range p.inputs.roles {
		roles[strings.TrimSuffix(r.Name, p.suffix)] = cty.StringVal(r.RoleARN)
	}
	values, err := file.variables(map[string]cty.Value{
		"role": cty.ObjectVal(roles), "deployer": cty.StringVal(p.Backend.DeployerARN()),
		"account": cty.StringVal(strings.Split(p.Backend.DeployerARN(), ":")[4]), "region": cty.StringVal(p.Backend.Config().Region),
	})
	if err != nil {
		return err
	}
	for name, value := range values {
		if module.Variables[name] == nil {
			return fmt.Errorf("%s: the module has no variable %q: it has %s", file.path, name, cmp.Or(strings.Join(slices.Sorted(maps.Keys(module.Variables)), ", "), "none"))
		}
		data, err := ctyjson.Marshal(value, value.Type())
		if err != nil {
			return fmt.Errorf("%s: variable %q: %w", file.path, name, err)
		}
		p.inputs.values[name] = data
		p.inputs.given = append(p.inputs.given, name)
	}
	return nil
}

// fill makes roles for lists of principals that nobody gave, and refuses a module
// that still lacks a variable.
func (p *prover) fill(ctx context.Context, module *tfconfig.Module) error {
	in := &p.inputs
	var missing []string
	for _, name := range slices.Sorted(maps.Keys(module.Variables)) {
		v := module.Variables[name]
		if slices.Contains(in.given, name) {
			continue
		}
		if p.MakeRoles && lists.MatchString(v.Type) && principals.MatchString(name) {
			if err := p.fillOne(ctx, name); err != nil {
				return err
			}
			continue
		}
		if v.Required {
			missing = append(missing, fmt.Sprintf("  %s (%s): %s", name, cmp.Or(v.Type, "any type"), cmp.Or(v.Description, "no description")))
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("the module %s needs values for\n%s\ngive them with --var NAME=VALUE, --var-file FILE, or in %s", p.Dir,
			strings.Join(missing, "\n"), filepath.Join(p.Dir, FileName))
	}
	return nil
}

func (p *prover) fillOne(ctx context.Context, name string) error {
	made, err := p.makeRole(ctx, strings.ReplaceAll(name, "_", "-"))
	if err != nil {
		return err
	}
	arns, told := []string{made.RoleARN}, "a role"
	if managing.MatchString(name) {
		arns, told = append(arns, p.Backend.DeployerARN()), "a role, Terraform's role"
	}
	data, err := json.Marshal(arns)
	if err != nil {
		return err
	}
	p.inputs.roles = append(p.inputs.roles, made)
	p.inputs.values[name] = data
	p.inputs.given = append(p.inputs.given, name)
	p.inputs.told = append(p.inputs.told, name+" = "+told)
	return nil
}

// makeRole makes a role whose name does not meet those of other runs.
func (p *prover) makeRole(ctx context.Context, name string, policies ...string) (*probe.Identity, error) {
	if p.suffix == "" {
		p.suffix = "-" + strings.ToLower(rand.Text()[:6])
	}
	id, err := probe.CreateRole(ctx, p.Backend, name+p.suffix, policies...)
	if err != nil {
		return nil, err
	}
	p.made = append(p.made, id)
	p.inputs.policies[id.RoleARN] = strings.Join(policies, "\n")
	return id, nil
}

// valuesFile is read by every run of the engine after terraform.tfvars.
const valuesFile = "zz_keywright.auto.tfvars.json"

// stateOverride keeps the state in the workspace, wherever the root keeps its own.
const stateOverride = `terraform {
  backend "local" {}
}
`

// write puts the values into the workspace.
func (in *inputs) write(dir string) error {
	data, err := json.Marshal(in.values)
	if err != nil {
		return fmt.Errorf("writing variables: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, valuesFile), data, 0o600); err != nil {
		return fmt.Errorf("writing variables: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "keywright_override.tf"), []byte(stateOverride), 0o600); err != nil {
		return fmt.Errorf("writing the place of the state: %w", err)
	}
	return nil
}
