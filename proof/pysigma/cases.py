"""Detections of our own (`cases.yaml`) through pySigma's SQLite backend: what they fire on by the specification, but
for what the file says of the backend. `crates/detect/tests/cases.rs` asks the same of both matchers of Khiên."""

import sys
from pathlib import Path

import yaml

import party


def rule(case):
    text = "title: A rule\nid: 00000000-0000-4000-8000-000000000001\nlogsource:\n    product: test\ndetection:\n"
    return text + "".join(f"    {line}\n" for line in case["detection"].splitlines())


def said(case):
    """("refused", why) or ("fires", positions of the events on which the query fires)."""
    [(_, conditions, refused, fields)] = party.convert(rule(case))
    if refused:
        return "refused", refused
    records = []
    for number, event in enumerate(case["fires"] + case["silent"]):
        fields_of = party.flat(event)
        records.append((number, {"fields": fields_of, "words": list(fields_of.values())}))
    database = party.table(fields, records)
    try:
        return "fires", sorted(party.fired(database, conditions))
    except party.sqlite3.Error as error:
        return "refused", str(error)
    finally:
        database.close()


def main():
    cases = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text(encoding="utf-8"))
    problems, events, apart = 0, 0, 0
    for case in cases:
        expected, events = list(range(len(case["fires"]))), events + len(case["fires"]) + len(case["silent"])
        opinion = case.get("sqlite")
        how, what = said(case)
        if opinion is None:
            fine = (how, what) == ("fires", expected)
        elif "refused" in opinion:
            fine = how == "refused" and opinion["refused"] in what
        else:
            fine = how == "fires" and sorted(set(what) ^ set(expected)) == opinion["differs"]
        apart += opinion is not None
        if not fine:
            problems += 1
            print(f"{case['name']}: expected {expected}{f' but for {opinion}' if opinion else ''}, {how} {what}")
    print(f"{len(cases)} cases with {events} events: the backend differs, for a reason that stands there, in {apart}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
