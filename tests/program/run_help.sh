#!/usr/bin/env bash
# Help is there however it is asked for, and an example copied from a terminal is the example that was meant.
. tests/lib.sh
C=$PWD/$BUILD/cellsweep
commands="plan run grow status report export predict serve bench doctor"
for command in $commands "data synth" "data pack" "data info"; do
    "$C" $command --help >"$TMP/long" 2>&1
    "$C" $command -h >"$TMP/short" 2>&1
    "$C" help $command >"$TMP/word" 2>&1
    check "$command -h" cmp "$TMP/long" "$TMP/short"
    check "help $command" cmp "$TMP/long" "$TMP/word"
    check "it is help" grep -q "^Usage: cellsweep $command" "$TMP/long"
    grep '^  [a-z].*cellsweep ' "orchestrator/help/${command// /_}.txt" | while IFS= read -r line; do
        grep -qxF -- "$line" "$TMP/long" || echo "$line"
    done >"$TMP/broken"
    check "no example of $command is broken by its lines" test ! -s "$TMP/broken"
done
for version in "-V" "--version" "run -V" "data pack --version"; do
    check "$version" bash -c "'$C' $version | grep -q '^cellsweep [0-9]'"
done
"$C" run --help | sed '2d; /^Every/,$d' | head -n -1 >"$TMP/long"
check "--usage is the options without the text" cmp <("$C" run --usage) "$TMP/long"
# As wide as the terminal, up to 110 columns; 80 where there is none.
longest() { awk '{ sub(/\r$/, ""); if (length > most) most = length } END { print most }'; }
for width in 60:59 100:99 200:110; do
    most=$(script -qc "stty cols ${width%:*}; '$C' bench --help" /dev/null | longest)
    check "lines of $most in ${width%:*} columns" test "$most" -le "${width#*:}" -a "$most" -gt $((${width#*:} - 8))
done
check "80 columns in a pipe" test "$("$C" bench --help | longest)" -le 79
# Ranks of one run say it once.
for wrong in "run --filtr x" "run s.yaml" "doctor a b"; do
    mpi 3 "$C" $wrong >"$TMP/ranks" 2>&1 && not_ok "$wrong on 3 ranks: exit status 0"
    check "$wrong on 3 ranks is told once" test "$(grep -c '^cellsweep: ' "$TMP/ranks")" = 1
done
check "help for 3 ranks is one page" test "$(mpi 3 "$C" run --help | grep -c ^Usage)" = 1
check_fails "help of what is no command" "$C" help nosuch

# Every example is parsed: in an empty folder it fails for want of a file, never of an option.
mkdir "$TMP/empty"
export PATH=$PWD/$BUILD:$PATH
for command in run report export predict plan "data pack" "data info"; do
    "$C" $command --help | sed -n '/^  cellsweep /p; /^  find .*cellsweep /p; /^      -[-a-z]* [^ ]/p' | sed -e ':a' -e '/\\$/{N;s/\\\n//;ba' -e '}' >"$TMP/examples"
    check "$command has examples" test -s "$TMP/examples"
    while IFS= read -r line; do
        (cd "$TMP/empty" && timeout 60 bash -c "$line") >"$TMP/out" 2>&1 </dev/null
        check_fails "parsed: $line" grep -qi "unknown option\|needs a value\|takes no value\|one argument too many\|--help\|Usage:" "$TMP/out"
    done < <(grep -v -- "--keys" "$TMP/examples")
done
finish
