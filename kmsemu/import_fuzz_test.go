package kmsemu_test

import (
	"bytes"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/keywright/keywright/kmsemu"
)

// FuzzImportToken opens arbitrary tokens, and unwraps arbitrary material with
// them: nothing but the token there is opens, and nothing but what was wrapped for
// it comes out.
func FuzzImportToken(f *testing.F) {
	w := &world{TB: f}
	for _, algorithm := range []types.AlgorithmSpec{wrapOAEP, wrapHybrid} {
		sound, public, _ := kmsemu.NewImportToken(f, string(algorithm))
		wrapped := w.wrap(&kms.GetParametersForImportOutput{PublicKey: public}, algorithm, []byte(secretMaterial))
		hybrid := algorithm == wrapHybrid
		f.Add(hybrid, sound, wrapped)
		f.Add(hybrid, sound[:12], wrapped)
		f.Add(hybrid, sound, wrapped[:16])
		f.Add(hybrid, wrapped, sound)
	}
	f.Fuzz(func(t *testing.T, hybrid bool, token, wrapped []byte) {
		algorithm := wrapOAEP
		if hybrid {
			algorithm = wrapHybrid
		}
		sound, _, open := kmsemu.NewImportToken(t, string(algorithm))
		got, err := open(token, wrapped)
		if err == nil && (!bytes.Equal(token, sound) || string(got) != secretMaterial) {
			t.Fatalf("got %q out of a token that is not the one there is, or of other material", got)
		}
	})
}

const secretMaterial = "0123456789abcdef0123456789abcdef"

// FuzzKeyMaterial imports arbitrary bytes into keys of every spec that takes any:
// they are refused, or make a key that can be imported again and has the same id.
func FuzzKeyMaterial(f *testing.F) {
	specs := kmsemu.ImportableSpecs()
	for i := range specs {
		f.Add(uint8(i), random(32))
		f.Add(uint8(i), secp256k1Key(f, bytes.Repeat([]byte{1}, 32), func(*importedKeyInfo, *ecPrivateKey) {}))
	}
	f.Fuzz(func(t *testing.T, spec uint8, material []byte) {
		id, again, err := kmsemu.ImportTwice(specs[int(spec)%len(specs)], material)
		if err == nil && id != again {
			t.Fatalf("got id %s, then %s", id, again)
		}
	})
}

// FuzzKeyWrap unwraps what was wrapped, and nothing else.
func FuzzKeyWrap(f *testing.F) {
	f.Add(make([]byte, 32), []byte("0123456789"), []byte("x"))
	f.Fuzz(func(t *testing.T, kek, key, wrapped []byte) {
		if _, err := kmsemu.UnwrapPadded(kek, wrapped); err == nil && len(wrapped) < 16 {
			t.Fatalf("unwrapped %d bytes", len(wrapped))
		}
		if len(kek) != 16 && len(kek) != 24 && len(kek) != 32 || len(key) == 0 {
			return
		}
		got, err := kmsemu.UnwrapPadded(kek, wrapPadded(kek, key))
		if err != nil || !bytes.Equal(got, key) {
			t.Fatalf("got %x, %v, want %x", got, err, key)
		}
	})
}
