#!/usr/bin/env bash
# What a build does without npm, without its registry, and with a page that does not build: results/web/build.sh with an npm of our own.
. tests/lib.sh
script=$(realpath results/web/build.sh)
mkdir -p "$TMP/bin" "$TMP/tree/results/web/node_modules/left"
cd "$TMP/tree" || exit 1
echo '{}' >results/web/package-lock.json
echo '{}' >results/web/package.json
for tool in bash cat cmp cp date find grep head mkdir realpath rm tail tar timeout wc; do ln -s "$(command -v $tool)" "$TMP/bin/$tool"; done

# An npm that fails at the words of $NPM_FAILS and notes what it was asked.
cat >"$TMP/npm" <<'SH'
#!/bin/bash
echo "$1" >>"$NPM_LOG"
case " $NPM_FAILS " in *" $1 "*) echo "no $1 today" && exit 1 ;; esac
[ "$1" = run ] && echo "${PAGE-<html><!--cellsweep-data--></html>}" >"$OUT/page.html"
exit 0
SH
chmod +x "$TMP/npm"
export NPM_LOG=$TMP/asked

# build STATUS MODE FAILS...: run the script; ok when its status is STATUS.
build() {
    local want=$1 mode=$2
    shift 2
    rm -f out/page.html "$NPM_LOG"
    PATH=$TMP/bin NPM_FAILS=$* WEB=$mode bash "$script" out >said 2>&1
    [ $? = "$want" ]
}
empty() { [ -e out/page.html ] && [ ! -s out/page.html ]; }

check "without npm the build goes on" build 0 strict
check "with an empty page" empty
check "and a line that says so" grep -q "npm is not installed" said
ln -s "$TMP/npm" "$TMP/bin/npm"
check "with npm there is a page" build 0 strict
check "that is not empty" test -s out/page.html
check "modules of the source tree stay there" test ! -e out/work/node_modules/left
check "a second build" build 0 auto
check "does not install modules again" bash -c "! grep -q ci '$NPM_LOG'"
echo '{"a": 1}' >results/web/package-lock.json
check "an npm without its registry is no error" build 0 strict ci ping
check "but leaves the page out" empty
check "a failing install with the registry there is one" build 1 strict ci
check "and leaves no page behind" test ! -e out/page.html
check "but not when nobody asked for it" build 0 auto ci
check "a page that does not build is an error" build 1 strict run
check "whose reason is shown" grep -q "no run today" said
check "but not when nobody asked for it" build 0 auto run
check "it leaves the page out, then" empty
PAGE='<html></html>' check "a page without a place for data is an error" build 1 strict
check "no page wanted, none tried" build 0 none
check "and it is quiet" test ! -s said
check "a wrong mode is refused" build 2 sometimes
finish
