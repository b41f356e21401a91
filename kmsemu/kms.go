package kmsemu

import (
	"math"
	"strconv"
	"time"
)

// kmsOperations are the operations of KMS. To add one, write its function and
// its row; the tests fail until its permission, states and denial are covered.
var kmsOperations = map[string]operation{
	"CancelKeyDeletion":                   {run: jsonOperation(cancelKeyDeletion), states: onlyPending},
	"ConnectCustomKeyStore":               {run: jsonOperation(connectCustomKeyStore)},
	"CreateAlias":                         {run: jsonOperation(createAlias), states: unlessPending},
	"CreateCustomKeyStore":                {run: jsonOperation(createCustomKeyStore)},
	"CreateGrant":                         {run: jsonOperation(createGrant), states: ifGrantable},
	"CreateKey":                           {run: jsonOperation(createKey)},
	"Decapsulate":                         {run: jsonWork(decapsulate), byAlias: true, states: ifEnabled, usage: usageEncapsulation},
	"Decrypt":                             {run: jsonWork(decrypt), byAlias: true, states: ifEnabled},
	"DeleteAlias":                         {run: jsonOperation(deleteAlias), states: inAnyState},
	"DeleteCustomKeyStore":                {run: jsonOperation(deleteCustomKeyStore)},
	"DeleteImportedKeyMaterial":           {run: jsonOperation(deleteImportedKeyMaterial), states: unlessChanging, origins: onlyImported},
	"DeriveSharedSecret":                  {run: jsonWork(deriveSharedSecret), byAlias: true, states: ifEnabled, usage: usageAgreement},
	"DescribeCustomKeyStores":             {run: jsonOperation(describeCustomKeyStores)},
	"DescribeKey":                         {run: jsonOperation(describeKey), byAlias: true, states: inAnyState},
	"DisableKey":                          {run: jsonOperation(disableKey), states: ifSwitchable},
	"DisableKeyRotation":                  {run: jsonOperation(disableKeyRotation), states: onlyEnabled, origins: onlyGenerated},
	"DisconnectCustomKeyStore":            {run: jsonOperation(disconnectCustomKeyStore)},
	"EnableKey":                           {run: jsonOperation(enableKey), states: ifSwitchable},
	"EnableKeyRotation":                   {run: jsonOperation(enableKeyRotation), states: onlyEnabled, origins: onlyGenerated},
	"Encapsulate":                         {run: jsonWork(encapsulate), byAlias: true, states: ifEnabled, usage: usageEncapsulation},
	"Encrypt":                             {run: jsonWork(encrypt), byAlias: true, states: ifEnabled, usage: usageEncryptDecrypt},
	"GenerateDataKey":                     {run: jsonWork(generateDataKey), byAlias: true, states: ifEnabled, usage: usageEncryptDecrypt},
	"GenerateDataKeyPair":                 {run: jsonWork(generateDataKeyPair), byAlias: true, states: ifEnabled, origins: inKMS, usage: usageEncryptDecrypt},
	"GenerateDataKeyPairWithoutPlaintext": {run: jsonWork(generateDataKeyPairWithoutPlaintext), byAlias: true, states: ifEnabled, origins: inKMS, usage: usageEncryptDecrypt},
	"GenerateDataKeyWithoutPlaintext":     {run: jsonWork(generateDataKeyWithoutPlaintext), byAlias: true, states: ifEnabled, usage: usageEncryptDecrypt},
	"GenerateMac":                         {run: jsonWork(generateMAC), byAlias: true, states: ifEnabled, usage: usageMAC},
	"GenerateRandom":                      {run: jsonOperation(generateRandom)},
	"GetKeyLastUsage":                     {run: jsonOperation(getKeyLastUsage), states: inAnyState},
	"GetKeyPolicy":                        {run: jsonOperation(getKeyPolicy), states: inAnyState},
	"GetKeyRotationStatus":                {run: jsonOperation(getKeyRotationStatus), states: inAnyState, origins: inKMS},
	"GetParametersForImport":              {run: jsonWork(getParametersForImport), states: ifImportable, origins: onlyImported},
	"GetPublicKey":                        {run: jsonWork(getPublicKey), byAlias: true, states: ifPublished},
	"ImportKeyMaterial":                   {run: jsonOperation(importKeyMaterial), states: ifImportable, origins: onlyImported},
	"ListAliases":                         {run: jsonOperation(listAliases)},
	"ListGrants":                          {run: jsonOperation(listGrants), states: inAnyState},
	"ListKeyPolicies":                     {run: jsonOperation(listKeyPolicies), states: inAnyState},
	"ListKeyRotations":                    {run: jsonOperation(listKeyRotations), states: inAnyState, origins: inKMS},
	"ListKeys":                            {run: jsonOperation(listKeys)},
	"ListResourceTags":                    {run: jsonOperation(listResourceTags), states: inAnyState},
	"ListRetirableGrants":                 {run: jsonOperation(listRetirableGrants)},
	"PutKeyPolicy":                        {run: jsonOperation(putKeyPolicy), states: inAnyState},
	"ReEncrypt":                           {run: jsonWork(reEncrypt), byAlias: true, states: ifEnabled, usage: usageEncryptDecrypt},
	"ReplicateKey":                        {run: jsonOperation(replicateKey), states: onlyEnabled},
	"RetireGrant":                         {run: jsonOperation(retireGrant), states: inAnyState},
	"RevokeGrant":                         {run: jsonOperation(revokeGrant), states: inAnyState},
	"RotateKeyOnDemand":                   {run: jsonOperation(rotateKeyOnDemand), states: onlyEnabled, origins: inKMS},
	"ScheduleKeyDeletion":                 {run: jsonOperation(scheduleKeyDeletion), states: ifSettled},
	"Sign":                                {run: jsonWork(sign), byAlias: true, states: ifEnabled, usage: usageSignVerify},
	"TagResource":                         {run: jsonOperation(tagResource), states: unlessPending},
	"UntagResource":                       {run: jsonOperation(untagResource), states: unlessPending},
	"UpdateAlias":                         {run: jsonOperation(updateAlias), states: unlessPending},
	"UpdateCustomKeyStore":                {run: jsonOperation(updateCustomKeyStore)},
	"UpdateKeyDescription":                {run: jsonOperation(updateKeyDescription), states: unlessPending},
	"UpdatePrimaryRegion":                 {run: jsonOperation(updatePrimaryRegion), states: onlyEnabled},
	"Verify":                              {run: jsonWork(verify), byAlias: true, states: ifEnabled, usage: usageSignVerify},
	"VerifyMac":                           {run: jsonWork(verifyMAC), byAlias: true, states: ifEnabled, usage: usageMAC},
}

// epoch is a time as the JSON protocol writes it: seconds since 1970 as a
// number, to the millisecond (K0002).
type epoch struct{ time.Time }

// MarshalJSON writes the number.
func (e epoch) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(e.UnixMilli())/1000, 'f', -1, 64), nil
}

// UnmarshalJSON reads the number.
func (e *epoch) UnmarshalJSON(text []byte) error {
	seconds, err := strconv.ParseFloat(string(text), 64)
	if err != nil || math.Abs(seconds) > maxEpoch {
		return fail(malformedBody, "A time is a number of seconds since 1970.")
	}
	e.Time = time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()
	return nil
}

// maxEpoch is the end of the year 9999, past which dates cannot be written.
const maxEpoch = 253402300799

// keyInput is the input of operations that take a key and nothing else.
type keyInput struct {
	KeyID string `json:"KeyId"`
}

func (in *keyInput) check(k *checker) { k.checkKeyID(in.KeyID) }

// keyOutput is the result of operations that answer with the key's ARN alone.
type keyOutput struct {
	KeyID string `json:"KeyId"`
}
