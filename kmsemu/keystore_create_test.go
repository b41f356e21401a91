package kmsemu_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/stretchr/testify/require"
)

// TestCreateKeyStoreAgain (K0625): a CloudHSM key store with all the properties of one
// that is disconnected is that one.
func TestCreateKeyStoreAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.cloudInput()
	id := w.store(in)
	require.Equal(t, id, w.store(in))
	renamed, elsewhere := *in, *in
	renamed.CustomKeyStoreName = ptr("another name")
	_, err := w.root.kms.CreateCustomKeyStore(w.ctx, &renamed)
	fails(t, err, "CloudHsmClusterInUseException", "")
	elsewhere.CloudHsmClusterId = cluster(99)
	_, err = w.root.kms.CreateCustomKeyStore(w.ctx, &elsewhere)
	fails(t, err, "CustomKeyStoreNameInUseException", "")
	w.connect(id)
	w.clock.Advance(linkDelay)
	_, err = w.root.kms.CreateCustomKeyStore(w.ctx, in)
	fails(t, err, "CustomKeyStoreNameInUseException", "")
	external := w.externalInput()
	w.store(external)
	_, err = w.root.kms.CreateCustomKeyStore(w.ctx, external)
	fails(t, err, "CustomKeyStoreNameInUseException", "")
}

// TestCloudStoreNeedsTheServiceLinkedRole (K0625): who creates a CloudHSM key store must
// be allowed to create the role, which comes into being then; an external key store
// needs none.
func TestCloudStoreNeedsTheServiceLinkedRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const name = "AWSServiceRoleForKeyManagementServiceCustomKeyStores"
	exists := func() error {
		_, err := w.root.iam.GetRole(w.ctx, &iam.GetRoleInput{RoleName: aws.String(name)})
		return err
	}
	create := func(by *caller, in *kms.CreateCustomKeyStoreInput) error {
		_, err := by.kms.CreateCustomKeyStore(w.ctx, in)
		return err
	}
	bare := w.role(allow("kms:*", "*"))
	require.NoError(t, create(bare, w.externalInput()))
	arn := "arn:aws:iam::000000000000:role/aws-service-role/cks.kms.amazonaws.com/" + name
	want := denied(bare.arn, "iam:CreateServiceLinkedRole", arn, "because no identity-based policy allows the iam:CreateServiceLinkedRole action")
	fails(t, create(bare, w.cloudInput()), "AccessDeniedException", want)
	require.Error(t, exists())
	require.NoError(t, create(w.role(allow("*", "*")), w.cloudInput()))
	require.NoError(t, exists())
}
