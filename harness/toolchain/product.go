package toolchain

import "fmt"

// Product is a kind of engine.
type Product string

const (
	// Terraform is HashiCorp's engine.
	Terraform Product = "terraform"
	// OpenTofu is the Linux Foundation's engine.
	OpenTofu Product = "opentofu"
)

// The versions installed when a machine has none. Each was run against this
// package's users; newer ones found on the machine are used as they are.
const (
	releasedTerraform = "1.11.4"
	registryProvider  = "5.100.0"
)

// traits is what differs between products.
type traits struct {
	title  string // as its version command prints it
	binary string // name of the executable
	host   string // default registry host in provider addresses
	// oldest is the first version with every feature of the generated modules: with
	// mock_provider, in the test files that init reads.
	oldest string
	// released is the version to take from the vendor's releases; "" for a
	// product hc-install does not know.
	released string
	module   goModule
}

// goModule is an engine's Go module, built where releases can't be reached.
type goModule struct {
	path    string // module path, also of its version package
	command string // import path of the main package
	version string // without "v"
	replace string // go.mod replace line the build needs; "" for none
}

var products = map[Product]traits{
	Terraform: {
		title: "Terraform", binary: "terraform", host: "registry.terraform.io", oldest: "1.7.0", released: releasedTerraform,
		// The last minor version without relative replaces in its go.mod: those
		// break a build from outside its repository.
		module: goModule{
			path:    "github.com/hashicorp/terraform",
			command: "github.com/hashicorp/terraform",
			version: "1.8.5",
		},
	},
	OpenTofu: {
		title: "OpenTofu", binary: "tofu", host: "registry.opentofu.org", oldest: "1.8.0",
		// The replace is OpenTofu's own: a main module's replaces don't reach
		// those who build it as a dependency.
		module: goModule{
			path:    "github.com/opentofu/opentofu",
			command: "github.com/opentofu/opentofu/cmd/tofu",
			version: "1.12.6",
			replace: "github.com/hashicorp/hcl/v2 v2.20.1 => github.com/opentofu/hcl/v2 v2.20.2-0.20251021132045-587d123c2828",
		},
	},
}

// RegistryHost returns the host that the product puts before a provider
// address that has none.
func (p Product) RegistryHost() string { return products[p].host }

// known returns an error naming the products when p is none of them.
func (p Product) known() error {
	if _, ok := products[p]; !ok {
		return fmt.Errorf("unknown engine product %q: use %q or %q", p, Terraform, OpenTofu)
	}
	return nil
}
