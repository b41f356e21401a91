package test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"
)

// leastPrivilege: each role can call what its statements list, and nothing else;
// a stranger nothing, whatever its own IAM policy says.
func leastPrivilege(t *testing.T, k *key) {
	k.mustEnforce(t)
	s := k.newSubject(t)
	for _, role := range append(k.otherRoles(), "administrator") {
		may := k.preset.uses[role]
		if role == "administrator" && k.preset.name != "grants" {
			may = append(slices.Clone(administer), k.preset.administers...)
		}
		for _, c := range accessCalls {
			err := c.do(t.Context(), k.roles[role].KMS, s)
			if slices.Contains(may, c.action) {
				require.Truef(t, err == nil || slices.Contains(c.passes, code(err)), "%s may call %s, got: %v", role, c.action, err)
			} else {
				require.Equalf(t, "AccessDeniedException", code(err), "%s must not call %s, got: %v", role, c.action, err)
			}
		}
	}
	if k.preset.origin == "EXTERNAL" {
		k.importMaterial(t, k.preset.material()) // the last call deleted it
	}
}

// denialTold: a denial is asserted with what decided it. The stranger's kms:* in
// IAM has no power, for the key policy delegates nothing; the user's same call is
// allowed.
func denialTold(t *testing.T, k *key) {
	k.mustEnforce(t)
	s := k.newSubject(t)
	decrypt := func(ctx context.Context, client *kms.Client) error {
		_, err := client.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: s.ciphertext, EncryptionContext: s.context})
		return err
	}
	require.NoError(t, decrypt(t.Context(), k.as("user")))
	for _, role := range []string{"stranger", "administrator"} {
		who := k.roles[role]
		require.Contains(t, k.AssertRefused(who, decrypt), "resource-based policy: nothing allows kms:Decrypt to "+who.ARN)
	}
}

// code is the error code of an API's answer; "" for none.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// accessCall is a call that needs the permission for one action on the key, or
// one whose other needs everybody has.
type accessCall struct {
	action string
	do     func(context.Context, *kms.Client, *subject) error
	// passes are errors that come after the permission.
	passes []string
}

// accessCalls are in an order in which each undoes what the one before changed.
var accessCalls = slices.Concat(usingCalls, administeringCalls)

var usingCalls = []accessCall{
	{action: "Encrypt", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.Encrypt(ctx, &kms.EncryptInput{KeyId: &s.key, Plaintext: plaintext, EncryptionContext: s.context, EncryptionAlgorithm: s.encryption})
		return err
	}},
	{action: "Decrypt", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.Decrypt(ctx, &kms.DecryptInput{KeyId: &s.key, CiphertextBlob: s.ciphertext, EncryptionContext: s.context, EncryptionAlgorithm: s.encryption})
		return err
	}},
	{action: "ReEncryptFrom", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.ReEncrypt(ctx, &kms.ReEncryptInput{
			SourceKeyId: &s.key, CiphertextBlob: s.ciphertext, SourceEncryptionContext: s.context, SourceEncryptionAlgorithm: s.encryption,
			DestinationKeyId: &s.open,
		})
		return err
	}},
	{action: "ReEncryptTo", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.ReEncrypt(ctx, &kms.ReEncryptInput{
			SourceKeyId: &s.open, CiphertextBlob: s.openCiphertext,
			DestinationKeyId: &s.key, DestinationEncryptionContext: s.context, DestinationEncryptionAlgorithm: s.encryption,
		})
		return err
	}},
	{action: "GenerateDataKey", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: &s.key, KeySpec: types.DataKeySpecAes256, EncryptionContext: s.context})
		return err
	}},
	{action: "GenerateDataKeyWithoutPlaintext", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.GenerateDataKeyWithoutPlaintext(ctx, &kms.GenerateDataKeyWithoutPlaintextInput{
			KeyId: &s.key, KeySpec: types.DataKeySpecAes256, EncryptionContext: s.context,
		})
		return err
	}},
	{action: "GenerateDataKeyPair", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.GenerateDataKeyPair(ctx, &kms.GenerateDataKeyPairInput{
			KeyId: &s.key, KeyPairSpec: types.DataKeyPairSpecEccNistP256, EncryptionContext: s.context,
		})
		return err
	}},
	{action: "Sign", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.Sign(ctx, &kms.SignInput{KeyId: &s.key, Message: plaintext, SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha256})
		return err
	}},
	{action: "Verify", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.Verify(ctx, &kms.VerifyInput{
			KeyId: &s.key, Message: plaintext, Signature: s.signature, SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha256,
		})
		return err
	}},
	{action: "GenerateMac", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.GenerateMac(ctx, &kms.GenerateMacInput{KeyId: &s.key, Message: plaintext, MacAlgorithm: types.MacAlgorithmSpecHmacSha256})
		return err
	}},
	{action: "VerifyMac", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.VerifyMac(ctx, &kms.VerifyMacInput{KeyId: &s.key, Message: plaintext, Mac: s.mac, MacAlgorithm: types.MacAlgorithmSpecHmacSha256})
		return err
	}},
	{action: "DeriveSharedSecret", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.DeriveSharedSecret(ctx, &kms.DeriveSharedSecretInput{
			KeyId: &s.key, PublicKey: s.peer, KeyAgreementAlgorithm: types.KeyAgreementAlgorithmSpecEcdh,
		})
		return err
	}},
	{action: "GetPublicKey", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.GetPublicKey(ctx, &kms.GetPublicKeyInput{KeyId: &s.key})
		return err
	}},
	{action: "CreateGrant", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.CreateGrant(ctx, &kms.CreateGrantInput{
			KeyId: &s.key, GranteePrincipal: &s.grantee, Operations: []types.GrantOperation{types.GrantOperationDescribeKey},
		})
		return err
	}},
	{action: "ListGrants", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.ListGrants(ctx, &kms.ListGrantsInput{KeyId: &s.key})
		return err
	}},
	{
		action: "RevokeGrant", passes: []string{"InvalidGrantIdException", "NotFoundException"},
		do: func(ctx context.Context, c *kms.Client, s *subject) error {
			_, err := c.RevokeGrant(ctx, &kms.RevokeGrantInput{KeyId: &s.key, GrantId: aws.String("0123456789")})
			return err
		},
	},
}

// ofReplicas: a replica is not rotated or replicated itself, whoever asks.
var ofReplicas = []string{"UnsupportedOperationException"}

var administeringCalls = []accessCall{
	{action: "DescribeKey", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &s.key})
		return err
	}},
	{action: "GetKeyPolicy", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &s.key})
		return err
	}},
	{action: "PutKeyPolicy", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &s.key, Policy: &s.policy})
		return err
	}},
	{action: "ListKeyPolicies", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.ListKeyPolicies(ctx, &kms.ListKeyPoliciesInput{KeyId: &s.key})
		return err
	}},
	{action: "ListResourceTags", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.ListResourceTags(ctx, &kms.ListResourceTagsInput{KeyId: &s.key})
		return err
	}},
	{action: "TagResource", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.TagResource(ctx, &kms.TagResourceInput{KeyId: &s.key, Tags: []types.Tag{{TagKey: aws.String("probe"), TagValue: aws.String("")}}})
		return err
	}},
	{action: "UntagResource", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.UntagResource(ctx, &kms.UntagResourceInput{KeyId: &s.key, TagKeys: []string{"probe"}})
		return err
	}},
	{action: "UpdateKeyDescription", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.UpdateKeyDescription(ctx, &kms.UpdateKeyDescriptionInput{KeyId: &s.key, Description: &s.description})
		return err
	}},
	{action: "CreateAlias", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String(s.alias + "-new"), TargetKeyId: &s.key})
		return err
	}},
	{action: "UpdateAlias", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.UpdateAlias(ctx, &kms.UpdateAliasInput{AliasName: &s.alias, TargetKeyId: &s.key})
		return err
	}},
	{action: "DeleteAlias", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.DeleteAlias(ctx, &kms.DeleteAliasInput{AliasName: &s.alias})
		return err
	}},
	{action: "GetKeyRotationStatus", passes: []string{"UnsupportedOperationException"}, do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: &s.key})
		return err
	}},
	{
		action: "ReplicateKey", passes: append([]string{"AlreadyExistsException"}, ofReplicas...),
		do: func(ctx context.Context, c *kms.Client, s *subject) error {
			_, err := c.ReplicateKey(ctx, &kms.ReplicateKeyInput{KeyId: &s.key, ReplicaRegion: aws.String(replicaRegion)})
			return err
		},
	},
	{
		action: "UpdatePrimaryRegion", passes: []string{"UnsupportedOperationException"}, // it is there already
		do: func(ctx context.Context, c *kms.Client, s *subject) error {
			_, err := c.UpdatePrimaryRegion(ctx, &kms.UpdatePrimaryRegionInput{KeyId: &s.key, PrimaryRegion: &s.region})
			return err
		},
	},
	{action: "ListKeyRotations", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.ListKeyRotations(ctx, &kms.ListKeyRotationsInput{KeyId: &s.key})
		return err
	}},
	{action: "DisableKeyRotation", passes: ofReplicas, do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.DisableKeyRotation(ctx, &kms.DisableKeyRotationInput{KeyId: &s.key})
		return err
	}},
	{action: "EnableKeyRotation", passes: ofReplicas, do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: &s.key, RotationPeriodInDays: &s.period})
		return err
	}},
	{
		// An imported key has no new material to rotate to.
		action: "RotateKeyOnDemand", passes: append([]string{"KMSInvalidStateException"}, ofReplicas...),
		do: func(ctx context.Context, c *kms.Client, s *subject) error {
			_, err := c.RotateKeyOnDemand(ctx, &kms.RotateKeyOnDemandInput{KeyId: &s.key})
			return err
		},
	},
	{action: "DisableKey", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.DisableKey(ctx, &kms.DisableKeyInput{KeyId: &s.key})
		return err
	}},
	{action: "ScheduleKeyDeletion", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &s.key, PendingWindowInDays: aws.Int32(30)})
		return err
	}},
	{action: "CancelKeyDeletion", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.CancelKeyDeletion(ctx, &kms.CancelKeyDeletionInput{KeyId: &s.key})
		return err
	}},
	{action: "EnableKey", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.EnableKey(ctx, &kms.EnableKeyInput{KeyId: &s.key})
		return err
	}},
	{action: "GetParametersForImport", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.GetParametersForImport(ctx, &kms.GetParametersForImportInput{
			KeyId: &s.key, WrappingAlgorithm: types.AlgorithmSpecRsaesOaepSha256, WrappingKeySpec: types.WrappingKeySpecRsa2048,
		})
		return err
	}},
	{
		action: "ImportKeyMaterial", passes: []string{"InvalidImportTokenException"},
		do: func(ctx context.Context, c *kms.Client, s *subject) error {
			_, err := c.ImportKeyMaterial(ctx, &kms.ImportKeyMaterialInput{
				KeyId: &s.key, ImportToken: []byte("none"), EncryptedKeyMaterial: []byte("none"),
				ExpirationModel: types.ExpirationModelTypeKeyMaterialExpires, ValidTo: aws.Time(time.Now().Add(time.Hour)),
			})
			return err
		},
	},
	{action: "DeleteImportedKeyMaterial", do: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.DeleteImportedKeyMaterial(ctx, &kms.DeleteImportedKeyMaterialInput{KeyId: &s.key})
		return err
	}},
}
