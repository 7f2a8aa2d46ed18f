-- From the raw text that load_flights.py has stored to typed, checked tables: public.carriers and public.flights.
-- Runs again and again with the same result: each table is replaced as a whole, in one transaction.

CREATE SCHEMA IF NOT EXISTS reporting;

BEGIN IMMEDIATE;

DROP TABLE IF EXISTS flights;
DROP TABLE IF EXISTS carriers;

CREATE TABLE carriers (
    carrier TEXT NOT NULL PRIMARY KEY CHECK (length(carrier) = 2),
    name    TEXT NOT NULL
) STRICT;

-- 'Alaska Airlines Inc.' is 'Alaska Airlines' to everybody who flies with it.
INSERT INTO carriers (carrier, name)
SELECT
    trim(carrier),
    trim(replace(replace(replace(name, ' Inc.', ''), ' Co.', ''), ' Corporation', ''))
FROM raw_airlines;

CREATE TABLE flights (
    carrier             TEXT    NOT NULL REFERENCES carriers,
    flight              INTEGER NOT NULL,
    tail_number         TEXT,
    origin              TEXT    NOT NULL CHECK (length(origin) = 3),
    destination         TEXT    NOT NULL CHECK (length(destination) = 3),
    -- New York's wall clock, 'YYYY-MM-DD HH:MM:SS', as the times of the source are.
    scheduled_departure TEXT    NOT NULL CHECK (datetime(scheduled_departure) = scheduled_departure),
    departure           TEXT,
    -- In minutes; negative is early.
    departure_delay     INTEGER,
    arrival_delay       INTEGER,
    air_minutes         INTEGER CHECK (air_minutes > 0),
    miles               INTEGER NOT NULL CHECK (miles > 0),
    -- Never left.
    cancelled           INTEGER NOT NULL CHECK (cancelled IN (0, 1)),
    -- Left and did not land where it should, so that it has no arrival delay.
    diverted            INTEGER NOT NULL CHECK (diverted IN (0, 1)),
    PRIMARY KEY (scheduled_departure, carrier, flight),
    CHECK (cancelled = (departure_delay IS NULL)),
    CHECK (diverted = (arrival_delay IS NULL AND NOT cancelled))
) STRICT, WITHOUT ROWID;

-- The source writes NA for "not known". A row that is there twice is taken once; a row that breaks any other rule
-- above stops the script.
INSERT INTO flights
WITH typed AS (
    SELECT
        carrier,
        CAST(flight AS INTEGER) AS flight,
        nullif(tailnum, 'NA') AS tail_number,
        origin,
        dest AS destination,
        printf('%04d-%02d-%02d %02d:%02d:00', year, month, day, hour, minute) AS scheduled_departure,
        CAST(nullif(dep_delay, 'NA') AS INTEGER) AS departure_delay,
        CAST(nullif(arr_delay, 'NA') AS INTEGER) AS arrival_delay,
        CAST(nullif(air_time, 'NA') AS INTEGER) AS air_minutes,
        CAST(distance AS INTEGER) AS miles
    FROM raw_flights
)
SELECT
    carrier,
    flight,
    tail_number,
    origin,
    destination,
    scheduled_departure,
    datetime(scheduled_departure, departure_delay || ' minutes'),
    departure_delay,
    arrival_delay,
    air_minutes,
    miles,
    departure_delay IS NULL,
    departure_delay IS NOT NULL AND arrival_delay IS NULL
FROM typed
WHERE true
ON CONFLICT (scheduled_departure, carrier, flight) DO NOTHING;

COMMIT;
