package report

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
)

// The elements of JUnit's XML that CI systems read.
type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Time     float64     `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string     `xml:"classname,attr"`
	Name    string     `xml:"name,attr"`
	Time    float64    `xml:"time,attr"`
	Failure *junitText `xml:"failure"`
	Skipped *junitText `xml:"skipped"`
}

type junitText struct {
	Message string `xml:"message,attr"`
}

// JUnit writes the promises as JUnit XML: a suite for each module with backend
// and engine, a case for each promise.
func (r Report) JUnit(w io.Writer) error {
	var out junitSuites
	place := map[string]int{}
	for _, p := range r.Promises {
		name := fmt.Sprintf("%s on %s with %s", p.Module, p.Backend, p.Engine)
		if _, ok := place[name]; !ok {
			place[name] = len(out.Suites)
			out.Suites = append(out.Suites, junitSuite{Name: name})
		}
		out.Suites[place[name]].add(p)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("writing JUnit XML: %w", err)
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(out); err != nil {
		return fmt.Errorf("writing JUnit XML: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (s *junitSuite) add(p Promise) {
	c := junitCase{Class: cmp.Or(p.Test, p.Resource, p.Module), Name: p.Name, Time: p.Seconds}
	switch p.Outcome {
	case Broken:
		s.Failures++
		c.Failure = &junitText{p.Reason}
	case Skipped:
		s.Skipped++
		c.Skipped = &junitText{p.Reason}
	case Held:
	}
	s.Tests++
	s.Time += p.Seconds
	s.Cases = append(s.Cases, c)
}
