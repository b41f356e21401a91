package kmsemu_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

// snapshot takes one of the world's server.
func (w *world) snapshot() []byte {
	w.Helper()
	var out bytes.Buffer
	require.NoError(w, w.Server.Snapshot(&out))
	return out.Bytes()
}

// copyWorld is another server with the state of w's.
func copyWorld(t *testing.T, w *world) *world {
	t.Helper()
	other := newWorld(t)
	require.NoError(t, other.Server.Restore(bytes.NewReader(w.snapshot())))
	return other
}

// at is the same caller, of another server.
func (c *caller) at(w *world) *caller {
	w.Helper()
	own, err := c.Credentials.Retrieve(w.ctx)
	require.NoError(w, err)
	return w.callerIn(c.Region, own.AccessKeyID, own.SecretAccessKey, own.SessionToken)
}

// TestSnapshot takes everything along: what was made before is there, works as
// before, and a second snapshot is the same.
func TestSnapshot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role, session := w.roleAndSession()
	u := w.user(allow("kms:Encrypt", "*"))
	key, deleted := w.key(withPolicy(keyPolicy(statement("Allow", u.arn, "kms:Decrypt", "")))), w.key()
	w.alias("alias/a", key)
	old, err := w.encrypt(w.root, key, map[string]string{"n": "1"})
	require.NoError(t, err)
	_, err = w.root.kms.RotateKeyOnDemand(w.ctx, &kms.RotateKeyOnDemandInput{KeyId: &key})
	require.NoError(t, err)
	token := w.grant(w.root, key, role, types.GrantOperationDecrypt).GrantToken
	pair := w.key(func(in *kms.CreateKeyInput) {
		in.KeySpec, in.KeyUsage = types.KeySpecRsa2048, types.KeyUsageTypeSignVerify
	})
	signature, err := w.sign(pair, types.SigningAlgorithmSpecRsassaPssSha256, types.MessageTypeRaw, []byte("text"))
	require.NoError(t, err)
	_, err = w.root.kms.ScheduleKeyDeletion(w.ctx, &kms.ScheduleKeyDeletionInput{KeyId: &deleted, PendingWindowInDays: aws.Int32(7)})
	require.NoError(t, err)

	again := copyWorld(t, w)
	require.Equal(t, string(w.snapshot()), string(again.snapshot()))
	session, u = session.at(again), u.at(again)
	for name, by := range map[string]*caller{"by grant": session, "by key policy": u} {
		plaintext, err := again.decrypt(by, old, map[string]string{"n": "1"})
		require.NoError(t, err, name)
		require.Equal(t, "secret", string(plaintext))
	}
	_, err = again.encrypt(session, "alias/a", nil)
	fails(t, err, refused, "")
	_, err = again.encrypt(u, key, nil)
	require.NoError(t, err)
	require.NoError(t, again.verify(pair, types.SigningAlgorithmSpecRsassaPssSha256, types.MessageTypeRaw, []byte("text"), signature))
	_, err = again.root.kms.RetireGrant(w.ctx, &kms.RetireGrantInput{GrantToken: token})
	require.NoError(t, err, "tokens stay those of their grant")
	_, err = again.decrypt(session, old, map[string]string{"n": "1"})
	fails(t, err, refused, "")
	again.clock.Advance(8 * 24 * time.Hour)
	_, err = again.root.kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: &deleted})
	fails(t, err, missing, "")
}

// TestSnapshotKeepsWhoIsMeant (K0406): a policy means the user or role that it named,
// whatever happens to names before or after.
func TestSnapshotKeepsWhoIsMeant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u, gone := w.user(""), w.user("")
	key := w.key(withPolicy(keyPolicy(statement("Allow", u.arn, "kms:Encrypt", ""), statement("Allow", gone.arn, "kms:Encrypt", ""))))
	w.deleteUser(gone)
	name := gone.arn[strings.LastIndexByte(gone.arn, '/')+1:]

	again := copyWorld(t, w)
	require.Equal(t, w.keyPolicyOf(key), again.keyPolicyOf(key))
	_, err := again.root.iam.CreateUser(w.ctx, &iam.CreateUserInput{UserName: &name})
	require.NoError(t, err)
	renamed := u.arn[strings.LastIndexByte(u.arn, '/')+1:]
	_, err = again.root.iam.UpdateUser(w.ctx, &iam.UpdateUserInput{UserName: &renamed, NewUserName: aws.String("other")})
	require.NoError(t, err)
	again.mayEncrypt(t, map[string]attempt{
		"renamed":           {u.at(again), key, true},
		"of a deleted name": {again.keyOf(name), key, false},
	})
	require.Contains(t, again.keyPolicyOf(key), "user/other")
}

// TestSnapshotOfOrphans (K0108): a session outlives its role in no server.
func TestSnapshotOfOrphans(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role, session := w.roleAndSession()
	name := role[strings.LastIndexByte(role, '/')+1:]
	_, err := w.root.iam.DeleteRole(w.ctx, &iam.DeleteRoleInput{RoleName: &name})
	require.NoError(t, err)
	again := copyWorld(t, w)
	_, err = session.at(again).sts.GetCallerIdentity(w.ctx, &sts.GetCallerIdentityInput{})
	fails(t, err, "InvalidClientTokenId", "")
}

// TestRestoredServersMakeNewIDs: a seed alone decides what a fresh server makes; a
// restored one must not make again what it has been given.
func TestRestoredServersMakeNewIDs(t *testing.T) {
	t.Parallel()
	seeded := func() *world { return newWorldOf(t, kmsemu.Config{Seed: "seed"}) }
	w := seeded()
	key := w.key()
	require.Equal(t, key, seeded().key())
	var next []string
	for range 2 {
		again := seeded()
		require.NoError(t, again.Server.Restore(bytes.NewReader(w.snapshot())))
		next = append(next, again.key())
	}
	require.NotEqual(t, key, next[0])
	require.Equal(t, next[0], next[1], "the seed and the snapshot decide")
}

// TestRestoreTakesThePlace of what there was.
func TestRestoreTakesThePlace(t *testing.T) {
	t.Parallel()
	w, other := newWorld(t), newWorld(t)
	key, lost := w.key(), other.key()
	other.Server.Advance(time.Hour)
	require.NoError(t, other.Server.Restore(bytes.NewReader(w.snapshot())))
	for id, code := range map[string]string{key: "", lost: missing} {
		_, err := other.root.kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: &id})
		if code == "" {
			require.NoError(t, err)
			continue
		}
		fails(t, err, code, "")
	}
	require.Equal(t, other.clock.Now(), other.Server.Now(), "the clock is ahead as far as the snapshot's")
}

// TestDamagedSnapshots: each is refused, and the server stays as it was.
func TestDamagedSnapshots(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	w.alias("alias/a", key)
	good := string(w.snapshot())
	lines := strings.SplitAfter(strings.TrimSuffix(good, "\n"), "\n")
	last := len(lines) - 1
	for name, row := range map[string]struct{ text, problem string }{
		"empty":             {"", "it ends too early"},
		"no snapshot":       {"hello\n", "line 1 is damaged"},
		"cut in a line":     {good[:len(good)-20], "it ends too early"},
		"last line missing": {strings.Join(lines[:last], ""), "it ends too early"},
		"a line missing":    {strings.Join(append([]string{lines[0]}, lines[2:]...), "") + "\n", "checksum"},
		"a letter changed":  {strings.Replace(good, "alias/a", "alias/b", 1), "checksum"},
		"something follows": {good + "{}\n", "something follows"},
		"other version":     {summed(`{"Name":"format","Body":{"Version":2}}`), `its format is "{\"Version\":2}"; this program reads {"Version":1}`},
		"no version":        {summed(`{"Name":"account/1","Body":{"ID":"1"}}`), "line 1 is damaged"},
		"unknown kind":      {summed(lines[0], `{"Name":"thing/x","Body":{}}`), `records of kind "thing" are not known`},
		"unknown field":     {summed(lines[0], `{"Name":"account/1","Body":{"ID":"1","More":2}}`), `reading record "account/1": json: unknown field "More"`},
		"other spelling":    {summed(lines[0], `{"Body":{"ID":"1"},"Name":"account/1"}`), "line 2 is damaged"},
		"wrong type":        {summed(lines[0], `{"Name":"account/1","Body":{"ID":1}}`), "cannot unmarshal number"},
		"no value":          {summed(lines[0], `{"Name":"account/1","Body":null}`), `record "account/1" is damaged`},
		"wrong name":        {summed(lines[0], `{"Name":"account/1","Body":{"ID":"2"}}`), `record "account/1" is damaged`},
		"account missing":   {summed(without(lines[:last], "account/")...), `it refers to record "account/000000000000"`},
		"alias of no key":   {summed(without(lines[:last], "key/")...), "it refers to key"},
		"unknown spec":      {summed(strings.ReplaceAll(strings.Join(lines[:last], ""), "SYMMETRIC_DEFAULT", "SM2")), "spec \"SM2\""},
		"short material":    {summed(strings.ReplaceAll(strings.Join(lines[:last], ""), `"Seed":"`, `"Seed":"AAAA`)), "is damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			err := w.Server.Restore(strings.NewReader(row.text))
			require.ErrorContains(t, err, "restoring a snapshot: ")
			require.ErrorContains(t, err, row.problem)
			require.Equal(t, good, string(w.snapshot()))
		})
	}
}

// summed is a snapshot of lines, with the end that belongs to them.
func summed(lines ...string) string {
	text, n := "", -1
	for _, line := range lines {
		for part := range strings.Lines(line) {
			text += strings.TrimSuffix(part, "\n") + "\n"
			n++
		}
	}
	sum := sha256.Sum256([]byte(text))
	return text + fmt.Sprintf(`{"Name":"end","Body":{"Records":%d,"SHA256":"%s"}}`+"\n", n, hex.EncodeToString(sum[:]))
}

// without leaves out the records of a kind.
func without(lines []string, kind string) []string {
	var out []string
	for _, line := range lines {
		if !strings.Contains(line, `{"Name":"`+kind) {
			out = append(out, line)
		}
	}
	return out
}

// brokenWriter fails.
type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestSnapshotTellsOfWriteErrors(t *testing.T) {
	t.Parallel()
	require.ErrorIs(t, newWorld(t).Server.Snapshot(brokenWriter{}), io.ErrShortWrite)
}

// TestRestoreUnderLoad: calls that are under way see one state or the other.
func TestRestoreUnderLoad(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	snapshot := w.snapshot()
	stop := make(chan struct{})
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				secret, err := w.encrypt(w.root, key, nil)
				if err == nil {
					_, err = w.decrypt(w.root, secret, nil)
				}
				if err != nil { // it ran between a Reset and the Restore
					var e smithy.APIError
					if !errors.As(err, &e) || e.ErrorCode() != missing && e.ErrorCode() != refused {
						t.Errorf("encrypting and decrypting: %v", err)
					}
				}
			}
		})
	}
	for range 20 {
		w.Server.Reset()
		require.NoError(t, w.Server.Restore(bytes.NewReader(snapshot)))
	}
	close(stop)
	group.Wait()
	require.Equal(t, key, w.snapshotKeys()[0])
}

// snapshotKeys are the ARNs of the keys in a snapshot.
func (w *world) snapshotKeys() []string {
	w.Helper()
	var out []string
	for line := range strings.Lines(string(w.snapshot())) {
		if _, rest, found := strings.Cut(line, `{"Name":"key/`); found {
			arn, _, _ := strings.Cut(rest, `"`)
			out = append(out, arn)
		}
	}
	return out
}
