import SQLExecutor

/// How fast scripts are split, in a text as people write it: comments, strings, quoted names, dollar quotes.
enum LexerThroughput {
    private static let sample = """
        -- Sales of the day, by store; cancelled ones are counted apart.
        CREATE TABLE IF NOT EXISTS reporting.sales_by_store AS
        SELECT s.store_id, s."Store Name", count(*) AS sales, sum(i.quantity * i.unit_price) AS turnover,
               sum(CASE WHEN i.status = 'cancelled' THEN 1 ELSE 0 END) AS cancelled /* see ticket 4711; not in turnover */
        FROM public.items AS i JOIN public.stores AS s ON s.store_id = i.store_id AND s.country <> 'Côte d''Ivoire'
        WHERE i.sold_at >= '2013-01-01 00:00:00' AND i.sold_at < '2014-01-01 00:00:00' AND i.note NOT LIKE '%; test%'
        GROUP BY s.store_id, s."Store Name" HAVING count(*) > 10 ORDER BY turnover DESC LIMIT 1000;

        CREATE FUNCTION net(gross numeric) RETURNS numeric AS $body$ SELECT round(gross / 1.19, 2); $body$ LANGUAGE SQL;
        INSERT INTO reporting.log (at, what, rows) VALUES (current_timestamp, E'it\\'s done', 123456.78);


        """

    static func measure(rounds: Int) throws -> Measurement {
        let bytes = Array(String(repeating: sample, count: 16_000).utf8)
        let megabytes = Double(bytes.count) / 1e6
        var statements = 0
        let times = try Measurement.interleaved(rounds: rounds) {
            statements += try SQLScript(parsing: bytes, dialect: .postgres).statements.count
        }
        precondition(statements == (rounds + 1) * 48_000, "the splitter has found another number of statements")
        return Measurement(
            name: "Splitting \(Int(megabytes.rounded())) MB of SQL", target: "at least 200 MB/s",
            unit: .megabytesPerSecond,
            samples: times.ours.map { megabytes / $0 })
    }
}
