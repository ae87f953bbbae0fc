#!/usr/bin/env bash
# Features of a network that another sweep kept (embedding.from): the same bits on 1 and 2 ranks, its training images counted as leak,
# a key of what it is; what was kept predicts without it; what does not suit is told in one line.
. tests/lib.sh
C=$BUILD/cellsweep
few_cells 1 14 27 8
check "packed" "$C" data pack "$TMP/few" -o "$TMP/cells.h5"
small="cnn: {blocks: [8, 8], dense: [16, 8]}"
sweep() { # sweep LINE...: a sweep file with these lines
    printf '%s\n' 'name: kept' "data: $TMP/cells.h5" 'keep_weights: true' "$small" "$@"
}
kept() { # kept RESULTS [OPTION...]: networks of clusters 1 and 27
    sweep 'train: {epochs: 2}' 'grid: {clusters: [[1, 27]], seed: [1, 2], model: [cnn, knn], strategy: [none, easy-ensemble]}' >"$TMP/k.yaml"
    "$C" run "$TMP/k.yaml" -o "$@" -q
}
check "networks are kept" kept "$TMP/kept.h5"
own=(--set "embedding.from=kept.h5" --set "embedding.filter=model=cnn,seed=1,strategy=none")
sweep 'features: embedding' 'embedding: {from: kept.h5, filter: "model=cnn,seed=1,strategy=none"}' \
    'grid: {clusters: [[1, 27], [8, 14]], model: [knn, logistic], seed: [1, 2]}' >"$TMP/s.yaml" # kept.h5 is beside the sweep file
for ranks in 1 2; do check "taken over on $ranks ranks" run $ranks "$TMP/$ranks.h5"; done
check "the same bits" bash -c "h5diff -q '$TMP/1.h5' '$TMP/2.h5' /predictions /predictions && h5diff -q '$TMP/1.h5' '$TMP/2.h5' /models /models"

# ---- leak ----
# Of the same clusters and seed the sets are the same: nothing it was trained on is tested. Of another, what that job did not test it was trained on.
tested() { "$C" export "$1" --table predictions --filter "$2" | awk -F, 'NR == 1 {for (i = 1; i <= NF; i++) at[$i] = i; next} $at["set"] == "test" {print $at["image"]}' | sort -u; }
leak() { "$C" export "$TMP/1.h5" --table jobs --filter "$1" | awk -F, 'NR == 1 {for (i = 1; i <= NF; i++) at[$i] = i; next} {print $at["leak"]}'; }
comm -13 <(tested "$TMP/kept.h5" model=cnn,strategy=none,seed=1) <(tested "$TMP/1.h5" clusters=1-27,model=knn,seed=2) >"$TMP/leaks"
is=$(leak clusters=1-27,model=knn,seed=2)
[ "$is" -gt 0 ] && [ "$is" = "$(wc -l <"$TMP/leaks")" ] && ok "leak of seed 2: $is" || not_ok "leak of seed 2: $is, not $(wc -l <"$TMP/leaks")"
[ "$(leak clusters=1-27,model=knn,seed=1)" = 0 ] && ok "no leak of seed 1" || not_ok "leak of seed 1: $(leak clusters=1-27,model=knn,seed=1)"
[ "$(leak clusters=8-14,seed=2,model=logistic)" = 0 ] && ok "no leak of other cells" || not_ok "leak of other cells"

# ---- the key ----
keys() { "$C" run "$TMP/s.yaml" -o "$TMP/x.h5" -q --filter clusters=1-27,seed=1,model=knn "$@" >"$TMP/out" 2>&1 && key_of "$TMP/x.h5" 0; rm -f "$TMP/x.h5"*; }
first=$(keys)
cp "$TMP/kept.h5" "$TMP/moved.h5"
[ -n "$first" ] && [ "$(keys --set embedding.from=moved.h5)" = "$first" ] && ok "a moved file is the same job" || not_ok "a moved file is another job"
[ "$(keys --set "embedding.filter=model=cnn,seed=2,strategy=none")" != "$first" ] && ok "another network is another job" || not_ok "another network is the same job"
check "trained otherwise" kept "$TMP/longer.h5" --set train.epochs=3
mv "$TMP/longer.h5" "$TMP/moved.h5"
[ "$(keys --set embedding.from=moved.h5)" != "$first" ] && ok "a changed file is another job" || not_ok "a changed file is the same job"
[ "$(keys --set embedding.from=none --set embedding.filter=none)" != "$first" ] && ok "as is one without" || not_ok "one without is the same job"

# ---- what does not suit ----
refused() { # refused PATTERN OPTION...
    local pattern=$1 status
    shift
    "$C" plan "$TMP/s.yaml" "$@" >"$TMP/out" 2>"$TMP/err"
    status=$?
    { [ $status = 2 ] || [ $status = 3 ]; } && grep -q -- "$pattern" "$TMP/err" && [ "$(wc -l <"$TMP/err")" = 1 ] && ok "refused: $pattern" ||
        not_ok "exit status $status, not '$pattern': $(cat "$TMP/err")"
}
"$C" data pack "$TMP/few" --size 40 -o "$TMP/40.h5" >"$TMP/out" 2>&1
echo "no results" >"$TMP/text.h5"
refused "embedding.from: gone.h5: No such file" --set embedding.from=gone.h5
refused "text.h5" --set embedding.from=text.h5
refused "has 8 such finished jobs; leave one by embedding.filter" --set embedding.filter=none
key=$("$C" plan "$TMP/s.yaml" --set embedding.filter=none 2>&1 | sed -n 's/.*, or \(key=[0-9a-f]*\) (.*/\1/p')
check "the key that it names chooses one" "$C" plan "$TMP/s.yaml" --set "embedding.filter=$key"
refused "is not a word of 1 to 63 characters: it has 7[0-9]" --set "embedding.filter=strategy=none,seed=1,model=cnn,clusters=1-27,protocol=holdout,fold=0,repeat=0"
refused "is of model knn, which has no hidden layer" --set "embedding.filter=model=knn,seed=1,strategy=none"
refused "strategy easy-ensemble, is of [0-9]* networks" --set "embedding.filter=model=cnn,seed=1,strategy=easy-ensemble"
refused "say cnn.dense: 16-8" --set "cnn.dense=16-9"
sed 's/^cnn:.*//' "$TMP/s.yaml" >"$TMP/vit.yaml"
mv "$TMP/s.yaml" "$TMP/cnn.yaml" && cp "$TMP/vit.yaml" "$TMP/s.yaml"
refused "say embedding.model: cnn" --set embedding.model=vit
mv "$TMP/cnn.yaml" "$TMP/s.yaml"
refused "packed at 50 pixels, those of this sweep at 40" --set "data=$TMP/40.h5" --set image.size=40
refused "embedding.filter chooses a job of embedding.from" --set embedding.from=none
refused "embedding.from: .*seed=7" --set embedding.filter=seed=7

# ---- changed while the sweep runs ----
sed 's/seed: \[1, 2\]/seed: {first: 1, count: 200}/' "$TMP/s.yaml" >"$TMP/many.yaml"
"$C" run "$TMP/many.yaml" -o "$TMP/many.h5" -q 2>"$TMP/log" &
pid=$!
await began "$TMP/many.h5" 3
mv "$TMP/moved.h5" "$TMP/kept.h5"
wait $pid
status=$?
"$C" export "$TMP/many.h5" --table jobs >"$TMP/jobs.csv"
[ $status = 1 ] && grep -q ',done,' "$TMP/jobs.csv" && grep -q 'is not what it was when the run began' "$TMP/jobs.csv" &&
    ok "jobs do not take what was not planned" || not_ok "exit status $status: $(grep -c ',done,' "$TMP/jobs.csv") done, $(tail -1 "$TMP/jobs.csv")"

# ---- without the file ----
rm "$TMP/kept.h5"
for model in knn logistic; do
    filter=clusters=1-27,seed=1,model=$model
    check "$model: predicts" "$C" predict "$TMP/1.h5" "$TMP/few/cell_images/cluster_27" --filter $filter -o "$TMP/p.csv"
    awk -F, 'NR == 1 {for (i = 1; i <= NF; i++) at[$i] = i; next} {print $at["id"] "," $at["probability_27"]}' "$TMP/p.csv" | sort >"$TMP/foretold"
    "$C" export "$TMP/1.h5" --table predictions --filter $filter |
        awk -F, 'NR == 1 {for (i = 1; i <= NF; i++) at[$i] = i; next} $at["set"] == "all" && $at["cluster"] == 27 {print $at["image"] "," $at["probability_27"]}' | sort >"$TMP/said"
    [ -s "$TMP/said" ] && cmp -s "$TMP/said" "$TMP/foretold" && ok "$model: what it said" || not_ok "$model: $(diff "$TMP/said" "$TMP/foretold" | head -3)"
    check "$model: exported" "$C" export "$TMP/1.h5" --weights --format raw --filter $filter -o "$TMP/raw"
    check "$model: table of features" "$C" export "$TMP/1.h5" --table features --filter $filter -o "$TMP/t.csv"
    check "$model: table of importance" "$C" export "$TMP/1.h5" --table importance --filter $filter -o "$TMP/t.csv"
done
"$C" export "$TMP/1.h5" --weights --format onnx --filter model=logistic -o "$TMP/onnx" 2>"$TMP/err"
grep -q "features are embedding cannot be ONNX models" "$TMP/err" && ok "no ONNX model, and why" || not_ok "ONNX: $(cat "$TMP/err")"
check "reported" "$C" report "$TMP/1.h5" -o "$TMP/report"
finish
