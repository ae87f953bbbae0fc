#!/usr/bin/env bash
# The tests on a machine that has nothing yet: tests/fresh.sh FOLDER [COMMAND...], as root, some 20 minutes and 4 GB.
#
# Makes a Debian 12 in FOLDER/root (debootstrap), clones this repository's last commit into it and runs COMMAND there (default: make
# test): with processes, mounts and a host name of its own, which no /etc/hosts resolves. FOLDER must not be there; it is removed
# afterwards unless KEEP=1. MIRROR is where Debian is.
set -eu
folder=${1:?usage: tests/fresh.sh FOLDER [COMMAND...]}
shift
[ $# -gt 0 ] || set -- make test
[ "$(id -u)" = 0 ] || { echo "fresh: needs root, for debootstrap and chroot" >&2 && exit 2; }
[ ! -e "$folder" ] || { echo "fresh: $folder is there already; name a new folder" >&2 && exit 2; }
cd "$(dirname "$0")/.."
./packages.sh -p debootstrap
mkdir -p "$folder"
root=$(realpath "$folder")/root
[ -n "${KEEP:-}" ] || trap 'rm -rf --one-file-system "$folder"' EXIT

debootstrap --variant=minbase --include=ca-certificates,make,procps bookworm "$root" "${MIRROR:-http://deb.debian.org/debian}" >"$folder/debootstrap.log" 2>&1 ||
    { tail "$folder/debootstrap.log" >&2 && exit 1; }
git clone -q "file://$(pwd)" "$root/cellsweep"
# The network as here; names of this machine not.
cp /etc/resolv.conf "$root/etc/resolv.conf"
[ ! -e /etc/ssl/certs/ca-certificates.crt ] || cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/here.crt"
rm -f "$root/etc/hosts"
cat >"$root/start" <<'SH'
#!/bin/bash
hostname fresh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=1777,size=4g shm /dev/shm
mkdir -p /dev/pts
mount -t devpts devpts /dev/pts
getent hosts fresh && echo "fresh: the host name resolves here" >&2
cd /cellsweep && exec "$@"
SH
chmod +x "$root/start"
# Only what a login would have is in the environment.
unshare --mount --pid --uts --ipc --fork --kill-child env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    NODE_EXTRA_CA_CERTS=/etc/ssl/here.crt ${JOBS:+JOBS="$JOBS"} chroot "$root" /start "$@"
