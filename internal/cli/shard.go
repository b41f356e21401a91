package cli

import (
	"errors"
	"fmt"
)

// shard is a flag that names a part of a list, such as 2/3: the second third. Its zero
// value is the whole.
type shard struct{ number, of int }

var errShard = errors.New("write I/N, such as 2/3 for the second of three")

// Set is pflag's.
func (s *shard) Set(text string) error {
	var rest string
	n, _ := fmt.Sscanf(text, "%d/%d%s", &s.number, &s.of, &rest) // its errors are that there is less
	if n != 2 || s.number < 1 || s.number > s.of {
		return errShard
	}
	return nil
}

// String is pflag's.
func (s *shard) String() string {
	if *s == (shard{}) {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.number, s.of)
}

// Type is pflag's.
func (s *shard) Type() string { return "I/N" }

// pick returns the shard's part of a list, as one deals cards.
func (s *shard) pick(list []string) []string {
	if *s == (shard{}) {
		return list
	}
	var part []string
	for i := s.number - 1; i < len(list); i += s.of {
		part = append(part, list[i])
	}
	return part
}
