#!/usr/bin/python3
"""Golden values of test_strategies, by imbalanced-learn 0.10 and scikit-learn 1.2.

    /usr/bin/python3 tests/golden/strategies.py > tests/golden/strategies.csv

Lines, by their first word; positions count the images of a case from 0, class after class:
    case,size,n_0,n_1[,n_2]         width of an image, images of each class; what follows is of this case
    pixels,position,...             size * size numbers
    smote,position,...              the 5 nearest of its class
    danger,class,...                positions that borderline-SMOTE starts from (m = 10)
    blend,position,partner,gap,...  the image SMOTE makes of them
    tomek,...                       positions that stay
    nearmiss,...                    positions that stay (version 1, 3 neighbours)
"""
import numpy as np
from imblearn.over_sampling import SMOTE, BorderlineSMOTE
from imblearn.under_sampling import NearMiss, TomekLinks

CASES = [(4, (24, 8), 0.05), (5, (20, 12, 7), 0.04), (6, (31, 30, 9), 0.02), (4, (60, 6), 0.04)]


def put(*fields):
    print(*("%.9g" % f if isinstance(f, (float, np.floating)) else f for f in fields), sep=",")


def largest(y):
    return np.bincount(y).max()


def neighbours(x, y):
    sampler = SMOTE(random_state=0)
    sampler.fit_resample(x, y)
    for c in range(y.max() + 1):
        where = np.flatnonzero(y == c)
        if len(where) == largest(y):
            continue
        sampler.nn_k_.fit(x[where])
        near = sampler.nn_k_.kneighbors(x[where], return_distance=False)[:, 1:]
        for i, row in zip(where, near):
            put("smote", i, *where[row])
    return sampler


def danger(x, y):
    sampler = BorderlineSMOTE(random_state=0)
    sampler.fit_resample(x, y)
    sampler.nn_m_.fit(x)
    for c in range(y.max() + 1):
        where = np.flatnonzero(y == c)
        if len(where) < largest(y):
            put("danger", c, *where[sampler._in_danger_noise(sampler.nn_m_, x[where], c, y, kind="danger")])


def blends(sampler, x, y, rng):
    where = np.flatnonzero(y == y.max())
    for _ in range(3):
        base, partner = rng.choice(where, 2, replace=False)
        gap = rng.random()
        made = sampler._generate_samples(x, x, np.full((len(x), 1), partner), np.array([base]),
                                         np.array([0]), np.array([[gap]]))
        print("blend", base, partner, "%.17g" % gap, *("%.9g" % v for v in made[0]), sep=",")


def main():
    rng = np.random.default_rng(3)
    for size, counts, shift in CASES:
        y = np.repeat(np.arange(len(counts)), counts)
        x = np.clip(0.25 + shift * y[:, None] + 0.25 * rng.random((len(y), size * size)), 0, 1)
        x = x.astype(np.float32).astype(np.float64)
        put("case", size, *counts)
        for i, row in enumerate(x):
            put("pixels", i, *row)
        sampler = neighbours(x, y)
        danger(x, y)
        blends(sampler, x, y, rng)
        tomek = TomekLinks()
        tomek.fit_resample(x, y)
        put("tomek", *sorted(tomek.sample_indices_))
        miss = NearMiss()
        miss.fit_resample(x, y)
        put("nearmiss", *sorted(miss.sample_indices_))


main()
