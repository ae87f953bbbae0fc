#!/usr/bin/env bash
# Model vit, beside what run_models.sh asks of every model: what its settings refuse, patches that do not fill an image, ONNX.
. tests/lib.sh
C=$BUILD/cellsweep
few_cells 1 27
check "packed" "$C" data pack "$TMP/few" -o "$TMP/cells.h5"
sweep() { # sweep SETTING...: a sweep file of a small one
    cat <<YAML
name: vit
data: $TMP/cells.h5
model: vit
train: {epochs: 3, warmup: 1, schedule: cosine}
keep_weights: true
vit: {$(IFS=,; echo "$*")}
easy-ensemble.members: 2
grid:
  clusters: [[1, 27]]
  strategy: [none, easy-ensemble, crt]
  seed: [1]
YAML
}
refused() { # refused WHAT PATTERN SETTING...: in one line that says what would do
    local what=$1 pattern=$2
    shift 2
    sweep "$@" >"$TMP/bad.yaml"
    "$C" plan "$TMP/bad.yaml" >"$TMP/out" 2>"$TMP/err"
    local status=$?
    [ $status = 2 ] && grep -q "$pattern" "$TMP/err" && ok "$what" || not_ok "$what: exit status $status: $(cat "$TMP/err")"
}
refused "heads that do not divide the width" "5 heads cannot share a width of 64; make vit.width 65, or vit.heads 4" "heads: 5"
refused "a patch larger than the image" "a patch of 51 pixels is larger than images of 50; make it 50 or smaller" "patch: 51"
refused "patches that are too many" "images of 50 pixels have 2500 patches of 1 pixels, more than 1024; make it 2 or larger" "patch: 1"

small=("width: 12" " blocks: 2" " heads: 3")
sweep "patch: 8" "${small[@]}" >"$TMP/s.yaml" # 6 x 6 patches, and a margin of a pixel
check "run" "$C" run "$TMP/s.yaml" -o "$TMP/r.h5" -q
check "exported" "$C" export "$TMP/r.h5" --weights --format onnx -o "$TMP/onnx"
check "raw, with the shapes of its arrays" bash -c "'$C' export '$TMP/r.h5' --weights --format raw --filter strategy=none -o '$TMP/raw' &&
    tr -d ' \n' <'$TMP/raw/'*.json | grep -q '\"tokens.positions\",\"type\":\"float32\",\"shape\":\[37,12\]'"
if /usr/bin/python3 -c 'import onnx, h5py' 2>/dev/null; then
    check "the ONNX models compute the sweep's numbers" /usr/bin/python3 tests/golden/check_onnx.py "$TMP/r.h5" "$TMP/onnx"
    sweep "patch: 10" "${small[@]}" >"$TMP/s.yaml"
    check "whole patches: run" "$C" run "$TMP/s.yaml" -o "$TMP/w.h5" -q --filter strategy=none
    check "whole patches: exported" "$C" export "$TMP/w.h5" --weights --format onnx --filter strategy=none -o "$TMP/onnx.whole"
    check "whole patches: the same numbers" /usr/bin/python3 tests/golden/check_onnx.py "$TMP/w.h5" "$TMP/onnx.whole"
else
    skip "python3-onnx or python3-h5py is not installed"
fi
finish
