#!/usr/bin/env bash
# Every model of the table, none by name: the same bits on 1, 2 and 3 ranks, and killed and gone on with; what was kept predicts.
. tests/lib.sh
cellsweep=$BUILD/cellsweep
pack_cells
models=$("$cellsweep" plan --keys | awk '/^model /{on = 1; next} /^[^ ]/{on = 0} on {sub(":", "", $1); print $1}')
[ "$(wc -w <<<"$models")" -ge 3 ] && ok "models: $(echo $models)" || not_ok "models: $models"
sweep() { # sweep MODEL: a sweep file of it
    cat <<YAML
name: $1
data: $TMP/cells.h5
model: $1
fake.milliseconds: 1
cnn: {filters1: 4, filters2: 4, dense1: 8, dense2: 8}
train: {epochs: 5}
keep_weights: final
easy-ensemble.members: 2
grid:
  clusters: [[1, 27]]
  strategy: [none, undersample, easy-ensemble]
  seed: {first: 1, count: 4}
YAML
}
keeps() { h5ls "$1" | grep -q '^weights '; }
same_all() { same_bits "$1" "$2" && { ! keeps "$1" || h5diff -q "$1" "$2" /weights /weights; }; }
predicts() { # predicts RESULTS: a cell is classified, by each strategy
    local strategy
    for strategy in none undersample easy-ensemble; do
        "$cellsweep" predict "$1" "$TMP/cells/cell_images/cluster_27" --filter "strategy=$strategy,seed=1" -o "$TMP/p.csv" || return 1
        [ "$(wc -l <"$TMP/p.csv")" -gt 1 ] || return 1
    done
}
for model in $models; do
    sweep "$model" >"$TMP/s.yaml"
    check "$model: planned" "$cellsweep" plan "$TMP/s.yaml"
    check "$model: 1 rank" run 1 "$TMP/$model.1.h5"
    for n in 2 3; do
        check "$model: $n ranks" run $n "$TMP/$model.$n.h5"
        check "$model: the same bits" same_all "$TMP/$model.1.h5" "$TMP/$model.$n.h5"
    done

    # Every write takes a tenth of a second, so that a kill hits in the middle.
    results=$TMP/$model.k.h5
    PRELOAD_RANK=0 PRELOAD_WRITE=0.1 LD_PRELOAD=$(realpath "$BUILD/tests/preload.so") "$cellsweep" run "$TMP/s.yaml" -o "$results" -q \
        --io pwrite --checkpoint 0.01 2>"$TMP/log" &
    pid=$!
    await began "$results" 4
    kill -KILL $pid
    wait $pid 2>/dev/null
    status=$?
    done=$("$cellsweep" export "$results" --table jobs | grep -c ',done,')
    [ $status = 137 ] && [ "$done" -ge 1 ] && [ "$done" -lt 12 ] && ok "$model: killed after $done of 12 jobs" ||
        not_ok "$model: exit status $status after $done of 12 jobs: $(cat "$TMP/log")"
    check "$model: gone on with on 2 ranks" run 2 "$results"
    check "$model: the same bits" same_all "$TMP/$model.1.h5" "$results"
    if keeps "$results"; then
        check "$model: what it kept predicts" predicts "$results"
        check "$model: and is exported" "$cellsweep" export "$results" --weights --format raw --filter strategy=none -o "$TMP/$model"
        check "$model: four jobs" test "$(ls "$TMP/$model" | grep -c '\.f32$')" = 4
    else
        check_fails "$model: keeps nothing to predict with" predicts "$results"
    fi
    check "$model: reported" "$cellsweep" report "$results" -o "$TMP/report"
    check "$model: status" "$cellsweep" status "$results"
done
finish
