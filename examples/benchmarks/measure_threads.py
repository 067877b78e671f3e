"""Runs Headgate on one thread and on several in turns, and with more callers than processors; see threads.sh.

    measure_threads.py HEADGATE NETWORKS --trees FOLDER [--rounds N] [--seconds S] [--only MODEL] [--threads N]
"""

import os
import pathlib

from turns import Figure, Table, bench, geometric_mean, in_turns, number, options

# Networks with the ending of their rows, ensembles with the type of theirs; and the rows of a call.
NETWORKS = [
    ("mlp", "", 1), ("mlp", "", 64), ("lenet", "", 64), ("resnet18", "", 1), ("depthwise", "", 1), ("lstm", "", 8),
    ("minilm", "-32", 1), ("minilm", "-128", 1), ("minilm", "-128", 8)]
TREES = [
    ("lightgbm-100x63.txt", "double"), ("lightgbm-1000x255.txt", "double"), ("xgboost-100x6.ubj", "float"),
    ("xgboost-1000x8.ubj", "float")]
TREE_BATCH = 4096


def cases(chosen):
    """The name, the file, the rows and the batch of each model."""
    for name, ending, batch in NETWORKS:
        yield f"{name}{ending}", chosen.folder / f"{name}.onnx", chosen.folder / f"{name}{ending}.npz", batch
    for file, rows in TREES:
        yield file.split(".")[0], chosen.trees / file, chosen.trees / f"rows-{rows}.npz", TREE_BATCH


def measure(chosen, model, rows, batch, threads, callers):
    return lambda: bench(
        chosen.headgate, model, rows, batch, chosen.seconds, "--threads", threads, "--concurrency", callers)


def main():
    def add(parser):
        parser.add_argument("--trees", type=pathlib.Path, required=True, help="where the ensembles and their rows are")
        parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="how many are all")

    chosen = options("What threads gain.", add)
    many, callers = chosen.threads, 2 * chosen.threads
    print(f"wall: microseconds of a call, median of {chosen.rounds} turns, and half of their span")
    print(f"rows/s: of {callers} callers at once, each on one thread, and each on up to {many}\n")
    table = Table(
        ("model", 18), ("rows", 4), ("1 thread", 14), (f"{many} threads", 14), ("faster", 6),
        (f"{callers} x 1, rows/s", 16), (f"{callers} x {many}, rows/s", 16), ("ratio", 5))
    gains, kept = [], []
    for name, model, rows, batch in cases(chosen):
        if chosen.only and not any(name.startswith(only) for only in chosen.only):
            continue
        results = in_turns(chosen.rounds, {
            (threads, at_once): measure(chosen, model, rows, batch, threads, at_once)
            for at_once in (1, callers) for threads in (1, many)})
        one, all_ = (Figure([run["wall_us"]["p50"] for run in results[threads, 1]]) for threads in (1, many))
        alone, sharing = (
            Figure([run["rows_per_second"] for run in results[threads, callers]]) for threads in (1, many))
        gains.append(one.median / all_.median)
        kept.append(sharing.median / alone.median)
        table.row(
            name, batch, one, all_, f"{gains[-1]:.2f}", number(alone.median), number(sharing.median), f"{kept[-1]:.2f}")
    if gains:
        print(f"\ngeometric means: {geometric_mean(gains):.2f} times as fast on {many} threads; with {callers} callers "
              f"{geometric_mean(kept):.2f} times the rows in a second")


if __name__ == "__main__":
    main()
