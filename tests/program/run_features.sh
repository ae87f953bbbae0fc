#!/usr/bin/env bash
# Every model that takes rows of numbers with every kind of features, none by name: the same bits on 1, 2 and 3 ranks, and killed and
# gone on with; what was kept predicts what the job did, and is refused as an ONNX model.
. tests/lib.sh
case $BUILD in *asan*) skip "features are tried with the plain build: a sanitizer wants to be loaded first"; finish ;; esac
cellsweep=$BUILD/cellsweep
pack_cells
takes() { "$cellsweep" plan --keys "model=$1" | grep -q '^task  *features '; }
models= others=
for model in $("$cellsweep" plan --keys | awk '/^task +model /{on = 1; next} /^[^ ]/{on = 0} on {print $1}'); do
    if takes "$model"; then models="$models $model"; else others="$others $model"; fi
done
kinds=$("$cellsweep" plan --keys | awk '$2 == "features" {gsub("/", " ", $0); sub(/^ *[^ ]* *features *[^ ]* */, ""); sub(/   .*/, ""); print}')
[ "$(wc -w <<<"$models")" -ge 3 ] && ok "models: $(echo $models)" || not_ok "models: $models"
[ "$(wc -w <<<"$kinds")" -ge 2 ] && ok "kinds: $(echo $kinds)" || not_ok "kinds: $kinds"
list() { echo "[$(echo $* | sed 's/ /, /g')]"; }
sweep() { # sweep NAME MODELS KINDS
    cat <<YAML
name: $1
data: $TMP/cells.h5
train: {epochs: 4}
keep_weights: true
$("$cellsweep" plan --keys model=knn,features=embedding 2>/dev/null | grep -q cnn.blocks && printf 'cnn: {blocks: [4, 4], dense: [8, 8]}')
grid:
  clusters: [[1, 27]]
  model: $2
  features: $3
  strategy: [none, oversample]
  seed: {first: 1, count: 1}
YAML
}
same_all() { same_bits "$1" "$2" && h5diff -q "$1" "$2" /models /models; }
n=$(($(wc -w <<<"$models") * $(wc -w <<<"$kinds") * 2))
sweep grid "$(list $models)" "$(list $kinds)" >"$TMP/s.yaml"
check "planned" bash -c "'$cellsweep' plan '$TMP/s.yaml' >'$TMP/plan'"
for ranks in 1 2 3; do
    check "$ranks ranks" run $ranks "$TMP/$ranks.h5"
    [ $ranks = 1 ] || check "the same bits" same_all "$TMP/1.h5" "$TMP/$ranks.h5"
done
done=$("$cellsweep" export "$TMP/1.h5" --table jobs | grep -c ',done,')
[ "$done" = $n ] && ok "$n jobs" || not_ok "$done jobs, not $n"

# ---- killed in the middle ----
results=$TMP/killed.h5
PRELOAD_RANK=0 PRELOAD_WRITE=0.05 LD_PRELOAD=$(realpath "$BUILD/tests/support/preload.so")${LD_PRELOAD:+:$LD_PRELOAD} \
    "$cellsweep" run "$TMP/s.yaml" -o "$results" -q --io pwrite --checkpoint 0.01 2>"$TMP/log" &
pid=$!
await began "$results" 6
kill -KILL $pid
wait $pid 2>/dev/null
done=$("$cellsweep" export "$results" --table jobs | grep -c ',done,')
[ "$done" -ge 1 ] && [ "$done" -lt $n ] && ok "killed after $done of $n jobs" || not_ok "after $done of $n jobs: $(cat "$TMP/log")"
check "gone on with on 2 ranks" run 2 "$results"
check "the same bits" same_all "$TMP/1.h5" "$results"

# ---- what was kept ----
results=$TMP/1.h5
boundaries=$TMP/cells/cell_boundaries.csv.gz
column() { python3 -c 'import csv, sys; print("\n".join(sorted("%.5f" % float(row[sys.argv[1]]) for row in csv.DictReader(sys.stdin) if row.get("set", "all") == "all")))' "$1"; }
for model in $models; do
    for kind in $kinds; do
        filter=model=$model,features=$kind,strategy=oversample
        "$cellsweep" export "$results" --table predictions --filter $filter | column probability_27 >"$TMP/said"
        check "$model, $kind: cells are classified" "$cellsweep" predict "$results" "$TMP"/cells/cell_images/cluster_{1,27} --boundaries "$boundaries" --filter $filter -o "$TMP/p.csv"
        column probability_27 <"$TMP/p.csv" >"$TMP/foretold"
        [ "$(wc -l <"$TMP/said")" -gt 50 ] && cmp -s "$TMP/said" "$TMP/foretold" && ok "$model, $kind: as the job did" || not_ok "$model, $kind: $(diff "$TMP/said" "$TMP/foretold" | head -3)"
        check "$model, $kind: exported" "$cellsweep" export "$results" --weights --format raw --filter $filter -o "$TMP/raw"
        "$cellsweep" export "$results" --weights --filter $filter -o "$TMP/onnx" 2>"$TMP/err"
        if [ $kind = pixels ]; then
            ls "$TMP"/onnx/*_"$model"_*.onnx >/dev/null 2>&1 || grep -q "$model cannot be ONNX models: " "$TMP/err" && ok "$model: an ONNX model, or the reason why not" || not_ok "$model: $(cat "$TMP/err")"
        else
            grep -q "cannot be ONNX models" "$TMP/err" && ok "$model, $kind: no ONNX model" || not_ok "$model, $kind: $(cat "$TMP/err")"
        fi
    done
done
check_fails "kinds of features do not vote together" "$cellsweep" predict "$results" "$TMP/cells/cell_images/cluster_1" --filter model=knn -o "$TMP/p.csv"
check "reported" "$cellsweep" report "$results" -o "$TMP/report"

# ---- tables by name ----
one=model=logistic,strategy=none
columns() { head -1 "$TMP/t.csv" | tr , '\n' | wc -l; }
for kind in $kinds; do
    if [ $kind = pixels ]; then
        check_fails "$kind: no table of features" "$cellsweep" export "$results" --table features --filter $one,features=$kind -o "$TMP/t.csv"
        check_fails "$kind: no table of importance" "$cellsweep" export "$results" --table importance --filter $one,features=$kind -o "$TMP/t.csv"
        continue
    fi
    check "$kind: table of features" "$cellsweep" export "$results" --table features --filter $one,features=$kind -o "$TMP/t.csv"
    n=$(columns)
    [ "$(wc -l <"$TMP/t.csv")" = 1001 ] && [ "$n" -ge 10 ] && ok "$kind: all cells in $n columns" || not_ok "$kind: $(wc -l <"$TMP/t.csv") lines of $n columns"
done
check "shape: table of all jobs" "$cellsweep" export "$results" --table features --filter features=shape -o "$TMP/t.csv"
python3 - "$TMP/t.csv" <<'PY' && ok "shape: areas and axes make sense" || not_ok "shape: $(head -3 "$TMP/t.csv")"
import csv, sys
for row in csv.DictReader(open(sys.argv[1])):
    area, major, minor = (float(row[k]) for k in ("area", "major_axis", "minor_axis"))
    assert row["cell_id"] and row["class"] and 0 < area <= 2500 and minor <= major and float(row["solidity"]) <= 1
PY
"$cellsweep" export "$results" --table features -o "$TMP/t.csv" 2>"$TMP/err"
grep -q "several kinds of features" "$TMP/err" && ok "several kinds are no table" || not_ok "several kinds: $(cat "$TMP/err")"
"$cellsweep" export "$results" --table features --filter features=embedding -o "$TMP/t.csv" 2>"$TMP/err"
grep -q "of its own" "$TMP/err" && ok "several networks are no table" || not_ok "several networks: $(cat "$TMP/err")"
for k in 1 2; do check "importance" "$cellsweep" export "$results" --table importance --filter 'strategy=none,features=shape|embedding' -o "$TMP/importance.$k"; done
cmp -s "$TMP"/importance.[12] && ok "importance: the same twice" || not_ok "importance: differs"
"$cellsweep" export "$results" --table jobs >"$TMP/jobs.csv"
python3 - "$TMP/importance.1" "$TMP/jobs.csv" <<'PY' && ok "importance: of each number, against the job's own accuracy" || not_ok "importance: $(head -3 "$TMP/importance.1")"
import csv, sys
rows, jobs = list(csv.DictReader(open(sys.argv[1]))), {r["job"]: r for r in csv.DictReader(open(sys.argv[2]))}
of = {j: [r["feature"] for r in rows if r["job"] == j] for j in {r["job"] for r in rows}}
assert len(of) >= 6 and all(len(set(n)) == len(n) >= 8 for n in of.values())
assert all(abs(float(r["balanced_accuracy"]) - float(jobs[r["job"]]["test_balanced_accuracy"])) < 1e-6 for r in rows)
assert len([r for r in rows if float(r["importance"]) > 0]) > 2 and all(float(r["importance_sd"]) >= 0 for r in rows)
PY

# ---- who sees images does not read features ----
sweep images "[cnn, knn]" "$(list $kinds)" | sed 's/oversample/undersample/' >"$TMP/s.yaml"
"$cellsweep" plan "$TMP/s.yaml" >"$TMP/plan" 2>&1
jobs=$(awk '$8 == "cnn" || $8 == "knn"' "$TMP/plan" | wc -l)
[ "$jobs" = $((2 + 2 * $(wc -w <<<"$kinds"))) ] && grep -q "features is read by" "$TMP/plan" && ok "a network has one job for all kinds" || not_ok "plan: $(cat "$TMP/plan")"
sed -e '/features:/d' -e 's/model: .*/model: [cnn]/' "$TMP/s.yaml" >"$TMP/c.yaml"
check_fails "a model that sees images alone is given no features" "$cellsweep" plan "$TMP/c.yaml" --set features=hog
finish
