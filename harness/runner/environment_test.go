package runner_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/runner"
)

// The whole environment of the engine, so that one variable more fails.
func TestEngineEnvironment(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, value := range map[string]string{
		"LANG": "C.UTF-8", "HTTPS_PROXY": "http://proxy.example", "AWS_CA_BUNDLE": "/ca.pem", "AWS_PROFILE": "work",
		"TF_CLI_ARGS": "-refresh=false", "TF_VAR_foreign": "1", "SKIP_cleanup": "1", "LD_PRELOAD": "x.so",
	} {
		b.cfg.Environ[name] = value
	}
	w := b.workspace(map[string]string{"TF_VAR_name": "it's \"quoted\" $HOME"})
	cmd := exec.Command(w.Engine, "plan")
	cmd.Env = []string{"AWS_CA_BUNDLE=/ca.pem", "TF_LOG=TRACE"} // as terratest would start it
	require.NoError(t, cmd.Run())

	run := filepath.Dir(filepath.Dir(w.Engine))
	got := b.environ(filepath.Join(b.engine, "env"))
	require.Contains(t, got["TF_REATTACH_PROVIDERS"], `{"hashicorp/aws":{"Protocol":"grpc"`, "without a registry host")
	for _, byShell := range []string{"PWD", "OLDPWD", "SHLVL", "_", "TF_REATTACH_PROVIDERS"} {
		delete(got, byShell)
	}
	want := map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": b.dir, "LANG": "C.UTF-8", "HTTPS_PROXY": "http://proxy.example",
		"TMPDIR": filepath.Join(run, "t"), "TF_CLI_CONFIG_FILE": filepath.Join(run, "terraform.rc"),
		"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1", "GOGC": "400", "GOMEMLIMIT": "1GiB",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_REGION": "us-east-1",
		"TF_VAR_name": "it's \"quoted\" $HOME",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
}

func TestEnvironmentRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	run := b.start()
	root := writeTree(t, map[string]string{"main.tf": ""})
	for _, name := range []string{"AWS_CA_BUNDLE", "TF_CLI_CONFIG_FILE", "TF_REATTACH_PROVIDERS", "TF_DATA_DIR", "not a name"} {
		_, err := run.NewWorkspace(t.Context(), runner.WorkspaceConfig{Dir: root, Environ: map[string]string{name: "x"}})
		require.ErrorContains(t, err, name)
	}
}

func TestCLIConfig(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	others := writeTree(t, map[string]string{
		"registry.terraform.io/hashicorp/random/3.6.0/" + filepath.Base(b.provider) + "/terraform-provider-random": "",
		"registry.terraform.io/hashicorp/aws/4.0.0/" + filepath.Base(b.provider) + "/terraform-provider-aws":       "",
		"notes/a/b": "",
	})
	b.cfg.Tools.Mirrors = []string{others}
	w := b.workspace(nil)
	run := filepath.Dir(filepath.Dir(w.Engine))
	want := `disable_checkpoint = true
provider_installation {
  filesystem_mirror {
    path    = "` + run + `/mirror"
    include = ["registry.terraform.io/hashicorp/aws", "registry.opentofu.org/hashicorp/aws"]
  }
  filesystem_mirror {
    path    = "` + others + `"
    include = ["registry.terraform.io/hashicorp/random"]
  }
  direct {
    exclude = ["registry.opentofu.org/hashicorp/aws", "registry.terraform.io/hashicorp/aws", "registry.terraform.io/hashicorp/random"]
  }
}
`
	if diff := cmp.Diff(want, b.read(filepath.Join(run, "terraform.rc"))); diff != "" {
		t.Errorf("CLI configuration (-want +got):\n%s", diff)
	}
	for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		require.FileExists(t, filepath.Join(run, "mirror", host, "hashicorp/aws/5.100.0", filepath.Base(b.provider), "terraform-provider-aws"))
	}
}

// A provider outside of any mirror is linked alone: its folder may hold anything.
func TestProviderOutsideOfMirror(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.cfg.Tools.Provider.Path = b.program("bin/terraform-provider-aws", stubProvider)
	b.program("bin/other", "")
	w := b.workspace(nil)
	entries, err := os.ReadDir(filepath.Join(w.Engine, "../../mirror/registry.terraform.io/hashicorp/aws/5.100.0", filepath.Base(b.provider)))
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.Equal(t, "terraform-provider-aws", entries[0].Name())
}
