package generator_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/generator"
)

func TestParseSpecFillsInDefaults(t *testing.T) {
	t.Parallel()
	spec, err := generator.ParseSpec("keywright.hcl", []byte(`module "orders" { preset = "encryption" }`))
	require.NoError(t, err)
	want := &generator.Spec{Modules: []generator.Module{{
		Name:                 "orders",
		Preset:               "encryption",
		RotationPeriodInDays: 365,
		DeletionWindowInDays: 30,
		RootStatement:        generator.BreakGlass,
		Output:               "orders",
		Position:             generator.Position{File: "keywright.hcl", Line: 1, Column: 1},
	}}}
	require.Empty(t, cmp.Diff(want, spec), "-want +got")
}

func TestParseSpecReadsEveryArgument(t *testing.T) {
	t.Parallel()
	spec, err := generator.ParseSpec("keywright.hcl", []byte(`
		module "other" { preset = "encryption" }
		module "orders" {
			preset                  = "encryption"
			description             = "Orders"
			alias                   = "orders/data"
			rotation_period_in_days = 90
			deletion_window_in_days = 7
			root_statement          = "none"
			administrators          = ["arn:aws-cn:iam::111122223333:role/b", "arn:aws-cn:iam::111122223333:role/a"]
			users                   = ["arn:aws-cn:iam::111122223333:user/team/u", "arn:aws-cn:iam::111122223333:user/team/u"]
			service_users           = ["arn:aws-cn:iam::111122223333:role/s"]
			protect_from_destroy    = true
			tags                    = { team = "orders" }
			output                  = "keys/orders"
		}`))
	require.NoError(t, err)
	want := generator.Module{
		Name:                 "orders",
		Preset:               "encryption",
		Description:          "Orders",
		Alias:                "orders/data",
		RotationPeriodInDays: 90,
		DeletionWindowInDays: 7,
		RootStatement:        generator.NoRoot,
		Administrators:       []string{"arn:aws-cn:iam::111122223333:role/a", "arn:aws-cn:iam::111122223333:role/b"},
		Users:                []string{"arn:aws-cn:iam::111122223333:user/team/u"},
		ServiceUsers:         []string{"arn:aws-cn:iam::111122223333:role/s"},
		ProtectFromDestroy:   true,
		Tags:                 map[string]string{"team": "orders"},
		Output:               "keys/orders",
		Position:             generator.Position{File: "keywright.hcl", Line: 3, Column: 3},
	}
	require.Empty(t, cmp.Diff(want, spec.Modules[1]), "-want +got")
}

func TestParseSpecAcceptsTheEdges(t *testing.T) {
	t.Parallel()
	for _, argument := range []string{
		"deletion_window_in_days = 7", "deletion_window_in_days = 30",
		"rotation_period_in_days = 90", "rotation_period_in_days = 2560",
		`alias = "awsome/orders"`, `alias = "` + strings.Repeat("a", 250) + `"`,
		`users = ["arn:aws:iam::000000000000:user/app+1@example.com"]`, "users = []",
		`output = "orders.d"`, `root_statement = "delegate"`,
	} {
		_, err := generator.ParseSpec("keywright.hcl", []byte("module \"orders\" {\n  preset = \"encryption\"\n  "+argument+"\n}\n"))
		require.NoError(t, err, argument)
	}
}

// TestParseSpecRefuses compares every message in full: the place, the problem
// and the remedy are what a person sees.
func TestParseSpecRefuses(t *testing.T) {
	t.Parallel()
	name := filepath.Join("testdata", "bad_specs.txtar")
	archive, err := txtar.ParseFile(name)
	require.NoError(t, err)
	require.Zero(t, len(archive.Files)%2, "a case is a .hcl file and a .want file")
	for i := 0; i < len(archive.Files); i += 2 {
		spec, want := archive.Files[i], &archive.Files[i+1]
		title, ok := strings.CutSuffix(spec.Name, ".hcl")
		require.True(t, ok, spec.Name)
		require.Equal(t, title+".want", want.Name)
		_, err := generator.ParseSpec("keywright.hcl", spec.Data)
		var found generator.Diagnostics
		require.ErrorAs(t, err, &found, title)
		got := err.Error() + "\n"
		if *update {
			want.Data = []byte(got)
		}
		require.Empty(t, cmp.Diff(string(want.Data), got), "%s: -want +got", title)
	}
	if *update {
		require.NoError(t, os.WriteFile(name, txtar.Format(archive), 0o644))
	}
}

// FuzzParseSpec: whatever the text, each problem has a place and a remedy, and
// what is accepted renders.
func FuzzParseSpec(f *testing.F) {
	archive, err := txtar.ParseFile(filepath.Join("testdata", "bad_specs.txtar"))
	require.NoError(f, err)
	for _, file := range archive.Files {
		f.Add(string(file.Data))
	}
	f.Add(`module "orders" { preset = "encryption" }`)
	f.Fuzz(func(t *testing.T, src string) {
		spec, err := generator.ParseSpec("keywright.hcl", []byte(src))
		if err == nil {
			require.NotEmpty(t, spec.Modules)
			for _, m := range spec.Modules {
				render(t, m)
			}
			return
		}
		var found generator.Diagnostics
		require.ErrorAs(t, err, &found)
		require.NotEmpty(t, found)
		for _, d := range found {
			require.Positive(t, d.Line)
			require.NotEmpty(t, d.Problem)
			require.NotEmpty(t, d.Remedy)
		}
	})
}
