package adopt

import (
	"cmp"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	tfjson "github.com/hashicorp/terraform-json"

	"github.com/keywright/keywright/internal/lazyregexp"
)

const (
	// providerArgument is the meta-argument of a resource, and stands among its
	// attributes for the root module's name of the provider, if it is another than
	// the default one.
	providerArgument = "provider"
	defaultProvider  = "aws"
)

// regionsOfProviders are those of the root module's providers, by their names.
func (s *scope) regionsOfProviders() map[string]string {
	regions := map[string]string{}
	for name, block := range s.blocks {
		if attr, ok := block.Body.Attributes["region"]; ok && block.Type == "provider" {
			regions[strings.TrimPrefix(name, addresses["provider"])] = text(s.eval(attr.Expr, nil))
		}
	}
	return regions
}

// provider is the root module's name of the provider that a resource, a data source
// or a module has by its meta-argument; nil for none.
func (s *scope) provider(argument *hclsyntax.Attribute) string {
	name := defaultProvider
	if argument != nil {
		name = providerName(argument.Expr)
	}
	return cmp.Or(s.providers[name], name)
}

// passed are the providers of a module that the block calls, by the names that it has
// for them. Without the argument it has the default one.
func (s *scope) passed(call *hclsyntax.Block) map[string]string {
	all := map[string]string{defaultProvider: s.provider(nil)}
	argument, ok := call.Body.Attributes["providers"]
	if !ok {
		return all
	}
	pairs, _ := hcl.ExprMap(argument.Expr) // what is no map passes nothing
	for _, pair := range pairs {
		name := providerName(pair.Value)
		all[providerName(pair.Key)] = cmp.Or(s.providers[name], name)
	}
	return all
}

// providerName is that of a reference such as aws.west; the default one for what is no
// reference.
func providerName(reference hcl.Expression) string {
	traversal, diags := hcl.AbsTraversalForExpr(reference)
	if diags.HasErrors() {
		return defaultProvider
	}
	return strings.Join(address(traversal), ".")
}

// configured adds the providers of a plan's configuration to all, by the addresses of
// the resources without their instances.
func configured(m *tfjson.ConfigModule, prefix string, all map[string]string) map[string]string {
	if m == nil {
		return all
	}
	for _, r := range m.Resources {
		all[prefix+r.Address] = r.ProviderConfigKey
	}
	for name, call := range m.ModuleCalls {
		configured(call.Module, prefix+"module."+name+".", all)
	}
	return all
}

// indexes are those of instances in an address.
var indexes = lazyregexp.New(`\["[^"]*"\]|\[[0-9]+\]`)

// setProviders gives resources the provider of the root module that they have. One
// that a module configures itself, such as "module.m:aws", nobody passes.
func setProviders(resources []*tfjson.StateResource, configured map[string]string) {
	for _, r := range resources {
		provider := configured[indexes.Compiled().ReplaceAllString(r.Address, "")]
		if provider != "" && provider != defaultProvider && !strings.Contains(provider, ":") && r.AttributeValues != nil {
			r.AttributeValues[providerArgument] = provider
		}
	}
}
