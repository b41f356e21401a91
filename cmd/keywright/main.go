// Command keywright generates Terraform modules for AWS KMS keys and proves
// what they promise. See keywright help.
package main

import (
	"os"

	"github.com/keywright/keywright/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Environ(), cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
