#!/usr/bin/env bash
# What `plan` says before a sweep runs: the file's size, the memory of a rank, and seconds from networks that were timed, or were not.
. tests/lib.sh
cellsweep=$BUILD/cellsweep
pack_cells
cat >"$TMP/s.yaml" <<YAML
name: plan
data: $TMP/cells.h5
train: {epochs: 3, batch: 4}
cnn: {filters1: 4, filters2: 4, dense1: 8, dense2: 8}
grid:
  clusters: [[26, 27]]
  seed: {first: 1, count: 2}
YAML
plan() { "$cellsweep" plan "$TMP/s.yaml" "$@" >"$TMP/plan.out" 2>&1 || sed 's/^/# /' "$TMP/plan.out"; }
says() { grep -q -- "$2" "$TMP/plan.out" && ok "$1" || { not_ok "$1"; sed 's/^/# /' "$TMP/plan.out"; }; }
# seconds_of PATTERN: how many jobs have seconds above 0
timed() { awk '$2 == "26-27" && $NF > 0' "$TMP/plan.out" | wc -l; }

# A grid whose kinds follow each other in turn for longer than any look-back: each is timed once.
plan --set 'grid.clusters=[[26, 27]]' --set 'grid.seed={first: 1, count: 600}' --set 'grid.cnn.dense1=[8, 16, 24]'
says "three kinds in 1800 jobs" "^speed: 3 kinds of network timed here$"
plan
says "one kind" "^speed: 1 kind of network timed here$"

# The size of the file.
check "the sweep runs" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/r.h5" -q --set grid.seed.count=2000 --set model=fake --set fake.milliseconds=0
plan --set grid.seed.count=2000 --set model=fake --set fake.milliseconds=0
told=$(sed -n 's/^results file: \([0-9.]*\) MB;.*/\1/p' "$TMP/plan.out")
is=$(stat -c %s "$TMP/r.h5")
awk -v told="${told:-0}" -v is="$is" 'BEGIN {exit !(told * 1e6 > 0.9 * is && told * 1e6 < 1.1 * is)}' && ok "the file has $is bytes, as told: $told MB" || not_ok "the file has $is bytes; told: $told MB"
says "memory of a rank" "memory a rank: [0-9.]* MB for 2000 jobs, 0 kB for a job's networks; images, once a node: [0-9.]* MB$"
grep -q nan "$TMP/plan.out" && not_ok "jobs that take no time: $(grep -m 1 nan "$TMP/plan.out")" || ok "jobs that take no time have no 'nan'"
grep -q '^speed' "$TMP/plan.out" && not_ok "there is no network to time" || ok "there is no network to time"

# More kinds than there is time for: a clock that goes 100 000 times too fast.
case $BUILD in
*asan*) skip "a clock that is too fast: a sanitizer wants to be loaded first" ;;
*)
    PRELOAD_RANK=0 PRELOAD_TICK=100000 LD_PRELOAD=$(realpath "$BUILD/tests/preload.so") plan --set "grid.cnn.dense1=[$(seq -s, 8 47)]"
    n=$(sed -n 's/^speed: \([0-9]*\) of 40 kinds of network timed here, within 10 s; the others are expected to do as many operations a second$/\1/p' "$TMP/plan.out")
    [ "${n:-0}" -ge 1 ] && [ "$n" -lt 40 ] && ok "$n of 40 kinds are timed when time is short, which is said" || not_ok "40 kinds: $(grep ^speed "$TMP/plan.out")"
    [ "$(timed)" = 80 ] && ok "and every job has seconds" || not_ok "and every job has seconds: $(timed) of 80"
    ;;
esac
finish
