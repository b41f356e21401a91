package strictjson_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/internal/strictjson"
)

type input struct {
	Rules []struct {
		Name  string `json:"name"`
		Every int    `json:"every"`
	} `json:"rules"`
	On bool `json:"on"`
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, src, err string }{
		{"well", `{"rules":[{"name":"a","every":3}],"on":true}`, ""},
		{"white space after it", "{}\n", ""},
		{"an array", `[{"name":"a"}]`, "the document is not of the type object, but array"},
		{"a string", `{"rules":[{"every":"3"}]}`, `"rules.every" is not of the type number, but string`},
		{"a number", `{"rules":[{"name":3}]}`, `"rules.name" is not of the type string, but number`},
		{"an object", `{"rules":{"name":"a"}}`, `"rules" is not of the type array, but object`},
		{"no boolean", `{"on":"yes"}`, `"on" is not of the type boolean, but string`},
		{"an unknown member", `{"rule":[]}`, `json: unknown field "rule"`},
		{"cut off", `{"rules":[`, "unexpected EOF"},
		{"nothing", " ", "there is no JSON document"},
		{"two", `{} {}`, "something follows the JSON document"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got input
			err := strictjson.Decode([]byte(test.src), &got)
			if test.err == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, test.err)
		})
	}
}
