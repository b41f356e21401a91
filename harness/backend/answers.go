package backend

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// answerPatience is how long a backend may take to say who its deployer is.
const answerPatience = 10 * time.Second

// Answers returns nil if the backend still serves its deployer. What fails on one
// that does not says nothing about a module.
func Answers(ctx context.Context, b Backend) error {
	ctx, cancel := context.WithTimeout(ctx, answerPatience)
	defer cancel()
	_, err := sts.NewFromConfig(b.Config()).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}, func(o *sts.Options) {
		o.Retryer = aws.NopRetryer{}
	})
	if err != nil {
		return fmt.Errorf("the backend %s no longer answers its deployer: it ended or was started anew, and what was made on it may be lost; run again: %w", b.Name(), err)
	}
	return nil
}
