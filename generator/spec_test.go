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
	"github.com/keywright/keywright/generator/generatortest"
)

func TestParseSpecFillsInDefaults(t *testing.T) {
	t.Parallel()
	spec, err := generator.ParseSpec("keywright.hcl", []byte(`module "orders" { preset = "encryption" }`))
	require.NoError(t, err)
	want := &generator.Spec{Modules: []generator.Module{{
		Name:                 "orders",
		Preset:               "encryption",
		Manages:              generator.ManagesKey,
		KeySpec:              "SYMMETRIC_DEFAULT",
		KeyUsage:             "ENCRYPT_DECRYPT",
		Origin:               generator.OriginKMS,
		MultiRegion:          generator.SingleRegion,
		Roles:                map[generator.Verb][]string{generator.Administer: nil, generator.Use: nil, generator.Grant: nil},
		RotationPeriodInDays: 365,
		DeletionWindowInDays: 30,
		RootStatement:        generator.BreakGlass,
		PrincipalBinding:     generator.ByUniqueID,
		Target:               generator.Target{Engine: "any"},
		Description:          "Encrypts and decrypts data",
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
			manages                 = "key"
			key_spec                = "SYMMETRIC_DEFAULT"
			key_usage               = "ENCRYPT_DECRYPT"
			origin                  = "AWS_KMS"
			key_material_expires    = false
			multi_region            = "primary"
			services                = ["s3", "logs", "s3"]
			roles = {
				administer = ["arn:aws-cn:iam::111122223333:role/b", "arn:aws-cn:iam::111122223333:role/a"]
				use        = ["arn:aws-cn:iam::111122223333:user/team/u", "arn:aws-cn:iam::111122223333:user/team/u"]
				read       = []
			}
			encryption_context      = ["tenant", "app"]
			aliases                 = ["orders/data", "orders"]
			rotation_period_in_days = 90
			deletion_window_in_days = 7
			root_statement          = "none"
			principal_binding       = "arn"
			protect_from_destroy    = true
			target                  = { engine = "opentofu", provider = "5.80.1" }
			tags                    = { team = "orders" }
			description             = "Orders"
			output                  = "keys/orders"
		}`))
	require.NoError(t, err)
	want := generator.Module{
		Name:        "orders",
		Preset:      "encryption",
		Manages:     generator.ManagesKey,
		KeySpec:     "SYMMETRIC_DEFAULT",
		KeyUsage:    "ENCRYPT_DECRYPT",
		Origin:      generator.OriginKMS,
		MultiRegion: generator.Primary,
		Services:    []string{"logs", "s3"},
		Roles: map[generator.Verb][]string{
			generator.Administer: {"arn:aws-cn:iam::111122223333:role/a", "arn:aws-cn:iam::111122223333:role/b"},
			generator.Use:        {"arn:aws-cn:iam::111122223333:user/team/u"},
			generator.Grant:      nil,
			generator.Read:       nil,
		},
		EncryptionContext:    []string{"app", "tenant"},
		Aliases:              []string{"orders", "orders/data"},
		RotationPeriodInDays: 90,
		DeletionWindowInDays: 7,
		RootStatement:        generator.NoRoot,
		PrincipalBinding:     generator.ByARN,
		ProtectFromDestroy:   true,
		Target:               generator.Target{Engine: "opentofu", Provider: "5.80.1"},
		Tags:                 map[string]string{"team": "orders"},
		Description:          "Orders",
		Output:               "keys/orders",
		Position:             generator.Position{File: "keywright.hcl", Line: 3, Column: 3},
	}
	require.Empty(t, cmp.Diff(want, spec.Modules[1]), "-want +got")
}

// TestParseSpecWorksPartsOut: what follows from the parts that a block gives.
func TestParseSpecWorksPartsOut(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, block, spec, usage string
		rotates                  bool
		verbs                    []generator.Verb
	}{
		{"two services", `services = ["s3", "logs"]`, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", true, []generator.Verb{generator.Administer}},
		{"a service of its own kind of key", `services = ["route53-dnssec"]`, "ECC_NIST_P256", "SIGN_VERIFY", false, []generator.Verb{generator.Administer}},
		{"a service on top of a preset", "preset = \"encryption\"\nservices = [\"s3\"]", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", true, []generator.Verb{generator.Administer, generator.Use, generator.Grant}},
		{"a spec with one usage", `key_spec = "HMAC_512"`, "HMAC_512", "GENERATE_VERIFY_MAC", false, []generator.Verb{generator.Administer}},
		{"a spec with several", "key_spec = \"RSA_4096\"\nkey_usage = \"SIGN_VERIFY\"", "RSA_4096", "SIGN_VERIFY", false, []generator.Verb{generator.Administer}},
		{"the usage of the preset", "preset = \"signing\"\nkey_spec = \"RSA_3072\"", "RSA_3072", "SIGN_VERIFY", false, []generator.Verb{generator.Administer, generator.Sign, generator.Verify}},
		{"a verb on top of a preset", "preset = \"hmac\"\nroles = { read = [] }", "HMAC_256", "GENERATE_VERIFY_MAC", false, []generator.Verb{generator.Administer, generator.Sign, generator.Verify, generator.Read}},
		{"a replica", "preset = \"multi-region-replica\"", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", false, []generator.Verb{generator.Administer, generator.Use, generator.Grant}},
		{"imported material", "preset = \"external\"", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", false, []generator.Verb{generator.Administer, generator.Use, generator.Grant}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			spec, err := generator.ParseSpec("keywright.hcl", []byte("module \"orders\" {\n"+test.block+"\n}\n"))
			require.NoError(t, err)
			m := spec.Modules[0]
			require.Equal(t, test.spec, m.KeySpec)
			require.Equal(t, test.usage, m.KeyUsage)
			require.Equal(t, test.rotates, m.RotationPeriodInDays == 365)
			require.Len(t, m.Roles, len(test.verbs))
			for _, verb := range test.verbs {
				require.Contains(t, m.Roles, verb)
			}
		})
	}
}

func TestParseSpecAcceptsTheEdges(t *testing.T) {
	t.Parallel()
	for _, argument := range []string{
		"deletion_window_in_days = 7", "deletion_window_in_days = 30",
		"rotation_period_in_days = 90", "rotation_period_in_days = 2560",
		`aliases = ["awsome/orders"]`, `aliases = ["` + strings.Repeat("a", 250) + `"]`, "aliases = []",
		`roles = { use = ["arn:aws:iam::000000000000:user/app+1@example.com"] }`, "roles = {}",
		`encryption_context = ["a", "b", "c", "d", "e", "f", "g", "h"]`,
		`output = "orders.d"`, `root_statement = "delegate"`, `target = { provider = "6.0" }`,
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
	for _, option := range generatortest.Options() {
		for _, value := range option {
			f.Add("module \"orders\" {\n  preset = \"encryption\"\n  " + value + "\n}\n")
		}
	}
	r := renderer(f)
	f.Fuzz(func(t *testing.T, src string) {
		spec, err := generator.ParseSpec("keywright.hcl", []byte(src))
		if err == nil {
			require.NotEmpty(t, spec.Modules)
			for _, m := range spec.Modules {
				_, err := r.Render(m)
				require.NoError(t, err)
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
