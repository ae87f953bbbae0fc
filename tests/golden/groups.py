"""groups.csv: folds that StratifiedGroupKFold of scikit-learn puts whole groups in.

A line is case, folds, group, its fold, its images of every class. Folds are numbered as groups first come to them: which of
several empty ones a group gets is rounding noise in scikit-learn. No two groups of a case have the same variance of class
counts, so that the order of dealing, and with it the outcome, does not depend on the shuffle.
Run: /usr/bin/python3 tests/golden/groups.py >tests/golden/groups.csv"""
import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

rng = np.random.default_rng(1)
print("case,folds,group,fold,class0,class1,class2")
n_cases = 0
while n_cases < 30:
    n_folds = int(rng.integers(2, 6))
    n_groups = int(rng.integers(3 * n_folds, 30))
    count = rng.integers(0, [40, 25, 12], (n_groups, 3))
    count[rng.random(count.shape) < 0.3] = 0
    if len(set(count.var(1).round(9))) < n_groups or (count.sum(1) == 0).any() or ((count > 0).sum(0) < 2 * n_folds).any():
        continue
    group = np.repeat(np.arange(n_groups), count.sum(1))
    label = np.concatenate([np.repeat(np.arange(3), c) for c in count])
    folds = StratifiedGroupKFold(n_folds).split(label, label, group)
    fold_of = {g: f for f, (_, judged) in enumerate(folds) for g in group[judged]}
    number = {f: k for k, f in enumerate(dict.fromkeys(fold_of[g] for g in range(n_groups)))}
    for g in range(n_groups):
        print(n_cases, n_folds, g, number[fold_of[g]], *count[g], sep=",")
    n_cases += 1
