package generator

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/keywright/keywright/internal/lazyregexp"
)

// Spec is a parsed spec file.
type Spec struct {
	// Modules in the order of their blocks; never empty.
	Modules []Module
}

// RootStatement says what the key policy gives the account that owns the key.
type RootStatement string

const (
	// BreakGlass gives everything to the account's root user and lets IAM
	// policies delegate nothing. The default.
	BreakGlass RootStatement = "break_glass"
	// Delegate gives everything to the account, so that its IAM policies
	// decide, as in the key policy KMS makes by default.
	Delegate RootStatement = "delegate"
	// NoRoot leaves the account out: who loses the administrators loses the key.
	NoRoot RootStatement = "none"
)

// Module is one module block: its parts, with defaults filled in. The values of
// the block become the defaults of the generated module's variables, except what
// Terraform cannot take from a variable, or what changes which variables there
// are: that is baked in.
type Module struct {
	// Name is the block's label: a letter, then letters, digits, "_" and "-",
	// all lower case.
	Name string `json:"name"`
	// Preset is the row of parts the block began with; "" for none.
	Preset string `json:"-"`
	// Manages is what the module manages.
	Manages Manages `json:"manages"`
	// KeySpec and KeyUsage are those of the KMS API.
	KeySpec  string `json:"key_spec"`
	KeyUsage string `json:"key_usage"`
	Origin   Origin `json:"origin"`
	// KeyMaterialExpires asks that imported key material expire.
	KeyMaterialExpires bool        `json:"key_material_expires,omitempty"`
	MultiRegion        MultiRegion `json:"multi_region"`
	// Services that use the key, by their names in specs, sorted.
	Services []string `json:"services,omitempty"`
	// Roles maps each verb that the module has to the ARNs of its IAM roles and
	// users, sorted and without doubles.
	Roles map[Verb][]string `json:"roles,omitempty"`
	// EncryptionContext are the keys that the encryption context of each
	// cryptographic call must have.
	EncryptionContext []string `json:"encryption_context,omitempty"`
	// Aliases without the prefix "alias/"; nil makes them a required variable.
	Aliases []string `json:"aliases"`
	// RotationPeriodInDays is 90 to 2560 days, 365 by default; 0 for a key that
	// does not rotate.
	RotationPeriodInDays int `json:"rotation_period_in_days,omitempty"`
	// DeletionWindowInDays is 7 to 30 days; 30 by default.
	DeletionWindowInDays int           `json:"deletion_window_in_days,omitempty"`
	RootStatement        RootStatement `json:"root_statement,omitempty"`
	// PrincipalBinding is how the policy recognizes roles and users.
	PrincipalBinding Binding `json:"principal_binding,omitempty"`
	// ProtectFromDestroy bakes prevent_destroy into the key.
	ProtectFromDestroy bool              `json:"protect_from_destroy"`
	Target             Target            `json:"target"`
	Tags               map[string]string `json:"tags,omitempty"`
	// Description of the key; by default it says what the key does.
	Description string `json:"description,omitempty"`
	// Output is the module's folder, slash-separated and relative to the
	// spec's own folder; Name by default. See [OutputDir].
	Output string `json:"-"`
	// Position of the block, for messages about the module.
	Position Position `json:"-"`
}

const (
	defaultRotationPeriodInDays = 365
	defaultDeletionWindowInDays = 30
)

// dayRange is a range of whole days.
type dayRange struct{ low, high int }

// What KMS takes. Source: KMS API Reference, EnableKeyRotation and
// ScheduleKeyDeletion.
var (
	rotationPeriods = dayRange{90, 2560}
	deletionWindows = dayRange{7, 30}
)

// reservedNames are device names of Windows, which are no names of folders there.
// An extension makes them no other.
var reservedNames = lazyregexp.New(`^(?i:aux|com[0-9]|con|lpt[0-9]|nul|prn)(\.|$)`)

func reserved(name string) bool { return reservedNames.MatchString(name) }

var moduleName = lazyregexp.New(`^[a-z][a-z0-9_-]*$`)

// ParseSpec parses a spec. filename is for messages, and says which of HCL's two
// syntaxes the spec has: JSON if it ends in ".json", else the native one. The error
// is [Diagnostics] and holds every problem found; syntax errors hide the others.
func ParseSpec(filename string, src []byte) (*Spec, error) {
	d := &decoder{}
	blocks, body, err := d.blocks(filename, src)
	if err != nil {
		return nil, err
	}
	spec := &Spec{Modules: d.modules(blocks)}
	if len(spec.Modules) == 0 && len(d.found) == 0 {
		d.report(body, `add a block such as module "encryption" { preset = "encryption" }`, "the spec holds no module")
	}
	if len(d.found) > 0 {
		d.found.sort()
		return nil, d.found
	}
	return spec, nil
}

// decoder collects the problems of one spec.
type decoder struct {
	found Diagnostics
	// argument is the name of the one being decoded.
	argument string
}

func (d *decoder) report(at hcl.Range, remedy, problem string, args ...any) {
	d.found = append(d.found, Diagnostic{Position: position(at), Problem: fmt.Sprintf(problem, args...), Remedy: remedy})
}

func (d *decoder) modules(blocks []*moduleBlock) []Module {
	var modules []Module
	for _, block := range blocks {
		m := d.module(block)
		d.distinct(block, modules, m)
		modules = append(modules, m)
	}
	return modules
}

func (d *decoder) module(block *moduleBlock) Module {
	m := Module{Name: d.name(block), Position: position(block.DefRange)}
	m.Output = m.Name
	d.arguments(block, &m)
	return m
}

func (d *decoder) name(block *moduleBlock) string {
	const remedy = `write module "NAME" { ... }, with a name of lower-case letters, digits, "_" and "-" that begins with a letter`
	switch {
	case len(block.Labels) == 0:
		d.report(block.DefRange, remedy, "the module has no name")
		return ""
	case len(block.Labels) > 1:
		d.report(block.LabelRanges[1], remedy, "the module has more than one name")
	case !moduleName.MatchString(block.Labels[0]):
		d.report(block.LabelRanges[0], remedy, "%q is not a module name", block.Labels[0])
	case reserved(block.Labels[0]):
		d.report(block.LabelRanges[0], "choose another name", "the name %q is reserved: Windows makes no folder of that name", block.Labels[0])
	}
	return block.Labels[0]
}

// distinct reports a module that shares its name, or part of its folder, with
// an earlier one: the second would overwrite the first, or be found in it as a
// stranger's file.
func (d *decoder) distinct(block *moduleBlock, earlier []Module, m Module) {
	for _, other := range earlier {
		switch {
		case m.Name == "":
		case m.Name == other.Name:
			d.report(block.LabelRanges[0], "rename one of them", "module %q is already defined at line %d", m.Name, other.Position.Line)
		case within(m.Output, other.Output) || within(other.Output, m.Output):
			d.report(block.LabelRanges[0], "give each module a folder of its own with output",
				"module %q would be written to %q, which overlaps %q of module %q", m.Name, m.Output, other.Output, other.Name)
		}
	}
}

// within reports whether folder is parent or in it, also where the file system does
// not tell upper from lower case.
func within(folder, parent string) bool {
	folder, parent = strings.ToLower(folder), strings.ToLower(parent)
	return folder == parent || strings.HasPrefix(folder, parent+"/")
}
