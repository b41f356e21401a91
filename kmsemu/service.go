package kmsemu

import (
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/keywright/keywright/keypolicy"
)

// Headers by which a test makes a signed call of KMS as if a service made it; see
// [Config.ServiceCalls].
const (
	viaServiceHeader    = "X-Keywright-Via-Service"
	asServiceHeader     = "X-Keywright-As-Service"
	sourceARNHeader     = "X-Keywright-Source-Arn"
	sourceAccountHeader = "X-Keywright-Source-Account"
)

// serviceMode is how a service makes a call.
type serviceMode uint8

const (
	// forwarded: with the rights of a principal that uses the service, which is
	// the caller.
	forwarded serviceMode = iota
	// asPrincipal: as the service's own principal.
	asPrincipal
	// asRole: in a role that belongs to the service, in the user's account.
	asRole
)

// serviceCall tells that a service makes the call, and how.
type serviceCall struct {
	profile       *serviceProfile
	mode          serviceMode
	sourceARN     string // what a service principal acts for; "" for unknown
	sourceAccount string
}

// mayName reports whether a service may name the principal in a grant though IAM
// knows it not: a service, or a role that belongs to one (K0316).
func (v *serviceCall) mayName(principal string) bool {
	return isServicePrincipal(principal) || isServiceRole(principal)
}

func isServicePrincipal(name string) bool {
	return !strings.HasPrefix(name, "arn:") && grantServiceRule.pattern.MatchString(name)
}

// isServiceRole tells sessions of roles that belong to services: no other role
// can have a colon in its name.
func isServiceRole(arn string) bool { return strings.Contains(arn, ":assumed-role/aws:") }

// readService finds out from the headers of a request whether a service makes the
// call.
func (c *call) readService(r *http.Request) error {
	via, as := r.Header.Get(viaServiceHeader), r.Header.Get(asServiceHeader)
	if err := checkSource(r, as != ""); err != nil || via == "" && as == "" {
		return err
	}
	v := &serviceCall{sourceAccount: c.caller.account}
	name, header := via, viaServiceHeader
	if as != "" {
		name, header, v.mode = as, asServiceHeader, asPrincipal
	}
	switch v.profile = serviceProfiles[name]; {
	case !c.server.config.ServiceCalls:
		return fail(validation, "The header %s is refused unless Config.ServiceCalls is set.", header)
	case !isLoopback(r.RemoteAddr):
		return fail(validation, "The header %s is honoured on the loopback only.", header)
	case c.service != serviceKMS:
		return fail(validation, "The header %s is honoured by KMS only.", header)
	case via != "" && as != "":
		return fail(validation, "Send %s or %s, not both.", viaServiceHeader, asServiceHeader)
	case v.profile == nil:
		return fail(validation, "The header %s names no service: use one of %s.", header, strings.Join(serviceNames(), ", "))
	}
	if as != "" {
		v.sourceARN = r.Header.Get(sourceARNHeader)
		if account := r.Header.Get(sourceAccountHeader); account != "" {
			v.sourceAccount = account
		}
		c.caller = serviceIdentity(v.profile.principalIn(c.region), c.caller.account)
	}
	c.via = v
	return nil
}

// checkSource checks what a request says that a service principal works for.
func checkSource(r *http.Request, asService bool) error {
	arn, account := r.Header.Get(sourceARNHeader), r.Header.Get(sourceAccountHeader)
	switch {
	case (arn != "" || account != "") && !asService:
		return fail(validation, "The headers %s and %s need %s.", sourceARNHeader, sourceAccountHeader, asServiceHeader)
	case arn != "" && !strings.HasPrefix(arn, "arn:"):
		return fail(validation, "The header %s is %q, which is no ARN.", sourceARNHeader, arn)
	case account != "" && !isAccount(account):
		return fail(validation, "The header %s is %q, which is no account id of twelve digits.", sourceAccountHeader, account)
	}
	return nil
}

func serviceNames() []string { return slices.Sorted(maps.Keys(serviceProfiles)) }

func isLoopback(address string) bool {
	ip, err := netip.ParseAddr(hostOf(address))
	return err == nil && ip.IsLoopback()
}

// serviceIdentity is a service's own principal at work for an account.
func serviceIdentity(principal, account string) identity {
	return identity{
		account: account, principal: keypolicy.Principal{ARN: principal},
		described: &UserIdentity{Type: "AWSService", InvokedBy: principal},
	}
}

// serviceRoleIdentity is a session of a role that belongs to a service.
func serviceRoleIdentity(arn string) identity {
	parts := strings.SplitN(arn, ":", 6)
	role, _, _ := strings.Cut(strings.TrimPrefix(parts[5], "assumed-role/"), "/")
	roleARN := "arn:" + parts[1] + ":iam::" + parts[4] + ":role/" + role
	id := parts[4] + ":" + role
	return identity{
		account: parts[4], principal: keypolicy.Principal{ARN: arn, RoleARN: roleARN},
		described: &UserIdentity{
			Type: "AssumedRole", PrincipalID: id + ":" + arn[strings.LastIndexByte(arn, '/')+1:], ARN: arn, AccountID: parts[4],
			SessionContext: &SessionContext{SessionIssuer{Type: "Role", PrincipalID: id, ARN: roleARN, AccountID: parts[4], UserName: role}},
		},
	}
}

// dress gives the call the condition keys and the audit record that a service's
// calls have (K0317, K0318).
func (v *serviceCall) dress(c *call) {
	// The address is the service's, which no policy of a user can know.
	c.common = keypolicy.Context{}
	c.common.Set("aws:SourceIp")
	host := v.profile.via + ".amazonaws.com"
	c.event.SourceIPAddress, c.event.UserAgent = host, host
	switch v.mode {
	case forwarded:
		c.common.Set("kms:ViaService", v.profile.via+"."+c.region+".amazonaws.com")
		c.common.Set("aws:ViaAWSService", "true")
		if v.profile.calledVia {
			for _, key := range []string{"aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast"} {
				c.common.Set(key, host)
			}
		}
		c.event.UserIdentity.InvokedBy = host
	case asPrincipal:
		c.common.Set("aws:SourceAccount", v.sourceAccount)
		if v.sourceARN != "" {
			c.common.Set("aws:SourceArn", v.sourceARN)
		}
	}
}
