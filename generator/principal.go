package generator

import (
	"github.com/hashicorp/hcl/v2"

	"github.com/keywright/keywright/internal/lazyregexp"
)

// principalPattern is the form of the ARNs that may hold a part of the key: IAM
// roles and users, with their paths. The generated modules check it too.
const principalPattern = `^arn:(aws|aws-us-gov|aws-cn):iam::[0-9]{12}:(role|user)(/[a-zA-Z0-9_+=,.@-]+)+$`

// principalRules name what is wrong with other principals. The first rule whose
// pattern matches, or does not if unless is set, gives the reason; the order is
// from what people mean to plain typing errors.
var principalRules = []struct {
	pattern         *lazyregexp.Regexp
	unless          bool
	problem, remedy string
}{
	{lazyregexp.New(`^\*$`), false, "names everybody", "name roles or users one by one"},
	{lazyregexp.New(`[*?]`), false, "has a wildcard, which a principal cannot have", "name roles or users one by one"},
	{lazyregexp.New(`:assumed-role/|:federated-user/`), false, "names a session, which ends", "name the role behind it, such as arn:aws:iam::111122223333:role/app"},
	{lazyregexp.New(`^[0-9]{12}$|:root$`), false, "names a whole account", "name its roles or users; root_statement decides what the key's own account gets"},
	{lazyregexp.New(`:group/`), false, "names an IAM group, which cannot be a principal", "name the roles or users of the group"},
	{lazyregexp.New(`\.amazonaws\.com`), false, "names an AWS service", "list it in services, or pass its statement to the module in source_policy_documents"},
	{lazyregexp.New(`^A(ROA|IDA)[A-Z0-9]+$`), false, "is the unique ID of a role or user", "write its ARN"},
	{lazyregexp.New(`^arn:`), true, "is not an ARN", "write one such as arn:aws:iam::111122223333:role/app"},
	{lazyregexp.New(`^arn:(aws|aws-us-gov|aws-cn):`), true, "has an unknown partition", "use aws, aws-us-gov or aws-cn"},
	{lazyregexp.New(`^arn:[^:]*:iam::`), true, "is not an ARN of IAM", "write one such as arn:aws:iam::111122223333:role/app"},
	{lazyregexp.New(`^arn:[^:]*:iam::[0-9]{12}:`), true, "has an account ID that is not 12 digits", "write all 12 digits, leading zeros too"},
	{lazyregexp.New(`:(role|user)/`), true, "names neither a role nor a user", "write one such as arn:aws:iam::111122223333:role/app"},
	{lazyregexp.New(principalPattern), true, "has a path or name IAM does not allow", "use letters, digits and _+=,.@- between single slashes"},
}

// principals decodes a list of ARNs, sorted and without doubles.
func (d *decoder) principals(e hcl.Expression) []string {
	var arns []string
	for _, item := range d.list(e, `["arn:aws:iam::111122223333:role/app"]`) {
		if arn, ok := d.text(item); ok {
			d.principal(item.Range(), arn)
			arns = append(arns, arn)
		}
	}
	return union(arns)
}

func (d *decoder) principal(at hcl.Range, arn string) {
	for _, rule := range principalRules {
		if rule.pattern.MatchString(arn) != rule.unless {
			d.report(at, rule.remedy, "principal %q %s", arn, rule.problem)
			return
		}
	}
}
