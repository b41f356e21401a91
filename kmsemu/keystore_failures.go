package kmsemu

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// occasion is when something behind a custom key store can fail.
type occasion uint8

const (
	onCreate    occasion = 1 << iota // CreateCustomKeyStore
	onUpdate                         // UpdateCustomKeyStore
	onConnect                        // ConnectCustomKeyStore, at once
	onLink                           // connecting, which ends in FAILED
	onCreateKey                      // CreateKey
	onUse                            // cryptographic operations

	onManage = onCreate | onUpdate
)

// storeFailure is a way for what stands behind a custom key store to fail.
type storeFailure struct {
	occasions occasion
	code      code // of operations on stores, and of CreateKey unless keyCode is one
	message   string
	keyCode   code
	useText   string // in cryptographic operations, if another one
}

// storeFailures are the ways to fail by name: the ConnectionErrorCode that an
// attempt to connect ends with, or the exception.
type storeFailures map[string]storeFailure

// Texts: KMS Developer Guide, "Troubleshooting external key stores"; of clusters,
// from the API Reference (K0521).
var (
	clusterFailures = storeFailures{
		"CLUSTER_NOT_FOUND":                     {onManage | onLink | onUse, clusterNotFound, "KMS cannot find the CloudHSM cluster.", clusterNotFound, ""},
		"INSUFFICIENT_CLOUDHSM_HSMS":            {onManage | onLink | onCreateKey | onUse, clusterConfiguration, "The CloudHSM cluster does not contain enough active HSMs.", clusterConfiguration, ""},
		"INSUFFICIENT_FREE_ADDRESSES_IN_SUBNET": {occasions: onLink},
		"INTERNAL_ERROR":                        {occasions: onLink},
		"INVALID_CREDENTIALS":                   {occasions: onLink},
		"NETWORK_ERRORS":                        {occasions: onLink},
		"SUBNET_NOT_FOUND":                      {occasions: onLink},
		"USER_LOCKED_OUT":                       {occasions: onLink},
		"USER_LOGGED_IN":                        {occasions: onLink},
		"USER_NOT_FOUND":                        {occasions: onLink},

		"CloudHsmClusterInvalidConfigurationException": {onManage | onConnect | onCreateKey, clusterConfiguration, "The CloudHSM cluster does not meet the configuration requirements for a CloudHSM key store.", clusterConfiguration, ""},
		"CloudHsmClusterNotActiveException":            {onManage | onConnect, clusterNotActive, "The CloudHSM cluster is not active.", clusterNotActive, ""},
		"CloudHsmClusterNotRelatedException":           {occasions: onUpdate, code: clusterNotRelated, message: clusterNotRelatedText},
		"IncorrectTrustAnchorException":                {occasions: onCreate, code: wrongTrustAnchor, message: wrongTrustAnchorText},
	}
	proxyFailures = storeFailures{
		"INTERNAL_ERROR":          {occasions: onLink},
		"NETWORK_ERRORS":          {occasions: onLink},
		"INVALID_CREDENTIALS":     {onManage | onLink | onCreateKey | onUse, proxyCredential, "The external key store proxy rejected the request because it could not authenticate AWS KMS. Verify the credentials for your external key store and update if necessary.", keyStoreState, ""},
		"XKS_PROXY_ACCESS_DENIED": {onLink | onCreateKey | onUse, keyStoreState, "The external key store proxy denied access to the operation. Verify that the user and the external key are both authorized for this operation, and try the request again.", keyStoreState, ""},
		"XKS_PROXY_INVALID_CONFIGURATION": {onManage | onLink | onCreateKey | onUse, proxyConfiguration,
			"The external key store proxy rejected the request because of an invalid URI path. Verify the URI path for your external key store and update if necessary.", keyStoreState, ""},
		"XKS_PROXY_INVALID_RESPONSE": {onManage | onLink | onCreateKey | onUse, proxyResponse,
			"AWS KMS cannot interpret the response from the external key store proxy. If you see this error repeatedly, consult your external key store proxy administrator.", keyStoreState, ""},
		"XKS_PROXY_INVALID_TLS_CONFIGURATION": {onManage | onLink | onCreateKey | onUse, proxyConfiguration,
			"AWS KMS cannot establish a TLS connection to the external key store proxy. Verify the TLS configuration, including its certificate.", keyStoreState, ""},
		"XKS_PROXY_NOT_REACHABLE": {onManage | onLink | onCreateKey | onUse, proxyUnreachable,
			"AWS KMS cannot communicate with the external key store proxy. This might be a transient network issue. If you see this error repeatedly, verify that your external key store proxy is active and is connected to the network, and that its endpoint URI is correct in your external key store.", keyStoreState, ""},
		"XKS_PROXY_TIMED_OUT": {onManage | onLink | onCreateKey | onUse, proxyUnreachable,
			"AWS KMS rejected the request because the external key store proxy did not respond in time. Retry the request. If you see this error repeatedly, report it to your external key store proxy administrator.", keyStoreState, ""},
	}
	endpointServiceFailures = storeFailures{
		"XKS_VPC_ENDPOINT_SERVICE_NOT_FOUND":             {occasions: onManage | onLink, code: serviceNotFound, message: serviceNotFoundText},
		"XKS_VPC_ENDPOINT_SERVICE_INVALID_CONFIGURATION": {occasions: onManage | onLink, code: serviceConfiguration, message: "The VPC endpoint service does not fulfill the requirements for an external key store."},
	}
	externalKeyFailures = storeFailures{
		"XksKeyNotFoundException": {occasions: onCreateKey | onUse, keyCode: xksKeyNotFound, message: "The external key store proxy rejected the request because it could not find the external key."},
		"XksKeyInvalidConfigurationException": {
			occasions: onCreateKey | onUse, keyCode: xksKeyUnfit,
			message: "The status of the external key must be ENABLED. The status of specified external key is DISABLED.",
			useText: "The external key store proxy rejected the request because the external key is not enabled in the external key manager.",
		},
	}
)

// failuresOf are the ways in which something can fail, by what it is.
func failuresOf(resource string) storeFailures {
	address, _, isKey := strings.Cut(resource, "/keys/")
	switch {
	case clusterRule.pattern.MatchString(resource):
		return clusterFailures
	case endpointServiceRule.pattern.MatchString(resource):
		return endpointServiceFailures
	case !proxyAddress(address):
		return nil
	case isKey:
		return externalKeyFailures
	}
	return proxyFailures
}

// proxyAddress reports whether text is the endpoint and path of a proxy.
func proxyAddress(text string) bool {
	host, path, _ := strings.Cut(strings.TrimPrefix(text, "https://"), "/")
	return proxyEndpointRule.pattern.MatchString("https://"+host) && proxyPathRule.pattern.MatchString("/"+path)
}

// SetKeyStoreFailures says what fails behind custom key stores from now on, in all
// accounts and Regions: failures by resource, instead of those said before; nil if
// everything works again, as it does in a new server. A resource is the id of a
// CloudHSM cluster, the endpoint and path of an external key store proxy (such as
// "https://proxy.example.com/kms/xks/v1"), the name of a VPC endpoint service, or an
// external key: its proxy, "/keys/" and its XksKeyId. A failure is a
// ConnectionErrorCode such as "XKS_PROXY_NOT_REACHABLE", with which attempts to
// connect then end; or, of what fails at once, an exception such as
// "CloudHsmClusterNotActiveException" or "XksKeyNotFoundException". Operations that
// would meet the failure in AWS fail too: fact K0521 lists them. The error names what
// is no resource or no failure of its resource; nothing changes then. It is safe for
// concurrent use.
func (s *Server) SetKeyStoreFailures(failures map[string]string) error {
	if err := checkStoreFailures(failures); err != nil {
		return fmt.Errorf("setting key store failures: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.storeFailures = maps.Clone(failures)
	return nil
}

// KeyStoreFailures is what [Server.SetKeyStoreFailures] said last.
func (s *Server) KeyStoreFailures() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.state.storeFailures)
}

func checkStoreFailures(failures map[string]string) error {
	for _, resource := range slices.Sorted(maps.Keys(failures)) {
		ways := failuresOf(resource)
		if ways == nil {
			return fmt.Errorf("%q is no CloudHSM cluster, external key store proxy, VPC endpoint service or external key", resource)
		}
		if _, known := ways[failures[resource]]; !known {
			return fmt.Errorf("%q cannot fail with %q: use one of %s", resource, failures[resource], strings.Join(slices.Sorted(maps.Keys(ways)), ", "))
		}
	}
	return nil
}

// failing finds out whether a resource fails on an occasion.
func (s *state) failing(resource string, when occasion) (name string, how storeFailure, fails bool) {
	name, set := s.storeFailures[resource]
	if !set {
		return "", storeFailure{}, false
	}
	how = failuresOf(resource)[name]
	return name, how, how.occasions&when != 0
}

// check fails on an occasion if one of the resources does.
func (s *state) check(when occasion, resources ...string) error {
	for _, resource := range resources {
		_, how, fails := s.failing(resource, when)
		if !fails {
			continue
		}
		text := how.message
		switch when {
		case onUse:
			if how.useText != "" {
				text = how.useText
			}
			return fail(invalidState, "%s", text)
		case onCreateKey:
			return fail(how.keyCode, "%s", text)
		}
		return fail(how.code, "%s", text)
	}
	return nil
}

// linkError is the ConnectionErrorCode with which an attempt to connect ends; ""
// if it succeeds.
func (s *state) linkError(b *backing) string {
	for _, resource := range b.resources() {
		if name, _, fails := s.failing(resource, onLink); fails {
			return name
		}
	}
	return ""
}

// resources are what the store depends on. Operations on stores look at the first
// alone: a proxy behind an endpoint service is reached when connecting (K0521).
func (b *backing) resources() []string {
	switch {
	case b.clusterID != "":
		return []string{b.clusterID}
	case b.connectivity == vpcEndpointService:
		return []string{b.service, b.proxy()}
	}
	return []string{b.proxy()}
}
