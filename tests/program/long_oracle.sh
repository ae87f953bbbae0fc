#!/usr/bin/env bash
# Every table of `report` recomputed from the results file with numpy, scipy and scikit-learn (tests/oracle/recompute.py): of
# figure 4, of real cells where they are at hand, and of the sweeps of tests/oracle/sweeps, each with a part of its jobs missing, too.
. tests/lib.sh
pictures none # tables are what is recomputed
python=/usr/bin/python3
"$python" -c 'import numpy, scipy, sklearn, h5py, yaml' 2>/dev/null || { skip "python3-sklearn, python3-h5py and python3-yaml are not installed"; finish; }
program=$(realpath "$BUILD/cellsweep")
oracle=$(realpath tests/oracle/recompute.py)
mkdir -p "$TMP/data"
"$python" tests/oracle/separable.py "$TMP/data/sep"
"$python" tests/oracle/grouped.py "$TMP/data/grouped"

# recomputed NAME: the report of $TMP/NAME.h5 against the oracle.
recomputed() {
    "$program" report "$TMP/$1.h5" -o "$TMP/$1" --all-figures >"$TMP/log" 2>&1 || { not_ok "report of $1"; cat "$TMP/log"; return; }
    if "$python" "$oracle" "$TMP/$1.h5" "$TMP/$1" "$TMP/$1.cells.h5" >"$TMP/$1.out" 2>&1; then
        ok "$1: $(tail -1 "$TMP/$1.out")"
    else
        not_ok "$1"
        grep -v '^ok' "$TMP/$1.out" | sed 's/^/# /'
    fi
    sed -n 's/^ok  */worst /p' "$TMP/$1.out" | grep -E 'interval|low|high| p |Holm|flip|Wilcoxon' | sed "s/^/$1 /"
    rm -rf "${TMP:?}/$1"
}

# swept NAME SWEEP OPTIONS...: the sweep whole, and then its report.
swept() {
    local name=$1 sweep
    sweep=$(realpath "$2")
    shift 2
    (cd "$TMP" && mpi 2 "$program" run "$sweep" -o "$name.h5" -q "$@") >"$TMP/log" 2>&1 || { not_ok "run of $name"; tail -3 "$TMP/log"; return; }
    recomputed "$name"
}

for sweep in tests/oracle/sweeps/*.yaml; do
    name=$(basename "$sweep" .yaml)
    swept "$name" "$sweep"
    swept "$name-part" "$sweep" --filter 'seed=1..3|5'
done
swept fig4 experiments/fig4.yaml
if [ -d ../shared/data/jurkat ]; then # what is tested is arithmetic: few epochs and seeds will do
    few=(--set "data=$(realpath ../shared/data/jurkat)" --set train.epochs=2 --set 'grid.seed=[1, 2, 3]')
    swept jurkat experiments/jurkat-leak.yaml "${few[@]}"
    swept jurkat-part experiments/jurkat-leak.yaml "${few[@]}" --filter 'seed=1|3'
else
    skip "no Jurkat cells at ../shared/data/jurkat"
fi
finish
