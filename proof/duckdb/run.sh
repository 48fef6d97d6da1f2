#!/usr/bin/env bash
# Has Khiên write, merge and delete, and after each step asks deltalake and DuckDB what the table holds.
# Sets up what it needs beside this file; what it was given stays unless versions change.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
python=$here/.venv/bin/python

if ! cmp -s "$here/requirements.txt" "$here/.venv/requirements.txt"; then
  rm -rf "$here/.venv"
  python3 -m venv "$here/.venv"
  "$here/.venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
  cp "$here/requirements.txt" "$here/.venv/requirements.txt"
fi

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
