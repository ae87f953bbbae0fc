#!/usr/bin/env bash
# Event files of TensorBoard by the program: a run a job, what is refused, what a full disk leaves; decoded by a
# reader that has nothing of the program (test_tensorboard.c has the schema they were written with).
. tests/lib.sh
draw_cells
here=$PWD
C=$(realpath "$BUILD/cellsweep")
cd "$TMP" || exit 1
cat >s.yaml <<YAML
data: $CELLS.h5
model: fake
train.epochs: 3
inner: {share: 0.25}
protocol: holdout
grid:
  clusters: [[8, 10]]
  strategy: [none, "smote"]
  train.batch: [16, 32]
  seed: [1, 2]
YAML
check "a sweep" "$C" run s.yaml -o s.h5 -q
check "event files" "$C" export s.h5 --tensorboard runs
check "a run a job, called by all that varies" test "$(find runs -type f | sed 's,/events.*,,' | sort | head -n 3 | tr '\n' ' ')" = \
    "runs/8-10_none_train.batch=16/seed1 runs/8-10_none_train.batch=16/seed2 runs/8-10_none_train.batch=32/seed1 "
check "of all jobs" test "$(find runs -name 'events.out.tfevents.*.cellsweep' | wc -l)" = 8
check "a table of the same epochs" "$C" export s.h5 --table epochs -o epochs.csv
check "which another reader finds in the files, every scalar" python3 "$here/tests/oracle/read_events.py" runs epochs.csv
[ "$(cat check.out)" = "8 runs, 288 scalars equal the table's" ] && ok "of training, inner and test images" || not_ok "$(cat check.out)"
check "the same bits again" bash -c "'$C' export s.h5 --tensorboard again && diff -r runs again"
check "of those of a filter" bash -c "'$C' export s.h5 --tensorboard one --filter strategy=none,train.batch=16,seed=2 2>&1 | grep -q '^one: 1 run;'"
check_fails "into a folder with something in it" "$C" export s.h5 --tensorboard runs
"$C" export s.h5 --tensorboard runs 2>err
check "is refused with what to do" grep -q 'runs: is there and not empty.*name a new folder' err
for with in "--table jobs" "--weights -o x" "-o x"; do check_fails "with $with" "$C" export s.h5 --tensorboard x $with; done
check "nothing is made of what is refused" test ! -e x
mkdir empty
check "into an empty folder" "$C" export s.h5 --tensorboard empty
(ulimit -f 0 && "$C" export s.h5 --tensorboard full) 2>&1 | cat >err
check "without room: exit status 3" test "${PIPESTATUS[0]}" = 3
check "is told" grep -q '^cellsweep: full/.*cannot write the file' err
check "and no part of a file is left" test -z "$(find full -type f)"
finish
