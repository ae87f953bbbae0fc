#!/usr/bin/python3
"""Golden values of test_recipe_losses: losses of strategies and their gradients, by PyTorch in double precision.

    /usr/bin/python3 tests/golden/losses.py > tests/golden/losses.csv

Lines, by their first word; images count from 0, class after class:
    case,strategy,epoch,n_0,...   images of each class; what follows is of this case, in this epoch (from 0) of 10
    set,key,value                 a setting that is not at its default
    logits,image,...              of one image
    loss,value                    mean over the images of class weight x loss
    gradient,image,...            of that mean with respect to the logits
"""
import math

import numpy as np
import torch


def label_aware(z, y, sizes, head=0.3, tail=0.0, form="concave"):
    """Zhong et al. 2021, equation 4: cross-entropy against 1 - e_y at y and e_y / (K - 1) elsewhere."""
    n = np.asarray(sizes, float)
    x = (n - n.min()) / (n.max() - n.min())
    rise = {"concave": np.sin(np.pi * x / 2), "linear": x, "convex": 1 + np.sin(1.5 * np.pi + np.pi * x / 2)}[form]
    share = torch.tensor(tail + (head - tail) * rise)[y]
    target = (share / (len(sizes) - 1))[:, None].repeat(1, len(sizes))
    target[torch.arange(len(y)), y] = 1 - share
    return -(target * torch.log_softmax(z, 1)).sum(1).mean()


def ldam(z, y, sizes, late, margin=0.5, scale=30.0, beta=0.9999, share=0.8):
    """The loss of Cao et al. 2019 as their program has it; class weights (Cui et al. 2019) only late. PyTorch's mean
    would divide by the weights; ours is the plain mean over images."""
    n = np.asarray(sizes, float)
    m = 1.0 / np.sqrt(np.sqrt(n))
    m = torch.tensor(m * (margin / np.max(m)))
    index = torch.nn.functional.one_hot(y, len(sizes)).bool()
    x = torch.where(index, z - m[y][:, None], z)
    weight = (1.0 - beta) / (1.0 - np.power(beta, n))
    weight = torch.tensor(weight / weight.sum() * len(sizes)) if late else torch.ones(len(sizes), dtype=float)
    return (torch.nn.functional.cross_entropy(scale * x, y, reduction="none") * weight[y]).mean()


CASES = [
    ("label-aware", label_aware, (20, 9, 3), {}),
    ("label-aware", label_aware, (30, 6), dict(head=0.4, tail=0.1, form="linear")),
    ("label-aware", label_aware, (12, 7, 5, 2), dict(head=0.2, tail=0.05, form="convex")),
    ("ldam", ldam, (20, 9, 3), dict(late=False)),
    ("ldam", ldam, (20, 9, 3), dict(late=True)),
    ("ldam", ldam, (30, 6), dict(late=True, margin=0.3, scale=10.0, beta=0.99)),
    ("ldam", ldam, (12, 7, 5, 2), dict(late=False, share=0.4, scale=3.0)),
]


def main():
    rng = np.random.default_rng(11)
    for name, loss, sizes, settings in CASES:
        y = torch.tensor(np.repeat(np.arange(len(sizes)), sizes))
        z = torch.tensor(rng.normal(0, 3, (len(y), len(sizes))).astype(np.float32).astype(float), requires_grad=True)
        late = settings.get("late", False)
        print("case", name, 8 if late else 3, *sizes, sep=",")
        for key, value in settings.items():
            if key == "late":
                continue
            print("set", "%s.%s" % (name, key), value, sep=",")
        for i, row in enumerate(z.tolist()):
            print("logits", i, *("%.9g" % v for v in row), sep=",")
        value = loss(z, y, sizes, **settings)
        value.backward()
        assert math.isfinite(value.item())
        print("loss", "%.17g" % value.item(), sep=",")
        for i, row in enumerate(z.grad.tolist()):
            print("gradient", i, *("%.17g" % v for v in row), sep=",")


main()
