#!/bin/bash
# The results file written by several ranks, read beside them, and after they were killed. Needs $BUILD/tests/results/mpi_store.
. tests/lib.sh
P=$BUILD/tests/results/mpi_store
R=$TMP/r.h5

for n in 1 2 3 5; do
    check "created serially" "$P" create "$R"
    check "rows written by $n ranks are read back" mpi $n "$P" write "$R"
    cp "$R" "$TMP/r$n.h5"
done
for n in 2 3 5; do
    for d in metrics confusion predictions models; do
        check "/$d of 1 and of $n ranks are the same" h5diff "$TMP/r1.h5" "$TMP/r$n.h5" "/$d"
    done
done

# The three ways to the file leave the same bytes, padding and metadata included.
check "created once for all" "$P" create "$TMP/new.h5"
cp "$TMP/new.h5" "$TMP/mpio.h5"
check "rows written by one rank" "$P" write "$TMP/mpio.h5"
for n in 1 2 3 5; do
    for io in mpio pwrite rank0; do
        cp "$TMP/new.h5" "$R"
        check "rows written with $io by $n ranks are read back" mpi $n "$P" write "$R" $io
        check "they are the same bytes" cmp "$TMP/mpio.h5" "$R"
        check "what $n ranks say with $io of jobs that failed is read back" mpi $n "$P" fail "$R" $io
    done
done
for io in pwrite rank0; do
    check "created for $io" "$P" create "$R"
    check "an open reader sees what other ranks write with $io" mpi 3 "$P" watch "$R" $io
    check "created for $io" "$P" create "$R"
    check_fails "mpirun reports a kill with $io" mpi 3 "$P" kill "$R" one $io
    check "after a kill with $io every finished row is whole" "$P" check "$R" 30
    check "after a kill the sweep goes on with $io" mpi 3 "$P" write "$R" $io
done

check "created again" "$P" create "$R"
check "an open reader sees what other ranks write" mpi 3 "$P" watch "$R"

for who in one all; do
    check "created for a kill of $who" "$P" create "$R"
    check_fails "mpirun reports the kill of $who" mpi 3 "$P" kill "$R" $who
    check "after a kill of $who every finished row is whole" "$P" check "$R" 30
    check "after a kill of $who h5dump reads the file" h5dump -d /state "$R"
    check "after a kill of $who the sweep goes on" mpi 3 "$P" write "$R"
done

# A full disk shows when the file is created, and leaves nothing behind.
mkdir "$TMP/full"
full() { (trap '' XFSZ; ulimit -f 200; "$P" create "$TMP/full/r.h5"); }
check_fails "creation fails when the file cannot have its size" full
check "and leaves no file" rmdir "$TMP/full"

C=$BUILD/cellsweep
says() { local text=$1; shift; "$@" | grep -q -- "$text"; }
if [ -x "$C" ]; then
    check "created for status" "$P" create "$R"
    check_fails "killed for status" mpi 3 "$P" kill "$R" one
    check "status counts the rows of a killed sweep" says "30 of 60 jobs" "$C" status "$R"
    touch -d '-1 hour' "$R"
    check "status says that a sweep was probably killed" says "probably killed" "$C" status "$R"
    check "the sweep goes on" mpi 2 "$P" write "$R"
    check "status --watch ends when the sweep is finished" timeout $HANG "$C" status --watch=0.1 "$R"
    check "export writes a file" "$C" export "$R" --table epochs --filter seed=1..4 -o "$TMP/epochs.csv"
    check "of one row an epoch" test "$(wc -l <"$TMP/epochs.csv")" -eq 33
    check_fails "export of a full device fails" "$C" export "$R" --table jobs -o /dev/full/x.csv
    "$C" export "$R" --table jobs >/dev/full 2>/dev/null
    check "export to a full device exits with 3" test $? -eq 3
else
    skip "status and export: no $C"
fi

for io in mpio pwrite rank0; do mpi 3 "$P" time "$R" $io | sed "s/^/# $io: /"; done
finish
