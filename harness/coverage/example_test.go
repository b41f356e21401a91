package coverage_test

import (
	"fmt"

	"github.com/keywright/keywright/harness/coverage"
)

// Two tests touched different parts of a module with two variables and two outputs.
func Example() {
	var looks []coverage.Module
	for _, look := range []coverage.Look{
		{Dir: "testdata/module", Set: []string{"alias"}},
		{Dir: "testdata/module", Set: []string{"tags"}, Read: []string{"key_arn"}},
	} {
		m, err := coverage.Measure(look)
		if err != nil {
			fmt.Println(err)
			return
		}
		looks = append(looks, m)
	}
	both := coverage.Merge(looks)[0]
	for _, kind := range both.Kinds() {
		for _, name := range kind.Untouched() {
			fmt.Println("not touched:", kind.Name, name)
		}
	}
	fmt.Printf("%.0f %%\n", both.Percent())
	// Output:
	// not touched: outputs key_id
	// 75 %
}
