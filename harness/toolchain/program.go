package toolchain

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// WriteProgram writes a new executable file that can be started at once, also
// while other goroutines start programs: a process that is forked while the file
// is open for writing keeps it open until its own exec, and until then starting
// the file fails with "text file busy". So no fork happens during the write.
func WriteProgram(path string, content io.Reader, mode os.FileMode) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	out, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, content)
	return errors.Join(err, out.Close())
}
