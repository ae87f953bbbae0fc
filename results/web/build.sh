#!/usr/bin/env bash
# Build the interactive page: results/web/build.sh OUTDIR leaves OUTDIR/page.html, empty when it cannot be built. `make` calls it.
#
# WEB=auto (default)  whatever is missing, npm, its registry or a working build: a warning, an empty page, status 0.
# WEB=strict          the same while npm or its registry is missing, but a failure with both at hand is one: status 1. For CI.
# WEB=none            an empty page, nothing is tried.
#
# npm works on a copy of results/web in OUTDIR/work, where node_modules stays; it is installed again only when the lock file changed.
set -u
source=results/web
out=$1
mode=${WEB:-auto}
work=$out/work
log=$out/npm.log

# A page without content, and why; `why` makes later builds try again when the reason may be gone.
leave_out() {
    : >"$out/page.html"
    echo "$1" >"$out/left-out"
    [ "$mode" = none ] || echo "make: report.html and the page of serve are left out: $1" >&2
}

# A failure at hand of npm and registry. The last lines of its log say more.
fail() {
    if [ "$mode" = strict ] && [ "$2" = build ]; then
        rm -f "$out/page.html"
        tail -n 15 "$log" >&2
        echo "make: $1 (whole log: $log)" >&2
        exit 1
    fi
    leave_out "$1 (log: $log; \`make web build\` tries again)"
    exit 0
}

registry_answers() { timeout 20 npm ping --fetch-retries=0 >/dev/null 2>&1; }

install_modules() {
    cmp -s "$source/package-lock.json" "$work/installed" && return 0
    rm -f "$work/installed"
    (cd "$work" && timeout 600 npm ci --omit=dev --no-audit --no-fund --prefer-offline --fetch-retries=1 --fetch-retry-mintimeout=1000) >"$log" 2>&1 &&
        cp "$source/package-lock.json" "$work/installed"
}

mkdir -p "$work"
rm -f "$out/left-out"
case $mode in
auto | strict) ;;
none) leave_out "WEB=none" && exit 0 ;;
*) echo "make: WEB is '$mode'; it must be auto, strict or none" >&2 && exit 2 ;;
esac
[ -f "$source/package-lock.json" ] || { leave_out "its sources ($source) are not there" && exit 0; }
command -v npm >/dev/null || { leave_out "npm is not installed (Debian: npm); install it and run make again" && exit 0; }
find "$work" -mindepth 1 -maxdepth 1 ! -name node_modules ! -name installed -exec rm -rf {} +
tar -C "$source" --exclude=./node_modules -cf - . | tar -C "$work" -xf -
echo "  NPM $out/page.html"
if ! install_modules; then
    registry_answers && reached=build || reached=offline
    fail "npm could not install the page's modules" $reached
fi
page=$(realpath "$out")
(cd "$work" && rm -f "$page/page.html" && OUT=$page timeout 600 npm run build -- --outdir="$page") >"$log" 2>&1 || fail "the page could not be built" build
[ "$(grep -o -- '<!--cellsweep-data-->' "$out/page.html" 2>/dev/null | wc -l)" = 1 ] || fail "the built page lacks its one place for data" build
