"""Measures a server with one model, started from the routes it persisted, and prints a table of figures with limits.

Usage: python3 measure_server.py HEADGATE FOLDER

In FOLDER, which is empty, the first version of examples/adult is built, gated and rolled out by `headgate up`. The server
is then started alone on that state folder, five times. Exits with 1 when a limit is missed.
"""

import atexit
import http.client
import os
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import time

from process_clock import resident_bytes

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
STARTS = 5
SECONDS_AFTER_LOAD = 10


def git(folder, *words):
    subprocess.run(["git", "-C", folder, *words], check=True, capture_output=True)


def make_fleet(folder):
    """The specs and the example as one commit of a repository."""
    os.makedirs(folder)
    shutil.copytree(os.path.join(ROOT, "specs"), os.path.join(folder, "specs"))
    shutil.copytree(os.path.join(ROOT, "examples", "adult"), os.path.join(folder, "examples", "adult"))
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "-c", "user.name=fleet", "-c", "user.email=fleet@example.org", "commit", "-q", "-m", "Begin")


def end(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def start(log, *words):
    process = subprocess.Popen(words, stdout=log, stderr=log)
    atexit.register(end, process)
    return process


def champions(state):
    """How many models have been rolled out, as the journal has it."""
    try:
        journal = sqlite3.connect(f"file:{state}/journal.sqlite?mode=ro", uri=True)
        return journal.execute(
            "SELECT count(*) FROM objects WHERE json_extract(record, '$.champion') IS NOT NULL"
            " AND json_extract(record, '$.candidate') IS NULL").fetchone()[0]
    except sqlite3.OperationalError:  # not made yet
        return 0


def roll_out(binary, fleet, state, log):
    """Has `headgate up` build, gate and serve the model, and ends it."""
    process = start(log, binary, "up", "--repository", fleet, "--state", state, "--rest-port", "0")
    limit = time.monotonic() + 600
    while champions(state) != 1:
        if process.poll() is not None or time.monotonic() > limit:
            sys.exit(f"the model was not rolled out: {open(log.name).read()[-2000:]}")
        time.sleep(0.2)
    end(process)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def first_answer(port, body, process):
    """Asks until the model answers; returns when."""
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("POST", "/v2/models/income/infer", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status == 200:
                return time.monotonic()
            if answer.status not in (404, 503):  # the model is not loaded yet
                sys.exit(f"the server answered with status {answer.status}: {text[:500]}")
        except (ConnectionError, http.client.HTTPException):
            if process.poll() is not None:
                sys.exit("the server has ended")
        finally:
            connection.close()
        time.sleep(0.001)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    binary, folder = map(os.path.abspath, sys.argv[1:])
    with open(os.path.join(ROOT, "examples", "adult", "request.json"), "rb") as file:
        body = file.read()
    fleet, state = os.path.join(folder, "fleet"), os.path.join(folder, "state")
    make_fleet(fleet)
    answers, memory = [], []
    with open(os.path.join(folder, "log"), "w") as log:
        roll_out(binary, fleet, state, log)
        for _ in range(STARTS):
            port = free_port()
            began = time.monotonic()
            process = start(log, binary, "server", "--state", state, "--rest-port", str(port))
            answers.append(first_answer(port, body, process) - began)
            time.sleep(SECONDS_AFTER_LOAD)
            memory.append(resident_bytes(process.pid) / 2**20)
            end(process)
    missed = 0
    print(f"{'':48} {'median':>8} {'limit':>9}   all {STARTS}")
    for what, values, limit, unit, digits in [
        (f"headgate server: VmRSS {SECONDS_AFTER_LOAD} s after load", memory, 40, "MiB", 1),
        ("headgate server: process start to first answer", answers, 0.3, "s", 3),
    ]:
        median = statistics.median(values)
        missed += median >= limit
        every = " ".join(f"{value:.{digits}f}" for value in sorted(values))
        print(f"{what:48} {median:>8.{digits}f} {f'{limit} {unit}':>9}   {every}{'  MISSED' * (median >= limit)}")
    sys.exit(missed > 0)


if __name__ == "__main__":
    main()
