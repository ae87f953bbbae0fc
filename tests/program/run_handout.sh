#!/usr/bin/env bash
# Hand-out alone: 4000 jobs that only sleep 2 ms, on 40 ranks; every job exactly once, none lost, and what a job costs.
. tests/lib.sh
draw_cells
cellsweep=$BUILD/cellsweep
ranks=40 jobs=4000
cat >"$TMP/fake.yaml" <<YAML
name: fake
data: $CELLS.h5
model: fake
fake: {milliseconds: 2}
train: {epochs: 1}
grid:
  clusters: [[26, 27]]
  seed: {first: 1, count: $jobs}
YAML
check "$jobs jobs on $ranks ranks" mpi $ranks "$cellsweep" run "$TMP/fake.yaml" -o "$TMP/fake.h5" -q
grep "jobs done" "$TMP/check.out"
"$cellsweep" export "$TMP/fake.h5" --table jobs >"$TMP/jobs.csv"
[ "$(grep -c ',done,1,1,' "$TMP/jobs.csv")" = $jobs ] && ok "every job done in one attempt" || not_ok "every job done in one attempt"
used=$(tail -n +2 "$TMP/jobs.csv" | cut -d, -f14 | sort -u | wc -l)
[ "$used" -gt $((ranks / 2)) ] && ok "$used of $ranks ranks took part" || not_ok "only $used of $ranks ranks took part"
check "the same again finds nothing to do" mpi 3 "$cellsweep" run "$TMP/fake.yaml" -o "$TMP/fake.h5" -q
finish
