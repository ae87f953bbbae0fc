#!/usr/bin/env bash
# Run fuzz targets under libFuzzer, one after the other: fuzz.sh SECONDS TARGET... with BUILD and CORPUS (folders) set.
# Starts from the seeds and goes on with what earlier runs found. A line a target; fails when one has a finding, whose input is
# left in CORPUS/found/<target>.
set -u
BUILD=${BUILD:-build/fuzz}
CORPUS=${CORPUS:-build/fuzz-corpus}
seconds=$1
shift
export TMPDIR
TMPDIR=$(mktemp -d "$([ -w /dev/shm ] && echo /dev/shm || echo /tmp)/cellsweep-fuzz.XXXXXX")
trap 'rm -rf "$TMPDIR"' EXIT
export ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=1:quarantine_size_mb=16 LSAN_OPTIONS=suppressions=tests/fuzz/lsan.supp:print_suppressions=0
mkdir -p "$CORPUS/seeds" "$CORPUS/found"
"$BUILD/tests/fuzz/seeds" "$CORPUS/seeds" || exit 2
longest() { case $1 in png | tiff | tiles | jp2 | jpeg | npy | npz) echo 4096 ;; csv | folder | beside | serve) echo 1024 ;; sweep) echo 1500 ;; *) echo 300 ;; esac }
total=0 bad=0
for target in "$@"; do
    mkdir -p "$CORPUS/$target" "$CORPUS/found/$target"
    log=$CORPUS/$target.log
    dictionary=tests/fuzz/$target.dict
    "$BUILD/tests/fuzz/fuzz_$target" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=20 -max_len="$(longest "$target")" \
        -print_final_stats=1 -artifact_prefix="$CORPUS/found/$target/" $([ -f "$dictionary" ] && echo "-dict=$dictionary") \
        "$CORPUS/$target" "$CORPUS/seeds/$target" $([ -d "tests/fuzz/found/$target" ] && echo "tests/fuzz/found/$target") >"$log" 2>&1
    status=$?
    stat() { awk -v key="stat::$1:" '$1 == key {print $2}' "$log"; }
    coverage=$(grep -o 'cov: [0-9]*' "$log" | tail -1 | cut -d' ' -f2)
    executions=$(stat number_of_executed_units)
    total=$((total + ${executions:-0}))
    printf '%-12s %10s executions %7s/s %6s edges  ' "$target" "${executions:-0}" "$(stat average_exec_per_sec)" "${coverage:-0}"
    if [ $status = 0 ]; then
        echo "no finding"
    else
        bad=$((bad + 1))
        echo "FINDING: $(grep -m1 -E 'ERROR:|runtime error|error line|a failure' "$log" | cut -c1-120); input in $CORPUS/found/$target, log $log"
    fi
done
echo "$total executions, $bad of $# targets with a finding"
[ $bad = 0 ]
