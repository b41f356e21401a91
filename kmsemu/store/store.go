// Package store keeps the state of a [kmsemu] server in a folder, so that it
// outlives the process, however that ends:
//
//	folder, err := store.Open("/var/lib/keys")
//	if err != nil {
//		return err
//	}
//	defer folder.Close()
//	emulator, err := kmsemu.Start(kmsemu.Config{})
//	if err != nil {
//		return err
//	}
//	defer emulator.Close()
//	err = emulator.Server.Keep(folder)
//
// The folder holds one file, a bbolt database of the server's records. It holds the
// secrets of all keys, unprotected, and is readable by its owner alone.
//
// [kmsemu]: https://pkg.go.dev/github.com/keywright/keywright/kmsemu
package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// fileName is that of the database in its folder.
const fileName = "state.db"

// bucket holds all records.
var bucket = []byte("records")

// Folder is a folder that holds the state of one server. It is a kmsemu.Store.
type Folder struct {
	path string
	db   *bbolt.DB
}

// Open opens the folder, which is made if it does not exist. While it is open, in
// this process or another, nobody else can open it; the end of a process, whatever
// its cause, sets it free. The caller must call [Folder.Close].
func Open(path string) (*Folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("making state folder: %w", err)
	}
	db, err := openFile(filepath.Join(path, fileName))
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return nil, fmt.Errorf("state folder %q is in use: stop the server that has it, or give another folder", path)
	case err != nil:
		return nil, fmt.Errorf("opening state folder %q: %w", path, err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(bucket)
		return err
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("preparing state folder %q: %w", path, err), db.Close())
	}
	return &Folder{path, db}, nil
}

// once is one try: whoever has the file will not let go of it soon.
const once = time.Nanosecond

// openFile opens a database, or makes one. bbolt panics where a page is damaged, and
// when it opens to write does so where nobody can recover: so it is read first.
func openFile(file string) (db *bbolt.DB, err error) {
	defer recoverDamage(&err)
	if info, err := os.Stat(file); err == nil && info.Size() > 0 {
		if err := readThrough(file); err != nil {
			return nil, err
		}
	}
	return bbolt.Open(file, 0o600, &bbolt.Options{
		Timeout: once,
		// An index of free pages is faster to have made than to be written each time.
		NoFreelistSync: true, FreelistType: bbolt.FreelistMapType,
	})
}

// readThrough reads every page of a database that is in use.
func readThrough(file string) (err error) {
	db, err := bbolt.Open(file, 0o600, &bbolt.Options{Timeout: once, ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	defer recoverDamage(&err)
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true)) // the file is memory
	return db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(_ []byte, b *bbolt.Bucket) error {
			return b.ForEach(func(_, _ []byte) error { return nil })
		})
	})
}

func recoverDamage(err *error) {
	if problem := recover(); problem != nil {
		*err = fmt.Errorf("%s is damaged: take a copy of the folder from before, or give another: %v", fileName, problem)
	}
}

// Read calls yield with every record, by name. body is valid until yield returns.
func (f *Folder) Read(yield func(name string, body []byte) error) error {
	return f.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucket).ForEach(func(name, body []byte) error { return yield(string(name), body) })
	})
}

// Write puts records, and removes those without a body, in one transaction that is
// on the disk when Write returns. Nothing changes if there is an error.
func (f *Folder) Write(records map[string][]byte) error {
	err := f.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucket)
		for name, body := range records {
			if err := change(b, []byte(name), body); err != nil {
				return fmt.Errorf("record %q: %w", name, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("writing to state folder %q: %w", f.path, err)
	}
	return nil
}

func change(b *bbolt.Bucket, name, body []byte) error {
	if body == nil {
		return b.Delete(name)
	}
	return b.Put(name, body)
}

// Close lets go of the folder. A server that still uses it can keep nothing more.
func (f *Folder) Close() error {
	if err := f.db.Close(); err != nil {
		return fmt.Errorf("closing state folder %q: %w", f.path, err)
	}
	return nil
}
