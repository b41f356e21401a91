package generator

import "slices"

// Verb is what a role may do with a key, in the roles of a spec.
type Verb string

// The verbs of a spec.
const (
	Administer Verb = "administer"
	Use        Verb = "use"
	Encrypt    Verb = "encrypt"
	Decrypt    Verb = "decrypt"
	Sign       Verb = "sign"
	Verify     Verb = "verify"
	Grant      Verb = "grant"
	Read       Verb = "read"
)

// verb is what a Verb comes to in a module: a variable that lists principals and
// a statement that allows them actions.
type verb struct {
	name          Verb
	variable, sid string
	// actions by what the key can do; a key that is not listed cannot honour the
	// verb. Those of administrators depend on more, see administration.
	actions map[ability][]string
	// conditions of the statement.
	conditions []condition
	// uses is true if the verb is about using the key, which administrators may not.
	uses bool
	// doc completes "ARNs of the IAM roles and users that" in the variable's
	// description; note follows.
	doc, note string
	// why is the comment at the statement.
	why    []string
	source source
}

var keyUsersPage = source{"KMS Developer Guide, Default key policy", "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html"}

// Groups of actions. Each is listed by itself: a wildcard takes in what KMS adds.
// Source: KMS Developer Guide, Default key policy, and Key type reference.
var (
	encryptActions = []string{"kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptTo"}
	decryptActions = []string{"kms:Decrypt", "kms:DescribeKey", "kms:ReEncryptFrom"}
	useActions     = union(encryptActions, decryptActions)
	readActions    = []string{
		"kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListGrants", "kms:ListKeyPolicies", "kms:ListKeyRotations", "kms:ListResourceTags",
	}
)

var verbs = []verb{
	{
		name: Administer, variable: "administrators", sid: "Administrators",
		doc: "manage the key and its policy and may not use it.",
		why: []string{
			"Management without use: no cryptography, and no CreateGrant, by which an",
			"administrator could pass it on. No wildcards, which would take in both.",
		},
		source: keyUsersPage,
	},
	{
		name: Use, variable: "users", sid: "Users", uses: true,
		actions: map[ability][]string{
			encryptsSymmetrically:  useActions,
			encryptsAsymmetrically: {"kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GetPublicKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"},
			signs:                  {"kms:DescribeKey", "kms:GetPublicKey", "kms:Sign", "kms:Verify"},
			makesMACs:              {"kms:DescribeKey", "kms:GenerateMac", "kms:VerifyMac"},
			agrees:                 {"kms:DeriveSharedSecret", "kms:DescribeKey", "kms:GetPublicKey"},
			encapsulates:           {"kms:Decapsulate", "kms:DescribeKey", "kms:Encapsulate", "kms:GetPublicKey"},
		},
		doc:    "use the key, for all that it is for.",
		why:    []string{"Use without management."},
		source: keyUsersPage,
	},
	{
		name: Encrypt, variable: "encrypters", sid: "Encrypters", uses: true,
		actions: map[ability][]string{
			encryptsSymmetrically:  encryptActions,
			encryptsAsymmetrically: {"kms:DescribeKey", "kms:Encrypt", "kms:GetPublicKey", "kms:ReEncryptTo"},
			encapsulates:           {"kms:DescribeKey", "kms:Encapsulate", "kms:GetPublicKey"},
		},
		doc:    "encrypt with the key and cannot decrypt.",
		why:    []string{"Who writes need not read: no decryption."},
		source: keyUsersPage,
	},
	{
		name: Decrypt, variable: "decrypters", sid: "Decrypters", uses: true,
		actions: map[ability][]string{
			encryptsSymmetrically:  decryptActions,
			encryptsAsymmetrically: decryptActions,
			encapsulates:           {"kms:Decapsulate", "kms:DescribeKey"},
		},
		doc:    "decrypt with the key and cannot encrypt.",
		why:    []string{"Who reads need not write: no encryption."},
		source: keyUsersPage,
	},
	{
		name: Sign, variable: "signers", sid: "Signers", uses: true,
		actions: map[ability][]string{
			signs:     {"kms:DescribeKey", "kms:GetPublicKey", "kms:Sign"},
			makesMACs: {"kms:DescribeKey", "kms:GenerateMac"},
		},
		doc:    "sign with the key; of an HMAC key, make its codes.",
		why:    []string{"Who signs need not verify."},
		source: keyUsersPage,
	},
	{
		name: Verify, variable: "verifiers", sid: "Verifiers", uses: true,
		actions: map[ability][]string{
			signs:     {"kms:DescribeKey", "kms:GetPublicKey", "kms:Verify"},
			makesMACs: {"kms:DescribeKey", "kms:VerifyMac"},
		},
		doc:    "verify what the key has signed and cannot sign.",
		why:    []string{"Who verifies cannot sign."},
		source: keyUsersPage,
	},
	{
		name: Grant, variable: "service_users", sid: "ServiceUsers", uses: true,
		actions:    map[ability][]string{encryptsSymmetrically: {"kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"}},
		conditions: []condition{forAWSResource},
		doc:        "have AWS services use the key through grants, as EBS and RDS do.",
		note:       " Services that call KMS as the caller need it in users too.",
		why: []string{
			"Services such as EBS and RDS use the key through grants that they create for",
			"the caller. The condition is true only of such grants, so the caller cannot",
			"hand the key to a principal of its own choice.",
		},
		source: source{"KMS Developer Guide, AWS KMS condition keys: kms:GrantIsForAWSResource", "https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-grant-is-for-aws-resource"},
	},
	{
		name: Read, variable: "readers", sid: "Readers",
		actions: map[ability][]string{
			encryptsSymmetrically: readActions, encryptsAsymmetrically: readActions, signs: readActions,
			makesMACs: readActions, agrees: readActions, encapsulates: readActions,
		},
		doc:    "see how the key is set up, such as auditors, and neither use nor change it.",
		why:    []string{"For auditors: neither use nor change."},
		source: source{"KMS Developer Guide, AWS KMS permissions", "https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html"},
	},
}

// verbsFor are the verbs that a key can honour.
func verbsFor(a ability) []string {
	var names []string
	for _, v := range verbs {
		if v.name == Administer || v.actions[a] != nil {
			names = append(names, string(v.name))
		}
	}
	return names
}

// administration lists what administrators of the module's key may do at any
// time. Source: KMS Developer Guide, Default key policy: Allows key
// administrators to administer the KMS key; the pages on importing key material
// and on multi-Region keys.
func (m *Module) administration() []string {
	actions := []string{
		"kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey", "kms:EnableKey",
		"kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListGrants", "kms:ListKeyPolicies", "kms:ListResourceTags",
		"kms:PutKeyPolicy", "kms:RevokeGrant", "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription",
	}
	for _, more := range []struct {
		applies bool
		actions []string
	}{
		{m.mayRotate(), []string{"kms:DisableKeyRotation", "kms:EnableKeyRotation"}},
		{m.mayRotate() || m.imports() && m.symmetric(), []string{"kms:ListKeyRotations", "kms:RotateKeyOnDemand"}},
		{m.imports(), []string{"kms:DeleteImportedKeyMaterial", "kms:GetParametersForImport"}},
		{m.imports() && !m.KeyMaterialExpires, []string{"kms:ImportKeyMaterial"}},
		{m.MultiRegion == Primary || m.MultiRegion == PrimaryWithReplica, []string{"kms:ReplicateKey"}},
		{m.MultiRegion != SingleRegion, []string{"kms:UpdatePrimaryRegion"}},
	} {
		if more.applies {
			actions = union(actions, more.actions)
		}
	}
	return actions
}

// mayRotate is true of keys that KMS can rotate, those of other modules included.
func (m *Module) mayRotate() bool {
	return m.KeySpec == symmetricDefault && m.Origin == OriginKMS && m.MultiRegion != Replica
}

func (m *Module) imports() bool { return m.Origin == OriginExternal }

// union returns what any of the lists holds, sorted and without doubles.
func union(lists ...[]string) []string {
	all := slices.Concat(lists...)
	slices.Sort(all)
	return slices.Compact(all)
}
