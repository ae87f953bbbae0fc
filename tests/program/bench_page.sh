#!/bin/bash
# How large the page's data is and how long a reader waits, by the number of jobs: bench_page.sh [JOBS ...], of 150, 1500 and 15000.
# Not a test: it prints figures of this machine. Sweeps, reports and screenshots stay in PAGE_BENCH (default: a temporary folder).
set -eu
BUILD=${BUILD:-build} C=${BUILD:-build}/cellsweep
export WEB_MODULES=build/web/tests/node_modules CHROMIUM=${CHROMIUM:-/usr/bin/chromium}
[ -d $WEB_MODULES ] || { echo "bench_page.sh: no $WEB_MODULES; run tests/program/run_page.sh once, with npm" >&2; exit 1; }
command -v "$CHROMIUM" >/dev/null || { echo "bench_page.sh: $CHROMIUM is not installed" >&2; exit 1; }
dir=${PAGE_BENCH:-$(mktemp -d)}
mkdir -p "$dir"
serve=
trap '[ -z "$serve" ] || kill $serve' EXIT

# sweep JOBS RATES BATCHES PAIRS SEEDS: a sweep of a model that trains nothing, of so many jobs.
sweep() {
    [ -s "$dir/$1.h5" ] && return
    cat >"$dir/$1.yaml" <<YAML
name: "$1 jobs"
data: builtin
model: fake
fake: {milliseconds: 0}
train: {epochs: 30}
grid:
  clusters: [$4]
  strategy: [none, oversample, undersample, augment, focal]
  protocol: [tail, holdout]
  train.learning_rate: [$2]
  train.batch: [$3]
  seed: {first: 1, count: $5}
YAML
    "$C" run "$dir/$1.yaml" -o "$dir/$1.h5" -q
}

for jobs in ${*:-150 1500 15000}; do
    case $jobs in
    150) sweep 150 0.001,0.003,0.01 32 "[14, 15]" 5 ;;
    1500) sweep 1500 0.0003,0.001,0.003,0.01,0.03 16,32 "[26, 27], [14, 15], [8, 10]" 5 ;;
    15000) sweep 15000 0.0001,0.0002,0.0005,0.001,0.002,0.003,0.005,0.01,0.02,0.03 4,8,12,16,24,32,48,64,96,128 "[26, 27], [14, 15], [8, 10]" 5 ;;
    *) echo "bench_page.sh: $jobs: not 150, 1500 or 15000" >&2 && exit 2 ;;
    esac
    echo "== $jobs jobs"
    [ -s "$dir/$jobs/report.html" ] || "$C" report "$dir/$jobs.h5" -o "$dir/$jobs" >"$dir/$jobs.log" 2>&1
    node tests/web/bench.mjs "$dir/$jobs/report.html" "$dir/report.$jobs"
    "$C" serve "$dir/$jobs.h5" --port 0 >"$dir/$jobs.url" 2>&1 &
    serve=$!
    for _ in $(seq 200); do grep -q http "$dir/$jobs.url" && break || sleep 0.1; done
    node tests/web/bench.mjs "$(grep -om1 'http://[^ ]*' "$dir/$jobs.url")" "$dir/serve.$jobs"
    kill $serve && wait $serve || true
    serve=
done
echo "screenshots: $dir/*.png"
