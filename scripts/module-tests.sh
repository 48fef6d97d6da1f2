#!/usr/bin/env bash
# Runs the tests of the modules that keep records, as `cargo test --workspace` built them: asked for alone, their
# dependencies would be built again with fewer features.
set -euo pipefail

built=$("${CARGO:-cargo}" test --workspace --lib --no-run --message-format=json)
for crate in db directory govern respond; do
  test=$(sed -n "s/.*\"name\":\"khien_$crate\".*\"test\":true}.*\"executable\":\"\([^\"]*\)\".*/\1/p" <<<"$built" | tail -n 1)
  [ -x "$test" ] || { echo "no tests of khien-$crate were built" >&2; exit 1; }
  (cd "crates/$crate" && "$test" --quiet)
done
