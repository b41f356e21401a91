package kmsemu

import (
	"net/http"
	"runtime"
	"runtime/debug"
	"time"
)

// localStackPages are what tools made for LocalStack ask a server before they use
// it: whether its services run, what it is, and whether it is ready (K0591).
var localStackPages = map[string]func(*Server) any{
	"/_localstack/health": (*Server).health,
	"/_localstack/info":   (*Server).info,
	"/_localstack/init":   func(*Server) any { return initialised },
}

// edition is what the emulator calls itself where LocalStack tells its edition.
const edition = "keywright"

type health struct {
	Services map[string]string `json:"services"`
	Edition  string            `json:"edition"`
	Version  string            `json:"version"`
}

func (s *Server) health() any {
	return health{map[string]string{serviceKMS: "running", serviceSTS: "running", serviceIAM: "running"}, edition, version()}
}

type info struct {
	Version   string `json:"version"`
	Edition   string `json:"edition"`
	Activated bool   `json:"is_license_activated"`
	System    string `json:"system"`
	Docker    bool   `json:"is_docker"`
	Time      string `json:"server_time_utc"`
	Uptime    int    `json:"uptime"` // seconds
}

func (s *Server) info() any {
	now := s.Now()
	return info{
		Version: version(), Edition: edition, System: runtime.GOOS, Time: now.UTC().Format("2006-01-02T15:04:05"),
		Uptime: int(now.Sub(s.started) / time.Second),
	}
}

// initialised tells that there are no scripts to wait for.
var initialised = struct {
	Completed map[string]bool `json:"completed"`
	Scripts   []string        `json:"scripts"`
}{map[string]bool{"BOOT": true, "START": true, "READY": true, "SHUTDOWN": false}, []string{}}

// version is that of this module in the program; "devel" where it is not told.
func version() string {
	const module, unknown = "github.com/keywright/keywright", "devel"
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return unknown
	}
	for _, m := range append(build.Deps, &build.Main) {
		if m.Path == module && m.Version != "" && m.Version != "(devel)" {
			return m.Version
		}
	}
	return unknown
}

// servePage answers one of the pages; they are for reading.
func (s *Server) servePage(w http.ResponseWriter, r *http.Request, page func(*Server) any) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		writePlainJSON(w, http.StatusMethodNotAllowed, problem{"Use GET or HEAD."})
		return
	}
	writePlainJSON(w, http.StatusOK, page(s))
}
