package harness

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/report"
	"github.com/keywright/keywright/harness/runner"
	"github.com/keywright/keywright/harness/toolchain"
)

// session is what the harnesses of one process share while any of them lives:
// engine, backend, run.
type session struct {
	backend backend.Backend
	run     *runner.Runner
	watch   *watch
	reuse   *reuse // nil for none

	engine   string       // with its version, for results
	provider string       // its version
	started  time.Time    // once engine and provider were there
	settings []string     // as environment.given
	results  *report.File // nil for none
	logs     string       // folder for the logs of failed tests

	mu   sync.Mutex
	live map[*Harness]bool

	closing sync.Once
	closed  error
}

// shared holds the present session. Starting one takes seconds, or minutes with
// an install, in which the other tests of the process wait for it.
var shared struct {
	mu      sync.Mutex
	session *session
	// missing is why engine or provider can't be had. Every test of the process
	// would wait for the same failing installs.
	missing *toolchain.NotFoundError
}

// join adds h to the present session, or starts one.
func join(ctx context.Context, h *Harness) (*session, error) {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.missing != nil {
		return nil, shared.missing
	}
	if shared.session == nil {
		s, err := startSession(ctx)
		if err != nil {
			errors.As(err, &shared.missing)
			return nil, err
		}
		s.watch = startWatch(s, h.deadline())
		shared.session = s
	}
	s := shared.session
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live[h] = true
	return s, nil
}

func startSession(ctx context.Context) (*session, error) {
	env, err := readEnvironment()
	if err != nil {
		return nil, err
	}
	tools, err := toolchain.Ensure(ctx, env.tools)
	if err != nil {
		return nil, err
	}
	started := time.Now()
	kept, err := env.openReuse(tools)
	if err != nil {
		return nil, err
	}
	b, err := env.startBackend(ctx, kept)
	if err != nil {
		return nil, errors.Join(err, kept.close())
	}
	if err := backend.CheckProvider(b, tools.Provider.Version); err != nil {
		return nil, errors.Join(err, b.Close(), kept.close())
	}
	run, err := runner.Start(runner.Config{Tools: tools, Environ: env.all, Backend: b.Env()})
	if err != nil {
		return nil, errors.Join(err, b.Close(), kept.close())
	}
	s := &session{
		backend: b, run: run, reuse: kept, live: map[*Harness]bool{},
		engine: fmt.Sprintf("%s %s", tools.Engine.Product, tools.Engine.Version), provider: tools.Provider.Version,
		started: started, settings: env.given(), logs: env.logs,
	}
	if env.results != "" {
		if s.results, err = report.Open(env.results); err != nil {
			return nil, errors.Join(err, s.close())
		}
	}
	return s, nil
}

// leave takes h out of the session; the last one closes it, and gets the error
// of that.
func (s *session) leave(h *Harness) error {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	s.mu.Lock()
	delete(s.live, h)
	last := len(s.live) == 0
	s.mu.Unlock()
	if !last {
		return nil
	}
	if shared.session == s {
		shared.session = nil
	}
	s.watch.stop()
	return s.close()
}

// close stops provider and backend and removes the run's folder, once. The
// error lists the keys that are left.
func (s *session) close() error {
	s.closing.Do(func() {
		s.closed = errors.Join(s.leftovers(), s.run.Close(), s.backend.Close(), s.reuse.close(), s.recordRun(), s.results.Close())
	})
	return s.closed
}

// recordRun writes to the result file how long the session took.
func (s *session) recordRun() error {
	return s.results.Add(report.Line{Run: &report.Run{
		Backend: s.backend.Name(), Engine: s.engine, Provider: s.provider, Seconds: time.Since(s.started).Seconds(),
	}})
}

// lookPatience bounds the look for keys that are left.
const lookPatience = time.Minute

// leftovers returns an error that lists the keys no destroy has reached.
func (s *session) leftovers() error {
	ledger, ok := s.backend.(backend.Ledger)
	if !ok || s.reuse != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookPatience)
	defer cancel()
	left, err := ledger.LiveKeys(ctx)
	if err != nil {
		return fmt.Errorf("looking for keys that are left behind: %w", err)
	}
	if len(left) == 0 {
		return nil
	}
	return fmt.Errorf("left behind: %d key(s) that no destroy scheduled for deletion: %s",
		len(left), strings.Join(left, ", "))
}

// abort destroys what all harnesses applied, closes the session and returns
// what went wrong. The tests that go on find the engine refused.
func (s *session) abort(reason string, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s.mu.Lock()
	errs := make(chan error, len(s.live))
	var group sync.WaitGroup
	for h := range s.live {
		group.Go(func() { errs <- h.abort(ctx, reason) })
	}
	s.mu.Unlock()
	group.Wait()
	close(errs)
	var all []error
	for err := range errs {
		all = append(all, err)
	}
	return errors.Join(append(all, s.sweep(ctx), s.close())...)
}

// shortestWindow is the least number of days before a deletion. Source: KMS API
// Reference, ScheduleKeyDeletion.
const shortestWindow = 7

// sweep schedules the deletion of keys that interrupted applies made and could
// not note in their state: a CreateKey that is cut off may have been carried
// out.
func (s *session) sweep(ctx context.Context) error {
	ledger, ok := s.backend.(backend.Ledger)
	if !ok || s.reuse != nil {
		return nil
	}
	live, err := ledger.LiveKeys(ctx)
	errs := []error{err}
	for _, key := range live {
		cfg := s.backend.Config()
		cfg.Region = strings.Split(key, ":")[3]
		_, err := kms.NewFromConfig(cfg).ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{
			KeyId: &key, PendingWindowInDays: aws.Int32(shortestWindow),
		})
		if err != nil {
			errs = append(errs, fmt.Errorf("sweeping key %s: %w", key, err))
		}
	}
	return errors.Join(errs...)
}
