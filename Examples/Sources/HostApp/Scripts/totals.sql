DROP TABLE IF EXISTS totals;

CREATE TABLE totals AS
SELECT town, sum(millimetres) AS millimetres
FROM rainfall
GROUP BY town
ORDER BY millimetres DESC;
