package generator

import (
	"strconv"
	"strings"

	"github.com/keywright/keywright/internal/lazyregexp"
)

// providerFloor is the oldest AWS provider that modules take.
const providerFloor = "5.49"

// Target is what a module is written for.
type Target struct {
	// Engine is "any", "terraform" or "opentofu".
	Engine string `json:"engine"`
	// Provider is the lowest version of the AWS provider, such as "5.49"; "" for
	// the lowest that has what the module uses.
	Provider string `json:"provider,omitempty"`
}

// engine is what an engine means for a module.
type engine struct {
	// Command is what documents call; Version the lowest that runs the module and
	// its tests.
	Command, Version string
	// Why is the comment at the version.
	Why []string
}

var engines = map[string]engine{
	"any": {"terraform", "1.7", []string{
		"The tests beside this file use mock_provider, new in Terraform 1.7 and in",
		"OpenTofu 1.8. The module itself needs 1.3 (startswith).",
	}},
	"terraform": {"terraform", "1.7", []string{
		"The tests beside this file use mock_provider, new in Terraform 1.7. The",
		"module itself needs 1.3 (startswith).",
	}},
	"opentofu": {"tofu", "1.8", []string{
		"The tests beside this file use mock_provider, new in OpenTofu 1.8.",
	}},
}

// feature is something that only newer providers have.
type feature struct {
	floor, why string
	used       func(*Module) bool
}

var features = []feature{
	{"5.49", "5.49 is the first to have rotation_period_in_days.", (*Module).rotates},
	{"5.60", "KMS has KEY_AGREEMENT since June 2024; 5.60 came after it.", func(m *Module) bool {
		return m.Manages == ManagesKey && m.KeyUsage == keyAgreement
	}},
}

// needed returns the lowest provider the module works with, and why. It does not
// look at what the target asks for.
func (m *Module) needed() (version, why string) {
	version, why = providerFloor, providerFloor+" is the floor of all modules that Keywright writes."
	for _, f := range features {
		if f.used(m) && !older(f.floor, version) {
			version, why = f.floor, f.why
		}
	}
	if s, ok := lookUpSpec(m.KeySpec); ok && m.Manages == ManagesKey && older(version, s.floor) {
		version, why = s.floor, "Providers before "+s.floor+" refuse "+m.KeySpec+"."
	}
	return version, why
}

// floor is the lowest provider of the module's version constraint, and why.
func (m *Module) floor() (version, why string) {
	version, why = m.needed()
	if m.Target.Provider != "" && older(version, m.Target.Provider) {
		return m.Target.Provider, "The spec asks for it: target.provider."
	}
	return version, why
}

var versionForm = lazyregexp.New(`^[0-9]{1,4}\.[0-9]{1,4}(\.[0-9]{1,4})?$`)

// older reports whether version a comes before b. Both have the form versionForm;
// an empty b is older than any.
func older(a, b string) bool {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(as), len(bs)) {
		if x, y := number(as, i), number(bs, i); x != y {
			return x < y
		}
	}
	return false
}

// number is a part of a version; what is missing or no number counts as 0.
func number(parts []string, i int) int {
	if i >= len(parts) {
		return 0
	}
	n, err := strconv.Atoi(parts[i])
	if err != nil {
		return 0
	}
	return n
}
