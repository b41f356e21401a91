package kmsemu_test

import (
	"bytes"
	"errors"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
	"github.com/keywright/keywright/kmsemu/kmsemutest"
)

// memory is a store that lives as long as its test.
type memory struct {
	mu      sync.Mutex
	records map[string][]byte
	writes  int
	broken  error // what Write returns
}

func newMemory() *memory { return &memory{records: map[string][]byte{}} }

func (m *memory) Read(yield func(string, []byte) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name, body := range m.records {
		if err := yield(name, body); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken = err
}

func (m *memory) written() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.writes
}

// named are the names of the records of a kind.
func (m *memory) named(kind string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for name := range m.records {
		if strings.HasPrefix(name, kind) {
			out = append(out, name)
		}
	}
	return out
}

func (m *memory) size() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.records)
}

func (m *memory) Write(records map[string][]byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return m.broken
	}
	m.writes++
	maps.Copy(m.records, records)
	maps.DeleteFunc(m.records, func(_ string, body []byte) bool { return body == nil })
	return nil
}

// keepStrictly gives every test's server a store, and fails the test at the first
// call that changes something and does not keep it, and at its end if a server
// made of the records would differ from its own. Benchmarks go without, and so does
// -short: which goroutine kept a record makes no difference to what is in it.
func (w *world) keepStrictly() {
	t, ok := w.TB.(*testing.T)
	if !ok || testing.Short() {
		return
	}
	store, server := newMemory(), w.Server
	require.NoError(t, server.Keep(store))
	w.client = strictClient{t, server, store}
	t.Cleanup(func() {
		if store.size() > manyRecords {
			return
		}
		allKept(t, server)
		diff, err := kmsemu.Restored(server)
		require.NoError(t, err)
		require.Empty(t, diff, "what the records do not bring back (-was +is)")
	})
}

func allKept(t *testing.T, server *kmsemu.Server) {
	t.Helper()
	diff, err := kmsemu.Unkept(server)
	require.NoError(t, err)
	require.Empty(t, diff, "a call changed what it did not keep (-kept +is)")
}

// The checks are not too slow up to so many records: that after each call, and that
// at the end of a test.
const (
	fewRecords  = 200
	manyRecords = 2000
)

type strictClient struct {
	t      *testing.T
	server *kmsemu.Server
	store  *memory
}

var plainClient = awshttp.NewBuildableClient()

// Do makes the call and checks that nothing is left unkept.
func (c strictClient) Do(r *http.Request) (*http.Response, error) {
	resp, err := plainClient.Do(r)
	if c.store.size() > fewRecords {
		return resp, err
	}
	diff, failed := kmsemu.Unkept(c.server)
	if (failed != nil || diff != "") && !c.t.Failed() {
		c.t.Errorf("%s: changed what it did not keep (-kept +is): %s %v", r.Header.Get("X-Amz-Target"), diff, failed)
	}
	return resp, err
}

var _ aws.HTTPClient = strictClient{}

// keeping is a world whose server keeps its state in a store, without checks.
func keeping(t *testing.T, store kmsemu.Store) *world {
	t.Helper()
	w := newWorldOf(t, kmsemu.Config{})
	w.Instance = kmsemutest.New(t, &kmsemu.Config{Clock: w.clock.Now})
	require.NoError(t, w.Server.Keep(store))
	w.client = nil
	w.root = w.caller("test", "test", "")
	return w
}

func TestKeepBringsBack(t *testing.T) {
	t.Parallel()
	store := newMemory()
	w := keeping(t, store)
	u := w.user(allow("kms:Decrypt", "*"))
	key := w.key()
	secret, err := w.encrypt(w.root, key, nil)
	require.NoError(t, err)
	w.Server.Advance(time.Hour)

	again := keeping(t, store)
	w.clock.Advance(again.clock.Now().Sub(w.clock.Now()))
	require.Equal(t, w.Server.Now(), again.Server.Now())
	require.Equal(t, w.snapshot(), again.snapshot())
	_, err = again.decrypt(u.at(again), secret, nil)
	require.NoError(t, err)
	_, err = again.encrypt(u.at(again), key, nil)
	fails(t, err, refused, "")
}

func TestKeepComesFirst(t *testing.T) {
	t.Parallel()
	const late = "keeping the state in a store: the server already has state; call Keep before anything else"
	used, err := kmsemu.New(kmsemu.Config{})
	require.NoError(t, err)
	w := keeping(t, newMemory())
	w.key()
	require.EqualError(t, w.Server.Keep(newMemory()), late, "it has a store")
	require.NoError(t, used.Restore(bytes.NewReader(w.snapshot())))
	require.EqualError(t, used.Keep(newMemory()), late)
}

func TestKeepRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		records map[string]string
		problem string
	}{
		"no format":     {map[string]string{"account/1": `{"ID":"1"}`}, `its format is ""`},
		"later format":  {map[string]string{"format": `{"Version":2}`}, "this program reads"},
		"damaged":       {map[string]string{"format": `{"Version":1}`, "account/1": `{"ID":`}, `reading record "account/1"`},
		"not as it was": {map[string]string{"format": `{"Version":1}`, "account/1": `{"ID": "1"}`}, `record "account/1" is damaged`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := newMemory()
			for name, body := range row.records {
				store.records[name] = []byte(body)
			}
			server, err := kmsemu.New(kmsemu.Config{})
			require.NoError(t, err)
			require.ErrorContains(t, server.Keep(store), row.problem)
			require.NoError(t, server.Keep(newMemory()), "the server is as it was")
		})
	}
}

// TestReadingWritesNothing: only changes cost a write.
func TestReadingWritesNothing(t *testing.T) {
	t.Parallel()
	store := newMemory()
	w := keeping(t, store)
	key, role := w.key(), w.role(allow("kms:*", "*"))
	before := store.written()
	secret, err := w.encrypt(role, key, nil)
	require.NoError(t, err)
	_, err = w.decrypt(role, secret, nil)
	require.NoError(t, err)
	_, err = role.kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: &key})
	require.NoError(t, err)
	_, err = role.kms.ListGrants(w.ctx, &kms.ListGrantsInput{KeyId: &key})
	require.NoError(t, err)
	_, err = w.root.iam.ListRoles(w.ctx, &iam.ListRolesInput{})
	require.NoError(t, err)
	require.Error(t, w.tag(w.user(""), key, "a", "b"), "denied")
	after := store.written()
	w.alias("alias/a", key)
	require.Equal(t, before+2, after, "the user and its access key")
	require.Equal(t, after+1, store.written())
}

// TestTimeIsKept: what the clock brings about is kept before anyone sees it.
func TestTimeIsKept(t *testing.T) {
	t.Parallel()
	store := newMemory()
	w := keeping(t, store)
	key := w.key()
	w.enableRotation(key, nil)
	w.clock.Advance(366 * 24 * time.Hour)
	secret, err := w.encrypt(w.root, key, nil)
	require.NoError(t, err)
	again := keeping(t, store)
	require.Len(t, again.rotations(key, types.IncludeKeyMaterialRotationsOnly), 1)
	_, err = again.decrypt(again.root, secret, nil)
	require.NoError(t, err)
}

// TestStoreThatFails: no answer leaves that rests on what is not kept, and nothing is
// lost once the store works again.
func TestStoreThatFails(t *testing.T) {
	t.Parallel()
	store := newMemory()
	w := keeping(t, store)
	key := w.key()
	secret, err := w.encrypt(w.root, key, nil)
	require.NoError(t, err)
	store.fail(errors.New("disk full"))
	_, err = w.decrypt(w.root, secret, nil)
	require.NoError(t, err, "nothing is waiting to be kept")
	_, err = w.root.kms.CreateAlias(w.ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/a"), TargetKeyId: &key})
	fails(t, err, "KMSInternalException", "The request failed because of an internal error.")
	_, err = w.encrypt(w.root, "alias/a", nil)
	fails(t, err, "KMSInternalException", "")
	require.Error(t, w.Server.Restore(bytes.NewReader(w.snapshot())))
	require.Empty(t, store.named("alias/"))

	store.fail(nil)
	_, err = w.encrypt(w.root, "alias/a", nil)
	require.NoError(t, err)
	require.Len(t, store.named("alias/"), 1)
	allKept(t, w.Server)
}

// gated is a store whose writes wait to be let through.
type gated struct {
	*memory
	asked chan int // how many records
	pass  chan struct{}
}

func (g *gated) Write(records map[string][]byte) error {
	g.asked <- len(records)
	<-g.pass
	return g.memory.Write(records)
}

// TestAnswersWaitTogether: an answer waits until what it saw is kept, and calls that
// wait at the same time are kept by one write. The state is not locked meanwhile.
func TestAnswersWaitTogether(t *testing.T) {
	t.Parallel()
	store := &gated{newMemory(), make(chan int), make(chan struct{})}
	go func() { <-store.asked; store.pass <- struct{}{} }() // the format
	w := keeping(t, store)
	const calls = 8
	done := make(chan string, calls+1)
	create := func() {
		out, err := w.root.kms.CreateKey(w.ctx, &kms.CreateKeyInput{})
		if err == nil {
			done <- *out.KeyMetadata.Arn
		}
	}
	go create()
	require.Equal(t, 2, <-store.asked, "the account and the key")
	for range calls {
		go create()
	}
	require.Eventually(t, func() bool { return kmsemu.Keys(w.Server) == calls+1 }, time.Minute, time.Millisecond,
		"the state is open while the first write is under way")
	require.Empty(t, done)
	store.pass <- struct{}{}
	<-done
	require.Equal(t, calls, <-store.asked, "one write for all the others")
	require.Empty(t, done)
	store.pass <- struct{}{}
	for range calls {
		<-done
	}
	allKept(t, w.Server)
}
