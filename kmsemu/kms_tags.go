package kmsemu

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/keywright/keywright/keypolicy"
)

// tag is a tag of a key or role.
type tag struct {
	TagKey   string
	TagValue string
}

const (
	maxTags        = 50
	reservedPrefix = "aws:"
)

var (
	tagKeyRule   = textRule{min: 1, max: 128}
	tagValueRule = textRule{max: 256}
)

// checkTags checks tags to be written (K0041).
func checkTags(k *checker, tags []tag) {
	seen := map[string]bool{}
	for i, t := range tags {
		k.checkText(fmt.Sprintf("tags.%d.member.tagKey", i+1), t.TagKey, tagKeyRule)
		k.checkText(fmt.Sprintf("tags.%d.member.tagValue", i+1), t.TagValue, tagValueRule)
		if strings.HasPrefix(strings.ToLower(t.TagKey), reservedPrefix) {
			k.fail(tagProblem, "Tags beginning with aws: are reserved")
		}
		if seen[t.TagKey] {
			k.fail(tagProblem, "Duplicate tag keys")
		}
		seen[t.TagKey] = true
	}
	if len(tags) > maxTags {
		k.fail(tagProblem, "Too many tags")
	}
}

func tagMap(tags []tag) map[string]string {
	out := make(map[string]string, len(tags))
	for _, t := range tags {
		out[t.TagKey] = t.TagValue
	}
	return out
}

// tagConditions are the condition keys of a request that writes tags.
func tagConditions(tags []tag) keypolicy.Context {
	conditions := keypolicy.Context{}
	keys := make([]string, len(tags))
	for i, t := range tags {
		keys[i] = t.TagKey
		conditions.Set("aws:RequestTag/"+t.TagKey, t.TagValue)
	}
	conditions.Set("aws:TagKeys", keys...)
	return conditions
}

// tagKeyConditions are the condition keys of a request that removes tags.
func tagKeyConditions(keys []string) keypolicy.Context {
	conditions := keypolicy.Context{}
	conditions.Set("aws:TagKeys", keys...)
	return conditions
}

type tagResourceInput struct {
	keyInput
	Tags []tag
}

func (in *tagResourceInput) check(k *checker) {
	in.keyInput.check(k)
	if in.Tags == nil {
		k.problem("Value null at 'tags' failed to satisfy constraint: Member must not be null")
	}
	checkTags(k, in.Tags)
}

func tagResource(c *call, in *tagResourceInput) (*empty, error) {
	k, err := c.key(in.KeyID, tagConditions(in.Tags))
	if err != nil {
		return nil, err
	}
	tags := maps.Clone(k.tags)
	maps.Copy(tags, tagMap(in.Tags))
	if len(tags) > maxTags {
		return nil, fail(tagProblem, "Too many tags")
	}
	c.setTags(k, tags)
	return done()
}

type untagResourceInput struct {
	keyInput
	TagKeys []string
}

func (in *untagResourceInput) check(k *checker) {
	in.keyInput.check(k)
	if in.TagKeys == nil {
		k.problem("Value null at 'tagKeys' failed to satisfy constraint: Member must not be null")
	}
	for i, name := range in.TagKeys {
		k.checkText(fmt.Sprintf("tagKeys.%d.member", i+1), name, tagKeyRule)
	}
}

func untagResource(c *call, in *untagResourceInput) (*empty, error) {
	k, err := c.key(in.KeyID, tagKeyConditions(in.TagKeys))
	if err != nil {
		return nil, err
	}
	tags := maps.Clone(k.tags)
	for _, name := range in.TagKeys {
		delete(tags, name)
	}
	c.setTags(k, tags)
	return done()
}

type listResourceTagsInput struct {
	keyInput
	pageInput
}

var listResourceTagsPage = pageLimits{50, 50}

func (in *listResourceTagsInput) check(k *checker) {
	in.keyInput.check(k)
	in.checkPage(k, listResourceTagsPage)
}

type listResourceTagsOutput struct {
	Tags []tag
	pageOutput
}

func listResourceTags(c *call, in *listResourceTagsInput) (*listResourceTagsOutput, error) {
	k, err := c.key(in.KeyID, nil)
	if err != nil {
		return nil, err
	}
	tags, more, err := page(c, &in.pageInput, listResourceTagsPage, sortedTags(k.tags), func(t tag) string { return t.TagKey })
	if err != nil {
		return nil, err
	}
	return &listResourceTagsOutput{tags, more}, nil
}

// sortedTags lists tags by key; never nil, since KMS answers with an empty list.
func sortedTags(tags map[string]string) []tag {
	out := make([]tag, 0, len(tags))
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, tag{name, tags[name]})
	}
	return out
}
