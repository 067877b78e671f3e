"""Runs Headgate and its peers on the networks in turns, and prints the times and their ratios; see networks.sh.

    measure_networks.py HEADGATE FOLDER [--rounds N] [--seconds S] [--only NAME] [--precision bfloat16]
"""

import json
import pathlib
import sys
import tempfile

import numpy as np

import picture
import peer_network
from turns import Figure, Table, bench, child, geometric_mean, in_turns, options, print_settings

HERE = pathlib.Path(__file__).parent
# Network, input, rows of a call.
CASES = [
    ("mlp", "", 1), ("mlp", "", 64), ("lenet", "", 1), ("lenet", "", 64), ("resnet18", "", 1), ("depthwise", "", 1),
    ("lstm", "", 1), ("lstm", "", 8), ("minilm", "-32", 1), ("minilm", "-128", 1), ("minilm", "-128", 8)]
# The settings of each system, as peer_network.py makes them.
SETTINGS = {
    "headgate": "one thread", "onnxruntime": "one thread, all graph optimisations, sequential, extents fixed",
    "openvino": "one thread, latency hint, one stream, float32, extents fixed"}


REDUCED = {"headgate": "one thread, bfloat16", "openvino": "one thread, latency hint, one stream, bf16, extents fixed"}
# The greatest difference from float32 that is no mistake: sums of thousands of floats in another order differ by some
# 1e-6, and numbers of bfloat16 have two to three digits, of which a network of many layers loses one.
LIMITS = {"float32": 1e-4, "bfloat16": 0.1}


def theirs(chosen, system, model, inputs, batch):
    hint = ["bf16"] if chosen.precision == "bfloat16" else []
    return json.loads(child(
        sys.executable, HERE / "peer_network.py", system, model, inputs, batch, chosen.seconds, *hint))


def compare(chosen, model, inputs, batch):
    """The greatest difference from ONNX Runtime in float32 by the greatest output, on one slice, of Headgate and in
    bfloat16 of OpenVINO. Ends when Headgate's is large."""
    import onnxruntime

    arrays = {name: array[:batch] for name, array in np.load(inputs).items()}
    expected = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"]).run(None, arrays)
    with tempfile.TemporaryDirectory() as folder:
        given, made = pathlib.Path(folder) / "in.npz", pathlib.Path(folder) / "out.npz"
        np.savez(given, **arrays)
        child(chosen.headgate, "run", model, "--input", given, "--to", made, *precision(chosen))
        actual = list(np.load(made).values())

    def worst(actual):
        return max(float(np.abs(a - e).max() / np.abs(e).max()) for a, e in zip(actual, expected, strict=True))

    if not worst(actual) < LIMITS[chosen.precision]:
        sys.exit(f"{model}: the outputs differ from ONNX Runtime's by {worst(actual):.2g}")
    differences = [worst(actual)]
    if chosen.precision == "bfloat16":
        differences.append(worst(peer_network.session("openvino", str(model), arrays, "bf16")(arrays)))
    return differences


def precision(chosen):
    """Headgate's option for it; none in float32, so that a program that does not know it can be measured too."""
    return ["--precision", chosen.precision] if chosen.precision != "float32" else []


def systems(chosen, peers, model, inputs, batch):
    """Functions that measure, by system."""
    return {
        "headgate": lambda: bench(chosen.headgate, model, inputs, batch, chosen.seconds, *precision(chosen))} | {
        peer: lambda peer=peer: theirs(chosen, peer, model, inputs, batch) for peer in peers}


def measure(chosen, cases, settings):
    """Prints times as they come; gives what a picture shows."""
    print("""\
wall time of a call in µs: the median of the turns' medians, and half of their span; the ratio to the best peer, and at
worst, to it without what it takes for a call that computes nothing, most of which is Python's part
""")
    peers = [name for name in settings if name != "headgate"]
    differences = ["difference"] + (["OpenVINO's"] if chosen.precision == "bfloat16" else [])
    table = Table(
        ("network", 11), ("rows", 4), *((name, 14) for name in settings), ("ratio", 5), ("at worst", 8),
        *((name, 10) for name in differences))
    drawn, best, worst = {}, {}, []
    for network, suffix, batch in cases:
        model, inputs = chosen.folder / f"{network}.onnx", chosen.folder / f"{network}{suffix}.npz"
        errors = compare(chosen, model, inputs, batch)
        results = in_turns(chosen.rounds, systems(chosen, peers, model, inputs, batch))
        wall = {name: Figure([one["wall_us"]["p50"] for one in turns]) for name, turns in results.items()}
        case = f"{network}{suffix}, {batch} row{'s' * (batch > 1)}"
        drawn[case] = {name: figure.median for name, figure in wall.items()}
        best[case] = min(wall[peer].median for peer in peers)
        calls = {peer: Figure([one["call_us"] for one in results[peer]]).median for peer in peers}
        least = min(wall[peer].median - calls[peer] for peer in peers)
        worst.append(wall["headgate"].median / max(least, 1))
        ratio = wall["headgate"].median / best[case]
        table.row(
            network + suffix, batch, *wall.values(), f"{ratio:.2f}", f"{worst[-1]:.2f}",
            *(f"{error:.0e}" for error in errors))
    ratios = [times["headgate"] / best[case] for case, times in drawn.items()]
    print(f"\ngeometric means: {geometric_mean(ratios):.2f}, at worst {geometric_mean(worst):.2f}")
    return drawn, best


def main():
    chosen = options(__doc__, lambda parser: parser.add_argument(
        "--precision", choices=LIMITS, default="float32", help="what products are computed in"))
    cases = [case for case in CASES if not chosen.only or case[0] in chosen.only]
    if not cases:
        print(f"no network of that name: there are {', '.join(dict.fromkeys(name for name, _, _ in CASES))}")
        return
    settings = REDUCED if chosen.precision == "bfloat16" else SETTINGS
    print_settings(settings)
    drawn, best = measure(chosen, cases, settings)
    suffix = "" if chosen.precision == "float32" else f"-{chosen.precision}"
    file = chosen.folder.parent / f"networks{suffix}.svg"
    picture.draw(file, f"Networks{suffix.replace('-', ' in ')}: wall time of a call", drawn, best)
    print(f"\npicture: {file}")


if __name__ == "__main__":
    main()
