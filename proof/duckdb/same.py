"""What deltalake and DuckDB find in a table beside what Khiên says of it."""

import json
import sys

import duckdb
from deltalake import DeltaTable

table, said, step = sys.argv[1:]
with open(said, encoding="utf-8") as file:
    expected = json.load(file)
delta = DeltaTable(table)
files = delta.file_uris()
duck = duckdb.connect()
duck.execute("SET TimeZone = 'UTC'")
duck.read_parquet(files, hive_partitioning=True, union_by_name=True).create_view("events")


def rows(sql):
    return [list(row) for row in duck.execute(sql).fetchall()]


found = {
    "events": rows("SELECT count(*), count(DISTINCT id) FROM events")[0],
    "by_day": rows("SELECT strftime(CAST(day AS DATE), '%Y-%m-%d'), system, count(*) FROM events GROUP BY 1, 2 ORDER BY 1, 2"),
    "by_address": rows("SELECT src_ip, count(*) FROM events GROUP BY 1 ORDER BY 1"),
    "times": rows("SELECT epoch_us(min(time)), epoch_us(max(time)) FROM events")[0],
    "raw": rows("SELECT sum(length(raw)) FROM events")[0],
}
found["raw"] = [int(found["raw"][0])]
wrong = [name for name in found if found[name] != expected[name]]
for name in wrong:
    print(f"{step}: {name}: DuckDB {found[name]}, Khiên {expected[name]}")
# The rows that the log counts are those of the files.
counted = sum(delta.get_add_actions(flatten=True).column("num_records").to_pylist())
if counted != found["events"][0]:
    wrong.append("num_records")
    print(f"{step}: the log counts {counted}, the files hold {found['events'][0]}")
if wrong:
    sys.exit(1)
print(f"duckdb {duckdb.__version__}: {step}: {found['events'][0]} events in {len(files)} files, version {delta.version()}, the same")
