#!/usr/bin/python3
"""Class probabilities of scikit-learn's and xgboost's own models on the rows that tests/worker/test_baselines.c
makes too: writes baselines.csv, of the models that
are named, without any of all (packages python3-sklearn, python3-xgboost)."""
import csv, os, sys
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
import xgboost

N_TRAIN, N_TEST, FLOATS = 90, 30, 100


def label(i, classes):
    return (i % 4 == 0) * 1 if classes == 2 else (0 if i % 6 < 3 else 1 if i % 6 < 5 else 2)


def rows(classes):
    i, j = np.arange(N_TRAIN + N_TEST)[:, None], np.arange(FLOATS)[None, :]
    y = np.array([label(k, classes) for k in range(N_TRAIN + N_TEST)])
    noise = (i * 7919 + j * 10473 + (i * j) % 97 * 31) % 1009 / 1009
    x = 0.5 * noise + 0.1 * y[:, None] * (j % 7 == y[:, None])
    return x.astype(np.float32), y


def weights(y, weighted, classes):
    count = np.bincount(y, minlength=classes)
    return (len(y) / (classes * count))[y] if weighted else np.ones(len(y))


def knn(x, y, w, test, k=5, weights="uniform"):
    return KNeighborsClassifier(k, weights=weights, algorithm="brute").fit(x, y).predict_proba(test)


def logistic(x, y, w, test, c=1.0):
    model = make_pipeline(StandardScaler(), LogisticRegression(C=c, solver="newton-cg", tol=1e-7, max_iter=10000))
    return model.fit(x.astype(float), y, logisticregression__sample_weight=w).predict_proba(test.astype(float))


def forest(x, y, w, test, trees=10000, seed=1, **rule):
    return RandomForestClassifier(trees, random_state=seed, n_jobs=1, **rule).fit(x, y, w).predict_proba(test)


def svm(x, y, w, test, **arguments):
    """The probabilities that worker/models/svm.c makes of decisions."""
    d = SVC(**arguments).fit(x.astype(float), y, w).decision_function(test.astype(float))
    d = np.stack([-d, 0 * d], 1) if d.ndim == 1 else d
    e = np.exp(d - d.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def boost(x, y, w, test, rounds=10, **arguments):
    classes = y.max() + 1
    how = {"objective": "binary:logistic"} if classes == 2 else {"objective": "multi:softprob", "num_class": classes}
    how |= {"tree_method": "hist", "nthread": 1} | arguments
    p = xgboost.train(how, xgboost.DMatrix(x, y, weight=w), rounds).predict(xgboost.DMatrix(test))
    return np.stack([1 - p, p], 1) if classes == 2 else p


CASES = [
    ("knn", "", {}, 0), ("knn", "knn.k=1", {"k": 1}, 0), ("knn", "knn.k=8;knn.weights=distance", {"k": 8, "weights": "distance"}, 0),
    ("logistic", "", {}, 0), ("logistic", "", {}, 1), ("logistic", "logistic.c=0.01", {"c": 0.01}, 1),
    ("forest", "forest.trees=3000", {}, 0), ("forest", "forest.trees=10000", {}, 1),
    ("forest", "forest.trees=3000;forest.depth=2;forest.leaf=4;forest.features=30",
     {"max_depth": 2, "min_samples_leaf": 4, "max_features": 30}, 1),
    ("svm", "", {}, 0), ("svm", "", {}, 1), ("svm", "svm.kernel=linear", {"kernel": "linear"}, 0),
    ("svm", "svm.c=3;svm.gamma=0.2", {"C": 3, "gamma": 0.2}, 1),
    ("boost", "train.epochs=10", {}, 0), ("boost", "train.epochs=10", {}, 1),
    ("boost", "train.epochs=25;boost.depth=2;boost.eta=0.1;boost.lambda=3",
     {"rounds": 25, "max_depth": 2, "eta": 0.1, "lambda": 3}, 1),
]



def write(only):
    """Rows of the models that are named, where some are: the others' rows stay."""
    path = os.path.join(os.path.dirname(__file__), "baselines.csv")
    kept = [row for row in csv.reader(open(path)) if only and row[0] not in only + ["model"]]
    with open(path, "w", newline="") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow(["model", "settings", "classes", "weighted", "sample", "p0", "p1", "p2"])
        out.writerows(kept)
        for model, settings, arguments, weighted in CASES:
            if only and model not in only:
                continue
            for classes in (2, 3):
                x, y = rows(classes)
                w = weights(y[:N_TRAIN], weighted, classes)
                p = globals()[model](x[:N_TRAIN], y[:N_TRAIN], w, x[N_TRAIN:], **arguments)
                for i, row in enumerate(p):
                    out.writerow([model, settings, classes, weighted, i] + [f"{v:.7g}" for v in row] + [0] * (3 - classes))


if __name__ == "__main__":
    write(sys.argv[1:])
