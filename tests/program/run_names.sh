#!/usr/bin/env bash
# Classes with names, from a folder in two commands to figures; names that a shell, LaTeX, a browser or a spreadsheet would obey; and
# names that numbered classes are given later.
. tests/lib.sh
C=$(realpath "$BUILD/cellsweep")
few_cells 8 10 14 15 && cd "$TMP" || exit 1

SAY='T "x", 50% $1_a\b <script>alert(1)</script>'
mkdir named && for k in "8:Polylobed" "10:CD8+ T-cell" "14:3" "15:$(printf 'long %.0s' $(seq 50))"; do
    mv "few/cell_images/cluster_${k%%:*}" "named/$(sed 's/ *$//' <<<"${k#*:}")"
done
cat >s.yaml <<YAML
data: named.h5
image.size: 12
train.epochs: 1
keep_weights: true
grid:
  clusters: [["CD8+ T-cell", Polylobed], [Polylobed, "03"], all]
  strategy: [none, oversample]
  seed: [1, 2]
YAML
check "a folder of names is packed" "$C" data pack named --size 12 -o named.h5
check "and run" "$C" run s.yaml -o r.h5 -q
check "and drawn" "$C" report r.h5 -o fig
check "info says names, numbers first" bash -c "'$C' data info named.h5 | grep -A1 '^  class ' | tail -1 | grep -q '^  3 '"
check "plan says names" bash -c "'$C' plan s.yaml | grep -q '^0  *\"CD8+ T-cell\"-Polylobed  *none'"
check "on two ranks the bits are the same" bash -c "mpirun --oversubscribe -n 2 '$C' run s.yaml -o two.h5 -q && h5diff r.h5 two.h5 /predictions /predictions"
check "a name with a quote of the filter's own" bash -c "'$C' export r.h5 --table jobs --filter 'clusters=\"CD8+ T-cell\"-Polylobed|Polylobed-3,seed=1' | wc -l | grep -qx 5"
sed 's/Polylobed/Polylobd/' s.yaml >bad.yaml
check_fails "a name that is not there" "$C" plan bad.yaml
"$C" plan bad.yaml 2>err
check "is told with file, line, and the nearest" grep -q 'bad.yaml:6: clusters: "Polylobd" is not in the data (named) (did you mean "Polylobed"?); it has 4 classes: 3, "CD8+ T-cell", "Polylobed", "long' err

one='clusters="CD8+ T-cell"-Polylobed,strategy=none,seed=1'
check "columns of export" bash -c "'$C' export r.h5 --table predictions --filter '$one' | head -1 | grep -qx 'job,key,clusters,strategy,protocol,seed,fold,repeat,model,chosen_on,set,image,cluster,copy,predicted,probability_CD8+ T-cell,probability_Polylobed'"
check "of predict, in the same order" bash -c "'$C' predict r.h5 named/Polylobed --filter '$one' | head -1 | grep -qx 'image,id,predicted,probability_CD8+ T-cell,probability_Polylobed,masked,votes,jobs,spread,copy_of,distance,usual_distance'"
check "of scores" bash -c "'$C' export r.h5 --table scores --filter '$one' | head -1 | grep -q ',recall_CD8+ T-cell,precision_CD8+ T-cell,auroc_CD8+ T-cell,recall_Polylobed,precision_Polylobed,auroc_Polylobed\$'"
check "numbers stand before texts" bash -c "'$C' export r.h5 --table predictions --filter clusters=Polylobed-3 | head -1 | grep -q ',probability_3,probability_Polylobed\$'"
"$C" export r.h5 --table predictions --filter 'clusters=Polylobed-3,strategy=none,seed=1' >reversed.csv
check "probabilities stand below their own class" awk -F, '$11 == "all" {if ($15 != ($16 > $17 ? "3" : "Polylobed")) bad = 1; n++} END {exit bad || n < 50}' reversed.csv
check "ONNX files say their classes" bash -c "'$C' export r.h5 --weights --filter '$one' -o models && grep -qa '\"CD8+ T-cell\"-Polylobed' models/*.onnx"
check "tables have them" grep -q '^"""CD8+ T-cell""-Polylobed",' fig/final.csv
check "figures have them" grep -q "CD8+ T-cell and Polylobed" fig/fig4_*.gp
check "a heatmap's axes, cut where they are long" grep -q "'CD8+ T-cell' 1, 'Polylobed' 2, 'long long long long l\.\.\.' 3\|'long long long long\.\.\.' 3" fig/heatmap_all_none_test.gp
check "its data has them whole" grep -qP "long long long long long long long long" fig/heatmap_all_none_test.tsv
check "no figure is left out" bash -c 'for f in fig/*.gp; do [ -s "${f%.gp}.svg" ] || exit 1; done'

# ---- names given later ----
mv named/Polylobed few/cell_images/cluster_8 && mv "named/CD8+ T-cell" few/cell_images/cluster_10
rm -f few/clusters.csv
printf 'cluster,name\n8,"%s"\n10,-Folded\n' "${SAY//\"/\"\"}" >names.csv
cat >n.yaml <<YAML
data: few
labels: names.csv
image.size: 12
train.epochs: 1
keep_weights: true
grid:
  clusters: [['$SAY', -Folded]]
  strategy: [none, oversample]
  seed: [1, 2]
YAML
sed "/^labels/d; s/\[\['.*/[[8, 10]]/" n.yaml >plain.yaml
check "a sweep with names of its own" "$C" run n.yaml -o n.h5 -q
check "the same without" "$C" run plain.yaml -o plain.h5 -q
check "has its keys" bash -c "diff <('$C' export n.h5 --table epochs | grep -o '[0-9a-f]\{32\}') <('$C' export plain.h5 --table epochs | grep -o '[0-9a-f]\{32\}')"
check "and its bits" h5diff n.h5 plain.h5 /predictions /predictions
check "numbers choose jobs, too" bash -c "'$C' export n.h5 --table jobs --filter clusters=8-10,seed=1 | wc -l | grep -qx 3"
for way in n.h5 "plain.h5 --names names.csv"; do
    check "$way: report" "$C" report $way -o hostile
    check "no page runs a name" bash -c "! grep -q '<script>alert' hostile/report.html"
    check "LaTeX has it escaped" bash -c 'grep -q "50\\\\% \\\\\$1\\\\_a" hostile/final.tex && ! grep -q "[^\\\\]%.*_a" hostile/final.tex'
    check "$way: its figures are drawn, the report's by its letter" test -s hostile/fig4a.svg
    check "no name is a formula" bash -c "! '$C' export $way --table predictions | grep -qE '(^|,)\"?[-=@+][A-Za-z]'"
    rm -rf hostile
done
printf '8,A\n10,A\n' >twice.csv
check_fails "two classes of one name" "$C" report plain.h5 -o x --names twice.csv
printf '8,a`b\n' >bad.csv
check_fails "a name with a backquote" "$C" report plain.h5 -o x --names bad.csv
printf '8,A\n10,B\n8.0,C\n' >again.csv
check_fails "a class that is named twice" "$C" report plain.h5 -o x --names again.csv
"$C" report plain.h5 -o x --names again.csv 2>err
check "is told with both lines" grep -q 'again.csv:3: class 8 has its name in line 1 already' err
sed 's/^labels.*/labels: {8: A, 08: B}/; s/\[\[.*/[[8, 10]]/' n.yaml >again.yaml
check_fails "in a sweep, too" "$C" plan again.yaml
check "data info has --names" bash -c "'$C' data info few --names names.csv | grep -A2 '^  class  ' | grep -q '^  -Folded  *45 '"
check "data pack, too" bash -c "'$C' data pack few -o few.h5 --names names.csv --list few.csv | grep -q ' \"-Folded\": 45'"
check "its numbers stay" bash -c "'$C' data info few.h5 | grep -q '^ *10  *45 '"

# ---- names that come, change and go with the sweep file of a finished sweep ----
cp plain.h5 kept.h5
sed '/^grid/i labels: {8: Polylobed, 10: Folded}' plain.yaml >later.yaml
check "names for a finished sweep" bash -c "'$C' run later.yaml -o plain.h5 2>err && grep -q 'classes have other names now; 4 finished jobs kept, 0 to run' err"
check "are in its file" bash -c "'$C' export plain.h5 --table jobs | grep -q ',Polylobed-Folded,'"
check "its numbers are what they were" h5diff plain.h5 kept.h5 /predictions /predictions
check "its jobs, too" h5diff plain.h5 kept.h5 /jobs /jobs
check "once" bash -c "'$C' run later.yaml -o plain.h5 2>err && grep -q 'going on; 4 jobs finished before' err"
sed -i 's/{8: Polylobed, 10: Folded}/{10: Polylobed}/' later.yaml
check "a name that another class had" "$C" run later.yaml -o plain.h5 -q
check "is that of its new class alone" bash -c "'$C' export plain.h5 --table jobs | grep -q ',8-Polylobed,'"
printf '8,Polylobed\n' >other.csv
check "--names goes before what the file says" bash -c "'$C' export plain.h5 --table jobs --names other.csv | grep -q ',Polylobed-10,'"
check "without names" bash -c "'$C' run plain.yaml -o plain.h5 -q && '$C' export plain.h5 --table jobs | grep -q ',8+10,'"
finish
