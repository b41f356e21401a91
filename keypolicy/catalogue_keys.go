package keypolicy

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

const (
	serviceSource = "Service Authorization Reference, Actions, resources, and condition keys for AWS Key Management Service"
	globalSource  = "IAM User Guide, AWS global condition context keys"
)

// serviceKeys are the condition keys that the reference lists for KMS, besides
// those of [attestationKeys]. Which are single-valued and which work in IAM
// policies only is said by the KMS Developer Guide, "AWS KMS condition keys".
var serviceKeys = []ConditionKey{
	{Name: "aws:RequestTag/", Type: StringType, Prefix: true},
	{Name: "aws:ResourceTag/", Type: StringType, Prefix: true},
	{Name: "aws:TagKeys", Type: StringType, MultiValued: true},
	{Name: "kms:BypassPolicyLockoutSafetyCheck", Type: BoolType},
	{Name: "kms:CallerAccount", Type: StringType},
	{Name: "kms:CustomerMasterKeySpec", Type: StringType, Deprecated: "kms:KeySpec"},
	{Name: "kms:CustomerMasterKeyUsage", Type: StringType, Deprecated: "kms:KeyUsage"},
	{Name: "kms:DataKeyPairSpec", Type: StringType},
	{Name: "kms:EncryptionAlgorithm", Type: StringType},
	{Name: "kms:EncryptionContext:", Type: StringType, Prefix: true},
	{Name: "kms:EncryptionContextKeys", Type: StringType, MultiValued: true},
	{Name: "kms:ExpirationModel", Type: StringType},
	{Name: "kms:GrantConstraintSourceArn", Type: ARNType, Also: StringType},
	{Name: "kms:GrantConstraintType", Type: StringType},
	{Name: "kms:GrantIsForAWSResource", Type: BoolType},
	{Name: "kms:GrantOperations", Type: StringType, MultiValued: true},
	{Name: "kms:GranteePrincipal", Type: StringType},
	{Name: "kms:GranteeServicePrincipal", Type: StringType},
	{Name: "kms:KeyAgreementAlgorithm", Type: StringType},
	{Name: "kms:KeyOrigin", Type: StringType},
	{Name: "kms:KeySpec", Type: StringType},
	{Name: "kms:KeyUsage", Type: StringType},
	{Name: "kms:MacAlgorithm", Type: StringType},
	{Name: "kms:MessageType", Type: StringType},
	{Name: "kms:MultiRegion", Type: BoolType},
	{Name: "kms:MultiRegionKeyType", Type: StringType},
	{Name: "kms:PrimaryRegion", Type: StringType},
	{Name: "kms:ReEncryptOnSameKey", Type: BoolType},
	{Name: "kms:ReplicaRegion", Type: StringType},
	{Name: "kms:RequestAlias", Type: StringType},
	{Name: "kms:ResourceAliases", Type: StringType, MultiValued: true, IAMOnly: true},
	{Name: "kms:RetiringPrincipal", Type: StringType},
	{Name: "kms:RetiringServicePrincipal", Type: StringType},
	{Name: "kms:RotationPeriodInDays", Type: NumericType},
	{Name: "kms:ScheduleKeyDeletionPendingWindowInDays", Type: NumericType},
	{Name: "kms:SigningAlgorithm", Type: StringType},
	{Name: "kms:TrailingDaysWithoutKeyUsage", Type: NumericType},
	{Name: "kms:ValidTo", Type: DateType},
	{Name: "kms:ViaService", Type: StringType},
	{Name: "kms:WrappingAlgorithm", Type: StringType},
	{Name: "kms:WrappingKeySpec", Type: StringType},
}

// globalKeys can be in the context of a request to any service. The page has
// one more, aws:IsMcpServiceAction, which is for actions of another service.
// ARNs are compared with string operators too, although ARN operators are
// recommended.
var globalKeys = []ConditionKey{
	{Name: "aws:AssumedRoot", Type: BoolType},
	{Name: "aws:CalledVia", Type: StringType, MultiValued: true},
	{Name: "aws:CalledViaAWSMCP", Type: StringType},
	{Name: "aws:CalledViaFirst", Type: StringType},
	{Name: "aws:CalledViaLast", Type: StringType},
	{Name: "aws:ChatbotSourceArn", Type: ARNType, Also: StringType},
	{Name: "aws:CurrentTime", Type: DateType},
	{Name: "aws:Ec2InstanceSourcePrivateIPv4", Type: IPAddressType},
	{Name: "aws:Ec2InstanceSourceVpc", Type: StringType},
	{Name: "aws:EpochTime", Type: DateType, Also: NumericType},
	{Name: "aws:FederatedProvider", Type: StringType, Also: ARNType},
	{Name: "aws:MultiFactorAuthAge", Type: NumericType},
	{Name: "aws:MultiFactorAuthPresent", Type: BoolType},
	{Name: "aws:PrincipalAccount", Type: StringType},
	{Name: "aws:PrincipalArn", Type: ARNType, Also: StringType},
	{Name: "aws:PrincipalIsAWSService", Type: BoolType},
	{Name: "aws:PrincipalOrgID", Type: StringType},
	{Name: "aws:PrincipalOrgPaths", Type: StringType, MultiValued: true},
	{Name: "aws:PrincipalServiceName", Type: StringType},
	{Name: "aws:PrincipalServiceNamesList", Type: StringType, MultiValued: true},
	{Name: "aws:PrincipalTag/", Type: StringType, Prefix: true},
	{Name: "aws:PrincipalType", Type: StringType},
	{Name: "aws:RequestedRegion", Type: StringType},
	{Name: "aws:ResourceAccount", Type: StringType},
	{Name: "aws:ResourceOrgID", Type: StringType},
	{Name: "aws:ResourceOrgPaths", Type: StringType, MultiValued: true},
	{Name: "aws:SecureTransport", Type: BoolType},
	{Name: "aws:SignInSessionArn", Type: ARNType, Also: StringType},
	{Name: "aws:SourceAccount", Type: StringType},
	{Name: "aws:SourceArn", Type: ARNType, Also: StringType},
	{Name: "aws:SourceIdentity", Type: StringType},
	{Name: "aws:SourceIp", Type: IPAddressType},
	{Name: "aws:SourceOrgID", Type: StringType},
	{Name: "aws:SourceOrgPaths", Type: StringType, MultiValued: true},
	{Name: "aws:SourceVpc", Type: StringType},
	{Name: "aws:SourceVpcArn", Type: ARNType, Also: StringType},
	{Name: "aws:SourceVpce", Type: StringType},
	{Name: "aws:TokenIssueTime", Type: DateType},
	{Name: "aws:UserAgent", Type: StringType},
	{Name: "aws:ViaAWSMCPService", Type: BoolType},
	{Name: "aws:ViaAWSService", Type: BoolType},
	{Name: "aws:VpcSourceIp", Type: IPAddressType},
	{Name: "aws:VpceAccount", Type: StringType},
	{Name: "aws:VpceOrgID", Type: StringType},
	{Name: "aws:VpceOrgPaths", Type: StringType, MultiValued: true},
	{Name: "aws:referer", Type: StringType},
	{Name: "aws:userid", Type: StringType},
	{Name: "aws:username", Type: StringType},
	{Name: "codebuild:BuildArn", Type: ARNType, Also: StringType},
	{Name: "codebuild:ProjectArn", Type: ARNType, Also: StringType},
	{Name: "ec2:RoleDelivery", Type: NumericType},
	{Name: "ec2:SourceInstanceArn", Type: ARNType, Also: StringType},
	{Name: "glue:CredentialIssuingService", Type: StringType},
	{Name: "glue:RoleAssumedBy", Type: StringType},
	{Name: "identitystore:UserId", Type: StringType},
	{Name: "lambda:SourceFunctionArn", Type: ARNType, Also: StringType},
	{Name: "ssm:SourceInstanceArn", Type: ARNType, Also: StringType},
}

// attestationKeys are the measurements of an attestation document: of a Nitro
// enclave (its image, 32 registers) and of a NitroTPM (24 registers).
func attestationKeys() []ConditionKey {
	keys := []ConditionKey{{Name: "kms:RecipientAttestation:ImageSha384", Type: StringType}}
	for _, platform := range []struct {
		register string
		count    int
	}{{"PCR", 32}, {"NitroTPMPCR", 24}} {
		for i := range platform.count {
			keys = append(keys, ConditionKey{Name: fmt.Sprintf("kms:RecipientAttestation:%s%d", platform.register, i), Type: StringType})
		}
	}
	return keys
}

// Made when first asked for, so that programs that never ask start at once.
var (
	catalogueKeys = sync.OnceValue(makeConditionKeys)
	keyPlaces     = sync.OnceValue(func() map[string]int {
		return placesByName(catalogueKeys(), func(k ConditionKey) string { return k.Name })
	})
	prefixKeys = sync.OnceValue(func() []ConditionKey {
		return slices.DeleteFunc(slices.Clone(catalogueKeys()), func(k ConditionKey) bool { return !k.Prefix })
	})
)

func makeConditionKeys() []ConditionKey {
	made := slices.Concat(serviceKeys, attestationKeys())
	for i := range made {
		made[i].Source = serviceSource
	}
	for _, key := range globalKeys {
		key.Source = globalSource
		made = append(made, key)
	}
	slices.SortFunc(made, func(a, b ConditionKey) int { return strings.Compare(a.Name, b.Name) })
	return made
}

func conditionKeyNames(keys []ConditionKey) []string {
	var all []string
	for _, key := range keys {
		all = append(all, key.Name)
	}
	return all
}
