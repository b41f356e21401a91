package probe

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// plaintextBytes is the size of what is encrypted: that of a data key.
const plaintextBytes = 32

// RoundTrip encrypts and decrypts with a key, given by id or ARN, and returns
// an error that says which promise was broken:
//
//   - what was encrypted decrypts to the same, and does not show in the
//     ciphertext;
//   - both answers name the same key, the one asked for;
//   - another encryption context, or none where one was given, is refused;
//   - a data key decrypts to its plaintext.
//
// The client needs kms:Encrypt, kms:Decrypt and kms:GenerateDataKey. Where
// policies look at the encryption context the refusal may also be
// AccessDenied, which AWS decides first.
func RoundTrip(ctx context.Context, client *kms.Client, key string, encryptionContext map[string]string) error {
	t := trip{client: client, key: key, context: encryptionContext}
	plaintext := make([]byte, plaintextBytes)
	if _, err := rand.Read(plaintext); err != nil {
		return fmt.Errorf("reading random bytes: %w", err)
	}
	out, err := client.Encrypt(ctx, &kms.EncryptInput{KeyId: &key, Plaintext: plaintext, EncryptionContext: encryptionContext})
	if err != nil {
		return fmt.Errorf("encrypting with %s: %w", key, err)
	}
	if err := t.opens(ctx, sealed{aws.ToString(out.KeyId), plaintext, out.CiphertextBlob}); err != nil {
		return fmt.Errorf("data round trip with %s: %w", key, err)
	}
	if err := t.needsContext(ctx, out.CiphertextBlob); err != nil {
		return fmt.Errorf("data round trip with %s: %w", key, err)
	}
	return t.dataKey(ctx)
}

type trip struct {
	client  *kms.Client
	key     string
	context map[string]string
}

// sealed is a plaintext with its ciphertext and the key named in the answer.
type sealed struct {
	keyID                 string
	plaintext, ciphertext []byte
}

func (t trip) opens(ctx context.Context, s sealed) error {
	if bytes.Contains(s.ciphertext, s.plaintext) {
		return errors.New("the ciphertext holds the plaintext")
	}
	if !names(s.keyID, t.key) {
		return fmt.Errorf("the answer names key %q", s.keyID)
	}
	out, err := t.client.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: s.ciphertext, EncryptionContext: t.context})
	if err != nil {
		return fmt.Errorf("decrypting: %w", err)
	}
	if !bytes.Equal(out.Plaintext, s.plaintext) {
		return errors.New("decrypting gave another plaintext")
	}
	if got := aws.ToString(out.KeyId); got != s.keyID {
		return fmt.Errorf("encrypting named key %q, decrypting %q", s.keyID, got)
	}
	return nil
}

// names reports whether an answer's key ARN can be that of the key asked for.
// Which key an alias means is not known here.
func names(answer, asked string) bool {
	if !strings.HasPrefix(answer, "arn:") {
		return false
	}
	if strings.Contains(asked, "alias/") {
		return true
	}
	return answer == asked || strings.HasSuffix(answer, ":key/"+asked)
}

// needsContext decrypts with contexts that must not serve.
func (t trip) needsContext(ctx context.Context, ciphertext []byte) error {
	wrong := maps.Clone(t.context)
	if wrong == nil {
		wrong = map[string]string{}
	}
	wrong["keywright-probe"] = "wrong"
	if err := t.keepsFrom(ctx, ciphertext, wrong); err != nil {
		return fmt.Errorf("decrypting with another encryption context: %w", err)
	}
	if len(t.context) == 0 {
		return nil
	}
	if err := t.keepsFrom(ctx, ciphertext, nil); err != nil {
		return fmt.Errorf("decrypting without encryption context: %w", err)
	}
	return nil
}

// keepsFrom returns an error unless an encryption context does not serve.
func (t trip) keepsFrom(ctx context.Context, ciphertext []byte, wrong map[string]string) error {
	_, err := t.client.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: ciphertext, EncryptionContext: wrong})
	var invalid *types.InvalidCiphertextException
	switch {
	case err == nil:
		return errors.New("want InvalidCiphertextException, but it was allowed")
	case errors.As(err, &invalid), isAccessDenied(err) && len(t.context) > 0:
		return nil
	default:
		return fmt.Errorf("want InvalidCiphertextException, got: %w", err)
	}
}

func (t trip) dataKey(ctx context.Context) error {
	out, err := t.client.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{
		KeyId: &t.key, KeySpec: types.DataKeySpecAes256, EncryptionContext: t.context,
	})
	if err != nil {
		return fmt.Errorf("generating data key with %s: %w", t.key, err)
	}
	if len(out.Plaintext) != plaintextBytes {
		return fmt.Errorf("data key of %s: AES_256 has %d bytes, got %d", t.key, plaintextBytes, len(out.Plaintext))
	}
	if err := t.opens(ctx, sealed{aws.ToString(out.KeyId), out.Plaintext, out.CiphertextBlob}); err != nil {
		return fmt.Errorf("data key round trip with %s: %w", t.key, err)
	}
	return nil
}
