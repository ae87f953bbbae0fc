#!/usr/bin/env bash
# Run test programs (cmocka) and test scripts, one after the other, and count: tests/all.sh PROGRAM... SCRIPT...
# The last line is "N passed, N failed, N skipped".
set -u
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OPENBLAS_NUM_THREADS=1
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
passed=0 failed=0 skipped=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
count() { grep -c -- "$1" "$log" || true; }
for test in "$@"; do
    name=$(basename "$test" .sh)
    start=$(date +%s)
    case $test in
    *.sh)
        # Leaks inside Open MPI would drown ours: they are looked for in the serial programs only.
        ASAN_OPTIONS=detect_leaks=0 timeout 1200 bash "$test" >"$log" 2>&1
        status=$?
        p=$(count '^ok - ') f=$(count '^not ok - ') s=$(count '^skip - ')
        ;;
    *)
        ASAN_OPTIONS=detect_leaks=1 LSAN_OPTIONS=suppressions=tests/lsan.supp:print_suppressions=0 timeout 1200 "$test" >"$log" 2>&1
        status=$?
        p=$(count '^\[       OK \]') f=$(count '^\[  FAILED  \] [a-z_0-9]*$') s=$(count '^\[  SKIPPED \] [a-z_0-9]*$')
        ;;
    esac
    [ "$status" = 0 ] || [ "$f" -gt 0 ] || f=1
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    if [ "$status" != 0 ] || [ "$f" -gt 0 ]; then
        sed "s/^/    /" "$log"
        verdict="FAILED (status $status)"
    else
        grep -h '^skip - \|^worst' "$log" | sed 's/^/    /'
        verdict=ok
    fi
    printf '%-20s %4d passed %3d failed %3d skipped %4d s  %s\n' "$name" "$p" "$f" "$s" $(($(date +%s) - start)) "$verdict"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
