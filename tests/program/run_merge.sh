#!/usr/bin/env bash
# Merging results files: parts that ran apart are the whole to the bit, jobs done twice are compared, what does not go together is
# refused by name, and the merged file goes on like any other.
. tests/lib.sh
cellsweep=$BUILD/cellsweep
few_cells 1 14 27
check "packed" "$cellsweep" data pack "$TMP/few" -o "$TMP/cells.h5" --size 16
cat >"$TMP/s.yaml" <<YAML
name: whole
data: $TMP/cells.h5
train: {epochs: 3}
image: {size: 16}
cnn: {blocks: [4, 4], dense: [8, 16]}
keep_weights: true
inner: {share: 0.25}
grid:
  clusters: [[1, 14], [1, 14, 27]]
  strategy: [none, augment]
  protocol: [holdout, {kfold: {folds: 2}}]
YAML
# refused STATUS PATTERN FILE...: merging ends with the status and a line that has the pattern, and leaves nothing.
refused() {
    local status=$1 pattern=$2
    shift 2
    "$cellsweep" merge "$@" -o "$TMP/no.h5" >"$TMP/out" 2>&1
    [ $? = "$status" ] && grep -q -- "$pattern" "$TMP/out" && [ "$(wc -l <"$TMP/out")" = 1 ] && ! compgen -G "$TMP/no.h5*" >/dev/null &&
        ok "refused: $pattern" || not_ok "merge does not say '$pattern': $(cat "$TMP/out"; ls "$TMP")"
}
parts='/jobs /images /classes /state /epochs_done /n_train /n_val /n_test /leak /leak_val /judged_epoch /metrics /confusion /predictions /models'
same_rows() { # same_rows A B [PART...]: every number but times and ranks
    local a=$1 b=$2 part
    shift 2
    for part in ${*:-$parts}; do h5diff -q "$a" "$b" $part $part || { echo "$part" && return 1; }; done
}
# flip FILE DATASET CELL: the lowest bit of a cell of four bytes.
flip() {
    local at byte
    at=$(($(h5dump -p -H -d "$2" "$1" | awk '/OFFSET/ {print $2}') + 4 * $3))
    byte=$(od -An -tu1 -j $at -N 1 "$1" | tr -d ' ')
    printf "\\x$(printf %02x $((byte ^ 1)))" | dd of="$1" bs=1 seek=$at conv=notrunc status=none
}
run() { check "$1" mpi 2 "$cellsweep" run "$TMP/s.yaml" -q -o "$TMP/$2" "${@:3}"; }

# ---- parts ----
run "the whole" whole.h5
run "a part" a.h5 --filter protocol=holdout
run "the other part" b.h5 --filter protocol=kfold
cp "$TMP/a.h5" "$TMP/a.before" && cp "$TMP/b.h5" "$TMP/b.before"
check "merged" "$cellsweep" merge "$TMP/a.h5" "$TMP/b.h5" -o "$TMP/ab.h5"
grep -q "^$TMP/ab.h5: 12 jobs of 2 files, 12 of them finished; 0 were done in several files" "$TMP/check.out" && ok "it says what it made" || not_ok "$(cat "$TMP/check.out")"
check "every number is that of the whole run" same_rows "$TMP/whole.h5" "$TMP/ab.h5"
check "the files are as they were" cmp "$TMP/a.h5" "$TMP/a.before"
check "both of them" cmp "$TMP/b.h5" "$TMP/b.before"
[ "$(h5diff "$TMP/whole.h5" "$TMP/ab.h5" | grep -c '^attribute\|^dataset')" -le 5 ] && ok "attributes, too, but for when and where" ||
    not_ok "attributes: $(h5diff "$TMP/whole.h5" "$TMP/ab.h5")"
check "in the other order" "$cellsweep" merge "$TMP/b.h5" "$TMP/a.h5" -o "$TMP/ba.h5"
check "the same" same_rows "$TMP/ab.h5" "$TMP/ba.h5"
"$cellsweep" run "$TMP/s.yaml" -q -o "$TMP/ab.h5" >"$TMP/out" 2>&1 && grep -q "12 jobs done" "$TMP/out" && ok "a run finds nothing to do" || not_ok "run: $(cat "$TMP/out")"
image=$(find "$TMP/few/cell_images" -name '*.png' | head -1)
check "its networks predict" "$cellsweep" predict "$TMP/ab.h5" "$image" --filter protocol=holdout,clusters=1-14

# ---- done twice ----
run "some of both parts" d.h5 --filter clusters=1-14
check "three files" "$cellsweep" merge "$TMP/a.h5" "$TMP/b.h5" "$TMP/d.h5" -o "$TMP/abd.h5"
grep -q "; 6 were done in several files, with equal bits" "$TMP/check.out" && ok "jobs done twice are counted" || not_ok "$(cat "$TMP/check.out")"
check "they change nothing" same_rows "$TMP/whole.h5" "$TMP/abd.h5"
for dataset in /metrics/test/loss /predictions/test/probability /confusion/all /n_train; do
    cp "$TMP/d.h5" "$TMP/flipped.h5" && flip "$TMP/flipped.h5" $dataset 0
    refused 2 "the job clusters=1-14,strategy=none,protocol=holdout.*was done in both .*/a.h5 and .*/flipped.h5, with different bits: cell 0 of its $dataset is .* in the one and .* in the other" \
        "$TMP/a.h5" "$TMP/b.h5" "$TMP/flipped.h5"
done
cp "$TMP/d.h5" "$TMP/flipped.h5" && flip "$TMP/flipped.h5" /models/data 5
refused 2 'its /models/data is 0x.. in the one' "$TMP/whole.h5" "$TMP/flipped.h5"

# ---- what does not go together ----
refused 2 'are one file; name each once' "$TMP/a.h5" "$TMP/../$(basename "$TMP")/a.h5"
refused 2 'give 2 or more RESULTS.h5, not 1; usage: cellsweep merge .OPTION.... RESULTS.h5 RESULTS.h5... -o MERGED.h5' "$TMP/a.h5"
refused 3 'nothing.h5: cannot read: No such file' "$TMP/a.h5" "$TMP/nothing.h5"
refused 3 'cells.h5: HDF5, but not a results file' "$TMP/a.h5" "$TMP/cells.h5"
head -c 30000 "$TMP/b.h5" >"$TMP/short.h5"
refused 3 'short.h5: .*truncated or damaged' "$TMP/a.h5" "$TMP/short.h5"
run "other kernels" blas.h5 --isa blas --filter clusters=1-14,strategy=none,protocol=holdout
refused 2 'were made with other kernels (.*blas.*keep them apart with --as-sweep' "$TMP/a.h5" "$TMP/blas.h5"
check "other cells" "$cellsweep" data pack "$TMP/few" -o "$TMP/other.h5" --size 24
run "of other data" other-data.h5 --set data="$TMP/other.h5" --set image.size=24 --filter clusters=1-14,strategy=none,protocol=holdout
refused 2 'were made from other data' "$TMP/a.h5" "$TMP/other-data.h5"
run "without weights" weightless.h5 --set keep_weights=false --filter clusters=1-14,strategy=none,protocol=holdout
refused 2 'keep_weights is true in .* and false in' "$TMP/a.h5" "$TMP/weightless.h5"
"$cellsweep" merge "$TMP/a.h5" "$TMP/b.h5" -o "$TMP/a.h5" >"$TMP/out" 2>&1
[ $? = 2 ] && grep -q 'a.h5: is one of the files to merge' "$TMP/out" && cmp -s "$TMP/a.h5" "$TMP/a.before" && ok "never onto one of them" || not_ok "$(cat "$TMP/out")"
"$cellsweep" merge "$TMP/a.h5" "$TMP/b.h5" -o "$TMP/ab.h5" >"$TMP/out" 2>&1
[ $? = 2 ] && grep -q 'ab.h5: is there already' "$TMP/out" && ok "nor onto any other" || not_ok "$(cat "$TMP/out")"
mkdir "$TMP/full"
full() { (trap '' XFSZ; ulimit -f 40; "$cellsweep" merge "$TMP/a.h5" "$TMP/b.h5" -o "$TMP/full/c.h5"); }
check_fails "a disk without room for it" full
check "is left as it was" rmdir "$TMP/full"

# ---- other grids ----
check "a sweep of its own" mpi 2 "$cellsweep" run "$TMP/s.yaml" -q -o "$TMP/smote.h5" --set 'grid.clusters=[[1, 14]]' --set 'grid.strategy=[none, smote]' \
    --set 'grid.protocol=[holdout]' --set 'grid.smote.k=[3, 5]' --set train.epochs=2
check "merged with another" "$cellsweep" merge "$TMP/a.h5" "$TMP/smote.h5" -o "$TMP/grids.h5"
"$cellsweep" export "$TMP/grids.h5" --table jobs >"$TMP/jobs.csv"
head -1 "$TMP/jobs.csv" | grep -q ',model,train.epochs,smote.k,' && ok "what differs is a column" || not_ok "columns: $(head -1 "$TMP/jobs.csv")"
[ "$(grep -c ',smote,.*,2,3,' "$TMP/jobs.csv") $(grep -c ',none,.*,2,,' "$TMP/jobs.csv") $(grep -c ',none,.*,3,,' "$TMP/jobs.csv")" = "1 1 6" ] &&
    ok "with the values of each job" || not_ok "jobs: $(cat "$TMP/jobs.csv")"
check "a report of it" "$cellsweep" report "$TMP/grids.h5" -o "$TMP/grids"
"$cellsweep" run "$TMP/s.yaml" -q -o "$TMP/grids.h5" >"$TMP/out" 2>&1
[ $? = 2 ] && grep -q 'belongs to another sweep: .* there and .* here; 3 of its 15 jobs are not in this grid' "$TMP/out" && ok "a run whose grid lacks jobs of it is refused" || not_ok "$(cat "$TMP/out")"
check "one whose grid has them goes on" mpi 2 "$cellsweep" run "$TMP/s.yaml" -q -o "$TMP/grids.h5" --set 'grid.strategy=[none, augment, smote]' --set 'grid.smote.k=[3, 5]' --set 'grid.train.epochs=[2, 3]'
grep -q "24 jobs done\|the grid grew; 7 finished" "$TMP/check.out" && ok "and keeps what is finished" || not_ok "$(cat "$TMP/check.out")"

# ---- kept apart ----
check "kept apart" "$cellsweep" merge "$TMP/a.h5" "$TMP/d.h5" "$TMP/blas.h5" -o "$TMP/apart.h5" --as-sweep=one,two,three
"$cellsweep" export "$TMP/apart.h5" --table jobs --filter sweep=two >"$TMP/jobs.csv"
[ "$(grep -c ',two,' "$TMP/jobs.csv")" = 12 ] && ok "every job has its sweep" || not_ok "jobs: $(cat "$TMP/jobs.csv")"
"$cellsweep" run "$TMP/s.yaml" -q -o "$TMP/apart.h5" >"$TMP/out" 2>&1
[ $? = 2 ] && grep -q 'keeps several sweeps apart' "$TMP/out" && ok "no run goes on with it" || not_ok "$(cat "$TMP/out")"
refused 2 'keeps several sweeps apart already' "$TMP/apart.h5" "$TMP/a.h5"

# ---- compared ----
check "a report of two files" "$cellsweep" report "$TMP/whole.h5" "$TMP/d.h5" -o "$TMP/same"
grep -q "^Sweep d against whole: 8 combinations in both (4 with finished jobs in both). Equal to the bit: 6 of 6 jobs that both finished. No mean test balanced accuracy differs.$" "$TMP/check.out" &&
    ok "says what both have, and that bits agree" || not_ok "$(cat "$TMP/check.out")"
[ "$(grep -c '^whole,d,balanced_accuracy,.*,both,.*,equal to the bit,' "$TMP/same/sweeps.csv") $(grep -c '^whole,d,balanced_accuracy,.*,not finished in both,0,0$' "$TMP/same/sweeps.csv")" = "4 4" ] &&
    ok "row by row" || not_ok "sweeps: $(cat "$TMP/same/sweeps.csv")"
looks "draws them" grep -q "<svg" "$TMP/same/sweeps_d.svg"
for file in sweeps_d.png sweeps_d.svg sweeps_d.pdf sweeps.md sweeps.tex; do [ -s "$TMP/same/$file" ] || not_ok "no $file"; done
cp "$TMP/d.h5" "$TMP/flipped.h5" && flip "$TMP/flipped.h5" /metrics/test/loss 0
check "one bit is another" "$cellsweep" report "$TMP/whole.h5" "$TMP/flipped.h5" -o "$TMP/bit"
grep -q "Equal to the bit: 5 of 6 jobs that both finished; the first that is not: clusters=1-14,strategy=none,protocol=holdout.* where cell 0 of /metrics/test/loss is [0-9.]* and [0-9.]*\." "$TMP/check.out" &&
    ok "and named" || not_ok "$(grep "^Sweep" "$TMP/check.out")"
run "other settings" rate.h5 --set train.learning_rate=0.01 --set 'grid.strategy=[none]' --set 'grid.clusters=[[1, 14]]'
check "against those of before" "$cellsweep" report "$TMP/whole.h5" "$TMP/rate.h5" -o "$TMP/rate"
grep -q "^Sweep rate (train.learning_rate 0.01) against whole: 2 combinations in both, 6 only in whole. No finished job is the same in both" "$TMP/check.out" &&
    ok "a setting in which sweeps differ belongs to the sweep" || not_ok "$(grep "^Sweep" "$TMP/check.out")"
check "jobs of both as a table" "$cellsweep" export "$TMP/whole.h5" "$TMP/rate.h5" --table jobs --filter 'strategy=none,clusters=1-14,protocol=kfold' -o "$TMP/jobs.csv"
# mean SWEEP: of the last column that is a test balanced accuracy.
mean() { awk -F, -v sweep="$1" 'NR == 1 {for (i = 1; i <= NF; i++) at[$i] = i; next} $at["sweep"] == sweep {sum += $at["test_balanced_accuracy"]; n++} END {printf "%.6f", sum / n}' "$TMP/jobs.csv"; }
difference=$(awk -F, 'NR == 1 {for (i = 1; i <= NF; i++) at[$i] = i; next} $at["metric"] == "balanced_accuracy" && $at["protocol"] ~ /kfold/ && $at["in"] == "both" {printf "%.6f", $at["difference"]}' "$TMP/rate/sweeps.csv")
awk -v a="$(mean rate)" -v b="$(mean whole)" -v d="$difference" 'BEGIN {exit !(d != "" && (a - b - d) ^ 2 < 1e-11)}' && ok "differences are those of the means" || not_ok "$(mean rate) - $(mean whole) is not $difference"
# A setting in which the sweeps differ, and which one of the models does not read, keeps nobody from being compared within a sweep.
two=(-q --set 'grid.model=[cnn, knn]' --set 'grid.protocol=[holdout]' --set 'grid.seed=[1, 2]')
check "two models" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/m1.h5" "${two[@]}"
check "at another rate" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/m2.h5" "${two[@]}" --set train.learning_rate=0.003
check "a report of both" "$cellsweep" report "$TMP/m1.h5" "$TMP/m2.h5" -o "$TMP/models"
grep -q "; sweep m1 (train.learning_rate 0.001), m2 (train.learning_rate 0.003); " "$TMP/check.out" && ok "names each sweep once" || not_ok "$(cat "$TMP/check.out")"
compared() { awk -F, 'NR == 1 {for (i = 1; i <= NF; i++) at[$i] = i; next} $at["factor"] == "model" && $at["metric"] == "balanced_accuracy" && $at["set"] == "test" {print $at["sweep"]}' "$1/factors.csv" | sort | uniq -c | xargs; }
[ "$(compared "$TMP/models")" = "4 m1 4 m2" ] && ok "compares them in each sweep" || not_ok "models are compared: $(compared "$TMP/models")"
[ "$(ls "$TMP/models" | grep -c '^summary_.*\.png')" = 2 ] && ok "on one page a sweep" || not_ok "$(ls "$TMP/models")"
[ ! -e "$TMP/cellsweep-"* ] && ! compgen -G "/tmp/cellsweep-[0-9]*.h5*" >/dev/null && ok "nothing is left of looking at two files" || not_ok "left: $(ls -d /tmp/cellsweep-[0-9]*)"

# ---- killed and running sweeps ----
cat >"$TMP/f.yaml" <<YAML
name: killed
data: $TMP/cells.h5
model: fake
image: {size: 16}
train: {epochs: 3}
grid:
  clusters: [[1, 14]]
  seed: {first: 1, count: 6}
YAML
hold 1
"$cellsweep" run "$TMP/f.yaml" -q -o "$TMP/killed.h5" >"$TMP/log" 2>&1 &
pid=$!
await held
refused 3 'killed.h5: a run writes it: .*merge it when the run has ended' "$TMP/killed.h5" "$TMP/a.h5"
kill -9 $pid
wait $pid 2>/dev/null
release
check "others of its jobs" "$cellsweep" run "$TMP/f.yaml" -q -o "$TMP/others.h5" --filter seed=4..6
check "merged with a killed run" "$cellsweep" merge "$TMP/killed.h5" "$TMP/others.h5" -o "$TMP/both.h5"
grep -q "both.h5: 6 jobs of 2 files, 3 of them finished" "$TMP/check.out" && ok "what had begun waits" || not_ok "$(cat "$TMP/check.out")"
check "goes on" "$cellsweep" run "$TMP/f.yaml" -q -o "$TMP/both.h5"
check "the whole of it" "$cellsweep" run "$TMP/f.yaml" -q -o "$TMP/undisturbed.h5"
check "is the same" same_rows "$TMP/undisturbed.h5" "$TMP/both.h5" /jobs /state /metrics /predictions /n_train
finish
