#!/usr/bin/env bash
# Every byte of a results file and of a packed dataset damaged in turn: opened, or refused with a line; minutes.
. tests/lib.sh
check "every damaged byte" env CELLSWEEP_FLIP_STEP=1 "$BUILD/tests/test_trial"
grep '^worst' "$TMP/check.out"
finish
