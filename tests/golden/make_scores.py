"""python3 tests/golden/make_scores.py    writes tests/golden/scores.h5
200 sets of predictions scored by scikit-learn: ties, absent classes, one class only, NaN probabilities, two to six classes.
NaN stands where scikit-learn itself returns 0 or an error for something undefined."""
import math
import warnings

import h5py
import numpy as np
from sklearn import metrics as sk

warnings.simplefilter("ignore")
rng = np.random.default_rng(22)
NAMES = ["accuracy", "balanced_accuracy", "sensitivity", "specificity", "precision", "macro_f1", "g_mean", "mcc", "kappa", "auroc",
         "auprc", "prevalence", "brier", "ece"]
OF_CLASS = ["sensitivity", "specificity", "precision", "macro_f1", "auroc", "auprc", "prevalence"]
MAX_CLASSES = 6


def make_case(number):
    classes = 2 if number % 2 else int(rng.integers(3, MAX_CLASSES + 1))
    n = int(rng.integers(1, 60))
    present = np.arange(classes)
    kind = number % 10
    if kind in (2, 3):    # a class or more absent
        present = rng.choice(classes, size=max(1, classes - int(rng.integers(1, classes))), replace=False)
    weight = rng.dirichlet(np.ones(len(present)))
    label = rng.choice(present, size=n, p=weight)
    logit = rng.normal(size=(n, classes)) + 1.5 * np.eye(classes)[label] * rng.uniform(-0.3, 2)
    probs = np.exp(logit) / np.exp(logit).sum(1, keepdims=True)
    if kind in (4, 5):    # coarse values: many ties, exact zeros and ones
        probs = np.round(probs * 4) / 4
    if kind == 6:         # never predicts the first class
        probs[:, 0] = 0
    if kind == 7:         # always the same answer
        probs[:] = probs[0]
    probs = probs.astype(np.float32)
    if kind in (8, 9) and number % 20 < 10:
        probs[rng.integers(0, n)] = np.nan
    return classes, label, probs, int(rng.integers(0, classes))


def of_class(name, label, predicted, probs, c):
    truth, said, broken = label == c, predicted == c, np.isnan(probs).any()
    if name == "sensitivity":
        return sk.recall_score(truth, said) if truth.any() else math.nan
    if name == "specificity":
        return sk.recall_score(~truth, ~said) if (~truth).any() else math.nan
    if name == "precision":
        return sk.precision_score(truth, said) if said.any() else math.nan
    if name == "macro_f1":
        return sk.f1_score(truth, said) if truth.any() or said.any() else math.nan
    if name == "auroc":
        return math.nan if broken or truth.all() or not truth.any() else sk.roc_auc_score(truth, probs[:, c])
    if name == "auprc":
        return math.nan if broken or not truth.any() else sk.average_precision_score(truth, probs[:, c])
    return truth.mean()


def expected_calibration_error(label, predicted, probs):
    """The loop of Guo et al.'s published code, in float64."""
    confidence, right, total = probs.max(1).astype(float), predicted == label, 0.0
    for b in range(15):
        inside = (confidence > b / 15) & (confidence <= (b + 1) / 15)
        if inside.any():
            total += abs(right[inside].mean() - confidence[inside].mean()) * inside.mean()
    return total


def score(name, classes, label, predicted, probs, positive):
    present, broken = np.unique(label), np.isnan(probs).any()
    single = name in ("sensitivity", "specificity", "precision", "auroc", "auprc", "prevalence")
    if single and classes == 2:
        return of_class(name, label, predicted, probs, positive)
    if single:
        return np.mean([of_class(name, label, predicted, probs, c) for c in present])
    if name == "accuracy":
        return sk.accuracy_score(label, predicted)
    if name == "balanced_accuracy":
        return sk.balanced_accuracy_score(label, predicted)
    if name == "macro_f1":
        return sk.f1_score(label, predicted, labels=present, average="macro")
    if name == "g_mean":   # imbalanced-learn's geometric_mean_score of several classes, correction 0
        recall = sk.recall_score(label, predicted, labels=present, average=None)
        return float(np.prod(recall)) ** (1 / len(present)) if len(present) > 1 else math.nan
    if name == "mcc":
        one_answer = len(present) < 2 or len(np.unique(predicted)) < 2
        return math.nan if one_answer else sk.matthews_corrcoef(label, predicted)
    if name == "kappa":
        return sk.cohen_kappa_score(label, predicted)
    if broken:
        return math.nan
    if name == "brier":
        if classes == 2:
            # probabilities rounded to 1/4 do not always sum to one: score both columns
            return sum(sk.brier_score_loss(label == c, probs[:, c].astype(float), pos_label=True) for c in (0, 1))
        return np.mean(((probs.astype(float) - np.eye(classes)[label]) ** 2).sum(1))
    return expected_calibration_error(label, predicted, probs)


def main():
    cases = [make_case(i) for i in range(200)]
    expected = np.full((len(cases), len(NAMES)), np.nan)
    by_class = np.full((len(cases), MAX_CLASSES, len(OF_CLASS)), np.nan)
    for i, (classes, label, probs, positive) in enumerate(cases):
        # an image with NaN is predicted as a class that is never true
        predicted = np.where(np.isnan(probs).any(1), classes, np.nan_to_num(probs).argmax(1))
        expected[i] = [score(name, classes, label, predicted, probs, positive) for name in NAMES]
        for c in range(classes):
            by_class[i, c] = [of_class(name, label, predicted, probs, c) for name in OF_CLASS]
    padded = np.full((sum(len(c[1]) for c in cases), MAX_CLASSES), np.nan, np.float32)
    at = 0
    for classes, label, probs, _ in cases:
        padded[at:at + len(label), :classes] = probs
        at += len(label)
    with h5py.File("tests/golden/scores.h5", "w") as f:
        f.attrs["names"], f.attrs["of_class"] = np.bytes_(",".join(NAMES)), np.bytes_(",".join(OF_CLASS))
        f["n"] = np.array([len(c[1]) for c in cases], np.int32)
        f["classes"] = np.array([c[0] for c in cases], np.int32)
        f["positive"] = np.array([c[3] for c in cases], np.int32)
        f["label"] = np.concatenate([c[1] for c in cases]).astype(np.int32)
        f.create_dataset("probs", data=padded, compression=9, shuffle=True)
        f["expected"] = expected
        f.create_dataset("expected_of_class", data=by_class, compression=9, shuffle=True)


main()
