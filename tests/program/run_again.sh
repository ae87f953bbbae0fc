#!/usr/bin/env bash
# The same command again: what is there is kept, the grid may grow, and what is refused, before a sweep and in the middle of its
# file; groups of images; figures, status and the help of all commands.
. tests/lib.sh
cellsweep=$BUILD/cellsweep
few_cells 1 14 15 27
small_sweep "$TMP/few" 16 <<'YAML'
clusters: [[14, 15], [1, 27]]
strategy: [none, oversample]
protocol: [report, holdout]
seed: {first: 1, count: 2}
YAML
finished() { "$cellsweep" export "$1" --table jobs | grep -c ',done,'; }

check "a sweep" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/1.h5" -q
[ "$(finished "$TMP/1.h5")" = 16 ] && ok "all 16 jobs done" || not_ok "all 16 jobs done: $(finished "$TMP/1.h5")"

# A packed dataset in the way is left alone.
cp "$TMP/1.cells.h5" "$TMP/way.cells.h5"
packed=$(cksum <"$TMP/way.cells.h5")

# Running again does nothing; growing keeps what is there; another grid is refused.
"$cellsweep" export "$TMP/1.h5" --table scores --on oof >"$TMP/oof.csv" 2>"$TMP/oof.err"
[ "$(wc -l <"$TMP/oof.csv")" = 1 ] && grep -q "protocol kfold, which none" "$TMP/oof.err" && ok "out-of-fold scores of a sweep without folds: a note" || not_ok "out-of-fold scores of a sweep without folds: $(cat "$TMP/oof.err")"
before=$("$cellsweep" export "$TMP/1.h5" --table jobs | cksum)
check "the same command again" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/1.h5" -q
[ "$before" = "$("$cellsweep" export "$TMP/1.h5" --table jobs | cksum)" ] && ok "it computes nothing twice" || not_ok "it computes nothing twice"
cp "$TMP/1.h5" "$TMP/g.h5"
cp "$TMP/1.cells.h5" "$TMP/g.cells.h5"
check "a grid that grew" run 2 "$TMP/g.h5" --set grid.seed.count=3
[ "$(finished "$TMP/g.h5")" = 24 ] && ok "has its 24 jobs" || not_ok "has its 24 jobs"
started() { "$cellsweep" export "$1" --table jobs --filter 'seed=1..2' | cut -d, -f2,15 | sort; }
[ "$(started "$TMP/g.h5")" = "$(started "$TMP/1.h5")" ] && ok "and kept the 16 it had" || not_ok "and kept the 16 it had"
refused() { # refused WHAT STATUS PATTERN COMMAND...
    local what=$1 want=$2 pattern=$3 got
    shift 3
    "$@" >"$TMP/refused.out" 2>&1
    got=$?
    if [ $got = "$want" ] && grep -q -- "$pattern" "$TMP/refused.out" && [ "$(grep -c '^cellsweep' "$TMP/refused.out")" = 1 ]; then
        ok "$what"
    else
        not_ok "$what: exit status $got, want $want and '$pattern'"
        sed 's/^/# /' "$TMP/refused.out"
    fi
}
refused "changed epochs" 2 "train.epochs is 3 there and 4 here" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/1.h5" --set train.epochs=4
refused "a smaller grid" 2 "are not in this grid" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/1.h5" --set grid.seed.count=1
refused "other data" 2 "other data" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/1.h5" --set image.size=40
refused "results in a folder that is not there" 3 "No such file or directory" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/no/r.h5"
echo "not HDF5" >"$TMP/text.h5"
refused "results file that is not HDF5" 3 "text.h5: .*not .*HDF5" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/text.h5"
[ "$(cat "$TMP/text.h5")" = "not HDF5" ] && ok "and it is left alone" || not_ok "and it is left alone"
cp "$TMP/1.cells.h5" "$TMP/foreign.h5"
refused "results file that is not ours" 3 "foreign.h5: " "$cellsweep" run "$TMP/s.yaml" -o "$TMP/foreign.h5"
refused "results file that is a folder" 3 "$TMP" "$cellsweep" run "$TMP/s.yaml" -o "$TMP"
refused "filter without a match" 2 "matches none" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/1.h5" --filter seed=99
refused "filter with an unknown key" 2 "colour" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/1.h5" --filter colour=red
refused "packed images in the way" 2 "way.cells.h5: is in the way" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/way.h5" --set image.size=40
[ "$packed" = "$(cksum <"$TMP/way.cells.h5")" ] && ok "and they are left alone" || not_ok "and they are left alone"
refused "no sweep file" 3 "cannot read the sweep file" "$cellsweep" run "$TMP/none.yaml" -o "$TMP/x.h5"
refused "unknown key" 2 "did you mean 'train.epochs'" "$cellsweep" plan "$TMP/s.yaml" --set train.epocs=3
refused "negative epochs" 2 "out of range" "$cellsweep" plan "$TMP/s.yaml" --set train.epochs=-3
refused "empty grid" 2 "no job" "$cellsweep" plan "$TMP/s.yaml" --set 'grid={}'
refused "cluster that is not there" 2 "clusters: 99 is not in the data" "$cellsweep" plan "$TMP/s.yaml" --set 'grid.clusters=[[1, 99]]'
refused "no such command" 2 "is no command" "$cellsweep" frobnicate
cp "$TMP/1.cells.h5" "$TMP/bent.h5"
offset=$(($(stat -c %s "$TMP/bent.h5") / 2))
printf 'XXXX' | dd of="$TMP/bent.h5" bs=1 seek=$offset conv=notrunc 2>/dev/null
refused "packed data that changed since" 3 "checksum" "$cellsweep" plan "$TMP/s.yaml" --set data="$TMP/bent.h5"
[ -z "$(find "$TMP" -name '*.tmp*' -o -name '*.part*' -o -name 'x.h5')" ] && ok "nothing half-written is left" || not_ok "half-written: $(ls "$TMP")"

# Groups travel to every rank, in a folder and packed.
cp -r "$TMP/few" "$TMP/grouped"
awk -F, 'NR == 1 {print $0 ",slide"} NR > 1 {print $0 ",s" NR % 9}' "$TMP/grouped/clusters.csv" >"$TMP/clusters.csv"
mv "$TMP/clusters.csv" "$TMP/grouped/clusters.csv"
"$cellsweep" data pack "$TMP/grouped" -o "$TMP/plain.h5" >/dev/null
"$cellsweep" data pack "$TMP/grouped" -o "$TMP/slides.h5" --groups slide >/dev/null
cat >"$TMP/slides.yaml" <<YAML
data: $TMP/grouped
groups: slide
train: {epochs: 2}
cnn: {blocks: [4, 4], dense: [8, 8]}
grid:
  clusters: [[14, 15]]
  protocol: [holdout, {kfold: {folds: 3}}]
  strategy: [none, oversample]
YAML
"$cellsweep" run "$TMP/slides.yaml" -o "$TMP/ungrouped.h5" -q --set groups=none >/dev/null 2>&1
check "groups of a folder" "$cellsweep" run "$TMP/slides.yaml" -o "$TMP/slides1.h5" -q
check "go on with the images packed beside the results" "$cellsweep" run "$TMP/slides.yaml" -o "$TMP/slides1.h5" -q
finished() { [ "$(events "$TMP/ungrouped.h5" '"job_finished"')" = "$2" ] && ok "$1" || not_ok "$1: $(events "$TMP/ungrouped.h5" '"job_finished"') jobs"; }
check "groups of one column beside none" "$cellsweep" run "$TMP/slides.yaml" -o "$TMP/one.h5" -q --set 'grid.groups=[none, slide]'
check "are reported" "$cellsweep" report "$TMP/one.h5" -o "$TMP/one"
check "and how many test images share a slide with training" grep -q '"holdout, groups slide",\(1\|0[.][0-9]*\),' "$TMP/one/leak_inflation.csv"
check "groups are added to a finished sweep" "$cellsweep" run "$TMP/slides.yaml" -o "$TMP/ungrouped.h5" -q --set 'grid.groups=[none, slide]'
finished "which keeps its jobs and computes the others" 16
cp "$TMP/grouped/clusters.csv" "$TMP/slides.csv"
awk -F, 'NR == 1 {print $0 ",animal"; next} {print $0 ",a" NR % 5}' "$TMP/slides.csv" >"$TMP/grouped/clusters.csv"
check "two columns of groups in one sweep, on 2 ranks" mpi 2 "$cellsweep" run "$TMP/slides.yaml" -o "$TMP/ungrouped.h5" -q --set 'grid.groups=[none, slide, animal]'
finished "which goes on, too" 24
check "the report of all" "$cellsweep" report "$TMP/ungrouped.h5" -o "$TMP/inflated"
check "what shared slides and animals feign is told, but not by which an image leaks" grep -q '"holdout, groups animal",,' "$TMP/inflated/leak_inflation.csv"
"$cellsweep" data pack "$TMP/grouped" -o "$TMP/both.h5" --meta slide,animal >/dev/null
check "packed, it goes on" "$cellsweep" run "$TMP/slides.yaml" -o "$TMP/ungrouped.h5" -q --set 'grid.groups=[none, slide, animal]' --set data="$TMP/both.h5"
finished "with the same jobs" 24
awk -F, 'NR == 2 {$3 = "s8"} {print $1 "," $2 "," $3}' "$TMP/slides.csv" >"$TMP/grouped/clusters.csv"
cp "$TMP/one.h5" "$TMP/old.h5"
LC_ALL=C sed -i "s/$(h5dump -d /jobs -s 0 -c 1 "$TMP/old.h5" | grep -oE '"[0-9a-f]{32}"' | tr -d '"')/$(printf %032d 7)/" "$TMP/old.h5"
refused "keys of another version" 2 "old.h5: was written by another version of the program ($("$cellsweep" --version | sed 's/cellsweep \(.*\) (\(.*\))/\1, \2/'); this is " "$cellsweep" run "$TMP/slides.yaml" -o "$TMP/old.h5" -q --set 'grid.groups=[none, slide]'
refused "other groups" 2 "the same images were in other sets (train, val, test) or groups" "$cellsweep" run "$TMP/slides.yaml" -o "$TMP/slides1.h5" -q
cp "$TMP/slides.csv" "$TMP/grouped/clusters.csv"
check "groups of a packed dataset on 3 ranks" mpi 3 "$cellsweep" run "$TMP/slides.yaml" -o "$TMP/slides3.h5" -q --set data="$TMP/slides.h5"
check "same bits with groups on 1 and 3 ranks" same_bits "$TMP/slides1.h5" "$TMP/slides3.h5"
"$cellsweep" export "$TMP/slides3.h5" --table predictions -o "$TMP/slides.csv"
/usr/bin/python3 - "$TMP/slides.csv" "$TMP/grouped/clusters.csv" <<'PY' && ok "predictions tell the group of every image" || not_ok "predictions tell the group of every image"
import csv, sys
slide = {r["Barcode"]: r["slide"] for r in csv.DictReader(open(sys.argv[2]))}
rows = list(csv.DictReader(open(sys.argv[1])))
sys.exit(not rows or any(r["group"] != slide[r["image"]] for r in rows))
PY
"$cellsweep" export "$TMP/1.h5" --table predictions | head -n 1 | grep -q ',group,' && not_ok "images without groups have no such column" || ok "images without groups have no such column"
check "a packed dataset's groups are ignored when nobody asks for them" "$cellsweep" plan "$TMP/slides.yaml" --set data="$TMP/slides.h5" --set groups=none
refused "groups of a dataset packed without" 2 "pack it with --meta slide" "$cellsweep" plan "$TMP/slides.yaml" --set data="$TMP/plain.h5"
refused "groups of another column" 2 "pack it with --meta animal" "$cellsweep" plan "$TMP/slides.yaml" --set data="$TMP/slides.h5" --set groups=animal
refused "a column that is not there" 3 'no column "animal", found: "Barcode", "Cluster", "slide"' "$cellsweep" plan "$TMP/slides.yaml" --set groups=animal
refused "groups under a protocol that cannot keep them" 2 "protocol tail cannot keep groups" "$cellsweep" plan "$TMP/slides.yaml" --set grid.protocol=tail
refused "more folds than groups" 2 "cluster 14 has images of 9 groups (slide); protocol kfold with 10 folds" \
    "$cellsweep" plan "$TMP/slides.yaml" --set 'grid.protocol={kfold: {folds: 10}}'
refused "groups of the built-in images" 2 "have no groups" "$cellsweep" plan "$TMP/s.yaml" --set data=builtin --set groups=slide

# One kind of kernels a file.
check "plain kernels" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/isa.h5" -q --isa blas --filter 'seed=1,clusters=1-27,strategy=none'
refused "other kernels for the same file" 2 "was begun with --isa blas" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/isa.h5" --isa reference
refused "kernels that do not exist" 2 "unknown instruction set" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/isa.h5" --isa sse9

# Two protocols of k folds are two groups; a sweep grows by one learning rate written with dots.
check "two k-folds" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/kf.h5" -q --set model=fake --set train.epochs=1 \
    --set 'grid={clusters: [[14, 15]], protocol: [{kfold: {folds: 2}}, {kfold: {folds: 4}}], train.batch: [8]}' --set grid.train.batch='[8, 16]'
[ "$("$cellsweep" export "$TMP/kf.h5" --table jobs --filter 'protocol=kfold:4,train.batch=16' | wc -l)" = 5 ] &&
    ok "are told apart" || not_ok "are told apart"

# A job whose loss is not finite is data.
check "a learning rate of 10 does not stop the sweep" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/nan.h5" -q \
    --set train.learning_rate=10 --set train.epochs=30 --filter 'seed=1,protocol=report,clusters=1-27,strategy=none'

pictures png svg pdf
check "report" "$cellsweep" report "$TMP/1.h5" -o "$TMP/figures"
for figure in fig1 fig4b; do
    for kind in png svg pdf; do
        [ -s "$(find "$TMP/figures" -name "$figure*.$kind" | head -1)" ] && ok "$figure.$kind" || not_ok "$figure.$kind"
    done
done
check "status" "$cellsweep" status "$TMP/1.h5"
check "plan" "$cellsweep" plan "$TMP/s.yaml" --ranks 2
for command in data plan run status report export bench doctor; do
    check "$command --help" "$cellsweep" "$command" --help
done
check "doctor" "$cellsweep" doctor "$TMP"
finish
