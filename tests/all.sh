#!/usr/bin/env bash
# Run test programs (cmocka) and test scripts beside each other and count what they report in TAP: tests/all.sh PROGRAM... SCRIPT...
#
#     JOBS=6             tests at a time; default: 3 a core, as they mostly wait, but one for every 1.5 GiB of free memory at most
#     SLOW_START=6       every program that uses MPI starts so many seconds late, as where the host name does not resolve
#     SLOWEST=10         the ten that took longest at the end, with the seconds of CPU that they used
#     TEST_SECONDS=2400  a test that takes longer hangs; nothing else here depends on how fast the machine is
#
# A line a test, in the order of the arguments; the whole output of one that failed before it, and what failed in it once more at the
# end. A test fails when one of its checks
# does, when it ends before it has reported as many as it planned, when its exit status is not 0, and when it leaves a process or a
# file: each has a temporary folder (TMPDIR) of its own, which every process that it starts inherits. A test whose source has a line
# "alone: WHY" runs when the others are done. What took longest the last time starts first.
# The last line is "N passed, N failed, N skipped".
set -u
BUILD=${BUILD:-build}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OPENBLAS_NUM_THREADS=1
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1} CMOCKA_MESSAGE_OUTPUT=TAP
times=$BUILD/tests/seconds
default_jobs() {
    local memory
    memory=$(awk '/^MemAvailable/ {printf "%d", $2 / 1048576 / 1.5}' /proc/meminfo)
    echo $((memory < 1 ? 1 : memory < 3 * $(nproc) ? memory : 3 * $(nproc)))
}
jobs=${JOBS:-$(default_jobs)}
all=$(mktemp -d "${TMPDIR:-/tmp}/t.XXXXXX")
mkdir "$all/drawn"
export CELLS=$all/drawn/cells # tests/lib.sh

# ---- what a test leaves ----

processes() { # processes FOLDER: those whose TMPDIR is FOLDER or in it
    grep -lzs -e "^TMPDIR=$1\$" -e "^TMPDIR=$1/" /proc/[0-9]*/environ | cut -d/ -f3
}
files() { # files FOLDER: what is left, but for what Open MPI leaves when it is killed
    find "$1" -mindepth 1 -maxdepth 1 ! -name 'ompi.*' -printf '%f\n'
}
end_left() { # end_left FOLDER: its processes, once they have had time to end by themselves, are told and killed
    local pid left=0
    for _ in $(seq 100); do [ -n "$(processes "$1")" ] || return 0; sleep 0.1; done
    for pid in $(processes "$1"); do
        tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | sed "s/^/left running: $pid /; s/\$/\n/"
        kill -KILL "$pid" 2>/dev/null
        left=1
    done
    return $left
}
remove() { # remove FOLDER: with what is mounted in it
    awk -v folder="$1/" 'index($2, folder) == 1 {print $2}' /proc/mounts | xargs -r -n 1 umount -l
    rm -rf "$1"
}
finish() {
    processes "$all" | xargs -r kill -KILL 2>/dev/null
    remove "$all"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

# ---- one test ----

name_of() { basename "$1" .sh; }
source_of() { case $1 in *.sh) echo "$1" ;; *) echo tests/*/"$(name_of "$1").c" ;; esac }
is_alone() { grep -qs '^\(#\| \*\) alone: ' "$(source_of "$1")"; }

run() { # run TEST: its output in $all/NAME.log, then "STATUS SECONDS CPU" in $all/NAME.end
    local test=$1 start=$SECONDS name log status preload=${LD_PRELOAD:-} TIMEFORMAT='%U %S'
    local -a command=("$test")
    name=$(name_of "$test") log=$all/$name.log
    # Two mpirun that start at the same moment fail over who makes this folder; they remove it only while it is empty.
    mkdir -p "$all/$name/ompi.${HOSTNAME%%.*}.$(id -u)/keep"
    # Leaks inside Open MPI would drown ours: they are looked for in the serial programs only.
    local leaks=1
    case $test in *.sh) command=(bash "$test") leaks=0 ;; esac
    [ -z "${SLOW_START:-}" ] || preload=$(realpath "$BUILD/tests/support/slow_start.so")${preload:+:$preload}
    # A shell has its background processes ignore the keyboard's signals.
    { time timeout -k 10 "${TEST_SECONDS:-2400}" env --default-signal=INT,QUIT TMPDIR="$all/$name" ASAN_OPTIONS=detect_leaks=$leaks \
        LSAN_OPTIONS=suppressions=tests/lsan.supp:print_suppressions=0 ${preload:+LD_PRELOAD=$preload} "${command[@]}" >"$log" 2>&1 </dev/null; } \
        2>"$all/$name.cpu"
    status=$?
    [ $status != 124 ] || echo "hangs: it was ended after ${TEST_SECONDS:-2400} s" >>"$log"
    end_left "$all/$name" >>"$log" || status=left
    [ -z "$(files "$all/$name")" ] || { status=left && files "$all/$name" | sed "s/^/left behind: /" >>"$log"; }
    remove "$all/$name"
    echo "$status $((SECONDS - start)) $(awk '{printf "%.0f", $1 + $2}' "$all/$name.cpu")" >"$all/$name.tmp"
    mv "$all/$name.tmp" "$all/$name.end"
}

# ---- what it said ----

count() { # count LOG: "passed failed skipped planned"; planned is -1 without a plan
    awk 'BEGIN {plan = -1}
        /^1\.\.[0-9]/ {plan = (plan < 0 ? 0 : plan) + substr($0, 4); next}
        /^skip - |^(not )?ok[^#]*# SKIP/ {s++; next}
        /^not ok( [0-9]+)? -/ {f++}
        /^ok( [0-9]+)? -/ {p++}
        END {print p + 0, f + 0, s + 0, plan}' "$1"
}
failures() { # failures NAME STATUS: what failed in it, once more
    echo "$1 (status $2):"
    grep -A 4 '^not ok\|^it ended before its plan\|planned did not run$\|^left \|^hangs\|^skip all' "$all/$1.log" | tail -n 12 | cut -c1-300 | sed 's/^/    /'
}
passed=0 failed=0 skipped=0
tell() { # tell NAME
    local log=$all/$1.log status seconds cpu p f s planned verdict=ok
    read -r status seconds cpu <"$all/$1.end"
    read -r p f s planned < <(count "$log")
    if [ "$planned" -lt 0 ]; then
        echo "it ended before its plan" >>"$log"
        f=$((f + 1))
    elif [ $((p + f + s)) -lt "$planned" ]; then
        echo "$((planned - p - f - s)) of the $planned planned did not run" >>"$log"
        f=$((f + planned - p - f - s))
    fi
    [ "$status" = 0 ] || [ "$f" -gt 0 ] || f=1
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    if [ "$f" -gt 0 ]; then
        sed "s/^/    /" "$log"
        verdict="FAILED (status $status)"
        failures "$1" "$status" >>"$all/failures"
    else
        grep -h '# SKIP\|^skip - \|^worst' "$log" | sed 's/^/    /'
    fi
    printf '%-20s %4d passed %3d failed %3d skipped %4d s  %s\n' "$1" "$p" "$f" "$s" "$seconds" "$verdict"
    echo "$1 $seconds $cpu" >>"$all/times"
}

# ---- all of them ----

names=()
declare -A path=()
for test in "$@"; do
    [ -z "${path[$(name_of "$test")]:-}" ] || { echo "all.sh: ${path[$(name_of "$test")]} and $test have one name, and only one of them would run; rename one" >&2 && exit 2; }
    names+=("$(name_of "$test")")
    path[$(name_of "$test")]=$test
done
next=0
tell_ended() { # what has ended, as far as all before it have
    while [ $next -lt ${#names[@]} ] && [ -e "$all/${names[$next]}.end" ]; do
        tell "${names[$next]}"
        next=$((next + 1))
    done
}
run_all() { # run_all AT-A-TIME TEST...
    local most=$1 test running=0
    shift
    for test in "$@"; do
        if [ $running -ge "$most" ]; then
            wait -n
            running=$((running - 1))
            tell_ended
        fi
        run "$test" &
        running=$((running + 1))
    done
    while [ $running -gt 0 ]; do
        wait -n
        running=$((running - 1))
        tell_ended
    done
}
# When nothing is known yet, scripts take longer than programs, and these take longest.
longest=" run_page run_models run_hostile run_features run_predict run_docs run_merge run_sweep run_again run_report "
seconds_of() { awk -v name="$(name_of "$1")" '$1 == name {s = $2} END {print s != "" ? s : -1}' "$times" 2>/dev/null || echo -1; }
first_longest() { # paths on stdin
    local test
    while read -r test; do
        case $longest in *" $(name_of "$test") "*) echo "$(seconds_of "$test") 2 $test" && continue ;; esac
        case $test in *.sh) echo "$(seconds_of "$test") 1 $test" ;; *) echo "$(seconds_of "$test") 0 $test" ;; esac
    done | sort -s -k1,1nr -k2,2nr | cut -d' ' -f3-
}
beside=() alone=()
while read -r test; do
    if is_alone "$test"; then alone+=("$test"); else beside+=("$test"); fi
done < <(printf '%s\n' "${path[@]}" | first_longest)
run_all "$jobs" ${beside[@]+"${beside[@]}"}
run_all 1 ${alone[@]+"${alone[@]}"}
if [ -d "$BUILD/tests" ]; then
    { awk 'NR == FNR {new[$1] = 1; next} !($1 in new)' "$all/times" "$times" 2>/dev/null; cat "$all/times"; } >"$all/times.new"
    cp "$all/times.new" "$times"
fi
[ -z "${SLOWEST:-}" ] || sort -k2,2nr "$all/times" | head -n "$SLOWEST" | awk '{printf "%-20s %4d s, CPU %4d s\n", $1, $2, $3}'
[ ! -e "$all/failures" ] || cat "$all/failures"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
