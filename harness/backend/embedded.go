package backend

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/keywright/keywright/kmsemu"
)

// EmbeddedConfig says how the embedded backend is set up.
type EmbeddedConfig struct {
	// Region is the deployer's; "" means us-east-1.
	Region string
	// Clock is the emulator's; nil means the real one. The deployer's session
	// ends 12 hours after its start by this clock.
	Clock func() time.Time
	// Logger is the emulator's; nil discards.
	Logger *slog.Logger
	// Store keeps the emulator's state, and brings back what it holds; nil means
	// memory. It must stay open until the backend is closed.
	Store kmsemu.Store
}

// Embedded is the emulator of package kmsemu as a backend. It enforces
// policies and is an [Auditor].
type Embedded struct {
	deployer
	emulator *kmsemu.Instance
}

// StartEmbedded starts an emulator on a loopback port and makes the deployer.
func StartEmbedded(ctx context.Context, cfg EmbeddedConfig) (*Embedded, error) {
	emulator, err := kmsemu.Start(kmsemu.Config{Clock: cfg.Clock, Logger: cfg.Logger})
	if err != nil {
		return nil, fmt.Errorf("starting emulator: %w", err)
	}
	if cfg.Store != nil {
		if err := emulator.Server.Keep(cfg.Store); err != nil {
			return nil, errors.Join(fmt.Errorf("starting emulator: %w", err), emulator.Close())
		}
	}
	d, err := makeDeployer(ctx, emulator.URL, cmp.Or(cfg.Region, defaultRegion))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making deployer: %w", err), emulator.Close())
	}
	return &Embedded{deployer: d, emulator: emulator}, nil
}

// Name returns "embedded".
func (b *Embedded) Name() string { return "embedded" }

// Enforces returns true.
func (b *Embedded) Enforces() bool { return true }

// InAccount implements [Accounts].
func (b *Embedded) InAccount(id string) Backend {
	return &account{Embedded: b, deployer: deployer{
		endpoint: b.endpoint, region: b.region, role: "arn:aws:iam::" + id + ":root",
		session: aws.Credentials{AccessKeyID: id, SecretAccessKey: rootSecret},
	}}
}

// account is the emulator as another account's root user.
type account struct {
	*Embedded
	deployer
}

// Close closes nothing: the emulator is the deployer's.
func (a *account) Close() error { return nil }

// Server is the emulator, for what no AWS API offers: its clock, faults, and calls
// as AWS services make them.
func (b *Embedded) Server() *kmsemu.Server { return b.emulator.Server }

// Events implements [Auditor].
func (b *Embedded) Events() []kmsemu.Event { return b.emulator.Server.Events() }

// LiveKeys implements [Ledger]. It reads the audit trail, since a key's policy
// may keep everyone from describing it.
func (b *Embedded) LiveKeys(context.Context) ([]string, error) { return liveKeys(b.Events()), nil }

func liveKeys(events []kmsemu.Event) []string {
	live := map[string]bool{}
	for _, e := range events {
		if e.ErrorCode != "" || len(e.Resources) == 0 {
			continue
		}
		switch e.EventName {
		case "CreateKey", "CancelKeyDeletion":
			live[e.Resources[0].ARN] = true
		case "ScheduleKeyDeletion":
			delete(live, e.Resources[0].ARN)
		}
	}
	return slices.Sorted(maps.Keys(live))
}

// Close implements [Backend].
func (b *Embedded) Close() error {
	if err := b.emulator.Close(); err != nil {
		return fmt.Errorf("closing emulator: %w", err)
	}
	return nil
}
