package cli

import (
	"regexp"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// Help names the value of each flag, in capitals, or lists the words that it takes.
func TestFlagsNameTheirValues(t *testing.T) {
	t.Parallel()
	line := regexp.MustCompile(`(?m)^ +(?:-\w, )?--([a-z-]+)(?: (\S+))? {2,}`)
	value := regexp.MustCompile(`^([A-Z][A-Z/:=,…]*|[a-z]+(\|[a-z]+)+)$`)
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, match := range line.FindAllStringSubmatch(cmd.Flags().FlagUsages(), -1) {
			if cmd.Flags().Lookup(match[1]).NoOptDefVal == "" { // else it is given without one
				require.Regexpf(t, value, match[2], "%s --%s", cmd.CommandPath(), match[1])
			}
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk((&app{}).root(nil))
}
