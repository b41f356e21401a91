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

// TestRecordsOfMaterials (K0115): the operations whose records tell the material that
// they used; no other does.
func TestRecordsOfMaterials(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one := func(key, _ string) kmsemu.KeyMaterials { return kmsemu.KeyMaterials{KeyMaterialID: key} }
	tell := map[string]func(key, spare string) kmsemu.KeyMaterials{
		"Decrypt": one, "Encrypt": one, "GenerateDataKey": one, "GenerateDataKeyWithoutPlaintext": one,
		"GenerateDataKeyPair": one, "GenerateDataKeyPairWithoutPlaintext": one,
		"ReEncrypt": func(key, spare string) kmsemu.KeyMaterials {
			return kmsemu.KeyMaterials{SourceKeyMaterialID: key, DestinationKeyMaterialID: spare}
		},
	}
	for name, row := range kmsCalls {
		s := w.subjectOf(name)
		if name == "CancelKeyDeletion" {
			w.pend(s)
		}
		var want kmsemu.KeyMaterials
		if told := tell[name]; told != nil {
			want = told(*w.describe(s.key).CurrentKeyMaterialId, *w.describe(s.spare).CurrentKeyMaterialId)
			require.NotEmpty(t, want)
		}
		require.NoError(t, row.call(w.ctx, w.root.kms, s), name)
		require.Equal(t, want, w.event(name).KeyMaterials, name)
	}
}

// TestRecordsOfRotatedMaterial (K0115): the material is the one that was used, as the
// answers and the list of rotations tell it, and not always the current one.
func TestRecordsOfRotatedMaterial(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	sealed, err := w.encrypt(w.root, key, nil)
	require.NoError(t, err)
	first := w.event("Encrypt").KeyMaterials.KeyMaterialID
	require.NoError(t, w.rotate(key))
	second := *w.describe(key).CurrentKeyMaterialId
	require.NotEqual(t, first, second)
	rotations := w.rotations(key, allMaterial)
	require.Equal(t, []string{first, second}, []string{*rotations[0].KeyMaterialId, *rotations[1].KeyMaterialId})

	again, err := w.encrypt(w.root, key, nil)
	require.NoError(t, err)
	require.Equal(t, second, w.event("Encrypt").KeyMaterials.KeyMaterialID)
	_, answer := w.raw(request{target: "Encrypt", body: `{"KeyId":"` + key + `","Plaintext":"eA=="}`})
	require.Contains(t, answer, "CiphertextBlob")
	require.NotContains(t, answer, second, "the answer of Encrypt does not tell it")
	for _, row := range []struct {
		ciphertext []byte
		material   string
	}{{sealed, first}, {again, second}} {
		opened, err := w.root.kms.Decrypt(w.ctx, &kms.DecryptInput{CiphertextBlob: row.ciphertext})
		require.NoError(t, err)
		require.Equal(t, row.material, *opened.KeyMaterialId)
		require.Equal(t, kmsemu.KeyMaterials{KeyMaterialID: row.material}, w.event("Decrypt").KeyMaterials)
	}
	moved, err := w.root.kms.ReEncrypt(w.ctx, &kms.ReEncryptInput{CiphertextBlob: sealed, DestinationKeyId: &key})
	require.NoError(t, err)
	require.Equal(t, first, *moved.SourceKeyMaterialId)
	require.Equal(t, second, *moved.DestinationKeyMaterialId)
	require.Equal(t, kmsemu.KeyMaterials{SourceKeyMaterialID: first, DestinationKeyMaterialID: second}, w.event("ReEncrypt").KeyMaterials)

	_, err = w.decrypt(w.root, sealed, map[string]string{"tenant": "blue"})
	fails(t, err, "InvalidCiphertextException", "")
	require.Empty(t, w.event("Decrypt").KeyMaterials, "it did not open")
	_, err = w.root.kms.Decrypt(w.ctx, &kms.DecryptInput{CiphertextBlob: sealed, DryRun: aws.Bool(true)})
	fails(t, err, "DryRunOperationException", "")
	require.Empty(t, w.event("Decrypt").KeyMaterials, "it was not opened")
}

// TestRecordsOfKeysWithoutMaterial (K0115): none is told of RSA keys, nor of keys whose
// material KMS does not hold; of a ReEncrypt between kinds, that of the symmetric key.
func TestRecordsOfKeysWithoutMaterial(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const oaep = types.EncryptionAlgorithmSpecRsaesOaepSha256
	rsa, symmetric := w.key(ofKind(types.KeySpecRsa2048, encryptDecrypt)), w.key()
	sealed, err := w.encryptBy(rsa, oaep, []byte("x"))
	require.NoError(t, err)
	require.Empty(t, w.event("Encrypt").KeyMaterials)
	_, err = w.decryptBy(rsa, oaep, sealed)
	require.NoError(t, err)
	require.Empty(t, w.event("Decrypt").KeyMaterials)
	_, err = w.root.kms.ReEncrypt(w.ctx, &kms.ReEncryptInput{SourceKeyId: &rsa, SourceEncryptionAlgorithm: oaep, CiphertextBlob: sealed, DestinationKeyId: &symmetric})
	require.NoError(t, err)
	require.Equal(t, kmsemu.KeyMaterials{DestinationKeyMaterialID: *w.describe(symmetric).CurrentKeyMaterialId}, w.event("ReEncrypt").KeyMaterials)

	for name, key := range map[string]string{
		"CloudHSM": w.keyIn(cloudKey(w.connected(w.cloudInput()))),
		"external": w.keyIn(externalKey(w.connected(w.externalInput()), "key-1")),
	} {
		sealed, err := w.encrypt(w.root, key, nil)
		require.NoError(t, err, name)
		require.Empty(t, w.event("Encrypt").KeyMaterials, name)
		_, err = w.decrypt(w.root, sealed, nil)
		require.NoError(t, err, name)
		require.Empty(t, w.event("Decrypt").KeyMaterials, name)
	}
}

// TestRecordTellsMaterialToBothAccounts (K0115, K0488), as JSON beside the decision.
func TestRecordTellsMaterialToBothAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(withPolicy(keyPolicy(statement("Allow", "arn:aws:iam::"+other+":root", "kms:Encrypt", ""))))
	_, err := w.encrypt(w.caller(other, "test", ""), key, nil)
	require.NoError(t, err)
	records := w.Server.EventsWhere(kmsemu.EventFilter{Name: "Encrypt"})
	require.Len(t, records, 2)
	for _, record := range records {
		text, err := json.Marshal(record)
		require.NoError(t, err)
		var got struct{ AdditionalEventData map[string]any }
		require.NoError(t, json.Unmarshal(text, &got))
		require.Equal(t, *w.describe(key).CurrentKeyMaterialId, got.AdditionalEventData["keyMaterialId"])
		require.Contains(t, got.AdditionalEventData, "decision")
		require.Len(t, got.AdditionalEventData, 2)
	}
	text, err := json.Marshal(kmsemu.Event{})
	require.NoError(t, err)
	require.NotContains(t, string(text), "additionalEventData", "nothing to tell")
}
