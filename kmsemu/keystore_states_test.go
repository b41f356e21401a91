package kmsemu_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"
)

// inState makes an external key store and brings it into a connection state.
func (w *world) inState(state types.ConnectionStateType) string {
	w.Helper()
	in := w.externalInput()
	id := w.store(in)
	switch state {
	case types.ConnectionStateTypeConnecting:
		w.connect(id)
	case types.ConnectionStateTypeConnected:
		w.connect(id)
		w.clock.Advance(linkDelay)
	case types.ConnectionStateTypeDisconnecting:
		w.connect(id)
		w.clock.Advance(linkDelay)
		w.disconnect(id)
	case types.ConnectionStateTypeFailed:
		w.fail(*in.XksProxyUriEndpoint+proxyPath, "XKS_PROXY_TIMED_OUT")
		w.connect(id)
		w.clock.Advance(linkDelay)
		w.works()
	}
	require.Equal(w, state, w.storeEntry(id).ConnectionState)
	return id
}

// TestConnectionStates: which operations a store allows in which state, and where
// they lead (K0518).
func TestConnectionStates(t *testing.T) {
	t.Parallel()
	const (
		connected     = types.ConnectionStateTypeConnected
		connecting    = types.ConnectionStateTypeConnecting
		disconnected  = types.ConnectionStateTypeDisconnected
		disconnecting = types.ConnectionStateTypeDisconnecting
		failed        = types.ConnectionStateTypeFailed
	)
	connect := func(w *world, id string) error {
		_, err := w.root.kms.ConnectCustomKeyStore(w.ctx, &kms.ConnectCustomKeyStoreInput{CustomKeyStoreId: &id})
		return err
	}
	disconnect := func(w *world, id string) error {
		_, err := w.root.kms.DisconnectCustomKeyStore(w.ctx, &kms.DisconnectCustomKeyStoreInput{CustomKeyStoreId: &id})
		return err
	}
	rename := func(w *world, id string) error {
		_, err := w.root.kms.UpdateCustomKeyStore(w.ctx, &kms.UpdateCustomKeyStoreInput{CustomKeyStoreId: &id, NewCustomKeyStoreName: ptr("new")})
		return err
	}
	move := func(w *world, id string) error {
		_, err := w.root.kms.UpdateCustomKeyStore(w.ctx, &kms.UpdateCustomKeyStoreInput{CustomKeyStoreId: &id, XksProxyUriEndpoint: ptr("https://new.example.com")})
		return err
	}
	remove := func(w *world, id string) error {
		_, err := w.root.kms.DeleteCustomKeyStore(w.ctx, &kms.DeleteCustomKeyStoreInput{CustomKeyStoreId: &id})
		return err
	}
	newKey := func(w *world, id string) error {
		_, err := w.root.kms.CreateKey(w.ctx, externalKey(id, "one"))
		return err
	}
	for name, row := range map[string]struct {
		call func(*world, string) error
		want map[types.ConnectionStateType]types.ConnectionStateType // the state right after; missing is refused
	}{
		"ConnectCustomKeyStore":         {connect, map[types.ConnectionStateType]types.ConnectionStateType{disconnected: connecting, connecting: connecting, connected: connected}},
		"DisconnectCustomKeyStore":      {disconnect, map[types.ConnectionStateType]types.ConnectionStateType{connected: disconnecting, connecting: disconnecting, failed: disconnecting}},
		"UpdateCustomKeyStore, name":    {rename, map[types.ConnectionStateType]types.ConnectionStateType{connected: connected, disconnected: disconnected}},
		"UpdateCustomKeyStore, address": {move, map[types.ConnectionStateType]types.ConnectionStateType{disconnected: disconnected}},
		"DeleteCustomKeyStore":          {remove, map[types.ConnectionStateType]types.ConnectionStateType{disconnected: ""}},
		"CreateKey":                     {newKey, map[types.ConnectionStateType]types.ConnectionStateType{connected: connected}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, state := range types.ConnectionStateType("").Values() {
				w := newWorld(t)
				id := w.inState(state)
				err := row.call(w, id)
				after, allowed := row.want[state]
				switch {
				case !allowed:
					failsLike(t, err, "CustomKeyStoreInvalidStateException", " is "+string(state)+",")
					require.Equal(t, state, w.storeEntry(id).ConnectionState)
				case after == "":
					require.NoError(t, err, state)
					_, err = w.root.kms.DescribeCustomKeyStores(w.ctx, &kms.DescribeCustomKeyStoresInput{CustomKeyStoreId: &id})
					fails(t, err, "CustomKeyStoreNotFoundException", "")
				default:
					require.NoError(t, err, state)
					require.Equal(t, after, w.storeEntry(id).ConnectionState, state)
				}
			}
		})
	}
}

// TestConnectingTakesTime by the clock: a second each way (K0519).
func TestConnectingTakesTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.store(w.cloudInput())
	check := func(want types.ConnectionStateType) {
		t.Helper()
		require.Equal(t, want, w.storeEntry(id).ConnectionState)
	}
	w.connect(id)
	w.clock.Advance(linkDelay - 1)
	check(types.ConnectionStateTypeConnecting)
	w.clock.Advance(1)
	check(types.ConnectionStateTypeConnected)
	w.disconnect(id)
	w.clock.Advance(linkDelay - 1)
	check(types.ConnectionStateTypeDisconnecting)
	w.clock.Advance(1)
	check(types.ConnectionStateTypeDisconnected)
}

// TestKeyStoreAnswers are empty objects, not empty bodies (K0003).
func TestKeyStoreAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.store(w.externalInput())
	for _, operation := range []string{"UpdateCustomKeyStore", "ConnectCustomKeyStore", "DisconnectCustomKeyStore"} {
		_, body := w.raw(request{target: operation, body: `{"CustomKeyStoreId":"` + id + `"}`})
		require.Equal(t, "{}", body, operation)
		w.clock.Advance(linkDelay)
	}
	_, body := w.raw(request{target: "DeleteCustomKeyStore", body: `{"CustomKeyStoreId":"` + id + `"}`})
	require.Equal(t, "{}", body)
}

// TestUnknownKeyStore: each operation on a store that is not there, or is another
// account's.
func TestUnknownKeyStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	foreign, err := w.caller(other, "test", "").kms.CreateCustomKeyStore(w.ctx, w.externalInput())
	require.NoError(t, err)
	for _, id := range []string{"cks-1234567890abcdef0", *foreign.CustomKeyStoreId} {
		for name, call := range map[string]func() error{
			"Connect": func() error {
				_, err := w.root.kms.ConnectCustomKeyStore(w.ctx, &kms.ConnectCustomKeyStoreInput{CustomKeyStoreId: &id})
				return err
			},
			"Disconnect": func() error {
				_, err := w.root.kms.DisconnectCustomKeyStore(w.ctx, &kms.DisconnectCustomKeyStoreInput{CustomKeyStoreId: &id})
				return err
			},
			"Update": func() error {
				_, err := w.root.kms.UpdateCustomKeyStore(w.ctx, &kms.UpdateCustomKeyStoreInput{CustomKeyStoreId: &id})
				return err
			},
			"Delete": func() error {
				_, err := w.root.kms.DeleteCustomKeyStore(w.ctx, &kms.DeleteCustomKeyStoreInput{CustomKeyStoreId: &id})
				return err
			},
			"CreateKey": func() error {
				_, err := w.root.kms.CreateKey(w.ctx, externalKey(id, "one"))
				return err
			},
			"GenerateRandom": func() error {
				_, err := w.root.kms.GenerateRandom(w.ctx, &kms.GenerateRandomInput{CustomKeyStoreId: &id, NumberOfBytes: ptr(int32(1))})
				return err
			},
		} {
			t.Run(name, func(t *testing.T) { fails(t, call(), "CustomKeyStoreNotFoundException", "") })
		}
	}
}

// TestUpdateKeyStore: what can be changed, when (K0517).
func TestUpdateKeyStore(t *testing.T) {
	t.Parallel()
	type input = kms.UpdateCustomKeyStoreInput
	w := newWorld(t)
	taken := w.externalInput()
	w.store(taken)
	rival := w.cloudInput()
	w.store(rival)
	credential := &types.XksProxyAuthenticationCredentialType{AccessKeyId: ptr("NEWNEWNEWNEWNEWNEWNE"), RawSecretAccessKey: repeat(64)}
	for name, row := range map[string]struct {
		base func() *kms.CreateCustomKeyStoreInput
		in   input
		live bool   // while connected too
		code string // when disconnected; "" if it passes
	}{
		"name":                 {w.cloudInput, input{NewCustomKeyStoreName: ptr("renamed")}, true, ""},
		"nothing":              {w.cloudInput, input{}, true, ""},
		"taken name":           {w.externalInput, input{NewCustomKeyStoreName: taken.CustomKeyStoreName}, true, "CustomKeyStoreNameInUseException"},
		"password":             {w.cloudInput, input{KeyStorePassword: ptr(password)}, false, ""},
		"cluster":              {w.cloudInput, input{CloudHsmClusterId: cluster(5000)}, false, ""},
		"cluster of another":   {w.cloudInput, input{CloudHsmClusterId: rival.CloudHsmClusterId}, false, "CloudHsmClusterNotRelatedException"},
		"cluster of a proxy":   {w.externalInput, input{CloudHsmClusterId: cluster(5001)}, true, "ValidationException"},
		"credential":           {w.externalInput, input{XksProxyAuthenticationCredential: credential}, true, ""},
		"path":                 {w.externalInput, input{XksProxyUriPath: ptr("/new" + proxyPath)}, true, ""},
		"endpoint":             {w.externalInput, input{XksProxyUriEndpoint: ptr("https://moved.example.com")}, false, ""},
		"endpoint of another":  {w.externalInput, input{XksProxyUriEndpoint: taken.XksProxyUriEndpoint}, false, "XksProxyUriInUseException"},
		"to private":           {w.externalInput, input{XksProxyConnectivity: "VPC_ENDPOINT_SERVICE", XksProxyUriEndpoint: ptr("https://vpc.example.com"), XksProxyVpcEndpointServiceName: ptr(endpointService + "77")}, false, ""},
		"to private, unnamed":  {w.externalInput, input{XksProxyConnectivity: "VPC_ENDPOINT_SERVICE", XksProxyUriEndpoint: ptr("https://vpc2.example.com")}, true, "ValidationException"},
		"to private, unmoved":  {w.externalInput, input{XksProxyConnectivity: "VPC_ENDPOINT_SERVICE", XksProxyVpcEndpointServiceName: ptr(endpointService + "78")}, true, "ValidationException"},
		"to public":            {w.privateInput, input{XksProxyConnectivity: "PUBLIC_ENDPOINT", XksProxyUriEndpoint: ptr("https://public.example.com"), XksProxyVpcEndpointServiceName: ptr("")}, false, ""},
		"service":              {w.privateInput, input{XksProxyVpcEndpointServiceName: ptr(endpointService + "79"), XksProxyVpcEndpointServiceOwner: ptr(other)}, false, ""},
		"service of a public":  {w.externalInput, input{XksProxyVpcEndpointServiceName: ptr(endpointService + "80")}, false, "ValidationException"},
		"owner for a public":   {w.externalInput, input{XksProxyVpcEndpointServiceOwner: ptr(other)}, false, "ValidationException"},
		"a name that is long":  {w.externalInput, input{NewCustomKeyStoreName: repeat(257)}, true, "ValidationException"},
		"a path that is wrong": {w.externalInput, input{XksProxyUriPath: ptr("/kms/xks/one")}, true, "ValidationException"},
	} {
		t.Run(name, func(t *testing.T) {
			id := w.connected(row.base())
			row.in.CustomKeyStoreId = &id
			before := w.storeEntry(id)
			if !row.live {
				_, err := w.root.kms.UpdateCustomKeyStore(w.ctx, &row.in)
				failsLike(t, err, "CustomKeyStoreInvalidStateException", "is CONNECTED")
				w.disconnect(id)
				w.clock.Advance(linkDelay)
				before = w.storeEntry(id)
			}
			_, err := w.root.kms.UpdateCustomKeyStore(w.ctx, &row.in)
			after := w.storeEntry(id)
			if row.code != "" {
				fails(t, err, row.code, "")
				require.Equal(t, before, after, "nothing changes")
			} else {
				require.NoError(t, err)
				require.Equal(t, updated(before, &row.in), after)
			}
			if row.live {
				w.disconnect(id)
				w.clock.Advance(linkDelay)
			}
			_, err = w.root.kms.DeleteCustomKeyStore(w.ctx, &kms.DeleteCustomKeyStoreInput{CustomKeyStoreId: &id})
			require.NoError(t, err)
		})
	}
}

// updated is an entry after an update.
func updated(e types.CustomKeyStoresListEntry, in *kms.UpdateCustomKeyStoreInput) types.CustomKeyStoresListEntry {
	set := func(of **string, to *string) {
		if to != nil && *to != "" {
			*of = to
		}
	}
	set(&e.CustomKeyStoreName, in.NewCustomKeyStoreName)
	set(&e.CloudHsmClusterId, in.CloudHsmClusterId)
	if e.XksProxyConfiguration == nil {
		return e
	}
	proxy := *e.XksProxyConfiguration
	switch in.XksProxyConnectivity {
	case types.XksProxyConnectivityTypePublicEndpoint:
		proxy.VpcEndpointServiceName, proxy.VpcEndpointServiceOwner = nil, nil
		proxy.Connectivity = in.XksProxyConnectivity
	case types.XksProxyConnectivityTypeVpcEndpointService:
		proxy.VpcEndpointServiceOwner = ptr(account)
		proxy.Connectivity = in.XksProxyConnectivity
	}
	set(&proxy.UriEndpoint, in.XksProxyUriEndpoint)
	set(&proxy.UriPath, in.XksProxyUriPath)
	set(&proxy.VpcEndpointServiceName, in.XksProxyVpcEndpointServiceName)
	set(&proxy.VpcEndpointServiceOwner, in.XksProxyVpcEndpointServiceOwner)
	if in.XksProxyAuthenticationCredential != nil {
		proxy.AccessKeyId = in.XksProxyAuthenticationCredential.AccessKeyId
	}
	e.XksProxyConfiguration = &proxy
	return e
}
