package review

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/keypolicy"
)

func (c *commands) eval() *cobra.Command {
	var world, request string
	cmd := &cobra.Command{
		Use:   "eval --world WORLD --request REQUEST",
		Short: "Decide one request and say why",
		Long: `Eval decides one request: whether the key policy, the caller's IAM policies,
grants and what else the world holds allow it, by which statement, or what came
nearest. World and request are JSON files; their schemas, and that of the result,
are in keypolicy/schema.

The status is 0 if the request is allowed, 2 if it is denied or cannot be told.`,
		Example: `  keywright policy eval --world world.json --request request.json
  keywright policy eval --world world.json --request - --format json`,
		Args: cobra.NoArgs,
	}
	cmd.Flags().StringVar(&world, "world", "", "`FILE` with the policies, grants and key that bear on the request; - for standard input")
	cmd.Flags().StringVar(&request, "request", "", "`FILE` with caller, action, resource and context; - for standard input")
	f := addFormat(cmd, "text", "json")
	cmd.RunE = func(*cobra.Command, []string) error {
		d, err := c.decide(world, request)
		if err != nil {
			return err
		}
		if err := c.printDecision(d, *f); err != nil {
			return err
		}
		if !d.Allowed() {
			return c.Findings
		}
		return nil
	}
	return cmd
}

func (c *commands) decide(worldName, requestName string) (keypolicy.Decision, error) {
	if worldName == "" || requestName == "" || worldName == "-" && requestName == "-" {
		return keypolicy.Decision{}, errors.New("name a file with --world and one with --request; one of them may be - for standard input")
	}
	w, err := c.load(worldName)
	if err != nil {
		return keypolicy.Decision{}, err
	}
	r, err := c.load(requestName)
	if err != nil {
		return keypolicy.Decision{}, err
	}
	world, worldErr := keypolicy.ParseWorld(w.name, w.src)
	request, requestErr := keypolicy.ParseRequest(r.name, r.src)
	if err := errors.Join(worldErr, requestErr); err != nil {
		return keypolicy.Decision{}, err
	}
	if strings.HasPrefix(strings.ToLower(request.Action), "kms:") {
		if _, err := actionNamed(request.Action); err != nil {
			c.say("%s: %v", r.name, err)
		}
	}
	return keypolicy.Evaluate(request, world), nil
}

func (c *commands) printDecision(d keypolicy.Decision, f format) error {
	if f == "json" {
		return c.printJSON(newDecisionJSON(d))
	}
	var text strings.Builder
	fmt.Fprintln(&text, d.Verdict)
	for _, name := range hangsOn(d) {
		fmt.Fprintf(&text, "  hangs on %s\n", name)
	}
	s := &subject{}
	for _, r := range d.Reasons {
		fmt.Fprintf(&text, "  %s: %s\n", s.where(r), r.Text)
	}
	return c.print(text.String())
}
