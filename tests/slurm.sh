# slurm.sh - sourced behind lib.sh: a real Slurm in the scratch folder, slurmctld, munged and as many slurmd as are asked for, all on
# the loopback address of this machine and ended by their process numbers.
#
#     start_slurm n1 n2                                   2 CPUs each; ends the script where it cannot be
#     job=$(submit NAME many-nodes.sbatch --nodes=2)      of $SWEEP; log in $TMP/log/NAME.log, results in $TMP/NAME.h5
#     await_job "$job" SECONDS                            until it has ended
root=$(pwd)
export PATH=$PATH:/usr/sbin
CELLSWEEP=$(realpath "$BUILD/cellsweep")
export CELLSWEEP
pids=()
declare -A slurmd_of # the process of a node's slurmd
end_all() {
    local pid i
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
    for ((i = 0; i < 50; i++)); do kill -0 "${pids[@]}" 2>/dev/null || break; sleep 0.1; done
    for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null; done
    rm -rf "$TMP"
}

# slurm_conf NODE...
slurm_conf() {
    local host port node n=0
    host=$(hostname -s)
    port=$((20000 + RANDOM % 20000))
    cat <<CONF
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
SlurmdTimeout=15
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
CONF
    for node; do
        n=$((n + 1))
        echo "NodeName=$node NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + n)) CPUs=2"
    done
    echo "PartitionName=all Nodes=$(IFS=,; echo "$*") Default=YES MaxTime=60 State=UP"
}

idle() { sinfo -h -N -o %T 2>/dev/null | grep -c idle; }

# start_slurm NODE...
start_slurm() {
    local node
    if [ "$(id -u)" != 0 ] || ! command -v slurmctld slurmd munged >/dev/null; then
        skip "needs root, slurmctld, slurmd and munge"
        finish
    fi
    trap end_all EXIT
    mkdir -p "$TMP/state" "$TMP/spool" "$TMP/log"
    chmod 711 "$TMP"
    slurm_conf "$@" >"$TMP/slurm.conf"
    export SLURM_CONF=$TMP/slurm.conf
    head -c 1024 /dev/urandom >"$TMP/munge.key"
    chmod 600 "$TMP/munge.key"
    munged --foreground --force --key-file="$TMP/munge.key" --socket="$TMP/munge.socket" --pid-file="$TMP/munged.pid" \
        --log-file="$TMP/log/munged" --seed-file="$TMP/munge.seed" --num-threads=2 >/dev/null 2>&1 &
    pids+=($!)
    for _ in $(seq 100); do [ -S "$TMP/munge.socket" ] && break; sleep 0.1; done
    slurmctld -D -i >"$TMP/log/ctld.out" 2>&1 &
    pids+=($!)
    for node; do
        slurmd -D -N "$node" >"$TMP/log/$node.out" 2>&1 &
        pids+=($!)
        slurmd_of[$node]=$!
    done
    for _ in $(seq 300); do [ "$(idle)" = $# ] && break; sleep 0.2; done
    if [ "$(idle)" != $# ]; then
        not_ok "a Slurm of $# nodes comes up"
        tail -5 "$TMP"/log/* | sed 's/^/# /'
        finish
    fi
    ok "a Slurm of $# nodes comes up"
}

state() { scontrol -o show job "$1" | sed 's/.*JobState=\([A-Z_]*\).*/\1/'; }
restarts() { scontrol -o show job "$1" | sed 's/.*Restarts=\([0-9]*\).*/\1/'; }
await_job() {
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
    (cd "$TMP" && RESULTS=$TMP/$name.h5 sbatch --parsable --output="$TMP/log/$name.log" "$@" "$root/experiments/slurm/$script")
}
n_done() { "$CELLSWEEP" export "$TMP/$1.h5" --table jobs | grep -c ',done,'; }

# on_node NODE [PATTERN]: processes of jobs of this Slurm there, of that name; ranks_on NODE: those that are ranks.
of_node() { grep -qsz "^SLURMD_NODENAME=$2\$" "/proc/$1/environ" && grep -qsz "^SLURM_CONF=$TMP/slurm.conf\$" "/proc/$1/environ"; }
on_node() {
    local pid
    for pid in $(pgrep "${2:-.}"); do of_node "$pid" "$1" && echo "$pid"; done
}
ranks_on() {
    local pid
    for pid in $(on_node "$1" '^cellsweep$'); do grep -qsz '^OMPI_COMM_WORLD_RANK=' "/proc/$pid/environ" && echo "$pid"; done
}
