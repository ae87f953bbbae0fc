#!/usr/bin/env bash
# The man pages, from what the program says of itself: packaging/man.sh CELLSWEEP FOLDER.
#
# One of the program and one of each command, cellsweep-data-pack(1). help2man (Debian: help2man) knows options, paragraphs and headings
# ("Examples:", "Exit status:"); lines that the help keeps as they are, tables and commands, it would fill: they go around it.
set -eu
program=$(realpath "$1")
out=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Dates are those of the sources, so that a page is the same whenever it is made.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y README.md)}
export LC_ALL=C.UTF-8
unset COLUMNS

# "NAME<tab>summary" of every command that has options, from the lists of commands.
commands() {
    local name summary
    list '' | while IFS=$'\t' read -r name summary; do
        printf '%s\t%s\n' "$name" "$summary"
        if "$program" "$name" --help | grep -q '^Usage: .* COMMAND '; then list "$name"; fi
    done
}
list() { # a summary that is too long goes on in the next line
    "$program" ${1:+"$1"} --help | awk '
        /^  [a-z]/ && !done { if (name) print name "\t" text; n = match(substr($0, 3), /  +/); name = substr($0, 3, n - 1); text = substr($0, 2 + n + RLENGTH); next }
        name && /^ +[^ ]/ { sub(/^ +/, " "); text = text $0; next }
        name && /^$/ { if (!done) print name "\t" text; done = 1 }'
}

# Lines that stay as they are become the one word KEPT<number>, their lines kept.<number>. Options follow the description, as they do in
# man pages.
set_aside() { # set_aside FOLDER <HELP
    awk -v folder="$1" '
        /^(  -.,|      -)/ && !block { options = 1 }
        function put_options() { if (listed != "") print "*Options*\n\n" listed; listed = "" }
        /^$/ { if (block) { print ""; block = 0 } if (!options) print; options = 0; next }
        options { listed = listed $0 "\n"; next }
        /^(Exit status|Environment|Files|Examples|See also):$/ { put_options() }
        /^ / { if (!block) { block = 1; n++; print ""; print "KEPT" n "KEPT" } print > (folder "/kept." n); next }
        /^Exit status:$/ { print "*Exit Status*\n"; next }
        /^See also:$/ { print "*See Also*\n"; next }
        { if (block) { print ""; block = 0 } print }
        END { put_options() }'
}

bring_back() { # bring_back FOLDER <PAGE; lines that would pass column 80 begin further left
    awk -v folder="$1" '
        match($0, /KEPT[0-9]+KEPT/) {
            file = folder "/kept." substr($0, RSTART + 4, RLENGTH - 8)
            n = longest = 0
            while ((getline line < file) > 0) {
                sub(/^  /, "", line); if (length(line) > longest) longest = length(line)
                gsub(/\\/, "\\e", line); gsub(/-/, "\\-", line); gsub(/\047/, "\\(aq", line)
                gsub(/`/, "\\(ga", line); gsub(/\^/, "\\(ha", line); gsub(/~/, "\\(ti", line)
                kept[++n] = (line ~ /^[.]/ ? "\\&" : "") line
            }
            print (longest > 73 ? ".RS -4" : ".RS 0") "\n.nf"
            for (i = 1; i <= n; i++) print kept[i]
            print ".fi\n.RE"; next
        }
        { print }'
}

see_also() { # see_also NAME: all other pages
    local name separator=
    printf '[SEE ALSO]\n'
    { [ -z "$1" ] || echo; cut -f 1 "$work/commands" | grep -vxF "$1"; } | while IFS= read -r name; do
        name=cellsweep${name:+-$name}
        printf '%s.BR %s (1)' "$separator" "${name//[ -]/\\-}"
        separator=$',\n'
    done
    printf '.\n.PP\nThe whole guide, README.md and docs/, lies in share/doc/cellsweep of the installation, sweep files to begin with in share/cellsweep.\n'
}

# page NAME SUMMARY: help2man asks a program of the page's name.
page() {
    local name=cellsweep${1:+-${1// /-}}
    mkdir -p "$work/$name.d"
    "$program" $1 --help | set_aside "$work/$name.d" >"$work/$name.help"
    printf '#!/bin/sh\nif [ "$1" = --help ]; then cat "%s"; else echo "%s"; fi\n' "$work/$name.help" "$name" >"$work/$name"
    chmod +x "$work/$name"
    see_also "$1" >"$work/see-also"
    help2man --no-info --section=1 --manual='User Commands' --source="$("$program" --version | sed 's/ (.*//')" --name="$2" \
        --include="$work/see-also" "$work/$name" | sed '/^\.TH/a .nh\n.ad l\n.ss 12 0' | bring_back "$work/$name.d" >"$out/$name.1"
}

mkdir -p "$out"
rm -f "$out"/*.1
commands >"$work/commands"
page '' 'experiment sweeps on imbalanced single-cell images'
while IFS=$'\t' read -r name summary; do page "$name" "$summary"; done <"$work/commands"
