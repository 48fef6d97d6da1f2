"""The four questions of DuckDB on the lake's own files and of chDB on a MergeTree of the same rows, beside Khiên."""

import json
import os
import sys
import time

import chdb
import duckdb
from chdb.session import Session
from deltalake import DeltaTable

work, said = sys.argv[1:]
with open(said, encoding="utf-8") as file:
    khien = {row["question"]: row for row in map(json.loads, file) if "question" in row}
files = DeltaTable(f"{work}/lake/events").file_uris()
COLUMNS = (
    'id, time, received, source, system, unit, class_uid, severity_id, host, "user", src_ip, dst_ip, process, '
    "command_line, file, hash, domain, event_code, channel, message, fields, shape, raw"
)
DAY, WEEK = "2026-06-21", "2026-06-28"


def questions(contains, slices):
    """The statements of each question; the first gives its answer, a second one the page that a search shows."""
    address, word = "src_ip = '198.51.100.77'", f"day = '{DAY}' AND {contains}"
    page = f"SELECT {COLUMNS} FROM events WHERE %s ORDER BY time DESC, id DESC LIMIT 50"
    return {
        "count": [f"SELECT count(*) FROM events WHERE {address}"],
        "address": [f"SELECT count(*) FROM events WHERE {address}", page % address],
        "word": [f"SELECT count(*) FROM events WHERE {word}", page % word],
        "top": [f'SELECT "user", count(*) AS n FROM events WHERE day = \'{DAY}\' GROUP BY 1 ORDER BY n DESC LIMIT 20'],
        "histogram": [
            f"SELECT {slices} AS h, count(*) FROM events WHERE day >= '{DAY}' AND day < '{WEEK}' GROUP BY 1 ORDER BY 1"
        ],
    }


def drop():
    """Drops the system's page cache, where that is allowed."""
    try:
        with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as caches:
            caches.write("3")
    except OSError:
        pass


def timed(ask):
    times = []
    for turn in range(5):
        if turn == 0:
            drop()
        began = time.perf_counter()
        rows = ask()
        times.append(time.perf_counter() - began)
    return rows, times[0], min(times[1:])


def found(question, rows):
    return len(rows) if question == "top" else sum(int(row[-1]) for row in rows)


peers = {}
for question, statements in questions("raw ILIKE '%mimikatz%'", "epoch(time) // 3600").items():
    # A new one for each question, as Khiên's is a new process: the first answer knows no footer yet.
    with duckdb.connect() as duck:
        duck.execute("SET TimeZone = 'UTC'; SET threads = 2; SET enable_object_cache = true")
        duck.execute(f"CREATE VIEW events AS SELECT * FROM read_parquet({files!r}, hive_partitioning = true)")
        peers["duckdb", question] = timed(lambda: [duck.execute(sql).fetchall() for sql in statements][0])


def ask_chdb():
    """The same of chDB, which takes the rows into a table of its own first: as much disk again, and some minutes."""
    session = Session(f"{work}/chdb")
    session.query("CREATE DATABASE IF NOT EXISTS bench")
    loaded = int(str(session.query("SELECT count() FROM system.tables WHERE database = 'bench'", "TSV")).strip() or 0)
    if not loaded:
        table = f"{work}/lake/events"
        names = ",".join(file.removeprefix(f"{table}/") for file in files)
        session.query(
            f"CREATE TABLE bench.events ENGINE = MergeTree PARTITION BY day ORDER BY time "
            f"SETTINGS allow_nullable_key = 1 AS "
            f"SELECT {COLUMNS}, toDate(time) AS day FROM file('{table}/{{{names}}}', Parquet)"
        )
    for question, statements in questions("raw ILIKE '%mimikatz%'", "intDiv(toUnixTimestamp(time), 3600)").items():
        asked = [sql.replace("FROM events", "FROM bench.events") + " SETTINGS max_threads = 2" for sql in statements]

        def ask(asked=asked):
            answers = [str(session.query(sql, "JSONCompactEachRow")) for sql in asked]
            return [json.loads(line) for line in answers[0].splitlines() if line]

        peers["chdb", question] = timed(ask)


# chDB wants as much disk again as the lake: BENCH_PEERS=duckdb leaves it out.
beside = os.environ.get("BENCH_PEERS", "duckdb chdb").split()
if "chdb" in beside:
    ask_chdb()

print(f"duckdb {duckdb.__version__}, chdb {chdb.__version__}; seconds, and how many times Khiên's a peer takes")
print("question   peer      cold     warm   cold×  warm×")
apart = False
for question, own in khien.items():
    print(f"{question:10} khien  {own['cold']:7.3f}  {own['warm']:7.3f}")
    for peer in beside:
        rows, cold, warm = peers[peer, question]
        print(f"{'':10} {peer:6} {cold:7.3f}  {warm:7.3f}  {cold / own['cold']:5.1f}  {warm / own['warm']:5.1f}")
        if found(question, rows) != own["found"]:
            apart = True
            print(f"{'':10} {peer} finds {found(question, rows)}, Khiên {own['found']}")
sys.exit(1 if apart else 0)
