import Foundation
import SluiceCore
import Testing

@Suite struct ScriptTests {
    @Test(
        arguments: [
            ("delays_by_carrier", nil), ("a", nil), ("0", nil), (String(repeating: "a", count: 128), nil),
            ("", "needs a name"), (String(repeating: "a", count: 129), "129 characters"), ("Delays", "lower-case"),
            ("a-b", "lower-case"), ("a b", "lower-case"), ("a.sql", "lower-case"), ("é", "lower-case"),
            ("a/b", "lower-case"),
        ] as [(String, String?)])
    func workbenchNamesFollowTheirRules(name: String, problem: String?) {
        let found = ScriptNameRules.workbenchProblem(name)
        #expect((found == nil) == (problem == nil))
        if let problem { #expect(found?.contains(problem) == true) }
    }

    @Test(arguments: [
        ("load.py", true), ("etl/load flights.py", true), ("טעינה/航班.py", true), ("a+b%20.py", true),
        ("", false), ("/load.py", false), ("a//b.py", false), ("../a.py", false), ("a/./b.py", false),
        ("a\n.py", false), (String(repeating: "a", count: 1_025), false),
    ])
    func bucketPathsFollowTheirRules(path: String, isFine: Bool) {
        #expect((ScriptNameRules.bucketProblem(path) == nil) == isFine)
    }

    @Test func equalCataloguesShareOneSnapshot() {
        let versions = ["b.sql", "a.sql", "c.py"].map {
            ScriptVersion(name: $0, kind: .sql, hash: ContentHash(of: Data($0.utf8)), size: 1)
        }
        let snapshot = CatalogueSnapshot(versions)
        #expect(snapshot.id == CatalogueSnapshot(versions.reversed()).id)
        #expect(snapshot["a.sql"]?.hash == ContentHash(of: Data("a.sql".utf8)))
        #expect(snapshot["d.sql"] == nil)
        #expect(snapshot["a.sq"] == nil)
        #expect(CatalogueSnapshot(Array(versions.dropLast())).id != snapshot.id)
    }

    @Test func aHashIsTheSHA256OfTheBytes() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        #expect(ContentHash(of: Data()).hex == empty)
        #expect(ContentHash(hex: empty)?.hex == empty)
        #expect(ContentHash(hex: empty.uppercased()) == nil)
        #expect(ContentHash(hex: "e3b0") == nil)
    }

    @Test func overridesGoOverDefaultsFieldByField() {
        let defaults = SessionDefaults()
        #expect(defaults == SessionDefaults(database: "master", schema: "public", pool: "default"))
        let task = SessionOverrides(schema: "reporting", pool: "etl")
        #expect(
            defaults.overridden(by: SessionOverrides(database: "sales")).overridden(by: task)
                == SessionDefaults(database: "sales", schema: "reporting", pool: "etl"))
    }

    @Test func aNameIsSuggestedWhenItIsNear() {
        let names = ["clean_flights.sql", "load_flights.py", "report.py"]
        #expect(NameSuggestion.nearest(to: "clean_flight.sql", among: names) == ["clean_flights.sql"])
        #expect(NameSuggestion.nearest(to: "zzz.sql", among: names).isEmpty)
    }

    @Test func identifiersReadAsPeopleWriteThem() {
        let task = TaskRunID(run: RunID(17), index: 1)
        #expect("\(task)" == "17.2")
        #expect("\(TaskRunID(run: RunID(17), index: 1, element: 3))" == "17.2[3]")
        #expect("\(AttemptID(task: task, number: 1))" == "17.2#1")
    }

    @Test func numbersThatJSONCannotSayBecomeNull() {
        #expect(JSONValue.array([.number(.infinity), .number(.nan), 1]).canonicalText == "[null,null,1]")
    }

    @Test func jsonValuesSurviveTheirText() throws {
        let value: JSONValue = ["a": [1, -2.5, true, nil, "ü\u{0}\n"], "b": [:]]
        #expect(try JSONValue(parsing: value.canonicalData) == value)
        #expect(value.canonicalText == #"{"a":[1,-2.5,true,null,"ü\u0000\n"],"b":{}}"#)
    }
}
