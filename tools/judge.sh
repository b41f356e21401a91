#!/bin/sh
# Runs tflint and terraform-docs over the catalogue. Both are built from modules of
# their own, so that what they depend on is no dependency of Keywright.
set -eu
cd "$(dirname "$0")/.."
bin=$(mktemp -d)
trap 'rm -r "$bin"' EXIT
go -C tools/tflint build -trimpath -ldflags='-s -w' -o "$bin" github.com/terraform-linters/tflint
go -C tools/terraform-docs build -trimpath -ldflags='-s -w' -o "$bin" github.com/terraform-docs/terraform-docs
documented() {
	"$bin/terraform-docs" markdown table --output-file README.md --output-mode inject --output-check "$1"
}
(cd modules/kms && "$bin/tflint" --recursive)
for module in modules/kms/*/; do
	documented "$module"
done

# Each must say so where something is wrong: a variable that nothing uses, and that
# the README does not have. Of the same folder without it they say nothing.
copy="$bin/copy"
cp -r modules/kms/encryption "$copy"
lint() { (cd "$copy" && "$bin/tflint" 2>&1); }
lint
documented "$copy"
printf '\nvariable "unused" {\n  description = "Unused."\n  type        = string\n}\n' >>"$copy/variables.tf"
if said=$(lint) || ! echo "$said" | grep -q terraform_unused_declarations; then
	echo "tflint does not find a variable that nothing uses: $said" >&2
	exit 1
fi
if said=$(documented "$copy" 2>&1) || ! echo "$said" | grep -q 'out of date'; then
	echo "terraform-docs does not find a variable that the README does not have: $said" >&2
	exit 1
fi
