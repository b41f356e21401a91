package promise

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/probe"
	"github.com/keywright/keywright/keypolicy"
)

// everything is an IAM policy that allows all of KMS: what it then cannot do, the
// key policy keeps from it.
const everything = `{"Version":"2012-10-17","Statement":[{"Sid":"Everything","Effect":"Allow","Action":"kms:*","Resource":"*"}]}`

// tenant is the encryption context of the round trips and probes.
var tenant = map[string]string{"keywright": "probe"}

// predict decides a call of the identity from policies and grants alone.
func (p *prover) predict(k *key, id *probe.Identity, action probe.Action) (keypolicy.Verdict, error) {
	caller, err := keypolicy.ParsePrincipal(id.ARN)
	if err != nil {
		return keypolicy.Denied, err
	}
	caller.RoleARN = id.RoleARN
	world := k.world
	if text := p.inputs.policies[id.RoleARN]; text != "" {
		policy, err := keypolicy.Parse("IAM policy of "+id.Name, []byte(text))
		if err != nil {
			return keypolicy.Denied, err
		}
		world.Identity = []*keypolicy.Policy{policy}
	}
	verdict := keypolicy.Allowed
	for _, permission := range action.Permissions() {
		request := keypolicy.Request{Principal: caller, Action: permission, Resource: k.arn, Open: true, EncryptionContext: map[string]string{}}
		known, _ := keypolicy.LookUpAction(permission)
		if k.meta.KeySpec == types.KeySpecSymmetricDefault && known.HasConditionKey("kms:EncryptionContextKeys") {
			request.EncryptionContext = tenant
		}
		switch got := keypolicy.Evaluate(request, world).Verdict; got {
		case keypolicy.Denied:
			return got, nil
		case keypolicy.Unknown:
			verdict = got
		case keypolicy.Allowed:
		}
	}
	return verdict, nil
}

// mayUse reports whether the identity is sure to be allowed the key's use.
func (p *prover) mayUse(k *key, id *probe.Identity) bool {
	return p.may(k, id, probe.UseActions(k.meta)...)
}

// whoMay is the first identity that is sure to be allowed all of the actions,
// Terraform's last; nil if there is none.
func (p *prover) whoMay(k *key, actions ...probe.Action) *probe.Identity {
	for _, id := range append(slices.Clone(p.inputs.roles), p.deployer) {
		if p.may(k, id, actions...) {
			return id
		}
	}
	return nil
}

// may reports whether the identity is sure to be allowed all of the actions, of which
// there must be some.
func (p *prover) may(k *key, id *probe.Identity, actions ...probe.Action) bool {
	for _, action := range actions {
		if verdict, err := p.predict(k, id, action); err != nil || verdict != keypolicy.Allowed {
			return false
		}
	}
	return len(actions) > 0
}

// proveUse asks every role that may use the key to do so; Terraform's role only
// if there is no other.
func (p *prover) proveUse(ctx context.Context, k *key) {
	var users []*probe.Identity
	for _, id := range p.inputs.roles {
		if p.mayUse(k, id) {
			users = append(users, id)
		}
	}
	if users == nil && p.mayUse(k, p.deployer) {
		users = []*probe.Identity{p.deployer}
	}
	if users == nil {
		p.promise(ctx, "round trip", k.address, func() (string, error) {
			return "", skipError(fmt.Sprintf("no role here may do all of %v: name one in %s", probe.UseActions(k.meta), FileName))
		})
	}
	for _, id := range users {
		p.promise(ctx, "round trip as "+id.Name, k.address, func() (string, error) {
			if k.meta.KeyState != types.KeyStateEnabled {
				return "", skipError("the key is " + string(k.meta.KeyState))
			}
			return string(k.meta.KeySpec) + ", " + string(k.meta.KeyUsage), probe.Use(ctx, k.client(id), k.meta, tenant)
		})
	}
}

// proveOutside does with an asymmetric key's public key what it is for.
func (p *prover) proveOutside(ctx context.Context, k *key) {
	actions := probe.OutsideActions(k.meta)
	if actions == nil {
		return
	}
	p.promise(ctx, "the public key works outside of KMS", k.address, func() (string, error) {
		user, reader := p.whoMay(k, actions...), p.whoMay(k, probe.GetPublicKey)
		switch {
		case k.meta.KeyState != types.KeyStateEnabled:
			return "", skipError("the key is " + string(k.meta.KeyState))
		case user == nil || reader == nil:
			return "", skipError(fmt.Sprintf("no role here may %s and GetPublicKey: name one in %s", actions[0], FileName))
		}
		err := probe.UseOutside(ctx, k.client(user), k.client(reader), k.meta)
		if errors.Is(err, probe.ErrNotOutside) {
			return "", skipError(fmt.Sprintf("no library here does what keys of spec %s do", k.meta.KeySpec))
		}
		return fmt.Sprintf("%s as %s", actions[0], user.Name), err
	})
}

// proveAccess makes every call as every identity: those of the test, and three
// that nobody named.
func (p *prover) proveAccess(ctx context.Context, k *key) {
	if !p.Backend.Enforces() {
		p.promise(ctx, "access", k.address, func() (string, error) {
			return "", fmt.Errorf("%s: %w", p.Backend.Name(), probe.ErrNotEnforced)
		})
		return
	}
	if k.meta.KeyState != types.KeyStateEnabled {
		p.promise(ctx, "access", k.address, func() (string, error) { return "", skipError("the key is " + string(k.meta.KeyState)) })
		return
	}
	if err := p.makeOthers(ctx); err != nil {
		p.promise(ctx, "access", k.address, func() (string, error) { return "", err })
		return
	}
	p.proveStrangers(ctx, k)
	for _, id := range append(slices.Clone(p.inputs.roles), p.others.powerful) {
		row, err := p.row(k, id)
		p.promise(ctx, "access of "+id.Name+" is as predicted", k.address, func() (string, error) {
			if err != nil {
				return "", err
			}
			return p.ask(ctx, k, row)
		})
	}
}

// others are identities that no module under test knows.
type others struct {
	stranger, powerful *probe.Identity
	foreigner          *probe.Identity // nil on a backend of one account
}

// otherAccount is an account that no module under test names.
const otherAccount = "999999999999"

func (p *prover) makeOthers(ctx context.Context) (err error) {
	if p.others.stranger != nil {
		return nil
	}
	if p.others.powerful, err = p.makeRole(ctx, "kms-full-access", everything); err != nil {
		return err
	}
	if b, ok := p.Backend.(backend.Accounts); ok {
		if p.others.foreigner, err = probe.CreateRole(ctx, b.InAccount(otherAccount), "foreigner", everything); err != nil {
			return err
		}
		p.made = append(p.made, p.others.foreigner)
	}
	p.others.stranger, err = p.makeRole(ctx, "stranger")
	return err
}

// proveStrangers asks for the refusal of who has no business with the key,
// whatever its policy says.
func (p *prover) proveStrangers(ctx context.Context, k *key) {
	for _, s := range []struct {
		name string
		id   *probe.Identity
	}{
		{"a role without IAM policy is refused everything", p.others.stranger},
		{"a role of another account is refused everything", p.others.foreigner},
	} {
		p.promise(ctx, s.name, k.address, func() (string, error) {
			if s.id == nil {
				return "", skipError("the backend has one account")
			}
			return p.ask(ctx, k, probe.Row{Identity: s.id, Stranger: true})
		})
	}
}

// row is what the identity is predicted to be allowed.
func (p *prover) row(k *key, id *probe.Identity) (probe.Row, error) {
	row := probe.Row{Identity: id}
	for _, action := range probe.ActionsOn(k.meta) {
		verdict, err := p.predict(k, id, action)
		switch {
		case err != nil:
			return row, err
		case verdict == keypolicy.Allowed:
			row.Allow = append(row.Allow, action)
		case verdict == keypolicy.Unknown:
			row.Either = append(row.Either, action)
		}
	}
	row.Stranger = row.Allow == nil && row.Either == nil
	return row, nil
}

// ask makes the calls of a row in the key's Region and says what was allowed.
func (p *prover) ask(ctx context.Context, k *key, row probe.Row) (string, error) {
	row.Identity = row.Identity.In(k.region())
	var makers []*probe.Identity
	for _, id := range p.inputs.roles {
		makers = append(makers, id.In(k.region()))
	}
	results, err := probe.Access(ctx, regional{p.Backend, k.region()}, probe.Matrix{
		Key: k.arn, EncryptionContext: tenant, Partial: true, Makers: makers, Rows: []probe.Row{row},
	})
	if err != nil {
		return "", err
	}
	return summary(results)
}

// summary says what was allowed, or as an error what should not have been decided
// as it was: by the actions, and the reason of the first of them.
func summary(results []probe.Result) (string, error) {
	var allowed, opened, closed []string
	var first string
	var errs []error
	for _, r := range results {
		switch {
		case r.Err != nil:
			errs = append(errs, errors.New(r.String()))
		case r.OK():
		case r.Got:
			opened, first = append(opened, string(r.Action)), cmp.Or(first, r.Reason)
		default:
			closed, first = append(closed, string(r.Action)), cmp.Or(first, r.Reason)
		}
		if r.Got {
			allowed = append(allowed, string(r.Action))
		}
	}
	if opened != nil {
		errs = append(errs, fmt.Errorf("allowed, want denied: %s", strings.Join(opened, ", ")))
	}
	if closed != nil {
		errs = append(errs, fmt.Errorf("denied, want allowed: %s", strings.Join(closed, ", ")))
	}
	if first != "" {
		errs = append(errs, fmt.Errorf("the first by: %s", first))
	}
	switch len(allowed) {
	case 0:
		return fmt.Sprintf("%d calls, all refused", len(results)), errors.Join(errs...)
	case len(results):
		return fmt.Sprintf("%d calls, all allowed", len(results)), errors.Join(errs...)
	}
	return "allowed: " + strings.Join(allowed, ", "), errors.Join(errs...)
}

// regional is a backend whose deployer works in another Region.
type regional struct {
	backend.Backend
	region string
}

// Config implements [backend.Backend].
func (r regional) Config() aws.Config {
	cfg := r.Backend.Config()
	cfg.Region = r.region
	return cfg
}
