package kmsemu

import (
	"fmt"
	"maps"
	"strings"

	"github.com/keywright/keywright/internal/lazyregexp"
)

// tagRules is what differs between tags: whether their names ignore case, and the code
// of a name that is there twice (K0615).
type tagRules struct {
	fold      bool
	duplicate code
}

var (
	memberTags  = tagRules{fold: true, duplicate: invalidInput} // of roles and users
	ownTags     = tagRules{duplicate: invalidInput}             // of whatever else is in IAM
	sessionTags = tagRules{fold: true, duplicate: invalidParameter}

	iamTagKeyRule   = textRule{min: 1, max: 128, pattern: lazyregexp.New(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$`)}
	iamTagValueRule = textRule{max: 256, pattern: lazyregexp.New(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)}
)

// name is what tells a tag from another.
func (r tagRules) name(key string) string {
	if r.fold {
		return strings.ToLower(key)
	}
	return key
}

// checkIAMTags checks tags in IAM's words.
func (f *form) checkIAMTags(tags []tag, rules tagRules) {
	seen := map[string]bool{}
	for i, t := range tags {
		path := fmt.Sprintf("tags.%d.member", i+1)
		f.checkText(path+".key", t.TagKey, iamTagKeyRule)
		f.checkText(path+".value", t.TagValue, iamTagValueRule)
		if member := memberName("Tags", i+1); f.values.Has(member+".Key") && !f.values.Has(member+".Value") {
			f.missing(path + ".value")
		}
		if strings.HasPrefix(strings.ToLower(t.TagKey), reservedPrefix) {
			f.fail(invalidInput, "Tag keys beginning with aws: are reserved.")
		}
		if name := rules.name(t.TagKey); seen[name] {
			f.fail(rules.duplicate, "%s", rules.duplicateText())
		} else {
			seen[name] = true
		}
	}
	f.checkLength("Value at 'tags'", len(tags), intRule{0, maxTags})
}

func (r tagRules) duplicateText() string {
	const text = "Duplicate tag keys found."
	if r.fold {
		return text + " Please note that Tag keys are case insensitive."
	}
	return text
}

// checkTagKeys checks the names of tags to be removed.
func (f *form) checkTagKeys(keys []string) {
	if len(keys) == 0 {
		f.missing("tagKeys")
	}
	f.checkLength("Value at 'tagKeys'", len(keys), intRule{0, maxTags})
	for _, key := range keys {
		if limits := (intRule{iamTagKeyRule.min, iamTagKeyRule.max}); !limits.allows(len([]rune(key))) || !iamTagKeyRule.pattern.MatchString(key) {
			f.problem("Value at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to %d, Member must have length greater than or equal to %d, Member must satisfy regular expression pattern: %s, Member must not be null]",
				limits.high, limits.low, f.shown(iamTagKeyRule.pattern))
			return
		}
	}
}

// tagXML is the Tag of the IAM API.
type tagXML struct{ Key, Value string }

func tagsXML(tags map[string]string) []tagXML {
	var out []tagXML
	for _, t := range sortedTags(tags) {
		out = append(out, tagXML{t.TagKey, t.TagValue})
	}
	return out
}

// tagListXML is the Tags of an entity, which is left out if there are none: always of
// a role or user, of others in the answer that made them (K0611).
type tagListXML struct {
	Members []tagXML `xml:"member"`
}

func tagListOf(tags map[string]string) *tagListXML {
	if len(tags) == 0 {
		return nil
	}
	return wholeTagList(tags)
}

// wholeTagList is there even if it is empty.
func wholeTagList(tags map[string]string) *tagListXML { return &tagListXML{tagsXML(tags)} }

// remove removes a tag.
func (r tagRules) remove(tags map[string]string, key string) {
	maps.DeleteFunc(tags, func(other, _ string) bool { return r.name(other) == r.name(key) })
}

// addTags makes the operation that tags entities of a kind.
func addTags[T thing](k *kind[T]) func(*call, *form) (*empty, error) {
	return func(c *call, f *form) (*empty, error) {
		if f.tags() == nil {
			f.missing("tags")
		}
		f.checkIAMTags(f.tags(), k.tags)
		t, err := k.open(c, f, tagConditions(f.tags()))
		if err != nil {
			return nil, err
		}
		if err := c.changeable(t.base()); err != nil {
			return nil, err
		}
		tags := maps.Clone(t.base().tags)
		for _, added := range f.tags() {
			k.tags.remove(tags, added.TagKey)
			tags[added.TagKey] = added.TagValue
		}
		if len(tags) > maxTags {
			return nil, fail(limitExceeded, "The number of tags has reached the maximum limit.")
		}
		t.base().tags = tags
		return done()
	}
}

// removeTags makes the operation that removes tags.
func removeTags[T thing](k *kind[T]) func(*call, *form) (*empty, error) {
	return func(c *call, f *form) (*empty, error) {
		names := f.list("TagKeys")
		f.checkTagKeys(names)
		t, err := k.open(c, f, tagKeyConditions(names))
		if err != nil {
			return nil, err
		}
		if err := c.changeable(t.base()); err != nil {
			return nil, err
		}
		tags := maps.Clone(t.base().tags)
		for _, name := range names {
			k.tags.remove(tags, name)
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
