package kmsemu_test

import (
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

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

// BenchmarkGrants holds that a call by grant costs the same however many grants
// its key has.
func BenchmarkGrants(b *testing.B) {
	for _, n := range []int{1, 1000, kmsemu.MaxGrants} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			w := newWorld(b)
			role, session := w.roleAndSession()
			key := w.key()
			kmsemu.FillGrants(w.Server, key, n, func(int) string { return role })
			secret, err := w.encrypt(w.root, key, map[string]string{"n": "0"})
			require.NoError(b, err)
			for b.Loop() {
				_, err := w.decrypt(session, secret, map[string]string{"n": "0"})
				require.NoError(b, err)
			}
		})
	}
}
