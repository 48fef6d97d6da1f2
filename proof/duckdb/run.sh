#!/usr/bin/env bash
# Has Khiên write, merge and delete, and after each step asks deltalake and DuckDB what the table holds.
# Sets up what it needs beside this file; what it was given stays unless versions change.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
python=$here/.venv/bin/python

"$root/scripts/venv.sh" "$here"

cd "$root"
target=${CARGO_TARGET_DIR:-target}
# With the features of the whole workspace, as the tests build it; `-p` alone is less to build where nothing is built.
${CARGO:-cargo} build --quiet ${PROOF_BUILD:---workspace} --example table
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for step in write append merge forget; do
  "$target/debug/examples/table" "$work" "$step" > "$work/$step.json"
  "$python" "$here/same.py" "$work/events" "$work/$step.json" "$step"
done
