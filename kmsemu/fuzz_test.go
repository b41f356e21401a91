package kmsemu_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
	"github.com/keywright/keywright/kmsemu/kmsemutest"
)

// FuzzKMSBody sends arbitrary bodies to every KMS operation: they may be refused,
// never break the server.
func FuzzKMSBody(f *testing.F) {
	operations := kmsemu.Operations("kms")
	for i := range operations {
		f.Add(uint8(i), `{"KeyId":"alias/a","Limit":1,"Tags":[{"TagKey":"a","TagValue":"b"}],"EncryptionContext":{"a":"b"}}`)
	}
	f.Add(uint8(0), `{`)
	f.Add(uint8(3), `{"CiphertextBlob":"AQ=="}`)
	f.Fuzz(func(t *testing.T, operation uint8, body string) {
		target := operations[int(operation)%len(operations)]
		unbroken(t, request{target: target, body: body})
	})
}

// FuzzQueryBody does the same with forms, for STS and IAM.
func FuzzQueryBody(f *testing.F) {
	for _, name := range kmsemu.Operations("iam") {
		f.Add(false, "Action="+name+"&Version=2010-05-08&RoleName=r&Tags.member.1.Key=a&=x")
	}
	for _, name := range kmsemu.Operations("sts") {
		f.Add(true, "Action="+name+"&Version=2011-06-15&RoleArn=arn:aws:iam::000000000000:role/r&RoleSessionName=s1&=")
	}
	f.Fuzz(func(t *testing.T, sts bool, body string) {
		service := "iam"
		if sts {
			service = "sts"
		}
		unbroken(t, request{service: service, body: body})
	})
}

// unbroken sends a signed request and wants any answer but a server fault.
func unbroken(t *testing.T, r request) {
	t.Helper()
	clock := kmsemutest.NewClock(time.Now())
	server, err := kmsemu.New(kmsemu.Config{Clock: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{TB: t, ctx: t.Context(), clock: clock, Instance: &kmsemu.Instance{Server: server}}
	recorder := httptest.NewRecorder()
	w.Server.ServeHTTP(recorder, w.signed(r))
	if recorder.Code >= 500 {
		t.Fatalf("got status %d: %s", recorder.Code, recorder.Body)
	}
}

// FuzzRestore restores damaged snapshots, whose checksum is right: they are refused,
// or give the state that they say.
func FuzzRestore(f *testing.F) {
	w := newWorld(f)
	w.user(allow("*", "*"))
	w.alias("alias/a", w.key())
	lines := strings.Split(strings.TrimSpace(string(w.snapshot())), "\n")
	f.Add(strings.Join(lines[:len(lines)-1], "\n"))
	f.Add(`{"Name":"format","Body":{"Version":1}}` + "\n" + `{"Name":"role/","Body":{}}`)
	f.Fuzz(func(t *testing.T, text string) {
		text = summed(text)
		server, err := kmsemu.New(kmsemu.Config{})
		require.NoError(t, err)
		if server.Restore(strings.NewReader(text)) != nil {
			return
		}
		var again strings.Builder
		require.NoError(t, server.Snapshot(&again))
		require.ElementsMatch(t, strings.Split(text, "\n"), strings.Split(again.String(), "\n"))
	})
}
