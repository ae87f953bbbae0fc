#!/usr/bin/env bash
# Model onnx: networks that were trained here, exported and judged as if they came from elsewhere, give their own predictions; what is
# damaged or of another shape is told in one line.
. tests/lib.sh
C=$BUILD/cellsweep
few_cells 1 27 14
check "packed" "$C" data pack "$TMP/few" -o "$TMP/cells.h5"
sweep() { # sweep LINE...: a sweep file with these lines
    printf 'name: own\ndata: %s\ntrain: {epochs: 2}\nkeep_weights: true\n' "$TMP/cells.h5"
    printf '%s\n' "$@" 'grid:' '  clusters: [[1, 27]]'
}
trained() { # trained NAME LINE...: $TMP/NAME.onnx of a network of two epochs, its predictions $TMP/NAME.csv
    local name=$1
    shift
    sweep "$@" >"$TMP/s.yaml"
    "$C" run "$TMP/s.yaml" -o "$TMP/$name.h5" -q && "$C" export "$TMP/$name.h5" --weights --format onnx -o "$TMP/$name" &&
        mv "$TMP/$name"/*.onnx "$TMP/$name.onnx"
}
same_predictions() { # same_predictions A B: probabilities on test within 1e-6
    h5diff -q -d 1e-6 "$1" "$2" /predictions /predictions
}
for name in cnn resnet-8 vit; do
    case $name in
    cnn) small="cnn: {blocks: [8, 8], dense: [16, 8]}" ;;
    resnet-8) small="resnet-8: {width: 4}" ;;
    vit) small="vit: {patch: 8, width: 12, blocks: 2, heads: 3}" ;;
    esac
    check "$name: trained and exported" trained $name "model: $name" "$small"
    sweep "model: onnx" "onnx.file: $name.onnx" >"$TMP/s.yaml" # beside the sweep file
    check "$name: judged" "$C" run "$TMP/s.yaml" -o "$TMP/$name.own.h5" -q
    check "$name: its own predictions" same_predictions "$TMP/$name.h5" "$TMP/$name.own.h5"
done
check "on two ranks the same bits" bash -c "mpirun --oversubscribe -n 2 '$C' run '$TMP/s.yaml' -o '$TMP/two.h5' -q && h5diff -q '$TMP/two.h5' '$TMP/vit.own.h5' /predictions /predictions"
check "reported" "$C" report "$TMP/vit.own.h5" -o "$TMP/report"
"$C" report "$TMP/vit.own.h5" -o "$TMP/report" >"$TMP/said" 2>&1
grep -rqs "trained elsewhere: that it did not see these images is the user's word" "$TMP/said" "$TMP/report" &&
    ok "whose word it is, is said" || not_ok "whose word it is, is not said"

# ---- the key is of the bytes ----
cp "$TMP/vit.onnx" "$TMP/moved.onnx"
keys() { "$C" run "$TMP/s.yaml" -o "$TMP/k.h5" -q "$@" >"$TMP/out" && key_of "$TMP/k.h5" 0 && rm -f "$TMP/k.h5"*; }
[ "$(keys)" = "$(keys --set onnx.file=moved.onnx)" ] && ok "a moved file is the same job" || not_ok "a moved file is another job"
[ "$(keys)" != "$(keys --set onnx.file=cnn.onnx)" ] && ok "another file is another job" || not_ok "another file is the same job"

# ---- what was kept predicts without the file ----
rm "$TMP/vit.onnx"
check "predicts without the file" "$C" predict "$TMP/vit.own.h5" "$TMP/few/cell_images/cluster_27" -o "$TMP/p.csv"
check "some images" test "$(wc -l <"$TMP/p.csv")" -gt 2

# ---- what cannot be judged ----
refused() { # refused WHAT PATTERN FILE [OPTION...]
    local what=$1 pattern=$2 status
    sweep "model: onnx" "onnx.file: $3" >"$TMP/s.yaml"
    shift 3
    "$C" plan "$TMP/s.yaml" "$@" >"$TMP/out" 2>"$TMP/err"
    status=$?
    [ $status = 2 ] && grep -q -- "$pattern" "$TMP/err" && [ "$(wc -l <"$TMP/err")" = 1 ] && ok "$what" ||
        not_ok "$what: exit status $status: $(cat "$TMP/err")"
}
sed 's/Relu/Rely/g' "$TMP/cnn.onnx" >"$TMP/rely.onnx"
head -c 5000 "$TMP/cnn.onnx" >"$TMP/short.onnx"
echo "no model" >"$TMP/text.onnx"
: >"$TMP/empty.onnx"
refused "an unknown operator" "rely.onnx: operator Rely is not known here" rely.onnx
refused "a truncated file" "short.onnx: it is no ONNX model, or damaged" short.onnx
refused "a file of something else" "text.onnx: it is no ONNX model, or damaged" text.onnx
refused "an empty file" "empty.onnx: empty" empty.onnx
refused "no file" "onnx.file: gone.onnx: No such file" gone.onnx
refused "no setting" "say which, onnx.file: net.onnx" none
"$C" data pack "$TMP/few" --size 40 -o "$TMP/40.h5" >"$TMP/out" 2>&1
mkdir "$TMP/rgb" && for class in 1 27; do mkdir "$TMP/rgb/$class" && cp "$TMP/few/cell_images/cluster_$class"/*.png "$TMP/rgb/$class"; done
"$C" data pack "$TMP/rgb" --channels rgb -o "$TMP/rgb.h5" >"$TMP/out" 2>&1
refused "other sizes" "it takes images of 1 channels and 50 x 50 pixels, those of the job have 1 and 40 x 40" cnn.onnx --set image.size=40 --set "data=$TMP/40.h5"
refused "other classes" "it tells 2 classes apart, the job has 3" cnn.onnx --set 'grid.clusters=[[1, 14, 27]]'
refused "other channels" "it takes images of 1 channels and 50 x 50 pixels, those of the job have 3 and" cnn.onnx --set "data=$TMP/rgb.h5"
refused "a strategy" "strategy: no job of this grid reads it, but models that are trained here would" cnn.onnx --set strategy=undersample

# ---- beside models that learn ----
sweep "onnx.file: cnn.onnx" >"$TMP/s.yaml"
printf '%s\n' '  model: [cnn, onnx]' '  strategy: [none, oversample]' >>"$TMP/s.yaml"
"$C" plan "$TMP/s.yaml" >"$TMP/plan" 2>&1
[ "$(grep -c ' onnx ' "$TMP/plan")" = 1 ] && [ "$(grep -c ' cnn ' "$TMP/plan")" = 2 ] && grep -q "strategy is read by models that are trained here alone" "$TMP/plan" &&
    ok "one row whatever the strategies" || not_ok "strategies: $(cat "$TMP/plan")"
word="trained elsewhere: that it did not see these images is the user's word"
check "run" "$C" run "$TMP/s.yaml" -o "$TMP/both.h5" -q
"$C" report "$TMP/both.h5" -o "$TMP/both" >"$TMP/said" 2>&1
chosen() { awk -F, 'NR == 1 {for (i = 1; i <= NF; i++) at[$i] = i; next} $at["model"] == "onnx" {print $at["chosen_on"]}' "$1" | sort -u; }
for table in jobs final predictions; do
    if [ $table = final ]; then cp "$TMP/both/final.csv" "$TMP/t.csv"; else "$C" export "$TMP/both.h5" --table $table -o "$TMP/t.csv"; fi
    [ "$(chosen "$TMP/t.csv")" = elsewhere ] && ok "table $table: elsewhere" || not_ok "table $table: $(chosen "$TMP/t.csv")"
done
grep -q "$word" "$TMP/said" && ok "told beside the findings" || not_ok "not told: $(cat "$TMP/said")"
for figure in models_none axis_model_1-27 reliability_1-27_onnx; do
    noted "A model was trained elsewhere" "$TMP/both/$figure.gp" && ok "told below $figure" || not_ok "not told below $figure"
done
"$C" predict "$TMP/both.h5" "$TMP/few/cell_images/cluster_27" --filter model=onnx -o "$TMP/p.csv" 2>"$TMP/err"
grep -q "note: 1 of the jobs are of a model $word" "$TMP/err" && ok "predict says so" || not_ok "predict: $(cat "$TMP/err")"
finish
