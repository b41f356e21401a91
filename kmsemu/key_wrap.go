package kmsemu

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"errors"
)

// errUnwrap tells nobody why a wrapped key could not be unwrapped.
var errUnwrap = errors.New("the wrapped key is damaged, or wrapped with another key")

// semiblock is the unit of AES key wrap, in bytes.
const semiblock = 8

// wrapIV is the first half of the initial value of key wrap with padding; the
// other half is the length of the key. Source: RFC 5649, section 3.
const wrapIV = 0xa65959a6

// unwrapPadded undoes AES key wrap with padding. kek is an AES key; the error is
// [errUnwrap] whatever is wrong with it or with wrapped. Source: RFC 5649,
// section 4.2.
func unwrapPadded(kek, wrapped []byte) ([]byte, error) {
	block, err := aes.NewCipher(kek)
	if err != nil || len(wrapped) < 2*semiblock || len(wrapped)%semiblock != 0 {
		return nil, errUnwrap
	}
	initial, padded := unwrapBlocks(block, wrapped)
	length := uint64(uint32(initial))
	sound := subtle.ConstantTimeEq(int32(uint32(initial>>32)^wrapIV), 0) == 1
	// The padding is shorter than a semiblock and all zeros.
	most := uint64(len(padded))
	if !sound || length > most || length+semiblock <= most {
		return nil, errUnwrap
	}
	for _, b := range padded[length:] {
		if b != 0 {
			return nil, errUnwrap
		}
	}
	return padded[:length], nil
}

// unwrapBlocks returns the initial value and the padded key. A key of one
// semiblock was wrapped by one encryption; longer ones by six rounds. Source: RFC
// 3394, section 2.2.2.
func unwrapBlocks(block cipher.Block, wrapped []byte) (initial uint64, padded []byte) {
	var b [aes.BlockSize]byte
	n := len(wrapped)/semiblock - 1
	if n == 1 {
		block.Decrypt(b[:], wrapped)
		return binary.BigEndian.Uint64(b[:]), append(padded, b[semiblock:]...)
	}
	initial = binary.BigEndian.Uint64(wrapped)
	padded = append(padded, wrapped[semiblock:]...)
	for t := uint64(6 * n); t > 0; t-- {
		r := padded[semiblock*((t-1)%uint64(n)):][:semiblock]
		binary.BigEndian.PutUint64(b[:], initial^t)
		copy(b[semiblock:], r)
		block.Decrypt(b[:], b[:])
		initial = binary.BigEndian.Uint64(b[:])
		copy(r, b[semiblock:])
	}
	return initial, padded
}
