#!/usr/bin/env bash
# A Debian package of the tree as it is: packaging/deb.sh BUILD leaves BUILD/deb/cellsweep_*.deb. Needs [debian] of packages.txt.
#
# Built in a copy, in which debian/ stands where Debian wants it. The page is the one that was built here: a package is built without network.
set -eu
cd "$(dirname "$0")/.."
out=$(realpath "$1")/deb
version=$(sed -n 's/^VERSION := //p' Makefile)
tree=$out/cellsweep-$version
rm -rf "$out"
mkdir -p "$tree"
tar --exclude=./build --exclude=./.git --exclude=./fig4 -cf - . | tar -C "$tree" -xf -
cp -r packaging/debian "$tree/debian"
git describe --always --dirty --exclude='*' >"$tree/debian/commit" 2>/dev/null || rm -f "$tree/debian/commit"
if [ -s build/web/page.html ]; then
    mkdir -p "$tree/build/web"
    cp build/web/page.html "$tree/build/web"
fi
(cd "$tree" && dpkg-buildpackage -us -uc -b) >"$out/log" 2>&1 || { tail -n 20 "$out/log" >&2; exit 1; }
if [ -s build/web/page.html ] && grep -q 'page of serve are left out' "$out/log"; then
    echo "deb: the package has lost the page that is in build/web: $out/log" >&2
    exit 1
fi
ls "$out"/*.deb
# The project has no mail address of its own.
! command -v lintian >/dev/null || lintian --allow-root --info --fail-on error,warning --suppress-tags bogus-mail-host,bogus-mail-host-in-debian-changelog "$out"/*.changes
