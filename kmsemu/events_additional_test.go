package kmsemu_test

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

// additional is additionalEventData of the last record of an operation, as JSON,
// without the decision.
func (w *world) additional(operation string) map[string]any {
	w.Helper()
	text, err := json.Marshal(w.event(operation))
	require.NoError(w, err)
	var record struct {
		AdditionalEventData map[string]any
	}
	require.NoError(w, json.Unmarshal(text, &record))
	delete(record.AdditionalEventData, "decision")
	return record.AdditionalEventData
}

// TestRecordsOfKeyStoreKeys (K0116): cryptographic operations tell the store of their
// key, and its external key, also if they fail; no other operation does.
func TestRecordsOfKeyStoreKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cloud, external := w.connected(w.cloudInput()), w.connected(w.externalInput())
	for name, row := range map[string]struct {
		in   *kms.CreateKeyInput
		want map[string]any
	}{
		"CloudHSM": {cloudKey(cloud), map[string]any{"customKeyStoreId": cloud}},
		"external": {externalKey(external, "abc01234567890fe"), map[string]any{"customKeyStoreId": external, "xksKeyId": "abc01234567890fe"}},
	} {
		t.Run(name, func(t *testing.T) {
			key := w.keyIn(row.in)
			require.Empty(t, w.additional("CreateKey"))
			w.described(key)
			require.Empty(t, w.additional("DescribeKey"))
			sealed, err := w.encrypt(w.root, key, nil)
			require.NoError(t, err)
			require.Equal(t, row.want, w.additional("Encrypt"))
			_, err = w.decrypt(w.root, sealed, nil)
			require.NoError(t, err)
			require.Equal(t, row.want, w.additional("Decrypt"))
			_, err = w.root.kms.DisableKey(w.ctx, &kms.DisableKeyInput{KeyId: &key})
			require.NoError(t, err)
			require.Empty(t, w.additional("DisableKey"))
			_, err = w.root.kms.GenerateDataKey(w.ctx, &kms.GenerateDataKeyInput{KeyId: &key, KeySpec: types.DataKeySpecAes256})
			fails(t, err, "DisabledException", "")
			require.Equal(t, row.want, w.additional("GenerateDataKey"))
		})
	}
	_, err := w.encrypt(w.root, w.key(), nil)
	require.NoError(t, err)
	require.NotContains(t, w.additional("Encrypt"), "customKeyStoreId")
}

// TestRecordsOfKeyStores (K0116): what changes a store names it, and its cluster as it
// is then; a password, a certificate and credentials are in no record.
func TestRecordsOfKeyStores(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.cloudInput()
	id := w.store(in)
	created := w.event("CreateCustomKeyStore")
	require.Equal(t, map[string]any{"customKeyStoreName": *in.CustomKeyStoreName, "clusterId": *in.CloudHsmClusterId}, created.RequestParameters)
	require.Equal(t, map[string]any{"customKeyStoreId": id}, created.ResponseElements)
	require.Nil(t, created.Additional)
	next, ofID := cluster(99), map[string]any{"customKeyStoreId": id}
	for _, step := range []struct {
		operation string
		call      func() error
		cluster   *string
		request   map[string]any
	}{
		{"ConnectCustomKeyStore", func() error { w.connect(id); return nil }, in.CloudHsmClusterId, ofID},
		{"DisconnectCustomKeyStore", func() error {
			_, err := w.root.kms.DisconnectCustomKeyStore(w.ctx, &kms.DisconnectCustomKeyStoreInput{CustomKeyStoreId: &id})
			return err
		}, in.CloudHsmClusterId, ofID},
		{"UpdateCustomKeyStore", func() error {
			_, err := w.root.kms.UpdateCustomKeyStore(w.ctx, &kms.UpdateCustomKeyStoreInput{CustomKeyStoreId: &id, CloudHsmClusterId: next, KeyStorePassword: ptr(password)})
			return err
		}, next, map[string]any{"customKeyStoreId": id, "clusterId": *next}},
		{"DeleteCustomKeyStore", func() error {
			_, err := w.root.kms.DeleteCustomKeyStore(w.ctx, &kms.DeleteCustomKeyStoreInput{CustomKeyStoreId: &id})
			return err
		}, next, ofID},
	} {
		require.NoError(t, step.call(), step.operation)
		e := w.event(step.operation)
		require.Equal(t, &kmsemu.AdditionalData{CustomKeyStoreName: *in.CustomKeyStoreName, ClusterID: *step.cluster}, e.Additional, step.operation)
		require.Equal(t, step.request, e.RequestParameters, step.operation)
		require.Nil(t, e.ResponseElements, step.operation)
		w.clock.Advance(linkDelay)
	}
	external := w.store(w.externalInput())
	w.connect(external)
	require.NotContains(t, w.additional("ConnectCustomKeyStore"), "clusterId")
	_, err := w.root.kms.DescribeCustomKeyStores(w.ctx, &kms.DescribeCustomKeyStoresInput{})
	require.NoError(t, err)
	require.Nil(t, w.event("DescribeCustomKeyStores").RequestParameters)
	require.Nil(t, w.event("DescribeCustomKeyStores").Additional)
}

// TestRecordOfRetiredGrant (K0116): it tells the grant, not the token that named it.
func TestRecordOfRetiredGrant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	grant := func() *kms.CreateGrantOutput {
		out, err := w.root.kms.CreateGrant(w.ctx, &kms.CreateGrantInput{
			KeyId: &key, GranteePrincipal: aws.String("arn:aws:iam::" + account + ":root"), Operations: []types.GrantOperation{types.GrantOperationEncrypt},
		})
		require.NoError(t, err)
		return out
	}
	byToken, byID := grant(), grant()
	_, err := w.root.kms.RetireGrant(w.ctx, &kms.RetireGrantInput{GrantToken: byToken.GrantToken})
	require.NoError(t, err)
	e := w.event("RetireGrant")
	require.Nil(t, e.RequestParameters)
	require.Equal(t, &kmsemu.AdditionalData{GrantID: *byToken.GrantId}, e.Additional)
	require.Equal(t, map[string]any{"grantId": *byToken.GrantId}, w.additional("RetireGrant"))
	_, err = w.root.kms.RetireGrant(w.ctx, &kms.RetireGrantInput{KeyId: &key, GrantId: byID.GrantId})
	require.NoError(t, err)
	e = w.event("RetireGrant")
	require.Equal(t, map[string]any{"keyId": key, "grantId": *byID.GrantId}, e.RequestParameters)
	require.Equal(t, *byID.GrantId, e.Additional.GrantID)
}
