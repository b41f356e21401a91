package differential_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// What differs from run to run, with what stands for it.
var passing = []struct {
	pattern *regexp.Regexp
	text    string
}{
	{regexp.MustCompile(`\bmrk-[0-9a-f]{32}\b`), "MRK"},
	{regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`), "ID"},
	{regexp.MustCompile(`\b[0-9a-f]{64}\b`), "HEX"},
	{regexp.MustCompile(`\b9000000000\d\d\b`), "ACCOUNT"},
}

// dates, secrets and blobs are the fields whose values are random, or a moment.
var (
	dates   = regexp.MustCompile(`(Date|ValidTo)$`)
	secrets = []string{"Plaintext", "PrivateKeyPlaintext", "SharedSecret", "Mac"}
	blobs   = []string{"CiphertextBlob", "GrantToken", "ImportToken", "NextMarker", "PrivateKeyCiphertextBlob", "PublicKey", "Signature"}
)

// flat is an answer as lines: the path of each value, and the value, or what
// stands for it.
type flat map[string]string

func flatten(answer object) flat {
	f := flat{}
	for name, value := range answer {
		if name == "Message" { // a denial's, which others spell with a small letter
			name = "message"
		}
		f.add(name, value)
	}
	return f
}

func (f flat) add(path string, value any) {
	switch v := value.(type) {
	case object:
		for name, member := range v {
			f.add(path+"."+name, member)
		}
		if len(v) == 0 {
			f[path] = "{}"
		}
	case []any:
		f.addList(path, v)
	default:
		f[path] = normal(path[strings.LastIndexByte(path, '.')+1:], value)
	}
}

// addList adds a list's values on one line: it has no order that callers may rely
// on.
func (f flat) addList(path string, list []any) {
	items := make([]string, len(list))
	for i, item := range list {
		inner := flat{}
		inner.add("", item)
		items[i] = strings.TrimPrefix(inner.String(), " = ")
	}
	slices.Sort(items)
	f[path] = "[" + strings.Join(items, ", ") + "]"
}

// String is all of it on one line.
func (f flat) String() string {
	lines := make([]string, 0, len(f))
	for _, path := range slices.Sorted(maps.Keys(f)) {
		lines = append(lines, strings.TrimPrefix(path, ".")+" = "+f[path])
	}
	return strings.Join(lines, "; ")
}

// normal is a scalar as text that is the same in every run.
func normal(name string, value any) string {
	text := fmt.Sprint(value)
	switch {
	case dates.MatchString(name):
		return "DATE"
	case slices.Contains(blobs, name):
		return "BLOB"
	case slices.Contains(secrets, name):
		return secret(text)
	case name == "__type":
		return text[strings.LastIndexByte(text, '#')+1:]
	case name == "Policy" || name == "ReplicaPolicy":
		return passed(compact(text))
	default:
		return passed(text)
	}
}

// longest is how much of a text is worth telling.
const longest = 400

func passed(text string) string {
	for _, p := range passing {
		text = p.pattern.ReplaceAllString(text, p.text)
	}
	if len(text) > longest {
		return text[:40] + "…"
	}
	return text
}

// chosen is the plaintext that sequences encrypt to decrypt it.
const chosen = "secret"

// secret is what a sequence chose as it is, and only the size of other bytes.
func secret(blob string) string {
	data, err := base64.StdEncoding.DecodeString(blob)
	switch {
	case err != nil:
		return "not base64"
	case string(data) == chosen:
		return fmt.Sprintf("%q", data)
	default:
		return fmt.Sprintf("%d bytes", len(data))
	}
}

// compact is JSON without its spaces.
func compact(text string) string {
	var value any
	if json.Unmarshal([]byte(text), &value) != nil {
		return text
	}
	out, err := json.Marshal(value)
	if err != nil {
		return text
	}
	return string(out)
}

// difference is what two answers don't share, each side on one line; "" on both
// if they are the same.
func difference(a, b flat) (onlyA, onlyB string) {
	if maps.Equal(a, b) {
		return "", ""
	}
	if a.isError() || b.isError() {
		return a.verdict(), b.verdict()
	}
	left, right := maps.Clone(a), maps.Clone(b)
	sharedWith := func(other flat) func(string, string) bool {
		return func(path, value string) bool { v, ok := other[path]; return ok && v == value }
	}
	maps.DeleteFunc(left, sharedWith(b))
	maps.DeleteFunc(right, sharedWith(a))
	return left.or("nothing"), right.or("nothing")
}

func (f flat) isError() bool { return f["__type"] != "" }

// verdict is an error in words, or that there was none.
func (f flat) verdict() string {
	if !f.isError() {
		return "succeeds"
	}
	text := f["__type"]
	if status := f[httpStatus]; status != "400" {
		text += " (" + status + ")"
	}
	if f["message"] != "" {
		text += ": " + f["message"]
	}
	return text
}

func (f flat) or(text string) string {
	if len(f) == 0 {
		return text
	}
	return f.String()
}
