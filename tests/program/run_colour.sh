#!/usr/bin/env bash
# Images of several channels from files to predictions. The classes differ by colour alone: warm and cold cells have one distribution
# of brightness, so that a gray network has nothing to learn from, and one that sees colours has everything.
. tests/lib.sh
C=$BUILD/cellsweep
python3 - "$TMP/cells" "$TMP/stains" <<'PY'
import os, random, struct, sys, zlib
TINT = (15, -9, 7)  # 299 R + 587 G + 114 B is 0: the luma of a pixel, to the last bit, does not tell the class
SIDE = 16

def png(path, pixels, mode):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes(v for pixel in row for v in pixel) for row in pixels)
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 8, mode, 0, 0, 0)) +
                chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))

def cell(random, tint):
    x0, y0, r = random.uniform(6, 10), random.uniform(6, 10), random.uniform(4, 6)
    def pixel(x, y):
        inside = (x - x0) ** 2 + (y - y0) ** 2 < r * r
        v = random.randint(90, 160) if inside else random.randint(40, 60)
        return [v + tint * t * inside for t in TINT]
    return [[pixel(x, y) for x in range(SIDE)] for y in range(SIDE)]

random.seed(7)
for name, tint, n in (("cluster_1", -2, 60), ("cluster_2", 2, 90)):  # cold and warm
    os.makedirs(f"{sys.argv[1]}/{name}")
    for i in range(n):
        png(f"{sys.argv[1]}/{name}/{'cw'[tint > 0]}{i:02}.png", cell(random, tint), 2)
png(os.path.dirname(sys.argv[1]) + "/gray.png", [[p[:1] for p in row] for row in cell(random, 0)], 0)

def npy(path, pixels):
    header = "{'descr': '|u1', 'fortran_order': False, 'shape': (%d, %d, %d), }" % (SIDE, SIDE, len(pixels[0][0]))
    header += " " * (117 - len(header)) + "\n"
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header.encode() +
                bytes(v for row in pixels for p in row for v in p))

for name, k in (("cluster_1", 0), ("cluster_2", 4)):  # five stains; the class is which of two is bright
    os.makedirs(f"{sys.argv[2]}/{name}")
    for i in range(40):
        npy(f"{sys.argv[2]}/{name}/{k}{i:02}.npy",
            [[[random.randint(120, 200) if c == k else random.randint(20, 60) for c in range(5)] for x in range(SIDE)] for y in range(SIDE)])
PY
sweep() { # sweep DATA SIZES STRATEGIES: a sweep file of it
    cat <<YAML
name: colour
data: $1
cnn: {blocks: [16, 16], dense: [16, 8]}
train: {epochs: 12, learning_rate: 0.003}
keep_weights: true
grid:
  clusters: [[1, 2]]
  image.size: [$2]
  strategy: [$3]
  seed: {first: 1, count: 2}
YAML
}
accuracy() { # accuracy RESULTS: mean balanced accuracy of its jobs on their test sets, in percent
    "$C" export "$1" --table jobs | awk -F, 'NR == 1 {for (i = 1; i <= NF; i++) at[$i] = i; next}
        {sum += $at["test_balanced_accuracy"]; n++} END {printf "%d\n", 100 * sum / n}'
}
refuses() { # refuses STATUS PATTERN COMMAND...: one line, with the pattern
    local want=$1 pattern=$2 got
    shift 2
    "$@" >"$TMP/out" 2>"$TMP/err"
    got=$?
    [ $got = "$want" ] && grep -q -- "$pattern" "$TMP/err" && ok "exit $want: $pattern" || not_ok "exit $got, not $want with '$pattern': $(cat "$TMP/err")"
}

# ---- colour is learnt, brightness is not ----
check "packed in colour" "$C" data pack "$TMP/cells" -o "$TMP/rgb.h5" --size 16 --channels rgb
check "packed in gray" "$C" data pack "$TMP/cells" -o "$TMP/gray.h5" --size 16
sweep "$TMP/rgb.h5" 16 "none, augment, smote, mixup, easy-ensemble" >"$TMP/s.yaml"
check "planned" bash -c "'$C' plan '$TMP/s.yaml' | grep -q '150 images of 16 x 16 pixels in 3 channels'"
check "1 rank" run 1 "$TMP/1.h5"
check "2 ranks" run 2 "$TMP/2.h5"
check "the same bits" same_bits "$TMP/1.h5" "$TMP/2.h5"
check "the same weights" h5diff -q "$TMP/1.h5" "$TMP/2.h5" /models /models
got=$(accuracy "$TMP/1.h5")
[ "$got" -gt 90 ] && ok "a network that sees colours tells them: $got %" || not_ok "a network that sees colours: $got %"
sweep "$TMP/gray.h5" 16 none >"$TMP/s.yaml"
check "the same in gray" run 1 "$TMP/g.h5"
got=$(accuracy "$TMP/g.h5")
[ "$got" -lt 75 ] && ok "a gray one does not: $got %" || not_ok "a gray one: $got %"

# ---- killed in a job, gone on with, smaller images, five stains ----
check "five stains" "$C" data pack "$TMP/stains" -o "$TMP/stains.h5" --size 16 --channels all
sweep "$TMP/stains.h5" "12, 16" "none, smote" >"$TMP/s.yaml"
check "whole" run 1 "$TMP/whole.h5"
PRELOAD_RANK=0 PRELOAD_WRITE=0.1 LD_PRELOAD=$(realpath "$BUILD/tests/support/preload.so")${LD_PRELOAD:+:$LD_PRELOAD} \
    "$C" run "$TMP/s.yaml" -o "$TMP/killed.h5" -q --io pwrite --checkpoint 0.01 2>"$TMP/log" &
pid=$!
began_or_gone() { began "$TMP/killed.h5" 2 || ! kill -0 $pid; }
await began_or_gone
kill -KILL $pid
wait $pid 2>/dev/null
check "killed, and gone on with on 2 ranks" run 2 "$TMP/killed.h5"
check "the same bits" same_bits "$TMP/whole.h5" "$TMP/killed.h5"
got=$(accuracy "$TMP/whole.h5")
[ "$got" -gt 90 ] && ok "stains are told: $got %" || not_ok "stains are told: $got %"

# ---- what is made of it ----
check "reported" "$C" report "$TMP/1.h5" -o "$TMP/report" --all-figures
check "contact sheet" "$C" data info "$TMP/stains.h5" --sheet "$TMP/sheet.png"
check "exported" "$C" export "$TMP/1.h5" --weights --format onnx -o "$TMP/onnx"
check "raw, with the shape of the first layer" bash -c "'$C' export '$TMP/1.h5' --weights --format raw --filter strategy=none -o '$TMP/raw' &&
    tr -d ' \n' <'$TMP/raw/'*seed1*.json | grep -q '\"conv1.weight\",\"type\":\"float32\",\"shape\":\[16,3,3,3\]'"
if /usr/bin/python3 -c 'import onnx, h5py' 2>/dev/null; then
    check "the ONNX models compute the sweep's numbers" /usr/bin/python3 tests/golden/check_onnx.py "$TMP/1.h5" "$TMP/onnx"
    check "of five channels, too" bash -c "'$C' export '$TMP/whole.h5' --weights --format onnx -o '$TMP/onnx5' && h5dump -a channels '$TMP/whole.h5' | grep -q '(0): 5'"
else
    skip "python3-onnx or python3-h5py is not installed"
fi

# ---- new images: the sweep's own give its own numbers ----
compare() {
    find "$TMP/cells" -name '*.png' >"$TMP/list"
    "$C" predict "$TMP/1.h5" - --filter strategy=none,seed=1 <"$TMP/list" 2>/dev/null | tail -n +2 | cut -d, -f2-5 | sort >"$TMP/new"
    "$C" export "$TMP/1.h5" --table predictions --filter strategy=none,seed=1 >"$TMP/stored.csv"
    awk -F, -v OFS=, 'NR == 1 {for (i = 1; i <= NF; i++) at[$i] = i; next}
        $at["set"] == "all" {print $at["image"], $at["predicted"], $at["probability_1"], $at["probability_2"]}' "$TMP/stored.csv" | sort >"$TMP/stored"
    [ -s "$TMP/new" ] && cmp "$TMP/new" "$TMP/stored"
}
check "predict is the sweep, to the last digit" compare
check "a gray image is colour without any" "$C" predict "$TMP/1.h5" "$TMP/gray.png" --filter strategy=none,seed=1
check "an image in colour is gray to a gray network" "$C" predict "$TMP/g.h5" "$TMP/cells/cluster_2/w01.png" --filter seed=1
refuses 1 "w01.png: 3 channels, and the networks take 5" "$C" predict "$TMP/whole.h5" "$TMP/cells/cluster_2/w01.png" --filter strategy=none,seed=1,image.size=12

# ---- the same from a browser: pictures are in colour ----
"$C" serve "$TMP/1.h5" --filter strategy=none --port 0 >"$TMP/url" 2>"$TMP/server.err" &
SERVER=$!
said_or_gone() { [ -s "$TMP/url" ] || ! kill -0 $SERVER; }
await said_or_gone
check "serve takes colours" python3 - "$(cat "$TMP/url")" "$TMP/cells/cluster_2/w01.png" <<'PY'
import base64, json, sys, urllib.request
image = open(sys.argv[2], "rb").read()
parts = [b'name="image"; filename="w01.png"\r\nContent-Type: image/png\r\n\r\n' + image, b'name="occlusion"\r\n\r\n1', b'name="similar"\r\n\r\n3']
body = b"".join(b"--frontier\r\nContent-Disposition: form-data; " + p + b"\r\n" for p in parts) + b"--frontier--\r\n"
request = urllib.request.Request(sys.argv[1] + "api/predict", body, {"Content-Type": "multipart/form-data; boundary=frontier"})
answer = json.load(urllib.request.urlopen(request))["images"][0]
for uri in [answer[k] for k in ("original", "masked_image", "seen")] + [one["image"] for one in answer["similar"]]:
    assert base64.b64decode(uri.split(",")[1])[25] == 2, "a picture is not RGB"
assert len(answer["occlusion"]["map"]) == 256 or answer["occlusion"]["size"] == 16
assert len(answer["similar"]) == 3 and answer["probabilities"][1] > 0.5, answer["probabilities"]
PY
kill -TERM $SERVER
wait $SERVER
check "serve ends in order" test $? = 0

# ---- data of other channels is other data ----
sweep "$TMP/rgb.h5" 16 none >"$TMP/s.yaml"
refuses 2 "was made from images of 1 channel, those of the data have 3" "$C" run "$TMP/s.yaml" -o "$TMP/g.h5"
finish
