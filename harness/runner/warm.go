package runner

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/keywright/keywright/harness/toolchain"
)

// warmTimeout is how long the provider may take to announce itself; it needs
// 0.3 s on an idle machine.
const warmTimeout = time.Minute

// warmProvider is a provider process that the engine attaches to in place of
// starting its own.
type warmProvider struct {
	cmd *exec.Cmd
	// reattach is the value for TF_REATTACH_PROVIDERS.
	reattach string
	done     chan struct{} // closed when the process has ended
	said     *tailBuffer   // its standard error
}

// startWarm starts the provider with -debug and waits for its announcement.
func startWarm(ctx context.Context, path string, env map[string]string) (*warmProvider, error) {
	ctx, cancel := context.WithTimeout(ctx, warmTimeout)
	defer cancel()
	said := &announcement{found: make(chan string, 1)}
	p := &warmProvider{cmd: exec.Command(path, "-debug"), done: make(chan struct{}), said: &tailBuffer{}} //nolint:noctx // it outlives ctx: Close ends it
	p.cmd.Env = pairs(env)
	p.cmd.Stdout, p.cmd.Stderr = said, p.said
	p.cmd.SysProcAttr = dieWithParent()
	if err := p.start(); err != nil {
		return nil, fmt.Errorf("starting provider: %w", err)
	}
	select {
	case value := <-said.found:
		reattach, err := rekey(value)
		if err != nil {
			p.stop()
			return nil, err
		}
		p.reattach = reattach
		return p, nil
	case <-p.done:
		return nil, fmt.Errorf("starting provider %s: it ended at once (%v) without its announcement: is it the AWS provider?\n%s", path, p.cmd.ProcessState, p.said)
	case <-ctx.Done():
		p.stop()
		return nil, fmt.Errorf("starting provider %s: waiting for its announcement: %w\n%s", path, ctx.Err(), p.said)
	}
}

// start starts the process and has one goroutine, tied to one thread, wait for
// it: the parent-death signal is sent when the thread that forked ends.
func (p *warmProvider) start() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // ProcessState tells how it ended
			close(p.done)
		}
	}()
	return <-started
}

// stop kills the process, which keeps nothing that is worth a farewell, and
// waits for its end.
func (p *warmProvider) stop() {
	_ = p.cmd.Process.Kill() // its one error is that the process has ended
	<-p.done
}

func (p *warmProvider) exited() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// failure tells how it ended and what it said last; nil while it runs.
func (p *warmProvider) failure() error {
	if !p.exited() {
		return nil
	}
	return fmt.Errorf("the provider process %d ended while it was in use: %v\n%s", p.cmd.Process.Pid, p.cmd.ProcessState, p.said)
}

// rekey puts the announced address, under whatever registry host the provider
// was built for, under the address without one: each engine completes that
// with its own.
func rekey(announced string) (string, error) {
	var byAddress map[string]json.RawMessage
	if err := json.Unmarshal([]byte(announced), &byAddress); err != nil {
		return "", fmt.Errorf("reading the provider's announcement: %w", err)
	}
	for address, server := range byAddress {
		if strings.HasSuffix(address, "/"+toolchain.AWSProvider) {
			value, err := json.Marshal(map[string]json.RawMessage{toolchain.AWSProvider: server})
			return string(value), err
		}
	}
	return "", fmt.Errorf("reading the provider's announcement: it serves no %s: %s", toolchain.AWSProvider, announced)
}

// announcement is the provider's standard output: it finds the one line that
// matters and forgets the rest.
type announcement struct {
	found chan string // gets the value once
	line  []byte
	done  bool
}

const announcedName = "TF_REATTACH_PROVIDERS="

// Write looks for the announcement; it never fails.
func (a *announcement) Write(data []byte) (int, error) {
	if a.done {
		return len(data), nil
	}
	a.line = append(a.line, data...)
	for {
		line, rest, complete := bytes.Cut(a.line, []byte("\n"))
		if !complete {
			return len(data), nil
		}
		a.line = rest
		if value, ok := strings.CutPrefix(strings.TrimSpace(string(line)), announcedName); ok {
			a.found <- strings.Trim(value, "'")
			a.done, a.line = true, nil
			return len(data), nil
		}
	}
}

// tailBuffer keeps the end of what is written to it.
type tailBuffer struct {
	mu   sync.Mutex
	data []byte
}

const tailBytes = 4096

// Write never fails.
func (b *tailBuffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.data = append(b.data, data...)
	b.data = b.data[max(0, len(b.data)-tailBytes):]
	return len(data), nil
}

// String returns what is kept.
func (b *tailBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.data)
}
