#!/usr/bin/env bash
# What the order of a sweep costs and gives: figure 4, seed by seed and the longest first.  tests/makespan.sh [real|deadline|played]...
# (default: all; make bench-order)
#
#     BUILD=build           program and tests/orchestrator/load_order of that folder
#     RANKS=2 ROUNDS=5      of the real runs; each round is both orders, now this one first, now that one
#     SET="train.epochs=20" settings of figure 4, for less of it
#     RESULTS=fig4.h5       played: a results file of figure 4, of this or another machine; without one a real run is made first
#
# real     both orders in turn; the medians of the seconds from the first job's start to the last one's end
# played   the jobs' seconds of that run on any number of ranks, which are played against rank 0's own code: no other program of the
#          machine changes that. 2 to 512 ranks that work; 10 seeds as in figure 4, 100, 1000
# deadline what is left of each order when --time ends it at 40 % of the median, behind what a run takes to begin: seeds of which all pairs are done, by strategy. The exit
#          status is 1 when those of seed by seed differ by more than one
set -u
export OPENBLAS_NUM_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
BUILD=${BUILD:-build} RANKS=${RANKS:-2} ROUNDS=${ROUNDS:-5} SET=${SET:-} RESULTS=${RESULTS:-}
cellsweep=$(realpath "$BUILD/cellsweep") load=$BUILD/tests/orchestrator/load_order
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
set=()
for s in $SET; do set+=(--set "$s"); done

at() { date -d "$(grep "\"event\": \"$2\"" "$1.events.jsonl" | { [ $3 = first ] && head -1 || tail -1; } | sed 's/.*"time": "\([^"]*\)".*/\1/')" +%s.%3N; }
median() { sort -n | awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }

# run ORDER [OPTION...]: seconds of figure 4 in that order, appended to $TMP/ORDER; leaves $TMP/last.h5.
run() {
    local order=$1 begun
    shift
    begun=$(date +%s.%3N)
    rm -rf "$TMP/last.h5"*
    mpirun --oversubscribe -n "$RANKS" "$cellsweep" run experiments/fig4.yaml -o "$TMP/last.h5" -q --order $order "${set[@]}" "$@" >"$TMP/out" 2>&1
    [ $? = ${STATUS:-0} ] || { cat "$TMP/out" >&2; exit 1; }
    awk "BEGIN {print $(at "$TMP/last.h5" job_started first) - $begun}" >"$TMP/prepared"
    awk "BEGIN {print $(at "$TMP/last.h5" job_finished last) - $(at "$TMP/last.h5" job_started first)}" | tee -a "$TMP/$order"
}

real() {
    local r order seconds
    for ((r = 1; r <= ROUNDS; r++)); do
        for order in $([ $((r % 2)) = 1 ] && echo longest seed || echo seed longest); do
            seconds=$(run $order) || exit 1
            echo "round $r, --order $order: $seconds s"
        done
    done
    mv "$TMP/last.h5" "$TMP/whole.h5"
    awk -v l="$(median <"$TMP/longest")" -v s="$(median <"$TMP/seed")" -v n="$RANKS" -v r="$ROUNDS" \
        'BEGIN {printf "real, %d ranks, medians of %d rounds: longest first %.2f s, seed by seed %.2f s: %+.2f %%\n", n, r, l, s, 100 * (s / l - 1)}'
}

# whole_seeds: of $TMP/last.h5, "STRATEGY SEEDS ..." with how many seeds have all their pairs of clusters.
whole_seeds() {
    "$cellsweep" export "$TMP/last.h5" -t jobs | awk -F, 'NR == 1 {for (i = 1; i <= NF; i++) at[$i] = i; next}
        {s = $at["strategy"]; if (!(s in n)) {n[s] = 0; name[++k] = s}; left[s, $at["seed"]] += 0; seed[$at["seed"]]; if ($at["state"] != "done") left[s, $at["seed"]]++}
        END {for (i = 1; i <= k; i++) {for (e in seed) n[name[i]] += !left[name[i], e]; printf "%s %d ", name[i], n[name[i]]}}'
}

deadline() {
    local order median seconds bad=0
    [ -s "$TMP/longest" ] || run longest >"$TMP/made"
    median=$(median <"$TMP/longest")
    for order in longest seed; do
        seconds=$(STATUS=75 run $order --time "$(awk "BEGIN {print $(cat "$TMP/prepared") + 0.4 * $median}")") || exit 1
        sed -i '$d' "$TMP/$order"
        echo "--order $order --time of 40 %: stopped after $seconds s of $median s; whole seeds: $(whole_seeds | tee "$TMP/seeds")"
        [ $order = longest ] || tr ' ' '\n' <"$TMP/seeds" | grep '^[0-9]' | sort -n | sed -n '1p;$p' | xargs | awk '{exit $2 - $1 > 1}' || bad=1
    done
    [ $bad = 0 ] && echo "seed by seed: equal within one" || { echo "seed by seed: NOT equal within one"; exit 1; }
}

played() {
    local seeds n jobs longest seed lost
    if [ -z "$RESULTS" ]; then
        [ -e "$TMP/whole.h5" ] || { run longest >"$TMP/made" && mv "$TMP/last.h5" "$TMP/whole.h5"; }
        RESULTS=$TMP/whole.h5
    fi
    printf '\n%-8s %8s %16s %16s %9s   played with the seconds of %s\n' ranks jobs "longest first s" "seed by seed s" "lost %" "${RESULTS##*/}"
    for seeds in 10 100 1000; do
        "$load" experiments/fig4.yaml "$RESULTS" "2 16 128 512" "grid.seed={first: 1, count: $seeds}" $SET |
            while read -r n jobs longest seed lost; do printf '%-8s %8s %16s %16s %9s\n' $n "$jobs" "$longest" "$seed" "$lost"; done
    done
}
for part in "${@:-real deadline played}"; do for p in $part; do "$p"; done; done
