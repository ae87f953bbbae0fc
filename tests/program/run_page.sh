#!/bin/bash
# The page in a browser: report.html from a file with the network off, then served live beside a sweep that is killed and resumed.
. tests/lib.sh
C=$BUILD/cellsweep
export WEB_MODULES=build/web/tests/node_modules CHROMIUM=${CHROMIUM:-/usr/bin/chromium}

# What is tested here is the page: the same bytes in every build, and a sanitized sweep would take minutes to serve it.
case $BUILD in *asan*) skip "the page is tested with the plain build"; finish ;; esac
command -v node >/dev/null || { skip "the page is not tested: node is not installed"; finish; }

# script SCRIPT ARGUMENT...: its result lines are ours.
script() {
    timeout $HANG node "$@" >"$TMP/script.out" 2>"$TMP/script.err"
    local status=$?
    cat "$TMP/script.out"
    FAILED=$((FAILED + $(grep -c '^not ok - ' "$TMP/script.out")))
    grep '^\(not \)\?ok - ' "$TMP/script.out" >>"$TMP/.results"
    [ $status -le 1 ] && grep -q '^ok - ' "$TMP/script.out" && return
    not_ok "${1##*/} ended with status $status"
    sed 's/^/# /' "$TMP/script.err"
}

cat >"$TMP/stats.yaml" <<'YAML'
name: stats
data: builtin
model: fake
fake: {milliseconds: 0}
train: {epochs: 2}
grid:
  clusters: [[14, 15], [1, 27]]
  strategy: [none, oversample]
  protocol: [tail, holdout, {kfold: {folds: 3, repeats: 2}}]
  seed: {first: 1, count: 3}
YAML
check "a sweep of many splits" "$C" run "$TMP/stats.yaml" -o "$TMP/stats.h5"
check "has a report" "$C" report "$TMP/stats.h5" -o "$TMP/stats"
check "and an export" "$C" export "$TMP/stats.h5" --table epochs -o "$TMP/stats.csv"
[ -s build/web/page.html ] || { skip "the page is not tested: it was not built ($(cat build/web/left-out 2>/dev/null))"; finish; }
script tests/web/filter.mjs
script tests/web/stats.mjs "$TMP/stats/final.csv" "$TMP/stats.csv" "$TMP/stats/report.html"

command -v "$CHROMIUM" >/dev/null || { skip "the page is not tested: $CHROMIUM is not installed"; finish; }

# The browser's driver is a module that the page itself does not need.
modules() {
    cmp -s results/web/package-lock.json build/web/tests/installed && return
    rm -rf build/web/tests && mkdir -p build/web/tests && cp results/web/package*.json build/web/tests &&
        (cd build/web/tests && timeout $HANG npm ci --no-audit --no-fund >npm.log 2>&1 && cp package-lock.json installed)
}
modules || { skip "the page is not tested: npm could not install puppeteer-core (build/web/tests/npm.log)"; finish; }

# Classes with names, some longer than a picture has room for.
"$BUILD/tests/support/make_cells" rgb "$TMP/stained"
mv "$TMP/stained/Mono, classical" "$TMP/stained/Monocytes, very classical ones"
"$C" data pack "$TMP/stained" -o "$TMP/stained.h5" --size 28 >"$TMP/pack.log" 2>&1
small_sweep "$TMP/stained.h5" 4 <<'YAML'
clusters: [["CD8+ T cell", "Monocytes, very classical ones"], all]
strategy: [none, oversample]
seed: {first: 1, count: 3}
YAML
sed -i '/^train/a image: {size: 28}' "$TMP/s.yaml"
check "a sweep of named classes" "$C" run "$TMP/s.yaml" -o "$TMP/named.h5" -q
check "has a report" "$C" report "$TMP/named.h5" -o "$TMP/named"
mkdir "$TMP/downloads"

# The same cells, three of them in another class's folder.
mv "$TMP/stained/CD8+ T cell/00.png" "$TMP/stained/Monocytes, very classical ones/wrong1.png"
mv "$TMP/stained/Monocytes, very classical ones/01.png" "$TMP/stained/CD8+ T cell/wrong2.png"
mv "$TMP/stained/Monocytes, very classical ones/02.png" "$TMP/stained/CD8+ T cell/wrong3.png"
"$C" data pack "$TMP/stained" -o "$TMP/wrong.h5" --size 28 >>"$TMP/pack.log" 2>&1
cat >"$TMP/suspects.yaml" <<YAML
name: suspects
data: $TMP/wrong.h5
image: {size: 28}
model: logistic
features: shape
train: {epochs: 20}
grid:
  clusters: [["CD8+ T cell", "Monocytes, very classical ones"]]
  strategy: [none, oversample]
  protocol: [report, {kfold: {folds: 3}}]
  seed: {first: 1, count: 2}
YAML
check "a sweep of cells with wrong labels" "$C" run "$TMP/suspects.yaml" -o "$TMP/suspects.h5" -q
check "has a report" "$C" report "$TMP/suspects.h5" -o "$TMP/suspects"
check "and suspects" "$C" export "$TMP/suspects.h5" --table suspects -o "$TMP/suspects.csv"
script tests/web/named.mjs "$TMP/named/report.html" "$TMP/downloads" "$TMP/suspects/report.html" "$TMP/suspects.csv"

cat >"$TMP/early.yaml" <<'YAML'
name: early
data: builtin
train: {epochs: 12, stop: {patience: 2}}
allow_choice_on_test: true
image.size: 20
grid:
  clusters: [[1, 27]]
  strategy: [none, oversample]
  inner: [{share: 0.25}, none]
  seed: {first: 1, count: 4}
YAML
check "a sweep of jobs that stop early" "$C" run "$TMP/early.yaml" -o "$TMP/early.h5" -q
check "has a report" "$C" report "$TMP/early.h5" -o "$TMP/early"
cat >"$TMP/tuned.yaml" <<'YAML'
name: tuned
data: builtin
model: knn
image.size: 12
inner: {share: 0.25}
tune: {over: {knn.k: [1, 3, 5, 9]}, trials: 4, seeds: 1}
grid:
  clusters: [[1, 27]]
  strategy: [none, oversample]
  seed: {first: 1, count: 2}
YAML
check "a sweep that tunes" "$C" run "$TMP/tuned.yaml" -o "$TMP/tuned.h5" -q
check "has a report" "$C" report "$TMP/tuned.h5" -o "$TMP/tuned"
script tests/web/early.mjs "$TMP/early/report.html" "$TMP/downloads" "$TMP/tuned/report.html"

cat >"$TMP/models.yaml" <<'YAML'
name: models
data: builtin
train: {epochs: 3}
image.size: 16
grid:
  clusters: [[1, 27], [8, 10], [14, 15], [3, 9], [5, 20]]
  strategy: [none, oversample]
  model: [knn, logistic, forest, cnn]
  seed: {first: 1, count: 2}
YAML
pictures png svg pdf
check "a sweep of models" "$C" run "$TMP/models.yaml" -o "$TMP/models.h5" -q
check "has a report" "$C" report "$TMP/models.h5" -o "$TMP/models" --filter 'model=cnn|knn|forest|logistic'
check "whose figures have pictures" test -s "$TMP/models/models_none.png" -a -s "$TMP/models/models_oversample.pdf"
pictures svg
check "which say what they show" noted "Seconds: median from start to end of a job" "$TMP/models/models_none.gp"
script tests/web/models.mjs "$TMP/models/report.html" "$TMP/models/models.csv" "$TMP/downloads"
check "a sweep to compare with it" "$C" run "$TMP/models.yaml" -o "$TMP/faster.h5" -q --set 'grid.model=[cnn]' --set 'grid.clusters=[[1, 27], [8, 10]]' --set train.learning_rate=0.01
check "has a report of both" "$C" report "$TMP/models.h5" "$TMP/faster.h5" -o "$TMP/sweeps"
script tests/web/sweeps.mjs "$TMP/sweeps/report.html" "$TMP/sweeps/sweeps.csv" "$TMP/downloads"

cat >"$TMP/glance.yaml" <<'YAML'
name: at a glance
data: builtin
model: knn
grid:
  clusters: [[3, 9], [1, 27]]
  strategy: [none, oversample]
  protocol: [report, holdout]
  image.size: [12, 16]
  knn.k: [1, 5]
  seed: {first: 1, count: 10}
YAML
check "a sweep of leaky and honest protocols" "$C" run "$TMP/glance.yaml" -o "$TMP/glance.h5" -q
check "has a report" "$C" report "$TMP/glance.h5" -o "$TMP/glance"
check "and a table of thresholds" "$C" export "$TMP/glance.h5" --table cuts -o "$TMP/glance/cuts.csv"
script tests/web/summary.mjs "$TMP/glance/report.html" "$TMP/glance/final.csv" "$TMP/glance/comparisons.csv" "$TMP/downloads" "$C" "$TMP/glance.h5"

cat >"$TMP/sweep.yaml" <<'YAML'
name: "the <i>page</i>"
data: builtin
keep_weights: true
train: {epochs: 3}
grid:
  clusters: [[14, 15], [1, 27]]
  strategy: [none, oversample]
  protocol: [report, holdout]
  train.learning_rate: [0.001, 0.003]
  seed: {first: 1, count: 2}
YAML
"$C" run "$TMP/sweep.yaml" -o "$TMP/r.h5" >"$TMP/run.log" 2>&1 || true
check "a report is written" "$C" report "$TMP/r.h5" -o "$TMP/report"
check "epochs are exported" "$C" export "$TMP/r.h5" --table epochs -o "$TMP/epochs.csv"

check "and one that keeps to a size" "$C" report "$TMP/r.h5" -o "$TMP/small" --page-size 1
script tests/web/report.mjs "$TMP/report/report.html" "$TMP/epochs.csv" "$TMP/downloads" "$TMP/small/report.html"
again=$(sed -n '1s/.*key=//p' "$TMP/downloads/again.yaml")
check "the sweep file of one run runs" "$C" run "$TMP/downloads/again.yaml" -o "$TMP/again.h5" -q --filter "key=$again"
"$C" export "$TMP/again.h5" --table epochs --filter "key=$again" >"$TMP/again.csv"
# Key, epoch and the eight numbers of every epoch.
for table in epochs again; do grep -- "$again" "$TMP/$table.csv" | rev | cut -d, -f1-9 | rev >"$TMP/$table.rows"; done
check "with the same key and the same bits" test "$(wc -l <"$TMP/again.rows")" = 3 -a "$(cat "$TMP/again.rows")" = "$(cat "$TMP/epochs.rows")"

cat >"$TMP/live.yaml" <<'YAML'
name: live
data: builtin
protocol: holdout
keep_weights: true
train: {epochs: 80}
grid:
  clusters: [[14, 15]]
  strategy: [none, oversample]
  seed: {first: 1, count: 3}
YAML
"$C" data synth "$TMP/cells" >/dev/null
script tests/web/served.mjs "$C" "$TMP/live.yaml" "$TMP/live.h5" "$TMP/cells" "$TMP/downloads"
finish
