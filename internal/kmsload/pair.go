package kmsload

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
)

// CreateKey makes a symmetric key and returns its id.
func (c *Client) CreateKey(ctx context.Context) (string, error) {
	var out struct {
		KeyMetadata struct {
			KeyID string `json:"KeyId"`
		}
	}
	err := c.Call(ctx, "CreateKey", struct{}{}, &out)
	return out.KeyMetadata.KeyID, err
}

// EncryptDecrypt is the pair of calls that servers are compared by: it encrypts,
// decrypts, and checks that what came back is what was sent. The key is named by its
// id or ARN.
func (c *Client) EncryptDecrypt(ctx context.Context, keyID string, plaintext []byte) error {
	c.body = appendAll(c.body[:0], `{"KeyId":"`, keyID, `","Plaintext":"`)
	c.body = append(base64.StdEncoding.AppendEncode(c.body, plaintext), `"}`...)
	sealed, err := c.field(ctx, "Encrypt", "CiphertextBlob")
	if err != nil {
		return err
	}
	c.body = append(append(append(c.body[:0], `{"CiphertextBlob":"`...), sealed...), `"}`...)
	opened, err := c.field(ctx, "Decrypt", "Plaintext")
	if err != nil {
		return err
	}
	c.body = base64.StdEncoding.AppendEncode(c.body[:0], plaintext)
	if !bytes.Equal(opened, c.body) {
		return fmt.Errorf("decrypting gave another plaintext than was encrypted: %q", opened)
	}
	return nil
}

// field runs an operation on the body and finds a field of the answer, whose value
// is a text in base64. It is good until the next call.
func (c *Client) field(ctx context.Context, operation, name string) ([]byte, error) {
	answer, err := c.exchange(ctx, operation, c.body)
	if err != nil {
		return nil, fmt.Errorf("calling %s at %s: %w", operation, c.host, err)
	}
	_, rest, found := bytes.Cut(answer, appendAll(c.scratch[:0], `"`, name, `":`))
	text, quoted := bytes.CutPrefix(bytes.TrimLeft(rest, " "), []byte(`"`))
	value, _, whole := bytes.Cut(text, []byte(`"`))
	if !found || !quoted || !whole {
		return nil, fmt.Errorf("the answer of %s has no %s: %s", operation, name, answer)
	}
	return value, nil
}
