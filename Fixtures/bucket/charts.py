"""Charts as inline SVG: no script, no font, no file beside the page. The page's style sheet says the colours, so that a
chart is right in light and in dark."""

import math
from html import escape

WIDTH = 720


def bars(title, rows, unit="%"):
    """Horizontal bars, one a row of (label, value, note), in the order given."""
    left, right, line = 150, 118, 26
    longest = max(value for _, value, _ in rows)
    room = WIDTH - left - right
    body = []
    for index, (label, value, note) in enumerate(rows):
        y = index * line
        length = room * value / longest
        body.append(
            f'<g><title>{escape(label)}: {number(value)} {unit}, {escape(note)}</title>'
            f'<text class="label" x="{left - 10}" y="{y + 17}" text-anchor="end">{escape(label)}</text>'
            f'<rect class="bar" x="{left}" y="{y + 4}" width="{length:.1f}" height="{line - 8}" rx="3"/>'
            f'<text class="value" x="{left + length + 7:.1f}" y="{y + 17}">{number(value)} {unit}</text>'
            f'<text class="note" x="{WIDTH}" y="{y + 17}" text-anchor="end">{escape(note)}</text></g>'
        )
    return svg(title, len(rows) * line, body)


def columns(title, rows, unit):
    """Upright columns, one a row of (label, value)."""
    height, foot, head = 220, 24, 22
    highest = max(value for _, value in rows)
    step = WIDTH / len(rows)
    body = [f'<line class="axis" x1="0" x2="{WIDTH}" y1="{height - foot}" y2="{height - foot}"/>']
    for index, (label, value) in enumerate(rows):
        tall = (height - foot - head) * value / highest
        middle = (index + 0.5) * step
        body.append(
            f'<g><title>{escape(label)}: {number(value)} {unit}</title>'
            f'<rect class="bar" x="{middle - step * 0.34:.1f}" y="{height - foot - tall:.1f}" '
            f'width="{step * 0.68:.1f}" height="{tall:.1f}" rx="3"/>'
            f'<text class="value" x="{middle:.1f}" y="{height - foot - tall - 7:.1f}" text-anchor="middle">'
            f"{number(value)}</text>"
            f'<text class="note" x="{middle:.1f}" y="{height - 6}" text-anchor="middle">{escape(label)}</text></g>'
        )
    return svg(title, height, body)


def area(title, points, unit):
    """A line over the area below it, through points of (label, value); the scale starts at zero."""
    height, foot, head, left = 240, 24, 16, 34
    tick, ticks = scale(max(value for _, value in points))
    top = tick * ticks
    step = (WIDTH - left - 12) / (len(points) - 1)

    def x(index):
        return left + index * step

    def y(value):
        return height - foot - (height - foot - head) * max(value, 0) / top

    body = []
    for part in range(ticks + 1):
        value = tick * part
        body.append(
            f'<line class="{"grid" if part else "axis"}" x1="{left}" x2="{WIDTH}" '
            f'y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
            f'<text class="note" x="{left - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{number(value)}</text>'
        )
    line = " ".join(f"{x(index):.1f},{y(value):.1f}" for index, (_, value) in enumerate(points))
    body.append(f'<polygon class="area" points="{x(0):.1f},{y(0):.1f} {line} {x(len(points) - 1):.1f},{y(0):.1f}"/>')
    body.append(f'<polyline class="line" points="{line}"/>')
    for index, (label, value) in enumerate(points):
        body.append(
            f'<g><title>{escape(label)}: {number(value)} {unit}</title>'
            f'<circle class="dot" cx="{x(index):.1f}" cy="{y(value):.1f}" r="3.5"/>'
            f'<text class="note" x="{x(index):.1f}" y="{height - 6}" text-anchor="middle">{escape(label)}</text></g>'
        )
    return svg(title, height, body)


def heatmap(title, rows, labels, unit):
    """Cells whose strength is their value; rows of (label, values), None where there is nothing to show."""
    left, head, line = 46, 24, 28
    step = (WIDTH - left) / len(labels)
    highest = max(value for _, values in rows for value in values if value is not None)
    body = [
        f'<text class="note" x="{left + (index + 0.5) * step:.1f}" y="14" text-anchor="middle">{escape(label)}</text>'
        for index, label in enumerate(labels)
    ]
    for index, (label, values) in enumerate(rows):
        y = head + index * line
        body.append(f'<text class="label" x="{left - 10}" y="{y + 18}" text-anchor="end">{escape(label)}</text>')
        for place, value in enumerate(values):
            if value is None:
                continue
            strength = max(value, 0) / highest
            # Where black and white figures are read equally well differs between light and dark pages.
            text = "on-weak" if strength < 0.65 else "on-middle" if strength < 0.825 else "on-strong"
            body.append(
                f"<g><title>{escape(label)}, {escape(labels[place])}: {number(value)} {unit}</title>"
                f'<rect class="cell" x="{left + place * step + 1:.1f}" y="{y + 1}" width="{step - 2:.1f}" '
                f'height="{line - 2}" rx="3" fill-opacity="{0.05 + 0.95 * strength:.2f}"/>'
                f'<text class="{text}" x="{left + (place + 0.5) * step:.1f}" y="{y + 18}" text-anchor="middle">'
                f"{number(value, 0)}</text></g>"
            )
    return svg(title, head + len(rows) * line, body)


def svg(title, height, body):
    return (
        f'<svg role="img" viewBox="0 0 {WIDTH} {height}" xmlns="http://www.w3.org/2000/svg">'
        f"<title>{escape(title)}</title>{''.join(body)}</svg>"
    )


def number(value, digits=1):
    """A figure for people: thousands apart, a real minus, no minus before a zero."""
    if isinstance(value, int):
        text = f"{value:,}"
    else:
        text = f"{round(value, digits) + 0.0:,.{digits}f}"
    return text.replace("-", "\u2212")


def scale(highest):
    """The distance of an axis's marks (1, 2 or 5 times a power of ten) and how many reach the highest value."""
    tick = 1
    while True:
        for factor in (1, 2, 5):
            marks = math.ceil(highest / (factor * tick))
            if marks <= 5:
                return factor * tick, max(marks, 1)
        tick *= 10
