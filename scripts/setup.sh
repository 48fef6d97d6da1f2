#!/usr/bin/env bash
# Installs what is missing: `setup.sh build` for building and running, `setup.sh test` for all tests too.
set -euo pipefail

need=()
lacks() { ! command -v "$1" >/dev/null 2>&1; }

lacks cc && need+=(build-essential)
lacks cmake && need+=(cmake)
lacks curl && need+=(curl)
if [ "${1:-build}" = test ]; then
  lacks chromium && need+=(chromium)
  lacks soffice && need+=(libreoffice-writer-nogui)
  lacks pdftotext && need+=(poppler-utils)
  ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || need+=(postgresql)
  python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || need+=(python3-venv)
  lacks rsyslogd && need+=(rsyslog rsyslog-openssl rsyslog-elasticsearch)
  # What syslog-ng stands on: it is unpacked for its proof, as it cannot be installed beside rsyslog.
  [ "$(ldconfig -p | grep -cE "libivykis|libpcre\.so\.3")" -ge 2 ] || need+=(libivykis0 libnet1 libwrap0 libjson-c5 libpcre3)
  lacks logger && need+=(bsdutils)
  fc-list 2>/dev/null | grep -qi liberation || need+=(fonts-liberation)
fi
if [ ${#need[@]} -gt 0 ]; then
  echo "Installing: ${need[*]}"
  sudo=""
  [ "$(id -u)" = 0 ] || sudo=sudo
  export DEBIAN_FRONTEND=noninteractive
  $sudo apt-get update -qq
  $sudo apt-get install -y -qq --no-install-recommends "${need[@]}"
fi

for tool in cargo node npm; do
  if lacks "$tool"; then
    echo "$tool is missing: install Rust (1.95 or newer) and Node.js (20 or newer) first" >&2
    exit 1
  fi
done
