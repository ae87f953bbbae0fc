#!/usr/bin/env bash
# Every model of the table, none by name: the same bits on 1, 2 and 3 ranks, and killed and gone on with; what was kept predicts.
. tests/lib.sh
case $BUILD in *asan*) skip "models are tried with the plain build: a sanitizer wants to be loaded first"; finish ;; esac
cellsweep=$BUILD/cellsweep
pack_cells
models=$("$cellsweep" plan --keys | awk '/^task +model /{on = 1; next} /^[^ ]/{on = 0} on && $1 != "onnx" {print $1}') # onnx wants a file: run_onnx.sh
[ "$(wc -w <<<"$models")" -ge 3 ] && ok "models: $(echo $models)" || not_ok "models: $models"
small() { # small MODELS: settings that keep them small, those of them that any reads
    local setting model
    for model in $(tr -d '[],' <<<"$1"); do "$cellsweep" plan --keys "model=$model"; done >"$TMP/keys"
    for setting in "fake.milliseconds: 1" "cnn.blocks: [4, 4]" "cnn.dense: [8, 8]" "vgg-small.width: 4" "resnet-8.width: 4" "resnet-14.width: 4" \
        "vit.patch: 10" "vit.width: 8" "vit.blocks: 2"; do
        ! grep -q " ${setting%%:*} " "$TMP/keys" || echo "$setting"
    done
}
sweep() { # sweep MODEL: a sweep file of it
    cat <<YAML
name: $1
data: $TMP/cells.h5
model: $1
$(small "$1")
train: {epochs: 5}
keep_weights: true
easy-ensemble.members: 2
grid:
  clusters: [[1, 27]]
  strategy: [none, undersample, easy-ensemble]
  seed: {first: 1, count: 4}
YAML
}
keeps() { h5ls "$1/models" | grep -q '^data '; }
same_all() { same_bits "$1" "$2" && { ! keeps "$1" || h5diff -q "$1" "$2" /models /models; }; }
predicts() { # predicts RESULTS: a cell is classified, by each strategy
    local strategy
    for strategy in none undersample easy-ensemble; do
        "$cellsweep" predict "$1" "$TMP/cells/cell_images/cluster_27" --filter "strategy=$strategy,seed=1" -o "$TMP/p.csv" || return 1
        [ "$(wc -l <"$TMP/p.csv")" -gt 1 ] || return 1
    done
}
# as_stored RESULTS STRATEGY: of every cell, held out or not, predict says the nine digits that the job stored, which give a float32 back.
as_stored() {
    local columns='NR == 1 {for (i = 1; i <= NF; i++) at[$i] = i; next}' held
    "$cellsweep" export "$1" --table predictions --filter "strategy=$2,seed=1" >"$TMP/stored.csv"
    "$cellsweep" predict "$1" "$TMP"/cells/cell_images/cluster_{1,27} --boundaries "$TMP/cells/cell_boundaries.csv.gz" --filter "strategy=$2,seed=1" \
        -o "$TMP/p.csv" || return 1
    awk -F, "$columns"' {print $at["id"] "," $at["probability_27"]}' "$TMP/p.csv" | sort >"$TMP/foretold"
    awk -F, "$columns"' $at["set"] == "all" {print $at["image"] "," $at["probability_27"]}' "$TMP/stored.csv" | sort >"$TMP/stored"
    held=$(awk -F, "$columns"' $at["set"] == "test" && $at["copy"] == 0 {print $at["image"] "," $at["probability_27"]}' "$TMP/stored.csv" | sort -u | comm -12 - "$TMP/foretold" | wc -l)
    diff "$TMP/stored" "$TMP/foretold" && [ "$(wc -l <"$TMP/stored")" -gt 50 ] && [ "$held" -gt 5 ]
}
# Every write takes a tenth of a second, so that a kill hits in the middle of 12 jobs.
kill_in_the_middle() { # kill_in_the_middle MODEL: a run into $results
    local pid status done
    PRELOAD_RANK=0 PRELOAD_WRITE=0.1 LD_PRELOAD=$(realpath "$BUILD/tests/support/preload.so")${LD_PRELOAD:+:$LD_PRELOAD} \
        "$cellsweep" run "$TMP/s.yaml" -o "$results" -q --io pwrite --checkpoint 0.01 2>"$TMP/log" &
    pid=$!
    await began "$results" 4
    kill -KILL $pid
    wait $pid 2>/dev/null
    status=$?
    done=$("$cellsweep" export "$results" --table jobs | grep -c ',done,')
    [ $status = 137 ] && [ "$done" -ge 1 ] && [ "$done" -lt 12 ] && ok "$1: killed after $done of 12 jobs" ||
        not_ok "$1: exit status $status after $done of 12 jobs: $(cat "$TMP/log")"
}
for model in $models; do
    sweep "$model" >"$TMP/s.yaml"
    check "$model: planned" "$cellsweep" plan "$TMP/s.yaml"
    check "$model: 1 rank" run 1 "$TMP/$model.1.h5"
    for n in 2 3; do
        check "$model: $n ranks" run $n "$TMP/$model.$n.h5"
        check "$model: the same bits" same_all "$TMP/$model.1.h5" "$TMP/$model.$n.h5"
    done

    results=$TMP/$model.k.h5
    kill_in_the_middle "$model"
    check "$model: gone on with on 2 ranks" run 2 "$results"
    check "$model: the same bits" same_all "$TMP/$model.1.h5" "$results"
    if keeps "$results"; then
        check "$model: what it kept predicts" predicts "$results"
        for strategy in none undersample easy-ensemble; do check "$model, $strategy: as it was stored" as_stored "$results" $strategy; done
        "$cellsweep" export "$results" --table importance -o "$TMP/importance" 2>"$TMP/err"
        grep -q "pixels, which have no names to shuffle: where a model looks in an image is shown by occlusion" "$TMP/err" && ok "$model: pixels have no importance, and why" ||
            not_ok "$model: importance: $(cat "$TMP/err")"
        check "$model: and is exported" "$cellsweep" export "$results" --weights --format raw --filter strategy=none -o "$TMP/$model"
        check "$model: four jobs" test "$(ls "$TMP/$model" | grep -c '\.raw$')" = 4
    else
        check_fails "$model: keeps nothing to predict with" predicts "$results"
    fi
    check "$model: reported" "$cellsweep" report "$results" -o "$TMP/report"
    check "$model: status" "$cellsweep" status "$results"
done

# ---- all models in one file: each job says which it is, and none votes with another's ----
sweep "[$(echo $models | sed 's/ /, /g')]" | sed -e 's/^name: .*/name: mixed/' -e '/^model: /d' -e '/^easy-ensemble/d' \
    -e 's/first: 1, count: 4/first: 1, count: 2/' -e 's/strategy: .*/strategy: [none, undersample]/' >"$TMP/s.yaml"
printf '  protocol: [report, holdout]\n  model: [%s]\n' "$(echo $models | sed 's/ /, /g')" >>"$TMP/s.yaml"
results=$TMP/mixed.h5
check "mixed: planned" bash -c "'$cellsweep' plan '$TMP/s.yaml' >'$TMP/plan'"
check "mixed: run" run 2 "$results"
check "mixed: reported" bash -c "'$cellsweep' report '$results' -o '$TMP/report' --all-figures >'$TMP/said' 2>'$TMP/flat'"
"$cellsweep" predict "$results" "$TMP/cells/cell_images/cluster_27" -o "$TMP/p.csv" 2>"$TMP/mix.err"
status=$?
[ $status = 2 ] && grep -q "kinds of jobs; choose one" "$TMP/mix.err" && ok "mixed: models do not vote together" || not_ok "mixed: exit status $status: $(cat "$TMP/mix.err")"
says() { # says WHAT PATTERN FILE...: a file holds it
    local what=$1 pattern=$2
    shift 2
    grep -qs -- "$pattern" "$@" && ok "mixed: $what" || not_ok "mixed: $what: no '$pattern' in $*"
}
says "the report names or counts them" "models $(echo $models | sed 's/ /, /g')\|; $(wc -w <<<"$models") models" "$TMP/said" "$TMP/report/report.html"
head -1 "$TMP/report/factors.md" | grep -q "^| factor " && ok "mixed: models are compared" || not_ok "mixed: factors: $(head -1 "$TMP/report/factors.md")"
n_models=$(wc -w <<<"$models") pairs=$((n_models * (n_models - 1) * 2)) # models in pairs, two strategies, two protocols
rows=$(awk -F, '$1 == "model" && $2 == "test"' "$TMP/report/factors.csv" | wc -l)
[ "$rows" = "$pairs" ] && ok "mixed: $rows pairs of models, each under one strategy and protocol" || not_ok "mixed: $rows pairs of models, not $pairs"
ranked=$(awk -F, '$2 == "test" && $4 == "holdout" { print $1 " by " ($1 == "model" ? $3 : $5) }' "$TMP/report/rankings.csv" | sort | uniq -c)
for strategy in none undersample; do # one ranking of the models for each of two strategies, one of those for each model
    grep -q "^ *$(wc -w <<<"$models") model by $strategy$" <<<"$ranked" && ok "mixed: models ranked by $strategy" || not_ok "mixed: ranked: $ranked"
done
for model in $models; do
    grep -q "^ *2 strategy by $model$" <<<"$ranked" && ok "mixed: strategies ranked by $model" || not_ok "mixed: ranked: $ranked"
done
for table in final scores comparisons rankings leak_inflation; do
    head -1 "$TMP/report/$table.md" | grep -q "| model " && ok "mixed: table $table has them" || not_ok "mixed: table $table: $(head -1 "$TMP/report/$table.md")"
done
for model in $models; do
    says "$model in the plan" "holdout .* $model  " "$TMP/plan"
    says "$model in the choice of kinds" "model=$model" "$TMP/mix.err"
    if grep -q "without learning curves: .*\<$model\>" "$TMP/flat"; then
        ls "$TMP"/report/fig*_"$model"[._]* >/dev/null 2>&1 && not_ok "mixed: curves of $model, which learns at once" || ok "mixed: no curves of $model"
    else
        says "$model in the title of its curves" "model $model" "$TMP"/report/fig*_"$model"*.gp
    fi
    if keeps "$TMP/$model.1.h5"; then
        check "$model alone votes" bash -c "'$cellsweep' predict '$results' '$TMP/cells/cell_images/cluster_27' --filter model=$model -o '$TMP/p.csv' 2>'$TMP/vote.err'"
        says "$model is said to have voted" "model $model" "$TMP/vote.err"
        check "$model alone is exported" "$cellsweep" export "$results" --weights --format raw --filter "model=$model" -o "$TMP/raw"
        says "$model in its description" "\"model\": \"$model\"" "$TMP/raw"/*_"$model"_*.json
    fi
done

# What is looked at while it runs can only be held where epochs can.
held=$TMP/held.h5
hold 0
"$cellsweep" run "$TMP/s.yaml" -o "$held" -q --filter seed=1,protocol=report 2>"$TMP/log" &
pid=$!
await held
"$cellsweep" status "$held" >"$TMP/status"
kill -KILL $pid
wait $pid 2>/dev/null
release
grep -q "none  *report  *\($(echo $models | sed 's/ /\\|/g')\) " "$TMP/status" && ok "mixed: status says of which model a running job is" || not_ok "mixed: status: $(cat "$TMP/status")"

# ---- and served ----
"$cellsweep" serve "$results" --port 0 >"$TMP/url" 2>"$TMP/server.err" &
pid=$!
await test -s "$TMP/url"
exec 3<>"/dev/tcp/127.0.0.1/$(sed 's/.*:\([0-9]*\)\/.*/\1/' "$TMP/url")"
printf 'GET /api/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
cat <&3 >"$TMP/served"
exec 3>&-
kill -TERM $pid
wait $pid
for model in $models; do
    n=$(grep -o "model=$model\(,[^\"]*\)\?\"" "$TMP/served" | wc -l)
    if keeps "$TMP/$model.1.h5"; then want=4; else want=0; fi
    [ "$n" = $want ] && ok "served: $want groups of $model vote" || not_ok "served: $n groups of $model, not $want: $(cat "$TMP/served")"
done
finish
