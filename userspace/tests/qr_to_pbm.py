#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What a terminal shows of half blocks, as a picture: qr_to_pbm.py <text >picture.pbm

A line that sets black on white has dark blocks; one without colours has light ones, as on
a dark terminal.
"""
import re
import sys

SCALE = 4
COLORS = '\x1b[38;5;16;48;5;231m'
HALVES = {' ': (0, 0), '\u2580': (1, 0), '\u2584': (0, 1), '\u2588': (1, 1)}

rows = []
for line in sys.stdin.read().splitlines():
    colored = line.startswith(COLORS)
    text = re.sub('\x1b\\[[0-9;]*m', '', line)
    pairs = [HALVES[c] for c in text]
    for half in (0, 1):
        rows.append([pair[half] == colored for pair in pairs])
width = len(rows[0])
assert all(len(row) == width for row in rows), 'lines of different lengths'
margin = rows[:4] + [row[:4] + row[-4:] for row in rows]
assert not any(any(row) for row in margin), 'no quiet zone'
assert any(rows[4]), 'more than a quiet zone'
print(f'P1\n{width * SCALE} {len(rows) * SCALE}')
for row in rows:
    line = ' '.join(str(int(dark)) for dark in row for _ in range(SCALE))
    for _ in range(SCALE):
        print(line)
