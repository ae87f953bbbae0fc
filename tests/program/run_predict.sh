#!/usr/bin/env bash
# cellsweep predict on the sweep's own images gives the sweep's own numbers; keeping weights changes no result; bad input is told.
. tests/lib.sh
C=$BUILD/cellsweep
pack_cells
cat >"$TMP/s.yaml" <<YAML
name: small
data: $TMP/cells.h5
train: {epochs: 3}
$(small_cnn)
easy-ensemble.members: 2
grid:
  clusters: [[14, 15], [1, 27]]
  strategy: [none, easy-ensemble, threshold]
keep_weights: true
YAML
# fails STATUS PATTERN COMMAND...: one error line with the pattern and that exit status.
fails() {
    local want=$1 pattern=$2 got
    shift 2
    "$@" >"$TMP/out" 2>"$TMP/err"
    got=$?
    if [ $got = "$want" ] && grep -q -- "$pattern" "$TMP/err" && [ "$(grep -c '^cellsweep' "$TMP/err")" = 1 ]; then
        ok "exit $want: $pattern"
    else
        not_ok "exit $got, want $want and '$pattern': $*"
        sed 's/^/# /' "$TMP/err"
    fi
}
quiet() { "$@" 2>/dev/null; }

best=(--set judge=best --set allow_choice_on_test=true)
check "a sweep that keeps final weights" "$C" run "$TMP/s.yaml" -o "$TMP/final.h5" -q
check "one whose best epochs judge, on 2 ranks" mpi 2 "$C" run "$TMP/s.yaml" -o "$TMP/best.h5" -q "${best[@]}"
check "one whose best epochs judge, on 1" "$C" run "$TMP/s.yaml" -o "$TMP/best1.h5" -q "${best[@]}"
check "one that keeps none" "$C" run "$TMP/s.yaml" -o "$TMP/none.h5" -q --set keep_weights=false
for group in /metrics /confusion /predictions; do
    check "$group does not depend on whether they are" h5diff -q "$TMP/final.h5" "$TMP/none.h5" $group $group
done
for what in /models/data /judged_epoch /predictions /confusion; do
    check "the best $what are the same on 1 and 2 ranks" h5diff -q "$TMP/best.h5" "$TMP/best1.h5" $what $what
done
check_fails "a file without weights has no /models" h5dump -H -g /models "$TMP/none.h5"
fails 2 "keep_weights is true there and false here" "$C" run "$TMP/s.yaml" -o "$TMP/final.h5" --set keep_weights=false

# Every job says of the images what it said in the sweep.
outlines=$TMP/cells/cell_boundaries.csv.gz
compare() { # compare FILTER CLUSTER...: predict's rows of these clusters against those of the sweep, to the last digit
    local filter=$1 k
    shift
    for k in "$@"; do find "$TMP/cells/cell_images/cluster_$k" -name '*.png'; done >"$TMP/list"
    quiet "$C" predict "$TMP/final.h5" - --filter "$filter" -b "$outlines" <"$TMP/list" | tail -n +2 | cut -d, -f2-5 | sort >"$TMP/new"
    "$C" export "$TMP/final.h5" --table predictions --filter "$filter" | awk -F, -v OFS=, '$11 == "all" {print $12, $15, $16, $17}' |
        sort >"$TMP/stored"
    [ -s "$TMP/new" ] && cmp "$TMP/new" "$TMP/stored"
}
for s in none easy-ensemble threshold; do
    check "predict is the sweep, to the last digit: $s" compare clusters=14-15,strategy=$s 14 15
done

# The networks of all folds vote, and leave the sweep as models: k-fold validation is what a careful reader asks for.
check "a sweep in folds" "$C" run "$TMP/s.yaml" -o "$TMP/folds.h5" -q --set protocol=kfold:3 --set train.epochs=1 --filter clusters=1-27,strategy=none
find "$TMP/cells/cell_images/cluster_27" "$TMP/cells/cell_images/cluster_1" -name '*.png' >"$TMP/list"
vote() { quiet "$C" predict "$TMP/folds.h5" - --filter protocol=kfold:3 -b "$outlines" <"$TMP/list"; }
vote >"$TMP/vote.csv"
"$C" export "$TMP/folds.h5" --table predictions >"$TMP/folds.csv"
check "its folds vote, and say the mean of what they said in the sweep" awk -F, 'NR == FNR {if ($11 == "all") {p[$12] += $16; n[$12]++} next}
    FNR > 1 {d = $4 - p[$2] / n[$2]; if (n[$2] != 3 || d > 1e-6 || d < -1e-6) bad = 1; rows++} END {exit bad || rows < 100}' "$TMP/folds.csv" "$TMP/vote.csv"
check "they are exported, too" "$C" export "$TMP/folds.h5" --weights -o "$TMP/folds"
check "under names that tell the folds" test "$(ls "$TMP/folds" | grep -c '^1-27_none_seed1_fold[012]_repeat0_[0-9a-f]*\.onnx$')" -eq 3
"$C" export "$TMP/folds.h5" --table predictions --filter clusters=1-27 >"$TMP/one.csv"
check "classes are named by their clusters, as predict names them" grep -q ",probability_1,probability_27$" "$TMP/one.csv"
"$C" export "$TMP/final.h5" --table predictions >"$TMP/two.csv"
check "a class has one column where jobs have other clusters" grep -q ",predicted,probability_1,probability_14,probability_15,probability_27$" "$TMP/two.csv"
"$C" export "$TMP/final.h5" --table scores --filter clusters=14-15 >"$TMP/scores.csv"
check "in scores, too" grep -q ",recall_14,precision_14,auroc_14,recall_15" "$TMP/scores.csv"

check "a sweep with an axis of one strategy alone" "$C" run "$TMP/s.yaml" -o "$TMP/axis.h5" -q --set train.epochs=1 --set 'grid.strategy=[none, smote]' \
    --set 'grid.smote.k=[3, 5]' --set easy-ensemble.members=4 --filter clusters=1-27
said() { "$C" predict "$TMP/axis.h5" - --filter "$1" <"$TMP/list" 2>&1 >"$TMP/out" | head -1; }
check "the other is not said to have a value of it" grep -q "(clusters 1-27, strategy none), trained" <<<"$(said strategy=none)"
check "a value is said" grep -q "(clusters 1-27, strategy smote, smote.k 3), trained" <<<"$(said smote.k=3)"
check "or how many there are" grep -q "(clusters 1-27, strategy smote, 2 values of smote.k), trained" <<<"$(said strategy=smote)"

one="clusters=1-27,strategy=none"
quiet "$C" predict "$TMP/final.h5" "$TMP/cells/cell_images/cluster_27" "$TMP/cells/cell_images/cluster_1" --filter $one >"$TMP/a.csv"
check "options after images, a file for the rows" quiet "$C" predict "$TMP/final.h5" --filter $one -o "$TMP/b.csv" \
    "$TMP/cells/cell_images/cluster_27" "$TMP/cells/cell_images/cluster_1"
check "are the same rows" cmp "$TMP/a.csv" "$TMP/b.csv"
check "with a header" grep -qx "image,id,predicted,probability_1,probability_27,masked,votes,jobs,spread,copy_of,distance,usual_distance" "$TMP/a.csv"
quiet "$C" predict "$TMP/final.h5" "$TMP/cells/cell_images/cluster_27" "$TMP/cells/cell_images/cluster_1" --filter $one --format json |
    sed 's/.*"id": "\([^"]*\)", "predicted": \([0-9]*\), "probability": {"1": \([^,]*\), "27": \([^}]*\)}, "masked": false, .*}/\1,\2,\3,\4/' >"$TMP/a.json"
check "JSON has the numbers of the CSV" awk -F, 'NR == FNR {a[FNR] = $2; p[FNR] = $4; q[FNR] = $5; next}
    {if ($1 != a[FNR + 1] || $3 - p[FNR + 1] > 1e-9 || p[FNR + 1] - $3 > 1e-9 || $4 - q[FNR + 1] > 1e-9) bad = 1} END {exit bad || FNR < 100}' "$TMP/a.csv" "$TMP/a.json"
"$C" predict "$TMP/final.h5" "$TMP/cells" --filter clusters=1-27 -o "$TMP/c.csv" 2>"$TMP/err"
check "a folder is walked" test "$(wc -l <"$TMP/c.csv")" -eq 1001
check "boundaries that lie there are mentioned" grep -q "cell_boundaries.csv.gz is not used" "$TMP/err"
check "and that the sweep's images were masked" grep -q "note: 1000 of the sweep's 1000 images were masked by outlines" "$TMP/err"
check "several jobs vote" grep -q "4 networks of 3 jobs (clusters 1-27, 3 strategies), trained on synthetic" "$TMP/err"
check "speed is told" grep -q "1000 images classified, 0 of them masked, 0 bad; [0-9]* images/s" "$TMP/err"

# What the networks cannot know of an image: that they were trained on it, that it is of none of their classes, that it is empty.
"$C" predict "$TMP/final.h5" "$TMP/cells/cell_images/cluster_27" "$TMP/cells/cell_images/cluster_8" --filter clusters=1-27 -b "$outlines" -o "$TMP/own.csv" 2>"$TMP/err"
columns='NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }'
check "cells of the sweep are known again, whatever their class" awk -F, "$columns"' $at["copy_of"] != $at["id"] { bad = 1 } END { exit bad || NR < 10 }' "$TMP/own.csv"
check "those of the classes are at no distance" awk -F, "$columns"' ($at["distance"] == 0) != ($1 ~ /cluster_27/) { bad = 1 } END { exit bad }' "$TMP/own.csv"
check "the jobs that agree are counted" awk -F, "$columns"' $at["jobs"] != 3 || $at["votes"] < 1 || $at["votes"] > 3 || !($at["spread"] > 0) { bad = 1 } END { exit bad }' "$TMP/own.csv"
check "and it is said" grep -q "note: [0-9]* images are cells of the sweep (copy_of)" "$TMP/err"
python3 - "$TMP/black.png" <<'PY'
import struct, sys, zlib
def chunk(name, body): return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
open(sys.argv[1], "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 9, 8, 0, 0, 0, 0)) + chunk(b"IDAT", zlib.compress((b"\0" + b"\xff" * 9) * 9)) + chunk(b"IEND", b""))
PY
"$C" predict "$TMP/final.h5" "$TMP/black.png" --filter $one -o "$TMP/black.csv" 2>"$TMP/err"
check "an empty image is told" grep -q "note: 1 image is empty: all its pixels are the same" "$TMP/err"
check "and that none of the cells is like it" awk -F, "$columns"' { exit !($at["distance"] > $at["usual_distance"] && $at["copy_of"] == "" && $at["spread"] == "") }' "$TMP/black.csv"

# Names that end in NUL are as many names as there are; ids of any length stay whole and find their outlines.
long=$(printf '%070d' 7)
mkdir "$TMP/long"
for n in 1 2 3; do cp "$(find "$TMP/cells" -name cell_$n.png)" "$TMP/long/$long-$n.png"; done
find "$TMP/long" -name '*.png' -print0 | sort -z >"$TMP/nul"
"$C" predict "$TMP/final.h5" - --filter $one <"$TMP/nul" >"$TMP/out" 2>"$TMP/err"
check "a list of names that end in NUL" grep -q "^3 images classified" "$TMP/err"
: >"$TMP/long/._left.png"
find "$TMP/long" -type f | "$C" predict "$TMP/final.h5" - --filter $one >"$TMP/out" 2>"$TMP/err"
check "what a system left beside them is passed over and counted" grep -q "^note: 1 file was passed over: 1 \._\*" "$TMP/err"
check "and is no failure" grep -q "^3 images classified" "$TMP/err"
rm "$TMP/long/._left.png"
"$C" predict "$TMP/final.h5" --from-file "$TMP/nul" --filter $one >"$TMP/out" 2>"$TMP/err"
check "from a file, too" grep -q "^3 images classified" "$TMP/err"
check "long ids stay whole" test "$(cut -d, -f2 "$TMP/out" | grep -c -- "^$long-[123]\$")" -eq 3
printf 'cell_id,vertex_x,vertex_y\n%s-2,0,0\n%s-2,0.5,0\n%s-2,0,0.5\n' "$long" "$long" "$long" >"$TMP/long.csv"
"$C" predict "$TMP/final.h5" "$TMP/long" --filter $one -b "$TMP/long.csv" >"$TMP/out" 2>"$TMP/err"
check "and find their outlines" grep -q "3 images classified, 1 of them masked, 0 bad" "$TMP/err"
check "which are told when they do not fit" grep -q "note: 1 outline spans another size than its image" "$TMP/err"

printf 'cell_id,vertex_x,vertex_y\n5,0,0\n5,1,1\n' >"$TMP/bent.csv"
mkdir "$TMP/in"
cp "$(find "$TMP/cells" -name cell_5.png)" "$(find "$TMP/cells" -name cell_6.png)" "$TMP/in"
echo text >"$TMP/in/x.png"
mkfifo "$TMP/in/pipe.png"
fails 1 "4 of 5 images could not be used" "$C" predict "$TMP/final.h5" "$TMP/in" "$TMP/gone.png" --filter $one -b "$TMP/bent.csv"
check "the good one is done" grep -q "cell_6.png,6," "$TMP/out"
for reason in "cell_5.png: its boundary has 2 vertices, needs 3" "x.png: no image that is read" "pipe.png: is not a file" "gone.png: cannot open"; do
    check "bad: $reason" grep -q "$reason" "$TMP/err"
done
fails 2 "2 kinds of jobs; choose one by --filter 'clusters=14-15' or 'clusters=1-27'" "$C" predict "$TMP/final.h5" "$TMP/in"
fails 2 "holds no weights; run the sweep with keep_weights: true" "$C" predict "$TMP/none.h5" "$TMP/in"
fails 2 "matches none of the 6 jobs" "$C" predict "$TMP/final.h5" "$TMP/in" --filter seed=7
fails 2 "is not one of csv, json" "$C" predict "$TMP/final.h5" "$TMP/in" --format xml
fails 3 "bent.h5" "$C" predict "$TMP/bent.h5" "$TMP/in"
fails 3 'no column "vertex_x"' "$C" predict "$TMP/final.h5" "$TMP/in" --filter $one -b "$TMP/a.csv" -o "$TMP/none.csv"

# Models for other programs.
check "ONNX models" "$C" export "$TMP/final.h5" --weights --filter strategy=none -o "$TMP/models"
check "one a job" test "$(ls "$TMP/models" | grep -c '^\(14-15\|1-27\)_none_seed[0-9]*_[0-9a-f]*\.onnx$')" -eq 2
check "raw weights" "$C" export "$TMP/final.h5" --weights --format raw --filter clusters=1-27 -o "$TMP/raw"
check "with their descriptions" test "$(ls "$TMP/raw" | wc -l)" -eq 6
fails 2 "holds no weights" "$C" export "$TMP/none.h5" --weights -o "$TMP/models"
fails 2 "matches none" "$C" export "$TMP/final.h5" --weights --filter seed=9 -o "$TMP/no"
fails 2 "goes with --output DIR" "$C" export "$TMP/final.h5" --weights
fails 2 "is not one of onnx, raw" "$C" export "$TMP/final.h5" --weights --format keras -o "$TMP/no"
fails 2 "goes with --weights" "$C" export "$TMP/final.h5" --table jobs --format raw
fails 3 "is a file, not a directory" "$C" export "$TMP/final.h5" --weights --filter strategy=none -o "$TMP/list"

mkdir "$TMP/empty"
fails 3 "no images found" "$C" predict "$TMP/final.h5" "$TMP/empty" --filter $one -o "$TMP/none.csv"
fails 3 "cannot write the predictions" sh -c "'$C' predict '$TMP/final.h5' '$TMP/cells' --filter $one >/dev/full"
check "nothing half-written is left" test -z "$(ls "$TMP" | grep none.csv)"
# ---- a kept model that is damaged ----
cp "$TMP/final.h5" "$TMP/flipped.h5"
at=$(h5dump -p -H -d /models/data "$TMP/flipped.h5" | awk '$1 == "OFFSET" {print $2}')
printf '\x5a\xa5' | dd of="$TMP/flipped.h5" bs=1 seek=$((at + 1000)) conv=notrunc 2>/dev/null
fails 3 "the kept model of job 0 is not what the job left" "$C" predict "$TMP/flipped.h5" "$TMP/cells/cell_images/cluster_14" --filter clusters=14-15,strategy=none -o "$TMP/p.csv"
fails 3 "the kept model of job 0 is not what the job left" "$C" export "$TMP/flipped.h5" --weights --format raw -o "$TMP/raw"
finish
