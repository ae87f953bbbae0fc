#!/usr/bin/env bash
# Install Debian packages that are missing: tests/deps.sh packages.txt, or tests/deps.sh -p PACKAGE...
# Does nothing, and needs no network, when all are there.
set -eu
if [ "$1" = -p ]; then
    shift
    packages=$*
else
    packages=$(sed 's/#.*//' "$1")
fi
if ! command -v dpkg-query >/dev/null; then
    echo "deps: not a Debian system; the packages needed are listed in packages.txt, install their like by hand" >&2
    exit 0
fi
missing=
for package in $packages; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
as_root=
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "deps: missing packages:$missing" >&2
        echo "deps: neither root nor sudo here; ask an administrator to run: apt-get install$missing" >&2
        exit 1
    fi
    as_root=sudo
fi
echo "deps: installing$missing" >&2
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
