// Package sidebyside runs more of a package's tests at once than there are
// processors, for tests that mostly wait.
package sidebyside

import (
	"flag"
	"strconv"
	"testing"
)

// Main runs a package's tests, so many parallel ones at once unless -parallel says
// otherwise. It is for TestMain.
func Main(m *testing.M, tests int) {
	flag.Parse()
	told := false
	flag.Visit(func(f *flag.Flag) { told = told || f.Name == "test.parallel" })
	if !told {
		if err := flag.Set("test.parallel", strconv.Itoa(tests)); err != nil {
			panic(err)
		}
	}
	m.Run()
}
