"""python3 tests/golden/make_calibration.py    writes tests/golden/calibration.h5
120 pairs of a val and a test set: recalibrated by scipy's minimisers and plain numpy, scored by scikit-learn. Sharp and
soft networks, other shares of classes than were trained on, ties, exact zeros and ones, val sets that are separated, test sets
of one class. NaN stands where something is undefined."""
import math
import warnings

import h5py
import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.special import log_softmax
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression

warnings.simplefilter("ignore")
rng = np.random.default_rng(5)
NAMES = ["accuracy", "balanced_accuracy", "nll", "brier", "reliability", "resolution", "uncertainty", "within_bins", "ece", "slope",
         "intercept"]
HOW = ["none", "prior", "temperature"]
MAX_CLASSES, BINS, CASES = 5, 10, 120
TINY = float(np.finfo(np.float32).tiny)


def make_set(classes, n, share, sharpness, shift, every):
    label = rng.choice(classes, size=n, p=share)
    if every:
        label[:classes] = np.arange(classes)
    logit = sharpness * (rng.normal(size=(n, classes)) + 1.2 * np.eye(classes)[label]) + shift
    return label, np.exp(log_softmax(logit, axis=1)).astype(np.float32)


def make_case(number):
    classes = 2 if number % 3 else int(rng.integers(3, MAX_CLASSES + 1))
    share, sharpness = rng.dirichlet(2 * np.ones(classes)), rng.choice([0.3, 1, 4, 30])
    shift = rng.normal(size=classes)
    val = make_set(classes, int(rng.integers(classes + 1, 60)), share, sharpness, shift, True)
    test = make_set(classes, int(rng.integers(5, 150)), share, sharpness, shift, number % 10 != 3)
    if number % 10 == 4:    # coarse values: many ties, of two classes zeros and ones
        # thirds: a cut between quarters is never one of them, which only rounding could decide
        val, test = [(label, np.round(p * k) / k + 0.01 * (classes > 2)) for k, (label, p) in ((4, val), (3, test))]
        val, test = [(label, (p / p.sum(1, keepdims=True)).astype(np.float32)) for label, p in (val, test)]
    if number % 10 == 5:    # a val set without a mistake
        val = (val[0], (0.4 / classes + 0.6 * np.eye(classes)[val[0]]).astype(np.float32))
    if number % 10 == 6:    # only one class is tested
        test = (np.full(len(test[0]), test[0][0]), test[1])
    return classes, val, test, rng.dirichlet(3 * np.ones(classes)), int(rng.integers(0, classes))


def logs(p):
    return np.log(np.maximum(p.astype(float), TINY))


def fit_temperature(label, p):
    z, rows = logs(p), np.arange(len(label))
    if (p.max(1) == p[rows, label]).all():
        return 1.0
    loss = lambda b: -log_softmax(b * z, axis=1)[rows, label].mean()
    slope = lambda b: ((np.exp(log_softmax(b * z, axis=1)) * z).sum(1) - z[rows, label]).mean()
    low, high = 1 / 20, 1 / 0.05
    if slope(low) >= 0 or slope(high) <= 0:
        return 1 / (low if slope(low) >= 0 else high)
    b = brentq(slope, low, high, xtol=1e-15, rtol=1e-14)
    # a minimum: the search for one ends at the square root of the rounding
    assert loss(b) <= minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-10}).fun + 1e-12
    return 1 / b


def recalibrate(how, p, weight, temperature):
    """Probabilities and their logarithms, these without a floor of their own."""
    log_q = {"none": logs(p), "prior": logs(p) + np.log(weight), "temperature": logs(p) / temperature}[how]
    if how == "none":
        return p.astype(float), log_q
    q = np.maximum(p.astype(float), TINY) * weight if how == "prior" else np.exp(log_softmax(log_q, axis=1))
    return q / q.sum(1, keepdims=True), log_q


def tuned_cut(label, log_q, positive):
    """The lowest of the best cuts of the log odds, by trying all of them; 0 where all are worse; two classes."""
    odds = log_q[:, positive] - log_q[:, 1 - positive]
    seen, best, cut = np.unique(odds), sk.balanced_accuracy_score(label == positive, odds > 0) - 2e-12, 0.0
    for low, high in zip(seen[:-1], seen[1:]):
        middle = (low + high) / 2
        value = sk.balanced_accuracy_score(label == positive, odds > middle)
        if value > best + 1e-12:
            best, cut = value, middle
    return cut


def logs64(q):
    return np.log(np.maximum(q, TINY))


def ece(label, q):
    confidence, right, total = q.max(1), q.argmax(1) == label, 0.0
    for b in range(15):
        inside = (confidence > b / 15) & (confidence <= (b + 1) / 15)
        total += abs(right[inside].mean() - confidence[inside].mean()) * inside.mean() if inside.any() else 0
    return total


def parts(y, q):
    """Reliability, resolution, uncertainty of one class, and what the bins hide, by scikit-learn's curve where it can."""
    bins = np.clip(np.ceil(q * BINS).astype(int) - 1, 0, BINS - 1)
    n = np.array([(bins == b).sum() for b in range(BINS)])
    share, mean = np.zeros(BINS), np.zeros(BINS)
    used = n > 0
    share[used] = [y[bins == b].mean() for b in range(BINS) if used[b]]
    mean[used] = [q[bins == b].mean() for b in range(BINS) if used[b]]
    edges = np.isin(np.linspace(0, 1, BINS + 1)[1:-1], q).any() or np.isclose(q * BINS, np.round(q * BINS)).any()
    if not edges and len(np.unique(y)) == 2:    # its bins are closed below, so only where nothing lies on an edge
        theirs = calibration_curve(y, q, n_bins=BINS)
        assert np.allclose(theirs[0], share[used]) and np.allclose(theirs[1], mean[used])
    reliability, resolution = (n * (mean - share) ** 2).sum() / len(y), (n * (share - y.mean()) ** 2).sum() / len(y)
    uncertainty = y.mean() * (1 - y.mean())
    return np.array([reliability, resolution, uncertainty, ((q - y) ** 2).mean() - (reliability - resolution + uncertainty)])


def line(y, q, others):
    x = logs64(q) - logs64(others)
    if y.all() or not y.any() or x[y].max() <= x[~y].min() or x[~y].max() <= x[y].min():
        return math.nan, math.nan
    fit = LogisticRegression(penalty="none", solver="newton-cholesky", tol=1e-14, max_iter=10000).fit(x[:, None], y)
    return fit.coef_[0, 0], fit.intercept_[0]


def score(label, q, predicted, classes, positive):
    rows, every = np.arange(len(label)), range(classes)
    present = [positive] if classes == 2 else np.unique(label)
    lines = np.array([line(label == c, q[:, c], np.delete(q, c, 1).sum(1)) for c in present])
    split = sum(parts((label == c).astype(float), q[:, c]) for c in every)
    whole = np.isclose(q.sum(1), 1).all() and (q[rows, label] > 1e-12).all()
    nll = sk.log_loss(label, q, labels=list(every), eps=1e-300) if whole else -logs64(q[rows, label]).mean()
    brier = sum(sk.brier_score_loss(label == c, np.clip(q[:, c], 0, 1), pos_label=True) for c in every)
    return [sk.accuracy_score(label, predicted), sk.balanced_accuracy_score(label, predicted), nll, brier, *split, ece(label, q),
            *lines.mean(0)]


def main():
    cases = [make_case(i) for i in range(CASES)]
    expected = np.full((CASES, 3, 2, len(NAMES)), np.nan)
    temperature, cut = np.ones(CASES), np.full((CASES, 3), np.nan)
    for i, (classes, val, test, trained, positive) in enumerate(cases):
        weight = np.bincount(val[0], minlength=classes) / len(val[0]) / trained
        temperature[i] = fit_temperature(*val)
        for h, how in enumerate(HOW):
            (_, log_val), (q, log_q) = [recalibrate(how, p, weight, temperature[i]) for _, p in (val, test)]
            expected[i, h, 0] = score(test[0], q, q.argmax(1), classes, positive)
            if classes == 2:
                cut[i, h] = tuned_cut(val[0], log_val, positive)
                says = log_q[:, positive] - log_q[:, 1 - positive] > cut[i, h]
                expected[i, h, 1] = score(test[0], q, np.where(says, positive, 1 - positive), classes, positive)
    with h5py.File("tests/golden/calibration.h5", "w") as f:
        f.attrs["names"] = np.bytes_(",".join(NAMES))
        f["classes"] = np.array([c[0] for c in cases], np.int32)
        f["positive"] = np.array([c[4] for c in cases], np.int32)
        f["trained"] = np.array([np.pad(c[3], (0, MAX_CLASSES - c[0])) for c in cases])
        f["temperature"], f["cut"] = temperature, cut
        f.create_dataset("expected", data=expected, compression=9, shuffle=True)
        for at, name in ((1, "val"), (2, "test")):
            f[f"n_{name}"] = np.array([len(c[at][0]) for c in cases], np.int32)
            f[f"label_{name}"] = np.concatenate([c[at][0] for c in cases]).astype(np.int32)
            rows = [np.pad(c[at][1], ((0, 0), (0, MAX_CLASSES - c[0]))) for c in cases]
            f.create_dataset(f"probs_{name}", data=np.concatenate(rows).astype(np.float32), compression=9, shuffle=True)


main()
