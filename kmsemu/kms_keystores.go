package kmsemu

import (
	"encoding/hex"
)

type createKeyStoreInput struct {
	CustomKeyStoreName     string
	CustomKeyStoreType     string
	TrustAnchorCertificate secretText // no secret, but not recorded either (K0116)
	keyStoreInput
}

func (in *createKeyStoreInput) check(k *checker) {
	k.checkText("customKeyStoreName", in.CustomKeyStoreName, storeNameRule)
	k.checkText("customKeyStoreType", in.CustomKeyStoreType, textRule{enum: []string{originCloudHSM, originExternalKeyStore}})
	k.checkText("trustAnchorCertificate", string(in.TrustAnchorCertificate), anchorRule)
	in.keyStoreInput.check(k)
	for _, p := range in.parameters() {
		switch {
		case p.kind != in.kind() && p.sent:
			k.fail(validation, "%s", p.misplaced(in.kind()))
		case p.kind == in.kind() && p.needed && !p.sent:
			k.fail(validation, "The parameter %s is required for a custom key store of type %s.", p.name, p.kind)
		}
	}
	in.checkEndpointService(k, in.XksProxyConnectivity)
}

// kind is the CustomKeyStoreType, which has a default.
func (in *createKeyStoreInput) kind() string {
	if in.CustomKeyStoreType == "" {
		return originCloudHSM
	}
	return in.CustomKeyStoreType
}

func (in *createKeyStoreInput) parameters() []storeParameter {
	return append(in.keyStoreInput.parameters(), storeParameter{name: "TrustAnchorCertificate", kind: originCloudHSM, sent: in.TrustAnchorCertificate != "", needed: true})
}

type keyStoreOutput struct {
	CustomKeyStoreID string `json:"CustomKeyStoreId"`
}

func createCustomKeyStore(c *call, in *createKeyStoreInput) (*keyStoreOutput, error) {
	r, err := c.own(nil)
	if err != nil {
		return nil, err
	}
	s := &keyStore{
		name: in.CustomKeyStoreName, account: c.caller.account, region: c.region, kind: in.kind(), created: c.now,
		link: link{goal: disconnected}, keys: map[string]*key{},
	}
	s.trustAnchor = string(in.TrustAnchorCertificate)
	in.apply(&s.backing, c.caller.account)
	if s.kind == originCloudHSM {
		if err := c.linkRole(clusterManager); err != nil {
			return nil, err
		}
		if same := r.sameStore(s); same != nil && same.link.at(c.now) == disconnected {
			c.opened = append(c.opened, same)
			return &keyStoreOutput{same.id}, nil
		}
	}
	if err := c.checkNewStore(r, s); err != nil {
		return nil, err
	}
	id, err := randomBytes(c.random, storeIDBytes)
	if err != nil {
		return nil, err
	}
	s.id = "cks-" + hex.EncodeToString(id)[:storeIDDigits]
	r.stores[s.id] = s
	c.opened = append(c.opened, s)
	return &keyStoreOutput{s.id}, nil
}

// clusterManager is the service whose role looks after clusters, which who creates a
// CloudHSM key store must be allowed to create (K0625).
const clusterManager = "cks.kms.amazonaws.com"

// sameStore is the store there is with all the properties of a new one: to create
// that is taken for a retry (K0625); nil if there is none. What the password of the
// other was nobody knows any more.
func (r *region) sameStore(s *keyStore) *keyStore {
	for _, other := range r.stores {
		if other.name == s.name && other.backing == s.backing {
			return other
		}
	}
	return nil
}

// An id is cks- and 17 hexadecimal digits, as in the examples of the API Reference.
const (
	storeIDBytes  = 9
	storeIDDigits = 17
)

func (c *call) checkNewStore(r *region, s *keyStore) error {
	if s.kind == originCloudHSM && certificateOf(s.trustAnchor) == nil {
		return fail(wrongTrustAnchor, "%s", wrongTrustAnchorText)
	}
	if err := r.checkStoreName(s, s.name); err != nil {
		return err
	}
	if err := c.checkUnshared(s, &s.backing); err != nil {
		return err
	}
	if err := c.server.state.check(onCreate, s.resources()[0]); err != nil {
		return err
	}
	if len(r.stores) >= maxKeyStores {
		return fail(limitExceeded, "The account already has the maximum of %d custom key stores in the Region.", maxKeyStores)
	}
	return nil
}

type keyStoreIDInput struct {
	CustomKeyStoreID string `json:"CustomKeyStoreId"`
}

func (in *keyStoreIDInput) check(k *checker) {
	k.checkText("customKeyStoreId", in.CustomKeyStoreID, storeIDRule)
}

// answered is the result of operations on custom key stores, an empty object
// (K0003).
type answered struct{}

// keyStore is the way to a custom key store of the caller's account.
func (c *call) keyStore(id string) (*keyStore, *region, error) {
	r, err := c.own(nil)
	if err != nil {
		return nil, nil, err
	}
	s, err := r.store(id)
	if err == nil {
		c.opened = append(c.opened, s)
		c.tellOf(s)
	}
	return s, r, err
}

// tellOf names a custom key store in the record of a call that is about it.
func (c *call) tellOf(s *keyStore) {
	c.event.Additional = &AdditionalData{CustomKeyStoreName: s.name, ClusterID: s.clusterID}
}

func (r *region) store(id string) (*keyStore, error) {
	if s := r.stores[id]; s != nil {
		return s, nil
	}
	return nil, fail(keyStoreNotFound, "The custom key store %s does not exist.", id)
}

func connectCustomKeyStore(c *call, in *keyStoreIDInput) (*answered, error) {
	s, _, err := c.keyStore(in.CustomKeyStoreID)
	if err != nil {
		return nil, err
	}
	switch s.link.at(c.now) {
	case connected, connecting:
		return &answered{}, nil
	case disconnecting, failed:
		return nil, s.refuse(c)
	}
	if err := c.server.state.check(onConnect, s.resources()...); err != nil {
		return nil, err
	}
	s.link.lead(connected, c.now)
	if code := c.server.state.linkError(&s.backing); code != "" {
		s.link.goal, s.link.errorCode = failed, code
	}
	return &answered{}, nil
}

// refuse refuses an operation because of the connection state (K0518).
func (s *keyStore) refuse(c *call) error {
	return fail(keyStoreState, "The connection state of the custom key store %s is %s, which is not valid for %s.", s.id, s.link.at(c.now), c.name)
}

func disconnectCustomKeyStore(c *call, in *keyStoreIDInput) (*answered, error) {
	s, _, err := c.keyStore(in.CustomKeyStoreID)
	if err != nil {
		return nil, err
	}
	switch s.link.at(c.now) {
	case disconnecting, disconnected:
		return nil, s.refuse(c)
	}
	s.link.lead(disconnected, c.now)
	return &answered{}, nil
}

func deleteCustomKeyStore(c *call, in *keyStoreIDInput) (*answered, error) {
	s, r, err := c.keyStore(in.CustomKeyStoreID)
	if err != nil {
		return nil, err
	}
	if s.link.at(c.now) != disconnected {
		return nil, s.refuse(c)
	}
	if len(s.keys) > 0 {
		return nil, fail(keyStoreHasKeys, "The custom key store %s contains KMS keys.", s.id)
	}
	delete(r.stores, s.id)
	return &answered{}, nil
}

type describeKeyStoresInput struct {
	CustomKeyStoreID   string `json:"CustomKeyStoreId"`
	CustomKeyStoreName string
	pageInput
}

var describeKeyStoresPage = pageLimits{100, 1000}

func (in *describeKeyStoresInput) check(k *checker) {
	k.checkOptional("customKeyStoreId", in.CustomKeyStoreID, storeIDRule)
	k.checkOptional("customKeyStoreName", in.CustomKeyStoreName, storeNameRule)
	in.checkPage(k, describeKeyStoresPage)
	if in.CustomKeyStoreID != "" && in.CustomKeyStoreName != "" {
		k.fail(validation, "You can specify either CustomKeyStoreId or CustomKeyStoreName, but not both.")
	}
}

// wants reports whether the request asks for the store.
func (in *describeKeyStoresInput) wants(s *keyStore) bool {
	switch {
	case in.CustomKeyStoreID != "":
		return s.id == in.CustomKeyStoreID
	case in.CustomKeyStoreName != "":
		return s.name == in.CustomKeyStoreName
	}
	return true
}

// keyStoreEntry is the CustomKeyStoresListEntry of the KMS API.
type keyStoreEntry struct {
	CloudHsmClusterID      string `json:"CloudHsmClusterId,omitempty"`
	ConnectionErrorCode    string `json:",omitempty"`
	ConnectionState        connectionState
	CreationDate           epoch
	CustomKeyStoreID       string `json:"CustomKeyStoreId"`
	CustomKeyStoreName     string
	CustomKeyStoreType     string
	TrustAnchorCertificate string                 `json:",omitempty"`
	XksProxyConfiguration  *xksProxyConfiguration `json:",omitempty"`
}

type xksProxyConfiguration struct {
	AccessKeyID             string `json:"AccessKeyId"`
	Connectivity            string
	URIEndpoint             string `json:"UriEndpoint"`
	URIPath                 string `json:"UriPath"`
	VpcEndpointServiceName  string `json:",omitempty"`
	VpcEndpointServiceOwner string `json:",omitempty"`
}

type describeKeyStoresOutput struct {
	CustomKeyStores []keyStoreEntry
	pageOutput
}

func describeCustomKeyStores(c *call, in *describeKeyStoresInput) (*describeKeyStoresOutput, error) {
	r, err := c.own(nil)
	if err != nil {
		return nil, err
	}
	var wanted []*keyStore
	for _, s := range r.allStores() {
		if in.wants(s) {
			wanted = append(wanted, s)
		}
	}
	if name := in.CustomKeyStoreID + in.CustomKeyStoreName; name != "" && wanted == nil {
		return nil, fail(keyStoreNotFound, "The custom key store %s does not exist.", name)
	}
	stores, more, err := page(c, &in.pageInput, describeKeyStoresPage, wanted, func(s *keyStore) string { return s.id })
	if err != nil {
		return nil, err
	}
	out := &describeKeyStoresOutput{CustomKeyStores: []keyStoreEntry{}, pageOutput: more}
	for _, s := range stores {
		out.CustomKeyStores = append(out.CustomKeyStores, s.entry(c))
	}
	return out, nil
}

func (s *keyStore) entry(c *call) keyStoreEntry {
	e := keyStoreEntry{
		CloudHsmClusterID: s.clusterID, ConnectionState: s.link.at(c.now), CreationDate: epoch{s.created},
		CustomKeyStoreID: s.id, CustomKeyStoreName: s.name, CustomKeyStoreType: s.kind, TrustAnchorCertificate: s.trustAnchor,
	}
	if e.ConnectionState == failed {
		e.ConnectionErrorCode = s.link.errorCode
	}
	if s.kind == originExternalKeyStore {
		e.XksProxyConfiguration = &xksProxyConfiguration{s.accessKeyID, s.connectivity, s.endpoint, s.path, s.service, s.serviceOwner}
	}
	return e
}
