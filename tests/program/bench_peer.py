#!/usr/bin/env python3
"""One training step, and inference, of a network: cellsweep against PyTorch, one thread each, CPU time, interleaved in one run.

    python3 tests/program/bench_peer.py [--batch 32] [--classes 2] [--channels 1] [--model cnn|vgg-small|resnet-8] [--rounds 7] [--cellsweep build/cellsweep] [--isa auto]

PyTorch does the same work (batch gathered from 256 images, dropout, cross-entropy, Adam) in its fastest form: contiguous
or channels_last, Adam in a loop or foreach, denormals flushed, whichever is best on this machine. Every round runs `cellsweep
bench --json` and every form of PyTorch once; the ratio is that of the medians.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
import torch
from torch import nn

N_IMAGES = 256


def cnn(classes, channels):
    return nn.Sequential(
        nn.Conv2d(channels, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Dropout(0.25), nn.Flatten(), nn.Linear(7744, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 64), nn.ReLU(),
        nn.Dropout(0.5), nn.Linear(64, classes))


def normed(c, n, side=3, stride=1):
    return nn.Sequential(nn.Conv2d(c, n, side, stride=stride, padding=side // 2, bias=False), nn.BatchNorm2d(n))


def vgg_small(classes, channels):
    layers = []
    for c, n in (channels, 32), (32, 64), (64, 128):
        layers += [normed(c, n), nn.ReLU(inplace=True), normed(n, n), nn.ReLU(inplace=True), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(128 * 6 * 6, 128), nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Linear(128, classes))


class Block(nn.Module):
    def __init__(self, c, n):
        super().__init__()
        self.first, self.second = normed(c, n, stride=1 if c == n else 2), normed(n, n)
        self.shortcut = nn.Identity() if c == n else normed(c, n, side=1, stride=2)

    def forward(self, x):
        return torch.relu_(self.second(torch.relu_(self.first(x))) + self.shortcut(x))


def resnet_8(classes, channels):
    return nn.Sequential(normed(channels, 16), nn.ReLU(inplace=True), Block(16, 16), Block(16, 32), Block(32, 64), nn.AdaptiveAvgPool2d(1),
                         nn.Flatten(), nn.Linear(64, classes))


NETWORKS = {"cnn": cnn, "vgg-small": vgg_small, "resnet-8": resnet_8}


class Peer:
    def __init__(self, layout, foreach, batch, classes, channels, model):
        self.name = f"{'channels_last' if layout == torch.channels_last else 'contiguous'}, {'foreach' if foreach else 'loop'}"
        self.layout, self.batch = layout, batch
        self.net = NETWORKS[model](classes, channels).to(memory_format=layout).train()
        self.adam = torch.optim.Adam(self.net.parameters(), lr=1e-3, eps=1e-7, foreach=foreach)
        self.loss = nn.CrossEntropyLoss()
        self.images = torch.rand(N_IMAGES, channels, 50, 50)
        self.labels = torch.arange(N_IMAGES) % classes

    def step(self):
        pick = torch.randint(N_IMAGES, (self.batch,))
        x = self.images[pick].contiguous(memory_format=self.layout)
        self.adam.zero_grad(set_to_none=True)
        self.loss(self.net(x), self.labels[pick]).backward()
        self.adam.step()

    def median(self, seconds):
        """Microseconds an image, median of the steps done in `seconds`, after two to warm up."""
        times = []
        self.step()
        self.step()
        end = time.thread_time() + seconds
        while len(times) < 5 or time.thread_time() < end:
            start = time.thread_time()
            self.step()
            times.append(time.thread_time() - start)
        return 1e6 * statistics.median(times) / self.batch


    def predict_median(self, seconds):
        """The same for class probabilities of the 256 images in one batch, no gradients, dropout off."""
        times = []
        x = self.images.contiguous(memory_format=self.layout)
        self.net.eval()
        with torch.no_grad():
            torch.softmax(self.net(x), 1)
            end = time.thread_time() + seconds
            while len(times) < 5 or time.thread_time() < end:
                start = time.thread_time()
                torch.softmax(self.net(x), 1)
                times.append(time.thread_time() - start)
        self.net.train()
        return 1e6 * statistics.median(times) / N_IMAGES


def cellsweep(args):
    command = [args.cellsweep, "bench", "--json", "--isa", args.isa, "--seconds", "2"]
    command += ["--batch", str(args.batch), "--classes", str(args.classes), "--channels", str(args.channels), "--model", args.model]
    done = subprocess.run(command, stdout=subprocess.PIPE)
    if done.returncode != 0:
        sys.exit(f"bench_peer: {' '.join(command)} failed")
    report = json.loads(done.stdout)
    return report, report["runs"][0]


def main():
    parser = argparse.ArgumentParser(description="cellsweep against PyTorch, one training step, one thread")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--classes", type=int, default=2)
    parser.add_argument("--channels", type=int, default=1)
    parser.add_argument("--model", choices=NETWORKS, default="cnn")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--cellsweep", default="build/cellsweep", help="the program (default build/cellsweep)")
    parser.add_argument("--isa", default="auto")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    peers = [Peer(layout, foreach, args.batch, args.classes, args.channels, args.model)
             for layout in (torch.contiguous_format, torch.channels_last) for foreach in (False, True)]
    ours, floor, sgemm, registers, theirs = [], [], [], [], {peer.name: [] for peer in peers}
    our_predict, their_predict = [], {peer.name: [] for peer in peers if "loop" in peer.name}
    for _ in range(args.rounds):
        report, run = cellsweep(args)
        sgemm.append(run["sgemm_gflops"])
        registers.append(run["register_gflops"])
        ours.append(run["step_us"])
        floor.append(run["floor_us"])
        our_predict.append(run["predict_us"])
        for peer in peers:
            theirs[peer.name].append(peer.median(0.5))
            if peer.name in their_predict:
                their_predict[peer.name].append(peer.predict_median(0.5))
    best = min(theirs, key=lambda name: statistics.median(theirs[name]))
    step, peer = statistics.median(ours), statistics.median(theirs[best])
    print(f"{args.model}: training step, us/image, batch {args.batch}, {args.channels} channels, {args.classes} classes, one thread, medians of {args.rounds} rounds")
    print(f"  floor".ljust(37) + f"{statistics.median(floor):8.1f}   the larger of sgemm ({report['sgemm_kernels']}) "
          f"{statistics.median(sgemm):.1f} GFLOP/s and 0.95 x multiply-adds on registers ({report['register_kernels']}) "
          f"{statistics.median(registers):.1f}")
    print(f"  cellsweep ({report['kernels']})".ljust(37) + f"{step:8.1f}   {step / statistics.median(floor):.3f} x floor, "
          f"rounds {min(ours):.1f} to {max(ours):.1f}")
    for name, times in theirs.items():
        print(f"  PyTorch {torch.__version__} {name}".ljust(37) + f"{statistics.median(times):8.1f}"
              + ("   best" if name == best else ""))
    print(f"ratio PyTorch / cellsweep: {peer / step:.2f}   (oneDNN {'on' if torch.backends.mkldnn.is_available() else 'off'})")
    ours_p, theirs_p = statistics.median(our_predict), min(statistics.median(times) for times in their_predict.values())
    print(f"inference, us/image, 256 images: cellsweep {ours_p:.1f}, PyTorch {theirs_p:.1f} (best layout), ratio {theirs_p / ours_p:.2f}")


if __name__ == "__main__":
    main()
