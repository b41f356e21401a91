package process_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/internal/cli/process"
)

var errExit = errors.New("exit status 1")

// interruptedEngine is as terraform-exec has it: it wraps the exit status alone, and
// says that it is an interrupt.
type interruptedEngine struct{}

func (interruptedEngine) Error() string        { return errExit.Error() }
func (interruptedEngine) Unwrap() error        { return errExit }
func (interruptedEngine) Is(target error) bool { return target == context.Canceled }

func TestMainStatus(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		err    error
		args   []string
		status int
		stderr string
	}{
		"well":        {nil, nil, 0, ""},
		"findings":    {fmt.Errorf("it drifted: %w", process.ErrFindings), nil, 2, ""},
		"interrupted": {fmt.Errorf("applying: %w", context.Canceled), nil, 1, "tool: interrupted\n"},
		"interrupted, and not cleaned up": {
			fmt.Errorf("module: %w", errors.Join(errors.Join(fmt.Errorf("applying: %w", context.Canceled), errors.New("destroying: denied")), errors.New("role app: denied"))),
			nil, 1, "tool: interrupted\ntool: destroying: denied\ntool: role app: denied\n",
		},
		"interrupted engine": {fmt.Errorf("applying: %w", interruptedEngine{}), nil, 1, "tool: interrupted\n"},
		"interrupted engine, and not cleaned up": {
			errors.Join(fmt.Errorf("applying: %w", interruptedEngine{}), errors.New("destroying: denied")), nil, 1, "tool: interrupted\ntool: destroying: denied\n",
		},
		"engine that fails": {fmt.Errorf("applying: %w", errExit), nil, 1, "tool: applying: exit status 1\n"},
		"error":             {errors.Join(errors.New("no such file"), errors.New("look elsewhere")), nil, 1, "tool: no such file\ntool: look elsewhere\n"},
		"bad flag":          {nil, []string{"--odd"}, 1, "tool: unknown flag: --odd\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			root := &cobra.Command{Use: "tool", RunE: func(*cobra.Command, []string) error { return row.err }}
			root.SetOut(&stdout)
			root.SetErr(&stderr)
			require.Equal(t, row.status, process.Main(root, append([]string{}, row.args...)))
			require.Empty(t, stdout.String())
			require.Equal(t, row.stderr, stderr.String())
		})
	}
}
