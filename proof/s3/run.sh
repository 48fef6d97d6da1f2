#!/usr/bin/env bash
# The table of events in a bucket, against an S3 server from PyPI (moto): append, search, merge, reopen, the store away.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

"$root/scripts/venv.sh" "$here"

cd "$root"
# With the features of the whole workspace, as the tests build it; `-p` alone is less to build where nothing is built.
export KHIEN_MOTO=$here/.venv/bin/moto_server
${CARGO:-cargo} test --quiet ${PROOF_BUILD:---workspace} --lib -- --ignored --nocapture bucket_
