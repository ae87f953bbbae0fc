#!/usr/bin/python3
"""Fit every finished job of a sweep again with scikit-learn and xgboost, and compare what both say of all images.

    /usr/bin/python3 tests/oracle/models.py R.h5 CELLS.h5      (python3-sklearn, python3-xgboost, python3-h5py)

Of protocol holdout or kfold and strategies none and reweight, defaults of the models but for svm.kernel (jurkat-models.yaml is such a
sweep). A row of the table is a model of a pair. Where the model is deterministic, probabilities are equal to rounding and so is every
prediction that is not a tie within it; a forest is another one, so that the balanced accuracies of both are compared, paired by job: their mean difference must be
within its 99 % interval. Exit status 1 when something is not so.
"""
import os
import sys
from collections import defaultdict

import h5py
import numpy as np
from scipy import stats

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "golden"))
import baselines

# Of probabilities. libsvm stops within 1e-3 of the optimum, ours and scikit-learn's at another place there, as their kernel matrices are
# rounded otherwise.
TOLERANCE = {"knn": 1e-6, "logistic": 1e-4, "svm": 1e-3, "boost": 1e-5}


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


def theirs(model, kernel, x, y, trained, strategy, seed, epochs):
    w = baselines.weights(y[trained], strategy == "reweight", y.max() + 1)
    more = {"forest": {"trees": 100, "seed": seed}, "boost": {"rounds": epochs}, "svm": {"kernel": kernel}}.get(model, {})
    return getattr(baselines, model)(x[trained], y[trained], w, x, **more)


def half_width(d):
    return stats.t.ppf(0.995, len(d) - 1) * d.std(ddof=1) / len(d) ** 0.5 if len(d) > 1 else np.inf


def differ(p, q, tie):
    """Images that are predicted otherwise, and those of them whose two largest probabilities are further apart than a tie."""
    flips = p.argmax(1) != q.argmax(1)
    two = np.sort(q, 1)
    return int(flips.sum()), int((flips & (two[:, -1] - two[:, -2] > tie)).sum())


def verdict(model, off, wrong, d):
    return off <= TOLERANCE[model] and not wrong if model in TOLERANCE else abs(d.mean()) <= half_width(d)


def tell(rows):
    """The table, and how many of its rows are wrong."""
    bad = 0
    print(f"{'model':16} {'pair':6} {'strategy':9} {'jobs':>4} {'images':>7} {'worst p':>8} {'differ':>6} {'ours':>7} {'theirs':>7} difference")
    for (model, kernel, clusters, strategy), jobs in rows.items():
        off, flips, wrong, images = (f(k) for f, k in zip((max, sum, sum, sum), zip(*[j[:4] for j in jobs])))
        ours, others = np.array([j[4:] for j in jobs]).T
        d = ours - others
        right = verdict(model, off, wrong, d)
        bad += not right
        print(f"{model + ' ' + kernel:16} {clusters:6} {strategy:9} {len(jobs):4} {images:7} {off:8.1e} {flips:6} {ours.mean():7.4f} {others.mean():7.4f} "
              f"{d.mean():+.4f} +- {half_width(d):.4f} {'' if right else 'WRONG'}")
    return bad


def main():
    f, pixels = h5py.File(sys.argv[1]), h5py.File(sys.argv[2])["images/pixels"][:]
    rows = defaultdict(list)
    for j, row in enumerate(f["jobs"][:]):
        model, strategy, clusters = (row[k].decode() for k in ("model", "strategy", "clusters"))
        if f["state"][j] != 2 or not hasattr(baselines, model) or strategy not in ("none", "reweight"):
            continue
        kernel = (row["svm.kernel"].decode() if "svm.kernel" in row.dtype.names else "rbf") if model == "svm" else ""
        x, y, trained, p = of_job(f, pixels, j)
        q = theirs(model, kernel, x, y, trained, strategy, int(row["seed"]), int(f["epochs_done"][j]))
        rows[model, kernel, clusters, strategy].append(
            (abs(p - q).max(), *differ(p, q, 2 * TOLERANCE.get(model, 0)), len(y), *(balanced_accuracy(z[~trained], y[~trained]) for z in (p, q))))
    return 1 if tell(rows) or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
