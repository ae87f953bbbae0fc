#!/usr/bin/env bash
# Cells with a wrong label are found by models that did not train on them; wrong training labels cost accuracy, and only those.
. tests/lib.sh
cells=$TMP/cells
"$BUILD/tests/support/make_cells" rgb "$cells"
ls "$cells" | while read -r class; do mv "$cells/$class" "$cells/$(echo "$class" | tr -cd 'A-Za-z')"; done
mv "$cells/CDTcell/00.png" "$cells/Bcell/wrong1.png"
mv "$cells/Bcell/01.png" "$cells/Monoclassical/wrong2.png"
mv "$cells/Monoclassical/02.png" "$cells/CDTcell/wrong3.png"
check "the cells are packed" "$BUILD/cellsweep" data pack "$cells" -o "$TMP/cells.h5"
cat >"$TMP/s.yaml" <<END
name: suspects
data: $TMP/cells.h5
model: logistic
features: shape
protocol: {kfold: {folds: 5, repeats: 1}}
grid:
  clusters: [all]
  label_noise: [0, 0.4]
END
check "the sweep runs" "$BUILD/cellsweep" run "$TMP/s.yaml" -o "$TMP/s.h5" -q
check "suspects are exported" "$BUILD/cellsweep" export "$TMP/s.h5" --table suspects --filter label_noise=0 -o "$TMP/s.csv"
column() { awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next } { print $at }' "$TMP/s.csv"; }
for wrong in wrong1 wrong2 wrong3; do check "$wrong is a suspect" grep -q "$wrong" "$TMP/s.csv"; done
check "they are the first three" test "$(column image | head -3 | grep -c wrong)" = 3
check "their true classes are named" grep -q 'wrong1[^,]*,Bcell,CDTcell,' "$TMP/s.csv"
check "few others are" test "$(column image | wc -l)" -le 8
"$BUILD/cellsweep" export "$TMP/s.h5" --table scores -o "$TMP/s.csv"
paste -d' ' <(column label_noise) <(column balanced_accuracy) |
    awk '{ sum[$1] += $2; n[$1]++ } END { print sum[0] / n[0], sum[0.4] / n[0.4] }' >"$TMP/means"
check "wrong training labels cost accuracy: $(cat "$TMP/means")" awk '{ exit !($1 > $2 + 0.05) }' "$TMP/means"
column() { awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next } { print $at }' "$TMP/part.csv"; }
check_fails "no other table takes --on" "$BUILD/cellsweep" export "$TMP/s.h5" --table suspects --on oof
cp "$TMP/check.out" "$TMP/why"
check "and says so" grep -q -- "--on goes with --table scores" "$TMP/why"
check "a sweep part of which leaks" "$BUILD/cellsweep" run "$TMP/s.yaml" -o "$TMP/part.h5" -q --set 'grid.protocol=[{kfold: {folds: 5, repeats: 1}}, report]' --set strategy=oversample
"$BUILD/cellsweep" export "$TMP/part.h5" --table suspects --filter label_noise=0 -o "$TMP/part.csv" 2>"$TMP/err"
check "what leaks is left out" test "$(column protocol | sort -u)" = kfold:5
check "and counted" grep -q "part.h5: 1 job is left out, whose test images were seen in training" "$TMP/err"
check "a sweep that leaks runs" "$BUILD/cellsweep" run "$TMP/s.yaml" -o "$TMP/leak.h5" -q --set protocol=report --set strategy=oversample
check_fails "its jobs tell of no suspects" "$BUILD/cellsweep" export "$TMP/leak.h5" --table suspects --filter label_noise=0 -o "$TMP/none.csv"
cp "$TMP/check.out" "$TMP/why"
check "the error says why" grep -q "these jobs leak; run" "$TMP/why"
finish
