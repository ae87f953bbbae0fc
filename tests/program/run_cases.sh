#!/bin/bash
# Folders as people have them, each made after somebody's trouble with cutting or labelling cells: tests/cases/NN-what/which is the
# SRC of `data pack`, 20 x 20 crops unless its name says otherwise.
. tests/lib.sh
C=$BUILD/cellsweep
OUT=$TMP/c.h5

# pack STATUS CASE [OPTION...]: pack it with this exit status; what it prints is in $TMP/said.
pack() {
    local wanted=$1 case=$2 got
    shift 2
    rm -f "$OUT"
    "$C" data pack "tests/cases/$case" -o "$OUT" --size 20 "$@" >"$TMP/said" 2>&1
    got=$?
    if [ $got -eq "$wanted" ]; then ok "$case $*: exit $wanted"; else not_ok "$case $*: exit $got, not $wanted"; sed 's/^/# /' "$TMP/said"; fi
}

# says TEXT...: the last pack printed each of them; silent TEXT...: none of them.
says() {
    local text
    for text; do if grep -qF -- "$text" "$TMP/said"; then ok "  says: $text"; else not_ok "  does not say: $text"; sed 's/^/# /' "$TMP/said"; fi; done
}
silent() {
    local text
    for text; do if grep -qF -- "$text" "$TMP/said"; then not_ok "  says: $text"; else ok "  does not say: $text"; fi; done
}

# lit IMAGE: pixels above 0 of an image of the dataset packed last, by its place in the order.
lit() { h5dump -d /images/pixels -s "$1,0,0" -c 1,20,20 -y -w 1 "$OUT" | awk '/DATA [{]/ {on = 1; next} /}/ {on = 0} on {gsub(",", ""); n += $1 > 0} END {print n + 0}'; }
# values IMAGE SIZE: "value:pixels " for all values of an image, in order.
values() { h5dump -d /images/pixels -s "$1,0,0" -c "1,$2,$2" -y -w 1 "$OUT" | awk '/DATA [{]/ {on = 1; next} /}/ {on = 0} on {gsub(",", ""); if (NF) c[$1]++} END {for (v in c) print v ":" c[v]}' | LC_ALL=C sort | tr '\n' ' '; }
# is_lit IMAGE PIXELS: it has so many.
is_lit() { check "  $2 pixels of image $1 are left" [ "$(lit "$1")" -eq "$2" ]; }

pack 0 01-centred/a-one-60px
says "(1 of 1 looked at): the cell is taken to be in the middle (--crop centred)"
pack 0 01-centred/c-all-60px
says "(5 of 5 looked at): the cell is taken to be in the middle (--crop centred)"
pack 0 01-centred/d-all-25px --size 25
says "(5 of 5 looked at): the cell is taken to be in the middle (--crop centred)"
check "  309 pixels of the disc are left, and none beside it" [ "$(values 2 25)" = "0.784314:309 0:316 " ]
pack 0 01-centred/d-all-25px --crop box
says "note: 5 boundaries do not fit their images, so their masks lie beside the cells"

pack 0 02-y-flipped/a-right
is_lit 2 165
pack 3 02-y-flipped/b-negated
says "no vertex_y is positive: that axis grows upwards; --flip-y turns it"
pack 0 02-y-flipped/b-negated --flip-y
is_lit 2 165
for case in a-10x20 b-20x22-L; do
    pack 3 03-xy-swapped/$case
    says "x and y are exchanged: 1 of 1 outlines fit their images only the other way; --swap-xy turns them"
    pack 0 03-xy-swapped/$case --swap-xy
    silent "do not fit" "does not fit"
done

for case in a-diagonal c-same-point; do
    pack 1 06-degenerate/$case
    says "cell_images/cluster_2/cell_3.png: its boundary has no area"
done
pack 0 07-parquet/a
says "note: cell_boundaries.parquet is not read, and there is no cell_boundaries.csv: no image is masked; this converts it: python3 -c"

pack 3 08-renumbered/a-folders
says "clusters.csv:2: cell 1 is in cluster 1 here, but in cell_images/cluster_0/cell_1.png; make them agree"
pack 0 08-renumbered/b-flat
says "classes   1: 2, 2: 3"

for case in a-NA b-empty c-minus1; do
    pack 0 09-na-labels/$case
    says "4 images of 2 clusters" "note: 1 row of the label table has no label"
done
pack 0 09-na-labels/f-3.0
says "classes   1: 2, 2: 3"
pack 0 09-na-labels/g-NA-of-a-cell-without-image
says "5 images of 2 clusters" "note: 1 row of the label table has no label"

pack 0 10-text-labels/a-flat
says "classes   CD4+ T cell: 2, CD8+ T cell: 3"
check "  info shows the names" bash -c "'$C' data info '$OUT' | grep -q '^  CD8+ T cell  *3 '"

pack 0 11-class-folders/a-top
says "classes   Polylobed: 3, Prometaphase: 2"
pack 0 11-class-folders/c-train-val
says "classes   B cells: 6, T cells: 4" "sets      train 5, val 5, test 0, none 0"
check "  the sets are in the file" bash -c "h5dump -d /images/set -y -w 200 '$OUT' | grep -q '1, 2, 1, 2, 1, 2, 1, 2, 1, 2'"
pack 0 11-class-folders/d-numbers-without-cluster_
says "5 images of 2 clusters" "classes   1: 2, 2: 3"

for case in a-63 b-64 c-94; do
    pack 0 12-long-names/$case
    says "5 images of 2 clusters" "rejected         0"
    check "  ids are whole" bash -c "h5dump -d /images/id '$OUT' | grep -q '\"$(basename "$(find tests/cases/12-long-names/$case -name '*1.png')" .png)\"'"
done

pack 0 13-cluster_-file/a-png
says "5 images of 2 clusters"
for case in b-csv e-beside-folders; do
    pack 0 13-cluster_-file/$case
    says "5 images of 2 clusters" "note: 1 file was passed over: 1 .csv"
done

pack 0 14-unnamed-index/a-scanpy
says "ids are taken from column \"\", their labels from \"leiden\"" "classes   1: 2, 2: 3"
pack 0 14-unnamed-index/b-R
says "ids are taken from column \"barcodes\", their labels from \"Clustername\"" "classes   1: 2, 2: 3"
for case in c-lower-case f-space-after-comma; do
    pack 0 14-unnamed-index/$case
    says "classes   1: 2, 2: 3"
    silent "--id-column"
done

for case in a-csv2 b-sep c-plain; do
    pack 0 15-semicolons/$case
    says "classes   1: 2, 2: 3"
done
pack 0 15-semicolons/d-boundaries
says "masked           1"

pack 3 16-utf16/a-le
says "clusters.csv: UTF-16 text; save it as CSV in UTF-8"
pack 0 16-utf16/c-utf8-bom
says "classes   1: 2, 2: 3"
pack 3 16-utf16/d-xlsx-renamed
says "clusters.csv: an Excel workbook or another zip file; save the table as CSV"

pack 3 17-id-suffix/a-without-suffix
says '"aaaaaaab-1" among the images is "aaaaaaab" here: --strip-suffix=-1 leaves the difference out'
pack 0 17-id-suffix/a-without-suffix --strip-suffix=-1
pack 3 17-id-suffix/b-merged
says '"aaaaaaab-1_1" here is "aaaaaaab-1" among the images: --strip-suffix=_1 leaves the difference out'
pack 0 17-id-suffix/b-merged --strip-suffix=_1
pack 0 17-id-suffix/d-right
says "classes   1: 2, 2: 3"
pack 3 17-id-suffix/f-leading-zeros
says '"001" among the images is "1" here: --strip-zeros leaves the difference out'
pack 0 17-id-suffix/f-leading-zeros --strip-zeros
says "classes   1: 2, 2: 3"

pack 3 17-id-suffix/i-boundaries-without-suffix
says 'cell_boundaries.csv: none of its ids is that of an image: "aaaaaaab-1" among the images is "aaaaaaab" here: --strip-suffix=-1'
pack 0 17-id-suffix/i-boundaries-without-suffix --strip-suffix=-1
says "masked           5"

pack 3 18-ids-again/a
says "have the same cell id 7; rename or remove one; cells of several slides keep apart with the slide's name before their ids"

for case in a-closed c-label_id; do
    pack 0 19-two-nuclei/$case
    is_lit 2 340
done
pack 1 19-two-nuclei/b-unclosed
says "cell_3.png: its boundary looks like two rings that are not closed"
pack 0 20-ring-twice/a
is_lit 2 361
pack 0 20-ring-twice/b-round
is_lit 2 244

pack 3 21-border-empty/b-row-without-image
says "clusters.csv:7: cell 9 has a label but no image (1 such row)" "--allow-missing"
pack 0 21-border-empty/b-row-without-image --allow-missing
says "5 images of 2 clusters"

pack 0 22-label_id/a
says "masked           1"
is_lit 2 361

pack 0 23-appledouble/b-pack
says "note: 4 files were passed over:" "2 ._*" "1 .DS_Store" "1 Thumbs.db" "5 images of 2 clusters"

pack 1 21-border-empty/a-0-byte
says "cell_images/cluster_2/cell_5.png: empty file" "4 images of 2 clusters"

pack 1 24-other-formats/a
says "bmp.png: a BMP, which is not read; convert it to PNG or TIFF" "gif.png: a GIF, which is not read" \
    "webp.png: a WebP, which is not read" "heic.png: a HEIC or AVIF, which is not read" \
    "html.png: a web page, not an image; download it again" "lfs.png: a pointer of git-lfs, not the image; run \`git lfs pull\`"
pack 0 25-extension/a-capital
says "5 images of 2 clusters"
pack 0 25-extension/b-all-tif
says "5 images of 2 clusters" "classes   1: 2, 2: 3"

pack 0 04-12bit-in-16/a-mixed-in-class
says "warning: the files have different depths (bits: files, 8: 3, 16: 2)"
check "  info tells the depths of each class" bash -c "'$C' data info '$OUT' 2>/dev/null | grep -q '^ *1 .* 8: 1, 16: 1 '"
pack 0 04-12bit-in-16/b-depth-is-the-label
says "WARNING: THE DEPTH OF THE FILES GOES WITH THE CLASS"
pack 0 04-12bit-in-16/b-depth-is-the-label --scale image
silent "WARNING"
pack 0 04-12bit-in-16/c-all-12bit
says "warning: the 5 images of 16 bits use only the lowest 12: 1/16 of the brightness there is"
pack 0 04-12bit-in-16/c-all-12bit --scale dataset
silent "warning"

pack 0 05-alpha-mask/a
says "note: 1 image is transparent in places" "--alpha mask uses it" "masked           0"
pack 0 05-alpha-mask/a --alpha mask
says "masked           1"
silent "transparent"

pack 0 21-border-empty/c-all-black
says "note: 2 images are black all over, or less than 4 pixels wide or high"
pack 0 21-border-empty/d-1x1
says "note: 1 image is black all over, or less than 4 pixels wide or high"

# Channels: kept, shown, and taken by a sweep.
pack 0 05-alpha-mask/a --channels rgb
says "channels  red, green, blue" "prepared  channels=rgb scale=depth"
check "  info draws them" "$C" data info "$OUT" --sheet "$TMP/sheet.png"
printf 'data: %s\nimage: {size: 20}\nmodel: fake\ngrid: {clusters: [[1, 2]], strategy: [none]}\n' "$OUT" >"$TMP/sweep.yaml"
check "  and a sweep takes them" "$C" plan "$TMP/sweep.yaml"
for bad in "--channels 0" "--channels red" "--scale log" "--scale percentile:9,1" "--alpha no"; do pack 2 05-alpha-mask/a $bad; done
finish
