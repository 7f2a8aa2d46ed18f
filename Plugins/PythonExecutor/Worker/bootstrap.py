"""Prepares the process of a script, and reports how the script ended.

The worker loads this once, before any fork, in a namespace that scripts do not see. It imports everything right here:
from the first line of a script on, a module that is not loaded may be one of the script's own.
"""

import _json  # What the module `sluice` needs.
import _signal
import gc
import io
import sys
from _frozen_importlib import ModuleSpec
from _weakref import ref
from os import chdir, environ, environb, getpid, write
from posixpath import dirname

# The module `sluice` and what stands behind its connect(), by file name: source, or code once it is compiled. Set by the
# worker.
MODULES = {}

# What the file names of our own sources begin with.
OWN_FILES = "<sluice"

# Longest parts of a failure's report, in characters: its message; the head and the tail of its traceback.
MESSAGE_LIMIT = 4_000
HEAD_LIMIT = 8_000
TAIL_LIMIT = 16_000


class Attempt:
    """What this process has been asked to run."""

    channel = -1
    process = 0
    name = ""
    root = ""
    context = b""

    @staticmethod
    def databases():
        """The module behind `sluice.connect`, loaded when it is needed."""
        if not hasattr(Attempt, "loaded"):
            module = type(sys)("sluice.databases")
            exec(code_of("<sluice.databases>"), module.__dict__)
            Attempt.loaded = module
        return Attempt.loaded


def raise_termination(number, frame):
    """Ends the script as `sys.exit` would, so that `finally` and `atexit` run."""
    raise SystemExit(128 + number)


REHEARSAL = b"""
import sys
class Some:
    def add(self, *some, more=1):
        try:
            return '%s %d' % (some[0], more)
        except (KeyError, IndexError):
            return f'{more}'
[Some().add(number) for number in range(3)]
"""


def warm():
    """Does everything that need not wait for a request."""
    _signal.signal(_signal.SIGINT, _signal.default_int_handler)
    _signal.signal(_signal.SIGTERM, raise_termination)
    _signal.signal(_signal.SIGHUP, _signal.SIG_DFL)
    # The first use of the compiler costs most of a millisecond.
    exec(compile(REHEARSAL, "<rehearsal>", "exec"), {"__name__": "rehearsal"})
    # From here on the collector sees what is the script's, and nothing else.
    gc.freeze()


class ScriptLoader:
    """Gives tracebacks and `inspect` the script's source under its name in the catalogue."""

    def __init__(self, source):
        self.source = source

    def get_source(self, name):
        return self.source.decode("utf-8", "replace").removeprefix("\ufeff")

    def is_package(self, name):
        return False


class HelperFinder:
    """Finds the module `sluice`, which no environment has to install."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        return ModuleSpec(name, HelperFinder, origin="<sluice>") if name == "sluice" else None

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        module.__dict__["_attempt"] = Attempt
        exec(code_of("<sluice>"), module.__dict__)


def code_of(file):
    """The compiled code of one of our own sources."""
    found = MODULES[file]
    if isinstance(found, str):
        found = MODULES[file] = compile(found, file, "exec")
    return found


def ripen():
    """Compiles one more of our sources, so that the scripts forked later need not. Returns whether there is another."""
    sources = [file for file, found in MODULES.items() if isinstance(found, str)]
    for file in sources[:1]:
        code_of(file)
    return len(sources) > 1


def prepare(channel, name, file, root, folder, context, environment, source):
    """Makes this process the one that the script expects. Returns the script's code."""
    Attempt.channel = channel
    Attempt.process = getpid()
    Attempt.name = name.decode()
    Attempt.root = root.decode()
    Attempt.context = context
    environ.clear()
    for entry in environment.split(b"\0")[:-1]:
        key, _, value = entry.partition(b"=")
        environb[key] = value
    chdir(folder)
    file = file.decode()
    sys.argv[:] = [Attempt.name]
    # As a person expects it: modules beside the script, then modules below the bucket's parent directory.
    beside = dirname(file)
    sys.path[:0] = [beside] if beside == Attempt.root else [beside, Attempt.root]
    sys.meta_path.insert(0, HelperFinder)
    # The worker's own __main__ is out of the collector's reach, and so would be what this script leaves in it.
    main = sys.modules["__main__"] = type(sys)("__main__")
    main.__builtins__ = sys.modules["builtins"]
    main.__annotations__ = {}
    main.__file__ = file
    main.__cached__ = None
    main.__loader__ = ScriptLoader(source)
    return compile(source, Attempt.name, "exec", dont_inherit=True)


def let_go():
    """Lets go of everything that belongs to the script alone, as CPython does at its end. Returns whether that was all.

    Whatever is left and would do something at its end, such as a file, needs the whole interpreter to be taken down.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    # The collector may close a file's layers in an order that loses what was not flushed.
    if any(isinstance(some, IO_BASE) for some in gc.get_objects()):
        return False
    kept = [(name, ref(sys.modules.pop(name))) for name in ("__main__", "sluice") if name in sys.modules]
    gc.collect()
    for name, module in kept:
        if module() is not None:
            sys.modules[name] = module()
    if any(map(has_ending, gc.get_objects())):
        return False
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return True


def has_ending(some):
    """Whether an object does something when it goes."""
    kind = type(some)
    if isinstance(some, ref):
        return some.__callback__ is not None
    return kind in SUSPENDED or hasattr(kind, "__del__")


def suspended():
    """The types of what a script may leave in the middle of something."""

    async def coroutine():
        pass

    async def asynchronous():
        yield

    opened = coroutine()
    opened.close()
    return type(_ for _ in ()), type(opened), type(asynchronous())


SUSPENDED = suspended()
IO_BASE = io.IOBase.__mro__[1]


def ended(error):
    """Reports the exception that ended the script. Returns the status to exit with."""
    if isinstance(error, SystemExit):
        code = error.code
        if code is None:
            return 0
        if isinstance(code, int):
            return code
        report("exit", one_line(str(code)))
        flush(sys.stdout)
        print(code, file=sys.stderr)
        return 1
    shorten(error)
    text = traceback_of(error)
    line, column = place_of(error)
    report(kind_of(error), message_of(error), text, line, column)
    flush(sys.stdout)
    if sys.excepthook is sys.__excepthook__ and text:
        print(text, end="", file=sys.stderr)
    else:
        sys.excepthook(type(error), error, error.__traceback__)
    flush(sys.stderr)
    return 130 if isinstance(error, KeyboardInterrupt) else 1


def flush(stream):
    """Flushes, if the script has left anything to flush."""
    try:
        stream.flush()
    except Exception:
        pass


def shorten(error):
    """Takes our own frames from both ends of a traceback: the script's are what helps."""
    step = error.__traceback__
    while step is not None and step.tb_frame.f_code is prepare.__code__:
        step = step.tb_next
    error.__traceback__ = step
    last = None
    while step is not None:
        if not step.tb_frame.f_code.co_filename.startswith(OWN_FILES):
            last = step
        step = step.tb_next
    if last is not None:
        last.tb_next = None


def traceback_of(error):
    """The traceback as CPython prints it, with the catalogue's names for the bucket's files."""
    kept, sys.stderr = sys.stderr, io.StringIO()
    try:
        sys.__excepthook__(type(error), error, error.__traceback__)
        text = sys.stderr.getvalue()
    except BaseException:
        return ""
    finally:
        sys.stderr = kept
    return text.replace(f'File "{Attempt.root}/', 'File "')


def kind_of(error):
    if isinstance(error, ImportError):
        return "import"
    if isinstance(error, SyntaxError):
        return "syntax"
    return "exception"


def message_of(error):
    """The last line of a traceback: what happened."""
    kind = type(error)
    name = kind.__qualname__
    if kind.__module__ not in ("builtins", "__main__"):
        name = f"{kind.__module__}.{name}"
    try:
        text = str(error.msg if isinstance(error, SyntaxError) else error)
    except BaseException:
        text = "<the exception has no text: its __str__ failed>"
    return one_line(f"{name}: {text}" if text else name)


def one_line(text):
    return " ".join(text.split())


def place_of(error):
    """Line and column in the script, from 1; 0 where there is none."""
    if isinstance(error, SyntaxError) and error.filename == Attempt.name:
        return error.lineno or 0, error.offset or 0
    line, step = 0, error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == Attempt.name:
            line = step.tb_lineno or line
        step = step.tb_next
    return line, 0


def report(kind, message, text="", line=0, column=0):
    """Tells the executor why the script fails: kind, line, column, message and traceback, a zero byte between them."""
    if len(message) > MESSAGE_LIMIT:
        message = message[:MESSAGE_LIMIT] + " …"
    if len(text) > HEAD_LIMIT + TAIL_LIMIT:
        text = f"{text[:HEAD_LIMIT]}\n…\n{text[-TAIL_LIMIT:]}"
    fields = [kind, str(line), str(column), message.replace("\0", "\\0"), text.replace("\0", "\\0")]
    try:
        write(Attempt.channel, b"f" + "\0".join(fields).encode("utf-8", "backslashreplace"))
    except OSError:
        # The script has closed the channel; standard error still says it all.
        pass


sys.stdout.reconfigure(line_buffering=True)
sys.stderr.reconfigure(line_buffering=True)
gc.collect()
# Keeps the collector of a script's process off the pages that it shares with this one.
gc.freeze()
