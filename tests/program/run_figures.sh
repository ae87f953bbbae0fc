#!/usr/bin/env bash
# A grid of many axes has a figure for every combination of them: more than anybody looks at are drawn only when asked for; an axis has one, the mean over the others.
. tests/lib.sh
C=$BUILD/cellsweep
draw_cells
cat >"$TMP/s.yaml" <<YAML
data: $CELLS.h5
model: fake
train: {epochs: 2}
strategy: augment
grid:
  clusters: [[1, 27]]
  augment.rotation: [10, 20]
  augment.shift: [0.1, 0.2]
  augment.flip: [0, 0.5]
  cnn.stem: [8, 16]
  cnn.convs: [1, 2]
YAML
check "a sweep of five axes" "$C" run "$TMP/s.yaml" -o "$TMP/r.h5" -q
"$C" report "$TMP/r.h5" -o "$TMP/all" >"$TMP/out" 2>"$TMP/err"
check "a report of five axes" test $? -eq 0
check "one figure an axis" test "$(ls "$TMP/all" | grep -c '^axis_.*\.png$')" = 5
check "no summary of 32 pages" test -z "$(ls "$TMP/all" | grep '^summary')"
check "no learning curves" test -z "$(ls "$TMP/all" | grep '^fig[24]')"
check "it says what is left out, and how to have it" grep -q "one figure an axis, the mean over the others; 1[0-9][0-9] figures of single combinations, .*--filter .*--all-figures" "$TMP/err"
check "points are means over the other axes" grep -q "mean over 16 combinations of the other axes" "$TMP/all/axis_rotation_1-27.gp"
"$C" export "$TMP/r.h5" --table epochs -o "$TMP/epochs.csv"
mean=$(awk -F, 'NR == 1 {for (i = 1; i <= NF; i++) at[$i] = i}
    $at["epoch"] == 2 && $at["augment.rotation"] == 20 {sum += $at["test_balanced_accuracy"]; n++} END {printf "%.6f", sum / n}' "$TMP/epochs.csv")
check "rotation 20 is the mean of 16 jobs, $mean" awk -v mean="$mean" 'NR > 1 && $3 == 20 {found = ($7 - mean)^2 < 1e-8} END {exit !found}' "$TMP/all/axis_rotation_1-27.tsv"
check "a filter makes them fewer" "$C" report "$TMP/r.h5" -o "$TMP/few" --filter 'augment.rotation=10,augment.shift=0.1,augment.flip=0,cnn.stem=8'
check "and a number stays itself in names" bash -c "ls '$TMP/few' | grep -q 'axis_convs_.*\.png'"

cat >"$TMP/w.yaml" <<YAML
data: $CELLS.h5
model: fake
train: {epochs: 2}
grid:
  clusters: [[1, 27], [8, 10], [14, 15], [1, 14]]
  strategy: [none, augment, oversample]
  protocol: [holdout, report]
  train.batch: [16, 32]
  train.learning_rate: [0.001, 0.01]
YAML
check "a sweep of strategies and three axes" "$C" run "$TMP/w.yaml" -o "$TMP/w.h5" -q
"$C" report "$TMP/w.h5" -o "$TMP/wide" >"$TMP/out" 2>"$TMP/err"
check "its report has an axis in one figure, too" grep -q "one figure an axis" "$TMP/err"
check "and the answer at a glance, of few pages" test "$(ls "$TMP/wide" | grep -c '^summary.*\.png$')" = 8

pictures pdf
check "in a column, what leaks, too" "$C" report "$TMP/w.h5" -o "$TMP/column" --style single --filter 'train.batch=16,train.learning_rate=0.001,protocol=report'
looks "has texts that are whole, apart and of 5 points or more" tests/program/figure_texts.sh 5 "$TMP"/column/*.pdf
check "and its leak above each of the three panels that have one" test "$(grep -c "'LEAK: .* seen'" "$TMP/column/summary.gp")" = 3

# Of many models there are the figures that compare them; those of single ones when few are chosen, and no curves where nothing is learnt epoch by epoch.
cat >"$TMP/m.yaml" <<YAML
data: $CELLS
train: {epochs: 2}
image.size: 12
cnn.blocks: [4]
grid:
  clusters: [[1, 27]]
  strategy: [none, oversample]
  model: [majority, knn, logistic, forest, cnn]
  seed: {first: 1, count: 2}
YAML
check "a sweep of five models" "$C" run "$TMP/m.yaml" -o "$TMP/m.h5" -q
told() { "$C" report "$TMP/m.h5" -o "$TMP/$1" --style single "${@:2}" >"$TMP/$1.out" 2>"$TMP/$1.err"; }
check "has a report" told many
looks "in a column their texts are whole" tests/program/figure_texts.sh 5 "$TMP"/many/*.pdf
pictures svg
check "models are compared" test -s "$TMP/many/models_none.png" -a -s "$TMP/many/models_oversample.png" -a -s "$TMP/many/axis_model_1-27.png"
check "single ones have no figures" test -z "$(ls "$TMP/many" | grep '^fig[24]\|^\(reliability\|roc\|calibration_cost\).*png')"
check "which is said" grep -q "figures that compare models; 17 of single ones .* more than 4 models: --filter model=" "$TMP/many.err"
check "two models are chosen" told two --filter 'model=knn|cnn'
check "they have their figures" test "$(ls "$TMP/two" | grep -c '^reliability.*\.png$')" = 2
check "and who learns epoch by epoch its curves" test "$(cd "$TMP/two" && echo fig[24]*.png)" = "fig2c_cnn.png fig4c_cnn.png"
check "the other is named" grep -q "^note: learnt at once, not epoch by epoch, so without learning curves: knn$" "$TMP/two.err"
check "all may be drawn" told every --all-figures
check "none is flat" test "$(cd "$TMP/every" && echo fig[24]*.png)" = "fig2c_cnn.png fig4c_cnn.png"
check "and all of those are named" grep -q "curves: majority, knn, logistic, forest$" "$TMP/every.err"
check "what takes no time stands at the edge" grep -q "^drawn(seconds) = " "$TMP/many/models_none.gp"

# Pictures of a paper: what their scripts say.
paper() { # NAME EPOCHS SEEDS GRID-LINE...: a sweep of pair 1-27, or of CLUSTERS, and its report in $TMP/NAME
    local name=$1 epochs=$2 seeds=$3
    shift 3
    { printf 'data: %s\nmodel: fake\nprotocol: report\ntrain: {epochs: %d}\ngrid:\n  clusters: [%s]\n' "$CELLS.h5" "$epochs" "${CLUSTERS:-[1, 27]}"
      printf '  seed: {first: 1, count: %d}\n' "$seeds"
      printf '  %s\n' "$@"; } >"$TMP/$name.yaml"
    "$C" run "$TMP/$name.yaml" -o "$TMP/$name.h5" -q && "$C" report "$TMP/$name.h5" -o "$TMP/$name" >"$TMP/$name.out" 2>"$TMP/$name.err"
}
ticks() { sed -n 's/^set xtics (\(.*\))$/\1/p' "$TMP/$1/fig2c.gp"; }
check "a report of 15 epochs" paper e15 15 1 'strategy: [none]'
check "a report of long values" paper wide 1 1 'strategy: [none]' 'cnn.blocks: [[10, 20, 30, 40], [10, 20, 30, 41], [10, 20, 30, 42], [10, 20, 30, 43], [10, 20, 30, 44], [10, 20, 30, 45], [10, 20, 30, 46], [10, 20, 30, 47], [10, 20, 30, 48]]'
check "ticks that would touch stand on two lines in turn" grep -q "^set xtics .*'10-20-30-40' 0, \"[\]n\"[.]'10-20-30-41' 1, '10-20-30-42' 2" "$TMP/wide/axis_blocks_1-27.gp"
check "images per cluster are bars from 0" grep -q "'fig1.tsv' using 'cluster':'images' with boxes" "$TMP/e15/fig1.gp"
check "the last tick is the last of 15 epochs" test "$(ticks e15)" = "0, 5, 10, 15"
check "reports of other lengths" bash -c "$(declare -f paper); TMP='$TMP' C='$C'; paper e1 1 1 'strategy: [none]' && paper e17 17 1 'strategy: [none]'"
check "one epoch has its tick" test "$(ticks e1)" = "0, 1"
check "the last of 17 is not crowded" test "$(ticks e17)" = "0, 5, 10, 17"

# What `report` prints: means, what was found, what was written.
CLUSTERS='[8, 10], [14, 15], [1, 27]'
check "a report as large as figure 4" paper big 2 10 'strategy: [none, reweight, undersample, oversample, augment]'
unset CLUSTERS
lines=$(grep -vc 'uncommitted changes' "$TMP/big.out")   # that one is about this build
check "prints a screen, not a scroll: $lines lines" test "$lines" -le 25
check "with the means" grep -q '^1-27 *augment *report ' "$TMP/big.out"
check "what was found" grep -q '^Sweep .*150 of 150 jobs finished' "$TMP/big.out"
check "what was written" grep -q "^$TMP/big: .*[0-9] figures" "$TMP/big.out"
experiments/gallery_table.sh "$TMP/big" report >"$TMP/table.md"
check "the gallery's table has a row a combination" test "$(grep -c '^| [0-9]' "$TMP/table.md")" = 15
check "with its mean" grep -q "^| 1-27 | .augment. | $(awk '$1 == "1-27" && $2 == "augment" {for (i = 5; i <= NF; i++) if ($i ~ /^[01][.]/) {print $i; exit}}' "$TMP/big.out") (" "$TMP/table.md"
check "what was not compared has no difference" test "$(grep -c '^| [0-9].*none.*| - | - | - |$' "$TMP/table.md")" = 3
check "the gallery's pictures are there" bash -c "cd experiments/gallery && sed -n 's/^!.*(\(.*\))$/\1/p' README.md | xargs ls"
check "and small" test "$(du -cb experiments/gallery/* | tail -1 | cut -f1)" -le 700000
check "and what comes next" grep -q "^Next: .* $TMP/big/" "$TMP/big.out"
check "more rows than a screen has" paper long 1 1 'strategy: [none, oversample]' 'train.batch: [2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22]'
check "stay in their file" bash -c "! grep -q '^1-27 ' '$TMP/long.out' && grep -q 'final.md: .* of 22 combinations' '$TMP/long.out'"
finish
