package lint

import (
	"maps"
	"strings"
	"sync"

	"github.com/keywright/keywright/keypolicy"
)

// evaluator asks [keypolicy.Evaluate] what the policy comes to.
type evaluator struct {
	world     keypolicy.World
	context   keypolicy.Context
	owner     string // the key's account; "" if unknown
	partition string
}

// allowAll is an IAM policy of someone whom nothing in the account holds back:
// what he cannot do, the key policy denies.
var allowAll = sync.OnceValue(func() *keypolicy.Policy {
	return constant("IAM policies", `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`)
})

// constant parses a policy that is part of the program.
func constant(name, document string) *keypolicy.Policy {
	p, err := keypolicy.Parse(name, []byte(document))
	if err != nil {
		panic(err)
	}
	return p
}

// keyFacts are condition keys that follow from the key: without [Settings] they
// are unknown, not absent.
var keyFacts = []string{
	"kms:customermasterkeyspec", "kms:customermasterkeyusage", "kms:keyorigin", "kms:keyspec", "kms:keyusage",
	"kms:multiregion", "kms:multiregionkeytype", "kms:resourcealiases",
}

func newEvaluator(in *Input, statements []statement) evaluator {
	e := evaluator{
		world:   keypolicy.World{ResourcePolicy: in.Policy},
		context: keypolicy.Context{},
		owner:   in.Account, partition: "aws",
	}
	for _, key := range keyFacts {
		e.context.Set(key, keypolicy.Mark(key))
	}
	e.learn(in.Key)
	for i := range statements {
		for _, c := range statements[i].conditions {
			if strings.HasPrefix(c.key, "aws:principaltag/") {
				e.context.Set(c.key, keypolicy.Mark(c.key))
			}
		}
		for _, p := range statements[i].principals {
			if p.partition != "" {
				e.partition = p.partition
			}
		}
	}
	return e
}

// learn takes over what is known of the key.
func (e *evaluator) learn(key *Settings) {
	if key == nil {
		return
	}
	for name, value := range map[string]string{
		"kms:keyspec": key.Spec, "kms:customermasterkeyspec": key.Spec,
		"kms:keyusage": key.Usage, "kms:customermasterkeyusage": key.Usage,
		"kms:keyorigin": key.Origin,
	} {
		if value != "" {
			e.context.Set(name, value)
		}
	}
	if key.MultiRegion != Unstated {
		e.context.Set("kms:multiregion", map[Switch]string{On: "true", Off: "false"}[key.MultiRegion])
	}
}

// decide asks whether the caller can do the action, with whatever values of the
// condition keys that do not follow from caller and key.
func (e *evaluator) decide(caller keypolicy.Principal, action string, world keypolicy.World) keypolicy.Decision {
	return keypolicy.Evaluate(keypolicy.Request{
		Principal: caller, Action: action, Context: e.context, Open: true,
		Resource: "arn:" + e.partition + ":kms:us-east-1:" + e.owner + ":key/1234abcd-12ab-34cd-56ef-1234567890ab",
	}, world)
}

// direct asks what the key policy alone gives the caller.
func (e *evaluator) direct(caller keypolicy.Principal, action string) keypolicy.Decision {
	return e.decide(caller, action, e.world)
}

// atMost asks what the caller could do if IAM policies allowed it everything.
func (e *evaluator) atMost(caller keypolicy.Principal, action string) keypolicy.Decision {
	world := e.world
	world.Identity = []*keypolicy.Policy{allowAll()}
	return e.decide(caller, action, world)
}

// unsure is an evaluator to which condition keys are unknown.
func (e evaluator) unsure(keys []string) evaluator {
	e.context = maps.Clone(e.context)
	for _, key := range keys {
		e.context.Set(key, keypolicy.Mark(key))
	}
	return e
}

// with is an evaluator for requests with a condition key.
func (e evaluator) with(key, value string) evaluator {
	e.context = maps.Clone(e.context)
	e.context.Set(key, value)
	return e
}
