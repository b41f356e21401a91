package review

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/keywright/keywright/keypolicy/lint"
)

// The parts of SARIF 2.1.0 that code scanning reads. Source: OASIS, Static
// Analysis Results Interchange Format 2.1.0; GitHub, "SARIF support for code
// scanning".
type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool    sarifTool     `json:"tool"`
	Results []sarifResult `json:"results"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name           string      `json:"name"`
	InformationURI string      `json:"informationUri"`
	Rules          []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID                   string          `json:"id"`
	ShortDescription     sarifText       `json:"shortDescription"`
	FullDescription      sarifText       `json:"fullDescription"`
	HelpURI              string          `json:"helpUri"`
	Help                 sarifText       `json:"help"`
	DefaultConfiguration sarifLevel      `json:"defaultConfiguration"`
	Properties           sarifProperties `json:"properties"`
}

type sarifText struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

type sarifLevel struct {
	Level string `json:"level"`
}

type sarifProperties struct {
	SecuritySeverity string   `json:"security-severity"`
	Tags             []string `json:"tags"`
}

type sarifResult struct {
	RuleID              string             `json:"ruleId"`
	RuleIndex           int                `json:"ruleIndex"`
	Level               string             `json:"level"`
	Message             sarifText          `json:"message"`
	Locations           []sarifLocation    `json:"locations"`
	PartialFingerprints map[string]string  `json:"partialFingerprints"`
	Suppressions        []sarifSuppression `json:"suppressions,omitempty"`
}

type sarifLocation struct {
	PhysicalLocation sarifPhysical  `json:"physicalLocation"`
	LogicalLocations []sarifLogical `json:"logicalLocations,omitempty"`
}

type sarifPhysical struct {
	ArtifactLocation sarifArtifact `json:"artifactLocation"`
	Region           sarifRegion   `json:"region"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn,omitempty"`
}

type sarifLogical struct {
	FullyQualifiedName string `json:"fullyQualifiedName"`
	Kind               string `json:"kind"`
}

type sarifSuppression struct {
	Kind          string `json:"kind"`
	Justification string `json:"justification"`
}

// ratings are what SARIF calls our severities: a level, and a number that code
// scanning turns into a severity of its own.
var ratings = map[lint.Severity]struct{ level, number string }{
	lint.Critical: {"error", "9.5"},
	lint.High:     {"error", "8.0"},
	lint.Medium:   {"warning", "5.5"},
	lint.Low:      {"note", "3.0"},
	lint.Info:     {"note", "0.5"},
}

const (
	home      = "https://github.com/keywright/keywright"
	rulesPage = home + "/blob/main/docs/rules.md"
)

func (r *lintResult) sarif() sarifLog {
	run := sarifRun{
		Tool:    sarifTool{sarifDriver{Name: "keywright", InformationURI: home, Rules: []sarifRule{}}},
		Results: []sarifResult{},
	}
	for _, rule := range r.rules {
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, newSARIFRule(rule))
	}
	seen := map[string]int{}
	for _, f := range r.findings {
		// Two findings that mean the same are told apart by their number.
		seen[f.Fingerprint]++
		run.Results = append(run.Results, r.sarifResult(f, seen[f.Fingerprint]))
	}
	return sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}}
}

func newSARIFRule(rule lint.Rule) sarifRule {
	rating := ratings[rule.Severity]
	return sarifRule{
		ID:                   rule.ID,
		ShortDescription:     sarifText{Text: rule.Title},
		FullDescription:      sarifText{Text: rule.Rationale},
		HelpURI:              rulesPage + "#" + strings.ToLower(rule.ID),
		Help:                 sarifText{Text: rule.Remedy, Markdown: ruleMarkdown(rule)},
		DefaultConfiguration: sarifLevel{rating.level},
		Properties:           sarifProperties{rating.number, []string{"security", "aws-kms", family(rule.ID)}},
	}
}

func (r *lintResult) sarifResult(f finding, number int) sarifResult {
	index := slices.IndexFunc(r.rules, func(rule lint.Rule) bool { return rule.ID == f.Rule })
	id := fmt.Sprintf("%s:%d", f.Fingerprint, number)
	result := sarifResult{
		RuleID: f.Rule, RuleIndex: index, Level: ratings[f.Severity].level,
		Message: sarifText{Text: f.message()},
		Locations: []sarifLocation{{PhysicalLocation: sarifPhysical{
			ArtifactLocation: sarifArtifact{artifactURI(f.place.file)},
			Region:           sarifRegion{StartLine: max(1, f.place.line), StartColumn: f.place.column},
		}}},
		// Code scanning compares primaryLocationLineHash, whatever it is made of.
		PartialFingerprints: map[string]string{"keywright/v1": id, "primaryLocationLineHash": id},
	}
	if f.place.resource != "" {
		result.Locations[0].LogicalLocations = []sarifLogical{{f.place.resource, "resource"}}
	}
	if f.Suppressed != nil {
		result.Suppressions = []sarifSuppression{{"external", f.Suppressed.Reason}}
	}
	return result
}

// message is the finding in a sentence that stands alone.
func (f *finding) message() string {
	text := f.Message
	if f.place.resource != "" {
		text = f.place.resource + ": " + text
	}
	if f.Remedy != "" {
		text += "; " + f.Remedy
	}
	return text
}

// artifactURI is a file as code scanning finds it: below the working folder.
// What is elsewhere keeps its whole path.
func artifactURI(file string) string {
	if filepath.IsAbs(file) {
		dir, err := os.Getwd()
		if relative, relErr := filepath.Rel(dir, file); err == nil && relErr == nil && filepath.IsLocal(relative) {
			file = relative
		} else {
			return (&url.URL{Scheme: "file", Path: filepath.ToSlash(file)}).String()
		}
	}
	return (&url.URL{Path: filepath.ToSlash(filepath.Clean(file))}).String()
}
