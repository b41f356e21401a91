package kmsemu

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Config configures a [Server]. The zero value is ready for use.
type Config struct {
	// Clock tells the time: of signatures, rotations, deletions and expiry. Nil
	// means time.Now. It must be safe for concurrent use.
	Clock func() time.Time
	// Rand is the source of key material, ids and credentials. Nil means
	// crypto/rand. The server reads it from one goroutine at a time.
	Rand io.Reader
	// Seed, if not "", makes key material, ids and credentials repeat, and Rand is
	// not read: the n-th call of an operation by an account in a Region makes the
	// same in every server with that seed, whatever other operations were called in
	// between and however often. Of calls made at the same time the first to need
	// randomness is the first; calls refused before that do not count. Signatures
	// that are random by nature do not repeat, and request ids follow the order of
	// all requests. Who knows the seed knows the keys.
	Seed string
	// Logger gets one record per call, without parameters. Nil discards.
	Logger *slog.Logger
	// ServiceCalls lets clients on the loopback make KMS calls as AWS services make
	// them, for tests of key policies that name services: with the header
	// X-Keywright-Via-Service: s3 a call is one Amazon S3 makes for the caller
	// (kms:ViaService, aws:ViaAWSService), with X-Keywright-As-Service: cloudtrail
	// one the service principal makes for the caller's account (aws:SourceAccount,
	// which X-Keywright-Source-Account overrides, and aws:SourceArn from
	// X-Keywright-Source-Arn). While it is false, such a call is an error.
	ServiceCalls bool
	// Admin switches the admin endpoint on: /_keywright/ controls the clock, faults,
	// quotas, consistency and more, for clients on the loopback. docs/serve.md
	// describes it.
	Admin bool
	// Consistency delays the effect of changes, as AWS may. The zero value is at
	// once.
	Consistency Consistency
	// Quotas throttles KMS as AWS does. The zero value does not.
	Quotas Quotas
	// Faults is a plan of what goes wrong. Nil means nothing does.
	Faults []Fault
	// Wait is how a call waits out the latency of a fault. It returns an error if
	// the context ends before. Nil means to wait by the clock of the machine.
	Wait func(context.Context, time.Duration) error
}

// Server is the emulator: an [http.Handler] for KMS, STS and IAM that holds all
// accounts and Regions. Make one with [New]. It is safe for concurrent use.
type Server struct {
	clock  *clock
	random atomic.Pointer[randomness]
	log    *slog.Logger
	trail  trail

	dates       dates
	scopes      credentialScopes
	signingKeys signingKeys

	config   Config // complete
	started  time.Time
	throttle throttle
	faults   faultPlan

	// mu guards state and consistency. Each operation runs under it from its first
	// look at the state to its last, so that a decision and the act it allows are one step;
	// decoding, encoding and signatures are outside.
	mu          sync.Mutex
	state       *state
	keeper      *keeper // keeps the state in a store; nil if there is none
	consistency Consistency
}

// New returns an empty emulator. The error says which setting is not valid.
func New(cfg Config) (*Server, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	cfg.complete()
	s := &Server{config: cfg, log: cfg.Logger, clock: &clock{source: cfg.Clock}, state: newState()}
	s.started = s.Now()
	s.Reset()
	return s, nil
}

func (cfg *Config) check() error {
	if err := cfg.Consistency.check(); err != nil {
		return fmt.Errorf("consistency: %w", err)
	}
	if err := cfg.Quotas.check(); err != nil {
		return fmt.Errorf("quotas: %w", err)
	}
	return checkFaults(cfg.Faults)
}

// complete fills in what was left out.
func (cfg *Config) complete() {
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	cfg.Rand = &lockedReader{source: cfg.Rand}
	if cfg.Wait == nil {
		cfg.Wait = realWait
	}
}

// Reset makes the emulator as it was when it was new: empty but for the settings of
// its [Config], the seed at its beginning. The clock goes on.
func (s *Server) Reset() {
	err := s.whileLocked(func() error {
		s.consistency = s.config.Consistency
		return s.exchange(newState(), nil)
	})
	if err != nil {
		s.log.Error("keeping the reset; it is tried again with the next change", "error", err)
	}
	random := &randomness{source: s.config.Rand, seed: s.config.Seed, drawn: map[string]uint64{}}
	s.random.Store(random)
	s.throttle.set(s.config.Quotas)
	s.faults.set(s.config.Faults, random.stream("faults"))
	s.ClearEvents()
}

// Events returns the audit trail, oldest first: a record for each authenticated
// call of a known operation, allowed and denied alike, and for each change that
// KMS made of itself because its time had come. A call that used a key of another
// account has one more, in that account's trail. The server keeps the last 65,536.
func (s *Server) Events() []Event {
	return s.EventsWhere(EventFilter{})
}

const (
	// maxBody is far above the largest valid request: a 32 KiB policy.
	maxBody = 1 << 20
	// smallBody is how much memory a body gets at once, on the word of the client.
	smallBody = 8 << 10
)

// ServeHTTP answers one KMS, STS or IAM request, or one to the admin endpoint. GET
// /_localstack/health tells that the emulator runs, where tools made for LocalStack
// look for it. Where a fault breaks the connection, ServeHTTP panics with
// [http.ErrAbortHandler], as servers of net/http expect.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := s.Now()
	// Clients correct their clocks by this header, so it must agree with the
	// clock that judges their signatures.
	w.Header()["Date"] = s.dates.header(now)
	if page := localStackPages[r.URL.Path]; page != nil {
		s.servePage(w, r, page)
		return
	}
	if strings.HasPrefix(r.URL.Path, adminPrefix) {
		s.serveAdmin(w, r)
		return
	}
	if service := otherService(r); service != "" {
		s.refuseOther(w, r, service)
		return
	}
	p := protocolOf(r)
	id, err := newUUID(s.random.Load().stream("request"))
	if err != nil {
		p.writeError(w, reply{outcome: outcome{err: internal(err)}})
		return
	}
	w.Header()["X-Amzn-Requestid"] = []string{id}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	s.serve(p, r, now, id).send(w, p)
}

// reply is the outcome of a request, in the terms of either protocol.
type reply struct {
	requestID string
	service   string
	operation string
	outcome
}

// serve takes a request from bytes to outcome: read, authenticate, find the
// operation, run it, record it.
func (s *Server) serve(p protocol, r *http.Request, now time.Time, id string) reply {
	answer := reply{requestID: id}
	body, err := readBody(r)
	if err != nil {
		answer.err = asAPIError(err)
		return answer
	}
	c := &call{server: s, now: now, body: body}
	if err := s.authenticate(c, r); err != nil {
		answer.err = asAPIError(err)
		return answer
	}
	answer.service = c.service
	if err := p.operation(c, r); err != nil {
		answer.err = asAPIError(err)
		return answer
	}
	if err := c.readService(r); err != nil {
		answer.err = asAPIError(err)
		return answer
	}
	answer.operation = c.name
	c.begin(r.Context(), requestOrigin(r), id)
	answer.outcome = s.execute(c)
	if answer.connection != DropBefore {
		s.finish(c, answer.result, answer.err)
	}
	return answer
}

// finish records the outcome of a call in the trail, the log and its keys.
func (s *Server) finish(c *call, result any, err *apiError) {
	level, code := slog.LevelDebug, ""
	if err != nil {
		code = c.protocol.name(err.code)
		if err.cause != nil {
			level = slog.LevelError
		}
	}
	others := c.conclude(result, err)
	s.trail.add(c.event, others...)
	if err == nil {
		c.track(others)
	}
	s.log.LogAttrs(c.context, level, "call",
		slog.String("operation", c.action), slog.String("caller", c.caller.principal.ARN), slog.String("region", c.region),
		slog.String("error", code), slog.String("cause", err.reason()), slog.String("request", c.event.RequestID))
}

// dates remembers the last Date header: it is the same for a second.
type dates struct{ last atomic.Pointer[date] }

type date struct {
	second int64
	header []string
}

func (d *dates) header(now time.Time) []string {
	last := d.last.Load()
	if last == nil || last.second != now.Unix() {
		last = &date{now.Unix(), []string{now.UTC().Format(http.TimeFormat)}}
		d.last.Store(last)
	}
	return last.header
}

func readBody(r *http.Request) ([]byte, error) {
	size := min(max(r.ContentLength, 0), smallBody) + bytes.MinRead
	body := bytes.NewBuffer(make([]byte, 0, size))
	_, err := body.ReadFrom(r.Body)
	if tooLarge(err) {
		return nil, fail(requestTooLarge, "The request body is larger than %d bytes.", maxBody)
	}
	if err != nil {
		return nil, fail(malformedBody, "The request body could not be read: %v.", err)
	}
	return body.Bytes(), nil
}
