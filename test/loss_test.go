package test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/stretchr/testify/require"
)

// Until the last minute of its window a key can be rescued, with all that it
// encrypted, signed or agreed on. Then it is lost, and nothing of that opens again.
func loss(t *testing.T, k *key) {
	k = k.elsewhen(t)
	s := k.bareSubject(t)
	k.seal(t, s)
	opens := func() string { return code(k.callAs(t, k.root, opens[k.preset.kind], s)) }
	require.Empty(t, opens())

	window := time.Duration(k.preset.window()) * day
	schedule := func() {
		_, err := k.as("administrator").ScheduleKeyDeletion(t.Context(), &kms.ScheduleKeyDeletionInput{KeyId: &k.arn, PendingWindowInDays: aws.Int32(k.preset.window())})
		require.NoError(t, err)
		k.pass(window - time.Minute)
		require.Equal(t, k.preset.pending(), k.state(t))
		require.Equal(t, "KMSInvalidStateException", opens())
	}
	rescue := func() error {
		_, err := k.as("administrator").CancelKeyDeletion(t.Context(), &kms.CancelKeyDeletionInput{KeyId: &k.arn})
		return err
	}
	schedule()
	require.NoError(t, rescue())
	if k.preset.vars["valid_to"] != nil {
		k.importMaterial(t, k.preset.material()) // it expired in the meantime
	}
	_, err := k.as("administrator").EnableKey(t.Context(), &kms.EnableKeyInput{KeyId: &k.arn})
	require.NoError(t, err)
	require.Empty(t, opens())

	schedule()
	k.pass(time.Minute)
	require.Equal(t, "NotFoundException", code(rescue()))
	require.Equal(t, "NotFoundException", opens())
	if !k.preset.elsewhere {
		_, err := k.root.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: aws.String("alias/" + aliasOf(k.preset))})
		require.Equal(t, "NotFoundException", code(err))
	}
}

// opens is what gets at what keys of a kind made.
var opens = map[kind]string{
	symmetric: "Decrypt", rsaEncryption: "Decrypt", signing: "Verify", mac: "VerifyMac", agreement: "DeriveSharedSecret",
}
