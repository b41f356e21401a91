package kmsemu

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/keywright/keywright/keypolicy"
)

// Sizes in bytes (K0029).
var (
	plaintextLimits  = intRule{1, 4096}
	ciphertextLimits = intRule{1, 6144}
	randomLimits     = intRule{1, 1024}
)

var algorithmRule = textRule{enum: []string{symmetricDefault, "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "SM2PKE"}}

// encryptionContext is the caller's additional authenticated data (K0037).
type encryptionContext map[string]string

// UnmarshalJSON reads an object of strings. A null value is refused: it would
// decode like the empty string, and the two must not open each other's data.
func (e *encryptionContext) UnmarshalJSON(text []byte) error {
	var pairs map[string]*string
	if err := json.Unmarshal(text, &pairs); err != nil {
		return fail(malformedBody, "An encryption context is an object whose values are strings.")
	}
	*e = make(encryptionContext, len(pairs))
	for key, value := range pairs {
		if value == nil {
			return fail(validation, "The encryption context has no value for the key '%s'.", key)
		}
		(*e)[key] = *value
	}
	return nil
}

// conditions are the condition keys of a call that uses an encryption context
// and an algorithm (K0083). Keys that differ in case alone are one condition key
// with several values.
func (e encryptionContext) conditions(algorithm string) keypolicy.Context {
	conditions := keypolicy.Context{}
	names := slices.Sorted(maps.Keys(e))
	for _, name := range names {
		key := strings.ToLower("kms:EncryptionContext:" + name)
		conditions[key] = append(conditions[key], e[name])
	}
	conditions.Set("kms:EncryptionContextKeys", names...)
	conditions.Set("kms:EncryptionAlgorithm", algorithm)
	return conditions
}

// accepts checks that the key's spec has the algorithm (K0031).
func (k *key) accepts(algorithm string) error {
	if !slices.Contains(k.spec.encryptionAlgorithms, algorithm) {
		return fail(invalidKeyUsage, "Algorithm %s is incompatible with key spec %s.", algorithm, k.spec.name)
	}
	return nil
}

// callOptions are the parameters common to cryptographic operations.
type callOptions struct {
	GrantTokens     []string
	DryRun          bool
	DryRunModifiers absent
	Recipient       absent
}

func (o *callOptions) check(k *checker) {
	checkGrantTokens(k, o.GrantTokens)
	k.refuse("Recipient", o.Recipient)
	k.refuse("DryRunModifiers", o.DryRunModifiers)
}

// checkGrantTokens refuses every token: there are no grants they could stand for.
func checkGrantTokens(k *checker, tokens []string) {
	if len(tokens) > 0 {
		k.fail(invalidGrantToken, "This emulator has no grants: leave GrantTokens out.")
	}
}

// finish ends a call that would succeed: with its result, or, on a dry run, with
// the error that says so (K0038).
func finish[Out any](o *callOptions, out *Out) (*Out, error) {
	if o.DryRun {
		return nil, fail(dryRun, "The request would have succeeded, but the DryRun option is set.")
	}
	return out, nil
}

type encryptInput struct {
	keyInput
	Plaintext           blob
	EncryptionContext   encryptionContext
	EncryptionAlgorithm string
	callOptions
}

func (in *encryptInput) check(k *checker) {
	in.keyInput.check(k)
	k.checkBlob("plaintext", in.Plaintext, plaintextLimits)
	k.checkText("encryptionAlgorithm", in.EncryptionAlgorithm, algorithmRule)
	in.callOptions.check(k)
}

type encryptOutput struct {
	CiphertextBlob      []byte
	EncryptionAlgorithm string
	KeyID               string `json:"KeyId"`
}

func encrypt(c *call, in *encryptInput) (*encryptOutput, error) {
	algorithm := cmp.Or(in.EncryptionAlgorithm, symmetricDefault)
	k, err := c.key(in.KeyID, in.EncryptionContext.conditions(algorithm))
	if err != nil {
		return nil, err
	}
	if err := k.accepts(algorithm); err != nil {
		return nil, err
	}
	sealed, err := k.seal(c.server.random, in.Plaintext, in.EncryptionContext)
	if err != nil {
		return nil, err
	}
	return finish(&in.callOptions, &encryptOutput{sealed, algorithm, k.arn})
}

type decryptInput struct {
	KeyID               string `json:"KeyId"`
	CiphertextBlob      blob
	EncryptionContext   encryptionContext
	EncryptionAlgorithm string
	callOptions
}

func (in *decryptInput) check(k *checker) {
	k.checkText("keyId", in.KeyID, textRule{max: keyIDRule.max})
	k.checkBlob("ciphertextBlob", in.CiphertextBlob, ciphertextLimits)
	k.checkText("encryptionAlgorithm", in.EncryptionAlgorithm, algorithmRule)
	in.callOptions.check(k)
}

type decryptOutput struct {
	EncryptionAlgorithm string
	KeyID               string `json:"KeyId"`
	KeyMaterialID       string `json:"KeyMaterialId"`
	Plaintext           []byte
}

func decrypt(c *call, in *decryptInput) (*decryptOutput, error) {
	algorithm := cmp.Or(in.EncryptionAlgorithm, symmetricDefault)
	f, err := c.findForDecryption(in.KeyID, in.CiphertextBlob)
	if err != nil {
		return nil, err
	}
	k, err := c.open(f, need{c.action, in.EncryptionContext.conditions(algorithm), c.op.states})
	if err != nil {
		return nil, err
	}
	plaintext, m, err := k.unseal(in.CiphertextBlob, algorithm, in.EncryptionContext)
	if err != nil {
		return nil, err
	}
	return finish(&in.callOptions, &decryptOutput{algorithm, k.arn, m.id, plaintext})
}

// findForDecryption finds the key a request names, or else the one its
// ciphertext names.
func (c *call) findForDecryption(keyID string, ciphertext blob) (found, error) {
	if keyID == "" {
		return c.findSealed(ciphertext)
	}
	return c.find(keyID)
}

// unseal opens a ciphertext that must be this key's own (K0032).
func (k *key) unseal(ciphertext blob, algorithm string, context encryptionContext) ([]byte, *material, error) {
	if err := k.accepts(algorithm); err != nil {
		return nil, nil, err
	}
	h, ok := readHeader(ciphertext)
	if ok && (h.account != k.account || h.keyID != k.id) {
		return nil, nil, fail(incorrectKey, "The key ID in the request does not identify a CMK that can perform this operation.")
	}
	return k.open(ciphertext, context)
}

type reEncryptInput struct {
	CiphertextBlob                 blob
	SourceKeyID                    string `json:"SourceKeyId"`
	SourceEncryptionContext        encryptionContext
	SourceEncryptionAlgorithm      string
	DestinationKeyID               string `json:"DestinationKeyId"`
	DestinationEncryptionContext   encryptionContext
	DestinationEncryptionAlgorithm string
	callOptions
}

func (in *reEncryptInput) check(k *checker) {
	k.checkBlob("ciphertextBlob", in.CiphertextBlob, ciphertextLimits)
	k.checkText("sourceKeyId", in.SourceKeyID, textRule{max: keyIDRule.max})
	k.checkText("destinationKeyId", in.DestinationKeyID, keyIDRule)
	k.checkText("sourceEncryptionAlgorithm", in.SourceEncryptionAlgorithm, algorithmRule)
	k.checkText("destinationEncryptionAlgorithm", in.DestinationEncryptionAlgorithm, algorithmRule)
	in.callOptions.check(k)
}

type reEncryptOutput struct {
	CiphertextBlob                 []byte
	DestinationEncryptionAlgorithm string
	DestinationKeyMaterialID       string `json:"DestinationKeyMaterialId"`
	KeyID                          string `json:"KeyId"`
	SourceEncryptionAlgorithm      string
	SourceKeyID                    string `json:"SourceKeyId"`
	SourceKeyMaterialID            string `json:"SourceKeyMaterialId"`
}

func reEncrypt(c *call, in *reEncryptInput) (*reEncryptOutput, error) {
	from, to, err := c.reEncryptionKeys(in)
	if err != nil {
		return nil, err
	}
	out := &reEncryptOutput{
		DestinationEncryptionAlgorithm: cmp.Or(in.DestinationEncryptionAlgorithm, symmetricDefault), KeyID: to.arn,
		SourceEncryptionAlgorithm: cmp.Or(in.SourceEncryptionAlgorithm, symmetricDefault), SourceKeyID: from.arn,
		DestinationKeyMaterialID: to.current().id,
	}
	plaintext, m, err := from.unseal(in.CiphertextBlob, out.SourceEncryptionAlgorithm, in.SourceEncryptionContext)
	if err != nil {
		return nil, err
	}
	out.SourceKeyMaterialID = m.id
	if err := to.accepts(out.DestinationEncryptionAlgorithm); err != nil {
		return nil, err
	}
	if out.CiphertextBlob, err = to.seal(c.server.random, plaintext, in.DestinationEncryptionContext); err != nil {
		return nil, err
	}
	return finish(&in.callOptions, out)
}

// reEncryptionKeys finds both keys, then asks for one permission on each
// (K0079). Whether they are the same key is a condition key of both.
func (c *call) reEncryptionKeys(in *reEncryptInput) (from, to *key, err error) {
	source, err := c.findForDecryption(in.SourceKeyID, in.CiphertextBlob)
	if err != nil {
		return nil, nil, err
	}
	destination, err := c.find(in.DestinationKeyID)
	if err != nil {
		return nil, nil, err
	}
	same := strconv.FormatBool(source.same(destination))
	fromConditions := in.SourceEncryptionContext.conditions(cmp.Or(in.SourceEncryptionAlgorithm, symmetricDefault))
	fromConditions.Set("kms:ReEncryptOnSameKey", same)
	if from, err = c.open(source, need{"kms:ReEncryptFrom", fromConditions, c.op.states}); err != nil {
		return nil, nil, err
	}
	toConditions := in.DestinationEncryptionContext.conditions(cmp.Or(in.DestinationEncryptionAlgorithm, symmetricDefault))
	toConditions.Set("kms:ReEncryptOnSameKey", same)
	to, err = c.open(destination, need{"kms:ReEncryptTo", toConditions, c.op.states})
	return from, to, err
}
