// Package strictjson reads JSON that people write.
package strictjson

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Decode reads one JSON document into a value, as package encoding/json does. Unknown
// members and whatever follows the document are errors; what has another type than it
// should is told in the words of JSON.
func Decode(src []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(src))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	var mistyped *json.UnmarshalTypeError
	switch {
	case errors.As(err, &mistyped) && mistyped.Field != "":
		return fmt.Errorf("%q is not of the type %s, but %s", mistyped.Field, typeOf(mistyped), mistyped.Value)
	case errors.As(err, &mistyped):
		return fmt.Errorf("the document is not of the type %s, but %s", typeOf(mistyped), mistyped.Value)
	case errors.Is(err, io.EOF):
		return errors.New("there is no JSON document")
	case err != nil:
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON document")
	}
	return nil
}

// typeOf is what JSON calls the values that would have been taken.
func typeOf(mistyped *json.UnmarshalTypeError) string {
	return cmp.Or(types[mistyped.Type.Kind().String()], "number")
}

// types are JSON's names of the types of Go that are no numbers.
var types = map[string]string{"struct": "object", "map": "object", "slice": "array", "array": "array", "string": "string", "bool": "boolean"}
