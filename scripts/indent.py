#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Say where clang-format would indent a statement in another way.

Of clang-format's opinions these are the ones that agree with the kernel's style;
where a line is broken and how columns are aligned is for the author, and how a
statement goes on in its next line is checkpatch's.
"""

import subprocess
import sys
from difflib import SequenceMatcher


def same_text(one, other):
    return "".join(one.split()) == "".join(other.split())


def indentation(line):
    return line[:len(line) - len(line.lstrip())]


def begins_statement(lines, index):
    before = "".join(lines[:index][-1:]).rstrip()
    return not before or before.endswith((";", "{", "}", ":", "*/"))


def badly_indented(lines, formatted):
    """Yield the numbers of lines that differ in what they begin with only."""
    blocks = SequenceMatcher(None, lines, formatted, autojunk=False).get_opcodes()
    for tag, start, end, other_start, other_end in blocks:
        if tag != "replace" or end - start != other_end - other_start:
            continue
        pairs = zip(lines[start:end], formatted[other_start:other_end])
        for index, (line, wanted) in enumerate(pairs, start):
            if (same_text(line, wanted) and indentation(line) != indentation(wanted)
                    and begins_statement(lines, index)):
                yield index + 1


def main():
    status = 0
    for name in sys.argv[1:]:
        with open(name, encoding="utf-8") as file:
            lines = file.read().splitlines()
        formatted = subprocess.run(["clang-format", "--style=file", name], check=True,
                                   capture_output=True, encoding="utf-8").stdout.splitlines()
        for number in badly_indented(lines, formatted):
            print(f"{name}:{number}: clang-format would indent this in another way")
            status = 1
    return status


sys.exit(main())
