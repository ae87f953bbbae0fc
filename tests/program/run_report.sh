#!/usr/bin/env bash
# Reports of whole sweeps: the page and its data, finished and unfinished; sizes of figures.
. tests/lib.sh
cellsweep=$BUILD/cellsweep
draw_cells
pictures png svg pdf
cat >"$TMP/s.yaml" <<YAML
name: small </script>
data: builtin
train: {epochs: 2}
$(small_cnn)
grid:
  clusters: [[14, 15]]
  strategy: [none, oversample]
  seed: {first: 1, count: 3}
YAML
check "a small sweep" "$cellsweep" run "$TMP/s.yaml" -o "$TMP/s.h5" -q
check "its report" bash -c "'$cellsweep' report '$TMP/s.h5' -o '$TMP/report' 2>'$TMP/report.log'"

pictures svg # the figures of the others are looked at in their scripts, but for those of a style
page=$TMP/report/report.html
if [ -s build/web/page.html ]; then
    check "has the page" test -s "$page"
    check "with its data" grep -q '<script type="application/json" id="cellsweep-data">{"format":1,' "$page"
    check "and no text leaves its script" bash -c "! grep -q 'small </script>' '$page' && grep -q 'small .u003c/script>' '$page'"
    check "nor is anything fetched from elsewhere" bash -c "! grep -qE '<(script|link|img)[^>]+(src|href)=.?(https?:)?//' '$page'"
    check "and the marker is gone" bash -c "! grep -q 'cellsweep-data-->' '$page'"
    check "its first sentence names what was compared" grep -q ': clusters 14-15; strategies none, oversample; protocol holdout; 3 jobs a combination' "$page"
    check "pictures of cells are in it" grep -q '"sprite":"data:image/png;base64,' "$page"
    printf 'name: lengths\ndata: '"$CELLS.h5"'\nmodel: fake\nfake.milliseconds: 0\ngrid:\n  clusters: [[14, 15]]\n  train.epochs: [1, 2]\n' >"$TMP/lengths.yaml"
    "$cellsweep" run "$TMP/lengths.yaml" -o "$TMP/lengths.h5" -q && "$cellsweep" report "$TMP/lengths.h5" -o "$TMP/lengths" >"$TMP/lengths.log" 2>&1
    check "jobs of other lengths are not called equally long" grep -q '1 job a combination, up to 2 epochs' "$TMP/lengths/report.html"
    "$cellsweep" report "$TMP/lengths.h5" -o "$TMP/short" --filter train.epochs=1 >"$TMP/short.log" 2>&1
    check "those that a filter leaves are as long as they are" grep -q '1 job a combination, 1 epoch\.' "$TMP/short/report.html"
    check "images are counted that jobs saw" grep -q '2 of 2 jobs finished on 65 of 1000 synthetic images: clusters 14-15;' "$TMP/lengths/report.html"
    printf 'name: sizes\ndata: '"$CELLS"'\nprotocol: report\ntrain.epochs: 1\ngrid:\n  clusters: [[14, 15]]\n  image.size: [50, 16]\n' >"$TMP/sizes.yaml"
    "$cellsweep" run "$TMP/sizes.yaml" -o "$TMP/sizes.h5" -q && "$cellsweep" report "$TMP/sizes.h5" -o "$TMP/sizes" >"$TMP/sizes.log" 2>&1
    published() { grep -q "\"strategy\":\"none\",\"model\":\"cnn\",\"axis\":\[\"$1\"\],\"protocol\":\"tail\"" "$TMP/sizes/report.html"; }
    check "published curves are beside images of the report's size" published 50
    check_fails "and of no other" published 16
    mv "$TMP/s.cells.h5" "$TMP/moved.h5"
    check "a report without the images" bash -c "'$cellsweep' report '$TMP/s.h5' -o '$TMP/alone' --filter strategy=none 2>'$TMP/alone.log'"
    check "its sentence says what it is a part of" grep -q 'of which this is a part (Filter strategy=none: 3 of 6 jobs, 1 of 2 strategies)' "$TMP/alone/report.html"
    for name in final.md final.tex scores.md scores.tex fig2b.gp; do
        check "$name says what the filter left" grep -q 'Filter strategy=none: 3 of 6 jobs, 1 of 2 strategies' "$TMP/alone/$name"
    done
    check "in a comment, where it would be in the way" grep -q '^% Filter' "$TMP/alone/final.tex"
    check "final.csv begins with its header" bash -c "head -1 '$TMP/alone/final.csv' | grep -q '^clusters,strategy,'"
    check "says which are missing" grep -q 's.cells.h5: not there' "$TMP/alone.log"
    check "and shows no cells" grep -q '"cells":null' "$TMP/alone/report.html"
    printf 'data: moved.h5\ntrain: {epochs: 1}\ngrid: {clusters: [[14, 15]]}\n' >"$TMP/packed.yaml"
    case $cellsweep in /*) program=$cellsweep ;; *) program=$PWD/$cellsweep ;; esac
    check "a sweep of a packed dataset beside it" bash -c "cd '$TMP' && '$program' run packed.yaml -o packed.h5 -q"
    check "its report from another folder" "$cellsweep" report "$TMP/packed.h5" -o "$TMP/packed"
    check "finds the images" grep -q '"sprite":"data:image/png;base64,' "$TMP/packed/report.html"
else
    check "without the page all else is there" test -s "$TMP/report/fig4b.png"
    check "and no page" test ! -e "$page"
    check "and it says so" grep -q 'report.html is left out' "$TMP/report.log"
    skip "the page: it was not built"
fi

# Cluster 8 has fewer images than 10, but of it four times as many are drawn: 10 is the minority.
printf 'name: turned\ndata: '"$CELLS"'\ngrid:\n  clusters: [[8, 10]]\n  strategy: [none, oversample]\n  class_sizes: [[40, 10], [20, 5]]\n  seed: {first: 1, count: 2}\ntrain: {epochs: 1}\nimage.size: 20\n' >"$TMP/turned.yaml"
check "a sweep of drawn sizes" "$cellsweep" run "$TMP/turned.yaml" -o "$TMP/turned.h5" -q
check "its report" bash -c "'$cellsweep' report '$TMP/turned.h5' -o '$TMP/turned' >'$TMP/turned.log' 2>&1"
prevalence() { awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i } $c["set"] == "test" && $c["score"] == "prevalence" { print $c["mean"] }' "$TMP/turned/scores.csv" | sort -u; }
check "the class of which fewer are drawn is the positive one" test "$(prevalence)" = 0.2
check "nothing published is set beside it" bash -c "! grep -qi published '$TMP/turned/final.md' '$TMP/turned.log' && ! grep -q 'Training, published\|published_test_loss' '$TMP/turned/'fig*.gp '$TMP/turned/final.csv' && [ ! -e '$TMP/turned/claims.csv' ]"
ratio() { awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i } NR == 2 { print $c["test_ratio"] }' "$TMP/turned/final.csv"; }
check "10 of the 50 drawn images judge, 40 train" test "$(ratio)" = 0.25

# Accuracy against training size: originals, whatever a strategy makes of them; the figure shows the table.
size=$TMP/turned/training_size.csv
check "sizes of the same proportions are a table" test "$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next } { print $c["strategy"], $c["originals"], $c["n_train"] }' "$size" | sort -n -k2 | tr '\n' ';')" = "none 20 20;oversample 20 32;none 40 40;oversample 40 64;"
shown() { awk -F"$1" 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next } { printf "%s %.6f %.6f\n", $c["strategy"], $c[x], $c["balanced_accuracy"] }' x="$2" "$3" | sort; }
check "and a figure, which shows it" test "$(shown , originals "$size")" = "$(shown '\t' x "$TMP/turned/training_size_8-10.tsv")" -a -s "$TMP/turned/training_size_8-10.png"
check "which says what it counts" grep -q "Copies and augmented versions add none" "$TMP/turned/training_size_8-10.gp"
# Against what it costs: images that jobs saw, as the table of jobs has them.
cost=$TMP/turned/training_cost.csv
"$cellsweep" export "$TMP/turned.h5" --table jobs -o "$TMP/turned.jobs.csv"
saw() { awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next } { k = $c["strategy"] " " $c["class_sizes"]; n[k]++; s[k] += $c["n_train"] * $c["epochs_done"] } END { for (k in n) printf "%s %d\n", k, s[k] / n[k] }' "$1" | sort; }
check "images are those of the jobs" test "$(saw "$TMP/turned.jobs.csv")" = "$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next } { printf "%s %s %d\n", $c["strategy"], $c["class_sizes"], $c["images"] }' "$cost" | sort)"
fronts() { awk -F"$1" 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next } { printf "%d %.6f %d %d\n", $c["images"], $c["balanced_accuracy"], $c["front_images"], $c["front_seconds"] }' "$2" | sort; }
check "figures show them, and the fronts" test "$(fronts , "$cost")" = "$(for f in "$TMP"/turned/training_cost_*.tsv; do fronts '\t' "$f"; done | sort)"
check "that they are of means is said" grep -q "Pareto front of means" "$TMP/turned/training_cost_8-10_class_sizes=40-10.gp"

printf 'name: rates\ndata: '"$CELLS.h5"'\nmodel: fake\nfake.milliseconds: 0\ntrain.epochs: 1\ngrid:\n  clusters: [[8, 10]]\n  strategy: [none, oversample]\n  protocol: [{kfold: {folds: 3}}, tail]\n  train.learning_rate: [0.001, 0.01]\n  seed: {first: 1, count: 5}\n' >"$TMP/rates.yaml"
check "a sweep of folds and of tails" "$cellsweep" run "$TMP/rates.yaml" -o "$TMP/rates.h5" -q
check "its report" bash -c "'$cellsweep' report '$TMP/rates.h5' -o '$TMP/rates' >'$TMP/rates.log' 2>&1"
check "one training size alone is no curve" test -s "$TMP/rates/training_cost.csv" -a ! -e "$TMP/rates/training_size.csv"
folds=$TMP/rates/axis_learning_rate_8-10_kfold-3.gp
check "intervals of folds are said to be widened" grep -q "widened where splits share images" "$folds"
check_fails "and not to be too narrow" grep -q narrower "$folds"
check_fails "those of tails are not widened" grep -q widened "$TMP/rates/axis_learning_rate_8-10_tail.gp"
check_fails "nor are their bands" grep -q 'widened' "$TMP/rates/"fig4a_tail_learning_rate=0.01.gp
check "and the table says so" grep -q 'Under protocol tail jobs share test images' "$TMP/rates/final.md"
check_fails "which it does not of others" grep -q 'Under protocol tail' "$TMP/turned/final.md"
check "images of small draws are not called mostly seen" bash -c "'$cellsweep' report '$TMP/turned.h5' -o '$TMP/turned' --heatmaps >'$TMP/turned.log' 2>&1 && ! grep -q 'mostly seen' '$TMP'/turned/*.gp && ! grep -q 'most of which' '$TMP/turned/comparisons.md'"

# width FILE: pixels of a PNG, from its header.
width() { od -An -tu1 -j16 -N4 "$1" | awk '{print (($1 * 256 + $2) * 256 + $3) * 256 + $4}'; }
near() { [ $(($1 - $2)) -le 3 ] && [ $(($2 - $1)) -le 3 ]; }
pictures png svg pdf
check "figures for a column" "$cellsweep" report "$TMP/s.h5" -o "$TMP/single" --style single --heatmaps --filter strategy=none
for figure in fig1 fig2b heatmap_14-15_none_test; do
    looks "$figure is 85 mm wide at 300 dots an inch" near "$(width "$TMP/single/$figure.png")" 1004
done
# Four panels below each other with published curves: the highest figure there is. 240 mm are 2835 pixels.
printf 'name: sheet\ndata: '"$CELLS.h5"'\nprotocol: report\ntrain: {epochs: 1}\n'"$(small_cnn)"'\ngrid:\n  clusters: [[1, 27]]\n  strategy: [none, undersample, reweight, oversample, augment]\n  seed: {first: 1, count: 5}\n' >"$TMP/sheet.yaml"
check "a sweep beside published curves" "$cellsweep" run "$TMP/sheet.yaml" -o "$TMP/sheet.h5" -q
tallest() { for png in "$1"/*.png; do od -An -tu1 -j20 -N4 "$png" | awk '{print (($1 * 256 + $2) * 256 + $3) * 256 + $4}'; done | sort -n | tail -1; }
top=$(awk -F, '$1 == "1-27" && $2 != "none" && $4 == "loss" && $5 == 1 && $6 > top {top = $6} END {printf "%.3g", top}' experiments/published_curves.csv)
for style in single double slide; do
    [ $style = single ] || pictures png pdf
    check "figures of style $style" "$cellsweep" report "$TMP/sheet.h5" -o "$TMP/$style" --style $style --heatmaps
    looks "fit a sheet: $(tallest "$TMP/$style") pixels" test "$(tallest "$TMP/$style")" -le 2835
    looks "their texts are whole, apart and of 5 points or more" tests/program/figure_texts.sh 5 "$TMP/$style"/*.pdf
done
# Letters of 7 points, and of 9.5 * 7 / 12 in notes, are in SVG, 96 pixels an inch, of 9.33 and 7.39.
letters() { grep -ho 'font-size="[0-9.]*"' "$TMP/single/fig4c.svg" | tr -dc '0-9.\n' | sort -n | uniq; }
looks "letters of an SVG are as large as those of the others" test "$(letters | head -1)" = 7.00 -a "$(letters | grep -c '^7.39$\|^9.33$')" = 2
check "a published loss beyond its panel is told in it, $top" grep -q "^set label 1 'published: up to $top ↑' at graph 1,1 right" "$TMP/double/fig4c.gp"
check "and below the figure" noted "Where losses of it leave the picture" "$TMP/double/fig4c.gp"
pictures png
check "figures of a width" "$cellsweep" report "$TMP/s.h5" -o "$TMP/wide" --style column=120mm,font=10 --filter strategy=oversample
looks "are that wide" near "$(width "$TMP/wide/fig4b.png")" 1417
check_fails "a wrong style" "$cellsweep" report "$TMP/s.h5" -o "$TMP/wrong" --style tiny
check "leaves nothing" test ! -e "$TMP/wrong"
finish
