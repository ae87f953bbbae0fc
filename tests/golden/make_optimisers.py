#!/usr/bin/env python3
"""Golden values of optimisers, schedules, clipping and label smoothing from PyTorch 1.13, in double: tests/golden/optimisers.h5,
read by tests/worker/test_training.c.

    /usr/bin/python3 tests/golden/make_optimisers.py

Groups /rate/NAME: the learning rate of every step, from torch.optim.lr_scheduler. Groups /vector/NAME: 10 steps of a vector, 40
weights and 7 biases that do not decay, by given gradients. Groups /network/NAME: 10 steps of the small network of make_golden.py
on one batch, by torch.optim, torch.nn.utils.clip_grad_norm_ and torch's own cross-entropy. The attribute `settings` holds what a
sweep file would, EPOCHS epochs of PER_EPOCH mini-batches.

Adam has Keras' epsilon, e beside the uncorrected root: torch.optim.Adam with e / sqrt(1 - beta2^t) at step t is the same.
"""
import os

import h5py
import numpy as np
import torch
import torch.nn.functional as F
from torch.optim import lr_scheduler as S

import make_golden as G

EPOCHS, PER_EPOCH, STEPS = 5, 2, 10
N_WEIGHTS, N_BIASES = 40, 7
DEFAULTS = dict(optimizer="adam", learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-7, weight_decay=0.0, momentum=0.9,
                nesterov=False, schedule="constant", milestones="none", factor=0.1, warmup=0.0, clip_norm=0.0, label_smoothing=0.0)


def complete(settings):
    assert not set(settings) - set(DEFAULTS)
    return {**DEFAULTS, **settings}


def optimiser(c, weights, biases):
    """The weights decay, the biases do not: two groups of parameters."""
    groups = [dict(params=weights, weight_decay=c["weight_decay"]), dict(params=biases, weight_decay=0.0)]
    if c["optimizer"] == "sgd":
        return torch.optim.SGD(groups, lr=c["learning_rate"], momentum=c["momentum"], nesterov=c["nesterov"])
    if c["optimizer"] == "adamw":
        return torch.optim.AdamW(groups, lr=c["learning_rate"], betas=(c["beta1"], c["beta2"]), eps=c["epsilon"])
    return torch.optim.Adam(groups, lr=c["learning_rate"], betas=(c["beta1"], c["beta2"]), eps=c["epsilon"])


def scheduler(c, optimizer, n_steps, per_epoch):
    """Stepped after every training step."""
    w = int(round(c["warmup"] * per_epoch))
    if c["schedule"] == "one-cycle":
        return S.OneCycleLR(optimizer, max_lr=c["learning_rate"], total_steps=n_steps, cycle_momentum=False)
    milestones = [] if c["milestones"] == "none" else [int(m) * per_epoch for m in c["milestones"].split("-")]
    rest = {"constant": lambda: S.ConstantLR(optimizer, factor=1.0, total_iters=0),
            "step": lambda: S.MultiStepLR(optimizer, [m - w for m in milestones], gamma=c["factor"]),
            "cosine": lambda: S.CosineAnnealingLR(optimizer, T_max=n_steps - w)}[c["schedule"]]
    if w == 0:
        return rest()
    warm = S.LinearLR(optimizer, start_factor=1.0 / w, total_iters=w - 1)
    return S.SequentialLR(optimizer, [warm, rest()], milestones=[w])


def rates(c, n_steps, per_epoch):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=c["learning_rate"], momentum=0.9)
    schedule, out = scheduler(c, optimizer, n_steps, per_epoch), []
    for _ in range(n_steps):
        out.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if len(out) < n_steps:
            schedule.step()
    return np.array(out)


def step(c, optimizer, rate, t):
    for group in optimizer.param_groups:
        group["lr"] = rate
        if c["optimizer"] == "adam":
            group["eps"] = c["epsilon"] / np.sqrt(1 - c["beta2"] ** t)
    optimizer.step()


def vector(c):
    n = N_WEIGHTS + N_BIASES
    start = np.float32(2) * G.hashed(100, n) - np.float32(1)
    gradient = (np.float32(2) * G.hashed(101, STEPS * n) - np.float32(1)).reshape(STEPS, n)
    weights = torch.tensor(start[:N_WEIGHTS].astype(np.float64), requires_grad=True)
    biases = torch.tensor(start[N_WEIGHTS:].astype(np.float64), requires_grad=True)
    optimizer = optimiser(c, [weights], [biases])
    for t, rate in enumerate(rates(c, STEPS, PER_EPOCH), 1):
        g = torch.from_numpy(gradient[t - 1].astype(np.float64))
        weights.grad, biases.grad = g[:N_WEIGHTS].clone(), g[N_WEIGHTS:].clone()
        if c["clip_norm"] > 0:
            torch.nn.utils.clip_grad_norm_([weights, biases], c["clip_norm"])
        step(c, optimizer, rate, t)
    return dict(start=start, gradient=gradient, end=np.concatenate([weights.detach().numpy(), biases.detach().numpy()]))


def problem():
    """Images, labels and loss weights of the one batch."""
    n = G.SMALL["batch"]
    images = G.hashed(1, n * 18 * 18).reshape(n, 18, 18, 1).astype(np.float64)
    return images, np.arange(n) % G.SMALL["n_classes"], (G.hashed(3, n) + np.float32(0.5)).astype(np.float64)


def network(c):
    """The parts of the flat vector are parameters of their own here; every second one is a bias."""
    shape = G.SMALL
    images, label, weight = (torch.from_numpy(x) for x in problem())
    flat = torch.from_numpy(G.initial(shape).astype(np.float64))
    parts = [p.clone().requires_grad_(True) for p in G.split(shape, flat)]
    optimizer = optimiser(c, parts[0::2], parts[1::2])
    losses = []
    for t, rate in enumerate(rates(c, STEPS, PER_EPOCH), 1):
        z = G.logits(shape, torch.cat([p.reshape(-1) for p in parts]), images, 0)
        loss = (weight * F.cross_entropy(z, label, reduction="none", label_smoothing=c["label_smoothing"])).mean()
        optimizer.zero_grad()
        loss.backward()
        if c["clip_norm"] > 0:
            torch.nn.utils.clip_grad_norm_(parts, c["clip_norm"])
        step(c, optimizer, rate, t)
        losses.append(float(loss))
    return dict(loss=np.array(losses), end=np.concatenate([p.detach().numpy().reshape(-1) for p in parts]))


SGD = dict(optimizer="sgd", learning_rate=0.05)
ADAMW = dict(optimizer="adamw", learning_rate=0.01, weight_decay=0.1)
OPTIMISERS = {
    "adam": dict(learning_rate=0.01), "adam-betas": dict(learning_rate=0.01, beta1=0.8, beta2=0.95, epsilon=0.001),
    "adamw": ADAMW, "adamw-plain": dict(ADAMW, weight_decay=0.0), "sgd": SGD, "sgd-plain": dict(SGD, momentum=0.0),
    "sgd-nesterov": dict(SGD, nesterov=True), "sgd-decay": dict(SGD, weight_decay=0.01),
    "sgd-nesterov-decay": dict(SGD, nesterov=True, weight_decay=0.01), "clip": dict(SGD, clip_norm=0.5),
    "clip-adam": dict(learning_rate=0.01, clip_norm=0.01), "clip-adamw": dict(ADAMW, clip_norm=0.01), "clip-nothing": dict(SGD, clip_norm=1000.0)}
SCHEDULES = {
    "constant": {}, "step": dict(schedule="step", milestones="2-4"), "step-half": dict(schedule="step", milestones="1-2-3", factor=0.5),
    "cosine": dict(schedule="cosine"), "one-cycle": dict(schedule="one-cycle"), "warmup": dict(warmup=1.5),
    "step-warmup": dict(schedule="step", milestones="2-4", warmup=1.0), "cosine-warmup": dict(schedule="cosine", warmup=2.0)}
NETWORK = {**OPTIMISERS, **{"sgd-" + k: dict(SGD, **v) for k, v in SCHEDULES.items() if v},
           "smoothing": dict(learning_rate=0.01, label_smoothing=0.1), "smoothing-sgd-clip": dict(SGD, label_smoothing=0.3, clip_norm=0.5)}


def put(group, name, settings, out):
    group = group.create_group(name)
    text = "".join("train.%s=%s\n" % (k, str(v).lower() if isinstance(v, bool) else v) for k, v in settings.items())
    group.attrs["settings"] = np.bytes_(text or " ")
    for key, value in out.items():
        group.create_dataset(key, data=np.asarray(value, dtype=np.int32 if key == "label" else np.float64 if key in ("rate", "end", "loss")
                                                  else np.float32))


if __name__ == "__main__":
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "optimisers.h5")
    with h5py.File(path, "w", libver=("earliest", "v108")) as file:
        for name, settings in SCHEDULES.items():
            put(file.require_group("rate"), name, settings, dict(rate=rates(complete(settings), 20 * EPOCHS, 20)))
        for name, settings in OPTIMISERS.items():
            put(file.require_group("vector"), name, settings, vector(complete(settings)))
        images, label, weight = problem()
        put(file, "problem", {}, dict(images=images, label=label, weight=weight, start=G.initial(G.SMALL)))
        for name, settings in NETWORK.items():
            put(file.require_group("network"), name, settings, network(complete(settings)))
    print(path, os.path.getsize(path), "bytes")
