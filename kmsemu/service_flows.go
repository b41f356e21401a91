package kmsemu

import (
	"context"
	"fmt"
	"slices"
)

// ServiceUse is one use of a key by an AWS service, such as Amazon S3 storing an
// object for a role.
type ServiceUse struct {
	// Flow is what the service does, such as "s3:PutObject"; [ServiceFlows] lists
	// all.
	Flow string
	// Region is where.
	Region string
	// Caller is whom the service works for: the ARN of an account's root user, a
	// role or a session of it, or an access key id. "" if the service works for
	// itself alone.
	Caller string
	// KeyID identifies the key; where the service works for itself, by its ARN. ""
	// means the AWS managed key of the service, which comes into being when first
	// used; decrypting needs none.
	KeyID string
	// Resource is the ARN of what is protected: object, volume, table, topic, ….
	Resource string
	// SourceARN is the resource a service principal acts for, in aws:SourceArn.
	// "" means Resource.
	SourceARN string
	// Grantee is who uses the grant a service makes for another: the id of an
	// instance for ec2 and autoscaling, the name of the function's role for
	// lambda.
	Grantee string
	// VersionID is that of a secret, for secretsmanager.
	VersionID string
	// Plaintext is what ssm and lambda encrypt; Ciphertext is what is decrypted:
	// a data key in most flows.
	Plaintext, Ciphertext []byte
	// GrantID is the grant to retire.
	GrantID string
}

// ServiceResult is what the service has after its calls.
type ServiceResult struct {
	// KeyARN is the key of the last call that answers with one.
	KeyARN string
	// Plaintext and Ciphertext are the last of the answers: a data key in most
	// flows.
	Plaintext, Ciphertext []byte
	// GrantID is the grant it made; "" for none.
	GrantID string
}

// ServiceError is the answer of KMS to a call of a service that failed.
type ServiceError struct {
	// Operation is the call, such as "CreateGrant".
	Operation string
	// Code and Message are those of the API, such as "AccessDeniedException".
	Code, Message string
}

// Error is operation, code and message.
func (e *ServiceError) Error() string {
	return fmt.Sprintf("%s: %s: %s", e.Operation, e.Code, e.Message)
}

// ServiceFlows lists the names of the flows that [Server.UseService] knows, as
// SERVICE:FLOW, sorted.
func ServiceFlows() []string {
	var names []string
	for service, profile := range serviceProfiles {
		for flow := range profile.flows {
			names = append(names, service+":"+flow)
		}
	}
	slices.Sort(names)
	return names
}

// UseService makes the calls of a service's flow, in order, as the service would:
// with its encryption context, its condition keys and its grants. They go into
// the audit trail. It returns what the service has afterwards, and at the first
// call that fails a [*ServiceError]; any other error says what is wrong with use.
// It is safe for concurrent use. Source: facts K0316 to K0333.
func (s *Server) UseService(ctx context.Context, use ServiceUse) (ServiceResult, error) {
	run, err := s.newFlowRun(use)
	if err != nil {
		return ServiceResult{}, err
	}
	run.result = ServiceResult{Plaintext: use.Plaintext, Ciphertext: use.Ciphertext, GrantID: use.GrantID}
	for _, step := range run.flow.steps {
		if err := run.step(ctx, step); err != nil {
			return ServiceResult{}, err
		}
	}
	return run.result, nil
}
