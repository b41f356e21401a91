package swap

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// Exchange puts a in the place of b, and b in that of a. Both must be there, on one
// file system. The error is an [*os.LinkError], or [errors.ErrUnsupported].
func Exchange(a, b string) error {
	err := unix.RenamexNp(a, b, unix.RENAME_SWAP)
	if errors.Is(err, unix.ENOTSUP) {
		return errors.ErrUnsupported
	}
	if err != nil {
		return &os.LinkError{Op: "exchange", Old: a, New: b, Err: err}
	}
	return nil
}
