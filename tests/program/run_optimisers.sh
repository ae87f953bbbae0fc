#!/usr/bin/env bash
# Optimisers, schedules, clipping, label smoothing, warps of every image: the same bits on 1 and 2 ranks and after kills, none like
# another, and what makes no sense is refused in one line.
. tests/lib.sh
cellsweep=$BUILD/cellsweep
pack_cells
base() { # what all sweeps here begin with: epochs
    cat <<YAML
name: optimisers
data: $TMP/cells.h5
cnn: {blocks: [4, 4], dense: [8, 8]}
clusters: [1, 27]
strategy: oversample
keep_weights: true
YAML
}
rows() { "$cellsweep" export "$1" --table jobs | grep -c ',done,'; }
different() { # different RESULTS: no two jobs have equal test losses
    h5dump -d /metrics/train/loss -y -w 0 -o "$TMP/loss" "$1" >/dev/null && [ "$(tr -d ' ' <"$TMP/loss" | grep -c .)" -gt 1 ] &&
        [ "$(tr -d ' ' <"$TMP/loss" | sed 's/,$//' | grep . | sort | uniq -d | wc -l)" = 0 ]
}

# ---- every optimiser with every schedule ----
{
    base
    cat <<'YAML'
train: {epochs: 4, momentum: 0.8, weight_decay: 0.01, milestones: [1, 3], warmup: 1.5}
grid:
  train.optimizer: [adam, adamw, sgd]
  train.schedule: [constant, step, cosine, one-cycle]
YAML
} >"$TMP/s.yaml"
results=$TMP/all.h5
check "optimisers x schedules" "$cellsweep" run "$TMP/s.yaml" -o "$results" -q
check "twelve jobs" test "$(rows "$results")" = 12
check "no two learn alike" different "$results"
check "two ranks" mpi 2 "$cellsweep" run "$TMP/s.yaml" -o "$TMP/two.h5" -q
check "the same bits" same_bits "$results" "$TMP/two.h5"
check "reported" "$cellsweep" report "$results" -o "$TMP/report"

# ---- clipping, smoothing and warps, on networks of different numbers of steps; killed in their middle ----
{
    base | sed 's/^strategy: .*/strategy: easy-ensemble+mixup\neasy-ensemble.members: 2/'
    cat <<'YAML'
train: {epochs: 30, clip_norm: 0.5, label_smoothing: 0.1, augment: all, nesterov: true, weight_decay: 0.001, schedule: one-cycle}
grid:
  train.optimizer: [adam, adamw, sgd]
YAML
} >"$TMP/s.yaml"
check "clipped, smoothed and warped" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/whole.h5" -q
check "three jobs" test "$(rows "$TMP/whole.h5")" = 3
check "no two learn alike" different "$TMP/whole.h5"
results=$TMP/killed.h5
has_new_checkpoint() { [ -n "$(find "$results.checkpoints" -name '*.ckpt' -newer "$TMP/begun")" ]; }
for _ in 1 2 3; do
    touch "$TMP/begun"
    "$cellsweep" run "$TMP/s.yaml" -o "$results" -q --checkpoint 0.01 >"$TMP/run.log" 2>&1 &
    pid=$!
    await has_new_checkpoint
    kill -KILL $pid
    wait $pid 2>/dev/null
    [ $? = 137 ] && ok "killed" || not_ok "killed: $(cat "$TMP/run.log")"
done
check "gone on with, on two ranks" mpi 2 "$cellsweep" run "$TMP/s.yaml" -o "$results" -q
check "the same bits" same_bits "$TMP/whole.h5" "$results"
check "and the same weights" h5diff -q "$TMP/whole.h5" "$results" /models /models

# ---- keys: what is not read is no key ----
has_key() { "$cellsweep" plan --keys "$1" | awk -v key="$2" '$2 == key {found = 1} END {exit !found}'; }
check "sgd reads momentum" has_key train.optimizer=sgd train.momentum
check_fails "adam does not" has_key train.optimizer=adam train.momentum
check_fails "nor weight decay" has_key train.optimizer=adam train.weight_decay
check "step reads milestones" has_key train.schedule=step train.milestones
check_fails "one-cycle warms up by itself" has_key train.schedule=one-cycle train.warmup
check "augment: all reads the ranges" has_key train.augment=all augment.rotation
check_fails "but not how many variants" has_key train.augment=all augment.variants

# ---- refused, in one line ----
refused() { # refused WORDS SETTING...: each given by --set
    local words=$1 options=()
    shift
    for setting; do options+=(--set "$setting"); done
    { base && echo 'grid: {seed: [1, 2]}'; } >"$TMP/s.yaml"
    check_fails "refused: $*" "$cellsweep" plan "$TMP/s.yaml" "${options[@]}"
    [ "$(wc -l <"$TMP/check.out")" = 1 ] && grep -q -- "$words" "$TMP/check.out" && ok "it says: $words" ||
        not_ok "it says: $words: $(cat "$TMP/check.out")"
}
refused "is not one of adam|adamw|sgd" train.optimizer=rmsprop
refused "is not one of constant|step|cosine|one-cycle" train.schedule=linear
refused "no job of this grid reads it" train.momentum=0.5
refused "no job of this grid reads it" train.weight_decay=0.01
refused "looks ahead along the momentum" train.optimizer=sgd train.nesterov=true train.momentum=0
refused "out of range" train.optimizer=sgd train.momentum=1
refused "changes nothing without train.milestones" train.schedule=step
refused "rising epochs" train.schedule=step 'train.milestones=[30, 20]'
refused "is never followed by another" train.schedule=step 'train.milestones=[30, 100]'
refused "leaves nothing of train.epochs" train.warmup=100
refused "out of range" train.clip_norm=-1
refused "out of range" train.label_smoothing=1
refused "is not one of none|all" train.augment=some
refused "train.label_smoothing would do it again" train.label_smoothing=0.1 strategy=label-aware
finish
