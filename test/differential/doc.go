// Package differential makes the same calls of the emulator and of LocalStack and
// compares the answers: codes, texts, fields and those values that do not differ
// from run to run. Each difference is a row of differences.md, with the source that
// decides who is right. One that is not listed fails the test, and so does one that
// is listed and gone.
//
// After a change, go test ./test/differential -update writes the table anew; rows
// that are new have no source, and fail until one is found.
package differential
