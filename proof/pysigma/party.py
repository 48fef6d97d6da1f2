"""pySigma's SQLite backend as a party outside: rules in, SQL out, records in tables of an SQLite in memory."""

import hashlib
import json
import re
import sqlite3
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path

import yaml
from sigma.backends.sqlite import sqliteBackend
from sigma.collection import SigmaCollection
from sigma.exceptions import SigmaError

WORDS = "words of the record"
TABLE = "SELECT * FROM logs WHERE "


def documents(text):
    """The rules of a file, each with its id; documents without a detection are no rules."""
    for document in yaml.safe_load_all(text):
        if isinstance(document, dict) and "detection" in document:
            yield document["id"], document


def convert(text):
    """[(id, conditions or None, what it was refused for, fields asked for)] of one file."""
    found = []
    for name, document in documents(text):
        backend = sqliteBackend(fulltext_field=WORDS)
        try:
            rules = SigmaCollection.from_dicts([document])
            conditions = [query.removeprefix(TABLE) for query in backend.convert(rules)]
            fields = [field for rule in rules for field in backend.required_fields(rule)]
            found.append((name, conditions, None, fields))
        except (SigmaError, NotImplementedError) as error:
            found.append((name, None, f"{type(error).__name__}: {error}", []))
    return found


def converted(paths, cache):
    """What `convert` gives of all files, two at a time; kept until rules or versions change."""
    texts = [path.read_text(encoding="utf-8") for path in paths]
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for name in ("pysigma", "pysigma-backend-sqlite"):
        digest.update(version(name).encode())
    for text in texts:
        digest.update(text.encode())
    kept = cache / f"converted-{digest.hexdigest()[:32]}.json"
    if not kept.exists():
        with ProcessPoolExecutor() as pool:
            found = [rule for file in pool.map(convert, texts, chunksize=64) for rule in file]
        cache.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(found), encoding="utf-8")
    return json.loads(kept.read_text(encoding="utf-8"))


def regexp(pattern, value):
    """SQLite's operator REGEXP: Python's `re`, as Zircolite has it."""
    return value is not None and re.search(pattern, str(value)) is not None


def cell(value):
    """A value as a flattener stores it: truth values as words, lists as lines of one text."""
    if isinstance(value, list):
        return "\n".join(str(cell(one)) for one in value if one is not None)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value


def flat(fields, path=""):
    """Nested objects as names with dots."""
    made = {}
    for name, value in fields.items():
        if isinstance(value, dict):
            made |= flat(value, f"{path}{name}.")
        else:
            made[path + name] = value
    return made


def table(fields, records):
    """A database with the table `logs`: one column for each field asked for, in any case of letters, and the words.

    A column of whole numbers alone is INTEGER, any other TEXT; both compare without case, as Zircolite's do.
    """
    columns = list({field.lower(): field for field in fields if field != WORDS}.values())
    places = {field.lower(): place for place, field in enumerate(columns)}
    whole = [True] * len(columns)
    rows = []
    for number, record in records:
        row = [None] * len(columns)
        for name, value in record["fields"].items():
            place = places.get(name.lower())
            if place is None or row[place] is not None:
                continue
            row[place] = cell(value)
            whole[place] &= isinstance(row[place], int)
        words = "\n".join(str(cell(word)) for word in record["words"] if word is not None)
        rows.append([number, *row, words])
    quoted = [name.replace('"', '""') for name in columns]
    kinds = ", ".join(f'"{name}" {"INTEGER" if i else "TEXT"} COLLATE NOCASE' for name, i in zip(quoted, whole))
    database = sqlite3.connect(":memory:")
    database.create_function("REGEXP", 2, regexp, deterministic=True)
    database.execute(f'CREATE TABLE logs (number INTEGER PRIMARY KEY, {kinds + "," if kinds else ""} "{WORDS}" TEXT)')
    holes = ", ".join("?" * (len(columns) + 2))
    database.executemany(f"INSERT INTO logs VALUES ({holes})", rows)
    return database


def fired(database, conditions):
    """Numbers of the records of which any condition holds."""
    return {number for one in conditions for (number,) in database.execute(f"SELECT number FROM logs WHERE {one}")}
