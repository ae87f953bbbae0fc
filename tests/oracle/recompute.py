#!/usr/bin/python3
"""Recompute the tables of `cellsweep report` from the results file alone, with numpy, scipy and scikit-learn.

    /usr/bin/python3 tests/oracle/recompute.py R.h5 REPORT_DIR [CELLS.h5]

Written from the definitions in results/*.h, not from the C sources: nothing is shared with the product. Every check prints its
worst difference; the exit status is 1 when one is above its tolerance. CELLS.h5 (the packed dataset) adds leak from pixels.
"""
import csv
import functools
import itertools
import math
import os
import sys

import h5py
import numpy as np
import yaml
from scipy import optimize, special, stats
from sklearn import metrics as sk

FIXED = ["key", "clusters", "strategy", "protocol", "seed", "fold", "repeat", "model"]
ALPHA = 0.05


class Checks:
    """Worst difference of every kind of number, with the place where it was."""

    def __init__(self):
        self.worst = {}

    def number(self, kind, ours, theirs, where, tolerance=1e-6):
        theirs = math.nan if theirs in ("", None) else float(theirs)
        if math.isnan(ours) and math.isnan(theirs):
            gap = 0.0
        elif math.isnan(ours) or math.isnan(theirs):
            gap = math.inf
        else:
            gap = abs(ours - theirs) / max(1.0, abs(ours))
        n, worst, place, _ = self.worst.get(kind, (0, -1.0, "", 0))
        if gap > worst:
            worst, place = gap, f"{where}: {ours:.9g} against {theirs:.9g}"
        self.worst[kind] = (n + 1, worst, place, tolerance)

    def same(self, kind, ours, theirs, where):
        self.number(kind, 0.0, 0.0 if ours == theirs else math.inf, f"{where}: {ours!r} against {theirs!r}", 0)

    def close(self):
        bad = 0
        for kind, (n, worst, place, tolerance) in sorted(self.worst.items()):
            wrong = worst > tolerance
            bad += wrong
            print(f"{'WRONG' if wrong else 'ok':5} {kind:44} n {n:7d}  worst {worst:.2g}" + (f"  {place}" if wrong else ""))
        return bad


def plain_cell(x):
    """A value of /jobs; what a job does not read is NaN or empty, and here always empty."""
    if isinstance(x, bytes):
        return x.decode()
    return "" if isinstance(x.item(), float) and math.isnan(x) else x.item()


class Sweep:
    def __init__(self, path):
        f = h5py.File(path, "r")
        self.f = f
        raw = f["jobs"][:]
        self.jobs = [{n: plain_cell(r[n]) for n in raw.dtype.names} for r in raw]
        self.axes = [n for n in raw.dtype.names if n not in FIXED]
        strategies = {x for job in self.jobs for x in job["strategy"].split("+")}
        self.own = [n for n in self.axes if n.split(".")[0] in strategies]  # axes that only a strategy reads
        self.state = f["state"][:]
        self.epochs = f["judged_epoch"][:]
        self.has_val = "val" in f["metrics"]
        self.curves = {(s, m): f[f"metrics/{s}/{m}"][:].astype(float) for s in ("train", "test") for m in f["metrics/train"]}
        self.val_curve = f["metrics/val/balanced_accuracy"][:].astype(float) if self.has_val else None
        self.epochs_done = f["epochs_done"][:]
        self.seconds = f["finished"][:] - f["started"][:]
        self.attempts = f["attempts"][:]
        for name in ("n_train", "n_test", "leak"):
            for row, value in zip(self.jobs, f[name][:].tolist()):
                row[name] = value
        self.n_classes = (f["classes/job"][:] >= 0).sum(1)
        sets = ("val", "test", "all") if self.has_val else ("test", "all")
        self.image = {s: self.parts(f"predictions/{s}", "image") for s in sets}
        self.label = {s: self.parts(f"predictions/{s}", "label") for s in sets}
        self.prob = {s: self.parts(f"predictions/{s}", "probability", "first_probability", self.n_classes) for s in sets}
        self.role = self.parts("predictions/all", "role") if "predictions/all/role" in f else None
        self.confusion = {s: self.matrices(s) for s in ("test", "all")}
        self.config = yaml.safe_load(f.attrs["yaml_resolved"])
        self.groups = {}
        for j in range(len(self.jobs)):
            self.groups.setdefault(self.cell(j), []).append(j)

    def parts(self, group, what, first="first", columns=None):
        """What every job wrote into a dataset of predictions: (count,), or (count, columns) of the job."""
        all_jobs, starts, counts = self.f[f"{group}/{what}"][:], self.f[f"{group}/{first}"][:], self.f[f"{group}/count"][:]
        if columns is None:
            return [all_jobs[a:a + n] for a, n in zip(starts, counts)]
        return [all_jobs[a:a + n * c].reshape(n, c) for a, n, c in zip(starts, counts, columns)]

    def matrices(self, on):
        all_jobs, starts = self.f[f"confusion/{on}"][:], self.f["confusion/first"][:]
        return [all_jobs[a:a + c * c].reshape(c, c) for a, c in zip(starts, self.n_classes)]

    def cell(self, j, without=()):
        job = self.jobs[j]
        return tuple((n, job[n]) for n in ["clusters", "strategy", "protocol", "model"] + self.axes if n not in without)

    def done(self, group):
        return sorted((j for j in self.groups[group] if self.state[j] == 2),
                      key=lambda j: (self.jobs[j]["seed"], self.jobs[j]["repeat"], self.jobs[j]["fold"]))

    def predictions(self, jobs, on):
        y, p = [], []
        for j in jobs:
            used = self.image[on][j] >= 0
            y.append(self.label[on][j][used])
            p.append(self.prob[on][j][used])
        return np.concatenate(y), np.concatenate(p).astype(float)

    def split(self, jobs):
        """What tells the split of jobs apart: the images that each of them judges, in whatever order of jobs."""
        return frozenset(frozenset(self.image["test"][j][self.image["test"][j] >= 0].tolist()) for j in jobs)

    def pooled(self, group):
        """Several splits, and some of them drawn again, as few groups leave it: runs of one split are one value, their mean."""
        protocol, keeps = dict(group)["protocol"], dict(group).get("groups", self.config.get("groups", "none"))
        if keeps == "none" and protocol not in ("tail", "given"):
            return False
        draws = {}
        for j in self.done(group):
            draws.setdefault((self.jobs[j]["seed"], self.jobs[j]["repeat"]), []).append(j)
        most = max((len(js) for js in draws.values()), default=0)
        splits = [self.split(js) for js in draws.values() if len(js) == most]
        return 1 < len(set(splits)) < len(splits)

    def pool(self, group, values, units):
        """One value a split, the mean of its runs; units: jobs of each value."""
        if not self.pooled(group):
            return list(values)
        by = {}
        for value, jobs in zip(values, units):
            by.setdefault(self.split(jobs), []).append(value)
        mean = lambda v: float(np.nanmean(v)) if not all(map(math.isnan, v)) else math.nan
        return [mean(v) for v in by.values()]

    def shared(self, j):
        """Share of the judging images whose group is one of an image that is trained on."""
        name = [g.decode() for g in self.f["images"]["group"]]
        used = self.image["all"][j] >= 0
        taught = {name[i] for i in self.image["all"][j][used & (self.role[j] == 0)]} - {""}
        judged = [name[i] for i in self.image["test"][j] if i >= 0]
        return sum(g in taught for g in judged) / len(judged)

    def folds(self, group):
        protocol = dict(group)["protocol"]
        return int(protocol.split(":")[1]) if protocol.startswith("kfold") else 0

    def units(self, group, on):
        """(seed, repeat, fold) -> jobs that are judged together."""
        out = {}
        for j in self.done(group):
            job = self.jobs[j]
            out.setdefault((job["seed"], job["repeat"], 0 if on == "oof" else job["fold"]), []).append(j)
        if on == "oof":
            k = self.folds(group)
            out = {u: js for u, js in out.items() if k > 1 and len(js) == k}
        return out


# ---- what one set of predictions is worth ----

def pixels_of(cells):
    """Number of the first image with the same pixels, for every image of a packed dataset."""
    with h5py.File(cells, "r") as f:
        name = "images/pixels"
        seen, out = {}, []
        for i, image in enumerate(f[name][:]):
            out.append(seen.setdefault(image.tobytes(), i))
    return np.array(out)


def balanced(y, predicted):
    present = np.unique(y)
    return float(np.mean([np.mean(predicted[y == c] == c) for c in present])) if len(present) else math.nan


def score(name, y, p, c, positive):
    """A score by scikit-learn (or its definition), NaN where undefined."""
    if len(y) == 0:
        return math.nan
    predicted = p.argmax(1)
    present = np.unique(y)
    matrix = sk.confusion_matrix(y, predicted, labels=range(c)).astype(float)
    tp, truth, told, n = np.diag(matrix), matrix.sum(1), matrix.sum(0), matrix.sum()

    def ratio(a, b):
        return a / b if b > 0 else math.nan
    of = {
        "sensitivity": lambda k: ratio(tp[k], truth[k]),
        "specificity": lambda k: ratio(n - truth[k] - told[k] + tp[k], n - truth[k]),
        "precision": lambda k: ratio(tp[k], told[k]),
        "macro_f1": lambda k: ratio(2 * tp[k], truth[k] + told[k]),
        "auroc": lambda k: sk.roc_auc_score(y == k, p[:, k]) if 0 < truth[k] < n else math.nan,
        "auprc": lambda k: sk.average_precision_score(y == k, p[:, k]) if truth[k] > 0 else math.nan,
        "prevalence": lambda k: truth[k] / n,
    }
    if name in of:
        if c == 2 and name != "macro_f1":
            return float(of[name](positive))
        return float(np.mean([of[name](k) for k in present]))
    if name == "accuracy":
        return sk.accuracy_score(y, predicted)
    if name == "balanced_accuracy":
        return balanced(y, predicted)
    if name == "g_mean":
        return float(stats.gmean([of["sensitivity"](k) for k in present])) if len(present) > 1 else math.nan
    if name == "mcc":
        spread = (n * n - (truth ** 2).sum()) * (n * n - (told ** 2).sum())
        return sk.matthews_corrcoef(y, predicted) if spread > 0 else math.nan
    if name == "kappa":
        chance = (truth * told).sum() / n ** 2
        return ratio(tp.sum() / n - chance, 1 - chance)
    if name == "brier":
        return float(np.mean(((p - np.eye(c)[y]) ** 2).sum(1)))
    if name == "ece":
        confidence, right = p.max(1), predicted == y
        bins = np.clip(np.ceil(confidence * 15) - 1, 0, 14)
        return float(sum(abs(right[bins == b].mean() - confidence[bins == b].mean()) * (bins == b).mean()
                         for b in np.unique(bins)))
    raise KeyError(name)


def published(y, p, batch):
    """Mean over batches of (sensitivity + specificity) / 2 of the flattened, rounded one-hot outputs."""
    values = []
    for at in range(0, len(y), batch):
        truth = np.eye(p.shape[1])[y[at:at + batch]]
        said = np.round(p[at:at + batch])
        sensitivity = (truth * said).sum() / (truth.sum() + 1e-7)
        specificity = ((1 - truth) * (1 - said)).sum() / ((1 - truth).sum() + 1e-7)
        values.append((sensitivity + specificity) / 2)
    return float(np.mean(values))


def check_jobs(s, checks, pixel):
    for j, job in enumerate(s.jobs):
        if s.state[j] != 2:
            continue
        where, last = f"job {j}", s.epochs[j] - 1
        for on in ("test", "all"):
            y, p = s.predictions([j], on)
            c = int(y.max(initial=0)) + 1
            matrix = sk.confusion_matrix(y, p.argmax(1), labels=range(c)) if len(y) else np.zeros((c, c), int)
            stored = s.confusion[on][j]
            checks.same(f"confusion {on} from predictions", matrix.tolist(), stored[:c, :c].tolist(), where)
        y, p = s.predictions([j], "test")
        checks.number("stored accuracy", float(np.mean(p.argmax(1) == y)), s.curves["test", "accuracy"][j, last], where)
        checks.number("stored balanced accuracy", balanced(y, p.argmax(1)), s.curves["test", "balanced_accuracy"][j, last], where)
        used = p[:, :int(s.label["all"][j].max()) + 1]
        loss = float(np.mean(-np.log(np.maximum(used[np.arange(len(y)), y], 1e-7))))
        checks.number("stored loss", loss, s.curves["test", "loss"][j, last], where, 3e-6)
        batch = int(job["train.batch"]) if "train.batch" in s.axes else s.config["train.batch"]
        checks.number("stored as published", published(y, used, batch),
                      s.curves["test", "balanced_accuracy_as_published"][j, last], where, 2e-6)
        checks.same("n_test", len(y), job["n_test"], where)
        if s.role is not None and pixel is not None:
            trained = s.image["all"][j][(s.role[j] == 0) & (s.image["all"][j] >= 0)]
            test = s.image["test"][j][s.image["test"][j] >= 0]
            leak = int(np.isin(pixel[test], pixel[trained]).sum())
            if any(x in job["strategy"] for x in ("smote", "mixup", "augment")) and job["protocol"] in ("report", "tail"):
                checks.same("leak at least that of origins", leak <= job["leak"], True, where)
            else:
                checks.same("leak from pixels", leak, job["leak"], where)


def check_splits(s, checks):
    for group in s.groups:
        protocol = dict(group)["protocol"]
        for unit, jobs in s.units(group, "oof").items():
            judged = np.concatenate([s.image["test"][j][s.image["test"][j] >= 0] for j in jobs])
            drawn = np.unique(judged)
            checks.same("every image judged once a repeat", len(judged), len(drawn), f"{group} {unit}")
        if protocol in ("holdout",) or protocol.startswith("kfold"):
            for j in s.done(group):
                if s.role is None:
                    continue
                judged = set(s.image["test"][j][s.image["test"][j] >= 0])
                trained = set(s.image["all"][j][(s.role[j] == 0) & (s.image["all"][j] >= 0)])
                checks.same("no judged image is trained on", len(judged & trained), 0, f"job {j}")


# ---- what groups of jobs are worth ----

def drawn(s, j):
    """Originals that a job may use: class_sizes, else all of its classes."""
    sizes = dict(s.cell(j)).get("class_sizes", s.config.get("class_sizes"))
    if isinstance(sizes, str) and sizes and sizes[0].isdigit():
        sizes = [int(x) for x in sizes.split("-")]
    return sum(sizes) if isinstance(sizes, list) else int((s.image["all"][j] >= 0).sum())


def positive_of(s, j):
    """The class with the fewest originals, the later on a tie; of two classes the drawn numbers decide."""
    sizes = dict(s.cell(j)).get("class_sizes", s.config.get("class_sizes"))
    if isinstance(sizes, str) and sizes and sizes[0].isdigit():
        sizes = [int(x) for x in sizes.split("-")]
    if not isinstance(sizes, list):
        used = s.image["all"][j] >= 0
        sizes = np.bincount(s.label["all"][j][used]).tolist()
    return max(range(len(sizes)), key=lambda c: (-sizes[c], c))


def ratio_of(s, group):
    """n_test / n_train of the splits of a group, NaN where runs share no images that a test must allow for."""
    protocol, jobs = dict(group)["protocol"], s.done(group)
    if protocol in ("tail", "given") or not jobs:
        return math.nan
    shares = []
    for j in jobs:
        n_test = s.jobs[j]["n_test"]
        n_train = s.jobs[j]["n_train"] if protocol == "report" else drawn(s, j) - n_test
        if n_test > 0 and n_train > 0:
            shares.append(n_test / n_train)
    return float(np.mean(shares)) if shares else math.nan


def interval(x, ratio, least=-math.inf, most=math.inf):
    """mean, sd and the 95 % interval of Student's t, corrected for overlap, cut to what is possible."""
    x = np.array([v for v in x if not math.isnan(v)])
    n = len(x)
    if n == 0:
        return n, math.nan, math.nan, math.nan, math.nan
    if n == 1:
        return n, x[0], math.nan, math.nan, math.nan
    sd = x.std(ddof=1)
    half = stats.t.ppf(0.975, n - 1) * sd * math.sqrt(1 / n + (0 if math.isnan(ratio) else ratio))
    return n, x.mean(), sd, max(least, x.mean() - half), min(most, x.mean() + half)


def last_values(s, jobs, side, metric):
    return [s.curves[side, metric][j, s.epochs[j] - 1] for j in jobs]


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as f:
        return list(csv.DictReader(f))


def plain(text):
    """A text of a table as it is in the results file: a spreadsheet would take 4-5 for a date, =x for a formula."""
    text = text[1:] if text.startswith("'") else text
    return text.replace("+", "-") if text.replace("+", "").isdigit() else text


def same_value(a, b):
    a, b = plain(str(a)), str(b)
    try:
        return a == b or float(a) == float(b)
    except ValueError:
        return False


def strategy_text(s, group):
    """A strategy with the axes that only it reads: smote (k 3)."""
    of = dict(group)
    own = [f"{k.split('.', 1)[1]} {of[k]:g}" if isinstance(of[k], float) else f"{k.split('.', 1)[1]} {of[k]}" for k in s.own if of[k] != ""]
    return f"{of['strategy']} ({', '.join(own)})" if own else of["strategy"]


def group_of(s, row, **fixed):
    want = {**{k: row[k] for k in ["clusters", "strategy", "protocol", "model"] + s.axes if k in row}, **fixed}
    if "strategy" in fixed:  # its text says what its axes are
        want = {k: v for k, v in want.items() if k not in s.own}
    found = [g for g in s.groups if all(same_value(want[k], v) for k, v in g if k in want and k not in fixed) and
             all(same_value(v, strategy_text(s, g) if k == "strategy" else dict(g)[k]) for k, v in fixed.items())]
    if len(found) != 1:
        raise SystemExit(f"a row of the tables is of {len(found)} groups: {want}")
    return found[0]


def check_final(s, checks, path):
    for row in rows_of(path):
        group = group_of(s, row)
        jobs, where = s.done(group), f"final {dict(group)}"
        checks.same("final n", len(s.pool(group, jobs, [[j] for j in jobs])), int(row["n"]), where)
        checks.same("final jobs", len(s.groups[group]), int(row["jobs"]), where)
        ratio = ratio_of(s, group)
        for side, metric in s.curves:
            values = s.pool(group, last_values(s, jobs, side, metric), [[j] for j in jobs])
            _, mean, sd, low, high = interval(values, ratio, 0, math.inf if metric == "loss" else 1)
            for name, ours in (("mean", mean), ("sd", sd), ("low", low), ("high", high)):
                checks.number(f"final {name}", ours, row[f"{side}_{metric}_{name}"], f"{where} {side}_{metric}", 2e-6)
        every = [balanced(*(lambda y, p: (y, p.argmax(1)))(*s.predictions([j], "all"))) for j in jobs]
        _, mean, _, low, high = interval(s.pool(group, every, [[j] for j in jobs]), math.nan, 0, 1)
        for name, ours in (("mean", mean), ("low", low), ("high", high)):
            checks.number(f"final all {name}", ours, row[f"all_balanced_accuracy_{name}"], where, 2e-6)
        for name in ("n_train", "n_test", "leak"):
            checks.number(f"final {name}", float(np.mean([s.jobs[j][name] for j in jobs])) if jobs else math.nan,
                          row[f"{name}_mean"], where)


BOUNDS = {"mcc": (-1, 1), "kappa": (-1, 1), "brier": (0, 2)}


@functools.lru_cache(maxsize=None)
def unit_values(s, group, on, metric):
    """(seed, repeat, fold) -> value."""
    out = {}
    for unit, jobs in s.units(group, on).items():
        if on == "test" and metric in ("loss", "balanced_accuracy_as_published"):
            out[unit] = last_values(s, jobs, "test", metric)[0]
            continue
        y, p = s.predictions(jobs, "all" if on == "all" else "test")
        c = int(s.label["all"][jobs[0]].max()) + 1
        out[unit] = score(metric, y, p[:, :c], c, positive_of(s, jobs[0]))
    return out


def check_scores(s, checks, path):
    for row in rows_of(path):
        group, on, name = group_of(s, row), row["set"], row["score"]
        values = s.pool(group, list(unit_values(s, group, on, name).values()), list(s.units(group, on).values()))
        ratio = ratio_of(s, group) if on == "test" else math.nan
        n, mean, sd, low, high = interval(values, ratio, *BOUNDS.get(name, (0, 1)))
        where = f"{name} of {on}, {dict(group)}"
        checks.same("scores n", n, int(row["n"]), where)
        for kind, ours in (("mean", mean), ("sd", sd), ("low", low), ("high", high)):
            checks.number(f"scores {kind}", ours, row[kind], where, 3e-6)


# ---- tests ----

def sign_flip(d):
    d = np.asarray(d)
    n, target = len(d), abs(d.sum()) * (1 - 1e-9)
    if n > 20:
        return None  # the product draws: judged by its own n
    signs = np.array(list(itertools.product((1, -1), repeat=n)), dtype=float) if n <= 14 else None
    if signs is not None:
        return float(np.mean(np.abs(signs @ d) >= target - 1e-12))
    count = 0
    for block in itertools.product((1, -1), repeat=n - 14):
        rest = np.array(list(itertools.product((1, -1), repeat=14)), dtype=float) @ d[n - 14:]
        count += int((np.abs(rest + np.dot(block, d[:n - 14])) >= target - 1e-12).sum())
    return count / 2 ** n


def wilcoxon(d, size):
    """Exact two-sided p of the signed ranks: zeros dropped, ties with their mean rank, all signs counted."""
    d = np.round(np.asarray(d) / size, 12)
    d = d[d != 0]
    if len(d) == 0 or len(d) > 50:
        return math.nan if len(d) == 0 else None
    ranks = np.round(2 * stats.rankdata(np.abs(d))).astype(int)
    ways = np.ones(1)
    for rank in ranks:
        ways = np.concatenate([ways, np.zeros(rank)]) + np.concatenate([np.zeros(rank), ways])
    at = ranks[d > 0].sum()
    return float(min(1, 2 * min(ways[:at + 1].sum(), ways[at:].sum()) / 2.0 ** len(d)))


def holm(p):
    order = [i for i in np.argsort([math.inf if math.isnan(x) else x for x in p], kind="stable") if not math.isnan(p[i])]
    out, worst = [math.nan] * len(p), 0.0
    for rank, i in enumerate(order):
        worst = max(worst, min(1.0, p[i] * (len(order) - rank)))
        out[i] = worst
    return out


def varies(d, size):
    return max(d) - min(d) > 1e-6 * size


def tested(pairs, ratio):
    """n, means, difference, low, high, p, p of the sign flip; pairs: [(first, second)]."""
    pairs = [(a, b) for a, b in pairs if not (math.isnan(a) or math.isnan(b))]
    n = len(pairs)
    names = ("first", "second", "mean", "low", "high", "p", "flip", "wilcoxon")
    none = {"n": 0, **dict.fromkeys(names, math.nan)}
    if n == 0:
        return none
    a, b = np.array(pairs).T
    d = a - b
    out = dict(none, n=n, first=a.mean(), second=b.mean(), mean=d.mean())
    if n < 2:
        return out
    out["flip"] = sign_flip(d)
    size = max(np.abs(a).max(), np.abs(b).max())
    out["wilcoxon"] = wilcoxon(d, size)
    if not varies(d, size):
        out["low"] = out["high"] = out["mean"]
        out["p"] = 1.0 if abs(out["mean"]) <= 1e-6 * size else (out["flip"] if n <= 20 else None)
        return out
    if math.isnan(ratio):
        out["p"] = out["flip"]
        if n < 30:
            _, _, _, out["low"], out["high"] = interval(d, math.nan)
        else:
            out["low"] = out["high"] = None  # bootstrap: checked to lie near Student's t
            _, _, _, out["near_low"], out["near_high"] = interval(d, math.nan)
        return out
    _, _, _, out["low"], out["high"] = interval(d, ratio)
    sd = d.std(ddof=1)
    out["p"] = float(2 * stats.t.sf(abs(d.mean()) / (sd * math.sqrt(1 / n + ratio)), n - 1))
    return out


def check_test(checks, kind, row, ours, where):
    checks.same(f"{kind} n", ours["n"], int(row["n"]), where)
    checks.number(f"{kind} difference", ours["mean"], row["difference"], where, 2e-6)
    for name in ("low", "high"):
        if ours[name] is not None:
            cut = max(-1.0, min(1.0, ours[name]))  # two balanced accuracies are never further apart
            checks.number(f"{kind} interval", cut, row[name], f"{where} {name}", 3e-6)
        elif row[name]:
            width = ours["near_high"] - ours["near_low"]
            checks.number(f"{kind} bootstrap interval against t", ours["near_" + name] / width, float(row[name]) / width, where, 0.25)
    if ours["p"] is not None and row["p"] != "":
        checks.number(f"{kind} p", ours["p"], row["p"], where, 3e-6)
    if ours["flip"] is not None and row["p_sign_flip"] != "":
        checks.number(f"{kind} sign flip", ours["flip"], row["p_sign_flip"], where, 1e-9)
    if ours["wilcoxon"] is not None:
        checks.number(f"{kind} Wilcoxon", ours["wilcoxon"], row["p_wilcoxon"], where, 1e-9)


def shared_ratio(s, group, on):
    """Of a paired test: only splits of the same originals are corrected for, runs of different seeds are compared by sign flips."""
    protocol = dict(group)["protocol"]
    return ratio_of(s, group) if on != "oof" and (protocol == "holdout" or protocol.startswith("kfold")) else math.nan


def paired(s, first, second, a, b, jobs_a, jobs_b):
    """Pairs of values by unit; those of runs of one split are one pair, their mean."""
    pools, by = (s.pooled(first), s.pooled(second)), {}
    for u in a:
        if u not in b or math.isnan(a[u]) or math.isnan(b[u]):
            continue
        split = (s.split(jobs_a[u]) if pools[0] else None, s.split(jobs_b[u]) if pools[1] else None)
        by.setdefault(split if any(pools) else u, []).append((a[u], b[u]))
    return [tuple(np.mean(pairs, axis=0)) for pairs in by.values()]


def check_comparisons(s, checks, path):
    rows, families = rows_of(path), {}
    for row in rows:
        on, metric = row["set"], row["metric"]
        factor = row.get("factor", "strategy")
        first, second = (group_of(s, row, **{factor: row[k]}) for k in ("first", "second"))
        a, b = unit_values(s, first, on, metric), unit_values(s, second, on, metric)
        jobs, ratio = (s.units(first, on), s.units(second, on)), None
        if factor == "groups":  # their values share no split: means of seeds are paired
            jobs = [{x: [j for j in s.done(g) if s.jobs[j]["seed"] == x] for x in {u[0] for u in v}} for g, v in ((first, a), (second, b))]
            a, b, ratio = by_seed(a), by_seed(b), math.nan
        ours = tested(paired(s, first, second, a, b, *jobs), ratio if ratio is not None else np.fmax(shared_ratio(s, first, on), shared_ratio(s, second, on)))
        where = f"{on} {dict(first)} against {row['second']}"
        if on == "all":
            checks.number("comparisons difference", ours["mean"], row["difference"], where, 2e-6)
            checks.same("no p on images that were trained on", row["p"], "", where)
            continue
        check_test(checks, "comparisons", row, ours, where)
        checks.number("comparisons means", ours["first"], row["first_mean"], where, 2e-6)
        checks.number("comparisons means", ours["second"], row["second_mean"], where, 2e-6)
        key = (on, factor) + tuple((k, v) for k, v in first if k != factor and not (factor == "strategy" and k in s.own))
        families.setdefault(key, []).append(row)
    for key, family in families.items():
        p = [float(r["p"]) if r["p"] else math.nan for r in family]
        for row, adjusted in zip(family, holm(p)):
            checks.number("comparisons Holm", adjusted, row["p_holm"], f"{key} {row['first']} {row['second']}", 1e-6)
            if not math.isnan(adjusted):
                checks.same("comparisons family", sum(not math.isnan(x) for x in p), int(row["comparisons"]), str(key))
            verdict = row["verdict"].split(" ")[0].rstrip(",")
            if verdict in ("better", "worse"):
                checks.same("verdict only with p", adjusted < ALPHA, True, str(key))
                checks.same("verdict's direction", verdict == "better", float(row["difference"]) > 0, str(key))


def by_seed(values):
    out = {}
    for (seed, _, _), v in values.items():
        if not math.isnan(v):
            out.setdefault(seed, []).append(v)
    return {k: float(np.mean(v)) for k, v in out.items()}


def check_leak(s, checks, path):
    families = {}
    for row in rows_of(path):
        against, _, groups = row["against"].partition(", groups ")
        with_leak, without = group_of(s, row), group_of(s, row, protocol=against, **({"groups": groups} if groups else {}))
        a, b = (by_seed(unit_values(s, g, "test", row["metric"] if "metric" in row else "balanced_accuracy"))
                for g in (with_leak, without))
        shared = sorted(set(a) & set(b))
        where = f"leak {dict(with_leak)} against {row['against']}"
        share = [s.shared(j) if groups else s.jobs[j]["leak"] / s.jobs[j]["n_test"] for j in s.done(with_leak)]
        checks.number("leak share", float(np.mean(share)) if share else math.nan, row["leak_share"], where)
        if share and float(np.mean(share)) == 0 and not groups:
            checks.same("nothing inflated without leak", row["verdict"].startswith("inflated"), False, where)
        if len(shared) >= 2:
            seeds = [{x: [j for j in s.done(g) if s.jobs[j]["seed"] == x] for x in shared} for g in (with_leak, without)]
            ours = tested(paired(s, with_leak, without, a, b, *seeds), math.nan)
            check_test(checks, "leak", row, ours, where)
            checks.number("leak means", ours["first"], row["mean"], where, 2e-6)
            checks.number("leak means", ours["second"], row["mean_against"], where, 2e-6)
        families.setdefault(tuple((k, row[k]) for k in ["clusters", "model"] + s.axes if k not in s.own), []).append(row)
    for key, family in families.items():
        for row, adjusted in zip(family, holm([float(r["p"]) if r["p"] else math.nan for r in family])):
            checks.number("leak Holm", adjusted, row["p_holm"], str(key))


def check_rankings(s, checks, path, metric="balanced_accuracy"):
    tables = {}
    for row in rows_of(path):
        beside = {"strategy": "model", "model": "strategy"}[row["ranked"]]
        tables.setdefault(tuple((k, row[k]) for k in ["ranked", "set", "protocol", beside] + s.axes), []).append(row)
    for key, rows in tables.items():
        want = dict(key)
        is_own = want["ranked"] == "strategy"
        want = {k: v for k, v in want.items() if not (is_own and k in s.own)}
        ranked = [r["value"] for r in rows]
        value, n = [], int(rows[0]["data_sets"])
        for clusters in dict.fromkeys(j["clusters"] for j in s.jobs):
            groups = [[g for g in s.groups if all(same_value(v, dict(g)[k]) for k, v in want.items() if k in dict(g))
                       and dict(g)["clusters"] == clusters and (strategy_text(s, g) if is_own else dict(g)[want["ranked"]]) == x] for x in ranked]
            if all(len(g) == 1 for g in groups):
                means = [np.nanmean(list(unit_values(s, g[0], want["set"], metric).values()) or [math.nan]) for g in groups]
                if not any(math.isnan(m) for m in means):
                    value.append(np.round(means, 7))
        if len(value) != n:
            continue  # settings with a flaw were left out
        ranks = np.mean([stats.rankdata(-np.array(v)) for v in value], axis=0)
        for row, rank in zip(rows, ranks):
            checks.number("rankings average rank", rank, row["average_rank"], str(key), 1e-8)
        if rows[0]["friedman_chi2"] and len(ranked) > 2:
            chi2, p = stats.friedmanchisquare(*np.array(value).T)
            checks.number("rankings Friedman", chi2, rows[0]["friedman_chi2"], str(key), 1e-6)
            checks.number("rankings Friedman p", p, rows[0]["friedman_p"], str(key), 1e-6)


# ---- what picking the epoch on the test set feigns ----

def check_selection(s, checks, path):
    for row in rows_of(path):
        group = group_of(s, row)
        jobs, test = s.done(group), s.curves["test", "balanced_accuracy"]
        on_val = row["against"] == "epoch chosen on val"
        checks.same("selection against", on_val, s.has_val and any(not np.all(np.isnan(s.val_curve[j])) for j in jobs), f"{dict(group)}")
        pairs = {}
        for j in jobs:
            n = s.epochs_done[j]
            chosen = int(np.argmax(s.val_curve[j][:n])) if on_val else n - 1  # the first of equals
            job = s.jobs[j]
            pairs[job["seed"], job["repeat"], job["fold"]] = (np.max(test[j][:n]), test[j][chosen])
        units = s.units(group, "test")
        both = paired(s, group, group, {u: v[0] for u, v in pairs.items()}, {u: v[1] for u, v in pairs.items()}, units, units)
        ours, where = tested(both, shared_ratio(s, group, "test")), f"selection {dict(group)}"
        checks.same("selection n", ours["n"], int(row["n"]), where)
        for name, column in (("first", "mean"), ("second", "mean_against"), ("mean", "difference")):
            checks.number(f"selection {column}", ours[name], row[column], where, 2e-6)
        for name in ("low", "high"):
            if ours[name] is not None:
                checks.number("selection interval", max(0.0, min(1.0, ours[name])), row[name], where, 3e-6)  # never below 0


# ---- how far probabilities can be trusted ----

TINY = float(np.finfo(np.float32).tiny)


def recalibrated(s, j, how, p):
    """Probabilities of test images as the val set of their job puts them right; None: it cannot."""
    if how == "none":
        return p
    y, v = s.predictions([j], "val")
    c = p.shape[1]
    share = np.bincount(y, minlength=c) / len(y)
    if min(share) == 0:
        return None
    if how == "prior":
        trained = s.f["classes/trained"][j][:c].astype(float)
        q = p * share / (trained / trained.sum())
        return q / q.sum(1, keepdims=True)
    if np.all(v[:, :c].argmax(1) == y):
        return p  # such a set cannot tell how sure to be
    z = np.log(np.maximum(v[:, :c], TINY))
    nll = lambda x: float(np.mean(special.logsumexp(z / math.exp(x), axis=1) - z[np.arange(len(y)), y] / math.exp(x)))
    found = optimize.minimize_scalar(nll, bounds=(math.log(0.05), math.log(20)), method="bounded", options={"xatol": 1e-12})
    best = min((found.x, math.log(0.05), math.log(20)), key=nll)
    return special.softmax(np.log(np.maximum(p, TINY)) / math.exp(best), axis=1)


def bins_of(q, n=10):
    return np.clip(np.ceil(q * n) - 1, 0, n - 1).astype(int)


def calibration_of(y, q, positive):
    """Scores of calibration.csv, by their definitions in results/stats/calibrated.h."""
    c, n = q.shape[1], len(y)
    one = np.eye(c)[y]
    out = {"accuracy": float(np.mean(q.argmax(1) == y)), "balanced_accuracy": balanced(y, q.argmax(1)),
           "nll": float(np.mean(-np.log(np.maximum(q[np.arange(n), y], TINY)))), "brier": float(np.mean(((q - one) ** 2).sum(1))),
           "ece": score("ece", y, q, c, positive), "reliability": 0.0, "resolution": 0.0, "uncertainty": 0.0}
    for k in range(c):
        b, m = bins_of(q[:, k]), one[:, k].mean()
        out["uncertainty"] += m * (1 - m)
        for x in np.unique(b):
            at = b == x
            out["reliability"] += at.mean() * (q[at, k].mean() - one[at, k].mean()) ** 2
            out["resolution"] += at.mean() * (one[at, k].mean() - m) ** 2
    out["within_bins"] = out["brier"] - out["reliability"] + out["resolution"] - out["uncertainty"]
    return out


@functools.lru_cache(maxsize=None)
def calibration_units(s, group, how):
    """Scores of every finished job of a group, None of those that cannot be fitted; and the bins of the diagram."""
    scores, diagram = [], np.zeros((10, 3))
    for j in s.done(group):
        y, p = s.predictions([j], "test")
        c, positive = int(s.label["all"][j].max()) + 1, positive_of(s, j)
        q = recalibrated(s, j, how, p[:, :c])
        scores.append(None if q is None else calibration_of(y, q, positive))
        if q is None:
            continue
        said = q[:, positive] if c == 2 else q.max(1)
        hit = y == (positive if c == 2 else q.argmax(1))
        np.add.at(diagram, bins_of(said), np.stack([np.ones(len(y)), said, hit], axis=1))
    return scores, diagram


def check_calibration(s, checks, path):
    for row in rows_of(path):
        if row["score"] in ("slope", "intercept") or row["threshold"] != "argmax":
            continue
        group = group_of(s, row)
        scores, _ = calibration_units(s, group, row["recalibrate"])
        values = [math.nan if x is None else x[row["score"]] for x in scores]
        most = 1 if row["score"] not in ("nll", "brier", "reliability", "within_bins") else math.inf
        n, mean, sd, _, _ = interval(s.pool(group, values, [[j] for j in s.done(group)]), ratio_of(s, group), 0, most)
        where = f"calibration {row['recalibrate']} {row['score']} {dict(group)}"
        checks.same("calibration n", n, int(row["n"]), where)
        checks.same("calibration unfit", sum(x is None for x in scores), int(row["jobs_unfit"]), where)
        loose = 2e-5 if row["recalibrate"] == "temperature" else 3e-6
        checks.number(f"calibration mean, {row['recalibrate']}", mean, row["mean"], where, loose)
        checks.number(f"calibration sd, {row['recalibrate']}", sd, row["sd"], where, loose)


def check_reliability(s, checks, path):
    for row in rows_of(path):
        group = group_of(s, row)
        n, said, hit = calibration_units(s, group, row["recalibrate"])[1][int(row["bin"]) - 1]
        where = f"bin {row['bin']} {row['recalibrate']} {dict(group)}"
        checks.same("reliability images", int(n), int(row["n"]), where)
        if n > 0:
            checks.number("reliability probability", said / n, row["probability"], where, 2e-5)
            checks.number("reliability observed", hit / n, row["observed"], where, 1e-6)


# ---- which model ----

def check_models(s, checks, path):
    """Means, medians of seconds and ranks; comparisons better or worse by Holm over all of the sweep's models on test."""
    rows, all_p = rows_of(path), rows_of(os.path.join(os.path.dirname(path), "factors.csv"))
    sets = rows_of(os.path.join(os.path.dirname(path), "models_by_clusters.csv"))
    if not {row["model"] for row in rows} <= {job["model"] for job in s.jobs}:
        return  # "knn (k 5)": models with axes of their own
    others = ["strategy", "protocol"] + [a for a in s.axes if a in rows[0]]
    places = {}
    for row in rows:
        places.setdefault(tuple((k, row[k]) for k in others), []).append(row)
    for row in sets:
        jobs = s.done(group_of(s, row))
        times = [s.seconds[j] for j in jobs if s.attempts[j] == 1]
        checks.number("models seconds of a set", float(np.median(times)) if times else math.nan, row["seconds"], str(row), 1e-6)
        values = s.pool(group_of(s, row), list(unit_values(s, group_of(s, row), "test", "balanced_accuracy").values()), [[j] for j in jobs])
        _, mean, _, low, high = interval(values, ratio_of(s, group_of(s, row)), 0, 1)
        for name, ours in (("balanced_accuracy", mean), ("low", low), ("high", high)):
            checks.number(f"models {name} of a set", ours, row[name], str(row), 3e-6)
    for key, place in places.items():
        mine = [r for r in sets if all(r[k] == v for k, v in key)]
        clusters = list(dict.fromkeys(r["clusters"] for r in mine))
        value = np.array([[next(float(r["balanced_accuracy"]) for r in mine if (r["clusters"], r["model"]) == (c, m["model"])) for m in place] for c in clusters])
        ranks = np.mean([stats.rankdata(-np.round(v, 7)) for v in value], axis=0)
        n, k = value.shape
        critical = stats.studentized_range.ppf(0.95, k, math.inf) / math.sqrt(2) * math.sqrt(k * (k + 1) / (6 * n))
        for i, row in enumerate(place):
            where = f"models {key} {row['model']}"
            checks.same("models sets", n, int(row["cluster_sets"]), where)
            checks.number("models balanced accuracy", value[:, i].mean(), row["balanced_accuracy"], where, 1e-6)
            jobs = [j for c in clusters for j in s.done(group_of(s, {**row, "clusters": c}))]
            checks.number("models seconds", float(np.median([s.seconds[j] for j in jobs if s.attempts[j] == 1])), row["seconds"], where, 1e-6)
            if n > 1:
                checks.number("models average rank", ranks[i], row["average_rank"], where, 1e-6)
            if row["critical_difference"]:
                checks.number("models critical difference", critical, row["critical_difference"], where, 1e-4)
    counted = [r for r in all_p if r["factor"] == "model" and r["set"] == "test"]
    if not any(float(r.get("jobs_lacking_a_class") or 0) for r in counted) and all(s.state == 2) and not any(j["leak"] > 0 for j in s.jobs):
        for r, p in zip(counted, holm([float(r["p"]) if r["p"] else math.nan for r in counted])):
            r["overall"] = p
        for row in rows:
            here = [r for r in counted if all(r[k] == row[k] for k in others)]
            won = sum(r["overall"] < ALPHA and (float(r["difference"]) > 0) == (r["first"] == row["model"]) for r in here if row["model"] in (r["first"], r["second"]))
            lost = sum(r["overall"] < ALPHA and (float(r["difference"]) > 0) == (r["second"] == row["model"]) for r in here if row["model"] in (r["first"], r["second"]))
            checks.same("models better", won, int(row["better"]), str(row))
            checks.same("models worse", lost, int(row["worse"]), str(row))


def originals_of(s, j):
    """Images that a job has to learn from, before its strategy drops, copies or makes any."""
    job, n = dict(s.cell(j)), drawn(s, j)
    if job["protocol"] == "given":
        return math.nan
    chosen_on = len(set(s.image["val"][j][s.image["val"][j] >= 0].tolist())) if s.has_val else 0
    if job["protocol"] in ("report", "tail"):
        share = job.get("validation", "")
        return math.floor(n * (1 - float(share if share != "" else s.config["validation"])) + 1e-9) - chosen_on
    return n - len(set(s.image["test"][j][s.image["test"][j] >= 0].tolist())) - chosen_on


def check_training_size(s, checks, path):
    """Groups stand there that have another of another size, all else but the strategy and one axis being the same."""
    shown = {}
    for row in rows_of(path):
        group = group_of(s, row)
        jobs, where = s.done(group), f"training_size {dict(group)}"
        shown[group] = float(row["originals"]) if row["originals"] else math.nan
        checks.number("training size originals", float(np.floor(0.5 + np.mean([originals_of(s, j) for j in jobs]))), row["originals"], where)
        checks.number("training size n_train", float(np.mean([s.jobs[j]["n_train"] for j in jobs])), row["n_train"], where)
        values = s.pool(group, last_values(s, jobs, "test", "balanced_accuracy"), [[j] for j in jobs])
        _, mean, _, low, high = interval(values, ratio_of(s, group), 0, 1)
        for name, ours in (("balanced_accuracy", mean), ("low", low), ("high", high)):
            checks.number(f"training size {name}", ours, row[name], where, 2e-6)
    for group, size in shown.items():
        alike = [g for g in shown for axis in ("class_sizes", "validation", "inner") if axis in s.axes and
                 all(v == dict(g)[k] for k, v in group if k not in ("strategy", axis, *s.own))]
        checks.same("training size beside another", True, any(abs(shown[g] - size) > 0.02 * max(shown[g], size) for g in alike), f"training_size {dict(group)}")


def better_of(s, path):
    """(place, first text, second text) -> 1 when the first is significantly better by Holm over all of the sweep, 0 when not.

    A place is all but strategy, model and what only they read. None where the sweep has flaws: which settings count is
    another matter then (overall.h)."""
    out = {}
    if not all(s.state == 2) or any(j["leak"] > 0 for j in s.jobs) or any(j["protocol"] == "tail" for j in s.jobs):
        return None
    for name, factor in (("comparisons", "strategy"), ("factors", "model")):
        table = os.path.join(os.path.dirname(path), name + ".csv")
        rows = [r for r in (rows_of(table) if os.path.exists(table) else []) if r["set"] == "test" and r.get("factor", "strategy") == factor]
        if any(float(r["jobs_lacking_a_class"] or 0) > 0 for r in rows):
            return None
        for r, p in zip(rows, holm([float(r["p"]) if r["p"] else math.nan for r in rows])):
            group = group_of(s, r, **{factor: r["first"]}), group_of(s, r, **{factor: r["second"]})
            d = float(r["difference"]) if p < ALPHA else 0.0
            out[group], out[group[::-1]] = (d > 0, True), (d < 0, True)
    return out


def check_training_cost(s, checks, path):
    at_once = {"knn", "logistic", "svm", "forest", "bagging", "easyensemble", "balanced-forest", "majority"}
    places, rows = {}, rows_of(path)
    better = better_of(s, path)
    for row in rows:
        group = group_of(s, row)
        jobs, where = s.done(group), f"training_cost {dict(group)}"
        model = dict(group)["model"]
        epochs = [1 if row["epochs"] == "1" and model in at_once else int(s.epochs_done[j]) for j in jobs]
        checks.number("training cost epochs", float(np.mean(epochs)), row["epochs"], where)
        checks.number("training cost images", float(np.mean([s.jobs[j]["n_train"] * e for j, e in zip(jobs, epochs)])), row["images"], where)
        times = [s.seconds[j] for j in jobs if s.attempts[j] == 1]
        checks.number("training cost seconds", float(np.median(times)) if times else math.nan, row["seconds"], where)
        checks.same("training cost jobs timed", len(times), int(row["jobs_timed"]), where)
        values = s.pool(group, last_values(s, jobs, "test", "balanced_accuracy"), [[j] for j in jobs])
        _, mean, _, low, high = interval(values, ratio_of(s, group), 0, 1)
        for name, ours in (("balanced_accuracy", mean), ("low", low), ("high", high)):
            checks.number(f"training cost {name}", ours, row[name], where, 2e-6)
        place = tuple((k, v) for k, v in group if k not in ("strategy", "model", *s.own))
        places.setdefault(place, []).append((group, row))
    for place in places.values():
        for cost in ("images", "seconds"):
            points = [(g, float(r[cost]), float(r["balanced_accuracy"])) for g, r in place
                      if float(r["leak_share"] or 0) == 0 and r[cost] and r["balanced_accuracy"]]
            for group, row in place:
                where = f"training_cost {cost} {dict(group)}"
                mine = next((p for p in points if p[0] == group), None)
                if mine is None:
                    checks.same("training cost front of what leaks", "", row[f"front_{cost}"], where)
                    continue
                behind = any(c <= mine[1] and a >= mine[2] and (c, a) != mine[1:] for _, c, a in points)
                checks.same("training cost front", int(not behind), int(row[f"front_{cost}"]), where)
                if better is not None and row[f"beaten_{cost}"]:
                    beaten = sum(c <= mine[1] and better.get((g, group), (False, False))[0] for g, c, _ in points)
                    checks.same("training cost beaten", beaten, int(row[f"beaten_{cost}"]), where)


def main():
    results, report = sys.argv[1:3]
    cells = sys.argv[3] if len(sys.argv) > 3 else None
    s, checks = Sweep(results), Checks()
    check_jobs(s, checks, pixels_of(cells) if cells else None)
    check_splits(s, checks)
    for name, check in (("final", check_final), ("scores", check_scores), ("comparisons", check_comparisons),
                        ("factors", check_comparisons),
                        ("leak_inflation", check_leak), ("rankings", check_rankings), ("selection_inflation", check_selection),
                        ("calibration", check_calibration), ("reliability", check_reliability), ("models", check_models),
                        ("training_size", check_training_size), ("training_cost", check_training_cost)):
        path = os.path.join(report, name + ".csv")
        if os.path.exists(path):
            check(s, checks, path)
    bad = checks.close()
    print(f"{len(checks.worst)} kinds of numbers, {sum(n for n, *_ in checks.worst.values())} numbers, {bad} kinds wrong")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
