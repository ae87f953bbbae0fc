#!/usr/bin/env bash
# A job that takes longer than --job-limit fails, as any other failure, and the sweep goes on: seconds, and a multiple of what jobs of
# its kind took. One job is held for ever; the others take a moment, however slow the machine.
. tests/lib.sh
draw_cells
C=$BUILD/cellsweep
cat >"$TMP/s.yaml" <<YAML
data: $CELLS.h5
model: fake
train: {epochs: 2}
grid: {clusters: [[1, 27]], seed: {first: 1, count: 6}}
YAML
check "a run without a limit" "$C" run "$TMP/s.yaml" -o "$TMP/clean.h5" -q
hold 1 "$(key_of "$TMP/clean.h5" 5)"
run 2 "$TMP/times.h5" --job-limit 2x >/dev/null 2>"$TMP/times.err" &
times=$!
run 1 "$TMP/seconds.h5" --job-limit 8 >/dev/null 2>"$TMP/seconds.err"
[ $? = 1 ] && ok "seconds: the sweep ends with a failed job, exit status 1" || not_ok "seconds: the sweep ends with a failed job, exit status 1"
wait $times
for way in seconds times; do
    "$C" status --json --filter '' "$TMP/$way.h5" >"$TMP/json"
    grep -q '"done": 5' "$TMP/json" && grep -q '"failed": 1' "$TMP/json" && ok "$way: the others are done" || { not_ok "$way: the others are done" && sed 's/^/# /' "$TMP/json" "$TMP/$way.err"; }
    grep -q '"attempts": 3' "$TMP/json" && ok "$way: after three attempts" || not_ok "$way: after three attempts"
done
"$C" status --json "$TMP/seconds.h5" | grep -q '"message": "--job-limit: not done after 8 s"' && ok "its row says why" || not_ok "its row says why"
grep -q "not done after 10 s" "$TMP/times.err" && ok "a multiple is ten seconds at least" || { not_ok "a multiple is ten seconds at least" && sed 's/^/# /' "$TMP/times.err"; }
release "$(key_of "$TMP/clean.h5" 5)"
check "without the hold it can be run again" "$C" run "$TMP/s.yaml" -o "$TMP/seconds.h5" -q --retry-failed --job-limit 1:00:00
check "with the same bits" same_bits "$TMP/clean.h5" "$TMP/seconds.h5"
check_fails "a limit that is none" "$C" run "$TMP/s.yaml" -o "$TMP/r.h5" --job-limit 1x
grep -q "neither .* nor a multiple as 5x" "$TMP/check.out" && ok "is refused" || not_ok "is refused"
finish
