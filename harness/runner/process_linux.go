package runner

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
)

// dieWithParent makes a child of its own process group, which a terminal's
// interrupt does not reach, that is killed when this process dies.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// isRunning reports whether pid is a live child of this process: a number that
// now means another process is not, nor is a child that ended but is not yet
// waited for. Source: proc_pid_stat(5).
func isRunning(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	// The second field, the name in parentheses, may hold anything.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	return len(fields) > 1 && fields[0][0] != 'Z' && string(fields[1]) == fmt.Sprint(os.Getpid())
}
