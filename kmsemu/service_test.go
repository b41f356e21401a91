package kmsemu_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

// newServiceWorld is a world whose emulator honours calls as services make them.
func newServiceWorld(t testing.TB) *world {
	t.Helper()
	return newWorldOf(t, kmsemu.Config{ServiceCalls: true})
}

// through is the caller with headers on its KMS calls: pairs of name and value.
func (c *caller) through(headers ...string) *caller {
	var options []func(*kms.Options)
	for i := 0; i < len(headers); i += 2 {
		options = append(options, kms.WithAPIOptions(smithyhttp.AddHeaderValue(headers[i], headers[i+1])))
	}
	made := *c
	made.kms = kms.NewFromConfig(c.Config, options...)
	return &made
}

const (
	viaService    = "X-Keywright-Via-Service"
	asService     = "X-Keywright-As-Service"
	sourceARN     = "X-Keywright-Source-Arn"
	sourceAccount = "X-Keywright-Source-Account"
)

// serviceStatement allows a service principal an action.
func serviceStatement(principal, action, condition string) string {
	return fmt.Sprintf(`{"Sid":"service","Effect":"Allow","Principal":{"Service":%q},"Action":%q,"Resource":"*","Condition":%s}`, principal, action, or(condition, "{}"))
}

// TestViaService (K0317): condition keys of a call that a service makes for its
// caller; each twin is the same call made directly or through another service.
func TestViaService(t *testing.T) {
	t.Parallel()
	w := newServiceWorld(t)
	role, session := w.roleAndSession()
	s3, dynamodb := session.through(viaService, "s3"), session.through(viaService, "dynamodb")
	for name, row := range map[string]struct {
		condition       string
		allowed, denied []*caller
	}{
		"kms:ViaService":            {`{"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}}`, []*caller{s3}, []*caller{session, dynamodb}},
		"no kms:ViaService":         {`{"Null":{"kms:ViaService":"true"}}`, []*caller{session}, []*caller{s3, dynamodb}},
		"aws:ViaAWSService":         {`{"Bool":{"aws:ViaAWSService":"true"}}`, []*caller{s3, dynamodb}, []*caller{session}},
		"not via":                   {`{"Bool":{"aws:ViaAWSService":"false"}}`, []*caller{session}, []*caller{s3, dynamodb}},
		"aws:CalledVia":             {`{"ForAnyValue:StringEquals":{"aws:CalledVia":"dynamodb.amazonaws.com"}}`, []*caller{dynamodb}, []*caller{session, s3}},
		"no aws:CalledVia":          {`{"Null":{"aws:CalledVia":"true"}}`, []*caller{session, s3}, []*caller{dynamodb}},
		"aws:CalledViaFirst":        {`{"StringEquals":{"aws:CalledViaFirst":"dynamodb.amazonaws.com"}}`, []*caller{dynamodb}, []*caller{session, s3}},
		"aws:CalledViaLast":         {`{"StringEquals":{"aws:CalledViaLast":"dynamodb.amazonaws.com"}}`, []*caller{dynamodb}, []*caller{session, s3}},
		"aws:SourceIp":              {`{"IpAddress":{"aws:SourceIp":"127.0.0.0/8"}}`, []*caller{session}, []*caller{s3, dynamodb}},
		"kms:CallerAccount":         {`{"StringEquals":{"kms:CallerAccount":"000000000000","kms:ViaService":"s3.us-east-1.amazonaws.com"}}`, []*caller{s3}, []*caller{session}},
		"aws:SourceArn":             {`{"Null":{"aws:SourceArn":"true","aws:SourceAccount":"true"}}`, []*caller{session, s3, dynamodb}, nil},
		"aws:PrincipalIsAWSService": {`{"Bool":{"aws:PrincipalIsAWSService":"false"}}`, []*caller{session, s3, dynamodb}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			key := w.key(withPolicy(keyPolicy(statement("Allow", role, "kms:Encrypt", row.condition))))
			for _, c := range row.allowed {
				_, err := w.encrypt(c, key, nil)
				require.NoError(t, err)
			}
			for _, c := range row.denied {
				_, err := w.encrypt(c, key, nil)
				failsLike(t, err, "AccessDeniedException", "User: "+session.arn+" is not authorized")
			}
		})
	}
}

// TestViaServiceEvent (K0318): the trail names the service as the source, and the
// caller as the identity.
func TestViaServiceEvent(t *testing.T) {
	t.Parallel()
	w := newServiceWorld(t)
	role, session := w.roleAndSession()
	key := w.key(withPolicy(keyPolicy(statement("Allow", role, "kms:Encrypt", ""), serviceStatement("cloudtrail.amazonaws.com", "kms:Encrypt", ""))))
	_, err := w.encrypt(session, key, nil)
	require.NoError(t, err)
	require.Empty(t, w.event("Encrypt").UserIdentity.InvokedBy)

	_, err = w.encrypt(session.through(viaService, "s3"), key, nil)
	require.NoError(t, err)
	e := w.event("Encrypt")
	require.Equal(t, session.arn, e.UserIdentity.ARN)
	require.Equal(t, "s3.amazonaws.com", e.UserIdentity.InvokedBy)
	require.Equal(t, "s3.amazonaws.com", e.SourceIPAddress)
	require.Equal(t, "s3.amazonaws.com", e.UserAgent)

	_, err = w.encrypt(session.through(asService, "cloudtrail"), key, nil)
	require.NoError(t, err)
	require.Equal(t, kmsemu.UserIdentity{Type: "AWSService", InvokedBy: "cloudtrail.amazonaws.com"}, w.event("Encrypt").UserIdentity)
}

// TestAsService (K0317): a service principal, which acts for a resource of an
// account.
func TestAsService(t *testing.T) {
	t.Parallel()
	w := newServiceWorld(t)
	const trail, another = "arn:aws:cloudtrail:us-east-1:000000000000:trail/t", "arn:aws:cloudtrail:us-east-1:000000000000:trail/u"
	cloudtrail := w.root.through(asService, "cloudtrail", sourceARN, trail)
	anyone := "{}"
	for name, row := range map[string]struct {
		principal, condition string
		by                   *caller
		may                  bool
	}{
		"itself":                    {"cloudtrail.amazonaws.com", anyone, cloudtrail, true},
		"another service":           {"s3.amazonaws.com", anyone, cloudtrail, false},
		"through the service":       {"cloudtrail.amazonaws.com", anyone, w.role("").through(viaService, "cloudtrail"), false},
		"its source":                {"cloudtrail.amazonaws.com", `{"StringEquals":{"aws:SourceArn":"` + trail + `"}}`, cloudtrail, true},
		"another source":            {"cloudtrail.amazonaws.com", `{"StringEquals":{"aws:SourceArn":"` + trail + `"}}`, w.root.through(asService, "cloudtrail", sourceARN, another), false},
		"no source":                 {"cloudtrail.amazonaws.com", `{"StringEquals":{"aws:SourceArn":"` + trail + `"}}`, w.root.through(asService, "cloudtrail"), false},
		"its account":               {"cloudtrail.amazonaws.com", `{"StringEquals":{"aws:SourceAccount":"000000000000"}}`, cloudtrail, true},
		"another account":           {"cloudtrail.amazonaws.com", `{"StringEquals":{"aws:SourceAccount":"000000000000"}}`, w.root.through(asService, "cloudtrail", sourceAccount, other), false},
		"the account of the signer": {"cloudtrail.amazonaws.com", `{"StringEquals":{"aws:SourceAccount":"` + other + `"}}`, w.caller(other, "test", "").through(asService, "cloudtrail"), true},
		"regional principal":        {"logs.us-east-1.amazonaws.com", anyone, w.root.through(asService, "logs"), true},
		"its global namesake":       {"logs.amazonaws.com", anyone, w.root.through(asService, "logs"), false},
		"is a service":              {"cloudtrail.amazonaws.com", `{"Bool":{"aws:PrincipalIsAWSService":"true","aws:ViaAWSService":"false"}}`, cloudtrail, true},
		"not via":                   {"cloudtrail.amazonaws.com", `{"Null":{"kms:ViaService":"false"}}`, cloudtrail, false},
	} {
		t.Run(name, func(t *testing.T) {
			key := w.key(withPolicy(keyPolicy(serviceStatement(row.principal, "kms:GenerateDataKey*", row.condition))))
			_, err := row.by.kms.GenerateDataKey(w.ctx, &kms.GenerateDataKeyInput{KeyId: &key, KeySpec: types.DataKeySpecAes256})
			if row.may {
				require.NoError(t, err)
			} else {
				fails(t, err, "AccessDeniedException", "")
			}
		})
	}
	key := w.key()
	_, err := w.encrypt(cloudtrail, key, nil)
	fails(t, err, "AccessDeniedException", denied("cloudtrail.amazonaws.com", "kms:Encrypt", key, "because no resource-based policy allows the kms:Encrypt action"))
}

// TestServiceGrants (K0311, K0314, K0316): grants of services are for AWS
// resources, and may name what only services may.
func TestServiceGrants(t *testing.T) {
	t.Parallel()
	w := newServiceWorld(t)
	role, session := w.roleAndSession()
	key := w.key(withPolicy(keyPolicy(statement("Allow", role, "kms:*Grant*", `{"Bool":{"kms:GrantIsForAWSResource":"true"}}`))))
	ec2 := session.through(viaService, "ec2")
	const infrastructure = "arn:aws:sts::000000000000:assumed-role/aws:ec2-infrastructure/i-1"
	for _, grantee := range []string{infrastructure, "rds.us-east-1.amazonaws.com", rootARN} {
		w.grant(ec2, key, grantee, types.GrantOperationDecrypt)
		_, err := w.createGrant(session, key, grantee, ops("Decrypt"))
		fails(t, err, "AccessDeniedException", "")
		if grantee != rootARN {
			_, err = w.createGrant(w.root, key, grantee, ops("Decrypt"))
			fails(t, err, "InvalidArnException", "ARN does not refer to a valid principal: "+grantee)
		}
	}
	_, err := w.createGrant(ec2, key, "arn:aws:iam::000000000000:role/missing", ops("Decrypt"))
	fails(t, err, "InvalidArnException", "")
	_, err = ec2.kms.ListGrants(w.ctx, &kms.ListGrantsInput{KeyId: &key})
	require.NoError(t, err)

	// Filters for service principals are theirs alone.
	principal := "dynamodb.amazonaws.com"
	_, err = w.createGrant(w.root, key, "", ops("Decrypt"), func(in *kms.CreateGrantInput) {
		in.GranteeServicePrincipal, in.RetiringServicePrincipal = &principal, &principal
		in.Constraints = &types.GrantConstraints{SourceArn: aws.String("arn:aws:dynamodb:us-east-1:000000000000:table/t")}
	})
	require.NoError(t, err)
	dynamodb := w.root.through(asService, "dynamodb")
	retirable, err := dynamodb.kms.ListRetirableGrants(w.ctx, &kms.ListRetirableGrantsInput{RetiringServicePrincipal: &principal})
	require.NoError(t, err)
	require.Len(t, retirable.Grants, 1)
	_, err = ec2.kms.ListRetirableGrants(w.ctx, &kms.ListRetirableGrantsInput{RetiringServicePrincipal: &principal})
	fails(t, err, "ValidationException", "RetiringServicePrincipal can be used only by a service principal.")

	// The grant's source binds the service.
	sealed, err := w.encrypt(w.root, key, nil)
	require.NoError(t, err)
	for source, may := range map[string]bool{"arn:aws:dynamodb:us-east-1:000000000000:table/t": true, "arn:aws:dynamodb:us-east-1:000000000000:table/u": false} {
		_, err = w.decrypt(w.root.through(asService, "dynamodb", sourceARN, source), sealed, nil)
		if may {
			require.NoError(t, err)
		} else {
			fails(t, err, "AccessDeniedException", "")
		}
	}
	_, err = dynamodb.kms.RetireGrant(w.ctx, &kms.RetireGrantInput{KeyId: &key, GrantId: retirable.Grants[0].GrantId})
	require.NoError(t, err)
}

// TestServicePassesOnItsSource (K0309): a grant for one resource gives none for
// another.
func TestServicePassesOnItsSource(t *testing.T) {
	t.Parallel()
	w := newServiceWorld(t)
	key := w.key()
	const bucket, another = "arn:aws:s3:us-east-1:000000000000:accesspoint/bucket", "arn:aws:s3:us-east-1:000000000000:accesspoint/another"
	forSource := func(source *string) func(*kms.CreateGrantInput) {
		return func(in *kms.CreateGrantInput) {
			in.GranteeServicePrincipal, in.RetiringServicePrincipal = aws.String("s3.amazonaws.com"), aws.String("s3.amazonaws.com")
			in.Constraints = &types.GrantConstraints{SourceArn: source}
		}
	}
	_, err := w.createGrant(w.root, key, "", ops("CreateGrant", "Decrypt"), forSource(aws.String(bucket)))
	require.NoError(t, err)
	s3 := w.root.through(asService, "s3", sourceARN, bucket)
	_, err = w.createGrant(s3, key, "", ops("Decrypt"), forSource(aws.String(bucket)))
	require.NoError(t, err)
	_, err = w.createGrant(s3, key, "", ops("Decrypt"), forSource(aws.String(another)))
	fails(t, err, "AccessDeniedException", "")
	_, err = w.createGrant(w.root.through(asService, "s3", sourceARN, another), key, "", ops("Decrypt"), forSource(aws.String(bucket)))
	fails(t, err, "AccessDeniedException", "")
}

// TestServiceHeadersAreRefused where they are not meant to count.
func TestServiceHeadersAreRefused(t *testing.T) {
	t.Parallel()
	off, on := newWorld(t), newServiceWorld(t)
	list := func(w *world, headers ...string) error {
		_, err := w.root.through(headers...).kms.ListKeys(w.ctx, &kms.ListKeysInput{})
		return err
	}
	require.NoError(t, list(off))
	fails(t, list(off, viaService, "s3"), "ValidationException", "The header "+viaService+" is refused unless Config.ServiceCalls is set.")
	fails(t, list(off, asService, "s3"), "ValidationException", "The header "+asService+" is refused unless Config.ServiceCalls is set.")
	require.NoError(t, list(on, viaService, "s3"))
	failsLike(t, list(on, viaService, "s4"), "ValidationException", "The header "+viaService+" names no service: use one of autoscaling, cloudtrail, dynamodb, ec2, ")
	fails(t, list(on, viaService, "s3", asService, "s3"), "ValidationException", "Send "+viaService+" or "+asService+", not both.")
	failsLike(t, list(on, asService, "s3", sourceARN, "arn:aws:s3:::b", sourceAccount, other), "AccessDeniedException", "User: s3.amazonaws.com is not authorized")
	fails(t, list(on, sourceARN, "arn:aws:s3:::b"), "ValidationException", "The headers "+sourceARN+" and "+sourceAccount+" need "+asService+".")
	fails(t, list(on, viaService, "s3", sourceAccount, other), "ValidationException", "The headers "+sourceARN+" and "+sourceAccount+" need "+asService+".")
	fails(t, list(on, asService, "s3", sourceARN, "b"), "ValidationException", "The header "+sourceARN+` is "b", which is no ARN.`)
	fails(t, list(on, asService, "s3", sourceAccount, "1"), "ValidationException", "The header "+sourceAccount+` is "1", which is no account id of twelve digits.`)

	send := func(service, remote string) *httptest.ResponseRecorder {
		body := "{}"
		if service != "kms" {
			body = "Action=GetCallerIdentity&Version=2011-06-15"
		}
		req := on.signed(request{service: service, body: body})
		req.Header.Set(viaService, "s3")
		req.RemoteAddr = remote
		// The client's request becomes the server's.
		req.RequestURI, req.Body = "/", http.NoBody
		if body != "" {
			setBody(req, body)
		}
		answer := httptest.NewRecorder()
		on.Server.ServeHTTP(answer, req)
		return answer
	}
	require.Contains(t, send("kms", "192.0.2.1:1").Body.String(), "The header "+viaService+" is honoured on the loopback only.")
	require.Contains(t, send("sts", "127.0.0.1:1").Body.String(), "The header "+viaService+" is honoured by KMS only.")
	require.Equal(t, http.StatusOK, send("kms", "[::1]:1").Code)
	require.False(t, strings.Contains(send("kms", "127.0.0.1:1").Body.String(), "__type"))
}
