package kmsemu

import (
	"cmp"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/keywright/keywright/keypolicy"

	"github.com/keywright/keywright/internal/lazyregexp"
)

const (
	maxGrants          = 50_000 // on a key (K0303)
	maxConstraintPairs = 8
)

var (
	grantIDRule         = textRule{max: 128}
	grantNameRule       = textRule{max: 256, pattern: lazyregexp.New(`^[a-zA-Z0-9:/_-]+$`)}
	grantPrincipalRule  = textRule{max: 256, pattern: lazyregexp.New(`^[\w+=,.@:/-]+$`)}
	grantServiceRule    = textRule{max: 128, pattern: lazyregexp.New(`^([A-Za-z0-9\-]+)\.([A-Za-z0-9\-]+)(\.[A-Za-z0-9\-]+)+$`)}
	constraintValueRule = textRule{max: 384}
	sourceARNRule       = textRule{min: 20, max: 512, pattern: lazyregexp.New(`^arn:aws[a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+$`)}
)

// grantOperations are what a grant can allow (K0306).
var grantOperations = sync.OnceValue(func() []string {
	var names []string
	for _, action := range keypolicy.Actions() {
		if action.GrantOperation != "" {
			names = append(names, action.GrantOperation)
		}
	}
	return names
})

type createGrantInput struct {
	keyInput
	grantTokens
	dryRunOption
	Constraints              *grantConstraints
	GranteePrincipal         string
	GranteeServicePrincipal  string
	Name                     string
	Operations               []string
	RetiringPrincipal        string
	RetiringServicePrincipal string
}

func (in *createGrantInput) check(k *checker) {
	in.keyInput.check(k)
	in.grantTokens.check(k)
	if in.Constraints != nil {
		in.Constraints.check(k)
	}
	k.checkText("granteePrincipal", in.GranteePrincipal, grantPrincipalRule)
	k.checkText("granteeServicePrincipal", in.GranteeServicePrincipal, grantServiceRule)
	k.checkText("name", in.Name, grantNameRule)
	k.checkText("retiringPrincipal", in.RetiringPrincipal, grantPrincipalRule)
	k.checkText("retiringServicePrincipal", in.RetiringServicePrincipal, grantServiceRule)
	in.checkOperations(k)
	in.checkParties(k)
}

func (in *createGrantInput) checkOperations(k *checker) {
	if in.Operations == nil {
		k.problem("Value null at 'operations' failed to satisfy constraint: Member must not be null")
		return
	}
	for i, operation := range in.Operations {
		k.checkText("operations."+strconv.Itoa(i+1)+".member", operation, textRule{min: 1, enum: grantOperations()})
	}
	if len(in.Operations) == 0 {
		k.fail(validation, "A grant must allow at least one operation.")
	}
	if len(in.Operations) > 0 && !slices.ContainsFunc(in.Operations, func(o string) bool { return o != "CreateGrant" }) {
		k.fail(validation, "Grants must not contain only the CreateGrant operation.")
	}
}

// checkParties checks which principals go together (K0307).
func (in *createGrantInput) checkParties(k *checker) {
	if (in.GranteePrincipal == "") == (in.GranteeServicePrincipal == "") {
		k.fail(validation, "You must specify either GranteePrincipal or GranteeServicePrincipal, but not both.")
	}
	if in.RetiringPrincipal != "" && in.RetiringServicePrincipal != "" {
		k.fail(validation, "You can specify either RetiringPrincipal or RetiringServicePrincipal, but not both.")
	}
	if in.GranteeServicePrincipal == "" {
		return
	}
	if in.constraints().SourceArn == "" {
		k.fail(validation, "When you specify a GranteeServicePrincipal, you must also specify a SourceArn grant constraint.")
	}
	if in.RetiringPrincipal == "" && in.RetiringServicePrincipal == "" {
		k.fail(validation, "When you specify a GranteeServicePrincipal, you must also specify a RetiringPrincipal or a RetiringServicePrincipal.")
	}
}

func (g *grantConstraints) check(k *checker) {
	for _, part := range []struct {
		name  string
		pairs encryptionContext
	}{{"encryptionContextEquals", g.EncryptionContextEquals}, {"encryptionContextSubset", g.EncryptionContextSubset}} {
		for key, value := range part.pairs {
			k.checkText("constraints."+part.name+"."+key, value, constraintValueRule)
		}
		if len(part.pairs) > maxConstraintPairs {
			k.fail(validation, "A grant constraint can have up to %d encryption context pairs.", maxConstraintPairs)
		}
	}
	if len(g.EncryptionContextEquals) > 0 && len(g.EncryptionContextSubset) > 0 {
		k.fail(validation, "More than one constraint supplied")
	}
	k.checkOptional("constraints.sourceArn", g.SourceArn, sourceARNRule)
}

// constraints are those of the request, or none. An empty map is none: Terraform
// sends one for the kind it does not want (K0305).
func (in *createGrantInput) constraints() grantConstraints {
	constraints := *cmp.Or(in.Constraints, &grantConstraints{})
	for _, pairs := range []*encryptionContext{&constraints.EncryptionContextEquals, &constraints.EncryptionContextSubset} {
		if len(*pairs) == 0 {
			*pairs = nil
		}
	}
	return constraints
}

type createGrantOutput struct {
	GrantID    string `json:"GrantId"`
	GrantToken string

	keyARN string
}

// forTrail leaves out the token and names the key.
func (o *createGrantOutput) forTrail() any {
	return map[string]string{"grantId": o.GrantID, "keyId": o.keyARN}
}

func createGrant(c *call, in *createGrantInput) (*createGrantOutput, error) {
	f, err := c.find(in.KeyID)
	if err != nil {
		return nil, err
	}
	g := c.requestedGrant(f.key, in)
	k, err := c.open(f, need{
		action: c.action, context: c.grantConditions(in), encryption: g.constraints.pairs(), states: c.op.states, child: g,
	})
	if err != nil {
		return nil, err
	}
	if err := g.suits(k); err != nil {
		return nil, err
	}
	if err := c.resolveParties(g); err != nil {
		return nil, err
	}
	if err := in.stop(); err != nil {
		return nil, err
	}
	if g, err = c.putGrant(g); err != nil {
		return nil, err
	}
	token, err := g.newToken(c)
	if err != nil {
		return nil, err
	}
	return &createGrantOutput{g.id, token, k.arn}, nil
}

// requestedGrant is the grant a request describes, not yet checked against what
// exists.
func (c *call) requestedGrant(k *key, in *createGrantInput) *grant {
	g := &grant{
		name: in.Name, key: k, region: c.region, issuer: c.caller.account, created: c.now,
		grantee: party{name: in.GranteePrincipal}, retirer: party{name: in.RetiringPrincipal},
		constraints: in.constraints(),
	}
	if in.GranteeServicePrincipal != "" {
		g.grantee = party{name: in.GranteeServicePrincipal, service: true}
	}
	if in.RetiringServicePrincipal != "" {
		g.retirer = party{name: in.RetiringServicePrincipal, service: true}
	}
	for _, operation := range in.Operations {
		if !slices.Contains(g.operations, operation) {
			g.operations = append(g.operations, operation)
		}
	}
	return g
}

// grantConditions are the condition keys of CreateGrant (K0310).
func (c *call) grantConditions(in *createGrantInput) keypolicy.Context {
	constraints := in.constraints()
	conditions := c.awsResourceCondition()
	conditions.Set("kms:GrantOperations", in.Operations...)
	for key, value := range map[string]string{
		"kms:GrantConstraintType":      constraints.kind(),
		"kms:GrantConstraintSourceArn": constraints.SourceArn,
		"kms:GranteePrincipal":         in.GranteePrincipal,
		"kms:GranteeServicePrincipal":  in.GranteeServicePrincipal,
		"kms:RetiringPrincipal":        in.RetiringPrincipal,
		"kms:RetiringServicePrincipal": in.RetiringServicePrincipal,
	} {
		if value != "" {
			conditions.Set(key, value)
		}
	}
	return conditions
}

// awsResourceCondition tells whether a service integrated with KMS makes the call
// (K0311).
func (c *call) awsResourceCondition() keypolicy.Context {
	conditions := keypolicy.Context{}
	conditions.Set("kms:GrantIsForAWSResource", strconv.FormatBool(c.via != nil))
	return conditions
}

// suits checks that the key can do what the grant allows, and that constraints on
// an encryption context stand on operations that have one (K0305, K0306).
func (g *grant) suits(k *key) error {
	for _, name := range g.operations {
		action, _ := keypolicy.LookUpAction("kms:" + name)
		if !action.WorksOn(k.spec.name, k.usage) {
			return fail(validation, "Operation %s is not supported on a KMS key with KeySpec %s and KeyUsage %s.", name, k.spec.name, k.usage)
		}
		if g.constraints.kind() != "" && !isUnconstrained(name) && k.spec.name != symmetricDefault {
			return fail(validation, "Encryption context grant constraints are supported only on grant operations that include an encryption context, and %s with KeySpec %s has none.", name, k.spec.name)
		}
	}
	return nil
}

// resolveParties checks that the principals exist, and notes their unique ids.
func (c *call) resolveParties(g *grant) error {
	for _, p := range []*party{&g.grantee, &g.retirer} {
		if p.name == "" || p.service || c.via != nil && c.via.mayName(p.name) {
			continue
		}
		if !strings.HasPrefix(p.name, "arn:") || !c.principalExists(p.name) {
			return fail(invalidARN, "ARN does not refer to a valid principal: %s", p.name)
		}
		p.id = c.server.state.uniqueID(p.name)
	}
	return nil
}

// putGrant makes the grant, unless it is a retry: a grant of the same name and
// parameters is that grant (K0302).
func (c *call) putGrant(g *grant) (*grant, error) {
	set := &g.key.grants
	if old := set.named[g.fingerprint()]; old != nil {
		return old, nil
	}
	if set.all.size() >= maxGrants {
		return nil, fail(limitExceeded, "The KMS key already has the maximum of %d grants.", maxGrants)
	}
	id, err := randomBytes(c.random, grantIDBytes)
	if err != nil {
		return nil, err
	}
	if g.secret, err = randomBytes(c.random, grantSecretBytes); err != nil {
		return nil, err
	}
	g.id = hex.EncodeToString(id)
	c.server.state.addGrant(g)
	return g, nil
}
