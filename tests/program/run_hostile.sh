#!/usr/bin/env bash
# Files of somebody else: texts that a shell, gnuplot, a terminal, a spreadsheet or a path would obey, in every text of a results file, of
# a sweep file and of a table. Nothing of them is run, nothing is written beside what was asked for, and no terminal is steered.
. tests/lib.sh
cellsweep=$(realpath "$BUILD/cellsweep")
hostile=$(realpath "$BUILD/tests/results/load_hostile")
few_cells 14 15 && mkdir "$TMP/work" && mv "$TMP/few" "$TMP/work/cells" && cd "$TMP/work" || exit 1

TEXTS=(
    '`touch HACKED`'
    '$(touch HACKED);touch HACKED|touch HACKED&'
    "'; system('touch HACKED'); print '"
    '"; system("touch HACKED"); print "`touch HACKED`'
    $'\n!touch HACKED\nsystem("touch HACKED")\n`touch HACKED`'
    $'\e]0;title\a\e[31mred\x9b\x7f\r\t\xc2\x9b'
    '=cmd|'"' /C touch HACKED'!A0"
    '@x|<b>|<script>alert(1)</script>|*a*'
    $'a\xe2\x80\xae\xe2\x81\xa6gnp\xff\xc3'
    '../../../HACKED'
    '-o/HACKED'
    'a\0`touch HACKED`'
    "$(printf 'x%.0s' $(seq 70000))"
)

# calm FILE...: no byte that steers a terminal, no letter that turns the direction.
calm() { ! LC_ALL=C grep -aqP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]' "$@"; }

# unharmed: nothing was run, and no file stands anywhere but in out/.
unharmed() {
    ! find "$TMP" -name '*HACKED*' -not -path "$TMP/work/out/*" | grep . && [ ! -e "$BUILD/HACKED" ] &&
        diff <(find "$TMP" -type f -not -path "$TMP/work/out/*" | sort) "$TMP/work/before"
}
remember() {
    : >before
    find "$TMP" -type f -not -path "$TMP/work/out/*" | sort >"$TMP/check.out" && cp "$TMP/check.out" before
}

# said COMMAND...: run it with its output in out/said, any exit status but a crash's.
said() {
    timeout 120 "$@" >out/said 2>&1
    SAID=$?
    [ $SAID -le 3 ] && calm out/said || { echo "status $SAID: $*" && cat -v out/said && false; }
}

# drawn COMMAND...: the same, and it succeeds.
drawn() { said "$@" && [ "$SAID" = 0 ] || { cat -v out/said && false; }; }

cat >s.yaml <<'YAML'
data: cells
image.size: 10
keep_weights: true
train.epochs: 1
grid:
  clusters: [[14, 15]]
  strategy: [none, undersample]
  undersample.replacement: [true, false]
  seed: {first: 1, count: 2}
YAML
check "a sweep" "$cellsweep" run s.yaml -o good.h5 -q
cp cells/cell_images/cluster_14/"$(ls cells/cell_images/cluster_14 | head -1)" one.png
mapfile -t fields < <("$hostile" list good.h5)
check "its texts are found: ${#fields[@]}" test ${#fields[@]} -ge 25

# Which of them are free: with any text in them the file is still one that is drawn. gnuplot is not needed to see that.
mkdir nothing && printf '#!/bin/sh\nexit 0\n' >nothing/gnuplot && chmod +x nothing/gnuplot
free=()
for field in "${fields[@]}"; do
    cp good.h5 bad.h5 && "$hostile" write bad.h5 '`x"' "$field" || not_ok "$field cannot be written"
    rm -rf out
    PATH=$PWD/nothing:$PATH "$cellsweep" report bad.h5 -o out >report.log 2>&1 && free+=("$field")
done
echo "# free texts: ${free[*]}"
for field in /jobs.undersample.replacement /jobs.strategy /jobs.protocol /@name /@host /images.id /messages/text; do
    check "$field may hold anything" bash -c "printf '%s\n' ${free[*]} | grep -qFx -- '$field'"
done

# Clusters that are none leave no axis to draw: they stay numbers but where they alone are hostile.
rest=()
for field in "${free[@]}"; do [ "$field" = /jobs.clusters ] || rest+=("$field"); done

# ask_all URL: what the server says of it is calm, and JSON where it says so.
ask_all() {
    local port path answer=out/answer
    port=$(sed 's/.*:\([0-9]*\)\/.*/\1/' "$1")
    for path in / /api/sweep /api/progress /api/models /api/curves?jobs=0 /metrics; do
        exec 3<>"/dev/tcp/127.0.0.1/$port" || return 1
        printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$path" >&3
        cat <&3 >$answer
        exec 3>&-
        grep -q '^HTTP/1.1 [2-5]' $answer || return 1
        [ $path = / ] || calm <(tail -n +2 $answer | tr -d '\r') || { echo "$path" && cat -v $answer | head -c 2000 && return 1; }
    done
}

serve_all() {
    "$cellsweep" serve bad.h5 --port 0 >out/url 2>out/served &
    local server=$! status
    for _ in $(seq 600); do
        [ -s out/url ] && break
        kill -0 $server 2>/dev/null || break
        sleep 0.1
    done
    [ -s out/url ] && ask_all out/url
    status=$?
    kill -TERM $server 2>/dev/null
    wait $server
    [ $status = 0 ] && calm out/served
}

for text in "${TEXTS[@]}"; do
    name=$(printf '%.24s' "$text" | cat -v | tr '\n' ' ')
    cp good.h5 bad.h5
    rm -rf out && mkdir out
    check "$name: is written as clusters" "$hostile" write bad.h5 "$text" /jobs.clusters
    remember
    check "$name: report, too" drawn "$cellsweep" report bad.h5 -o out/clusters
    cp good.h5 bad.h5
    check "$name: is written into all others" "$hostile" write bad.h5 "$text" "${rest[@]}"
    check "$name: report" drawn "$cellsweep" report bad.h5 -o out/report
    # a NUL ends the text before what tells the values of the axis apart
    [ "${text//\\0/}" != "$text" ] || check "$name: draws the figures" bash -c 'ls out/report/axis_*.svg && ! ls out/report/*.gp | sed s/gp$/svg/ | xargs ls 2>&1 | grep -i "no such"'
    check "$name: its files are calm" calm out/report/*.gp out/report/*.md out/report/*.csv out/report/*.tex
    for table in jobs epochs confusion predictions scores; do
        check "$name: export $table" said "$cellsweep" export bad.h5 --table $table
        check "$name: no cell of $table is a formula" bash -c '! grep -aE "(^|,)\"?[=@]" out/said'
    done
    check "$name: status" said "$cellsweep" status bad.h5
    check "$name: predict" said "$cellsweep" predict bad.h5 one.png
    check "$name: weights" said "$cellsweep" export bad.h5 --weights -o out/models
    check "$name: serve" serve_all
    check "$name: nothing ran, nothing else was touched" unharmed
done

# ---- a sweep file and its tables ----
for text in "${TEXTS[@]:0:11}"; do
    name=$(printf '%.24s' "$text" | cat -v | tr '\n' ' ')
    yaml=$(TEXT=$text python3 -c 'import json, os; print(json.dumps(os.fsencode(os.environ["TEXT"]).decode("utf-8", "replace")))' 2>/dev/null) || { skip "python3 is not there"; break; }
    rm -rf out && mkdir out
    mkdir -p table && cp -r cells/cell_images table/
    { printf '"Barcode","Cluster","%s"\n' "${text//\"/\"\"}"
      awk -F, -v OFS=, 'NR > 1 {print $1, $2, "g" NR % 9}' cells/clusters.csv; } >table/clusters.csv
    printf 'name: %s\ndata: table\nmodel: fake\nfake.milliseconds: 0\ntrain.epochs: 1\ngrid:\n  clusters: [[14, 15]]\n  groups: [none, %s]\n  seed: {first: 1, count: 2}\n' \
        "$yaml" "$yaml" >hostile.yaml
    remember
    check "$name: plan" said "$cellsweep" plan hostile.yaml
    check "$name: run" said "$cellsweep" run hostile.yaml -o out/h.h5
    check "$name: pack" said "$cellsweep" data pack table -o out/t.h5 --groups "$text"
    [ -e out/t.h5 ] && check "$name: info" said "$cellsweep" data info out/t.h5
    sed "s/groups: .*/strategy: [none]/" hostile.yaml >out/named.yaml
    check "$name: run, as a name" said "$cellsweep" run out/named.yaml -o out/n.h5
    for file in out/h.h5 out/n.h5; do
        [ -e $file ] || continue
        check "$name: report of ${file#out/}" said "$cellsweep" report $file -o out/r
        check "$name: status of ${file#out/}" said "$cellsweep" status $file
    done
    check "$name: nothing ran, nothing else was touched" unharmed
    rm -rf table
done
finish
