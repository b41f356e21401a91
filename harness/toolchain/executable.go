package toolchain

import (
	"bytes"
	"debug/elf"
	"debug/macho"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
)

// ErrWrongArchitecture says that a program was built for another machine.
var ErrWrongArchitecture = errors.New("wrong architecture")

var elfMachines = map[string]elf.Machine{
	"386": elf.EM_386, "amd64": elf.EM_X86_64, "arm": elf.EM_ARM, "arm64": elf.EM_AARCH64,
}

var machoCPUs = map[string]macho.Cpu{"amd64": macho.CpuAmd64, "arm64": macho.CpuArm64}

// checkExecutable looks at path's mode and file header, without running it.
func checkExecutable(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return fmt.Errorf("%s is a folder, not a program", path)
	}
	if info.Mode()&0o111 == 0 {
		return fmt.Errorf("%s is not executable: run chmod +x on it", path)
	}
	return checkHeader(path)
}

func checkHeader(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	magic := make([]byte, 4)
	if _, err := io.ReadFull(f, magic); err != nil {
		return fmt.Errorf("%s is too short for a program (broken download?): %w", path, err)
	}
	switch {
	case bytes.HasPrefix(magic, []byte("#!")):
		return nil // a wrapper script: it is found out when it runs
	case string(magic) == elf.ELFMAG:
		return checkELF(path, f)
	default:
		return checkMachO(path, f)
	}
}

func checkELF(path string, f io.ReaderAt) error {
	file, err := elf.NewFile(f)
	if err != nil {
		return fmt.Errorf("%s is a damaged program (broken download?): %w", path, err)
	}
	if want, ok := elfMachines[runtime.GOARCH]; runtime.GOOS != "linux" || ok && file.Machine != want {
		return fmt.Errorf("%w: %s is a Linux program for %v, this machine is %s", ErrWrongArchitecture, path, file.Machine, platform())
	}
	return nil
}

func checkMachO(path string, f io.ReaderAt) error {
	file, err := macho.NewFile(f)
	if err != nil {
		if _, fatErr := macho.NewFatFile(f); fatErr == nil && runtime.GOOS == "darwin" {
			return nil
		}
		return fmt.Errorf("%s is no program for %s: its header is unknown", path, platform())
	}
	if want, ok := machoCPUs[runtime.GOARCH]; runtime.GOOS != "darwin" || ok && file.Cpu != want {
		return fmt.Errorf("%w: %s is a macOS program for %v, this machine is %s", ErrWrongArchitecture, path, file.Cpu, platform())
	}
	return nil
}

// platform is the OS_ARCH of registries and mirrors, such as "linux_amd64".
func platform() string { return runtime.GOOS + "_" + runtime.GOARCH }
