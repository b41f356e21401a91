package plan

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
)

// Print is how a plan becomes JSON.
const Print = "write a plan with terraform plan -out FILE, and print it with terraform show -json FILE"

// mistakes are what people name in the place of what terraform show -json prints: how
// to know it, what it is, and what to do with it.
var mistakes = []struct {
	is       func(name string, src []byte) bool
	what, do string
}{
	{isBinary, "a plan in Terraform's own format", "print it as JSON with terraform show -json NAME"},
	{isLog, "the log of terraform plan -json, not a plan", Print},
	{isConfiguration, "a configuration, not a plan", Print},
}

// Mistaken tells what an input is that can be neither plan nor state nor policy in
// JSON, and what to do with it; "" for anything else. The name is the file's.
func Mistaken(name string, src []byte) (what, do string) {
	for _, m := range mistakes {
		if m.is(name, src) {
			return m.what, strings.ReplaceAll(m.do, "NAME", name)
		}
	}
	return "", ""
}

func isBinary(_ string, src []byte) bool { return bytes.HasPrefix(src, []byte("PK\x03\x04")) }

// isLog knows the machine-readable UI by its first line. Source: Terraform Internals,
// "Machine-Readable UI".
func isLog(_ string, src []byte) bool {
	var line struct {
		Level *string `json:"@level"`
	}
	first, _, _ := bytes.Cut(src, []byte("\n"))
	return json.Unmarshal(first, &line) == nil && line.Level != nil
}

func isConfiguration(name string, src []byte) bool {
	return slices.Contains([]string{".tf", ".tofu", ".hcl", ".tfvars"}, filepath.Ext(name)) && !json.Valid(src)
}
