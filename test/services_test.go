package test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

// AWS services can do with the key what the module is for, for the roles that it
// lists or for themselves. They cannot for a stranger, or for another resource of
// another account; and what a role may through one service it may not through another. By
// itself it may not either: see leastPrivilege.
func services(t *testing.T, k *key) {
	server := k.emulator(t)
	var done kmsemu.ServiceResult
	for _, f := range k.preset.flows {
		use := k.use(f, done)
		denied(t, server, k.twin(f, use), f.name)
		if f.role != "" && k.preset.uses[f.role] == nil {
			denied(t, server, k.throughAnother(f, use), f.name+" of another service")
		}
		result, err := server.UseService(t.Context(), use)
		require.NoError(t, err, f.name)
		if len(result.Ciphertext) > 0 {
			done.Ciphertext = result.Ciphertext
		}
		if result.GrantID != "" {
			done.GrantID = result.GrantID
		}
	}
}

// use is the flow, with what flows before it left.
func (k *key) use(f flow, done kmsemu.ServiceResult) kmsemu.ServiceUse {
	u := kmsemu.ServiceUse{
		Flow: f.name, Region: k.rootUser.Region, KeyID: k.arn, Resource: k.inAccount(f.resource), SourceARN: k.inAccount(f.source),
		VersionID: "v1", Plaintext: plaintext, Ciphertext: done.Ciphertext,
	}
	if f.role != "" {
		u.Caller = k.roles[f.role].RoleARN
	}
	u.Grantee = f.grantee
	if f.grantee == functionRole {
		u.Grantee = k.roles["reader"].Name
	}
	return u
}

// functionRole stands for the name of the role that a function runs as.
const functionRole = "function-role"

func (k *key) inAccount(arn string) string { return strings.ReplaceAll(arn, "{account}", k.account) }

// twin differs in one thing: whom the service works for, or in whose account.
func (k *key) twin(f flow, use kmsemu.ServiceUse) kmsemu.ServiceUse {
	if f.role != "" {
		use.Caller = k.roles["stranger"].RoleARN
		return use
	}
	const another = "111111111111"
	use.Resource = strings.ReplaceAll(f.resource, "{account}", another) + "-other"
	use.SourceARN = strings.ReplaceAll(f.source, "{account}", another)
	if f.source != "" {
		use.SourceARN += "-other"
	}
	return use
}

// throughAnother makes a data key for the same role through a service that the
// module is not for.
func (k *key) throughAnother(f flow, use kmsemu.ServiceUse) kmsemu.ServiceUse {
	use.Flow, use.Resource = "s3:PutObject", object
	if strings.HasPrefix(f.name, "s3:") {
		use.Flow, use.Resource = "kinesis:PutRecord", k.inAccount(stream)
	}
	return use
}

// denied: the service is refused, by the policy and nothing else.
func denied(t *testing.T, server *kmsemu.Server, use kmsemu.ServiceUse, what string) {
	t.Helper()
	_, err := server.UseService(t.Context(), use)
	var refused *kmsemu.ServiceError
	require.Truef(t, errors.As(err, &refused) && refused.Code == "AccessDeniedException", "%s: want AccessDeniedException, got: %v", what, err)
}
