package kmsemu

import (
	"encoding/binary"
	"time"
)

// scribe writes values on a sheet or, with reading, reads them in the same order:
// one description of what there is serves for both.
type scribe struct {
	sheet   *sheet
	reading bool
	at      int // where it reads
}

// integer writes or reads a number.
func (s *scribe) integer(n *int64) {
	if !s.reading {
		s.sheet.written = binary.AppendVarint(s.sheet.written, *n)
		return
	}
	value, size := binary.Varint(s.sheet.written[s.at:])
	*n = value
	s.at += size
}

func number[N ~uint8 | ~int](s *scribe, n *N) {
	wide := int64(*n)
	s.integer(&wide)
	*n = N(wide)
}

func (s *scribe) flags(flags ...*bool) {
	for _, flag := range flags {
		var n uint8
		if *flag {
			n = 1
		}
		number(s, &n)
		*flag = n == 1
	}
}

// time is in UTC.
func (s *scribe) time(t *time.Time) {
	seconds, nanoseconds := t.Unix(), int64(t.Nanosecond())
	s.integer(&seconds)
	s.integer(&nanoseconds)
	*t = time.Unix(seconds, nanoseconds).UTC()
}

// once writes or reads a text that is not expected to recur.
func once[T string | []byte](s *scribe, text *T) {
	size := len(*text)
	number(s, &size)
	switch {
	case !s.reading:
		s.sheet.written = append(s.sheet.written, *text...)
	case size > 0: // none is nil
		*text = T(s.sheet.written[s.at : s.at+size])
		s.at += size
	}
}

// texts may recur.
func (s *scribe) texts(texts ...*string) {
	for _, text := range texts {
		if s.reading {
			var n int
			number(s, &n)
			*text = s.sheet.texts[n]
			continue
		}
		n, known := s.sheet.numbers[*text]
		if !known {
			n = len(s.sheet.texts)
			s.sheet.texts, s.sheet.numbers[*text] = append(s.sheet.texts, *text), n
		}
		number(s, &n)
	}
}

// present tells whether there is a value, and makes one to read into.
func present[T any](s *scribe, value **T) bool {
	there := *value != nil
	s.flags(&there)
	if there && s.reading {
		*value = new(T)
	}
	return there
}

// list writes or reads a list, each item by copyItem. None is nil.
func list[T any](s *scribe, items *[]T, copyItem func(*T)) {
	size := len(*items)
	number(s, &size)
	if s.reading && size > 0 {
		*items = make([]T, size)
	}
	for i := range *items {
		copyItem(&(*items)[i])
	}
}
