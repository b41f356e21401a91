package kmsload

import (
	"bytes"
	"context"
	"errors"
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

type encryptInput struct {
	KeyID     string `json:"KeyId"`
	Plaintext []byte
}

type encryptOutput struct{ CiphertextBlob []byte }

type decryptOutput struct{ Plaintext []byte }

// EncryptDecrypt is the pair of calls that servers are compared by: it encrypts,
// decrypts, and checks that what came back is what was sent.
func (c *Client) EncryptDecrypt(ctx context.Context, keyID string, plaintext []byte) error {
	var sealed encryptOutput
	if err := c.Call(ctx, "Encrypt", encryptInput{keyID, plaintext}, &sealed); err != nil {
		return err
	}
	var opened decryptOutput
	if err := c.Call(ctx, "Decrypt", sealed, &opened); err != nil {
		return err
	}
	if !bytes.Equal(opened.Plaintext, plaintext) {
		return errors.New("decrypting gave another plaintext than was encrypted")
	}
	return nil
}
