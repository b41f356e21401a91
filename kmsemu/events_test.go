package kmsemu_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/keypolicy"
	"github.com/keywright/keywright/kmsemu"
	"github.com/keywright/keywright/kmsemu/kmsemutest"
)

// TestEvent (K0086): one record per call, with the decision and its reasons.
func TestEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.roleARN(w.root, "")
	session := w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role})
	key := w.key(withPolicy(keyPolicy(statement("Allow", role, "kms:Encrypt", ""))))
	_, err := w.encrypt(session, key, map[string]string{"tenant": "blue"})
	require.NoError(t, err)
	e := w.event("Encrypt")
	require.Equal(t, w.clock.Now().UTC(), e.EventTime)
	require.Equal(t, "kms.amazonaws.com", e.EventSource)
	require.Equal(t, region, e.AWSRegion)
	require.Equal(t, "127.0.0.1", e.SourceIPAddress)
	require.Contains(t, e.UserAgent, "aws-sdk-go-v2/")
	require.NotEqual(t, e.EventID, e.RequestID)
	require.Equal(t, map[string]any{"keyId": key, "encryptionAlgorithm": "SYMMETRIC_DEFAULT", "encryptionContext": map[string]any{"tenant": "blue"}}, e.RequestParameters)
	require.Equal(t, []kmsemu.Resource{{ARN: key, AccountID: account, Type: "AWS::KMS::Key"}}, e.Resources)
	require.Empty(t, e.ErrorCode)
	require.Equal(t, keypolicy.ResourcePolicy, e.Decision.Source)
	require.Equal(t, "this", e.Decision.Reasons[0].Sid)
	id := w.roleID(role)
	require.Equal(t, kmsemu.UserIdentity{
		Type: "AssumedRole", PrincipalID: id + ":session", ARN: session.arn, AccountID: account, AccessKeyID: e.UserIdentity.AccessKeyID,
		SessionContext: &kmsemu.SessionContext{SessionIssuer: kmsemu.SessionIssuer{Type: "Role", PrincipalID: id, ARN: role, AccountID: account, UserName: roleName(role)}},
	}, e.UserIdentity)

	_, err = session.kms.DisableKey(w.ctx, &kms.DisableKeyInput{KeyId: &key})
	fails(t, err, "AccessDeniedException", "")
	e = w.event("DisableKey")
	require.Equal(t, kmsemu.AccessDenied, e.ErrorCode)
	require.Equal(t, denied(session.arn, "kms:DisableKey", key, "because no identity-based policy allows the kms:DisableKey action"), e.ErrorMessage)
	require.False(t, e.Decision.Allowed())

	_, err = session.kms.GenerateRandom(w.ctx, &kms.GenerateRandomInput{})
	fails(t, err, "ValidationException", "")
	require.Nil(t, w.event("GenerateRandom").Decision, "refused before any decision")
}

// TestRecordNamesTheAlgorithm, also if the request did not (K0115), and whether the
// call succeeds or not.
func TestRecordNamesTheAlgorithm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	const symmetric = "SYMMETRIC_DEFAULT"
	sealed, err := w.encrypt(w.root, key, nil)
	require.NoError(t, err)
	require.Equal(t, symmetric, w.event("Encrypt").RequestParameters["encryptionAlgorithm"])
	_, err = w.decrypt(w.root, sealed, nil)
	require.NoError(t, err)
	require.Equal(t, map[string]any{"encryptionAlgorithm": symmetric}, w.event("Decrypt").RequestParameters)
	_, err = w.decrypt(w.root, []byte("nonsense"), nil)
	fails(t, err, "InvalidCiphertextException", "")
	require.Equal(t, map[string]any{"encryptionAlgorithm": symmetric}, w.event("Decrypt").RequestParameters)
	_, err = w.root.kms.ReEncrypt(w.ctx, &kms.ReEncryptInput{CiphertextBlob: sealed, DestinationKeyId: &key})
	require.NoError(t, err)
	require.Equal(t, map[string]any{"sourceEncryptionAlgorithm": symmetric, "destinationEncryptionAlgorithm": symmetric, "destinationKeyId": key}, w.event("ReEncrypt").RequestParameters)
	_, err = w.root.kms.Encrypt(w.ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("x"), EncryptionAlgorithm: types.EncryptionAlgorithmSpecRsaesOaepSha1})
	fails(t, err, "InvalidKeyUsageException", "")
	require.Equal(t, "RSAES_OAEP_SHA_1", w.event("Encrypt").RequestParameters["encryptionAlgorithm"])
}

// TestRecordTimes are whole seconds in the form of CloudTrail (K0115).
func TestRecordTimes(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(kmsemu.Event{EventTime: time.Date(2030, 1, 2, 3, 4, 5, 999_999_999, time.UTC)})
	require.NoError(t, err)
	require.Contains(t, string(text), `"eventTime":"2030-01-02T03:04:05Z"`)
}

// TestEventOfTwoPermissions: both keys are named, the last decision is kept.
func TestEventOfTwoPermissions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.subject()
	require.NoError(t, kmsCalls["ReEncrypt"].call(w.ctx, w.root.kms, s))
	e := w.event("ReEncrypt")
	require.Len(t, e.Resources, 2)
	require.Equal(t, s.key, e.Resources[0].ARN)
	require.Equal(t, s.spare, e.Resources[1].ARN)
	require.NotContains(t, e.RequestParameters, "ciphertextBlob")
}

// TestEventJSON: CloudTrail's field names.
func TestEventJSON(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.root.kms.CreateKey(w.ctx, &kms.CreateKeyInput{Description: aws.String("d")})
	require.NoError(t, err)
	text, err := json.Marshal(w.event("CreateKey"))
	require.NoError(t, err)
	var got map[string]any
	require.NoError(t, json.Unmarshal(text, &got))
	for _, field := range []string{"eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress",
		"userAgent", "requestParameters", "requestID", "eventID", "eventType", "resources", "additionalEventData"} {
		require.Contains(t, got, field)
	}
	require.Equal(t, "AwsApiCall", got["eventType"])
	require.Equal(t, "allowed", got["additionalEventData"].(map[string]any)["decision"].(map[string]any)["verdict"])
	require.Equal(t, map[string]any{
		"bypassPolicyLockoutSafetyCheck": false, "customerMasterKeySpec": "SYMMETRIC_DEFAULT", "description": "d",
		"keySpec": "SYMMETRIC_DEFAULT", "keyUsage": "ENCRYPT_DECRYPT", "origin": "AWS_KMS",
	}, got["requestParameters"])
}

// TestNothingSecretIsRecorded (K0086): neither in the trail nor in the log.
func TestNothingSecretIsRecorded(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	w := &world{TB: t, ctx: t.Context(), clock: kmsemutest.NewClock(time.Now())}
	w.Instance = kmsemutest.New(t, &kmsemu.Config{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	w.root = w.caller("test", "test", "")
	key := w.key()
	const plaintext = "correct horse battery staple"
	sealed, err := w.root.kms.Encrypt(w.ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte(plaintext)})
	require.NoError(t, err)
	_, err = w.decrypt(w.root, sealed.CiphertextBlob, nil)
	require.NoError(t, err)
	_, err = w.root.kms.ReEncrypt(w.ctx, &kms.ReEncryptInput{CiphertextBlob: sealed.CiphertextBlob, DestinationKeyId: &key})
	require.NoError(t, err)
	dataKey, err := w.root.kms.GenerateDataKey(w.ctx, &kms.GenerateDataKeyInput{KeyId: &key, KeySpec: types.DataKeySpecAes256})
	require.NoError(t, err)
	role := w.roleARN(w.root, "")
	session, err := w.root.sts.AssumeRole(w.ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("s1")})
	require.NoError(t, err)

	trail, err := json.Marshal(w.Server.Events())
	require.NoError(t, err)
	recorded := string(trail) + log.String()
	require.Contains(t, recorded, "GenerateDataKey", "the log is on")
	encode := base64.StdEncoding.EncodeToString
	for _, secret := range []string{plaintext, encode([]byte(plaintext)), encode(sealed.CiphertextBlob), encode(dataKey.Plaintext), encode(dataKey.CiphertextBlob), *session.Credentials.SecretAccessKey, *session.Credentials.SessionToken} {
		require.NotContains(t, recorded, secret)
	}
}

// lockedBuffer is a buffer that many goroutines may write.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// TestTrailIsBounded: the newest events stay, in order.
func TestTrailIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: millions of events, one after the other")
	}
	t.Parallel()
	for _, n := range []int{0, 1, kmsemu.MaxEvents, kmsemu.MaxEvents + 1, 2 * kmsemu.MaxEvents, 2*kmsemu.MaxEvents + 1} {
		events := make([]kmsemu.Event, n)
		for i := range events {
			events[i].RequestID = fmt.Sprint(i)
		}
		kept := kmsemu.KeptOf(events)
		require.Len(t, kept, min(n, kmsemu.MaxEvents))
		for i := range kept {
			if want := events[n-len(kept)+i].RequestID; kept[i].RequestID != want {
				t.Fatalf("of %d events, number %d kept is %s, want %s", n, i, kept[i].RequestID, want)
			}
		}
	}
}

// replay sends a signed request to a handler without a network.
func replay(t testing.TB, handler http.Handler, req *http.Request, body string) {
	t.Helper()
	again := req.Clone(t.Context())
	again.Body = httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body)).Body
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, again)
	if recorder.Code != http.StatusOK {
		t.Fatalf("got status %d: %s", recorder.Code, recorder.Body)
	}
}

// TestConcurrentCallers works on shared and own keys at once; the race detector
// watches.
func TestConcurrentCallers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shared := w.key()
	w.enableRotation(shared, aws.Int32(90))
	var group sync.WaitGroup
	errs := make(chan error, 8*20*4)
	for i := range 8 {
		group.Go(func() {
			own := w.root
			if i%2 == 1 {
				own = w.caller(other, "test", "")
			}
			for range 20 {
				if i == 0 {
					w.clock.Advance(time.Second)
				}
				out, err := w.root.kms.Encrypt(w.ctx, &kms.EncryptInput{KeyId: &shared, Plaintext: []byte("x")})
				errs <- err
				if err == nil {
					_, err = w.root.kms.Decrypt(w.ctx, &kms.DecryptInput{CiphertextBlob: out.CiphertextBlob})
					errs <- err
				}
				_, err = own.kms.CreateKey(w.ctx, &kms.CreateKeyInput{})
				errs <- err
				errs <- w.tag(w.root, shared, "k", "v")
				w.Server.Events()
			}
		})
	}
	group.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
}
