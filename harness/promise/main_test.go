package promise_test

import (
	"flag"
	"testing"
)

// sideBySide is how many tests run at once, whatever the number of processors: they
// mostly wait for the provider's polling. Each has a provider process of 0.7 GB.
const sideBySide = "4"

func TestMain(m *testing.M) {
	flag.Parse()
	told := false
	flag.Visit(func(f *flag.Flag) { told = told || f.Name == "test.parallel" })
	if !told {
		if err := flag.Set("test.parallel", sideBySide); err != nil {
			panic(err)
		}
	}
	m.Run()
}
