#!/bin/bash
# `data pack` of raw Xenium bundles, which tests/support/make_bundle.c makes; their cells are cut again by tests/oracle/cut_cells.py.
. tests/lib.sh
C=$BUILD/cellsweep
make_bundle=$BUILD/tests/support/make_bundle
OUT=$TMP/c.h5
PYTHON=/usr/bin/python3
export OMPI_MCA_rmaps_base_oversubscribe=1

# bundle NAME [WISH...]: $TMP/NAME, made anew.
bundle() {
    rm -rf "${TMP:?}/$1"
    "$make_bundle" "$TMP/$1" "${@:2}" || not_ok "bundle $1 is made"
}
# pack STATUS BUNDLE [OPTION...]: what is printed is in $TMP/said.
pack() {
    local wanted=$1 name=$2 got
    shift 2
    rm -f "$OUT"
    "$C" data pack "$TMP/$name" -o "$OUT" "$@" >"$TMP/said" 2>&1
    got=$?
    if [ $got -eq "$wanted" ]; then ok "$name $*: exit $wanted"; else not_ok "$name $*: exit $got, not $wanted"; sed 's/^/# /' "$TMP/said"; fi
}
says() { local text; for text; do if grep -qF -- "$text" "$TMP/said"; then ok "  says: $text"; else not_ok "  does not say: $text"; sed 's/^/# /' "$TMP/said"; fi; done; }
# one_line: an error is one line, and nothing is left beside the bundle.
one_line() {
    check "  one line is the error" [ "$(grep -c . "$TMP/said")" -eq 1 ]
    check "  nothing is left" [ -z "$(find "$TMP" -maxdepth 1 -name '*c.h5*')" ]
}
# cut_again BUNDLE SIZE [OPTION...]: every cell of $OUT is what the script cuts.
cut_again() {
    local name=$1 size=$2
    shift 2
    h5dump -d /images/pixels -b LE -o "$TMP/pixels" "$OUT" >/dev/null
    h5dump -d /images/id -y -w 1 "$OUT" | sed -n 's/^ *"\([^"\\]*\).*/\1/p' >"$TMP/ids"
    check "  cells are those that the script cuts: $*" "$PYTHON" tests/oracle/cut_cells.py "$TMP/$name" "$TMP/pixels" "$TMP/ids" "$size" "$@"
    sed 's/^/# /' "$TMP/check.out"
}

bundle text
pack 0 text --size 40
says "60 images of 3 clusters" "600 x 600 pixels of 0.2125 micrometres, 16 bits, 1 channel" "9 of 9 needed"
cut_again text 40 --cells 60
mv "$OUT" "$TMP/one.h5"
for ranks in 2 3; do
    mpirun -n $ranks "$C" data pack "$TMP/text" -o "$OUT" --size 40 >"$TMP/said" 2>&1
    check "$ranks ranks make the same bytes" cmp "$OUT" "$TMP/one.h5"
    check "  and say it once" [ "$(grep -c checksum "$TMP/said")" -eq 1 ]
done
pack 0 text --size 40 --scale percentile:1,99
mv "$OUT" "$TMP/one.h5"
mpirun -n 3 "$C" data pack "$TMP/text" -o "$OUT" --size 40 --scale percentile:1,99 >/dev/null 2>&1
check "so they do where cells are scaled by all" cmp "$OUT" "$TMP/one.h5"

pack 0 text --crop centred:14um --outline nucleus --clusters kmeans_2
says "60 images of 2 clusters"
cut_again text 50 --cells 60 --outline nucleus --side 14
pack 0 text --limit 4
says "1: 4, 2: 4, 3: 4" "note: 48 cells are beyond the limit of their class and left out"
cut_again text 50 --cells 12
cp "$TMP/ids" "$TMP/ids.0"
pack 0 text --limit 4
cut_again text 50 --cells 12
check "a seed draws the same cells again" cmp "$TMP/ids" "$TMP/ids.0"
pack 0 text --limit 4 --seed 5 --list "$TMP/list.csv"
check "  a row for every cell" [ "$(grep -c . "$TMP/list.csv")" -eq 61 ]
check "  with the reason of those that are left out" [ "$(grep -c "left out: not among the 4 drawn of its class" "$TMP/list.csv")" -eq 48 ]
cut_again text 50 --cells 12
check_fails "another seed draws others" cmp "$TMP/ids" "$TMP/ids.0"

check "what wants a dataset names what makes one of a bundle" bash -c "'$C' data info '$TMP/text' 2>&1 | grep -q 'text: a raw Xenium bundle; .cellsweep data pack. cuts its cells'"

bundle stains style=ch ids=number code=jp2 channels=3 tile=128 side=400 cells=30
pack 0 stains --channels all
says "3 channels" "channels  dapi, atp1a1_cd45_e-cadherin, 18s"
cut_again stains 50 --cells 30 --channels 3
pack 0 stains --channels dapi
says "1 channel"
pack 0 stains --channels 1,3
says "channels  dapi, 18s"
pack 3 stains --channels 4
says "channel 4 is asked for, but the focus image has 3"
bundle folder style=folder code=deflate channels=2 side=300 cells=20
pack 0 folder --channels all
cut_again folder 50 --cells 20 --channels 2

# Labels from elsewhere, with groups; rows without one; cells without an outline.
{ echo "cell_id,group,slide" && for i in 1 2 3 4 5 6; do echo "$i,$([ $i -gt 3 ] && echo tumour || echo stroma),s$((i % 2))"; done && echo "7,NA,s1" && echo "999,stroma,s1"; } >"$TMP/labels.csv"
pack 0 stains --labels "$TMP/labels.csv" --groups slide
says "stroma: 3, tumour: 3" "2 by slide" "note: 1 row of the label table has no label" "note: 1 labelled cell has no outline and is left out"
sed 's/^\([0-9]*\),/x\1,/' "$TMP/labels.csv" >"$TMP/other.csv"
pack 3 stains --labels "$TMP/other.csv"
says "none of its ids is that of a labelled cell"

# Cells at and beyond the border.
zcat "$TMP/stains/cell_boundaries.csv.gz" | awk -F, -v OFS=, '$1 == 3 {$2 += 9000} $1 == 4 {$2 -= 2.5} {print}' | gzip >"$TMP/b.gz"
mv "$TMP/b.gz" "$TMP/stains/cell_boundaries.csv.gz"
pack 1 stains
says "rejected 1 of 30 images" "cell 3: its outline, x" "lies outside the image of 400 x 400"
check "  two ranks reject it, too" bash -c "! mpirun -n 2 '$C' data pack '$TMP/stains' -o '$OUT' >'$TMP/said' 2>&1 && [ \$(grep -c 'rejected 1 of 30' '$TMP/said') -eq 1 ]"

# Missing and damaged pieces.
pack 2 text --clusters graphclust --labels x.csv
one_line
pack 3 text --clusters kmeans_9
says "there are: gene_expression_graphclust, gene_expression_kmeans_2_clusters"
one_line
for option in --flip-y "--alpha mask" "--channels rgb" "--pixel-size 0.3" --allow-missing; do
    # shellcheck disable=SC2086
    pack 2 text $option
    says "leave out ${option% 0.3}"
done
check_fails "a folder of images has no clustering" "$C" data pack tests/cases/10-text-labels/a-flat -o "$OUT" --limit 3
rm "$TMP/folder/experiment.xenium"
pack 3 folder
says "experiment.xenium is missing: looked for $TMP/folder/experiment.xenium"
one_line
bundle folder style=folder side=300 cells=20
rm -r "$TMP/folder/morphology_focus"
pack 3 folder
says "the focus image is missing: looked for morphology_focus/morphology_focus_0000.ome.tif, morphology_focus.ome.tif"
one_line
bundle folder side=300 cells=20
rm "$TMP/folder/cell_boundaries.csv.gz"
pack 3 folder
says "the outlines are missing: looked for $TMP/folder/cell_boundaries.csv.gz and"
one_line
pack 0 folder --outline nucleus
rm -r "$TMP/folder/analysis"
pack 3 folder
says "the clusterings are missing: looked for $TMP/folder/analysis/clustering/*/clusters.csv"
one_line
bundle damaged damage=tile
pack 3 damaged
says "morphology_focus.ome.tif: tile 1 of 9 (column 0, row 0): damaged JPEG 2000"
one_line
check_fails "  two ranks refuse it, too" mpirun -n 2 "$C" data pack "$TMP/damaged" -o "$OUT"
bundle damaged damage=short
pack 3 damaged
says "tile 9 of 9 (column 2, row 2): its bytes lie outside the file"
one_line
bundle damaged
head -c 900 "$TMP/damaged/cell_boundaries.csv.gz" >"$TMP/b.gz" && mv "$TMP/b.gz" "$TMP/damaged/cell_boundaries.csv.gz"
pack 3 damaged
says "cell_boundaries.csv.gz" "the file is truncated or damaged"
one_line
finish
