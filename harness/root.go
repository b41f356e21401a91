package harness

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/hashicorp/terraform-exec/tfexec"

	"github.com/keywright/keywright/harness/runner"
)

// root is a workspace with the options a test runs it with.
type root struct {
	dir       string // the root module, as the test named it
	workspace *runner.Workspace
	options   *terraform.Options
	inputs    inputs // as they were when the options were made

	once sync.Once
	err  error
}

// inputs are the variables of a root as terratest would pass them.
type inputs struct{ vars, files []string }

func inputsOf(opts *terraform.Options) inputs {
	args := terraform.FormatTerraformVarsAsArgs(opts.Vars)
	for _, v := range opts.MixedVars {
		args = append(args, v.Args()...)
	}
	in := inputs{files: opts.VarFiles}
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] == "-var-file" {
			in.files = append(in.files, args[i+1])
			continue
		}
		in.vars = append(in.vars, args[i+1])
	}
	return in
}

// planOptions are the inputs for a plan.
func (in inputs) planOptions() []tfexec.PlanOption {
	var list []tfexec.PlanOption
	for _, file := range in.files {
		list = append(list, tfexec.VarFile(file))
	}
	for _, v := range in.vars {
		list = append(list, tfexec.Var(v))
	}
	return list
}

// variables are the names of the variables that the test set.
func (r *root) variables() []string {
	in := inputsOf(r.options)
	var names []string
	for _, v := range in.vars {
		name, _, _ := strings.Cut(v, "=")
		names = append(names, name)
	}
	for variable := range r.options.EnvVars {
		if name, ok := strings.CutPrefix(variable, "TF_VAR_"); ok {
			names = append(names, name)
		}
	}
	for _, file := range in.files {
		// What is wrong with a file the engine says.
		if set, err := runner.VariablesOf(file); err == nil {
			names = append(names, set...)
		}
	}
	return names
}

// policies are the key policies that the root's state holds, by the key's ARN.
func (r *root) policies() (map[string]string, error) {
	resources, err := r.workspace.Resources()
	if err != nil {
		return nil, err
	}
	arns := map[string]string{} // by key id
	policies := map[string]string{}
	for _, res := range resources {
		if strings.Contains(res.ARN(), ":key/") {
			arns[res.Text("key_id")] = res.ARN()
			policies[res.ARN()] = res.Text("policy")
		}
	}
	for _, res := range resources {
		if res.Type == "aws_kms_key_policy" {
			policies[cmp.Or(arns[res.Text("key_id")], res.Text("key_id"))] = res.Text("policy")
		}
	}
	return policies, nil
}

// destroy ends whatever still runs in the workspace, destroys what was applied
// and closes the workspace: once, whoever comes first.
func (r *root) destroy(ctx context.Context, reason string, in inputs) error {
	r.once.Do(func() {
		stopped := r.workspace.Stop(ctx, reason)
		var opts []tfexec.DestroyOption
		for _, file := range in.files {
			opts = append(opts, tfexec.VarFile(file))
		}
		for _, v := range in.vars {
			opts = append(opts, tfexec.Var(v))
		}
		_, freed := r.workspace.AllowDestroy()
		destroyed := r.workspace.Destroy(ctx, opts...)
		r.err = errors.Join(stopped, freed, destroyed, r.workspace.Close())
	})
	return r.err
}
