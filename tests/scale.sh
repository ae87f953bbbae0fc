#!/usr/bin/env bash
# How many ranks rank 0 carries, in three ways: tests/scale.sh [played|counted|real|opens|model]...  (default: all; make bench-scale).
#
#     BUILD=build          program and tests/orchestrator/load_* of that folder
#     RANKS="2 32 128"     of the real runs, more than cores: a minute each at 256, as Open MPI starts them
#     SECONDS_A_JOB=1      of the real runs
#     MODEL="256 1000"     ranks of the model, in place of 2 to 100 000
#     IO=pwrite            of the real runs: as --io
#     MPI_OPTIONS=... RUN_OPTIONS=...  of mpirun and of run in the real runs; MOST_SECONDS=300: after which one is given up
#
# played   ranks played against rank 0's own code in one process, with the event log, jobs of 1 and 10 s
# counted  instructions a message by callgrind, which do not depend on who else uses the machine (needs valgrind)
# real     mpirun --oversubscribe with jobs that sleep: start, end, memory, messages, rank 0's CPU in hand-out
# opens    what --io mpio, pwrite and rank0 ask of all ranks together, and how often each opens the results file (tests/support/collectives.c)
# model    utilisation = ranks / seconds of a job x seconds a message + nodes x seconds a message + looks of Open MPI, beside what was
#          played, and beside the real runs where they were made before it
set -u
export OPENBLAS_NUM_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
BUILD=${BUILD:-build} RANKS=${RANKS:-2 32 128} SECONDS_A_JOB=${SECONDS_A_JOB:-1}
cellsweep=$(realpath "$BUILD/cellsweep") handout=$BUILD/tests/orchestrator/load_handout probe=$BUILD/tests/orchestrator/load_probe
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
mpi() { local n=$1; shift; timeout "${MOST_SECONDS:-300}" mpirun --oversubscribe ${MPI_OPTIONS:-} -n "$n" "$@"; }

# play RANKS JOBS SECONDS: "US_A_MESSAGE SHARE MESSAGES_A_SECOND US_A_JOB" with the event log.
play() {
    "$handout" "$1" "$2" 1 "$3" 128 "$TMP/log" | sed 's/.*kinds: \([0-9.]*\) us a job.* \([0-9.]*\) us a message, \([0-9.]*\) % of a core.* \([0-9]*\) messages a second.*/\2 \3 \4 \1/'
    rm -f "$TMP/log"*
}

played() {
    local n s us share most job
    printf '\n%-8s %6s %14s %14s %18s %12s   played, log written\n' ranks "job s" "us a message" "% of a core" "messages/s, most" "us a job"
    for n in 100 1000 10000 100000; do
        for s in 1 10; do
            read -r us share most job <<<"$(play $n $((n < 5000 ? 20000 : 4 * n)) $s)"
            printf '%-8s %6s %14s %14s %18s %12s\n' $n $s "$us" "$share" "$most" "$job"
        done
    done
}

counted() {
    local n words refs
    command -v valgrind >/dev/null || { echo "instructions are not counted: no valgrind"; return; }
    printf '\n%-8s %22s   counted by callgrind in dispatch_hear() and dispatch_look(), 4 jobs of 1 s a rank, no log\n' ranks "instructions a message"
    for n in ${COUNTED:-100 1000 10000 100000}; do
        valgrind --tool=callgrind --callgrind-out-file="$TMP/out" --collect-atstart=no --toggle-collect=dispatch_hear \
            --toggle-collect=dispatch_look "$handout" $n $((4 * n)) 1 >"$TMP/counted" 2>&1
        words=$(sed -n 's/.* core, \([0-9]*\) messages.*/\1/p' "$TMP/counted")
        refs=$(sed -n 's/.*Collected : \([0-9]*\).*/\1/p' "$TMP/counted")
        printf '%-8s %22s\n' $n $((refs / words))
    done
}

# at PATTERN first|last: seconds since 1970 of that line of the event log.
at() { date -d "$(grep "\"event\": \"$1\"" "$R.events.jsonl" | { [ $2 = first ] && head -1 || tail -1; } | sed 's/.*"time": "\([^"]*\)".*/\1/')" +%s.%3N; }
# memory: MB a rank, its share of what is shared (PSS), of all that run now.
memory() { for pid in $(pgrep -f -- "-o $R( |\$)"); do grep -h '^Pss:' "/proc/$pid/smaps_rollup" 2>/dev/null; done | awk '{n++; kb += $2} END {printf "%.0f", n ? kb / n / 1024 : 0}'; }

# told STATUS RANKS FILE: why a run failed, with all that it said.
told() {
    [ "$1" = 124 ] && echo "$2: given up after ${MOST_SECONDS:-300} s, of which it said:" || echo "$2: exit status $1, and it said:"
    sed 's/^/    | /' "$3"
}

real() {
    local n jobs begun ended mb words looks share seconds
    "$cellsweep" data synth "$TMP/cells" >/dev/null && "$cellsweep" data pack "$TMP/cells" -o "$TMP/cells.h5" >/dev/null 2>&1 || exit 1
    printf '\n%-8s %10s %10s %10s %12s %10s %10s %14s %14s   real, jobs that sleep %s s, --dedicated\n' ranks "start s" "end s" "MB a rank" "messages/s" "looks/s" "us a look" "% of a core" "Open MPI" "$SECONDS_A_JOB"
    for n in $RANKS; do
        jobs=$((n * 10)) R=$TMP/r$n.h5
        printf '%s\n' "name: scale" "data: $TMP/cells.h5" "model: fake" "fake: {milliseconds: $(awk "BEGIN {print 1000 * $SECONDS_A_JOB}")}" \
            "train: {epochs: 1}" "grid:" "  clusters: [[26, 27]]" "  seed: {first: 1, count: $jobs}" >"$TMP/s.yaml"
        begun=$(date +%s.%3N)
        mpi "$n" "$cellsweep" run "$TMP/s.yaml" -o "$R" -q --dedicated ${IO:+--io $IO} ${RUN_OPTIONS:-} >"$TMP/run" 2>&1 &
        until grep -qs job_finished "$R.events.jsonl" || ! kill -0 $! 2>/dev/null; do sleep 0.2; done
        mb=$(memory)
        wait $! || { told $? "$n" "$TMP/run"; continue; }
        ended=$(date +%s.%3N)
        read -r share words looks <<<"$(sed -n "s/.*hand-out \([0-9.]*\) % of rank 0's time, \([0-9]*\) messages in \([0-9]*\) looks.*/\1 \2 \3/p" "$TMP/run")"
        seconds=$(awk "BEGIN {print $(at run_ended last) - $(at run_started first)}")
        awk -v n="$n" -v a="$begun" -v b="$(at job_started first)" -v c="$(at job_finished last)" -v d="$ended" -v mb="$mb" -v w="$words" -v s="$seconds" \
            -v p="$share" -v l="$looks" 'BEGIN {printf "%-8s %10.1f %10.1f %10s %12.1f %10.0f %10.1f %14s", n, b - a, d - c, mb, w / s, l / s, 1e4 * p * s / l, p}'
        echo "$n $share" >>"$TMP/shares"
        echo " $(mpi "$n" "$probe" | sed 's/.*: //')"
        rm -f "$R"*
    done
}

# Calls and opens a rank, the same numbers whatever the number of ranks.
opens() {
    local io n
    "$cellsweep" data synth "$TMP/o" >/dev/null && "$cellsweep" data pack "$TMP/o" -o "$TMP/o.h5" >/dev/null 2>&1 || exit 1
    printf '%s\n' "name: opens" "data: $TMP/o.h5" "model: fake" "train: {epochs: 1}" "grid:" "  clusters: [[26, 27]]" "  seed: {first: 1, count: 32}" >"$TMP/o.yaml"
    printf '\n%-8s %6s %24s %24s %22s %22s   collective calls a rank, and how often it opens the results file\n' \
        --io ranks "of files, rank 0" "others, rank 0" "opens, rank 0" "opens, other ranks"
    for io in mpio pwrite rank0; do
        for n in ${OPENS:-2 4 16}; do
            rm -f "$TMP/k".* "$TMP/opens.h5"*
            mpi "$n" -x LD_PRELOAD="$(realpath "$BUILD/tests/support/collectives.so")" -x COLLECTIVES="$TMP/k" -x COLLECTIVES_OF=opens.h5 \
                "$cellsweep" run "$TMP/o.yaml" -o "$TMP/opens.h5" -q --io $io >"$TMP/run" 2>&1 || { told $? "$n" "$TMP/run"; continue; }
            read -r files others root <"$TMP/k.0"
            printf '%-8s %6s %24s %24s %22s %22s\n' $io "$n" "$files" "$others" "$root" "$(cat "$TMP/k".[1-9]* | awk '{print $3}' | sort -nu | xargs)"
        done
    done
}

# Percent of a core by the model: ranks, seconds of a job, us a message. The looks of rank 0 for messages, a thousand a second when it has
# nothing else to do, cost what Open MPI needs to look through all ranks. Prints the share, and how much of it are looks.
by_model() {
    awk -v n=$1 -v s=$2 -v us="$3" 'BEGIN {nap = 8e-9 * n > 1e-3 ? 8e-9 * n : 1e-3; looks = 0.9e-9 * n * 2 / nap + 4e-6 / nap
        printf "%.2f %.2f\n", 100 * (1e-6 * us * (n / s + n / 128) + looks), 100 * looks}'
}

model() {
    local n s us share most job all looks real words
    read -r words share most job <<<"$(play 10000 40000 10)"
    printf '\n%-8s %6s %14s %14s %14s %18s %14s   of a core, %%; model: 0.9 ns a rank and 4 us a look, 128 ranks a node, us a message as played\n' \
        ranks "job s" "us a message" "played" "model without" "model, Open MPI" "real"
    for n in ${MODEL:-2 32 128 256 512 1000 10000 100000}; do
        for s in 1 10; do
            us=$words share=-
            [ $n -lt 100 ] || read -r us share most job <<<"$(play $n $((20 * n)) $s)" # so many that start and end count for little
            read -r all looks <<<"$(by_model $n $s "$us")"
            real=$([ $s = "$SECONDS_A_JOB" ] && grep -s "^$n " "$TMP/shares" | cut -d' ' -f2)
            printf '%-8s %6s %14s %14s %14s %18s %14s\n' $n $s "$us" "$share" "$(awk "BEGIN {printf \"%.2f\", $all - $looks}")" "$all" "${real:--}"
        done
    done
}
for part in "${@:-played counted real opens model}"; do for p in $part; do "$p"; done; done
