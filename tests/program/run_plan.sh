#!/usr/bin/env bash
# What `plan` says before a sweep runs: the file's size, the memory of a rank, and seconds from networks that were timed, or were not.
. tests/lib.sh
cellsweep=$BUILD/cellsweep
pack_cells
cat >"$TMP/s.yaml" <<YAML
name: plan
data: $TMP/cells.h5
train: {epochs: 3, batch: 4}
cnn: {blocks: [4, 4], dense: [8, 8]}
grid:
  clusters: [[26, 27]]
  seed: {first: 1, count: 2}
YAML
plan() { "$cellsweep" plan "$TMP/s.yaml" "$@" >"$TMP/plan.out" 2>&1 || sed 's/^/# /' "$TMP/plan.out"; }
says() { grep -q -- "$2" "$TMP/plan.out" && ok "$1" || { not_ok "$1"; sed 's/^/# /' "$TMP/plan.out"; }; }
# seconds_of PATTERN: how many jobs have seconds above 0
timed() { awk '$2 == "26-27" && $NF > 0' "$TMP/plan.out" | wc -l; }

# A grid whose kinds follow each other in turn for longer than any look-back: each is timed once.
plan --set 'grid.clusters=[[26, 27]]' --set 'grid.seed={first: 1, count: 600}' --set 'grid.cnn.stem=[8, 16, 24]'
says "three kinds in 1800 jobs" "^speed: 3 kinds of network timed here$"
# More jobs than anybody reads: all are counted, the first are listed, a filter shows the others.
plan --set 'grid.seed={first: 1, count: 10002}'
says "all of many jobs are counted" "^plan: 10002 jobs; "
says "those that are not listed are said" "^and 2 more jobs, which --filter shows$"
check "10 000 are listed" [ "$(awk '$2 == "26-27"' "$TMP/plan.out" | wc -l)" = 10000 ]
# Whoever reads the output may have enough, as head has: no data is damaged then.
"$cellsweep" plan "$TMP/s.yaml" --set 'grid.seed={first: 1, count: 10002}' 2>"$TMP/plan.err" | head -n 1 >/dev/null
check "plan | head ends without a word" [ ! -s "$TMP/plan.err" ]
plan --set 'grid.seed={first: 1, count: 10002}' --filter seed=10002
check "a filter shows the last" [ "$(timed)" = 1 ]
plan
says "one kind" "^speed: 1 kind of network timed here$"

# What may stand in a sweep file, read from the tables of those who read it.
keys() { "$cellsweep" plan --keys "$@" | awk '/^[^ ]/ {print $2}'; }
all=$(keys | sort)
check "every key has a default, and who uses it" [ "$("$cellsweep" plan --keys | grep -c '^smote  *smote.k  *5  *1 to 1000  *strategy smote  *nearest')" = 1 ]
check "keys of a model without steps, and of no strategy" [ "$(keys model=majority | grep -c 'cnn\|learning_rate\|smote\|data')" = 0 ]
check "of a chain" [ "$(keys model=cnn,strategy=smote+focal | sed -n 's/[.].*//p' | sort -u | tr '\n' ' ')" = "balance cnn focal image smote train " ]
check "all that are told so are keys" [ -z "$(keys strategy=augment,protocol=kfold | sort | comm -23 - <(echo "$all"))" ]
check "folds have no share" [ -z "$(keys protocol=kfold | grep validation)" ]
"$cellsweep" plan --keys model=cnm >"$TMP/plan.out" 2>&1 && not_ok "a model that is none" || says "a model that is none" "model: 'cnm' is not known; did you mean 'cnn'? Or use one of cnn, "

# Seeds of an unshuffled tail are runs of one split: said once, of the strategy that has nothing resampled.
plan --set protocol=tail --set 'grid.strategy=[none, oversample]' --set grid.seed.count=3
says "a tail is one split" "^clusters 26-27, protocol tail, where nothing is resampled: 3 seeds draw 1 different split (overlap 1.00): n is 1, not 3$"
[ "$(grep -c "different split" "$TMP/plan.out")" = 1 ] && ok "and nothing else" || not_ok "and nothing else: $(grep "different split" "$TMP/plan.out")"
plan
grep -q "different split" "$TMP/plan.out" && not_ok "holdout has many" || ok "holdout has many"

# The size of the file.
check "the sweep runs" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/r.h5" -q --set grid.seed.count=2000 --set model=fake --set fake.milliseconds=0
plan --set grid.seed.count=2000 --set model=fake --set fake.milliseconds=0
told=$(sed -n 's/^results file: \([0-9.]*\) MB;.*/\1/p' "$TMP/plan.out")
is=$(stat -c %s "$TMP/r.h5")
awk -v told="${told:-0}" -v is="$is" 'BEGIN {exit !(told * 1e6 > 0.9 * is && told * 1e6 < 1.1 * is)}' && ok "the file has $is bytes, as told: $told MB" || not_ok "the file has $is bytes; told: $told MB"
says "memory of a rank" "memory a rank: 200 kB for 2000 jobs, 0 kB for a job's networks; images, once a node: [0-9.]* MB$"
grep -q nan "$TMP/plan.out" && not_ok "jobs that take no time: $(grep -m 1 nan "$TMP/plan.out")" || ok "jobs that take no time have no 'nan'"
grep -q '^speed' "$TMP/plan.out" && not_ok "there is no network to time" || ok "there is no network to time"

# Whole groups leave few divisions, and uneven folds.
cp -r "$CELLS" "$TMP/grouped"
awk -F, 'NR == 1 {print $0 ",slide,well"} NR > 1 {print $0 ",s" (NR % 9 < 7 ? 0 : NR % 9) ",w" NR}' "$TMP/grouped/clusters.csv" >"$TMP/clusters.csv"
mv "$TMP/clusters.csv" "$TMP/grouped/clusters.csv"
groups() { plan --set data="$TMP/grouped" --set 'grid.clusters=[[14, 15]]' --set grid.seed.count=4 --set 'grid.strategy=[none, oversample]' --set model=fake --set fake.milliseconds=0 "$@"; }
groups --set groups=slide --set 'grid.protocol=[holdout, {kfold: {folds: 3, repeats: 2}}]'
says "few splits" "^clusters 14-15, protocol holdout, groups slide: 4 seeds draw [1-4] different splits* (overlap [01].[0-9]*)"
says "one partition, and uneven folds" "^clusters 14-15, protocol kfold:3x2, groups slide: 8 seeds and repeats draw 1 different partition (overlap 1.00): n is 1, not 8; folds of [0-9]* to [0-9]* images$"
groups --set groups=slide --set 'grid.protocol=[{kfold: {folds: 3}}]' --set grid.seed.count=1
says "one partition is what one seed draws" "^clusters 14-15, protocol kfold:3x1, groups slide: folds of [0-9]* to [0-9]* images$"
groups --set groups=well --set 'grid.protocol=[holdout]'
says "many groups: every seed draws another split" "^clusters 14-15, protocol holdout, groups well: 4 seeds draw 4 different splits (overlap 0.[0-2][0-9])$"
plan --set 'grid.seed.count=1'
says "one job, and the packed file as named" "^plan: 1 job; data $TMP/cells.h5, packed from "
grep -q "^note" "$TMP/plan.out" && not_ok "one job: $(grep "^note" "$TMP/plan.out")" || ok "one job is not told that it is alone"
plan --set 'grid.seed.count=1' --set 'grid.strategy=[none, smote]'
says "one run a combination gives no intervals" '^note: one run a combination: .* neither intervals nor tests; add `seed: {first: 1, count: 10}`'
for more in 'grid.seed.count=2' 'protocol={kfold: {folds: 2}}'; do
    plan --set 'grid.strategy=[none, smote]' --set grid.seed.count=1 --set "$more"
    grep -q "^note: one run" "$TMP/plan.out" && not_ok "$more: $(grep "^note" "$TMP/plan.out")" || ok "two runs do: $more"
done

# Settings that not every job reads: of combinations that differ in these alone one is a job.
jobs_of() { sed -n 's/^plan: \([0-9]*\) jobs*;.*/\1/p' "$TMP/plan.out"; }
unread=(--set 'grid.strategy=[none, smote, augment]' --set 'grid.smote.k=[3, 5]' --set model=fake --set fake.milliseconds=0 --set grid.seed.count=2)
plan "${unread[@]}"
says "what was left out, and why" "^note: 4 of 12 combinations are the same job as an earlier one, and left out: smote.k is read by strategy smote alone$"
[ "$(jobs_of)" = 8 ] && ok "8 jobs are left" || not_ok "$(jobs_of) jobs are left"
plan "${unread[@]}" --set 'grid.strategy=[smote, smote+reweight]'
grep -q "^note" "$TMP/plan.out" && not_ok "all strategies read it: $(grep "^note" "$TMP/plan.out")" || ok "nothing is said where all read it"
plan --set 'grid.model=[cnn, majority]' --set 'grid.strategy=[none, undersample]' --set 'grid.cnn.stem=[4, 8, 12]' --set 'grid.protocol=[holdout, {kfold: {folds: 3}}]' --set 'grid.validation=[0.1, 0.3]' --set grid.seed.count=1
says "axes of models and protocols" "^note: 24 of 48 combinations are .* left out: cnn.stem is read by model cnn alone; validation is read by protocols report, tail, holdout alone$"
[ "$(jobs_of)" = $((2 * (3 + 1) * (2 + 3))) ] && ok "and one job each for majority, and for folds" || not_ok "$(jobs_of) jobs"
refused() { plan "$@" 2>/dev/null; says "refused: ${*: -1}" "$expected"; }
expected="^cellsweep: --set: focal.gamma: no job of this grid reads it, but strategy focal would; leave it out, or add such jobs$" refused --set focal.gamma=3
expected="^cellsweep: $TMP/s.yaml:3: train.batch: no job of this grid reads it, but models that learn step by step would" refused --set model=majority
expected="^cellsweep: --set: strategy reweight needs loss weights, which model majority has not: leave one of them out, or make a sweep of each; with model majority use one of none, undersample, .* goes with model cnn, .*boost$" refused --set 'grid.model=[cnn, majority]' --set 'grid.strategy=[none, reweight, smote]'
check "jobs of such a grid run" "$cellsweep" run "$TMP/s.yaml" "${unread[@]}" -o "$TMP/unread.h5" -q
[ "$("$cellsweep" export "$TMP/unread.h5" --table jobs | tail -n +2 | wc -l)" = 8 ] && ok "the file has those alone" || not_ok "the file has other jobs"
[ "$("$cellsweep" export "$TMP/unread.h5" --table jobs | awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next } { print $at["strategy"] "=" $at["smote.k"] }' | sort | uniq -c | xargs)" = "2 augment= 2 none= 2 smote=3 2 smote=5" ] &&
    ok "none of them has a setting that it does not read" || not_ok "$("$cellsweep" export "$TMP/unread.h5" --table jobs)"
check "the same grid goes on with it" "$cellsweep" run "$TMP/s.yaml" "${unread[@]}" -o "$TMP/unread.h5" -q
check "its report" "$cellsweep" report "$TMP/unread.h5" -o "$TMP/unread" --all-figures
pairs() { awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next } $at["set"] == "test" { print $at["first"] "/" $at["second"] "/" $at["n"] }' "$1" | sort | xargs; }
[ "$(pairs "$TMP/unread/comparisons.csv")" = "augment/none/2 smote (k 3)/augment/2 smote (k 3)/none/2 smote (k 3)/smote (k 5)/2 smote (k 5)/augment/2 smote (k 5)/none/2" ] &&
    ok "each smote.k is compared with every strategy" || not_ok "compared: $(pairs "$TMP/unread/comparisons.csv")"
check "the table has no value there, either" [ "$(grep -c '^| 26-27 *| [a-z]* *| holdout *| - ' "$TMP/unread/final.md")" = 2 ]
check "an axis is drawn for those that read it" [ "$(cut -f 2,4 "$TMP"/unread/axis_k_*.tsv | tail -n +2 | xargs)" = "smote 3 smote 5" ]
for k in - 3 '-|3' 3..9; do "$cellsweep" export "$TMP/unread.h5" --table jobs --filter "smote.k=$k" | tail -n +2 | wc -l; done | xargs >"$TMP/filtered"
check "a filter can ask for it" grep -qx "4 2 6 4" "$TMP/filtered"
# One grammar for the jobs of a sweep and for the rows of its file.
counts=
for filter in 'strategy!=none' 'strategy=s*|none,seed<2' 'smote.k>=5' 'smote.k!=3' 'train.epochs>2,model=f*' 'image.size<50' 'clusters=26-*,seed!=1..1'; do
    plan "${unread[@]}" --filter "$filter" >/dev/null
    rows=$("$cellsweep" export "$TMP/unread.h5" --table jobs --filter "$filter" 2>/dev/null | tail -n +2 | wc -l)
    [ "$(jobs_of)" = "${rows#0}" ] && ok "$filter chooses $rows of the 8" || not_ok "$filter: $rows rows, $(jobs_of) jobs"
    counts="$counts $rows"
done
[ "$counts" = " 6 3 2 6 8 0 4" ] || not_ok "filters choose others:$counts"
expected="^cellsweep: --filter: 'sead' is no key of jobs; did you mean 'seed'?" refused --filter sead=1
expected="^cellsweep: --filter: 'strategy' has texts, which < and > do not compare" refused --filter 'strategy<b'
page=$TMP/unread/report.html
from="$TMP/cells.h5, packed from $CELLS"
"$cellsweep" status "$TMP/unread.h5" >"$TMP/status.out"
check "status names the packed file" grep -qx "data $from, 1000 images" "$TMP/status.out"
check "so does the table" grep -qx "Data: $from, 1000 images." "$TMP/unread/final.md"
if [ -s "$page" ]; then
    check "and the page" grep -qF "\"origin\":\"$from\"" "$page"
    check "which knows whose axis it is" grep -qF '"axes":[{"name":"smote.k","is_number":true,"of":"strategy"}]' "$page"
    check "and what none has of it" grep -qF '"axis":[["","3","5","","","3","5",""]]' "$page"
else
    skip "the page was not built"
fi

# More kinds than there is time for: a clock that goes 100 000 times too fast.
case $BUILD in
*asan*) skip "a clock that is too fast: a sanitizer wants to be loaded first" ;;
*)
    PRELOAD_RANK=0 PRELOAD_TICK=100000 LD_PRELOAD=$(realpath "$BUILD/tests/support/preload.so") plan --set "grid.cnn.stem=[$(seq -s, 8 47)]"
    n=$(sed -n 's/^speed: \([0-9]*\) of 40 kinds of network timed here, within 10 s; the others are expected to do as many operations a second$/\1/p' "$TMP/plan.out")
    [ "${n:-0}" -ge 1 ] && [ "$n" -lt 40 ] && ok "$n of 40 kinds are timed when time is short, which is said" || not_ok "40 kinds: $(grep ^speed "$TMP/plan.out")"
    [ "$(timed)" = 80 ] && ok "and every job has seconds" || not_ok "and every job has seconds: $(timed) of 80"
    ;;
esac
finish
