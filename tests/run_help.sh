#!/usr/bin/env bash
# Help is there however it is asked for, and an example copied from a terminal is the example that was meant.
. tests/lib.sh
C=$PWD/$BUILD/cellsweep
commands="plan run status report export predict serve bench doctor"
for command in $commands "data synth" "data pack" "data info"; do
    "$C" $command --help >"$TMP/long" 2>&1
    "$C" $command -h >"$TMP/short" 2>&1
    "$C" help $command >"$TMP/word" 2>&1
    check "$command -h" cmp "$TMP/long" "$TMP/short"
    check "help $command" cmp "$TMP/long" "$TMP/word"
    check "it is help" grep -q "^Usage: cellsweep $command" "$TMP/long"
    ARGP_HELP_FMT=rmargin=1000 "$C" $command --help | grep '^  [a-z].*cellsweep \|^      ' >"$TMP/wide"
    grep '^  [a-z].*cellsweep ' "$TMP/wide" | while IFS= read -r line; do
        grep -qxF -- "$line" "$TMP/long" || echo "$line"
    done >"$TMP/broken"
    check "no example of $command is broken by its lines" test ! -s "$TMP/broken"
done
for version in "-V" "--version" "run -V" "data pack --version"; do
    check "$version" bash -c "'$C' $version | grep -q '^cellsweep [0-9]'"
done
check_fails "help of what is no command" "$C" help nosuch

# Every example is parsed: in an empty folder it fails for want of a file, never of an option.
mkdir "$TMP/empty"
export PATH=$PWD/$BUILD:$PATH
for command in run report export predict plan "data pack" "data info"; do
    "$C" $command --help | sed -n '/^  cellsweep /p; /^  find .*cellsweep /p; /^      --filter/p; /^      -o /p' | sed -e ':a' -e '/\\$/{N;s/\\\n//;ba' -e '}' >"$TMP/examples"
    check "$command has examples" test -s "$TMP/examples"
    while IFS= read -r line; do
        (cd "$TMP/empty" && timeout 60 bash -c "$line") >"$TMP/out" 2>&1 </dev/null
        check_fails "parsed: $line" grep -qi "unrecognized\|invalid option\|one argument too many\|--help\|Usage:" "$TMP/out"
    done < <(grep -v -- "--keys" "$TMP/examples")
done
finish
