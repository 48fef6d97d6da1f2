#!/usr/bin/env bash
# Fills a new data folder with the demonstration centre and serves it. Where the public corpus is (KHIEN_CORPUS, else
# ../shared/data beside the clone), SigmaHQ's rules and the boundaries of the communes are served with it.
set -euo pipefail

data=$1
listen=$2
here=$(cd "$(dirname "$0")/.." && pwd)
khien="${CARGO_TARGET_DIR:-target}/release/khien"
export KHIEN_CORPUS=${KHIEN_CORPUS:-$here/../shared/data}

if [ ! -e "$data/khien.db" ]; then
  # Under another name until it is whole: a start that was broken off begins anew.
  rm -rf "$data.new"
  "$khien" demo --data "$data.new" > "$data.new.sign-ins"
  mv "$data.new.sign-ins" "$data.new/sign-ins.txt"
  if [ -d "$data" ]; then rmdir "$data"; fi
  mv "$data.new" "$data"
fi
if [ -e "$data/sign-ins.txt" ]; then cat "$data/sign-ins.txt"; fi

more=()
if [ -d "$KHIEN_CORPUS/sigma/rules" ]; then more+=(--rules "$KHIEN_CORPUS/sigma/rules"); fi
boundaries="$KHIEN_CORPUS/geo/communes-24_bac_ninh.geojson"
if [ -e "$boundaries" ]; then more+=(--boundaries "$boundaries"); fi
exec "$khien" serve --data "$data" --listen "$listen" "${more[@]}"
