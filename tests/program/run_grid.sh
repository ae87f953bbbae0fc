#!/usr/bin/env bash
# A grid of blocks with zips and excludes: what plan says of it, that it runs, that a results file goes on when the grid is written in
# another way, and that its report is made; and in which order jobs run.
. tests/lib.sh
cellsweep=$BUILD/cellsweep
few_cells 1 14 15 27
head="name: blocks
data: $TMP/few
model: fake
fake.milliseconds: 0
train.epochs: 2"
sweep() { # sweep NAME: with the grid on stdin
    { echo "$head"; cat; } >"$TMP/$1.yaml"
}
says() { grep -qFx -- "$2" "$TMP/out" && ok "$1" || { not_ok "$1: no line '$2'"; sed 's/^/# /' "$TMP/out"; }; }
sweep a <<'YAML'
grid:
  - clusters: [[14, 15], [1, 27]]
    strategy: [none, oversample]
    seed: {first: 1, count: 3}
    exclude: ['strategy=oversample,clusters=1-*', seed=9]
  - clusters: [[14, 15]]
    zip: {class_sizes: [[10, 10], [10, 5]], train.epochs: [2, 3]}
    strategy: [none, smote]
    smote.k: [2, 3]
  - clusters: [[14, 15]]
    seed: [3, 4]
YAML
"$cellsweep" plan "$TMP/a.yaml" >"$TMP/out" 2>&1
sed 's/^/# /' "$TMP/out"
says "what the first block gives" "grid: block 1 (line 7) gives 9 jobs: 12, less 3 excluded"
says "by which line" "grid: 3 jobs excluded by 'strategy=oversample,clusters=1-*' (line 10)"
says "the second" "grid: block 2 (line 11) gives 6 jobs"
says "what two blocks give" "grid: block 3 (line 15) gives 1 job: 2, less 1 that stands in an earlier block, too"
says "an exclude that does nothing" "note: line 10: exclude 'seed=9' excludes nothing; seed is one of 1, 2, 3"
says "what is the same job" "note: block 2: 2 of 8 combinations are the same job as an earlier one, and left out: smote.k is read by strategy smote alone"
check "it runs on 2 ranks" mpi 2 "$cellsweep" run "$TMP/a.yaml" -o "$TMP/r.h5"
cp "$TMP/check.out" "$TMP/out"
says "run says what does nothing, too" "note: line 10: exclude 'seed=9' excludes nothing; seed is one of 1, 2, 3"
rows() { "$cellsweep" export "$1" --table jobs | awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } NR > 1 { print $at["key"], $at["clusters"], $at["strategy"], $at["seed"], $at["class_sizes"], $at["train.epochs"], $at["smote.k"], $at["finished"] }' | sort; }
rows "$TMP/r.h5" >"$TMP/before"
[ "$(wc -l <"$TMP/before")" = 16 ] && ok "16 jobs" || not_ok "$(wc -l <"$TMP/before") jobs"
[ "$(grep -c ' 14+15 .* 10+5 3 ' "$TMP/before")" = 3 ] && ok "zipped values stand together" || not_ok "$(cat "$TMP/before")"
check "it has a report" "$cellsweep" report "$TMP/r.h5" -o "$TMP/report"

# The same jobs, written otherwise: blocks in another order, the zip as two blocks, the exclude as values.
sweep b <<'YAML'
grid:
  - {clusters: [[14, 15]], class_sizes: [[10, 5]], train.epochs: 3, smote.k: [2, 3], strategy: [smote, none]}
  - clusters: [[14, 15]]
    strategy: [oversample, none]
    seed: [4, 3, 2, 1]
    exclude: strategy!=none,seed>3
  - {clusters: [[1, 27]], seed: [1, 2, 3]}
  - {zip: [{clusters: [[14, 15], [14, 15]], train.epochs: [2, 2], class_sizes: [[10, 10], [10, 10]], smote.k: [2, 3]}], strategy: [none, smote]}
YAML
check "the same jobs go on" "$cellsweep" run "$TMP/b.yaml" -o "$TMP/r.h5"
cp "$TMP/check.out" "$TMP/out"
says "none of them runs again" "$TMP/r.h5: the grid is written otherwise; 16 finished jobs kept, 0 to run"
rows "$TMP/r.h5" >"$TMP/after"
cmp -s "$TMP/before" "$TMP/after" && ok "and all are as they were" || not_ok "$(diff "$TMP/before" "$TMP/after")"
check "and nothing is done by the same command" "$cellsweep" run "$TMP/b.yaml" -o "$TMP/r.h5"
grep -q "going on; 16 jobs finished before, 0 to run" "$TMP/check.out" && ok "which says so" || not_ok "$(cat "$TMP/check.out")"
check "a job more" "$cellsweep" run "$TMP/b.yaml" -o "$TMP/r.h5" --set 'grid.3.seed=[1, 2, 3, 4]'
grep -q "the grid grew; 16 finished jobs kept, 1 to run" "$TMP/check.out" && ok "is one that runs" || not_ok "$(cat "$TMP/check.out")"
check_fails "a job less is refused" "$cellsweep" run "$TMP/b.yaml" -o "$TMP/r.h5" --set 'grid.3.seed=[2, 3, 4]'
grep -q "1 of its 17 jobs are not in this grid" "$TMP/check.out" && ok "with how many" || not_ok "$(cat "$TMP/check.out")"

# Seed by seed: jobs of the third seed are held, so that 40 % are done when the run is told to stop.
sweep c <<'YAML'
grid:
  clusters: [[14, 15], [1, 27]]
  strategy: [none, undersample, oversample, augment, smote]
  seed: {first: 1, count: 5}
YAML
R=$TMP/c.h5
check "one job alone" "$cellsweep" run "$TMP/c.yaml" -o "$R" -q --filter 'seed=2,strategy=none,clusters=1-27'
jobs() { "$cellsweep" export "$1" --table jobs | awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } NR > 1 { print $at["job"], $at["key"], $at["clusters"], $at["strategy"], $at["seed"], $at["state"] }'; }
for key in $(jobs "$R" | awk '$5 == 3 { print $2 }'); do hold 0 "$key"; done
mpi 2 "$cellsweep" run "$TMP/c.yaml" -o "$R" -q >"$TMP/log" 2>&1 &
pid=$!
two_held() { [ "$(compgen -G "$CELLSWEEP_TEST_HOLD/*.held" | wc -l)" -ge 2 ]; }
await two_held
kill -USR1 "$(rank_pid "$R" 0)"
await test "$(events "$R" '"draining"')" != 0
for key in $(jobs "$TMP/c.h5" | awk '$5 == 3 { print $2 }'); do release "$key"; done
wait $pid
seeds=$(jobs "$R" | awk '$6 == "done" { n[$3 " " $4]++; total++ } END { for (k in n) { c++; if (!least || n[k] < least) least = n[k]; if (n[k] > most) most = n[k] } print c, least, (most - least <= 1), (total >= 20 && total <= 24) }')
[ "$seeds" = "10 2 1 1" ] && ok "stopped after 40 %, every strategy has two seeds of each pair" || { not_ok "stopped after 40 %: $seeds"; jobs "$R" | sed 's/^/# /'; }
check "and the rest comes later" mpi 3 "$cellsweep" run "$TMP/c.yaml" -o "$R" -q
started() { sed -n 's/.*"job_started".*"job": *\([0-9]*\).*/\1/p' "$1.events.jsonl"; }
check "the longest first" mpi 2 "$cellsweep" run "$TMP/c.yaml" -o "$TMP/longest.h5" -q --order longest
check "whatever the order, the same bits" same_bits "$R" "$TMP/longest.h5"
check "some first" "$cellsweep" run "$TMP/c.yaml" -o "$TMP/first.h5" -q --first 'strategy=s*,clusters!=1-27,seed>2' --order longest
[ "$(started "$TMP/first.h5" | head -3 | sort -n | xargs)" = "22 23 24" ] && ok "are the first" || not_ok "first were $(started "$TMP/first.h5" | head -5 | xargs)"
check "with the same bits" same_bits "$R" "$TMP/first.h5"
check_fails "first of what the filter leaves out" "$cellsweep" run "$TMP/c.yaml" -o "$TMP/none.h5" -q --filter 'seed<3' --first seed=4
grep -q -- "--first 'seed=4' matches only jobs that --filter 'seed<3' leaves out" "$TMP/check.out" && ok "is refused, too" || not_ok "$(cat "$TMP/check.out")"
check_fails "first of none" "$cellsweep" run "$TMP/c.yaml" -o "$TMP/none.h5" -q --first seed=9
grep -q -- "--first 'seed=9' matches none of the 50 jobs; seed is one of 1, 2, 3, 4, 5$" "$TMP/check.out" && ok "is refused" || not_ok "$(cat "$TMP/check.out")"
[ ! -e "$TMP/none.h5" ] && ok "before anything is written" || not_ok "none.h5 was written"
finish
