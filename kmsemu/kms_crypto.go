package kmsemu

import (
	"cmp"
	"encoding/json"
	"strconv"

	"github.com/keywright/keywright/keypolicy"
)

// Sizes in bytes (K0029).
var (
	plaintextLimits  = intRule{1, 4096}
	ciphertextLimits = intRule{1, 6144}
	randomLimits     = intRule{1, 1024}
)

var algorithmRule = textRule{enum: []string{"RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "SM2PKE", symmetricDefault}} // in this order: K0612

// setDefault is the default of an encryption algorithm, which conditions and records
// see like one that was sent (K0082, K0115).
func setDefault(algorithm *string) { *algorithm = cmp.Or(*algorithm, symmetricDefault) }

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

// cipherNeed is the need of a permission to use a key with an algorithm and an
// encryption context (K0083).
func (c *call) cipherNeed(action, algorithm string, context encryptionContext) need {
	return need{
		action: action, context: keypolicy.Context{"kms:encryptionalgorithm": {algorithm}}, encryption: context,
		states: c.op.states, origins: c.op.origins, fit: c.fit, material: true,
	}
}

// cipherKey is [call.key] for operations with an encryption context.
func (c *call) cipherKey(id, algorithm string, context encryptionContext) (*key, error) {
	f, err := c.find(id)
	if err != nil {
		return nil, err
	}
	return c.open(f, c.cipherNeed(c.action, algorithm, context))
}

// callOptions are the parameters common to cryptographic operations.
type callOptions struct {
	grantTokens
	dryRunOption
	Recipient absent
}

func (o *callOptions) check(k *checker) {
	o.grantTokens.check(k)
	k.refuse("Recipient", o.Recipient)
}

// dryRunOption is the parameter DryRun.
type dryRunOption struct{ DryRun bool }

// stop ends a dry run that has come this far with the error that says so (K0038).
func (o *dryRunOption) stop() error {
	if o.DryRun {
		return fail(dryRun, "The request would have succeeded, but the DryRun option is set.")
	}
	return nil
}

// finish ends a call that would succeed: with its result, unless it is a dry run.
func finish[Out any](o *dryRunOption, out *Out) (*Out, error) {
	if err := o.stop(); err != nil {
		return nil, err
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
	k.checkPlaintext("plaintext", in.Plaintext, plaintextLimits)
	k.checkText("encryptionAlgorithm", in.EncryptionAlgorithm, algorithmRule)
	in.callOptions.check(k)
}

func (in *encryptInput) complete() { setDefault(&in.EncryptionAlgorithm) }

type encryptOutput struct {
	CiphertextBlob      []byte
	EncryptionAlgorithm string
	KeyID               string     `json:"KeyId"`
	usedMaterial        `json:"-"` // only the record tells it (K0115)
}

func encrypt(c *call, in *encryptInput) (work[encryptOutput], error) {
	k, err := c.cipherKey(in.KeyID, in.EncryptionAlgorithm, in.EncryptionContext)
	if err != nil {
		return nil, err
	}
	s, err := k.toSeal(in.EncryptionAlgorithm, in.EncryptionContext)
	if err != nil {
		return nil, err
	}
	return func() (*encryptOutput, error) {
		sealed, err := s.seal(c.random, in.Plaintext)
		if err != nil {
			return nil, err
		}
		return finish(&in.dryRunOption, &encryptOutput{sealed, in.EncryptionAlgorithm, k.arn, usedMaterial{k.materialID(s.material)}})
	}, nil
}

type decryptInput struct {
	KeyID               string `json:"KeyId"`
	EncryptionContext   encryptionContext
	EncryptionAlgorithm string
	ciphertextInput
}

func (in *decryptInput) check(k *checker) {
	k.checkText("keyId", in.KeyID, optionalKeyIDRule)
	k.checkText("encryptionAlgorithm", in.EncryptionAlgorithm, algorithmRule)
	in.ciphertextInput.check(k)
}

func (in *decryptInput) complete() { setDefault(&in.EncryptionAlgorithm) }

type decryptOutput struct {
	EncryptionAlgorithm string
	KeyID               string `json:"KeyId"`
	usedMaterial
	Plaintext []byte
}

func decrypt(c *call, in *decryptInput) (work[decryptOutput], error) {
	f, err := in.find(c, in.KeyID, c.action)
	if err != nil {
		return nil, err
	}
	k, err := c.open(f, in.need(c, c.action, in.EncryptionAlgorithm, in.EncryptionContext))
	if err != nil {
		return nil, err
	}
	if in.ignored() {
		return nil, in.stop()
	}
	s, err := k.toOpen(in.EncryptionAlgorithm, in.EncryptionContext, in.CiphertextBlob)
	if err != nil {
		return nil, err
	}
	return func() (*decryptOutput, error) {
		plaintext, err := s.open(in.CiphertextBlob)
		if err != nil {
			return nil, err
		}
		return finish(&in.dryRunOption, &decryptOutput{in.EncryptionAlgorithm, k.arn, usedMaterial{k.materialID(s.material)}, plaintext})
	}, nil
}

type reEncryptInput struct {
	SourceKeyID                    string `json:"SourceKeyId"`
	SourceEncryptionContext        encryptionContext
	SourceEncryptionAlgorithm      string
	DestinationKeyID               string `json:"DestinationKeyId"`
	DestinationEncryptionContext   encryptionContext
	DestinationEncryptionAlgorithm string
	ciphertextInput
}

func (in *reEncryptInput) check(k *checker) {
	k.checkText("sourceKeyId", in.SourceKeyID, optionalKeyIDRule)
	k.checkText("destinationKeyId", in.DestinationKeyID, keyIDRule)
	k.checkText("sourceEncryptionAlgorithm", in.SourceEncryptionAlgorithm, algorithmRule)
	k.checkText("destinationEncryptionAlgorithm", in.DestinationEncryptionAlgorithm, algorithmRule)
	in.ciphertextInput.check(k)
}

type reEncryptOutput struct {
	CiphertextBlob                 []byte
	DestinationEncryptionAlgorithm string
	DestinationKeyMaterialID       string `json:"DestinationKeyMaterialId,omitempty"`
	KeyID                          string `json:"KeyId"`
	SourceEncryptionAlgorithm      string
	SourceKeyID                    string `json:"SourceKeyId"`
	SourceKeyMaterialID            string `json:"SourceKeyMaterialId,omitempty"`
}

func (o *reEncryptOutput) materials() KeyMaterials {
	return KeyMaterials{SourceKeyMaterialID: o.SourceKeyMaterialID, DestinationKeyMaterialID: o.DestinationKeyMaterialID}
}

func (in *reEncryptInput) complete() {
	setDefault(&in.SourceEncryptionAlgorithm)
	setDefault(&in.DestinationEncryptionAlgorithm)
}

func reEncrypt(c *call, in *reEncryptInput) (work[reEncryptOutput], error) {
	from, to, err := c.reEncryptionKeys(in)
	if err != nil {
		return nil, err
	}
	if in.ignored() {
		return nil, in.stop()
	}
	source, err := from.toOpen(in.SourceEncryptionAlgorithm, in.SourceEncryptionContext, in.CiphertextBlob)
	if err != nil {
		return nil, err
	}
	destination, err := to.toSeal(in.DestinationEncryptionAlgorithm, in.DestinationEncryptionContext)
	if err != nil {
		return nil, err
	}
	out := &reEncryptOutput{
		SourceEncryptionAlgorithm: in.SourceEncryptionAlgorithm, SourceKeyID: from.arn, SourceKeyMaterialID: from.materialID(source.material),
		DestinationEncryptionAlgorithm: in.DestinationEncryptionAlgorithm, KeyID: to.arn, DestinationKeyMaterialID: to.materialID(destination.material),
	}
	return func() (*reEncryptOutput, error) {
		plaintext, err := source.open(in.CiphertextBlob)
		if err != nil {
			return nil, err
		}
		if out.CiphertextBlob, err = destination.seal(c.random, plaintext); err != nil {
			return nil, err
		}
		return finish(&in.dryRunOption, out)
	}, nil
}

const reEncryptFrom = "kms:ReEncryptFrom"

// reEncryptionKeys finds both keys, then asks for one permission on each
// (K0079). Whether they are the same key is a condition key of both.
func (c *call) reEncryptionKeys(in *reEncryptInput) (from, to *key, err error) {
	source, err := in.find(c, in.SourceKeyID, reEncryptFrom)
	if err != nil {
		return nil, nil, err
	}
	destination, err := c.find(in.DestinationKeyID)
	if err != nil {
		return nil, nil, err
	}
	same := strconv.FormatBool(source.same(destination))
	fromNeed := in.need(c, reEncryptFrom, in.SourceEncryptionAlgorithm, in.SourceEncryptionContext)
	fromNeed.context.Set("kms:ReEncryptOnSameKey", same)
	if from, err = c.open(source, fromNeed); err != nil {
		return nil, nil, err
	}
	toNeed := c.cipherNeed("kms:ReEncryptTo", in.DestinationEncryptionAlgorithm, in.DestinationEncryptionContext)
	toNeed.context.Set("kms:ReEncryptOnSameKey", same)
	to, err = c.open(destination, toNeed)
	return from, to, err
}
