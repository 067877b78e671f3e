"""Runs Headgate and its peers on the networks in turns, and prints the times and their ratios; see networks.sh.

    measure_networks.py HEADGATE FOLDER [--rounds N] [--seconds S] [--only NAME]
"""

import json
import pathlib
import sys
import tempfile

import numpy as np

import picture
from turns import Figure, Table, bench, child, geometric_mean, in_turns, options, print_settings

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


def theirs(system, model, inputs, batch, seconds):
    return json.loads(child(sys.executable, HERE / "peer_network.py", system, model, inputs, batch, seconds))


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


def systems(chosen, model, inputs, batch):
    """Functions that measure, by system."""
    return {"headgate": lambda: bench(chosen.headgate, model, inputs, batch, chosen.seconds)} | {
        peer: lambda peer=peer: theirs(peer, model, inputs, batch, chosen.seconds) for peer in PEERS}


def measure(chosen, cases):
    """Prints times as they come; gives what a picture shows."""
    print("""\
wall time of a call in µs: the median of the turns' medians, and half of their span; the ratio to the best peer, and at
worst, to it without what it takes for a call that computes nothing, most of which is Python's part
""")
    table = Table(
        ("network", 11), ("rows", 4), *((name, 14) for name in SETTINGS), ("ratio", 5), ("at worst", 8),
        ("difference", 10))
    drawn, best, worst = {}, {}, []
    for network, suffix, batch in cases:
        model, inputs = chosen.folder / f"{network}.onnx", chosen.folder / f"{network}{suffix}.npz"
        error = compare(chosen.headgate, model, inputs, batch)
        results = in_turns(chosen.rounds, systems(chosen, model, inputs, batch))
        wall = {name: Figure([one["wall_us"]["p50"] for one in turns]) for name, turns in results.items()}
        case = f"{network}{suffix}, {batch} row{'s' * (batch > 1)}"
        drawn[case] = {name: figure.median for name, figure in wall.items()}
        best[case] = min(wall[peer].median for peer in PEERS)
        calls = {peer: Figure([one["call_us"] for one in results[peer]]).median for peer in PEERS}
        least = min(wall[peer].median - calls[peer] for peer in PEERS)
        worst.append(wall["headgate"].median / max(least, 1))
        ratio = wall["headgate"].median / best[case]
        table.row(
            network + suffix, batch, *wall.values(), f"{ratio:.2f}", f"{worst[-1]:.2f}", f"{error:.0e}")
    ratios = [times["headgate"] / best[case] for case, times in drawn.items()]
    print(f"\ngeometric means: {geometric_mean(ratios):.2f}, at worst {geometric_mean(worst):.2f}")
    return drawn, best


def main():
    chosen = options(__doc__)
    cases = [case for case in CASES if not chosen.only or case[0] in chosen.only]
    if not cases:
        print(f"no network of that name: there are {', '.join(dict.fromkeys(name for name, _, _ in CASES))}")
        return
    print_settings(SETTINGS)
    drawn, best = measure(chosen, cases)
    file = chosen.folder.parent / "networks.svg"
    picture.draw(file, "Networks: wall time of a call", drawn, best)
    print(f"\npicture: {file}")


if __name__ == "__main__":
    main()
