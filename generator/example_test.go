package generator_test

import (
	"fmt"

	"github.com/keywright/keywright/generator"
	"github.com/keywright/keywright/templates"
)

func Example() {
	spec, err := generator.ParseSpec("keywright.hcl", []byte(`
module "orders" {
  preset  = "encryption"
  aliases = ["orders/data"]
  roles = {
    administer = ["arn:aws:iam::111122223333:role/key-admin"]
    use        = ["arn:aws:iam::111122223333:role/orders"]
  }
}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	renderer, err := generator.NewRenderer(templates.FS)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range spec.Modules {
		files, err := renderer.Render(m)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, f := range files {
			fmt.Println(m.Output + "/" + f.Path)
		}
	}
	// Output:
	// orders/.keywright.json
	// orders/CHANGELOG.md
	// orders/README.md
	// orders/UPGRADING.md
	// orders/examples/basic/main.tf
	// orders/main.tf
	// orders/outputs.tf
	// orders/policy.tf
	// orders/tests/contract.tftest.hcl
	// orders/tests/policy.tftest.hcl
	// orders/tests/validation.tftest.hcl
	// orders/variables.tf
	// orders/versions.tf
}

func ExampleParseSpec_problems() {
	_, err := generator.ParseSpec("keywright.hcl", []byte(`
module "orders" {
  preset                  = "encryption"
  rotation_period_in_day  = 365
  deletion_window_in_days = 31
}
`))
	fmt.Println(err)
	// Output:
	// keywright.hcl:4:3: unknown argument "rotation_period_in_day"; did you mean "rotation_period_in_days"?
	// keywright.hcl:5:29: the deletion window of 31 days is out of range; choose 7 to 30 whole days
}
