// Package docker starts LocalStack in a container, for package backend, which does
// not depend on a client of Docker:
//
//	cfg := backend.LocalStackConfig{Endpoint: backend.InDocker, Container: docker.Start}
//
// It is a package of its own so that only programs that want containers carry the
// client: package harness does, the command keywright does not.
package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
	"github.com/testcontainers/testcontainers-go/modules/localstack"
)

// ErrNoDocker says that no Docker serves on this machine.
var ErrNoDocker = errors.New("no usable Docker")

const remedy = "start Docker, or set DOCKER_HOST; where docker info works, so does this"

const (
	// healthPatience bounds the first question to Docker.
	healthPatience = 10 * time.Second
	// stopPatience bounds the end of a container.
	stopPatience = 30 * time.Second
)

// Start runs an image of LocalStack with the variables, on a port of this machine
// that Docker picks, and returns its URL and what ends it. It pulls the image on
// first use. The container ends with this process, however that ends:
// testcontainers-go's reaper sees to it, a second container. The error wraps
// [ErrNoDocker] where there is no Docker.
func Start(ctx context.Context, image string, env map[string]string) (url string, stop io.Closer, err error) {
	if err := healthy(ctx); err != nil {
		return "", nil, err
	}
	c, err := localstack.Run(ctx, image, testcontainers.WithEnv(env), testcontainers.WithLogger(log.NewNoopLogger()),
		// The module hands Docker's socket to the container, which KMS does not need.
		testcontainers.WithHostConfigModifier(func(c *container.HostConfig) { c.Binds = nil }))
	running := &running{container: c}
	if err != nil {
		return "", nil, errors.Join(fmt.Errorf("starting container of %s: %w", image, err), running.Close())
	}
	url, err = c.PortEndpoint(ctx, "4566/tcp", "http")
	if err != nil {
		return "", nil, errors.Join(fmt.Errorf("asking for the port of %s: %w", image, err), running.Close())
	}
	return url, running, nil
}

// healthy asks whether Docker serves. The client panics where it finds no place to
// ask.
func healthy(ctx context.Context) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v: %s", ErrNoDocker, r, remedy)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, healthPatience)
	defer cancel()
	provider, err := testcontainers.NewDockerProvider()
	if err == nil {
		err = provider.Health(ctx)
	}
	if err != nil {
		return fmt.Errorf("%w: %w: %s", ErrNoDocker, err, remedy)
	}
	return nil
}

// running is a container that was started; nil where none came to be.
type running struct {
	container *localstack.LocalStackContainer
	once      sync.Once
	err       error
}

// Close ends the container and removes it, once.
func (r *running) Close() error {
	r.once.Do(func() {
		if r.container == nil {
			return
		}
		if err := testcontainers.TerminateContainer(r.container, testcontainers.StopTimeout(stopPatience)); err != nil {
			r.err = fmt.Errorf("ending container: %w", err)
		}
	})
	return r.err
}
