package kmsemu

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
)

// Two records are about the others: the first tells the version of their form, and
// the last, which only snapshots have, that nothing is missing.
const (
	formatName = "format"
	endName    = "end"
)

// formatBody is the version of the form of records. A change to a record that older
// programs would misread needs a new one.
var formatBody = []byte(`{"Version":1}`)

// Snapshot writes the whole state of the server: accounts, IAM, sessions, keys with
// their material, aliases, grants, and whose tokens are trusted; not the audit trail,
// and nothing of the [Config]. The form is JSON lines, each a record with a Name and
// a Body; equal states give equal bytes. It holds secrets: whoever reads it has the
// keys. The error is that of writing.
func (s *Server) Snapshot(w io.Writer) error {
	s.mu.Lock()
	records, err := s.state.records()
	s.mu.Unlock()
	if err != nil {
		return err
	}
	sum := sha256.New()
	out := bufio.NewWriter(w)
	lines := json.NewEncoder(io.MultiWriter(out, sum))
	write := func(r namedRecord) {
		err = errors.Join(err, lines.Encode(r))
	}
	write(namedRecord{formatName, formatBody})
	for _, r := range records {
		write(r)
	}
	write(namedRecord{endName, endBody(len(records), sum)})
	if err = errors.Join(err, out.Flush()); err != nil {
		return fmt.Errorf("writing a snapshot: %w", err)
	}
	return nil
}

// endBody tells how many records there are, and the SHA-256 of all lines before.
func endBody(n int, sum hash.Hash) []byte {
	return fmt.Appendf(nil, `{"Records":%d,"SHA256":%q}`, n, hex.EncodeToString(sum.Sum(nil)))
}

// Restore gives the server the state of a snapshot in the place of its own. Nothing
// changes if there is an error: the snapshot is damaged, cut off or of another
// version, or, if the server keeps its state in a store, that could not be written;
// then the new state is in force all the same, see [Server.Keep].
//
// The server's own clock, random source and settings stay. What it makes from then
// on is decided by [Config.Rand] and the snapshot together, so that it never makes
// the ids again that are in the snapshot.
func (s *Server) Restore(r io.Reader) error {
	other, records, err := readState(snapshotRecords(r))
	if err != nil {
		return fmt.Errorf("restoring a snapshot: %w", err)
	}
	return s.whileLocked(func() error { return s.become(other, records) })
}

// snapshotRecords reads the records of a snapshot and checks that all are there.
func snapshotRecords(r io.Reader) func(yield func(string, []byte) error) error {
	return func(yield func(string, []byte) error) error {
		in, sum := bufio.NewReader(r), sha256.New()
		for n := 0; ; n++ {
			line, err := in.ReadBytes('\n')
			if errors.Is(err, io.EOF) {
				return errors.New("it ends too early: it was cut off, or is no snapshot")
			}
			if err != nil {
				return err
			}
			record, ok := readLine(line)
			if !ok || (n == 0) != (record.Name == formatName) {
				return fmt.Errorf("line %d is damaged, or this is no snapshot", n+1)
			}
			if record.Name == endName {
				return checkEnd(in, record.Body, endBody(n-1, sum))
			}
			_, _ = sum.Write(line) // a hash never fails
			if err := yield(record.Name, record.Body); err != nil {
				return err
			}
		}
	}
}

// readLine reads a record that is written as [Server.Snapshot] writes it.
func readLine(line []byte) (namedRecord, bool) {
	var record namedRecord
	if err := json.Unmarshal(line, &record); err != nil {
		return namedRecord{}, false
	}
	again, err := json.Marshal(record)
	return record, err == nil && string(again)+"\n" == string(line)
}

func checkEnd(rest *bufio.Reader, got, want []byte) error {
	if !bytes.Equal(got, want) {
		return errors.New("it is damaged: its checksum is another")
	}
	if _, err := rest.ReadByte(); !errors.Is(err, io.EOF) {
		return errors.New("something follows its end")
	}
	return nil
}

// readState makes a state of what read yields, and returns the records too; both are
// empty if nothing is there.
func readState(read func(yield func(string, []byte) error) error) (*state, []namedRecord, error) {
	var records []namedRecord
	format := []byte(nil)
	err := read(func(name string, body []byte) error {
		body = bytes.Clone(body)
		if name == formatName {
			format = body
			return nil
		}
		records = append(records, namedRecord{name, body})
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	if (len(records) > 0 || format != nil) && !bytes.Equal(format, formatBody) {
		return nil, nil, fmt.Errorf("its format is %q; this program reads %s", format, formatBody)
	}
	s, err := restored(records)
	return s, records, err
}
