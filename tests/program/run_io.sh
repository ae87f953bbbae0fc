#!/usr/bin/env bash
# The three ways to the results file in whole sweeps: the same bits, nothing lost when writing fails, and what doctor advises.
. tests/lib.sh
cellsweep=$BUILD/cellsweep
program=$(realpath "$cellsweep")
small_sweep "$TMP/cells.h5" 16 <<'YAML'
clusters: [[26, 27]]
strategy: [none, oversample]
protocol: [report, holdout]
seed: {first: 1, count: 2}
YAML
echo "keep_weights: true" >>"$TMP/s.yaml"
# says WHAT STATUS PATTERN COMMAND...: the exit status, and one line of error with the pattern.
says() {
    local what=$1 want=$2 pattern=$3 got
    shift 3
    "$@" >"$TMP/says.out" 2>&1
    got=$?
    if [ $got = "$want" ] && [ "$(grep -c '^cellsweep: ' "$TMP/says.out")" = 1 ] && grep -q -- "^cellsweep: .*$pattern" "$TMP/says.out"; then
        ok "$what"
    else
        not_ok "$what: exit status $got, want $want and '$pattern'"
        sed 's/^/# /' "$TMP/says.out"
    fi
}

pack_cells
check "mpio on 1 rank" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/1.h5" -q
for io in pwrite rank0; do
    rm -f "$TMP/r.h5"
    check "one way begins on 3 ranks" run 3 "$TMP/r.h5" --filter strategy=none
    check "$io goes on" run 3 "$TMP/r.h5" --io $io
    check "the same bits" same_bits "$TMP/1.h5" "$TMP/r.h5"
done

# Model fake: numbers without training, so that only the writing takes time.
fake=(--set model=fake --set fake.milliseconds=0 --set keep_weights=false --set grid.seed.count=4)
check "mpio on 1 rank" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/f1.h5" -q "${fake[@]}"
for n in 1 2 3 5; do
    for io in pwrite rank0; do
        rm -f "$TMP/r.h5"
        check "$io on $n ranks" run $n "$TMP/r.h5" --io $io "${fake[@]}"
        check "the same bits as of 1 rank" same_bits "$TMP/f1.h5" "$TMP/r.h5"
    done
done
rm -f "$TMP/r.h5"
check "rank 0 only serves, and writes for the others" run 3 "$TMP/r.h5" --io rank0 --dedicated "${fake[@]}"
check "the same bits" same_bits "$TMP/f1.h5" "$TMP/r.h5"
says "no such way" 2 "mpio, pwrite, rank0" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/no.h5" --io nfs

# Short epochs are written together: not the nine cells of each, with a look at the lock.
case $BUILD in
*asan*) skip "writes are counted with the plain build: a sanitizer wants to be loaded first" ;;
*)
    counted() { # counted EPOCHS OPTION...: "PWRITES STATS" of a run
        local n=$1
        shift
        rm -f "$TMP/r.h5"
        PRELOAD_COUNT=$TMP/count LD_PRELOAD=$(realpath "$BUILD/tests/support/preload.so") "$cellsweep" run "$TMP/s.yaml" -o "$TMP/r.h5" -q \
            "${fake[@]}" --set train.epochs="$n" "$@" >"$TMP/counted.log" 2>&1
        cat "$TMP/count"
    }
    for io in mpio pwrite; do
        read -r few few_stats < <(counted 1 --io $io)
        read -r many many_stats < <(counted 500 --io $io)
        [ "$few" -gt 100 ] && [ "$many" -lt $((few + 3000)) ] && [ "$few_stats" -gt 16 ] && [ "$many_stats" -lt $((few_stats + 400)) ] &&
            ok "$io: 16 jobs of 500 epochs take $many writes, of 1 epoch $few; $many_stats and $few_stats looks at files" ||
            not_ok "$io: 16 jobs of 500 epochs take $many writes, of 1 epoch $few; $many_stats and $few_stats looks at files: $(cat "$TMP/counted.log")"
    done
    ;;
esac

# Ranks of rank0 need not see the file.
cat >"$TMP/elsewhere.sh" <<'SH'
#!/bin/bash
[ "$OMPI_COMM_WORLD_RANK" = 1 ] && cd "$ELSEWHERE"
exec "$@"
SH
chmod +x "$TMP/elsewhere.sh"
mkdir "$TMP/here" "$TMP/elsewhere"
elsewhere() { (cd "$TMP/here" && ELSEWHERE=$TMP/elsewhere timeout $HANG mpirun --oversubscribe -n 2 "$TMP/elsewhere.sh" "$program" "$@"); }
check "a rank in another folder, rank0" elsewhere run "$TMP/s.yaml" -o r.h5 -q --io rank0 --checkpoint 0.001 "${fake[@]}"
grep -q '^r.h5: 1 of 2 ranks do not see its folder: their jobs have no checkpoints' "$TMP/check.out" && ok "it is told what that costs" || not_ok "$(cat "$TMP/check.out")"
check "the same bits" same_bits "$TMP/f1.h5" "$TMP/here/r.h5"
[ -z "$(ls -A "$TMP/elsewhere")" ] && ok "nothing is left in its folder" || not_ok "left there: $(ls -A "$TMP/elsewhere")"
says "a rank in another folder, pwrite" 3 "rank 1 cannot open it.*--io rank0" elsewhere run "$TMP/s.yaml" -o p.h5 -q --io pwrite

# A job whose rows were sent keeps its checkpoint until they are written: rank 0 removes it.
rm -f "$TMP/r.h5"
check "checkpoints with rank0" run 3 "$TMP/r.h5" --io rank0 --checkpoint 0.001 --set model=fake --set fake.milliseconds=5 --set keep_weights=false
check "some were written" grep -q '"checkpoint"' "$TMP/r.h5.events.jsonl" # how many, the speed of the machine decides
check "all are gone at the end" test ! -e "$TMP/r.h5.checkpoints"

# Writes that fail in the middle stop the sweep with exit status 3; nothing that was finished is lost. A limit on the size of files,
# set while the sweep runs, stands in for a disk that fails.
finished() { "$cellsweep" export "$1" --table jobs | grep ',done,' | sort; }
fails_midway() { # fails_midway IO RANK: the writes of one rank fail
    local io=$1 victim=$2 status
    rm -f "$TMP/f.h5" "$TMP/f.h5.events.jsonl"
    local few=(--set model=fake --set train.epochs=10 --set grid.seed.count=5 --set keep_weights=false)
    check "a run of some of the jobs" run 2 "$TMP/f.h5" --io "$io" "${few[@]}" --filter seed=1
    hold 5
    run 2 "$TMP/f.h5" --io "$io" "${few[@]}" >"$TMP/f.log" 2>&1 &
    local mpirun_pid=$!
    await began "$TMP/f.h5" 6
    prlimit --pid "$(rank_pid "$TMP/f.h5" "$victim")" --fsize=100
    release
    wait $mpirun_pid
    status=$?
    if [ $status = 3 ] && [ "$(grep -c "^cellsweep: .*cannot write job.*run the same command again" "$TMP/f.log")" = 1 ]; then
        ok "$io: failed writes of rank $victim end the sweep with a line and status 3"
    else
        not_ok "$io, rank $victim: status $status: $(cat "$TMP/f.log")"
    fi
    local before after
    before=$(finished "$TMP/f.h5")
    check "$io: the same command goes on" run 2 "$TMP/f.h5" --io "$io" "${few[@]}"
    after=$(finished "$TMP/f.h5")
    [ "$(wc -l <<<"$after")" = 20 ] && [ -n "$before" ] && [ -z "$(comm -23 <(echo "$before") <(echo "$after"))" ] &&
        ok "and keeps the $(wc -l <<<"$before") jobs that were finished" ||
        not_ok "$io: $(wc -l <<<"$after") jobs are done, finished ones ran again, or none was finished before"
}
if command -v prlimit >/dev/null && command -v pgrep >/dev/null; then
    fails_midway rank0 0
    fails_midway pwrite 1
else
    skip "failing writes: no prlimit or pgrep"
fi

# doctor
mkdir "$TMP/probe"
for n in 1 3; do
    check "doctor with $n ranks" sh -c "mpirun --oversubscribe -n $n '$cellsweep' doctor '$TMP/probe' >'$TMP/doctor.out'"
    grep -q "flock works" "$TMP/doctor.out" && grep -q "advice  *run --io mpio: " "$TMP/doctor.out" && ok "it advises mpio on a local disk" ||
        not_ok "its advice: $(cat "$TMP/doctor.out")"
    [ -z "$(ls -A "$TMP/probe")" ] && ok "and leaves nothing" || not_ok "it left $(ls -A "$TMP/probe")"
done
mkdir "$TMP/here/only0"
grep -q "rank 0  *[0-9.]* us a message: half of its core serves [0-9.e+]* ranks with jobs of 1 s, [0-9.e+]* of 10 s" "$TMP/doctor.out" &&
    ok "it tells how many ranks rank 0 would carry" || not_ok "it tells how many ranks rank 0 would carry: $(cat "$TMP/doctor.out")"
elsewhere doctor only0 >"$TMP/doctor.out" 2>&1
grep -q "run --io rank0: not every rank sees the folder" "$TMP/doctor.out" && ok "it advises rank0 when a rank does not see the folder" ||
    not_ok "its advice: $(cat "$TMP/doctor.out")"
[ -z "$(ls -A "$TMP/here/only0")" ] && ok "and leaves nothing" || not_ok "it left $(ls -A "$TMP/here/only0")"
says "doctor of a folder that is not there" 3 "cannot create a file" "$cellsweep" doctor "$TMP/none"
finish
