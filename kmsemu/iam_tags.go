package kmsemu

import (
	"maps"
	"strings"
)

// tagXML is the Tag of the IAM API.
type tagXML struct{ Key, Value string }

func tagsXML(tags map[string]string) []tagXML {
	var out []tagXML
	for _, t := range sortedTags(tags) {
		out = append(out, tagXML{t.TagKey, t.TagValue})
	}
	return out
}

// tagListXML is the Tags of a role or user, which is left out if there are none
// (K0611).
type tagListXML struct {
	Members []tagXML `xml:"member"`
}

func tagListOf(tags map[string]string) *tagListXML {
	if len(tags) == 0 {
		return nil
	}
	return &tagListXML{tagsXML(tags)}
}

// removeTag removes a tag, whose name ignores case.
func removeTag(tags map[string]string, name string) {
	maps.DeleteFunc(tags, func(key, _ string) bool { return strings.EqualFold(key, name) })
}

// addTags makes the operation that tags entities of a kind.
func addTags[T thing](k *kind[T]) func(*call, *form) (*empty, error) {
	return func(c *call, f *form) (*empty, error) {
		f.checkIAMTags(f.tags())
		t, err := k.open(c, f, tagConditions(f.tags()))
		if err != nil {
			return nil, err
		}
		if err := c.changeable(t.base()); err != nil {
			return nil, err
		}
		tags := maps.Clone(t.base().tags)
		for _, added := range f.tags() {
			removeTag(tags, added.TagKey)
			tags[added.TagKey] = added.TagValue
		}
		if len(tags) > maxTags {
			return nil, fail(limitExceeded, "The number of tags has reached the maximum limit of %d.", maxTags)
		}
		t.base().tags = tags
		return done()
	}
}

// removeTags makes the operation that removes tags.
func removeTags[T thing](k *kind[T]) func(*call, *form) (*empty, error) {
	return func(c *call, f *form) (*empty, error) {
		names := f.list("TagKeys")
		t, err := k.open(c, f, tagKeyConditions(names))
		if err != nil {
			return nil, err
		}
		if err := c.changeable(t.base()); err != nil {
			return nil, err
		}
		tags := maps.Clone(t.base().tags)
		for _, name := range names {
			removeTag(tags, name)
		}
		t.base().tags = tags
		return done()
	}
}

type tagsResult struct {
	Tags []tagXML `xml:"Tags>member"`
	iamPageOutput
}

// listTags makes the operation that lists tags.
func listTags[T thing](k *kind[T]) func(*call, *form) (*tagsResult, error) {
	return func(c *call, f *form) (*tagsResult, error) {
		page := f.paging()
		t, err := k.open(c, f, nil)
		if err != nil {
			return nil, err
		}
		out := &tagsResult{}
		out.Tags, out.iamPageOutput, err = paged(c, pagedInput[tagXML, tagXML]{page, tagsXML(t.base().tags),
			func(t tagXML) string { return t.Key }, func(t tagXML) tagXML { return t }})
		if err != nil {
			return nil, err
		}
		return out, nil
	}
}
