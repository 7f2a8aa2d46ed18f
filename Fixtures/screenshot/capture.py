"""Runs a command on a terminal of its own and draws, as an SVG, what stands on it at the end.

    capture.py FILE.svg COMMAND [ARGUMENT…]

The text stays text. The terminal understands what Sluice uses: colours, going up, clearing lines and what follows."""

import fcntl
import os
import pty
import re
import struct
import sys
import termios
import unicodedata
from html import escape

COLUMNS, ROWS = 100, 40
CELL, LINE, MARGIN, BAR = 8.4, 19, 18, 38
COLOURS = {"31": "#ff7a7a", "32": "#4ad18b", "33": "#e6b450", "34": "#6ea8ff"}
CONTROL = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])|[\r\n]|[^\x1b\r\n]+")


class Screen:
    """Lines of cells, each a character and its style; what scrolls away is kept."""

    def __init__(self):
        self.lines, self.row, self.column, self.style = [[]], 0, 0, frozenset()

    def feed(self, text):
        for match in CONTROL.finditer(text):
            code = match.group(2)
            if code is None:
                self.write(match.group())
            elif code == "m":
                self.restyle(match.group(1))
            elif code == "A":
                self.row = max(0, self.row - int(match.group(1) or 1))
            elif code == "K":
                self.lines[self.row] = []
            elif code == "J":
                del self.lines[self.row + 1 :]
                self.lines[self.row] = self.lines[self.row][: self.column]

    def write(self, text):
        if text == "\r":
            self.column = 0
        elif text == "\n":
            self.row += 1
            self.column = 0
            if self.row == len(self.lines):
                self.lines.append([])
        else:
            for character in text:
                line = self.lines[self.row]
                line.extend([(" ", frozenset())] * (self.column - len(line)))
                line[self.column : self.column + 1] = [(character, self.style)]
                self.column += 1

    def restyle(self, codes):
        for code in codes.split(";"):
            self.style = frozenset() if code in ("", "0") else self.style | {code}


def record(command):
    """The bytes that the command writes to its terminal, and its exit status."""
    process, terminal = pty.fork()
    if process == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        os.execvp(command[0], command)
    output = b""
    while True:
        try:
            chunk = os.read(terminal, 65_536)
        except OSError:
            break
        if not chunk:
            break
        output += chunk
    return output.decode("utf-8"), os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def stretches(line):
    """What stands together in one style: (column, text, style). Wider gaps are left out, so that each stretch has its
    own place and no viewer can close a gap."""
    start = 0
    for end in range(1, len(line) + 1):
        if end == len(line) or line[end][1] != line[start][1]:
            text = "".join(character for character, _ in line[start:end])
            for match in re.finditer(r"\S+(?: \S+)*", text):
                yield start + match.start(), match.group(), line[start][1]
            start = end


def cells(text):
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def draw(title, lines):
    width = COLUMNS * CELL + 2 * MARGIN
    height = BAR + len(lines) * LINE + MARGIN
    body = []
    for row, line in enumerate(lines):
        for column, text, style in stretches(line):
            colour = next((COLOURS[code] for code in sorted(style) if code in COLOURS), None)
            attributes = f' fill="{colour}"' if colour else ' fill="#9aa3ba"' if "2" in style else ""
            attributes += ' font-weight="700"' if "1" in style else ""
            body.append(
                f'<text x="{MARGIN + column * CELL:.1f}" y="{BAR + row * LINE + 13}"{attributes} '
                f'textLength="{cells(text) * CELL:.1f}" lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'
            )
    dots = "".join(f'<circle cx="{20 + 20 * place}" cy="19" r="6" fill="#2a3147"/>' for place in range(3))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" '
        f'height="{height}">\n<title>{escape(title)}</title>\n'
        f'<rect width="{width:.0f}" height="{height}" rx="8" fill="#0f1320"/>\n{dots}\n'
        '<g font-family="ui-monospace, SFMono-Regular, Menlo, \'DejaVu Sans Mono\', monospace" font-size="14" '
        'fill="#e8ebf4">\n' + "\n".join(body) + "\n</g>\n</svg>\n"
    )


target, *command = sys.argv[1:]
output, status = record(command)
if status != 0:
    sys.exit(f"{' '.join(command)} ended with status {status}:\n{output}")
screen = Screen()
shown = " ".join([os.path.basename(command[0])] + command[1:])
screen.feed(f"\x1b[2m$\x1b[0m {shown}\r\n" + output)
while screen.lines and not screen.lines[-1]:
    screen.lines.pop()
with open(target, "w", encoding="utf-8") as file:
    file.write(draw(f"A terminal after: {shown}", screen.lines))
