#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Draw what a terminal shows: FILE.tty, the bytes that it was sent, becomes FILE.png.

They are recorded with a terminal of 80 columns, for example by

    script -qec 'stty cols 80 rows 24; vpnctl show' /dev/null >show.tty

What is drawn is the last thing that was to be seen, down to the last line that is not
empty. Needs the packages python3-pyte, python3-pil and fonts-dejavu-core.
"""

import argparse
import pathlib

import pyte
from PIL import Image, ImageDraw, ImageFont

FONTS = pathlib.Path("/usr/share/fonts/truetype/dejavu")
FONT_SIZE = 13
CELL = (8, 17)
MARGIN = 8
# Those of xterm, and for a light ground the same, as most terminals have it
COLORS = {
    "black": "#000000", "red": "#cd0000", "green": "#00cd00", "brown": "#cdcd00",
    "blue": "#0000ee", "magenta": "#cd00cd", "cyan": "#00cdcd", "white": "#e5e5e5",
}
DARK = ("#d8d8d8", "#181818")
LIGHT = ("#202020", "#ffffff")


def screen_of(data, columns, rows):
    """What is on a terminal in the end, one that is high enough for all of it."""
    screen = pyte.Screen(columns, rows or data.count(b"\n") * 8 + 2)
    # pyte knows no faint text, but a grey
    pyte.ByteStream(screen).feed(data.replace(b"\x1b[2m", b"\x1b[38;5;244m"))
    return screen


def used_lines(screen):
    lines = [n for n, line in enumerate(screen.display) if line.strip()]
    reverse = [n for n, cells in screen.buffer.items()
               if any(cell.reverse for cell in cells.values())]
    return max(lines + reverse, default=0) + 1


def color_of(name, default):
    return COLORS.get(name, default if name == "default" else "#" + name)


def draw_cell(draw, place, cell, fonts, ground):
    front = color_of(cell.fg, ground[0])
    back = color_of(cell.bg, ground[1])
    if cell.reverse:
        front, back = back, front
    if back != ground[1]:
        draw.rectangle((*place, place[0] + CELL[0] - 1, place[1] + CELL[1] - 1), fill=back)
    if cell.data.strip():
        draw.text(place, cell.data, fill=front, font=fonts[cell.bold])


def draw_screen(screen, rows, ground):
    fonts = [ImageFont.truetype(str(FONTS / name), FONT_SIZE)
             for name in ("DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf")]
    size = (screen.columns * CELL[0] + 2 * MARGIN, rows * CELL[1] + 2 * MARGIN)
    image = Image.new("RGB", size, ground[1])
    draw = ImageDraw.Draw(image)
    for row in range(rows):
        for column in range(screen.columns):
            place = (MARGIN + column * CELL[0], MARGIN + row * CELL[1])
            draw_cell(draw, place, screen.buffer[row][column], fonts, ground)
    return image.quantize(256, method=Image.Quantize.FASTOCTREE)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--columns", type=int, default=80)
    parser.add_argument("--rows", type=int, default=0, help="of the terminal (all that there are)")
    parser.add_argument("--light", action="store_true", help="a light ground")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(),
                        help="folder for PNG files")
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    args = parser.parse_args()
    for file in args.files:
        screen = screen_of(file.read_bytes(), args.columns, args.rows)
        image = draw_screen(screen, args.rows or used_lines(screen), LIGHT if args.light else DARK)
        image.save(args.out / (file.stem + ".png"), optimize=True)


if __name__ == "__main__":
    main()
