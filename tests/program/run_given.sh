#!/usr/bin/env bash
# The sets that images came with: protocol {given: split}, from folder to report; what is refused, what is not gone on with.
cd "$(dirname "$0")/../.." && . tests/lib.sh
cellsweep=$BUILD/cellsweep
few_cells 8 10 14
folder=$TMP/few

# sets AWK: column split of the label table, of every row by its number n; slides of 25 images each.
sets() { awk -F, "NR == 1 {print \"Barcode,Cluster,split,slide\"; next} {n++; s = $1; printf \"%s,%s,%s,%d\\n\", \$1, \$2, s, n / 25}" "$TMP/labels" >"$folder/clusters.csv"; }
awk -F, '{print $1 "," $2}' "$folder/clusters.csv" >"$TMP/labels"
mixed='n % 10 < 6 ? "train" : n % 10 == 6 ? "val" : "test"'
sets "$mixed"
small_sweep "$folder" 16 <<'END'
clusters: [[8, 10], all]
protocol: [holdout, {given: split}]
strategy: [none, oversample]
seed: [1, 2, 3]
END

"$cellsweep" plan "$TMP/s.yaml" >"$TMP/plan" 2>&1
check "plan says that val is kept apart" grep -q "^given sets: [0-9]* train, [0-9]* test; [0-9]* val are kept apart: no job trains on them, they are there to choose on$" "$TMP/plan"
check "and that there is one split" grep -q "^clusters 8-10, protocol given: one split, as the images came: 3 seeds are runs of it, intervals over initial weights only$" "$TMP/plan"
check "and how far the sets leak" grep -q "^  train to test: of [0-9]* images 0 equal one of train, 0 nearly$" "$TMP/plan"
check "a folder is run" run 1 "$TMP/r.h5"
check "and gone on with on two ranks" run 2 "$TMP/r.h5"
check "and reported" "$cellsweep" report "$TMP/r.h5" -o "$TMP/report"
"$cellsweep" export "$TMP/r.h5" --table predictions -o "$TMP/p.csv"
/usr/bin/python3 - "$folder/clusters.csv" "$TMP/p.csv" <<'END' && ok "judged are all images of set test, and those alone" || not_ok "judged are others than set test"
import csv, sys
table = list(csv.DictReader(open(sys.argv[1])))
want = {c: {row["Barcode"] for row in table if row["split"] == "test" and row["Cluster"] in c.split("+")} for c in ("8+10", "8+10+14")}
judged = {}
for row in csv.DictReader(open(sys.argv[2])):
    if row["protocol"] == "given" and row["set"] == "test":
        judged.setdefault((row["job"], row["clusters"].replace("all", "8+10+14")), []).append(row["image"])
assert len(judged) == 12
for (job, clusters), images in judged.items():
    assert len(images) == len(set(images)) and set(images) == want[clusters], job
END
check "no comparison of one split has a verdict" grep -q "^test,balanced_accuracy,8+10,given,.*,no verdict: 3 runs of one split$" "$TMP/report/comparisons.csv"
check "of three it may have" bash -c "grep '^test,balanced_accuracy,8+10,holdout,' '$TMP/report/comparisons.csv' | grep -qv 'one split'"
check "final says what intervals are over" grep -q "^Under protocol given .* intervals are over initial weights only.$" "$TMP/report/final.md"
check "the leak of the sets is a table" grep -q "^train,test,equal pixels,0,[0-9]*,$" "$TMP/report/sets.csv"

# Copies of two training images in set test, one of them rounded; packed with slides.
train=$(awk -F, '$3 == "train" {print $1; exit}' "$folder/clusters.csv")
cluster=$(awk -F, -v id="$train" '$1 == id {print $2}' "$folder/clusters.csv")
cp -r "$folder" "$TMP/leaky"
cp "$(find "$folder" -name "*_$train.png" -o -name "$train.png" | head -1)" "$TMP/leaky/cell_images/cluster_$cluster/cell_999999.png"
echo "999999,$cluster,test,0" >>"$TMP/leaky/clusters.csv"
check "sets are packed" "$cellsweep" data pack "$TMP/leaky" -o "$TMP/leaky.h5" --meta slide
"$cellsweep" plan "$TMP/s.yaml" --set "data=$TMP/leaky.h5" >"$TMP/plan"
check "a copy in the test set is counted" grep -q "^  train to test: of [0-9]* images 1 equal one of train, 0 nearly; [0-9]* share slide with images of the other set" "$TMP/plan"

# Edited sets: other jobs.
sets 'n % 10 < 7 ? "train" : "test"'
"$cellsweep" run "$TMP/s.yaml" -o "$TMP/r.h5" -q 2>"$TMP/err"
[ $? = 2 ] && grep -q "r.h5: the same images were in other sets (train, val, test) or groups when its jobs of protocol given ran; give another -o" "$TMP/err" &&
    ok "edited sets are not mixed with the old ones" || not_ok "edited sets: $(cat "$TMP/err")"
check "jobs that do not heed them do not mind" bash -c "sed -i 's/protocol: .*/protocol: [holdout]/' '$TMP/s.yaml' && '$cellsweep' run '$TMP/s.yaml' -o '$TMP/h.h5' -q"
sets "$mixed"
check "and are gone on with, with other sets" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/h.h5" -q
sed -i 's/protocol: .*/protocol: [{given: split}]/' "$TMP/s.yaml"

refused() {
    "$cellsweep" plan "$TMP/s.yaml" "${@:2}" >"$TMP/out" 2>&1
    [ $? = 2 ] && grep -q "$1" "$TMP/out" && ok "refused: $1" || not_ok "not refused with '$1': $(tail -2 "$TMP/out")"
}
refused "protocol: given takes split" --set 'grid.protocol=[{given: sets}]'
refused "expected report, tail, holdout, {kfold: {folds: 5, repeats: 1}} or {given: split}" --set 'grid.protocol=[{gven: split}]'
refused "validation: no job of this grid reads it" --set validation=0.3
refused "class_sizes: protocol given takes its sets as they are" --set class_sizes=[9,9] --set grid.clusters=[[8,10]]
sets '$2 == 10 ? "train" : n % 2 ? "train" : "test"'
refused "protocol given: cluster 10 has no image in set test"
sets 'n % 2 ? "train" : "val"'
refused "protocol given: no image is in set test ([0-9]* train, [0-9]* val, 0 test)"
awk -F, 'NR == 1 {print "Barcode,Cluster"; next} {print $1 "," $2}' "$TMP/labels" >"$folder/clusters.csv"
refused "protocol given: the images came without sets; pack them"

# Folders of named classes in folders of sets.
n=0
for file in "$folder"/cell_images/cluster_{8,10}/*.png; do
    n=$((n + 1))
    set=$([ $((n % 3)) = 0 ] && echo test || echo train) class=$([[ $file == *cluster_8/* ]] && echo "Round cell" || echo "Flat cell")
    mkdir -p "$TMP/named/$set/$class" && cp "$file" "$TMP/named/$set/$class"
done
small_sweep "$TMP/named" 16 <<'END'
clusters: [["Round cell", "Flat cell"]]
protocol: [{given: split}]
seed: [1, 2]
END
check "named classes in folders of sets are run" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/named.h5" -q
check "and reported" "$cellsweep" report "$TMP/named.h5" -o "$TMP/named.report"
rm -r "$TMP/named/test/Flat cell"
refused "protocol given: cluster Flat cell has no image in set test"

# An archive of MedMNIST's form.
/usr/bin/python3 - "$TMP/sets.npz" <<'END'
import numpy, sys
random, sets = numpy.random.default_rng(1), {}
for name, n in (("train", 12), ("val", 4), ("test", 8)):
    sets[name + "_images"] = random.integers(0, 256, (n, 28, 28), "u1")
    sets[name + "_labels"] = (numpy.arange(n) % 2)[:, None]
numpy.savez_compressed(sys.argv[1], **sets)
END
small_sweep "$TMP/sets.npz" 4 <<'END'
clusters: [[0, 1]]
protocol: [{given: split}]
seed: [1, 2]
END
check "a sweep on an archive is run" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/npz.h5" -q
check "and gone on with" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/npz.h5" -q
rm "$TMP/sets.npz"
"$cellsweep" report "$TMP/npz.h5" -o "$TMP/npz.report" >"$TMP/out" 2>"$TMP/err"
[ $? = 0 ] && [ ! -s "$TMP/err" ] && [ -s "$TMP/npz.report/appendix_a1.png" ] && ok "and reported without it, with its images" ||
    not_ok "an archive's report: $(cat "$TMP/err")"

# Three slides leave three splits: seeds draw some again, and figures count splits.
/usr/bin/python3 - "$TMP/slides" <<'END'
import numpy, os, sys
random, rows = numpy.random.default_rng(2), ["cell_id,label,slide"]
for i in range(24):
    folder = f"{sys.argv[1]}/{i % 2}"
    os.makedirs(folder, exist_ok=True)
    numpy.save(f"{folder}/{i}.npy", random.integers(0, 256, (16, 16), "u1"))
    rows.append(f"{i},{i % 2},{i // 2 % 3}")
open(sys.argv[1] + "/labels.csv", "w").write("\n".join(rows) + "\n")
END
"$cellsweep" data pack "$TMP/slides" -o "$TMP/slides.h5" --meta slide -s 16 >/dev/null 2>&1
small_sweep "$TMP/slides.h5" 4 <<'END'
clusters: [[0, 1]]
groups: [none, slide]
seed: {first: 1, count: 6}
END
sed -i '/^train/a image: {size: 16}' "$TMP/s.yaml"
check "few slides are run" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/slides.r.h5" -q
check "and reported, with their images" bash -c "'$cellsweep' report '$TMP/slides.r.h5' -o '$TMP/slides.report' 2>&1 | grep -q ' of 6 ('"
n=$(awk -F'\t' '$4 == "slide" {print $6}' "$TMP/slides.report/axis_groups_0-1.tsv")
check "an axis's figure counts splits" grep -q "(n = $n to 6)" "$TMP/slides.report/axis_groups_0-1.gp"
check "and shows the mean of each" awk -F'\t' -v n="$n" '$4 == "slide" {for (k = 1; k <= 4; k++) shown += $(9 + k) != "NaN"} END {exit !(n > 1 && n < 5 && shown == n)}' "$TMP/slides.report/axis_groups_0-1.tsv"
check "so do learning curves" grep -q "(n = $n, 6 jobs)" "$TMP/slides.report/fig2_0-1_groups=slide.gp"
finish
