#!/usr/bin/env bash
# Put what is built where people look for it: packaging/install.sh BUILD PREFIX [DESTDIR]; -u before them removes it again.
#
# PREFIX is where it will be used; with DESTDIR it is put into DESTDIR/PREFIX, for packages. The program needs no file of its own: page, help and
# published curves are inside. What is installed besides are man pages, completions, and sweep files and batch scripts to begin with, in
# which paths of the source tree become those of the installation (man pages say where it is).
set -eu
cd "$(dirname "$0")/.."
remove=
if [ "$1" = -u ]; then
    remove=1
    shift
fi
build=$1 prefix=${2%/} root=${3:-}${2%/}
share=share/cellsweep doc=share/doc/cellsweep

# SOURCE, its place below PREFIX, and its mode.
files() {
    local file
    echo "$build/cellsweep bin/cellsweep 755"
    for file in "$build"/man/*.1; do echo "$file share/man/man1/$(basename "$file") 644"; done
    for file in experiments/*.yaml; do echo "$file $share/$file 644"; done
    for file in experiments/slurm/*.sbatch; do echo "$file $share/${file#experiments/} 755"; done
    # Pages lie there as they lie here, with all that they link to.
    for file in README.md LICENSE CHANGELOG.md CONTRIBUTING.md CITATION.cff docs/*.md worker/README.md experiments/README.md experiments/*.png experiments/gallery/*; do
        echo "$file $doc/$file 644"
    done
    echo "packaging/completion.bash share/bash-completion/completions/cellsweep 644"
    echo "packaging/completion.zsh share/zsh/site-functions/_cellsweep 644"
}

# What a script says of the source tree is true of the installation: the program is on PATH, sweep files lie in its share.
put() {
    case $1 in
    *.sbatch) sed -e "s,build/cellsweep,cellsweep,g; s,experiments/slurm,$prefix/$share/slurm,g" \
        -e "s,\\([-=]\\)experiments/,\\1$prefix/$share/experiments/,g; s, from the repository,,g" "$1" >"$2" && chmod "$3" "$2" ;;
    *.1) sed "s,share/[a-z/]*cellsweep\b,${prefix//-/\\\\-}/&,g; s, of the installation,," "$1" >"$2" && chmod "$3" "$2" ;;
    *) install -m "$3" "$1" "$2" ;;
    esac
}

# Folders are removed when nothing is left in them, up to those that all programs share.
prune() {
    rmdir -p --ignore-fail-on-non-empty -- "$root/$share/experiments" "$root/$share/slurm" "$root/$doc"/{docs,worker,experiments/gallery,experiments} "$root/$doc" 2>/dev/null || true
}

if [ -z "$remove" ] && [ ! -x "$build/cellsweep" ]; then
    echo "make: $build/cellsweep is not there: \`make\` first, then \`make install\`" >&2
    exit 1
fi
while read -r source target mode; do
    if [ -n "$remove" ]; then
        rm -f -- "$root/$target"
    elif [ -e "$source" ]; then
        install -d "$root/$(dirname "$target")"
        put "$source" "$root/$target" "$mode"
    fi
done < <(files)
if [ -n "$remove" ]; then
    rm -f -- "$root"/share/man/man1/cellsweep.1 "$root"/share/man/man1/cellsweep-*.1
    prune
    exit 0
fi
[ -e "$root/share/man/man1/cellsweep.1" ] || echo "make: no man pages: \`make man\` makes them, with help2man" >&2
[ -s "$build/web/page.html" ] || [ ! -e "$build/web/left-out" ] || echo "make: the program has no page (report.html, serve): $(cat "$build/web/left-out")" >&2
echo "installed in ${root:-/}"
