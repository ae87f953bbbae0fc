#!/usr/bin/env bash
# Whole sweeps under mpirun: the same bits on 1, 2, 3 and 5 ranks, after a kill, after a drain.
. tests/lib.sh
cellsweep=$BUILD/cellsweep
few_cells 1 14 15 27
small_sweep "$TMP/few" <<'YAML'
clusters: [[14, 15], [1, 27]]
strategy: [none, reweight, undersample, oversample, augment]
protocol: [report, holdout]
seed: {first: 1, count: 2}
YAML
finished() { "$cellsweep" export "$1" --table jobs | grep -c ',done,'; }

check "1 rank without mpirun" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/1.h5" -q
[ "$(finished "$TMP/1.h5")" = 40 ] && ok "all 40 jobs done" || not_ok "all 40 jobs done: $(finished "$TMP/1.h5")"
for n in 2 3 5; do
    check "$n ranks" run $n "$TMP/$n.h5"
    check "same bits on 1 and $n ranks" same_bits "$TMP/1.h5" "$TMP/$n.h5"
done
check "rank 0 only serves" run 3 "$TMP/d.h5" --dedicated
check "same bits with a dedicated rank 0" same_bits "$TMP/1.h5" "$TMP/d.h5"
check "other seeds are other results" bash -c \
    "'$cellsweep' run '$TMP/s.yaml' -o '$TMP/other.h5' -q --set grid.seed.first=3 && ! h5diff -q '$TMP/1.h5' '$TMP/other.h5' /metrics /metrics"

# A killed run goes on.
for kill in 1 2 3; do
    before=$(events "$TMP/k.h5" job_finished)
    more_finished() {
        local n
        n=$(events "$TMP/k.h5" job_finished)
        [ "${n:-0}" -gt "${before:-0}" ] || [ "${n:-0}" -ge 40 ]
    }
    mpi 2 "$cellsweep" run "$TMP/s.yaml" -o "$TMP/k.h5" -q >/dev/null 2>&1 &
    await more_finished
    # shellcheck disable=SC2046 # a machine that stalled this script may have let the run end
    kill -KILL $! $(rank_pid "$TMP/k.h5" 0) $(rank_pid "$TMP/k.h5" 1) 2>/dev/null
    wait 2>/dev/null
done
check "a run killed three times is finished by a fourth" run 2 "$TMP/k.h5"
check "same bits after kills" same_bits "$TMP/1.h5" "$TMP/k.h5"

# A drained run exits with 75 and goes on.
"$cellsweep" run "$TMP/s.yaml" -o "$TMP/u.h5" -q --set train.epochs=300 --filter seed=1 >"$TMP/u.log" 2>&1 &
pid=$!
await began "$TMP/u.h5"
kill -USR1 $pid
wait $pid
status=$?
[ $status = 75 ] && ok "SIGUSR1: exit status 75" || not_ok "SIGUSR1: exit status $status: $(cat "$TMP/u.log")"
grep -q "jobs left; the same command goes on" "$TMP/u.log" && ok "it says how to go on" || not_ok "it says how to go on"

# A signal that reaches rank 0 alone stops the others too, and soon.
timeout $HANG mpirun --oversubscribe -n 2 "$cellsweep" run "$TMP/s.yaml" -o "$TMP/one.h5" -q --set model=fake --set fake.milliseconds=200 --set train.epochs=100 >"$TMP/one.log" 2>&1 &
mpirun_pid=$!
await began "$TMP/one.h5" 2
kill -USR1 "$(rank_pid "$TMP/one.h5" 0)"
wait $mpirun_pid
status=$?
[ $status = 75 ] && ok "SIGUSR1 to rank 0 alone stops all" || not_ok "SIGUSR1 to rank 0 alone: status $status: $(cat "$TMP/one.log")"

# A rank that sees another folder ends the run with a line, not a hang.
cat >"$TMP/elsewhere.sh" <<'SH'
#!/bin/bash
[ "$OMPI_COMM_WORLD_RANK" = 1 ] && cd "$ELSEWHERE"
exec "$@"
SH
chmod +x "$TMP/elsewhere.sh"
mkdir "$TMP/here" "$TMP/elsewhere"
program=$(realpath "$cellsweep")
(cd "$TMP/here" && ELSEWHERE=$TMP/elsewhere timeout $HANG mpirun --oversubscribe -n 2 "$TMP/elsewhere.sh" "$program" run "$TMP/s.yaml" -o r.h5 -q) >"$TMP/elsewhere.log" 2>&1
status=$?
[ $status = 3 ] && grep -q "rank 1 cannot open it for writing" "$TMP/elsewhere.log" && ok "a rank without the results file ends the run" ||
    not_ok "a rank without the results file: status $status: $(cat "$TMP/elsewhere.log")"
finish
