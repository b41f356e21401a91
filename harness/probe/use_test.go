package probe_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/probe"
)

// A key of any usage is used there and back by who may, and every action that it
// has is probed.
func TestUse(t *testing.T) {
	t.Parallel()
	const everything = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}`
	for _, row := range []struct {
		name    string
		spec    types.KeySpec
		usage   types.KeyUsageType
		actions []probe.Action // that others do not have
	}{
		{"symmetric", types.KeySpecSymmetricDefault, types.KeyUsageTypeEncryptDecrypt, []probe.Action{probe.Encrypt, probe.Decrypt, probe.ReEncrypt, probe.GenerateDataKey}},
		{"RSA encryption", types.KeySpecRsa2048, types.KeyUsageTypeEncryptDecrypt, []probe.Action{probe.Encrypt, probe.Decrypt, probe.ReEncrypt, probe.GetPublicKey}},
		{"signing", types.KeySpecEccNistP384, types.KeyUsageTypeSignVerify, []probe.Action{probe.Sign, probe.Verify, probe.GetPublicKey}},
		{"MAC", types.KeySpecHmac512, types.KeyUsageTypeGenerateVerifyMac, []probe.Action{probe.GenerateMac, probe.VerifyMac}},
		{"agreement", types.KeySpecEccNistP521, types.KeyUsageTypeKeyAgreement, []probe.Action{probe.GetPublicKey, probe.DeriveSharedSecret}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			key, err := kms.NewFromConfig(l.Config()).CreateKey(t.Context(), &kms.CreateKeyInput{KeySpec: row.spec, KeyUsage: row.usage})
			require.NoError(t, err)
			full, bare := l.role("full", everything), l.role("bare")
			require.NotEmpty(t, probe.UseActions(key.KeyMetadata))
			require.NoError(t, probe.Use(t.Context(), full.KMS, key.KeyMetadata, nil))
			require.ErrorContains(t, probe.Use(t.Context(), bare.KMS, key.KeyMetadata, nil), "AccessDenied")

			all := probe.ActionsOn(key.KeyMetadata)
			require.Subset(t, all, row.actions)
			results, err := probe.Access(t.Context(), l, probe.Matrix{Key: aws.ToString(key.KeyMetadata.Arn), Rows: []probe.Row{
				{Identity: full, Allow: all}, {Identity: bare, Stranger: true},
			}})
			require.NoError(t, err)
			require.Len(t, results, 2*len(all))
			for _, r := range results {
				require.True(t, r.OK(), r.String())
			}
		})
	}
}

// Where nobody can make what a call takes, it is an error, or left out if asked.
func TestPartial(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	reader := l.role("reader")
	key := l.key(statement("Reader", reader, "", "DescribeKey"))
	m := probe.Matrix{Key: key, Rows: []probe.Row{{Identity: reader, Allow: []probe.Action{probe.DescribeKey}}}}
	_, err := probe.Access(t.Context(), l, m)
	require.ErrorContains(t, err, "nobody could make a ciphertext to go on with")
	m.Partial = true
	results, err := probe.Access(t.Context(), l, m)
	require.NoError(t, err)
	require.Len(t, results, len(probe.Actions())-2, "without Decrypt and ReEncrypt")
	for _, r := range results {
		require.True(t, r.OK(), r.String())
	}

	// A maker makes it: now the reader is refused what he was not asked before.
	maker := l.role("maker")
	m.Key, m.Makers = l.key(statement("Reader", reader, "", "DescribeKey"), statement("Maker", maker, "", "Encrypt")), []*probe.Identity{maker}
	results, err = probe.Access(t.Context(), l, m)
	require.NoError(t, err)
	require.Len(t, results, len(probe.Actions()))
}

// An action that may go either way is tried and told, and never wrong.
func TestEither(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	app := l.role("app")
	key := l.key(statement("App", app, "", cryptographic...))
	either := []probe.Action{probe.Encrypt, probe.Decrypt, probe.GenerateDataKey, probe.ReEncrypt}
	results, err := probe.Access(t.Context(), l, probe.Matrix{Key: key, Rows: []probe.Row{{Identity: app, Either: either}}})
	require.NoError(t, err)
	for _, r := range results {
		require.True(t, r.OK(), r.String())
	}
	require.True(t, results[0].Got)
	require.False(t, results[2].Got, "ReEncrypt")
}

// Another account's role may do what both sides allow, and its clients work in the
// Region they are moved to.
func TestOtherAccount(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var b backend.Accounts = l
	other := b.InAccount("999999999999")
	foreigner, err := probe.CreateRole(t.Context(), other, "foreigner", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}`)
	require.NoError(t, err)
	require.Contains(t, foreigner.ARN, ":999999999999:")
	shared, own := l.key(statement("Shared", foreigner, "", "DescribeKey")), l.key()
	_, err = foreigner.KMS.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &shared})
	require.NoError(t, err)
	_, err = foreigner.KMS.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &own})
	require.ErrorContains(t, err, "AccessDenied")
	_, err = foreigner.In("eu-west-1").KMS.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &shared})
	require.ErrorContains(t, err, "Invalid arn us-east-1", "the key is not there")
	require.NoError(t, foreigner.Remove(t.Context()))

	require.NoError(t, other.Close())
	deployer, err := probe.Deployer(t.Context(), l)
	require.NoError(t, err, "closing an account closes nothing")
	require.Equal(t, l.DeployerARN(), deployer.RoleARN)
	require.Contains(t, deployer.ARN, "/keywright-deployer/terraform")
}
