package runner_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/runner"
	"github.com/keywright/keywright/harness/toolchain"
)

// stubEngine notes what it is started with, then does as told by the files in
// its folder: "wait" makes it run until it is interrupted.
const stubEngine = `#!/bin/sh
here=$(dirname "$0")
env >"$here/env"
echo "$@" >>"$here/argv"
if [ "$1" = version ]; then
	echo '{"terraform_version":"1.11.4","platform":"linux_amd64","provider_selections":{}}'
	exit
fi
[ "$1" = show ] && echo '{"format_version":"1.2"}'
[ "$1" = output ] && echo '{"key_arn":{"sensitive":false,"type":"string","value":"arn"}}'
if [ -e "$here/wait" ]; then
	trap 'echo interrupted >>"$here/argv"; exit 1' INT
	touch "$here/waiting"
	while :; do sleep 0.02; done
fi
exit 0
`

// stubProvider announces itself like the AWS provider does with -debug, and
// stays.
const stubProvider = `#!/bin/sh
here=$(dirname "$0")
env >"$here/env.$$"
echo "$@" >"$here/argv"
echo "Provider started. To attach Terraform CLI, set the variable:"
echo
echo "	TF_REATTACH_PROVIDERS='{\"registry.terraform.io/hashicorp/aws\":{\"Protocol\":\"grpc\",\"ProtocolVersion\":5,\"Pid\":$$,\"Test\":true,\"Addr\":{\"Network\":\"unix\",\"String\":\"/s\"}}}'"
echo "more output"
exec sleep 60
`

// bench is a run with stub programs.
type bench struct {
	t        *testing.T
	dir      string
	cfg      runner.Config
	engine   string // folder of the stub engine
	provider string // folder of the stub provider
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, dir: t.TempDir()}
	temp, err := os.MkdirTemp("", "kw") // those of t.TempDir are too long for a socket
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(temp)) })
	engine := b.program("engine/terraform", stubEngine)
	provider := b.program(filepath.Join("mirror/registry.terraform.io/hashicorp/aws/5.100.0",
		runtime.GOOS+"_"+runtime.GOARCH, "terraform-provider-aws"), stubProvider)
	b.engine, b.provider = filepath.Dir(engine), filepath.Dir(provider)
	b.cfg = runner.Config{
		Tools: toolchain.Toolchain{
			Engine: toolchain.Engine{Product: toolchain.Terraform, Version: "1.11.4", Path: engine},
			Provider: toolchain.Provider{
				Address: toolchain.AWSProvider, Version: "5.100.0", Path: provider,
			},
		},
		Environ: map[string]string{"PATH": os.Getenv("PATH"), "HOME": b.dir},
		Backend: map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_REGION": "us-east-1"},
		TempDir: temp,
	}
	return b
}

func (b *bench) program(path, script string) string {
	b.t.Helper()
	path = filepath.Join(b.dir, path)
	require.NoError(b.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(b.t, toolchain.WriteProgram(path, strings.NewReader(script), 0o755))
	return path
}

func (b *bench) start() *runner.Runner {
	b.t.Helper()
	run, err := runner.Start(b.cfg)
	require.NoError(b.t, err)
	b.t.Cleanup(func() { require.NoError(b.t, run.Close()) })
	return run
}

// workspace starts a run with one workspace of a root with nothing special.
func (b *bench) workspace(environ map[string]string) *runner.Workspace {
	b.t.Helper()
	root := writeTree(b.t, map[string]string{"main.tf": `resource "aws_kms_key" "this" {}`})
	w, err := b.start().NewWorkspace(b.t.Context(), runner.WorkspaceConfig{Dir: root, Environ: environ})
	require.NoError(b.t, err)
	return w
}

// argv returns what the engine was started with, one line for each time, and
// forgets it. Asking for its version is terraform-exec's own doing.
func (b *bench) argv() []string {
	b.t.Helper()
	path := filepath.Join(b.engine, "argv")
	var lines []string
	for line := range strings.Lines(b.read(path)) {
		if line = strings.TrimSpace(line); line != "version -json" {
			lines = append(lines, line)
		}
	}
	require.NoError(b.t, os.Remove(path))
	return lines
}

// environ returns the variables a stub was last started with.
func (b *bench) environ(path string) map[string]string {
	b.t.Helper()
	env := map[string]string{}
	for line := range strings.Lines(b.read(path)) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		env[name] = value
	}
	return env
}

func (b *bench) read(path string) string {
	b.t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(b.t, err)
	return string(data)
}

// writeTree writes files by path into a temporary folder.
func writeTree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
	}
	return dir
}
