#!/usr/bin/env bash
# A grid of many axes has a figure for every combination of them: more than anybody looks at are drawn only when asked for.
. tests/lib.sh
C=$BUILD/cellsweep
cat >"$TMP/s.yaml" <<YAML
data: builtin
model: fake
train: {epochs: 2}
grid:
  clusters: [[1, 27]]
  augment.rotation: [10, 20]
  augment.shift: [0.1, 0.2]
  augment.flip: [0, 0.5]
  cnn.dense1: [8, 16]
  cnn.dense2: [8, 16]
YAML
check "a sweep of five axes" "$C" run "$TMP/s.yaml" -o "$TMP/r.h5" -q
"$C" report "$TMP/r.h5" -o "$TMP/all" >"$TMP/out" 2>"$TMP/err"
check "too many figures are wrong usage" test $? -eq 2
check "counted, with what to do" grep -q "the report would have 1[0-9][0-9] figures; choose jobs by --filter .* --all-figures" "$TMP/err"
check "none is left" test -z "$(ls "$TMP/all" 2>/dev/null | grep '\.gp$')"
check "a filter makes them fewer" "$C" report "$TMP/r.h5" -o "$TMP/few" --filter 'augment.rotation=10,augment.shift=0.1,augment.flip=0,cnn.dense1=8'
check "and a number stays itself in names" bash -c "ls '$TMP/few' | grep -q 'axis_dense2_.*\.png'"
finish
