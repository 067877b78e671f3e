"""Runs Headgate and its peers on ensembles of trees in turns, and prints times, ratios and loading; see trees.sh.

    measure_trees.py HEADGATE FOLDER [--rounds N] [--seconds S] [--only NAME]
"""

import json
import pathlib
import sys
import tempfile

import numpy as np

import picture
from turns import Figure, Table, bench, child, geometric_mean, in_turns, options, print_settings

PEER = pathlib.Path(__file__).parent / "peer_tree.py"
MODELS = ["lightgbm-100x63", "lightgbm-1000x255", "xgboost-100x6", "xgboost-1000x8"]
BATCHES = [1, 64, 4096]
NATIVE, ONNX, OWN = "Headgate", "Headgate, ONNX", "own library"
PEERS = {
    "lightgbm": [OWN, "ONNX Runtime", "lleaves", "tl2cgen", "Treelite"],
    "xgboost": [OWN, "ONNX Runtime", "tl2cgen", "Treelite"]}
SYSTEMS = [NATIVE, ONNX, *PEERS["lightgbm"]]
SETTINGS = {
    NATIVE: "`headgate bench` on the file of LightGBM or XGBoost, one thread; what the ratio is of",
    ONNX: "the same on the file that onnxmltools makes of it",
    OWN: "LightGBM: C API, rows of doubles, num_threads=1, predict_disable_shape_check, single rows by "
         "LGBM_BoosterPredictForMatSingleRowFast, others by LGBM_BoosterPredictForMat. XGBoost: "
         "XGBoosterPredictFromDense, nthread=1, its proxy matrix used again",
    "ONNX Runtime": "C API, one thread, all graph optimisations, sequential, tensors of all slices made ahead",
    "lleaves": "the compiled function, doubles, small code model; 100 trees: blocks of 5, inlined; 1,000: blocks of 1 "
               "(one block for all, as is documented for single rows, is no faster here); LightGBM's models only",
    "tl2cgen": "the compiled function row by row, units of 10 trees, the compiler's -O3 (quantize and branch "
               "annotations make it no faster here)",
    "Treelite": "GTIL's C API, nthread=1",
    "OpenVINO": "left out: it has no operators for ensembles of trees"}
# Sums of 1,000 floats in another order differ by some 1e-6 of the greatest; another leaf would make 1e-4 or more.
TOLERANCE = 1e-5


class Ensemble:
    """The files of a model, and what to measure it with."""

    def __init__(self, chosen, name):
        self.chosen, self.name, self.path = chosen, name, chosen.folder / name
        self.library = name.split("-")[0]
        number, ending = {"lightgbm": ("double", "txt"), "xgboost": ("float", "ubj")}[self.library]
        # Native files and rows of the type that they compare with; ONNX compares floats.
        self.ours = {NATIVE: (self.file(ending), number), ONNX: (self.file("onnx"), "float")}
        self.peers = [peer for peer in PEERS[self.library] if self.compiled(peer)]

    def file(self, ending):
        return self.path.with_name(f"{self.name}.{ending}")

    def compiled(self, peer):
        """Whether compile_trees.py was done within its limit, for the peers that need it."""
        seconds = json.loads((self.chosen.folder / "compiled.json").read_text())
        return seconds.get(f"{self.name}.{peer}", 0) is not None

    def key(self, peer):
        """The peer's name for peer_tree.py."""
        return self.library if peer == OWN else peer.lower().replace(" ", "")

    def rows(self, number):
        return self.chosen.folder / f"rows-{number}.npz"

    def systems(self, batch):
        """Functions that measure, by system."""
        seconds = self.chosen.seconds

        def ours(file, number):
            return lambda: bench(self.chosen.headgate, file, self.rows(number), batch, seconds)

        def theirs(peer):
            return lambda: json.loads(child(
                sys.executable, PEER, "time", self.key(peer), self.path, batch, seconds))

        return {system: ours(*what) for system, what in self.ours.items()} | {
            peer: theirs(peer) for peer in self.peers}

    def compare(self, batch):
        """The greatest difference of any system from the model's own library, by the greatest sum. Ends when large."""
        expected, worst = self.answer(OWN, max(BATCHES)), 0
        for system in (NATIVE, ONNX, *self.peers):
            actual = self.our_answer(system, batch) if system in self.ours else self.answer(system, batch)
            wanted = expected[:len(actual)]
            difference = float(np.abs(actual - wanted).max() / np.abs(wanted).max())
            if not difference < TOLERANCE:
                sys.exit(f"{self.name}: the sums of {system} differ from those of {self.library} by {difference:.2g}")
            worst = max(worst, difference)
        return worst

    def answer(self, peer, batch):
        with tempfile.TemporaryDirectory() as folder:
            child(sys.executable, PEER, "answer", self.key(peer), self.path, batch, f"{folder}/sums.npy")
            return np.load(f"{folder}/sums.npy")

    def our_answer(self, system, batch):
        """Of one slice, or of some single rows: `headgate run` takes all rows that it is given in one call."""
        file, number = self.ours[system]
        rows, answers = np.load(self.rows(number))["features"], []
        with tempfile.TemporaryDirectory() as folder:
            given, made = pathlib.Path(folder) / "in.npz", pathlib.Path(folder) / "out.npz"
            for first in range(8 if batch == 1 else 1):
                np.savez(given, features=rows[first:first + batch])
                child(self.chosen.headgate, "run", file, "--input", given, "--to", made)
                (sums,) = np.load(made).values()
                answers.append(sums.ravel())
        return np.concatenate(answers)


def measure_times(ensembles, rounds):
    """Prints CPU times as they come and wall times after them; gives what a picture shows."""
    print("CPU time of the thread in µs per row: the median of the turns' medians, and half of their span\n")
    columns = [("ensemble", 17), ("rows", 4), *((system, 12) for system in SYSTEMS)]
    table = Table(*columns, ("ratio", 5), ("ONNX", 5), ("difference", 10))
    wall, cases, best = [], {}, {}
    for ensemble in ensembles:
        for batch in BATCHES:
            difference = ensemble.compare(batch)
            results = in_turns(rounds, ensemble.systems(batch))
            cpu = figures(results, "cpu_us", batch)
            case = f"{ensemble.name}, {batch:,} row{'s' * (batch > 1)}"
            cases[case] = {system: figure.median for system, figure in cpu.items()}
            best[case] = min(cpu[peer].median for peer in ensemble.peers)
            ratios = [cases[case][system] / best[case] for system in (NATIVE, ONNX)]
            table.row(ensemble.name, batch, *cells(cpu), *(f"{ratio:.2f}" for ratio in ratios), f"{difference:.0e}")
            wall.append((ensemble.name, batch, *cells(figures(results, "wall_us", batch))))
    print(f"""
geometric means of the ratios to the best peer: {mean_ratio(cases, best, NATIVE):.2f}, of the ONNX file \
{mean_ratio(cases, best, ONNX):.2f}

wall time in µs per row
""")
    table = Table(*columns)
    for row in wall:
        table.row(*row)
    return cases, best


def figures(results, clock, batch):
    return {
        system: Figure([measured[clock]["p50"] / batch for measured in turns]) for system, turns in results.items()}


def cells(figures):
    return [figures.get(system, "-") for system in SYSTEMS]


def mean_ratio(cases, best, system):
    return geometric_mean([times[system] / best[case] for case, times in cases.items()])


def measure_loading(ensembles, rounds):
    print("""
loading, in a fresh process each: milliseconds, and MiB that are kept when the allocator has given back what it can, and
taken at the peak; Headgate's are those of the process less those of one with a stump, peers load a stump before
""")
    table = Table(("ensemble", 17), ("system", 14), ("ms", 11), ("kept", 11), ("peak", 11))
    for ensemble in ensembles:
        for system, turns in in_turns(rounds, loading(ensemble)).items():
            table.row(ensemble.name, system, *(
                Figure([turn[part] for turn in turns]) for part in ("ms", "kept", "peak")))


def loading(ensemble):
    """Functions that measure loading, by system."""
    chosen, stump = ensemble.chosen, Ensemble(ensemble.chosen, f"{ensemble.library}-stump")

    def ours(system):
        measured = [
            bench(chosen.headgate, file, chosen.folder / f"row-{number}.npz", 1, 0.01, "--warm-up", 0)
            for file, number in (ensemble.ours[system], stump.ours[system])]
        kept, peak = (
            (measured[0][key] - measured[1][key]) / 2 ** 20 for key in ("kept_bytes", "peak_rss_bytes"))
        return {"ms": measured[0]["load_ms"], "kept": kept, "peak": peak}

    def theirs(peer):
        measured = json.loads(child(sys.executable, PEER, "load", ensemble.key(peer), ensemble.path, stump.path))
        return {
            "ms": measured["load_ms"], "kept": measured["kept_bytes"] / 2 ** 20, "peak": measured["peak_bytes"] / 2 ** 20}

    return {system: lambda system=system: ours(system) for system in (NATIVE, ONNX)} | {
        peer: lambda peer=peer: theirs(peer) for peer in (OWN, "ONNX Runtime", "Treelite")}


def print_notes(chosen):
    """How large the trees are, and what compiling took."""
    leaves = json.loads((chosen.folder / "leaves.json").read_text())
    print("Leaves of a tree on average: " + ", ".join(f"{name} {leaves[name]:.0f}" for name in MODELS) + ".")
    seconds = json.loads((chosen.folder / "compiled.json").read_text())
    print("Seconds of compiling: " + ", ".join(
        f"{name} {'left out, for it takes longer than allowed' if took is None else took}"
        for name, took in seconds.items()) + ".\n")


def main():
    chosen = options(__doc__)
    ensembles = [Ensemble(chosen, name) for name in MODELS if not chosen.only or name in chosen.only]
    if not ensembles:
        print(f"no ensemble of that name: there are {', '.join(MODELS)}")
        return
    print_settings(SETTINGS)
    print_notes(chosen)
    cases, best = measure_times(ensembles, chosen.rounds)
    measure_loading(ensembles, chosen.rounds)
    drawn = chosen.folder.parent / "trees.svg"
    picture.draw(drawn, "Ensembles of trees: CPU time per row", cases, best)
    print(f"\npicture: {drawn}")


if __name__ == "__main__":
    main()
