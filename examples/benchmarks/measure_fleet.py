"""Measures what 1,000 deployments cost the controller, and prints a table of figures with their limits.

Usage: python3 measure_fleet.py HEADGATE FOLDER

FOLDER is empty; repository, clone and state folder are made in it. Exits with 1 when a limit is missed. CPU is that of the
controller's process alone: not the server's, not git's. `git` is run through a wrapper that counts.
"""

import atexit
import contextlib
import json
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import time

from process_clock import cpu_seconds

HERE = os.path.dirname(os.path.abspath(__file__))
REPEATS = 5
CHANGES = 10
IDLE_SECONDS = 60
# The controller looks at a quiet server every 30 s, and reads what it says when that is new: once after all is ready.
QUIET_SECONDS = 35
POLL_SECONDS = 60
# Long enough for everything that follows a change: two ticks of the loop.
SETTLING_SECONDS = 1.5


def run(*words, folder=None):
    return subprocess.run(words, cwd=folder, check=True, capture_output=True, text=True).stdout


def wait(condition, what, seconds=120, pause=0.01):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"waited {seconds} s in vain for {what}")
        time.sleep(pause)


class Fleet:
    """A bare repository and a clone to commit in."""

    def __init__(self, folder):
        self.bare = os.path.join(folder, "fleet.git")
        self.clone = os.path.join(folder, "fleet")
        run("git", "init", "-q", "--bare", "-b", "main", self.bare)
        run("git", "init", "-q", "-b", "main", self.clone)
        self.git("remote", "add", "origin", self.bare)
        self.git("config", "user.name", "fleet")
        self.git("config", "user.email", "fleet@example.org")
        self.git("commit", "-q", "--allow-empty", "-m", "Begin")
        self.empty = self.git("rev-parse", "HEAD").strip()
        run(sys.executable, os.path.join(HERE, "generate_fleet.py"), self.clone)
        self.push("Add the fleet")

    def git(self, *words):
        return run("git", *words, folder=self.clone)

    def push(self, message):
        """Commits everything and returns the commit."""
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        self.git("push", "-q", "origin", "main")
        return self.git("rev-parse", "HEAD").strip()

    def edit(self, path, change):
        path = os.path.join(self.clone, path)
        with open(path) as file:
            text = change(file.read())
        with open(path, "w") as file:
            file.write(text)


class Controller:
    """`headgate up` on the fleet; what it does is read from its journal, which costs it nothing."""

    def __init__(self, binary, fleet, folder, interval):
        self.state = os.path.join(folder, "state")
        self.binary = binary
        self.count = os.path.join(folder, "git.count")
        open(self.count, "w").close()
        wrapper = os.path.join(folder, "bin", "git")
        if not os.path.exists(wrapper):
            os.makedirs(os.path.dirname(wrapper))
            real = run("sh", "-c", "command -v git").strip()
            with open(wrapper, "w") as file:
                file.write(f'#!/bin/sh\necho "$1" >>"{self.count}"\nexec "{real}" "$@"\n')
            os.chmod(wrapper, 0o755)
        path = os.path.dirname(wrapper) + os.pathsep + os.environ["PATH"]
        self.began = time.monotonic()
        with open(os.path.join(folder, "up.log"), "a") as log:
            self.process = subprocess.Popen(
                [binary, "up", "--repository", fleet.bare, "--state", self.state, "--rest-port", "0",
                 "--interval", interval],
                env=os.environ | {"PATH": path}, stdout=log, stderr=log)
        atexit.register(self.end)

    def cpu(self):
        return cpu_seconds(self.process.pid)

    def milliseconds_per_second(self, seconds):
        """CPU while nothing is asked of it."""
        before = self.cpu()
        time.sleep(seconds)
        return (self.cpu() - before) * 1e3 / seconds

    def git_children(self):
        with open(self.count) as file:
            return len(file.readlines())

    def ask(self, sql):
        if self.process.poll() is not None:
            sys.exit(f"the controller has ended; its log is {self.state}/../up.log")
        try:
            with contextlib.closing(sqlite3.connect(f"file:{self.state}/journal.sqlite?mode=ro", uri=True)) as journal:
                return journal.execute(sql).fetchone()[0]
        except sqlite3.OperationalError:  # not made yet
            return None

    def applied(self):
        return self.ask("SELECT applied_commit FROM controller")

    def settled(self):
        """How many deployments serve what Git asks for."""
        return self.ask("SELECT count(*) FROM objects WHERE json_extract(record, '$.champion') IS NOT NULL"
                        " AND json_extract(record, '$.candidate') IS NULL")

    def follow(self, commit):
        """Has the controller take up a pushed commit; returns its CPU for that and for what follows at once."""
        before = self.cpu()
        run(self.binary, "reconcile", "--state", self.state)
        wait(lambda: self.applied() == commit, "the commit to be taken up")
        time.sleep(SETTLING_SECONDS)
        return self.cpu() - before

    def end(self):
        """Ends the controller and its server."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)


class Table:
    def __init__(self):
        self.missed = 0
        print(f"{'':74} {'measured':>12} {'limit':>10}")

    def row(self, what, value, unit, limit=None, digits=1):
        shown = "" if limit is None else f"{limit:g} {unit}"
        verdict = "" if limit is None or value <= limit else "  MISSED"
        self.missed += bool(verdict)
        print(f"{what:74} {value:>9.{digits}f} {unit:2} {shown:>10}{verdict}", flush=True)


def plan_seconds(binary, fleet):
    began = time.monotonic()
    plan = json.loads(run(
        binary, "plan", "--base", fleet.empty, "--head", "HEAD", "-o", "json", folder=fleet.clone))
    seconds = time.monotonic() - began
    if len(plan["entries"]) != 1023:
        sys.exit(f"the plan has {len(plan['entries'])} changes instead of 1023")
    return seconds


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    binary, folder = map(os.path.abspath, sys.argv[1:])
    fleet = Fleet(folder)
    table = Table()
    table.row("headgate plan --base EMPTY --head HEAD, wall (median of 5)",
              statistics.median(plan_seconds(binary, fleet) for _ in range(REPEATS)), "s", 1, 2)

    controller = Controller(binary, fleet, folder, "1000h")
    wait(lambda: controller.applied(), "the first plan", pause=0.002)
    table.row("controller: process start to first plan taken up, clone included", time.monotonic() - controller.began,
              "s", 1, 2)
    wait(lambda: controller.settled() == 1000, "1,000 rollouts", pause=0.25)
    table.row("1,000 first releases: wall", time.monotonic() - controller.began, "s")
    table.row("1,000 first releases: controller's CPU", controller.cpu(), "s")

    time.sleep(QUIET_SECONDS)
    idle = controller.milliseconds_per_second(IDLE_SECONDS)
    table.row("idle, no polls: CPU in a minute", idle * 60, "ms")

    costs = []
    for number in range(CHANGES):
        fleet.edit(f"specs/team-{number * 7:02}/model-{number * 70:04}.yaml", lambda text: "# A note.\n" + text)
        costs.append(controller.follow(fleet.push("Add a note")) * 1e3)
    table.row(f"one file, a comment: fetch, decode, plan (median of {CHANGES})", statistics.median(costs), "ms", 20)
    costs = []
    for number in range(CHANGES):
        fleet.edit(f"specs/team-{number * 7:02}/model-{number * 70 + 1:04}.yaml",
                   lambda text: text.replace("deadline: 10m", "deadline: 12m"))
        costs.append(controller.follow(fleet.push("Wait longer")) * 1e3)
    table.row(f"one file, a field: the same, and the change carried out (median of {CHANGES})", statistics.median(costs),
              "ms")
    began = time.monotonic()
    run(binary, "plan", "--state", controller.state)
    table.row("headgate plan of live state, wall", time.monotonic() - began, "s", digits=2)
    controller.end()

    controller = Controller(binary, fleet, folder, "1s")
    wait(controller.git_children, "the first poll")
    time.sleep(QUIET_SECONDS)
    children = controller.git_children()
    polling = controller.milliseconds_per_second(POLL_SECONDS)
    children = controller.git_children() - children
    controller.end()
    # The interval of one second is spread by a tenth: as many polls as seconds, but for one at either end.
    if children < POLL_SECONDS - 5:
        sys.exit(f"{children} polls ran in {POLL_SECONDS} s")
    table.row("no-op poll: controller's CPU beyond idle", polling - idle, "ms", 1, 2)
    table.row("no-op poll: git children", round(children / POLL_SECONDS, 1), "", 1)
    sys.exit(table.missed > 0)


if __name__ == "__main__":
    main()
