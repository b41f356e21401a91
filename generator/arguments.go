package generator

import (
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// argument is one argument of a module block.
type argument struct {
	name   string
	decode func(*decoder, hclsyntax.Expression, *Module)
}

// arguments of a module block, in the order the documentation lists them.
var arguments = []argument{
	{"preset", decodePreset},
	{"description", decodeDescription},
	{"alias", decodeAlias},
	{"rotation_period_in_days", decodeRotationPeriod},
	{"deletion_window_in_days", decodeDeletionWindow},
	{"root_statement", decodeRootStatement},
	{"administrators", func(d *decoder, e hclsyntax.Expression, m *Module) { m.Administrators = d.principals(e) }},
	{"users", func(d *decoder, e hclsyntax.Expression, m *Module) { m.Users = d.principals(e) }},
	{"service_users", func(d *decoder, e hclsyntax.Expression, m *Module) { m.ServiceUsers = d.principals(e) }},
	{"protect_from_destroy", func(d *decoder, e hclsyntax.Expression, m *Module) { m.ProtectFromDestroy = d.boolean(e) }},
	{"tags", decodeTags},
	{"output", decodeOutput},
}

// arguments decodes the arguments of block into m.
func (d *decoder) arguments(block *hclsyntax.Block, m *Module) {
	for _, nested := range block.Body.Blocks {
		d.report(nested.TypeRange, "write it as an argument: name = value", "a module holds no block %q", nested.Type)
	}
	var names []string
	given := maps.Clone(block.Body.Attributes)
	for _, a := range arguments {
		names = append(names, a.name)
		if attr, ok := given[a.name]; ok {
			d.argument = a.name
			a.decode(d, attr.Expr, m)
			delete(given, a.name)
		}
	}
	for _, attr := range given {
		d.report(attr.NameRange, suggest(attr.Name, names), "unknown argument %q", attr.Name)
	}
	if _, ok := block.Body.Attributes["preset"]; !ok {
		d.report(block.TypeRange, `add preset = "encryption"`, "the module has no preset")
	}
	d.separateDuties(block, m)
}

func decodePreset(d *decoder, e hclsyntax.Expression, m *Module) {
	m.Preset = d.oneOf(e, words(presets))
}

func decodeRootStatement(d *decoder, e hclsyntax.Expression, m *Module) {
	m.RootStatement = RootStatement(d.oneOf(e, words(rootStatements)))
}

// words returns the keys of a table, sorted.
func words[K ~string, V any](table map[K]V) []string {
	var keys []string
	for key := range table {
		keys = append(keys, string(key))
	}
	slices.Sort(keys)
	return keys
}

// maxDescription is the limit of CreateKey. Source: KMS API Reference.
const maxDescription = 8192

func decodeDescription(d *decoder, e hclsyntax.Expression, m *Module) {
	text, ok := d.text(e)
	if !ok {
		return
	}
	if len(text) > maxDescription || strings.ContainsFunc(text, isControl) {
		d.report(e.Range(), "write a single line of at most 8192 characters", "the description is longer than KMS takes, or not a single line")
	}
	m.Description = text
}

// isControl is true of the characters that would break a line or a table of the
// generated README.
func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// aliasName is the AliasName of CreateAlias without its prefix. Source: KMS API
// Reference, CreateAlias.
var aliasName = regexp.MustCompile(`^[a-zA-Z0-9/_-]{1,250}$`)

func decodeAlias(d *decoder, e hclsyntax.Expression, m *Module) {
	alias, ok := d.text(e)
	if !ok {
		return
	}
	bare, prefixed := strings.CutPrefix(alias, "alias/")
	switch {
	case strings.HasPrefix(bare, "aws/"):
		d.report(e.Range(), "choose a name that does not begin with aws/", "alias %q belongs to AWS managed keys", alias)
	case !aliasName.MatchString(bare):
		d.report(e.Range(), "use 1 to 250 letters, digits, slashes, underscores and hyphens", "alias %q is not a name KMS takes", alias)
	case prefixed:
		d.report(e.Range(), `write "`+bare+`": the module adds the prefix`, "alias %q has the prefix alias/", alias)
	}
	m.Alias = alias
}

func decodeRotationPeriod(d *decoder, e hclsyntax.Expression, m *Module) {
	m.RotationPeriodInDays = d.days(e, "the rotation period", 90, 2560)
}

func decodeDeletionWindow(d *decoder, e hclsyntax.Expression, m *Module) {
	m.DeletionWindowInDays = d.days(e, "the deletion window", 7, 30)
}

func decodeTags(d *decoder, e hclsyntax.Expression, m *Module) {
	pairs, diags := hcl.ExprMap(e)
	if diags.HasErrors() {
		d.report(e.Range(), `write tags = { name = "value" }`, "tags are not a map")
		return
	}
	m.Tags = make(map[string]string, len(pairs))
	for _, pair := range pairs {
		name, ok := d.text(pair.Key)
		if ok && strings.HasPrefix(strings.ToLower(name), "aws:") {
			d.report(pair.Key.Range(), "choose a name that does not begin with aws:", "tag %q belongs to AWS", name)
		}
		m.Tags[name], _ = d.text(pair.Value)
	}
}

func decodeOutput(d *decoder, e hclsyntax.Expression, m *Module) {
	output, ok := d.text(e)
	if !ok {
		return
	}
	if !fs.ValidPath(output) || output == "." || strings.ContainsAny(output, `\:`) {
		d.report(e.Range(), `write a path inside it without "." and "..", such as "keys/orders"`, "output %q is not a folder inside the spec's own", output)
	}
	m.Output = output
}
