package plan

import (
	"maps"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// findAccount is the one account that the plan is for: by its data sources
// aws_caller_identity, by the ARNs of its keys, or by what its providers are
// allowed. It returns "" where these name none or several.
func (r *reader) findAccount() string {
	for _, find := range []func(map[string]bool){r.callerAccounts, r.keyAccounts, r.providerAccounts} {
		found := map[string]bool{}
		find(found)
		delete(found, "")
		if len(found) == 1 {
			return slices.Collect(maps.Keys(found))[0]
		}
		if len(found) > 1 {
			return ""
		}
	}
	return ""
}

func (r *reader) callerAccounts(found map[string]bool) {
	for _, arn := range r.callers() {
		found[accountOf(arn)] = true
	}
}

// callers are the ARNs of who makes the plan, by configuration of the provider.
func (r *reader) callers() map[string]string {
	found := map[string]string{}
	if r.plan.PriorState != nil && r.plan.PriorState.Values != nil {
		r.collectCallers(r.plan.PriorState.Values.RootModule, found)
	}
	return found
}

func (r *reader) collectCallers(m *tfjson.StateModule, found map[string]string) {
	if m == nil {
		return
	}
	for _, s := range m.Resources {
		if s.Mode == tfjson.DataResourceMode && s.Type == "aws_caller_identity" {
			rc := &tfjson.ResourceChange{ModuleAddress: m.Address, Mode: s.Mode, Type: s.Type, Name: s.Name}
			found[r.provider(rc)] = values{known: s.AttributeValues}.text("arn")
		}
	}
	for _, child := range m.ChildModules {
		r.collectCallers(child, found)
	}
}

// provider is the configuration of the provider that a resource uses, such as
// "aws.replica".
func (r *reader) provider(rc *tfjson.ResourceChange) string {
	if c := r.configuration(rc); c != nil {
		return c.ProviderConfigKey
	}
	return ""
}

// expectedARN is the ARN that a role or user will have which the plan makes and
// an expression refers to; "" if it refers to something else. IAM makes ARNs of
// account, path and name, which are known.
func (r *reader) expectedARN(e *tfjson.Expression, from *tfjson.ResourceChange) string {
	o := r.origin(r.module(from.ModuleAddress), e)
	rc := r.instance(o, from)
	if rc == nil || rc.Change == nil || o.attribute != "arn" {
		return ""
	}
	kind, name, path := arnKinds[rc.Type], after(rc.Change).text("name"), after(rc.Change).text("path")
	caller := strings.SplitN(r.callers()[r.provider(rc)], ":", 6)
	if kind == "" || name == "" || path == "" || len(caller) != 6 {
		return ""
	}
	return "arn:" + caller[1] + ":iam::" + caller[4] + ":" + kind + path + name
}

// arnKinds are how the ARNs of IAM resources begin. Source: IAM User Guide, "IAM
// ARNs".
var arnKinds = map[string]string{"aws_iam_role": "role", "aws_iam_user": "user"}

func (r *reader) keyAccounts(found map[string]bool) {
	for _, rc := range r.plan.ResourceChanges {
		if rc.Change != nil && slices.Contains(readers[0].types, rc.Type) {
			found[accountOf(before(rc.Change).text("arn"))] = true
			found[accountOf(after(rc.Change).text("arn"))] = true
		}
	}
}

// providerAccounts looks at what the configuration of the AWS providers writes
// out: allowed_account_ids, or the role to assume.
func (r *reader) providerAccounts(found map[string]bool) {
	if r.plan.Config == nil {
		return
	}
	for _, provider := range r.plan.Config.ProviderConfigs {
		if provider.Name != "aws" {
			continue
		}
		if e := provider.Expressions["allowed_account_ids"]; e != nil && e.ExpressionData != nil {
			ids, _ := e.ConstantValue.([]any)
			for _, id := range ids {
				text, _ := id.(string)
				found[text] = true
			}
		}
		if e := provider.Expressions["assume_role"]; e != nil && e.ExpressionData != nil {
			for _, block := range e.NestedBlocks {
				if role := block["role_arn"]; role != nil && role.ExpressionData != nil {
					arn, _ := role.ConstantValue.(string)
					found[accountOf(arn)] = true
				}
			}
		}
	}
}
