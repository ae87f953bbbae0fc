#!/usr/bin/env bash
# Where things are written and read: devices, FIFOs and links in the place of files, and folders that others may write to.
. tests/lib.sh
draw_cells
cellsweep=$BUILD/cellsweep
R=$TMP/r.h5

cat >"$TMP/s.yaml" <<YAML
data: $CELLS.h5
model: fake
fake.milliseconds: 0
train.epochs: 2
grid: {clusters: [[14, 15]], seed: {first: 1, count: 2}}
YAML
check "a sweep" "$cellsweep" run "$TMP/s.yaml" -o "$R" -q
table() { "$cellsweep" export "$R" --table jobs "$@"; }
table >"$TMP/jobs.csv"

# A command that hangs in open() is deaf to SIGTERM: within 60 s it must have ended of itself.
ends() { timeout -k 1 60 "$@"; local status=$?; [ $status != 124 ] && [ $status != 137 ]; }

# refuses PATTERN COMMAND...: it ends with a failure, and a line that has the pattern.
refuses() {
    local pattern=$1 status
    shift
    timeout -k 1 60 "$@" >"$TMP/refused" 2>&1
    status=$?
    cat "$TMP/refused"
    [ $status != 0 ] && [ $status != 124 ] && [ $status != 137 ] && grep -q -- "$pattern" "$TMP/refused"
}

# ---- -o ----
table -o - >"$TMP/stdout.csv"
check "-o - is standard output" cmp "$TMP/jobs.csv" "$TMP/stdout.csv"
check "and no file of that name" test ! -e ./-

mkfifo "$TMP/fifo"
cat "$TMP/fifo" >"$TMP/fifo.csv" &
reader=$!
check "-o FIFO" ends "$cellsweep" export "$R" --table jobs -o "$TMP/fifo"
check "stays a FIFO" test -p "$TMP/fifo"
[ -p "$TMP/fifo" ] && wait $reader || kill $reader
check "whose reader gets all" cmp "$TMP/jobs.csv" "$TMP/fifo.csv"

echo old >"$TMP/target.csv"
chmod 640 "$TMP/target.csv"
ln -s target.csv "$TMP/link.csv"
ln -s new.csv "$TMP/dangling.csv"
ln -s circle.csv "$TMP/circle.csv"
check "-o LINK" table -o "$TMP/link.csv"
check "stays a link" test -L "$TMP/link.csv"
check "its target is written" cmp "$TMP/jobs.csv" "$TMP/target.csv"
check "-o a link to nothing yet" table -o "$TMP/dangling.csv"
check "makes its target" bash -c "[ -L '$TMP/dangling.csv' ] && cmp '$TMP/jobs.csv' '$TMP/new.csv'"
check "-o links in a circle" refuses circle "$cellsweep" export "$R" --table jobs -o "$TMP/circle.csv"
check "-o a folder" refuses 'is a folder' "$cellsweep" export "$R" --table jobs -o "$TMP"
check "-o a results file" refuses "no table replaces" "$cellsweep" export "$R" --table jobs -o "$R"
check "which stays" table -o "$TMP/again.csv"

# The numbers of null: writing to it is harmless whether it stays a device or not.
if mknod "$TMP/null" c 1 3 2>/dev/null && (: >"$TMP/null") 2>/dev/null; then
    check "-o DEVICE" table -o "$TMP/null"
    check "stays a device" test -c "$TMP/null"
    cp -r "$CELLS" "$TMP/cells"
    check "data pack -o DEVICE" refuses 'not a packed dataset' "$cellsweep" data pack "$TMP/cells" -o "$TMP/null"
    check "run -o DEVICE" refuses 'not an HDF5 file' "$cellsweep" run "$TMP/s.yaml" -o "$TMP/null" -q
    check "stays one, too" test -c "$TMP/null"
else
    skip "devices: none can be made here"
fi
umask 027
check "rights are what umask leaves" bash -c "'$cellsweep' export '$R' --table jobs -o '$TMP/mask.csv' && [ \$(stat -c %a '$TMP/mask.csv') = 640 ]"
umask 022
check "nothing temporary is left" bash -c "! ls -A '$TMP' | grep -q '\.tmp$'"

# ---- beside the results file ----
echo mine >"$TMP/victim"
"$cellsweep" run "$TMP/s.yaml" -o "$TMP/l.h5" -q
grow() { sed -i "s/count: [0-9]*/count: $1/" "$TMP/s.yaml"; }
grow 3
ln -sf victim "$TMP/l.h5.status.new"
check "run with a link for the status" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/l.h5" -q
check "writes the status" grep -q '"state": "finished"' "$TMP/l.h5.status"
rm -f "$TMP/l.h5.events.jsonl"
ln -s victim "$TMP/l.h5.events.jsonl"
grow 4
check "run with a link for the log" refuses 'events.jsonl.*remove it' "$cellsweep" run "$TMP/s.yaml" -o "$TMP/l.h5" -q
check "nobody's file was touched" grep -qx mine "$TMP/victim"
rm "$TMP/l.h5.events.jsonl"

for end in .lock .events.jsonl .status; do
    rm -f "$TMP/l.h5$end"
    mkfifo "$TMP/l.h5$end"
    check "status beside a FIFO R.h5$end" ends "$cellsweep" status "$TMP/l.h5"
    check "run beside a FIFO R.h5$end" ends "$cellsweep" run "$TMP/s.yaml" -o "$TMP/l.h5" -q
    rm -f "$TMP/l.h5$end"
done
mkfifo "$TMP/f.h5"
for command in status serve "report -o $TMP/out" "export --table jobs" "predict $TMP/fifo"; do
    check "${command%% *} of a FIFO" refuses 'not an HDF5 file' "$cellsweep" ${command%% *} "$TMP/f.h5" $(echo "$command" | cut -s -d' ' -f2-)
done
check "run onto a FIFO" refuses 'not an HDF5 file' "$cellsweep" run "$TMP/s.yaml" -o "$TMP/f.h5" -q
check "it stays" test -p "$TMP/f.h5"
finish
