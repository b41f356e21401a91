package adopt

import (
	"cmp"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
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
