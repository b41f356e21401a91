//go:build !linux

package runner

import "syscall"

// dieWithParent makes a child of its own process group, which a terminal's
// interrupt does not reach. Only Linux can also kill it when this process dies.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// isRunning reports whether pid is a process.
func isRunning(pid int) bool { return syscall.Kill(pid, 0) == nil }
