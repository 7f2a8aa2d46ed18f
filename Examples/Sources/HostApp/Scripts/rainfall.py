"""Fills a table that the next task sums up."""

import sluice

ROWS = [("Bergen", 1, 252), ("Bergen", 2, 178), ("Almería", 1, 22), ("Almería", 2, 24), ("Kyiv", 1, 43), ("Kyiv", 2, 39)]

with sluice.connect() as db:
    db.execute("DROP TABLE IF EXISTS rainfall")
    db.execute("CREATE TABLE rainfall (town TEXT NOT NULL, month INTEGER NOT NULL, millimetres INTEGER NOT NULL)")
    db.executemany("INSERT INTO rainfall VALUES (?, ?, ?)", ROWS)

print(f"{len(ROWS)} measurements")
sluice.result(len(ROWS))
