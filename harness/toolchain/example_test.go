package toolchain_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/keywright/keywright/harness/toolchain"
)

// A machine with neither engine nor network is told what was tried.
func ExampleEnsure() {
	_, err := toolchain.Ensure(context.Background(), toolchain.Config{
		Product:    toolchain.OpenTofu,
		EnginePath: "/nowhere/tofu",
		CacheDir:   "/nowhere",
	})
	var missing *toolchain.NotFoundError
	fmt.Println(errors.As(err, &missing))
	fmt.Println(err)
	// Output:
	// true
	// no usable OpenTofu:
	//   the path given: stat /nowhere/tofu: no such file or directory
	// name another program, or none to have one found
}
