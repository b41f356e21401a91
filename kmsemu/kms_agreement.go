package kmsemu

import "github.com/keywright/keywright/keypolicy"

var (
	agreementRule   = textRule{min: 1, enum: algorithmsOf(usageAgreement)}
	publicKeyLimits = intRule{1, 8192}
)

type deriveSharedSecretInput struct {
	keyInput
	KeyAgreementAlgorithm string
	PublicKey             blob
	callOptions
}

func (in *deriveSharedSecretInput) check(k *checker) {
	in.keyInput.check(k)
	k.checkText("keyAgreementAlgorithm", in.KeyAgreementAlgorithm, agreementRule)
	k.checkBlob("publicKey", in.PublicKey, publicKeyLimits)
	in.callOptions.check(k)
}

type deriveSharedSecretOutput struct {
	KeyAgreementAlgorithm string
	KeyID                 string `json:"KeyId"`
	KeyOrigin             string
	SharedSecret          []byte
}

func deriveSharedSecret(c *call, in *deriveSharedSecretInput) (work[deriveSharedSecretOutput], error) {
	conditions := keypolicy.Context{}
	conditions.Set("kms:KeyAgreementAlgorithm", in.KeyAgreementAlgorithm)
	k, err := c.key(in.KeyID, conditions)
	if err != nil {
		return nil, err
	}
	if err := k.accepts(in.KeyAgreementAlgorithm); err != nil {
		return nil, err
	}
	current := k.current()
	return func() (*deriveSharedSecretOutput, error) {
		secret, err := secretOf[agreer](current)
		if err != nil {
			return nil, err
		}
		shared, err := secret.agree(in.PublicKey)
		if err != nil {
			return nil, err
		}
		return finish(&in.dryRunOption, &deriveSharedSecretOutput{in.KeyAgreementAlgorithm, k.arn, k.origin, shared})
	}, nil
}
