package generator_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/keypolicy"
)

// accessModules are modules of the table that are no presets.
var accessModules = map[string]string{
	"delegate":      "preset = \"encryption\"\nroot_statement = \"delegate\"",
	"none":          "preset = \"encryption\"\nroot_statement = \"none\"",
	"by-arn":        "preset = \"encryption\"\nprincipal_binding = \"arn\"",
	"all-verbs":     "preset = \"encryption\"\nroles = { encrypt = [], decrypt = [], read = [] }",
	"two-regions":   "multi_region = \"primary_with_replica\"\nservices = [\"s3\"]",
	"encapsulation": "manages = \"policy\"\nkey_spec = \"ML_KEM_768\"\nroles = { use = [], encrypt = [], decrypt = [] }",
}

// deed is one thing that someone tries.
type deed struct {
	caller, action string
	carries        []string // KEY=VALUE
}

func parseDeed(text string) deed {
	words := strings.Fields(text)
	return deed{words[0], words[1], words[2:]}
}

// differences counts what sets two deeds apart: the caller, the action, and each
// key that the request carries.
func (d deed) differences(other deed) int {
	count := 0
	for _, same := range []bool{d.caller == other.caller, d.action == other.action} {
		if !same {
			count++
		}
	}
	carried := func(d deed) map[string]string {
		pairs := map[string]string{}
		for _, pair := range d.carries {
			at := strings.LastIndex(pair, "=")
			pairs[pair[:at]] = pair[at:]
		}
		return pairs
	}
	mine, theirs := carried(d), carried(other)
	var changed, gone, added int
	for key, value := range mine {
		switch got, has := theirs[key]; {
		case !has:
			gone++
		case got != value:
			changed++
		}
	}
	for key := range theirs {
		if _, has := mine[key]; !has {
			added++
		}
	}
	return count + changed + max(gone, added) // another key in the place of one is one difference
}

// decide asks whether the policy allows the deed to a caller whose IAM policies
// allow everything.
func (d deed) decide(t testing.TB, policy *keypolicy.Policy) keypolicy.Decision {
	t.Helper()
	everything, err := keypolicy.Parse("identity policy", []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*"}}`))
	require.NoError(t, err)
	r := keypolicy.Request{
		Principal: d.principal(t), Action: "kms:" + d.action, Resource: "arn:aws:kms:" + region + ":" + account + ":key/1234abcd-12ab-34cd-56ef-1234567890ab",
		Context: keypolicy.Context{}, EncryptionContext: map[string]string{},
	}
	for _, pair := range d.carries {
		at := strings.LastIndex(pair, "=")
		key, value := pair[:at], pair[at+1:]
		if own, ok := strings.CutPrefix(key, "context:"); ok {
			r.EncryptionContext[own] = value
		} else {
			r.Context.Set(key, value)
		}
	}
	_, ok := keypolicy.LookUpAction(r.Action)
	require.True(t, ok, r.Action)
	return keypolicy.Evaluate(r, keypolicy.World{ResourcePolicy: policy, Identity: []*keypolicy.Policy{everything}})
}

func (d deed) principal(t testing.TB) keypolicy.Principal {
	t.Helper()
	arn := "arn:aws:sts::" + account + ":assumed-role/" + d.caller + "/session"
	switch name, foreign := strings.CutPrefix(d.caller, "partner/"); {
	case foreign:
		arn = "arn:aws:sts::444455556666:assumed-role/" + name + "/session"
	case d.caller == "root":
		arn = "arn:aws:iam::" + account + ":root"
	case strings.Contains(d.caller, "."):
		arn = d.caller
	}
	p, err := keypolicy.ParsePrincipal(arn)
	require.NoError(t, err)
	return p
}

// accessRow is a line of the table.
type accessRow struct {
	module        string
	allowed, twin deed
}

func accessTable(t testing.TB) []accessRow {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "access.txt"))
	require.NoError(t, err)
	var rows []accessRow
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(line, " | ")
		require.Len(t, cells, 3, line)
		rows = append(rows, accessRow{cells[0], parseDeed(cells[1]), parseDeed(cells[2])})
	}
	return rows
}

// TestAccess holds the rendered policies against a table that was written by hand.
// Each deed that is allowed has a twin that differs in one thing and is denied; and
// each statement of each policy decides at least one deed, so that none is there
// without a row that needs it.
func TestAccess(t *testing.T) {
	t.Parallel()
	rows := accessTable(t)
	for _, name := range append(presetNames(t), "delegate", "none", "by-arn", "all-verbs", "two-regions", "encapsulation") {
		if name == "grants" { // has no policy
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			arguments, ok := accessModules[name]
			if !ok {
				arguments = `preset = "` + name + `"`
			}
			files := render(t, module(t, arguments))
			policy, err := keypolicy.Parse("key policy", []byte(evaluate(t, files, everyList(t, files))))
			require.NoError(t, err)
			decided := map[string]bool{}
			for _, row := range rows {
				if row.module == name {
					decided[row.check(t, policy)] = true
				}
			}
			for _, s := range policy.Statements {
				require.True(t, decided[s.Sid], "no row of testdata/access.txt needs the statement %s", s.Sid)
			}
		})
	}
	for _, row := range rows {
		_, made := accessModules[row.module]
		require.True(t, made || slices.Contains(presetNames(t), row.module), row.module)
	}
}

// check returns the statement that allowed the row's deed.
func (row accessRow) check(t testing.TB, policy *keypolicy.Policy) string {
	t.Helper()
	require.Equal(t, 1, row.allowed.differences(row.twin), "%v and %v must differ in one thing", row.allowed, row.twin)
	yes := row.allowed.decide(t, policy)
	require.Equal(t, keypolicy.Allowed, yes.Verdict, "%v: %v", row.allowed, yes.Reasons)
	no := row.twin.decide(t, policy)
	require.Equal(t, keypolicy.Denied, no.Verdict, "%v: %v", row.twin, no.Reasons)
	for _, reason := range yes.Reasons {
		if reason.Policy == policy.Name {
			return reason.Sid
		}
	}
	require.Fail(t, "no statement of the key policy allowed it", "%v: %v", row.allowed, yes.Reasons)
	return ""
}
