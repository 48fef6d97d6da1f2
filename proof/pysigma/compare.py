"""All public rules on all public attack records: what Khiên fires and what pySigma's SQLite backend selects.

    compare.py <corpus> <output of the example `fired`> [--write]

Which rules are asked about a record is told by Khiên's routing in both; what fires is each party's own. A difference
that `differences.yaml` does not name with its numbers, and a name there that no longer differs, is an error.
`--write` writes the numbers into the table and the table for readers; classes and their reasons are written by hand.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

import yaml

import party

HERE = Path(__file__).parent


def observed(corpus, output):
    """Every rule on which the parties differ: id -> {ours, theirs, refused, example}; and the counts of the run."""
    routes, declined, records, ours = {}, {}, defaultdict(list), defaultdict(set)
    with open(output, encoding="utf-8") as lines:
        for line in lines:
            line = json.loads(line)
            if "refused" in line:
                text = (corpus / "sigma" / line["refused"]).read_text(encoding="utf-8")
                declined.update((name, line["code"]) for name, _ in party.documents(text))
                continue
            if "record" not in line:
                routes[line["route"]] = line["rules"]
                continue
            records[line["route"]].append((line["record"], line))
            for rule in line["fired"]:
                ours[rule].add(line["record"])
    folders = ("rules", "rules-emerging-threats", "rules-threat-hunting")
    paths = [path for folder in folders for path in sorted((corpus / "sigma" / folder).rglob("*.yml"))]
    rules = {name: (conditions, refused, fields) for name, conditions, refused, fields in
             party.converted(paths, HERE / ".cache")}
    theirs, failed = defaultdict(set), {}
    for route, asked in routes.items():
        asked = [name for name in asked if rules[name][0] is not None]
        database = party.table([field for name in asked for field in rules[name][2]], records[route])
        for name in asked:
            try:
                theirs[name] |= party.fired(database, rules[name][0])
            except Exception as error:  # what SQLite says of a query is a finding, not the end
                failed[name] = f"{type(error).__name__}: {error}"
        database.close()
    where = {number: line for lines in records.values() for number, line in lines}
    found = {}
    for name, (conditions, refused, _) in rules.items():
        refused = refused or failed.get(name)
        left, right = ours[name] - theirs[name], theirs[name] - ours[name]
        # A rule that both refuse is no difference.
        if bool(refused) != (name in declined) or left or right:
            example = min(left | right, default=None)
            found[name] = {"ours": len(left), "theirs": len(right), "refused": refused or declined.get(name),
                           "example": where[example]["where"] if example is not None else None}
    counts = {"rules": len(rules), "rules that fire": sum(map(bool, ours.values())), "records": len(where), "log sources": len(routes),
              "pairs asked": sum(len(routes[route]) * len(lines) for route, lines in records.items()),
              "matches of ours": sum(map(len, ours.values())), "matches of theirs": sum(map(len, theirs.values())),
              "matches of both": sum(len(ours[name] & theirs[name]) for name in rules)}
    return found, counts


def classes():
    return yaml.safe_load((HERE / "differences.yaml").read_text(encoding="utf-8"))


def check(found, table):
    """What the table does not say, and what it says and is not so."""
    problems, named = [], {}
    for name, of in table.items():
        for rule, numbers in of["rules"].items():
            if rule in named:
                problems.append(f"{rule} stands in two classes, {named[rule]} and {name}")
            named[rule] = name
            seen = found.get(rule)
            seen = seen and [seen["ours"], seen["theirs"]]
            if seen != numbers:
                problems.append(f"{rule} ({name}): the table says {numbers}, now it is {seen}")
    for rule, one in found.items():
        if rule not in named:
            problems.append(f"{rule} is not explained: only ours {one['ours']}, only theirs {one['theirs']}, "
                            f"refused: {one['refused']}, for example {one['example']}")
    return problems


def rendered(table, counts):
    """The table for readers."""
    text = ["# Where Khiên and pySigma's SQLite backend differ", "",
            "Written by `compare.py --write` out of `differences.yaml`; `make proof-sigma` holds both to what happens.", "",
            "| | |", "|---|---:|"]
    text += [f"| {name} | {number:,} |" for name, number in counts.items()]
    text += ["", "| class | rules | only Khiên | only pySigma | right by the specification | why |", "|---|---:|---:|---:|---|---|"]
    for name, of in table.items():
        ours, theirs = (sum(numbers[i] for numbers in of["rules"].values()) for i in (0, 1))
        why = " ".join(of["why"].split())
        text.append(f"| {name} | {len(of['rules'])} | {ours} | {theirs} | {of['right']} | {why} |")
    text += ["", "Own detections (`cases.yaml`) of which the backend is of another opinion:", "",
             "| detection | events | right by the specification | why |", "|---|---:|---|---|"]
    for case in yaml.safe_load((HERE / "cases.yaml").read_text(encoding="utf-8")):
        if said := case.get("sqlite"):
            events = "refused" if "refused" in said else len(said["differs"])
            text.append(f"| {case['name']} | {events} | {said['right']} | {said['why']} |")
    return "\n".join(text) + "\n"


def main():
    corpus, output = Path(sys.argv[1]), sys.argv[2]
    found, counts = observed(corpus, output)
    table = classes()
    problems = check(found, table)
    for name, number in counts.items():
        print(f"{number:>10,}  {name}")
    print(f"{len(found):>10,}  rules with a difference, in {len(table)} classes")
    for problem in problems:
        print(problem)
    text = rendered(table, counts)
    if "--write" in sys.argv and not problems:
        (HERE / "differences.md").write_text(text, encoding="utf-8")
    elif (HERE / "differences.md").read_text(encoding="utf-8") != text:
        problems.append("differences.md")
        print("differences.md is not what differences.yaml says: run with --write")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
