#!/usr/bin/env bash
# What kills and stops from outside hit once in a thousand runs: a rank that dies or stops at the worst moment, a clock that is set
# back, a slow disk at the end, threads that meet in MPI. tests/support/preload.c sees to it that they happen.
. tests/lib.sh
cellsweep=$BUILD/cellsweep
case $BUILD in *asan*) skip "bad luck is tested with the plain build: a sanitizer wants to be loaded first"; finish ;; esac
pack_cells
cat >"$TMP/s.yaml" <<YAML
name: luck
data: $TMP/cells.h5
model: fake
fake: {milliseconds: 50}
train: {epochs: 40}
grid:
  clusters: [[14, 15]]
  seed: {first: 1, count: 4}
YAML
cat >"$TMP/unlucky.sh" <<SH
#!/bin/bash
LD_PRELOAD=$(realpath "$BUILD")/tests/support/preload.so\${LD_PRELOAD:+:\$LD_PRELOAD} exec "\$@"
SH
chmod +x "$TMP/unlucky.sh"
# unlucky RANKS RANK SETTING RESULTS [OPTION...]: RANK has the bad luck.
unlucky() {
    local n=$1 rank=$2 setting=$3 results=$4
    shift 4
    env PRELOAD_RANK="$rank" "$setting" timeout $HANG mpirun --enable-recovery --oversubscribe -n "$n" "$TMP/unlucky.sh" \
        "$cellsweep" run "$TMP/s.yaml" -o "$results" -q "$@" >"$results.log" 2>&1
}
stopped() { grep -qs '^State:.T' "/proc/$1/status"; }
stopped_rank() { stopped "$(rank_pid "$1" "$2")"; }
has() { grep -q -- "$3" "$2" && ok "$1" || { not_ok "$1"; sed 's/^/# /' "$2"; }; }
# What only takes time runs beside the rest, whose holds are not for it.
held_by=$CELLSWEEP_TEST_HOLD
export CELLSWEEP_TEST_HOLD=$TMP/nothing
unlucky 2 1 PRELOAD_CLOCK=3600 "$TMP/clock.h5" --heartbeat 4 --filter seed=1 --set train.epochs=200 &
clock=$! busy=()
for n in 1 2; do
    {
        "$cellsweep" run "$TMP/s.yaml" -o "$TMP/slow$n.h5" -q --filter seed=1 --set train.epochs=2 >/dev/null 2>&1
        unlucky $n 0 PRELOAD_FSYNC=6 "$TMP/slow$n.h5" --heartbeat 4 --filter seed=1..2 --set train.epochs=2 --io pwrite
    } &
    slow[n]=$!
done
# A rank that computes with MPI in its hands for several times the limit. It is let go on whatever the others have done meanwhile.
for rank in 0 1; do
    {
        unlucky 3 $rank "PRELOAD_BUSY=$TMP/go$rank" "$TMP/busy$rank.h5" --heartbeat 3 --io pwrite --set train.epochs=2 &
        run=$!
        await test -e "$TMP/go$rank.begun"
        sleep 12
        touch "$TMP/go$rank"
        wait $run
    } &
    busy[rank]=$!
done
export CELLSWEEP_TEST_HOLD=$held_by
check "a run without" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/clean.h5" -q

R=$TMP/killed.h5
unlucky 2 1 PRELOAD_KILL_UNLINK=1 "$R" --checkpoint 0.1
has "a rank that dies between the last row of its job and its report" "$R.log" "rank 1 is lost .* its job was finished: "
[ "$(grep -c job_started "$R.events.jsonl") $(grep -c job_finished "$R.events.jsonl")" = "4 4" ] && ok "no job runs twice" || not_ok "no job runs twice: $(cut -c1-120 "$R.events.jsonl")"
has "it is counted" "$R.status" '"exit_status": 0, "done": 4, .*"left": 0, .*"lost_ranks": 1'
read -r job loss < <(sed -n 's/.*job_finished", "job": \([0-9]*\), "rank": 1,.*"loss": \(0\.[0-9]\{4\}\).*/\1 \2/p' "$R.events.jsonl")
"$cellsweep" export "$TMP/clean.h5" --table epochs | awk -F, -v job="$job" '$1 == job && $11 == 40 {print $16}' >"$TMP/loss.txt"
[ -n "$loss" ] && has "and logged with the loss of its last epoch" "$TMP/loss.txt" "^$loss" || not_ok "and logged with the loss of its last epoch"
check "same bits" h5diff -q "$TMP/clean.h5" "$R" /metrics /metrics

# Stopped while it writes what came out; its job is another's, who has emptied the row, when it goes on.
R=$TMP/stopped.h5
unlucky 2 1 PRELOAD_STOP_PWRITE=16 "$R" --checkpoint 0 --io pwrite --heartbeat 2 &
run=$!
await stopped_rank "$R" 1
job=$(sed -n 's/.*job_started", "job": \([0-9]*\), "rank": 1,.*/\1/p' "$R.events.jsonl" | tail -1)
key=$(key_of "$R" "$job")
hold 0 "$key"
await grep -q '"attempt": 2' "$R.events.jsonl"
await held "$key"
kill -CONT "$(rank_pid "$R" 1)"
await grep -q "rank 1 leaves" "$R.log"
"$cellsweep" export "$R" --table jobs >"$TMP/jobs.csv"
has "a rank that wakes up in the middle of a row does not call it done" "$TMP/jobs.csv" "^$job,.*,running,"
release "$key"
wait $run
has "and leaves" "$R.log" "rank 1 leaves: it was declared dead, its job is another rank's"
has "the sweep ends without it" "$R.status" '"exit_status": 0, "done": 4, .*"lost_ranks": 1'
check "same bits" h5diff -q "$TMP/clean.h5" "$R" /metrics /metrics

for rank in 0 1; do
    wait "${busy[rank]}"
    R=$TMP/busy$rank.h5
    has "rank $rank computes for four times --heartbeat: the sweep is finished" "$R.status" '"exit_status": 0, "done": 4, .*"lost_ranks": 0'
    grep -q "leaves\|is lost" "$R.log" && not_ok "and nobody has left: $(cat "$R.log")" || ok "and nobody has left"
done

wait $clock
R=$TMP/clock.h5
has "a rank whose clock is set back by an hour is heard of all the same" "$R.status" '"exit_status": 0, "done": 1, .*"lost_ranks": 0'

# Most of the time until its deadline passes while it is suspended.
R=$TMP/limit.h5
hold 0
PRELOAD_LATER=$TMP/later "$TMP/unlucky.sh" "$cellsweep" run "$TMP/s.yaml" -o "$R" -q --set train.epochs=3 --time 10000 >"$R.log" 2>&1 &
run=$!
await held
kill -STOP $run
await stopped $run
echo 6000 >"$TMP/later"
kill -CONT $run
release
wait $run
[ $? = 0 ] && ok "a run that was suspended goes on to its deadline" || { not_ok "a run that was suspended goes on to its deadline"; cat "$R.log" "$R.events.jsonl"; }

R=$TMP/threads.h5
unlucky 2 0 PRELOAD_READ=0.3 "$R" --filter seed=1 --set train.epochs=2
has "reading what became of the jobs takes long" "$R.status" '"exit_status": 0, "done": 1'
grep -q "two threads" "$R.log" && not_ok "one thread is in MPI: $(sort "$R.log" | uniq -c)" || ok "one thread is in MPI"

# Rows wait for rank 0 for a quarter of an hour, most of which everyone is suspended.
R=$TMP/suspended.h5
hold 0
unlucky 2 1 PRELOAD_HURRY=300 "$R" --io rank0 --set fake.milliseconds=2 --set train.epochs=300 &
run=$!
await began "$R" 2
root=$(rank_pid "$R" 0)
kill -STOP "$root"
release
sleep 3
kill -CONT "$root"
wait $run
has "rows are taken in the end, however long a suspended job takes" "$R.status" '"exit_status": 0, "done": 4, .*"lost_ranks": 0'

# The watchdog of the end must not count what a disk needs.
for n in 1 2; do
    R=$TMP/slow$n.h5
    wait "${slow[n]}"
    has "$n ranks, a disk that takes longer than --heartbeat at the end: the closing line" "$R.log" "2 jobs done, 0 diverged, 0 failed, 0 left"
    has "the status file" "$R.status" '"exit_status": 0, "done": 2'
    [ ! -e "$R.lock" ] && ok "no lock is left" || not_ok "no lock is left"
done
finish
