package differential_test

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/toolchain/python/pythontest"
	"github.com/keywright/keywright/kmsemu/kmsemutest"
)

var update = flag.Bool("update", false, "write differences.md anew, with the sources it has")

const (
	tableFile = "differences.md"
	tableHead = `# Differences from LocalStack ` + backend.LocalStackVersion + `

The same calls, answered differently. Of two answers that differ in part, only that
part is told, of errors all. ID, MRK, HEX, ACCOUNT, DATE and BLOB stand for what differs from run to
run; texts in quotes are plaintexts. Written by go test ./test/differential -update; the sources are by hand.

| call | Keywright | LocalStack | decided by |
|---|---|---|---|
`
)

// row is a line of the table.
type row struct{ call, ours, theirs, source string }

func (r row) String() string {
	cells := []string{r.call, r.ours, r.theirs, r.source}
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(strings.ReplaceAll(c, "\n", `\n`), "|", `\|`)
	}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

// readTable returns the sources by the rest of their rows.
func readTable(t *testing.T) map[row]string {
	t.Helper()
	text, err := os.ReadFile(tableFile)
	require.NoError(t, err)
	_, body, found := strings.Cut(string(text), "|---|---|---|---|\n")
	require.True(t, found, "%s has no table", tableFile)
	sources := map[row]string{}
	for line := range strings.Lines(body) {
		cells := strings.Split(strings.TrimSuffix(strings.TrimPrefix(line, "| "), " |\n"), " | ")
		require.Len(t, cells, 4, "%s: %q", tableFile, line)
		sources[row{call: cells[0], ours: cells[1], theirs: cells[2]}] = strings.TrimSpace(cells[3])
	}
	return sources
}

// key is the row as the file has it, without its source.
func (r row) key() row {
	cells := strings.Split(strings.TrimSuffix(strings.TrimPrefix(row{r.call, r.ours, r.theirs, "-"}.String(), "| "), " |\n"), " | ")
	return row{call: cells[0], ours: cells[1], theirs: cells[2]}
}

// TestDifferences plays every sequence at both and compares the rows with the
// table.
func TestDifferences(t *testing.T) {
	t.Parallel()
	theirs, err := backend.StartLocalStack(t.Context(), backend.LocalStackConfig{Python: pythontest.Config(t)})
	pythontest.Check(t, err)
	t.Cleanup(func() { require.NoError(t, theirs.Close()) })
	var found []row
	for i, s := range sequences {
		account := fmt.Sprintf("9000000000%02d", i)
		a := &caller{kmsemutest.New(t, nil).URL, account, memory{}}
		b := &caller{theirs.Env()["AWS_ENDPOINT_URL"], account, memory{}}
		found = append(found, compare(t, s, [2]*caller{a, b})...)
	}
	if *update {
		write(t, found, readTable(t))
	}
	listed := readTable(t)
	for _, r := range found {
		source, ok := listed[r.key()]
		if !ok {
			t.Errorf("an answer differs, and the table does not say so: %s", r)
		} else if source == "" {
			t.Errorf("nothing decides this: %s", r)
		}
		delete(listed, r.key())
	}
	for r := range listed {
		t.Errorf("the table lists what does not differ, or not like this: %s", r)
	}
}

// compare plays one sequence at both and returns where they differ.
func compare(t *testing.T, s sequence, callers [2]*caller) []row {
	t.Helper()
	var rows []row
	for _, step := range s.steps {
		var answers [2]flat
		for i, c := range callers {
			answer, err := c.call(t.Context(), step)
			require.NoError(t, err)
			answers[i] = flatten(answer)
		}
		if ours, theirs := difference(answers[0], answers[1]); ours != theirs {
			rows = append(rows, row{call: s.name + ": " + step.name, ours: ours, theirs: theirs})
		}
	}
	return rows
}

func write(t *testing.T, rows []row, sources map[row]string) {
	t.Helper()
	// A row whose answers changed keeps its source where the call still has one.
	byCall := map[string]string{}
	for r, source := range sources {
		byCall[r.call] = source
	}
	var out strings.Builder
	out.WriteString(tableHead)
	for _, r := range rows {
		r.source = byCall[r.key().call]
		out.WriteString(r.String())
	}
	require.NoError(t, os.WriteFile(tableFile, []byte(out.String()), 0o644))
}

// TestSourcesExist: the facts that the table cites are listed.
func TestSourcesExist(t *testing.T) {
	t.Parallel()
	facts, err := os.ReadFile("../../kmsemu/FACTS.md")
	require.NoError(t, err)
	for r, source := range readTable(t) {
		for _, number := range regexp.MustCompile(`K\d{4}`).FindAllString(source, -1) {
			require.Contains(t, string(facts), "\n| "+number+" |", "%s", r)
		}
	}
}

// missing are the operations that LocalStack does not have.
var missing = []string{
	"ConnectCustomKeyStore", "CreateCustomKeyStore", "Decapsulate", "DeleteCustomKeyStore", "DescribeCustomKeyStores",
	"DisconnectCustomKeyStore", "Encapsulate", "GetKeyLastUsage", "ListKeyRotations", "UpdateCustomKeyStore", "UpdatePrimaryRegion",
}

// TestSequencesAreComplete: every operation of LocalStack is called, and answered
// with success and with an error.
func TestSequencesAreComplete(t *testing.T) {
	t.Parallel()
	answered, refused := map[string]bool{}, map[string]bool{}
	for i, s := range sequences {
		names := map[string]bool{}
		c := &caller{kmsemutest.New(t, nil).URL, fmt.Sprintf("9000000000%02d", i), memory{}}
		for _, step := range s.steps {
			require.False(t, names[step.name], "%s: two steps are called %q", s.name, step.name)
			names[step.name] = true
			answer, err := c.call(t.Context(), step)
			require.NoError(t, err)
			if answer["__type"] == nil {
				answered[step.operation] = true
			} else {
				refused[step.operation] = true
			}
		}
	}
	for _, operation := range operations() {
		if slices.Contains(missing, operation) {
			continue
		}
		require.True(t, answered[operation], "no valid call of %s", operation)
		require.True(t, refused[operation], "no invalid call of %s", operation)
	}
}

// operations are those of the SDK's client.
func operations() []string {
	client := reflect.TypeFor[*kms.Client]()
	var names []string
	for i := range client.NumMethod() {
		if name := client.Method(i).Name; name != "Options" {
			names = append(names, name)
		}
	}
	return names
}
