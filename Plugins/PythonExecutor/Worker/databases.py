"""Connections to the embedded engine's databases, with the name resolution of SQL tasks.

A database is a folder, a schema a file in it. The current schema's file is the connection's main database, under the
schema's own name; another one is attached when a statement names it. SQLite looks for an unqualified name in every
attached file. So the authorizer refuses what the statement does not name: see `Authority`.
"""

import os
import sqlite3
from functools import lru_cache

from _sluice_databases import name_main

SYNCHRONOUS = ("off", "normal", "full", "extra")

# The busy timeout when the connection's settings name none, in seconds.
BUSY_TIMEOUT = 10.0

# How many names one question about a schema holds.
NAMES_AT_A_TIME = 10_000

# Which pragmas a script may use: the lists of SQL tasks.
QUESTIONS = frozenset(
    "table_info table_xinfo table_list index_list index_info index_xinfo foreign_key_list foreign_key_check"
    " integrity_check quick_check function_list module_list pragma_list collation_list database_list compile_options"
    " data_version page_count freelist_count stats optimize analysis_limit wal_checkpoint incremental_vacuum"
    " user_version application_id auto_vacuum shrink_memory max_page_count foreign_keys defer_foreign_keys"
    " ignore_check_constraints recursive_triggers case_sensitive_like cache_size cache_spill temp_store automatic_index"
    " query_only reverse_unordered_selects legacy_alter_table count_changes full_column_names short_column_names"
    " read_uncommitted secure_delete threads wal_autocheckpoint cell_size_check".split()
)
READ_ONLY = frozenset(
    "schema_version journal_mode synchronous busy_timeout page_size encoding locking_mode journal_size_limit mmap_size"
    " trusted_schema checkpoint_fullfsync fullfsync".split()
)

# Accesses that name an object first, and the schema it was found in.
OBJECT_ACCESSES = frozenset(
    getattr(sqlite3, "SQLITE_" + name)
    for name in (
        "READ INSERT UPDATE DELETE CREATE_INDEX CREATE_TABLE CREATE_TRIGGER CREATE_VIEW CREATE_VTABLE DROP_INDEX"
        " DROP_TABLE DROP_TRIGGER DROP_VIEW DROP_VTABLE REINDEX ANALYZE"
    ).split()
)

# Statements that go through every attached schema; and those of them that take one schema's name instead.
OVERALL = frozenset(("analyze", "reindex", "vacuum", "pragma"))
WHOLE_SCHEMA = frozenset(("analyze", "reindex", "vacuum"))

# What a table's name stands behind; and what begins and ends a list of tables.
TABLE_WORDS = frozenset(("from", "join", "into", "update", "table"))
TABLE_LIST_WORDS = frozenset(("from", "where", "group", "having", "order", "limit", "window", "select", "set", "union"))

# The kinds of token that can be a name: words, quoted names, and strings, which SQLite takes for names here and there.
NAMES = "wqs"


def fold(name):
    """A name as SQLite compares it: ASCII letters small, others as they are."""
    return name.encode("utf-8", "surrogateescape").lower().decode("utf-8", "surrogateescape")


class Statement:
    """What a statement's text says of schemas."""

    __slots__ = ("first", "schemas", "pairs", "lone", "tables", "defined")

    def __init__(self, sql):
        words = tokens(sql)
        #: Its first word.
        self.first = words[0][1] if words and words[0][0] == "w" else ""
        #: Names before a dot, in order of first appearance: schemas, tables, aliases.
        self.schemas = []
        #: What is written with its schema: (schema, object).
        self.pairs = set()
        #: Names that stand alone.
        self.lone = set()
        #: Those of them that stand where a table does.
        self.tables = set()
        #: Names that a WITH or a CREATE of the text defines.
        self.defined = set()
        is_behind_dot = False
        # Whether a FROM goes on, for each open parenthesis.
        lists = [False]
        for index, (kind, text) in enumerate(words):
            if kind == "(":
                lists.append(False)
            elif kind == ")" and len(lists) > 1:
                lists.pop()
            elif kind == "w" and text in TABLE_LIST_WORDS:
                lists[-1] = text == "from"
            if kind in NAMES and not is_behind_dot:
                if is_dot(words, index + 1):
                    if text not in self.schemas:
                        self.schemas.append(text)
                    if index + 2 < len(words) and words[index + 2][0] in NAMES:
                        self.pairs.add((text, words[index + 2][1]))
                else:
                    self.lone.add(text)
                    before = words[index - 1] if index else ("", "")
                    if before[0] == "w" and before[1] in TABLE_WORDS or before[0] == "," and lists[-1]:
                        self.tables.add(text)
                    if defines(words, index):
                        self.defined.add(text)
            is_behind_dot = kind == "."
        self.read_verb(words)

    def read_verb(self, words):
        """Reads where a name that stands alone is meant in a schema that is written elsewhere, or is one itself."""
        if self.first in WHOLE_SCHEMA and len(words) > 1 and words[1][0] in NAMES and not is_dot(words, 2):
            self.schemas.append(words[1][1])
        if self.first == "create" and ("w", "index") in words[1:3] and ("w", "on") in words:
            # In `CREATE INDEX s.i ON t` the table is in the schema of the index.
            place = words.index(("w", "on"))
            if is_dot(words, place - 2) and place + 1 < len(words):
                self.pairs.add((words[place - 3][1], words[place + 1][1]))
                self.lone.discard(words[place + 1][1])


def is_dot(words, index):
    return 0 <= index < len(words) and words[index][0] == "."


def defines(words, index):
    """Whether the name at `index` is defined there: `name [(…)] AS [NOT] [MATERIALIZED] (`."""
    index += 1
    if index < len(words) and words[index][1] == "(":
        while index < len(words) and words[index][1] != ")":
            index += 1
        index += 1
    if index >= len(words) or words[index] != ("w", "as"):
        return False
    index += 1
    while index < len(words) and words[index] in (("w", "not"), ("w", "materialized")):
        index += 1
    return index < len(words) and words[index][1] == "("


BLANKS = " \t\n\f\r\ufeff"
CLOSING = {'"': '"', "`": "`", "'": "'", "[": "]"}


def is_word_part(character):
    return character.isalnum() and character.isascii() or character in "_$" or not character.isascii()


def tokens(sql):
    """The words, quoted names, strings, dots and other signs of a text, folded; without blanks and comments.

    Each is a kind (`w` word, `q` quoted name, `s` string, `n` number or parameter, else the sign itself) and a text.
    """
    found = []
    place, end = 0, len(sql)
    while place < end:
        sign = sql[place]
        if sign in BLANKS:
            place += 1
        elif sql.startswith("--", place):
            place = sql.find("\n", place) + 1 or end
        elif sql.startswith("/*", place):
            place = sql.find("*/", place + 2) + 2
            if place == 1:
                place = end
        elif sign in CLOSING:
            text, place = quoted(sql, place, CLOSING[sign])
            found.append(("s" if sign == "'" else "q", fold(text)))
        elif sign.isascii() and sign.isdigit() or sign == "." and sql[place + 1 : place + 2].isdigit():
            # A number swallows its dots; `t.1` is none, and never valid.
            place = end_of_number(sql, place)
            found.append(("n", ""))
        elif is_word_part(sign) and sign != "$":
            start = place
            while place < end and is_word_part(sql[place]):
                place += 1
            if sql[start:place] in ("x", "X") and sql[place : place + 1] == "'":
                place = quoted(sql, place, "'")[1]
                found.append(("n", ""))
            else:
                found.append(("w", fold(sql[start:place])))
        elif sign in "?:@$#":
            place += 1
            while place < end and (is_word_part(sql[place]) or sql[place] == ":"):
                place += 1
            found.append(("n", ""))
        else:
            found.append((sign, sign))
            place += 1
    return found


def quoted(sql, start, closing):
    """The text inside quotes, doubled ones undone, and the place behind."""
    parts, place = [], start + 1
    while True:
        close = sql.find(closing, place)
        if close < 0:
            return "".join(parts) + sql[place:], len(sql)
        parts.append(sql[place:close])
        if closing == "]" or sql[close + 1 : close + 2] != closing:
            return "".join(parts), close + 1
        parts.append(closing)
        place = close + 2


def end_of_number(sql, place):
    while place < len(sql):
        sign = sql[place]
        if sign in "+-" and sql[place - 1] in "eE" and not sql[place - 2 : place].lower().startswith("x"):
            place += 1
        elif sign == "." or is_word_part(sign):
            place += 1
        else:
            break
    return place


@lru_cache(maxsize=256)
def statement_of(sql):
    return Statement(sql)


class Authority:
    """Decides what the statement that runs may reach.

    An access to an attached schema is right when the statement writes the object with that schema. It is also right when
    the statement names the schema and nowhere writes the object's name alone: then the access follows from another one
    (a view, a trigger, a foreign key). A name that stands alone belongs to the current schema.
    """

    def __init__(self, schema):
        #: Set while the connection does something for itself.
        self.is_own = False
        self.main = fold(schema)
        self.statement = Statement("")
        #: Names that stand alone and exist only in an attached schema: by name, that schema.
        self.elsewhere = {}
        #: The connection's temporary views and triggers, which unlike others may reach several schemas: by name.
        self.temporary = {}
        #: Why something was refused, for the error.
        self.refusal = None

    def decide(self, action, first, second, schema, inside):
        if self.is_own:
            return sqlite3.SQLITE_OK
        if action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH):
            # VACUUM builds the new file in an attached one without a name.
            if self.statement.first == "vacuum" and action == sqlite3.SQLITE_ATTACH and first == "":
                return sqlite3.SQLITE_OK
            return self.refuse(
                "ATTACH, DETACH and VACUUM INTO are not for scripts: a connection reaches the schemas of its database by"
                " their names"
            )
        if action == sqlite3.SQLITE_FUNCTION and fold(second or "") == "load_extension":
            return self.refuse("scripts may not load extensions into a connection of Sluice")
        if action == sqlite3.SQLITE_PRAGMA:
            return self.decide_pragma(fold(first or ""), second)
        if action in (sqlite3.SQLITE_CREATE_TEMP_VIEW, sqlite3.SQLITE_CREATE_TEMP_TRIGGER):
            self.temporary[fold(first)] = self.statement
        elif action in (sqlite3.SQLITE_DROP_TEMP_VIEW, sqlite3.SQLITE_DROP_TEMP_TRIGGER):
            self.temporary.pop(fold(first), None)
        if action == sqlite3.SQLITE_ALTER_TABLE:
            first, schema = second, first
        elif action not in OBJECT_ACCESSES:
            return sqlite3.SQLITE_OK
        return self.decide_object(action, fold(first or ""), schema, fold(inside or ""))

    def decide_pragma(self, name, value):
        if name in QUESTIONS or name in READ_ONLY and value is None:
            return sqlite3.SQLITE_OK
        if name in READ_ONLY:
            return self.refuse(f"PRAGMA {name} can be asked but not set: the connection's settings decide it")
        return self.refuse(f"PRAGMA {name} is not for scripts")

    def decide_object(self, action, name, schema, inside):
        if schema is None:
            # SQLite does not say where it found a table of which no column is read.
            if name in self.elsewhere and name not in self.statement.defined and inside in ("", name):
                return self.refuse_lone(name, self.elsewhere[name])
            return sqlite3.SQLITE_OK
        schema = fold(schema)
        if schema in (self.main, "main", "temp"):
            if action in (sqlite3.SQLITE_CREATE_TABLE, sqlite3.SQLITE_CREATE_VIEW):
                self.elsewhere.pop(name, None)
            return sqlite3.SQLITE_OK
        if schema == "vacuum_db" and self.statement.first == "vacuum":
            return sqlite3.SQLITE_OK
        speaker = self.temporary.get(inside, self.statement)
        if name.startswith("sqlite_") and schema in speaker.schemas:
            return sqlite3.SQLITE_OK
        if name in self.elsewhere and (schema, inside) not in speaker.pairs:
            # Written with its schema, the name may stand alone as an alias or a column, but not as a table.
            if (schema, name) not in speaker.pairs or name in speaker.tables - speaker.defined:
                return self.refuse_lone(name, schema)
        if schema not in speaker.schemas:
            return self.refuse(f"the statement reaches schema {schema} without naming it")
        return sqlite3.SQLITE_OK

    def refuse_lone(self, name, schema):
        return self.refuse(
            f"no such table: {name} in schema {self.main}; schema {schema} has one: write {schema}.{name} to mean that"
        )

    def refuse(self, reason):
        if self.refusal is None:
            self.refusal = reason
        return sqlite3.SQLITE_DENY


class Cursor(sqlite3.Cursor):
    """A cursor whose statements reach what they name."""

    def execute(self, sql, *arguments):
        with self.connection._statement(sql):
            return super().execute(sql, *arguments)

    def executemany(self, sql, *arguments):
        with self.connection._statement(sql):
            return super().executemany(sql, *arguments)

    def executescript(self, sql):
        with self.connection._statement(sql):
            return super().executescript(sql)


class Connection(sqlite3.Connection):
    """A connection to one database, in one schema."""

    def __init__(self, path, folder, schema, synchronous, timeout):
        # Files are made by CREATE SCHEMA only: a wrong name must not make one.
        super().__init__(f"file:{quote_path(path)}?mode=rw", timeout=timeout, uri=True)
        self._folder = folder
        self._synchronous = synchronous
        self._authority = Authority(schema)
        #: Attached schemas, folded, in the order of their last use.
        self._attached = []
        self._configure(schema)
        self.set_authorizer(self._authority.decide)

    def cursor(self, factory=Cursor):
        return super().cursor(factory)

    def execute(self, sql, *arguments):
        return self.cursor().execute(sql, *arguments)

    def executemany(self, sql, *arguments):
        return self.cursor().executemany(sql, *arguments)

    def executescript(self, sql):
        return self.cursor().executescript(sql)

    def _configure(self, schema):
        name = '"' + schema.replace('"', '""') + '"'
        if self._own(f"PRAGMA {name}.journal_mode") != ["wal"]:
            self._own(f"PRAGMA {name}.journal_mode = WAL")
        if self._synchronous != "full":
            self._own(f"PRAGMA {name}.synchronous = {self._synchronous}")

    def _own(self, sql, *parameters):
        """Runs a statement of ours and returns the first value of each row, whatever factories the script has set."""
        kept, self.text_factory = self.text_factory, str
        self._authority.is_own = True
        try:
            cursor = sqlite3.Cursor(self)
            cursor.row_factory = None
            rows = cursor.execute(sql, parameters).fetchall()
            cursor.close()
            return [row[0] for row in rows]
        finally:
            self._authority.is_own = False
            self.text_factory = kept

    def _statement(self, sql):
        """Gets everything ready for a statement, and tells what was wrong with it afterwards."""
        statement = statement_of(sql) if isinstance(sql, str) else Statement("")
        authority = self._authority
        authority.refusal = None
        authority.statement = statement
        schemas = list(statement.schemas)
        if statement.first not in OVERALL:
            schemas += [name for made in authority.temporary.values() for name in made.schemas]
        files = {}
        for name in schemas:
            if name not in (authority.main, "main", "temp"):
                file = schema_file(self._folder, name)
                if file is not None:
                    files[name] = file
        if statement.first in OVERALL:
            self._detach_all_but(files)
        for name, file in files.items():
            self._attach(name, file, files)
        authority.elsewhere = self._elsewhere(statement) if self._attached else {}
        return Verdict(authority)

    def _elsewhere(self, statement):
        """Which of the names that stand alone exist in an attached schema, and not in the current one."""
        lone = statement.lone.union(*(made.lone for made in self._authority.temporary.values()))
        found = {}
        for schema in reversed(self._attached):
            for name in self._names(schema, lone):
                found[name] = schema
        if found:
            for schema in (self._authority.main, "temp"):
                for name in self._names(schema, found):
                    found.pop(name, None)
        return found

    def _names(self, schema, wanted):
        """Those of the wanted names that a schema has."""
        wanted = [name for name in wanted if not name.startswith("sqlite_")]
        quoted_schema = '"' + schema.replace('"', '""') + '"'
        found = []
        for start in range(0, len(wanted), NAMES_AT_A_TIME):
            part = wanted[start : start + NAMES_AT_A_TIME]
            marks = ",".join("?" * len(part))
            sql = f"SELECT lower(name) FROM {quoted_schema}.sqlite_master WHERE lower(name) IN ({marks})"
            found += self._own(sql, *part)
        return found

    def _attach(self, name, file, needed):
        if name in self._attached:
            self._attached.remove(name)
            self._attached.append(name)
            return
        if len(self._attached) >= self.getlimit(sqlite3.SQLITE_LIMIT_ATTACHED):
            self._detach_all_but(needed)
        try:
            self._own("ATTACH ? AS ?", os.path.join(self._folder, file), file.removesuffix(".db"))
        except sqlite3.OperationalError as error:
            if "too many attached" not in str(error):
                raise
            raise sqlite3.OperationalError(
                "SQLite reaches ten schemas beside the current one in a transaction or a statement: take the work apart"
            ) from None
        self._attached.append(name)
        self._configure(file.removesuffix(".db"))

    def _detach_all_but(self, needed):
        if self.in_transaction:
            return
        for name in [name for name in self._attached if name not in needed]:
            try:
                self._own("DETACH ?", name)
            except sqlite3.OperationalError:
                # A cursor of it is still being read.
                continue
            self._attached.remove(name)


class Verdict:
    """Puts a refusal's reason in the place of SQLite's `not authorized`."""

    __slots__ = ("authority",)

    def __init__(self, authority):
        self.authority = authority

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if self.authority.refusal is not None and isinstance(error, sqlite3.Error):
            raise sqlite3.OperationalError(self.authority.refusal) from None


def quote_path(path):
    """A path as part of a URI."""
    plain = b"/abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._"
    return "".join(chr(byte) if byte in plain else f"%{byte:02X}" for byte in os.fsencode(path))


def schema_file(folder, name):
    """The file of the schema that SQLite would take `name` for, or None."""
    if "/" in name or "\0" in name or name.startswith("."):
        return None
    if os.path.exists(os.path.join(folder, name + ".db")):
        return name + ".db"
    return next((entry for entry in listed(folder) if fold(entry) == name + ".db"), None)


def listed(folder):
    """The schemas' files in a database's folder."""
    return sorted(entry for entry in os.listdir(folder) if entry.endswith(".db") and not entry.startswith("."))


def make_default(root):
    """Makes `master` and its `public`, which are always there."""
    folder = os.path.join(root, "master")
    os.makedirs(root, 0o700, exist_ok=True)
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        pass
    path = os.path.join(folder, "public.db")
    if os.path.exists(path):
        return
    draft = f"{path}.new-{os.getpid()}"
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        connection = sqlite3.connect(draft)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.close()
        # Unlike a rename, a link never replaces what another session has just made.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(draft)


def connect(settings, database, schema, error):
    """Opens a schema of a database. `error` is the class of what goes wrong."""
    root = settings.get("root")
    if not root:
        raise error("the connection has no setting 'root', the folder that holds its databases")
    synchronous = settings.get("synchronous", "full").lower()
    if synchronous not in SYNCHRONOUS:
        raise error(f"the connection's setting 'synchronous' is none of {', '.join(SYNCHRONOUS)}")
    try:
        timeout = float(settings.get("busyTimeout", BUSY_TIMEOUT))
    except ValueError:
        raise error("the connection's setting 'busyTimeout' is a number of seconds") from None
    make_default(root)
    folder = os.path.join(root, database)
    if "/" in database or database.startswith(".") or not os.path.isdir(folder):
        known = [name for name in sorted(os.listdir(root)) if not name.startswith(".")]
        known = [name for name in known if os.path.isdir(os.path.join(root, name))]
        raise error(f"There is no database '{database}'. There are: {', '.join(known)}.")
    if "/" in schema or schema.startswith(".") or not os.path.exists(os.path.join(folder, schema + ".db")):
        known = ", ".join(entry.removesuffix(".db") for entry in listed(folder)) or "none"
        raise error(f"Database '{database}' has no schema '{schema}'. It has: {known}.")
    name_main(schema)
    try:
        return Connection(os.path.join(folder, schema + ".db"), folder, schema, synchronous, timeout)
    finally:
        name_main(None)
