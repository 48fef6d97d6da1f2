#!/usr/bin/env bash
# A Python environment `.venv` beside a requirements.txt; what is there stays unless the requirements change.
#   venv.sh FOLDER
set -euo pipefail
folder=$1
if ! cmp -s "$folder/requirements.txt" "$folder/.venv/requirements.txt"; then
  rm -rf "$folder/.venv"
  python3 -m venv "$folder/.venv"
  "$folder/.venv/bin/pip" install --quiet --disable-pip-version-check -r "$folder/requirements.txt"
  cp "$folder/requirements.txt" "$folder/.venv/requirements.txt"
fi
