#!/usr/bin/env bash
# Fills a new data folder with the demonstration centre and serves it.
set -euo pipefail

data=$1
listen=$2
target=${CARGO_TARGET_DIR:-target}
khien="$target/release/khien"
if [ ! -e "$data/khien.db" ]; then
  "$khien" demo --data "$data"
fi
exec "$khien" serve --data "$data" --listen "$listen"
