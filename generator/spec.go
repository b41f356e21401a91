package generator

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
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

// Module is one module block with its defaults filled in. The values of the
// block become the defaults of the generated module's variables, except
// RootStatement and ProtectFromDestroy, which Terraform cannot take from a
// variable and which are baked in.
type Module struct {
	// Name is the block's label: a letter, then letters, digits, "_" and "-",
	// all lower case.
	Name string `json:"name"`
	// Preset is the template folder to render.
	Preset string `json:"-"`
	// Description of the key; "" leaves it to the preset.
	Description string `json:"description,omitempty"`
	// Alias without the prefix "alias/"; "" makes it a required variable.
	Alias string `json:"alias,omitempty"`
	// RotationPeriodInDays is 90 to 2560 days; 365 by default.
	RotationPeriodInDays int `json:"rotation_period_in_days"`
	// DeletionWindowInDays is 7 to 30 days; 30 by default.
	DeletionWindowInDays int           `json:"deletion_window_in_days"`
	RootStatement        RootStatement `json:"root_statement"`
	// Administrators, Users and ServiceUsers are ARNs of IAM roles and users,
	// sorted and without doubles.
	Administrators []string `json:"administrators,omitempty"`
	Users          []string `json:"users,omitempty"`
	ServiceUsers   []string `json:"service_users,omitempty"`
	// ProtectFromDestroy bakes prevent_destroy into the key.
	ProtectFromDestroy bool              `json:"protect_from_destroy"`
	Tags               map[string]string `json:"tags,omitempty"`
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

var moduleName = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)

// ParseSpec parses a spec. filename is only for messages. The error is
// [Diagnostics] and holds every problem found; syntax errors hide the others.
func ParseSpec(filename string, src []byte) (*Spec, error) {
	file, diags := hclsyntax.ParseConfig(src, filename, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, fromHCL(diags)
	}
	body := file.Body.(*hclsyntax.Body) // what ParseConfig documents
	d := &decoder{}
	spec := &Spec{Modules: d.modules(body)}
	if len(spec.Modules) == 0 && len(d.found) == 0 {
		d.report(body.SrcRange, `add a block such as module "encryption" { preset = "encryption" }`, "the spec holds no module")
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

func (d *decoder) modules(body *hclsyntax.Body) []Module {
	for _, attr := range body.Attributes {
		d.report(attr.NameRange, "move it into a module block", "argument %q stands outside a module", attr.Name)
	}
	var modules []Module
	for _, block := range body.Blocks {
		if block.Type != "module" {
			d.report(block.TypeRange, "a spec holds blocks of the type module", "unknown block %q", block.Type)
			continue
		}
		m := d.module(block)
		d.distinct(block, modules, m)
		modules = append(modules, m)
	}
	return modules
}

func (d *decoder) module(block *hclsyntax.Block) Module {
	m := Module{
		Name:                 d.name(block),
		RotationPeriodInDays: defaultRotationPeriodInDays,
		DeletionWindowInDays: defaultDeletionWindowInDays,
		RootStatement:        BreakGlass,
		Position:             position(block.TypeRange),
	}
	m.Output = m.Name
	d.arguments(block, &m)
	return m
}

func (d *decoder) name(block *hclsyntax.Block) string {
	const remedy = `write module "NAME" { ... }, with a name of lower-case letters, digits, "_" and "-" that begins with a letter`
	switch {
	case len(block.Labels) == 0:
		d.report(block.TypeRange, remedy, "the module has no name")
		return ""
	case len(block.Labels) > 1:
		d.report(block.LabelRanges[1], remedy, "the module has more than one name")
	case !moduleName.MatchString(block.Labels[0]):
		d.report(block.LabelRanges[0], remedy, "%q is not a module name", block.Labels[0])
	}
	return block.Labels[0]
}

// distinct reports a module that shares its name, or part of its folder, with
// an earlier one: the second would overwrite the first, or be found in it as a
// stranger's file.
func (d *decoder) distinct(block *hclsyntax.Block, earlier []Module, m Module) {
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

func within(folder, parent string) bool {
	return folder == parent || strings.HasPrefix(folder, parent+"/")
}
