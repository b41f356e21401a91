package kmsemu

import (
	"net/http"
	"strconv"
	"time"
)

// The parameters of a presigned URL.
const (
	queryAlgorithm     = "X-Amz-Algorithm"
	queryCredential    = "X-Amz-Credential"
	queryDate          = "X-Amz-Date"
	queryExpires       = "X-Amz-Expires"
	querySignedHeaders = "X-Amz-SignedHeaders"
	querySignature     = "X-Amz-Signature"
	queryToken         = "X-Amz-Security-Token"
)

const (
	// presignedGood is how long a URL is good that does not say.
	presignedGood = 15 * time.Minute
	// maxExpires is a week, in seconds.
	maxExpires = 604800
)

// presigned reports whether a request is signed in its query. An Authorization
// header goes before.
func presigned(r *http.Request) bool {
	return r.URL.RawQuery != "" && r.Header.Get("Authorization") == "" && r.URL.Query().Has(queryAlgorithm)
}

// readQuerySignature parses the parameters of a presigned URL (K0429).
func (k *credentialScopes) readQuerySignature(r *http.Request) (*signature, error) {
	query := r.URL.Query()
	if query.Get(queryAlgorithm) != signingAlgorithm {
		return nil, fail(incompleteSignature, "AWS query-string parameters must include %s with the value %s.", queryAlgorithm, signingAlgorithm)
	}
	for _, name := range []string{queryCredential, queryDate, querySignedHeaders, querySignature} {
		if query.Get(name) == "" {
			return nil, fail(incompleteSignature, "AWS query-string parameters must include '%s'.", name)
		}
	}
	s := &signature{
		signedHeaders: query.Get(querySignedHeaders),
		value:         query.Get(querySignature),
		time:          query.Get(queryDate),
		token:         query.Get(queryToken),
		good:          presignedGood,
	}
	if text := query.Get(queryExpires); text != "" {
		seconds, err := strconv.Atoi(text)
		if err != nil || seconds < 0 || seconds > maxExpires {
			return nil, fail(incompleteSignature, "%s must be a number of seconds from 0 to %d.", queryExpires, maxExpires)
		}
		s.good = time.Duration(seconds) * time.Second
	}
	return s, k.complete(s, query.Get(queryCredential), r.Header)
}
