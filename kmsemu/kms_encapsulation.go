package kmsemu

var (
	encapsulationRule = textRule{min: 1, enum: algorithmsOf(usageEncapsulation)}
	encapsulateLimits = intRule{1, 6144}
)

// encapsulateInput is the input of Encapsulate, and most of that of Decapsulate.
type encapsulateInput struct {
	keyInput
	EncapsulationAlgorithm string
	grantTokens
	dryRunOption
}

func (in *encapsulateInput) check(k *checker) {
	in.keyInput.check(k)
	k.checkText("encapsulationAlgorithm", in.EncapsulationAlgorithm, encapsulationRule)
	in.grantTokens.check(k)
}

// key finds the key; there is no condition key for the algorithm.
func (in *encapsulateInput) key(c *call) (*key, error) {
	k, err := c.key(in.KeyID, nil)
	if err != nil {
		return nil, err
	}
	return k, k.accepts(in.EncapsulationAlgorithm)
}

type encapsulateOutput struct {
	EncapsulationAlgorithm     string
	KeyID                      string `json:"KeyId"`
	SharedSecret               []byte
	SharedSecretCiphertextBlob []byte
}

func encapsulate(c *call, in *encapsulateInput) (work[encapsulateOutput], error) {
	k, err := in.key(c)
	if err != nil {
		return nil, err
	}
	current := k.current()
	return func() (*encapsulateOutput, error) {
		secret, err := secretOf[encapsulator](current)
		if err != nil {
			return nil, err
		}
		ciphertext, shared, err := secret.encapsulate(c.random)
		if err != nil {
			return nil, err
		}
		return finish(&in.dryRunOption, &encapsulateOutput{in.EncapsulationAlgorithm, k.arn, shared, ciphertext})
	}, nil
}

type decapsulateInput struct {
	encapsulateInput
	SharedSecretCiphertextBlob blob
}

func (in *decapsulateInput) check(k *checker) {
	in.encapsulateInput.check(k)
	k.checkBlob("sharedSecretCiphertextBlob", in.SharedSecretCiphertextBlob, encapsulateLimits)
}

type decapsulateOutput struct {
	EncapsulationAlgorithm string
	KeyID                  string `json:"KeyId"`
	SharedSecret           []byte
}

func decapsulate(c *call, in *decapsulateInput) (work[decapsulateOutput], error) {
	k, err := in.key(c)
	if err != nil {
		return nil, err
	}
	current := k.current()
	return func() (*decapsulateOutput, error) {
		secret, err := secretOf[encapsulator](current)
		if err != nil {
			return nil, err
		}
		shared, err := secret.decapsulate(in.SharedSecretCiphertextBlob)
		if err != nil {
			return nil, err
		}
		return finish(&in.dryRunOption, &decapsulateOutput{in.EncapsulationAlgorithm, k.arn, shared})
	}, nil
}
