package kmsemu_test

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"
)

// A client of a service that is not here is told so in the form that it reads.
func TestOtherServices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const told = "the emulator has KMS, STS and IAM, and no "
	for _, row := range []struct {
		service, target, want string
	}{
		{"dynamodb", "DynamoDB_20120810.ListTables", `"__type":"NotImplemented","message":"` + told + `dynamodb: make `},
		{"lambda", "none", `"message":"` + told + "lambda: make "},
		{"sns", "", "<ErrorResponse><Error><Code>NotImplemented</Code><Message>" + told + "sns: make "},
		{"ec2", "", "<Response><Errors><Error><Code>NotImplemented</Code><Message>" + told + "ec2: make "},
	} {
		t.Run(row.service, func(t *testing.T) {
			t.Parallel()
			resp, body := w.raw(request{service: row.service, body: "{}", before: func(r *http.Request) {
				if row.target != "" {
					r.Header.Set("X-Amz-Target", row.target)
					r.Header.Set("Content-Type", "application/json")
				}
			}})
			require.Equal(t, http.StatusNotImplemented, resp.StatusCode)
			require.Contains(t, body, row.want)
		})
	}
}

// The client of S3 asks once, and shows what it was told.
func TestOtherServiceThroughItsClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	asked := 0
	client := s3.NewFromConfig(w.root.Config, func(o *s3.Options) {
		o.UsePathStyle = true
		o.HTTPClient = counting{&asked}
	})
	_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("bucket")})
	var api smithy.APIError
	require.ErrorAs(t, err, &api)
	require.Equal(t, "NotImplemented", api.ErrorCode())
	require.Contains(t, api.ErrorMessage(), "and no s3: make the resources that need it on LocalStack or AWS")
	require.Equal(t, 1, asked)
}

// counting counts requests.
type counting struct{ n *int }

func (c counting) Do(r *http.Request) (*http.Response, error) {
	*c.n++
	return http.DefaultClient.Do(r)
}
