package kmsemu

import (
	"bytes"
	"encoding/xml"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// queryProtocol is the AWS query protocol, spoken by STS and IAM: the parameters
// are a form, the answer is XML.
type queryProtocol struct{}

// queryService is what differs between the services of the query protocol.
type queryService struct {
	version    string
	namespace  string
	operations map[string]operation
}

var queryServices = map[string]queryService{
	serviceSTS: {"2011-06-15", "https://sts.amazonaws.com/doc/2011-06-15/", stsOperations},
	serviceIAM: {"2010-05-08", "https://iam.amazonaws.com/doc/2010-05-08/", iamOperations},
}

func (queryProtocol) operation(c *call, r *http.Request) error {
	service, ok := queryServices[c.service]
	if !ok {
		return fail(invalidSignature, "Credential should be scoped to one of the services sts, iam; '%s' needs the header %s.", c.service, targetHeader)
	}
	values, err := formValues(r, c.body)
	if err != nil {
		return err
	}
	name := values.Get("Action")
	op, known := service.operations[name]
	if !known || values.Get("Version") != service.version || r.URL.Path != "/" {
		return fail(unknownOperation, "Could not find operation %s for version %s", name, values.Get("Version"))
	}
	c.form = form{values, checker{quiet: c.service == serviceIAM, unanchored: true}}
	c.name, c.op, c.protocol = name, op, queryProtocol{}
	return nil
}

// formValues reads the parameters of a POST from its body, of a GET from its URL.
func formValues(r *http.Request, body []byte) (url.Values, error) {
	encoded := r.URL.RawQuery
	if r.Method == http.MethodPost {
		media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err != nil || media != "application/x-www-form-urlencoded" {
			return nil, fail(malformedBody, "The Content-Type must be application/x-www-form-urlencoded.")
		}
		encoded = string(body)
	}
	values, err := url.ParseQuery(encoded)
	if err != nil {
		return nil, fail(malformedBody, "The parameters are not a valid form: %v.", err)
	}
	return values, nil
}

func (queryProtocol) name(c code) string { return codes[c].queryName }

func (queryProtocol) writeResult(w http.ResponseWriter, answer reply) {
	var body bytes.Buffer
	e := xml.NewEncoder(&body)
	root := element(answer.operation + "Response")
	root.Attr = []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: queryServices[answer.service].namespace}}
	metadata := struct {
		RequestID string `xml:"RequestId"`
	}{answer.requestID}
	steps := []func() error{
		func() error { return e.EncodeToken(root) },
		func() error {
			if answer.result == nil {
				return nil
			}
			return e.EncodeElement(answer.result, element(answer.operation+"Result"))
		},
		func() error { return e.EncodeElement(metadata, element("ResponseMetadata")) },
		func() error { return e.EncodeToken(root.End()) },
		e.Close,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			queryProtocol{}.writeError(w, reply{requestID: answer.requestID, outcome: outcome{err: internal(err)}})
			return
		}
	}
	writeXML(w, http.StatusOK, body.Bytes())
}

// errorResponse is the envelope of an error in the query protocol.
type errorResponse struct {
	XMLName xml.Name `xml:"ErrorResponse"`
	Type    string   `xml:"Error>Type"`
	Code    string   `xml:"Error>Code"`
	Message string   `xml:"Error>Message"`
	ID      string   `xml:"RequestId"`
}

func (queryProtocol) writeError(w http.ResponseWriter, answer reply) {
	row := codes[answer.err.code]
	fault := "Sender"
	if row.queryStatus >= broken {
		fault = "Receiver"
	}
	body, err := xml.Marshal(errorResponse{Type: fault, Code: row.queryName, Message: answer.err.message, ID: answer.requestID})
	if err != nil {
		body = nil // strings always encode; an empty body still carries the status
	}
	writeXML(w, row.queryStatus, body)
}

func element(name string) xml.StartElement {
	return xml.StartElement{Name: xml.Name{Local: name}}
}

func writeXML(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that left needs no answer
}

// queryOperation is the funnel of all STS and IAM operations. The operation
// reads its form first, so shape comes before permission here too.
func queryOperation[Out any](run func(*call, *form) (*Out, error)) handler {
	return func(c *call) (any, error) {
		c.event.RequestParameters = c.form.parameters()
		if err := c.caller.refused(c.service, c.name); err != nil {
			return nil, err
		}
		return locked(c, func() (*Out, error) {
			c.keepIAM()
			return run(c, &c.form)
		})
	}
}

// form is the input of a query operation. Its getters note what is wrong with a
// value; err tells all of it at once.
type form struct {
	values url.Values
	checker
}

// text is a parameter's value, checked against its rule; "" if absent.
func (f *form) text(name string, rule textRule) string {
	value := f.values.Get(name)
	f.checkText(lowerFirst(name), value, rule)
	return value
}

// optional is the value of a parameter that may be absent, but has a least length if
// it is there.
func (f *form) optional(name string, rule textRule) string {
	value := f.values.Get(name)
	f.checkOptional(lowerFirst(name), value, rule)
	return value
}

// number is a parameter's value between low and high; fallback if absent.
func (f *form) number(name string, limits intRule, fallback int) int {
	text := f.values.Get(name)
	if text == "" {
		return fallback
	}
	value, err := strconv.Atoi(text)
	if err != nil {
		f.problem("Value '%s' at '%s' failed to satisfy constraint: Member must be a number", text, lowerFirst(name))
		return fallback
	}
	f.checkInt(lowerFirst(name), &value, limits)
	return value
}

// list collects NAME.member.1, NAME.member.2, … up to the first gap; of lists of
// structures, the given field.
func (f *form) list(name string, field ...string) []string {
	var items []string
	for {
		member := strings.Join(append([]string{memberName(name, len(items)+1)}, field...), ".")
		if !f.values.Has(member) {
			return items
		}
		items = append(items, f.values.Get(member))
	}
}

// flag is a parameter that is true or false; false if absent.
func (f *form) flag(name string) bool {
	text := f.values.Get(name)
	if text != "" && text != "true" && text != "false" {
		f.problem("Value '%s' at '%s' failed to satisfy constraint: Member must be true or false", text, lowerFirst(name))
	}
	return text == "true"
}

func memberName(name string, i int) string { return name + ".member." + strconv.Itoa(i) }

// tags reads Tags.member.N.Key and .Value.
func (f *form) tags() []tag {
	var tags []tag
	for {
		member := memberName("Tags", len(tags)+1)
		if !f.values.Has(member+".Key") && !f.values.Has(member+".Value") {
			return tags
		}
		tags = append(tags, tag{f.values.Get(member + ".Key"), f.values.Get(member + ".Value")})
	}
}

// parameters renders the form for the trail: single values by name, and lists. What
// proves the caller is left out.
func (f *form) parameters() map[string]any {
	out := map[string]any{}
	for name := range f.values {
		if !strings.Contains(name, ".") && !strings.HasPrefix(name, "X-Amz-") && !slices.Contains(unrecorded, name) {
			out[lowerFirst(name)] = f.values.Get(name)
		}
	}
	if tags := f.tags(); tags != nil {
		out["tags"] = tags
	}
	for _, name := range []string{"TagKeys", "TransitiveTagKeys", "ClientIDList", "ThumbprintList"} {
		if list := f.list(name); list != nil {
			out[lowerFirst(name)] = list
		}
	}
	if arns := f.list("PolicyArns", "arn"); arns != nil {
		out["policyArns"] = arns
	}
	return out
}

// unrecorded are the parameters that the trail does not show.
var unrecorded = []string{"Action", "Version", "WebIdentityToken", "TokenCode"}
