"""Reads a terminal's screen with its colours (tmux capture-pane -p -e) and writes it as SVG."""

import re
import sys
from html import escape

COLUMNS, CELL, LINE, MARGIN = 120, 8.43, 18, 12
BACKGROUND, TEXT = "#101418", "#d5dae0"
BASE = ["#101418", "#e06c75", "#7ec16e", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d5dae0"]
BRIGHT = ["#7f8894", "#ff7a85", "#98e08a", "#ffd787", "#7cc4ff", "#e08cff", "#73d6e2", "#ffffff"]


def indexed(number):
    """The colour of one of 256."""
    if number < 16:
        return (BASE + BRIGHT)[number]
    if number < 232:
        steps = [0, 95, 135, 175, 215, 255]
        number -= 16
        return "#%02x%02x%02x" % (steps[number // 36], steps[number // 6 % 6], steps[number % 6])
    return "#" + "%02x" % (8 + 10 * (number - 232)) * 3


class Style:
    """What SGR codes have set."""

    def __init__(self):
        self.front = self.back = None
        self.bold = self.dim = self.reverse = self.underline = False

    def take(self, codes):
        codes = [int(code or 0) for code in codes.split(";")]
        while codes:
            code = codes.pop(0)
            if code == 0:
                self.__init__()
            elif code == 1:
                self.bold = True
            elif code == 2:
                self.dim = True
            elif code == 4:
                self.underline = True
            elif code == 7:
                self.reverse = True
            elif code == 22:
                self.bold = self.dim = False
            elif code == 24:
                self.underline = False
            elif code == 27:
                self.reverse = False
            elif code in (38, 48):
                if codes.pop(0) == 5:
                    colour = indexed(codes.pop(0))
                else:
                    colour = "#%02x%02x%02x" % tuple(codes.pop(0) for _ in range(3))
                self.front, self.back = (colour, self.back) if code == 38 else (self.front, colour)
            elif code in (39, 49):
                self.front, self.back = (None, self.back) if code == 39 else (self.front, None)
            elif 30 <= code <= 37:
                self.front = BASE[code - 30]
            elif 40 <= code <= 47:
                self.back = BASE[code - 40]
            elif 90 <= code <= 97:
                self.front = BRIGHT[code - 90]
            elif 100 <= code <= 107:
                self.back = BRIGHT[code - 100]

    def seen(self):
        front, back = self.front or TEXT, self.back
        return (back or BACKGROUND, front) if self.reverse else (front, back)


def main():
    rows = sys.stdin.read().rstrip("\n").split("\n")
    while rows and not re.sub(r"\x1b\[[0-9;]*m", "", rows[-1]).strip():
        rows.pop()
    width, height = COLUMNS * CELL + 2 * MARGIN, len(rows) * LINE + 2 * MARGIN
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height}" font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14">')
    print(f'<rect width="100%" height="100%" rx="6" fill="{BACKGROUND}"/>')
    style = Style()
    for at, row in enumerate(rows):
        column, top = 0, MARGIN + at * LINE
        for part in re.split(r"(\x1b\[[0-9;]*m)", row):
            if part.startswith("\x1b"):
                style.take(part[2:-1])
                continue
            front, back = style.seen()
            if back and part:
                print(f'<rect x="{MARGIN + column * CELL:.1f}" y="{top}" width="{len(part) * CELL:.1f}" height="{LINE}" fill="{back}"/>')
            # Each word stands where its column is, whatever the width of the font's letters; lines are drawn.
            for word in re.finditer(r"─+|│|[^\s─│]+", part):
                x, long = MARGIN + (column + word.start()) * CELL, len(word.group()) * CELL
                if word.group()[0] == "─":
                    print(f'<rect x="{x:.1f}" y="{top + LINE // 2}" width="{long:.1f}" height="1" fill="{front}"/>')
                elif word.group() == "│":
                    print(f'<rect x="{x + CELL / 2:.1f}" y="{top}" width="1" height="{LINE}" fill="{front}"/>')
                else:
                    more = ' font-weight="bold"' * style.bold + ' opacity="0.6"' * style.dim + ' text-decoration="underline"' * style.underline
                    fit = f'textLength="{long:.1f}" lengthAdjust="spacingAndGlyphs"'
                    print(f'<text x="{x:.1f}" y="{top + 13}" fill="{front}" {fit}{more}>{escape(word.group())}</text>')
            column += len(part)
    print("</svg>")


main()
