#!/usr/bin/env bash
# Tuning: trials on val alone, halving, the chosen values; the same bits for any number of ranks and after kills.
. tests/lib.sh
cellsweep=$BUILD/cellsweep
results=/nowhere
cells() { HDF5_USE_FILE_LOCKING=FALSE h5dump -d "$1" -y -w 0 -o "$TMP/cells" "$results" >/dev/null && tr -d ' \n' <"$TMP/cells"; }
same_tuning() { # same_tuning A B: values that were chosen, curves of every trial, and what the tuned jobs say
    local part
    for part in /trials /state /metrics /predictions /confusion; do h5diff -q "$1" "$2" $part $part || return 1; done
}
few_cells 8 14
cat >"$TMP/s.yaml" <<YAML
name: tuned
data: $TMP/few
inner: {share: 0.3}
train: {epochs: 8}
image: {size: 16}
cnn: {blocks: [4, 4], dense: [8, 64]}
keep_weights: true
tune: {over: {train.learning_rate: log(1e-4, 1e-1), train.batch: [8, 16, 32], cnn.stem: int(4, 16), cnn.blocks: [[4, 4], [4], [8, 4]]},
       trials: 4, seeds: 2, choose: loss, rungs: [2, 4], keep: 1/2}
grid:
  strategy: [none, oversample]
  protocol: [{kfold: {folds: 2}}]
YAML

# ---- what plan says ----
"$cellsweep" plan "$TMP/s.yaml" >"$TMP/plan" 2>&1
grep -q "^tuned: 4 jobs" "$TMP/plan" && ok "plan lists the jobs of the grid" || not_ok "plan: $(tail -20 "$TMP/plan")"
grep -q "^tuning: at most 4 trials of every job, 2 seeds each, chosen by loss of val: 256 epochs, with rungs at most" "$TMP/plan" &&
    ok "plan says what tuning costs" || not_ok "plan: $(grep tuning "$TMP/plan")"
"$cellsweep" plan "$TMP/s.yaml" --set inner=none >"$TMP/plan" 2>&1
grep -q "tune chooses values, and there is no set to choose on but the reported one; add .inner: {share: 0.2}" "$TMP/plan" && ok "no tuning on the test set" || not_ok "refusal: $(cat "$TMP/plan")"

# ---- a run, and the same on three ranks ----
results=$TMP/one.h5
check "an undisturbed run" "$cellsweep" run "$TMP/s.yaml" -o "$results" -q
"$cellsweep" run "$TMP/s.yaml" -o "$results" -q >"$TMP/out" 2>&1
grep -q "^$results: 4 jobs done" "$TMP/out" && ok "the closing line counts the jobs of the grid" || not_ok "closing line: $(cat "$TMP/out")"
grep -q "^tuning: [0-9]* of 256 epochs of trials, [1-9][0-9]* % saved by pruning" "$TMP/out" && ok "epochs saved are told" || not_ok "$(cat "$TMP/out")"
[ "$("$cellsweep" export "$results" --table jobs | wc -l)" = 5 ] && ok "tables have the jobs of the grid alone" || not_ok "jobs: $("$cellsweep" export "$results" --table jobs)"
case $(cells /state) in *5*) ok "some trials are pruned" ;; *) not_ok "states: $(cells /state)" ;; esac
cells /metrics/test/loss | tr ',' '\n' | tail -n +33 | grep -qv nan && not_ok "a trial has numbers of the test set" || ok "trials have no numbers of the test set"
[ "$(cells /predictions/test/count | tr ',' '\n' | tail -n +5 | sort -u)" = 0 ] && ok "nor predictions" || not_ok "counts: $(cells /predictions/test/count)"
[ ! -e "$results.checkpoints" ] && ok "checkpoints go with their trials" || not_ok "left: $(ls "$results.checkpoints")"
check "the same on three ranks" mpi 3 "$cellsweep" run "$TMP/s.yaml" -o "$TMP/three.h5" -q
check "gives the same bits" same_tuning "$results" "$TMP/three.h5"
check "the same by way of rank 0" mpi 2 "$cellsweep" run "$TMP/s.yaml" -o "$TMP/two.h5" -q --io rank0 --checkpoint 0
check "gives the same bits" same_tuning "$results" "$TMP/two.h5"
image=$(find "$TMP/few/cell_images" -name '*.png' | head -1)
check "the tuned networks predict" "$cellsweep" predict "$results" "$image"

# ---- what the report says of it ----
check "a report" "$cellsweep" report "$results" -o "$TMP/report"
grep -q "^Tuning chose other values than the default for [0-4] of 4 jobs; on val the chosen saved [0-9.]* of loss" "$TMP/check.out" &&
    ok "what tuning gained on val" || not_ok "report: $(cat "$TMP/check.out")"

# ---- beside the same sweep untuned ----
sed '/^tune:/,/keep:/d' "$TMP/s.yaml" >"$TMP/untuned.yaml"
check "the same sweep untuned" "$cellsweep" run "$TMP/untuned.yaml" -o "$TMP/untuned.h5" -q
check "a report of both" "$cellsweep" report "$TMP/untuned.h5" "$results" -o "$TMP/both"
check "whether tuning matters more than the method is asked of both" grep -q '^tuning matters more than the method,"Shwartz-Ziv[^"]*",balanced_accuracy,.*,"[a-z]* tuned - untuned, minus ([a-z]* - [a-z]*)",2,' "$TMP/both/literature.csv"
check "as export says" "$cellsweep" export "$TMP/untuned.h5" "$results" --table literature -o "$TMP/literature.csv"
check "to the byte" cmp "$TMP/literature.csv" "$TMP/both/literature.csv"
"$cellsweep" export "$TMP/untuned.h5" "$results" --table predictions |
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next } { print $at["sweep"], $at["chosen_on"] }' | sort -u >"$TMP/chosen"
check "only the tuned were chosen on something" test "$(cat "$TMP/chosen")" = "one val
untuned none"
"$cellsweep" export "$TMP/untuned.h5" --table literature >"$TMP/literature.csv" 2>&1
check "one sweep alone says nothing of tuning" test "$(grep -c tuning "$TMP/literature.csv")" = 0
check "sweeps that tune otherwise" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/fewer.h5" -q --set tune.trials=3
check_fails "have no report together" "$cellsweep" report "$results" "$TMP/fewer.h5" -o "$TMP/unlike"
cp "$TMP/check.out" "$TMP/why"
check "and why" grep -q "do not tune the same" "$TMP/why"
cat >"$TMP/tuning.py" <<'PY'
import csv, sys
folder, export, epochs = sys.argv[1], list(csv.DictReader(open(sys.argv[2]))), int(sys.argv[3])
rows = list(csv.DictReader(open(folder + "/tuning.csv")))
assert len(rows) == len(export) == 4, rows
for r in rows:
    assert any(all(r[c] == e[c] for c in r) for e in export), r
    assert float(r["difference"]) >= 0 and (r["chosen"] == "0") == (float(r["difference"]) == 0), r
    assert r["choose"] == "loss" and float(r["score"]) < 0 and r["train.batch"] in ("8", "16", "32", "200"), r
    assert r["epochs_full"] == "64" and int(r["epochs"]) < 64, r
assert sum(int(r["epochs"]) for r in rows) == epochs, rows
curve = list(csv.DictReader(open(folder + "/tuning_curve.csv")))
for strategy in "none", "oversample":
    best = [float(r["expected_best"]) for r in curve if r["strategy"] == strategy]
    assert len(best) == 4 and best == sorted(best), best
PY
"$cellsweep" export "$results" --table tuning -o "$TMP/tuning.csv"
check "tables of tuning" python3 "$TMP/tuning.py" "$TMP/report" "$TMP/tuning.csv" "$(sed -n 's/^tuning: \([0-9]*\) of 256.*/\1/p' "$TMP/out")"
check "for people, too" grep -q "chosen trial" "$TMP/report/tuning.md" "$TMP/report/tuning_curve.md"

# ---- other metrics, and published practice ----
results=$TMP/auroc.h5
check "tuned by AUROC" "$cellsweep" run "$TMP/s.yaml" -o "$results" -q --set tune.choose=auroc
"$cellsweep" export "$results" --table tuning -o "$TMP/tuning.csv"
check "which is what scores are" python3 - "$TMP/tuning.csv" <<'PY'
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1])))
assert len(rows) == 4 and all(r["choose"] == "auroc" and r["chosen_on"] == "val" and 0 <= float(r["score"]) <= 1 for r in rows), rows
assert any(r["chosen"] != "0" for r in rows), rows
PY
results=$TMP/test.h5
published=(--set inner=none --set allow_choice_on_test=true --set tune.seeds=1)
"$cellsweep" plan "$TMP/s.yaml" "${published[@]}" >"$TMP/plan" 2>&1
grep -q "chosen by loss of val, or where there is none of the test set" "$TMP/plan" && ok "plan says that the test set would choose" || not_ok "plan: $(cat "$TMP/plan")"
check "tuned on the test set, as allowed" "$cellsweep" run "$TMP/s.yaml" -o "$results" -q "${published[@]}"
for table in jobs epochs scores confusion tuning; do
    [ "$("$cellsweep" export "$results" --table $table | awk -F, 'NR == 1 {for (i = 1; i <= NF; i++) if ($i == "chosen_on") at = i; next} {print $at}' | sort -u)" = test ] &&
        ok "table $table marks every number" || not_ok "table $table: $("$cellsweep" export "$results" --table $table | head -3)"
done
check "a report of it" "$cellsweep" report "$results" -o "$TMP/report-test"
grep -q "^Epochs or settings picked on the very images that are reported" "$TMP/check.out" && ok "warns" || not_ok "report: $(cat "$TMP/check.out")"
grep -q "on test the chosen saved .* as do the jobs' own numbers" "$TMP/check.out" && ok "and says what gained so flatters" || not_ok "report: $(cat "$TMP/check.out")"
check "its figures are marked" grep -rq --include='*.gp' "settings were chosen on the reported set" "$TMP/report-test"
check "its page has the mark" grep -q '"chosen_on":\["test"' "$TMP/report-test/report.html"
check "a prediction" "$cellsweep" predict "$results" "$image"
grep -q "note: 4 of the jobs were chosen on the reported set" "$TMP/check.out" && ok "is marked, too" || not_ok "predict: $(cat "$TMP/check.out")"
check "that of a job tuned on val" "$cellsweep" predict "$TMP/one.h5" "$image"
grep -q "reported set" "$TMP/check.out" && not_ok "is marked: $(cat "$TMP/check.out")" || ok "is not"

# ---- killed, again and again ----
results=$TMP/killed.h5
for at in 2 9 17 30 42; do
    "$cellsweep" run "$TMP/s.yaml" -o "$results" -q --checkpoint 0.01 >"$TMP/run.log" 2>&1 &
    pid=$!
    await began "$results" $at
    kill -KILL $pid
    wait $pid 2>/dev/null
done
check "after five kills it goes on, on two ranks" mpi 2 "$cellsweep" run "$TMP/s.yaml" -o "$results" -q
check "the same bits after five kills" same_tuning "$TMP/one.h5" "$results"

# Between any two of its writes: the numbers of a trial stand in the file before its row says so.
case $BUILD in
*asan*) skip "no kill between two writes: a sanitizer wants to be loaded first" ;;
*)
    results=$TMP/cut.h5 n_kills=0 preload=$(realpath "$BUILD/tests/support/preload.so")
    for at in $(seq 150 250); do
        PRELOAD_RANK=0 PRELOAD_KILL_PWRITE=$at LD_PRELOAD=$preload${LD_PRELOAD:+:$LD_PRELOAD} \
            "$cellsweep" run "$TMP/s.yaml" -o "$results" -q --checkpoint 0.01 >"$TMP/run.log" 2>&1 && break
        n_kills=$((n_kills + 1))
    done 2>/dev/null
    [ $n_kills -ge 5 ] && [ $n_kills -le 100 ] && ok "killed between two writes $n_kills times, it ends" || not_ok "$n_kills kills: $(cat "$TMP/run.log")"
    check "with the same bits" same_tuning "$TMP/one.h5" "$results"
    [ ! -e "$results.checkpoints" ] && ok "and without a checkpoint" || not_ok "left: $(ls "$results.checkpoints")"
    ;;
esac

# ---- more trials ----
cp "$TMP/one.h5" "$TMP/more.h5"
check "more trials" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/more.h5" --set tune.trials=7 
grep -q "the grid grew; [1-9][0-9]* finished jobs kept" "$TMP/check.out" && ok "keep the first ones" || not_ok "growth: $(cat "$TMP/check.out")"
check "more trials at once" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/seven.h5" -q --set tune.trials=7
check "the same choice as if they had been there at first" h5diff -q "$TMP/more.h5" "$TMP/seven.h5" /trials/chosen /trials/chosen
check "and the same predictions" h5diff -q "$TMP/more.h5" "$TMP/seven.h5" /predictions /predictions
cp "$TMP/one.h5" "$TMP/grown.h5"
check "grow takes more trials of the same jobs, too" "$cellsweep" grow "$TMP/grown.h5" "$TMP/s.yaml" --set tune.trials=7
check "and the command that began the sweep runs them" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/grown.h5" -q
check "with the same choice" h5diff -q "$TMP/grown.h5" "$TMP/seven.h5" /trials/chosen /trials/chosen
# Other rungs, share or metric: trials keep what they have run, decisions are made anew, and jobs run again.
otherwise=(--set tune.rungs='[3]' --set tune.keep=1/3 --set tune.choose=balanced_accuracy --set tune.seeds=3)
cp "$TMP/one.h5" "$TMP/otherwise.h5"
check "a begun sweep, tuned otherwise" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/otherwise.h5" "${otherwise[@]}"
grep -q "the grid grew; [1-9][0-9]* finished jobs kept" "$TMP/check.out" && ok "keeps finished trials" || not_ok "growth: $(cat "$TMP/check.out")"
check "the same at once" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/fresh.h5" -q "${otherwise[@]}"
for what in /trials /predictions /confusion; do check "the same $what" h5diff -q "$TMP/otherwise.h5" "$TMP/fresh.h5" $what $what; done
check_fails "fewer seeds are another sweep" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/one.h5" -q --set tune.seeds=1
grep -q "belongs to another sweep: tune has seeds: 2.* there and seeds: 1" "$TMP/check.out" && ok "which is said" || not_ok "refusal: $(cat "$TMP/check.out")"
check_fails "other ranges, too" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/one.h5" -q --set tune.over='{train.batch: [8, 16, 64]}'
grep -q "belongs to another sweep: tune has .* there and {over: {train.batch:.* here" "$TMP/check.out" && ok "which is said" || not_ok "refusal: $(cat "$TMP/check.out")"
check_fails "fewer trials are another sweep" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/more.h5" -q --set tune.trials=3
finish
