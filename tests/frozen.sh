#!/usr/bin/env bash
# While code only moves, nothing that a sweep computes or writes may change by a bit: `make frozen` runs the sweeps of
# tests/frozen/*.yaml on every --isa and compares with tests/frozen/*.sum. `tests/frozen.sh make` writes those anew.
# Sums hold for one kind of processor and of OpenBLAS kernels (--isa blas), so they are a tool for a move, no test of `make test`.
set -eu
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OPENBLAS_NUM_THREADS=1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
program=$(realpath "$BUILD/cellsweep")

# bits NAME FILE: one line a dataset of results.
bits() {
    local path
    for path in metrics/{train,test}/{loss,accuracy,balanced_accuracy,balanced_accuracy_as_published} confusion/{test,all} \
        predictions/{test,all}/{image,label,probability}; do
        h5dump -d "/$path" -b LE -o "$tmp/raw" "$2" >/dev/null
        echo "$(sha256sum <"$tmp/raw" | cut -c1-16) $1 $path"
    done
}

# finished NAME SWEEP ARGUMENTS...: run it whole, into $tmp/NAME.h5.
finished() {
    local name=$1
    shift
    "$program" run "$@" -o "$tmp/$name.h5" -q >"$tmp/log" 2>&1 || { cat "$tmp/log"; exit 1; }
}

keys() {
    local sweep
    for sweep in tests/frozen/keys*.yaml; do
        finished "$(basename "$sweep" .yaml)" "$sweep"
        "$program" export "$tmp/$(basename "$sweep" .yaml).h5" --table jobs -o "$tmp/jobs.csv"
        cut -d, -f1-8 "$tmp/jobs.csv"
    done
}

results() {
    local isa
    finished strategies-reference tests/frozen/strategies.yaml --isa reference --set train.epochs=1
    bits strategies-reference "$tmp/strategies-reference.h5"
    for isa in blas avx2 avx512; do
        finished "fig4-$isa" experiments/fig4.yaml --isa $isa --filter 'seed=1' --set train.epochs=2
        bits "fig4-$isa" "$tmp/fig4-$isa.h5"
        finished "strategies-$isa" tests/frozen/strategies.yaml --isa $isa
        bits "strategies-$isa" "$tmp/strategies-$isa.h5"
        finished "later-$isa" tests/frozen/later.yaml --isa $isa
        bits "later-$isa" "$tmp/later-$isa.h5"
        finished "shapes-$isa" tests/frozen/shapes.yaml --isa $isa
        bits "shapes-$isa" "$tmp/shapes-$isa.h5"
        finished "all-$isa" tests/frozen/all.yaml --isa $isa
        bits "all-$isa" "$tmp/all-$isa.h5"
    done
    if [ -d ../shared/data/jurkat ]; then
        finished jurkat experiments/jurkat.yaml --isa avx512 --filter 'seed=1,clusters=4-5|1-3' --set train.epochs=1
        bits jurkat "$tmp/jurkat.h5"
    fi
}

# What is made from three small results files, but for pictures, what names the day or the program, and what holds measured seconds.
reports() {
    local name
    for name in strategies-avx2 shapes-avx2 fig4-avx2; do
        "$program" report "$tmp/$name.h5" -o "$tmp/$name" >"$tmp/$name.out"
        sed "s,$tmp,TMP,g" "$tmp/$name.out" | sha256sum | sed "s/  -/ $name stdout/;s/^\(.\{16\}\)[0-9a-f]*/\1/"
        (cd "$tmp/$name" && for file in *.csv *.md *.tex *.tsv *.gp; do
            case $file in training_cost*) continue ;; esac
            echo "$(sed -E "s,$tmp,TMP,g;s/cellsweep [0-9.]+,( commit( [0-9a-f]+(-dirty)?\.)?)?'/'/;s/cellsweep [0-9.]+, commit [0-9a-f]+(-dirty)?\.//;/^set label '(commit )?[0-9a-f]+(-dirty)?\.'/d" "$file" | sha256sum | cut -c1-16) $name $file"
        done)
    done
}

keys >"$tmp/keys.sum"
results >"$tmp/results.sum"
reports >"$tmp/reports.sum"
status=0
for sum in keys results reports; do
    if [ "${1:-}" = make ]; then
        cp "$tmp/$sum.sum" tests/frozen/
    elif diff "tests/frozen/$sum.sum" "$tmp/$sum.sum"; then
        echo "ok - $sum ($(wc -l <"$tmp/$sum.sum") lines) are the same"
    else
        echo "not ok - $sum"
        status=1
    fi
done
exit $status
