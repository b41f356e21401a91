package kmsemu

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"slices"
	"strings"
)

// emulated are the services, as signatures name them, that the server answers for.
var emulated = []string{serviceKMS, serviceSTS, serviceIAM}

// otherService is the service that a request is signed for, if the server has it not;
// else "". A call of KMS that is signed for another service KMS itself refuses.
func otherService(r *http.Request) string {
	_, rest, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	credential, _, _ := strings.Cut(rest, ",")
	parts := strings.Split(credential, "/")
	if len(parts) != 5 || slices.Contains(emulated, parts[3]) || strings.HasPrefix(targetOf(r), targetPrefix) {
		return ""
	}
	return parts[3]
}

// notImplemented is the code of the answer. With its status clients don't ask again.
const notImplemented = "NotImplemented"

type otherError struct {
	Code    string
	Message string
}

// otherErrors are the forms, but JSON, in which clients of services look for an error.
// Sources: Smithy's documents of the protocols restXml (which S3 has without the wrapper),
// ec2Query and awsQuery.
var otherErrors = map[string]func(otherError) any{
	"s3": func(e otherError) any {
		return struct {
			XMLName xml.Name `xml:"Error"`
			otherError
		}{otherError: e}
	},
	"ec2": func(e otherError) any {
		return struct {
			XMLName xml.Name   `xml:"Response"`
			Error   otherError `xml:"Errors>Error"`
		}{Error: e}
	},
	"": func(e otherError) any {
		return struct {
			XMLName xml.Name `xml:"ErrorResponse"`
			Error   otherError
		}{Error: e}
	},
}

// refuseOther tells a client of a service that it is not here, in the form that it reads:
// else it would show whatever it makes of another form.
func (s *Server) refuseOther(w http.ResponseWriter, r *http.Request, service string) {
	e := otherError{notImplemented, "the emulator has KMS, STS and IAM, and no " + service + ": make the resources that need it on LocalStack or AWS"}
	form := otherErrors[service]
	if form == nil && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		form = otherErrors[""]
	}
	var body []byte
	var err error
	if form == nil {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Amzn-Errortype", e.Code)
		body, err = json.Marshal(map[string]string{"__type": e.Code, "message": e.Message})
	} else {
		w.Header().Set("Content-Type", "text/xml")
		body, err = xml.Marshal(form(e))
	}
	if err != nil {
		s.log.Error("telling of a service that is not here", "service", service, "error", err)
	}
	w.WriteHeader(http.StatusNotImplemented)
	_, _ = w.Write(body) // a client that left needs no answer
}
