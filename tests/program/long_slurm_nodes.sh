#!/usr/bin/env bash
# A sweep on four of six nodes of a real Slurm (tests/slurm.sh), mpirun inside sbatch: one node crawls, one dies, one is drained, the
# job goes back into the queue each time, and the grid grows in between. Results have the bits of a run with one rank, nothing is lost, and status
# tells. Real networks are trained. Minutes.
. tests/lib.sh
. tests/slurm.sh
pack_cells
small_sweep "$TMP/cells.h5" 16 <<'YAML'
clusters: [[8, 10], [1, 27]]
strategy: [none, oversample, augment]
seed: {first: 1, count: 6}
YAML
sed -i 's/epochs: 3/epochs: 150/' "$TMP/s.yaml"
sed 's/count: 6/count: 7/' "$TMP/s.yaml" >"$TMP/more.yaml"
check "the same sweep on one rank" "$BUILD/cellsweep" run "$TMP/more.yaml" -o "$TMP/alone.h5" -q
nodes="n1 n2 n3 n4 n5 n6"
start_slurm $nodes
export SWEEP=$TMP/s.yaml OPTIONS="--checkpoint 2 --heartbeat 10"
R=$TMP/nodes.h5
finished() { [ "$(events "$R" '"job_finished"')" -ge "$1" ]; }
started() { [ "$(events "$R" '"run_started"')" -ge "$1" ]; }
grew() { [ "$(events "$R" '"grown"')" -ge 1 ]; }
nodes_in_use() { local node; for node in $nodes; do [ -z "$(ranks_on $node)" ] || echo $node; done | xargs; }
is() { [ "$2" = "$3" ] && ok "$1" || { not_ok "$1: $3, not $2"; show nodes; }; }
# without NODE WHAT: four others work.
without() {
    local use
    use=$(nodes_in_use)
    [ "$(wc -w <<<"$use")" = 4 ] && [[ " $use " != *" $1 "* ]] && ok "$2" || { not_ok "$2: $use"; show nodes; }
}

job=$(submit nodes many-nodes.sbatch --nodes=4 --ntasks-per-node=1 --time=20)
await began "$R" 4
is "four nodes work" "n1 n2 n3 n4" "$(nodes_in_use)"
"$CELLSWEEP" status --json "$R" >"$TMP/json"
grep -q '"ranks": 4' "$TMP/json" && grep -q "\"slurm_job\": \"$job\"" "$TMP/json" && ok "status tells ranks and Slurm's job" || { not_ok "status tells ranks and Slurm's job"; sed 's/^/# /' "$TMP/json"; }

# n4 crawls: its rank is stopped most of the time.
(while sleep 0.4; do for pid in $(ranks_on n4); do kill -STOP "$pid"; sleep 1.2; kill -CONT "$pid"; done; done) 2>/dev/null &
pids+=($!)
check "the grid grows under Slurm" timeout $HANG "$CELLSWEEP" grow "$R" "$TMP/more.yaml"
await grew
is "in the run that is on" 1 "$(events "$R" '"run_started"')"
await finished 12

# n2 dies: its slurmd, what Slurm started there, and all that these have started.
"$CELLSWEEP" status --wait=0.5 "$R" >"$TMP/wait.out" 2>"$TMP/wait.err" &
waiting=$!
dead=$(on_node n2)
for pid in $dead; do
    step=$(ps -o ppid= -p "$pid" 2>/dev/null | tr -d ' ')
    case $(ps -o comm= -p "${step:-0}" 2>/dev/null) in slurmstepd*) dead="$dead $step" ;; esac
done
kill -KILL "${slurmd_of[n2]}" $dead
wait $waiting
is "status --wait returns when it has died, exit status 75" 75 $?
sed 's/^/# /' "$TMP/wait.err"
await started 2
await finished 18
without n2 "Slurm's job went on by itself with another node"
[ "$(restarts "$job")" -ge 1 ] && ok "requeued" || not_ok "requeued"

# One in use is drained; the next start is without it.
drained=$(nodes_in_use | cut -d' ' -f2)
check "$drained is drained" scontrol update NodeName="$drained" State=DRAIN Reason=test
scancel --batch --signal=USR1 "$job"
await started 3
await finished $(($(events "$R" '"job_finished"') + 1))
without "$drained" "and the next start is without it"

await_job "$job" 600
is "Slurm's job completes" COMPLETED "$(state "$job")"
is "with all 42 jobs" 42 "$(n_done nodes)"
[ "$(events "$R" '"job_finished"')" -le 43 ] && ok "at most the one of the dead node twice: $(events "$R" '"job_finished"') endings" || not_ok "jobs were done twice: $(events "$R" '"job_finished"') endings"
check "the bits of one rank" same_bits "$TMP/alone.h5" "$R"
check "status: every job has its result" bash -c "'$CELLSWEEP' status '$R' | grep -q 'finished: every job has its result'"
[ ! -e "$R.lock" ] && [ ! -e "$R.grow" ] && [ -z "$(ls -A "$R.checkpoints" 2>/dev/null)" ] && ok "nothing is left over" || not_ok "nothing is left over"
echo "# $(restarts "$job") restarts, runs on $(sed -n 's/.*run_started.*"ranks": \([0-9]*\).*/\1/p' "$R.events.jsonl" | xargs) ranks"
finish
