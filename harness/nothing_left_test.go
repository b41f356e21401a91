package harness_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
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
)

// scenarioVariable makes TestScenario play one of scenarios, in a process of
// its own whose end can be looked at.
const scenarioVariable = "KEYWRIGHT_TEST_SCENARIO"

// ready is what a scenario prints once a key exists.
const ready = "scenario: a key exists"

var scenarios = map[string]func(*testing.T, *harness.Harness, *terraform.Options){
	"none": func(*testing.T, *harness.Harness, *terraform.Options) {},
	"passes": func(t *testing.T, _ *harness.Harness, opts *terraform.Options) {
		terraform.InitAndApply(t, opts)
	},
	"fails and stops": func(t *testing.T, _ *harness.Harness, opts *terraform.Options) {
		terraform.InitAndApply(t, opts)
		t.Error("as planned")
		t.FailNow()
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
		_, err = stranger.KMS.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &key})
		t.Error("as planned:", err)
	},
	// As an apply that is cut off in its CreateKey: the key is in no state.
	"strays": func(t *testing.T, h *harness.Harness, _ *terraform.Options) {
		_, err := h.KMS().CreateKey(t.Context(), &kms.CreateKeyInput{})
		require.NoError(t, err)
		select {}
	},
	// The apply is still polling when the signal arrives.
	"applies": func(t *testing.T, _ *harness.Harness, opts *terraform.Options) {
		opts.Vars["rotation"] = true
		terraform.InitAndApply(t, opts)
	},
	"hangs": func(t *testing.T, _ *harness.Harness, opts *terraform.Options) {
		terraform.InitAndApply(t, opts)
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
			fmt.Printf("scenario: %d live keys at the end\n", len(ledger.LiveKeys()))
		}
	})
	h := harness.New(t)
	if ledger, ok = h.Backend().(backend.Ledger); ok {
		go announce(t.Context(), ledger)
	}
	scenario(t, h, h.Options(&terraform.Options{TerraformDir: "testdata/key", Vars: map[string]any{}}))
}

// announce prints ready once a key exists.
func announce(ctx context.Context, b backend.Ledger) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for len(b.LiveKeys()) == 0 {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
	fmt.Println(ready)
}

// reexec returns a command that plays a scenario with a TMPDIR of its own.
func reexec(t *testing.T, scenario string, environ ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestScenario$", "-test.timeout=60s")
	cmd.Env = append(os.Environ(), scenarioVariable+"="+scenario, "TMPDIR="+t.TempDir())
	cmd.Env = append(cmd.Env, environ...)
	return cmd
}

// requireNothingLeft looks for folders and processes of a scenario that ended.
func requireNothingLeft(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	temp := tempDirOf(cmd)
	left, err := os.ReadDir(temp)
	require.NoError(t, err)
	require.Empty(t, left, "folders")
	require.Empty(t, processesIn(t, temp), "processes")
}

func tempDirOf(cmd *exec.Cmd) string {
	var temp string
	for _, pair := range cmd.Env {
		if dir, ok := strings.CutPrefix(pair, "TMPDIR="); ok {
			temp = dir // the last one counts
		}
	}
	return temp
}

// processesIn returns the processes whose environment names a folder, where
// the system shows environments.
func processesIn(t *testing.T, temp string) []string {
	t.Helper()
	environs, err := filepath.Glob("/proc/[0-9]*/environ")
	require.NoError(t, err)
	return slices.DeleteFunc(environs, func(path string) bool {
		data, err := os.ReadFile(path)
		return err != nil || !bytes.Contains(data, []byte(temp))
	})
}

func TestNothingLeftWhenTestEnds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		scenario string
		fails    bool
		want     []string
	}{
		{"passes", false, []string{"0 live keys at the end"}},
		{"fails and stops", true, []string{"as planned", "engine output:", "0 live keys at the end"}},
		{"panics", true, []string{"panic: as planned", "0 live keys at the end"}},
		{"leaks", true, []string{"left behind: 1 key(s) that no destroy scheduled for deletion: arn:aws:kms:us-east-1:000000000000:key/"}},
	}
	for _, tt := range tests {
		t.Run(tt.scenario, func(t *testing.T) {
			t.Parallel()
			cmd := reexec(t, tt.scenario)
			out, err := cmd.CombinedOutput()
			require.Equal(t, tt.fails, err != nil, string(out))
			for _, part := range tt.want {
				require.Contains(t, string(out), part)
			}
			requireNothingLeft(t, cmd)
		})
	}
}

func TestNothingLeftWhenInterrupted(t *testing.T) {
	t.Parallel()
	for scenario, sig := range map[string]syscall.Signal{"hangs": syscall.SIGTERM, "applies": syscall.SIGINT, "strays": syscall.SIGTERM} {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			cmd := reexec(t, scenario)
			said := signalWhenReady(t, cmd, sig)
			require.Contains(t, said, "keywright: stopped: everything applied was destroyed, nothing is left behind")
			requireNothingLeft(t, cmd)
		})
	}
}

// signalWhenReady starts a scenario, sends it a signal once a key exists, checks
// that it ends by that, and returns its standard error.
func signalWhenReady(t *testing.T, cmd *exec.Cmd, sig syscall.Signal) string {
	t.Helper()
	var said bytes.Buffer
	cmd.Stderr = &said
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	out := bufio.NewReader(stdout)
	for line := ""; line != ready+"\n"; {
		line, err = out.ReadString('\n')
		require.NoError(t, err)
	}
	require.NoError(t, cmd.Process.Signal(sig))
	_, err = io.Copy(io.Discard, out)
	require.NoError(t, err)
	require.Error(t, cmd.Wait())
	require.Equal(t, sig, cmd.ProcessState.Sys().(syscall.WaitStatus).Signal(), "it ends by the signal: %s", said.String())
	return said.String()
}

// A killed test binary can clean nothing up: its provider dies with it, and its
// folder goes when the next one starts.
func TestNothingLeftAfterAKill(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux can kill a child with its parent")
	}
	killed := reexec(t, "hangs")
	signalWhenReady(t, killed, syscall.SIGKILL)
	temp := tempDirOf(killed)
	require.Eventually(t, func() bool { return len(processesIn(t, temp)) == 0 }, 10*time.Second, 20*time.Millisecond)

	next := reexec(t, "none", "TMPDIR="+temp)
	out, err := next.CombinedOutput()
	require.NoError(t, err, string(out))
	requireNothingLeft(t, next)
}

// The test binary's own timeout panics and runs no clean-up: the harness must
// be through before.
func TestNothingLeftAtTheDeadline(t *testing.T) {
	t.Parallel()
	cmd := reexec(t, "hangs")
	cmd.Args[2] = "-test.timeout=30s"
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "panic: test timed out after 30s")
	require.Contains(t, string(out), "keywright: stopped: everything applied was destroyed, nothing is left behind")
	requireNothingLeft(t, cmd)
}
