#!/bin/bash
# cellsweep data: exit statuses, what goes to stdout and stderr, that nothing half-written remains.
. tests/lib.sh
C=$BUILD/cellsweep

# status WANTED COMMAND...: run it, output in $TMP/out and $TMP/err, ok when the exit status is the wanted one.
status() {
    local wanted=$1 got
    shift
    "$@" >"$TMP/out" 2>"$TMP/err"
    got=$?
    if [ $got -eq "$wanted" ]; then ok "exit $wanted: ${*##*/}"; else not_ok "exit $got, not $wanted: $*"; sed 's/^/# /' "$TMP/err"; fi
}

status 0 "$C" data synth "$TMP/s"
status 2 "$C" data synth "$TMP/s"
check "the one line names the folder" grep -q "/s: the folder is not empty; name a new one" "$TMP/err"
status 0 "$C" data pack "$TMP/s" -o "$TMP/s.h5"
check "nothing to say on stderr" test ! -s "$TMP/err"
check "it is called synthetic" grep -q SYNTHETIC "$TMP/out"
sum=$(awk '$1 == "checksum" {print $2}' "$TMP/out")
status 0 "$C" data info builtin
check "builtin has the checksum of the packed folder" grep -q "checksum *$sum\$" "$TMP/out"
status 0 "$C" data info "$TMP/s.h5" --sheet "$TMP/s.png" --per-cluster 5
check "the sheet is a PNG" grep -qa PNG "$TMP/s.png"
check "h5dump reads the file" h5dump -d /images/cluster "$TMP/s.h5"

: >"$TMP/s/cell_images/cluster_3/cell_5000.png"
head -c 100 "$TMP/s.png" >"$TMP/s/cell_images/cluster_4/cell_5001.png"
status 1 "$C" data pack "$TMP/s" -o "$TMP/b.h5"
check "rejected: empty" grep -qx "  cell_images/cluster_3/cell_5000.png: empty file" "$TMP/err"
check "rejected: truncated" grep -qx "  cell_images/cluster_4/cell_5001.png: truncated: the file ends inside the image" "$TMP/err"
check "the rest is packed" grep -q "1000 images of 28 clusters" "$TMP/out"
check "and is the same dataset" grep -q "$sum" "$TMP/out"

status 2 "$C" data pack "$TMP/s" -o "$TMP/s.png"
status 2 "$C" data pack "$TMP/s" -o "$TMP/x.h5" --size 4
status 2 "$C" data pack "$TMP/s"
status 2 "$C" data
status 2 "$C" data nonsense
mkdir "$TMP/empty"
status 3 "$C" data pack "$TMP/empty" -o "$TMP/x.h5"
status 3 "$C" data info "$TMP/none.h5"
status 3 "$C" data info "$TMP/s.png"
check_fails "no file was left" test -e "$TMP/x.h5"
check "no temporary file was left" test "$(find "$TMP" -name '*.h5.*' | wc -l)" -eq 0

# A table of all cells beside the images of some.
draw_cells
cp -r "$CELLS" "$TMP/some"
rm "$TMP/some/cell_images/cluster_1/"*1.png
n=$(find "$TMP/some/cell_images" -name '*.png' | wc -l)
status 3 "$C" data pack "$TMP/some" -o "$TMP/some.h5"
check "labels without images are an error that names the way out" grep -q "has a label but no image ($((1000 - n)) such rows); .*--allow-missing" "$TMP/err"
check_fails "and nothing is packed" test -e "$TMP/some.h5"
status 0 "$C" data pack "$TMP/some" -o "$TMP/some.h5" --allow-missing
check "they are passed over when allowed" grep -q ": $n images of 28 clusters" "$TMP/out"
check "and counted" grep -q "$((1000 - n)) rows of the label table have no image and were passed over" "$TMP/err"

# Groups: a column of clusters.csv.
cp -r "$CELLS" "$TMP/grouped"
awk -F, 'NR == 1 {print $0 ",slide"} NR > 1 {print $0 "," (NR % 7 ? "slide " NR % 7 : "")}' "$TMP/grouped/clusters.csv" >"$TMP/clusters.csv"
mv "$TMP/clusters.csv" "$TMP/grouped/clusters.csv"
status 0 "$C" data pack "$TMP/grouped" -o "$TMP/plain.h5"
check "a column nobody asks for changes no checksum" grep -q "$sum" "$TMP/out"
status 0 "$C" data pack "$TMP/grouped" -o "$TMP/grouped.h5" --groups slide
check "nor do groups" grep -q "$sum" "$TMP/out"
check "those without a group are told" grep -q "have no group and are each one of their own" "$TMP/err"
check "h5dump reads the groups" bash -c "h5dump -d /images/group '$TMP/grouped.h5' | grep -q '\"slide 3\"'"
status 0 "$C" data info "$TMP/grouped.h5"
check "info tells the column" grep -q "^  groups .* by slide" "$TMP/out"
status 3 "$C" data pack "$TMP/grouped" -o "$TMP/x.h5" --groups animal
check "the columns are listed" grep -q 'no column "animal", found: "Barcode", "Cluster", "slide"' "$TMP/err"

# Several columns, of which a sweep chooses its groups: the images stay the same.
awk -F, 'NR == 1 {print $0 ",animal"} NR > 1 {print $0 ",a" NR % 3}' "$TMP/grouped/clusters.csv" >"$TMP/clusters.csv"
mv "$TMP/clusters.csv" "$TMP/grouped/clusters.csv"
status 0 "$C" data pack "$TMP/grouped" -o "$TMP/meta.h5" --meta slide,animal
check "columns that are kept change no checksum" grep -q "$sum" "$TMP/out"
check "and are told" grep -q "^  columns   slide (6), animal (3)" "$TMP/out"
check "h5dump reads them" bash -c "h5dump -d /meta/animal/value '$TMP/meta.h5' | grep -q '\"a0\", \"a1\", \"a2\"'"
printf 'name: g\ndata: %s\nmodel: fake\ngroups: animal\ngrid: {clusters: [[1, 2]]}\n' "$TMP/meta.h5" >"$TMP/g.yaml"
printf 'name: g\ndata: %s\nmodel: fake\ngroups: plate\ngrid: {clusters: [[1, 2]]}\n' "$TMP/meta.h5" >"$TMP/p.yaml"
status 0 "$C" plan "$TMP/g.yaml"
status 2 "$C" plan "$TMP/p.yaml"
check "a column that was not kept is named" grep -q "groups plate are asked for; pack it with --meta plate" "$TMP/err"
status 0 "$C" data pack "$TMP/grouped" -o "$TMP/meta.h5" --meta all
check "all others are kept" grep -q "^  columns   slide (6), animal (3)" "$TMP/out"

# --list: a row for every image, packed or not, with what is known of it.
mkdir "$TMP/listed"
for i in 1 2 3 4 5 6 7; do cp "$TMP/grouped/cell_images"/*/"cell_$i.png" "$TMP/listed/$i.png"; done
echo broken >"$TMP/listed/4.png"
printf 'id,label,split,slide,animal\n1,A,train,s1,m1\n2,"B, big",test,s1,m2\n3,A,val,s2,m1\n4,A,train,s2,m3\n5,NA,train,s3,m1\n6,"B, big",,s3,m1\n' >"$TMP/listed/labels.csv"
status 1 "$C" data pack "$TMP/listed" -o "$TMP/x.h5" --groups slide --meta animal --list "$TMP/list.csv"
cat >"$TMP/wanted" <<'END'
id,class,set,slide,animal,source,width,height,reason
1,A,train,s1,m1,1.png,W,H,
3,A,val,s2,m1,3.png,W,H,
2,"B, big",test,s1,m2,2.png,W,H,
6,"B, big",,s3,m1,6.png,W,H,
4,A,train,s2,m3,4.png,,,WHY
7,,,,,7.png,,,no label in labels.csv
5,,train,s3,,5.png,,,left out: its label in labels.csv says that it has none
END
check "the list has a row for every image, with the reason of those that are not packed" bash -c "
    sed -E 's/png,[0-9]+,[0-9]+,/png,W,H,/; s/\"no image that is read.*/WHY/' '$TMP/list.csv' | diff - '$TMP/wanted'"
printf 'bad' >"$TMP/listed/1.png" && cp "$TMP/listed/1.png" "$TMP/listed/3.png" && cp "$TMP/listed/1.png" "$TMP/listed/2.png" && cp "$TMP/listed/1.png" "$TMP/listed/6.png"
rm "$TMP/x.h5" "$TMP/list.csv"
status 3 "$C" data pack "$TMP/listed" -o "$TMP/x.h5" --list "$TMP/list.csv"
check "also when nothing can be packed" [ "$(grep -c . "$TMP/list.csv")" -eq 8 ]
status 3 "$C" data pack "$TMP/twice-none" -o "$TMP/x.h5" --list "$TMP/none.csv"
check "but not when there is nothing" [ ! -e "$TMP/none.csv" ]

# A library that crashes over a file is an error that names the file, with nothing written.
case $BUILD in
*asan*) skip "no crash: a sanitizer wants to be loaded first" ;;
*)
    status 3 env LD_PRELOAD="$(realpath "$BUILD")/tests/support/preload.so" PRELOAD_CRASH=1 "$C" data pack tests/cases/10-text-labels/a-flat -o "$TMP/crashed.h5"
    check "it is named" grep -q "a-flat/.*\.png: damaged: it crashes the library that reads it (Segmentation fault); restore a copy, or leave it out" "$TMP/err"
    check "and nothing is left" [ -z "$(find "$TMP" -name '*crashed*')" ]
    ;;
esac

# Images that are there twice are named, those of two clusters first.
mkdir -p "$TMP/twice/cluster_1" "$TMP/twice/cluster_2"
n=0
for k in 1 1 1 2 2; do n=$((n + 1)); cp "$(find "$TMP/grouped" -name cell_$n.png)" "$TMP/twice/cluster_$k/$n.png"; done
cp "$TMP/twice/cluster_1/1.png" "$TMP/twice/cluster_2/7.png"
cp "$TMP/twice/cluster_1/2.png" "$TMP/twice/cluster_1/8.png"
status 0 "$C" data pack "$TMP/twice" -o "$TMP/twice.h5"
status 0 "$C" data info "$TMP/twice.h5"
check "copies are counted" grep -q "copies      2 images have the same pixels as another; 1 of them in ANOTHER CLUSTER" "$TMP/out"
check "one of another cluster is named" grep -q "7 (cluster 2) = 1 (cluster 1)" "$TMP/out"
check "one of the same, too" grep -q "8 (cluster 1) = 2 (cluster 1)" "$TMP/out"
check "two labels of one picture are a warning" grep -q "^warning: 1 image has the same pixels as one of another class" "$TMP/err"
check "info draws how bright each class is" [ "$(grep -c "^ *[12]  |.*@.*|" "$TMP/out")" -eq 2 ]
check "info tells the depth" grep -q "^ *1 .* 8 bit  *0\.[0-9]* " "$TMP/out"

# Images and folders that no cluster_<k> folder holds are told, and change nothing else.
cp "$TMP/grouped/cell_images/cluster_1/$(ls "$TMP/grouped/cell_images/cluster_1" | head -n 1)" "$TMP/grouped/cell_images/stray.png"
mkdir "$TMP/grouped/cell_images/astrocytes"
status 0 "$C" data pack "$TMP/grouped" -o "$TMP/plain.h5"
check "what lies beside the cluster folders is told" grep -q "^note: 2 folders without images, or images beside the folders of the classes, were passed over" "$TMP/err"
check "and changes no checksum" grep -q "$sum" "$TMP/out"

for verb in synth pack info; do
    status 0 "$C" data $verb --help
    check "$verb --help has examples" grep -q "^  cellsweep data" "$TMP/out"
done

# A full disk: the file appears whole or not at all.
mkdir "$TMP/full"
if mount -t tmpfs -o size=1m tmpfs "$TMP/full" 2>/dev/null; then
    status 3 "$C" data pack "$TMP/s" -o "$TMP/full/x.h5"
    check "nothing is left on the full disk" test -z "$(ls -A "$TMP/full")"
    status 3 "$C" data synth "$TMP/full/s"
    check "nor of a folder" test -z "$(ls -A "$TMP/full")"
    umount "$TMP/full"
else
    skip "cannot mount a small tmpfs here"
fi
finish
