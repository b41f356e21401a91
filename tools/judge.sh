#!/bin/sh
# Runs tflint and terraform-docs over the catalogue. Both are built from modules of
# their own, so that what they depend on is no dependency of Keywright.
set -eu
cd "$(dirname "$0")/.."
bin=$(mktemp -d)
trap 'rm -r "$bin"' EXIT
go -C tools/tflint build -trimpath -ldflags='-s -w' -o "$bin" github.com/terraform-linters/tflint
go -C tools/terraform-docs build -trimpath -ldflags='-s -w' -o "$bin" github.com/terraform-docs/terraform-docs
(cd modules/kms && "$bin/tflint" --recursive)
for module in modules/kms/*/; do
	"$bin/terraform-docs" markdown table --output-file README.md --output-mode inject --output-check "$module"
done
