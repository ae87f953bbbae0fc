#!/bin/bash
# cellsweep serve as a program: start and end, exit statuses, a sweep that runs and is killed beside it, and many clients at once.
# LONG=1: a minute of them instead of seconds.
. tests/lib.sh
C=$BUILD/cellsweep
SECONDS_OF_LOAD=4
CLIENTS=64
[ -z "${LONG:-}" ] || SECONDS_OF_LOAD=60
SERVER=

said_or_gone() { [ -s "$TMP/url" ] || ! kill -0 $SERVER; }

# The server is serial code: leaks are its own. They make its exit status 23, as any other finding does.
serve() {
    : >"$TMP/url"
    ASAN_OPTIONS=detect_leaks=1:exitcode=23 LSAN_OPTIONS=suppressions=tests/lsan.supp:print_suppressions=0 \
        "$C" serve "$@" >"$TMP/url" 2>>"$TMP/server.err" &
    SERVER=$!
    await said_or_gone
    URL=$(cat "$TMP/url")
    PORT=$(sed 's/.*:\([0-9]*\)\/.*/\1/' "$TMP/url")
}

# End it; the status is its own.
end_server() {
    kill -TERM $SERVER
    wait $SERVER
}

# A path's answer on stdout; curl is not needed.
get() {
    exec 3<>"/dev/tcp/127.0.0.1/$PORT"
    printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%b\r\n' "$1" "${2:-}" >&3
    cat <&3
    exec 3>&-
}

progress_has() { get /api/progress | grep -q "$1"; }

status() {
    local wanted=$1 got
    shift
    "$@" >"$TMP/out" 2>"$TMP/err"
    got=$?
    if [ $got -eq "$wanted" ]; then ok "exit $wanted: ${*##*/}"; else not_ok "exit $got, not $wanted: $*"; sed 's/^/# /' "$TMP/err"; fi
}

cat >"$TMP/s.yaml" <<YAML
name: served
data: $TMP/cells.h5
train: {epochs: 1}
keep_weights: true
grid:
  clusters: [[14, 15]]
  strategy: [none, undersample]
  seed: {first: 1, count: 1}
YAML
pack_cells
check "a sweep with weights" "$C" run "$TMP/s.yaml" -o "$TMP/s.h5"

cp "$TMP/s.h5" "$TMP/before.h5"

status 2 "$C" serve
status 2 "$C" serve "$TMP/s.h5" --address 0.0.0.0
check "it says how" grep -q -- "--token auto" "$TMP/err"
status 2 "$C" serve "$TMP/s.h5" --port 70000
status 2 "$C" serve "$TMP/s.h5" --token short
status 2 "$C" serve "$TMP/s.h5" --filter seed=9
status 3 "$C" serve "$TMP/nowhere/none.h5"
(ulimit -n 40 && exec "$C" serve "$TMP/s.h5" --port 0) >"$TMP/out" 2>"$TMP/err"
check "few open files are told before it starts" test $? -eq 3
check "with what to do" grep -q 'ulimit -n' "$TMP/err"
status 3 "$C" serve "$TMP/s.h5" --token-file "$TMP/none"
status 0 "$C" serve --help
check "--help tells of the tunnel" grep -q "ssh -L" "$TMP/out"

serve "$TMP/s.h5" --port 0 --token auto
check "one line, with the token made" grep -qx 'http://127\.0\.0\.1:[0-9]*/?token=[0-9a-f]\{32\}' "$TMP/url"
check "no token, no answer" bash -c "$(declare -f get); PORT=$PORT; get /api/progress | grep -q '^HTTP/1.1 401'"
check "with it" bash -c "$(declare -f get); PORT=$PORT; get /api/progress 'Authorization: Bearer ${URL##*=}\r\n' | grep -q '^HTTP/1.1 200'"
end_server
check "SIGTERM ends it in order" test $? -eq 0

echo 0123456789abcdef0123 >"$TMP/token"
chmod 644 "$TMP/token"
serve "$TMP/s.h5" --port 0 --token-file "$TMP/token"
check "a token that others can read is told of" grep -q 'token (mode 644)' "$TMP/server.err"
for _ in 1 2 3; do get /api/progress 'Authorization: Bearer 0123456789abcdef0124\r\n' | grep -c '^HTTP/1.1 401'; done >"$TMP/wrong"
check "so are wrong tokens, once" test "$(grep -c 'a wrong token from 127.0.0.1' "$TMP/server.err")" = 1
end_server
chmod 600 "$TMP/token"
: >"$TMP/server.err"
serve "$TMP/s.h5" --port 0 --token-file "$TMP/token"
check "one that is one's own is not" test ! -s "$TMP/server.err"
end_server

# Before the sweep is run.
serve "$TMP/late.h5" --port 0
check "a file that is not there yet is waited for" grep -q 'not there yet' "$TMP/server.err"
check "and asked for, says so" bash -c "$(declare -f get); PORT=$PORT; get /api/sweep | grep -q 'no results file yet'"
cp "$TMP/s.h5" "$TMP/late.tmp" && mv "$TMP/late.tmp" "$TMP/late.h5"
check "when it is there it is shown" await progress_has '"state":"finished"'
check "all of it" bash -c "$(declare -f get); PORT=$PORT; get /api/sweep | grep -q '^HTTP/1.1 200'"
end_server
check "ends in order, too" test $? -eq 0
: >"$TMP/server.err"

# All the while a client sends its headers a byte at a time: it is to be cut after 15 s, whatever it sends.
serve "$TMP/s.h5" --port 0
MAIN=$SERVER MAIN_PORT=$PORT
(
    trap '' PIPE
    exec 3<>"/dev/tcp/127.0.0.1/$PORT"
    printf 'GET / HTTP/1.1\r\nX: ' >&3
    for ((i = 0; i < 10 * HANG; i++)); do
        printf x >&3 || { : >"$TMP/cut" && break; }
        sleep 0.1
    done
) 2>/dev/null &
SLOW=$!

# A sweep runs beside a server, is killed, goes on and ends.
sed 's/^train/model: fake\nfake: {milliseconds: 20}\ntrain/; s/epochs: 1/epochs: 50/; s/keep_weights: true//; s/count: 1/count: 500/' \
    "$TMP/s.yaml" >"$TMP/f.yaml"
"$C" run "$TMP/f.yaml" -o "$TMP/f.h5" >"$TMP/run.out" 2>&1 &
RUN=$!
await test -e "$TMP/f.h5"
serve "$TMP/f.h5" --port 0
check "it sees the sweep run" await progress_has '"state":"running".*"done":[1-9]'
kill -9 $RUN
wait $RUN 2>/dev/null
BEFORE=$(events "$TMP/f.h5" job_started)
check "kill -9 shows" await progress_has '"state":"dead"'
"$C" run "$TMP/f.yaml" -o "$TMP/f.h5" >"$TMP/run.out" 2>&1 &
RUN=$!
check "the resumed run shows" await progress_has '"state":"running"'
await began "$TMP/f.h5" $((BEFORE + 1))
kill -USR1 $RUN
wait $RUN
check "it stops as told, the reader did not hinder it" test $? -eq 75
check "that shows too" await progress_has '"state":"stopped"'
# It has many jobs: what the page shows first is made alone, the rest when it is asked for.
part() { get "/api/sweep?part=$1${2:+&version=$2}" >"$TMP/part.$1"; }                                    # part NAME [VERSION]
version() { grep -o '"version":"[0-9a-f]*-[0-9]*"' "$TMP/part.$1" | head -1 | cut -d'"' -f4; } # of the last answer
part first
check "it names what it has not made" grep -q '"left_out":\[[^]]*"scores"' "$TMP/part.first"
check "which is not there" test "$(grep -c '"scores":{' "$TMP/part.first")" = 0
part scores
check "and what comes apart, of the same moment" test -n "$(version scores)" -a "$(version scores)" = "$(version first)"
check "is what was asked for" grep -q '{"tables":{"scores":{"columns":' "$TMP/part.scores"
part none
check "there is no other" grep -q '^HTTP/1.1 400' "$TMP/part.none"
cp "$TMP/f.h5" "$TMP/f.copy" && mv "$TMP/f.copy" "$TMP/f.h5"
part claims
check "nor one of a file that has taken its place" grep -q '^HTTP/1.1 400' "$TMP/part.claims"
claims_come() { part first && part claims && grep -q '"tables":{"claims"' "$TMP/part.claims"; }
check "until the first part is of that one, too" await claims_come
# One client reads on in its document when another has asked for a newer one.
ONE=$(version first)
ENDED=$(events "$TMP/f.h5" job_finished)
"$C" run "$TMP/f.yaml" -o "$TMP/f.h5" >"$TMP/run.out" 2>&1 &
RUN=$!
ended() { [ "$(events "$TMP/f.h5" job_finished)" -gt "$ENDED" ]; }
await ended
kill -USR1 $RUN
wait $RUN
newer() { part first && [ "$(version first)" != "$ONE" ]; }
check "when a job has ended there is another document" await newer
part rankings "$ONE"
check "whoever has the one before reads on in that" test "$(version rankings)" = "$ONE"
part rankings "$(version first)"
check "and whoever has the new one in that" test "$(version rankings)" = "$(version first)"
part rankings 0123456789abcdef-1
check "there are no others" grep -q 'not kept any more' "$TMP/part.rankings"
end_server
check "ends in order" test $? -eq 0

# Many clients.
SERVER=$MAIN PORT=$MAIN_PORT
check "$CLIENTS clients" "$BUILD/tests/results/load_serve" "$PORT" $SECONDS_OF_LOAD $CLIENTS "$TMP"/cells/cell_images/cluster_1[45]/cell_*[05].png
sed 's/^/# /' "$TMP/check.out"
echo "# $(grep VmHWM /proc/$SERVER/status) $(grep Threads /proc/$SERVER/status)"
check "less than 1.5 GB were used" test "$(awk '/VmHWM/{print $2}' /proc/$SERVER/status)" -lt 1500000
check "it still answers" bash -c "$(declare -f get); PORT=$PORT; get /api/progress | grep -q '\"state\":\"finished\"'"
wait $SLOW
check "a slow client was cut" test -e "$TMP/cut"
check "and counted" bash -c "$(declare -f get); PORT=$PORT; get /metrics | grep -q '^cellsweep_http_connections_timed_out_total [1-9]'"
end_server
check "no crash, no leak: exit status 0" test $? -eq 0
check "nothing was said" test ! -s "$TMP/server.err"
sed 's/^/# /' "$TMP/server.err"
check "the results file is as it was" cmp "$TMP/s.h5" "$TMP/before.h5"
finish
