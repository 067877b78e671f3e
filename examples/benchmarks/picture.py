"""Draws times beside those of the best peer as bars, in SVG by hand."""

import html
import math

COLOURS = ["#d1495b", "#edae49", "#00798c", "#30638e", "#8d96a3", "#66a182", "#2e4057", "#a26769"]
LEFT, SCALE, RIGHT, BAR, GAP, TOP = 230, 520, 90, 13, 14, 64


def draw(path, title, cases, best):
    """Writes a picture.

    `cases` has, by what is measured, the times by system; `best` the time by case that counts as 1. Bars begin there, on a
    logarithmic scale: to the left is faster.
    """
    ratios = {
        case: {system: time / best[case] for system, time in times.items()} for case, times in cases.items()}
    every = [ratio for bars in ratios.values() for ratio in bars.values()]
    low, high = min(every + [0.5]) / 1.1, max(every + [2]) * 1.1

    def x(ratio):
        return LEFT + SCALE * math.log(ratio / low) / math.log(high / low)

    systems = list(dict.fromkeys(system for bars in ratios.values() for system in bars))
    colours = {system: COLOURS[index % len(COLOURS)] for index, system in enumerate(systems)}
    body, y = [], TOP
    for case, bars in ratios.items():
        body.append(text(LEFT - 12, y + len(bars) * BAR / 2 + 4, case, "end"))
        for system, ratio in bars.items():
            body.append(bar(x(1), x(ratio), y, colours[system], f"{case}, {system}: {ratio:.2f}"))
            body.append(text(max(x(ratio), x(1)) + 4, y + BAR - 3, f"{ratio:.2f} {system}", size=10))
            y += BAR
        y += GAP
    marks = [mark * 10 ** power for power in range(-4, 5) for mark in (1, 2, 5)]
    grid = [line(x(mark), y, mark) for mark in marks if low <= mark <= high]
    width = LEFT + SCALE + RIGHT + 60
    heads = [
        text(12, 22, title, size=15),
        text(12, 42, "ratio of time to the best peer's, which is 1; to the left is faster; logarithmic scale", size=11)]
    path.write_text("\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y + 8}" font-family="sans-serif">',
        f'<rect width="{width}" height="{y + 8}" fill="white"/>', *heads, *grid, *body, "</svg>", ""]))


def bar(start, end, y, colour, hint):
    # A bar of no length would not be seen.
    left, length = min(start, end), max(abs(end - start), 2)
    return (f'<rect x="{left:.1f}" y="{y + 1}" width="{length:.1f}" height="{BAR - 2}" fill="{colour}">'
            f"<title>{html.escape(hint)}</title></rect>")


def line(x, bottom, mark):
    strong = ' stroke-width="2"' if mark == 1 else ""
    return (f'<line x1="{x:.1f}" y1="{TOP - 6}" x2="{x:.1f}" y2="{bottom - GAP + 4}" stroke="#bbbbbb"{strong}/>'
            + text(x, TOP - 9, f"{mark:g}", "middle", 10))


def text(x, y, words, anchor="start", size=12):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="#222222">'
            f"{html.escape(words)}</text>")
