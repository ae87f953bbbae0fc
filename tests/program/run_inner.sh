#!/usr/bin/env bash
# An inner set to choose on: the plan tells it, a choice without one is refused, jobs that stop early have the same bits on 1, 2 and 3
# ranks, killed and gone on with.
. tests/lib.sh
cellsweep=$BUILD/cellsweep
few_cells 1 14 27
check "packed" "$cellsweep" data pack "$TMP/few" -o "$TMP/cells.h5"
small_sweep "$TMP/cells.h5" 16 <<'YAML'
clusters: [[1, 14]]
strategy: [none, oversample, easy-ensemble]
inner: [{share: 0.25}, {folds: 3}]
YAML
sed -i '/^train:/d' "$TMP/s.yaml"
cat >>"$TMP/s.yaml" <<'YAML'
keep_weights: true
easy-ensemble.members: 2
train.epochs: 40
train.learning_rate: 0.003
train.stop.patience: 3
train.stop.on: loss
YAML
# refused PATTERN OPTION...: plan and run end with 2 and a line that has the pattern.
refused() {
    local pattern=$1 command
    shift
    for command in plan run; do
        local more=()
        [ $command = plan ] || more=(-o "$TMP/refused.h5")
        "$cellsweep" $command "$TMP/s.yaml" "${more[@]}" "$@" >"$TMP/out" 2>&1
        [ $? = 2 ] && grep -q -- "$pattern" "$TMP/out" && ok "$command refuses: $pattern" || not_ok "$command does not say '$pattern': $(cat "$TMP/out")"
    done
}
check "a plan" "$cellsweep" plan "$TMP/s.yaml"
"$cellsweep" plan "$TMP/s.yaml" >"$TMP/plan"
grep -q "n_train *n_val *n_test" "$TMP/plan" && ok "the plan tells how many images val has" || not_ok "plan: $(cat "$TMP/plan")"
"$cellsweep" plan "$TMP/s.yaml" --set grid.inner=none --set train.stop.patience=0 --set train.stop.on=balanced_accuracy >"$TMP/plan"
grep -q n_val "$TMP/plan" && not_ok "n_val without an inner set" || ok "no column where no job has one"

refused 'train.stop.patience chooses an epoch.*add `inner: {share: 0.2}`' --set grid.inner=none
refused 'judge: best chooses an epoch.*add `inner: {share: 0.2}`' --set grid.inner=none --set train.stop.patience=0 --set judge=best
refused "keep_weights: best is said by .judge: best. now" --set keep_weights=best
refused "train.stop.from: no job of this grid reads it" --set train.stop.patience=0 --set judge=best --set train.stop.from=5
refused "allow_choice_on_test: no job of this grid reads it" --set allow_choice_on_test=true
refused "train.stop.on: 'f1' is not one of" --set train.stop.on=f1
refused "inner: cluster 27 has [0-9]* training images, at least 50 are needed" --set 'grid.clusters=[[1, 27]]' --set 'grid.inner=[{folds: 50}]'
"$cellsweep" plan "$TMP/s.yaml" --set grid.inner=none --set allow_choice_on_test=true >/dev/null 2>"$TMP/out" && ok "what is allowed is planned" ||
    not_ok "allow_choice_on_test: $(cat "$TMP/out")"

# ---- early stopping ----
whole=$TMP/whole.h5
check "an undisturbed run" run 1 "$whole"
# column NAME: of the jobs of the undisturbed run.
column() { "$cellsweep" export "$whole" --table jobs | awk -F, -v name="$1" 'NR == 1 {for (i = 1; i <= NF; i++) if ($i == name) at = i; next} {print $at}'; }
column epochs_done >"$TMP/epochs"
[ "$(awk '$1 < 40' "$TMP/epochs" | wc -l)" -gt 0 ] && ok "jobs stop early: $(tr '\n' ' ' <"$TMP/epochs")of 40 epochs" || not_ok "no job stops early: $(cat "$TMP/epochs")"
grep -q "expected wall time at most, as jobs may stop early" <("$cellsweep" plan "$TMP/s.yaml") && ok "the plan says that jobs may stop early" || not_ok "no word of it"
[ "$(column state | sort -u)" = done ] && ok "and are done" || not_ok "states: $(column state)"
check "status counts them as done" grep -q "6 of 6\|6/6\|6 done" <("$cellsweep" status "$whole")
check "the same command finds nothing to do" run 1 "$whole"
# The curves of a job end where it does.
HDF5_USE_FILE_LOCKING=FALSE h5dump -d /metrics/test/loss -y -w 0 -o "$TMP/loss" "$whole" >/dev/null
tr ',' '\n' <"$TMP/loss" | grep -c nan >"$TMP/nan"
[ "$(cat "$TMP/nan")" = "$(awk '{n += 40 - $1} END {print n}' "$TMP/epochs")" ] && ok "curves end where jobs end" || not_ok "$(cat "$TMP/nan") empty cells"
check "a report of them" "$cellsweep" report "$whole" -o "$TMP/report"

[ -s "$whole" ] || finish # nothing to compare with: what ends at once cannot be killed in the middle
for ranks in 1 2 3; do
    results=$TMP/k$ranks.h5
    for _ in 1 2; do
        touch "$TMP/begun"
        mpi $ranks "$cellsweep" run "$TMP/s.yaml" -o "$results" -q --checkpoint 0.01 >"$TMP/run.log" 2>&1 &
        await began "$results"
        await eval '[ -n "$(find "$results.checkpoints" -name "*.ckpt" -newer "$TMP/begun")" ] || [ "$(events "$results" job_finished)" -ge 3 ]'
        for ((r = 0; r < ranks; r++)); do kill -KILL $(rank_pid "$results" $r); done 2>/dev/null
        wait
    done
    check "the same command on $ranks ranks, after two kills" run $ranks "$results" --checkpoint 0.05
    check "the same bits on $ranks ranks" same_bits "$whole" "$results"
    check "and the same weights" h5diff -q "$whole" "$results" /models /models
    check "of as many epochs" h5diff -q "$whole" "$results" /epochs_done /epochs_done
done
finish
