package toolchain

import (
	"archive/zip"
	"fmt"
	"path/filepath"
)

// unzip unpacks a provider archive, which is flat, into dir.
func unzip(archive, dir string) error {
	r, err := zip.OpenReader(archive)
	if err != nil {
		return fmt.Errorf("broken mirror: opening %s: %w", archive, err)
	}
	defer r.Close()
	for _, file := range r.File {
		if file.FileInfo().IsDir() {
			continue
		}
		if !filepath.IsLocal(file.Name) {
			return fmt.Errorf("broken mirror: %s holds %q, which points outside of it", archive, file.Name)
		}
		if err := extract(file, filepath.Join(dir, filepath.Base(file.Name))); err != nil {
			return fmt.Errorf("unpacking %s from %s: %w", file.Name, archive, err)
		}
	}
	return nil
}

// extract writes one file with its mode; archive/zip checks its checksum.
func extract(file *zip.File, path string) error {
	in, err := file.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	return WriteProgram(path, in, file.Mode().Perm()|0o600)
}
