package kmsemu_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

const (
	proxyPath       = "/kms/xks/v1"
	endpointService = "com.amazonaws.vpce.us-east-1.vpce-svc-"
	password        = "kmsuser-password"
	proxySecret     = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA=="
	proxyKeyID      = "ABCDEFGHIJKLMNOPQRST"
	// linkDelay is how long a store connects and disconnects (K0519).
	linkDelay = time.Second
)

// trustAnchor makes the certificate of another CloudHSM cluster.
func trustAnchor(t testing.TB) *string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "cluster"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	return ptr(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
}

// cluster is the id of the n-th CloudHSM cluster.
func cluster(n int) *string {
	letters := strings.Map(func(digit rune) rune { return digit - '0' + 'a' }, fmt.Sprintf("%011d", n))
	return ptr("cluster-" + letters)
}

// cloudInput asks for an AWS CloudHSM key store with a cluster of its own.
func (w *world) cloudInput() *kms.CreateCustomKeyStoreInput {
	n := int(w.names.Add(1))
	return &kms.CreateCustomKeyStoreInput{
		CustomKeyStoreName: ptr(fmt.Sprint("cloud ", n)), CloudHsmClusterId: cluster(n),
		KeyStorePassword: ptr(password), TrustAnchorCertificate: trustAnchor(w),
	}
}

// externalInput asks for an external key store with a public proxy of its own.
func (w *world) externalInput() *kms.CreateCustomKeyStoreInput {
	n := w.names.Add(1)
	return &kms.CreateCustomKeyStoreInput{
		CustomKeyStoreName: ptr(fmt.Sprint("external ", n)), CustomKeyStoreType: types.CustomKeyStoreTypeExternalKeyStore,
		XksProxyConnectivity: types.XksProxyConnectivityTypePublicEndpoint,
		XksProxyUriEndpoint:  ptr(fmt.Sprintf("https://proxy-%d.example.com", n)), XksProxyUriPath: ptr(proxyPath),
		XksProxyAuthenticationCredential: &types.XksProxyAuthenticationCredentialType{AccessKeyId: ptr(proxyKeyID), RawSecretAccessKey: ptr(proxySecret)},
	}
}

// privateInput asks for an external key store behind a VPC endpoint service.
func (w *world) privateInput() *kms.CreateCustomKeyStoreInput {
	in := w.externalInput()
	in.XksProxyConnectivity = types.XksProxyConnectivityTypeVpcEndpointService
	in.XksProxyVpcEndpointServiceName = ptr(fmt.Sprint(endpointService, w.names.Add(1)))
	return in
}

func (w *world) store(in *kms.CreateCustomKeyStoreInput) string {
	w.Helper()
	out, err := w.root.kms.CreateCustomKeyStore(w.ctx, in)
	require.NoError(w, err)
	return *out.CustomKeyStoreId
}

// connected makes a store and connects it.
func (w *world) connected(in *kms.CreateCustomKeyStoreInput) string {
	w.Helper()
	id := w.store(in)
	w.connect(id)
	w.clock.Advance(linkDelay)
	require.Equal(w, types.ConnectionStateTypeConnected, w.storeEntry(id).ConnectionState)
	return id
}

func (w *world) connect(id string) {
	w.Helper()
	_, err := w.root.kms.ConnectCustomKeyStore(w.ctx, &kms.ConnectCustomKeyStoreInput{CustomKeyStoreId: &id})
	require.NoError(w, err)
}

func (w *world) disconnect(id string) {
	w.Helper()
	_, err := w.root.kms.DisconnectCustomKeyStore(w.ctx, &kms.DisconnectCustomKeyStoreInput{CustomKeyStoreId: &id})
	require.NoError(w, err)
}

func (w *world) storeEntry(id string) types.CustomKeyStoresListEntry {
	w.Helper()
	out, err := w.root.kms.DescribeCustomKeyStores(w.ctx, &kms.DescribeCustomKeyStoresInput{CustomKeyStoreId: &id})
	require.NoError(w, err)
	require.Len(w, out.CustomKeyStores, 1)
	return out.CustomKeyStores[0]
}

// storeSubject is a store for an operation on stores, the only one there is.
func (w *world) storeSubject(operation string) string {
	w.Helper()
	kmsemu.DropStores(w.Server)
	id := w.store(w.externalInput())
	if operation == "DisconnectCustomKeyStore" {
		w.connect(id)
	}
	return id
}

// TestKeyStoreEntries: what is said of a store of each kind (K0512).
func TestKeyStoreEntries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cloud, external, private := w.cloudInput(), w.externalInput(), w.privateInput()
	proxy := func(in *kms.CreateCustomKeyStoreInput, owner *string) *types.XksProxyConfigurationType {
		return &types.XksProxyConfigurationType{
			AccessKeyId: ptr(proxyKeyID), Connectivity: in.XksProxyConnectivity, UriEndpoint: in.XksProxyUriEndpoint, UriPath: in.XksProxyUriPath,
			VpcEndpointServiceName: in.XksProxyVpcEndpointServiceName, VpcEndpointServiceOwner: owner,
		}
	}
	for name, row := range map[string]struct {
		in   *kms.CreateCustomKeyStoreInput
		want types.CustomKeyStoresListEntry
	}{
		"CloudHSM": {cloud, types.CustomKeyStoresListEntry{
			CustomKeyStoreType: types.CustomKeyStoreTypeAwsCloudhsm, CloudHsmClusterId: cloud.CloudHsmClusterId, TrustAnchorCertificate: cloud.TrustAnchorCertificate,
		}},
		"public proxy":  {external, types.CustomKeyStoresListEntry{CustomKeyStoreType: types.CustomKeyStoreTypeExternalKeyStore, XksProxyConfiguration: proxy(external, nil)}},
		"private proxy": {private, types.CustomKeyStoresListEntry{CustomKeyStoreType: types.CustomKeyStoreTypeExternalKeyStore, XksProxyConfiguration: proxy(private, ptr(account))}},
	} {
		t.Run(name, func(t *testing.T) {
			id := w.store(row.in)
			require.Regexp(t, `^cks-[0-9a-f]{17}$`, id)
			row.want.CustomKeyStoreId, row.want.CustomKeyStoreName = &id, row.in.CustomKeyStoreName
			row.want.ConnectionState, row.want.CreationDate = types.ConnectionStateTypeDisconnected, ptr(w.clock.Now().UTC())
			require.Equal(t, row.want, w.storeEntry(id))
			byName, err := w.root.kms.DescribeCustomKeyStores(w.ctx, &kms.DescribeCustomKeyStoresInput{CustomKeyStoreName: row.in.CustomKeyStoreName})
			require.NoError(t, err)
			require.Equal(t, []types.CustomKeyStoresListEntry{row.want}, byName.CustomKeyStores)
		})
	}
}

// TestDescribeKeyStores: all of the account and Region, in pages, or one.
func TestDescribeKeyStores(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	describe := func(by *caller, in kms.DescribeCustomKeyStoresInput) *kms.DescribeCustomKeyStoresOutput {
		out, err := by.kms.DescribeCustomKeyStores(w.ctx, &in)
		require.NoError(t, err)
		return out
	}
	require.Equal(t, []types.CustomKeyStoresListEntry{}, describe(w.root, kms.DescribeCustomKeyStoresInput{}).CustomKeyStores)
	ids := map[string]bool{w.store(w.externalInput()): true, w.store(w.externalInput()): true, w.store(w.cloudInput()): true}
	seen, marker := map[string]bool{}, (*string)(nil)
	for range len(ids) {
		out := describe(w.root, kms.DescribeCustomKeyStoresInput{Limit: aws.Int32(1), Marker: marker})
		require.Len(t, out.CustomKeyStores, 1)
		seen[*out.CustomKeyStores[0].CustomKeyStoreId] = true
		marker = out.NextMarker
		require.Equal(t, marker != nil, out.Truncated)
	}
	require.Nil(t, marker)
	require.Equal(t, ids, seen)
	require.Empty(t, describe(w.caller(other, "test", ""), kms.DescribeCustomKeyStoresInput{}).CustomKeyStores, "another account")
	require.Empty(t, describe(w.callerIn("eu-west-1", "test", "test", ""), kms.DescribeCustomKeyStoresInput{}).CustomKeyStores, "another Region")
	for name, row := range map[string]struct {
		in   kms.DescribeCustomKeyStoresInput
		code string
	}{
		"unknown id":   {kms.DescribeCustomKeyStoresInput{CustomKeyStoreId: ptr("cks-0")}, "CustomKeyStoreNotFoundException"},
		"unknown name": {kms.DescribeCustomKeyStoresInput{CustomKeyStoreName: ptr("none")}, "CustomKeyStoreNotFoundException"},
		"id and name":  {kms.DescribeCustomKeyStoresInput{CustomKeyStoreId: ptr("cks-0"), CustomKeyStoreName: ptr("none")}, "ValidationException"},
		"bad marker":   {kms.DescribeCustomKeyStoresInput{Marker: ptr("!")}, "InvalidMarkerException"},
		"long page":    {kms.DescribeCustomKeyStoresInput{Limit: aws.Int32(1001)}, "ValidationException"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.root.kms.DescribeCustomKeyStores(w.ctx, &row.in)
			fails(t, err, row.code, "")
		})
	}
}

// TestKeyStoreParameters: parameters at fault when a store is created (K0512).
func TestKeyStoreParameters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	type input = kms.CreateCustomKeyStoreInput
	for name, row := range map[string]struct {
		base   func() *input
		change func(*input)
		code   string // "" for one that passes
		part   string
	}{
		"name of 256":    {w.cloudInput, func(in *input) { in.CustomKeyStoreName = repeat(256) }, "", ""},
		"name of 257":    {w.cloudInput, func(in *input) { in.CustomKeyStoreName = repeat(257) }, "ValidationException", "'customKeyStoreName'" + constraint + "have length less than or equal to 256"},
		"no name":        {w.cloudInput, func(in *input) { in.CustomKeyStoreName = ptr("") }, "ValidationException", "Value '' at 'customKeyStoreName'"},
		"unknown type":   {w.cloudInput, func(in *input) { in.CustomKeyStoreType = "TAPE" }, "ValidationException", "enum value set: [AWS_CLOUDHSM, EXTERNAL_KEY_STORE]"},
		"type said":      {w.cloudInput, func(in *input) { in.CustomKeyStoreType = types.CustomKeyStoreTypeAwsCloudhsm }, "", ""},
		"cluster id":     {w.cloudInput, func(in *input) { in.CloudHsmClusterId = ptr("cluster-1a23b4cdefg") }, "ValidationException", "Value 'cluster-1a23b4cdefg' at 'cloudHsmClusterId'" + constraint + "satisfy regular expression pattern: "},
		"no cluster":     {w.cloudInput, func(in *input) { in.CloudHsmClusterId = nil }, "ValidationException", "CloudHsmClusterId is required"},
		"password of 7":  {w.cloudInput, func(in *input) { in.KeyStorePassword = repeat(7) }, "", ""},
		"password of 6":  {w.cloudInput, func(in *input) { in.KeyStorePassword = repeat(6) }, "ValidationException", "Value at 'keyStorePassword'" + constraint + "have length greater than or equal to 7"},
		"password of 33": {w.cloudInput, func(in *input) { in.KeyStorePassword = repeat(33) }, "ValidationException", "Value at 'keyStorePassword'" + constraint + "have length less than or equal to 32"},
		"no password":    {w.cloudInput, func(in *input) { in.KeyStorePassword = nil }, "ValidationException", "KeyStorePassword is required"},
		"no anchor":      {w.cloudInput, func(in *input) { in.TrustAnchorCertificate = nil }, "ValidationException", "TrustAnchorCertificate is required"},
		"long anchor":    {w.cloudInput, func(in *input) { in.TrustAnchorCertificate = repeat(5001) }, "ValidationException", "have length less than or equal to 5000"},
		"anchor not PEM": {w.cloudInput, func(in *input) { in.TrustAnchorCertificate = ptr("certificate") }, "IncorrectTrustAnchorException", "trust anchor"},
		"anchor of junk": {w.cloudInput, func(in *input) {
			in.TrustAnchorCertificate = ptr("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
		}, "IncorrectTrustAnchorException", ""},
		"anchor and more": {w.cloudInput, func(in *input) { *in.TrustAnchorCertificate += "more" }, "IncorrectTrustAnchorException", ""},
		"a key as an anchor": {w.cloudInput, func(in *input) {
			*in.TrustAnchorCertificate = strings.ReplaceAll(*in.TrustAnchorCertificate, "CERTIFICATE", "PUBLIC KEY")
		}, "IncorrectTrustAnchorException", ""},
		"proxy of CloudHSM":  {w.cloudInput, func(in *input) { in.XksProxyUriPath = ptr(proxyPath) }, "ValidationException", "XksProxyUriPath is not valid for a custom key store of type AWS_CLOUDHSM"},
		"cluster of a proxy": {w.externalInput, func(in *input) { in.CloudHsmClusterId = cluster(0) }, "ValidationException", "CloudHsmClusterId is not valid for a custom key store of type EXTERNAL_KEY_STORE"},
		"anchor of a proxy":  {w.externalInput, func(in *input) { in.TrustAnchorCertificate = trustAnchor(t) }, "ValidationException", "TrustAnchorCertificate is not valid"},
		"no connectivity":    {w.externalInput, func(in *input) { in.XksProxyConnectivity = "" }, "ValidationException", "XksProxyConnectivity is required"},
		"connectivity":       {w.externalInput, func(in *input) { in.XksProxyConnectivity = "PIGEON" }, "ValidationException", "[PUBLIC_ENDPOINT, VPC_ENDPOINT_SERVICE]"},
		"no credential":      {w.externalInput, func(in *input) { in.XksProxyAuthenticationCredential = nil }, "ValidationException", "XksProxyAuthenticationCredential is required"},
		"access key id":      {w.externalInput, func(in *input) { in.XksProxyAuthenticationCredential.AccessKeyId = ptr("ABCDEFGHIJKLMNOPQRS1") }, "ValidationException", "Value at 'xksProxyAuthenticationCredential.accessKeyId'" + constraint + "satisfy regular expression pattern: ^[A-Z2-7]+$"},
		"short secret":       {w.externalInput, func(in *input) { in.XksProxyAuthenticationCredential.RawSecretAccessKey = repeat(42) }, "ValidationException", "Value at 'xksProxyAuthenticationCredential.rawSecretAccessKey'" + constraint + "have length greater than or equal to 43"},
		"secret of 43":       {w.externalInput, func(in *input) { in.XksProxyAuthenticationCredential.RawSecretAccessKey = repeat(43) }, "", ""},
		"plain HTTP":         {w.externalInput, func(in *input) { in.XksProxyUriEndpoint = ptr("http://proxy.example.com") }, "ValidationException", "'xksProxyUriEndpoint'"},
		"port":               {w.externalInput, func(in *input) { in.XksProxyUriEndpoint = ptr("https://proxy.example.com:443") }, "ValidationException", "'xksProxyUriEndpoint'"},
		"path with prefix":   {w.externalInput, func(in *input) { in.XksProxyUriPath = ptr("/a/b" + proxyPath) }, "", ""},
		"path":               {w.externalInput, func(in *input) { in.XksProxyUriPath = ptr("/kms/xks/one") }, "ValidationException", "'xksProxyUriPath'"},
		"no service":         {w.privateInput, func(in *input) { in.XksProxyVpcEndpointServiceName = nil }, "ValidationException", "XksProxyVpcEndpointServiceName is required"},
		"service":            {w.privateInput, func(in *input) { in.XksProxyVpcEndpointServiceName = ptr("com.amazonaws.vpce.us-east-1.svc-1") }, "ValidationException", "'xksProxyVpcEndpointServiceName'"},
		"service elsewhere": {w.privateInput, func(in *input) {
			in.XksProxyVpcEndpointServiceName = ptr(strings.Replace(endpointService, "us-east-1", "eu-west-1", 1) + "1")
		}, "XksProxyVpcEndpointServiceNotFoundException", ""},
		"owner":              {w.privateInput, func(in *input) { in.XksProxyVpcEndpointServiceOwner = ptr(other) }, "", ""},
		"owner not a number": {w.privateInput, func(in *input) { in.XksProxyVpcEndpointServiceOwner = ptr("owner-owner-") }, "ValidationException", "'xksProxyVpcEndpointServiceOwner'"},
		"public service":     {w.externalInput, func(in *input) { in.XksProxyVpcEndpointServiceName = ptr(endpointService + "1") }, "ValidationException", "not valid if XksProxyConnectivity is PUBLIC_ENDPOINT"},
	} {
		t.Run(name, func(t *testing.T) {
			in := row.base()
			row.change(in)
			out, err := w.root.kms.CreateCustomKeyStore(w.ctx, in)
			if row.code != "" {
				failsLike(t, err, row.code, row.part)
				return
			}
			require.NoError(t, err)
			_, err = w.root.kms.DeleteCustomKeyStore(w.ctx, &kms.DeleteCustomKeyStoreInput{CustomKeyStoreId: out.CustomKeyStoreId})
			require.NoError(t, err)
		})
	}
}

// TestKeyStoreQuota: ten stores for an account in a Region (K0513).
func TestKeyStoreQuota(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var last string
	for range 10 {
		last = w.store(w.externalInput())
	}
	_, err := w.root.kms.CreateCustomKeyStore(w.ctx, w.externalInput())
	fails(t, err, "LimitExceededException", "")
	_, err = w.caller(other, "test", "").kms.CreateCustomKeyStore(w.ctx, w.externalInput())
	require.NoError(t, err, "another account")
	_, err = w.root.kms.DeleteCustomKeyStore(w.ctx, &kms.DeleteCustomKeyStoreInput{CustomKeyStoreId: &last})
	require.NoError(t, err)
	w.store(w.externalInput())
}

// TestSharedBackings: what two stores may not have in common (K0514, K0515).
func TestSharedBackings(t *testing.T) {
	t.Parallel()
	type input = kms.CreateCustomKeyStoreInput
	w := newWorld(t)
	stranger, abroad := w.caller(other, "test", ""), w.callerIn("eu-west-1", "test", "test", "")
	for name, row := range map[string]struct {
		base  func() *input
		share func(next, first *input)
		by    *caller
		code  string // "" for what may be shared
	}{
		"name":                     {w.externalInput, func(next, first *input) { next.CustomKeyStoreName = first.CustomKeyStoreName }, w.root, "CustomKeyStoreNameInUseException"},
		"name, another account":    {w.externalInput, func(next, first *input) { next.CustomKeyStoreName = first.CustomKeyStoreName }, stranger, ""},
		"name, another Region":     {w.externalInput, func(next, first *input) { next.CustomKeyStoreName = first.CustomKeyStoreName }, abroad, ""},
		"cluster":                  {w.cloudInput, func(next, first *input) { next.CloudHsmClusterId = first.CloudHsmClusterId }, w.root, "CloudHsmClusterInUseException"},
		"cluster, another Region":  {w.cloudInput, func(next, first *input) { next.CloudHsmClusterId = first.CloudHsmClusterId }, abroad, "CloudHsmClusterInUseException"},
		"cluster, another account": {w.cloudInput, func(next, first *input) { next.CloudHsmClusterId = first.CloudHsmClusterId }, stranger, ""},
		"cluster's certificate":    {w.cloudInput, func(next, first *input) { next.TrustAnchorCertificate = first.TrustAnchorCertificate }, w.root, "CloudHsmClusterInUseException"},
		"proxy":                    {w.externalInput, func(next, first *input) { next.XksProxyUriEndpoint = first.XksProxyUriEndpoint }, w.root, "XksProxyUriInUseException"},
		"proxy, another Region":    {w.externalInput, func(next, first *input) { next.XksProxyUriEndpoint = first.XksProxyUriEndpoint }, abroad, ""},
		"proxy, another account":   {w.externalInput, func(next, first *input) { next.XksProxyUriEndpoint = first.XksProxyUriEndpoint }, stranger, ""},
		"proxy, another path": {w.externalInput, func(next, first *input) {
			next.XksProxyUriEndpoint, next.XksProxyUriPath = first.XksProxyUriEndpoint, ptr("/x"+proxyPath)
		}, w.root, ""},
		"private name": {w.privateInput, func(next, first *input) {
			next.XksProxyUriEndpoint, next.XksProxyUriPath = first.XksProxyUriEndpoint, ptr("/x"+proxyPath)
		}, w.root, "XksProxyUriEndpointInUseException"},
		"private name, other account":   {w.privateInput, func(next, first *input) { next.XksProxyUriEndpoint = first.XksProxyUriEndpoint }, stranger, ""},
		"private and public":            {w.privateInput, func(next, first *input) { publicly(next, first) }, w.root, "XksProxyUriEndpointInUseException"},
		"private and public, elsewhere": {w.privateInput, func(next, first *input) { publicly(next, first) }, stranger, "XksProxyUriEndpointInUseException"},
		"service":                       {w.privateInput, func(next, first *input) { next.XksProxyVpcEndpointServiceName = first.XksProxyVpcEndpointServiceName }, w.root, "XksProxyVpcEndpointServiceInUseException"},
		"service, another account":      {w.privateInput, func(next, first *input) { next.XksProxyVpcEndpointServiceName = first.XksProxyVpcEndpointServiceName }, stranger, "XksProxyVpcEndpointServiceInUseException"},
	} {
		t.Run(name, func(t *testing.T) {
			first, next := row.base(), row.base()
			id := w.store(first)
			row.share(next, first)
			out, err := row.by.kms.CreateCustomKeyStore(w.ctx, next)
			if row.code != "" {
				fails(t, err, row.code, "")
			} else {
				require.NoError(t, err)
				_, err = row.by.kms.DeleteCustomKeyStore(w.ctx, &kms.DeleteCustomKeyStoreInput{CustomKeyStoreId: out.CustomKeyStoreId})
				require.NoError(t, err)
			}
			_, err = w.root.kms.DeleteCustomKeyStore(w.ctx, &kms.DeleteCustomKeyStoreInput{CustomKeyStoreId: &id})
			require.NoError(t, err)
		})
	}
}

func publicly(next, first *kms.CreateCustomKeyStoreInput) {
	next.XksProxyUriEndpoint, next.XksProxyUriPath = first.XksProxyUriEndpoint, ptr("/x"+proxyPath)
	next.XksProxyConnectivity, next.XksProxyVpcEndpointServiceName = types.XksProxyConnectivityTypePublicEndpoint, nil
}

// TestKeyStoreSecretsAreNotRecorded: neither in the trail nor in an answer.
func TestKeyStoreSecretsAreNotRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	external := w.store(w.externalInput())
	w.store(w.cloudInput())
	_, err := w.root.kms.UpdateCustomKeyStore(w.ctx, &kms.UpdateCustomKeyStoreInput{CustomKeyStoreId: &external, XksProxyAuthenticationCredential: &types.XksProxyAuthenticationCredentialType{
		AccessKeyId: ptr(proxyKeyID), RawSecretAccessKey: ptr(proxySecret),
	}})
	require.NoError(t, err)
	trail, err := json.Marshal(w.Server.Events())
	require.NoError(t, err)
	require.Contains(t, string(trail), `"customKeyStoreName":"external 1"`)
	require.NotContains(t, string(trail), password)
	require.NotContains(t, string(trail), proxySecret)
	require.NotContains(t, string(trail), proxyKeyID)
}
