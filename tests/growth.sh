#!/usr/bin/env bash
# How the cost of each step grows: tests/growth.sh [jobs|kinds|ranks|groups]...  (default: all four). Not part of `make test`.
#
#     BUILD=build        the program and tests/orchestrator/load_handout of that folder are measured
#     MOST_JOBS=100000   the largest number of jobs (1000000 takes some minutes, 6 GB of memory and 1.4 GB of disk)
#     MOST_GROUPS=1200   the largest number of cells of the grid of which a report is made
#
# A line a step: the cost at each size, CPU seconds (user and system) if nothing else is said (MB: peak memory), and at its end the
# exponent of growth between the two largest sizes: 1 is linear. Single runs: below a tenth of a second an exponent says little, and of
# memory that it is small beside what a program needs without jobs. Needs as much disk as the largest results file, its log and its
# export (0.12 GB for 100 000 jobs), in a folder that is removed at the end.
set -u
export OPENBLAS_NUM_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
BUILD=${BUILD:-build} MOST_JOBS=${MOST_JOBS:-100000} MOST_GROUPS=${MOST_GROUPS:-1200}
cellsweep=$(realpath "$BUILD/cellsweep")
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
free_mb=$(df -Pm "$TMP" | awk 'NR == 2 {print $4}')
[ "$free_mb" -gt $((MOST_JOBS / 500 + 200)) ] || { echo "$TMP: $free_mb MB are free, too little for $MOST_JOBS jobs" >&2; exit 1; }

# cpu COMMAND...: its CPU seconds; what it prints goes to $TMP/out.
cpu() {
    local TIMEFORMAT='%U %S'
    { time "$@" >"$TMP/out" 2>&1; } 2>&1 | awk '{printf "%.3f", $1 + $2}'
    [ "${PIPESTATUS[0]}" = 0 ] || { echo "failed: $*" >&2 && tail -3 "$TMP/out" >&2; }
}
# peak FILE COMMAND...: its peak memory in MB, into FILE and its MPI rank.
peak() { python3 -c '
import os, resource, subprocess, sys
subprocess.run(sys.argv[2:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
open(sys.argv[1] + os.environ.get("OMPI_COMM_WORLD_RANK", "0"), "w").write(f"{peak:.1f}")' "$@"; }
export -f peak
# line STEP SIZES COSTS: a line of the table.
line() {
    awk -v step="$1" -v sizes="$2" -v costs="$3" 'BEGIN {
        n = split(sizes, size, " "); split(costs, cost, " ")
        printf "%-34s", step
        for (i = 1; i <= n; i++) printf " %11s", cost[i]
        if (n > 1 && cost[n] > 0 && cost[n - 1] > 0)
            printf "   exponent %.2f", log(cost[n] / cost[n - 1]) / log(size[n] / size[n - 1])
        print ""
    }'
}
head_line() { printf '\n%-34s' "$1"; shift; printf ' %11s' "$@"; echo; }

# sweep FILE CLUSTERS EPOCHS GRID-LINE...: jobs of model fake that take no time, of the smallest clusters.
sweep() {
    local file=$1 clusters=$2 epochs=$3
    shift 3
    printf '%s\n' "name: growth" "data: $TMP/cells.h5" "model: fake" "fake: {milliseconds: 0}" "train: {epochs: $epochs}" \
        "grid:" "  clusters: $clusters" "$@" >"$file"
}
"$cellsweep" data synth "$TMP/cells" >/dev/null && "$cellsweep" data pack "$TMP/cells" -o "$TMP/cells.h5" >/dev/null 2>&1 || exit 1

# A run of one job of them pays what all pay before the first job and after the last one.
jobs() {
    local sizes="" n plan="" start="" run="" resume="" status="" export="" report="" bytes="" root="" other="" look="" table=""
    for n in 1000 10000 100000 1000000; do
        [ $n -le "$MOST_JOBS" ] || break
        sizes+=" $n"
        sweep "$TMP/s.yaml" "[[26, 27]]" 1 "  seed: {first: 1, count: $n}"
        plan+=" $(cpu "$cellsweep" plan "$TMP/s.yaml")"
        start+=" $(cpu "$cellsweep" run "$TMP/s.yaml" -o "$TMP/r.h5" -q --filter seed=1)"
        run+=" $(cpu "$cellsweep" run "$TMP/s.yaml" -o "$TMP/r.h5" -q)"
        resume+=" $(cpu "$cellsweep" run "$TMP/s.yaml" -o "$TMP/r.h5" -q)"
        status+=" $(cpu "$cellsweep" status "$TMP/r.h5")"
        export+=" $(cpu "$cellsweep" export "$TMP/r.h5" --table jobs)"
        report+=" $(cpu "$cellsweep" report "$TMP/r.h5" -o "$TMP/figures")"
        bytes+=" $(stat -c %s "$TMP/r.h5")"
        peak "$TMP/status" "$cellsweep" status "$TMP/r.h5"
        peak "$TMP/export" "$cellsweep" export "$TMP/r.h5" --table jobs
        rm -f "$TMP"/r.h5*
        mpirun -n 2 --oversubscribe bash -c 'peak "$@"' peak "$TMP/rank" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/r.h5" -q --filter seed=1
        root+=" $(cat "$TMP/rank0")" other+=" $(cat "$TMP/rank1")" look+=" $(cat "$TMP/status0")" table+=" $(cat "$TMP/export0")"
        rm -rf "$TMP"/r.h5* "$TMP/figures"
    done
    head_line "jobs, 1 rank" $sizes
    line "plan" "$sizes" "$plan"
    line "run of one job of them" "$sizes" "$start"
    line "run of the others" "$sizes" "$run"
    line "run again, all are finished" "$sizes" "$resume"
    line "status" "$sizes" "$status"
    line "export --table jobs" "$sizes" "$export"
    line "report, 1 cell" "$sizes" "$report"
    line "results file, bytes" "$sizes" "$bytes"
    line "rank 0 of 2, MB" "$sizes" "$root"
    line "rank 1 of 2, MB" "$sizes" "$other"
    line "status, MB" "$sizes" "$look"
    line "export --table jobs, MB" "$sizes" "$table"
}
# handout WHAT RANKS JOBS KINDS: microseconds of one kind that load_handout tells.
handout() { "$BUILD/tests/orchestrator/load_handout" "$2" "$3" "$4" | sed "s/.*kinds: \([0-9.]*\) us a job, \([0-9.]*\) us.*/\\$1/"; }
# steps N: N different sizes of a layer.
steps() { seq -s, 8 $((7 + $1)); }
kinds() {
    local sizes="" n plan="" run="" hand="" many=""
    for n in 1 100 1000 10000 100000; do
        [ $n -le "$MOST_JOBS" ] || break
        sizes+=" $n"
        sweep "$TMP/s.yaml" "[[26, 27]]" 1 "  cnn.stem: [$(steps $((n > 1000 ? 1000 : n)))]" \
            "  cnn.dense: [$(steps $((n > 1000 ? n / 1000 : 1)) | sed 's/[0-9][0-9]*/[&, 8]/g')]"
        plan+=" $(cpu "$cellsweep" plan "$TMP/s.yaml")"
        run+=" $(cpu "$cellsweep" run "$TMP/s.yaml" -o "$TMP/r.h5" -q)"
        rm -f "$TMP"/r.h5*
    done
    head_line "kinds of jobs, one job each" $sizes
    line "plan" "$sizes" "$plan"
    line "run, 1 rank" "$sizes" "$run"
    [ -x "$BUILD/tests/orchestrator/load_handout" ] || return
    for n in ${KINDS:-1 100 1000 10000 100000}; do
        many+=" $n"
        hand+=" $(handout 1 16 100000 "$n")"
    done
    head_line "kinds of 100 000 jobs, 16 ranks" $many
    line "hand-out, us a job" "$many" "$hand"
}
ranks() {
    local sizes="" n each="" tail=""
    [ -x "$BUILD/tests/orchestrator/load_handout" ] || { echo "no $BUILD/tests/orchestrator/load_handout: make units"; return; }
    for n in 2 8 32 128 512 10000; do
        sizes+=" $n"
        each+=" $(handout 1 "$n" 100000 1)"
        tail+=" $(handout 2 "$n" 100000 1)"
    done
    head_line "ranks, 100 000 jobs of one kind" $sizes
    line "hand-out, us a job" "$sizes" "$each"
    line "a look while all but one wait, us" "$sizes" "$tail"
}
# What a report computes before its first figure: gnuplot is one that draws none, which ends it there.
groups() {
    local sizes="" n report=""
    mkdir -p "$TMP/bin"
    ln -sf "$(type -P true)" "$TMP/bin/gnuplot"
    for n in 12 120 600 1200 4800 9600; do
        [ $n -le "$MOST_GROUPS" ] || break
        sizes+=" $n"
        sweep "$TMP/s.yaml" "[[26, 27]]" 2 "  strategy: [none, oversample, undersample, reweight]" \
            "  train.learning_rate: [$(seq -s, 0.001 0.001 "0.00$((n / 4 < 3 ? n / 4 : 3))")]" "  cnn.stem: [$(seq -s, 8 $((7 + n / 12)))]" "  seed: [1, 2]"
        "$cellsweep" run "$TMP/s.yaml" -o "$TMP/r.h5" -q >/dev/null 2>&1
        report+=" $(PATH=$TMP/bin:$PATH cpu sh -c '"$@" || true' sh "$cellsweep" report "$TMP/r.h5" -o "$TMP/figures")"
        rm -rf "$TMP"/r.h5* "$TMP/figures"
    done
    head_line "cells of the grid, 2 seeds" $sizes
    line "report, before its figures" "$sizes" "$report"
}
for part in "${@:-jobs kinds ranks groups}"; do for p in $part; do "$p"; done; done
