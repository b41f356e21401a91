package kmsemu

import (
	"fmt"
	"strings"

	"github.com/keywright/keywright/internal/lazyregexp"
)

// The shapes of the parameters of custom key stores (K0512).
var (
	storeIDRule         = textRule{min: 1, max: 64}
	storeNameRule       = textRule{min: 1, max: 256}
	clusterRule         = textRule{min: 19, max: 24, pattern: lazyregexp.New(`^cluster-[2-7a-zA-Z]{11,16}$`)}
	anchorRule          = textRule{max: 5000}
	passwordRule        = textRule{min: 7, max: 32, secret: true}
	connectivityRule    = textRule{enum: []string{publicEndpoint, vpcEndpointService}}
	proxyEndpointRule   = textRule{min: 10, max: 128, pattern: lazyregexp.New(`^https://[a-zA-Z0-9.-]+$`)}
	proxyPathRule       = textRule{min: 10, max: 128, pattern: lazyregexp.New(`^(/[a-zA-Z0-9\/_-]+/kms/xks/v\d{1,2})$|^(/kms/xks/v\d{1,2})$`)}
	endpointServiceRule = textRule{min: 20, max: 64, blank: true, pattern: lazyregexp.New(`^(com|eu)\.amazonaws\.vpce\.([a-z]+-){2,3}\d+\.vpce-svc-[0-9a-z]+$`)}
	ownerRule           = textRule{min: 12, max: 12, pattern: accountPattern}
	accessKeyIDRule     = textRule{min: 20, max: 30, secret: true, pattern: lazyregexp.New(`^[A-Z2-7]+$`)}
	xksKeyIDRule        = textRule{min: 1, max: 128, pattern: lazyregexp.New(`^[a-zA-Z0-9-_.]+$`)}
	secretKeyRule       = textRule{min: 43, max: 64, secret: true, pattern: lazyregexp.New(`^[a-zA-Z0-9\/+=]+$`)}
)

// Texts that several checks have in common; those of AWS are not known (K0516).
const (
	wrongTrustAnchorText  = "The trust anchor certificate is not the trust anchor certificate of the CloudHSM cluster: enter the content of its customerCA.crt, a certificate in PEM."
	clusterNotRelatedText = "The CloudHSM cluster has a different cluster certificate than the original cluster."
	serviceNotFoundText   = "KMS cannot find the VPC endpoint service."
)

// keyStoreInput are the parameters about what stands behind a custom key store, the
// same when it is created and updated.
type keyStoreInput struct {
	CloudHsmClusterID                string `json:"CloudHsmClusterId"`
	KeyStorePassword                 secretText
	XksProxyAuthenticationCredential *proxyCredentials
	XksProxyConnectivity             string
	XksProxyURIEndpoint              string `json:"XksProxyUriEndpoint"`
	XksProxyURIPath                  string `json:"XksProxyUriPath"`
	XksProxyVpcEndpointServiceName   string
	XksProxyVpcEndpointServiceOwner  string
}

// proxyCredentials is the XksProxyAuthenticationCredentialType of the KMS API.
type proxyCredentials struct {
	AccessKeyID        string `json:"AccessKeyId"`
	RawSecretAccessKey string
}

// MarshalJSON writes null: credentials never reach the audit trail.
func (proxyCredentials) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

func (in *keyStoreInput) check(k *checker) {
	k.checkOptional("cloudHsmClusterId", in.CloudHsmClusterID, clusterRule)
	k.checkOptional("keyStorePassword", string(in.KeyStorePassword), passwordRule)
	if credential := in.XksProxyAuthenticationCredential; credential != nil {
		k.checkText("xksProxyAuthenticationCredential.accessKeyId", credential.AccessKeyID, accessKeyIDRule)
		k.checkText("xksProxyAuthenticationCredential.rawSecretAccessKey", credential.RawSecretAccessKey, secretKeyRule)
	}
	k.checkText("xksProxyConnectivity", in.XksProxyConnectivity, connectivityRule)
	k.checkOptional("xksProxyUriEndpoint", in.XksProxyURIEndpoint, proxyEndpointRule)
	k.checkOptional("xksProxyUriPath", in.XksProxyURIPath, proxyPathRule)
	k.checkOptional("xksProxyVpcEndpointServiceName", in.XksProxyVpcEndpointServiceName, endpointServiceRule)
	k.checkOptional("xksProxyVpcEndpointServiceOwner", in.XksProxyVpcEndpointServiceOwner, ownerRule)
}

// storeParameter is what can be said of a parameter of custom key stores.
type storeParameter struct {
	name, kind string // kind is the type of store that has it
	sent       bool
	needed     bool // when a store is created
	live       bool // it can be changed while the store is connected (K0517)
}

func (p storeParameter) misplaced(kind string) string {
	return fmt.Sprintf("The parameter %s is not valid for a custom key store of type %s.", p.name, kind)
}

func (in *keyStoreInput) parameters() []storeParameter {
	const cloud, external = originCloudHSM, originExternalKeyStore
	return []storeParameter{
		{"CloudHsmClusterId", cloud, in.CloudHsmClusterID != "", true, false},
		{"KeyStorePassword", cloud, in.KeyStorePassword != "", true, false},
		{"XksProxyAuthenticationCredential", external, in.XksProxyAuthenticationCredential != nil, true, true},
		{"XksProxyConnectivity", external, in.XksProxyConnectivity != "", true, false},
		{"XksProxyUriEndpoint", external, in.XksProxyURIEndpoint != "", true, false},
		{"XksProxyUriPath", external, in.XksProxyURIPath != "", true, true},
		{"XksProxyVpcEndpointServiceName", external, in.XksProxyVpcEndpointServiceName != "", false, false},
		{"XksProxyVpcEndpointServiceOwner", external, in.XksProxyVpcEndpointServiceOwner != "", false, false},
	}
}

// checkEndpointService checks that an endpoint service goes with the connectivity
// that needs one, and with no other.
func (in *keyStoreInput) checkEndpointService(k *checker, connectivity string) {
	switch {
	case connectivity == vpcEndpointService && in.XksProxyVpcEndpointServiceName == "":
		k.fail(validation, "The parameter XksProxyVpcEndpointServiceName is required if XksProxyConnectivity is %s.", vpcEndpointService)
	case connectivity == publicEndpoint && in.XksProxyVpcEndpointServiceName+in.XksProxyVpcEndpointServiceOwner != "":
		k.fail(validation, "The parameters XksProxyVpcEndpointServiceName and XksProxyVpcEndpointServiceOwner are not valid if XksProxyConnectivity is %s.", publicEndpoint)
	}
}

// apply puts what was sent into the backing of a store of the account.
func (in *keyStoreInput) apply(b *backing, account string) {
	if in.XksProxyConnectivity == publicEndpoint {
		b.service, b.serviceOwner = "", ""
	}
	if in.XksProxyVpcEndpointServiceName != "" && b.serviceOwner == "" {
		b.serviceOwner = account
	}
	for _, change := range []struct {
		of   *string
		sent string
	}{
		{&b.clusterID, in.CloudHsmClusterID},
		{&b.connectivity, in.XksProxyConnectivity},
		{&b.endpoint, in.XksProxyURIEndpoint},
		{&b.path, in.XksProxyURIPath},
		{&b.service, in.XksProxyVpcEndpointServiceName},
		{&b.serviceOwner, in.XksProxyVpcEndpointServiceOwner},
	} {
		if change.sent != "" {
			*change.of = change.sent
		}
	}
	if in.XksProxyAuthenticationCredential != nil {
		b.accessKeyID = in.XksProxyAuthenticationCredential.AccessKeyID
	}
}

// checkStoreName checks that no other store of the Region has the name (K0514).
func (r *region) checkStoreName(s *keyStore, name string) error {
	for _, other := range r.stores {
		if other != s && other.name == name {
			return fail(keyStoreNameInUse, "The custom key store name %s is already in use.", name)
		}
	}
	return nil
}

// checkUnshared checks that no other store has what may stand behind one only
// (K0515): a cluster in the account, a proxy's address and endpoint service in the
// Region.
func (c *call) checkUnshared(s *keyStore, b *backing) error {
	if b.clusterID != "" {
		return c.checkCluster(s, b)
	}
	if b.service != "" && !strings.Contains(b.service, "."+c.region+".") {
		return fail(serviceNotFound, "%s", serviceNotFoundText)
	}
	for account, a := range c.server.state.accounts {
		r := a.regions[c.region]
		if r == nil {
			continue
		}
		for _, other := range r.stores {
			if other == s || other.kind != originExternalKeyStore {
				continue
			}
			if err := b.clash(&other.backing, account == c.caller.account); err != nil {
				return err
			}
		}
	}
	return nil
}

// clash tells what two external key stores of a Region share that they may not.
func (b *backing) clash(other *backing, sameAccount bool) error {
	private := b.connectivity == vpcEndpointService
	switch {
	case b.service != "" && b.service == other.service:
		return fail(serviceInUse, "The VPC endpoint service %s is already in use by another external key store.", b.service)
	case b.endpoint != other.endpoint:
		return nil
	case b.connectivity != other.connectivity, private && sameAccount:
		return fail(proxyEndpointInUse, "The proxy URI endpoint %s is already in use by another external key store.", b.endpoint)
	case b.path == other.path && sameAccount:
		return fail(proxyURIInUse, "The proxy URI %s is already in use by another external key store.", b.proxy())
	}
	return nil
}

// checkCluster checks that no other store of the account has the cluster, or one
// with the same certificate. For a store that has one already, a cluster in use is
// an unrelated one, since related ones have its certificate.
func (c *call) checkCluster(s *keyStore, b *backing) error {
	own := certificateOf(b.trustAnchor)
	for _, r := range c.server.state.accounts[c.caller.account].regions {
		for _, other := range r.stores {
			switch {
			case other == s || other.kind != originCloudHSM:
			case s.id != "" && other.clusterID == b.clusterID:
				return fail(clusterNotRelated, "%s", clusterNotRelatedText)
			case other.clusterID == b.clusterID || certificateOf(other.trustAnchor).Equal(own):
				return fail(clusterInUse, "The CloudHSM cluster %s, or one that shares a backup history with it, is already associated with a custom key store.", b.clusterID)
			}
		}
	}
	return nil
}
