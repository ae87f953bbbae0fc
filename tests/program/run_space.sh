#!/usr/bin/env bash
# Full disks: a small tmpfs that is too small at the beginning, fills up while a sweep runs and between two checkpoints, and is full
# when a report or predictions are written.
. tests/lib.sh
cellsweep=$BUILD/cellsweep
disk=$TMP/disk
mkdir "$disk"
if ! mount -t tmpfs -o size=4m cellsweep-test "$disk" 2>/dev/null; then
    skip "full disks: cannot mount a tmpfs (needs root)"
    finish
fi
trap 'umount "$disk"; rm -rf "$TMP"' EXIT
cat >"$TMP/s.yaml" <<YAML
name: small
data: $TMP/cells.h5
model: fake
fake: {milliseconds: 20}
train: {epochs: 10}
grid:
  clusters: [[14, 15], [1, 27]]
  strategy: [none, oversample]
  seed: {first: 1, count: 4}
YAML
# says WHAT STATUS PATTERN COMMAND...: the exit status, and one line of error with the pattern.
says() {
    local what=$1 want=$2 pattern=$3 got
    shift 3
    "$@" >"$TMP/says.out" 2>"$TMP/says.err"
    got=$?
    if [ $got = "$want" ] && [ "$(grep -c '^cellsweep: ' "$TMP/says.err")" = 1 ] && grep -q -- "^cellsweep: .*$pattern" "$TMP/says.err"; then
        ok "$what: $(grep '^cellsweep: ' "$TMP/says.err" | sed "s|$TMP/||g")"
    else
        not_ok "$what: exit status $got, want $want and '$pattern'"
        sed 's/^/# /' "$TMP/says.err"
    fi
}
size() { mount -o "remount,size=$1" "$disk"; }
fill() { # fill KIB: leave that much free
    rm -f "$disk/filler"
    head -c 200m /dev/zero >"$disk/filler" 2>/dev/null
    truncate -s "-$1K" "$disk/filler"
}
# What is in the folder, but for what a run leaves beside its file on purpose.
names() { ls -A "$disk" | grep -v '^r\.h5\.\(events\.jsonl\|status\)$'; }
is_empty() { [ -z "$(ls -A "$disk")" ]; }

# At creation.
pack_cells
says "no room to pack" 3 "cells.h5: needs [0-9]* bytes, but [0-9]* are free in" "$cellsweep" data pack "$TMP/cells" -o "$disk/cells.h5"
check "nothing is left" is_empty
says "no room for synthetic images" 3 "disk/.*No space left" "$cellsweep" data synth "$disk/synth"
rm -rf "$disk/synth"
says "no room for results" 3 "r.h5: needs [0-9]* bytes, but [0-9]* are free in" "$cellsweep" run "$TMP/s.yaml" -o "$disk/r.h5" -q --set keep_weights=true --set model=cnn --set fake.milliseconds=1
check "nothing is left" is_empty

# While it runs: every cell has its place since the file was made, so a disk that fills up does not matter.
check "on a disk with room" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/r.h5" -q
for io in mpio pwrite rank0; do
    rm -f "$disk"/*
    hold 1
    mpi 2 "$cellsweep" run "$TMP/s.yaml" -o "$disk/r.h5" -q --io $io >"$TMP/run.log" 2>&1 &
    pid=$!
    await began "$disk/r.h5" 2
    fill 0
    release
    read -r bytes blocks < <(stat -c '%s %b' "$disk/r.h5")
    [ $((blocks * 512)) -ge "$bytes" ] && ok "$io: the file has all its blocks from the beginning" || not_ok "$io: $blocks blocks for $bytes bytes"
    wait $pid && ok "$io: a disk that is full meanwhile does not stop the sweep" || not_ok "$io: $(cat "$TMP/run.log")"
    [ "$(df --output=avail "$disk" | tail -1)" -le 16 ] && ok "it was full to the end" || not_ok "it was not full"
    check "$io: the same bits" h5diff -q "$TMP/r.h5" "$disk/r.h5" /metrics /metrics
done

# A grid that grows needs room for the new file beside the old one.
fill 100
before=$(cksum <"$disk/r.h5")
says "no room to grow" 3 "r.h5: needs [0-9]* bytes, but [0-9]* are free in" "$cellsweep" run "$TMP/s.yaml" -o "$disk/r.h5" -q --set grid.seed.count=9
[ "$before" = "$(cksum <"$disk/r.h5")" ] && [ "$(names)" = "$(printf 'filler\nr.h5')" ] && ok "the old file is as it was" || not_ok "left: $(ls -A "$disk")"

# At a checkpoint: the one before stays, nothing half-written, the job goes on; killed, it goes on from there.
cat >"$TMP/long.yaml" <<YAML
name: long
data: $TMP/cells.h5
model: fake
fake: {milliseconds: 20}
train: {epochs: 150}
grid:
  clusters: [[1, 27]]
YAML
check "a long job on a disk with room" "$cellsweep" run "$TMP/long.yaml" -o "$TMP/long.h5" -q --checkpoint 0
for after in waits "is killed"; do
    rm -rf "$disk"/*
    hold 5
    "$cellsweep" run "$TMP/long.yaml" -o "$disk/r.h5" -q --checkpoint 0.01 >"$TMP/run.log" 2>&1 &
    pid=$!
    await held
    fill 0
    hold 100
    await grep -q 'No space left' "$TMP/run.log"
    [ "$after" = waits ] && release
    if [ "$after" = waits ]; then
        wait $pid && ok "a disk that is full at a checkpoint does not stop the job" || not_ok "status $?: $(cat "$TMP/run.log")"
    else
        kill -KILL $pid
        wait $pid 2>/dev/null
        release
        [ "$(cd "$disk/r.h5.checkpoints" && ls | grep -vc '^[0-9a-f]*\.ckpt$')" = 0 ] && ok "nothing half-written" || not_ok "left: $(ls "$disk/r.h5.checkpoints")"
        "$cellsweep" status "$disk/r.h5" >"$TMP/status.out" 2>&1
        grep -q 'waiting, checkpoint at epoch [1-9]' "$TMP/status.out" && ok "the checkpoint before is there" || not_ok "$(cat "$TMP/status.out")"
        says "no room for a lock" 3 "r.h5.lock.*No space left on device; make room" "$cellsweep" run "$TMP/long.yaml" -o "$disk/r.h5" -q
        rm "$disk/filler"
        check "with room it is gone on from" "$cellsweep" run "$TMP/long.yaml" -o "$disk/r.h5" -q
    fi
    [ "$(grep -c 'cannot write the checkpoint: No space left on device; jobs go on without' "$TMP/run.log")" = 1 ] && ok "$(sed "s|$TMP/||g; s|/[0-9a-f]*\.ckpt|/KEY.ckpt|" "$TMP/run.log")" ||
        not_ok "said: $(cat "$TMP/run.log")"
    check "the same bits" h5diff -q "$TMP/long.h5" "$disk/r.h5" /metrics /metrics
    [ ! -e "$disk/r.h5.checkpoints" ] && ok "checkpoints are gone with the job" || not_ok "left: $(ls "$disk/r.h5.checkpoints")"
done

# Reports and exports.
check "a report elsewhere" "$cellsweep" report "$TMP/r.h5" -o "$TMP/whole"
for free in 0 16 90; do
    rm -rf "$disk/figures"
    fill $free
    says "report with $free KiB" 3 "disk/figures.*" "$cellsweep" report "$TMP/r.h5" -o "$disk/figures"
    torn=$(cd "$disk" && find figures -type f 2>/dev/null | while read -r f; do
        case $f in *.csv | *.tsv | *.md | *.tex) cmp -s "$f" "$TMP/whole/${f#figures/}" || echo "$f" ;; *.tmp) echo "$f" ;; esac
    done)
    [ -z "$torn" ] && ok "every file that is there is whole" || not_ok "not whole: $torn"
done
rm -rf "$disk/figures"
fill 0
says "export" 3 "epochs.csv.*No space left" "$cellsweep" export "$TMP/r.h5" --table epochs -o "$disk/epochs.csv"
[ "$(names)" = "$(printf 'filler\nr.h5')" ] && ok "nothing is left" || not_ok "left: $(ls -A "$disk")"

# Predictions, and networks as files.
check "networks are kept elsewhere" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/kept.h5" -q --set model=cnn --set fake.milliseconds=1 --set keep_weights=true --set cnn.dense=[16,64] --set train.epochs=1 --set grid.seed.count=1
says "predictions" 3 "predictions.csv.*No space left" "$cellsweep" predict "$TMP/kept.h5" "$TMP/cells" -f clusters=1-27,strategy=none -o "$disk/predictions.csv"
says "a stream of predictions" 3 "standard output.*No space left" bash -c "'$cellsweep' predict '$TMP/kept.h5' '$TMP/cells' -f clusters=1-27,strategy=none >'$disk/stream.csv'"
rm -f "$disk/stream.csv"
fill 0
says "networks" 3 "disk/models/.*is the disk full" "$cellsweep" export "$TMP/kept.h5" --weights -o "$disk/models"
[ -z "$(find "$disk/models" -type f 2>/dev/null)" ] && ok "no half of a network" || not_ok "left: $(ls -l "$disk/models")"
rm -rf "$disk/models"
fill 0
[ "$(names)" = "$(printf 'filler\nr.h5')" ] && ok "nothing is left" || not_ok "left: $(ls -A "$disk")"
says "doctor" 3 "No space left" "$cellsweep" doctor "$disk"
[ "$(names)" = "$(printf 'filler\nr.h5')" ] && ok "nothing is left" || not_ok "left: $(ls -A "$disk")"
finish
