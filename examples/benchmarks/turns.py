"""What the benchmarks beside peers share: their options, turns of all systems, and tables of the results."""

import argparse
import json
import math
import pathlib
import statistics
import subprocess
import sys


def options(description, add=lambda parser: None):
    """The options of the command line, with those that `add` adds to a parser."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("headgate", help="the program to measure")
    parser.add_argument("folder", type=pathlib.Path, help="where the models and their rows are")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each system")
    parser.add_argument("--seconds", type=float, default=1, help="how long a turn measures")
    parser.add_argument("--only", action="append", metavar="NAME", help="a model; may be given several times")
    add(parser)
    return parser.parse_args()


def child(*command):
    """What a process prints; ends when it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr[-2000:]}")
    return done.stdout


def bench(headgate, model, inputs, batch, seconds, *more):
    """What `headgate bench` measures."""
    return json.loads(child(
        headgate, "bench", model, "--input", inputs, "--batch", batch, "--seconds", seconds, "-o", "json", *more))


def in_turns(rounds, systems):
    """Calls the functions of all systems in turns, so that what else the machine does meets all alike.

    Gives a list of the results by system.
    """
    results = {name: [] for name in systems}
    for _ in range(rounds):
        for name, measure in systems.items():
            results[name].append(measure())
    return results


class Figure:
    """The median of several measurements, and half of the span between them as a share of it."""

    def __init__(self, values):
        self.median = statistics.median(values)
        self.spread = (max(values) - min(values)) / 2 / self.median if self.median else 0

    def __str__(self):
        return f"{number(self.median)} ±{self.spread * 100:.0f} %"


def number(value):
    """Three digits that count, and all of those before the point."""
    digits = 2 - math.floor(math.log10(value)) if value > 0 else 0
    return f"{value:,.{min(max(digits, 0), 3)}f}"


def geometric_mean(ratios):
    return math.exp(statistics.fmean(map(math.log, ratios)))


class Table:
    """Rows of Markdown that are printed as they come, the first column to the left and the others to the right."""

    def __init__(self, *columns):
        """Columns are heads with the widths that their cells need."""
        self.widths = [max(len(head), width) for head, width in columns]
        self.row(*(head for head, _ in columns))
        rules = ["-" * (self.widths[0] + 2)] + ["-" * (width + 1) + ":" for width in self.widths[1:]]
        print(f"|{'|'.join(rules)}|")

    def row(self, *cells):
        first, *others = zip(map(str, cells), self.widths, strict=True)
        padded = [first[0].ljust(first[1])] + [cell.rjust(width) for cell, width in others]
        print(f"| {' | '.join(padded)} |", flush=True)


def print_settings(systems):
    """Says with what settings each system runs."""
    for name, settings in systems.items():
        print(f"- {name}: {settings}")
    print()
