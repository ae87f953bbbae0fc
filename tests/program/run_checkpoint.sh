#!/usr/bin/env bash
# Jobs that are killed in their middle go on from their checkpoints: the same bits as undisturbed, and few epochs twice.
. tests/lib.sh
cellsweep=$BUILD/cellsweep
results=/nowhere
# Numbers of a results file; the file is looked at while others write it.
cells() { HDF5_USE_FILE_LOCKING=FALSE h5dump -d "$1" -y -w 0 -o "$TMP/cells" "$results" >/dev/null && tr -d ' \n' <"$TMP/cells"; }
checkpoints() { find "$results.checkpoints" -name '*.ckpt' 2>/dev/null | wc -l; }
has_checkpoint() { [ "$(checkpoints)" -gt 0 ]; }
has_new_checkpoint() { [ -n "$(find "$results.checkpoints" -name '*.ckpt' -newer "$TMP/begun")" ]; }
at_epoch() { "$cellsweep" status "$results" | sed -n 's/.*waiting, checkpoint at epoch \([0-9]*\) of.*/\1/p'; }
start() { # start OPTION...: a run in the background, in $pid
    "$cellsweep" run "$TMP/s.yaml" -o "$results" -q "$@" >"$TMP/run.log" 2>&1 &
    pid=$!
}
stop() { # stop SIGNAL WANTED-STATUS WHAT
    local status
    kill -"$1" $pid
    wait $pid 2>/dev/null
    status=$?
    [ $status = "$2" ] && ok "$3: exit status $2" || not_ok "$3: exit status $status: $(cat "$TMP/run.log")"
}

# ---- real networks: the same bits ----
draw_cells
# Long enough to be killed in the middle of; a sanitizer takes its time with a small network, too (tests/lib.sh, small_sweep).
case $BUILD in *asan*) blocks='[4, 4]' ;; *) blocks='[32, 64]' ;; esac
cat >"$TMP/s.yaml" <<YAML
name: checkpoints
data: $CELLS.h5
train: {epochs: 40}
keep_weights: true
judge: best
inner: {share: 0.2}
cnn: {blocks: $blocks, dense: [32, 64]}
grid:
  clusters: [[1, 27]]
  strategy: [augment+mixup, easy-ensemble]
  easy-ensemble.members: [3]
YAML
results=$TMP/whole.h5
check "an undisturbed run" "$cellsweep" run "$TMP/s.yaml" -o "$results" -q
[ ! -e "$results.checkpoints" ] && ok "jobs shorter than the interval write no checkpoint" || not_ok "checkpoints of short jobs: $(ls "$results.checkpoints")"
results=$TMP/k.h5
for _ in 1 2 3; do
    touch "$TMP/begun"
    start --checkpoint 0.01
    await has_new_checkpoint
    stop KILL 137 "killed"
done
has_checkpoint && ok "a killed run leaves a checkpoint" || not_ok "a killed run leaves a checkpoint"
grep -q "at epoch" <("$cellsweep" status "$results") && ok "status tells it" || not_ok "status tells it: $("$cellsweep" status "$results")"
check "the same command goes on, on two ranks" mpi 2 "$cellsweep" run "$TMP/s.yaml" -o "$results" -q --checkpoint 0.05
check "same bits after kills in the middle of jobs" same_bits "$TMP/whole.h5" "$results"
check "and the same best weights" h5diff -q "$TMP/whole.h5" "$results" /models /models
[ ! -e "$results.checkpoints" ] && ok "checkpoints go with their jobs" || not_ok "left: $(ls "$results.checkpoints")"

# ---- sleeps for epochs: what is lost, and what is said ----
cat >"$TMP/s.yaml" <<YAML
name: sleeps
data: $CELLS.h5
model: fake
fake.milliseconds: 20
train: {epochs: 140}
grid:
  clusters: [[1, 27]]
  seed: [1]
YAML
results=$TMP/fake.h5
hold 75
start --checkpoint 0.4
await held
stop KILL 137 "killed in the middle of a job"
kept=$(at_epoch)
lost=$((75 - ${kept:-0}))
[ -n "$kept" ] && [ $lost -le 21 ] && [ $kept -gt 0 ] && ok "epochs run twice: $lost of 75, at most 0.4 s / 20 ms + 1 = 21" ||
    not_ok "epochs run twice: $lost of 75, checkpoint at ${kept:-none}"

# Every kind of damage: said on stderr, the job starts over.
key=$(basename "$(ls "$results.checkpoints")" .ckpt)
file=$results.checkpoints/$key.ckpt
cp "$file" "$TMP/good.ckpt"
damaged() { # damaged WHAT PATTERN [OPTION...]: the checkpoint at $file is not gone on with
    local what=$1 pattern=$2
    shift 2
    rm -f "$results"
    hold 1
    start --checkpoint 1000 "$@"
    await held # in epoch 1, or in the one it went on with
    grep -q "$pattern.*it is ignored, the job starts over" "$TMP/run.log" && ok "$what: said" || not_ok "$what: $(cat "$TMP/run.log")"
    [ "$(cells /epochs_done)" -le 1 ] && ok "$what: the job starts over" || not_ok "$what: at epoch $(cells /epochs_done)"
    kill -KILL $pid
    wait $pid 2>/dev/null
    mkdir -p "$results.checkpoints"
    cp "$TMP/good.ckpt" "$file"
}
printf 'X' | dd of="$file" bs=1 seek=700 conv=notrunc 2>/dev/null
damaged "a damaged byte" "checksum differs"
head -c 600 "$TMP/good.ckpt" >"$file"
damaged "a cut checkpoint" "bytes instead of"
: >"$file"
damaged "an empty checkpoint" "is no checkpoint"
rm "$file"
mkdir "$file"
damaged "a folder in its place" "checkpoint"
rm -rf "$file"
cp "$TMP/good.ckpt" "$file"

# A drain finishes the running epoch and goes on from there, into a new results file of the same jobs, too.
rm "$results"
hold $((kept + 5))
touch "$results.checkpoints/notes.txt" "$results.checkpoints/$key.ckpt.tmp-host-1" "$results.checkpoints/0123456789abcdef0123456789abcdef.ckpt"
start --checkpoint 1000
await held
[ ! -e "$results.checkpoints/$key.ckpt.tmp-host-1" ] && [ ! -e "$results.checkpoints/0123456789abcdef0123456789abcdef.ckpt" ] &&
    ok "what is stale is removed" || not_ok "stale: $(ls "$results.checkpoints")"
[ -e "$results.checkpoints/notes.txt" ] && ok "what is not ours is left alone" || not_ok "what is not ours is gone"
rm -f "$results.checkpoints/notes.txt"
kill -USR1 $pid
release
wait $pid
status=$?
[ $status = 75 ] && ok "drained: exit status 75" || not_ok "drained: exit status $status: $(cat "$TMP/run.log")"
drained=$(at_epoch)
[ "$drained" = "$(cells /epochs_done)" ] && [ "$drained" -ge $((kept + 5)) ] && ok "a drain loses no epoch: checkpoint at $drained" ||
    not_ok "drained at $(cells /epochs_done), checkpoint at $drained"
[ "$(cells /attempts)" = 0 ] && ok "a drained job was no attempt" || not_ok "attempts: $(cells /attempts)"
rm "$results"
hold "$drained"
start --checkpoint 0
await held
stop TERM 75 "SIGTERM"
release
check "checkpoints off: the last one stays" test "$(at_epoch)" = "$drained"
check "the next run goes on" "$cellsweep" run "$TMP/s.yaml" -o "$results" -q
[ ! -e "$results.checkpoints" ] && ok "and leaves no folder" || not_ok "and leaves $(ls "$results.checkpoints")"
results=$TMP/fresh.h5
check "undisturbed" "$cellsweep" run "$TMP/s.yaml" -o "$results" -q
check "metrics are whole" same_bits "$results" "$TMP/fake.h5"

# An epoch that is too long for a drain is given up.
results=$TMP/long.h5
hold 0
start
await held
stop TERM 75 "SIGTERM in an epoch that does not end"
release

# No room for checkpoints is no failure.
results=$TMP/room.h5
: >"$results.checkpoints"
check "a checkpoint that cannot be written does not fail the job" bash -c \
    "'$cellsweep' run '$TMP/s.yaml' -o '$results' --set train.epochs=20 --checkpoint 0.1 2>'$TMP/room.log'"
[ "$(grep -c "cannot write the checkpoint.*go on without" "$TMP/room.log")" = 1 ] && ok "and is said once" || not_ok "and is said once: $(cat "$TMP/room.log")"
finish
