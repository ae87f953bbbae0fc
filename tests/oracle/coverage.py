#!/usr/bin/python3
"""coverage.py CELLSWEEP [SETS]: how often the 95 % intervals that `final` shows hold the value they are intervals of.

Draws SETS (60) data sets of two overlapping kinds of images, all from the same two distributions, runs a small sweep with
protocols kfold, holdout and report on each, and counts how often the interval of test balanced accuracy in final.csv
holds the mean over all data sets: what another data set of this size would give on average. Prints a line a protocol and
strategy: coverage of the intervals as they are shown, and of Student's t over the same jobs as if they were independent.
By hand, some minutes; needs numpy, scipy, Pillow (Debian: python3-numpy python3-scipy python3-pil)."""
import csv, os, subprocess, sys, tempfile
import numpy as np
from PIL import Image
from scipy import stats

SIZES, PIXELS, SEEDS = (45, 15), 16, 10
SWEEP = """name: coverage
data: cells.h5
image: {size: 16}
cnn: {blocks: [4, 8], dense: [8, 8], dropout: [0, 0.1, 0]}
train: {epochs: 12, batch: 16, learning_rate: 0.005}
grid:
  clusters: [[1, 2]]
  strategy: [reweight, balanced-batch]
  protocol: [{kfold: {folds: 5, repeats: 1}}, holdout, report]
  seed: {first: 1, count: %d}
""" % SEEDS


def draw(folder, number):
    """Blobs of noise; the second kind is a little wider and brighter than the first."""
    rng = np.random.default_rng(number)
    y, x = np.mgrid[0:PIXELS, 0:PIXELS]
    for kind, n in enumerate(SIZES):
        os.makedirs(f"{folder}/cells/cell_images/cluster_{kind + 1}")
        for i in range(n):
            cx, cy = rng.normal(7.5, 1.2, 2)
            width = rng.normal(3.0 + 0.7 * kind, 0.7)
            blob = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * max(width, 1) ** 2))
            image = np.clip(0.6 * blob + rng.normal(0.15, 0.12, blob.shape), 0, 1)
            Image.fromarray((255 * image).astype(np.uint8)).save(
                f"{folder}/cells/cell_images/cluster_{kind + 1}/cell_{kind}_{i}.png")


def run(program, number):
    """Rows of final.csv of one data set."""
    with tempfile.TemporaryDirectory() as folder:
        draw(folder, number)
        with open(f"{folder}/s.yaml", "w") as file:
            file.write(SWEEP)
        for line in (["data", "pack", "cells", "-o", "cells.h5", "--size", "16"], ["run", "s.yaml", "-o", "r.h5", "-q"],
                     ["export", "r.h5", "--table", "jobs", "-o", "jobs.csv"], ["report", "r.h5", "-o", "out", "--style", "single"]):
            subprocess.run([program, *line], cwd=folder, check=True, capture_output=True)
        with open(f"{folder}/out/final.csv") as file:
            return list(csv.DictReader(file))


def main():
    program, sets = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 60
    seen = {}
    for number in range(sets):
        for row in run(program, number):
            seen.setdefault((row["protocol"], row["strategy"]), []).append(
                [float(row["test_balanced_accuracy_" + part]) for part in ("mean", "sd", "low", "high")] + [int(row["n"])])
    print("protocol strategy n truth coverage_shown coverage_plain_t half_width_shown")
    for (protocol, strategy), rows in seen.items():
        mean, sd, low, high, n = np.array(rows).T
        truth = mean.mean()
        half = stats.t.ppf(0.975, n - 1) * sd / np.sqrt(n)
        print(protocol, strategy, int(n[0]), "%.3f" % truth, "%.2f" % np.mean((low <= truth) & (truth <= high)),
              "%.2f" % np.mean(abs(mean - truth) <= half), "%.3f" % np.mean((high - low) / 2))


if __name__ == "__main__":
    main()
