package test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"
)

// keyStore makes a custom key store for keys of an origin, connects it and
// returns its id. What stands behind it is imaginary.
func (c *catalogue) keyStore(t *testing.T, origin string) string {
	t.Helper()
	in := &kms.CreateCustomKeyStoreInput{
		CustomKeyStoreName: aws.String(origin), CustomKeyStoreType: types.CustomKeyStoreTypeExternalKeyStore,
		XksProxyConnectivity: types.XksProxyConnectivityTypePublicEndpoint,
		XksProxyUriEndpoint:  aws.String("https://proxy.example.com"), XksProxyUriPath: aws.String("/kms/xks/v1"),
		XksProxyAuthenticationCredential: &types.XksProxyAuthenticationCredentialType{
			AccessKeyId: aws.String("ABCDEFGHIJKLMNOPQRST"), RawSecretAccessKey: aws.String("c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA=="),
		},
	}
	if origin == "AWS_CLOUDHSM" {
		in = &kms.CreateCustomKeyStoreInput{
			CustomKeyStoreName: aws.String(origin), CloudHsmClusterId: aws.String("cluster-abcdefghijk"),
			KeyStorePassword: aws.String("kmsuser-password"), TrustAnchorCertificate: trustAnchor(t),
		}
	}
	made, err := c.deployer.CreateCustomKeyStore(t.Context(), in)
	require.NoError(t, err)
	_, err = c.deployer.ConnectCustomKeyStore(t.Context(), &kms.ConnectCustomKeyStoreInput{CustomKeyStoreId: made.CustomKeyStoreId})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		out, err := c.deployer.DescribeCustomKeyStores(t.Context(), &kms.DescribeCustomKeyStoresInput{CustomKeyStoreId: made.CustomKeyStoreId})
		return err == nil && out.CustomKeyStores[0].ConnectionState == types.ConnectionStateTypeConnected
	}, patience, pause)
	return aws.ToString(made.CustomKeyStoreId)
}

// What becomes true by itself is waited for with patience, and asked for at each
// pause.
const (
	patience = time.Minute
	pause    = 20 * time.Millisecond
)

// trustAnchor makes the certificate of a CloudHSM cluster.
func trustAnchor(t *testing.T) *string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	return aws.String(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
}
