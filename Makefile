# Everything a developer does has a target here; CI calls the same ones.
.DEFAULT_GOAL := help
GO            ?= go
# Without paths of this machine in what is built, a clone in another folder has all of
# it from Go's cache: vet, tests and tools.
export GOFLAGS := $(strip $(shell $(GO) env GOFLAGS) -trimpath)
GOLANGCI      := $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
# Its own two helpers are left out: not every machine has them.
ACTIONLINT    := $(GO) run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12 -shellcheck= -pyflakes=
BENCH         ?= .
# Packages that are tested at once: many mostly wait for the provider.
SIDE_BY_SIDE  ?= 4
# Packages with tests that -short leaves out: long, of one goroutine, and ten times
# longer under the race detector; and what judges the modules and the emulator from
# outside, most of it other programs.
LONG          := ./generator ./internal/merge ./keypolicy ./kmsemu ./test/...
# Backends with engines, on which the suites of ./test run side by side.
SUITES        ?= embedded-terraform embedded-opentofu localstack-terraform

.PHONY: help
help: ## print this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "%-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## the whole story on a terminal: generate, apply, prove, destroy
	$(GO) run ./cmd/keywright demo

# make check vets, and more than go test would, once with and once without -race.
.PHONY: test
test: ## all tests, our own code under the race detector; applies real modules on the embedded emulator
	$(GO) test -vet=off -race -short -p $(SIDE_BY_SIDE) -timeout 40m $$($(GO) list ./... | grep -v keywright/test)
	$(GO) test -vet=off -p $(SIDE_BY_SIDE) -timeout 40m $(LONG)

.PHONY: e2e
e2e: ## only the terratest suites, telling what they do
	$(GO) test -v -timeout 40m ./test

.PHONY: suites
suites: ## the terratest suites on each backend with each engine, side by side; what they found is in results/
	tools/suites.sh $(SUITES)

.PHONY: support
support: ## the support matrix of the README, from results/ as make suites left them
	$(GO) run ./cmd/keywright report $(SUITES:%=results/%.jsonl) --support docs/support.json --markdown README.md

.PHONY: check
check: ## what CI checks besides tests: format, vet, lint, workflows, generated files, modules
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go') >&2; echo 'not gofmt formatted: run make fix' >&2; exit 1; }
	$(GO) mod tidy -diff
	$(GO) -C test/clients/gomod mod tidy -diff
	$(GO) vet ./...
	$(GO) -C test/clients/gomod vet ./...
	$(GOLANGCI) run ./...
	$(ACTIONLINT) .github/workflows/*.yml docs/github-workflow.yml
	$(GO) run ./cmd/keywright generate --check modules/kms/keywright.hcl
	tools/judge.sh

.PHONY: fix
fix: ## format the Go code and tidy go.mod
	gofmt -w $$(git ls-files '*.go')
	$(GO) mod tidy
	$(GO) -C test/clients/gomod mod tidy

.PHONY: generate
generate: ## render modules/kms from templates and the catalogue spec, and the pages of docs that are made
	$(GO) generate ./...

.PHONY: bench
bench: ## benchmarks; BENCH=Beside: the emulator beside LocalStack and moto, BENCH=Scale, BENCH=Memory
	$(GO) test -p 1 -run '^$$' -bench '$(BENCH)' -benchmem -timeout 30m ./...
