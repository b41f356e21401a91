package keypolicy_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/keypolicy"
)

// actionsWhere lists the names, without prefix, of the actions that hold.
func actionsWhere(holds func(keypolicy.Action) bool) []string {
	var found []string
	for _, a := range keypolicy.Actions() {
		if holds(a) {
			found = append(found, strings.TrimPrefix(a.Name, "kms:"))
		}
	}
	return found
}

// keysWhere lists the names of the condition keys that hold.
func keysWhere(holds func(keypolicy.ConditionKey) bool) []string {
	var found []string
	for _, k := range keypolicy.ConditionKeys() {
		if holds(k) {
			found = append(found, k.Name)
		}
	}
	return found
}

func action(t *testing.T, name string) keypolicy.Action {
	t.Helper()
	a, ok := keypolicy.LookUpAction(name)
	require.Truef(t, ok, "no action %s", name)
	return a
}

// The 56 operations are the methods of the SDK's client; ReEncrypt takes two
// permissions, and one permission has no operation: 58 actions.
func TestActionsAreTheOperationsOfTheAPI(t *testing.T) {
	t.Parallel()
	var api []string
	client := reflect.TypeFor[*kms.Client]()
	for i := range client.NumMethod() {
		if name := client.Method(i).Name; name != "Options" {
			api = append(api, name)
		}
	}
	require.Len(t, api, 56)

	var operations []string
	for _, a := range keypolicy.Actions() {
		if a.Operation != "" {
			operations = append(operations, a.Operation)
		}
	}
	slices.Sort(operations)
	require.Equal(t, api, slices.Compact(operations))
	require.Len(t, keypolicy.Actions(), 56+1+1)
	require.Equal(t, []string{"ReEncryptFrom", "ReEncryptTo"}, actionsWhere(func(a keypolicy.Action) bool { return "kms:"+a.Operation != a.Name && a.Operation != "" }))
	require.Equal(t, []string{"SynchronizeMultiRegionKey"}, actionsWhere(func(a keypolicy.Action) bool { return a.Operation == "" }))
}

func TestGrantOperationsAreThoseOfTheAPI(t *testing.T) {
	t.Parallel()
	var api []string
	for _, operation := range types.GrantOperation("").Values() {
		api = append(api, string(operation))
	}
	slices.Sort(api)
	require.Equal(t, api, actionsWhere(func(a keypolicy.Action) bool { return a.GrantOperation != "" }))
	for _, a := range keypolicy.Actions() {
		if a.GrantOperation != "" {
			require.Equal(t, "kms:"+a.GrantOperation, a.Name)
		}
	}
}

func TestUsagesAreThoseOfTheAPI(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, a := range keypolicy.Actions() {
		for _, usage := range a.Usages {
			require.Containsf(t, types.KeyUsageType("").Values(), types.KeyUsageType(usage), "%s", a.Name)
			used[usage] = true
		}
	}
	require.Len(t, used, len(types.KeyUsageType("").Values()))
}

// Source: KMS API Reference, "Cross-account use" of each operation; KMS Developer
// Guide, "AWS KMS permissions".
func TestCrossAccountActions(t *testing.T) {
	t.Parallel()
	require.Equal(t, strings.Fields(`CreateGrant Decapsulate Decrypt DeriveSharedSecret DescribeKey Encapsulate Encrypt
		GenerateDataKey GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext GenerateDataKeyWithoutPlaintext GenerateMac
		GetKeyRotationStatus GetPublicKey ListGrants ReEncryptFrom ReEncryptTo RetireGrant RevokeGrant Sign Verify VerifyMac`),
		actionsWhere(func(a keypolicy.Action) bool { return a.CrossAccount }))
}

// Source: KMS Developer Guide, "AWS KMS permissions", policy type and resources.
func TestActionsWithoutEffectInAKeyPolicy(t *testing.T) {
	t.Parallel()
	noKey := strings.Fields(`ConnectCustomKeyStore CreateCustomKeyStore CreateKey DeleteCustomKeyStore DescribeCustomKeyStores
		DisconnectCustomKeyStore GenerateRandom ListAliases ListKeys ListRetirableGrants UpdateCustomKeyStore`)
	require.Equal(t, noKey, actionsWhere(func(a keypolicy.Action) bool { return len(a.Resources) == 0 }))
	require.ElementsMatch(t, append(noKey, "RetireGrant"), actionsWhere(func(a keypolicy.Action) bool { return !a.InKeyPolicy }))
	require.Equal(t, []string{"CreateAlias", "DeleteAlias", "UpdateAlias"},
		actionsWhere(func(a keypolicy.Action) bool { return slices.Contains(a.Resources, keypolicy.AliasResource) }))
	for _, a := range keypolicy.Actions() {
		require.Truef(t, len(a.Resources) == 0 || slices.Contains(a.Resources, keypolicy.KeyResource), "%s", a.Name)
	}
}

// Source: Service Authorization Reference, AWS KMS, access levels.
func TestAccessLevels(t *testing.T) {
	t.Parallel()
	for level, want := range map[keypolicy.AccessLevel]string{
		keypolicy.List:                  "ListAliases ListGrants ListKeyPolicies ListKeyRotations ListKeys ListResourceTags ListRetirableGrants",
		keypolicy.Read:                  "DescribeCustomKeyStores DescribeKey GetKeyLastUsage GetKeyPolicy GetKeyRotationStatus GetParametersForImport GetPublicKey",
		keypolicy.PermissionsManagement: "CreateGrant PutKeyPolicy RetireGrant RevokeGrant",
		keypolicy.Tagging:               "TagResource UntagResource",
	} {
		require.Equal(t, strings.Fields(want), actionsWhere(func(a keypolicy.Action) bool { return a.Access == level }))
	}
	require.Len(t, actionsWhere(func(a keypolicy.Action) bool { return a.Access == keypolicy.Write }), 58-7-7-4-2)
}

// The reference lists 98 keys for KMS: 95 of its own, 57 of them for
// attestation, and three global ones about tags.
func TestConditionKeyCounts(t *testing.T) {
	t.Parallel()
	begins := func(prefix string) func(keypolicy.ConditionKey) bool {
		return func(k keypolicy.ConditionKey) bool { return strings.HasPrefix(k.Name, prefix) }
	}
	require.Len(t, keysWhere(func(k keypolicy.ConditionKey) bool {
		return strings.HasPrefix(k.Source, "Service Authorization Reference")
	}), 98)
	require.Len(t, keysWhere(begins("kms:")), 95)
	require.Len(t, keysWhere(begins("kms:RecipientAttestation:")), 32+24+1)
	require.Len(t, keysWhere(begins("kms:RecipientAttestation:PCR")), 32)
	require.Len(t, keysWhere(begins("kms:RecipientAttestation:NitroTPMPCR")), 24)
}

func TestCatalogueIsSortedAndWhole(t *testing.T) {
	t.Parallel()
	_, err := time.Parse(time.DateOnly, keypolicy.CatalogueDate)
	require.NoError(t, err)
	all := func(keypolicy.Action) bool { return true }
	require.True(t, slices.IsSorted(actionsWhere(all)))
	require.Len(t, slices.Compact(actionsWhere(all)), len(keypolicy.Actions()))

	keys := keysWhere(func(keypolicy.ConditionKey) bool { return true })
	require.True(t, slices.IsSorted(keys))
	require.Len(t, slices.Compact(slices.Clone(keys)), len(keys))
	inUse := map[string]bool{}
	for _, a := range keypolicy.Actions() {
		require.Truef(t, slices.IsSorted(a.ConditionKeys), "%s", a.Name)
		require.Lenf(t, slices.Compact(slices.Clone(a.ConditionKeys)), len(a.ConditionKeys), "%s lists a key twice", a.Name)
		for _, key := range a.ConditionKeys {
			require.Containsf(t, keys, key, "%s", a.Name)
			inUse[key] = true
		}
	}
	for _, key := range keypolicy.ConditionKeys() {
		require.Truef(t, inUse[key.Name], "%s is in no action's context", key.Name)
		require.Equalf(t, key.Prefix, strings.HasSuffix(key.Name, ":") || strings.HasSuffix(key.Name, "/"), "%s", key.Name)
		require.NotEmptyf(t, key.Type, "%s", key.Name)
		require.NotEmptyf(t, key.Source, "%s", key.Name)
	}
}

func TestActionHasConditionKey(t *testing.T) {
	t.Parallel()
	const guide, reference, attested, global = "KMS Developer Guide, AWS KMS permissions", "Service Authorization Reference, AWS KMS",
		"KMS Developer Guide, AWS KMS condition keys for attested platforms", "IAM User Guide, AWS global condition context keys"
	for _, c := range []struct {
		key, has, lacks string
		source          string
	}{
		{"kms:EncryptionContext:tenant", "kms:Decrypt", "kms:DescribeKey", guide},
		{"kms:EncryptionContextKeys", "kms:CreateGrant", "kms:Sign", guide},
		{"kms:EncryptionAlgorithm", "kms:GenerateDataKey", "kms:GenerateMac", guide},
		{"kms:RequestAlias", "kms:GetPublicKey", "kms:EnableKey", guide},
		{"kms:GrantIsForAWSResource", "kms:RevokeGrant", "kms:RetireGrant", guide},
		{"kms:GrantConstraintType", "kms:RetireGrant", "kms:RevokeGrant", guide},
		{"kms:GranteePrincipal", "kms:CreateGrant", "kms:ListGrants", guide},
		{"kms:GrantConstraintSourceArn", "kms:CreateGrant", "kms:RetireGrant", guide},
		{"kms:TrailingDaysWithoutKeyUsage", "kms:DisableKey", "kms:EnableKey", guide},
		{"kms:ScheduleKeyDeletionPendingWindowInDays", "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion", reference},
		{"kms:RotationPeriodInDays", "kms:EnableKeyRotation", "kms:RotateKeyOnDemand", guide},
		{"kms:BypassPolicyLockoutSafetyCheck", "kms:CreateKey", "kms:ReplicateKey", guide},
		{"kms:BypassPolicyLockoutSafetyCheck", "kms:PutKeyPolicy", "kms:GetKeyPolicy", guide},
		{"kms:ReEncryptOnSameKey", "kms:ReEncryptFrom", "kms:Encrypt", guide},
		{"kms:DataKeyPairSpec", "kms:GenerateDataKeyPairWithoutPlaintext", "kms:GenerateDataKeyWithoutPlaintext", guide},
		{"kms:MacAlgorithm", "kms:VerifyMac", "kms:Verify", guide},
		{"kms:SigningAlgorithm", "kms:Verify", "kms:VerifyMac", guide},
		{"kms:MessageType", "kms:Sign", "kms:GenerateMac", guide},
		{"kms:KeyAgreementAlgorithm", "kms:DeriveSharedSecret", "kms:Decapsulate", guide},
		{"kms:WrappingKeySpec", "kms:GetParametersForImport", "kms:ImportKeyMaterial", guide},
		{"kms:ValidTo", "kms:ImportKeyMaterial", "kms:GetParametersForImport", guide},
		{"kms:ReplicaRegion", "kms:ReplicateKey", "kms:UpdatePrimaryRegion", guide},
		{"kms:PrimaryRegion", "kms:UpdatePrimaryRegion", "kms:ReplicateKey", guide},
		{"kms:CallerAccount", "kms:ConnectCustomKeyStore", "kms:ListKeys", guide},
		{"kms:ViaService", "kms:CreateKey", "kms:CreateCustomKeyStore", guide},
		{"kms:CallerAccount", "kms:DescribeKey", "kms:SynchronizeMultiRegionKey", reference},
		{"kms:KeySpec", "kms:CreateKey", "kms:GenerateRandom", guide},
		{"kms:CustomerMasterKeySpec", "kms:CreateKey", "kms:GenerateRandom", "KMS Developer Guide, AWS KMS condition keys: it works as kms:KeySpec"},
		{"kms:ResourceAliases", "kms:Decrypt", "kms:CreateKey", guide},
		{"kms:RecipientAttestation:ImageSha384", "kms:GenerateRandom", "kms:Encrypt", attested},
		{"kms:RecipientAttestation:PCR31", "kms:DeriveSharedSecret", "kms:Decapsulate", attested},
		{"kms:RecipientAttestation:NitroTPMPCR23", "kms:GenerateDataKeyPair", "kms:GenerateDataKeyPairWithoutPlaintext", attested},
		{"aws:RequestTag/team", "kms:TagResource", "kms:ListResourceTags", guide},
		{"aws:TagKeys", "kms:UntagResource", "kms:DescribeKey", guide},
		{"aws:ResourceTag/team", "kms:Decrypt", "kms:ListAliases", guide},
		{"AWS:PrincipalTag/Team", "kms:ListAliases", "", global},
		{"aws:SourceVpcArn", "kms:GenerateRandom", "", global},
		{"kms:NoSuchKey", "", "kms:Decrypt", reference},
		{"s3:prefix", "", "kms:Decrypt", reference},
	} {
		if c.has != "" {
			require.Truef(t, action(t, c.has).HasConditionKey(c.key), "%s on %s: %s", c.key, c.has, c.source)
		}
		if c.lacks != "" {
			require.Falsef(t, action(t, c.lacks).HasConditionKey(c.key), "%s on %s: %s", c.key, c.lacks, c.source)
		}
	}
}

func TestConditionKeyFacts(t *testing.T) {
	t.Parallel()
	multiValued := strings.Fields(`aws:CalledVia aws:PrincipalOrgPaths aws:PrincipalServiceNamesList aws:ResourceOrgPaths
		aws:SourceOrgPaths aws:TagKeys aws:VpceOrgPaths kms:EncryptionContextKeys kms:GrantOperations kms:ResourceAliases`)
	require.Equal(t, multiValued, keysWhere(func(k keypolicy.ConditionKey) bool { return k.MultiValued }))
	require.Equal(t, []string{"kms:ResourceAliases"}, keysWhere(func(k keypolicy.ConditionKey) bool { return k.IAMOnly }))
	require.Equal(t, []string{"aws:PrincipalTag/", "aws:RequestTag/", "aws:ResourceTag/", "kms:EncryptionContext:"},
		keysWhere(func(k keypolicy.ConditionKey) bool { return k.Prefix }))
	require.Equal(t, []string{"kms:CustomerMasterKeySpec", "kms:CustomerMasterKeyUsage"},
		keysWhere(func(k keypolicy.ConditionKey) bool { return k.Deprecated != "" }))
	for _, name := range keysWhere(func(k keypolicy.ConditionKey) bool { return k.Deprecated != "" }) {
		key, _ := keypolicy.LookUpConditionKey(name)
		successor, ok := keypolicy.LookUpConditionKey(key.Deprecated)
		require.True(t, ok)
		require.Empty(t, successor.Deprecated)
		for _, a := range keypolicy.Actions() {
			require.Equalf(t, a.HasConditionKey(key.Deprecated), a.HasConditionKey(name), "%s on %s", name, a.Name)
		}
	}
}

// Sources: Service Authorization Reference, AWS KMS; IAM User Guide, "AWS global
// condition context keys".
func TestConditionKeyTypes(t *testing.T) {
	t.Parallel()
	ofType := func(valueType keypolicy.ValueType, prefix string) []string {
		return keysWhere(func(k keypolicy.ConditionKey) bool {
			return k.Type == valueType && strings.HasPrefix(k.Name, prefix)
		})
	}
	require.Equal(t, []string{"kms:BypassPolicyLockoutSafetyCheck", "kms:GrantIsForAWSResource", "kms:MultiRegion", "kms:ReEncryptOnSameKey"}, ofType(keypolicy.BoolType, "kms:"))
	require.Equal(t, []string{"kms:RotationPeriodInDays", "kms:ScheduleKeyDeletionPendingWindowInDays", "kms:TrailingDaysWithoutKeyUsage"}, ofType(keypolicy.NumericType, "kms:"))
	require.Equal(t, []string{"kms:ValidTo"}, ofType(keypolicy.DateType, "kms:"))
	require.Equal(t, []string{"kms:GrantConstraintSourceArn"}, ofType(keypolicy.ARNType, "kms:"))
	require.Len(t, ofType(keypolicy.StringType, "kms:"), 95-4-3-1-1)

	require.Equal(t, strings.Fields("aws:AssumedRoot aws:MultiFactorAuthPresent aws:PrincipalIsAWSService aws:SecureTransport aws:ViaAWSMCPService aws:ViaAWSService"), ofType(keypolicy.BoolType, "aws:"))
	require.Equal(t, strings.Fields("aws:Ec2InstanceSourcePrivateIPv4 aws:SourceIp aws:VpcSourceIp"), ofType(keypolicy.IPAddressType, ""))
	require.Equal(t, strings.Fields("aws:CurrentTime aws:EpochTime aws:TokenIssueTime"), ofType(keypolicy.DateType, "aws:"))
	require.Equal(t, []string{"aws:MultiFactorAuthAge"}, ofType(keypolicy.NumericType, "aws:"))
	require.Equal(t, strings.Fields("aws:ChatbotSourceArn aws:PrincipalArn aws:SignInSessionArn aws:SourceArn aws:SourceVpcArn"), ofType(keypolicy.ARNType, "aws:"))
	for _, key := range keypolicy.ConditionKeys() {
		switch {
		case key.Type == keypolicy.ARNType:
			require.Equalf(t, keypolicy.StringType, key.Also, "%s", key.Name)
		case key.Name == "aws:EpochTime":
			require.Equal(t, keypolicy.NumericType, key.Also)
		case key.Name == "aws:FederatedProvider":
			require.Equal(t, keypolicy.ARNType, key.Also)
		default:
			require.Emptyf(t, key.Also, "%s", key.Name)
		}
	}
}

func TestLookUpAction(t *testing.T) {
	t.Parallel()
	for _, a := range keypolicy.Actions() {
		for _, name := range []string{a.Name, strings.ToLower(a.Name), strings.ToUpper(a.Name)} {
			found, ok := keypolicy.LookUpAction(name)
			require.Truef(t, ok, "%s", name)
			require.Equal(t, a, found)
		}
	}
	for _, name := range []string{"", "Decrypt", "kms:", "kms:*", "kms:Decrypt*", "kms:ReEncrypt", "kms:Decrypts", "s3:GetObject", "kms:Decrypt "} {
		found, ok := keypolicy.LookUpAction(name)
		require.Falsef(t, ok, "%s", name)
		require.Zero(t, found)
	}
}

func TestLookUpConditionKey(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, want string }{
		{"kms:ViaService", "kms:ViaService"},
		{"KMS:VIASERVICE", "kms:ViaService"},
		{"aws:UserName", "aws:username"},
		{"aws:sourcevpc", "aws:SourceVpc"},
		{"aws:sourcevpce", "aws:SourceVpce"},
		{"ec2:SourceInstanceARN", "ec2:SourceInstanceArn"},
		{"kms:EncryptionContext:tenant", "kms:EncryptionContext:"},
		{"kms:encryptioncontext:aws:s3:arn", "kms:EncryptionContext:"},
		{"kms:EncryptionContext:a/b", "kms:EncryptionContext:"},
		{"kms:EncryptionContext:", "kms:EncryptionContext:"},
		{"kms:EncryptionContextKeys", "kms:EncryptionContextKeys"},
		{"aws:ResourceTag/x", "aws:ResourceTag/"},
		{"AWS:RESOURCETAG/x:y", "aws:ResourceTag/"},
		{"aws:PrincipalTag/team", "aws:PrincipalTag/"},
		{"kms:RecipientAttestation:PCR0", "kms:RecipientAttestation:PCR0"},
		{"kms:recipientattestation:nitrotpmpcr12", "kms:RecipientAttestation:NitroTPMPCR12"},
	} {
		key, ok := keypolicy.LookUpConditionKey(c.name)
		require.Truef(t, ok, "%s", c.name)
		require.Equal(t, c.want, key.Name)
	}
	for _, name := range []string{
		"", "kms:", "ViaService", "kms:ViaServices", "kms:ViaService:x", "kms:EncryptionContext", "kms:EncryptionContextKeys:x", "aws:ResourceTag",
		"kms:ResourceTag/x", "kms:RecipientAttestation:", "kms:RecipientAttestation:PCR32", "kms:RecipientAttestation:PCR00",
		"kms:RecipientAttestation:NitroTPMPCR24", "aws:IsMcpServiceAction", "s3:prefix",
	} {
		key, ok := keypolicy.LookUpConditionKey(name)
		require.Falsef(t, ok, "%s", name)
		require.Zero(t, key)
	}
}

// Source: KMS Developer Guide, "Key type reference"; KMS API Reference, each
// operation.
func TestActionWorksOn(t *testing.T) {
	t.Parallel()
	const symmetric, hmac, rsa, ecc, mlKEM, mlDSA = "SYMMETRIC_DEFAULT", "HMAC_256", "RSA_2048", "ECC_NIST_P256", "ML_KEM_768", "ML_DSA_65"
	const encrypt, sign, mac, agree, encapsulate = "ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT", "ENCAPSULATE_DECAPSULATE"
	for _, c := range []struct {
		action, spec, usage string
		want                bool
	}{
		{"kms:Encrypt", symmetric, encrypt, true},
		{"kms:Encrypt", rsa, encrypt, true},
		{"kms:Encrypt", rsa, sign, false},
		{"kms:ReEncryptTo", rsa, encrypt, true},
		{"kms:ReEncryptFrom", hmac, mac, false},
		{"kms:Decrypt", mlKEM, encapsulate, false},
		{"kms:GenerateDataKey", symmetric, encrypt, true},
		{"kms:GenerateDataKey", rsa, encrypt, false},
		{"kms:GenerateDataKeyPairWithoutPlaintext", symmetric, encrypt, true},
		{"kms:GenerateDataKeyPairWithoutPlaintext", rsa, encrypt, false},
		{"kms:GenerateDataKeyPair", hmac, mac, false},
		{"kms:GenerateDataKeyWithoutPlaintext", rsa, encrypt, false},
		{"kms:Sign", ecc, sign, true},
		{"kms:Sign", ecc, agree, false},
		{"kms:Verify", mlDSA, sign, true},
		{"kms:Verify", symmetric, encrypt, false},
		{"kms:Sign", symmetric, "", false},
		{"kms:Sign", rsa, "", true},
		{"kms:Sign", "", encrypt, false},
		{"kms:Sign", "", "", true},
		{"kms:GenerateMac", hmac, mac, true},
		{"kms:VerifyMac", symmetric, encrypt, false},
		{"kms:DeriveSharedSecret", ecc, agree, true},
		{"kms:DeriveSharedSecret", ecc, sign, false},
		{"kms:Encapsulate", mlKEM, encapsulate, true},
		{"kms:Decapsulate", ecc, agree, false},
		{"kms:GetPublicKey", rsa, encrypt, true},
		{"kms:GetPublicKey", mlKEM, encapsulate, true},
		{"kms:GetPublicKey", symmetric, encrypt, false},
		{"kms:GetPublicKey", hmac, mac, false},
		{"kms:GetPublicKey", hmac, "", false},
		{"kms:GetPublicKey", rsa, "", true},
		{"kms:EnableKeyRotation", symmetric, encrypt, true},
		{"kms:EnableKeyRotation", rsa, encrypt, false},
		{"kms:RotateKeyOnDemand", hmac, mac, false},
		{"kms:DisableKeyRotation", ecc, sign, false},
		{"kms:CreateGrant", hmac, mac, true},
		{"kms:PutKeyPolicy", mlDSA, sign, true},
	} {
		require.Equalf(t, c.want, action(t, c.action).WorksOn(c.spec, c.usage), "%s on %s %s", c.action, c.spec, c.usage)
	}
}

func TestCatalogueCannotBeChanged(t *testing.T) {
	t.Parallel()
	keypolicy.Actions()[0].Name = "kms:Other"
	keypolicy.ConditionKeys()[0].Name = "kms:Other"
	require.Equal(t, "kms:CancelKeyDeletion", keypolicy.Actions()[0].Name)
	require.Equal(t, "aws:AssumedRoot", keypolicy.ConditionKeys()[0].Name)
}

func ExampleLookUpAction() {
	decrypt, _ := keypolicy.LookUpAction("kms:decrypt")
	fmt.Println(decrypt.Name, decrypt.Access, decrypt.CrossAccount)
	fmt.Println(decrypt.HasConditionKey("kms:EncryptionContext:tenant"), decrypt.HasConditionKey("kms:SigningAlgorithm"))
	fmt.Println(decrypt.WorksOn("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"), decrypt.WorksOn("HMAC_256", "GENERATE_VERIFY_MAC"))
	// Output:
	// kms:Decrypt Write true
	// true false
	// true false
}

func ExampleLookUpConditionKey() {
	key, _ := keypolicy.LookUpConditionKey("kms:encryptioncontext:tenant")
	fmt.Println(key.Name, key.Type, key.Prefix, key.MultiValued)
	// Output: kms:EncryptionContext: String true false
}
