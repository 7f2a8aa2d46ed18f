"""Reads scripts without running them: their syntax and their metadata (PEP 723).

This runs in a process of its own, because a hostile source can crash CPython's compiler or keep it busy. It answers one
inspection after another on its socket. A request is two lengths, the script's name and its bytes; an answer is a length
and a JSON object.
"""

import _signal
import os
import sys
import warnings
from _json import encode_basestring

# How long one script may take, in seconds; then this process dies.
PATIENCE = 10

# Most memory that this process may use, in bytes.
MEMORY = 2 << 30

# The keys of `[tool.sluice]`.
TARGET_KEYS = ("database", "schema", "pool")

IDENTIFIER_LIMIT = 128


class Refusal(Exception):
    """The script can never run as it is."""

    def __init__(self, code, message, line=None, column=None):
        super().__init__(message)
        self.answer = {"code": code, "message": message, "line": line, "column": column}


def inspect(name, source):
    """What a script needs, or why it cannot run."""
    answer = {"version": "%d.%d.%d" % sys.version_info[:3], "requirements": [], "target": {}, "warnings": []}
    try:
        check_syntax(name, source, answer)
        # Most scripts have no metadata, and then nothing more is loaded.
        if b"# ///" in source:
            read_metadata(source, answer)
    except Refusal as refusal:
        answer["refusal"] = refusal.answer
    return answer


def check_syntax(name, source, answer):
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always")
        try:
            compile(source, name, "exec", dont_inherit=True)
        except SyntaxError as error:
            # An unknown encoding has no line of its own: it stands in one of the first two.
            raise Refusal("python.syntax", error.msg, error.lineno or 1, column_of(error)) from None
        except ValueError as error:
            raise Refusal("python.syntax", str(error)) from None
        except (RecursionError, MemoryError):
            raise Refusal("python.syntax", "the script is nested too deeply for CPython's compiler") from None
    for warning in noted:
        warn(answer, "python.syntax-warning", str(warning.message), warning.lineno)


def column_of(error):
    return error.offset if error.offset and error.offset > 0 else None


def warn(answer, code, message, line=None):
    answer["warnings"].append({"code": code, "message": message, "line": line})


def read_metadata(source, answer):
    import io
    import re
    import tokenize

    encoding = tokenize.detect_encoding(io.BytesIO(source).readline)[0]
    text = source.decode(encoding, "replace").replace("\r\n", "\n").replace("\r", "\n")
    # The reference implementation's own expression (PEP 723, "Reference Implementation").
    block = r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$"
    found = [match for match in re.finditer(block, text) if match["type"] == "script"]
    if len(found) > 1:
        line = line_of(text, found[1].start())
        raise Refusal("python.metadata", "a script has one block '# /// script' at most; this is a second one", line)
    if not found:
        opened = re.search(r"(?m)^# /// script[ \t]*$", text)
        if opened:
            line = line_of(text, opened.start())
            warn(answer, "python.metadata-unclosed", "the block '# /// script' has no closing line '# ///'", line)
        return
    start = line_of(text, found[0].start("content"))
    lines = found[0]["content"].splitlines(keepends=True)
    content = "".join(line[2:] if line.startswith("# ") else line[1:] for line in lines)
    apply_metadata(parse_toml(content, start), start, lines, answer)


def line_of(text, place):
    return text.count("\n", 0, place) + 1


def parse_toml(content, start):
    import re
    import tomllib

    try:
        return tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        message, line, column = str(error), start, None
        place = re.search(r" \(at line (\d+), column (\d+)\)$", message)
        if place:
            # Two columns for the "# " in front.
            line, column = start + int(place[1]) - 1, int(place[2]) + 2
            message = message[: place.start()]
        raise Refusal("python.metadata", f"the metadata is not valid TOML: {message}", line, column) from None
    except RecursionError:
        raise Refusal("python.metadata", "the metadata is nested too deeply", start) from None


def apply_metadata(metadata, start, lines, answer):
    def line_with(key):
        """The line that holds a key: the first that names it."""
        return next((start + index for index, line in enumerate(lines) if key in line), start)

    def refuse(key, message):
        raise Refusal("python.metadata", message, line_with(key))

    requirements = metadata.get("dependencies", [])
    if not isinstance(requirements, list) or not all(isinstance(entry, str) for entry in requirements):
        refuse("dependencies", "'dependencies' is a list of texts such as [\"pandas>=2\"]")
    wanted = metadata.get("requires-python", "")
    if not isinstance(wanted, str):
        refuse("requires-python", "'requires-python' is a text such as \">=3.11\"")
    try:
        suits = version_suits(answer["version"], wanted)
    except ValueError as error:
        refuse("requires-python", f"'requires-python' cannot be read: {error}")
    if not suits:
        raise Refusal(
            "python.version",
            f"the script requires Python {wanted}, but Python {answer['version']} runs here",
            line_with("requires-python"),
        )
    for key in metadata:
        if key not in ("dependencies", "requires-python", "tool"):
            warn(answer, "python.metadata-key", f"PEP 723 knows no key '{key}'", line_with(key))
    answer["requirements"] = [{"text": entry, "line": line_with(entry)} for entry in requirements]
    tools = metadata.get("tool", {})
    if not isinstance(tools, dict):
        refuse("tool", "'tool' is a table of tools")
    chosen = tools.get("sluice", {})
    if not isinstance(chosen, dict):
        refuse("sluice", "'tool.sluice' is a table with any of the keys " + ", ".join(TARGET_KEYS))
    for key, value in chosen.items():
        if key not in TARGET_KEYS:
            message = f"[tool.sluice] knows no key '{key}', only " + ", ".join(TARGET_KEYS)
            warn(answer, "python.metadata-key", message, line_with(key))
        elif not isinstance(value, str) or not 1 <= len(value) <= IDENTIFIER_LIMIT or not value.isprintable():
            refuse(key, f"'{key}' is a name of 1 to {IDENTIFIER_LIMIT} characters")
        else:
            answer["target"][key] = value


def version_suits(version, specifiers):
    """Whether a release satisfies all comma-separated specifiers (PEP 440, "Version specifiers")."""
    return all(suits(version, one.strip()) for one in specifiers.split(",") if one.strip())


def suits(version, specifier):
    import re

    parsed = re.fullmatch(r"(===|~=|==|!=|<=|>=|<|>)\s*(\S+)", specifier)
    if not parsed:
        raise ValueError(f"'{specifier}' is no comparison such as '>=3.11'")
    operator, operand = parsed.groups()
    if operator == "===":
        return version == operand
    if operand.endswith(".*"):
        if operator not in ("==", "!="):
            raise ValueError(f"'.*' goes with == and != only, not with '{operator}'")
        prefix = version_key(operand[:-2])[1]
        matches = (version_key(version)[1] + (0,) * len(prefix))[: len(prefix)] == prefix
        return matches if operator == "==" else not matches
    mine, theirs = version_key(version), version_key(operand)
    width = max(len(mine[1]), len(theirs[1]))

    def padded(key):
        return (key[0], key[1] + (0,) * (width - len(key[1])), key[2])

    left, right = padded(mine), padded(theirs)
    if operator == "~=":
        if len(theirs[1]) < 2:
            raise ValueError(f"'{specifier}' needs at least two numbers, such as '~=3.11'")
        count = len(theirs[1]) - 1
        return left >= right and left[:1] == right[:1] and left[1][:count] == theirs[1][:count]
    return {
        "==": left == right,
        "!=": left != right,
        "<=": left <= right,
        ">=": left >= right,
        "<": left < right,
        ">": left > right,
    }[operator]


def version_key(text):
    """Epoch, release and what orders versions of one release. An interpreter is always a release without more."""
    import re

    pattern = r"v?(?:(\d+)!)?(\d+(?:\.\d+)*)[-_.]?((?:a|b|c|rc|alpha|beta|pre|preview|post|rev|r|dev)[-_.]?\d*)*(\+\S+)?"
    parsed = re.fullmatch(pattern, text, re.IGNORECASE)
    if not parsed:
        raise ValueError(f"'{text}' is no version")
    release = tuple(int(number) for number in parsed[2].split("."))
    suffix = (parsed[3] or "").lower()
    rank = 0 if not suffix else 1 if suffix.startswith(("post", "rev")) or re.match(r"r[-_.]?\d", suffix) else -1
    return int(parsed[1] or 0), release, rank


def encode(value):
    """A value as JSON. The module `json` takes longer to import than most scripts to inspect."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, list):
        return "[" + ",".join([encode(element) for element in value]) + "]"
    return "{" + ",".join([f"{encode_basestring(key)}:{encode(element)}" for key, element in value.items()]) + "}"


def serve(channel):
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    _signal.signal(_signal.SIGALRM, _signal.SIG_DFL)
    # A crash says on the socket all that it has to say.
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)

    def receive(count):
        parts = bytearray()
        while len(parts) < count:
            part = os.read(channel, min(count - len(parts), 1 << 20))
            if not part:
                os._exit(0)
            parts += part
        return bytes(parts)

    def receive_length():
        return int.from_bytes(receive(4), sys.byteorder)

    while True:
        name_length, source_length = receive_length(), receive_length()
        name = receive(name_length).decode("utf-8", "replace")
        source = receive(source_length)
        _signal.setitimer(_signal.ITIMER_REAL, PATIENCE)
        answer = encode(inspect(name, source)).encode("utf-8", "replace")
        _signal.setitimer(_signal.ITIMER_REAL, 0)
        rest = memoryview(len(answer).to_bytes(4, sys.byteorder) + answer)
        while rest:
            rest = rest[os.write(channel, rest) :]
