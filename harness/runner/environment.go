package runner

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// passed names the variables of the caller's environment that engine and
// provider get to see.
var passed = []string{
	"HOME", "PATH", "LANG", "LC_ALL",
	"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
	"SSL_CERT_FILE", "SSL_CERT_DIR",
}

// owned are the variables a workspace may not set, with the reason.
var owned = map[string]string{
	"AWS_CA_BUNDLE":         "the provider refuses to start with it",
	"TF_CLI_CONFIG_FILE":    "the run writes its own",
	"TF_DATA_DIR":           "each workspace has its own",
	"TF_PLUGIN_CACHE_DIR":   "it is unsafe for runs side by side",
	"TF_REATTACH_PROVIDERS": "the run decides which provider process serves a root",
	"TMPDIR":                "the run has its own and removes it",
}

// checkAdded refuses variables that the run owns.
func checkAdded(added map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(added)) {
		if reason, ok := owned[name]; ok {
			return fmt.Errorf("environment variable %s: %s: leave it out", name, reason)
		}
	}
	return nil
}

// environment returns the variables of an engine or provider; later ones win:
// passed on, the run's own, the backend's, added.
func (r *Runner) environment(added map[string]string) map[string]string {
	env := map[string]string{}
	for _, name := range passed {
		if value, ok := r.cfg.Environ[name]; ok {
			env[name] = value
		}
	}
	maps.Copy(env, map[string]string{
		"TMPDIR":             r.folder.temp(),
		"TF_CLI_CONFIG_FILE": r.folder.cliConfig(),
		"TF_IN_AUTOMATION":   "1",
		"TF_INPUT":           "0",
		"CHECKPOINT_DISABLE": "1",
		// Both read a schema of 13 MB and end, or idle, soon after: collecting that
		// seldom saves a quarter of their processor time.
		"GOGC":       "400",
		"GOMEMLIMIT": "1GiB",
		// The profile of the machine may hold a Region, an endpoint or a CA.
		"AWS_CONFIG_FILE":             os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	})
	maps.Copy(env, r.cfg.Backend)
	maps.Copy(env, added)
	return env
}

// forProvider returns the variables among added that the provider, not the
// engine, acts on.
func forProvider(added map[string]string) map[string]string {
	aws := map[string]string{}
	for name, value := range added {
		if strings.HasPrefix(name, "AWS_") {
			aws[name] = value
		}
	}
	return aws
}

// pairs is env as os/exec wants it.
func pairs(env map[string]string) []string {
	list := make([]string, 0, len(env))
	for _, name := range slices.Sorted(maps.Keys(env)) {
		list = append(list, name+"="+env[name])
	}
	return list
}
