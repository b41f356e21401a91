package harness

import (
	"maps"
	"regexp"
	"strings"
	"time"

	"github.com/gruntwork-io/terratest/modules/terraform"
)

const (
	// retries and retryPause are for what is in the table of retryables, unless the
	// options say something else.
	retries    = 3
	retryPause = 5 * time.Second
)

// retryable is an error that another try may not meet again.
type retryable struct {
	// Name is how the guide and the log call it.
	Name string
	// Any of Errors, with any of Causes behind it if there are some. Engines wrap
	// their lines, so a space stands for any.
	Errors, Causes []string
}

// network are causes of a request that gets no answer, or one that tells to ask
// later. Source: packages net, net/http and io of Go, whose errors engines quote.
var network = []string{
	"Client.Timeout exceeded", "TLS handshake timeout", "i/o timeout", "context deadline exceeded", "connection reset by peer",
	"connection refused", "unexpected EOF", ": EOF", "429 Too Many Requests", "500 Internal Server Error", "502 Bad Gateway",
	"503 Service Unavailable", "504 Gateway Timeout",
}

// retryables are all errors that are tried again; whatever is not here is an answer.
// Sources: of the engine's errors its packages getproviders (errors.go and
// package_location_http_archive.go), initwd (module_install.go) and clistate
// (state.go); of throttling DefaultThrottleErrorCodes of package aws/retry of the AWS
// SDK for Go, without LimitExceededException, which in KMS is a quota that no waiting
// changes; of the provider's start client.go of go-plugin.
var retryables = []retryable{
	{"a provider registry that does not answer", []string{"could not connect to ", "could not query provider registry for "}, network},
	{"a provider's download that breaks off", []string{"Error while installing "}, network},
	{"a module's download that breaks off", []string{"Error accessing remote module registry", "Failed to download module"}, network},
	{"a state that another command has locked", []string{"Error acquiring the state lock"}, nil},
	{"a request that AWS throttles", []string{
		"Throttling: ", "ThrottlingException: ", "ThrottledException: ", "RequestThrottled: ", "RequestThrottledException: ",
		"TooManyRequestsException: ", "RequestLimitExceeded: ", "SlowDown: ", "EC2ThrottledException: ",
	}, nil},
	{"a provider that is slow to start", []string{"timeout while waiting for plugin to start"}, nil},
}

// reach is how far behind its error a cause may stand, in bytes.
const reach = "{0,800}?"

// pattern is the retryable as terratest takes it.
func (r retryable) pattern() string {
	expression := `(?s)` + anyOf(r.Errors)
	if len(r.Causes) > 0 {
		expression += "." + reach + anyOf(r.Causes)
	}
	return expression
}

func anyOf(texts []string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = strings.ReplaceAll(regexp.QuoteMeta(text), " ", `[\s│]+`)
	}
	return "(" + strings.Join(quoted, "|") + ")"
}

// setRetries has terratest's commands tried again on the errors of the table and on
// those the test lists, and takes out terratest's defaults, which hide real ones,
// such as a provider that does not exist.
func setRetries(opts *terraform.Options) {
	maps.DeleteFunc(opts.RetryableTerraformErrors, func(pattern, message string) bool {
		return terraform.DefaultRetryableTerraformErrors[pattern] == message
	})
	for _, r := range retryables {
		opts.RetryableTerraformErrors[r.pattern()] = r.Name
	}
	if opts.MaxRetries == 0 {
		opts.MaxRetries = retries
	}
	if opts.TimeBetweenRetries == 0 {
		opts.TimeBetweenRetries = retryPause
	}
}
