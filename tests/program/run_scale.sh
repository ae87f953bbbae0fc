#!/usr/bin/env bash
# What rank 0 does for a message does not grow with ranks and jobs: instructions, counted by callgrind, of ranks that are played.
. tests/lib.sh
case $BUILD in *asan*) skip "instructions are counted with the plain build"; finish ;; esac
command -v valgrind >/dev/null || { skip "instructions are not counted: no valgrind"; finish; }
COUNTED="100 5000" tests/scale.sh counted >"$TMP/counted"
awk '$1 == 100 {few = $2} $1 == 5000 {many = $2} END {exit !(few > 100 && many < 1.5 * few)}' "$TMP/counted" &&
    ok "a message of 5000 ranks takes rank 0 as long as one of 100" || { not_ok "a message of 5000 ranks takes rank 0 as long as one of 100"; sed 's/^/# /' "$TMP/counted"; }
finish
