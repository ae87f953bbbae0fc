# lib.sh - sourced by tests/program/*.sh: results in TAP, a scratch folder, mpirun.
#
#     . tests/lib.sh
#     check "the file opens" h5dump -H "$TMP/r.h5"
#     finish
#
# No test counts seconds against work: a machine may take ten times as long as another. They wait for what happens with await(), and
# hold(), release() and held() keep jobs of model fake where they are to be looked at.
#
# Scripts run from the root of the repository, take BUILD (default build) and print "ok - what", "not ok - what" or
# "ok - # SKIP why", at the end the plan, "1..N": one that ends without it has failed. The exit status is 0 only without a "not ok".
set -u
BUILD=${BUILD:-build}
FAILED=0
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OPENBLAS_NUM_THREADS=1
export CELLSWEEP_TEST_HANDLES=1 # a command that leaves an HDF5 handle open fails

# Results are counted in a file, those of subshells, too.
report() { echo "$1" && echo >>"$TMP/.results"; }
ok() { report "ok - $*"; }
not_ok() { report "not ok - $*"; FAILED=$((FAILED + 1)); }
skip() { report "ok - # SKIP $*"; }

# check WHAT COMMAND...: ok when the command succeeds; else its output is shown, too.
check() {
    local what=$1
    shift
    if "$@" >"$TMP/check.out" 2>&1; then ok "$what"; else not_ok "$what"; sed 's/^/# /' "$TMP/check.out"; fi
}

# check_fails WHAT COMMAND...: ok when the command fails.
check_fails() {
    local what=$1
    shift
    if "$@" >"$TMP/check.out" 2>&1; then not_ok "$what"; sed 's/^/# /' "$TMP/check.out"; else ok "$what"; fi
}

# noted WORDS FIGURE.gp...: the texts of each figure hold the words, wherever its lines break: a number in a note, as of seconds, has as
# many digits as it needs, and moves what follows.
noted() {
    local words=$1 gp
    shift
    for gp; do sed -n "s/^set label '\(.*\)' at screen .*/\1/p" "$gp" | tr '\n' ' ' | grep -q -- "$words" || return; done
}

# Which formats gnuplot draws of the pictures of a report. It is not ours, reads one script for all three, and takes longer than all
# else of a report: it draws the one that takes least, those that a script asks for, and none under a sanitizer; the others are files
# that say so. pictures FORMAT...: these from now on, if any at all. looks WHAT COMMAND...: a check that looks into a picture.
export PICTURES=svg
PATH=$PWD/tests/support/pictures:$PATH
case $BUILD in *asan*) PICTURES= ;; esac
pictures() { case $BUILD in *asan*) ;; *) PICTURES=$* ;; esac; }
looks() { if [ -n "$PICTURES" ]; then check "$@"; else skip "$1: no pictures under a sanitizer"; fi; }

# The built-in cells as the folder $CELLS, and packed as $CELLS.h5: drawing them takes seconds, so all scripts that tests/all.sh runs
# beside each other have them from one place, and no script writes there. draw_cells: now they are there.
CELLS=${CELLS:-$TMP/.cells}
draw_cells() {
    local draw="'$BUILD/cellsweep' data synth '$CELLS' && '$BUILD/cellsweep' data pack '$CELLS' -o '$CELLS.h5'"
    [ -e "$CELLS.h5" ] || flock "${CELLS%/*}" bash -c "[ -e '$CELLS.h5' ] || { rm -rf '$CELLS'; $draw; }" >/dev/null
}

# pack_cells: a copy of them as $TMP/cells and $TMP/cells.h5, for runs that would draw them anew.
pack_cells() { check "cells are packed" eval 'draw_cells && cp -r "$CELLS" "$TMP/cells" && cp "$CELLS.h5" "$TMP/cells.h5"'; }

# few_cells CLUSTER...: those of these clusters as the folder $TMP/few, which is read in no time.
few_cells() {
    local cluster
    draw_cells && mkdir -p "$TMP/few/cell_images" && cp "$CELLS/SYNTHETIC" "$TMP/few" || return
    for cluster; do cp -r "$CELLS/cell_images/cluster_$cluster" "$TMP/few/cell_images" || return; done
    awk -F, -v few=" $* " 'NR == 1 || index(few, " " $2 " ")' "$CELLS/clusters.csv" >"$TMP/few/clusters.csv"
}

# Seconds after which something hangs; never a measure of how long anything takes.
HANG=${HANG:-600}

# await COMMAND...: until it succeeds.
await() {
    local end=$((SECONDS + HANG))
    until "$@" 2>/dev/null; do
        [ $SECONDS -lt $end ] || { echo "# waited $HANG s for: $*" && FAILED=$((FAILED + 1)) && return 1; }
        sleep 0.05
    done
}

# hold EPOCH [KEY]: from now on epoch EPOCH, counted from 0, and later ones of the job with the key (default: of every job) of
# model fake do not end. release [KEY]: they do. held [KEY]: whether a job waits so; await it.
export CELLSWEEP_TEST_HOLD=$TMP/hold
mkdir "$CELLSWEEP_TEST_HOLD"
hold() {
    echo "$1" >"$CELLSWEEP_TEST_HOLD/new" && rm -f "$CELLSWEEP_TEST_HOLD"/*.held
    mv "$CELLSWEEP_TEST_HOLD/new" "$CELLSWEEP_TEST_HOLD/${2:-all}"
}
release() { rm -f "$CELLSWEEP_TEST_HOLD/${1:-all}" "$CELLSWEEP_TEST_HOLD"/*.held; }
held() { compgen -G "$CELLSWEEP_TEST_HOLD/${1:-*}.held" >/dev/null; }

# What the event log of RESULTS has: events RESULTS PATTERN counts its lines, began RESULTS [N] is whether N (1) jobs have begun.
events() { grep -cs -- "$2" "$1.events.jsonl"; }
began() { [ "$(events "$1" '"job_started"')" -ge "${2:-1}" ]; }

# key_of RESULTS JOB: the key of a job, by its number.
key_of() { "$BUILD/cellsweep" export "$1" --table jobs | awk -F, -v job="$2" 'NR == 1 {for (i = 1; i <= NF; i++) at[$i] = i; next} $at["job"] == job {print $at["key"]}'; }

# rank_pid RESULTS RANK: the process of a run of `-o RESULTS` that is this rank.
rank_pid() {
    local pid
    for pid in $(pgrep -f -- "-o $1( |\$)"); do
        tr '\0' '\n' 2>/dev/null <"/proc/$pid/environ" | grep -qx "OMPI_COMM_WORLD_RANK=$2" && echo "$pid"
    done
}

# mpi N COMMAND...: on N ranks, more than there are cores if need be.
mpi() {
    local n=$1
    shift
    mpirun --oversubscribe -n "$n" "$@"
}

# small_cnn [FILTERS]: a line of a sweep file, of a network of so many filters that is trained in no time; without, there is none but
# under a sanitizer. That looks at who writes what when; at the engine it looks in programs of its own, and in whole networks for
# minutes: it always gets a small one.
small_cnn() {
    local filters=${1:-}
    case $BUILD in *asan*) filters=4 ;; esac
    [ -z "$filters" ] || echo "cnn: {blocks: [$filters, $filters], dense: [16, 8]}"
}

# small_sweep DATA [FILTERS]: $TMP/s.yaml, a sweep of three epochs; the lines of its grid are standard input. FILTERS: of a small
# network, where nothing is killed in the middle; 16 are the fewest that the fast kernels take.
small_sweep() {
    printf 'name: small\ndata: %s\ntrain: {epochs: 3}\n' "$1" >"$TMP/s.yaml"
    { small_cnn "${2:-}" && echo 'grid:' && sed 's/^/  /'; } >>"$TMP/s.yaml"
}

# run RANKS RESULTS [OPTION...]: $TMP/s.yaml.
run() {
    local n=$1 results=$2
    shift 2
    mpi "$n" "$BUILD/cellsweep" run "$TMP/s.yaml" -o "$results" -q "$@"
}

# same_bits A B: no difference in any result dataset.
same_bits() {
    local group
    for group in /metrics /confusion /predictions; do
        h5diff -q "$1" "$2" "$group" "$group" || return 1
    done
}

finish() {
    echo "1..$(wc -l <"$TMP/.results")"
    exit $((FAILED > 0))
}
