package test

import (
	"bytes"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/probe"
)

const day = 24 * time.Hour

// remember keeps what the emulator holds now for promises that take time.
func (c *catalogue) remember(t *testing.T) {
	t.Helper()
	if c.server == nil {
		return
	}
	for _, p := range c.presets {
		if p.kind == rsaEncryption { // an RSA key is made when first used: here, once for all copies
			_, err := c.root.GetPublicKey(t.Context(), &kms.GetPublicKeyInput{KeyId: aws.String(c.key(p).arn)})
			require.NoError(t, err)
		}
	}
	var snapshot bytes.Buffer
	require.NoError(t, c.server.Snapshot(&snapshot))
	c.remembered = snapshot.Bytes()
}

// elsewhen is the key in an emulator of its own, as it was remembered: time can pass
// there while Terraform's session here stays valid.
func (k *key) elsewhen(t *testing.T) *key {
	t.Helper()
	k.emulator(t)
	b, err := backend.StartEmbedded(t.Context(), backend.EmbeddedConfig{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	require.NoError(t, b.Server().Restore(bytes.NewReader(k.remembered)))

	c := *k.catalogue
	c.server, c.deployer = b.Server(), nil // Terraform's session is not there
	account := prompt{b.InAccount(k.account)}
	c.rootUser.BaseEndpoint, c.rootUser.Retryer = b.Config().BaseEndpoint, account.Config().Retryer
	c.root = kms.NewFromConfig(c.rootUser)
	then := &key{catalogue: &c, preset: k.preset, arn: k.arn}
	then.assume(t, account)
	then.pass = func(d time.Duration) {
		b.Server().Advance(d)
		then.assume(t, account)
	}
	return then
}

// prompt is a backend whose clients ask again at once when they are told that their
// clock is wrong.
type prompt struct{ backend.Backend }

func (p prompt) Config() aws.Config {
	cfg := p.Backend.Config()
	cfg.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		})
	}
	return cfg
}

// deployed is a backend as Terraform's role.
type deployed struct {
	backend.Backend
	config aws.Config
}

func (d deployed) Config() aws.Config { return d.config }

// assume replaces the roles' sessions, which last an hour. The roles trust Terraform's
// alone.
func (k *key) assume(t *testing.T, account backend.Backend) {
	t.Helper()
	deployer, err := probe.AssumeRole(t.Context(), account, k.DeployerARN())
	require.NoError(t, err)
	roles := map[string]*probe.Identity{}
	for name, role := range k.roles {
		id, err := probe.AssumeRole(t.Context(), deployed{account, deployer.Config}, role.RoleARN)
		require.NoError(t, err)
		roles[name] = id.In(k.rootUser.Region)
	}
	k.roles = roles
}
