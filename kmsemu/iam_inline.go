package kmsemu

import (
	"encoding/xml"
	"maps"
	"slices"
)

// Inline policies of roles, users and groups: one function for the three
// operations of each verb.

func putInline[T policyHolder](k *kind[T]) func(*call, *form) (*empty, error) {
	return func(c *call, f *form) (*empty, error) {
		name := f.text("PolicyName", inlineNameRule)
		text := f.text("PolicyDocument", documentRule)
		t, err := change(k, c, changeInput{form: f})
		if err != nil {
			return nil, err
		}
		policy, err := parseIdentityPolicy("inline policy "+name, text)
		if err != nil {
			return nil, err
		}
		h := t.hold()
		size := policyLength(text)
		for other, d := range h.inline {
			if other != name {
				size += policyLength(d.text)
			}
		}
		if size > k.quota {
			return nil, fail(limitExceeded, "Maximum policy size of %d bytes exceeded for %s %s", k.quota, k.noun, h.name)
		}
		h.inline[name] = document{text: text, policy: policy}
		return done()
	}
}

// openInline authorises the operation and finds the policy the form names.
func openInline[T policyHolder](k *kind[T], c *call, f *form) (h *holder, name string, err error) {
	name = f.text("PolicyName", inlineNameRule)
	t, err := k.open(c, f, nil)
	if err != nil {
		return nil, "", err
	}
	h = t.hold()
	if _, ok := h.inline[name]; !ok {
		return nil, "", fail(noSuchEntity, "The %s policy with name %s cannot be found.", k.noun, name)
	}
	return h, name, nil
}

// nameXML is an element whose name depends on the kind of entity: RoleName,
// UserName or GroupName.
type nameXML struct {
	XMLName xml.Name
	Name    string `xml:",chardata"`
}

func (k *kind[T]) nameXML(name string) nameXML {
	return nameXML{xml.Name{Local: k.parameter}, name}
}

type inlineResult struct {
	Name           nameXML
	PolicyName     string
	PolicyDocument string
}

func getInline[T policyHolder](k *kind[T]) func(*call, *form) (*inlineResult, error) {
	return func(c *call, f *form) (*inlineResult, error) {
		h, name, err := openInline(k, c, f)
		if err != nil {
			return nil, err
		}
		return &inlineResult{k.nameXML(h.name), name, encodeDocument(h.inline[name].text)}, nil
	}
}

func deleteInline[T policyHolder](k *kind[T]) func(*call, *form) (*empty, error) {
	return func(c *call, f *form) (*empty, error) {
		h, name, err := openInline(k, c, f)
		if err != nil {
			return nil, err
		}
		if err := h.changeable(); err != nil {
			return nil, err
		}
		delete(h.inline, name)
		return done()
	}
}

type policyNamesResult struct {
	PolicyNames []string `xml:"PolicyNames>member"`
	iamPageOutput
}

func listInline[T policyHolder](k *kind[T]) func(*call, *form) (*policyNamesResult, error) {
	return func(c *call, f *form) (*policyNamesResult, error) {
		page := f.paging()
		t, err := k.open(c, f, nil)
		if err != nil {
			return nil, err
		}
		out := &policyNamesResult{}
		names := slices.Sorted(maps.Keys(t.hold().inline))
		out.PolicyNames, out.iamPageOutput, err = paged(c, pagedInput[string, string]{page, names, itself, itself})
		return out, err
	}
}
