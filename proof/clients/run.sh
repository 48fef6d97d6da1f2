#!/usr/bin/env bash
# Real clients against a real centre, each with so many events: all arrive, once.
#   run.sh [EVENTS]        100,000 unless said otherwise
#   KHIEN=path/to/khien    a binary that is built already
#   PROOF_CLIENTS="syslog" which of the proofs beside this file are run; all by default
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
events=${1:-${PROOF_EVENTS:-100000}}
cd "$root"

if [ -z "${KHIEN:-}" ]; then
  ${CARGO:-cargo} build --quiet --bin khien
  KHIEN=${CARGO_TARGET_DIR:-target}/debug/khien
fi
export KHIEN
KHIEN=$(realpath "$KHIEN")

# Debian's syslog-ng cannot be installed beside rsyslog: it is unpacked beside this file.
if [ ! -x "$here/.syslog-ng/usr/sbin/syslog-ng" ]; then
  rm -rf "$here/.syslog-ng"
  mkdir -p "$here/.syslog-ng"
  (cd "$here/.syslog-ng" && apt-get download -qq syslog-ng-core && dpkg -x syslog-ng-core_*.deb .)
fi
export SYSLOG_NG=$here/.syslog-ng

# Clients over HTTP as their makers publish them, in an environment beside this file.
"$root/scripts/venv.sh" "$here"

for proof in ${PROOF_CLIENTS:-syslog shippers}; do
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  echo "== $proof, $events events each"
  if [ -x "$here/$proof.sh" ]; then
    "$here/$proof.sh" "$work" "$events"
  else
    "$here/.venv/bin/python" "$here/$proof.py" "$work" "$events"
  fi
  rm -rf "$work"
done
