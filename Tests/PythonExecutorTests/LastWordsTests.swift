import Foundation
import PythonExecutor
import SluiceCore
import Testing

@Suite("A script's last moments are those of python3")
struct LastWordsTests {
    /// Says when it goes.
    private static let last = """
        class Last:
            def __init__(self, name):
                self.name = name
            def __del__(self):
                print("gone", self.name)
        def generator():
            try:
                yield
            finally:
                print("closed")

        """

    /// What scripts leave behind that import nothing that was not there before.
    @Test(arguments: [
        "print('no line break', end='')",
        "a = Last('global')",
        "a = Last('in a cycle')\na.self = a",
        "import gc\ngc.disable()\na = Last('in a cycle')\na.self = a",
        "def f(): return f\nf.a = Last('on a function')",
        "import sys\nsys.kept = Last('in sys')",
        "import builtins\nbuiltins.kept = Last('in builtins')",
        "import sys\nsys.modules['mine'] = Last('among modules')",
        "import sys\nsys.kept = sys.modules[__name__]\na = Last('of a module that stays')",
        "g = generator()\nnext(g)",
        "import sys\ng = generator()\nnext(g)\nsys.kept = g",
        "import sys\ng = generator()\nnext(g)\nsys.path.append(g)",
        "import sys\nsys.path.append(Last('in a list'))",
        "import sys\nsys.stdout.close()",
        "import sys\nprint(1)\nsys.stdout = None",
        "import sys\na = Last('after exit')\nsys.exit(3)",
        "a = Last('after an exception')\n1 / 0",
        "import sys\nsys.excepthook = lambda *some: print('hook')\n1 / 0",
        "import _thread\ndef work():\n    while True: pass\n_thread.start_new_thread(work, ())\na = Last('beside a thread')",
        "import atexit\na = Last('after atexit')\natexit.register(print, 'atexit')",
        "import threading\na = Last('after a thread')\nthreading.Timer(0.05, print, ['thread']).start()",
        "import weakref\na = Last('with a finaliser')\nweakref.finalize(a, print, 'finalised')",
        "a = Last('one')\nb = Last('two')\ndel a\nprint('end')",
        "async def nothing(): pass\na = nothing()\nprint(1)",
    ])
    func whateverItLeaves(_ script: String) async throws {
        let text = Self.last + script
        try await Bench.with { bench in
            let file = bench.folder.appendingPathComponent("plain.py")
            try Data(text.utf8).write(to: file)
            let plain = Process()
            plain.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
            plain.arguments = [file.path]
            plain.standardError = FileHandle.nullDevice
            let output = Pipe()
            plain.standardOutput = output
            try plain.run()
            let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            plain.waitUntilExit()

            let (outcome, context) = try await bench.run(text)
            #expect(context.output == said.split(separator: "\n").map(String.init))
            switch outcome {
            case .succeeded: #expect(plain.terminationStatus == 0)
            case .failed(let failure): #expect(failure.exitStatus == Int(plain.terminationStatus))
            }
        }
    }
}
