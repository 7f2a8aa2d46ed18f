import Foundation

/// Makes sure that the interpreter of the settings is the CPython that the worker is: another one's modules would be
/// loaded into a library that they do not fit, and fail in odd places.
actor InterpreterCheck {
    private let interpreter: String
    private var version: String?

    init(_ interpreter: String) { self.interpreter = interpreter }

    /// - Parameter worker: the version of the worker's CPython, such as `3.11.2`.
    /// - Throws: ``PythonError`` `python.interpreter`.
    func require(_ worker: String) async throws {
        // The distribution's own comes with the library that the worker is linked with.
        if interpreter == PythonSettings().interpreter { return }
        if version == nil { version = try await ask() }
        guard let version, version != worker else { return }
        throw PythonError(
            code: "python.interpreter",
            "\(interpreter) is Python \(version), but the worker is Python \(worker). Set the interpreter that the worker "
                + "was built for.", category: .fault)
    }

    private func ask() async throws -> String {
        let answer: ShortAnswer
        do {
            answer = try await ShortAnswer(
                of: URL(fileURLWithPath: interpreter),
                ["-I", "-c", "import sys; print('%d.%d.%d' % sys.version_info[:3])"])
        } catch {
            throw notOne(error)
        }
        let text = answer.text.prefix(100).split(separator: "\n").first.map(String.init)
        guard let text, answer.status == 0, text.split(separator: ".").count == 3 else {
            throw notOne(nil)
        }
        return text
    }

    private func notOne(_ cause: (any Error)?) -> PythonError {
        PythonError(
            code: "python.interpreter", "\(interpreter) is no Python interpreter. Set another one.", category: .fault,
            cause: cause)
    }
}
