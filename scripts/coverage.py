#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Print the coverage of module/core/ and of vpnctl's parsers: coverage.py LINES BRANCHES LIMIT

LINES is llvm-cov's lcov file and BRANCHES its JSON, which keeps what stands in a file
apart from what its macros contain: WARN_ON() of the shim is no branch of ours. One source
may be in both several times, compiled for several programs; what ran in one of them ran.
"""

import json
import os
import sys

TOP = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
CORE = "module/core/"
# What reads bytes of strangers, and what vpnctl reads
PARSERS = ["module/core/wire.c", "module/core/noise.c", "module/core/cookie.c",
           "userspace/config.c", "userspace/encoding.c", "userspace/nl_msg.c"]


def name_of(path):
    return os.path.relpath(os.path.realpath(path), TOP)


def wanted(name):
    return name.endswith(".c") and (name.startswith(CORE) or name in PARSERS)


def read_lines(path):
    """Return file -> line -> how often it ran."""
    files, counts = {}, {}
    with open(path, encoding="utf-8") as lcov:
        for row in lcov:
            key, _, value = row.strip().partition(":")
            if key == "SF":
                counts = files.setdefault(name_of(value), {})
            elif key == "DA":
                line, count = map(int, value.split(",")[:2])
                counts[line] = max(count, counts.get(line, 0))
    return {name: counts for name, counts in files.items() if wanted(name)}


def read_branches(path):
    """Return file -> (line, column, outcome) -> how often it was taken."""
    files = {}
    with open(path, encoding="utf-8") as export:
        data = json.load(export)["data"]
    for file in (file for part in data for file in part["files"]):
        counts = files.setdefault(name_of(file["filename"]), {})
        for line, column, _, _, taken, not_taken, *_ in file["branches"]:
            for outcome, count in (("true", taken), ("false", not_taken)):
                key = (line, column, outcome)
                counts[key] = max(count, counts.get(key, 0))
    return files


def ran(counts):
    return sum(1 for count in counts.values() if count)


def share(part, whole):
    return f"{part:5} of {whole:5}  {100 * part / whole if whole else 100:6.2f} %"


def row(title, lines, branches):
    print(f"{title:28} {share(*lines)}   {share(*branches)}")


def table(names, lines, branches):
    """Print a row for each file; return the sums (ran, all) of lines and branches."""
    sums = [0, 0], [0, 0]
    for name in names:
        for counts, total in zip((lines[name], branches[name]), sums):
            total[0] += ran(counts)
            total[1] += len(counts)
        row(name, *((ran(counts), len(counts)) for counts in (lines[name], branches[name])))
    return sums


def runs_of(counts):
    """Yield the first and the last of lines in a row that have not run."""
    first = last = None
    for line, count in [*sorted(counts.items()), (None, 1)]:
        if count and first:
            yield first, last
        first = None if count else first or line
        last = line


def missed(name, lines, branches):
    for first, last in runs_of(lines[name]):
        yield f"{name}:{first}: has not run" + (f", up to line {last}" if last > first else "")
    for (line, column, outcome), count in sorted(branches[name].items()):
        if not count and lines[name].get(line):
            yield f"{name}:{line}:{column}: this was never {outcome}"


def main():
    lines, branches = read_lines(sys.argv[1]), read_branches(sys.argv[2])
    limit = float(sys.argv[3])
    core = sorted(name for name in lines if name.startswith(CORE))
    there = sorted(CORE + name for name in os.listdir(os.path.join(TOP, CORE))
                   if name.endswith(".c"))
    if core != there:
        sys.exit(f"no figures for {' '.join(set(there) - set(core))}")
    print(f"{'':28} {'lines':>24}   {'branches':>24}")
    sums = table(core, lines, branches)
    row("module/core", *sums)
    print()
    table([name for name in PARSERS if name not in core], lines, branches)
    print()
    for name in sorted(set(PARSERS) | set(core)):
        for text in missed(name, lines, branches):
            print(text)
    percent = 100 * sums[0][0] / sums[0][1]
    if percent < limit:
        sys.exit(f"{percent:.2f} % of the lines of module/core have run, {limit:g} % are wanted")


main()
