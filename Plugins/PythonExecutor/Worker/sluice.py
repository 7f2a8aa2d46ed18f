"""What a script can ask of Sluice, and tell it.

    import sluice

    sluice.params                     the run's parameters, a dictionary
    sluice.inputs                     the values of the tasks before this one, by task name
    sluice.context                    job, run, task, attempt, nominal_time, database, schema, pool
    sluice.connect()                  a DB-API connection to the task's database, in the task's schema
    sluice.result(value)              sets the value that later tasks see
    sluice.artifact(path, name=None)  keeps a copy of a file with the run
    sluice.progress(fraction, text)   says how far the script is
"""

import os
import stat
from _json import encode_basestring, make_scanner
from _thread import allocate_lock

__all__ = ["Error", "artifact", "connect", "context", "inputs", "params", "progress", "result"]

# Largest value, in bytes of its JSON; longest text of a progress, in characters; largest answer, in bytes.
VALUE_LIMIT = 64 * 1024
PROGRESS_LIMIT = 2_000
ANSWER_LIMIT = 16 * 1024

_turn = allocate_lock()


class Error(Exception):
    """Sluice could not do what the script asked for."""


class Context:
    """What the script is part of."""

    def __init__(self, fields):
        #: The job's name.
        self.job = fields["job"]
        #: The run's number.
        self.run = fields["run"]
        #: The task's name.
        self.task = fields["task"]
        #: Which attempt at the task this is, from 1.
        self.attempt = fields["attempt"]
        #: Which element of a for-each this is, from 0; None for a task that runs once.
        self.element = fields["element"]
        #: The database, schema and pool that the task runs in.
        self.database = fields["database"]
        self.schema = fields["schema"]
        self.pool = fields["pool"]
        self._seconds = fields["nominal_time"]

    @property
    def nominal_time(self):
        """The instant that the run stands for, a datetime in UTC."""
        from datetime import datetime, timezone

        return datetime.fromtimestamp(self._seconds, timezone.utc)

    def __repr__(self):
        return f"<sluice.context: task {self.task!r} of run {self.run}, attempt {self.attempt}>"


class _Reading:
    """JSON as `json.loads` reads it, without what that module loads: its import takes longer than most scripts."""

    strict = False
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float
    memo = {}


def __getattr__(name):
    # Read at first use: most scripts need none of it.
    if name not in ("context", "inputs", "params", "_connection"):
        raise AttributeError(f"module 'sluice' has no attribute {name!r}")
    fields = make_scanner(_Reading)(_attempt.context.decode(), 0)[0]
    globals().update(
        context=Context(fields), inputs=fields["inputs"], params=fields["params"], _connection=fields["connection"]
    )
    return globals()[name]


def __dir__():
    return __all__


def connect(database=None, schema=None):
    """Opens the task's connection as a `sqlite3.Connection`.

    Names resolve as in SQL tasks: an unqualified name only in the current schema, `schema.table` in any schema of the
    database. Uncommitted changes are lost when the connection closes, as everywhere in DB-API.

    :param database: another database than the task's
    :param schema: another schema than the task's; its name stays when only the database is another, as with USE
    :raises sluice.Error: when there is no such database or schema; the message lists what there is
    """
    settings = __getattr__("_connection") if "_connection" not in globals() else _connection
    current = __getattr__("context") if "context" not in globals() else context
    if settings["kind"] != "sqlite":
        raise Error(
            f"sluice.connect() opens connections of kind 'sqlite'; '{settings['name']}' is of kind '{settings['kind']}'."
            " Use that database's own Python driver."
        )
    if schema is None:
        schema = current.schema
    return _attempt.databases().connect(settings["settings"], database or current.database, schema, Error)


def result(value):
    """Sets the value that later tasks see; the last call counts.

    Takes what JSON knows, and dates and times (as ISO 8601), Decimal, UUID, paths, enumerations, sets, and the scalars and
    arrays of numpy and pandas. A number that is none (NaN) becomes null.

    :raises TypeError: for a value that has no form in JSON
    :raises ValueError: above 64 kB of JSON, and for whole numbers of more than 64 bits
    """
    body = _encode(value, 0).encode("utf-8", "replace")
    if len(body) > VALUE_LIMIT:
        raise ValueError(
            f"the result has {len(body)} bytes of JSON, and {VALUE_LIMIT} are allowed: keep large data in a table or in"
            " an artifact, and pass on its name"
        )
    _ask(b"r" + body, "sluice.result()")


def artifact(path, name=None):
    """Keeps a copy of a file with the run, as it is now. The same name again replaces it.

    :param name: a file name to keep it under; the file's own when None
    :returns: the name
    """
    path = os.path.abspath(os.fspath(path))
    if isinstance(path, bytes):
        path = os.fsdecode(path)
    if name is None:
        name = os.path.basename(path)
    if not isinstance(name, str) or not name or name in (".", "..") or "/" in name or "\0" in name:
        raise ValueError(f"an artifact's name is a file name without '/', not {name!r}")
    if len(name.encode("utf-8", "surrogateescape")) > 255:
        raise ValueError("an artifact's name has at most 255 bytes")
    # Says in Python's own words what is wrong with the file.
    with open(path, "rb", opener=_open_without_waiting) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError(f"an artifact is a file, and {path!r} is none")
        file.read(1)
    _ask(b"a" + os.fsencode(path) + b"\0" + name.encode("utf-8", "replace"), "sluice.artifact()")
    return name


def _open_without_waiting(path, flags):
    return os.open(path, flags | os.O_NONBLOCK)


def progress(fraction=None, text=""):
    """Says how far the script is.

    :param fraction: from 0 to 1; None when unknown
    """
    part = "" if fraction is None else repr(min(max(float(fraction), 0.0), 1.0))
    text = str(text)[:PROGRESS_LIMIT].replace("\0", "")
    try:
        os.write(_attempt.channel, b"p" + part.encode() + b"\0" + text.encode("utf-8", "replace"))
    except OSError as error:
        raise Error(f"sluice.progress() cannot reach Sluice: {error}") from None


def _ask(message, what):
    """Sends an event and waits for its answer."""
    if os.getpid() != _attempt.process:
        raise Error(f"{what} is for the script's own process, not for one that it has forked")
    with _turn:
        try:
            os.write(_attempt.channel, message)
            answer = os.read(_attempt.channel, ANSWER_LIMIT)
        except OSError as error:
            raise Error(f"{what} cannot reach Sluice: {error}") from None
    if answer[:1] != b"+":
        raise Error(answer[1:].decode("utf-8", "replace") or f"{what} got no answer")


def _encode(value, depth):
    """A value as JSON."""
    if depth > 100:
        raise ValueError("the result is nested too deeply, or holds itself")
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    if kind is int:
        return _encode_whole(value)
    if isinstance(value, float):
        return _encode_float(float(value))
    if isinstance(value, dict):
        return _encode_dictionary(value, depth)
    if isinstance(value, (list, tuple, set, frozenset)):
        return "[" + ",".join([_encode(element, depth + 1) for element in value]) + "]"
    return _encode_other(value, kind, depth)


def _encode_whole(value):
    if not -(2**63) <= value < 2**63:
        text = int.__repr__(value) if value.bit_length() < 1_000 else f"of {value.bit_length()} bits"
        raise ValueError(
            f"the result holds the whole number {text}, which does not fit into 64 bits: pass it on as text, str(number)"
        )
    return int.__repr__(value)


def _encode_float(value):
    if value != value:
        return "null"
    if value in (float("inf"), float("-inf")):
        raise ValueError("the result holds an infinite number, which JSON cannot say")
    return float.__repr__(value)


def _encode_dictionary(value, depth):
    entries = []
    for key, entry in value.items():
        if type(key) is int:
            key = int.__repr__(key)
        elif not isinstance(key, str):
            key = _encode(key, depth + 1)
            if key[0] in "[{":
                raise TypeError("the result holds a dictionary whose keys are no texts")
            if key[0] == '"':
                entries.append(f"{key}:{_encode(entry, depth + 1)}")
                continue
        entries.append(f"{encode_basestring(str(key))}:{_encode(entry, depth + 1)}")
    return "{" + ",".join(entries) + "}"


def _encode_other(value, kind, depth):
    names = [base.__name__ for base in kind.__mro__]
    if "NAType" in names or "NaTType" in names:
        return "null"
    if "Enum" in names:
        return _encode(value.value, depth + 1)
    if isinstance(value, str):
        return encode_basestring(str(value))
    if isinstance(value, int):
        return _encode_whole(int(value))
    if "Decimal" in names:
        return _encode_decimal(value)
    # Dates and times; pandas has subclasses of them.
    if hasattr(value, "isoformat"):
        return encode_basestring(value.isoformat())
    if "timedelta" in names:
        return _encode_float(value.total_seconds())
    # Scalars and arrays of numpy, series of pandas.
    if hasattr(value, "tolist") and kind.__module__.partition(".")[0] in ("numpy", "pandas"):
        return _encode(value.tolist(), depth + 1)
    if "UUID" in names or hasattr(value, "__fspath__"):
        return encode_basestring(str(value))
    raise TypeError(f"the result holds a value of type {kind.__name__}, which has no form in JSON")


def _encode_decimal(value):
    """A number where that says the same; else text, so that no digit is lost."""
    if value.is_nan():
        return "null"
    if value.is_infinite():
        raise ValueError("the result holds an infinite number, which JSON cannot say")
    if value == value.to_integral_value() and abs(value) < 2**63:
        return str(int(value))
    number = float(value)
    if type(value)(repr(number)) == value:
        return float.__repr__(number)
    return encode_basestring(str(value))
