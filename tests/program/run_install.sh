#!/usr/bin/env bash
# What `make install` puts below a prefix works there by itself, reads well, and is gone after `make uninstall`.
. tests/lib.sh
root=$TMP/root prefix=/opt/cells
here=$root$prefix
MAKE=(make -s --no-print-directory "BUILD=$BUILD" "PREFIX=$prefix" "DESTDIR=$root")
if command -v help2man >/dev/null; then
    check "man pages are made" "${MAKE[@]}" man
fi
check "installed" env PATH="$PATH" "${MAKE[@]}" install
check "the program" test -x "$here/bin/cellsweep"
check "sweep files" test -s "$here/share/cellsweep/experiments/fig4.yaml"
check "licence" cmp LICENSE "$here/share/doc/cellsweep/LICENSE"
check "every link of a page leads somewhere" python3 tests/program/links.py $(find "$here/share/doc" -name '*.md')
check "scripts of Slurm are scripts" bash -n "$here/share/cellsweep/slurm/fig4.sbatch"
check "they call the program, and name sweep files that are there" bash -c "
    grep -q 'CELLSWEEP:-cellsweep}' '$here/share/cellsweep/slurm/fig4.sbatch' &&
    test -s \"$root\$(sed -n 's/^sweep=.*:-\(.*\)}/\1/p' '$here/share/cellsweep/slurm/fig4.sbatch')\""
check_fails "nothing installed speaks of the source tree" grep -rnE "build/cellsweep|[=-]experiments/|(^|[^[:alnum:]/._-])$PWD/" "$here/share/cellsweep" "$here/share/bash-completion" "$here/share/zsh"

# Elsewhere, without the sources: nothing of the repository is opened.
mkdir "$TMP/work" && cd "$TMP/work" || exit 1
grep -v '^ *#' "$here/share/cellsweep/experiments/fig4.yaml" >sweep.yaml
check "figure 4 runs from the sweep file that was installed" mpi 2 "$here/bin/cellsweep" run "$here/share/cellsweep/experiments/fig4.yaml" -o fig4.h5 -q \
    --set train.epochs=1 --set 'grid.clusters=[[1, 27]]' --set 'grid.seed=[1, 2]'
check "and is drawn" "$here/bin/cellsweep" report fig4.h5 -o fig4
check "with published curves" bash -c "grep -q published fig4/fig4*.gp"
[ ! -s "$OLDPWD/$BUILD/../web/page.html" ] && [ ! -s "$OLDPWD/build/web/page.html" ] || check "and the page" test -s fig4/report.html
check "completion finds the sweep files that came with it" bash -c "'$here/bin/cellsweep' complete run '' | grep -q '^$here/share/cellsweep/experiments/fig4.yaml'"
cd "$OLDPWD" || exit 1
check "completion of bash" bash -c ". '$here/share/bash-completion/completions/cellsweep' && complete -p cellsweep"
check "and of zsh" grep -q '^#compdef cellsweep' "$here/share/zsh/site-functions/_cellsweep"

# ---- man pages ----
if command -v help2man >/dev/null && command -v man >/dev/null; then
    for page in "$here"/share/man/man1/*.1; do
        name=$(basename "$page" .1)
        MANWIDTH=80 man --warnings -l "$page" >"$TMP/page" 2>"$TMP/warnings" </dev/null
        check "$name: nothing to warn of" test -s "$TMP/page" -a ! -s "$TMP/warnings"
        check "$name: named" bash -c "sed -n '/^NAME/{n;p;}' '$TMP/page' | grep -q '^       $name - [A-Za-z]'"
        check "$name: fits" bash -c "! grep -E '^.{81,}' '$TMP/page'"
        headings=$(grep -E '^[A-Z]' "$TMP/page" | grep -vi "^$name" | tr '\n' ,)
        case $name in
        cellsweep | cellsweep-data) check "$name: what is where" grep -q "^NAME,SYNOPSIS,DESCRIPTION,.*SEE ALSO,$" <<<"$headings" ;;
        *) check "$name: what is where" grep -q "^NAME,SYNOPSIS,DESCRIPTION,OPTIONS,.*EXAMPLES,.*SEE ALSO,$" <<<"$headings" ;;
        esac
        sed -n '/^SEE ALSO/,$p' "$TMP/page" | tr -s ' \n' ' ' >"$TMP/also"
        check "$name: the other pages" test "$(grep -o 'cellsweep[-a-z]*(1)' "$TMP/also" | sort -u | wc -l)" = $(($(ls orchestrator/help/*.txt | wc -l) - 1)) -a -z "$(grep -o "[^-a-z]$name(1)[,.]" "$TMP/also")"
        check "$name: where the guide is" grep -q "lies in $prefix/share/doc/cellsweep, sweep files to begin with in $prefix/share/cellsweep[.]" "$TMP/also"
        check_fails "$name: every line that was set aside is back" grep -q KEPT "$TMP/page"
    done
    check "there is a page of every command" test "$(ls "$here/share/man/man1" | wc -l)" = "$(ls orchestrator/help/*.txt | wc -l)"
    man -l "$here/share/man/man1/cellsweep-run.1" >"$TMP/page" 2>/dev/null
    for heading in FILES "EXIT STATUS"; do check "run: $heading" grep -qx "$heading" "$TMP/page"; done
    check "an example of two lines is two lines" grep -qx " *--filter 'clusters=1-27,seed=1..3'" "$TMP/page"
else
    skip "no help2man or man here: man pages"
fi

# ---- what it is made of ----
if command -v dpkg-query >/dev/null; then
    check "a list of parts" make -s "BUILD=$BUILD" sbom
    check "that is JSON" python3 -m json.tool "$BUILD/cellsweep.cdx.json"
    check "has the libraries" bash -c "grep -q '\"purl\": \"pkg:deb/debian/libhdf5-openmpi' '$BUILD/cellsweep.cdx.json' && grep -q 'pkg:deb/debian/libc6@' '$BUILD/cellsweep.cdx.json'"
    check "and nothing twice" test -z "$(grep -o '"bom-ref": "[^"]*"' "$BUILD/cellsweep.cdx.json" | sort | uniq -d)"
else
    skip "no dpkg here: a list of parts"
fi

# ---- other ways to package it ----
version=$(sed -n 's/^VERSION := //p' Makefile)
for file in packaging/debian/changelog packaging/spack/package.py CITATION.cff; do
    check "$file: version $version" grep -qE "^(cellsweep \(| *version\(\"|version: )$version\b" "$file"
done
for key in cff-version message title authors; do check "CITATION.cff has $key, which its schema 1.2.0 asks for" grep -q "^$key:" CITATION.cff; done
allowed='abstract|authors|cff-version|commit|contact|date-released|doi|identifiers|keywords|license|license-url|message|preferred-citation|references|repository|repository-artifact|repository-code|title|type|url|version'
check "and no key that it does not know" test -z "$(grep -oE '^[^ #:]+:' CITATION.cff | grep -vxE "($allowed):")"
check "Python reads the package of Spack" python3 -c "compile(open('packaging/spack/package.py').read(), 'package.py', 'exec')"
mkdir "$TMP/image"
sed -n '/^%files/,/^%post/p' packaging/apptainer.def | awk 'NF == 2 { print $1 }' | xargs cp -r --parents -t "$TMP/image"
check "an image of Apptainer has what is built from" make -n -C "$TMP/image" build
check "and what is installed" "$TMP/image/packaging/install.sh" "$(realpath "$BUILD")" "$prefix" "$TMP/from-image"
check "the same files" diff <(cd "$root" && find . -type f | sort) <(cd "$TMP/from-image" && find . -type f | sort)
check "every place that CONTRIBUTING.md names is there" bash -c '
    for path in $(grep -oE "\`(common|worker|results|orchestrator|tests|packages)[^ <>\`]*\`" CONTRIBUTING.md | tr -d "\`"); do compgen -G "$path" >/dev/null || { echo "$path"; exit 1; }; done'

# ---- and gone ----
echo mine >"$here/share/cellsweep/experiments/mine.yaml"
check "uninstalled" "${MAKE[@]}" uninstall
check "nothing is left but what others put there" test "$(find "$root" -type f)" = "$here/share/cellsweep/experiments/mine.yaml"
check_fails "nothing to install is an error" "${MAKE[@]}" BUILD="$TMP/nothing" install
"${MAKE[@]}" BUILD="$TMP/nothing" install 2>"$TMP/err"
check "that says what to do" grep -q '`make` first' "$TMP/err"
finish
