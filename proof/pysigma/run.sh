#!/usr/bin/env bash
# Compares Khiên with pySigma's SQLite backend: own detections, then all public rules on public and on made records.
# Sets up what it needs beside this file; what it was given stays unless versions or rules change.
#   run.sh [--write]      --write renders differences.md
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
corpus=${KHIEN_CORPUS:-$root/../shared/data}
python=$here/.venv/bin/python

"$root/scripts/venv.sh" "$here"

"$python" "$here/cases.py"
if [ ! -d "$corpus/sigma/rules" ]; then
  echo "skipped: $corpus/sigma is absent (set KHIEN_CORPUS)"
  exit 0
fi
cd "$root"
target=${CARGO_TARGET_DIR:-target}
# With the features of the whole workspace, as the tests build it; `-p` alone is less to build where nothing is built.
${CARGO:-cargo} build --quiet ${PROOF_BUILD:---workspace} --example fired
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" "$here/made.py" "$corpus" > "$work/made.ndjson"
"$target/debug/examples/fired" "$corpus" "$work/made.ndjson" > "$work/fired.ndjson"
"$python" "$here/compare.py" "$corpus" "$work/fired.ndjson" "$@"
