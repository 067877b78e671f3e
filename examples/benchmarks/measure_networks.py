"""Runs Headgate and its peers on the networks in turns, and prints the times and their ratios; see networks.sh.

    measure_networks.py HEADGATE FOLDER [--rounds N] [--seconds S] [--only NAME]
"""

import argparse
import json
import math
import pathlib
import statistics
import subprocess
import sys
import tempfile

import numpy as np

HERE = pathlib.Path(__file__).parent
# Network, input, rows of a call.
CASES = [
    ("mlp", "", 1), ("mlp", "", 64), ("lenet", "", 1), ("lenet", "", 64), ("resnet18", "", 1), ("depthwise", "", 1),
    ("lstm", "", 1), ("lstm", "", 8), ("minilm", "-32", 1), ("minilm", "-128", 1), ("minilm", "-128", 8)]
PEERS = ["onnxruntime", "openvino"]
# The settings of each system, as peer_network.py makes them.
SETTINGS = {
    "headgate": "one thread", "onnxruntime": "one thread, all graph optimisations, sequential, extents fixed",
    "openvino": "one thread, latency hint, one stream, float32, extents fixed"}


def child(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr[-2000:]}")
    return done.stdout


def ours(headgate, model, inputs, batch, options):
    return json.loads(child(
        headgate, "bench", model, "--input", inputs, "--batch", batch, "--seconds", options.seconds, "-o",
        "json"))


def theirs(system, model, inputs, batch, options):
    return json.loads(child(
        sys.executable, HERE / "peer_network.py", system, model, inputs, batch, options.seconds))


def compare(headgate, model, inputs, batch):
    """The greatest difference from ONNX Runtime by the greatest output, on one slice. Ends when it is large."""
    import onnxruntime

    arrays = {name: array[:batch] for name, array in np.load(inputs).items()}
    expected = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"]).run(None, arrays)
    with tempfile.TemporaryDirectory() as folder:
        given, made = pathlib.Path(folder) / "in.npz", pathlib.Path(folder) / "out.npz"
        np.savez(given, **arrays)
        child(headgate, "run", model, "--input", given, "--to", made)
        actual = list(np.load(made).values())
    worst = max(float(np.abs(a - e).max() / np.abs(e).max()) for a, e in zip(actual, expected, strict=True))
    # Sums of thousands of floats in another order differ by some 1e-6.
    if not worst < 1e-4:
        sys.exit(f"{model}: the outputs differ from ONNX Runtime's by {worst:.2g}")
    return worst


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("headgate")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--only", action="append")
    options = parser.parse_args()
    for system, settings in SETTINGS.items():
        print(f"{system:12} {settings}")
    print(f"\nmedian wall time of a call in µs, median of {options.rounds} turns, and their spread; ratio to the best")
    print("peer, and to it without what it takes for a call that computes nothing, most of which is Python's part")
    heads = f"{'ratio':>8}{'at worst':>10}{'difference':>12}"
    print(f"{'network':14}{'rows':>5}" + "".join(f"{name:>22}" for name in SETTINGS) + heads)
    ratios, worst = [], []
    for network, suffix, batch in CASES:
        if options.only and network not in options.only:
            continue
        model, inputs = options.folder / f"{network}.onnx", options.folder / f"{network}{suffix}.npz"
        error = compare(options.headgate, model, inputs, batch)
        times, calls = {name: [] for name in SETTINGS}, {peer: [] for peer in PEERS}
        for _ in range(options.rounds):
            times["headgate"].append(ours(options.headgate, model, inputs, batch, options)["wall_us"]["p50"])
            for peer in PEERS:
                measured = theirs(peer, model, inputs, batch, options)
                times[peer].append(measured["wall_us"]["p50"])
                calls[peer].append(measured["call_us"])
        medians = {name: statistics.median(values) for name, values in times.items()}
        ratio = medians["headgate"] / min(medians[peer] for peer in PEERS)
        ratios.append(ratio)
        least = min(medians[peer] - statistics.median(calls[peer]) for peer in PEERS)
        worst.append(medians["headgate"] / max(least, 1))
        cells = "".join(
            f"{medians[name]:>12,.0f} ±{(max(values) - min(values)) / 2 / medians[name] * 100:>6.1f} %"
            for name, values in times.items())
        print(f"{network + suffix:14}{batch:>5}{cells}{ratio:>8.2f}{worst[-1]:>10.2f}{error:>12.1e}", flush=True)
    means = [math.exp(statistics.fmean(map(math.log, values))) for values in (ratios, worst)]
    print(f"\ngeometric means: {means[0]:.2f}, at worst {means[1]:.2f}")


if __name__ == "__main__":
    main()
