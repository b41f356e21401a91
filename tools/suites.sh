#!/usr/bin/env bash
# The suites of ./test, one test binary, on each backend with each engine side by side:
# most of their time is the provider's own waiting. Arguments are BACKEND-PRODUCT; what
# each found is in results/.
set -euo pipefail
cd "$(dirname "$0")/.."

out=$PWD/results
rm -rf "$out"
mkdir "$out"
go test -c -o "$out/suite.test" ./test

pids=()
results=()
for suite in "$@"; do
	(
		cd test
		KEYWRIGHT_BACKEND=${suite%-*} KEYWRIGHT_PRODUCT=${suite#*-} KEYWRIGHT_RESULTS=$out/$suite.jsonl GOGC=400 \
			"$out/suite.test" -test.timeout 20m >"$out/$suite.log" 2>&1
	) &
	pids+=($!)
	results+=("$out/$suite.jsonl")
done

status=0
for pid in "${pids[@]}"; do
	wait "$pid" || { status=1 && printf '\n%s failed:\n' "$1" && cat "$out/$1.log"; }
	shift
done
go run ./cmd/keywright report "${results[@]}" --junit "$out/promises.xml" --markdown "$out/support.md" >"$out/report.txt" || status=1
grep -A 1 '^broken' "$out/report.txt" || true
grep -E '^\| (Promises held|all|wall time) ' "$out/support.md"
exit "$status"
