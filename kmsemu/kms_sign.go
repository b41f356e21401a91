package kmsemu

import (
	"cmp"
	"crypto"
	"slices"

	"github.com/keywright/keywright/keypolicy"
)

// The values of MessageType.
const (
	rawMessage = "RAW"
	digest     = "DIGEST"
	externalMu = "EXTERNAL_MU"
)

// muLength is that of an ML-DSA message representative, in bytes. Source: FIPS
// 204, section 6.2.
const muLength = 64

// signatureScheme is what a SigningAlgorithm does with messages.
type signatureScheme struct {
	// hash digests a message before it is signed, or was used to digest it; 0 if
	// the scheme takes the message itself.
	hash         crypto.Hash
	pss          bool
	messageTypes []string
}

var (
	rawOrDigest = []string{rawMessage, digest}

	// signatureSchemes by name (K0034, K0035, K0205).
	signatureSchemes = map[string]signatureScheme{
		"RSASSA_PKCS1_V1_5_SHA_256": {crypto.SHA256, false, rawOrDigest},
		"RSASSA_PKCS1_V1_5_SHA_384": {crypto.SHA384, false, rawOrDigest},
		"RSASSA_PKCS1_V1_5_SHA_512": {crypto.SHA512, false, rawOrDigest},
		"RSASSA_PSS_SHA_256":        {crypto.SHA256, true, rawOrDigest},
		"RSASSA_PSS_SHA_384":        {crypto.SHA384, true, rawOrDigest},
		"RSASSA_PSS_SHA_512":        {crypto.SHA512, true, rawOrDigest},
		"ECDSA_SHA_256":             {crypto.SHA256, false, rawOrDigest},
		"ECDSA_SHA_384":             {crypto.SHA384, false, rawOrDigest},
		"ECDSA_SHA_512":             {crypto.SHA512, false, rawOrDigest},
		"ED25519_SHA_512":           {0, false, []string{rawMessage}},
		"ED25519_PH_SHA_512":        {crypto.SHA512, false, []string{digest}},
		"ML_DSA_SHAKE_256":          {0, false, []string{rawMessage, externalMu}},
	}

	// signingRule has AWS's order (K0612).
	signingRule = textRule{min: 1, enum: []string{
		"RSASSA_PSS_SHA_256", "RSASSA_PSS_SHA_384", "RSASSA_PSS_SHA_512", "RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384",
		"RSASSA_PKCS1_V1_5_SHA_512", "ECDSA_SHA_256", "ECDSA_SHA_384", "ECDSA_SHA_512", "ED25519_SHA_512", "ED25519_PH_SHA_512", "SM2DSA",
		"ML_DSA_SHAKE_256",
	}}
	messageTypeRule = textRule{enum: []string{rawMessage, digest, externalMu}}
	// Sizes in bytes (K0212).
	messageLimits   = intRule{1, 4096}
	signatureLimits = intRule{1, 6144}
)

// message is what is signed: a digest if the algorithm has a hash.
type message struct {
	signatureScheme
	kind string // MessageType
	text []byte
}

// messageInput is the input of Sign, and most of that of Verify.
type messageInput struct {
	keyInput
	Message          blob
	MessageType      string
	SigningAlgorithm string
	grantTokens
	dryRunOption
}

func (in *messageInput) check(k *checker) {
	in.keyInput.check(k)
	k.checkPlaintext("message", in.Message, messageLimits)
	k.checkText("messageType", in.MessageType, messageTypeRule)
	if in.SigningAlgorithm != symmetricDefault { // which is known, and left to the key's spec (K0622)
		k.checkText("signingAlgorithm", in.SigningAlgorithm, signingRule)
	}
	in.grantTokens.check(k)
}

func (in *messageInput) messageType() string { return cmp.Or(in.MessageType, rawMessage) }

// key finds the key and checks that it signs such messages.
func (in *messageInput) key(c *call) (*key, message, error) {
	conditions := keypolicy.Context{}
	conditions.Set("kms:SigningAlgorithm", in.SigningAlgorithm)
	conditions.Set("kms:MessageType", in.messageType())
	k, err := c.key(in.KeyID, conditions)
	if err != nil {
		return nil, message{}, err
	}
	if err := k.accepts(in.SigningAlgorithm); err != nil {
		return nil, message{}, err
	}
	m := message{signatureSchemes[in.SigningAlgorithm], in.messageType(), in.Message}
	if !slices.Contains(m.messageTypes, m.kind) {
		return nil, message{}, k.refuseType(m.kind, in.SigningAlgorithm)
	}
	if err := m.prepare(in.SigningAlgorithm); err != nil {
		return nil, message{}, err
	}
	return k, m, nil
}

// refuseType blames the algorithm if another of the key's takes the type, else
// the key (K0205).
func (k *key) refuseType(messageType, algorithm string) error {
	for _, other := range k.algorithms() {
		if slices.Contains(signatureSchemes[other].messageTypes, messageType) {
			return fail(validation, "Message type %s is incompatible with algorithm %s.", messageType, algorithm)
		}
	}
	return fail(validation, "Message type %s is incompatible with key spec %s.", messageType, k.spec.name)
}

// prepare digests a raw message; what claims to be a digest or a representative
// already must be as long as one (K0034).
func (m *message) prepare(algorithm string) error {
	switch {
	case m.kind == externalMu && len(m.text) != muLength:
		return fail(validation, "External Mu is invalid length for algorithm %s.", algorithm)
	case m.kind == digest && len(m.text) != m.hash.Size():
		return fail(validation, "Digest is invalid length for algorithm %s.", algorithm)
	case m.kind == rawMessage && m.hash != 0:
		h := m.hash.New()
		_, _ = h.Write(m.text) // a hash never fails
		m.text = h.Sum(nil)
	}
	return nil
}

type signOutput struct {
	KeyID            string `json:"KeyId"`
	Signature        []byte
	SigningAlgorithm string
}

func sign(c *call, in *messageInput) (work[signOutput], error) {
	k, m, err := in.key(c)
	if err != nil {
		return nil, err
	}
	current := k.current()
	return func() (*signOutput, error) {
		if err := in.stop(); err != nil {
			return nil, err
		}
		secret, err := secretOf[signer](current)
		if err != nil {
			return nil, err
		}
		signature, err := secret.sign(c.random, m)
		if err != nil {
			return nil, err
		}
		return &signOutput{k.arn, signature, in.SigningAlgorithm}, nil
	}, nil
}

type verifyInput struct {
	messageInput
	Signature blob
}

func (in *verifyInput) check(k *checker) {
	in.messageInput.check(k)
	k.checkBlob("signature", in.Signature, signatureLimits)
}

type verifyOutput struct {
	KeyID            string `json:"KeyId"`
	SignatureValid   bool
	SigningAlgorithm string
}

// verify answers a wrong signature with an error, never with false (K0034).
func verify(c *call, in *verifyInput) (work[verifyOutput], error) {
	k, m, err := in.key(c)
	if err != nil {
		return nil, err
	}
	current := k.current()
	return func() (*verifyOutput, error) {
		secret, err := secretOf[signer](current)
		if err != nil {
			return nil, err
		}
		valid, err := secret.verify(m, in.Signature)
		if err != nil {
			return nil, err
		}
		if !valid {
			return nil, fail(wrongSignature, "")
		}
		return finish(&in.dryRunOption, &verifyOutput{k.arn, true, in.SigningAlgorithm})
	}, nil
}
