package harness

import (
	"context"
	"errors"
	"sync"

	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/hashicorp/terraform-exec/tfexec"

	"github.com/keywright/keywright/harness/runner"
)

// root is a workspace with the options a test runs it with.
type root struct {
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
		destroyed := r.workspace.Destroy(ctx, opts...)
		r.err = errors.Join(stopped, destroyed, r.workspace.Close())
	})
	return r.err
}
