#!/usr/bin/env bash
# A small sweep, disturbed at random moments and gone on with by the same command, round after round:
#     CHAOS_ROUNDS=200 CHAOS_SEED=1 CHAOS_RANKS=3 BUILD=build tests/program/chaos.sh
# A round is one to three disturbances of a run, each at a moment drawn from its undisturbed duration: SIGKILL of a worker, of rank
# 0, of all ranks or of mpirun; SIGTERM, SIGUSR1 or SIGINT to mpirun; SIGUSR1 to one rank; SIGSTOP of a rank for longer than the
# heartbeat, then SIGCONT. It ends with the same command until that is done. A line a round; the counts at the end must all be 0.
# Every run writes by another --io, as drawn. The same seed draws the same disturbances; what they meet depends on the machine's
# speed. CHAOS_KINDS chooses among them; CHAOS_EPOCHS (5) makes the undisturbed run longer.
. tests/lib.sh
cellsweep=$BUILD/cellsweep
rounds=${CHAOS_ROUNDS:-200}
seed=${CHAOS_SEED:-$((RANDOM * 32768 + RANDOM))}
ranks=${CHAOS_RANKS:-3}
read -r -a kinds <<<"${CHAOS_KINDS:-worker rank0 all mpirun term usr1 int usr1-rank stop}"
limit=${CHAOS_LIMIT:-90} # seconds after which a run counts as hung
heartbeat=2
echo "chaos: seed $seed, $rounds rounds, $ranks ranks, kinds: ${kinds[*]}"

# Never drawn from in a subshell, which would not follow the seed.
RANDOM=$seed
now() { date +%s%N | cut -c1-13; } # milliseconds

"$cellsweep" data synth "$TMP/cells" >/dev/null && "$cellsweep" data pack "$TMP/cells" -o "$TMP/cells.h5" >/dev/null || exit 2
cat >"$TMP/s.yaml" <<YAML
name: chaos
data: $TMP/cells.h5
cnn: {blocks: [4, 8], dense: [16, 8]}
train: {epochs: ${CHAOS_EPOCHS:-5}}
grid:
  clusters: [[14, 15], [1, 27]]
  strategy: [none, oversample, augment]
  protocol: holdout
  seed: {first: 1, count: 3}
YAML
jobs=18
results=$TMP/r.h5
options=(-q)
has_option() { "$cellsweep" run --help | grep -q -- "--$1"; }
recovery=()
has_option heartbeat && options+=("--heartbeat=$heartbeat") && recovery=(--enable-recovery)

# ---- one run ----

ways=(mpio pwrite rank0)
launch() { # launch: a run in the background, its mpirun in $mpirun_pid
    io=${ways[$((RANDOM % 3))]}
    mpirun "${recovery[@]}" --oversubscribe -n "$ranks" "$cellsweep" run "$TMP/s.yaml" -o "$results" --io $io "${options[@]}" \
        >"$TMP/run.log" 2>&1 &
    mpirun_pid=$!
}
alive() { kill -0 "$1" 2>/dev/null; }
rank_of() { tr '\0' '\n' 2>/dev/null <"/proc/$1/environ" | sed -n 's/^OMPI_COMM_WORLD_RANK=//p'; }
find_ranks() { # the processes that mpirun started, in $processes[rank]
    local pid rank
    processes=()
    for pid in $(pgrep -P "$mpirun_pid"); do
        rank=$(rank_of "$pid")
        [ -n "$rank" ] && processes[rank]=$pid
    done
}
gone() { # gone SECONDS PID...: whether all of them end in time
    local deadline=$(($(now) + 1000 * $1)) pid
    shift
    for pid in "$@"; do
        while alive "$pid"; do
            [ "$(now)" -lt $deadline ] || return 1
            sleep 0.02
        done
    done
}
end_run() { # wait for mpirun and its ranks; what does not end by itself is killed, and counted
    if gone "$limit" "$mpirun_pid" && gone 20 "${processes[@]}"; then
        wait "$mpirun_pid" 2>/dev/null
        status=$?
    else
        hung=$((hung + 1))
        note="$note HUNG"
        cp "$TMP/run.log" "$TMP/hung$hung.log"
        sed 's/^/    | /' "$TMP/run.log" | tail -20
        kill -KILL "$mpirun_pid" "${processes[@]}" 2>/dev/null
        wait "$mpirun_pid" 2>/dev/null
        status=137
    fi
}

# ---- disturbances ----

disturb() { # disturb KIND
    local kind=$1 rank=$((RANDOM % ranks)) worker=$((1 + RANDOM % (ranks - 1)))
    find_ranks
    case $kind in
    worker) [ -n "${processes[$worker]:-}" ] && kill -KILL "${processes[$worker]}" ;;
    rank0) [ -n "${processes[0]:-}" ] && kill -KILL "${processes[0]}" ;;
    all) kill -KILL "${processes[@]}" ;;
    mpirun) kill -KILL "$mpirun_pid" ;;
    term) kill -TERM "$mpirun_pid" ;;
    int) kill -INT "$mpirun_pid" ;;
    usr1) kill -USR1 "$mpirun_pid" ;;
    usr1-rank) [ -n "${processes[$rank]:-}" ] && kill -USR1 "${processes[$rank]}" ;;
    stop)
        [ -n "${processes[$rank]:-}" ] && kill -STOP "${processes[$rank]}" && sleep $((heartbeat + 1)) && kill -CONT "${processes[$rank]}"
        ;;
    esac 2>/dev/null
}

# ---- what must hold after every run ----

table() { "$cellsweep" export "$results" --table jobs; }
columns() { # columns NAME...: of the table of jobs, without its head
    awk -F, -v names="$*" 'NR == 1 {n = split(names, name, " "); for (i = 1; i <= NF; i++) at[$i] = i; next}
        {line = ""; for (k = 1; k <= n; k++) line = line (k > 1 ? " " : "") $at[name[k]]; print line}'
}
# A finished row, and when and how often it was started: once it is there it must stay as it is.
finished() { columns key state started attempts <"$1" | awk '$2 == "done"' | sort; }

check_file() { # after a run that was disturbed
    [ -e "$results" ] || return
    if ! "$cellsweep" status "$results" >"$TMP/status.out" 2>&1 || ! h5ls -r "$results" >/dev/null 2>&1 || ! table >"$TMP/jobs.csv"; then
        unreadable=$((unreadable + 1))
        note="$note UNREADABLE"
        sed 's/^/    | /' "$TMP/status.out"
        return
    fi
    finished "$TMP/jobs.csv" >"$TMP/finished.new"
    if [ "$(comm -23 "$TMP/finished" "$TMP/finished.new" | wc -l)" != 0 ]; then
        twice=$((twice + 1))
        note="$note TWICE"
        comm -23 "$TMP/finished" "$TMP/finished.new" | sed 's/^/    | was: /'
    fi
    mv "$TMP/finished.new" "$TMP/finished"
    check_checkpoints
}

# With a checkpoint after every epoch, a job that was cut off goes on at most one epoch behind where it was.
check_checkpoints() {
    local key state epochs file kept
    [ -n "$interval" ] && [ "$interval" = 0.001 ] || return
    while read -r key state epochs; do
        [ "$state" = done ] && continue
        file=$results.checkpoints/$key.ckpt
        kept=$([ -e "$file" ] && od -An -tu4 -j24 -N4 "$file" | tr -d ' ' || echo 0)
        if [ $((epochs - kept)) -gt 1 ]; then
            behind=$((behind + 1))
            note="$note BEHIND($epochs-$kept)"
        fi
    done < <(columns key state epochs_done <"$TMP/jobs.csv")
}

events_twice() { # a job whose end was logged twice, by the runs of this round
    [ -e "$results.events.jsonl" ] || return 1
    [ -n "$(grep -h '"job_finished"' "$results.events.jsonl" | grep -o '"job": *[0-9]*' | sort | uniq -d)" ]
}

finish_round() { # the same command until it is done
    local tries=0
    while :; do
        launch
        sleep 0.2
        find_ranks
        end_run
        check_file
        [ "$status" = 0 ] && [ "$(wc -l <"$TMP/finished")" = $jobs ] && break
        tries=$((tries + 1))
        if [ $tries = 5 ]; then
            unfinished=$((unfinished + 1))
            note="$note UNFINISHED(status $status)"
            sed 's/^/    | /' "$TMP/run.log" | tail -20
            break
        fi
    done
}

check_end() {
    if ! same_bits "$TMP/whole.h5" "$results"; then
        differ=$((differ + 1))
        note="$note DIFFERS"
        cp "$results" "$TMP/differs$differ.h5"
    fi
    if events_twice; then
        twice=$((twice + 1))
        note="$note LOGGED-TWICE"
    fi
    local file
    for file in "$results"?*; do
        [ -e "$file" ] && ! [[ $file =~ \.h5\.(status|events\.jsonl)$ ]] || continue
        left=$((left + 1))
        note="$note LEFT($(basename "$file"))"
    done
}

# ---- the rounds ----

differ=0 twice=0 unreadable=0 hung=0 behind=0 unfinished=0 left=0
declare -A count=()
processes=()
note=""
results=$TMP/whole.h5
start=$(now)
launch
sleep 0.2
find_ranks
end_run
whole=$(($(now) - start))
results=$TMP/r.h5
[ "$status" = 0 ] || { cat "$TMP/run.log"; exit 2; }
echo "chaos: undisturbed $whole ms"
for round in $(seq "$rounds"); do
    rm -rf "$results" "$results".*
    : >"$TMP/finished"
    note="" did="" interval=""
    plain=("${options[@]}")
    if has_option checkpoint; then
        interval=0.2
        [ $((RANDOM % 2)) = 0 ] && interval=0.001
        options+=("--checkpoint=$interval")
    fi
    begun=$(now)
    for _ in $(seq $((1 + RANDOM % 3))); do
        kind=${kinds[$((RANDOM % ${#kinds[@]}))]}
        wait_ms=$((whole * (RANDOM % 1000) / 950))
        launch
        sleep "$(printf '%d.%03d' $((wait_ms / 1000)) $((wait_ms % 1000)))"
        find_ranks
        disturb "$kind"
        end_run
        did="$did $kind@$wait_ms/$io($status)"
        count[$kind]=$((${count[$kind]:-0} + 1))
        check_file
    done
    finish_round
    check_end
    options=("${plain[@]}")
    echo "round $round:$did${interval:+, checkpoints every $interval s}: $(($(now) - begun)) ms ${note:-ok}"
done
for kind in "${kinds[@]}"; do echo "  $kind ${count[$kind]:-0}"; done
echo "chaos: seed $seed: $rounds rounds; $differ with other results, $twice finished jobs computed twice, $unreadable files unreadable after a kill," \
    "$hung hung, $behind jobs more than an epoch behind, $unfinished not finished, $left with something left over"
[ $((differ + twice + unreadable + hung + behind + unfinished + left)) = 0 ]
