#!/usr/bin/env bash
# A run of some of the jobs is over when they are, and they are what is counted. Who waits for a sweep gets its exit status, however it
# ends, and what it prints is JSON.
. tests/lib.sh
draw_cells
C=$BUILD/cellsweep
cat >"$TMP/s.yaml" <<YAML
data: $CELLS.h5
model: fake
train: {epochs: 2}
grid: {clusters: [[1, 27]], seed: [1, 2, 3, 4]}
YAML
check "a part of the jobs" "$C" run "$TMP/s.yaml" -o "$TMP/r.h5" -q --filter seed=1
"$C" status "$TMP/r.h5" >"$TMP/out" 2>&1
check "status counts what the filter asked for" grep -q "100.0 %  1 of 1 jobs" "$TMP/out"
check "and tells that the rest was not asked for" grep -q "finished: every job of the --filter has its result; 3 others" "$TMP/out"
check "and watching ends" timeout 60 "$C" status --watch=0.2 "$TMP/r.h5"
check "so does waiting, with the sweep's exit status" timeout 60 "$C" status --wait=0.2 "$TMP/r.h5"
"$C" status "$TMP/r.h5" --filter '' >"$TMP/out" 2>&1
check "all jobs are counted when asked for" grep -q "1 of 4 jobs" "$TMP/out"

says() { # says WHAT PATTERN...: of $TMP/json
    local what=$1 pattern
    shift
    for pattern; do grep -q -- "$pattern" "$TMP/json" || { not_ok "$what: $pattern" && sed 's/^/# /' "$TMP/json" && return; }; done
    ok "$what"
}
# ends STATUS WHAT: how the waiting process ended.
ends() {
    wait $waiting
    local status=$?
    [ $status = "$1" ] && ok "$2" || { not_ok "$2: exit status $status" && sed 's/^/# /' "$TMP/json" "$TMP/err"; }
}
wait_for() { "$C" status --wait=0.1 --json "$1" >"$TMP/json" 2>"$TMP/err" & waiting=$!; }

hold 1
run 2 "$TMP/r.h5" >/dev/null 2>&1 &
running=$!
await held
"$C" status --json "$TMP/r.h5" >"$TMP/json"
says "a running sweep in JSON" '"state": "running"' '"total": 4' '"done": 1' '"exit_status": null' '"alive": "running"' '"ranks": 2' '"filter": null' '"epochs": 2'
wait_for "$TMP/r.h5"
[ "$(ps -o stat= -p $waiting | cut -c1)" != Z ] && ok "who waits waits" || not_ok "who waits waits"
release
wait $running
ends 0 "and returns when the sweep has ended, exit status 0"
says "which JSON says, too" '"state": "finished"' '"exit_status": 0' '"done": 4'

# A drain: 75. mpirun itself would say 1 to SIGTERM.
hold 1
run 2 "$TMP/s.h5" >/dev/null 2>&1 &
running=$!
await held
wait_for "$TMP/s.h5"
kill -USR1 "$(rank_pid "$TMP/s.h5" 0)"
wait $running
ends 75 "a sweep that was stopped: exit status 75"
says "with what is left" '"state": "stopped"' '"exit_status": 75'

# mpirun killed: nobody leaves any word.
hold 1
run 2 "$TMP/s.h5" >/dev/null 2>&1 &
await held
wait_for "$TMP/s.h5"
root=$(rank_pid "$TMP/s.h5" 0)
kill -KILL "$(ps -o ppid= -p "$root" | tr -d ' ')"
ends 75 "mpirun was killed: exit status 75"
says "the run is dead" '"state": "dead"' '"exit_status": null' '"alive": "dead"' '"unfinished": '
grep -q "the run was killed with . jobs left" "$TMP/err" && ok "which is said" || { not_ok "which is said" && sed 's/^/# /' "$TMP/err"; }
release

# No file at all: nobody waits.
check_fails "no file" timeout 60 "$C" status --wait "$TMP/none.h5"
check_fails "--watch and --wait are two things" "$C" status --wait --watch "$TMP/r.h5"
grep -q "^cellsweep: status: --watch shows pages" "$TMP/check.out" && ok "which is said" || not_ok "which is said"
finish
