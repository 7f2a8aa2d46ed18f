-- What report.py shows. A flight is late when it arrives 15 minutes or more behind its schedule, which is how the
-- U.S. Department of Transportation counts; a cancelled or diverted flight has no arrival and is counted apart.

USE SCHEMA reporting;

BEGIN IMMEDIATE;

DROP TABLE IF EXISTS delays_by_carrier;

CREATE TABLE delays_by_carrier AS
WITH placed AS (
    -- Every arrival's place among those of its carrier: the median is the middle one, or the mean of the middle two.
    SELECT
        carrier,
        arrival_delay,
        row_number() OVER (PARTITION BY carrier ORDER BY arrival_delay) AS place,
        count(*) OVER (PARTITION BY carrier) AS arrivals
    FROM public.flights
    WHERE arrival_delay IS NOT NULL
),
medians AS (
    SELECT carrier, avg(arrival_delay) AS median_arrival_delay
    FROM placed
    WHERE place IN ((arrivals + 1) / 2, arrivals / 2 + 1)
    GROUP BY carrier
)
SELECT
    carrier,
    name,
    count(*) AS flights,
    sum(cancelled) AS cancelled,
    sum(diverted) AS diverted,
    count(arrival_delay) AS arrivals,
    sum(arrival_delay >= 15) AS late,
    avg(departure_delay) AS mean_departure_delay,
    avg(arrival_delay) AS mean_arrival_delay,
    median_arrival_delay
FROM public.flights
JOIN public.carriers USING (carrier)
JOIN medians USING (carrier)
GROUP BY carrier
ORDER BY carrier;

DROP TABLE IF EXISTS delays_by_month;

CREATE TABLE delays_by_month AS
SELECT
    CAST(strftime('%m', scheduled_departure) AS INTEGER) AS month,
    count(*) AS flights,
    sum(cancelled) AS cancelled,
    count(arrival_delay) AS arrivals,
    sum(arrival_delay >= 15) AS late
FROM public.flights
GROUP BY month
ORDER BY month;

DROP TABLE IF EXISTS delays_by_hour;

CREATE TABLE delays_by_hour AS
SELECT
    CAST(strftime('%m', scheduled_departure) AS INTEGER) AS month,
    CAST(strftime('%H', scheduled_departure) AS INTEGER) AS hour,
    count(*) AS flights,
    count(departure_delay) AS departures,
    -- 0 where every flight of the hour was cancelled.
    coalesce(sum(departure_delay), 0) AS departure_delay
FROM public.flights
GROUP BY month, hour
ORDER BY month, hour;

COMMIT;
