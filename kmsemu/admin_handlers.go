package kmsemu

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"time"
)

type clockOutput struct {
	Now time.Time `json:"now"`
}

func showClock(s *Server) any { return clockOutput{s.Now().UTC()} }

type clockInput struct {
	Advance Duration `json:"advance"`
}

func advanceClock(s *Server, in clockInput) (any, error) {
	if in.Advance == 0 {
		return nil, errors.New(`say how far: {"advance":"24h"}`)
	}
	return clockOutput{s.Advance(time.Duration(in.Advance)).UTC()}, nil
}

func showConsistency(s *Server) any { return s.Consistency() }

func putConsistency(s *Server, in Consistency) (any, error) {
	return in, s.SetConsistency(in)
}

func showQuotas(s *Server) any { return s.Quotas() }

func putQuotas(s *Server, in Quotas) (any, error) {
	return in, s.SetQuotas(in)
}

type faultsInput struct {
	Faults []Fault `json:"faults"`
}

type faultsOutput struct {
	Faults []FaultStatus `json:"faults"`
}

func showFaults(s *Server) any { return faultsOutput{s.Faults()} }

func putFaults(s *Server, in faultsInput) (any, error) {
	if err := s.SetFaults(in.Faults...); err != nil {
		return nil, err
	}
	return showFaults(s), nil
}

// keyStoresInput is what fails behind custom key stores, by resource.
type keyStoresInput struct {
	Failures map[string]string `json:"failures"`
}

func showKeyStores(s *Server) any {
	out := keyStoresInput{map[string]string{}}
	maps.Copy(out.Failures, s.KeyStoreFailures())
	return out
}

func putKeyStores(s *Server, in keyStoresInput) (any, error) {
	if err := s.SetKeyStoreFailures(in.Failures); err != nil {
		return nil, err
	}
	return showKeyStores(s), nil
}

// eventsOutput has the form of CloudTrail's log files.
type eventsOutput struct {
	Records []Event
}

// eventParameters are the parameters that select events, and where they go.
var eventParameters = map[string]func(*EventFilter) *string{
	"name":      func(f *EventFilter) *string { return &f.Name },
	"principal": func(f *EventFilter) *string { return &f.Principal },
	"key":       func(f *EventFilter) *string { return &f.Key },
	"error":     func(f *EventFilter) *string { return &f.ErrorCode },
	"account":   func(f *EventFilter) *string { return &f.Account },
	"region":    func(f *EventFilter) *string { return &f.Region },
}

func showEvents(s *Server, w http.ResponseWriter, r *http.Request) error {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return fmt.Errorf("reading the query: %w", err)
	}
	var filter EventFilter
	for name, values := range query {
		field, ok := eventParameters[name]
		if !ok || len(values) != 1 {
			return fmt.Errorf("events are selected by name, principal, key, error, account and region, each once: not by %q", name)
		}
		*field(&filter) = values[0]
	}
	out := eventsOutput{s.EventsWhere(filter)}
	if out.Records == nil {
		out.Records = []Event{}
	}
	writePlainJSON(w, http.StatusOK, out)
	return nil
}

func clearEvents(s *Server, _ noInput) (any, error) {
	s.ClearEvents()
	return eventsOutput{[]Event{}}, nil
}

func reset(s *Server, _ noInput) (any, error) {
	s.Reset()
	return showClock(s), nil
}

type tokensInput struct {
	Issuer string   `json:"issuer"`
	Keys   []string `json:"keys"` // PEM
}

type tokensOutput struct {
	Issuer string `json:"issuer"`
	Keys   int    `json:"keys"` // how many were added
}

// trustTokens is [Server.TrustTokens] for all keys, or for none.
func trustTokens(s *Server, in tokensInput) (any, error) {
	if in.Issuer == "" || len(in.Keys) == 0 {
		return nil, errors.New(`name the issuer and its keys: {"issuer":"https://…","keys":["-----BEGIN PUBLIC KEY-----…"]}`)
	}
	keys := make([]crypto.PublicKey, len(in.Keys))
	for i, text := range in.Keys {
		block, _ := pem.Decode([]byte(text))
		if block == nil || block.Type != "PUBLIC KEY" {
			return nil, fmt.Errorf("key %d of %d is not a PEM block PUBLIC KEY", i+1, len(keys))
		}
		var err error
		if keys[i], err = x509.ParsePKIXPublicKey(block.Bytes); err != nil {
			return nil, fmt.Errorf("reading key %d of %d: %w", i+1, len(keys), err)
		}
	}
	if err := s.TrustTokens(in.Issuer, keys...); err != nil {
		return nil, err
	}
	return tokensOutput{in.Issuer, len(keys)}, nil
}

// maxSnapshot is room for a million keys.
const maxSnapshot = 1 << 30

func showSnapshot(s *Server, w http.ResponseWriter, _ *http.Request) error {
	var text bytes.Buffer
	if err := s.Snapshot(&text); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/jsonl")
	_, _ = w.Write(text.Bytes()) // a client that left needs no answer
	return nil
}

func putSnapshot(s *Server, w http.ResponseWriter, r *http.Request) error {
	if err := s.Restore(http.MaxBytesReader(w, r.Body, maxSnapshot)); err != nil {
		return err
	}
	writePlainJSON(w, http.StatusOK, showClock(s))
	return nil
}
