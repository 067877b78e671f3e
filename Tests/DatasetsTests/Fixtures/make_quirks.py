"""Writes quirks.csv, and quirks.json with what Python's csv module reads from it."""

import csv
import json
import pathlib

here = pathlib.Path(__file__).parent
text = (
    "\ufeffname,\"says \"\"so\"\"\",number,\"a\nb\"\r\n"
    "Ada,\"one, two\",1.5,x\r\n"
    "\"Gr\u00fc\u00dfe\",\"line\none\",-2e3,\"\"\n"
    " spaced ,\"\"\"\",+.5,\"\"\"quoted\"\"\"\n"
    "\"\",,0007,\u65e5\u672c\n"
    "last,\"\r\n\",5.,z"
)
(here / "quirks.csv").write_bytes(text.encode())
with open(here / "quirks.csv", newline="", encoding="utf-8-sig") as file:
    rows = list(csv.reader(file))
numbers = [float(row[2]) for row in rows[1:]]
(here / "quirks.json").write_text(json.dumps({"rows": rows, "numbers": numbers}, indent=1) + "\n")
