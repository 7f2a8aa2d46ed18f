import Foundation
import PythonExecutor
import SluiceCore
import Testing

@Suite("import sluice")
struct ModuleTests {
    private func run(
        _ bench: Bench, _ text: String, inputs: TaskInputs = TaskInputs()
    ) async throws -> (TaskOutcome, FakeContext) {
        let context = FakeContext(scripts: ["a.py": text], inputs: inputs)
        return (try await bench.run("a.py", context), context)
    }

    @Test func tellsWhatTheScriptIsPartOf() async throws {
        try await Bench.with { bench in
            let (_, context) = try await run(
                bench,
                """
                from sluice import context
                print(context.job, context.run, context.task, context.attempt, context.element)
                print(context.database, context.schema, context.pool)
                print(context.nominal_time.isoformat(), context)
                """)
            #expect(
                context.output == [
                    "nightly 7 load 1 None", "master public default",
                    "2023-11-14T22:13:20.500000+00:00 <sluice.context: task 'load' of run 7, attempt 1>",
                ])
        }
    }

    @Test func givesParametersAndInputsAsTheyAre() async throws {
        try await Bench.with { bench in
            let odd: JSONValue = [
                "text": "a\"b\\c/\n\u{1}\u{7F}é😀\u{2028}", "number": 1.5e300, "whole": 9_007_199_254_740_993,
                "truth": true, "nothing": nil, "list": [[], [1, "two"]], "": "empty",
            ]
            let inputs = TaskInputs(parameters: ["day": "2013-01-01", "odd": odd], upstream: ["load": odd])
            let (outcome, _) = try await run(
                bench,
                """
                import sluice
                assert sluice.params["day"] == "2013-01-01"
                assert sluice.params["odd"] == sluice.inputs["load"]
                assert sluice.params["odd"]["whole"] == 9007199254740993
                sluice.result(sluice.inputs["load"])
                """, inputs: inputs)
            #expect(outcome == .succeeded(value: odd))
        }
    }

    @Test func setsTheResultAndTheLastOneCounts() async throws {
        try await Bench.with { bench in
            let (outcome, context) = try await run(
                bench, "import sluice\nsluice.result(1)\nsluice.result({'rows': 2})")
            #expect(outcome == .succeeded(value: ["rows": 2]))
            #expect(context.state.results == [1, ["rows": 2]])
        }
    }

    @Test func takesResultsThatJSONDoesNotKnow() async throws {
        try await Bench.with { bench in
            let (outcome, _) = try await run(
                bench,
                """
                import collections, datetime, decimal, enum, pathlib, uuid
                import sluice
                class Colour(enum.Enum):
                    RED = "red"
                class Level(enum.IntEnum):
                    HIGH = 3
                Pair = collections.namedtuple("Pair", "a b")
                sluice.result([
                    datetime.date(2013, 1, 2), datetime.datetime(2013, 1, 2, 3, tzinfo=datetime.timezone.utc),
                    datetime.timedelta(minutes=1), decimal.Decimal("1.10"), decimal.Decimal("1e3"),
                    decimal.Decimal("0.1234567890123456789"), uuid.UUID(int=1), pathlib.Path("/a/b"), Colour.RED,
                    Level.HIGH, -2**63, 2**63 - 1, decimal.Decimal(2**63), {2**70: 1, 1: 2, None: 3, False: 4,
                    datetime.date(2013, 1, 2): 5}, float("nan"), {7}, Pair(1, 2), "\\udc80",
                ])
                """)
            let expected: JSONValue = [
                "2013-01-02", "2013-01-02T03:00:00+00:00", 60, 1.1, 1000, "0.1234567890123456789",
                "00000000-0000-0000-0000-000000000001", "/a/b", "red", 3,
                .integer(.min), .integer(.max), "9223372036854775808",
                ["1180591620717411303424": 1, "1": 2, "null": 3, "false": 4, "2013-01-02": 5], nil, [7], [1, 2], "?",
            ]
            guard case .succeeded(let value?) = outcome else { return #expect(outcome == .succeeded(value: expected)) }
            #expect(value.canonicalText == expected.canonicalText)
        }
    }

    @Test(arguments: [
        ("b'bytes'", "TypeError: the result holds a value of type bytes, which has no form in JSON"),
        ("float('inf')", "ValueError: the result holds an infinite number, which JSON cannot say"),
        ("{(1, 2): 3}", "TypeError: the result holds a dictionary whose keys are no texts"),
        (
            "{'id': [2**63]}",
            "ValueError: the result holds the whole number 9223372036854775808, which does not fit into 64 bits: pass it "
                + "on as text, str(number)"
        ),
        (
            "-10**1000",
            "ValueError: the result holds the whole number of 3322 bits, which does not fit into 64 bits: pass it on as "
                + "text, str(number)"
        ),
        ("object()", "TypeError: the result holds a value of type object, which has no form in JSON"),
        (
            "'x' * 70_000",
            "ValueError: the result has 70002 bytes of JSON, and 65536 are allowed: keep large data in a table or in an "
                + "artifact, and pass on its name"
        ),
        ("(lambda l: l.append(l) or l)([])", "ValueError: the result is nested too deeply, or holds itself"),
    ])
    func refusesResultsThatCannotBe(_ value: String, _ message: String) async throws {
        try await Bench.with { bench in
            let (outcome, context) = try await run(bench, "import sluice\nsluice.result(\(value))")
            let failure = try failure(outcome)
            #expect(failure.message == message)
            #expect(failure.line == 2)
            #expect(failure.detail?.contains("<sluice>") == false, "the module's own frames are nobody's business")
            #expect(context.state.results.isEmpty)
        }
    }

    @Test func keepsArtifactsAsTheyAreAtThatMoment() async throws {
        try await Bench.with { bench in
            let (outcome, context) = try await run(
                bench,
                """
                import os, pathlib, sluice
                open("report.html", "w").write("one")
                print(sluice.artifact("report.html"))
                open("report.html", "w").write("two")
                sluice.artifact(pathlib.Path("report.html"), name="später.html")
                os.remove("report.html")
                """)
            expectDone(outcome)
            #expect(context.output == ["report.html"])
            let kept = context.state.artifacts.map { "\($0.name)=\(String(decoding: $0.content, as: UTF8.self))" }
            #expect(kept == ["report.html=one", "später.html=two"])
        }
    }

    @Test(arguments: [
        ("'missing'", "FileNotFoundError: [Errno 2] No such file or directory: '"),
        ("'.'", "IsADirectoryError: [Errno 21] Is a directory: '"),
        ("[__import__('os').mkfifo('pipe'), 'pipe'][1]", "ValueError: an artifact is a file, and '"),
        ("__file__, name='a/b'", "ValueError: an artifact's name is a file name without '/', not 'a/b'"),
        ("__file__, name='..'", "ValueError: an artifact's name is a file name without '/', not '..'"),
    ])
    func refusesArtifactsThatAreNoFiles(_ arguments: String, _ message: String) async throws {
        try await Bench.with { bench in
            let (outcome, _) = try await run(bench, "import sluice\nsluice.artifact(\(arguments))")
            #expect(try failure(outcome).message.hasPrefix(message))
        }
    }

    @Test func saysHowFarTheScriptIs() async throws {
        try await Bench.with { bench in
            let (_, context) = try await run(
                bench,
                """
                import os, sluice
                sluice.progress(0.25, "loading")
                sluice.progress(7)
                sluice.progress(None, "who knows")
                if os.fork() == 0:
                    sluice.progress(text="from a fork")
                    os._exit(0)
                os.wait()
                """)
            let progress = context.state.progress.map { "\($0.fraction.map { "\($0)" } ?? "-") \($0.text)" }
            #expect(progress == ["0.25 loading", "1.0 ", "- who knows", "- from a fork"])
        }
    }

    @Test func saysSoWhenAForkedProcessAsksForMore() async throws {
        try await Bench.with { bench in
            let (outcome, context) = try await run(
                bench,
                """
                import os, sluice
                if os.fork() == 0:
                    try:
                        sluice.result(1)
                    except sluice.Error as error:
                        print(error)
                    os._exit(0)
                os.wait()
                sluice.result(2)
                """)
            #expect(outcome == .succeeded(value: 2))
            #expect(
                context.output == ["sluice.result() is for the script's own process, not for one that it has forked"])
        }
    }

    @Test func letsThreadsAskAtTheSameTime() async throws {
        try await Bench.with { bench in
            let (outcome, context) = try await run(
                bench,
                """
                import sluice, threading
                def work(number):
                    for step in range(20):
                        sluice.result(number * 100 + step)
                threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
                for thread in threads: thread.start()
                for thread in threads: thread.join()
                """)
            guard case .succeeded(.integer) = outcome else { return expectDone(outcome) }
            #expect(context.state.results.count == 160)
        }
    }

    @Test func survivesAScriptThatWritesIntoItsChannel() async throws {
        try await Bench.with { bench in
            let (outcome, context) = try await run(
                bench,
                """
                import os
                channel = max(int(name) for name in os.listdir("/proc/self/fd"))
                for message in [b"r{broken", b"f", b"a", b"p", b"?", b"\\xff" * 60_000, b"f\\0\\0", b"p2\\0text\\0more"]:
                    os.write(channel, message)
                print("alive")
                """)
            expectDone(outcome)
            #expect(context.output == ["alive"])
        }
    }

    @Test func isTheOnlyOneOfItsName() async throws {
        try await Bench.with { bench in
            let (_, context) = try await run(
                bench,
                "import sluice\nprint(sluice, sorted(dir(sluice)))\ntry:\n    sluice.nothing\nexcept AttributeError as e:\n    print(e)"
            )
            #expect(
                context.output == [
                    "<module 'sluice' (<sluice>)> ['Error', 'artifact', 'connect', 'context', 'inputs', 'params', "
                        + "'progress', 'result']", "module 'sluice' has no attribute 'nothing'",
                ])
        }
    }
}
