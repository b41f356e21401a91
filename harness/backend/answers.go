package backend

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/keywright/keywright/harness/sweep"
)

// answerPatience is how long a backend may take to say who its deployer is.
const answerPatience = 30 * time.Second

// Answers returns nil if the backend still serves its deployer. What fails on one
// that does not says nothing about a module.
func Answers(ctx context.Context, b Backend) error {
	ctx, cancel := context.WithTimeout(ctx, answerPatience)
	defer cancel()
	who, err := sts.NewFromConfig(b.Config()).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}, func(o *sts.Options) {
		o.Retryer = aws.NopRetryer{}
	})
	if err == nil && !IsOf(aws.ToString(who.Arn), b.DeployerARN()) {
		err = fmt.Errorf("it takes the deployer for %s", aws.ToString(who.Arn))
	}
	if err == nil {
		return nil
	}
	left := "what was made on it may be lost"
	if b.Env()[defaultTags+sweep.Tag] != "" {
		left = "keywright sweep finds what is left there"
	}
	return fmt.Errorf("the backend %s no longer answers its deployer: it ended, was started anew or can't be reached; %s, and what failed since says nothing about a module: run again: %w", b.Name(), left, err)
}

// IsOf reports whether the caller's ARN, as GetCallerIdentity tells it, is that of a
// principal as policies name it: the same, or a session of the role.
func IsOf(caller, principal string) bool {
	name := principal[strings.LastIndexByte(principal, '/')+1:]
	return caller == principal || strings.Contains(caller, ":assumed-role/"+name+"/")
}
