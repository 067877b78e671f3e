"""Reads the CPU time of other processes, to the nanosecond and without their children."""

import time


def cpu_seconds(process):
    """All threads of the process, ended ones too; see clock_getcpuclockid(3) for how its number makes a clock."""
    return time.clock_gettime(~process << 3 | 2)


def resident_bytes(process):
    """VmRSS of /proc/PID/status."""
    with open(f"/proc/{process}/status") as file:
        line = next(line for line in file if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024
