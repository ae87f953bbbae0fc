#!/usr/bin/env bash
# One run a results file: the second is refused and the first undisturbed; a killed one is taken over; status tells which.
. tests/lib.sh
cellsweep=$BUILD/cellsweep
R=$TMP/r.h5
pack_cells
cat >"$TMP/f.yaml" <<YAML
name: locked
data: $TMP/cells.h5
model: fake
fake: {milliseconds: 100}
train: {epochs: 5}
grid:
  clusters: [[26, 27]]
  seed: {first: 1, count: 8}
YAML
has() { # has WHAT FILE PATTERN
    grep -q -- "$3" "$2" && ok "$1" || { not_ok "$1"; sed 's/^/# /' "$2"; }
}
status_says() {
    "$cellsweep" status "$R" >"$TMP/status.out" 2>&1
    has "$1" "$TMP/status.out" "$2"
}

mpirun --oversubscribe -n 2 "$cellsweep" run "$TMP/f.yaml" -o "$R" -q --set grid.seed.count=1000 >"$TMP/first.log" 2>&1 &
first=$!
await test -s "$R.status"
"$cellsweep" run "$TMP/f.yaml" -o "$R" -q --set grid.seed.count=1000 >"$TMP/second.log" 2>&1
status=$?
[ $status = 3 ] && ok "a second run is refused with exit status 3" || not_ok "a second run: exit status $status"
[ "$(wc -l <"$TMP/second.log")" = 1 ] && ok "in one line" || not_ok "in one line: $(cat "$TMP/second.log")"
has "that names host, process and since when" "$TMP/second.log" "r.h5: another run writes it: $(hostname), process [0-9]*, since 20"
check_fails "--force-unlock does not take it from a process that lives" "$cellsweep" run "$TMP/f.yaml" -o "$R" -q --set grid.seed.count=1000 --force-unlock
status_says "status says that it runs" "^running: $(hostname), process"
kill -USR1 $first
wait $first
status=$?
[ $status = 75 ] && ok "the first run goes on until it is stopped" || not_ok "the first run: status $status: $(cat "$TMP/first.log")"
[ "$("$cellsweep" export "$R" --table jobs | grep -c ',running,')" = 0 ] && ok "and has left no row behind" || not_ok "and has left no row behind"
[ ! -e "$R.lock" ] && ok "and its lock is gone" || not_ok "and its lock is gone"
has "the status file tells the exit status" "$R.status" '"state": "stopped", "exit_status": 75,'
status_says "and so does status" "^the last run ended with exit status 75 (stopped): stopped (a signal) with"
count() { grep -c "\"event\": \"$1\"" "$R.events.jsonl"; }
[ "$(count run_started) $(count draining) $(count run_ended)" = "1 1 1" ] && [ "$(count job_started)" -ge "$(count job_finished)" ] &&
    ok "the log has the events of one run" || not_ok "the log has the events of one run: $(cut -c1-120 "$R.events.jsonl")"

# Killed, then again.
mpirun --oversubscribe -n 2 "$cellsweep" run "$TMP/f.yaml" -o "$R" -q --set grid.seed.count=1000 >/dev/null 2>&1 &
first=$!
runs() { "$cellsweep" status "$R" | grep -q '^ *running  *[12]$'; }
await runs
root=$(sed 's/.*"pid": \([0-9]*\).*/\1/' "$R.lock")
kill -KILL "$root"
wait $first
status_says "status says that the run has died" "^the run has died ($(hostname), process $root"
has "its jobs were at an epoch" "$TMP/status.out" "rank  *was at"
grep -qE "^ *running |[0-9]/5 +[0-9]" "$TMP/status.out" && not_ok "and nothing counts on: $(cat "$TMP/status.out")" || ok "and nothing counts on"
check "a run after a kill" mpi 2 "$cellsweep" run "$TMP/f.yaml" -o "$R" -q --set grid.seed.count=1000 --filter seed=1..4
has "says that it takes over" "$TMP/check.out" "took over from a run that died: $(hostname), process $root"
[ "$("$cellsweep" export "$R" --table jobs --filter seed=1..4 | grep -c ',done,')" = 4 ] && ok "and completes" || not_ok "and completes"
again() { "$cellsweep" run "$TMP/f.yaml" -o "$R" -q --set grid.seed.count=1000 --filter seed=1 "$@"; }

# Somewhere else.
sed 's/.*/{"host": "elsewhere", "pid": 1, "since": 1763861000}/' "$R.status" >"$R.lock"
again >"$TMP/else.log" 2>&1
[ $? = 3 ] && ok "a lock of another host is refused" || not_ok "a lock of another host is refused"
has "with the remedy" "$TMP/else.log" "add --force-unlock"
check "and taken with --force-unlock" again --force-unlock
# What is refused for another reason leaves no lock behind.
check_fails "another sweep is refused" again --set train.epochs=6
[ ! -e "$R.lock" ] && ok "and leaves no lock" || not_ok "and leaves no lock"
check_fails "a wrong filter is refused" "$cellsweep" run "$TMP/f.yaml" -o "$TMP/new.h5" -q --filter seed=99
[ -z "$(ls "$TMP"/new.h5* 2>/dev/null)" ] && ok "and leaves nothing" || not_ok "and leaves: $(ls "$TMP"/new.h5*)"

# A deadline, by a clock that is set here: tests/support/preload.c.
limited() { # limited RESULTS OPTION...: a run that ends within 1000 s, its first job held; in $limited
    local results=$1
    shift
    rm -f "$TMP/later"
    hold 0
    PRELOAD_LATER=$TMP/later LD_PRELOAD=$(realpath "$BUILD")/tests/support/preload.so${LD_PRELOAD:+:$LD_PRELOAD} \
        "$cellsweep" run "$TMP/f.yaml" -o "$results" -q --set fake.milliseconds=1 --time 16:40 "$@" >"$results.log" 2>&1 &
    limited=$!
    await held
}
case $BUILD in
*asan*) skip "deadlines are tested with the plain build: a sanitizer wants to be loaded first" ;;
*)
    limited "$TMP/t.h5" --checkpoint 0
    kill -STOP $limited
    await grep -q '^State:.T' /proc/$limited/status
    echo 600 >"$TMP/later" # the first job takes that long, suspended for most of it; no other has so much time
    kill -CONT $limited
    release
    wait $limited
    status=$?
    [ $status = 75 ] && ok "a run with too little time for a job ends with 75" || not_ok "too little time for a job: status $status: $(cat "$TMP/t.h5.log")"
    has "and says what is left" "$TMP/t.h5.log" "stopped with 7 jobs left, none of which would be finished before the deadline; the same command goes on"
    [ "$("$cellsweep" export "$TMP/t.h5" --table jobs | grep -c ',running,')" = 0 ] && ok "no job was begun in vain" || not_ok "no job was begun in vain"
    limited "$TMP/u.h5" --set grid.seed.count=1
    echo 2000 >"$TMP/later"
    wait $limited
    status=$?
    [ $status = 75 ] && ok "a job of unknown length is stopped at the deadline" || not_ok "a job of unknown length: status $status: $(cat "$TMP/u.h5.log")"
    has "with the reason" "$TMP/u.h5.log" "stopped (the deadline) with 1 job left"
    release
    ;;
esac
[ "$("$cellsweep" run "$TMP/f.yaml" -o "$TMP/v.h5" --time 1:2:3x 2>&1 | grep -c "neither")" = 1 ] && ok "a --time that is none" || not_ok "a --time that is none"
# What a run that was killed while it made a file left beside it goes with the next run.
: >"$TMP/d.h5.draft-a1B2c3"
: >"$TMP/d.h5.draft-my-notes"
check "a run after one that was killed while it made the file" "$cellsweep" run "$TMP/f.yaml" -o "$TMP/d.h5" -q --set fake.milliseconds=0
[ ! -e "$TMP/d.h5.draft-a1B2c3" ] && [ -e "$TMP/d.h5.draft-my-notes" ] && ok "removes its half-made file, and no other" || not_ok "left: $(ls "$TMP")"
finish
