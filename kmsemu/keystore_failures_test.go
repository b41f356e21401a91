package kmsemu_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"
)

// failureSubject is a connected store with a key, whose backing a test breaks.
type failureSubject struct {
	in      *kms.CreateCustomKeyStoreInput
	store   string
	key     string
	attempt *kms.CreateKeyInput // one more key
	update  *kms.UpdateCustomKeyStoreInput
}

func (w *world) failureSubject(kind string) failureSubject {
	w.Helper()
	s := failureSubject{in: map[string]func() *kms.CreateCustomKeyStoreInput{"cluster": w.cloudInput, "proxy": w.externalInput, "service": w.privateInput}[kind]()}
	s.store = w.connected(s.in)
	s.attempt, s.update = externalKey(s.store, "second"), &kms.UpdateCustomKeyStoreInput{CustomKeyStoreId: &s.store, XksProxyUriPath: s.in.XksProxyUriPath}
	first := externalKey(s.store, "first")
	if kind == "cluster" {
		first, s.attempt = cloudKey(s.store), cloudKey(s.store)
		s.update = &kms.UpdateCustomKeyStoreInput{CustomKeyStoreId: &s.store, CloudHsmClusterId: s.in.CloudHsmClusterId}
	}
	s.key = w.keyIn(first)
	return s
}

// proxy is the address of a subject's proxy.
func (s failureSubject) proxy() string { return *s.in.XksProxyUriEndpoint + *s.in.XksProxyUriPath }

// wants is what operations answer while something fails: codes, "" for success,
// and, of linking, the ConnectionErrorCode.
type wants struct{ use, newKey, link, connect, update, create string }

const badState = "KMSInvalidStateException"

// proxyTrouble is what goes wrong with most failures of a proxy.
func proxyTrouble(name, management string) wants {
	return wants{badState, "CustomKeyStoreInvalidStateException", name, "", management, management}
}

// TestKeyStoreFailures: each way to fail, with every operation that meets it
// (K0521, K0522).
func TestKeyStoreFailures(t *testing.T) {
	t.Parallel()
	cluster := func(s failureSubject) string { return *s.in.CloudHsmClusterId }
	service := func(s failureSubject) string { return *s.in.XksProxyVpcEndpointServiceName }
	first := func(s failureSubject) string { return s.proxy() + "/keys/first" }
	second := func(s failureSubject) string { return s.proxy() + "/keys/second" }
	const missing, unfit = "XksKeyNotFoundException", "XksKeyInvalidConfigurationException"
	for name, row := range map[string]struct {
		kind     string
		resource func(failureSubject) string
		failure  string
		want     wants
	}{
		"nothing, cluster":   {"cluster", cluster, "", wants{}},
		"nothing, proxy":     {"proxy", failureSubject.proxy, "", wants{}},
		"cluster gone":       {"cluster", cluster, "CLUSTER_NOT_FOUND", wants{badState, "", "CLUSTER_NOT_FOUND", "", "CloudHsmClusterNotFoundException", "CloudHsmClusterNotFoundException"}},
		"no HSMs":            {"cluster", cluster, "INSUFFICIENT_CLOUDHSM_HSMS", wants{badState, "CloudHsmClusterInvalidConfigurationException", "INSUFFICIENT_CLOUDHSM_HSMS", "", "CloudHsmClusterInvalidConfigurationException", "CloudHsmClusterInvalidConfigurationException"}},
		"no address":         {"cluster", cluster, "INSUFFICIENT_FREE_ADDRESSES_IN_SUBNET", wants{link: "INSUFFICIENT_FREE_ADDRESSES_IN_SUBNET"}},
		"internal":           {"cluster", cluster, "INTERNAL_ERROR", wants{link: "INTERNAL_ERROR"}},
		"password":           {"cluster", cluster, "INVALID_CREDENTIALS", wants{link: "INVALID_CREDENTIALS"}},
		"network":            {"cluster", cluster, "NETWORK_ERRORS", wants{link: "NETWORK_ERRORS"}},
		"subnet":             {"cluster", cluster, "SUBNET_NOT_FOUND", wants{link: "SUBNET_NOT_FOUND"}},
		"locked out":         {"cluster", cluster, "USER_LOCKED_OUT", wants{link: "USER_LOCKED_OUT"}},
		"logged in":          {"cluster", cluster, "USER_LOGGED_IN", wants{link: "USER_LOGGED_IN"}},
		"no user":            {"cluster", cluster, "USER_NOT_FOUND", wants{link: "USER_NOT_FOUND"}},
		"not active":         {"cluster", cluster, "CloudHsmClusterNotActiveException", wants{connect: "CloudHsmClusterNotActiveException", update: "CloudHsmClusterNotActiveException", create: "CloudHsmClusterNotActiveException"}},
		"configuration":      {"cluster", cluster, "CloudHsmClusterInvalidConfigurationException", wants{"", "CloudHsmClusterInvalidConfigurationException", "", "CloudHsmClusterInvalidConfigurationException", "CloudHsmClusterInvalidConfigurationException", "CloudHsmClusterInvalidConfigurationException"}},
		"not related":        {"cluster", cluster, "CloudHsmClusterNotRelatedException", wants{update: "CloudHsmClusterNotRelatedException"}},
		"anchor":             {"cluster", cluster, "IncorrectTrustAnchorException", wants{create: "IncorrectTrustAnchorException"}},
		"proxy internal":     {"proxy", failureSubject.proxy, "INTERNAL_ERROR", wants{link: "INTERNAL_ERROR"}},
		"proxy network":      {"proxy", failureSubject.proxy, "NETWORK_ERRORS", wants{link: "NETWORK_ERRORS"}},
		"proxy credential":   {"proxy", failureSubject.proxy, "INVALID_CREDENTIALS", proxyTrouble("INVALID_CREDENTIALS", "XksProxyIncorrectAuthenticationCredentialException")},
		"proxy denies":       {"proxy", failureSubject.proxy, "XKS_PROXY_ACCESS_DENIED", proxyTrouble("XKS_PROXY_ACCESS_DENIED", "")},
		"proxy path":         {"proxy", failureSubject.proxy, "XKS_PROXY_INVALID_CONFIGURATION", proxyTrouble("XKS_PROXY_INVALID_CONFIGURATION", "XksProxyInvalidConfigurationException")},
		"proxy answer":       {"proxy", failureSubject.proxy, "XKS_PROXY_INVALID_RESPONSE", proxyTrouble("XKS_PROXY_INVALID_RESPONSE", "XksProxyInvalidResponseException")},
		"proxy TLS":          {"proxy", failureSubject.proxy, "XKS_PROXY_INVALID_TLS_CONFIGURATION", proxyTrouble("XKS_PROXY_INVALID_TLS_CONFIGURATION", "XksProxyInvalidConfigurationException")},
		"proxy unreachable":  {"proxy", failureSubject.proxy, "XKS_PROXY_NOT_REACHABLE", proxyTrouble("XKS_PROXY_NOT_REACHABLE", "XksProxyUriUnreachableException")},
		"proxy slow":         {"proxy", failureSubject.proxy, "XKS_PROXY_TIMED_OUT", proxyTrouble("XKS_PROXY_TIMED_OUT", "XksProxyUriUnreachableException")},
		"behind a service":   {"service", failureSubject.proxy, "XKS_PROXY_NOT_REACHABLE", proxyTrouble("XKS_PROXY_NOT_REACHABLE", "")},
		"no service":         {"service", service, "XKS_VPC_ENDPOINT_SERVICE_NOT_FOUND", wants{"", "", "XKS_VPC_ENDPOINT_SERVICE_NOT_FOUND", "", "XksProxyVpcEndpointServiceNotFoundException", "XksProxyVpcEndpointServiceNotFoundException"}},
		"service":            {"service", service, "XKS_VPC_ENDPOINT_SERVICE_INVALID_CONFIGURATION", wants{"", "", "XKS_VPC_ENDPOINT_SERVICE_INVALID_CONFIGURATION", "", "XksProxyVpcEndpointServiceInvalidConfigurationException", "XksProxyVpcEndpointServiceInvalidConfigurationException"}},
		"key gone":           {"proxy", first, missing, wants{use: badState}},
		"key disabled":       {"proxy", first, unfit, wants{use: badState}},
		"other key gone":     {"proxy", second, missing, wants{newKey: missing}},
		"other key disabled": {"proxy", second, unfit, wants{newKey: unfit}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.failureSubject(row.kind)
			secret, err := w.encrypt(w.root, s.key, nil)
			require.NoError(t, err)
			if row.failure != "" {
				w.fail(row.resource(s), row.failure)
			}
			require.Equal(t, row.want, w.meet(s, secret))
			w.works()
			require.Equal(t, wants{}, w.meet(w.failureSubject(row.kind), nil), "it works again")
		})
	}
}

// meet makes every call that can meet a failure. The store is deleted by it.
func (w *world) meet(s failureSubject, secret []byte) wants {
	w.Helper()
	var got wants
	_, err := w.encrypt(w.root, s.key, nil)
	got.use = codeOf(err)
	if secret != nil {
		_, err = w.decrypt(w.root, secret, nil)
		require.Equal(w, got.use, codeOf(err), "Decrypt as Encrypt")
	}
	made, err := w.root.kms.CreateKey(w.ctx, s.attempt)
	if got.newKey = codeOf(err); err == nil {
		w.pend(subject{key: *made.KeyMetadata.Arn})
	}
	w.pend(subject{key: s.key})
	w.disconnect(s.store)
	w.clock.Advance(31 * day)
	_, err = w.root.kms.UpdateCustomKeyStore(w.ctx, s.update)
	got.update = codeOf(err)
	_, err = w.root.kms.ConnectCustomKeyStore(w.ctx, &kms.ConnectCustomKeyStoreInput{CustomKeyStoreId: &s.store})
	if got.connect = codeOf(err); err == nil {
		w.clock.Advance(linkDelay)
		entry := w.storeEntry(s.store)
		require.Equal(w, entry.ConnectionErrorCode != "", entry.ConnectionState == types.ConnectionStateTypeFailed)
		got.link = string(entry.ConnectionErrorCode)
		w.disconnect(s.store)
		w.clock.Advance(linkDelay)
	}
	_, err = w.root.kms.DeleteCustomKeyStore(w.ctx, &kms.DeleteCustomKeyStoreInput{CustomKeyStoreId: &s.store})
	require.NoError(w, err)
	_, err = w.root.kms.CreateCustomKeyStore(w.ctx, s.in)
	got.create = codeOf(err)
	return got
}

// TestFailureTexts: those that AWS documents (K0522).
func TestFailureTexts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.failureSubject("proxy")
	for name, row := range map[string]struct {
		resource, failure, use, newKey string
	}{
		"proxy": {s.proxy(), "XKS_PROXY_INVALID_CONFIGURATION",
			"The external key store proxy rejected the request because of an invalid URI path. Verify the URI path for your external key store and update if necessary.",
			"The external key store proxy rejected the request because of an invalid URI path. Verify the URI path for your external key store and update if necessary."},
		"disabled key in use": {s.proxy() + "/keys/first", "XksKeyInvalidConfigurationException",
			"The external key store proxy rejected the request because the external key is not enabled in the external key manager.", ""},
		"new disabled key": {s.proxy() + "/keys/second", "XksKeyInvalidConfigurationException", "",
			"The status of the external key must be ENABLED. The status of specified external key is DISABLED."},
	} {
		t.Run(name, func(t *testing.T) {
			w.fail(row.resource, row.failure)
			if row.use != "" {
				_, err := w.encrypt(w.root, s.key, nil)
				fails(t, err, badState, row.use)
			}
			if row.newKey != "" {
				_, err := w.root.kms.CreateKey(w.ctx, s.attempt)
				failsLike(t, err, codeOf(err), row.newKey)
			}
			w.works()
		})
	}
}

// TestUnknownFailures are refused, and change nothing.
func TestUnknownFailures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.failureSubject("proxy")
	for name, row := range map[string]struct{ resource, failure, part string }{
		"no resource":        {"", "INTERNAL_ERROR", "is no CloudHSM cluster"},
		"store":              {s.store, "INTERNAL_ERROR", "is no CloudHSM cluster"},
		"endpoint alone":     {*s.in.XksProxyUriEndpoint, "INTERNAL_ERROR", "is no CloudHSM cluster"},
		"no failure":         {s.proxy(), "", "cannot fail with"},
		"unknown failure":    {s.proxy(), "TIRED", "use one of INTERNAL_ERROR, INVALID_CREDENTIALS,"},
		"failure of another": {s.proxy(), "CLUSTER_NOT_FOUND", "cannot fail with"},
		"key like a proxy":   {s.proxy() + "/keys/other", "XKS_PROXY_TIMED_OUT", "use one of XksKeyInvalidConfigurationException, XksKeyNotFoundException"},
	} {
		t.Run(name, func(t *testing.T) {
			err := w.Server.SetKeyStoreFailures(map[string]string{s.proxy() + "/keys/first": "XksKeyNotFoundException", row.resource: row.failure})
			require.ErrorContains(t, err, row.part)
			require.Empty(t, w.Server.KeyStoreFailures())
			_, err = w.encrypt(w.root, s.key, nil)
			require.NoError(t, err)
		})
	}
	said := map[string]string{s.proxy(): "XKS_PROXY_TIMED_OUT"}
	require.NoError(t, w.Server.SetKeyStoreFailures(said))
	said[s.proxy()] = "INTERNAL_ERROR"
	require.Equal(t, map[string]string{s.proxy(): "XKS_PROXY_TIMED_OUT"}, w.Server.KeyStoreFailures(), "a copy")
}

// fail makes one resource fail, works none.
func (w *world) fail(resource, failure string) {
	w.Helper()
	require.NoError(w, w.Server.SetKeyStoreFailures(map[string]string{resource: failure}))
}

func (w *world) works() {
	w.Helper()
	require.NoError(w, w.Server.SetKeyStoreFailures(nil))
}
