package kmsemu_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

// fill sets everything a value holds to something of its own.
func fill(t *testing.T, v reflect.Value, next *int) {
	t.Helper()
	*next++
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprint("text ", *next))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(int64(*next))
	case reflect.Uint8:
		v.SetUint(1)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem(), next)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(t, v.Index(0), next)
		fill(t, v.Index(1), next)
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]any{"name": fmt.Sprint("value ", *next)}))
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2030, 1, 2, 3, 4, 5, *next, time.UTC)))
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(t, v.Field(i), next)
			}
		}
	default:
		t.Fatalf("an event holds a %s: teach the trail and this test", v.Type())
	}
}

// TestTrailKeepsEverything: an event with something in every field comes back as it
// was, so that no field of Event can be forgotten where events are written.
func TestTrailKeepsEverything(t *testing.T) {
	t.Parallel()
	var full kmsemu.Event
	next := 0
	fill(t, reflect.ValueOf(&full).Elem(), &next)
	plain := kmsemu.Event{EventID: "plain", EventTime: time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)}
	require.Equal(t, []kmsemu.Event{full, plain, full}, kmsemu.KeptOf([]kmsemu.Event{full, plain, full}))
}
