#!/bin/bash
# The floor of `cellsweep bench`: which sgemm it is, and how the numbers of the JSON go together. No speed is expected.
. tests/lib.sh
cellsweep=$BUILD/cellsweep

check "bench --json" bash -c "OPENBLAS_CORETYPE=Nehalem '$cellsweep' bench --json --batch 4 --set cnn.blocks=5-6 --classes 3 --channels 3 --seconds 0.3 >'$TMP/bench.json'"
/usr/bin/python3 - "$TMP/bench.json" >"$TMP/best" 2>&1 <<'EOF' && ok "its numbers go together" || not_ok "its numbers go together: $(cat "$TMP/best")"
import json, sys
report = json.load(open(sys.argv[1]))
run, = report["runs"]
best = max(run["sgemm_gflops"], 0.95 * run["register_gflops"])
# 4 images of 3 channels; multiply-adds of both convolutions and three dense layers, forward and backward
flop = 2 * (2 * 48 * 48 * 9 * 3 * 5 + 3 * 22 * 22 * 9 * 5 * 6 + 3 * (11 * 11 * 6 * 128 + 128 * 64 + 64 * 3))
assert abs(run["floor_gflops"] - best) < 2e-3, (run, best)
assert abs(run["floor_us"] / (flop / best * 1e-3) - 1) < 1e-3, (run, flop)
assert abs(run["ratio"] - run["step_us"] / run["floor_us"]) < 1e-3, run
assert run["step_us_least"] <= run["step_us"] <= run["step_us_most"], run
assert (run["register_gflops"] > 0) == (report["register_kernels"] != "none"), report
assert report["channels"] == 3 and report["model"] == "cnn" and report["size"] == 50 and report["classes"] == 3 and run["batch"] == 4, report
print(report["own_sgemm_kernels"], report["sgemm_kernels"])
EOF

# OpenBLAS takes the kernels that the variable names, if this CPU runs them; the floor is not measured with those.
read -r own best <"$TMP/best"
unset=$(env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE "$cellsweep" bench --sgemm-server </dev/null)
if [ "$own" = "$unset" ]; then
    skip "this OpenBLAS does not heed OPENBLAS_CORETYPE"
elif [ "$best" = "$unset" ]; then
    ok "the floor is that of $best, though OPENBLAS_CORETYPE chose $own"
else
    not_ok "the floor is that of $best, without OPENBLAS_CORETYPE it is $unset"
fi
"$cellsweep" bench --model resnet-8 --channels 3 --size 16 --batch 4 --set resnet-8.width=4 --seconds 0.01 >"$TMP/bench.txt"
grep -q "^kernels .*, one thread, model resnet-8, 16 x 16 pixels, 3 channels, 2 classes$" "$TMP/bench.txt" && ok "bench of another model" || not_ok "bench: $(cat "$TMP/bench.txt")"
for layer in "stem forward" "norm1 backward" "shortcut2 backward" "add3 forward" "mean forward" "logits backward"; do
    grep -q "^  $layer  *[0-9.]* " "$TMP/bench.txt" && ok "times its layers: $layer" || not_ok "bench: no $layer: $(cat "$TMP/bench.txt")"
done
check "a list as in a sweep file" "$cellsweep" bench --batch 4 --set "cnn.blocks=[5, 6]" --seconds 0.001
"$cellsweep" bench --help | sed -n 's/^  cellsweep bench//p' >"$TMP/examples"
check "bench has examples" test -s "$TMP/examples"
case $BUILD in *asan*) head -1 "$TMP/examples" >"$TMP/few" ;; *) cp "$TMP/examples" "$TMP/few" ;; esac # sanitizers take their time
while IFS= read -r line; do
    check "runs as written, with a small batch: bench$line" bash -c "cd '$TMP' && '$PWD/$cellsweep' bench --seconds 0.001 $line --batch 4"
done <"$TMP/few"
for wrong in "--model knn" "--model cnm" "--size 9" "--set cnn.blocks" "--set cnn.blocks=0-4" "--model vgg-small --set cnn.norm=batch" "--set knn.k=3" "--set train.batch=4" "--set cnn.blocks=[5,x]" "--model resnet-8 --set resnet-8.width=x" "--batch 0" "--classes 1" "--channels 0" "--channels 17" "--seconds 0"; do
    # shellcheck disable=SC2086
    check_fails "bench $wrong" "$cellsweep" bench $wrong
done
finish
