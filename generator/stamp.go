package generator

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// stampName is the file that records what was written into a folder.
const stampName = ".keywright.json"

// stamp is the content of that file. It holds nothing that differs from one run
// or machine to the next.
type stamp struct {
	Generator       string `json:"generator"`
	Preset          string `json:"preset,omitempty"`
	TemplateVersion string `json:"template_version"`
	// Inputs are the arguments of the spec, defaults filled in.
	Inputs Module `json:"inputs"`
	// Files maps a path to the SHA-256 of its content, in hexadecimal.
	Files map[string]string `json:"files"`
}

func newStamp(version string, m Module, files []File) (File, error) {
	s := stamp{
		Generator:       "keywright",
		Preset:          m.Preset,
		TemplateVersion: version,
		Inputs:          m,
		Files:           make(map[string]string, len(files)),
	}
	for _, f := range files {
		s.Files[f.Path] = digest(f.Data)
	}
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return File{}, fmt.Errorf("encoding the stamp of module %q: %w", m.Name, err)
	}
	return File{Path: stampName, Data: append(data, '\n')}, nil
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
