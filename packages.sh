#!/usr/bin/env bash
# Install Debian packages that are missing: packages.sh [-n] [-o] packages.txt SECTION..., or packages.sh -p PACKAGE...
# -n: install nothing, say what is missing and how to get it. -o: they are optional, what is not to be had is a warning.
# Does nothing, and needs no network, when all are there.
set -eu
optional= only_say=
while :; do
    case $1 in
    -n) only_say=1 ;;
    -o) optional=1 ;;
    *) break ;;
    esac
    shift
done

# Lines "package [command]" of the sections.
wanted() {
    local file=$1
    shift
    awk -v sections=" $* " '{ sub(/#.*/, "") } /^\[/ { take = index(sections, " " substr($1, 2, length($1) - 2) " ") > 0; next } NF && take' "$file"
}

if [ "$1" = -p ]; then
    shift
    lines=$(printf '%s\n' "$@")
else
    lines=$(wanted "$@")
fi
not_installed() {
    echo "deps: missing packages:$missing" >&2
    echo "deps: $1" >&2
    [ -n "$optional" ] && exit 0
    exit 1
}
if ! command -v dpkg-query >/dev/null; then
    [ -n "$only_say" ] ||
        echo "deps: not a Debian system; the packages needed are listed in packages.txt, install their like by hand" >&2
    exit 0
fi
missing=
while read -r package command; do
    [ -n "$package" ] || continue
    [ -n "$command" ] && command -v "$command" >/dev/null && continue
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
done <<<"$lines"
[ -n "$missing" ] || exit 0

[ -z "$only_say" ] || not_installed "\`make deps\` installs them${optional:+; building goes on without them}"

as_root=
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
        not_installed "neither root nor sudo here; ask an administrator to run: apt-get install$missing"
    fi
    as_root=sudo
fi

install() {
    $as_root apt-get update -qq &&
        # shellcheck disable=SC2086
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}
echo "deps: installing$missing" >&2
if ! install; then
    [ -n "$optional" ] || exit 1
    echo "deps: could not install$missing; going on without" >&2
fi
