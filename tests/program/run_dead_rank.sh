#!/usr/bin/env bash
# Ranks that are killed or hang in mid-sweep: the others finish it with the same bits, and say so; what a stopped rank may still do
# when it wakes up; a job that kills its ranks; a killed rank 0.
. tests/lib.sh
# Clocks decide here, and what is killed tells a sanitizer nothing; its code also runs in run_handout.sh and run_sweep.sh.
case $BUILD in *asan*) skip "dead ranks are tested with the plain build"; finish ;; esac
cellsweep=$BUILD/cellsweep
pack_cells
cat >"$TMP/s.yaml" <<YAML
name: dead
data: $TMP/cells.h5
model: fake
fake: {milliseconds: 20}
train: {epochs: 4}
grid:
  clusters: [[14, 15], [1, 27]]
  strategy: [none, oversample]
  seed: {first: 1, count: 6}
YAML
recovering() { timeout $HANG mpirun --enable-recovery --oversubscribe "$@"; }
lost() { events "$1" '"rank_lost"'; }
has_lost() { [ "$(lost "$1")" -ge "$2" ]; }
has() { grep -q -- "$3" "$2" && ok "$1" || { not_ok "$1"; sed 's/^/# /' "$2"; }; }

"$cellsweep" run "$TMP/s.yaml" -o "$TMP/clean.h5" -q >/dev/null 2>&1
# One killed, one stopped and continued after its job was given away.
R=$TMP/r.h5
hold 2
recovering -n 4 "$cellsweep" run "$TMP/s.yaml" -o "$R" -q --heartbeat 5 >"$TMP/r.log" 2>&1 &
run=$!
await began "$R" 4
kill -KILL "$(rank_pid "$R" 1)"
stopped=$(rank_pid "$R" 2)
kill -STOP "$stopped"
await has_lost "$R" 2
kill -CONT "$stopped"
await grep -q "rank 2 leaves" "$TMP/r.log"
release
wait $run
has "the sweep ends with exit status 0 in the status file" "$R.status" '"exit_status": 0, "done": 24, .*"lost_ranks": 2'
[ "$(lost "$R")" = 2 ] && ok "both losses are in the log" || not_ok "both losses are in the log: $(lost "$R")"
has "and told" "$TMP/r.log" "rank 1 is lost"
has "the one that woke up has left" "$TMP/r.log" "rank 2 leaves: it was declared dead, its job is another rank's"
by_log=$(sed -n 's/.*job_finished", "job": \([0-9]*\), "rank": 2,.*/\1/p' "$R.events.jsonl" | sort -n | xargs)
by_rows=$("$cellsweep" export "$R" --table jobs | awk -F, 'NR == 1 {for (i = 1; i <= NF; i++) column[$i] = i} NR > 1 && $column["rank"] == 2 {print $column["job"]}' | sort -n | xargs)
[ "$by_log" = "$by_rows" ] && ok "and has written no row of a job that was not its own" || not_ok "rows of rank 2: $by_rows; in the log: $by_log"
has "rank 0 has its closing line" "$TMP/r.log" "24 jobs done, 0 diverged, 0 failed, 0 left"
for group in /metrics /confusion /predictions; do
    check "same bits in $group as without losses" h5diff -q "$TMP/clean.h5" "$R" $group $group
done
[ ! -e "$R.lock" ] && [ -z "$(rank_pid "$R" 2)" ] && ok "nothing is left behind" || not_ok "nothing is left behind"
"$cellsweep" status "$R" >"$TMP/status.out"
has "status tells of lost ranks" "$TMP/status.out" "2 ranks were lost on the way"

# On several nodes, two ranks each: one that speaks for its node is killed, one of another node is stopped, and those beside
# them speak instead. A killed one is missed at once, whatever --heartbeat says.
R=$TMP/n.h5
hold 2
CELLSWEEP_TEST_NODE=2 recovering -n 6 "$cellsweep" run "$TMP/s.yaml" -o "$R" -q --heartbeat 20 >"$TMP/n.log" 2>&1 &
run=$!
await began "$R" 6
stopped=$(rank_pid "$R" 4)
kill -STOP "$stopped"
kill -KILL "$(rank_pid "$R" 2)"
await has_lost "$R" 1
has "a killed rank that spoke for its node is told of by its neighbour" "$TMP/n.log" "rank 2 is lost (last heard of [0-9]\.[0-9] s ago)"
await has_lost "$R" 2
kill -CONT "$stopped"
await grep -q "rank 4 leaves" "$TMP/n.log"
release
wait $run
has "nodes go on without those that spoke for them" "$R.status" '"exit_status": 0, "done": 24, .*"lost_ranks": 2'
has "the one that woke up has left" "$TMP/n.log" "rank 4 leaves: it was declared dead, its job is another rank's"
[ "$(lost "$R")" = 2 ] && ok "nobody else was lost" || not_ok "nobody else was lost: $(cat "$TMP/n.log")"
for group in /metrics /confusion /predictions; do
    check "same bits in $group as without losses" h5diff -q "$TMP/clean.h5" "$R" $group $group
done

# A job that kills whoever has it: failed after three ranks, the others go on. Rank 0 only serves, so that it never has it.
R=$TMP/p.h5
hold 0 "$(key_of "$TMP/clean.h5" 0)"
recovering -n 5 "$cellsweep" run "$TMP/s.yaml" -o "$R" -q --dedicated --filter seed=1..2 >"$TMP/p.log" 2>&1 &
run=$!
for attempt in 1 2 3; do
    begins="job_started\", \"job\": 0, \"rank\": \([0-9]*\), \"attempt\": $attempt"
    await grep -q "$begins" "$R.events.jsonl"
    kill -KILL "$(rank_pid "$R" "$(sed -n "s/.*$begins.*/\1/p" "$R.events.jsonl")")"
done
wait $run
has "a job that kills its ranks is failed" "$R.status" '"state": "failed", "exit_status": 1, "done": 7, "diverged": 0, "failed": 1, "left": 0, .*"lost_ranks": 3'
[ "$("$cellsweep" export "$R" --table jobs | grep -c ",failed,3,.*its rank died three times")" = 1 ] && ok "its row says why" || not_ok "its row says why"
has "and the table at the end" "$TMP/p.log" "failed  *3  *its rank died three times"
release "$(key_of "$TMP/clean.h5" 0)"
check "--retry-failed" mpi 2 "$cellsweep" run "$TMP/s.yaml" -o "$R" -q --filter seed=1..2 --retry-failed
has "runs it again" "$R.status" '"exit_status": 0, "done": 8, "diverged": 0, "failed": 0'

# Rank 0 killed: the workers leave by themselves, the next run goes on.
R=$TMP/z.h5
hold 2
recovering -n 3 "$cellsweep" run "$TMP/s.yaml" -o "$R" -q >"$TMP/z.log" 2>&1 &
run=$!
await began "$R" 3
kill -KILL "$(rank_pid "$R" 0)"
wait $run
[ $? != 124 ] && ok "without rank 0 all have left" || not_ok "without rank 0 all have left"
has "because it is gone, not because it is silent" "$TMP/z.log" "leaves: rank 0 is gone"
release
check "the next run goes on" mpi 3 "$cellsweep" run "$TMP/s.yaml" -o "$R" -q
has "and finishes" "$R.status" '"exit_status": 0, "done": 24'

# The same while a worker waits for it to take rows: a rank 0 that was stopped takes none, and two seconds of curves are
# more than a buffer.
R=$TMP/w.h5
recovering -n 2 "$cellsweep" run "$TMP/s.yaml" -o "$R" -q --io rank0 --set fake.milliseconds=1 --set train.epochs=100000 >"$TMP/w.log" 2>&1 &
run=$!
await began "$R" 2
rank0=$(rank_pid "$R" 0)
kill -STOP "$rank0"
sleep 3
kill -KILL "$rank0"
wait $run
[ $? != 124 ] && ok "a worker that was sending rows to it has left" || not_ok "a worker that was sending rows to it has left"
has "and said so" "$TMP/w.log" "leaves: rank 0 is gone"

# A whole job that is stopped and continued loses nobody; a rank that hangs without --enable-recovery is done without.
R=$TMP/h.h5
hold 0
timeout $HANG mpirun --oversubscribe -n 3 "$cellsweep" run "$TMP/s.yaml" -o "$R" -q --heartbeat 5 >"$TMP/h.log" 2>&1 &
run=$!
await began "$R" 3
all="$(rank_pid "$R" 0) $(rank_pid "$R" 1) $(rank_pid "$R" 2)"
kill -STOP $all
sleep 8
kill -CONT $all
hold 3
three_held() { [ "$(compgen -G "$CELLSWEEP_TEST_HOLD/*.held" | wc -l)" = 3 ]; }
await three_held
sleep 2
[ "$(lost "$R")" = 0 ] && ok "a pause of the whole job loses nobody" || not_ok "a pause of the whole job loses nobody: $(cat "$TMP/h.log")"
kill -STOP "$(rank_pid "$R" 2)"
await has_lost "$R" 1
release
wait $run
has "a rank that hangs is done without" "$R.status" '"exit_status": 0, "done": 24, .*"lost_ranks": 1'
[ -z "$(rank_pid "$R" 2)" ] && ok "and ended with the others" || not_ok "and ended with the others"
finish
