package generator_test

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/generator"
	"github.com/keywright/keywright/templates"
)

func TestOverlayTakesThePlaceOfSingleTemplates(t *testing.T) {
	t.Parallel()
	own := fstest.MapFS{
		"VERSION":                 {Data: []byte("ours-1\n")},
		"module/versions.tf.tmpl": {Data: []byte("# Ours.\n")},
	}
	set, err := generator.Overlay(templates.FS, own)
	require.NoError(t, err)
	files := renderWith(t, set, parse(t, ""))
	require.Contains(t, content(t, files, "versions.tf"), "# Ours.\n")
	require.Contains(t, content(t, files, ".keywright.json"), `"template_version": "ours-1"`)
	require.Empty(t, cmp.Diff(content(t, render(t, parse(t, "")), "main.tf"), content(t, files, "main.tf")), "-want +got")
}

func TestOverlayRefusesNamesThatNothingReads(t *testing.T) {
	t.Parallel()
	_, err := generator.Overlay(templates.FS, fstest.MapFS{"module/version.tf.tmpl": {}, "main.tf.tmpl": {}})
	require.ErrorContains(t, err, `there is no template "module/version.tf.tmpl" to take the place of; did you mean "module/versions.tf.tmpl"?`)
	require.ErrorContains(t, err, `there is no template "main.tf.tmpl"`)
}
