// Command kmsemu is keywright serve alone: a small program that starts at once, for
// images and jobs that need the emulator and nothing else. See kmsemu --help.
package main

import (
	"os"

	"github.com/keywright/keywright/internal/cli/process"
	"github.com/keywright/keywright/internal/cli/server"
)

func main() {
	os.Exit(process.Main(server.Command(server.Config{Program: "kmsemu", Called: "kmsemu", Out: os.Stdout, Err: os.Stderr}), os.Args[1:]))
}
