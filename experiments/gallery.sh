#!/usr/bin/env bash
# gallery.sh DATA: what the program finds on real cells, as pictures with their numbers, in experiments/gallery/. DATA has the labelled
# images as folders `jurkat`, `wbc` and `pneumonia`. Packed cells, results and whole reports stay in gallery/. `make gallery` calls it.
# RANKS (1): of mpirun. What is written there is what the tables of the reports say; only the words between are typed.
set -eu
cd "$(dirname "$0")/.."
data=${1:?"usage: experiments/gallery.sh DATA (with the folders jurkat, wbc and pneumonia)"} ranks=${RANKS:-1} program=${BUILD:-build}/cellsweep out=experiments/gallery
for name in jurkat wbc pneumonia; do
    [ -d "$data/$name" ] || { echo "gallery: $data/$name: no such folder; say where the images are: make gallery DATA=folder" >&2; exit 2; }
done
mkdir -p gallery "$out"
for name in jurkat wbc pneumonia; do
    # 1: some images cannot be packed, and are named
    "$program" data pack "$data/$name" -o "gallery/$name.cells.h5" --size 28 >"gallery/$name.pack" || [ $? = 1 ]
done
for name in jurkat seven wbc pneumonia; do
    mpirun --oversubscribe -n "$ranks" "$program" run "experiments/gallery-$name.yaml" -o "gallery/$name.h5"
    "$program" report "gallery/$name.h5" -o "gallery/$name" --style column=140mm,font=8 >"gallery/$name.txt"
done

# found NAME: the sentences of the report.
found() { sed -n '/^Sweep /,/^gallery\//p' "gallery/$1.txt" | sed '/^gallery\//d;s/$/\n/'; }
# seen PICTURE FROM TITLE: copy a figure; its heading and itself.
seen() { cp "gallery/$2" "$out/$1" && printf '\n## %s\n\n![%s](%s)\n\n' "$3" "$3" "$1"; }

{
    cat <<'END'
# Gallery: real cells, and one of chest X-rays

Pictures that `cellsweep report` drew of real labelled images, and the numbers behind them, written by one command (two minutes of a core):

    make gallery DATA=path/to/labelled-images     # with the folders jurkat, wbc, pneumonia

Numbers and sentences are copied from the tables of the reports (`final.csv`, `comparisons.csv`) by `experiments/gallery_table.sh`.
Intervals and tests allow for folds that share images (Nadeau and Bengio 2003); p is adjusted by Holm for the comparisons of its
setting. "Better" is said where that p is below 0.05, and nowhere else.

Jurkat nuclei in seven phases of the cell cycle: Blasi et al. 2016, Nat. Commun. 7:10256 (images: minh-doan/MLCP, BSD-3-Clause); 1 G1, 2 G2,
3 S, 4 prophase, 5 metaphase, 6 telophase, 7 anaphase. White blood cells with hand-drawn outlines: Zheng et al. 2018, Micron 107
(zxaoyou/segmentation_WBC); 1 neutrophil, 2 lymphocyte, 3 monocyte, 4 eosinophil.
PneumoniaMNIST, chest X-rays of children and no cells: Yang et al. 2023, Sci. Data 10:41 (CC BY 4.0), of Kermany et al. 2018, Cell 172; 1 normal,
2 pneumonia.
END
    seen jurkat-kfold.png jurkat/summary_kfold-5.png "Jurkat, two pairs, judged on cells no model saw"
    cat <<'END'
A row a strategy, a panel a pair; small dots are single folds, bars 95 % intervals, the dashed line is `none`. A bracket joins it with what differs
from it, by p adjusted over the whole sweep; a dashed one, by p adjusted in its setting alone, as in the table. Sweep: `experiments/gallery-jurkat.yaml`.

END
    experiments/gallery_table.sh gallery/jurkat kfold:5
    echo && found jurkat
    seen jurkat-report.png jurkat/summary_report.png "The same pairs by the published protocol"
    cat <<'END'
Rebalanced first and split then: copies of training images come into the test set. What leaks is hollow, on red, and no estimate of what new
cells would give; with three runs a setting no difference can be significant.

END
    experiments/gallery_table.sh gallery/jurkat report
    seen jurkat-curves.svg jurkat/fig4_4-5_kfold-5.svg "How they learn: clusters 4 and 5"
    echo 'Mean over 15 runs, five folds by three seeds, with a 95 % interval. No epoch was chosen: the last one is reported.'
    seen jurkat-seven.png seven/heatmap_all_oversample_test.png "All seven phases"
    cat <<'END'
Every image judged once, by a model that did not see it: rows are the actual phase, in percent. Sweep: `experiments/gallery-seven.yaml`.

END
    experiments/gallery_table.sh gallery/seven kfold:5
    echo && found seven
    seen wbc.png wbc/summary.png "White blood cells, masked by their outlines"
    echo 'Sweep: `experiments/gallery-wbc.yaml`.' && echo
    experiments/gallery_table.sh gallery/wbc kfold:5
    echo && found wbc
    seen pneumonia.png pneumonia/summary.png "Pneumonia, on the published split"
    cat <<'END'
Trained on the published `train`, judged on the published `test`, once by each of five seeds: intervals are over initial weights and the order of
images, not over other patients. `val` is left alone, nothing is tuned. Sweep: `experiments/gallery-pneumonia.yaml`; tuned on `val`, beside
published numbers: [a published table](../README.md#a-published-table-pneumoniamnist).

END
    experiments/gallery_table.sh gallery/pneumonia given
    echo && found pneumonia
    cat <<'END'
## What they do not say

- One network, the report's with 16 and 32 filters (`cnn.blocks`), on images of 28 pixels, trained for 8 to 20 epochs; nothing was tuned. Longer training or
  another model can change the order: see [which model](../README.md#which-model).
- Intervals are over folds and seeds of these images. They say nothing of another laboratory, donor or microscope.
- The smaller classes have a few dozen cells: a fold judges a handful of them, and its accuracy moves in large steps.
- "No evidence" is not "the same": with so few folds a difference of several hundredths goes unseen.
END
} >"$out/README.md.new"
mv "$out/README.md.new" "$out/README.md"
echo "$out: $(ls "$out" | wc -l) files, $(du -cb "$out"/* | tail -1 | cut -f1) bytes"
