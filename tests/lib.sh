# lib.sh - sourced by tests/run_*.sh: results in TAP, a scratch folder, mpirun.
#
#     . tests/lib.sh
#     check "the file opens" h5dump -H "$TMP/r.h5"
#     finish
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

# pack_cells: the built-in cells as $TMP/cells.h5, for runs that would draw them anew, which takes seconds.
pack_cells() { check "cells are packed" bash -c "'$BUILD/cellsweep' data synth '$TMP/cells' && '$BUILD/cellsweep' data pack '$TMP/cells' -o '$TMP/cells.h5'"; }

# mpi N COMMAND...: on N ranks, more than there are cores if need be.
mpi() {
    local n=$1
    shift
    mpirun --oversubscribe -n "$n" "$@"
}

finish() {
    echo "1..$(wc -l <"$TMP/.results")"
    exit $((FAILED > 0))
}
