package kmsemu_test

import (
	"runtime"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/internal/kmsload"
	"github.com/keywright/keywright/kmsemu"
)

// BenchmarkCalls is how many calls a second a server answers to a client that
// costs little, both on the same processors, over HTTP, signatures and policies on:
// Encrypt and Decrypt in turn, by a role whom the key policy leaves to its account.
func BenchmarkCalls(b *testing.B) {
	w := newWorld(b)
	role := w.roleARN(w.root, allow("kms:*", "*"))
	session := w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role})
	key, plaintext := w.key(), []byte("secret")
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		c := session.lean(b)
		for pb.Next() {
			if err := c.EncryptDecrypt(w.ctx, key, plaintext); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(2*float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}

// lean is the caller with the client that costs little.
func (c *caller) lean(b *testing.B) *kmsload.Client {
	keys, err := c.Credentials.Retrieve(b.Context())
	require.NoError(b, err)
	client, err := kmsload.NewClient(*c.BaseEndpoint, c.Region, kmsload.Credentials{AccessKey: keys.AccessKeyID, Secret: keys.SecretAccessKey, Token: keys.SessionToken})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, client.Close()) })
	return client
}

// BenchmarkEncryptDecrypt is one Encrypt and one Decrypt by a role, with the SDK,
// over HTTP, signatures and policies on.
func BenchmarkEncryptDecrypt(b *testing.B) {
	w := newWorld(b)
	role := w.roleARN(w.root, allow("kms:*", "*"))
	session := w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role})
	key := w.key()
	for b.Loop() {
		out, err := session.kms.Encrypt(w.ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("secret")})
		require.NoError(b, err)
		_, err = session.kms.Decrypt(w.ctx, &kms.DecryptInput{CiphertextBlob: out.CiphertextBlob})
		require.NoError(b, err)
	}
}

// BenchmarkHandler is one Encrypt without client and network: signature, policy,
// cipher and audit record.
func BenchmarkHandler(b *testing.B) {
	w := newWorld(b)
	body := `{"KeyId":"` + w.key() + `","Plaintext":"c2VjcmV0"}`
	req := w.signed(request{target: "Encrypt", body: body})
	for b.Loop() {
		replay(b, w.Server, req, body)
	}
}

// BenchmarkMemory is what a further symmetric key costs when there are many, and
// what a record of the trail costs: it is full before the keys are counted.
func BenchmarkMemory(b *testing.B) {
	for b.Loop() {
		w := newWorld(b)
		req := w.signed(request{target: "CreateKey", body: "{}"})
		create := func(n int) uint64 {
			before := heap()
			for range n {
				replay(b, w.Server, req, "{}")
			}
			return heap() - before
		}
		const further = 20_000
		filled := create(kmsemu.MaxEvents)
		perKey := float64(create(further)) / further
		b.ReportMetric(perKey, "B/key")
		b.ReportMetric(float64(filled)/kmsemu.MaxEvents-perKey, "B/record")
	}
}

// heap is how many bytes are in use.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
