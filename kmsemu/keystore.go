package kmsemu

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"maps"
	"slices"
	"strings"
	"time"
)

// The types of custom key stores, which are also the origins of the keys in them.
const (
	originCloudHSM         = "AWS_CLOUDHSM"
	originExternalKeyStore = "EXTERNAL_KEY_STORE"
)

// The ways in which KMS reaches an external key store proxy.
const (
	publicEndpoint     = "PUBLIC_ENDPOINT"
	vpcEndpointService = "VPC_ENDPOINT_SERVICE"
)

// maxKeyStores is per account and Region (K0513).
const maxKeyStores = 10

// keyStore is a custom key store: its keys have their material outside KMS, in an
// AWS CloudHSM cluster or in an external key manager. Clusters, proxies and
// managers are imaginary here: they exist, and work, until
// [Server.SetKeyStoreFailures] says otherwise (K0511).
type keyStore struct {
	id, name        string
	account, region string
	kind            string // originCloudHSM or originExternalKeyStore
	created         time.Time
	backing
	link link
	// keys are the store's, by the id of the key behind each (see [key.behind]).
	keys map[string]*key
}

// backing is what stands behind a custom key store. Passwords and secret keys are
// not kept: nobody is there to check them.
type backing struct {
	clusterID, trustAnchor string // of AWS_CLOUDHSM; the rest of EXTERNAL_KEY_STORE

	connectivity   string
	endpoint, path string
	accessKeyID    string

	service, serviceOwner string // of VPC_ENDPOINT_SERVICE
}

// proxy is the address of the external key store proxy.
func (b *backing) proxy() string { return b.endpoint + b.path }

// externalKey is the address of an external key, as the XKS Proxy API has it.
func (b *backing) externalKey(id string) string { return b.proxy() + "/keys/" + id }

// connectionState is a ConnectionState of the KMS API.
type connectionState string

const (
	connected     connectionState = "CONNECTED"
	connecting    connectionState = "CONNECTING"
	failed        connectionState = "FAILED"
	disconnected  connectionState = "DISCONNECTED"
	disconnecting connectionState = "DISCONNECTING"
)

// linkDelay is how long connecting and disconnecting take by the server's clock:
// long enough to be seen, short enough to wait for. In AWS it is minutes (K0519).
const linkDelay = time.Second

// link is the connection of a store to what stands behind it.
type link struct {
	goal      connectionState // where it is from since on
	since     time.Time
	errorCode string // the ConnectionErrorCode, if the goal is failed
}

// at is the state at a time. It follows from what was asked last, so nothing has
// to happen when the time comes.
func (l *link) at(now time.Time) connectionState {
	switch {
	case !now.Before(l.since):
		return l.goal
	case l.goal == disconnected:
		return disconnecting
	}
	return connecting
}

// lead starts a change of the connection.
func (l *link) lead(goal connectionState, now time.Time) {
	*l = link{goal: goal, since: now.Add(linkDelay)}
}

// connectedAt reports whether the store's keys can be used.
func (s *keyStore) connectedAt(now time.Time) bool { return s.link.at(now) == connected }

// behind is the id of the key in the store's cluster or key manager that stands
// behind a KMS key: chosen by the user, or here, where nobody sees it, the same.
func (k *key) behind() string {
	if k.externalKeyID != "" {
		return k.externalKeyID
	}
	return k.id
}

// allStores lists the Region's custom key stores by id.
func (r *region) allStores() []*keyStore {
	return slices.SortedFunc(maps.Values(r.stores), func(a, b *keyStore) int { return strings.Compare(a.id, b.id) })
}

// certificateOf reads a trust anchor certificate; nil if it is none.
func certificateOf(text string) *x509.Certificate {
	block, rest := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE" || len(bytes.TrimSpace(rest)) > 0 {
		return nil
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil // why does not matter: it is not the cluster's
	}
	return certificate
}
