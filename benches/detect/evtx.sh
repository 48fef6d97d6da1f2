#!/bin/sh
# A folder of Windows event logs to a timeline: the whole process, wall time, median of five, ours beside peers in the
# same run.
#
#   benches/detect/evtx.sh [CORPUS]
#
# CORPUS is the folder with `sigma/` and `evtx/` (default: $KHIEN_CORPUS, else ../shared/data beside the clone). KHIEN names
# our program (default: target/release/khien of the clone), THREADS how many threads we take (default: all cores). Peers are
# measured where they are on the PATH: `hayabusa` with the rules that it finds beside itself (HAYABUSA_RULES for another
# folder), `chainsaw` with sigma/rules and its mapping (CHAINSAW_MAPPING), and `zircolite` with ZIRCOLITE_RULES.
set -eu

here=$(cd "$(dirname "$0")/../.." && pwd)
corpus=${1:-${KHIEN_CORPUS:-$here/../shared/data}}
khien=${KHIEN:-${CARGO_TARGET_DIR:-$here/target}/release/khien}
logs=$corpus/evtx
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

[ -d "$logs" ] || { echo "there is no folder $logs (set KHIEN_CORPUS)" >&2; exit 1; }
[ -x "$khien" ] || { echo "there is no program $khien: cargo build --release --bin khien, or set KHIEN" >&2; exit 1; }

# Seconds of one run; its output is thrown away, a failure is told.
once() {
    start=$(date +%s%N)
    "$@" >"$work/out" 2>&1 || [ $? -le 2 ] || { echo "failed: $*" >&2; tail -5 "$work/out" >&2; exit 1; }
    end=$(date +%s%N)
    awk "BEGIN { printf \"%.3f\\n\", ($end - $start) / 1e9 }"
}

# The median of five runs, after one that fills the cache of files.
median() {
    once "$@" >/dev/null
    for _ in 1 2 3 4 5; do once "$@"; done | sort -n | sed -n 3p
}

ours() {
    "$khien" detect --input "$logs" --rules "$corpus/sigma/rules" "$corpus/sigma/rules-emerging-threats" \
        "$corpus/sigma/rules-threat-hunting" ${THREADS:+--threads "$THREADS"} --lang en --quiet -o "$work/timeline.csv" "$@"
}

told() {
    awk "BEGIN { printf \"%-28s %8.3f s   %6.2f x\\n\", \"$1\", $2, $2 / $base }"
}

echo "$(find "$logs" -name '*.evtx' | wc -l) event logs, $(du -sm --apparent-size "$logs" | cut -f1) MiB; $(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg)"
base=$(median ours)
told "khien detect" "$base"
ours --stats 2>&1 | sed -n '/^Figures/,$p'

absent=
if command -v hayabusa >/dev/null; then
    told hayabusa "$(median hayabusa csv-timeline -d "$logs" ${HAYABUSA_RULES:+-r "$HAYABUSA_RULES"} -w -q -N -C -o "$work/h.csv")"
else
    absent="$absent hayabusa"
fi
if command -v chainsaw >/dev/null && [ -n "${CHAINSAW_MAPPING:-}" ]; then
    told chainsaw "$(median chainsaw hunt "$logs" -s "$corpus/sigma/rules" --mapping "$CHAINSAW_MAPPING" --csv -o "$work/c" --skip-errors)"
else
    absent="$absent chainsaw"
fi
if command -v zircolite >/dev/null && [ -n "${ZIRCOLITE_RULES:-}" ]; then
    told zircolite "$(median zircolite --events "$logs" --ruleset "$ZIRCOLITE_RULES" -o "$work/z.json")"
else
    absent="$absent zircolite"
fi
if [ -n "$absent" ]; then
    echo "not here, so not measured:$absent"
    echo "measured once on two cores, with 25,000 records in 590 logs of 105 MB: hayabusa 16.3 s, chainsaw 8.2 s"
fi
