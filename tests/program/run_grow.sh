#!/usr/bin/env bash
# A sweep gets a larger grid while it runs, and when it does not: no job is done twice, none is lost, and the bits are those of a sweep
# that had the whole grid from the beginning. Killed while it grows, it is the old file or the new one.
. tests/lib.sh
C=$BUILD/cellsweep
sweep() { # sweep SEEDS [STRATEGIES]
    cat <<YAML
name: grows
data: $TMP/cells.h5
model: fake
train: {epochs: 4}
grid:
  clusters: [[1, 27]]
  strategy: [${2:-none}]
  seed: {first: 1, count: $1}
YAML
}
grew() { [ "$(events "$1" '"grown"')" -ge 1 ]; }
lost() { [ "$(events "$1" '"rank_lost"')" -ge 1 ]; }
gone() { ! kill -0 "$1"; }
pack_cells
sweep 4 >"$TMP/s.yaml"
sweep 7 "none, oversample" >"$TMP/more.yaml"
count() { "$C" status --json --filter '' "$1" | sed -n "s/^ *\"$2\": \([0-9]*\),*/\1/p" | head -1; }
is() { # is WHAT WANT GOT
    [ "$2" = "$3" ] && ok "$1" || not_ok "$1: $3, not $2"
}
check "the whole grid from the beginning" "$C" run "$TMP/more.yaml" -o "$TMP/whole.h5" -q

# Two jobs are held in the middle, saved, and gone on with.
R=$TMP/r.h5
hold 2
run 2 "$R" >"$TMP/run.out" 2>"$TMP/run.err" &
running=$!
await began "$R" 2
await held
"$C" grow "$R" "$TMP/more.yaml" >"$TMP/grow.out" 2>&1 &
growing=$!
await grew "$R"
release
wait $growing
is "grow waits for the run and returns 0" 0 $?
check "and says so" grep -q "r.h5: grown by its run, which goes on; 14 jobs, 4 before" "$TMP/grow.out"
wait $running
is "the same run goes on to its end" 0 $?
is "with all jobs" 14 "$(count "$R" done)"
is "none of which was done twice" "14 14" "$(events "$R" '"job_finished"') $("$C" export "$R" --table jobs | grep -c ',done,')"
is "one run" "1 1" "$(events "$R" '"run_started"') $(events "$R" '"run_ended"')"
check "the bits of the whole grid" same_bits "$TMP/whole.h5" "$R"
[ ! -e "$R.grow" ] && [ ! -e "$R.lock" ] && ok "nothing is left" || not_ok "nothing is left"
check "the command that began it has nothing to do" "$C" run "$TMP/s.yaml" -o "$R" -q
is "of all jobs" 14 "$(count "$R" done)"
check_fails "another sweep is refused as ever" "$C" run "$TMP/s.yaml" -o "$R" -q --set train.epochs=5
check "a grid that is there already" "$C" grow "$R" "$TMP/more.yaml"

# Without checkpoints running jobs are waited for.
R=$TMP/n.h5
hold 2
run 2 "$R" --checkpoint 0 >/dev/null 2>&1 &
running=$!
await held
"$C" grow "$R" "$TMP/more.yaml" >"$TMP/grow.out" 2>&1 &
growing=$!
await [ -e "$R.grow" ]
sleep 3
is "held jobs keep the file as it is" 4 "$(count "$R" total)"
release
wait $growing $running
is "then it grows and goes on" 14 "$(count "$R" done)"
is "no attempt was for nothing" 14 "$(events "$R" '"job_started"')"
check "with the same bits" same_bits "$TMP/whole.h5" "$R"

# No run is on. The command that began it goes on with what the file has now.
R=$TMP/q.h5
check "a part of a sweep" "$C" run "$TMP/s.yaml" -o "$R" -q --filter seed=2..3
check "is grown" "$C" grow "$R" "$TMP/more.yaml"
is "to all jobs" "14 2" "$(count "$R" total) $(count "$R" done)"
check "and once more" "$C" grow "$R" "$TMP/more.yaml" --set grid.seed.count=8
is "to more" "16 2" "$(count "$R" total) $(count "$R" done)"
check "the command that began it goes on with all of them" "$C" run "$TMP/s.yaml" -o "$R" -q
is "which are done" 16 "$(count "$R" done)"

# A request that was left when its run had been killed.
R=$TMP/k.h5
hold 2
run 2 "$R" >/dev/null 2>&1 &
await held
"$C" grow "$R" "$TMP/more.yaml" >/dev/null 2>&1 &
growing=$!
await [ -e "$R.grow" ]
cp "$R.grow" "$TMP/request"
root=$(rank_pid "$R" 0)
kill -KILL $growing "$(ps -o ppid= -p "$root" | tr -d ' ')" "$root"
await gone "$root"
release
cp "$TMP/request" "$R.grow"
check "is taken up by the next run" run 2 "$R"
is "with all jobs" 14 "$(count "$R" done)"
check "and the same bits" same_bits "$TMP/whole.h5" "$R"
check "whoever has the old sweep file" "$C" run "$TMP/s.yaml" -o "$R" -q

# A run that was killed, and a request that another grow has removed since: it is for the one that waits.
R=$TMP/o.h5
hold 2
run 1 "$R" >/dev/null 2>&1 &
await held
"$C" grow "$R" "$TMP/more.yaml" >"$TMP/grow.out" 2>&1 &
growing=$!
await [ -e "$R.grow" ]
kill -STOP $growing
root=$(rank_pid "$R" 0)
kill -KILL "$(ps -o ppid= -p "$root" | tr -d ' ')" "$root"
await gone "$root"
rm "$R.grow"
kill -CONT $growing
wait $growing
is "a request that another one removed is done all the same" "0 14" "$? $(count "$R" total)"
release

# What the run cannot do when it comes to it (its disk is full, or the request is of another sweep).
R=$TMP/f.h5
hold 2
run 1 "$R" >/dev/null 2>"$TMP/run.err" &
running=$!
await held
sed 's/epochs: 4/epochs: 5/g' "$TMP/request" >"$TMP/other" && mv "$TMP/other" "$R.grow"
await grep -q "cannot be grown" "$TMP/run.err"
release
wait $running
is "a run goes on without what it cannot do, and ends with its own jobs" "0 4" "$? $(count "$R" done)"
is "its log says so" "0 1" "$(events "$R" '"grown"') $(events "$R" '"not_grown"')"

# A run that has lost a rank cannot close its file together: it stops, exit status 75, and the file grows all the same.
R=$TMP/l.h5
hold 2
timeout $HANG mpirun --enable-recovery --oversubscribe -n 3 "$C" run "$TMP/s.yaml" -o "$R" -q --heartbeat 5 >/dev/null 2>&1 &
running=$!
await began "$R" 3
await held
kill -KILL "$(rank_pid "$R" 1)"
await lost "$R"
check "growing a run that lost a rank" "$C" grow "$R" "$TMP/more.yaml"
wait $running
check "which has stopped" grep -q '"exit_status": 75' "$R.status"
is "the file has all jobs" 14 "$(count "$R" total)"
release
check "and the same command goes on" run 2 "$R"
check "to the same bits" same_bits "$TMP/whole.h5" "$R"

# What cannot be.
R=$TMP/e.h5
check "a small sweep" "$C" run "$TMP/s.yaml" -o "$R" -q
before=$(cksum <"$R")
refused() { # refused WHAT PATTERN COMMAND...
    local what=$1 pattern=$2
    shift 2
    check_fails "$what" "$@"
    grep -q -- "$pattern" "$TMP/check.out" && [ "$(cksum <"$R")" = "$before" ] && ok "with the file as it was" || { not_ok "with the file as it was" && sed 's/^/# /' "$TMP/check.out"; }
}
refused "no file" "none.h5: is not there, so nothing can grow; .cellsweep run" "$C" grow "$TMP/none.h5" "$TMP/s.yaml"
refused "a smaller grid" "e.h5: belongs to another sweep: .*jobs are not in this grid" "$C" grow "$R" "$TMP/s.yaml" --set grid.seed.count=3
refused "other settings" "e.h5: .*train.epochs is 4 there and 5 here" "$C" grow "$R" "$TMP/s.yaml" --set train.epochs=5
refused "other data" "e.h5: was made from other data" "$C" grow "$R" "$TMP/s.yaml" --set data="$TMP/cells" --set image.size=40 --set grid.seed.count=5
[ ! -e "$R.grow" ] && ok "no request is left" || not_ok "no request is left"
echo '[1' >"$R.grow"
check "what is no request is removed by a run" "$C" run "$TMP/s.yaml" -o "$R" -q
[ ! -e "$R.grow" ] && ok "which goes on" || not_ok "which goes on"

# Killed at any moment of a growth, of those that one takes here.
cp "$TMP/e.h5" "$TMP/x.h5"
start=$(date +%s%N)
check "a growth" "$C" grow "$TMP/x.h5" "$TMP/more.yaml"
took=$((($(date +%s%N) - start) / 1000000))
whole=0
for i in $(seq 12); do
    cp "$TMP/e.h5" "$TMP/x.h5"
    after=$((took * (i + 2) / 14))
    timeout -s KILL "$((after / 1000)).$(printf %03d $((after % 1000)))" "$C" grow "$TMP/x.h5" "$TMP/more.yaml" >/dev/null 2>&1
    case "$(count "$TMP/x.h5" total) $(count "$TMP/x.h5" done)" in "4 4" | "14 4") whole=$((whole + 1)) ;; esac
done 2>/dev/null
is "a growth that is killed leaves the old file or the new one, with all that was finished" 12 $whole
check "and the next one does it" "$C" grow "$TMP/x.h5" "$TMP/more.yaml"
is "whole" 14 "$(count "$TMP/x.h5" total)"
[ -z "$(find "$TMP" -name 'x.h5.draft*')" ] && ok "without a trace of them" || not_ok "without a trace of them"
finish
