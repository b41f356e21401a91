package kmsemu_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

// subject is what an operation works on: a key with an alias and a ciphertext.
type subject struct {
	key, alias, newAlias, spare string
	ciphertext                  []byte
	made                        []byte // what the key made: see keyKinds
	grant                       string // id of a grant on the key
	store                       string // id of a custom key store, for operations on these
	token                       []byte // to import what was made: see importSubject
}

func (w *world) subject() subject {
	w.Helper()
	s := subject{key: w.key(), spare: w.key(), alias: "alias/" + w.name("taken"), newAlias: "alias/" + w.name("free")}
	_, err := w.root.kms.CreateAlias(w.ctx, &kms.CreateAliasInput{AliasName: &s.alias, TargetKeyId: &s.spare})
	require.NoError(w, err)
	out, err := w.root.kms.Encrypt(w.ctx, &kms.EncryptInput{KeyId: &s.key, Plaintext: []byte("secret")})
	require.NoError(w, err)
	s.ciphertext = out.CiphertextBlob
	s.grant = *w.grant(w.root, s.key, "arn:aws:iam::"+other+":root", types.GrantOperationDescribeKey).GrantId
	return s
}

// kmsCalls has one valid call of every operation, with the permissions it needs
// and what it answers when the key is not enabled ("" if it works all the same).
var kmsCalls = map[string]struct {
	actions           []string
	disabled, pending string
	call              func(context.Context, *kms.Client, subject) error
}{
	"CancelKeyDeletion": {[]string{"kms:CancelKeyDeletion"}, "KMSInvalidStateException", "", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.CancelKeyDeletion(ctx, &kms.CancelKeyDeletionInput{KeyId: &s.key})
		return err
	}},
	"ConnectCustomKeyStore": {[]string{"kms:ConnectCustomKeyStore"}, "", "", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.ConnectCustomKeyStore(ctx, &kms.ConnectCustomKeyStoreInput{CustomKeyStoreId: &s.store})
		return err
	}},
	"CreateAlias": {[]string{"kms:CreateAlias"}, "", "KMSInvalidStateException", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: &s.newAlias, TargetKeyId: &s.key})
		return err
	}},
	"CreateCustomKeyStore": {[]string{"kms:CreateCustomKeyStore"}, "", "", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.CreateCustomKeyStore(ctx, &kms.CreateCustomKeyStoreInput{
			CustomKeyStoreName: &s.newAlias, CustomKeyStoreType: types.CustomKeyStoreTypeExternalKeyStore,
			XksProxyConnectivity: types.XksProxyConnectivityTypePublicEndpoint,
			XksProxyUriEndpoint:  ptr("https://created.example.com"), XksProxyUriPath: ptr(proxyPath),
			XksProxyAuthenticationCredential: &types.XksProxyAuthenticationCredentialType{AccessKeyId: ptr(proxyKeyID), RawSecretAccessKey: ptr(proxySecret)},
		})
		return err
	}},
	"CreateGrant": {[]string{"kms:CreateGrant"}, "DisabledException", "KMSInvalidStateException", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.CreateGrant(ctx, &kms.CreateGrantInput{KeyId: &s.key, GranteePrincipal: aws.String(rootARN), Operations: []types.GrantOperation{types.GrantOperationDecrypt}})
		return err
	}},
	"CreateKey": {[]string{"kms:CreateKey", "kms:TagResource"}, "", "", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.CreateKey(ctx, &kms.CreateKeyInput{Tags: []types.Tag{{TagKey: aws.String("a"), TagValue: aws.String("b")}}})
		return err
	}},
	"Decapsulate": {[]string{"kms:Decapsulate"}, "DisabledException", "KMSInvalidStateException", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.Decapsulate(ctx, &kms.DecapsulateInput{KeyId: &s.key, SharedSecretCiphertextBlob: s.made, EncapsulationAlgorithm: types.EncapsulationAlgorithmSpecMlKem})
		return err
	}},
	"Decrypt": {[]string{"kms:Decrypt"}, "DisabledException", "KMSInvalidStateException", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: s.ciphertext})
		return err
	}},
	"DeleteAlias": {[]string{"kms:DeleteAlias"}, "", "", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.DeleteAlias(ctx, &kms.DeleteAliasInput{AliasName: &s.alias})
		return err
	}},
	"DeleteCustomKeyStore": {[]string{"kms:DeleteCustomKeyStore"}, "", "", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.DeleteCustomKeyStore(ctx, &kms.DeleteCustomKeyStoreInput{CustomKeyStoreId: &s.store})
		return err
	}},
	"DeleteImportedKeyMaterial": {[]string{"kms:DeleteImportedKeyMaterial"}, "", "", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.DeleteImportedKeyMaterial(ctx, &kms.DeleteImportedKeyMaterialInput{KeyId: &s.key})
		return err
	}},
	"DeriveSharedSecret": {[]string{"kms:DeriveSharedSecret"}, "DisabledException", "KMSInvalidStateException", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.DeriveSharedSecret(ctx, &kms.DeriveSharedSecretInput{KeyId: &s.key, PublicKey: s.made, KeyAgreementAlgorithm: types.KeyAgreementAlgorithmSpecEcdh})
		return err
	}},
	"DescribeCustomKeyStores": {[]string{"kms:DescribeCustomKeyStores"}, "", "", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.DescribeCustomKeyStores(ctx, &kms.DescribeCustomKeyStoresInput{CustomKeyStoreId: &s.store})
		return err
	}},
	"DescribeKey": {[]string{"kms:DescribeKey"}, "", "", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &s.key})
		return err
	}},
	"DisableKey": {[]string{"kms:DisableKey"}, "", "KMSInvalidStateException", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.DisableKey(ctx, &kms.DisableKeyInput{KeyId: &s.key})
		return err
	}},
	"DisableKeyRotation": {[]string{"kms:DisableKeyRotation"}, "DisabledException", "KMSInvalidStateException", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.DisableKeyRotation(ctx, &kms.DisableKeyRotationInput{KeyId: &s.key})
		return err
	}},
	"DisconnectCustomKeyStore": {[]string{"kms:DisconnectCustomKeyStore"}, "", "", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.DisconnectCustomKeyStore(ctx, &kms.DisconnectCustomKeyStoreInput{CustomKeyStoreId: &s.store})
		return err
	}},
	"EnableKey": {[]string{"kms:EnableKey"}, "", "KMSInvalidStateException", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.EnableKey(ctx, &kms.EnableKeyInput{KeyId: &s.key})
		return err
	}},
	"EnableKeyRotation": {[]string{"kms:EnableKeyRotation"}, "DisabledException", "KMSInvalidStateException", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: &s.key})
		return err
	}},
	"Encapsulate": {[]string{"kms:Encapsulate"}, "DisabledException", "KMSInvalidStateException", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.Encapsulate(ctx, &kms.EncapsulateInput{KeyId: &s.key, EncapsulationAlgorithm: types.EncapsulationAlgorithmSpecMlKem})
		return err
	}},
	"Encrypt": {[]string{"kms:Encrypt"}, "DisabledException", "KMSInvalidStateException", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.Encrypt(ctx, &kms.EncryptInput{KeyId: &s.key, Plaintext: []byte("x")})
		return err
	}},
	"GenerateDataKey": {[]string{"kms:GenerateDataKey"}, "DisabledException", "KMSInvalidStateException", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: &s.key, KeySpec: types.DataKeySpecAes256})
		return err
	}},
	"GenerateDataKeyPair": {[]string{"kms:GenerateDataKeyPair"}, "DisabledException", "KMSInvalidStateException", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.GenerateDataKeyPair(ctx, &kms.GenerateDataKeyPairInput{KeyId: &s.key, KeyPairSpec: types.DataKeyPairSpecEccNistP256})
		return err
	}},
	"GenerateDataKeyPairWithoutPlaintext": {[]string{"kms:GenerateDataKeyPairWithoutPlaintext"}, "DisabledException", "KMSInvalidStateException", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.GenerateDataKeyPairWithoutPlaintext(ctx, &kms.GenerateDataKeyPairWithoutPlaintextInput{KeyId: &s.key, KeyPairSpec: types.DataKeyPairSpecEccNistP256})
		return err
	}},
	"GenerateDataKeyWithoutPlaintext": {[]string{"kms:GenerateDataKeyWithoutPlaintext"}, "DisabledException", "KMSInvalidStateException", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.GenerateDataKeyWithoutPlaintext(ctx, &kms.GenerateDataKeyWithoutPlaintextInput{KeyId: &s.key, KeySpec: types.DataKeySpecAes256})
		return err
	}},
	"GenerateMac": {[]string{"kms:GenerateMac"}, "DisabledException", "KMSInvalidStateException", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.GenerateMac(ctx, &kms.GenerateMacInput{KeyId: &s.key, Message: []byte("x"), MacAlgorithm: types.MacAlgorithmSpecHmacSha256})
		return err
	}},
	"GenerateRandom": {[]string{"kms:GenerateRandom"}, "", "", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.GenerateRandom(ctx, &kms.GenerateRandomInput{NumberOfBytes: aws.Int32(8)})
		return err
	}},
	"GetKeyLastUsage": {[]string{"kms:GetKeyLastUsage"}, "", "", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.GetKeyLastUsage(ctx, &kms.GetKeyLastUsageInput{KeyId: &s.key})
		return err
	}},
	"GetKeyPolicy": {[]string{"kms:GetKeyPolicy"}, "", "", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &s.key})
		return err
	}},
	"GetKeyRotationStatus": {[]string{"kms:GetKeyRotationStatus"}, "", "", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: &s.key})
		return err
	}},
	"GetParametersForImport": {[]string{"kms:GetParametersForImport"}, "", "KMSInvalidStateException", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.GetParametersForImport(ctx, &kms.GetParametersForImportInput{KeyId: &s.key, WrappingAlgorithm: wrapOAEP, WrappingKeySpec: types.WrappingKeySpecRsa2048})
		return err
	}},
	"GetPublicKey": {[]string{"kms:GetPublicKey"}, "", "KMSInvalidStateException", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.GetPublicKey(ctx, &kms.GetPublicKeyInput{KeyId: &s.key})
		return err
	}},
	"ImportKeyMaterial": {[]string{"kms:ImportKeyMaterial"}, "", "KMSInvalidStateException", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.ImportKeyMaterial(ctx, &kms.ImportKeyMaterialInput{KeyId: &s.key, ImportToken: s.token, EncryptedKeyMaterial: s.made, ExpirationModel: forEver})
		return err
	}},
	"ListAliases": {[]string{"kms:ListAliases"}, "", "", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.ListAliases(ctx, &kms.ListAliasesInput{})
		return err
	}},
	"ListGrants": {[]string{"kms:ListGrants"}, "", "", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.ListGrants(ctx, &kms.ListGrantsInput{KeyId: &s.key})
		return err
	}},
	"ListKeyPolicies": {[]string{"kms:ListKeyPolicies"}, "", "", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.ListKeyPolicies(ctx, &kms.ListKeyPoliciesInput{KeyId: &s.key})
		return err
	}},
	"ListKeyRotations": {[]string{"kms:ListKeyRotations"}, "", "", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.ListKeyRotations(ctx, &kms.ListKeyRotationsInput{KeyId: &s.key})
		return err
	}},
	"ListKeys": {[]string{"kms:ListKeys"}, "", "", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.ListKeys(ctx, &kms.ListKeysInput{})
		return err
	}},
	"ListResourceTags": {[]string{"kms:ListResourceTags"}, "", "", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.ListResourceTags(ctx, &kms.ListResourceTagsInput{KeyId: &s.key})
		return err
	}},
	"ListRetirableGrants": {[]string{"kms:ListRetirableGrants"}, "", "", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.ListRetirableGrants(ctx, &kms.ListRetirableGrantsInput{RetiringPrincipal: aws.String(rootARN)})
		return err
	}},
	"PutKeyPolicy": {[]string{"kms:PutKeyPolicy"}, "", "", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &s.key, Policy: aws.String(keyPolicy())})
		return err
	}},
	"ReEncrypt": {[]string{"kms:ReEncryptFrom", "kms:ReEncryptTo"}, "DisabledException", "KMSInvalidStateException", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.ReEncrypt(ctx, &kms.ReEncryptInput{CiphertextBlob: s.ciphertext, DestinationKeyId: &s.spare})
		return err
	}},
	"ReplicateKey": {[]string{"kms:ReplicateKey", "kms:CreateKey", "kms:TagResource"}, "DisabledException", "KMSInvalidStateException", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.ReplicateKey(ctx, &kms.ReplicateKeyInput{KeyId: &s.key, ReplicaRegion: aws.String(abroad), Tags: []types.Tag{{TagKey: aws.String("a"), TagValue: aws.String("b")}}})
		return err
	}},
	"RetireGrant": {[]string{"kms:RetireGrant"}, "", "", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.RetireGrant(ctx, &kms.RetireGrantInput{KeyId: &s.key, GrantId: &s.grant})
		return err
	}},
	"RevokeGrant": {[]string{"kms:RevokeGrant"}, "", "", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.RevokeGrant(ctx, &kms.RevokeGrantInput{KeyId: &s.key, GrantId: &s.grant})
		return err
	}},
	"RotateKeyOnDemand": {[]string{"kms:RotateKeyOnDemand"}, "DisabledException", "KMSInvalidStateException", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.RotateKeyOnDemand(ctx, &kms.RotateKeyOnDemandInput{KeyId: &s.key})
		return err
	}},
	"ScheduleKeyDeletion": {[]string{"kms:ScheduleKeyDeletion"}, "", "KMSInvalidStateException", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &s.key})
		return err
	}},
	"Sign": {[]string{"kms:Sign"}, "DisabledException", "KMSInvalidStateException", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.Sign(ctx, &kms.SignInput{KeyId: &s.key, Message: []byte("x"), SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha256})
		return err
	}},
	"TagResource": {[]string{"kms:TagResource"}, "", "KMSInvalidStateException", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.TagResource(ctx, &kms.TagResourceInput{KeyId: &s.key, Tags: []types.Tag{{TagKey: aws.String("a"), TagValue: aws.String("b")}}})
		return err
	}},
	"UntagResource": {[]string{"kms:UntagResource"}, "", "KMSInvalidStateException", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.UntagResource(ctx, &kms.UntagResourceInput{KeyId: &s.key, TagKeys: []string{"a"}})
		return err
	}},
	"UpdateAlias": {[]string{"kms:UpdateAlias"}, "", "KMSInvalidStateException", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.UpdateAlias(ctx, &kms.UpdateAliasInput{AliasName: &s.alias, TargetKeyId: &s.key})
		return err
	}},
	"UpdateCustomKeyStore": {[]string{"kms:UpdateCustomKeyStore"}, "", "", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.UpdateCustomKeyStore(ctx, &kms.UpdateCustomKeyStoreInput{CustomKeyStoreId: &s.store, NewCustomKeyStoreName: &s.newAlias})
		return err
	}},
	"UpdateKeyDescription": {[]string{"kms:UpdateKeyDescription"}, "", "KMSInvalidStateException", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.UpdateKeyDescription(ctx, &kms.UpdateKeyDescriptionInput{KeyId: &s.key, Description: aws.String("new")})
		return err
	}},
	"UpdatePrimaryRegion": {[]string{"kms:UpdatePrimaryRegion"}, "DisabledException", "KMSInvalidStateException", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.UpdatePrimaryRegion(ctx, &kms.UpdatePrimaryRegionInput{KeyId: &s.key, PrimaryRegion: aws.String(abroad)})
		return err
	}},
	"Verify": {[]string{"kms:Verify"}, "DisabledException", "KMSInvalidStateException", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.Verify(ctx, &kms.VerifyInput{KeyId: &s.key, Message: []byte("x"), Signature: s.made, SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha256})
		return err
	}},
	"VerifyMac": {[]string{"kms:VerifyMac"}, "DisabledException", "KMSInvalidStateException", func(ctx context.Context, c *kms.Client, s subject) error {
		_, err := c.VerifyMac(ctx, &kms.VerifyMacInput{KeyId: &s.key, Message: []byte("x"), Mac: s.made, MacAlgorithm: types.MacAlgorithmSpecHmacSha256})
		return err
	}},
}

func TestEveryKMSOperationIsCovered(t *testing.T) {
	t.Parallel()
	for _, name := range kmsemu.Operations("kms") {
		require.Contains(t, kmsCalls, name, "add a row to kmsCalls")
	}
	require.Len(t, kmsCalls, len(kmsemu.Operations("kms")))
}

// TestPermission calls each operation as a role that may do everything, and as
// its twin that may do everything but one action the operation needs.
func TestPermission(t *testing.T) {
	skipCallsInTurn(t)
	t.Parallel()
	w := newWorld(t)
	all := w.role(allowAllBut("kms:Nothing"))
	for name, row := range kmsCalls {
		s := w.subjectOf(name)
		if name == "CancelKeyDeletion" {
			w.pend(s)
		}
		for _, action := range row.actions {
			twin := w.role(allowAllBut(action))
			err := row.call(w.ctx, twin.kms, s)
			failsLike(t, err, "AccessDeniedException", "User: "+twin.arn+" is not authorized to perform: "+action+" on resource: ")
			failsLike(t, err, "AccessDeniedException", "because no identity-based policy allows the "+action+" action")
			denied := w.event(name)
			require.Equal(t, kmsemu.AccessDenied, denied.ErrorCode, name)
			require.False(t, denied.Decision.Allowed(), name)
		}
		require.NoError(t, row.call(w.ctx, all.kms, s), name)
		require.True(t, w.event(name).Decision.Allowed(), name)
	}
}

func (w *world) pend(s subject) {
	w.Helper()
	_, err := w.root.kms.ScheduleKeyDeletion(w.ctx, &kms.ScheduleKeyDeletionInput{KeyId: &s.key})
	require.NoError(w, err)
}

// TestKeyStates calls each operation on a key in each state.
func TestKeyStates(t *testing.T) {
	skipCallsInTurn(t)
	t.Parallel()
	w := newWorld(t)
	enabled := func(subject) {}
	disabled := func(s subject) {
		_, err := w.root.kms.DisableKey(w.ctx, &kms.DisableKeyInput{KeyId: &s.key})
		require.NoError(t, err)
	}
	texts := map[string]string{
		"DisabledException":        " is disabled.",
		"KMSInvalidStateException": " is pending deletion.",
	}
	for name, row := range kmsCalls {
		wantEnabled := ""
		if name == "CancelKeyDeletion" {
			wantEnabled = row.disabled
		}
		for _, state := range []struct {
			name  string
			enter func(subject)
			want  string
		}{{"Enabled", enabled, wantEnabled}, {"Disabled", disabled, row.disabled}, {"PendingDeletion", w.pend, row.pending}} {
			s := w.subjectOf(name)
			state.enter(s)
			err := row.call(w.ctx, w.root.kms, s)
			if state.want == "" {
				require.NoError(t, err, "%s of a key that is %s", name, state.name)
				continue
			}
			text := s.key + texts[state.want]
			if name == "CancelKeyDeletion" {
				text = s.key + " is not pending deletion."
			}
			fails(t, err, state.want, text)
		}
	}
}

// TestAuthorisationComesBeforeState: who may not use a key learns nothing of it.
func TestAuthorisationComesBeforeState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.subject()
	w.pend(s)
	err := kmsCalls["Encrypt"].call(w.ctx, w.role("").kms, s)
	fails(t, err, "AccessDeniedException", "")
}

// TestResponsesNameTheKeyByARN (K0014), whatever the request named it by.
func TestResponsesNameTheKeyByARN(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.subject()
	_, err := w.root.kms.CreateAlias(w.ctx, &kms.CreateAliasInput{AliasName: &s.newAlias, TargetKeyId: &s.key})
	require.NoError(t, err)
	id := s.key[strings.LastIndex(s.key, "/")+1:]
	aliasARN := "arn:aws:kms:us-east-1:000000000000:" + s.newAlias
	for _, name := range []string{id, s.key, s.newAlias, aliasARN} {
		out, err := w.root.kms.Encrypt(w.ctx, &kms.EncryptInput{KeyId: &name, Plaintext: []byte("x")})
		require.NoError(t, err, name)
		require.Equal(t, s.key, *out.KeyId, name)
	}
}

func TestIdentifiers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.key()
	missing := "1234abcd-12ab-34cd-56ef-1234567890ab"
	for name, row := range map[string]struct{ id, message string }{
		"unknown id":           {missing, "Key 'arn:aws:kms:us-east-1:000000000000:key/" + missing + "' does not exist"},
		"unknown ARN":          {"arn:aws:kms:us-east-1:" + other + ":key/" + missing, "Key 'arn:aws:kms:us-east-1:" + other + ":key/" + missing + "' does not exist"},
		"malformed id":         {"key-1", "Invalid keyId 'key-1'"},
		"id without dashes":    {strings.ReplaceAll(missing, "-", ""), "Invalid keyId '" + strings.ReplaceAll(missing, "-", "") + "'"},
		"another Region":       {"arn:aws:kms:eu-west-1:000000000000:key/" + missing, "Invalid arn eu-west-1"},
		"unknown alias":        {"alias/none", "Alias arn:aws:kms:us-east-1:000000000000:alias/none is not found."},
		"unknown alias ARN":    {"arn:aws:kms:us-east-1:" + other + ":alias/none", "Alias arn:aws:kms:us-east-1:" + other + ":alias/none is not found."},
		"ARN of another thing": {"arn:aws:s3:us-east-1:000000000000:bucket", "Invalid keyId 'arn:aws:s3:us-east-1:000000000000:bucket'"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.root.kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: &row.id})
			fails(t, err, "NotFoundException", row.message)
		})
	}
}

// TestManagementTakesNoAlias (K0013).
func TestManagementTakesNoAlias(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.subject()
	_, err := w.root.kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: &s.alias})
	require.NoError(t, err)
	for _, alias := range []string{s.alias, "arn:aws:kms:us-east-1:000000000000:" + s.alias} {
		_, err = w.root.kms.GetKeyPolicy(w.ctx, &kms.GetKeyPolicyInput{KeyId: &alias})
		fails(t, err, "InvalidArnException", "Key Aliases are not supported for this operation.")
		_, err = w.root.kms.CreateAlias(w.ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/of-an-alias"), TargetKeyId: &alias})
		fails(t, err, "ValidationException", "Aliases must refer to keys. Not aliases")
	}
}
