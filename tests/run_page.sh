#!/bin/bash
# The page in a browser: report.html from a file with the network off, then served live beside a sweep that is killed and resumed.
. tests/lib.sh
C=$BUILD/cellsweep
export WEB_MODULES=build/web/tests/node_modules CHROMIUM=${CHROMIUM:-/usr/bin/chromium}

# What is tested here is the page: the same bytes in every build, and a sanitized sweep would take minutes to serve it.
case $BUILD in *asan*) skip "the page is tested with the plain build"; finish ;; esac
for need in node "$CHROMIUM"; do
    command -v "$need" >/dev/null || { skip "the page is not tested: $need is not installed"; finish; }
done
[ -s build/web/page.html ] || { skip "the page is not tested: it was not built ($(cat build/web/left-out 2>/dev/null))"; finish; }

# The browser's driver is a module that the page itself does not need.
modules() {
    cmp -s results/web/package-lock.json build/web/tests/installed && return
    rm -rf build/web/tests && mkdir -p build/web/tests && cp results/web/package*.json build/web/tests &&
        (cd build/web/tests && timeout $HANG npm ci --no-audit --no-fund >npm.log 2>&1 && cp package-lock.json installed)
}
modules || { skip "the page is not tested: npm could not install puppeteer-core (build/web/tests/npm.log)"; finish; }

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

# browser SCRIPT ARGUMENT...: its result lines are ours.
browser() {
    timeout $HANG node "$@" >"$TMP/browser.out" 2>"$TMP/browser.err"
    local status=$?
    cat "$TMP/browser.out"
    FAILED=$((FAILED + $(grep -c '^not ok - ' "$TMP/browser.out")))
    grep '^\(not \)\?ok - ' "$TMP/browser.out" >>"$TMP/.results"
    [ $status -le 1 ] && grep -q '^ok - ' "$TMP/browser.out" || { not_ok "${1##*/} ended with status $status"; sed 's/^/# /' "$TMP/browser.err"; }
}
mkdir "$TMP/downloads"
browser tests/web/report.mjs "$TMP/report/report.html" "$TMP/epochs.csv" "$TMP/downloads"

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
browser tests/web/served.mjs "$C" "$TMP/live.yaml" "$TMP/live.h5" "$TMP/cells" "$TMP/downloads"
finish
