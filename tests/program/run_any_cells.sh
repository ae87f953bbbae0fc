#!/usr/bin/env bash
# From what lies on the disk to figures, as a newcomer would: class-named folders in colour and an archive of MedMNIST's form, both made
# by tests/support/make_cells.c; and real cells, a published split and hand-drawn outlines, where ../shared/data has them.
. tests/lib.sh
C=$BUILD/cellsweep
make_cells=$BUILD/tests/support/make_cells

# tells WHAT FILE PATTERN...: the file has them all.
tells() {
    local what=$1 file=$2 text
    shift 2
    for text; do
        if grep -qF -- "$text" "$file"; then ok "$what: $text"; else not_ok "$what: not '$text'"; sed 's/^/# /' "$file" | head -40; fi
    done
}
# drawn DIR: every figure of it has its picture.
drawn() { local gp n=0; for gp in "$1"/*.gp; do [ -s "${gp%.gp}.png" ] || return 1; n=$((n + 1)); done; [ $n -gt 0 ]; }

# ---- folders of named classes, in colour ----
"$make_cells" rgb "$TMP/stained"
check "folders of classes are packed" "$C" data pack "$TMP/stained" -o "$TMP/stained.h5" --size 28 --channels rgb
tells "packing says" "$TMP/check.out" "90 images of 3 classes, 28 x 28 pixels" 'classes   B cell: 30, CD8+ T cell: 24, "Mono, classical": 36' \
    "channels  red, green, blue"
small_sweep "$TMP/stained.h5" 4 <<'YAML'
clusters: [["CD8+ T cell", "Mono, classical"], all]
strategy: [none, oversample]
seed: [1, 2]
YAML
sed -i '/^train/a image: {size: 28}' "$TMP/s.yaml"
check "a sweep of them is run" "$C" run "$TMP/s.yaml" -o "$TMP/stained.r.h5" -q
check "and reported" "$C" report "$TMP/stained.r.h5" -o "$TMP/stained.fig"
check "all figures are drawn" drawn "$TMP/stained.fig"
tells "the table" "$TMP/stained.fig/final.csv" '"CD8+ T cell-""Mono, classical""",' 'all,'
tells "learning curves" "$TMP/stained.fig/fig4_CD8+-T-cell-Mono-classical.gp" "CD8+ T cell and Mono, classical"
tells "a heatmap" "$TMP/stained.fig/heatmap_all_none_test.gp" "'B cell' 0" "'CD8+ T cell' 1" "'Mono, classical' 2"
tells "class sizes" "$TMP/stained.fig/fig1.tsv" "B cell" "CD8+ T cell" "Mono, classical"

# ---- an archive, with its sets ----
"$make_cells" npz "$TMP/blood.npz"
check "an archive is packed" "$C" data pack "$TMP/blood.npz" -o "$TMP/blood.h5" --size 28 --channels rgb
tells "packing says" "$TMP/check.out" "102 images of 3 clusters, 28 x 28 pixels" "sets      train 60, val 12, test 30, none 0"
printf '0,Lymphocyte\n1,"Mono, classical"\n2,B cell\n' >"$TMP/names.csv"
small_sweep "$TMP/blood.h5" 4 <<'YAML'
clusters: [[Lymphocyte, "B cell"], all]
protocol: [{given: split}]
strategy: [none, oversample]
seed: [1, 2]
YAML
sed -i '/^train/a image: {size: 28}\nlabels: names.csv' "$TMP/s.yaml"
check "a sweep of it is run" "$C" run "$TMP/s.yaml" -o "$TMP/blood.r.h5" -q
check "and reported" "$C" report "$TMP/blood.r.h5" -o "$TMP/blood.fig"
check "all figures are drawn" drawn "$TMP/blood.fig"
tells "the table" "$TMP/blood.fig/final.csv" 'Lymphocyte-B cell,' 'all,'
tells "learning curves" "$(ls "$TMP"/blood.fig/fig4_*.gp | grep -v all)" "Lymphocyte and B cell"
"$C" export "$TMP/blood.r.h5" --table predictions --filter clusters=all,strategy=none,seed=1 >"$TMP/p.csv"
check "judged is set test" [ "$(awk -F, '$10 == "test"' "$TMP/p.csv" | wc -l)" = 30 ]

# ---- real cells ----
real=$(realpath -q ../shared/data)
if [ -d "$real/pneumonia" ]; then
    small_sweep "$real/pneumonia" 4 <<'YAML'
clusters: [[normal, pneumonia]]
protocol: [{given: split}]
strategy: [none, reweight]
seed: [1, 2]
YAML
    sed -i '/^train/a image: {size: 28}\nlabels: {1: normal, 2: pneumonia}' "$TMP/s.yaml"
    check "a published split is planned" "$C" plan "$TMP/s.yaml"
    tells "the plan" "$TMP/check.out" "given sets: 4708 train, 624 test" "val: of 524 images 8 equal one of train"
    check "run" "$C" run "$TMP/s.yaml" -o "$TMP/pneumonia.h5" -q --set train.epochs=1
    check "and reported" "$C" report "$TMP/pneumonia.h5" -o "$TMP/pneumonia.fig"
    check "all figures are drawn" drawn "$TMP/pneumonia.fig"
    tells "the table" "$TMP/pneumonia.fig/final.csv" "normal-pneumonia,"
    tells "the sets" "$TMP/pneumonia.fig/sets.csv" "train,val,equal pixels,8,524"
else
    skip "no published split at ../shared/data/pneumonia"
fi
if [ -d "$real/wbc" ]; then
    check "cells with outlines are packed" "$C" data pack "$real/wbc" -o "$TMP/wbc.h5"
    tells "packing says" "$TMP/check.out" "masked         300"
    sed "s,^data:.*,data: $TMP/wbc.h5," experiments/wbc.yaml >"$TMP/s.yaml"
    check "run" "$C" run "$TMP/s.yaml" -o "$TMP/wbc.r.h5" -q --set train.epochs=1 --set cnn.filters1=4 --set cnn.filters2=4 \
        --set 'grid.seed=[1, 2]' --set 'grid.clusters=[[1, 2], [3, 4]]' --set 'grid.strategy=[none, augment]'
    check "and reported" "$C" report "$TMP/wbc.r.h5" -o "$TMP/wbc.fig"
    check "all figures are drawn" drawn "$TMP/wbc.fig"
else
    skip "no cells with outlines at ../shared/data/wbc"
fi
finish
