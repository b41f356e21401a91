package main_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"
)

// served is a keywright serve that runs.
type served struct {
	testing.TB
	cmd    *exec.Cmd
	url    string
	stderr *said
	http   aws.HTTPClient
}

// wholeAnswers reads answers before the SDK sees them. The SDK closes the body of a
// request when its answer begins, and where net/http was still looking for the
// body's end it takes the connection down, with what is left of the answer.
type wholeAnswers struct{ *http.Client }

func (c wholeAnswers) Do(r *http.Request) (*http.Response, error) {
	resp, err := c.Client.Do(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, err
}

// said collects what a process says, and may be read while it does.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// serve starts keywright serve on a free port and waits for its URL.
func serve(t testing.TB, flags ...string) *served {
	t.Helper()
	return serveBy(t, exec.Command("keywright", append([]string{"serve", "--listen", "127.0.0.1:0"}, flags...)...))
}

func serveBy(t testing.TB, cmd *exec.Cmd) *served {
	t.Helper()
	s := &served{TB: t, cmd: cmd, stderr: &said{}, http: wholeAnswers{&http.Client{Transport: &http.Transport{}}}}
	s.cmd.Stderr = s.stderr
	stdout, err := s.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, s.cmd.Start())
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill() // it is gone already where the test stopped it
		_ = s.cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err, s.stderr.String())
	s.url = strings.TrimSpace(line)
	return s
}

// stop ends the process by a signal and wants a clean end.
func (s *served) stop(signal os.Signal) {
	s.Helper()
	require.NoError(s, s.cmd.Process.Signal(signal))
	require.NoError(s, s.cmd.Wait(), s.stderr.String())
}

// kill ends the process as a power cut does.
func (s *served) kill() {
	s.Helper()
	require.NoError(s, s.cmd.Process.Kill())
	require.Error(s, s.cmd.Wait())
}

func (s *served) config() aws.Config {
	return aws.Config{
		Region: "eu-central-1", BaseEndpoint: aws.String(s.url), Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		RetryMaxAttempts: 1, HTTPClient: s.http,
	}
}

func (s *served) kms() *kms.Client { return kms.NewFromConfig(s.config()) }
func (s *served) iam() *iam.Client { return iam.NewFromConfig(s.config()) }

func (s *served) key() *string {
	s.Helper()
	out, err := s.kms().CreateKey(s.Context(), &kms.CreateKeyInput{})
	require.NoError(s, err)
	return out.KeyMetadata.KeyId
}

func (s *served) get(path string) (int, string) {
	s.Helper()
	resp, err := http.Get(s.url + path)
	require.NoError(s, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(s, err)
	return resp.StatusCode, string(body)
}

func TestServe(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		s := serve(t)
		require.Regexp(t, `^http://127\.0\.0\.1:[1-9][0-9]*$`, s.url)
		secret, err := s.kms().Encrypt(t.Context(), &kms.EncryptInput{KeyId: s.key(), Plaintext: []byte("secret")})
		require.NoError(t, err)
		plain, err := s.kms().Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: secret.CiphertextBlob})
		require.NoError(t, err)
		require.Equal(t, "secret", string(plain.Plaintext))
		status, health := s.get("/_localstack/health")
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, health, `"kms":"running"`)
		s.stop(signal)
		require.Equal(t, "keywright: KMS, STS and IAM are ready; stop them with an interrupt. To use them:\n"+
			"  export AWS_ENDPOINT_URL="+s.url+" AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test\n", s.stderr.String())
		_, err = net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		require.Error(t, err)
	}
}

// TestServeGoesOn: with a state folder a server goes on where the last one ended;
// without it, it begins anew.
func TestServeGoesOn(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	first := serve(t, "--state", dir)
	id := first.key()
	secret, err := first.kms().Encrypt(t.Context(), &kms.EncryptInput{KeyId: id, Plaintext: []byte("secret")})
	require.NoError(t, err)
	used, err := first.kms().GetKeyLastUsage(t.Context(), &kms.GetKeyLastUsageInput{KeyId: id})
	require.NoError(t, err)
	require.NotNil(t, used.KeyLastUsage.Operation)
	first.stop(os.Interrupt)

	again := serve(t, "--state", dir)
	_, err = again.kms().Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: secret.CiphertextBlob})
	require.NoError(t, err)
	status, err := again.kms().DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: id})
	require.NoError(t, err)
	require.True(t, status.KeyMetadata.Enabled)
	_, err = serve(t).kms().DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: id})
	failsWith(t, err, "NotFoundException")
}

// TestServeKeepsLastUsage: a graceful end keeps when keys were last used.
func TestServeKeepsLastUsage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := serve(t, "--state", dir)
	id := first.key()
	_, err := first.kms().Encrypt(t.Context(), &kms.EncryptInput{KeyId: id, Plaintext: []byte("secret")})
	require.NoError(t, err)
	first.stop(os.Interrupt)
	used, err := serve(t, "--state", dir).kms().GetKeyLastUsage(t.Context(), &kms.GetKeyLastUsageInput{KeyId: id})
	require.NoError(t, err)
	require.Equal(t, "Encrypt", string(used.KeyLastUsage.Operation))
}

func failsWith(t testing.TB, err error, code string) {
	t.Helper()
	var e smithy.APIError
	require.ErrorAs(t, err, &e)
	require.Equal(t, code, e.ErrorCode())
}

// TestServeFlags: each does what it says, and nothing of it without it.
func TestServeFlags(t *testing.T) {
	t.Parallel()
	file := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	list := func(s *served) error {
		_, err := s.kms().ListKeys(s.Context(), &kms.ListKeysInput{})
		return err
	}
	asService := func(s *served) error {
		_, err := s.kms().ListKeys(s.Context(), &kms.ListKeysInput{}, func(o *kms.Options) {
			o.HTTPClient = viaS3{http.DefaultClient}
		})
		return err
	}
	newKey := func(s *served) error {
		_, err := s.kms().DescribeKey(s.Context(), &kms.DescribeKeyInput{KeyId: s.key()})
		return err
	}
	twice := func(s *served) error {
		if err := list(s); err != nil {
			return err
		}
		return list(s)
	}
	admin := func(s *served) error {
		if status, body := s.get("/_keywright/clock"); status != http.StatusOK {
			return &smithy.GenericAPIError{Code: fmt.Sprint(status), Message: body}
		}
		return nil
	}
	for name, row := range map[string]struct {
		flags         []string
		call          func(*served) error
		with, without string // codes; "" for success
	}{
		"service calls": {[]string{"--service-calls"}, asService, "", "ValidationException"},
		"no admin":      {[]string{"--admin=false"}, admin, "404", ""},
		"faults":        {[]string{"--faults", file("faults.json", `{"faults":[{"error":"KMSInternalException"}]}`)}, list, "KMSInternalException", ""},
		"quotas":        {[]string{"--quotas", file("quotas.json", `{"enforced":true,"rates":{"ListKeys":0.01}}`)}, twice, "ThrottlingException", ""},
		"consistency":   {[]string{"--consistency", file("consistency.json", `{"keys":"5m"}`)}, newKey, "NotFoundException", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for code, flags := range map[string][]string{row.with: row.flags, row.without: nil} {
				if err := row.call(serve(t, flags...)); code != "" {
					failsWith(t, err, code)
				} else {
					require.NoError(t, err)
				}
			}
		})
	}
	t.Run("seed", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, serve(t, "--seed", "a").key(), serve(t, "--seed", "a").key())
		require.NotEqual(t, serve(t, "--seed", "a").key(), serve(t, "--seed", "b").key())
	})
	t.Run("log level", func(t *testing.T) {
		t.Parallel()
		s := serve(t, "--log-level", "debug")
		s.key()
		s.stop(os.Interrupt)
		require.Contains(t, s.stderr.String(), "operation=kms:CreateKey")
	})
}

// viaS3 sends calls as Amazon S3 would make them.
type viaS3 struct{ *http.Client }

func (c viaS3) Do(r *http.Request) (*http.Response, error) {
	r.Header.Set("X-Keywright-Via-Service", "s3")
	return c.Client.Do(r)
}

// TestServeElsewhere: other machines are let in only where that was meant, and then
// it is said.
func TestServeElsewhere(t *testing.T) {
	t.Parallel()
	s := serveBy(t, exec.Command("keywright", "serve", "--listen", "0.0.0.0:0", "--allow-remote"))
	require.Regexp(t, `^http://127\.0\.0\.1:`, s.url, "an address that works here")
	s.key()
	s.stop(os.Interrupt)
	require.Contains(t, s.stderr.String(), "keywright: warning: other machines can connect")
}

// refusedServe runs keywright serve and wants it to end with status 1 at once.
func refusedServe(t *testing.T, flags ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "keywright", append([]string{"serve"}, flags...)...).CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 1, exit.ExitCode())
	return string(out)
}

func TestServeWhereItCannot(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := serve(t, "--state", dir)
	address := strings.TrimPrefix(s.url, "http://")
	require.Equal(t, "keywright: "+address+" is in use: stop what listens there, LocalStack or another keywright serve, or choose another address with --listen\n",
		refusedServe(t, "--listen", address))
	require.Equal(t, fmt.Sprintf("keywright: state folder %q is in use: stop the server that has it, or give another folder\n", dir),
		refusedServe(t, "--listen", "127.0.0.1:0", "--state", dir))
	s.key()
	s.stop(os.Interrupt)
}

// TestServeOnAFullDisk: what cannot be kept is not acknowledged; what was, is there
// afterwards.
func TestServeOnAFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	full := serveBy(t, exec.Command("sh", "-c", `ulimit -f 256 && exec keywright serve --listen 127.0.0.1:0 --state "$0"`, dir))
	var made []*string
	for {
		out, err := full.kms().CreateKey(t.Context(), &kms.CreateKeyInput{})
		if err != nil {
			failsWith(t, err, "KMSInternalException")
			break
		}
		made = append(made, out.KeyMetadata.KeyId)
		require.Less(t, len(made), 10_000, "the limit has no effect")
	}
	require.NotEmpty(t, made)
	require.Eventually(t, func() bool { return strings.Contains(full.stderr.String(), "writing to state folder") }, time.Minute, time.Millisecond)
	full.kill()
	again := serve(t, "--state", dir)
	for _, id := range made {
		_, err := again.kms().DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: id})
		require.NoError(t, err)
	}
	again.key()
}

// aliases are all aliases, with the ids of their keys.
func (s *served) aliases(ctx context.Context) map[string]string {
	s.Helper()
	all := map[string]string{}
	pages := kms.NewListAliasesPaginator(s.kms(), &kms.ListAliasesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		require.NoError(s, err)
		for _, a := range page.Aliases {
			all[*a.AliasName] = aws.ToString(a.TargetKeyId)
		}
	}
	return all
}
