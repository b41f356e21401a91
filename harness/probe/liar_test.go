package probe_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/probe"
)

// liar is a KMS that breaks a promise: it changes a call's input before it is
// made, or its output after. Either may be nil.
type liar struct {
	input  func(any)
	output func(input, output any)
}

func (l liar) client(cfg aws.Config) *kms.Client {
	lie := middleware.InitializeMiddlewareFunc("Liar", func(ctx context.Context, in middleware.InitializeInput,
		next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		if l.input != nil {
			l.input(in.Parameters)
		}
		out, metadata, err := next.HandleInitialize(ctx, in)
		if err == nil && l.output != nil {
			l.output(in.Parameters, out.Result)
		}
		return out, metadata, err
	})
	return kms.NewFromConfig(cfg, func(o *kms.Options) {
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			return stack.Initialize.Add(lie, middleware.Before)
		})
	})
}

// A KMS that is wrong in one thing does not pass the round trip.
func TestRoundTripFindsLies(t *testing.T) {
	t.Parallel()
	given := map[string]string{"tenant": "a"}
	const other = "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-4000-8000-000000000000"
	decrypt := func(change func(*kms.DecryptInput)) func(any) {
		return func(in any) {
			if d, ok := in.(*kms.DecryptInput); ok {
				change(d)
			}
		}
	}
	tests := []struct {
		name string
		liar liar
		want string
	}{
		{"the truth", liar{}, ""},
		{
			"it ignores the encryption context",
			liar{input: decrypt(func(d *kms.DecryptInput) { d.EncryptionContext = given })},
			"decrypting with another encryption context: want InvalidCiphertextException, but it was allowed",
		},
		{
			"it does not miss the encryption context",
			liar{input: decrypt(func(d *kms.DecryptInput) {
				if d.EncryptionContext == nil {
					d.EncryptionContext = given
				}
			})},
			"decrypting without encryption context: want InvalidCiphertextException, but it was allowed",
		},
		{
			"it refuses the wrong context for another reason",
			liar{input: decrypt(func(d *kms.DecryptInput) {
				if len(d.EncryptionContext) > 1 {
					d.KeyId = aws.String(other)
				}
			})},
			"want InvalidCiphertextException, got: ",
		},
		{
			"it encrypts with another key",
			liar{output: func(_, out any) {
				if o, ok := out.(*kms.EncryptOutput); ok {
					o.KeyId = aws.String(other)
				}
			}},
			`the answer names key "` + other + `"`,
		},
		{
			"it names no ARN",
			liar{output: func(_, out any) {
				if o, ok := out.(*kms.EncryptOutput); ok {
					o.KeyId = aws.String("some-key")
				}
			}},
			`the answer names key "some-key"`,
		},
		{
			"it decrypts with another key",
			liar{output: func(_, out any) {
				if o, ok := out.(*kms.DecryptOutput); ok {
					o.KeyId = aws.String(other)
				}
			}},
			`decrypting "` + other + `"`,
		},
		{
			"it does not encrypt",
			liar{output: func(in, out any) {
				if o, ok := out.(*kms.EncryptOutput); ok {
					o.CiphertextBlob = append([]byte("v1:"), in.(*kms.EncryptInput).Plaintext...)
				}
			}},
			"the ciphertext holds the plaintext",
		},
		{
			"it decrypts to something else",
			liar{output: func(_, out any) {
				if o, ok := out.(*kms.DecryptOutput); ok {
					o.Plaintext[0] ^= 1
				}
			}},
			"decrypting gave another plaintext",
		},
		{
			"it makes short data keys",
			liar{output: func(_, out any) {
				if o, ok := out.(*kms.GenerateDataKeyOutput); ok {
					o.Plaintext = o.Plaintext[:16]
				}
			}},
			"AES_256 has 32 bytes, got 16",
		},
		{
			"its data keys are not those it encrypted",
			liar{output: func(_, out any) {
				if o, ok := out.(*kms.GenerateDataKeyOutput); ok {
					o.Plaintext[0] ^= 1
				}
			}},
			"data key round trip with",
		},
	}
	l := newLab(t)
	key, err := kms.NewFromConfig(l.Config()).CreateKey(t.Context(), &kms.CreateKeyInput{})
	require.NoError(t, err)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := probe.RoundTrip(t.Context(), tt.liar.client(l.Config()), aws.ToString(key.KeyMetadata.Arn), given)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
		})
	}
}
