package kmsemu_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"
)

// TestImport (K0431): a key without material, then with it, then without again.
func TestImport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(imports)
	m := w.describe(key)
	require.Equal(t, types.KeyStatePendingImport, m.KeyState)
	require.Equal(t, types.OriginTypeExternal, m.Origin)
	require.False(t, m.Enabled)
	require.Nil(t, m.CurrentKeyMaterialId)
	require.Empty(t, m.ExpirationModel)
	_, err := w.encrypt(w.root, key, nil)
	fails(t, err, "KMSInvalidStateException", key+" is pending import.")

	material := random(32)
	out, err := w.importMaterial(key, material)
	require.NoError(t, err)
	require.Equal(t, key, *out.KeyId)
	m = w.describe(key)
	require.Equal(t, types.KeyStateEnabled, m.KeyState)
	require.True(t, m.Enabled)
	require.Equal(t, out.KeyMaterialId, m.CurrentKeyMaterialId)
	require.Equal(t, forEver, m.ExpirationModel)
	require.Nil(t, m.ValidTo)
	sealed, err := w.encrypt(w.root, key, nil)
	require.NoError(t, err)

	deleted, err := w.deleteMaterial(key)
	require.NoError(t, err)
	require.Equal(t, key, *deleted.KeyId)
	require.Equal(t, out.KeyMaterialId, deleted.KeyMaterialId)
	m = w.describe(key)
	require.Equal(t, types.KeyStatePendingImport, m.KeyState)
	require.Equal(t, out.KeyMaterialId, m.CurrentKeyMaterialId, "K0060")
	require.Empty(t, m.ExpirationModel)
	_, err = w.decrypt(w.root, sealed, nil)
	fails(t, err, "KMSInvalidStateException", key+" is pending import.")

	_, err = w.importMaterial(key, random(32))
	fails(t, err, "IncorrectKeyMaterialException", "")
	require.Equal(t, types.KeyStatePendingImport, w.describe(key).KeyState)
	_, err = w.importMaterial(key, material)
	require.NoError(t, err)
	_, err = w.decrypt(w.root, sealed, nil)
	require.NoError(t, err, "the same material opens what it sealed")
}

// TestDeletingNothing (K0439): neither before an import nor after a deletion is
// there anything to delete, and no harm in it.
func TestDeletingNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(imports)
	out, err := w.deleteMaterial(key)
	require.NoError(t, err)
	require.Empty(t, aws.ToString(out.KeyMaterialId))
	key, id := w.imported(random(32))
	for range 2 {
		out, err = w.deleteMaterial(key, id)
		require.NoError(t, err)
		require.Equal(t, id, *out.KeyMaterialId)
		require.Equal(t, types.KeyStatePendingImport, w.describe(key).KeyState)
	}
	missing := "0" + id[1:]
	if missing == id {
		missing = "1" + id[1:]
	}
	_, err = w.deleteMaterial(key, missing)
	fails(t, err, "NotFoundException", "Key material '"+missing+"' is not associated with KMS key "+key+".")
}

// TestImportIsForKeysOfThatOrigin (K0059).
func TestImportIsForKeysOfThatOrigin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.subjectOf("ImportKeyMaterial")
	s.key = w.key()
	for _, name := range []string{"GetParametersForImport", "ImportKeyMaterial", "DeleteImportedKeyMaterial"} {
		fails(t, kmsCalls[name].call(w.ctx, w.root.kms, s), "UnsupportedOperationException", s.key+" origin is AWS_KMS which is not valid for this operation.")
	}
	key, _ := w.imported(random(32))
	for _, name := range []string{"EnableKeyRotation", "DisableKeyRotation"} {
		fails(t, kmsCalls[name].call(w.ctx, w.root.kms, subject{key: key}), "UnsupportedOperationException", key+" origin is EXTERNAL which is not valid for this operation.")
	}
	require.False(t, w.status(key).KeyRotationEnabled, "K0440")
}

// TestImportTokens (K0433).
func TestImportTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, sibling := w.key(imports), w.key(imports)
	material := random(32)
	p := w.parameters(key, wrapOAEP, types.WrappingKeySpecRsa2048)
	require.Equal(t, key, *p.KeyId)
	require.Equal(t, w.clock.Now().Add(24*time.Hour).UTC(), *p.ParametersValidTo)
	wrapped := w.wrap(p, wrapOAEP, material)
	try := func(key string, token, wrapped []byte) error {
		_, err := w.root.kms.ImportKeyMaterial(w.ctx, &kms.ImportKeyMaterialInput{KeyId: &key, ImportToken: token, EncryptedKeyMaterial: wrapped, ExpirationModel: forEver})
		return err
	}
	damaged := append([]byte(nil), p.ImportToken...)
	damaged[len(damaged)-1] ^= 1
	fails(t, try(sibling, p.ImportToken, wrapped), "InvalidImportTokenException", "")
	fails(t, try(key, damaged, wrapped), "InvalidImportTokenException", "")
	fails(t, try(key, p.ImportToken[:5], wrapped), "InvalidImportTokenException", "")
	another := w.parameters(key, wrapOAEP, types.WrappingKeySpecRsa2048)
	fails(t, try(key, another.ImportToken, wrapped), "InvalidCiphertextException", "")
	fails(t, try(key, p.ImportToken, wrapped[1:]), "ValidationException", "Invalid encrypted key size.")
	fails(t, try(key, p.ImportToken, append(wrapped, 0)), "ValidationException", "Invalid encrypted key size.")

	w.clock.Advance(24*time.Hour - time.Second)
	require.NoError(t, try(key, p.ImportToken, wrapped), "a second before the end")
	w.clock.Advance(time.Second)
	fails(t, try(key, p.ImportToken, wrapped), "ExpiredImportTokenException", "")
}

// TestMaterialExpires (K0438): by the clock, looked at or not.
func TestMaterialExpires(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	material, date := random(32), w.clock.Now().Add(day).UTC()
	key, id := w.imported(material, until(date))
	m := w.describe(key)
	require.Equal(t, types.ExpirationModelTypeKeyMaterialExpires, m.ExpirationModel)
	require.Equal(t, date, *m.ValidTo)
	sealed, err := w.encrypt(w.root, key, nil)
	require.NoError(t, err)

	w.clock.Advance(day - time.Second)
	_, err = w.decrypt(w.root, sealed, nil)
	require.NoError(t, err, "a second before the date")
	w.clock.Advance(time.Second)
	_, err = w.decrypt(w.root, sealed, nil)
	fails(t, err, "KMSInvalidStateException", key+" is pending import.")
	m = w.describe(key)
	require.Equal(t, types.KeyStatePendingImport, m.KeyState)
	require.Equal(t, id, *m.CurrentKeyMaterialId)
	require.Nil(t, m.ValidTo)

	_, err = w.importMaterial(key, material)
	require.NoError(t, err)
	w.clock.Advance(1000 * day)
	_, err = w.decrypt(w.root, sealed, nil)
	require.NoError(t, err, "imported again, for ever")
}

// TestReimportChangesExpiry (K0438), without a deletion before it.
func TestReimportChangesExpiry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	material, now := random(32), w.clock.Now().UTC()
	key, _ := w.imported(material, until(now.Add(day)))
	_, err := w.importMaterial(key, material, until(now.Add(2*day)))
	require.NoError(t, err)
	require.Equal(t, now.Add(2*day), *w.describe(key).ValidTo)
	w.clock.Advance(2*day - time.Second)
	require.Equal(t, types.KeyStateEnabled, w.describe(key).KeyState)
	w.clock.Advance(time.Second)
	require.Equal(t, types.KeyStatePendingImport, w.describe(key).KeyState)
}

// TestExpiryOfOtherStates: disabled keys lose their material to the same state,
// keys pending deletion keep theirs, and come back without material (K0439).
func TestExpiryOfOtherStates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	material := random(32)
	off, _ := w.imported(material, until(w.clock.Now().Add(day)))
	_, err := w.root.kms.DisableKey(w.ctx, &kms.DisableKeyInput{KeyId: &off})
	require.NoError(t, err)
	ending, _ := w.imported(random(32), until(w.clock.Now().Add(day)))
	w.pend(subject{key: ending})
	ended, _ := w.imported(random(32), until(w.clock.Now().Add(31*day)))
	w.pend(subject{key: ended})

	w.clock.Advance(day)
	require.Equal(t, types.KeyStatePendingImport, w.describe(off).KeyState)
	require.Equal(t, types.KeyStatePendingDeletion, w.describe(ending).KeyState)
	_, err = w.root.kms.CancelKeyDeletion(w.ctx, &kms.CancelKeyDeletionInput{KeyId: &ending})
	require.NoError(t, err)
	require.Equal(t, types.KeyStatePendingImport, w.describe(ending).KeyState)
	_, err = w.importMaterial(off, material)
	require.NoError(t, err)
	require.Equal(t, types.KeyStateEnabled, w.describe(off).KeyState)
	w.clock.Advance(40 * day)
	_, err = w.root.kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: &ended})
	fails(t, err, "NotFoundException", "")
}

// TestReimportLeavesDisabled: what is there already enables nothing (K0439).
func TestReimportLeavesDisabled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	material := random(32)
	key, _ := w.imported(material)
	_, err := w.root.kms.DisableKey(w.ctx, &kms.DisableKeyInput{KeyId: &key})
	require.NoError(t, err)
	_, err = w.importMaterial(key, material)
	require.NoError(t, err)
	require.Equal(t, types.KeyStateDisabled, w.describe(key).KeyState)
	w.pend(subject{key: key})
	_, err = w.deleteMaterial(key)
	require.NoError(t, err)
	require.Equal(t, types.KeyStatePendingDeletion, w.describe(key).KeyState)
}

// TestRefusedImports holds the last value that passes and the first that does not
// (K0431, K0438).
func TestRefusedImports(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := w.clock.Now()
	const date = "The validTo date must be in the future, and not more than 365 days from now."
	const shape = "1 validation error detected: Value "
	long := *repeat(257)
	material := random(32)
	key, _ := w.imported(material)
	for name, row := range map[string]struct {
		change        func(*importInput)
		code, message string
	}{
		"now":           {until(now), "ValidationException", date},
		"a second on":   {until(now.Add(time.Second)), "", ""},
		"365 days":      {until(now.Add(365 * day)), "", ""},
		"a second more": {until(now.Add(365*day + time.Second)), "ValidationException", date},
		"no date": {func(in *importInput) { in.ExpirationModel = "" }, "ValidationException",
			"A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES"},
		"default model": {func(in *importInput) { in.ExpirationModel, in.ValidTo = "", aws.Time(now.Add(day)) }, "", ""},
		"a date too many": {func(in *importInput) { in.ValidTo = aws.Time(now.Add(day)) }, "ValidationException",
			"A validTo date must not be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE"},
		"unknown model": {func(in *importInput) { in.ExpirationModel = "X" }, "ValidationException",
			shape + "'X' at 'expirationModel'" + constraint + "satisfy enum value set: [KEY_MATERIAL_EXPIRES, KEY_MATERIAL_DOES_NOT_EXPIRE]"},
		"unknown type": {func(in *importInput) { in.ImportType = "X" }, "ValidationException",
			shape + "'X' at 'importType'" + constraint + "satisfy enum value set: [NEW_KEY_MATERIAL, EXISTING_KEY_MATERIAL]"},
		"description of 256": {func(in *importInput) { in.KeyMaterialDescription = repeat(256) }, "", ""},
		"description of 257": {func(in *importInput) { in.KeyMaterialDescription = &long }, "ValidationException",
			shape + "'" + long + "' at 'keyMaterialDescription'" + constraint + "have length less than or equal to 256"},
		"bad description": {func(in *importInput) { in.KeyMaterialDescription = aws.String("a,b") }, "ValidationException",
			shape + "'a,b' at 'keyMaterialDescription'" + constraint + `satisfy regular expression pattern: ^[a-zA-Z0-9:/_\s.-]+$`},
		"bad id": {func(in *importInput) { in.KeyMaterialId = repeat(64) }, "ValidationException",
			shape + "'" + *repeat(64) + "' at 'keyMaterialId'" + constraint + "satisfy regular expression pattern: ^[a-f0-9]+$"},
		"token of 6145": {func(in *importInput) { in.ImportToken = make([]byte, 6145) }, "ValidationException",
			shape + "at 'importToken'" + constraint + "have length less than or equal to 6144"},
		"token of 6144": {func(in *importInput) { in.ImportToken = make([]byte, 6144) }, "InvalidImportTokenException", ""},
		"material of 6145": {func(in *importInput) { in.EncryptedKeyMaterial = make([]byte, 6145) }, "ValidationException",
			shape + "at 'encryptedKeyMaterial'" + constraint + "have length less than or equal to 6144"},
		"material of 6144": {func(in *importInput) { in.EncryptedKeyMaterial = make([]byte, 6144) }, "ValidationException", "Invalid encrypted key size."},
		"new with an id": {func(in *importInput) {
			in.ImportType, in.KeyMaterialId = types.ImportTypeNewKeyMaterial, aws.String("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")
		}, "ValidationException", "You cannot specify a KeyMaterialId if the ImportType is NEW_KEY_MATERIAL."},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.importMaterial(key, material, row.change)
			if row.code == "" {
				require.NoError(t, err)
				return
			}
			fails(t, err, row.code, row.message)
		})
	}
}

// TestFirstMaterialIsNew (K0436), whatever the request says.
func TestFirstMaterialIsNew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(imports)
	_, err := w.importMaterial(key, random(32), func(in *importInput) { in.ImportType = types.ImportTypeExistingKeyMaterial })
	fails(t, err, "IncorrectKeyMaterialException", "The key material is not the one that was imported into KMS key "+key+" before.")
	_, err = w.importMaterial(key, random(32), asNew)
	require.NoError(t, err)
}

// TestImportConditions (K0441): each allowed call has a denied twin.
func TestImportConditions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	date := w.clock.Now().Add(day).UTC()
	get := func(c *caller, s subject) error {
		return kmsCalls["GetParametersForImport"].call(w.ctx, c.kms, s)
	}
	take := func(change ...func(*importInput)) func(*caller, subject) error {
		return func(c *caller, s subject) error {
			in := &kms.ImportKeyMaterialInput{KeyId: &s.key, ImportToken: s.token, EncryptedKeyMaterial: s.made, ExpirationModel: forEver}
			for _, f := range change {
				f(in)
			}
			_, err := c.kms.ImportKeyMaterial(w.ctx, in)
			return err
		}
	}
	defaults := func(in *importInput) { in.ExpirationModel, in.ValidTo = "", &date }
	s := w.subjectOf("ImportKeyMaterial")
	for name, row := range map[string]struct {
		action, operator, key, right, wrong string
		call                                func(*caller, subject) error
	}{
		"wrapping algorithm": {"kms:GetParametersForImport", "StringEquals", "kms:WrappingAlgorithm", "RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1", get},
		"wrapping key spec":  {"kms:GetParametersForImport", "StringEquals", "kms:WrappingKeySpec", "RSA_2048", "RSA_4096", get},
		"expiration model":   {"kms:ImportKeyMaterial", "StringEquals", "kms:ExpirationModel", string(forEver), "KEY_MATERIAL_EXPIRES", take()},
		"default model":      {"kms:ImportKeyMaterial", "StringEquals", "kms:ExpirationModel", "KEY_MATERIAL_EXPIRES", string(forEver), take(defaults)},
		"expiry":             {"kms:ImportKeyMaterial", "DateLessThanEquals", "kms:ValidTo", date.Format(time.RFC3339), date.Add(-time.Second).Format(time.RFC3339), take(until(date))},
		"no expiry":          {"kms:ImportKeyMaterial", "Null", "kms:ValidTo", "true", "false", take()},
		"origin":             {"kms:ImportKeyMaterial", "StringEquals", "kms:KeyOrigin", "EXTERNAL", "AWS_KMS", take()},
	} {
		t.Run(name, func(t *testing.T) {
			allowed := func(value string) *caller {
				return w.role(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"` + row.action + `","Resource":"*","Condition":{"` + row.operator + `":{"` + row.key + `":"` + value + `"}}}]}`)
			}
			require.NoError(t, row.call(allowed(row.right), s))
			fails(t, row.call(allowed(row.wrong), s), "AccessDeniedException", "")
		})
	}
}

// TestImportNeedsTheOwnAccount (K0081): an account cannot import into another's.
func TestImportNeedsTheOwnAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.subjectOf("ImportKeyMaterial")
	event := func(name string) map[string]any { return w.event(name).RequestParameters }
	require.NoError(t, kmsCalls["ImportKeyMaterial"].call(w.ctx, w.root.kms, s))
	require.Equal(t, map[string]any{"keyId": s.key, "expirationModel": string(forEver)}, event("ImportKeyMaterial"), "no material, no token")
	_, err := w.importMaterial(s.key, random(32), until(time.Date(2100, 1, 2, 15, 4, 5, 0, time.UTC)))
	fails(t, err, "ValidationException", "")
	require.Equal(t, "Jan 2, 2100, 3:04:05 PM", event("ImportKeyMaterial")["validTo"])
	stranger := w.caller(other, "test", "")
	for _, name := range []string{"GetParametersForImport", "ImportKeyMaterial", "DeleteImportedKeyMaterial"} {
		fails(t, kmsCalls[name].call(w.ctx, stranger.kms, s), "AccessDeniedException", "")
	}
}
