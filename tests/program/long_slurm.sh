#!/usr/bin/env bash
# The scripts of experiments/slurm under a real Slurm: slurmctld, two slurmd and munged on the loopback address, all in a scratch
# folder, ended by their process numbers. fig4.sbatch gets less time than its sweep needs: it stops in time, requeues itself, and
# finishes; a signal from Slurm does the same. Minutes, so it is not one of the tests of every change.
. tests/lib.sh
root=$(pwd)
export PATH=$PATH:/usr/sbin
if [ "$(id -u)" != 0 ]; then
    skip "slurmd can only be started by root"
    finish
fi
port=$((20000 + RANDOM % 20000))
pids=()
end_all() {
    local pid i
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
    for ((i = 0; i < 50; i++)); do kill -0 "${pids[@]}" 2>/dev/null || break; sleep 0.1; done
    for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null; done
    rm -rf "$TMP"
}
trap end_all EXIT

mkdir -p "$TMP/state" "$TMP/spool" "$TMP/log"
chmod 711 "$TMP"
host=$(hostname -s)
cat >"$TMP/slurm.conf" <<CONF
ClusterName=cellsweep
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$TMP/munge.socket
CredType=cred/munge
StateSaveLocation=$TMP/state
SlurmdSpoolDir=$TMP/spool/%n
SlurmctldPidFile=$TMP/slurmctld.pid
SlurmdPidFile=$TMP/slurmd-%n.pid
SlurmctldLogFile=$TMP/log/slurmctld
SlurmdLogFile=$TMP/log/slurmd-%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
KillWait=5
SchedulerParameters=batch_sched_delay=0
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 1)) CPUs=2
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 2)) CPUs=2
PartitionName=all Nodes=n1,n2 Default=YES MaxTime=60 State=UP
CONF
export SLURM_CONF=$TMP/slurm.conf

head -c 1024 /dev/urandom >"$TMP/munge.key"
chmod 600 "$TMP/munge.key"
munged --foreground --force --key-file="$TMP/munge.key" --socket="$TMP/munge.socket" --pid-file="$TMP/munged.pid" \
    --log-file="$TMP/log/munged" --seed-file="$TMP/munge.seed" --num-threads=2 >/dev/null 2>&1 &
pids+=($!)
for _ in $(seq 100); do [ -S "$TMP/munge.socket" ] && break; sleep 0.1; done
slurmctld -D -i >"$TMP/log/ctld.out" 2>&1 &
pids+=($!)
for n in n1 n2; do
    slurmd -D -N $n >"$TMP/log/$n.out" 2>&1 &
    pids+=($!)
done
idle() { sinfo -h -N -o %T 2>/dev/null | grep -c idle; }
for _ in $(seq 100); do [ "$(idle)" = 2 ] && break; sleep 0.2; done
if [ "$(idle)" != 2 ]; then
    not_ok "a Slurm of two nodes comes up"
    tail -5 "$TMP"/log/* | sed 's/^/# /'
    finish
fi
ok "a Slurm of two nodes comes up"

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
export CELLSWEEP=$root/$BUILD/cellsweep SWEEP=$TMP/sweep.yaml
cd "$TMP" || exit 1
state() { scontrol -o show job "$1" | sed 's/.*JobState=\([A-Z]*\).*/\1/'; }
restarts() { scontrol -o show job "$1" | sed 's/.*Restarts=\([0-9]*\).*/\1/'; }
await() { # await JOB SECONDS: until it has ended
    local i
    for ((i = 0; i < $2; i++)); do
        case $(state "$1") in COMPLETED | FAILED | CANCELLED | TIMEOUT | NODE_FAIL) return ;; esac
        sleep 1
    done
}
show() { sed 's/^/# /' "$TMP/log/$1.log"; }
submit() { # submit NAME SCRIPT OPTION...
    local name=$1 script=$2
    shift 2
    RESULTS=$TMP/$name.h5 sbatch --parsable --output="$TMP/log/$name.log" "$@" "$root/experiments/slurm/$script"
}
n_done() { "$CELLSWEEP" export "$TMP/$1.h5" --table jobs | grep -c ',done,'; }

job=$(submit fig4 fig4.sbatch --ntasks=2 --time=1 --signal=B:URG@1)
await "$job" 400
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
await "$job" 280
[ "$(state "$job")" = COMPLETED ] && grep -q "rank 1 is lost" "$TMP/log/killed.log" && ok "it completes without a rank that was killed" || { not_ok "it completes without a rank that was killed: $(state "$job")"; show killed; }

# Two nodes.
job=$(submit nodes many-nodes.sbatch --nodes=2 --ntasks-per-node=1 --time=5)
await "$job" 200
[ "$(state "$job")" = COMPLETED ] && ok "many-nodes.sbatch completes" || { not_ok "many-nodes.sbatch completes: $(state "$job")"; show nodes; }
[ "$(n_done nodes)" = 24 ] && ok "with all 24 jobs" || not_ok "with $(n_done nodes) of 24 jobs"
[ "$(sed -n 's/.*job_finished.*"rank": \([0-9]*\).*/\1/p' "$TMP/nodes.h5.events.jsonl" | sort -u | wc -l)" = 2 ] && ok "on both nodes" || not_ok "on both nodes"
cd "$root" || exit 1
finish
