package kmsemu

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/keywright/keywright/internal/strictjson"
)

// adminPrefix begins the paths of the admin endpoint.
const adminPrefix = "/_keywright/"

// adminRoutes is the admin endpoint: what is behind each path, by method. To add
// something, write its function and its row, and an example in docs/serve.md.
var adminRoutes = map[string]map[string]adminHandler{
	"clock": {
		http.MethodGet:  adminShow(showClock),
		http.MethodPost: adminTake(advanceClock),
	},
	"consistency": {
		http.MethodGet:    adminShow(showConsistency),
		http.MethodPut:    adminTake(putConsistency),
		http.MethodDelete: adminTake(func(s *Server, _ noInput) (any, error) { return putConsistency(s, Consistency{}) }),
	},
	"events": {
		http.MethodGet:    showEvents,
		http.MethodDelete: adminTake(clearEvents),
	},
	"faults": {
		http.MethodGet:    adminShow(showFaults),
		http.MethodPut:    adminTake(putFaults),
		http.MethodDelete: adminTake(func(s *Server, _ noInput) (any, error) { return putFaults(s, faultsInput{}) }),
	},
	"keystores": {
		http.MethodGet:    adminShow(showKeyStores),
		http.MethodPut:    adminTake(putKeyStores),
		http.MethodDelete: adminTake(func(s *Server, _ noInput) (any, error) { return putKeyStores(s, keyStoresInput{}) }),
	},
	"quotas": {
		http.MethodGet:    adminShow(showQuotas),
		http.MethodPut:    adminTake(putQuotas),
		http.MethodDelete: adminTake(func(s *Server, _ noInput) (any, error) { return putQuotas(s, Quotas{}) }),
	},
	"reset": {http.MethodPost: adminTake(reset)},
	"snapshot": {
		http.MethodGet: showSnapshot,
		http.MethodPut: putSnapshot,
	},
	"tokens": {http.MethodPost: adminTake(trustTokens)},
}

// adminHandler answers one method of a path. An error is what was wrong with the
// request.
type adminHandler func(*Server, http.ResponseWriter, *http.Request) error

// noInput is the input of a request without one.
type noInput struct{}

// problem is an answer that tells what was wrong.
type problem struct {
	Error string `json:"error"`
}

// adminError is a problem with a status of its own; others are 400.
type adminError struct {
	status int
	text   string
}

// Error is the text.
func (e *adminError) Error() string { return e.text }

// serveAdmin answers a request to the admin endpoint.
func (s *Server) serveAdmin(w http.ResponseWriter, r *http.Request) {
	handler, err := s.adminHandler(w, r)
	if err == nil {
		err = handler(s, w, r)
	}
	if err == nil {
		return
	}
	status := http.StatusBadRequest
	var own *adminError
	if errors.As(err, &own) {
		status = own.status
	}
	writePlainJSON(w, status, problem{err.Error()})
}

// adminHandler finds what a request asks for, and refuses those from elsewhere. The
// name of the host keeps web pages out that a browser on this machine shows.
func (s *Server) adminHandler(w http.ResponseWriter, r *http.Request) (adminHandler, error) {
	switch {
	case !s.config.Admin:
		return nil, &adminError{http.StatusNotFound, "the admin endpoint is off: set Config.Admin"}
	case !isLoopback(r.RemoteAddr) || !isLoopbackName(r.Host):
		return nil, &adminError{http.StatusForbidden, "the admin endpoint answers on the loopback only: use 127.0.0.1 or localhost"}
	}
	methods, ok := adminRoutes[strings.TrimPrefix(r.URL.Path, adminPrefix)]
	if !ok {
		return nil, &adminError{http.StatusNotFound, fmt.Sprintf("there is no %s: use one of %s under %s", r.URL.Path, strings.Join(slices.Sorted(maps.Keys(adminRoutes)), ", "), adminPrefix)}
	}
	handler, ok := methods[r.Method]
	if !ok {
		allowed := strings.Join(slices.Sorted(maps.Keys(methods)), ", ")
		w.Header().Set("Allow", allowed)
		return nil, &adminError{http.StatusMethodNotAllowed, fmt.Sprintf("%s does not take %s: use %s", r.URL.Path, r.Method, allowed)}
	}
	return handler, nil
}

// isLoopbackName tells hosts that mean the machine itself.
func isLoopbackName(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	return name == "localhost" || isLoopback(strings.Trim(name, "[]"))
}

// adminShow is a handler that shows something.
func adminShow(show func(*Server) any) adminHandler {
	return func(s *Server, w http.ResponseWriter, _ *http.Request) error {
		writePlainJSON(w, http.StatusOK, show(s))
		return nil
	}
}

// adminTake is a handler that takes JSON, strictly, and answers with what became of
// it.
func adminTake[In any](take func(*Server, In) (any, error)) adminHandler {
	return func(s *Server, w http.ResponseWriter, r *http.Request) error {
		var in In
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		if err := readAdminInput(r, &in); err != nil {
			return err
		}
		out, err := take(s, in)
		if err != nil {
			return err
		}
		writePlainJSON(w, http.StatusOK, out)
		return nil
	}
}

// readAdminInput reads one JSON document with known fields alone. Where nothing is
// wanted, nothing may stand.
func readAdminInput(r *http.Request, into any) error {
	body, err := io.ReadAll(r.Body)
	switch {
	case tooLarge(err):
		return &adminError{http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes", maxBody)}
	case err != nil:
		return fmt.Errorf("reading the body: %w", err)
	}
	if _, none := into.(*noInput); none && len(body) == 0 {
		return nil
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return &adminError{http.StatusUnsupportedMediaType, "send Content-Type: application/json"}
	}
	if err := strictjson.Decode(body, into); err != nil {
		return fmt.Errorf("reading the body: %w", err)
	}
	return nil
}

// writePlainJSON writes an answer that no AWS protocol knows.
func writePlainJSON(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{"error":"the answer cannot be written"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // a client that left needs no answer
}
