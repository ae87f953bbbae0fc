#!/usr/bin/env bash
# Jobs that diverge and jobs that fail: they are data, the sweep goes on; --max-failures stops it, --retry-failed tries again.
. tests/lib.sh
cellsweep=$BUILD/cellsweep
pack_cells
cat >"$TMP/s.yaml" <<YAML
name: failures
data: $TMP/cells.h5
train: {epochs: 3}
cnn: {blocks: [8, 16], dense: [32, 16]}
grid:
  clusters: [[1, 27]]
  train.learning_rate: [0.001, 1e12]
  seed: {first: 1, count: 4}
YAML
# run_is WHAT STATUS RESULTS OPTION...: the exit status; output in $TMP/run.log.
run_is() {
    local what=$1 want=$2 results=$3 got
    shift 3
    "$cellsweep" run "$TMP/s.yaml" -o "$results" "$@" >"$TMP/run.log" 2>&1
    got=$?
    [ $got = "$want" ] && ok "$what: exit status $want" || { not_ok "$what: exit status $got, want $want"; sed 's/^/# /' "$TMP/run.log"; }
}
has() { grep -q -- "$3" "$2" && ok "$1" || { not_ok "$1"; sed 's/^/# /' "$2"; }; }
jobs() { "$cellsweep" export "$1" --table jobs --filter "$2"; }
column() { awk -F, -v name="$1" 'NR == 1 {for (i = 1; i <= NF; i++) at[$i] = i; next} {print $at[name]}' | sort | uniq -c | xargs; }
events() { grep -c "\"event\": \"$2\"" "$1.events.jsonl"; }

# ---- diverged ----
R=$TMP/r.h5
run_is "jobs that diverge are data" 0 "$R" -q
[ "$(jobs "$R" train.learning_rate=1e12 | column state)" = "4 diverged" ] && ok "all with that learning rate have diverged" || not_ok "states: $(jobs "$R" train.learning_rate=1e12)"
"$cellsweep" report "$R" -o "$TMP/all_lost" --filter train.learning_rate=1e12 >"$TMP/all_lost.log" 2>&1
has "a report of diverged jobs only says what runs them again" "$TMP/all_lost.log" "run --retry-failed"
[ "$(jobs "$R" train.learning_rate=0.001 | column state)" = "4 done" ] && ok "the others are done" || not_ok "states: $(jobs "$R" train.learning_rate=0.001)"
[ "$(jobs "$R" train.learning_rate=1e12 | column message)" = "4 loss is not finite in epoch 1" ] && ok "the row names the epoch" || not_ok "messages: $(jobs "$R" train.learning_rate=1e12 | column message)"
[ "$(grep -c '^job [0-9]* (.*) on rank 0 diverged: loss is not finite in epoch 1$' "$TMP/run.log")" = 4 ] && ok "each is told when it happens" || not_ok "$(cat "$TMP/run.log")"
[ "$(sed -n '/^failed or diverged/,$p' "$TMP/run.log" | grep -c ' diverged .*loss is not finite in epoch 1$')" = 4 ] && ok "and in the table at the end" || not_ok "$(cat "$TMP/run.log")"
[ "$(events "$R" job_diverged)" = 4 ] && ok "and in the log" || not_ok "log: $(events "$R" job_diverged)"
"$cellsweep" status "$R" >"$TMP/status.out" 2>&1
has "status counts them" "$TMP/status.out" "diverged  *4"
has "and says that they are lost" "$TMP/status.out" "finished: [0-9]* of [0-9]* jobs have a result, 0 failed, 4 diverged; .cellsweep run --retry-failed. runs those again"
check "on 3 ranks" mpi 3 "$cellsweep" run "$TMP/s.yaml" -o "$TMP/r3.h5" -q
for group in /metrics /confusion /predictions /state; do
    check "$group has the same bits" h5diff -q "$R" "$TMP/r3.h5" $group $group
done
# Where a message stands depends on the rank that put it there; what it says does not.
messages() { "$cellsweep" export "$1" --table jobs | awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "message") c = i } { print $2, $c }'; }
check "messages of diverged jobs are told" grep -q "loss is not finite" <(messages "$R")
check "and are the same on 3 ranks" cmp <(messages "$R") <(messages "$TMP/r3.h5")

# The same command has nothing to do; --retry-failed runs the diverged ones, and only those.
run_is "again" 0 "$R" -q
[ "$(events "$R" job_started)" = 8 ] && ok "a diverged job is over" || not_ok "jobs started: $(events "$R" job_started)"
jobs "$R" train.learning_rate=0.001 >"$TMP/before"
run_is "--retry-failed" 0 "$R" -q --retry-failed
[ "$(events "$R" job_started)" = 12 ] && ok "runs the diverged ones" || not_ok "jobs started: $(events "$R" job_started)"
check "and no other" cmp "$TMP/before" <(jobs "$R" train.learning_rate=0.001)
check "with the same bits" h5diff -q "$R" "$TMP/r3.h5" /metrics /metrics

# ---- enough is enough ----
R=$TMP/m.h5
run_is "--max-failures" 1 "$R" -q --max-failures 2
has "says why it stopped" "$TMP/run.log" "^cellsweep: stopped after 2 jobs of this run failed or diverged (--max-failures 2), with [1-5] jobs left; the same command goes on"
left=$(sed -n 's/.*with \([0-9]*\) jobs left.*/\1/p' "$TMP/run.log")
[ "$(jobs "$R" train.learning_rate=1e12 | column state)" = "2 diverged 2 waiting" ] && ok "two have diverged, two wait" || not_ok "states: $(jobs "$R" train.learning_rate=1e12 | column state)"
has "the status file says failed" "$R.status" "\"state\": \"failed\", \"exit_status\": 1, .*\"diverged\": 2, \"failed\": 0, \"left\": $left,"
run_is "the limit is of one run: the same command goes on" 1 "$R" -q --max-failures 1
run_is "and without it to the end" 0 "$R" -q
check "with the same bits" h5diff -q "$R" "$TMP/r3.h5" /metrics /metrics
run_is "as many as there are failures" 0 "$TMP/enough.h5" -q --max-failures 5

# ---- failed: a network that does not fit into memory ----
case $BUILD in *asan*) finish ;; esac # a sanitizer needs terabytes of addresses
R=$TMP/f.h5
sed -i 's/blocks: \[8, 16\], dense: [^}]*/blocks: [8, 256]/; s/train.learning_rate: .*/cnn.dense: [[8, 16], [8192, 16]]/; s/count: 4/count: 2/' "$TMP/s.yaml"
little_memory() { (ulimit -v 1500000 && run_is "$@"; exit $FAILED) || FAILED=$((FAILED + 1)); }
little_memory "jobs without memory fail" 1 "$R" -q
has "which is told" "$TMP/run.log" "^job [0-9] (.*cnn.dense 8192-16) on rank 0 failed, attempt 3 of 3: out of memory: a network needs [0-9]* MB"
has "and is the exit status' reason" "$TMP/run.log" "^cellsweep: 2 jobs failed"
[ "$(jobs "$R" cnn.dense=8-16 | column state)" = "2 done" ] && ok "the others are done" || not_ok "$(jobs "$R" cnn.dense=8-16)"
[ "$(jobs "$R" cnn.dense=8192-16 | column attempts)" = "2 3" ] && ok "three attempts each" || not_ok "$(jobs "$R" cnn.dense=8192-16)"
little_memory "they stay failed" 1 "$R" -q
[ "$(events "$R" job_failed)" = 6 ] && ok "and are not tried again unasked" || not_ok "failures: $(events "$R" job_failed)"
little_memory "--max-failures counts jobs, not attempts" 1 "$R" -q --retry-failed --max-failures 1
[ "$(events "$R" job_failed)" = 9 ] && ok "and stops after the first" || not_ok "failures: $(events "$R" job_failed)"
finish
