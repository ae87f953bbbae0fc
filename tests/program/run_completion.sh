#!/usr/bin/env bash
# Completion in real shells on a terminal: what is typed, then TAB, and what the line has become.
. tests/lib.sh
draw_cells
root=$PWD
export PATH=$root/$BUILD:$PATH HISTFILE=/dev/null
cat >"$TMP/s.yaml" <<YAML
data: $CELLS.h5
train.epochs: 1
grid:
  clusters: [[1, 27], [8, 10]]
  strategy: [none, undersample]
  model: fake
  train.batch: [16, 32]
  seed: [1, 2]
YAML
sed -i 's/^  model: fake//; s/^data/model: fake\ndata/' "$TMP/s.yaml"
check "a sweep" cellsweep run "$TMP/s.yaml" -o "$TMP/sweep.h5" -q
mkdir "$TMP/here" "$TMP/here/folder" && cd "$TMP/here" || exit 1
cp "$TMP/s.yaml" mine.yaml && cp "$TMP/sweep.h5" . && touch table.csv

# ---- what the program offers ----
offers() { cellsweep complete "$@" | cut -f1 | tr '\n' ' '; }
says() { # says WANT WORD...
    local want=$1
    shift
    check "complete $*: $want" test "$(offers "$@")" = "$want "
}
says "$(cellsweep --help | sed -nE '/^Examples|^Exit/,$d; s/^  ([a-z]+)  +.*/\1/p' | tr '\n' ' ')help" ""
says "synth pack info" data ""
says "report" help rep
says "--retry-failed" run --re
says ":files h5" export ""
says "--io=mpio --io=pwrite --io=rank0" run --io=
says "auto avx2 avx512" run -i a
says "prior,temperature" report x.h5 -r prior,t
says "train.warmup=" run --set train.warm
says "grid.train.warmup=" run --set grid.train.warm
says "strategy=smote+undersample" run --set strategy=smote+und
says "keep_weights=" run --set keep
says "train.batch=16 train.batch=32" export sweep.h5 --filter train.batch=
says "train.batch=" export sweep.h5 -f train
says "strategy=none|undersample" export sweep.h5 -f "strategy=none|und"
says "train.batch>=16 train.batch>=32" export sweep.h5 --filter "train.batch>="
says "seed=1,train.batch<32" export sweep.h5 --filter "seed=1,train.batch<3"
says "strategy!=none|undersample" export sweep.h5 -f "strategy!=none|und"
says "strategy!=undersample" run mine.yaml -f "strategy!=und"
check "nothing is offered behind half an operator" test -z "$(offers run mine.yaml -f 'strategy!')"
says "seed=1,clusters=1-27 seed=1,clusters=8-10" run mine.yaml -f seed=1,clusters=
says "strategy=none strategy=undersample" run mine.yaml -f strategy=
says "cnn" bench --model cn
check "nothing is offered of what is not there" test -z "$(offers nosuch "" && offers run --nosuch=)"
check "a damaged results file is no error" bash -c "head -c 3000 sweep.h5 >bad.h5; cellsweep complete export bad.h5 -f seed= >/dev/null"
rm -f bad.h5

# Everything that help lists is offered.
for command in run plan status report export predict serve bench "data pack" "data info"; do
    cellsweep $command --usage | sed -nE 's/^  (-.,|   ) (--[a-z-]+).*/\2/p' | sort >"$TMP/listed"
    cellsweep complete $command -- | cut -f1 | sort >"$TMP/offered"
    check "all options of $command" bash -c "test -s '$TMP/listed' && diff '$TMP/listed' '$TMP/offered'"
done
cellsweep plan --keys | awk 'NR > 2 && $2 ~ /^[a-z]/ {print $2}' | grep -E '^[a-z0-9_.-]+$' | sort -u >"$TMP/listed"
cellsweep complete run --set '' | cut -d= -f1 | sort -u >"$TMP/offered"
check "all keys of augment" bash -c "[ \$(grep -c '^augment[.]' '$TMP/offered') -gt 4 ] && diff <(grep '^augment[.]' '$TMP/listed') <(grep '^augment[.]' '$TMP/offered')"

# ---- in shells ----
# typed SHELL TEXT: the words of the line that TEXT becomes, in which \t is TAB.
typed() {
    rm -f "$TMP/shown"
    { printf '%b\001show \n' "$2" && sleep 1 && printf 'exit\n' && sleep 1; } |
        timeout "$HANG" script -qc "stty cols 250; $TMP/in-$1" /dev/null >"$TMP/screen" 2>&1
    cat "$TMP/shown" 2>/dev/null
}
mkdir -p "$TMP/bin" "$TMP/zsh"
printf '#!/bin/bash\nprintf "[%%s]" "$@" >"%s"\n' "$TMP/shown" >"$TMP/bin/show"
printf '#!/bin/bash\nexec bash --rcfile "%s" -i\n' "$root/packaging/completion.bash" >"$TMP/in-bash"
printf '#!/bin/bash\nZDOTDIR=%s exec zsh -d -i\n' "$TMP/zsh" >"$TMP/in-zsh"
cat >"$TMP/zsh/.zshrc" <<'ZSH'
bindkey -e
bindkey '^I' complete-word
fpath=($ZDOTDIR $fpath)
autoload -Uz compinit && compinit -u -D
ZSH
chmod +x "$TMP/bin/show" "$TMP/in-bash" "$TMP/in-zsh"
cp "$root/packaging/completion.zsh" "$TMP/zsh/_cellsweep"
export PATH=$PATH:$TMP/bin
becomes() { # becomes SHELL TYPED WANT
    local line
    line=$(typed "$1" "$2")
    [ "$line" = "$3" ] || cat -v "$TMP/screen" | sed "s/^/# /; \$s/\$/\n# $line/"
    check "$1: $2" test "$line" = "$3"
}
for shell in bash zsh; do
    command -v $shell >/dev/null || { skip "no $shell here"; continue; }
    becomes $shell 'cellsweep exp\t' '[cellsweep][export]'
    becomes $shell 'cellsweep data pa\t' '[cellsweep][data][pack]'
    becomes $shell 'cellsweep export sw\t--ta\tsco\t' '[cellsweep][export][sweep.h5][--table][scores]'
    becomes $shell 'cellsweep run mi\t--set train.warm\t5' '[cellsweep][run][mine.yaml][--set][train.warmup=5]'
    becomes $shell 'cellsweep run --set=model=vgg\t' '[cellsweep][run][--set=model=vgg-small]'
    becomes $shell 'cellsweep report --output=fol\t' "[cellsweep][report][--output=folder$([ $shell = zsh ] || echo /)]"
    becomes $shell "cellsweep export sweep.h5 --filter 'strategy=none|und\t" "[cellsweep][export][sweep.h5][--filter][strategy=none|undersample]"
    becomes $shell "cellsweep export sweep.h5 --filter 'strategy!=und\t" "[cellsweep][export][sweep.h5][--filter][strategy!=undersample]"
    becomes $shell 'cellsweep export sweep.h5 -f clusters=8\t' '[cellsweep][export][sweep.h5][-f][clusters=8-10]'
done
finish
