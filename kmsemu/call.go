package kmsemu

import (
	"cmp"
	"context"
	"crypto/sha256"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/keywright/keywright/keypolicy"
)

// The services, as credential scopes name them; also the prefixes of actions.
const (
	serviceKMS = "kms"
	serviceSTS = "sts"
	serviceIAM = "iam"
)

// call is one authenticated request on its way through an operation. Operations
// reach keys, aliases, Regions and roles only through its methods, each of which
// asks keypolicy first.
type call struct {
	server   *Server
	context  context.Context
	now      time.Time
	random   io.Reader
	protocol protocol
	service  string
	region   string
	name     string // of the operation
	action   string // service:name, the permission it needs
	op       operation
	caller   identity
	body     []byte
	form     form
	from     origin
	common   keypolicy.Context // condition keys of all its permissions that its service sets
	tokens   []string          // the grant tokens it carries
	via      *serviceCall      // if a service makes it; nil otherwise
	event    Event
	keys     []*key // that it is about
	// parts are what KMS does for the call in other Regions, and following what it
	// does of itself because of the call.
	parts     []*call
	following []Event
	result    any       // of a part
	err       *apiError // of a part
	// opened is what else the call was authorised to use: of IAM, and key stores.
	opened []durable
}

// begin fills in what follows from the request itself.
func (c *call) begin(ctx context.Context, from origin, requestID string) {
	c.context = ctx
	c.action = c.service + ":" + c.name
	c.random = c.server.randomOf(c)
	c.from = from
	c.event = Event{
		EventTime: c.now.UTC(), EventSource: c.service + ".amazonaws.com", EventName: c.name, AWSRegion: c.region,
		SourceIPAddress: from.ip, UserAgent: from.userAgent, UserIdentity: c.caller.userIdentity(),
		RequestID: requestID, EventID: eventID(requestID), EventType: "AwsApiCall", EventCategory: "Management", ManagementEvent: true,
		ReadOnly: readOnly(c.name), RecipientAccountID: c.caller.account,
	}
	if c.via != nil {
		c.via.dress(c)
	}
}

// conditionKeys are those that every call has, by what their value is.
var conditionKeys = map[string]func(*call) string{
	"aws:currenttime":     func(c *call) string { return c.now.UTC().Format(time.RFC3339) },
	"aws:epochtime":       func(c *call) string { return strconv.FormatInt(c.now.Unix(), 10) },
	"aws:requestedregion": func(c *call) string { return c.region },
	"aws:sourceip":        func(c *call) string { return c.from.ip },
	"aws:useragent":       func(c *call) string { return c.from.userAgent },
	"aws:viaawsservice":   func(*call) string { return "false" },
	// The services take no plain HTTP, so every call that reaches them was made
	// over TLS; plain HTTP on the loopback stands for that connection (K0101).
	"aws:securetransport": func(*call) string { return "true" },
}

// condition is the value of a condition key that all permissions of the call have:
// what its service sets goes before what comes with the caller's session, and that
// before what every call has. Nil if there is none.
func (c *call) condition(key string) []string {
	if values, ok := c.common[key]; ok {
		return values
	}
	if values, ok := c.caller.conditions()[key]; ok {
		return values
	}
	if of := conditionKeys[key]; of != nil {
		return []string{of(c)}
	}
	return nil
}

// eventID derives the record's id from the request's: unique as that is, and
// different from it as in CloudTrail.
func eventID(requestID string) string {
	half := len(requestID) / 2
	return derivedID(requestID[:half], requestID[half:])
}

// derivedID is the id of a record that follows from something else.
func derivedID(from, what string) string {
	sum := sha256.Sum256(appendAll(make([]byte, 0, 128), from, "\n", what))
	return formatUUID(sum[:16])
}

// elsewhere runs the part of the call that KMS makes in another Region: with the
// caller's rights there, and a record of its own in the trail.
func (c *call) elsewhere(region, name string, run func(there *call) error) error {
	there := *c
	there.region, there.name, there.action = region, name, c.service+":"+name
	there.keys, there.parts, there.following = nil, nil, nil
	there.event.AWSRegion, there.event.EventName, there.event.EventID = region, name, derivedID(c.event.EventID, region)
	there.event.UserIdentity.InvokedBy = serviceKMS + ".amazonaws.com"
	there.event.request, there.event.Resources, there.event.Decision = nil, nil, nil
	err := run(&there)
	if err != nil {
		there.err = asAPIError(err)
	}
	if there.event.Decision != nil {
		c.event.Decision = there.event.Decision
	}
	c.keys, c.parts = append(c.keys, there.keys...), append(c.parts, &there)
	return err
}

// follow notes what KMS does of itself because of the call.
func (c *call) follow(e Event) { c.following = append(c.following, e) }

func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return host
}

// permission is one thing a call must be allowed to do.
type permission struct {
	action   string
	resource string            // ARN, or "*"
	shown    string            // what a denial calls the resource; "" for its ARN
	context  keypolicy.Context // condition keys besides the common ones; nil for none
	policy   *keypolicy.Policy // of the resource; nil if identity policies alone decide
	key      *keypolicy.Key    // if the resource is a key
	// encryption is the encryption context, grants those of the key that may
	// allow the caller; nil for none.
	encryption encryptionContext
	grants     []keypolicy.Grant
	named      []string // ids of grants that the call names by their tokens
}

// permit asks keypolicy for a permission and notes the decision in the trail.
// The error is the denial.
func (c *call) permit(p permission) error {
	return c.settle(p, c.decide(p))
}

// decide asks without noting: for checks that are not the call's own permission.
func (c *call) decide(p permission) keypolicy.Decision {
	world := c.worldOfCaller()
	world.ResourcePolicy, world.Grants, world.Key = p.policy, p.grants, p.key
	return keypolicy.Evaluate(
		keypolicy.Request{
			Principal: c.caller.principal, Action: p.action, Resource: p.resource, Context: p.context, Further: c.condition,
			EncryptionContext: p.encryption, GrantTokens: p.named,
		},
		world,
	)
}

// settle notes a decision and turns a denial into its error.
func (c *call) settle(p permission, d keypolicy.Decision) error {
	c.event.Decision = &d
	if d.Allowed() {
		return nil
	}
	return denial(c.caller.principal.ARN, p, d)
}

// denial words a denial as the services do (K0075 to K0078): who, what, where,
// and the one kind of policy that decided.
func denial(caller string, p permission, d keypolicy.Decision) *apiError {
	what := "resource: " + cmp.Or(p.shown, p.resource)
	if strings.HasPrefix(p.action, serviceSTS+":") {
		// STS keeps the reason to itself (K0617).
		return fail(accessDenied, "User: %s is not authorized to perform: %s on %s", caller, p.action, what)
	}
	return forbid(caller, p.action, what, because(p.action, d))
}

func because(action string, d keypolicy.Decision) string {
	source := d.Source.String()
	if d.Explicit {
		return "with an explicit deny in " + article(source) + " " + source
	}
	return "because no " + source + " allows the " + action + " action"
}

// unseen words the denial of a key that nothing but a ciphertext named, and that
// does not exist here or is another account's: it tells neither the key nor which
// of the two it is (K0033).
func unseen(caller, action string, d keypolicy.Decision) *apiError {
	reason := "because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"
	if d.Source != keypolicy.ResourcePolicy {
		reason = because(action, d)
	}
	return forbid(caller, action, "the resource associated with this ciphertext", reason)
}

func forbid(caller, action, what, reason string) *apiError {
	return fail(accessDenied, "User: %s is not authorized to perform: %s on %s %s", caller, action, what, reason)
}

func article(noun string) string {
	if strings.HasPrefix(noun, "identity") {
		return "an"
	}
	return "a"
}

// partition is the group of Regions a Region belongs to.
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// arn names a resource of the caller's account: regional in KMS, global in IAM.
func (c *call) arn(service, resource string) string {
	region := c.region
	if service == serviceIAM {
		region = ""
	}
	return strings.Join([]string{"arn", partition(c.region), service, region, c.caller.account, resource}, ":")
}
