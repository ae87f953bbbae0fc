#!/usr/bin/env bash
# The plan of the house, read from the includes: floors from the ground up, their rooms, what each room looks into.
#
#     tests/house.sh          fails on an arrow up a floor, on two rooms that include each other, on a room above
#                             12 % of the lines, on one that docs/house.md does not show, on a line of C above 110
#                             columns and on a function of more than 40 lines
#     tests/house.sh plan     the same, and draws the plan
#
# A room is a folder with C sources of its own; its name is its path. Rooms of a floor stand above those that they include.
set -eu
cd "$(dirname "$0")/.."
floors='common worker results orchestrator'
hidden=0
for room in $(find $floors -name web -prune -o -name '*.c' -printf '%h\n' | LC_ALL=C sort -u); do
    grep -qF "| \`$room/\` |" docs/house.md || { echo "house: docs/house.md does not show $room/"; hidden=1; }
done
long=$(find $floors tests -name web -prune -o \( -name '*.c' -o -name '*.h' -o -name '*.inc' \) -print0 |
    LC_ALL=C.UTF-8 xargs -0 grep -nE '^.{111,}' || true)
[ -z "$long" ] || { echo "$long"; echo "house: $(echo "$long" | wc -l) lines above 110 columns"; hidden=1; }
large=$(find $floors tests -name web -prune -o \( -name '*.c' -o -name '*.h' -o -name '*.inc' \) -print | LC_ALL=C sort | xargs awk '
    FNR == 1 { begin = 0 }
    /^\{/ { begin = FNR }
    /^\}/ && begin { if (FNR - begin > 41) print FILENAME ":" begin ": a function of " FNR - begin - 1 " lines"; begin = 0 }')
[ -z "$large" ] || { echo "$large"; echo "house: $(echo "$large" | wc -l) functions above 40 lines"; hidden=1; }
find $floors -name web -prune -o \( -name '*.c' -o -name '*.h' -o -name '*.inc' \) -print | LC_ALL=C sort |
    xargs awk -v floors="$floors" -v draw="${1:-}" -v hidden=$hidden '
function room_of(path) { sub(/\/[^\/]*$/, "", path); return path }
function floor_of(room) { sub(/\/.*/, "", room); return level[room] }
BEGIN { n_floors = split(floors, floor); for (i in floor) level[floor[i]] = i + 0
        for (i = 1; i < ARGC; i++) is_file[ARGV[i]] = 1 }
{ room = room_of(FILENAME); if (!(room in lines)) name[++n_rooms] = room; lines[room]++; total++ }
FNR == 1 && FILENAME ~ /\.[ch]$/ { files[room]++ }
/^#include "/ {
    split($0, quoted, "\"")
    for (i = 1; i <= n_floors; i++)
        if ((floor[i] "/" quoted[2]) in is_file && (other = room_of(floor[i] "/" quoted[2])) != room && !((room, other) in edge)) {
            edge[room, other] = FILENAME
            seen[room] = seen[room] " " other
        }
}
# 1 more than the highest room of the same floor that it looks into
function storey(room, depth,   parts, i, n, s, most) {
    if (room in height) return height[room]
    if (depth > 40) { ring[room] = 1; return 0 }
    n = split(seen[room], parts, " "); most = 0
    for (i = 1; i <= n; i++)
        if (floor_of(parts[i]) == floor_of(room) && (s = storey(parts[i], depth + 1)) > most) most = s
    return height[room] = most + 1
}
function short(room, i) { return room == floor[i] ? "." : index(room, floor[i] "/") == 1 ? substr(room, length(floor[i]) + 2) : room }
function looks(room, i,   parts, n, k, out) {
    n = split(seen[room], parts, " ")
    for (k = 1; k <= n; k++) out = out (k > 1 ? " " : "") short(parts[k], i)
    return n ? "-> " out : ""
}
END {
    for (pair in edge) {
        split(pair, side, SUBSEP)
        if (floor_of(side[1]) < floor_of(side[2])) { print "house: up a floor: " edge[pair] " includes " side[2]; up++ }
        if (side[1] < side[2] && (side[2], side[1]) in edge) {
            print "house: " side[1] " and " side[2] " include each other: " edge[pair] ", " edge[side[2], side[1]]; two_way++ }
    }
    for (room in lines) {
        storey(room, 0)
        if (lines[room] > largest) { largest = lines[room]; largest_room = room }
        if (lines[room] > 0.12 * total) { printf "house: %s has %.1f %% of the lines, 12 at most\n", room, 100 * lines[room] / total; big++ }
    }
    for (room in ring) { print "house: " room " includes itself through others"; rings++ }
    if (draw == "plan")
        for (i = n_floors; i >= 1; i--) {
            printf "%s/\n", floor[i]
            for (h = 20; h >= 1; h--)
                for (n = 1; n <= n_rooms; n++)
                    if (floor_of(name[n]) == i && height[name[n]] == h)
                        printf "  %d  %-11s%3d files %5d lines %4.1f %%  %s\n", h, short(name[n], i), files[name[n]], lines[name[n]],
                            100 * lines[name[n]] / total, looks(name[n], i)
        }
    printf "house: %d arrows up, %d two-way pairs, largest room %s (%.1f %% of %d lines)\n", up, two_way, largest_room, \
        100 * largest / total, total
    exit up + two_way + big + rings + hidden > 0
}'
