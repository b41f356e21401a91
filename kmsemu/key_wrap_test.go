package kmsemu_test

import (
	"crypto/aes"
	"encoding/hex"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

func fromHex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	return b
}

// TestKeyWrapVectors are those of RFC 5649, section 6.
func TestKeyWrapVectors(t *testing.T) {
	t.Parallel()
	kek := fromHex(t, "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8")
	for key, wrapped := range map[string]string{
		"c37b7e6492584340bed12207808941155068f738": "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a",
		"466f7250617369": "afbeb0f07dfbf5419200f2ccb50bb24f",
	} {
		got, err := kmsemu.UnwrapPadded(kek, fromHex(t, wrapped))
		require.NoError(t, err)
		require.Equal(t, key, hex.EncodeToString(got))
	}
}

// TestKeyWrapLengths goes around every boundary of a semiblock, with every size of
// AES key.
func TestKeyWrapLengths(t *testing.T) {
	t.Parallel()
	for _, size := range []int{16, 24, 32} {
		kek := random(size)
		for n := 1; n <= 40; n++ {
			key := random(n)
			got, err := kmsemu.UnwrapPadded(kek, wrapPadded(kek, key))
			require.NoError(t, err, "%d bytes", n)
			require.Equal(t, key, got)
		}
	}
}

// TestKeyWrapRefuses what was not wrapped so. Flipping any bit spoils all of it.
func TestKeyWrapRefuses(t *testing.T) {
	t.Parallel()
	kek := random(32)
	block, err := aes.NewCipher(kek)
	require.NoError(t, err)
	made := func(initial string, padded string) []byte {
		return wrapBlocks(block, append(fromHex(t, initial), padded...))
	}
	sound := made("a65959a60000000b", "0123456789a\x00\x00\x00\x00\x00")
	_, err = kmsemu.UnwrapPadded(kek, sound)
	require.NoError(t, err)
	for name, wrapped := range map[string][]byte{
		"nothing":                      nil,
		"one semiblock":                sound[:8],
		"a byte short":                 sound[:len(sound)-1],
		"a semiblock short":            sound[:len(sound)-8],
		"a semiblock more":             append(slices.Clone(sound), make([]byte, 8)...),
		"another initial value":        made("a65959a70000000b", "0123456789a\x00\x00\x00\x00\x00"),
		"initial value of RFC 3394":    made("a6a6a6a6a6a6a6a6", "0123456789abcdef"),
		"longer than it is":            made("a65959a600000011", "0123456789abcdef"),
		"longer than anything":         made("a65959a6ffffffff", "0123456789abcdef"),
		"a whole semiblock padded":     made("a65959a600000008", "01234567\x00\x00\x00\x00\x00\x00\x00\x00"),
		"nothing but padding":          made("a65959a600000000", "\x00\x00\x00\x00\x00\x00\x00\x00"),
		"padding that is not zero":     made("a65959a60000000b", "0123456789a\x00\x00\x00\x00\x01"),
		"padding that begins non-zero": made("a65959a60000000b", "0123456789a\x01\x00\x00\x00\x00"),
	} {
		_, err := kmsemu.UnwrapPadded(kek, wrapped)
		require.Error(t, err, name)
	}
	for i := range sound {
		damaged := slices.Clone(sound)
		damaged[i] ^= 1
		_, err := kmsemu.UnwrapPadded(kek, damaged)
		require.Error(t, err, "byte %d", i)
	}
	_, err = kmsemu.UnwrapPadded(random(32), sound)
	require.Error(t, err, "another key")
	_, err = kmsemu.UnwrapPadded(kek[:31], sound)
	require.Error(t, err, "no key")
}
