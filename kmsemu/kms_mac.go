package kmsemu

import (
	"crypto/hmac"

	"github.com/keywright/keywright/keypolicy"
)

var (
	macRule   = textRule{min: 1, enum: []string{"HMAC_SHA_384", "HMAC_SHA_256", "HMAC_SHA_224", "HMAC_SHA_512"}} // in AWS's order (K0612)
	macLimits = intRule{1, 6144}
)

// macInput is the input of GenerateMac, and most of that of VerifyMac.
type macInput struct {
	keyInput
	MacAlgorithm string
	Message      blob
	grantTokens
	dryRunOption
}

func (in *macInput) check(k *checker) {
	in.keyInput.check(k)
	k.checkText("macAlgorithm", in.MacAlgorithm, macRule)
	k.checkPlaintext("message", in.Message, messageLimits)
	in.grantTokens.check(k)
}

// key finds the key, and what computes the MAC of the request's message with it.
func (in *macInput) key(c *call) (*key, func() ([]byte, error), error) {
	conditions := keypolicy.Context{}
	conditions.Set("kms:MacAlgorithm", in.MacAlgorithm)
	k, err := c.key(in.KeyID, conditions)
	if err != nil {
		return nil, nil, err
	}
	if err := k.accepts(in.MacAlgorithm); err != nil {
		return nil, nil, err
	}
	current := k.current()
	return k, func() ([]byte, error) {
		secret, err := secretOf[authenticator](current)
		if err != nil {
			return nil, err
		}
		return secret.authenticate(in.MacAlgorithm, in.Message), nil
	}, nil
}

type generateMACOutput struct {
	KeyID        string `json:"KeyId"`
	Mac          []byte
	MacAlgorithm string
}

func generateMAC(c *call, in *macInput) (work[generateMACOutput], error) {
	k, authenticate, err := in.key(c)
	if err != nil {
		return nil, err
	}
	return func() (*generateMACOutput, error) {
		mac, err := authenticate()
		if err != nil {
			return nil, err
		}
		return finish(&in.dryRunOption, &generateMACOutput{k.arn, mac, in.MacAlgorithm})
	}, nil
}

type verifyMACInput struct {
	macInput
	Mac blob
}

func (in *verifyMACInput) check(k *checker) {
	in.macInput.check(k)
	k.checkBlob("mac", in.Mac, macLimits)
}

type verifyMACOutput struct {
	KeyID        string `json:"KeyId"`
	MacAlgorithm string
	MacValid     bool
}

// verifyMAC answers a wrong MAC with an error, never with false (K0034).
func verifyMAC(c *call, in *verifyMACInput) (work[verifyMACOutput], error) {
	k, authenticate, err := in.key(c)
	if err != nil {
		return nil, err
	}
	return func() (*verifyMACOutput, error) {
		mac, err := authenticate()
		if err != nil {
			return nil, err
		}
		if !hmac.Equal(mac, in.Mac) {
			return nil, fail(wrongMAC, "")
		}
		return finish(&in.dryRunOption, &verifyMACOutput{k.arn, in.MacAlgorithm, true})
	}, nil
}
