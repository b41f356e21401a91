package harness_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness"
)

const (
	throttled = `Error: creating KMS Key: operation error KMS: CreateKey, exceeded maximum number of attempts, 25, https response error StatusCode: 400, RequestID: 1, api error ThrottlingException: Rate exceeded`
	denied    = `Error: creating KMS Key: operation error KMS: CreateKey, https response error StatusCode: 400, RequestID: 1, api error AccessDeniedException: User: arn is not authorized to perform: kms:CreateKey`
)

// Each error that is tried again stands beside one that differs in what makes it an
// answer.
func TestRetryables(t *testing.T) {
	t.Parallel()
	retryables := harness.New(t).Options(&terraform.Options{TerraformDir: "testdata/key"}).RetryableTerraformErrors
	const registry, none = "a provider registry that does not answer", ""
	tests := []struct{ name, message, want string }{
		{"the registry hangs, in an engine's lines", `╷
│ Error: Failed to query available provider packages
│
│ Could not retrieve the list of available versions for provider
│ hashicorp/null: could not connect to
│ registry.terraform.io: failed to request discovery document: Get
│ "https://registry.terraform.io/.well-known/terraform.json": net/http:
│ request canceled while waiting for connection (Client.Timeout
│ exceeded while awaiting headers)
╵`, registry},
		{"the registry is unwell", "could not query provider registry for registry.opentofu.org/hashicorp/null: request failed after 2 attempts: 502 Bad Gateway returned", registry},
		{"no such provider", "could not query provider registry for registry.terraform.io/x/y: provider registry registry.terraform.io does not have a provider named registry.terraform.io/x/y", none},
		{"no such host", "could not connect to registry.terraform.io: failed to request discovery document: dial tcp: lookup registry.terraform.io: no such host", none},
		{"no such version", "Could not retrieve the list of available versions for provider hashicorp/aws: no available releases match the given constraints 99.0.0", none},
		{"a download breaks off", "Error while installing hashicorp/null v3.2.3: github.com: Get \"https://github.com/x.zip\": read tcp 10.0.0.1:1->10.0.0.2:443: read: connection reset by peer", "a provider's download that breaks off"},
		{"a checksum is wrong", "Error while installing hashicorp/null v3.2.3: archive has incorrect checksum zh:1 (expected zh:2)", none},
		{"a module's download breaks off", "Error: Failed to download module\n\nCould not download module \"m\" (main.tf:1) source code from \"https://x/y.zip\": error downloading 'https://x/y.zip': unexpected EOF", "a module's download that breaks off"},
		{"no such module", "Error: Failed to download module\n\nCould not download module \"m\" (main.tf:1) source code from \"https://x/y.zip\": bad response code: 404", none},
		{"the state is locked", "Error: Error acquiring the state lock\n\nError message: resource temporarily unavailable", "a state that another command has locked"},
		{"the state can't be read", "Error: Failed to load state\n\nError loading state: unexpected end of JSON input", none},
		{"throttled", throttled, "a request that AWS throttles"},
		{"denied", denied, none},
		{"a quota", "operation error KMS: CreateAlias, api error LimitExceededException: You have reached the quota", none},
		{"an exception of another name", "api error KMSThrottlingExceptional: no", none},
		{"the provider is slow", "failed to instantiate provider \"aws\" to obtain schema: timeout while waiting for plugin to start", "a provider that is slow to start"},
		{"the provider is broken", "failed to instantiate provider \"aws\" to obtain schema: plugin exited before we could connect", none},
		{"terratest tries again, we do not", "Error: Provider produced inconsistent result after apply", none},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for pattern, name := range retryables {
				if regexp.MustCompile(pattern).MatchString(tt.message) {
					got = append(got, name)
				}
			}
			require.Equal(t, tt.want, strings.Join(got, ", "))
		})
	}
	t.Run("each is in the table above and in the guide", func(t *testing.T) {
		t.Parallel()
		guide, err := os.ReadFile("../docs/harness.md")
		require.NoError(t, err)
		for _, name := range slices.Sorted(maps.Values(retryables)) {
			require.Contains(t, string(guide), "- "+name)
			require.True(t, slices.ContainsFunc(tests, func(tt struct{ name, message, want string }) bool { return tt.want == name }), name)
		}
	})
}

// An apply that is throttled once is tried again; one that is denied is not.
func TestRetry(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ message, tries string }{
		"throttled": {throttled, "..apply "},
		"denied":    {denied, "."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			environ := stubs(t, `printf . >>"$here/applying"
if [ "$(cat "$here/applying")" = . ]; then echo '`+tt.message+`' >&2; exit 1; fi
printf 'apply ' >>"$here/applying"`)
			cmd := reexec(t, "applies", environ...)
			out, err := cmd.CombinedOutput()
			require.Equal(t, tt.tries == ".", err != nil, string(out))
			tries, err := os.ReadFile(filepath.Clean(valueIn(cmd, applyingVariable)))
			require.NoError(t, err)
			require.Equal(t, tt.tries, string(tries))
		})
	}
}
