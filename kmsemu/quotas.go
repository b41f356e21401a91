package kmsemu

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// Quotas are the request quotas of KMS: how many requests an account may make in
// a Region in a second, whoever makes them and whatever becomes of them. Each
// quota is a bucket that holds the requests of one second and fills up by the
// server's clock; a request that finds it empty is a ThrottlingException. Calls of
// other accounts' keys count for the caller's. STS and IAM have none here. The zero
// value enforces nothing. Source: KMS Developer Guide, "Request quotas" (K0571 to
// K0574).
type Quotas struct {
	// Enforced switches them on.
	Enforced bool `json:"enforced"`
	// Rates replaces defaults, in requests per second, above 0. The names are those
	// of Service Quotas without "request rate", as [QuotaNames] lists them: such as
	// "CreateKey", "Cryptographic operations (symmetric)" or "GenerateDataKeyPair
	// (RSA_2048)".
	Rates map[string]float64 `json:"rates,omitempty"`
}

// Quotas that operations share by the kind of their key.
const (
	symmetricQuota = "Cryptographic operations (symmetric)"
	rsaQuota       = "Cryptographic operations (RSA)"
	eccQuota       = "Cryptographic operations (ECC and SM2)"
	mlDSAQuota     = "Cryptographic operations (ML-DSA)"
	mlKEMQuota     = "Cryptographic operations (ML-KEM)"
	pairQuota      = "GenerateDataKeyPair"
	keyStoreQuota  = "Custom key store" // of each store, whoever calls
)

// quotasBySpec tells by the start of its spec which quota a key is under; others
// are symmetric.
var quotasBySpec = []struct{ prefix, quota string }{
	{"RSA_", rsaQuota}, {"ECC_", eccQuota}, {"ML_DSA_", mlDSAQuota}, {"ML_KEM_", mlKEMQuota},
}

// quota is how many requests per second are allowed.
type quota struct {
	rate    float64
	regions map[string]float64 // where it is another
}

// chinese is the rate of Regions in China.
func chinese(rate float64) map[string]float64 {
	return map[string]float64{"cn-north-1": rate, "cn-northwest-1": rate}
}

// quotas are the defaults (K0571).
var quotas = map[string]quota{
	symmetricQuota: {10_000, map[string]float64{
		"us-east-1": 100_000, "us-west-2": 100_000, "eu-west-1": 100_000,
		"us-east-2": 20_000, "ap-southeast-1": 20_000, "ap-southeast-2": 20_000, "ap-northeast-1": 20_000, "eu-central-1": 20_000, "eu-west-2": 20_000,
	}},
	rsaQuota:   {rate: 1000},
	eccQuota:   {rate: 1000},
	mlDSAQuota: {rate: 1000},
	mlKEMQuota: {rate: 1000}, // the page has none yet (K0573)

	keyStoreQuota: {rate: 1800},

	pairQuota + " (ECC_NIST_P256)":         {rate: 100},
	pairQuota + " (ECC_NIST_P384)":         {rate: 100},
	pairQuota + " (ECC_NIST_P521)":         {rate: 100},
	pairQuota + " (ECC_SECG_P256K1)":       {rate: 100},
	pairQuota + " (ECC_NIST_EDWARDS25519)": {rate: 100},
	pairQuota + " (RSA_2048)":              {20, chinese(1)},
	pairQuota + " (RSA_3072)":              {4, chinese(0.5)},
	pairQuota + " (RSA_4096)":              {1, chinese(0.1)},

	"CancelKeyDeletion":         {rate: 5},
	"ConnectCustomKeyStore":     {rate: 5},
	"CreateAlias":               {rate: 5},
	"CreateCustomKeyStore":      {rate: 5},
	"CreateGrant":               {rate: 50},
	"CreateKey":                 {rate: 5},
	"DeleteAlias":               {rate: 15},
	"DeleteCustomKeyStore":      {rate: 5},
	"DeleteImportedKeyMaterial": {rate: 15},
	"DescribeCustomKeyStores":   {rate: 5},
	"DescribeKey":               {rate: 2000},
	"DisableKey":                {rate: 5},
	"DisableKeyRotation":        {rate: 5},
	"DisconnectCustomKeyStore":  {rate: 5},
	"EnableKey":                 {rate: 5},
	"EnableKeyRotation":         {rate: 15},
	"GetKeyLastUsage":           {rate: 5},
	"GetKeyPolicy":              {rate: 1000},
	"GetKeyRotationStatus":      {rate: 1000},
	"GetParametersForImport":    {rate: 1},
	"GetPublicKey":              {rate: 2000},
	"ImportKeyMaterial":         {rate: 15},
	"ListAliases":               {rate: 500},
	"ListGrants":                {rate: 100},
	"ListKeyPolicies":           {rate: 100},
	"ListKeyRotations":          {rate: 100},
	"ListKeys":                  {rate: 500},
	"ListResourceTags":          {rate: 2000},
	"ListRetirableGrants":       {rate: 100},
	"PutKeyPolicy":              {rate: 15},
	"ReplicateKey":              {rate: 5},
	"RetireGrant":               {rate: 50},
	"RevokeGrant":               {rate: 50},
	"RotateKeyOnDemand":         {rate: 5},
	"ScheduleKeyDeletion":       {rate: 15},
	"TagResource":               {rate: 10},
	"UntagResource":             {rate: 5},
	"UpdateAlias":               {rate: 5},
	"UpdateCustomKeyStore":      {rate: 5},
	"UpdateKeyDescription":      {rate: 5},
	"UpdatePrimaryRegion":       {rate: 5},
}

// quotasElsewhere are what operations count against in the other Region that they
// name. Of the two CreateKey of a replica one is a dry run (K0571).
var quotasElsewhere = map[string][]string{
	"ReplicateKey":        {"CreateKey", "CreateKey"},
	"UpdatePrimaryRegion": {"UpdatePrimaryRegion"},
}

// QuotaNames lists the names of the request quotas, sorted.
func QuotaNames() []string { return slices.Sorted(maps.Keys(quotas)) }

func (q Quotas) check() error {
	for _, name := range slices.Sorted(maps.Keys(q.Rates)) {
		if _, known := quotas[name]; !known {
			return fmt.Errorf("there is no quota %q: use one of %s", name, strings.Join(QuotaNames(), ", "))
		}
		if rate := q.Rates[name]; !(rate > 0) || math.IsInf(rate, 0) {
			return fmt.Errorf("the rate of quota %q is %v: give requests per second, above 0", name, rate)
		}
	}
	return nil
}

// rate is how many requests per second a quota allows in a Region.
func (q Quotas) rate(name, region string) float64 {
	if rate, ok := q.Rates[name]; ok {
		return rate
	}
	if rate, ok := quotas[name].regions[region]; ok {
		return rate
	}
	return quotas[name].rate
}
