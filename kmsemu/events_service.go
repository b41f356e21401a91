package kmsemu

import "time"

// awsInternal is who makes the changes that nobody calls for.
const awsInternal = "AWS Internal"

// serviceEvent is the record of a change that KMS makes of itself (K0489). Its
// details are those of the key; its id comes from the trail.
func serviceEvent(name string, k *key, at time.Time) Event {
	return Event{
		EventTime: at.UTC(), EventSource: serviceKMS + ".amazonaws.com", EventName: name, AWSRegion: k.region,
		SourceIPAddress: awsInternal, UserAgent: awsInternal, UserIdentity: UserIdentity{AccountID: k.account, InvokedBy: awsInternal},
		EventType: "AwsServiceEvent", EventCategory: "Management", ManagementEvent: true,
		RecipientAccountID: k.account, Resources: []Resource{keyResource(k)},
		ServiceEventDetails: map[string]any{"keyId": k.id},
	}
}

// deletion is the record of a key's end.
func deletion(k *key, at time.Time) Event { return serviceEvent("DeleteKey", k, at) }

// expiry is the record of imported material that expired (K0442).
func expiry(k *key, m *material) Event {
	e := serviceEvent("DeleteExpiredKeyMaterial", k, m.validTo)
	e.EventID = derivedID(k.arn, e.EventName+m.id+e.EventTime.Format(time.RFC3339Nano))
	if k.symmetric() {
		e.ServiceEventDetails["keyMaterialId"] = m.id
	}
	return e
}

// keyRotation is the record of a rotation that just happened.
func keyRotation(k *key, at time.Time) Event {
	e := serviceEvent("RotateKey", k, at)
	e.ServiceEventDetails["keyOrigin"] = k.origin
	e.ServiceEventDetails["rotationType"] = k.current().rotation
	e.ServiceEventDetails["previousKeyMaterialId"] = k.materials[len(k.materials)-2].id
	e.ServiceEventDetails["currentKeyMaterialId"] = k.current().id
	return e
}

// synchronization is the record of shared properties copied from a primary key to
// its replicas: unlike the others it looks like a call.
func synchronization(primary *key, at time.Time) Event {
	e := serviceEvent("SynchronizeMultiRegionKey", primary, at)
	e.EventType, e.ServiceEventDetails = "AwsApiCall", nil
	e.ResponseElements = map[string]any{"keyId": primary.arn}
	return e
}
