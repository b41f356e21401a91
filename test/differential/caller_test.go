package differential_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// object is a JSON object: parameters or an answer. A parameter may be a reference
// to an earlier answer, "$step.Field.Field", or a func(memory) any.
type object = map[string]any

// memory holds the answers of a sequence, by the names of its steps.
type memory map[string]object

// caller is an account at an endpoint of KMS. It writes requests itself: clients
// would refuse the bad ones.
type caller struct {
	url, account string
	memory       memory
}

const homeRegion = "us-east-1"

// httpStatus is where an error's answer has its status.
const httpStatus = "HTTP status"

// call makes a step's call. Errors are answers too; the error returned is one of
// the transport.
func (c *caller) call(ctx context.Context, s step) (object, error) {
	parameters, err := c.resolve(s.in)
	if err != nil {
		return nil, fmt.Errorf("step %q: %w", s.name, err)
	}
	body, err := json.Marshal(parameters)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "TrentService."+s.operation)
	region := s.region
	if region == "" {
		region = homeRegion
	}
	sum := sha256.Sum256(body)
	who := aws.Credentials{AccessKeyID: c.account, SecretAccessKey: "test"}
	if err := v4.NewSigner().SignHTTP(ctx, who, r, hex.EncodeToString(sum[:]), "kms", region, time.Now()); err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	got := object{}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &got); err != nil {
			return nil, fmt.Errorf("%s answered %d %q: %w", s.operation, answer.StatusCode, text, err)
		}
	}
	if answer.StatusCode != http.StatusOK {
		got[httpStatus] = answer.StatusCode
	}
	c.memory[s.name] = got
	return got, nil
}

// resolve replaces references and functions in a value.
func (c *caller) resolve(value any) (any, error) {
	switch v := value.(type) {
	case string:
		if strings.HasPrefix(v, "$") {
			return c.memory.at(v[1:])
		}
		return v, nil
	case func(memory) any:
		return v(c.memory), nil
	case object:
		out := object{}
		var errs []error
		for name, member := range v {
			resolved, err := c.resolve(member)
			out[name], errs = resolved, append(errs, err)
		}
		return out, errors.Join(errs...)
	case []any:
		out := make([]any, len(v))
		var errs []error
		for i, member := range v {
			resolved, err := c.resolve(member)
			out[i], errs = resolved, append(errs, err)
		}
		return out, errors.Join(errs...)
	default:
		return v, nil
	}
}

// at finds "step.Field.Field". What an answer lacks is "", so that a sequence goes
// on and shows what follows from it.
func (m memory) at(path string) (any, error) {
	names := strings.Split(path, ".")
	var at any = m[names[0]]
	if m[names[0]] == nil {
		return nil, fmt.Errorf("no step %q came before", names[0])
	}
	for _, name := range names[1:] {
		members, ok := at.(object)
		if !ok || members[name] == nil {
			return "", nil
		}
		at = members[name]
	}
	return at, nil
}
