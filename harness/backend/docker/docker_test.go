package docker_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/backend/docker"
	"github.com/keywright/keywright/kmsemu/kmsemutest"
)

// childVariable makes TestChild start LocalStack: the client reads its process's
// environment, once.
const childVariable = "KEYWRIGHT_TEST_DOCKER"

func TestChild(t *testing.T) {
	if os.Getenv(childVariable) == "" {
		t.Skip("run by other tests, in a process of its own")
	}
	b, err := backend.StartLocalStack(context.Background(), backend.LocalStackConfig{Endpoint: backend.InDocker, Container: docker.Start})
	require.NoError(t, err)
	fmt.Println("answers:", backend.Answers(t.Context(), b))
	require.NoError(t, b.Close())
	require.NoError(t, b.Close())
}

// child runs TestChild where Docker is at an address.
func child(t *testing.T, host string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$", "-test.v")
	cmd.Env = append(os.Environ(), childVariable+"=1", "DOCKER_HOST="+host, "HOME="+t.TempDir(), "TESTCONTAINERS_RYUK_DISABLED=true", "TESTCONTAINERS_HOST_OVERRIDE=127.0.0.1")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestNoDocker(t *testing.T) {
	t.Parallel()
	out, err := child(t, "unix://"+filepath.Join(t.TempDir(), "none.sock"))
	require.Error(t, err)
	require.Contains(t, out, docker.ErrNoDocker.Error())
	require.Contains(t, out, "start Docker, or set DOCKER_HOST")
	require.NotContains(t, out, "panic")
}

// daemon is as much of Docker as it takes to run one container, whose port is that
// of an emulator.
type daemon struct {
	port string

	mu      sync.Mutex
	calls   []string
	created struct {
		Image      string
		Env        []string
		HostConfig struct{ Binds []string }
	}
}

// version is in the path of most calls.
var version = regexp.MustCompile(`^/v[0-9.]+`)

func (d *daemon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	call := r.Method + " " + version.ReplaceAllString(r.URL.Path, "")
	d.calls = append(d.calls, call)
	w.Header().Set("Api-Version", "1.47")
	w.Header().Set("Content-Type", "application/json")
	switch {
	case strings.HasSuffix(call, " /_ping"):
	case call == "GET /info":
		fmt.Fprint(w, `{"ServerVersion":"28.0.0","OperatingSystem":"Linux"}`)
	case call == "GET /version":
		fmt.Fprint(w, `{"Version":"28.0.0","ApiVersion":"1.47"}`)
	case strings.HasPrefix(call, "GET /images/"):
		fmt.Fprint(w, `{"Id":"sha256:1"}`)
	case strings.HasPrefix(call, "GET /networks"):
		fmt.Fprint(w, `[{"Name":"bridge","Id":"n"}]`)
	case call == "POST /containers/create":
		if json.NewDecoder(r.Body).Decode(&d.created) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"Id":"c1c1c1c1c1c1"}`)
	case call == "GET /containers/c1c1c1c1c1c1/json":
		fmt.Fprintf(w, `{"Id":"c1c1c1c1c1c1","Name":"/c1","State":{"Running":true,"Status":"running"},"Config":{"Image":"i","ExposedPorts":{"4566/tcp":{}}},`+
			`"HostConfig":{"NetworkMode":"bridge"},"NetworkSettings":{"Ports":{"4566/tcp":[{"HostIp":"127.0.0.1","HostPort":"%s"}]}}}`, d.port)
	case strings.HasPrefix(call, "POST /containers/c1c1c1c1c1c1/"), call == "DELETE /containers/c1c1c1c1c1c1":
		w.WriteHeader(http.StatusNoContent)
	default:
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprintf(w, `{"message":"the daemon has no %s"}`, call)
	}
}

// LocalStack runs in a container of the pinned image, which has neither Docker's
// socket nor a life after its use.
func TestContainer(t *testing.T) {
	t.Parallel()
	emulator := kmsemutest.New(t, nil)
	at, err := url.Parse(emulator.URL)
	require.NoError(t, err)
	d := &daemon{port: at.Port()}
	listener, err := net.Listen("unix", filepath.Join(shortTempDir(t), "d"))
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(d)
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)

	out, err := child(t, "unix://"+listener.Addr().String())
	require.NoError(t, err, "%s\n%s", out, strings.Join(d.calls, "\n"))
	require.Contains(t, out, "answers: <nil>")
	require.Equal(t, "localstack/localstack:"+backend.LocalStackVersion, d.created.Image)
	require.Contains(t, d.created.Env, "SERVICES=kms,sts,iam,s3")
	require.Empty(t, d.created.HostConfig.Binds)
	require.Equal(t, 1, strings.Count(strings.Join(d.calls, "\n"), "DELETE /containers/c1c1c1c1c1c1"))
}

// shortTempDir is for a socket, whose path may have about 100 bytes.
func shortTempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "kw") // those of t.TempDir are too long
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}
