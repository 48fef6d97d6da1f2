"""Records made out of rules: for each public rule some that it should fire on, and some that miss by a little.

    made.py <corpus> > records.ndjson

Attack logs make a few hundred rules fire; these records ask all of them. A way through the condition is chosen, the
values on it are written into fields, patterns filled and regular expressions sampled. Nobody says what must fire:
both parties are asked. What chance decides is decided by the rule's id, so that a second run makes the same.
"""

import json
import random
import re
import re._constants as op
import re._parser as regex
import sys
from pathlib import Path

from sigma.collection import SigmaCollection
from sigma.conditions import ConditionAND, ConditionIdentifier, ConditionNOT, ConditionOR, ConditionValueExpression
from sigma.exceptions import SigmaError
from sigma.types import (
    SigmaBool, SigmaCIDRExpression, SigmaCompareExpression, SigmaExists, SigmaExpansion, SigmaFieldReference, SigmaNull,
    SigmaNumber, SigmaRegularExpression, SigmaString, SpecialChars,
)

import party

LETTERS = "abcXYZ019"
# A value that no filter knows, where nothing else is asked.
OTHER = object()


def sample(parsed, chance):
    """A text that a parsed regular expression matches, for what Sigma's rules use of them."""
    out = []
    for kind, of in parsed:
        if kind is op.LITERAL:
            out.append(chr(of))
        elif kind is op.NOT_LITERAL:
            out.append(next(c for c in LETTERS if ord(c) != of))
        elif kind is op.ANY:
            out.append(chance.choice(LETTERS))
        elif kind is op.IN:
            out.append(member(of, chance))
        elif kind is op.BRANCH:
            out.append(sample(chance.choice(of[1]), chance))
        elif kind is op.SUBPATTERN:
            out.append(sample(of[-1], chance))
        elif kind in (op.MAX_REPEAT, op.MIN_REPEAT):
            least, most, inner = of
            times = chance.randint(least, min(least + 2, most))
            out.extend(sample(inner, chance) for _ in range(times))
    return "".join(out)


def member(items, chance):
    """A character of a class."""
    classes = {op.CATEGORY_DIGIT: "0359", op.CATEGORY_WORD: "aZ9_", op.CATEGORY_SPACE: " \t",
               op.CATEGORY_NOT_SPACE: "x7-", op.CATEGORY_NOT_DIGIT: "x-", op.CATEGORY_NOT_WORD: "-. "}
    if items[0][0] is op.NEGATE:
        matcher = re.compile(written(items))
        return next((c for c in "xQ7 ~\t\\/" if matcher.fullmatch(c)), "x")
    kind, of = chance.choice(items)
    if kind is op.RANGE:
        return chr(chance.randint(of[0], of[1]))
    if kind is op.CATEGORY:
        return chance.choice(classes[of])
    return chr(of)


def written(items):
    """A negated class, written again."""
    letters = {op.CATEGORY_DIGIT: r"\d", op.CATEGORY_WORD: r"\w", op.CATEGORY_SPACE: r"\s", op.CATEGORY_NOT_SPACE: r"\S",
               op.CATEGORY_NOT_DIGIT: r"\D", op.CATEGORY_NOT_WORD: r"\W"}
    body = ""
    for kind, of in items[1:]:
        if kind is op.RANGE:
            body += f"\\u{of[0]:04x}-\\u{of[1]:04x}"
        elif kind is op.CATEGORY:
            body += letters[of]
        else:
            body += f"\\u{of:04x}"
    return f"[^{body}]"


def pieces(value, chance):
    """(open at its start, text, open at its end) of a pattern, its inner wildcards filled."""
    parts = list(value.s)
    starts, ends = parts[:1] == [SpecialChars.WILDCARD_MULTI], parts[-1:] == [SpecialChars.WILDCARD_MULTI]
    if starts:
        parts = parts[1:]
    if ends and parts:
        parts = parts[:-1]
    text = ""
    for part in parts:
        if part is SpecialChars.WILDCARD_MULTI:
            text += chance.choice(["", "x", " zz "])
        elif part is SpecialChars.WILDCARD_SINGLE:
            text += chance.choice(LETTERS)
        else:
            text += str(part)
    return starts, text, ends


def choose(condition, chance, out):
    """Writes into `out` what a way through the condition asks: (field or None, value)."""
    if isinstance(condition, ConditionNOT):
        # What is filtered where it is absent has to be there.
        out.extend((field, OTHER) for field in absent(condition))
        return
    if isinstance(condition, ConditionOR):
        choose(chance.choice(condition.args), chance, out)
    elif isinstance(condition, ConditionAND):
        for one in condition.args:
            choose(one, chance, out)
    elif isinstance(condition, ConditionValueExpression):
        ask(None, condition.value, chance, out)
    elif not isinstance(condition, ConditionIdentifier):
        ask(condition.field, condition.value, chance, out)


def absent(condition):
    """Fields below a condition that are asked to be absent."""
    if isinstance(getattr(condition, "value", None), SigmaNull):
        yield condition.field
    for one in getattr(condition, "args", []):
        yield from absent(one)


def ask(field, value, chance, out):
    if isinstance(value, SigmaExpansion):
        ask(field, chance.choice(value.values), chance, out)
    elif isinstance(value, SigmaString):
        out.append((field, pieces(value, chance)))
    elif isinstance(value, SigmaRegularExpression):
        try:
            out.append((field, (True, sample(regex.parse(str(value.regexp)), chance), True)))
        except re.error as error:
            print(f"{str(value.regexp)}: {error}", file=sys.stderr)
    elif isinstance(value, SigmaNumber):
        out.append((field, value.number))
    elif isinstance(value, SigmaBool):
        out.append((field, value.boolean))
    elif isinstance(value, SigmaNull):
        out.append((field, None))
    elif isinstance(value, SigmaExists):
        out.append((field, "there" if value.exists else None))
    elif isinstance(value, SigmaCIDRExpression):
        out.append((field, str(value.network.network_address + chance.randint(0, value.network.num_addresses - 1))))
    elif isinstance(value, SigmaCompareExpression):
        out.append((field, value.number.number + chance.choice([-1, 0, 1])))
    elif isinstance(value, SigmaFieldReference):
        out.append((field, "the same"))
        out.append((value.field, "the same"))


def settled(asked):
    """Fields that answer everything asked, as far as one value can."""
    fields, patterns = {}, {}
    for field, value in asked:
        if isinstance(value, tuple):
            # A word that is looked for in the whole event may stand anywhere.
            value = value if field else (True, value[1], True)
            patterns.setdefault(field or "message", []).append(value)
        elif value is not OTHER:
            fields[field or "message"] = value
    for field, several in patterns.items():
        whole = [text for starts, text, ends in several if not starts and not ends]
        first = [text for starts, text, ends in several if not starts and ends]
        last = [text for starts, text, ends in several if starts and not ends]
        inside = [text for starts, text, ends in several if starts and ends]
        fields[field] = whole[0] if whole else "".join([*first[:1], " ".join(inside), *last[:1]])
    for field, value in asked:
        if value is OTHER:
            fields.setdefault(field, "Z:\\x\\y.bin")
    return {name: value for name, value in fields.items() if value is not None}


def spoiled(fields, chance):
    """The same with one thing changed."""
    fields = dict(fields)
    if not fields:
        return fields
    name = chance.choice(sorted(fields))
    value = fields[name]
    way = chance.randrange(7)
    if way == 0:
        del fields[name]
    elif way == 1:
        fields = {name: one.swapcase() if isinstance(one, str) else one for name, one in fields.items()}
    elif way == 2 and isinstance(value, str):
        fields[name] = value + "x"
    elif way == 3 and isinstance(value, str):
        fields[name] = "x" + value
    elif way == 4 and isinstance(value, str):
        fields[name] = value[:-1]
    elif way == 5:
        fields[name] = str(value) if isinstance(value, int) else ""
    else:
        fields[name] = value[1:] if isinstance(value, str) else value + 1
    return fields


def nested(fields):
    """Names with dots as objects in objects, where none stands in another's way."""
    made = {}
    for name, value in fields.items():
        steps, into = name.split("."), made
        for step in steps[:-1]:
            into = into.setdefault(step, {}) if isinstance(into, dict) else None
        if not isinstance(into, dict) or steps[-1] in into:
            return fields
        into[steps[-1]] = value
    return made


def records(document):
    chance = random.Random(document["id"])
    log = {part: document["logsource"].get(part) for part in ("product", "service", "category")}
    try:
        conditions = [one.parsed for rule in SigmaCollection.from_dicts([document])
                      for one in rule.detection.parsed_condition]
    except SigmaError:
        return
    for condition in conditions:
        for _ in range(2):
            asked = []
            choose(condition, chance, asked)
            fields = settled(asked)
            yield {"log": log, "fields": nested(fields)}
            yield {"log": log, "fields": nested(spoiled(fields, chance))}


def main():
    corpus = Path(sys.argv[1])
    for folder in ("rules", "rules-emerging-threats", "rules-threat-hunting"):
        for path in sorted((corpus / "sigma" / folder).rglob("*.yml")):
            for name, document in party.documents(path.read_text(encoding="utf-8")):
                for record in records(document):
                    print(json.dumps({"where": f"made of {name}", **record}, ensure_ascii=False))


if __name__ == "__main__":
    main()
