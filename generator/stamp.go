package generator

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"sync"
)

// stampName is the file that records what was written into a folder.
const stampName = ".keywright.json"

// stamp is the content of that file. It holds nothing that differs from one run
// or machine to the next.
type stamp struct {
	Generator       string `json:"generator"`
	Preset          string `json:"preset,omitempty"`
	TemplateVersion string `json:"template_version"`
	// Inputs are the arguments of the spec, defaults filled in: a [Module], kept
	// as it was written so that a stamp of other arguments can be read too.
	Inputs json.RawMessage `json:"inputs"`
	// Files are the files that were written, by their paths.
	Files map[string]record `json:"files"`
}

// record is what a stamp remembers of a file.
type record struct {
	// SHA256 of the content, in hexadecimal.
	SHA256 string `json:"sha256"`
	// Original is the content, compressed by DEFLATE: the base of later merges,
	// for which neither git nor the old templates have to be at hand. It is nil in
	// stamps of version 0.1.
	Original []byte `json:"original"`
}

// UnmarshalJSON reads the hash alone too, which was all that version 0.1 kept.
func (r *record) UnmarshalJSON(data []byte) error {
	if data[0] == '"' {
		return json.Unmarshal(data, &r.SHA256)
	}
	type plain record // without this method
	return json.Unmarshal(data, (*plain)(r))
}

func (r *Renderer) newStamp(m Module, files []File) (File, error) {
	inputs, err := json.Marshal(m)
	if err != nil {
		return File{}, fmt.Errorf("encoding the inputs of module %q: %w", m.Name, err)
	}
	s := stamp{
		Generator:       "keywright",
		Preset:          m.Preset,
		TemplateVersion: r.version,
		Inputs:          inputs,
		Files:           make(map[string]record, len(files)),
	}
	for _, f := range files {
		if s.Files[f.Path], err = r.memo.record(f.Data); err != nil {
			return File{}, fmt.Errorf("compressing %q of module %q: %w", f.Path, m.Name, err)
		}
	}
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return File{}, fmt.Errorf("encoding the stamp of module %q: %w", m.Name, err)
	}
	return File{Path: stampName, Data: append(data, '\n')}, nil
}

// readStamp returns nil for a stamp that is missing or spoilt: nothing then
// proves which files are ours, so none is overwritten, and a spoilt stamp itself
// is reported as edited.
func readStamp(data []byte) *stamp {
	if data == nil {
		return nil
	}
	var s stamp
	if err := json.Unmarshal(data, &s); err != nil || s.TemplateVersion == "" || len(s.Inputs) == 0 {
		return nil
	}
	return &s
}

// lists reports whether the stamp's author wrote a file of this name.
func (s *stamp) lists(name string) bool {
	if s == nil {
		return false
	}
	_, ok := s.Files[name]
	return ok
}

// wrote reports whether the file is as the stamp's author wrote it.
func (s *stamp) wrote(name string, data []byte) bool {
	return s.lists(name) && s.Files[name].SHA256 == digest(data)
}

// base returns what the stamp's author wrote into the file of this name, which now
// holds data.
func (s *stamp) base(name string, data []byte) ([]byte, error) {
	if s.Files[name].Original == nil && s.wrote(name, data) {
		return data, nil
	}
	return s.original(name)
}

// original returns what the stamp keeps of the file of this name.
func (s *stamp) original(name string) ([]byte, error) {
	r := s.Files[name]
	if r.Original == nil {
		return nil, fmt.Errorf("%s is of version %s and keeps no original of %q; put the file back as it was written, and make your changes again afterwards", stampName, s.TemplateVersion, name)
	}
	data, err := unpack(r.Original)
	if err != nil {
		return nil, fmt.Errorf("reading the original of %q in %s: %w", name, stampName, err)
	}
	if digest(data) != r.SHA256 {
		return nil, fmt.Errorf("%s holds an original of %q that its own hash denies; put the stamp back as it was", stampName, name)
	}
	return data, nil
}

// same reports whether two stamps say the same. Their bytes may differ: another
// version of Go may compress the same text otherwise.
func (s *stamp) same(other *stamp) bool {
	equal := s.Generator == other.Generator && s.Preset == other.Preset && s.TemplateVersion == other.TemplateVersion &&
		len(changedInputs(s.Inputs, other.Inputs)) == 0
	return equal && maps.EqualFunc(s.Files, other.Files, func(a, b record) bool {
		text, err := unpack(a.Original)
		return err == nil && a.SHA256 == b.SHA256 && digest(text) == b.SHA256
	})
}

// record returns what a stamp remembers of a file.
func (m *memo) record(data []byte) (record, error) {
	sum := digest(data)
	if known, ok := m.records.Load(sum); ok {
		return known.(record), nil
	}
	original, err := pack(data)
	made := record{sum, original}
	if err == nil {
		m.records.Store(sum, made)
	}
	return made, err
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// maxOriginal is far above what a template renders: a stamp comes from outside,
// and a few of its bytes could unpack to any length.
const maxOriginal = 4 << 20

// deflaters are kept because making one costs more than what it compresses.
var deflaters = sync.Pool{New: func() any {
	w, _ := flate.NewWriter(nil, flate.BestSpeed) // errs on unknown levels only
	return w
}}

func pack(data []byte) ([]byte, error) {
	w := deflaters.Get().(*flate.Writer)
	defer deflaters.Put(w)
	var out bytes.Buffer
	w.Reset(&out)
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func unpack(packed []byte) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxOriginal+1))
	if err == nil && len(data) > maxOriginal {
		err = errors.New("it is larger than any generated file")
	}
	return data, err
}
