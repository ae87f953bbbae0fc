#!/usr/bin/env bash
# What people read fits the window of their terminal and loses nothing; what is piped is as wide as it is.
. tests/lib.sh
C=$BUILD/cellsweep
if ! command -v script >/dev/null; then
    skip "no script(1): nothing to be a terminal"
    finish
fi
pack_cells
cat >"$TMP/s.yaml" <<YAML
name: wide
data: $TMP/cells.h5
model: fake
train: {epochs: 2}
grid:
  clusters: [[1, 27]]
  strategy: [none, oversample, oversample+augment]
  protocol: [report, holdout, {kfold: {folds: 3, repeats: 1}}]
  train.learning_rate: [0.001]
  seed: [1, 2, 3]
YAML
check "a sweep" "$C" run "$TMP/s.yaml" -o "$TMP/r.h5" -q

# window COLUMNS ROWS COMMAND...: its output on a terminal of that size, in $TMP/seen.
window() {
    local size="cols $1 rows $2"
    shift 2
    script -qec "stty $size; ${*@Q}" /dev/null </dev/null | tr -d '\r' >"$TMP/seen"
}
# fits COLUMNS: no line of it has more characters, not bytes.
fits() { /usr/bin/python3 -c 'import sys; sys.exit(max(len(l.rstrip("\n")) for l in open(sys.argv[1], encoding="utf-8")) > int(sys.argv[2]))' "$TMP/seen" "$1"; }
# loses_nothing: every word of $TMP/piped that cannot be broken, and no number that measures time or speed, is in it.
loses_nothing() {
    /usr/bin/python3 - "$TMP/piped" "$TMP/seen" <<'PY'
import re, sys
piped, seen = (open(p, encoding="utf-8").read() for p in sys.argv[1:])
words = {w for w in piped.split() if not re.search(r"[A-Za-z][+_.,/]\S", w) and not re.search(r"^[0-9.:]+$|^[\[#-]+", w)}
lost = words - set(seen.split())
print("lost:", lost)
sys.exit(bool(lost) or len(words) < 20)
PY
}
look() { # look WHAT COMMAND...
    local what=$1 width
    shift
    "$@" >"$TMP/piped" 2>&1
    for width in 80 60; do
        window $width 24 "$@"
        check "$what fits $width characters" fits $width
        check "and loses nothing" loses_nothing
    done
}
look plan "$C" plan "$TMP/s.yaml" --filter seed=1
look "plan --keys" "$C" plan --keys
look status "$C" status "$TMP/r.h5"
look report "$C" report "$TMP/r.h5" -o "$TMP/report"
look doctor "$C" doctor "$TMP"
look "data info" "$C" data info "$TMP/cells.h5"

window 80 24 env COLUMNS=50 "$C" plan --keys
check "COLUMNS is obeyed" fits 50
"$C" plan --keys >"$TMP/piped"
COLUMNS=50 "$C" plan --keys | cmp -s - "$TMP/piped" && ok "but not in a pipe" || not_ok "but not in a pipe"
"$C" export "$TMP/r.h5" --table jobs >"$TMP/piped"
window 80 24 "$C" export "$TMP/r.h5" --table jobs
check "a line of CSV stays a line" cmp "$TMP/piped" "$TMP/seen"

# A page of --watch: the bar, and no more lines than the window has. pages ROWS
pages() {
    /usr/bin/python3 - "$TMP/seen" "$1" <<'PY'
import sys
pages = open(sys.argv[1], encoding="utf-8").read().split("\x1b[H\x1b[J")[1:]
bad = [p for p in pages if not p.startswith("[") or p.count("\n") >= int(sys.argv[2])]
print(len(pages), "pages;", bad)
sys.exit(len(pages) < 2 or bool(bad))
PY
}
hold 1
mpi 3 "$C" run "$TMP/s.yaml" -o "$TMP/w.h5" -q >/dev/null 2>&1 &
pid=$!
await began "$TMP/w.h5" 3
for rows in 24 8 3; do
    window 60 $rows timeout 3 "$C" status "$TMP/w.h5" --watch=0.2
    check "watching in $rows rows" pages $rows
    check "no line is too long" fits 60
done
check "what is left out is said" grep -q "^and [0-9]* more lines$" "$TMP/seen"
release
wait $pid
finish
