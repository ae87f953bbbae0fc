#!/usr/bin/env bash
# What the pages say to type: every command of README.md, docs/ and experiments/README.md runs, in a folder that has what it names, or stands
# below with the reason why not; every sweep file plans; python and R run, where what they import is at hand; every link leads somewhere. A block of another kind fails.
. tests/lib.sh
case $BUILD in *asan*) skip "pages are tried with the plain build: what they run is tried with sanitizers elsewhere"; finish ;; esac
root=$PWD
pages="README.md CONTRIBUTING.md experiments/README.md $(ls docs/*.md)"
export PATH=$(realpath "$BUILD"):$PATH

# ---- a folder with what the pages name ----
draw_cells
kit=$TMP/kit
mkdir -p "$kit/cells" "$kit/new_cells" "$kit/build"
for k in 1 8 10 14 15 27; do cp -r "$CELLS/cell_images/cluster_$k" "$kit/cells/$k"; done
ls -d "$kit"/cells/8/* | head -3 | xargs cp -t "$kit/new_cells"
cp "$CELLS/cell_boundaries.csv.gz" "$kit"
ln -s "$(realpath "$BUILD/cellsweep")" "$kit/build/cellsweep"
sweep() { # sweep NAME LINE...: a sweep file of that name
    printf '%s\n' "name: $1" "data: cells.h5" "model: logistic" "features: shape" "keep_weights: true" "train: {epochs: 2}" "${@:2}"
}
sweep sweep "grid:" "  clusters: [[8, 10]]" "  strategy: [none, augment]" "  seed: {first: 1, count: 2}" "protocol: holdout" >"$kit/sweep.yaml"
sed 's/count: 2}/count: 3}/' "$kit/sweep.yaml" >"$kit/more.yaml"
sweep fig4 "grid:" "  clusters: [[8, 10], [14, 15], [1, 27]]" "  strategy: [none, augment]" >"$kit/fig4.yaml"
check "cells of the folder" cellsweep data pack "$kit/cells" -o "$kit/cells.h5"
check "a sweep of the folder" bash -c "cd '$kit' && cellsweep run sweep.yaml -o sweep.h5 -q"
check "and one that learnt images" bash -c "cd '$kit' && cellsweep run sweep.yaml -o images.h5 -q --set features=pixels --set 'grid.seed=[1]'"
for copy in before after; do cp "$kit/sweep.h5" "$kit/$copy.h5"; done
check "a bundle" bash -c "'$BUILD/tests/support/make_bundle' '$kit/outs' >/dev/null"

# ---- commands ----
# What is not run as it is written: a pattern of the line and the reason.
elsewhere() { # elsewhere LINE: the reason, or nothing
    case $1 in
    "make fig4"* | "make test"*) echo "minutes; tests/fresh.sh runs both" ;;
    *sbatch*) echo "wants Slurm: long_slurm.sh" ;;
    "ssh "*) echo "wants a cluster" ;;
    "cellsweep serve "* | "curl "*) echo "a server does not end by itself: run_serve.sh" ;;
    "cellsweep bench"*) echo "half a minute; run_bench.sh runs what its help has" ;;
    */bench_peer.py*) echo "wants PyTorch: make bench-peer" ;;
    esac
}
# What is changed before it runs: fewer ranks, other places, and for ONNX a model of images, not of shapes.
instead() {
    sed -e 's/mpirun\( --enable-recovery\)\? -n [0-9]*/mpirun --oversubscribe -n 2/' -e 's#find /slide#find new_cells#' -e 's/sweep.h5 --weights/images.h5 --weights/'
}
# exists LINE: what a line that is not run names is there: targets of make, scripts, commands and their options.
exists() {
    local line=$1 word command=
    for word in ${line%%#*}; do
        case $word in
        make) command=make ;;
        cellsweep) command=cellsweep ;;
        experiments/* | tests/*) [ -e "$root/$word" ] || { echo "no file $word"; return 1; } ;;
        --*)
            case $line in
            *cellsweep*) cellsweep "${command#cellsweep }" --help | grep -q -- "${word%%=*}" || { echo "no option $word"; return 1; } ;;
            *bench_peer.py*) grep -q -- "\"${word%%=*}\"" "$root/tests/program/bench_peer.py" || { echo "no option $word"; return 1; } ;;
            esac
            ;;
        *)
            case $command in
            make) grep -q "^$word:" "$root/Makefile" || { echo "no target $word"; return 1; } ;;
            cellsweep) command="cellsweep $word" && cellsweep "$word" --help >/dev/null || return 1 ;;
            esac
            ;;
        esac
    done
}
commands() { # commands WHERE FILE: the lines of a block, each a command, in a copy of the folder
    local where=$1 line why place=$TMP/place
    rm -rf "$place" && cp -r "$kit" "$place"
    check "$where: bash reads it" bash -n "$2"
    while IFS= read -r line <&3; do
        [ -n "$line" ] || continue
        why=$(elsewhere "$line")
        if [ -n "$why" ]; then
            check "$where: what it names exists ($why): ${line%%#*}" exists "$line"
        else
            check "$where: ${line%%#*}" bash -c "cd '$place' && { $(instead <<<"${line%%  #*}")
}"
        fi
    done 3<"$2"
}

# ---- sweep files ----
names=("Polylobed" "Folded" "Prometaphase" "CD8+ T cell, activated" "3" 'T "x"')
mkdir -p "$TMP/named"
for name in "${names[@]}"; do mkdir "$TMP/named/$name" && cp "$kit"/cells/14/*.png "$TMP/named/$name"; done
check "cells with names" cellsweep data pack "$TMP/named" -o "$kit/named.h5"
plans() { # plans FILE: a whole sweep file, or one with what it lacks
    local data=cells.h5 whole=$TMP/place/block.yaml
    ! grep -q Polylobed "$1" || data=named.h5
    {
        grep -q '^name:' "$1" || echo "name: block"
        grep -q '^data:' "$1" || echo "data: $data"
        sed -e '/^ *- /b' -e "$(grep -q 'clusters:' "$1" || echo '/^grid:/a\  clusters: [[8, 10]]')" "$1"
        grep -q '^grid:' "$1" || printf 'grid:\n  clusters: [[8, 10]]\n'
    } >"$whole"
    (cd "$TMP/place" && cellsweep plan block.yaml)
}

# ---- R ----
reads() { # reads FILE: table("NAME") are tables of export, h5read(FILE, "PATH") datasets; it reads some
    local name n=0
    for name in $(grep -o 'table("[a-z_]*")' "$1" | cut -d'"' -f2); do
        cellsweep export "$kit/sweep.h5" --table "$name" -o "$TMP/table.csv" || return
        n=$((n + 1))
    done
    for name in $(grep -o 'h5read([^)]*)' "$1" | cut -d'"' -f4); do
        h5dump -H -d "/$name" "$kit/sweep.h5" || return
        n=$((n + 1))
    done
    [ $n -gt 0 ]
}

# ---- every block ----
mkdir "$TMP/blocks"
blocks=0
for page in $pages; do
    awk -v page="$page" -v name="$(tr '/.' '--' <<<"$page")" -v to="$TMP/blocks" '/^ *```/ {
            if (on) { on = 0; close(file); next }
            on = 1; indent = index($0, "`") - 1; kind = substr($0, indent + 4); n++
            file = sprintf("%s/%s_%03d.%s", to, name, NR, kind == "" ? "none" : kind); printf "" >file
            next }
        on { print substr($0, indent + 1) >file }
        END { if (on) print "a block of " page " does not end" }' "$page"
done >"$TMP/open" 2>&1
[ -s "$TMP/open" ] && not_ok "blocks: $(cat "$TMP/open")" || ok "every block ends"
for file in "$TMP"/blocks/*; do
    blocks=$((blocks + 1))
    where=$(basename "$file")
    case $file in
    *.sh) commands "${where%.*}" "$file" ;;
    *.yaml)
        rm -rf "$TMP/place" && cp -r "$kit" "$TMP/place"
        check "${where%.*}: planned" plans "$file"
        ;;
    *.python)
        if /usr/bin/python3 <(grep '^import' "$file") 2>/dev/null; then
            rm -rf "$TMP/place" && cp -r "$kit" "$TMP/place"
            check "${where%.*}: python runs it" bash -c "cd '$TMP/place' && /usr/bin/python3 '$file'"
        else
            check "${where%.*}: python lacks what it imports, but reads it" /usr/bin/python3 -c "compile(open('$file').read(), '$where', 'exec')"
        fi
        ;;
    *.r)
        check "${where%.*}: tables and datasets that it reads are there" reads "$file"
        if command -v Rscript >/dev/null && Rscript <(grep '^library' "$file") >/dev/null 2>&1; then
            rm -rf "$TMP/place" && cp -r "$kit" "$TMP/place"
            check "${where%.*}: R runs it" bash -c "cd '$TMP/place' && Rscript '$file'"
        fi
        ;;
    *) not_ok "$where: a block of a kind that is not tried" ;;
    esac
done
[ "$blocks" -ge 25 ] && ok "$blocks blocks" || not_ok "$blocks blocks only"

# ---- links ----
/usr/bin/python3 tests/program/links.py $pages >"$TMP/links" 2>&1 && ok "links: $(cat "$TMP/links")" || not_ok "links: $(cat "$TMP/links")"
finish
