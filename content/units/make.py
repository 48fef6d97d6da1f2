"""Makes units.tsv from the table admin_units of the Python package vietnamadminunits 1.0.4 (MIT).

    pip download --no-deps vietnamadminunits==1.0.4
    python3 make.py vietnamadminunits-1.0.4-py3-none-any.whl > units.tsv

Every check stands in check(); a failed one stops the program before anything is written.
"""

import hashlib
import io
import re
import sqlite3
import sys
import tempfile
import unicodedata
import zipfile
from collections import Counter

WHEEL_SHA256 = "737ee3662e877290386c1c45ed4d71f2e5fae34ab6fb9c64bfb4cb74b216ea35"
COLUMNS = "code parent kind prefix name name_en lat lon area_km2 valid_from valid_to basis".split()

START = "2025-07-01"
CHANGE = "2026-04-30"
BEFORE_CHANGE = "2026-04-29"
PROVINCES_2025 = "Nghị quyết 202/2025/QH15"
COMMUNES_2025 = "Nghị quyết của Ủy ban Thường vụ Quốc hội về sắp xếp đơn vị hành chính cấp xã năm 2025"
# Numbers of these resolutions of 16/6/2025 that were seen in print; the other provinces carry the general words.
RESOLUTIONS = {
    "01": "1656", "04": "1657", "08": "1684", "31": "1669", "33": "1666", "46": "1675", "48": "1659", "79": "1685",
    "82": "1663", "92": "1668",
}
DONG_NAI_CITY = "Nghị quyết 30/2026/QH16"
DONG_NAI_WARDS = "Nghị quyết 237/NQ-UBTVQH16"

# Prefix as written -> (kind in the file, English kind).
KINDS = {
    "Tỉnh": ("tinh", "Province"),
    "Thành phố": ("thanh_pho", "City"),
    "Xã": ("xa", "Commune"),
    "Phường": ("phuong", "Ward"),
    "Đặc khu": ("dac_khu", "Special Zone"),
}

# What became a phường on 30/4/2026: code -> name, so that a code that moved is noticed.
NEW_WARDS = {
    "25270": "Lộc Ninh", "25357": "Tân Khai", "25363": "Đồng Phú", "26116": "Tân Phú", "26170": "Trị An",
    "26248": "Trảng Bom", "26326": "Dầu Giây", "26368": "Long Thành", "26425": "Xuân Lộc", "26485": "Nhơn Trạch",
}

COMMUNES = {
    "01": 126, "04": 56, "08": 124, "11": 45, "12": 38, "14": 75, "15": 99, "19": 92, "20": 65, "22": 54, "24": 99,
    "25": 148, "31": 114, "33": 104, "37": 129, "38": 166, "40": 130, "42": 69, "44": 78, "46": 40, "48": 94,
    "51": 96, "52": 135, "56": 65, "66": 102, "68": 124, "75": 95, "79": 168, "80": 96, "82": 102, "86": 124,
    "91": 102, "92": 103, "96": 64,
}


def text(value):
    """Composed (NFC), single spaces."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", value)).strip()


def plain(value):
    """Without diacritics: the usual English writing of a Vietnamese name."""
    flat = unicodedata.normalize("NFD", value.replace("đ", "d").replace("Đ", "D"))
    return unicodedata.normalize("NFC", "".join(c for c in flat if not unicodedata.combining(c)))


def split(full):
    """"Thành phố Huế" -> ("Thành phố", "Huế"); case of the prefix in the source does not matter."""
    for prefix in KINDS:
        if full.lower().startswith(prefix.lower() + " "):
            return prefix, full[len(prefix) + 1:]
    raise SystemExit(f"no known prefix: {full!r}")


def unit(code, parent, full, place, valid_from, valid_to, basis):
    """One line of the file."""
    prefix, name = split(text(full))
    kind, english = KINDS[prefix]
    lat, lon, area = place
    return dict(zip(COLUMNS, [code, parent, kind, prefix, name, f"{plain(name)} {english}",
                              f"{lat:.4f}", f"{lon:.4f}", f"{area:.2f}" if area else "", valid_from, valid_to, basis]))


def read(wheel):
    """The rows of admin_units as dicts."""
    data = open(wheel, "rb").read()
    found = hashlib.sha256(data).hexdigest()
    if found != WHEEL_SHA256:
        raise SystemExit(f"another file than expected: sha256 {found}")
    with zipfile.ZipFile(io.BytesIO(data)) as archive, tempfile.NamedTemporaryFile(suffix=".db") as db:
        db.write(archive.read("vietnamadminunits/data/dataset.db"))
        db.flush()
        link = sqlite3.connect(db.name)
        link.row_factory = sqlite3.Row
        return [dict(r) for r in link.execute("select * from admin_units")]


def make(rows):
    """All lines: provinces, then communes, each by code and first day."""
    units = []
    for code in sorted({r["provinceCode"] for r in rows}):
        mine = [r for r in rows if r["provinceCode"] == code]
        first = mine[0]
        areas = [r["wardAreaKm2"] for r in mine]
        place = (first["provinceLat"], first["provinceLon"], sum(areas) if all(areas) else None)
        if code == "75":
            units.append(unit(code, "", "Tỉnh Đồng Nai", place, START, BEFORE_CHANGE, PROVINCES_2025))
            units.append(unit(code, "", "Thành phố Đồng Nai", place, CHANGE, "", DONG_NAI_CITY))
        else:
            units.append(unit(code, "", first["province"], place, START, "", PROVINCES_2025))
    for r in sorted(rows, key=lambda r: r["wardCode"]):
        code, parent = r["wardCode"], r["provinceCode"]
        place = (r["wardLat"], r["wardLon"], r["wardAreaKm2"])
        if code in NEW_WARDS:
            name = NEW_WARDS[code]
            if text(r["ward"]) != f"Xã {name}" or parent != "75":
                raise SystemExit(f"{code} is {r['ward']!r} of {parent}, not Xã {name} of 75")
            units.append(unit(code, parent, f"Xã {name}", place, START, BEFORE_CHANGE, COMMUNES_2025))
            units.append(unit(code, parent, f"Phường {name}", place, CHANGE, "", DONG_NAI_WARDS))
        else:
            number = RESOLUTIONS.get(parent)
            basis = f"Nghị quyết {number}/NQ-UBTVQH15" if number else COMMUNES_2025
            units.append(unit(code, parent, r["ward"], place, START, "", basis))
    return units


def on(units, day):
    """What is valid on a day."""
    return [u for u in units if u["valid_from"] <= day and (not u["valid_to"] or day <= u["valid_to"])]


def check(units):
    """Stops if a count, a code, a name or a place is not what it must be."""
    def must(what, found, wanted):
        if found != wanted:
            raise SystemExit(f"{what}: {found}, must be {wanted}")
    kinds = lambda day: dict(Counter(u["kind"] for u in on(units, day)))
    must("as was", kinds(BEFORE_CHANGE), {"tinh": 28, "thanh_pho": 6, "xa": 2621, "phuong": 687, "dac_khu": 13})
    must("as is", kinds(CHANGE), {"tinh": 27, "thanh_pho": 7, "xa": 2611, "phuong": 697, "dac_khu": 13})
    for day in (START, BEFORE_CHANGE, CHANGE, "2026-11-01"):
        valid = on(units, day)
        must(f"different codes on {day}", len({u["code"] for u in valid}), 34 + 3321)
        must(f"communes by province on {day}", dict(Counter(u["parent"] for u in valid if u["parent"])), COMMUNES)
        names = Counter((u["parent"], u["prefix"], u["name"]) for u in valid)
        must(f"same name twice in a province on {day}", [n for n, c in names.items() if c > 1], [])
    must("lines", len(units), 34 + 3321 + 11)
    must("code shape", [u["code"] for u in units if not re.fullmatch(r"\d{5}" if u["parent"] else r"\d{2}", u["code"])], [])
    must("composed text", [u["code"] for u in units if any(v != text(v) for v in u.values())], [])
    must("tabs or quotes", [u["code"] for u in units if re.search(r'[\t"\r\n]', "".join(u.values()))], [])
    far = [u["code"] for u in units if not (6.0 < float(u["lat"]) < 23.5 and 102.0 < float(u["lon"]) < 117.5)]
    must("places outside Vietnam", far, [])
    must("no area", sorted(u["code"] for u in units if not u["area_km2"]),
         ["06187", "19147", "19159", "20", "28435", "44", "82"])
    must("islands", sorted((u["prefix"], u["name"], u["parent"]) for u in units if u["name"] in ("Hoàng Sa", "Trường Sa")),
         [("Đặc khu", "Hoàng Sa", "48"), ("Đặc khu", "Trường Sa", "56")])
    must("Nhân Hòa", sorted((u["code"], u["prefix"], u["parent"]) for u in units if plain(u["name"]) == "Nhan Hoa"),
         [("09253", "Phường", "24"), ("17344", "Xã", "40")])


def main():
    units = make(read(sys.argv[1]))
    check(units)
    lines = ["\t".join(COLUMNS)] + ["\t".join(u[c] for c in COLUMNS) for u in units]
    sys.stdout.buffer.write(("\n".join(lines) + "\n").encode())


main()
