package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// stopPoll is how often an interrupted engine is looked at.
const stopPoll = 20 * time.Millisecond

// Stop keeps the engine from being started again, by whomever, for the reason
// given, interrupts the engines that run, and waits for them to save their
// state and end. Those that still run when ctx ends are killed, and the error
// wraps ctx's. Destroy works after Stop; nothing else does.
func (w *Workspace) Stop(ctx context.Context, reason string) error {
	err := os.WriteFile(filepath.Join(w.folder, "closed"), []byte(reason), 0o600)
	if errors.Is(err, os.ErrNotExist) {
		return nil // prepare did not come far enough to start anything
	}
	if err != nil {
		return fmt.Errorf("stopping engine: %w", err)
	}
	// In this order no start slips through: the engine's script notes its id
	// first and looks at the gate second.
	running, err := w.running()
	if err != nil || len(running) == 0 {
		return err
	}
	signal(running, syscall.SIGINT)
	tick := time.NewTicker(stopPoll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			signal(running, syscall.SIGKILL)
			return fmt.Errorf("stopping engine: killed after an interrupt did not end it: %w", ctx.Err())
		case <-tick.C:
			if running, err = w.running(); err != nil || len(running) == 0 {
				return err
			}
		}
	}
}

// running returns the process ids of the engines that run in the workspace.
func (w *Workspace) running() ([]int, error) {
	entries, err := os.ReadDir(filepath.Join(w.folder, "running"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("listing engines: %w", err)
	}
	var pids []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err == nil && isRunning(pid) {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

func signal(pids []int, sig syscall.Signal) {
	for _, pid := range pids {
		_ = syscall.Kill(pid, sig) // its one error here is that the process has ended
	}
}
