package test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// gap is what a backend can't hold of what modules promise. A promise in a gap is
// skipped and counted, with the reason.
type gap struct {
	backend  string   // "" for all
	modules  []string // nil for all
	promises []string // nil for all: the module is left out of the root
	reason   string
}

// gaps are tried in order. Where LocalStack answers unlike AWS,
// test/differential/differences.md has what decides.
var gaps = []gap{
	{"", []string{"post-quantum-signing"}, nil, "needs AWS provider 6.1; the suites run with 5"},
	{"embedded", []string{"s3"}, []string{"BucketEncryption"}, "has no S3; Services has the calls that it makes"},
	{"localstack", []string{"cloudhsm", "external-key-store"}, nil, "has no custom key stores"},
	{
		"localstack", []string{"multi-region", "multi-region-primary", "multi-region-replica"}, nil,
		"gives a replica neither its policy nor its tags, for which the provider waits in vain",
	},
	{"localstack", nil, []string{
		"LeastPrivilege", "DenialTold", "SelfEscalation", "CrossAccount", "SessionsAndBoundaries", "RoleMadeAgain",
		"MaterialMustExpire", "ShorterWindow",
	}, "enforces no policy: everything is allowed"},
	{"localstack", nil, []string{"Services"}, "its services call no KMS for a role"},
	{"localstack", nil, []string{"RotationByTime", "Loss", "Expiry"}, "has no clock that can be turned"},
	{"localstack", nil, []string{"Audit"}, "keeps no audit trail"},
	{"localstack", nil, []string{"Throttling"}, "can't be told to throttle"},
	{"localstack", nil, []string{"PlaintextLimits"}, "encrypts a plaintext without a byte too"},
	{"localstack", nil, []string{"SealedOutside"}, "decrypts with an RSA key only what it encrypted itself"},
	{"localstack", nil, []string{"ContextKeptApart"}, "puts keys and values of an encryption context behind one another"},
	{"localstack", nil, []string{"ImportedMaterial"}, "can't use material that was deleted and imported again"},
	{"localstack", nil, []string{"OtherMaterial"}, "takes any imported material"},
	{"localstack", nil, []string{"RotationListed"}, "has no ListKeyRotations"},
	{"localstack", nil, []string{"AliasKeepsKind"}, "moves an alias to a key of any kind"},
	{"localstack", []string{"key-agreement"}, []string{"Disable"}, "derives shared secrets also with a disabled key"},
}

// gapOf is the reason why a backend can't hold a preset's promise; "" if it can.
// Without a promise it is why it can't have the preset at all.
func gapOf(backend string, p preset, promise string) string {
	for _, g := range gaps {
		if (g.backend == "" || g.backend == backend) && (g.modules == nil || slices.Contains(g.modules, p.moduleName())) &&
			(g.promises == nil || slices.Contains(g.promises, promise)) {
			return g.reason
		}
	}
	return ""
}

// A gap is of modules and promises that there are, and has a reason.
func TestGaps(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, p := range slices.Concat(presets, multiRegionPresets) {
		known[p.name] = true
	}
	for _, p := range slices.Concat(promises, promisesTampered, promisesDestroyed, promisesAppliedAgain) {
		known[p.name] = true
	}
	for _, g := range gaps {
		for _, name := range slices.Concat(g.modules, g.promises) {
			require.True(t, known[name], "%q", name)
		}
		require.NotEmpty(t, g.reason)
	}
}
