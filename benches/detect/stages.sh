#!/bin/sh
# Where the work for an event goes, in instructions: the same figures on a busy machine as on a quiet one.
# Needs valgrind, and the bench built in release.
set -eu
cd "$(dirname "$0")"
bench="${CARGO_TARGET_DIR:-target}/release/khien-bench-detect"
out=$(mktemp)
trap 'rm -f "$out"' EXIT
valgrind --tool=callgrind --callgrind-out-file="$out" --toggle-collect='khien_bench_detect::second*' "$bench" --once >/dev/null 2>&1
callgrind_annotate --inclusive=yes --threshold=100 "$out" 2>/dev/null | awk '
    { count = $1; gsub(",", "", count) }
    function most(name, pattern) { if ($0 ~ pattern && count + 0 > cost[name] + 0) cost[name] = count }
    { most("all", "khien_bench_detect::second")
      most("json", "tape/mod.rs:khien_normalise::lean::Lean::read")
      most("read", "lean/mod.rs:khien_normalise::lean::Lean::read")
      most("words", "sieve.rs:khien_detect::fast::sieve::Sieve::lets_pass")
      most("decide", "mod.rs:khien_detect::fast::Scratch::decide_with")
      most("search", "field.rs:khien_detect::fast::field::Field::read")
      most("conditions", "formula.rs:khien_detect::fast::formula::Formulas::holds") }
    function row(what, n) { printf "%-58s %8.0f %6.1f %%\n", what, n / 10000, 100 * n / cost["all"] }
    END {
        printf "%-58s %8s %8s\n", "stage", "an event", "share"
        row("JSON: where values stand", cost["json"])
        row("shape, log source, added fields", cost["read"] - cost["json"])
        row("fields that rules want, handed over", cost["all"] - cost["read"] - cost["words"] - cost["decide"])
        row("words that may stand anywhere", cost["words"])
        row("values that came before; atoms, rules woken", cost["decide"] - cost["search"] - cost["conditions"])
        row("values searched: hash, ends, grams", cost["search"])
        row("conditions, regular expressions", cost["conditions"])
        row("all, instructions", cost["all"])
    }'
