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
sed -i '/^train/a image: {size: 28}\nlabels: names.csv\nkeep_weights: true' "$TMP/s.yaml"
check "a sweep of it is run" "$C" run "$TMP/s.yaml" -o "$TMP/blood.r.h5" -q
check "and reported" "$C" report "$TMP/blood.r.h5" -o "$TMP/blood.fig"
check "all figures are drawn" drawn "$TMP/blood.fig"
tells "the table" "$TMP/blood.fig/final.csv" 'Lymphocyte-B cell,' 'all,'
tells "learning curves" "$(ls "$TMP"/blood.fig/fig4_*.gp | grep -v all)" "Lymphocyte and B cell"
"$C" export "$TMP/blood.r.h5" --table predictions --filter clusters=all,strategy=none,seed=1 >"$TMP/p.csv"
check "judged is set test" [ "$(awk -F, '$11 == "test"' "$TMP/p.csv" | wc -l)" = 30 ]
check "an archive is classified" "$C" predict "$TMP/blood.r.h5" "$TMP/blood.npz" --filter clusters=all,strategy=none,seed=1 -o "$TMP/new.csv"
tells "rows are named by archive, set and place" "$TMP/new.csv" "$TMP/blood.npz/val_0,val_0,"
check "all of its images" [ "$(wc -l <"$TMP/new.csv")" = 103 ]
# With few filters the last bits depend on an image's place in its batch.
digits() { awk -F, '{printf "%s %.5f %.5f %.5f\n", $1, $2, $3, $4}' | sort; }
sed 's/"Mono, classical"/M/g' "$TMP/new.csv" | cut -d, -f2,4-6 | grep '^test_' | digits >"$TMP/new"
sed 's/"Mono, classical"/M/g' "$TMP/p.csv" | awk -F, -v OFS=, '$11 == "test" {print $12, $16, $17, $18}' | digits >"$TMP/stored"
check "what is said of its test set is what the sweep says" cmp "$TMP/new" "$TMP/stored"
head -c 20000 "$TMP/blood.npz" >"$TMP/short.npz"
"$C" predict "$TMP/blood.r.h5" "$TMP/short.npz" "$TMP/stained/B cell/00.png" --filter clusters=all,strategy=none,seed=1 >"$TMP/out" 2>"$TMP/err"
check "a damaged one keeps no other image from being classified" [ "$? $(wc -l <"$TMP/out")" = "1 2" ]
tells "it" "$TMP/err" "$TMP/short.npz: cannot open the archive" "1 of 2 images could not be used"

# ---- a library that crashes over an image ----
# crashes WHAT COMMAND...: exit status 3 and one line that names the image.
crashes() {
    local what=$1 got
    shift
    PRELOAD_CRASH=1 LD_PRELOAD=$(realpath "$BUILD/tests/support/preload.so") "$@" >"$TMP/out" 2>"$TMP/err"
    got=$?
    [ $got = 3 ] && grep -q "/0[0-9].png: damaged: it crashes the library that reads it (Segmentation fault)" "$TMP/err" &&
        ok "$what: a crash is an error that names the image" || not_ok "$what: exit $got: $(cat "$TMP/err")"
}
case $BUILD in
*asan*) skip "no crash: a sanitizer wants to be loaded first" ;;
*)
    crashes "data pack" "$C" data pack "$TMP/stained" -o "$TMP/crashed.h5"
    crashes "data pack on two ranks" mpi 2 "$C" data pack "$TMP/stained" -o "$TMP/crashed.h5"
    crashes "data info" "$C" data info "$TMP/stained"
    sed "s,^data:.*,data: $TMP/stained," "$TMP/s.yaml" >"$TMP/folder.yaml"
    crashes "plan" "$C" plan "$TMP/folder.yaml"
    crashes "predict" "$C" predict "$TMP/blood.r.h5" "$TMP/stained/B cell" --filter clusters=all -o "$TMP/crashed.csv"
    check "nothing is left of them" [ -z "$(find "$TMP" -name '*crashed*')" ]
    ;;
esac

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
    check "run" "$C" run "$TMP/s.yaml" -o "$TMP/wbc.r.h5" -q --set train.epochs=1 --set cnn.blocks=[4,4] \
        --set 'grid.seed=[1, 2]' --set 'grid.clusters=[[1, 2], [3, 4]]' --set 'grid.strategy=[none, augment]'
    check "and reported" "$C" report "$TMP/wbc.r.h5" -o "$TMP/wbc.fig"
    check "all figures are drawn" drawn "$TMP/wbc.fig"
else
    skip "no cells with outlines at ../shared/data/wbc"
fi
finish
