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
train: {epochs: 5}
grid:
  clusters: [[14, 15], [1, 27]]
  strategy: [none, oversample]
  seed: {first: 1, count: 6}
YAML
fake="--set model=fake --set fake.milliseconds=100 --set train.epochs=4"
rank_pid() { # rank_pid RESULTS RANK
    local pid
    for pid in $(pgrep -f -- "-o $1 "); do
        tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | grep -qx "OMPI_COMM_WORLD_RANK=$2" && echo "$pid"
    done
}
started() { for _ in $(seq 600); do grep -q job_started "$1.events.jsonl" 2>/dev/null && break; sleep 0.05; done; }
recovering() { timeout 400 mpirun --enable-recovery --oversubscribe "$@"; }
lost() { grep -c '"rank_lost"' "$1.events.jsonl"; }
has() { grep -q -- "$3" "$2" && ok "$1" || { not_ok "$1"; sed 's/^/# /' "$2"; }; }

"$cellsweep" run "$TMP/s.yaml" -o "$TMP/clean.h5" -q >/dev/null 2>&1
# One killed, one stopped and continued after its job was given away.
R=$TMP/r.h5
recovering -n 4 "$cellsweep" run "$TMP/s.yaml" -o "$R" -q --heartbeat 2 >"$TMP/r.log" 2>&1 &
run=$!
started "$R"
kill -KILL "$(rank_pid "$R" 1)"
stopped=$(rank_pid "$R" 2)
kill -STOP "$stopped"
for _ in $(seq 200); do [ "$(lost "$R")" = 2 ] && break; sleep 0.1; done
kill -CONT "$stopped"
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

# A job that kills whoever has it: failed after three ranks, the others go on. Rank 0 only serves, so that it never has it.
R=$TMP/p.h5
recovering -n 5 "$cellsweep" run "$TMP/s.yaml" -o "$R" -q --dedicated $fake --filter seed=1..2 >"$TMP/p.log" 2>&1 &
run=$!
for attempt in 1 2 3; do
    for _ in $(seq 600); do
        rank=$(sed -n "s/.*job_started\", \"job\": 0, \"rank\": \([0-9]*\), \"attempt\": $attempt.*/\1/p" "$R.events.jsonl" 2>/dev/null)
        [ -n "$rank" ] && break
        sleep 0.05
    done
    kill -KILL "$(rank_pid "$R" "$rank")"
done
wait $run
has "a job that kills its ranks is failed" "$R.status" '"state": "failed", "exit_status": 1, "done": 7, "diverged": 0, "failed": 1, "left": 0, "lost_ranks": 3'
[ "$("$cellsweep" export "$R" --table jobs | grep -c ",failed,3,.*its rank died three times")" = 1 ] && ok "its row says why" || not_ok "its row says why"
has "and the table at the end" "$TMP/p.log" "failed  *3  *its rank died three times"
check "--retry-failed" mpi 2 "$cellsweep" run "$TMP/s.yaml" -o "$R" -q $fake --filter seed=1..2 --retry-failed
has "runs it again" "$R.status" '"exit_status": 0, "done": 8, "diverged": 0, "failed": 0'

# Rank 0 killed: the workers leave by themselves, the next run goes on.
R=$TMP/z.h5
recovering -n 3 "$cellsweep" run "$TMP/s.yaml" -o "$R" -q $fake >"$TMP/z.log" 2>&1 &
run=$!
started "$R"
kill -KILL "$(rank_pid "$R" 0)"
start=$SECONDS
wait $run
took=$((SECONDS - start))
[ $took -le 6 ] && ok "without rank 0 all have left after $took s" || not_ok "without rank 0 all have left after $took s"
has "and said so" "$TMP/z.log" "leaves: rank 0 is gone"
check "the next run goes on" mpi 3 "$cellsweep" run "$TMP/s.yaml" -o "$R" -q $fake
has "and finishes" "$R.status" '"exit_status": 0, "done": 24'

# The same while a worker waits for it to take rows: a rank 0 that was stopped takes none, and buffers are full after some hundreds.
R=$TMP/w.h5
recovering -n 2 "$cellsweep" run "$TMP/s.yaml" -o "$R" -q --io rank0 --set model=fake --set fake.milliseconds=1 --set train.epochs=100000 >"$TMP/w.log" 2>&1 &
run=$!
started "$R"
rank0=$(rank_pid "$R" 0)
kill -STOP "$rank0"
sleep 3
kill -KILL "$rank0"
start=$SECONDS
for _ in $(seq 200); do kill -0 $run 2>/dev/null || break; sleep 0.1; done
took=$((SECONDS - start))
[ $took -le 6 ] && ok "a worker that was sending rows to it has left after $took s" || { not_ok "a worker that was sending rows to it is there after $took s"; kill -KILL "$(rank_pid "$R" 1)"; }
wait $run
has "and said so" "$TMP/w.log" "leaves: rank 0 is gone"

# A whole job that is stopped and continued loses nobody; a rank that hangs without --enable-recovery is done without.
R=$TMP/h.h5
timeout 400 mpirun --oversubscribe -n 3 "$cellsweep" run "$TMP/s.yaml" -o "$R" -q $fake --heartbeat 2 >"$TMP/h.log" 2>&1 &
run=$!
started "$R"
all="$(rank_pid "$R" 0) $(rank_pid "$R" 1) $(rank_pid "$R" 2)"
kill -STOP $all
sleep 4
kill -CONT $all
sleep 1
[ "$(lost "$R")" = 0 ] && ok "a pause of the whole job loses nobody" || not_ok "a pause of the whole job loses nobody: $(cat "$TMP/h.log")"
kill -STOP "$(rank_pid "$R" 2)"
wait $run
has "a rank that hangs is done without" "$R.status" '"exit_status": 0, "done": 24, .*"lost_ranks": 1'
[ -z "$(rank_pid "$R" 2)" ] && ok "and ended with the others" || not_ok "and ended with the others"
finish
