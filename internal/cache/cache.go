// Package cache installs folders whole or not at all, for processes that share
// them.
package cache

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// lockPoll is how often a lock held by another process is asked for again.
const lockPoll = 200 * time.Millisecond

// Install makes the folder dir with what fill puts in it, whole or not at all:
// fill gets a folder beside dir, which is then renamed. Processes that want the
// same dir wait for each other, and say so to progress; the later ones find it
// done. An error of fill is returned as it is, and wraps ctx's when ctx ended
// while waiting.
func Install(ctx context.Context, dir string, progress func(line string), fill func(scratch string) error) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return fmt.Errorf("making cache folder: %w", err)
	}
	unlock, err := lock(ctx, dir+".lock", progress)
	if err != nil {
		return err
	}
	defer unlock()
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	scratch, err := os.MkdirTemp(filepath.Dir(dir), ".new-*")
	if err != nil {
		return fmt.Errorf("making scratch folder: %w", err)
	}
	defer os.RemoveAll(scratch)
	// MkdirTemp's 0700 would hide a shared cache from other users.
	if err := os.Chmod(scratch, 0o755); err != nil {
		return fmt.Errorf("making scratch folder: %w", err)
	}
	if err := fill(scratch); err != nil {
		return err
	}
	if err := os.Rename(scratch, dir); err != nil {
		return fmt.Errorf("putting the folder in its place: %w", err)
	}
	return nil
}

// lock takes the advisory lock of a file, waiting for whoever holds it.
func lock(ctx context.Context, path string, progress func(line string)) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening lock: %w", err)
	}
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for told := false; ; told = true {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil // closing releases it
		}
		if err != syscall.EWOULDBLOCK {
			f.Close()
			return nil, fmt.Errorf("locking %s: %w", path, err)
		}
		if !told {
			progress("waiting for another process to finish installing into " + filepath.Dir(path))
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("waiting for the lock %s: %w", path, ctx.Err())
		case <-tick.C:
		}
	}
}
