#!/usr/bin/env bash
# Every third byte of a results file and of a packed dataset damaged in turn: opened, or refused with a line; minutes.
. tests/lib.sh
check "every third byte damaged" env CELLSWEEP_FLIP_STEP=3 "$BUILD/tests/common/test_child"
grep '^worst' "$TMP/check.out"
finish
