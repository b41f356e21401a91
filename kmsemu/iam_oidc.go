package kmsemu

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/keywright/keywright/internal/lazyregexp"
)

// oidcProvider is an OpenID Connect identity provider. Its name is its URL without
// the scheme, as condition keys have it.
type oidcProvider struct {
	entity
	clients     []string
	thumbprints []string
}

var providers = &kind[*oidcProvider]{
	parameter: "OpenIDConnectProviderArn", rule: arnRule, tags: ownTags,
	missing: "OpenIDConnect Provider not found for arn %s",
	find:    named(func(d *directory) map[string]*oidcProvider { return d.providers }),
}

const (
	maxClients     = 100
	maxThumbprints = 5
)

var (
	clientRule     = textRule{min: 1, max: 255}
	thumbprintRule = textRule{min: 40, max: 40, pattern: lazyregexp.New(`^[0-9a-fA-F]{40}$`)}
	urlRule        = textRule{min: 1, max: 255}
)

// checkClients checks client ids, the audiences of tokens.
func (f *form) checkClients(clients []string) {
	for i, id := range clients {
		f.checkText(fmt.Sprintf("clientIDList.%d.member", i+1), id, clientRule)
	}
	if len(clients) > maxClients {
		f.fail(limitExceeded, "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: %d", maxClients)
	}
}

func (f *form) checkThumbprints(thumbprints []string) {
	for i, text := range thumbprints {
		f.checkText(fmt.Sprintf("thumbprintList.%d.member", i+1), text, thumbprintRule)
	}
	if len(thumbprints) > maxThumbprints {
		f.fail(invalidInput, "Thumbprint list must contain fewer than %d entries.", maxThumbprints)
	}
}

type providerARNResult struct {
	OpenIDConnectProviderArn string
	Tags                     *tagListXML
}

// createOIDCProvider does not fetch a certificate for a missing thumbprint: the
// emulator has no network (K0418).
func createOIDCProvider(c *call, f *form) (*providerARNResult, error) {
	address := f.text("Url", urlRule)
	p := &oidcProvider{entity: newHolder(c, strings.TrimPrefix(address, "https://"), "/").entity}
	p.clients, p.thumbprints = f.list("ClientIDList"), f.list("ThumbprintList")
	p.arn = c.arn(serviceIAM, "oidc-provider/"+p.name)
	p.tags = tagMap(f.tags())
	f.checkIAMTags(f.tags(), ownTags)
	f.checkClients(p.clients)
	f.checkThumbprints(p.thumbprints)
	if u, err := url.Parse(address); err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		f.fail(validation, "Invalid Open ID Connect Provider URL")
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	if err := c.permitNew(creation{arn: p.arn, tagging: "iam:TagOpenIDConnectProvider", tags: f.tags()}); err != nil {
		return nil, err
	}
	known := c.directoryLocked().providers
	if known[p.arn] != nil {
		return nil, fail(entityExists, "Provider with url %s already exists.", address)
	}
	known[p.arn] = p
	c.server.state.changes.note(p)
	return &providerARNResult{p.arn, tagListOf(p.tags)}, nil
}

type providerResult struct {
	URL            string `xml:"Url"`
	CreateDate     timestamp
	ClientIDList   []string `xml:"ClientIDList>member"`
	ThumbprintList []string `xml:"ThumbprintList>member"`
	Tags           []tagXML `xml:"Tags>member"`
}

func getOIDCProvider(c *call, f *form) (*providerResult, error) {
	p, err := providers.open(c, f, nil)
	if err != nil {
		return nil, err
	}
	return &providerResult{p.name, timestamp{p.created}, p.clients, p.thumbprints, tagsXML(p.tags)}, nil
}

type providerEntry struct{ Arn string }

type providerListResult struct {
	Entries []providerEntry `xml:"OpenIDConnectProviderList>member"`
}

func listOIDCProviders(c *call, _ *form) (*providerListResult, error) {
	if err := c.permit(permission{action: c.action, resource: c.arn(serviceIAM, "oidc-provider/*")}); err != nil {
		return nil, err
	}
	out := &providerListResult{}
	for _, p := range sortedUnder(c.directoryLocked().providers, "") {
		out.Entries = append(out.Entries, providerEntry{p.arn})
	}
	return out, nil
}

func deleteOIDCProvider(c *call, f *form) (*empty, error) {
	p, err := providers.open(c, f, nil)
	if err != nil {
		return nil, err
	}
	delete(c.directoryLocked().providers, p.arn)
	return done()
}

func addClientID(c *call, f *form) (*empty, error) {
	id := f.text("ClientID", clientRule)
	p, err := providers.open(c, f, nil)
	if err != nil {
		return nil, err
	}
	if slices.Contains(p.clients, id) {
		return done() // adding one twice is no error
	}
	if len(p.clients) >= maxClients {
		return nil, fail(limitExceeded, "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: %d", maxClients)
	}
	p.clients = append(p.clients, id)
	return done()
}

// removeClientID is no error for an id that is not there. Source: IAM API
// Reference, RemoveClientIDFromOpenIDConnectProvider.
func removeClientID(c *call, f *form) (*empty, error) {
	id := f.text("ClientID", clientRule)
	p, err := providers.open(c, f, nil)
	if err != nil {
		return nil, err
	}
	p.clients = slices.DeleteFunc(slices.Clone(p.clients), func(other string) bool { return other == id })
	return done()
}

func updateThumbprints(c *call, f *form) (*empty, error) {
	thumbprints := f.list("ThumbprintList")
	f.checkThumbprints(thumbprints)
	p, err := providers.open(c, f, nil)
	if err != nil {
		return nil, err
	}
	p.thumbprints = thumbprints
	return done()
}
