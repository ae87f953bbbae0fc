#!/usr/bin/env bash
# A run of some of the jobs is over when they are; the rest is said to wait.
. tests/lib.sh
C=$BUILD/cellsweep
cat >"$TMP/s.yaml" <<YAML
data: builtin
model: fake
train: {epochs: 2}
grid: {clusters: [[1, 27]], seed: [1, 2, 3, 4]}
YAML
check "a part of the jobs" "$C" run "$TMP/s.yaml" -o "$TMP/r.h5" -q --filter seed=1
"$C" status "$TMP/r.h5" >"$TMP/out" 2>&1
check "status tells that the rest was not asked for" grep -q "the last run did the jobs of its --filter (exit status 0); 3 others wait" "$TMP/out"
check "and watching ends" timeout 60 "$C" status --watch=0.2 "$TMP/r.h5"
check "the rest" "$C" run "$TMP/s.yaml" -o "$TMP/r.h5" -q
"$C" status "$TMP/r.h5" >"$TMP/out" 2>&1
check "finished" grep -q "finished: every job has its result" "$TMP/out"
finish
