#!/usr/bin/env bash
# The fuzz targets without libFuzzer: they accept every seed, and what fuzzing once found stays mended.
. tests/lib.sh
bin=$BUILD/tests/fuzz
mkdir "$TMP/seeds"
check "seeds are made" "$bin/seeds" "$TMP/seeds"
for source in tests/fuzz/fuzz_*.c; do
    target=$(basename "$source" .c)
    target=${target#fuzz_}
    check "$target accepts its seeds" "$bin/replay_$target" --accept "$TMP/seeds/$target"/*
    found=tests/fuzz/found/$target
    [ -d "$found" ] && check "$target: what was found before" "$bin/replay_$target" "$found"/*
done
finish
