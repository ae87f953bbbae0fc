#!/usr/bin/python3
"""Fit every finished job of a sweep again with scikit-learn and xgboost, and compare what both say of all images.

    /usr/bin/python3 tests/oracle/models.py R.h5 CELLS.h5      (python3-sklearn, python3-xgboost, python3-h5py)

Of protocol holdout or kfold and strategies none and reweight, defaults of the models. Probabilities are equal to rounding where the
model is deterministic; a forest is another one, so that the balanced accuracies of both are compared, paired by job: their mean
difference must be within its 99 % interval. Exit status 1 when something is not so.
"""
import os
import sys
from collections import defaultdict

import h5py
import numpy as np
from scipy import stats

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "golden"))
import baselines

TOLERANCE = {"knn": 1e-6, "logistic": 1e-4, "svm": 1e-4, "boost": 1e-5}


def balanced_accuracy(p, y):
    hit = p.argmax(1) == y
    return np.mean([hit[y == c].mean() for c in np.unique(y)])


def of_job(f, pixels, j):
    """Pixels, labels, trained on or not, and our probabilities of all images of a job."""
    a, first, first_p, n = f["predictions/all"], *(f[f"predictions/all/{k}"][j] for k in ("first", "first_probability", "count"))
    classes = (f["classes/job"][j] >= 0).sum()
    image, label, role = (a[k][first : first + n] for k in ("image", "label", "role"))
    p = a["probability"][first_p : first_p + n * classes].reshape(n, classes)
    return pixels[image].reshape(n, -1), label, role == 0, p


def theirs(model, x, y, trained, strategy, seed, epochs):
    w = baselines.weights(y[trained], strategy == "reweight", y.max() + 1)
    more = {"forest": {"trees": 100, "seed": seed}, "boost": {"rounds": epochs}}.get(model, {})
    return getattr(baselines, model)(x[trained], y[trained], w, x, **more)


def main():
    f, pixels = h5py.File(sys.argv[1]), h5py.File(sys.argv[2])["images/pixels"][:]
    worst, pairs, bad = defaultdict(float), defaultdict(list), 0
    for j, row in enumerate(f["jobs"][:]):
        model, strategy, clusters = (row[k].decode() for k in ("model", "strategy", "clusters"))
        if f["state"][j] != 2 or not hasattr(baselines, model) or strategy not in ("none", "reweight"):
            continue
        x, y, trained, p = of_job(f, pixels, j)
        q = theirs(model, x, y, trained, strategy, int(row["seed"]), int(f["epochs_done"][j]))
        if model in TOLERANCE:
            worst[model, clusters, strategy] = max(worst[model, clusters, strategy], abs(p - q).max())
        else:
            pairs[model, clusters, strategy].append([balanced_accuracy(z[~trained], y[~trained]) for z in (p, q)])
    for key, off in worst.items():
        bad += off > TOLERANCE[key[0]]
        print("ok   " if off <= TOLERANCE[key[0]] else "WRONG", *key, f"worst probability {off:.1e}")
    for key, both in pairs.items():
        ours, others = np.array(both).T
        d = ours - others
        half = stats.t.ppf(0.995, len(d) - 1) * d.std(ddof=1) / len(d) ** 0.5
        bad += abs(d.mean()) > half
        print("ok   " if abs(d.mean()) <= half else "WRONG", *key, f"balanced accuracy {ours.mean():.4f}, theirs {others.mean():.4f}, "
              f"difference {d.mean():+.4f} +- {half:.4f} (n {len(d)})")
    return 1 if bad or not (worst or pairs) else 0


if __name__ == "__main__":
    sys.exit(main())
