package kmsemutest_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
	"github.com/keywright/keywright/kmsemu/kmsemutest"
)

func TestOrders(t *testing.T) {
	t.Parallel()
	emulator := kmsemutest.New(t, nil) // ends with the test
	client := kms.NewFromConfig(aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(emulator.URL),
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	key, err := client.CreateKey(t.Context(), &kms.CreateKeyInput{})
	require.NoError(t, err)

	fault := kmsemu.Fault{Operation: "Encrypt", Error: "KMSInternalException", Times: 1}
	require.NoError(t, emulator.Server.SetFaults(fault))
	_, err = client.Encrypt(t.Context(), &kms.EncryptInput{KeyId: key.KeyMetadata.KeyId, Plaintext: []byte("order")})
	require.NoError(t, err, "the SDK tries again")
	require.Len(t, emulator.Server.EventsWhere(kmsemu.EventFilter{Name: "Encrypt"}), 2)

	emulator.Server.Advance(400 * 24 * time.Hour) // rotations, deletions and sessions follow
}

// The guide shows the test above as it stands there.
func TestGuideShowsOrders(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../docs/serve.md")
	require.NoError(t, err)
	source, err := os.ReadFile("guide_test.go")
	require.NoError(t, err)
	_, after, _ := strings.Cut(string(source), "func TestOrders(")
	body, _, found := strings.Cut(after, "\n}\n")
	require.True(t, found)
	require.Contains(t, string(guide), "func TestOrders("+body+"\n}\n")
}
