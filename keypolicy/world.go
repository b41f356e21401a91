package keypolicy

import "fmt"

// ParseWorld reads a world from JSON; name is only for messages. Its members are
// resourcePolicy, identityPolicies, permissionsBoundary, sessionPolicies, scps
// and rcps (lists of levels), vpcEndpointPolicy, grants and key, all optional;
// policies are written as the documents they are. The error is a [*SyntaxError].
// The schema is published as schema/world.schema.json.
func ParseWorld(name string, src []byte) (World, error) {
	var w World
	p := &parser{name: name, src: src}
	root, err := readJSON(name, src)
	if err != nil {
		return w, err
	}
	err = p.members(root, "the world", map[string]element{
		"resourcePolicy":      p.aDocument(&w.ResourcePolicy, "key policy"),
		"identityPolicies":    p.documents(&w.Identity, "identity policy"),
		"permissionsBoundary": p.aDocument(&w.Boundary, "permissions boundary"),
		"sessionPolicies":     p.documents(&w.Session, "session policy"),
		"scps":                p.levels(&w.SCPs, "service control policy"),
		"rcps":                p.levels(&w.RCPs, "resource control policy"),
		"vpcEndpointPolicy":   p.aDocument(&w.VPCEndpoint, "VPC endpoint policy"),
		"grants":              p.grants(&w.Grants),
		"key":                 p.key(&w.Key),
	})
	return w, err
}

// ParseRequest reads a request from JSON; name is only for messages. Its members
// are caller (arn, roleArn, uniqueId, tags; an empty arn is an anonymous caller),
// action and resource, which are required, and context, encryptionContext,
// grantTokens, unknown (names of context keys whose value is not known) and open. The
// error is a [*SyntaxError]. The schema is published as schema/request.schema.json.
func ParseRequest(name string, src []byte) (Request, error) {
	r := Request{Context: Context{}}
	p := &parser{name: name, src: src}
	root, err := readJSON(name, src)
	if err != nil {
		return r, err
	}
	var unknown []string
	err = p.members(root, "the request", map[string]element{
		"caller":            p.caller(&r.Principal),
		"action":            p.text(&r.Action),
		"resource":          p.text(&r.Resource),
		"context":           p.context(r.Context),
		"encryptionContext": p.textMap(&r.EncryptionContext, "encryptionContext"),
		"grantTokens":       p.textList(&r.GrantTokens, "grantTokens"),
		"unknown":           p.textList(&unknown, "unknown"),
		"open":              p.boolean(&r.Open),
	})
	if err != nil {
		return r, err
	}
	for _, key := range unknown {
		r.Context.Set(key, Mark(key))
	}
	for _, m := range []struct {
		name  string
		given bool
	}{{"caller", root.has("caller")}, {"action", r.Action != ""}, {"resource", r.Resource != ""}} {
		if !m.given {
			return r, p.errorf(root.offset, "add it", "the request has no %s", m.name)
		}
	}
	return r, nil
}

func (p *parser) aDocument(into **Policy, name string) element {
	return func(v node) (err error) {
		*into, err = p.document(name, v)
		return err
	}
}

// documents decodes a list of policies, numbered where there are several.
func (p *parser) documents(into *[]*Policy, name string) element {
	return func(v node) error {
		if v.kind != kindArray {
			return p.errorf(v.offset, "write [ … ]", "%s where a list of policies belongs", v.kind)
		}
		for i, item := range v.items {
			numbered := name
			if len(v.items) > 1 {
				numbered = fmt.Sprintf("%s %d", name, i+1)
			}
			policy, err := p.document(numbered, item)
			if err != nil {
				return err
			}
			*into = append(*into, policy)
		}
		return nil
	}
}

func (p *parser) levels(into *[][]*Policy, name string) element {
	return func(v node) error {
		if v.kind != kindArray {
			return p.errorf(v.offset, "write a list of levels, each a list of policies", "%s where a list of levels belongs", v.kind)
		}
		for _, item := range v.items {
			level := []*Policy{}
			if err := p.documents(&level, name)(item); err != nil {
				return err
			}
			*into = append(*into, level)
		}
		return nil
	}
}

func (p *parser) grants(into *[]Grant) element {
	return func(v node) error {
		if v.kind != kindArray {
			return p.errorf(v.offset, "write [ … ]", "%s where a list of grants belongs", v.kind)
		}
		for _, item := range v.items {
			var g Grant
			err := p.members(item, "a grant", map[string]element{
				"id":                      p.text(&g.ID),
				"token":                   p.text(&g.Token),
				"pending":                 p.boolean(&g.Pending),
				"grantee":                 p.text(&g.Grantee),
				"operations":              p.textList(&g.Operations, "operations"),
				"encryptionContextEquals": p.textMap(&g.EncryptionContextEquals, "encryptionContextEquals"),
				"encryptionContextSubset": p.textMap(&g.EncryptionContextSubset, "encryptionContextSubset"),
				"sourceArn":               p.text(&g.SourceARN),
			})
			if err != nil {
				return err
			}
			*into = append(*into, g)
		}
		return nil
	}
}

func (p *parser) key(into **Key) element {
	return func(v node) error {
		k := &Key{}
		*into = k
		return p.members(v, "the key", map[string]element{
			"spec":               p.text(&k.Spec),
			"usage":              p.text(&k.Usage),
			"origin":             p.text(&k.Origin),
			"multiRegion":        p.boolean(&k.MultiRegion),
			"multiRegionKeyType": p.text(&k.MultiRegionKeyType),
			"aliases":            p.textList(&k.Aliases, "aliases"),
			"tags":               p.textMap(&k.Tags, "tags"),
		})
	}
}

// caller decodes a principal; its role's ARN is that of the path "/" unless
// roleArn says otherwise.
func (p *parser) caller(into *Principal) element {
	return func(v node) error {
		var given Principal
		err := p.members(v, "the caller", map[string]element{
			"arn":      p.text(&given.ARN),
			"roleArn":  p.text(&given.RoleARN),
			"uniqueId": p.text(&given.UniqueID),
			"tags":     p.textMap(&given.Tags, "tags"),
		})
		if err != nil {
			return err
		}
		parsed, err := ParsePrincipal(given.ARN)
		if err != nil {
			return p.errorf(v.offset, "correct arn", "%s", err)
		}
		if given.RoleARN == "" {
			given.RoleARN = parsed.RoleARN
		}
		*into = given
		return nil
	}
}

func (p *parser) context(into Context) element {
	return func(v node) error {
		if v.kind != kindObject {
			return p.errorf(v.offset, "write { KEY: VALUE }", "%s where condition keys belong", v.kind)
		}
		for _, m := range v.members {
			values, err := p.conditionValues(m)
			if err != nil {
				return err
			}
			into.Set(m.name, values...)
		}
		return nil
	}
}

// textList decodes a list of strings, which may be empty.
func (p *parser) textList(into *[]string, what string) element {
	return func(v node) error {
		if v.kind != kindArray {
			return p.errorf(v.offset, "write [ … ]", "%s is %s, not a list", what, v.kind)
		}
		if len(v.items) == 0 {
			return nil
		}
		return p.texts(into, what)(v)
	}
}

// textMap decodes an object of strings; an empty object is not nil.
func (p *parser) textMap(into *map[string]string, what string) element {
	return func(v node) error {
		if v.kind != kindObject {
			return p.errorf(v.offset, "write { KEY: VALUE }", "%s is %s, not an object", what, v.kind)
		}
		*into = map[string]string{}
		for _, m := range v.members {
			var text string
			if err := p.text(&text)(m.value); err != nil {
				return err
			}
			(*into)[m.name] = text
		}
		return nil
	}
}

func (p *parser) boolean(into *bool) element {
	return func(v node) error {
		if v.kind != kindBool {
			return p.errorf(v.offset, "write true or false", "%s where a boolean belongs", v.kind)
		}
		*into = v.text == "true"
		return nil
	}
}
