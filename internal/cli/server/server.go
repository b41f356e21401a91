// Package server is the command that serves the emulator: keywright serve, and
// kmsemu, which is nothing else.
package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/internal/strictjson"
	"github.com/keywright/keywright/kmsemu"
	"github.com/keywright/keywright/kmsemu/store"
)

// Config says which program the command is part of. All fields are needed.
type Config struct {
	// Program is the name that messages begin with, such as "keywright"; Called is
	// how the command is called, such as "keywright serve".
	Program, Called string
	// Out gets the URL, Err everything else.
	Out, Err io.Writer
}

// serving are the flags of the command.
type serving struct {
	listen, state, seed           string
	faults, quotas, consistency   string
	logLevel                      string
	admin, serviceCalls, anywhere bool
}

// Command makes the command, named by the last word of how it is called.
func Command(cfg Config) *cobra.Command {
	var s serving
	cmd := &cobra.Command{
		Use:   cfg.Called[strings.LastIndexByte(cfg.Called, ' ')+1:],
		Short: "Run the embedded KMS for tests in any language",
		Long: `This runs the emulator of KMS, STS and IAM that enforces policies, until it is
interrupted. SDKs, the AWS CLI and Terraform use it by AWS_ENDPOINT_URL; access key
"test" with secret "test" is the root user of account 000000000000, in any Region.
It is at LocalStack's address, and answers its health checks.

Its URL is printed on stdout once it takes connections. It is for tests: it protects
no key, so it takes connections from this machine alone unless told otherwise.

With --state its state outlives it, in a folder: what was acknowledged is there
again, even if the process was killed. docs/serve.md tells the rest.`,
		Example: strings.ReplaceAll(`  CALLED
  CALLED --listen 127.0.0.1:0           # a port that is free
  CALLED --state .keywright             # go on where it ended
  CALLED --seed tests --faults faults.json`, "CALLED", cfg.Called),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cfg.run(cmd.Context(), s) },
	}
	flags := cmd.Flags()
	flags.StringVar(&s.listen, "listen", "127.0.0.1:4566", "`ADDRESS` to listen on; port 0 is one that is free, a host left out is 127.0.0.1")
	flags.BoolVar(&s.anywhere, "allow-remote", false, "let --listen be an address that other machines reach")
	flags.StringVar(&s.state, "state", "", "keep the state in a `FOLDER`, which is made if there is none; default: in memory")
	flags.BoolVar(&s.admin, "admin", true, "have the admin endpoint, /_keywright/, for this machine alone")
	flags.BoolVar(&s.serviceCalls, "service-calls", false, "honour the headers that make a call one of an AWS service")
	flags.StringVar(&s.seed, "seed", "", "make ids, keys and credentials repeat that follow from a `TEXT`")
	flags.StringVar(&s.faults, "faults", "", "JSON `FILE` of what goes wrong, as the admin endpoint takes it")
	flags.StringVar(&s.quotas, "quotas", "", "JSON `FILE` of request quotas, as the admin endpoint takes it")
	flags.StringVar(&s.consistency, "consistency", "", "JSON `FILE` of how long changes take, as the admin endpoint takes it")
	flags.StringVar(&s.logLevel, "log-level", "warn", "what `LEVEL` to log on stderr: debug (each call), info, warn or error")
	return cmd
}

func (c Config) run(ctx context.Context, s serving) error {
	cfg, err := c.emulatorConfig(s)
	if err != nil {
		return err
	}
	listener, err := s.open()
	if err != nil {
		return err
	}
	emulator, err := kmsemu.New(cfg)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	folder, err := s.keep(emulator)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	instance := kmsemu.Serve(emulator, listener)
	err = c.announce(instance.URL, listener.Addr())
	if err == nil {
		<-ctx.Done()
	}
	return errors.Join(err, instance.Close(), folder.Close())
}

// emulatorConfig is what the flags say.
func (c Config) emulatorConfig(s serving) (kmsemu.Config, error) {
	cfg := kmsemu.Config{Admin: s.admin, ServiceCalls: s.serviceCalls, Seed: s.seed}
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.logLevel)); err != nil {
		return cfg, fmt.Errorf("--log-level %q is none: use debug, info, warn or error", s.logLevel)
	}
	cfg.Logger = slog.New(slog.NewTextHandler(c.Err, &slog.HandlerOptions{Level: level}))
	var plan struct {
		Faults []kmsemu.Fault `json:"faults"`
	}
	for _, file := range []struct {
		flag, path string
		into       any
	}{{"--faults", s.faults, &plan}, {"--quotas", s.quotas, &cfg.Quotas}, {"--consistency", s.consistency, &cfg.Consistency}} {
		if err := readSettings(file.path, file.into); err != nil {
			return cfg, fmt.Errorf("%s: %w", file.flag, err)
		}
	}
	cfg.Faults = plan.Faults
	return cfg, nil
}

// readSettings reads one JSON document with known fields alone; "" is no file.
func readSettings(path string, into any) error {
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := strictjson.Decode(text, into); err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	return nil
}

// open listens, for this machine alone unless that was not meant.
func (s *serving) open() (net.Listener, error) {
	address := s.listen
	if strings.HasPrefix(address, ":") {
		address = "127.0.0.1" + address
	}
	resolved, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("--listen %q: %w; write HOST:PORT, such as 127.0.0.1:4566", s.listen, err)
	}
	if !resolved.IP.IsLoopback() && !s.anywhere {
		return nil, fmt.Errorf("--listen %s lets other machines in, and the emulator protects nothing: use a loopback address, or add --allow-remote if that is meant", s.listen)
	}
	listener, err := net.ListenTCP("tcp", resolved)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is in use: stop what listens there, LocalStack or another keywright serve, or choose another address with --listen", resolved)
	}
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", resolved, err)
	}
	return listener, nil
}

// keep has the emulator keep its state in the folder, if there is one to be.
func (s *serving) keep(emulator *kmsemu.Server) (io.Closer, error) {
	if s.state == "" {
		return io.NopCloser(nil), nil
	}
	folder, err := store.Open(s.state)
	if err != nil {
		return nil, err
	}
	if err := emulator.Keep(folder); err != nil {
		return nil, errors.Join(fmt.Errorf("reading state folder %q: %w", s.state, err), folder.Close())
	}
	return folder, nil
}

// announce tells programs where the emulator is, and people what to do with it.
func (c Config) announce(url string, at net.Addr) error {
	if _, err := fmt.Fprintln(c.Out, url); err != nil {
		return err
	}
	if tcp, ok := at.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		_, _ = fmt.Fprintln(c.Err, c.Program+": warning: other machines can connect, and whoever does has every key")
	}
	_, err := fmt.Fprintf(c.Err, `%s: KMS, STS and IAM are ready; stop them with an interrupt. To use them:
  export AWS_ENDPOINT_URL=%s AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
`, c.Program, url)
	return err
}
