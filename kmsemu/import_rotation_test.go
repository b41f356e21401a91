package kmsemu_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"
)

func (w *world) rotate(key string) error {
	_, err := w.root.kms.RotateKeyOnDemand(w.ctx, &kms.RotateKeyOnDemandInput{KeyId: &key})
	return err
}

// described describes the material.
func described(text string) func(*importInput) {
	return func(in *importInput) { in.KeyMaterialDescription = &text }
}

const allMaterial = types.IncludeKeyMaterialAllKeyMaterial

// TestImportedRotation (K0056, K0437): new material waits until it is rotated to,
// and old data opens with old material.
func TestImportedRotation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := random(32), random(32)
	key, id := w.imported(first, described("first"))
	old, err := w.encrypt(w.root, key, nil)
	require.NoError(t, err)
	fails(t, w.rotate(key), "KMSInvalidStateException", "No available key material pending rotation for the key: "+key+".")
	_, err = w.importMaterial(key, second)
	fails(t, err, "IncorrectKeyMaterialException", "The key material is not the one that was imported into KMS key "+key+" before.")
	_, err = w.importMaterial(key, first, asNew)
	fails(t, err, "IncorrectKeyMaterialException", "The key material (id: "+id+") is already associated with KMS key "+key+".")

	date := w.clock.Now().Add(100 * day).UTC()
	out, err := w.importMaterial(key, second, asNew, until(date))
	require.NoError(t, err)
	next := *out.KeyMaterialId
	require.NotEqual(t, id, next)
	m := w.describe(key)
	require.Equal(t, id, *m.CurrentKeyMaterialId, "not rotated to yet")
	require.Equal(t, forEver, m.ExpirationModel, "of what is the key's for good")
	require.Equal(t, []types.RotationsListEntry{
		{
			KeyId: &key, KeyMaterialId: &id, KeyMaterialState: types.KeyMaterialStateCurrent, KeyMaterialDescription: aws.String("first"),
			ImportState: types.ImportStateImported, ExpirationModel: forEver,
		},
		{
			KeyId: &key, KeyMaterialId: &next, KeyMaterialState: types.KeyMaterialStatePendingRotation,
			ImportState: types.ImportStateImported, ExpirationModel: types.ExpirationModelTypeKeyMaterialExpires, ValidTo: &date,
		},
	}, w.rotations(key, allMaterial))
	require.Empty(t, w.rotations(key, ""))

	third := random(32)
	_, err = w.importMaterial(key, third, asNew)
	failsLike(t, err, "KMSInvalidStateException", ") cannot be imported into KMS key "+key+", because another key material (id: "+next+") is pending rotation.")
	w.clock.Advance(time.Hour)
	require.NoError(t, w.rotate(key))
	m = w.describe(key)
	require.Equal(t, next, *m.CurrentKeyMaterialId)
	require.Equal(t, date, *m.ValidTo)
	rotations := w.rotations(key, "")
	require.Len(t, rotations, 1)
	require.Equal(t, types.RotationTypeOnDemand, rotations[0].RotationType)
	require.Equal(t, w.clock.Now().UTC(), *rotations[0].RotationDate)
	require.Equal(t, types.KeyMaterialStateCurrent, rotations[0].KeyMaterialState)
	require.Equal(t, types.KeyMaterialStateNonCurrent, w.rotations(key, allMaterial)[0].KeyMaterialState)
	require.Nil(t, w.status(key).OnDemandRotationStartDate, "K0440")
	fails(t, w.rotate(key), "KMSInvalidStateException", "")

	fresh, err := w.encrypt(w.root, key, nil)
	require.NoError(t, err)
	for ciphertext, want := range map[string]string{string(old): id, string(fresh): next} {
		got, err := w.root.kms.Decrypt(w.ctx, &kms.DecryptInput{CiphertextBlob: []byte(ciphertext)})
		require.NoError(t, err)
		require.Equal(t, want, *got.KeyMaterialId)
	}
}

// TestAnyMissingMaterial (K0437): without any of its materials the key is of no
// use, and with all of them again it is as before.
func TestAnyMissingMaterial(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := random(32), random(32)
	key, id := w.imported(first, described("first"))
	old, err := w.encrypt(w.root, key, nil)
	require.NoError(t, err)
	date := w.clock.Now().Add(day).UTC()
	out, err := w.importMaterial(key, second, asNew, until(date))
	require.NoError(t, err)
	next := *out.KeyMaterialId
	require.NoError(t, w.rotate(key))

	deleted, err := w.deleteMaterial(key, id)
	require.NoError(t, err)
	require.Equal(t, id, *deleted.KeyMaterialId)
	m := w.describe(key)
	require.Equal(t, types.KeyStatePendingImport, m.KeyState)
	require.Equal(t, date, *m.ValidTo, "the other material still expires")
	_, err = w.encrypt(w.root, key, nil)
	fails(t, err, "KMSInvalidStateException", key+" is pending import.")
	entry := w.rotations(key, allMaterial)[0]
	require.Equal(t, types.ImportStatePendingImport, entry.ImportState)
	require.Equal(t, "first", *entry.KeyMaterialDescription)
	require.Empty(t, entry.ExpirationModel)

	w.clock.Advance(day) // and the second expires
	_, err = w.importMaterial(key, first, func(in *importInput) { in.KeyMaterialId = &next })
	fails(t, err, "IncorrectKeyMaterialException", "The key material (id: "+id+") is not the one the request names.")
	_, err = w.importMaterial(key, first, func(in *importInput) { in.KeyMaterialId = &id })
	require.NoError(t, err)
	require.Equal(t, types.KeyStatePendingImport, w.describe(key).KeyState, "one is missing still")
	_, err = w.importMaterial(key, second, described("second"))
	require.NoError(t, err)
	require.Equal(t, types.KeyStateEnabled, w.describe(key).KeyState)
	list := w.rotations(key, allMaterial)
	require.Equal(t, []string{"first", "second"}, []string{*list[0].KeyMaterialDescription, *list[1].KeyMaterialDescription})
	require.NotNil(t, list[1].RotationDate, "it was rotated to once and for all")
	_, err = w.decrypt(w.root, old, nil)
	require.NoError(t, err)

	deleted, err = w.deleteMaterial(key)
	require.NoError(t, err)
	require.Equal(t, next, *deleted.KeyMaterialId, "the current one, if none is named")
}

// TestPendingMaterialGoes (K0437): what is pending rotation can be deleted or
// expire, and the key does not mind.
func TestPendingMaterialGoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, _ := w.imported(random(32))
	second := random(32)
	out, err := w.importMaterial(key, second, asNew)
	require.NoError(t, err)
	_, err = w.deleteMaterial(key, *out.KeyMaterialId)
	require.NoError(t, err)
	require.Len(t, w.rotations(key, allMaterial), 1)
	_, err = w.importMaterial(key, second)
	fails(t, err, "IncorrectKeyMaterialException", "")

	_, err = w.importMaterial(key, second, asNew, until(w.clock.Now().Add(hour)))
	require.NoError(t, err)
	_, err = w.importMaterial(key, second, until(w.clock.Now().Add(day)))
	require.NoError(t, err, "imported again, to last longer")
	w.clock.Advance(day - time.Second)
	require.Len(t, w.rotations(key, allMaterial), 2)
	w.clock.Advance(time.Second)
	require.Len(t, w.rotations(key, allMaterial), 1)
	require.Equal(t, types.KeyStateEnabled, w.describe(key).KeyState)
	fails(t, w.rotate(key), "KMSInvalidStateException", "")
}

// TestEarliestExpiry (K0438) of several materials is the key's.
func TestEarliestExpiry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := w.clock.Now().UTC()
	first := random(32)
	key, _ := w.imported(first, until(now.Add(3*day)))
	_, err := w.importMaterial(key, random(32), asNew, until(now.Add(2*day)))
	require.NoError(t, err)
	require.Equal(t, now.Add(3*day), *w.describe(key).ValidTo)
	require.NoError(t, w.rotate(key))
	require.Equal(t, now.Add(2*day), *w.describe(key).ValidTo)
	_, err = w.importMaterial(key, first, until(now.Add(day)))
	require.NoError(t, err)
	require.Equal(t, now.Add(day), *w.describe(key).ValidTo)
	w.clock.Advance(day)
	require.Equal(t, types.KeyStatePendingImport, w.describe(key).KeyState)
}

// TestImportedRotationLimit (K0054) holds for imported material as for other.
func TestImportedRotationLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(imports)
	p := w.parameters(key, wrapOAEP, types.WrappingKeySpecRsa2048)
	take := func() {
		_, err := w.root.kms.ImportKeyMaterial(w.ctx, &kms.ImportKeyMaterialInput{
			KeyId: &key, ImportToken: p.ImportToken, EncryptedKeyMaterial: w.wrap(p, wrapOAEP, random(32)),
			ExpirationModel: forEver, ImportType: types.ImportTypeNewKeyMaterial,
		})
		require.NoError(t, err)
	}
	take()
	for range 25 {
		take()
		require.NoError(t, w.rotate(key))
	}
	take()
	failsLike(t, w.rotate(key), "LimitExceededException", "The on-demand rotations limit has been reached")
}

// TestMaterialIDs (K0435): the same bytes have another id in another key.
func TestMaterialIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	material := random(32)
	_, one := w.imported(material)
	_, two := w.imported(material)
	require.Len(t, one, 64)
	require.NotEqual(t, one, two)
}
