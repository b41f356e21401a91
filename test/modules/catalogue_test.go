package modules_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/go-version"
	"github.com/stretchr/testify/require"
)

// catalogue is where the modules are.
const catalogue = "../../modules/kms"

// providerVersion is what modules are run with. One that needs a newer one is
// formatted and scanned alone, and its README says so.
var providerVersion = version.Must(version.NewVersion("5.100.0"))

// module is one of the catalogue.
type module struct {
	name string
	dir  string
}

// modules are all of the catalogue.
func modules(t *testing.T) []module {
	t.Helper()
	found, err := filepath.Glob(catalogue + "/*/versions.tf")
	require.NoError(t, err)
	require.NotEmpty(t, found)
	list := make([]module, 0, len(found))
	for _, file := range found {
		dir := filepath.Dir(file)
		list = append(list, module{name: filepath.Base(dir), dir: dir})
	}
	return list
}

// runnable are the modules that the provider serves.
func runnable(t *testing.T) []module {
	t.Helper()
	var list []module
	for _, m := range modules(t) {
		if !m.floor(t).GreaterThan(providerVersion) {
			list = append(list, m)
			continue
		}
		require.True(t, strings.Contains(m.read(t, "README.md"), "**Not proven yet.**"), "%s is not run, and its README does not say so", m.name)
	}
	return list
}

var floorForm = regexp.MustCompile(`\n +version = ">= ([0-9.]+)"`)

// floor is the lowest provider that the module takes.
func (m module) floor(t *testing.T) *version.Version {
	t.Helper()
	match := floorForm.FindStringSubmatch(m.read(t, "versions.tf"))
	require.NotNil(t, match, m.name)
	floor, err := version.NewVersion(match[1])
	require.NoError(t, err)
	return floor
}

func (m module) read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(m.dir, file))
	require.NoError(t, err)
	return string(text)
}

// files are those of the module that the pattern matches.
func (m module) files(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(m.dir, pattern))
	require.NoError(t, err)
	require.NotEmpty(t, found, "%s has no %s", m.name, pattern)
	return found
}
