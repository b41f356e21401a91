package kmsemu_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

// faulty is a world with a fault plan.
func faulty(t *testing.T, plan ...kmsemu.Fault) *world {
	t.Helper()
	return newWorldOf(t, kmsemu.Config{Faults: plan})
}

func (w *world) plan(plan ...kmsemu.Fault) {
	w.Helper()
	require.NoError(w, w.Server.SetFaults(plan...))
}

// struck tells of n calls which fail.
func struck(n int, call func() error) []bool {
	var out []bool
	for range n {
		out = append(out, call() != nil)
	}
	return out
}

func (w *world) listing(by *caller) func() error {
	return func() error {
		_, err := by.kms.ListKeys(w.ctx, &kms.ListKeysInput{})
		return err
	}
}

// TestFaultErrors (K0581): an error stands for the answer, under the name and with
// the status of the service, and is in the trail.
func TestFaultErrors(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{
		"KMSInternalException": 500, "DependencyTimeoutException": 503, "KeyUnavailableException": 500,
		"ServiceUnavailableException": 503, "ThrottlingException": 400, "DisabledException": 400,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := faulty(t, kmsemu.Fault{Operation: "ListKeys", Error: name, Message: "planned"})
			resp, body := w.raw(request{body: `{}`})
			require.Equal(t, status, resp.StatusCode)
			require.JSONEq(t, `{"__type":"`+name+`","message":"planned"}`, body)
			require.Equal(t, name, w.event("ListKeys").ErrorCode)
		})
	}
	w := faulty(t, kmsemu.Fault{Error: "ServiceUnavailable"}, kmsemu.Fault{Error: "DisabledException"})
	_, err := once(w.root).sts.GetCallerIdentity(w.ctx, &sts.GetCallerIdentityInput{})
	fails(t, err, "ServiceUnavailable", "")
	fails(t, w.listing(once(w.root))(), "DisabledException", "")
}

// TestFaultsAreFor: which calls a rule is for. Each pattern has a call it is for
// and one that differs in one thing.
func TestFaultsAreFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role, session := w.roleAndSession()
	by, key, spare := once(w.root), w.key(), w.key()
	w.alias("alias/a", key)
	sealed, err := w.encrypt(w.root, key, nil)
	require.NoError(t, err)
	opening := func() error { _, err := w.decrypt(by, sealed, nil); return err }
	asking := func() error { _, err := by.sts.GetCallerIdentity(w.ctx, &sts.GetCallerIdentityInput{}); return err }
	reEncrypting := func(to string) func() error {
		return func() error {
			_, err := by.kms.ReEncrypt(w.ctx, &kms.ReEncryptInput{CiphertextBlob: sealed, DestinationKeyId: &to})
			return err
		}
	}
	aliasing := func(key string) func() error {
		return func() error {
			_, err := by.kms.UpdateAlias(w.ctx, &kms.UpdateAliasInput{AliasName: aws.String("alias/a"), TargetKeyId: &key})
			return err
		}
	}
	const code = "KMSInternalException"
	keyID := strings.Split(key, "/")[1]
	for name, row := range map[string]struct {
		fault        kmsemu.Fault
		strikes, not func() error
	}{
		"operation":           {kmsemu.Fault{Operation: "Encrypt"}, w.encrypting(by, key), w.listing(by)},
		"operations":          {kmsemu.Fault{Operation: "*crypt"}, opening, w.listing(by)},
		"one character":       {kmsemu.Fault{Operation: "?ncrypt"}, w.encrypting(by, key), reEncrypting(spare)},
		"service":             {kmsemu.Fault{Operation: "kms:*"}, w.listing(by), asking},
		"caller":              {kmsemu.Fault{Caller: rootARN}, w.listing(by), nil},
		"session":             {kmsemu.Fault{Caller: session.arn}, w.listing(once(session)), w.listing(by)},
		"role":                {kmsemu.Fault{Caller: role}, w.listing(once(session)), w.listing(by)},
		"callers":             {kmsemu.Fault{Caller: "*:assumed-role/*"}, w.listing(once(session)), w.listing(by)},
		"key":                 {kmsemu.Fault{Key: key}, w.encrypting(by, key), w.encrypting(by, spare)},
		"key id":              {kmsemu.Fault{Key: keyID}, w.encrypting(by, key), w.encrypting(by, spare)},
		"key by id":           {kmsemu.Fault{Key: key}, w.encrypting(by, keyID), w.encrypting(by, spare)},
		"key by alias":        {kmsemu.Fault{Key: key}, w.encrypting(by, "alias/a"), w.encrypting(by, spare)},
		"key by ciphertext":   {kmsemu.Fault{Key: key}, opening, w.encrypting(by, spare)},
		"keys":                {kmsemu.Fault{Key: "arn:*"}, w.encrypting(by, key), w.listing(by)},
		"source key":          {kmsemu.Fault{Key: key}, reEncrypting(spare), w.encrypting(by, spare)},
		"destination key":     {kmsemu.Fault{Key: spare}, reEncrypting(spare), reEncrypting(key)},
		"target key":          {kmsemu.Fault{Key: spare}, aliasing(spare), aliasing(key)},
		"operation and key":   {kmsemu.Fault{Operation: "Encrypt", Key: key}, w.encrypting(by, key), opening},
		"a code of KMS alone": {kmsemu.Fault{}, w.listing(by), asking},
	} {
		t.Run(name, func(t *testing.T) {
			row.fault.Error = code
			w.plan(row.fault)
			if row.strikes != nil {
				fails(t, row.strikes(), code, "")
			}
			if row.not != nil {
				var e interface{ ErrorCode() string }
				if err := row.not(); errors.As(err, &e) {
					require.Equal(t, refused, e.ErrorCode(), "only a denial may happen")
				}
			}
			strikes, count := 0, w.Server.Faults()[0]
			if row.strikes != nil {
				strikes = 1
			}
			require.Equal(t, [2]int{strikes, strikes}, [2]int{count.Matched, count.Struck})
		})
	}
}

// TestFaultsStrike: which of its calls a rule strikes.
func TestFaultsStrike(t *testing.T) {
	t.Parallel()
	const x, o = true, false
	for name, row := range map[string]struct {
		fault kmsemu.Fault
		want  []bool
	}{
		"each":                  {kmsemu.Fault{}, []bool{x, x, x, x, x, x, x}},
		"every third":           {kmsemu.Fault{Every: 3}, []bool{o, o, x, o, o, x, o}},
		"twice":                 {kmsemu.Fault{Times: 2}, []bool{x, x, o, o, o, o, o}},
		"the third":             {kmsemu.Fault{Every: 3, Times: 1}, []bool{o, o, x, o, o, o, o}},
		"certain":               {kmsemu.Fault{Probability: 1}, []bool{x, x, x, x, x, x, x}},
		"certain for the third": {kmsemu.Fault{Every: 3, Probability: 1}, []bool{o, o, x, o, o, x, o}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row.fault.Error = "KMSInternalException"
			w := faulty(t, row.fault)
			require.Equal(t, row.want, struck(len(row.want), w.listing(once(w.root))))
		})
	}
}

// TestFaultProbability: it is about met, and a seed makes it repeat.
func TestFaultProbability(t *testing.T) {
	t.Parallel()
	const calls = 400
	drawn := func(seed string) []bool {
		w := seeded(t, kmsemu.Config{Seed: seed, Faults: []kmsemu.Fault{{Operation: "ListKeys", Error: "KMSInternalException", Probability: 0.25}}})
		require.NoError(t, func() error { _, err := w.root.sts.GetCallerIdentity(w.ctx, &sts.GetCallerIdentityInput{}); return err }())
		out := struck(calls, w.listing(once(w.root)))
		require.InDelta(t, calls/4, w.Server.Faults()[0].Struck, calls/10)
		return out
	}
	one := drawn("one")
	require.Equal(t, one, drawn("one"))
	require.NotEqual(t, one, drawn("two"))
}

// TestFirstFaultThatStrikes: rules behind it do not see the call.
func TestFirstFaultThatStrikes(t *testing.T) {
	t.Parallel()
	w := faulty(t, kmsemu.Fault{Error: "KMSInternalException", Every: 2}, kmsemu.Fault{Error: "KeyUnavailableException"})
	list := w.listing(once(w.root))
	fails(t, list(), "KeyUnavailableException", "")
	fails(t, list(), "KMSInternalException", "")
	counts := w.Server.Faults()
	require.Equal(t, [2]int{2, 1}, [2]int{counts[0].Matched, counts[0].Struck})
	require.Equal(t, [2]int{1, 1}, [2]int{counts[1].Matched, counts[1].Struck})
	w.plan()
	require.NoError(t, list())
	require.Empty(t, w.Server.Faults())
}

// TestOnlyAuthenticatedCallsAreStruck.
func TestOnlyAuthenticatedCallsAreStruck(t *testing.T) {
	t.Parallel()
	w := faulty(t, kmsemu.Fault{Error: "KMSInternalException"})
	_, body := w.raw(request{body: `{}`, secret: "wrong"})
	require.Contains(t, body, "InvalidSignatureException")
	require.Zero(t, w.Server.Faults()[0].Matched)
}

// TestConnectionFaults: a connection dropped before the call leaves nothing done,
// one dropped after it everything; the SDK's retry then makes a key more, which is
// what idempotency tests are about. A truncated answer it does not retry.
func TestConnectionFaults(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		made, recorded int
		problem        error
	}{
		kmsemu.DropBefore: {1, 1, nil}, kmsemu.DropAfter: {2, 2, nil}, kmsemu.Truncate: {1, 1, io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := faulty(t, kmsemu.Fault{Operation: "CreateKey", Connection: name, Times: 1})
			_, err := w.root.kms.CreateKey(w.ctx, &kms.CreateKeyInput{})
			require.ErrorIs(t, err, row.problem)
			list, err := w.root.kms.ListKeys(w.ctx, &kms.ListKeysInput{})
			require.NoError(t, err)
			require.Len(t, list.Keys, row.made)
			recorded := 0
			for _, e := range w.Server.Events() {
				if e.EventName == "CreateKey" {
					recorded++
				}
			}
			require.Equal(t, row.recorded, recorded)
		})
	}
}

// TestHowConnectionsBreak: before any byte, or in the middle of the body.
func TestHowConnectionsBreak(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	for _, connection := range []string{kmsemu.DropBefore, kmsemu.DropAfter} {
		w.plan(kmsemu.Fault{Operation: "DescribeKey", Connection: connection})
		_, err := http.DefaultClient.Do(w.signed(request{target: "DescribeKey", body: `{"KeyId":"` + key + `"}`}))
		require.ErrorIs(t, err, io.EOF, connection)
	}
	w.plan(kmsemu.Fault{Connection: kmsemu.Truncate})
	for target, code := range map[string]int{"DescribeKey": 200, "Encrypt": 400} { // of answers and of errors
		resp, err := http.DefaultClient.Do(w.signed(request{target: target, body: `{"KeyId":"` + key + `"}`}))
		require.NoError(t, err)
		require.Equal(t, code, resp.StatusCode)
		body, err := io.ReadAll(resp.Body)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.EqualValues(t, resp.ContentLength/2, len(body))
		require.False(t, json.Valid(body))
	}
}

// TestLatency: a call waits before it runs, as long as the fault says, and not
// longer than its client; others do not wait.
func TestLatency(t *testing.T) {
	t.Parallel()
	waits := make(chan time.Duration)
	release := make(chan struct{})
	w := newWorldOf(t, kmsemu.Config{Wait: func(ctx context.Context, d time.Duration) error {
		waits <- d
		select {
		case <-release:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}})
	w.plan(kmsemu.Fault{Operation: "CreateKey", Latency: kmsemu.Duration(20 * time.Second)})
	done := make(chan error, 1)
	create := func(ctx context.Context) {
		_, err := once(w.root).kms.CreateKey(ctx, &kms.CreateKeyInput{})
		done <- err
	}
	go create(w.ctx)
	require.Equal(t, 20*time.Second, <-waits)
	list, err := w.root.kms.ListKeys(w.ctx, &kms.ListKeysInput{})
	require.NoError(t, err)
	require.Empty(t, list.Keys, "it has not run")
	release <- struct{}{}
	require.NoError(t, <-done)

	ctx, cancel := context.WithCancel(w.ctx)
	go create(ctx)
	<-waits
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
	require.NoError(t, w.Close(), "no call is left waiting")
	require.Len(t, w.Server.Events(), 2, "the call that nobody waited for did not run")
}

// TestRealLatency: without a Wait of the test's own, time passes.
func TestRealLatency(t *testing.T) {
	t.Parallel()
	w := faulty(t, kmsemu.Fault{Operation: "ListKeys", Latency: kmsemu.Duration(30 * time.Millisecond), Error: "KMSInternalException"})
	begun := time.Now()
	fails(t, w.listing(once(w.root))(), "KMSInternalException", "")
	require.GreaterOrEqual(t, time.Since(begun), 30*time.Millisecond)
	w.plan(kmsemu.Fault{Latency: kmsemu.Duration(time.Minute)})
	ctx, cancel := context.WithTimeout(w.ctx, 20*time.Millisecond)
	defer cancel()
	_, err := once(w.root).kms.ListKeys(ctx, &kms.ListKeysInput{})
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// TestFaultsOfServices: what an AWS service does for a caller goes wrong too.
func TestFaultsOfServices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	use := kmsemu.ServiceUse{Flow: "s3:PutObject", Caller: "test", KeyID: w.key(), Region: region, Resource: "arn:aws:s3:::bucket/object"}
	w.plan(kmsemu.Fault{Error: "KeyUnavailableException", Times: 1}, kmsemu.Fault{Connection: kmsemu.DropAfter, Times: 1})
	_, err := w.Server.UseService(w.ctx, use)
	var problem *kmsemu.ServiceError
	require.ErrorAs(t, err, &problem)
	require.Equal(t, "KeyUnavailableException", problem.Code)
	_, err = w.Server.UseService(w.ctx, use)
	require.ErrorContains(t, err, "calling GenerateDataKey: the connection broke")
	_, err = w.Server.UseService(w.ctx, use)
	require.NoError(t, err)
}

// TestRefusedFaults: rules that can do nothing are refused, and the plan stays.
func TestRefusedFaults(t *testing.T) {
	t.Parallel()
	good := kmsemu.Fault{Error: "DisabledException"}
	w := faulty(t, good)
	for name, row := range map[string]struct {
		fault kmsemu.Fault
		want  string
	}{
		"does nothing":          {kmsemu.Fault{Operation: "Encrypt"}, "it does nothing"},
		"error and connection":  {kmsemu.Fault{Error: "DisabledException", Connection: kmsemu.Truncate}, "not both"},
		"message without error": {kmsemu.Fault{Message: "x", Connection: kmsemu.Truncate}, "a message needs an error"},
		"unknown error":         {kmsemu.Fault{Error: "Teapot"}, `no service has the error code "Teapot"`},
		"unknown operation":     {kmsemu.Fault{Operation: "Decrpt", Error: "DisabledException"}, `no operation is called "Decrpt"`},
		"other case":            {kmsemu.Fault{Operation: "encrypt", Error: "DisabledException"}, `no operation is called "encrypt"`},
		"dots are only dots":    {kmsemu.Fault{Operation: "Encryp.", Error: "DisabledException"}, `no operation is called "Encryp."`},
		"not in the middle":     {kmsemu.Fault{Operation: "ncryp", Error: "DisabledException"}, `no operation is called "ncryp"`},
		"of another service":    {kmsemu.Fault{Operation: "iam:Encrypt", Error: "DisabledException"}, `no operation is called "iam:Encrypt"`},
		"unknown connection":    {kmsemu.Fault{Connection: "slow"}, `connection is "slow"`},
		"negative latency":      {kmsemu.Fault{Latency: -1}, "latency is -1ns"},
		"long latency":          {kmsemu.Fault{Latency: kmsemu.Duration(time.Minute + 1)}, "give up to 1m0s"},
		"negative every":        {kmsemu.Fault{Error: "DisabledException", Every: -1}, "counts, from 0"},
		"negative times":        {kmsemu.Fault{Error: "DisabledException", Times: -1}, "counts, from 0"},
		"probability above 1":   {kmsemu.Fault{Error: "DisabledException", Probability: 1.1}, "probability is 1.1"},
		"probability below 0":   {kmsemu.Fault{Error: "DisabledException", Probability: -0.1}, "probability is -0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			err := w.Server.SetFaults(good, row.fault)
			require.ErrorContains(t, err, "setting faults: fault 2 of 2: ")
			require.ErrorContains(t, err, row.want)
			require.Len(t, w.Server.Faults(), 1)
			_, err = kmsemu.New(kmsemu.Config{Faults: []kmsemu.Fault{row.fault}})
			require.ErrorContains(t, err, row.want)
		})
	}
}

// TestFaultJSON: the JSON form is the struct with small names and readable times.
func TestFaultJSON(t *testing.T) {
	t.Parallel()
	const text = `{"operation":"kms:*","caller":"*","key":"*","every":3,"probability":0.5,"times":1,"latency":"250ms","error":"ThrottlingException","message":"slow down"}`
	var f kmsemu.Fault
	require.NoError(t, json.Unmarshal([]byte(text), &f))
	require.Equal(t, kmsemu.Fault{
		Operation: "kms:*", Caller: "*", Key: "*", Every: 3, Probability: 0.5, Times: 1,
		Latency: kmsemu.Duration(250 * time.Millisecond), Error: "ThrottlingException", Message: "slow down",
	}, f)
	out, err := json.Marshal(f)
	require.NoError(t, err)
	require.JSONEq(t, text, string(out))
	for _, bad := range []string{`{"latency":"soon"}`, `{"latency":"-1s"}`, `{"latency":5}`} {
		require.Error(t, json.Unmarshal([]byte(bad), &f), bad)
	}
}
