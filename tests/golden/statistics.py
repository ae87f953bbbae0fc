"""python3 tests/golden/statistics.py > tests/golden/statistics.csv
Tests on fixed data by scipy: one line a number, `case,kind,name,index,value`; kind in is data, out is what scipy says.
The bootstrap replicates of scipy are written too, so that the interval does not depend on a random stream."""
import numpy as np
from scipy import stats

rng = np.random.default_rng(11)
case = 0


def emit(kind, name, values):
    for i, v in enumerate(np.atleast_1d(values)):
        print(f"{case},{kind},{name},{i},{v:.17g}")


def t_quantile(df):
    """scipy's is good to nine digits when df is no whole number; a step of Newton's gives what R's qt() says."""
    t = stats.t.ppf(0.975, df)
    return t - (stats.t.cdf(t, df) - 0.975) / stats.t.pdf(t, df)


def corrected_t(d, ratio):
    """Nadeau and Bengio 2003, section 5; scipy has the distribution only."""
    error = np.sqrt((1 / len(d) + ratio) * np.var(d, ddof=1))
    t, half = np.mean(d) / error, t_quantile(len(d) - 1) * error
    emit("out", "corrected_t", [np.mean(d) - half, np.mean(d) + half, 2 * stats.t.sf(abs(t), len(d) - 1)])


def sign_flip(d):
    r = stats.permutation_test((d,), np.sum, permutation_type="samples", n_resamples=np.inf)
    emit("out", "sign_flip", r.pvalue)


def wilcoxon(d):
    """scipy's exact distribution knows no ties; with ties all signs of their mean ranks are tried here."""
    d = d[d != 0]
    if len(np.unique(np.abs(d))) == len(d) or len(d) > 20:
        p = stats.wilcoxon(d, correction=False, mode="exact" if len(d) <= 50 else "approx").pvalue
    else:
        rank = stats.rankdata(np.abs(d))
        sums = np.array([0.0])
        for r in rank:
            sums = np.concatenate([sums, sums + r])
        w = rank[d > 0].sum()
        p = min(1, 2 * min(np.mean(sums <= w), np.mean(sums >= w)))
    emit("out", "wilcoxon", p)


def welch(x, y):
    r = stats.ttest_ind(x, y, equal_var=False)
    emit("in", "y", y)
    va, vb = np.var(x, ddof=1) / len(x), np.var(y, ddof=1) / len(y)
    df = (va + vb) ** 2 / (va ** 2 / (len(x) - 1) + vb ** 2 / (len(y) - 1))
    half = t_quantile(df) * np.sqrt(va + vb)
    m = np.mean(x) - np.mean(y)
    emit("out", "welch", [m - half, m + half, r.pvalue])


def holm(p):
    from statsmodels.stats.multitest import multipletests
    emit("in", "p", p)
    emit("out", "holm", multipletests(p, method="holm")[1])


def bca(x):
    r = stats.bootstrap((x,), np.mean, n_resamples=599, method="BCa", random_state=rng, vectorized=True)
    emit("in", "replicate", r.bootstrap_distribution)
    emit("out", "bca", [r.confidence_interval.low, r.confidence_interval.high])


def friedman(table):
    r = stats.friedmanchisquare(*table.T)
    n, k = table.shape
    f = (n - 1) * r.statistic / (n * (k - 1) - r.statistic)
    emit("in", "table", table.ravel())
    emit("in", "k", k)
    emit("out", "friedman", [r.statistic, r.pvalue, f, stats.f.sf(f, k - 1, (k - 1) * (n - 1))])
    emit("out", "average_rank", np.mean([stats.rankdata(-row) for row in table], axis=0))


print("case,kind,name,index,value")
for n in (2, 3, 5, 8, 10, 12, 15):
    for tied in (False, True):
        d = rng.normal(0.3, 1, n)
        if tied:
            d = np.round(d * 4) / 8   # ties and zeros
            d[0] = 0.125              # never all zero
        emit("in", "x", d)
        corrected_t(d, 0.25)
        sign_flip(d)
        wilcoxon(d)
        welch(d, rng.normal(0, 2, n + 3))
        holm(rng.uniform(0, 0.3, n) ** 2)
        case += 1
for n in (40, 60):                    # long enough for the exact and the normal Wilcoxon
    d = rng.normal(0.2, 1, n)
    emit("in", "x", d)
    wilcoxon(d)
    case += 1
for n in (11, 14, 20):
    x = rng.lognormal(0, 1, n)
    emit("in", "x", x)
    bca(x)
    case += 1
for n, k, tied in ((5, 3, False), (12, 5, False), (9, 4, True), (15, 6, True)):
    table = rng.normal(size=(n, k)) + np.linspace(0, 1, k)
    friedman(np.round(table * 2) / 2 if tied else table)
    case += 1
emit("out", "nemenyi", [stats.studentized_range.ppf(0.95, k, np.inf) / np.sqrt(2) * np.sqrt(k * (k + 1) / 60) for k in range(2, 21)])
