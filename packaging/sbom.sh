#!/usr/bin/env bash
# What the program is made of: packaging/sbom.sh BUILD VERSION writes BUILD/cellsweep.cdx.json (CycloneDX 1.5, JSON).
#
# Libraries are those that ldd finds for the program, as the Debian packages (dpkg) they come from; modules of the page are those of
# results/web/package-lock.json, and are left out where the program was built without the page.
set -eu
cd "$(dirname "$0")/.."
build=$1 version=$2 out=$1/cellsweep.cdx.json
date=$(date -u -d "@${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}" +%Y-%m-%dT%H:%M:%SZ)

# Lines "package version architecture" of all libraries, sorted. dpkg may know a file by its name before /lib became a link.
libraries() {
    local file real package
    ldd "$build/cellsweep" | grep -o '/[^ ]*' | sort -u | while read -r file; do
        real=$(realpath "$file")
        package=$({ dpkg -S "$real" || dpkg -S "${real#/usr}" || dpkg -S "$file"; } 2>/dev/null | head -n 1 | sed 's/: \/.*//; s/, .*//')
        [ -n "$package" ] || { echo "sbom: no package owns $file" >&2; exit 1; }
        dpkg-query -W -f='${Package} ${Version} ${Architecture}\n' "$package"
    done | sort -u
}

# Lines "name version licence" of the modules in the lock file, which npm writes a key a line; but for what only tests need ("dev"), and
# esbuild, which makes the page and is not in it.
modules() {
    [ -s build/web/page.html ] || return 0
    awk -F'"' '
        /^    "node_modules\// { name = $2; sub(/.*node_modules\//, "", name); next }
        name && $2 == "version" { version = $4 }
        name && $2 == "license" { licence = $4 }
        name && $2 == "dev" || name ~ /^(@esbuild\/|esbuild$)/ { name = "" }
        /^    }/ { if (name) print name, version, licence ? licence : "-"; name = licence = "" }' results/web/package-lock.json | sort -u
}

escape() { sed 's/%/%25/g; s/+/%2B/g; s/:/%3A/g; s/@/%40/g' <<<"$1"; }
separator=
component() { # component NAME VERSION PURL [LICENCE]
    printf '%s\n    {"type": "library", "bom-ref": "%s", "name": "%s", "version": "%s", "purl": "%s"' "$separator" "$3" "$1" "$2" "$3"
    [ "${4:--}" = - ] || printf ', "licenses": [{"expression": "%s"}]' "$4"
    printf '}'
    separator=,
}
components() {
    local name version third
    libraries >"$build/sbom.libraries"
    while read -r name version third; do
        component "$name" "$version" "pkg:deb/debian/$(escape "$name")@$(escape "$version")?arch=$third"
    done <"$build/sbom.libraries"
    modules >"$build/sbom.modules"
    while read -r name version third; do
        component "$name" "$version" "pkg:npm/$(escape "$name")@$(escape "$version")" "$third"
    done <"$build/sbom.modules"
}
{
    printf '{\n  "bomFormat": "CycloneDX",\n  "specVersion": "1.5",\n  "version": 1,\n  "metadata": {\n    "timestamp": "%s",\n' "$date"
    printf '    "component": {"type": "application", "bom-ref": "cellsweep", "name": "cellsweep", "version": "%s", "licenses": [{"license": {"id": "MIT"}}]}\n  },\n' "$version"
    printf '  "components": ['
    components
    printf '\n  ]\n}\n'
} >"$out.new"
mv "$out.new" "$out"
echo "$out: $(wc -l <"$build/sbom.libraries") Debian packages, $(wc -l <"$build/sbom.modules") modules of the page"
