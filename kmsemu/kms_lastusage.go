package kmsemu

import "time"

// trackedOperations are the cryptographic operations whose last success a key
// remembers (K0481).
var trackedOperations = map[string]bool{
	"Decapsulate": true, "Decrypt": true, "DeriveSharedSecret": true, "Encapsulate": true, "Encrypt": true,
	"GenerateDataKey": true, "GenerateDataKeyPair": true, "GenerateDataKeyPairWithoutPlaintext": true,
	"GenerateDataKeyWithoutPlaintext": true, "GenerateMac": true, "ReEncrypt": true, "Sign": true, "Verify": true, "VerifyMac": true,
}

// use is one successful cryptographic operation with a key.
type use struct {
	operation          string
	at                 time.Time
	eventID, requestID string
}

type getKeyLastUsageOutput struct {
	KeyCreationDate epoch
	KeyID           string `json:"KeyId"`
	// KeyLastUsage is an empty object while there is nothing to tell.
	KeyLastUsage      keyLastUsage
	TrackingStartDate epoch
}

type keyLastUsage struct {
	CloudTrailEventID string `json:"CloudTrailEventId,omitempty"`
	KmsRequestID      string `json:"KmsRequestId,omitempty"`
	Operation         string `json:",omitempty"`
	Timestamp         epoch  `json:",omitzero"`
}

// getKeyLastUsage: keys are tracked from their creation.
func getKeyLastUsage(c *call, in *keyInput) (*getKeyLastUsageOutput, error) {
	k, err := c.key(in.KeyID, nil)
	if err != nil {
		return nil, err
	}
	out := &getKeyLastUsageOutput{KeyCreationDate: epoch{k.created}, KeyID: k.arn, TrackingStartDate: epoch{k.created}}
	if last := k.lastUse.Load(); last != nil {
		out.KeyLastUsage = keyLastUsage{last.eventID, last.requestID, last.operation, epoch{last.at}}
	}
	return out, nil
}

// track remembers a successful operation with its keys, each with the record in
// the trail of its owner; others are the records beside the call's own. The work of
// the operation ran with the state unlocked, so the keys remember on their own.
func (c *call) track(others []Event) {
	if !trackedOperations[c.name] {
		return
	}
	for _, k := range c.keys {
		id := c.event.EventID
		for i := range others {
			if others[i].RecipientAccountID == k.account {
				id = others[i].EventID
			}
		}
		k.lastUse.Store(&use{c.name, c.event.EventTime, id, c.event.RequestID})
		c.server.keeper.later(lastUse{k})
	}
}
