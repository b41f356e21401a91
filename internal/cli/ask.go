package cli

import (
	"errors"
	"fmt"
	"strings"

	"charm.land/huh/v2"

	"github.com/keywright/keywright/generator"
)

// ask fills m in with a person's answers.
func (a *app) ask(m *generator.Module, accessible bool) error {
	var options []huh.Option[string]
	byName := map[string]generator.Preset{}
	for _, p := range generator.Presets() {
		options = append(options, huh.NewOption(fmt.Sprintf("%-22s %s", p.Name, p.Purpose), p.Name))
		byName[p.Name] = p
	}
	err := a.form(accessible,
		huh.NewSelect[string]().Title("What is the key for?").Options(options...).Height(12).Value(&m.Preset),
		huh.NewInput().Title("What is the module's name?").Description("lower-case letters, digits, _ and -").Value(&m.Name).
			Validate(func(name string) error { return problem(generator.Module{Name: name, Preset: "encryption"}) }),
	)
	if err != nil {
		return err
	}
	return a.askPeople(m, byName[m.Preset].Verbs, accessible)
}

// askPeople asks for the alias, and who has each of the verbs.
func (a *app) askPeople(m *generator.Module, verbs []generator.Verb, accessible bool) error {
	if m.Preset == "grants" {
		return nil
	}
	answers := make([]string, len(verbs))
	var alias string
	var fields []huh.Field
	if m.Preset != "policy" {
		fields = append(fields, huh.NewInput().Title("Which alias?").Description("without alias/, such as orders/data; leave it empty to choose when the module is called").Value(&alias).
			Validate(func(text string) error {
				return problem(generator.Module{Name: "m", Preset: "encryption", Aliases: list(text)})
			}))
	}
	for i, verb := range verbs {
		fields = append(fields, huh.NewInput().Title("Who has the verb "+string(verb)+"?").
			Description("roles and users that "+verb.Doc()+"\nARNs, with spaces between; leave it empty to choose when the module is called").Value(&answers[i]).
			Validate(func(text string) error {
				return problem(generator.Module{Name: "m", Preset: m.Preset, Roles: map[generator.Verb][]string{verb: list(text)}})
			}))
	}
	if err := a.form(accessible, fields...); err != nil {
		return err
	}
	m.Aliases = list(alias)
	m.Roles = map[generator.Verb][]string{}
	for i, verb := range verbs {
		if arns := list(answers[i]); arns != nil {
			m.Roles[verb] = arns
		}
	}
	return nil
}

// form asks for all fields on one page.
func (a *app) form(accessible bool, fields ...huh.Field) error {
	err := huh.NewForm(huh.NewGroup(fields...)).WithTheme(theme()).WithInput(a.In).WithOutput(a.Err).WithAccessible(accessible).Run()
	if err != nil {
		return fmt.Errorf("asking: %w", err)
	}
	return nil
}

// theme is huh's for a dark terminal, with options in the terminal's own colour: then
// it is readable on a light one too. Which of the two it is, huh does not ask.
func theme() huh.Theme {
	styles := huh.ThemeCharm(true)
	for _, fields := range []*huh.FieldStyles{&styles.Focused, &styles.Blurred} {
		fields.UnselectedOption = fields.UnselectedOption.UnsetForeground()
	}
	return huh.ThemeFunc(func(bool) *huh.Styles { return styles })
}

// list splits an answer at spaces and commas; nil for none.
func list(text string) []string {
	fields := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' })
	if len(fields) == 0 {
		return nil
	}
	return fields
}

// problem is what a spec of the module would be refused for, without a place in a
// file that is not there yet.
func problem(m generator.Module) error {
	text, err := generator.FormatSpec(m, nil)
	if err != nil {
		return err
	}
	_, err = generator.ParseSpec(specNames[0], text)
	if found, ok := errors.AsType[generator.Diagnostics](err); ok {
		return fmt.Errorf("%s; %s", found[0].Problem, found[0].Remedy)
	}
	return err
}
