package generator

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/keywright/keywright/internal/lazyregexp"
)

// arguments decodes the arguments of block into m, fills in what it leaves out,
// and looks for parts that do not go together.
func (d *decoder) arguments(block *moduleBlock, m *Module) {
	for _, nested := range block.nested {
		d.report(nested.TypeRange, "write it as an argument: name = value", "a module holds no block %q", nested.Type)
	}
	before := len(d.found)
	var names []string
	given := maps.Clone(block.attributes)
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
	d.parts(block, m)
	if len(d.found) == before {
		d.conflicts(block, m)
	}
}

// parts reports a block that says nothing about what it is for, and fills in what
// it leaves out.
func (d *decoder) parts(block *moduleBlock, m *Module) {
	for _, name := range beginnings {
		if _, ok := block.attributes[name]; ok {
			m.fill()
			return
		}
	}
	d.report(block.DefRange, `add preset = "encryption", or key_spec or services`, "the module has neither a preset nor parts")
}

// oneOf decodes one of a few words of a type of their own.
func oneOf[T ~string](d *decoder, e hcl.Expression, words ...T) T {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = string(w)
	}
	return T(d.oneOf(e, texts))
}

func specNames() []string {
	names := make([]string, len(keySpecs))
	for i, s := range keySpecs {
		names[i] = s.name
	}
	return names
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

func decodeDescription(d *decoder, e hcl.Expression, m *Module) {
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

// aliasPattern is the AliasName of CreateAlias without its prefix. Source: KMS API
// Reference, CreateAlias.
const aliasPattern = `^[a-zA-Z0-9/_-]{1,250}$`

var aliasName = lazyregexp.New(aliasPattern)

// maxAliases is the quota of a key. Source: KMS Developer Guide, Resource quotas.
const maxAliases = 50

func decodeAliases(d *decoder, e hcl.Expression, m *Module) {
	m.Aliases = []string{}
	for _, item := range d.list(e, `["app/data"]`) {
		alias, ok := d.text(item)
		if !ok {
			continue
		}
		d.alias(item, alias)
		if slices.Contains(m.Aliases, alias) {
			d.report(item.Range(), "write it once", "alias %q is there twice", alias)
		}
		m.Aliases = append(m.Aliases, alias)
	}
	if len(m.Aliases) > maxAliases {
		d.report(e.Range(), "keep the 50 that matter", "a key has at most 50 aliases, not %d", len(m.Aliases))
	}
	slices.Sort(m.Aliases)
}

func (d *decoder) alias(e hcl.Expression, alias string) {
	bare, prefixed := strings.CutPrefix(alias, "alias/")
	switch {
	case strings.HasPrefix(bare, "aws/"):
		d.report(e.Range(), "choose a name that does not begin with aws/", "alias %q belongs to AWS managed keys", alias)
	case !aliasName.MatchString(bare):
		d.report(e.Range(), "use 1 to 250 letters, digits, slashes, underscores and hyphens", "alias %q is not a name KMS takes", alias)
	case prefixed:
		d.report(e.Range(), `write "`+bare+`": the module adds the prefix`, "alias %q has the prefix alias/", alias)
	}
}

func decodeServices(d *decoder, e hcl.Expression, m *Module) {
	for _, item := range d.list(e, `["s3"]`) {
		d.argument = "service"
		m.Services = append(m.Services, d.oneOf(item, words(services)))
	}
	m.Services = union(m.Services)
}

func decodeRoles(d *decoder, e hcl.Expression, m *Module) {
	m.Roles = map[Verb][]string{}
	for _, pair := range d.pairs(e, "roles are", `roles = { use = ["arn:aws:iam::111122223333:role/app"] }`) {
		d.argument = "verb"
		name := Verb(d.oneOf(pair.Key, verbNames()))
		d.argument = "the list of " + string(name)
		m.Roles[name] = d.principals(pair.Value)
	}
}

func verbNames() []string {
	names := make([]string, len(verbs))
	for i, v := range verbs {
		names[i] = string(v.name)
	}
	return names
}

// contextKeyPattern is a key of an encryption context that is an application's own:
// those of services have a colon.
const contextKeyPattern = `^[a-zA-Z0-9_./=+@-]{1,128}$`

var contextKey = lazyregexp.New(contextKeyPattern)

func decodeEncryptionContext(d *decoder, e hcl.Expression, m *Module) {
	for _, item := range d.list(e, `["tenant"]`) {
		key, ok := d.text(item)
		if ok && !contextKey.MatchString(key) {
			d.report(item.Range(), "use 1 to 128 letters, digits and _./=+@-", "%q is not a key of an encryption context of your own", key)
		}
		m.EncryptionContext = append(m.EncryptionContext, key)
	}
	m.EncryptionContext = union(m.EncryptionContext)
	if n := len(m.EncryptionContext); n == 0 || n > maxContextKeys {
		d.report(e.Range(), fmt.Sprintf("name 1 to %d, or leave the argument out", maxContextKeys), "encryption_context has %d keys", n)
	}
}

func decodeTarget(d *decoder, e hcl.Expression, m *Module) {
	for _, pair := range d.pairs(e, "target is", `target = { engine = "terraform", provider = "5.49" }`) {
		d.argument = "target"
		switch d.oneOf(pair.Key, []string{"engine", "provider"}) {
		case "engine":
			d.argument = "engine"
			m.Target.Engine = d.oneOf(pair.Value, words(engines))
		case "provider":
			d.argument = "provider"
			version, ok := d.text(pair.Value)
			if ok && !versionForm.MatchString(version) {
				d.report(pair.Value.Range(), `write a version such as "5.49"`, "provider %q is not a version", version)
			}
			m.Target.Provider = version
		}
	}
}

func decodeOutput(d *decoder, e hcl.Expression, m *Module) {
	output, ok := d.text(e)
	if !ok {
		return
	}
	if strings.ContainsFunc(output, isControl) || !fs.ValidPath(output) || output == "." || strings.ContainsAny(output, `\:`) {
		d.report(e.Range(), `write a path inside it without "." and "..", such as "keys/orders"`, "output %q is not a folder inside the spec's own", output)
	}
	for _, element := range strings.Split(output, "/") {
		switch {
		case reserved(element) || slices.Contains([]string{".git", ".terraform"}, strings.ToLower(element)):
			d.report(e.Range(), "choose another name", "output %q has the reserved name %q", output, element)
		case strings.TrimRight(element, ". ") != element && fs.ValidPath(output) && output != ".":
			d.report(e.Range(), "choose another name", "output %q has the name %q, whose end Windows drops", output, element)
		}
	}
	m.Output = output
}
