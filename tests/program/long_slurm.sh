#!/usr/bin/env bash
# The scripts of experiments/slurm under a real Slurm of two nodes (tests/slurm.sh). fig4.sbatch gets less time than its sweep needs: it
# stops in time, requeues itself, and finishes; a signal from Slurm does the same. Minutes, so it is not one of the tests of every change.
. tests/lib.sh
. tests/slurm.sh
start_slurm n1 n2

# 24 jobs of 5 s on two ranks are more than the minute that the job gets. Slurm may send --signal a minute early: a harmless one.
cat >"$TMP/sweep.yaml" <<'YAML'
name: slurm
data: builtin
model: fake
fake: {milliseconds: 1000}
train: {epochs: 5}
grid:
  clusters: [[26, 27]]
  seed: {first: 1, count: 24}
YAML
export SWEEP=$TMP/sweep.yaml
job=$(submit fig4 fig4.sbatch --ntasks=2 --time=1 --signal=B:URG@1)
await_job "$job" 400
[ "$(state "$job")" = COMPLETED ] && ok "fig4.sbatch completes" || { not_ok "fig4.sbatch completes: $(state "$job")"; show fig4; }
[ "$(restarts "$job")" -ge 1 ] && ok "after it went back into the queue $(restarts "$job") times" || { not_ok "it never went back into the queue"; show fig4; }
grep -q "stopped (the deadline) with" "$TMP/log/fig4.log" && ok "each time before Slurm's end, which it found itself" || { not_ok "it stopped before Slurm's end"; show fig4; }
! grep -q "DUE TO TIME LIMIT" "$TMP/log/fig4.log" && ok "Slurm never had to end it" || { not_ok "Slurm had to end it"; show fig4; }
[ "$(n_done fig4)" = 24 ] && ok "with all 24 jobs" || not_ok "with $(n_done fig4) of 24 jobs"
grep -q '"exit_status": 0' "$TMP/fig4.h5.status" && [ ! -e "$TMP/fig4.h5.lock" ] && ok "and nothing left over" || not_ok "and nothing left over"

# A signal from Slurm, before the end.
job=$(submit signal fig4.sbatch --ntasks=2 --time=5)
for _ in $(seq 300); do grep -q job_started "$TMP/signal.h5.events.jsonl" 2>/dev/null && break; sleep 0.2; done
sleep 2
scancel --batch --signal=USR1 "$job"
for _ in $(seq 300); do [ "$(restarts "$job")" = 1 ] && break; sleep 0.2; done
[ "$(restarts "$job")" = 1 ] && grep -q "stopped (a signal) with" "$TMP/log/signal.log" && ok "USR1 stops it and requeues it" || { not_ok "USR1 stops it and requeues it"; show signal; }
scancel "$job"

# A rank that is killed: the others finish, and the script does not wait for an mpirun that never returns.
job=$(submit killed fig4.sbatch --ntasks=2 --time=5)
for _ in $(seq 300); do grep -q job_started "$TMP/killed.h5.events.jsonl" 2>/dev/null && break; sleep 0.2; done
for pid in $(pgrep -f -- "-o $TMP/killed.h5"); do
    tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | grep -qx OMPI_COMM_WORLD_RANK=1 && kill -KILL "$pid"
done
await_job "$job" 280
[ "$(state "$job")" = COMPLETED ] && grep -q "rank 1 is lost" "$TMP/log/killed.log" && ok "it completes without a rank that was killed" || { not_ok "it completes without a rank that was killed: $(state "$job")"; show killed; }

# Two nodes.
job=$(submit nodes many-nodes.sbatch --nodes=2 --ntasks-per-node=1 --time=5)
await_job "$job" 200
[ "$(state "$job")" = COMPLETED ] && ok "many-nodes.sbatch completes" || { not_ok "many-nodes.sbatch completes: $(state "$job")"; show nodes; }
[ "$(n_done nodes)" = 24 ] && ok "with all 24 jobs" || not_ok "with $(n_done nodes) of 24 jobs"
[ "$(sed -n 's/.*job_finished.*"rank": \([0-9]*\).*/\1/p' "$TMP/nodes.h5.events.jsonl" | sort -u | wc -l)" = 2 ] && ok "on both nodes" || not_ok "on both nodes"
finish
