package backendtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/probe"
)

// lacks skips the test of an ability that the backend does not claim.
func (s subject) lacks(ability string) {
	s.Helper()
	s.Skipf("%s does not say that it %s", s.Name(), ability)
}

func (c contract) ledger(t *testing.T) {
	b := c.make(t)
	ledger, ok := b.Backend.(backend.Ledger)
	if !ok {
		b.lacks("knows its keys (Ledger)")
	}
	client := kms.NewFromConfig(b.Config())
	other := c.make(t)
	kept, arn := other.key(""), b.key("")
	has := func(when string, want bool) {
		t.Helper()
		live, err := ledger.LiveKeys(t.Context())
		b.check("asking for the live keys", err)
		if slices.Contains(live, arn) != want {
			t.Errorf("%s: the key is among the live keys: %v, want %v", when, !want, want)
		}
		if slices.Contains(live, kept) {
			t.Errorf("%s: the key of another backend is among the live keys", when)
		}
	}
	has("made", true)
	_, err := client.ScheduleKeyDeletion(t.Context(), &kms.ScheduleKeyDeletionInput{KeyId: &arn, PendingWindowInDays: aws.Int32(window)})
	b.check("scheduling its deletion", err)
	has("pending deletion", false)
	_, err = client.CancelKeyDeletion(t.Context(), &kms.CancelKeyDeletionInput{KeyId: &arn})
	b.check("cancelling its deletion", err)
	has("cancelled", true)
}

// role makes a role without IAM policies, whose name no other test has.
func (s subject) role(name string) *probe.Identity {
	s.Helper()
	id, err := probe.CreateRole(s.Context(), s.Backend, "contract-"+name+"-"+strings.ToLower(rand.Text()[:8]))
	s.check("making role "+name, err)
	s.Cleanup(func() { s.check("removing role "+name, id.Remove(context.WithoutCancel(s.Context()))) })
	return id
}

// twins is a key policy that lets the deployer manage a key, and one role encrypt.
const twins = `{"Version":"2012-10-17","Statement":[
	{"Sid":"Deployer","Effect":"Allow","Principal":{"AWS":"%s"},"Action":["kms:Describe*","kms:Get*","kms:List*","kms:Put*","kms:TagResource","kms:ScheduleKeyDeletion"],"Resource":"*"},
	{"Sid":"Twin","Effect":"Allow","Principal":{"AWS":"%s"},"Action":"kms:Encrypt","Resource":"*"}]}`

// The twins differ in one thing: the policy names one of them.
func (c contract) enforcement(t *testing.T) {
	b := c.make(t)
	if !b.Enforces() {
		b.lacks("enforces policies")
	}
	named, stranger := b.role("named"), b.role("stranger")
	arn := b.key(fmt.Sprintf(twins, b.DeployerARN(), named.RoleARN))
	encrypt := func(ctx context.Context, client *kms.Client) error {
		_, err := client.Encrypt(ctx, &kms.EncryptInput{KeyId: &arn, Plaintext: []byte("x")})
		return err
	}
	b.soon("encrypting as the role that the policy names", func(ctx context.Context) error { return encrypt(ctx, named.KMS) })
	_, err := probe.Refused(t.Context(), stranger, encrypt)
	b.check("encrypting as a stranger", err)
	deployer, err := probe.Deployer(t.Context(), b.Backend)
	b.check("asking who the deployer is", err)
	_, err = probe.Refused(t.Context(), deployer, encrypt)
	b.check("encrypting as the deployer, who may do all but what the key policy keeps from it", err)
}

func (c contract) audit(t *testing.T) {
	b := c.make(t)
	auditor, ok := b.Backend.(backend.Auditor)
	if !ok {
		b.lacks("keeps an audit trail (Auditor)")
	}
	arn := b.key("")
	_, err := kms.NewFromConfig(b.Config()).Encrypt(t.Context(), &kms.EncryptInput{KeyId: &arn, Plaintext: []byte("x")})
	b.check("encrypting", err)
	events := auditor.Events()
	if last := events[len(events)-1]; last.EventName != "Encrypt" || len(last.Resources) == 0 || last.Resources[0].ARN != arn {
		t.Errorf("the last call told is %s, want Encrypt with %s", last.EventName, arn)
	}
}

// otherAccount is the deployer's of no backend.
const otherAccount = "999999999999"

func (c contract) accounts(t *testing.T) {
	b := c.make(t)
	accounts, ok := b.Backend.(backend.Accounts)
	if !ok {
		b.lacks("has other accounts (Accounts)")
	}
	other := subject{t, accounts.InAccount(otherAccount)}
	if got := aws.ToString(other.caller(other.Config()).Account); got != otherAccount {
		t.Errorf("InAccount(%s) is account %s", otherAccount, got)
	}
	if got := aws.ToString(other.caller(other.environment()).Account); got != otherAccount {
		t.Errorf("the Env of InAccount(%s) is account %s", otherAccount, got)
	}
	other.check("closing it", other.Close())
	b.check("answering once the other account is closed", backend.Answers(t.Context(), b))
}
