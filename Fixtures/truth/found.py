"""Prints what the demo job has found: the tables named as arguments, read from one SQLite file, as one JSON object.

    found.py DATABASE_FILE TABLE…
"""

import json
import sqlite3
import sys

file, *tables = sys.argv[1:]
db = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
db.row_factory = sqlite3.Row
print(json.dumps({table: [dict(row) for row in db.execute(f"SELECT * FROM {table}")] for table in tables}, indent=1))
