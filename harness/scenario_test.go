package harness_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness"
	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/toolchain"
)

// scenarioVariable makes TestScenario play one of scenarios, in a process of
// its own whose end can be looked at.
const scenarioVariable = "KEYWRIGHT_TEST_SCENARIO"

const (
	// endpointVariable names a file for where the scenario's backend listens.
	endpointVariable = "KEYWRIGHT_TEST_ENDPOINT"
	// applyingVariable names a file that the stub engine makes in its apply.
	applyingVariable = "KEYWRIGHT_TEST_APPLYING"
	// rootVariable names the root module of a scenario whose module changes.
	rootVariable = "KEYWRIGHT_TEST_ROOT"
)

// ready is what a scenario prints once a key exists.
const ready = "scenario: a key exists"

var scenarios = map[string]func(*testing.T, *harness.Harness, *terraform.Options){
	"none": func(*testing.T, *harness.Harness, *terraform.Options) {},
	// As a goroutine that a test started, and nobody recovers.
	"panics elsewhere": func(t *testing.T, _ *harness.Harness, opts *terraform.Options) {
		go func() {
			waitFor(os.Getenv(applyingVariable))
			panic("as planned")
		}()
		terraform.InitAndApply(t, opts)
	},
	"exits": func(t *testing.T, _ *harness.Harness, opts *terraform.Options) {
		go func() {
			waitFor(os.Getenv(applyingVariable))
			os.Exit(3) //nolint:forbidigo // it is what a test may do to us
		}()
		terraform.InitAndApply(t, opts)
	},
	"loses its engine": func(t *testing.T, h *harness.Harness, opts *terraform.Options) {
		opts.Vars["rotation"] = true
		go killOnceAKeyExists(t.Context(), h, "^(terraform|tofu)[^-]*$")
		_, err := terraform.InitAndApplyE(t, opts)
		t.Error("as planned:", err)
	},
	"loses its provider": func(t *testing.T, h *harness.Harness, opts *terraform.Options) {
		opts.Vars["rotation"] = true
		go killOnceAKeyExists(t.Context(), h, "^terraform-provider-aws")
		_, err := terraform.InitAndApplyE(t, opts)
		t.Error("as planned:", err)
	},
	"applies": func(t *testing.T, _ *harness.Harness, opts *terraform.Options) {
		opts.TimeBetweenRetries = time.Millisecond
		terraform.Apply(t, opts)
	},
	// Its engine starts the providers itself.
	"applies in two Regions": func(t *testing.T, h *harness.Harness, _ *terraform.Options) {
		terraform.InitAndApply(t, h.Options(&terraform.Options{TerraformDir: "testdata/regions"}))
		select {}
	},
	"passes": func(t *testing.T, _ *harness.Harness, opts *terraform.Options) {
		terraform.InitAndApply(t, opts)
	},
	// With more state than a small disk takes.
	"fills the disk": func(t *testing.T, _ *harness.Harness, opts *terraform.Options) {
		opts.Vars["description"] = strings.Repeat("x", 1500)
		terraform.InitAndApply(t, opts)
	},
	"panics": func(t *testing.T, _ *harness.Harness, opts *terraform.Options) {
		terraform.InitAndApply(t, opts)
		panic("as planned")
	},
	"leaks": func(t *testing.T, h *harness.Harness, opts *terraform.Options) {
		_, err := h.KMS().CreateKey(t.Context(), &kms.CreateKeyInput{})
		require.NoError(t, err)
	},
	"proves access": func(t *testing.T, h *harness.Harness, opts *terraform.Options) {
		terraform.InitAndApply(t, opts)
		key := terraform.Output(t, opts, "key_arn")
		app := h.Role("app")
		fmt.Println("scenario: on", h.Backend().Name())
		h.AssertRoundTrip(app, key, nil)
		h.AssertRefused(app, func(ctx context.Context, c *kms.Client) error {
			_, err := c.Encrypt(ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("x")})
			return err
		})
	},
	// A denial that was asked for, one that was not, and drift.
	"tells": func(t *testing.T, h *harness.Harness, opts *terraform.Options) {
		app, stranger := h.Role("app"), h.Role("stranger")
		opts.Vars["policy"], opts.Vars["description"] = fmt.Sprintf(policy, app.RoleARN), "made by a test"
		terraform.InitAndApply(t, opts)
		key := terraform.Output(t, opts, "key_arn")
		h.AssertRoundTrip(app, key, nil)
		h.AssertRefused(stranger, func(ctx context.Context, c *kms.Client) error {
			_, err := c.Encrypt(ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("x")})
			return err
		})
		_, err := h.KMS().UpdateKeyDescription(t.Context(), &kms.UpdateKeyDescriptionInput{KeyId: &key, Description: aws.String("by hand")})
		require.NoError(t, err)
		for range 12 { // more than are told
			_, err = stranger.KMS.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &key})
		}
		t.Error("as planned:", err)
		t.FailNow()
	},
	// As an apply that is cut off in its CreateKey: the key is in no state.
	"strays": func(t *testing.T, h *harness.Harness, _ *terraform.Options) {
		_, err := h.KMS().CreateKey(t.Context(), &kms.CreateKeyInput{})
		require.NoError(t, err)
		select {}
	},
	// The apply is still polling when the signal arrives.
	"applies slowly": func(t *testing.T, _ *harness.Harness, opts *terraform.Options) {
		opts.Vars["rotation"] = true
		terraform.InitAndApply(t, opts)
	},
	"applies the root": func(t *testing.T, h *harness.Harness, _ *terraform.Options) {
		terraform.Apply(t, h.Options(&terraform.Options{TerraformDir: os.Getenv(rootVariable)}))
	},
	"iterates": func(t *testing.T, h *harness.Harness, _ *terraform.Options) {
		app := h.Role("app", mayUseKeys)
		opts := h.Options(&terraform.Options{TerraformDir: os.Getenv(rootVariable), Vars: map[string]any{"description": app.RoleARN}})
		if os.Getenv("SKIP_apply") == "" { // as terratest's stages do
			_, done, _ := strings.Cut(terraform.InitAndApply(t, opts), "Apply complete! ")
			fmt.Println("scenario:", done)
		}
		key := terraform.Output(t, opts, "key_arn")
		h.AssertRoundTrip(app, key, nil)
		fmt.Println("scenario:", key)
	},
	"on AWS": onAWS,
	"hangs with a role": func(t *testing.T, h *harness.Harness, opts *terraform.Options) {
		h.Role("app", mayUseKeys)
		terraform.InitAndApply(t, opts)
		select {}
	},
	// What ends it may come before the apply is through, on a slow machine.
	"hangs": func(t *testing.T, _ *harness.Harness, opts *terraform.Options) {
		_, err := terraform.InitAndApplyE(t, opts)
		fmt.Println("scenario: applied", err)
		select {}
	},
}

func TestScenario(t *testing.T) {
	scenario, ok := scenarios[os.Getenv(scenarioVariable)]
	if !ok {
		t.Skip("played by other tests, in a process of its own")
	}
	// The first clean-up registered runs last.
	var ledger backend.Ledger
	t.Cleanup(func() {
		if ledger != nil {
			live, err := ledger.LiveKeys(context.WithoutCancel(t.Context()))
			fmt.Println("scenario:", len(live), "live keys at the end", err)
		}
	})
	h := harness.New(t)
	noteEndpoint(t, h)
	if ledger, ok = h.Backend().(backend.Ledger); ok {
		go announce(t.Context(), ledger)
	}
	scenario(t, h, h.Options(&terraform.Options{TerraformDir: "testdata/key", Vars: map[string]any{}}))
}

// noteEndpoint writes where the backend listens to the file that endpointVariable
// names.
func noteEndpoint(t *testing.T, h *harness.Harness) {
	t.Helper()
	endpoint, err := url.Parse(h.Backend().Env()["AWS_ENDPOINT_URL"])
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(os.Getenv(endpointVariable), []byte(endpoint.Host), 0o600))
}

// announce prints ready once a key exists.
func announce(ctx context.Context, b backend.Ledger) {
	if waitForKey(ctx, b) {
		fmt.Println(ready)
	}
}

// waitForKey reports whether a key exists before ctx ends.
func waitForKey(ctx context.Context, b backend.Ledger) bool {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if live, err := b.LiveKeys(ctx); err == nil && len(live) > 0 {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
}

// waitFor waits until a file exists.
func waitFor(path string) {
	for range time.Tick(10 * time.Millisecond) {
		if _, err := os.Stat(path); err == nil {
			return
		}
	}
}

// killOnceAKeyExists kills the scenario's processes whose program's name matches.
func killOnceAKeyExists(ctx context.Context, h *harness.Harness, pattern string) {
	if !waitForKey(ctx, h.Backend().(backend.Ledger)) {
		return
	}
	for _, environ := range processesIn(os.TempDir()) {
		process := filepath.Dir(environ)
		program, err := os.Readlink(filepath.Join(process, "exe"))
		if err != nil || !regexp.MustCompile(pattern).MatchString(filepath.Base(program)) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(process)); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL) // its one error is that it has ended
		}
	}
}

// reexec returns a command that plays a scenario with a TMPDIR of its own. Its
// timeout is only for one that hangs: no scenario may depend on how fast the machine
// is.
func reexec(t *testing.T, scenario string, environ ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestScenario$", "-test.timeout=10m")
	cmd.Env = append(os.Environ(), scenarioVariable+"="+scenario, "TMPDIR="+shortTempDir(t),
		endpointVariable+"="+filepath.Join(t.TempDir(), "endpoint"), "KEYWRIGHT_LOGS="+t.TempDir())
	cmd.Env = append(cmd.Env, environ...)
	return cmd
}

// shortTempDir is a folder whose path leaves room for a socket's, as one with the
// name of a test might not.
func shortTempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "kw") // those of t.TempDir are too long
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

// requireNothingLeft looks for folders, processes and the port of a scenario that
// ended.
func requireNothingLeft(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	temp := valueIn(cmd, "TMPDIR")
	left, err := os.ReadDir(temp)
	require.NoError(t, err)
	require.Empty(t, left, "folders")
	require.Empty(t, processesIn(temp), "processes")
	if at, err := os.ReadFile(valueIn(cmd, endpointVariable)); err == nil {
		_, err := net.DialTimeout("tcp", string(at), time.Second)
		require.ErrorIs(t, err, syscall.ECONNREFUSED, "the backend's port")
	}
}

// valueIn is a variable of a command's environment.
func valueIn(cmd *exec.Cmd, name string) string {
	var value string
	for _, pair := range cmd.Env {
		if v, ok := strings.CutPrefix(pair, name+"="); ok {
			value = v // the last one counts
		}
	}
	return value
}

// processesIn returns, as files of /proc, the environments of the processes whose
// environment names a folder, where the system shows environments.
func processesIn(temp string) []string {
	environs, _ := filepath.Glob("/proc/[0-9]*/environ") // its one error is a malformed pattern
	return slices.DeleteFunc(environs, func(path string) bool {
		data, err := os.ReadFile(path)
		return err != nil || !bytes.Contains(data, []byte(temp))
	})
}

// applyForever is an apply that does not end, with a child like a provider.
const applyForever = `sleep 600 >/dev/null 2>&1 &
: >"$here/applying"
wait`

// stubs are variables for an engine whose apply is a script, in a folder that it
// calls $here, and a provider that does nothing.
func stubs(t *testing.T, apply string) []string {
	t.Helper()
	dir := t.TempDir()
	programs := map[string]string{
		"terraform": `case "$1" in
version) echo 'Terraform v1.11.4' ;;
apply)
` + apply + `
;;
esac
`,
		"terraform-provider-aws": `echo "TF_REATTACH_PROVIDERS='{\"registry.terraform.io/hashicorp/aws\":{}}'"
exec sleep 600
`}
	for name, script := range programs {
		script = "#!/bin/sh\nhere='" + dir + "'\n" + script
		require.NoError(t, toolchain.WriteProgram(filepath.Join(dir, name), strings.NewReader(script), 0o700))
	}
	return []string{"KEYWRIGHT_ENGINE=" + filepath.Join(dir, "terraform"), "KEYWRIGHT_PRODUCT=",
		"KEYWRIGHT_PROVIDER=" + filepath.Join(dir, "terraform-provider-aws"), applyingVariable + "=" + filepath.Join(dir, "applying")}
}
