package kmsemu

import (
	"errors"
	"fmt"
	"net/http"
)

// apiError is the one error type of the wire. Every other error that reaches
// the wire is an internal failure.
type apiError struct {
	code    code
	message string // "" where the services send none (K0006)
	cause   error  // what went wrong inside, for the log alone
}

// Error is the message, or the code where there is none.
func (e *apiError) Error() string {
	if e.message == "" {
		return codes[e.code].name
	}
	return e.message
}

// reason is the cause as text; a nil error has none.
func (e *apiError) reason() string {
	if e == nil || e.cause == nil {
		return ""
	}
	return e.cause.Error()
}

// fail makes an error of a code; the message is in the words of the service.
func fail(c code, format string, args ...any) *apiError {
	return &apiError{code: c, message: fmt.Sprintf(format, args...)}
}

// internal hides what broke inside behind the service's own code.
func internal(cause error) *apiError {
	return &apiError{code: internalFailure, message: "The request failed because of an internal error.", cause: cause}
}

func asAPIError(err error) *apiError {
	var e *apiError
	if errors.As(err, &e) {
		return e
	}
	return internal(err)
}

func tooLarge(err error) bool {
	var e *http.MaxBytesError
	return errors.As(err, &e)
}

// code is an error code, an index into [codes].
type code uint8

const (
	internalFailure code = iota
	requestTooLarge
	malformedBody
	unknownOperation
	missingToken
	incompleteSignature
	unknownClient
	invalidSignature
	expiredToken
	accessDenied
	validation
	limitExceeded
	malformedPolicy
	throttling
	unavailable

	notFound
	alreadyExists
	disabled
	invalidState
	invalidKeyUsage
	incorrectKey
	invalidCiphertext
	invalidMarker
	invalidGrantToken
	invalidGrantID
	invalidARN
	unsupported
	tagProblem
	notAuthorized
	conflict
	dryRun
	wrongSignature
	wrongMAC
	dependencyTimeout
	keyUnavailable
	incorrectMaterial
	invalidImportToken
	expiredImportToken

	keyStoreNotFound
	keyStoreNameInUse
	keyStoreState
	keyStoreHasKeys
	clusterInUse
	clusterNotFound
	clusterNotActive
	clusterNotRelated
	clusterConfiguration
	wrongTrustAnchor
	proxyURIInUse
	proxyEndpointInUse
	proxyUnreachable
	proxyCredential
	proxyResponse
	proxyConfiguration
	serviceInUse
	serviceNotFound
	serviceConfiguration
	xksKeyInUse
	xksKeyNotFound
	xksKeyUnfit

	entityExists
	noSuchEntity
	deleteConflict
	invalidInput
	unmodifiable
	invalidParameter
	invalidIdentityToken
	expiredIdentityToken
)

// wireCode is how a code looks on the wire: in the JSON protocol of KMS, where
// nearly everything is 400 (K0005), and in the query protocol of STS and IAM. A
// code has no name in a protocol whose services never send it.
type wireCode struct {
	name        string
	status      int
	queryName   string
	queryStatus int
}

const (
	bad       = http.StatusBadRequest
	forbidden = http.StatusForbidden
	broken    = http.StatusInternalServerError
)

// codes is the one place where a code meets its names and HTTP statuses.
// Sources: KMS API Reference, "Common Errors" and each operation's "Errors";
// IAM API Reference and STS API Reference, the same sections.
var codes = [...]wireCode{
	internalFailure:     {"KMSInternalException", broken, "InternalFailure", broken},
	requestTooLarge:     {"RequestEntityTooLargeException", http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", http.StatusRequestEntityTooLarge},
	malformedBody:       {"SerializationException", bad, "MalformedQueryString", bad},
	unknownOperation:    {"UnknownOperationException", bad, "InvalidAction", bad},
	missingToken:        {"MissingAuthenticationTokenException", bad, "MissingAuthenticationToken", forbidden},
	incompleteSignature: {"IncompleteSignatureException", bad, "IncompleteSignature", bad},
	unknownClient:       {"UnrecognizedClientException", bad, "InvalidClientTokenId", forbidden},
	invalidSignature:    {"InvalidSignatureException", bad, "SignatureDoesNotMatch", forbidden},
	expiredToken:        {"ExpiredTokenException", bad, "ExpiredToken", forbidden},
	accessDenied:        {"AccessDeniedException", bad, "AccessDenied", forbidden},
	validation:          {"ValidationException", bad, "ValidationError", bad},
	limitExceeded:       {"LimitExceededException", bad, "LimitExceeded", http.StatusConflict},
	malformedPolicy:     {"MalformedPolicyDocumentException", bad, "MalformedPolicyDocument", bad},
	throttling:          {"ThrottlingException", bad, "Throttling", bad},
	unavailable:         {"ServiceUnavailableException", http.StatusServiceUnavailable, "ServiceUnavailable", http.StatusServiceUnavailable},

	notFound:          {name: "NotFoundException", status: bad},
	alreadyExists:     {name: "AlreadyExistsException", status: bad},
	disabled:          {name: "DisabledException", status: bad},
	invalidState:      {name: "KMSInvalidStateException", status: bad},
	invalidKeyUsage:   {name: "InvalidKeyUsageException", status: bad},
	incorrectKey:      {name: "IncorrectKeyException", status: bad},
	invalidCiphertext: {name: "InvalidCiphertextException", status: bad},
	invalidMarker:     {name: "InvalidMarkerException", status: bad},
	invalidGrantToken: {name: "InvalidGrantTokenException", status: bad},
	invalidGrantID:    {name: "InvalidGrantIdException", status: bad},
	invalidARN:        {name: "InvalidArnException", status: bad},
	unsupported:       {name: "UnsupportedOperationException", status: bad},
	tagProblem:        {name: "TagException", status: bad},
	notAuthorized:     {name: "NotAuthorizedException", status: bad},
	conflict:          {name: "ConflictException", status: bad},
	dryRun:            {name: "DryRunOperationException", status: bad},
	wrongSignature:    {name: "KMSInvalidSignatureException", status: bad},
	wrongMAC:          {name: "KMSInvalidMacException", status: bad},
	dependencyTimeout: {name: "DependencyTimeoutException", status: http.StatusServiceUnavailable},
	keyUnavailable:    {name: "KeyUnavailableException", status: broken},

	keyStoreNotFound:     {name: "CustomKeyStoreNotFoundException", status: bad},
	keyStoreNameInUse:    {name: "CustomKeyStoreNameInUseException", status: bad},
	keyStoreState:        {name: "CustomKeyStoreInvalidStateException", status: bad},
	keyStoreHasKeys:      {name: "CustomKeyStoreHasCMKsException", status: bad},
	clusterInUse:         {name: "CloudHsmClusterInUseException", status: bad},
	clusterNotFound:      {name: "CloudHsmClusterNotFoundException", status: bad},
	clusterNotActive:     {name: "CloudHsmClusterNotActiveException", status: bad},
	clusterNotRelated:    {name: "CloudHsmClusterNotRelatedException", status: bad},
	clusterConfiguration: {name: "CloudHsmClusterInvalidConfigurationException", status: bad},
	wrongTrustAnchor:     {name: "IncorrectTrustAnchorException", status: bad},
	proxyURIInUse:        {name: "XksProxyUriInUseException", status: bad},
	proxyEndpointInUse:   {name: "XksProxyUriEndpointInUseException", status: bad},
	proxyUnreachable:     {name: "XksProxyUriUnreachableException", status: bad},
	proxyCredential:      {name: "XksProxyIncorrectAuthenticationCredentialException", status: bad},
	proxyResponse:        {name: "XksProxyInvalidResponseException", status: bad},
	proxyConfiguration:   {name: "XksProxyInvalidConfigurationException", status: bad},
	serviceInUse:         {name: "XksProxyVpcEndpointServiceInUseException", status: bad},
	serviceNotFound:      {name: "XksProxyVpcEndpointServiceNotFoundException", status: bad},
	serviceConfiguration: {name: "XksProxyVpcEndpointServiceInvalidConfigurationException", status: bad},
	xksKeyInUse:          {name: "XksKeyAlreadyInUseException", status: bad},
	xksKeyNotFound:       {name: "XksKeyNotFoundException", status: bad},
	xksKeyUnfit:          {name: "XksKeyInvalidConfigurationException", status: bad},
	incorrectMaterial:    {name: "IncorrectKeyMaterialException", status: bad},
	invalidImportToken:   {name: "InvalidImportTokenException", status: bad},
	expiredImportToken:   {name: "ExpiredImportTokenException", status: bad},

	entityExists:   {queryName: "EntityAlreadyExists", queryStatus: http.StatusConflict},
	noSuchEntity:   {queryName: "NoSuchEntity", queryStatus: http.StatusNotFound},
	deleteConflict: {queryName: "DeleteConflict", queryStatus: http.StatusConflict},
	invalidInput:   {queryName: "InvalidInput", queryStatus: bad},
	unmodifiable:   {queryName: "UnmodifiableEntity", queryStatus: bad},

	invalidParameter:     {queryName: "InvalidParameterValue", queryStatus: bad},
	invalidIdentityToken: {queryName: "InvalidIdentityToken", queryStatus: bad},
	expiredIdentityToken: {queryName: "ExpiredTokenException", queryStatus: bad},
}
