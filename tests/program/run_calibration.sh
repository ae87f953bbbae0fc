#!/usr/bin/env bash
# Probabilities put right on val sets: from the sweep file and by option, in tables, figure and page; refused without a val set.
. tests/lib.sh
draw_cells
cellsweep=$BUILD/cellsweep
cat >"$TMP/s.yaml" <<YAML
name: calibration
data: $CELLS.h5
train: {epochs: 6}
$(small_cnn)
inner: {share: 0.3}
recalibrate: [none, prior]
grid:
  clusters: [[1, 27], [14, 15, 16]]
  strategy: [none, undersample]
  seed: {first: 1, count: 2}
YAML
run() { "$cellsweep" run "$TMP/$1.yaml" -o "$TMP/$1.h5" -q; }
report_as() { "$cellsweep" report "$TMP/s.h5" -o "$TMP/$1" "${@:2}" >"$TMP/$1.out" 2>"$TMP/$1.err"; }
# column NAME: of a CSV file on stdin, whose fields have no commas here.
column() { awk -F, -v name="$1" 'NR == 1 {for (i = 1; i <= NF; i++) if ($i == name) at = i; next} {print $at}'; }
# mean TABLE CLUSTERS STRATEGY WAY SCORE: of calibration.csv.
mean() { awk -F, -v want="$2,$3,$4,$5" 'NR == 1 {for (i = 1; i <= NF; i++) at[$i] = i; next}
    $at["clusters"] "," $at["strategy"] "," $at["recalibrate"] "," $at["score"] == want {print $at["mean"]}' "$1"; }
smaller() { awk -v a="$1" -v b="$2" 'BEGIN {exit !(a != "" && b != "" && a + 0 < b + 0)}'; }

check "a sweep with val sets" run s
pictures png svg pdf
check "its report" report_as said
pictures svg
check "has what the sweep file says" grep -q '^1+27,none,holdout,cnn,prior,argmax,brier,2,' "$TMP/said/calibration.csv"
check_fails "and nothing else" grep -qE ',temperature,|,tuned,' "$TMP/said/calibration.csv"
check "prior makes undersampled probabilities better" smaller "$(mean "$TMP/said/calibration.csv" 1+27 undersample prior brier)" \
    "$(mean "$TMP/said/calibration.csv" 1+27 undersample none brier)"
same_as_scores() {
    local score
    for score in brier ece accuracy; do
        [ "$(mean "$TMP/said/calibration.csv" 1+27 undersample none $score)" = "$(awk -F, -v want="1+27,undersample,test,$score" \
            'NR == 1 {for (i = 1; i <= NF; i++) at[$i] = i; next}
             $at["clusters"] "," $at["strategy"] "," $at["set"] "," $at["score"] == want {print $at["mean"]}' "$TMP/said/scores.csv")" ] || return
    done
}
check "as stored, scores are those of the table of scores" same_as_scores
counted() { [ "$(awk -F, '/^1\+27,none,/ && $5 == "none"' "$TMP/said/reliability.csv" | awk -F, '{n += $10} END {print n}')" = "$1" ]; }
check "bins count every test image of every job" counted "$("$cellsweep" export "$TMP/s.h5" --table jobs --filter 'clusters=1-27,strategy=none' | column n_test | awk '{n += $1} END {print n}')"
check "each job's fit is told" test "$(column recalibrate <"$TMP/said/thresholds.csv" | sort | uniq -c | awk '{print $1 $2}' | xargs)" = "8none 8prior"
for name in reliability_1-27 reliability_14-15-16; do
    for format in png svg pdf; do check "the figure $name.$format" test -s "$TMP/said/$name.$format"; done
done
check "which says what it shows" noted 'Recalibrated on the val set of each job' "$TMP/said/reliability_1-27.gp"
check "the cost of rebalancing is told" grep -qE '(Against none|No strategy is shown to gain)' "$TMP/said.out"

check "options say otherwise" report_as other --recalibrate temperature --threshold tuned
check "and are heeded" grep -q '^14+15+16,none,holdout,cnn,temperature,tuned,nll,' "$TMP/other/calibration.csv"
check "cuts have no fewer recalls on the val set" bash -c "paste -d, <(awk -F, 'NR == 1 {for (i = 1; i <= NF; i++) at[\$i] = i; next} {print \$at[\"val_before\"]}' '$TMP/other/thresholds.csv') <(awk -F, 'NR == 1 {for (i = 1; i <= NF; i++) at[\$i] = i; next} {print \$at[\"val_after\"]}' '$TMP/other/thresholds.csv') | awk -F, '\$2 < \$1 - 1e-9 {bad = 1} END {exit bad || NR != 8}'"
check "export has the same table" bash -c "'$cellsweep' export '$TMP/s.h5' --table thresholds --recalibrate temperature --threshold tuned | cmp - '$TMP/other/thresholds.csv'"
says() { local pattern=$1; shift; ! "$@" >"$TMP/says" 2>&1 && grep -q -- "$pattern" "$TMP/says" && [ "$(grep -c . "$TMP/says")" = 1 ]; }
check "a wrong word is refused" says 'expected none, prior or temperature' "$cellsweep" report "$TMP/s.h5" -o "$TMP/x" --recalibrate platt
check "and a wrong rule" says 'expected argmax or tuned' "$cellsweep" export "$TMP/s.h5" --table thresholds --threshold best
check "options of another table, too" says 'go with --table thresholds' "$cellsweep" export "$TMP/s.h5" --table jobs --threshold tuned
check "the sweep file is checked" says 'recalibrate: expected none, prior or temperature' "$cellsweep" plan "$TMP/s.yaml" --set recalibrate=platt

# Labels of test images are changed in the file: what is fitted keeps its bits, what is reported does not.
fits() { "$cellsweep" export "$TMP/$1.h5" --table thresholds --recalibrate none,prior,temperature --threshold tuned; }
if /usr/bin/python3 -c 'import h5py' 2>/dev/null; then
    cp "$TMP/s.h5" "$TMP/turned.h5"
    /usr/bin/python3 - "$TMP/turned.h5" <<'PY'
import h5py, sys
with h5py.File(sys.argv[1], "r+") as f:
    label, first, count = (f["/predictions/test/" + name] for name in ("label", "first", "count"))
    for begin, n in zip(first[:], count[:]):
        label[begin:begin + n] = label[begin:begin + n][::-1]
PY
    fits s >"$TMP/before.csv" && fits turned >"$TMP/after.csv"
    until_scores() { awk -F, 'NR == 1 {for (i = 1; i <= NF; i++) if ($i == "accuracy") at = i} {for (i = 1; i < at; i++) printf "%s,", $i; for (i = at + 11; i <= NF; i++) printf "%s,", $i; print ""}' "$1"; }
    check "fits do not see the labels of test sets" cmp <(until_scores "$TMP/before.csv") <(until_scores "$TMP/after.csv")
    check_fails "which their scores do" cmp -s "$TMP/before.csv" "$TMP/after.csv"
else
    skip "python3-h5py is not installed"
fi

printf 'name: without\ndata: %s\ntrain.epochs: 1\ngrid:\n  clusters: [[14, 15]]\n' "$CELLS.h5" >"$TMP/without.yaml"
check "a sweep without val sets" run without
check "is reported as stored" "$cellsweep" report "$TMP/without.h5" -o "$TMP/without"
check "with its calibration" grep -q ',none,argmax,slope,\|,none,argmax,brier,' "$TMP/without/calibration.csv"
check_fails "but without fits" test -e "$TMP/without/thresholds.csv"
check "recalibration is refused, and what to add is named" says 'inner: {share: 0.2}' "$cellsweep" report "$TMP/without.h5" -o "$TMP/y" --recalibrate prior
check "a tuned threshold, too" says 'inner: {share: 0.2}' "$cellsweep" export "$TMP/without.h5" --table thresholds --threshold tuned
check "and a sweep file that asks for it" says 'inner: {share: 0.2}' "$cellsweep" plan "$TMP/without.yaml" --set recalibrate=prior
finish
