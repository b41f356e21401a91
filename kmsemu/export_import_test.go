package kmsemu

import (
	"bytes"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"
)

// UnwrapPadded undoes AES key wrap with padding.
func UnwrapPadded(kek, wrapped []byte) ([]byte, error) { return unwrapPadded(kek, wrapped) }

// ImportableSpecs are the key specs that take imported material.
func ImportableSpecs() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(keySpecs)), func(name string) bool { return keySpecs[name].importSecret == nil })
}

// ImportTwice makes material of a spec twice, the second time of what it keeps of
// the first, and returns the ids.
func ImportTwice(spec string, raw []byte) (first, second string, err error) {
	k := &key{id: "key", spec: keySpecs[spec]}
	one, err := k.importedMaterial(raw)
	if err != nil {
		return "", "", err
	}
	two, err := k.importedMaterial(one.seed)
	if err != nil {
		return one.id, "", nil //nolint:nilerr // the ids differ then
	}
	return one.id, two.id, nil
}

// NewImportToken makes an import token, always the same, with the wrapping key that
// belongs to it, and opens tokens and unwraps material as the server does.
func NewImportToken(t testing.TB, algorithm string) (token, public []byte, open func(token, wrapped []byte) ([]byte, error)) {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	wrapping, err := wrappingKey()
	must(err)
	with, err := (&key{tokenKey: make([]byte, seedLength)}).tokenCipher()
	must(err)
	token, err = (&importToken{algorithm, time.Unix(1, 0).UTC(), wrapping[1]}).seal(bytes.NewReader(make([]byte, nonceLength)), with)
	must(err)
	return token, wrapping[0], func(token, wrapped []byte) ([]byte, error) {
		opened, err := openImportToken(token, with, time.Unix(0, 0))
		if err != nil {
			return nil, err
		}
		return opened.unwrap(wrapped)
	}
}

// wrappingKey is the public and the private half of one, made once, for that takes
// a while.
var wrappingKey = sync.OnceValues(func() (halves [2][]byte, err error) {
	halves[0], halves[1], err = newWrappingKey(2048, make([]byte, seedLength))
	return halves, err
})
