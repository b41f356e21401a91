package kmsemu

import (
	"encoding/json"
	"time"
	"unique"

	"github.com/keywright/keywright/keypolicy"
)

// Event is the audit record of one call, or of a change that KMS made of itself.
// Its JSON form has CloudTrail's field names; the decision is under
// additionalEventData. Source: CloudTrail User Guide, "CloudTrail record contents".
type Event struct {
	// EventTime is when the call arrived, by the server's clock, in UTC.
	EventTime time.Time `json:"eventTime"`
	// EventSource is the service, such as "kms.amazonaws.com".
	EventSource string `json:"eventSource"`
	// EventName is the operation, such as "Decrypt".
	EventName string `json:"eventName"`
	// AWSRegion is the Region the request was signed for.
	AWSRegion string `json:"awsRegion"`
	// SourceIPAddress and UserAgent tell where the call came from.
	SourceIPAddress string `json:"sourceIPAddress"`
	UserAgent       string `json:"userAgent"`
	// UserIdentity is the caller.
	UserIdentity UserIdentity `json:"userIdentity"`
	// RequestParameters are the call's parameters by name, with a small first
	// letter; never plaintext or ciphertext. Nil if they could not be read, or none is
	// to be shown.
	RequestParameters map[string]any `json:"requestParameters"`
	// ResponseElements are what a call of KMS that changed something answered, in
	// the same form and under the same condition; nil for every other.
	ResponseElements map[string]any `json:"responseElements"`
	// ErrorCode and ErrorMessage are "" for a call that succeeded. A denial's code is
	// [AccessDenied], every other failure's the one that was answered.
	ErrorCode    string `json:"errorCode,omitempty"`
	ErrorMessage string `json:"errorMessage,omitempty"`
	// RequestID is the one in the answer's X-Amzn-Requestid header; "" for what no
	// request asked for.
	RequestID string `json:"requestID,omitempty"`
	// EventID is unique to the record.
	EventID string `json:"eventID"`
	// SharedEventID is the same in the records that several accounts have of one
	// call; "" if only one account has a record.
	SharedEventID string `json:"sharedEventID,omitempty"`
	// EventType is "AwsApiCall" or, for a change that KMS made of itself,
	// "AwsServiceEvent". EventCategory is "Management", ManagementEvent true.
	EventType       string `json:"eventType"`
	EventCategory   string `json:"eventCategory"`
	ManagementEvent bool   `json:"managementEvent"`
	// ReadOnly tells that the operation changes nothing.
	ReadOnly bool `json:"readOnly"`
	// RecipientAccountID is the account whose trail has the record: the caller's, or
	// that of the owner of a key that the caller used.
	RecipientAccountID string `json:"recipientAccountId"`
	// ServiceEventDetails tell of a change that KMS made of itself.
	ServiceEventDetails map[string]any `json:"serviceEventDetails,omitempty"`
	// Resources are the keys and aliases the call was about, in the order it named
	// them.
	Resources []Resource `json:"resources,omitempty"`
	// KeyMaterials are what a cryptographic operation that succeeded used of its
	// symmetric keys; zero for every other call.
	KeyMaterials KeyMaterials `json:"-"`
	// Additional is what else KMS tells of the call; nil for most.
	Additional *AdditionalData `json:"-"`
	// Decision is the last one taken for the call, so the denial if it was
	// denied; nil if none was taken, because the call was refused before.
	Decision *keypolicy.Decision `json:"-"`

	// request, response and details are RequestParameters, ResponseElements and
	// ServiceEventDetails as JSON, in which form the trail keeps them.
	request, response, details []byte
}

// UserIdentity is CloudTrail's description of a caller.
type UserIdentity struct {
	// Type is "Root", "IAMUser", "AssumedRole", "FederatedUser", "WebIdentityUser",
	// "AWSService" for a service principal, or "AWSAccount" in the record that the
	// owner of a key has of a caller in another account; "" for KMS itself. The last
	// three leave out most of the following.
	Type        string `json:"type,omitempty"`
	PrincipalID string `json:"principalId,omitempty"`
	// ARN is the one GetCallerIdentity shows.
	ARN            string          `json:"arn,omitempty"`
	AccountID      string          `json:"accountId,omitempty"`
	AccessKeyID    string          `json:"accessKeyId,omitempty"`
	SessionContext *SessionContext `json:"sessionContext,omitempty"`
	// UserName of a user, or the subject of a web identity token.
	UserName string `json:"userName,omitempty"`
	// IdentityProvider is the ARN of the provider of a web identity token.
	IdentityProvider string `json:"identityProvider,omitempty"`
	// InvokedBy is the service that made the call; "" for none.
	InvokedBy string `json:"invokedBy,omitempty"`
}

// SessionContext tells where the credentials of a session came from.
type SessionContext struct {
	SessionIssuer SessionIssuer `json:"sessionIssuer"`
}

// SessionIssuer is who a session is of: a role, or the user or root user who asked
// for a federated user. UserName is the name of the role or user.
type SessionIssuer struct {
	Type        string `json:"type"`
	PrincipalID string `json:"principalId"`
	ARN         string `json:"arn"`
	AccountID   string `json:"accountId"`
	UserName    string `json:"userName"`
}

// Resource is a KMS key or alias that a call was about.
type Resource struct {
	ARN       string `json:"ARN"`
	AccountID string `json:"accountId"`
	Type      string `json:"type"` // "AWS::KMS::Key" or "AWS::KMS::Alias"
}

// KeyMaterials are the ids of key material that a call used, 64 hexadecimal digits
// each, as ListKeyRotations tells them; "" where a key has none to show: only symmetric
// keys do, and only if KMS holds their material. Records have them under
// additionalEventData (K0115).
type KeyMaterials struct {
	// KeyMaterialID is that of the one key of a call.
	KeyMaterialID string `json:"keyMaterialId,omitempty"`
	// SourceKeyMaterialID and DestinationKeyMaterialID are those of ReEncrypt.
	SourceKeyMaterialID      string `json:"sourceKeyMaterialId,omitempty"`
	DestinationKeyMaterialID string `json:"destinationKeyMaterialId,omitempty"`
}

// AdditionalData are the other things that records of KMS have under
// additionalEventData (K0116), each "" in the calls it is not for.
type AdditionalData struct {
	// CustomKeyStoreID is the store of the key that a cryptographic operation was
	// about, XksKeyID its external key.
	CustomKeyStoreID string `json:"customKeyStoreId,omitempty"`
	XksKeyID         string `json:"xksKeyId,omitempty"`
	// CustomKeyStoreName and ClusterID are those of the store that was connected,
	// disconnected, updated or deleted.
	CustomKeyStoreName string `json:"customKeyStoreName,omitempty"`
	ClusterID          string `json:"clusterId,omitempty"`
	// GrantID is the grant to retire.
	GrantID string `json:"grantId,omitempty"`
}

func keyResource(k *key) Resource { return Resource{k.arn, k.account, "AWS::KMS::Key"} }

// MarshalJSON writes a CloudTrail record, whose times are whole seconds (K0115).
func (e Event) MarshalJSON() ([]byte, error) {
	type plain Event
	e.EventTime = e.EventTime.Truncate(time.Second)
	return json.Marshal(struct {
		Version string `json:"eventVersion"`
		plain
		Extra *extraData `json:"additionalEventData,omitempty"`
	}{"1.11", plain(e), e.extra()})
}

// extraData is additionalEventData: what CloudTrail has there, and the decision.
type extraData struct {
	KeyMaterials
	*AdditionalData
	Decision *decisionText `json:"decision,omitempty"`
}

// decisionText is a decision, which CloudTrail does not tell, as text.
type decisionText struct {
	Verdict string   `json:"verdict"`
	Reasons []string `json:"reasons"`
}

// extra is nil if there is nothing of the kind.
func (e *Event) extra() *extraData {
	out := &extraData{KeyMaterials: e.KeyMaterials, AdditionalData: e.Additional}
	if e.Decision != nil {
		out.Decision = &decisionText{Verdict: e.Decision.Verdict.String()}
		for _, reason := range e.Decision.Reasons {
			out.Decision.Reasons = append(out.Decision.Reasons, reason.String())
		}
	}
	if *out == (extraData{}) {
		return nil
	}
	return out
}

// shared is the one copy of a text, however often it was made. A text cut out of a
// larger one lets go of that.
func shared(text string) string { return unique.Make(text).Value() }
