package review

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclparse"

	"github.com/keywright/keywright/keypolicy/lint"
)

// suppression is a suppression and where it is written.
type suppression struct {
	lint.Suppression
	place place
}

// ignoreFile is a file for --ignore.
type ignoreFile struct {
	Ignore []ignoreBlock `hcl:"ignore,block"`
}

type ignoreBlock struct {
	Rule    string    `hcl:"rule,label"`
	Address string    `hcl:"address,optional"`
	Sid     string    `hcl:"sid,optional"`
	Reason  string    `hcl:"reason"`
	Until   string    `hcl:"until,optional"`
	Range   hcl.Range `hcl:",def_range"`
}

// readSuppressions reads a file for --ignore; "" for none. A suppression with an
// end holds until that day begins, in UTC.
func readSuppressions(name string) ([]suppression, error) {
	if name == "" {
		return nil, nil
	}
	src, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no file %q: name the file with suppressions", name)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the suppressions: %w", err)
	}
	file, diags := hclparse.NewParser().ParseHCL(src, name)
	var decoded ignoreFile
	if !diags.HasErrors() {
		diags = gohcl.DecodeBody(file.Body, nil, &decoded)
	}
	if diags.HasErrors() {
		return nil, inWords(diags)
	}
	var suppressions []suppression
	for _, block := range decoded.Ignore {
		s := suppression{place: place{file: name, line: block.Range.Start.Line, column: block.Range.Start.Column}}
		s.Suppression = lint.Suppression{Rule: block.Rule, Address: block.Address, Sid: block.Sid, Reason: block.Reason}
		if block.Until != "" {
			if s.Until, err = time.Parse(time.DateOnly, block.Until); err != nil {
				return nil, fmt.Errorf("%s: until %q is no day: write it like 2027-01-31", s.place, block.Until)
			}
		}
		suppressions = append(suppressions, s)
	}
	return suppressions, nil
}

// inWords is every problem that HCL found, one a line.
func inWords(diags hcl.Diagnostics) error {
	var errs []error
	for _, d := range diags {
		at := ""
		if d.Subject != nil {
			at = fmt.Sprintf("%s:%d:%d: ", d.Subject.Filename, d.Subject.Start.Line, d.Subject.Start.Column)
		}
		errs = append(errs, fmt.Errorf("%s%s; %s", at, d.Summary, strings.TrimSuffix(d.Detail, ".")))
	}
	return errors.Join(errs...)
}

func withoutPlaces(suppressions []suppression) []lint.Suppression {
	plain := make([]lint.Suppression, len(suppressions))
	for i, s := range suppressions {
		plain[i] = s.Suppression
	}
	return plain
}

// find is the suppression that a finding is about; nil if it is about none.
func find(suppressions []suppression, f lint.Finding) *suppression {
	for i := range suppressions {
		s := &suppressions[i]
		if s.Address == f.Address && s.Sid == f.Sid && strings.HasPrefix(f.Message, s.String()+" ") {
			return s
		}
	}
	return nil
}
