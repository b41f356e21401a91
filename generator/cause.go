package generator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// causes says why two renderings differ, as their stamps tell: the arguments of
// the spec, or the templates.
func causes(written, rendered *stamp) []string {
	var found []string
	changed := changedInputs(written.Inputs, rendered.Inputs)
	if written.Preset != rendered.Preset {
		changed = append([]string{"preset"}, changed...)
	}
	if len(changed) > 0 {
		found = append(found, "the spec changed: "+strings.Join(changed, ", "))
	}
	switch {
	case written.TemplateVersion != rendered.TemplateVersion:
		found = append(found, fmt.Sprintf("the templates changed from %s to %s", written.TemplateVersion, rendered.TemplateVersion))
	case len(changed) == 0:
		found = append(found, fmt.Sprintf("the templates changed within version %s", rendered.TemplateVersion))
	}
	return found
}

// changedInputs returns the arguments whose values differ between two stamps,
// sorted.
func changedInputs(before, after json.RawMessage) []string {
	var a, b map[string]json.RawMessage
	if json.Unmarshal(before, &a) != nil || json.Unmarshal(after, &b) != nil {
		return []string{"inputs that cannot be read"}
	}
	names := slices.Collect(maps.Keys(a))
	for name := range b {
		if _, ok := a[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.DeleteFunc(names, func(name string) bool {
		return bytes.Equal(compact(a[name]), compact(b[name]))
	})
}

// compact takes out the space that the indentation of a stamp put in.
func compact(value json.RawMessage) []byte {
	var out bytes.Buffer
	if json.Compact(&out, value) != nil {
		return value
	}
	return out.Bytes()
}

// causesOf says why one file differs.
func (c *comparison) causesOf(change Change) []string {
	known := c.written().lists(change.Path)
	switch {
	case change.Kind == Extra:
		return []string{"not generated"}
	case change.Path == stampName && change.Kind == Edited:
		return []string{"edited by hand"}
	case c.written() == nil && change.Kind == Missing:
		return []string{"never generated"}
	case c.written() == nil:
		return []string{stampName + " is missing or spoilt, so nothing proves who wrote the file"}
	case change.Kind == Missing && known:
		return c.byHand("deleted by hand", change)
	case change.Kind == Edited && known:
		return c.byHand("edited by hand", change)
	case change.Kind == Edited:
		return append([]string{"not generated, and in the place of a file that now is"}, c.causes()...)
	}
	return c.causes()
}

// byHand adds the causes that all files have if what is rendered changed too.
func (c *comparison) byHand(cause string, change Change) []string {
	if change.Written == nil || bytes.Equal(change.Written, change.Rendered) {
		return []string{cause}
	}
	return append([]string{cause}, c.causes()...)
}
