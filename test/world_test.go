package test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness"
	"github.com/keywright/keywright/harness/probe"
	"github.com/keywright/keywright/kmsemu"
)

// world is where keys are asked: one Region of a backend, with those who ask.
type world struct {
	server   *kmsemu.Server // nil for a backend that is not the emulator
	account  string
	rootUser aws.Config  // of the account
	root     *kms.Client // the same: BreakGlass
	deployer *kms.Client // Terraform's role
	roles    map[string]*probe.Identity

	open           string // a key that everybody may encrypt to and re-encrypt from
	openCiphertext []byte
}

// newWorld is the backend's own Region, with all roles.
func newWorld(t *testing.T, h *harness.Harness) world {
	t.Helper()
	w := world{
		account:  strings.Split(h.DeployerARN(), ":")[4],
		rootUser: h.Backend().Config(), deployer: h.KMS(), roles: map[string]*probe.Identity{},
	}
	if backend, ok := h.Backend().(interface{ Server() *kmsemu.Server }); ok {
		w.server = backend.Server()
	}
	w.rootUser.Credentials = credentials.NewStaticCredentialsProvider("test", "test", "")
	w.root = kms.NewFromConfig(w.rootUser)
	for _, name := range roleNames {
		if policy := rolePolicies[name]; policy != "" {
			w.roles[name] = h.Role(name, policy)
		} else {
			w.roles[name] = h.Role(name)
		}
	}
	w.makeOpenKey(t)
	return w
}

// in is another Region of the same backend.
func (w world) in(t *testing.T, region string) world {
	t.Helper()
	w.rootUser.Region = region
	w.root = kms.NewFromConfig(w.rootUser)
	w.deployer = kms.New(w.deployer.Options(), func(o *kms.Options) { o.Region = region })
	moved := map[string]*probe.Identity{}
	for name, role := range w.roles {
		moved[name] = role.In(region)
	}
	w.roles = moved
	w.makeOpenKey(t)
	return w
}

// openPolicy lets everybody do what re-encryption needs of its other key.
const openPolicy = `{"Version":"2012-10-17","Statement":[
	{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::%s:root"},"Action":"kms:*","Resource":"*"},
	{"Effect":"Allow","Principal":{"AWS":"*"},"Action":["kms:Encrypt","kms:ReEncrypt*"],"Resource":"*"}]}`

// makeOpenKey makes the other key of re-encryptions.
func (w *world) makeOpenKey(t *testing.T) {
	t.Helper()
	made, err := w.root.CreateKey(t.Context(), &kms.CreateKeyInput{Policy: aws.String(fmt.Sprintf(openPolicy, w.account))})
	require.NoError(t, err)
	w.open = aws.ToString(made.KeyMetadata.Arn)
	t.Cleanup(func() {
		_, err := w.root.ScheduleKeyDeletion(context.WithoutCancel(t.Context()), &kms.ScheduleKeyDeletionInput{KeyId: &w.open})
		require.NoError(t, err)
	})
	sealed, err := w.root.Encrypt(t.Context(), &kms.EncryptInput{KeyId: &w.open, Plaintext: plaintext})
	require.NoError(t, err)
	w.openCiphertext = sealed.CiphertextBlob
}

// emulator is the embedded backend's server; on another backend the promise is
// skipped.
func (w *world) emulator(t *testing.T) *kmsemu.Server {
	t.Helper()
	if w.server == nil {
		t.Skip("the backend makes no calls of AWS services, and keeps no trail")
	}
	return w.server
}

// now is the time by the backend's clock.
func (w *world) now() time.Time {
	if w.server == nil {
		return time.Now()
	}
	return w.server.Now()
}
