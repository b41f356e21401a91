package kmsemu_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"
)

const constraint = " failed to satisfy constraint: Member must "

// TestLimits holds the last value that passes and the first that does not.
func TestLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.subject()
	c := w.root.kms
	encrypt := func(n int) error {
		_, err := c.Encrypt(w.ctx, &kms.EncryptInput{KeyId: &s.key, Plaintext: make([]byte, n)})
		return err
	}
	describe := func(n int) error {
		_, err := c.UpdateKeyDescription(w.ctx, &kms.UpdateKeyDescriptionInput{KeyId: &s.key, Description: repeat(n)})
		return err
	}
	pend := func(n int) error {
		_, err := c.ScheduleKeyDeletion(w.ctx, &kms.ScheduleKeyDeletionInput{KeyId: aws.String(w.key()), PendingWindowInDays: aws.Int32(int32(n))})
		return err
	}
	rotate := func(n int) error {
		_, err := c.EnableKeyRotation(w.ctx, &kms.EnableKeyRotationInput{KeyId: &s.key, RotationPeriodInDays: aws.Int32(int32(n))})
		return err
	}
	random := func(n int) error {
		_, err := c.GenerateRandom(w.ctx, &kms.GenerateRandomInput{NumberOfBytes: aws.Int32(int32(n))})
		return err
	}
	dataKey := func(n int) error {
		_, err := c.GenerateDataKey(w.ctx, &kms.GenerateDataKeyInput{KeyId: &s.key, NumberOfBytes: aws.Int32(int32(n))})
		return err
	}
	alias := func(n int) error {
		name := "alias/" + strings.Repeat("a", n-len("alias/"))
		_, err := c.CreateAlias(w.ctx, &kms.CreateAliasInput{AliasName: &name, TargetKeyId: &s.key})
		return err
	}
	tagKey := func(n int) error { return w.tag(w.root, s.key, *repeat(n), "") }
	tagValue := func(n int) error { return w.tag(w.root, s.key, "v", *repeat(n)) }
	tagCount := func(n int) error {
		var tags []types.Tag
		for i := range n {
			tags = append(tags, types.Tag{TagKey: aws.String(fmt.Sprint("k", i)), TagValue: aws.String("")})
		}
		_, err := c.CreateKey(w.ctx, &kms.CreateKeyInput{Tags: tags})
		return err
	}
	policy := func(n int) error {
		document := keyPolicy()
		document += strings.Repeat(" ", n-len(document))
		_, err := c.PutKeyPolicy(w.ctx, &kms.PutKeyPolicyInput{KeyId: &s.key, Policy: &document})
		return err
	}
	page := func(n int) error {
		_, err := c.ListAliases(w.ctx, &kms.ListAliasesInput{Limit: aws.Int32(int32(n))})
		return err
	}
	keysPage := func(n int) error {
		_, err := c.ListKeys(w.ctx, &kms.ListKeysInput{Limit: aws.Int32(int32(n))})
		return err
	}
	tagsPage := func(n int) error {
		_, err := c.ListResourceTags(w.ctx, &kms.ListResourceTagsInput{KeyId: &s.key, Limit: aws.Int32(int32(n))})
		return err
	}
	const window = "PendingWindowInDays must be between 7 and 30"
	for name, row := range map[string]struct {
		try           func(int) error
		good, bad     int
		code, message string
	}{
		"plaintext, low":          {encrypt, 1, 0, "ValidationException", "1 validation error detected: Value at 'plaintext'" + constraint + "have length greater than or equal to 1"},
		"plaintext, high":         {encrypt, 4096, 4097, "ValidationException", "1 validation error detected: Value at 'plaintext'" + constraint + "have length less than or equal to 4096"},
		"description":             {describe, 8192, 8193, "ValidationException", ""},
		"pending window, low":     {pend, 7, 6, "ValidationException", window},
		"pending window, high":    {pend, 30, 31, "ValidationException", window},
		"rotation period, low":    {rotate, 90, 89, "ValidationException", "1 validation error detected: Value '89' at 'rotationPeriodInDays'" + constraint + "have value greater than or equal to 90"},
		"rotation period, high":   {rotate, 2560, 2561, "ValidationException", "1 validation error detected: Value '2561' at 'rotationPeriodInDays'" + constraint + "have value less than or equal to 2560"},
		"random, low":             {random, 1, 0, "ValidationException", ""},
		"random, high":            {random, 1024, 1025, "ValidationException", ""},
		"data key, low":           {dataKey, 1, 0, "ValidationException", ""},
		"data key, high":          {dataKey, 1024, 1025, "ValidationException", ""},
		"alias, high":             {alias, 256, 257, "ValidationException", ""},
		"alias, low":              {alias, 7, 6, "ValidationException", "alias/ contains invalid characters for an alias"},
		"tag key, high":           {tagKey, 128, 129, "ValidationException", "1 validation error detected: Value '" + *repeat(129) + "' at 'tags.1.member.tagKey'" + constraint + "have length less than or equal to 128"},
		"tag key, low":            {tagKey, 1, 0, "ValidationException", ""},
		"tag value":               {tagValue, 256, 257, "ValidationException", ""},
		"tags":                    {tagCount, 50, 51, "TagException", "Too many tags"},
		"policy":                  {policy, 32768, 32769, "LimitExceededException", ""},
		"list aliases, page":      {page, 100, 101, "ValidationException", ""},
		"list aliases, page, low": {page, 1, 0, "ValidationException", ""},
		"list keys, page":         {keysPage, 1000, 1001, "ValidationException", ""},
		"list tags, page":         {tagsPage, 50, 51, "ValidationException", ""},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, row.try(row.good))
			fails(t, row.try(row.bad), row.code, row.message)
		})
	}
}

func TestTagsTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	for i := range 50 {
		require.NoError(t, w.tag(w.root, key, fmt.Sprint("k", i), ""))
	}
	require.NoError(t, w.tag(w.root, key, "k0", "changed"))
	fails(t, w.tag(w.root, key, "one more", ""), "TagException", "Too many tags")
}

// TestTagRules (K0041).
func TestTagRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	fails(t, w.tag(w.root, key, "AWS:thing", "x"), "TagException", "Tags beginning with aws: are reserved")
	_, err := w.root.kms.TagResource(w.ctx, &kms.TagResourceInput{KeyId: &key, Tags: []types.Tag{
		{TagKey: aws.String("a"), TagValue: aws.String("1")}, {TagKey: aws.String("a"), TagValue: aws.String("2")},
	}})
	fails(t, err, "TagException", "Duplicate tag keys")
	require.NoError(t, w.tag(w.root, key, "awsome", "x"))
}

// TestAliasRules (K0042, K0043).
func TestAliasRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	for name, row := range map[string]struct{ alias, code, message string }{
		"no prefix": {"app", "ValidationException", `Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html`},
		"colon":     {"alias/a:b", "ValidationException", "alias/a:b contains invalid characters for an alias"},
		"space":     {"alias/a b", "ValidationException", "1 validation error detected: Value 'alias/a b' at 'aliasName'" + constraint + "satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$"},
		"reserved":  {"alias/aws/s3", "NotAuthorizedException", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.root.kms.CreateAlias(w.ctx, &kms.CreateAliasInput{AliasName: &row.alias, TargetKeyId: &key})
			fails(t, err, row.code, row.message)
		})
	}
	_, err := w.root.kms.CreateAlias(w.ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/awsome/s3_-1"), TargetKeyId: &key})
	require.NoError(t, err)
}

func TestDataKeyNeedsOneSize(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	const text = "Please specify either number of bytes or key spec."
	_, err := w.root.kms.GenerateDataKey(w.ctx, &kms.GenerateDataKeyInput{KeyId: &key})
	fails(t, err, "ValidationException", text)
	_, err = w.root.kms.GenerateDataKey(w.ctx, &kms.GenerateDataKeyInput{KeyId: &key, KeySpec: types.DataKeySpecAes128, NumberOfBytes: aws.Int32(16)})
	fails(t, err, "ValidationException", text)
	_, err = w.root.kms.GenerateRandom(w.ctx, &kms.GenerateRandomInput{})
	fails(t, err, "ValidationException", "NumberOfBytes is required.")
}

// TestSeveralProblemsAreReportedTogether (K0007).
func TestSeveralProblemsAreReportedTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.root.kms.Encrypt(w.ctx, &kms.EncryptInput{KeyId: repeat(2049), Plaintext: []byte{}})
	failsLike(t, err, "ValidationException", "2 validation errors detected: Value '")
	failsLike(t, err, "ValidationException", "; Value at 'plaintext' failed")
}
