#!/usr/bin/env bash
# How many labels that were made wrong on purpose `export --table suspects` finds, and how many others it names: suspects.sh JURKAT [DIR]
#
# JURKAT: cell_images/cluster_N/cell_ID.png and clusters.csv (ID, N). In DIR (default suspects.out) every 50th cell of each of seven classes is
# given to another class, dealt to the others in turn; cells are then judged by models that did not train on them. Needs cellsweep in the PATH.
set -eu
from=$(realpath "$1") to=${2:-suspects.out} yaml=$(realpath "$(dirname "$0")/suspects.yaml")
mkdir "$to" && cd "$to"
mkdir flipped && cp -r "$from/cell_images" flipped/
awk -F, 'NR > 1 && ++n[$2] % 50 == 0 { print $1, $2, ($2 + k++ % 6) % 7 + 1 }' "$from/clusters.csv" >flipped.txt
while read -r cell class other; do mv "flipped/cell_images/cluster_$class/cell_$cell.png" "flipped/cell_images/cluster_$other/"; done <flipped.txt
cellsweep data pack flipped -o flipped.cells.h5 --size 28
cellsweep run "$yaml" -o suspects.h5 -q
cellsweep export suspects.h5 --table suspects -o suspects.csv
cellsweep export suspects.h5 --table predictions -o predictions.csv

# "agree": of the suspects that every seed alone names, too. "first": of as many of the surest as there are flipped cells.
awk -F, '
  function column(name,  i) { for (i = 1; i <= NF; i++) if ($i == name) return i }
  FILENAME == "flipped.txt" { split($0, part, " "); wrong[part[1]] = 1; next }
  FNR == 1 { s = column("strategy"); m = column("model"); i = column("image"); a = column("seeds_agree"); n = column("seeds"); next }
  { cell = $i; sub(/^.*cell_/, "", cell); group = $s "," $m }
  FILENAME == "predictions.csv" {
    if (!((group, cell) in judged)) { judged[group, cell] = 1; cells[group]++; flipped[group] += cell in wrong }
    next
  }
  !(group in named) { order[++groups] = group }
  { named[group]++; found[group] += cell in wrong
    if ($a == $n) { sure[group]++; found_sure[group] += cell in wrong }
    if (named[group] <= flipped[group]) found_first[group] += cell in wrong }
  function share(x, of) { return of ? sprintf("%.2f", x / of) : "-" }
  END {
    print "strategy,model,cells,flipped,suspects,found,precision,recall,precision_agree,recall_agree,precision_first"
    for (k = 1; k <= groups; k++) {
      g = order[k]
      print g "," cells[g] "," flipped[g] "," named[g] "," found[g] "," share(found[g], named[g]) "," share(found[g], flipped[g]) "," \
        share(found_sure[g], sure[g]) "," share(found_sure[g], flipped[g]) "," share(found_first[g], flipped[g])
    }
  }' flipped.txt predictions.csv suspects.csv
