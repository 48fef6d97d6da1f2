#!/usr/bin/env bash
# Fills a lake with events of 30 days and asks four questions of Khiên, of DuckDB on the same files and of chDB on a
# MergeTree of the same rows, all in this run.
#   run.sh ROWS [FOLDER]      FOLDER keeps the lake; without it everything is removed afterwards
# BENCH_ROWS_OF_A_FILE writes files of so many rows and does not merge them: fresh files, without bloom filters.
# Cold is the first answer after the system's page cache was dropped, where that is allowed; warm the best of four more.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
rows=${1:-1000000}
python=$here/.venv/bin/python

"$root/scripts/venv.sh" "$here"
cd "$root"
target=${CARGO_TARGET_DIR:-target}
[ -n "${BENCH_LAKE:-}" ] || ${CARGO:-cargo} build --quiet --release ${BENCH_BUILD:---workspace} --bin khien-bench-lake
bench=${BENCH_LAKE:-$target/release/khien-bench-lake}
if [ $# -gt 1 ]; then
  work=$2
  mkdir -p "$work"
else
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
fi
[ -d "$work/lake" ] || "$bench" make "$work/lake" "$rows" ${BENCH_ROWS_OF_A_FILE:-}
drop() { sync; { echo 3 > /proc/sys/vm/drop_caches; } 2>/dev/null || echo '{"note": "the page cache was not dropped"}'; }
: > "$work/khien.ndjson"
for question in count address word top histogram; do
  drop
  "$bench" ask "$work/lake" "$question" | tee -a "$work/khien.ndjson"
done
"$python" "$here/peers.py" "$work" "$work/khien.ndjson"
