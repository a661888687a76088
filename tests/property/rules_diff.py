#!/usr/bin/env python3
"""Two rule sets have the same hash exactly when `rules diff` finds nothing, whatever was changed.

usage: rules_diff.py SETTLEWATCH RULES [ROUNDS [SEED]]

Each round changes a copy of the rules by one to three edits drawn from a list: edits of meaning, of layout, and of tests.
"""
import json, os, random, re, shutil, subprocess, sys, tempfile

program, rules = sys.argv[1], sys.argv[2]
rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 40
seed = int(sys.argv[4]) if len(sys.argv) > 4 else random.SystemRandom().randrange(1, 1 << 31)
print("seed", seed)
dice = random.Random(seed)
SPLIT, TABLE = "admission/split_admission.yaml", "knowledge/procurement_price.csv"


def sub(path, pattern, to):
    """An edit: the first match of pattern in the file is replaced."""
    def edit(folder):
        name = os.path.join(folder, path)
        with open(name, encoding="utf-8") as file:
            text = file.read()
        new, count = re.subn(pattern, to, text, count=1, flags=re.S | re.M)
        if not count:
            return False
        with open(name, "w", encoding="utf-8") as file:
            file.write(new)
        return True
    return edit


def rows(path, change):
    def edit(folder):
        name = os.path.join(folder, path)
        with open(name, encoding="utf-8") as file:
            head, *body = file.read().splitlines()
        with open(name, "w", encoding="utf-8") as file:
            file.write("\n".join([head] + change(body)) + "\n")
        return True
    return edit


def remove(path):
    def edit(folder):
        name = os.path.join(folder, path)
        there = os.path.exists(name)
        if there:
            os.remove(name)
        return there
    return edit


# (what, edit, the parts it must show in; empty: no meaning)
EDITS = [
    ("a threshold", sub(SPLIT, r"max_gap: 15", "max_gap: 10"), {"parameter"}),
    ("a title", sub(SPLIT, r"en: Split admission", "en: Split admissions"), {"head"}),
    ("a status", sub(SPLIT, r"^status: active", "status: shadow"), {"head"}),
    ("a law", sub(SPLIT, r'article: "38\(1\)"', 'article: "38(2)"'), {"law"}),
    ("a leaf of an exemption", sub(SPLIT, r"\{dx3: Z50\}", "{dx3: Z51}"), {"exemption"}),
    ("a reason", sub(SPLIT, r"reason: 康复治疗", "reason: 康复医疗"), {"exemption"}),
    ("the nesting of a condition", sub(SPLIT, r"- \{admission_way: EMERGENCY\}(\s+)- \{admission_way: \{present: false\}, visit: INP_EMERG\}",
                                       r"- {admission_way: EMERGENCY, visit: INP_EMERG}\1- {admission_way: {present: false}}"), {"exemption"}),
    ("a precedence", sub(SPLIT, r"^precedence: stay", "precedence: quantity"), {"head"}),
    ("a rule less", remove("bed/beds_per_day.yaml"), {"rule"}),
    ("a row less", rows(TABLE, lambda body: body[:3] + body[4:]), {"row", "table"}),
    ("a row changed", rows(TABLE, lambda body: body[:7] + [re.sub(r",(\d)", r",1\1", body[7], count=1)] + body[8:]), {"table"}),
    ("a code", sub("codes/adm_way.yaml", r"maps_to: EMERGENCY", "maps_to: OTHER"), {"codes"}),
    ("a holiday", sub("calendars/2026.yaml", r"from: 2026-02-15", "from: 2026-02-16"), {"calendar"}),
    ("a comment", sub(SPLIT, r"^rule:", "# 说明\nrule:"), set()),
    ("a note", sub(SPLIT, r"^note: no", "note: still no"), set()),
    ("empty lines", sub(SPLIT, r"^require:", "\n\nrequire:"), set()),
    ("the order of keys", sub(SPLIT, r"^( +)(min_gap: 0)\n +(max_gap: \d+)", r"\1\3\n\1\2"), set()),
    ("the order of parts", sub("admission/split_admission.yaml", r"(\s+- \{admission_way: EMERGENCY\})(\s+- \{admission_way: \{present: false\}, visit: INP_EMERG\})",
                               r"\2\1"), set()),
    ("a test", sub(SPLIT, r"^tests:\n( +)- name: ", r"tests:\n\1- name: once more "), set()),
]


def rule_hash(folder):
    out = subprocess.run([program, "rules", "check", folder, "--lang", "en"], capture_output=True, text=True)
    found = re.search(r"rule set ([0-9a-f]{32})", out.stdout)
    return found.group(1) if found else None


def main():
    base = rule_hash(rules)
    done = {what: 0 for what, _, _ in EDITS}
    plan = [[edit] for edit in EDITS] + [dice.sample(EDITS, dice.randint(2, 4)) for _ in range(rounds)]
    with tempfile.TemporaryDirectory() as work:
        for number, edits in enumerate(plan):
            folder = os.path.join(work, str(number))
            shutil.copytree(rules, folder)
            names = [what for what, edit, _ in edits if edit(folder)]
            other = rule_hash(folder)
            if other is None:    # the edits contradict each other: no rule set
                continue
            for what in names:
                done[what] += 1
            for before, after in ((rules, folder), (folder, rules)):
                out = subprocess.run([program, "rules", "diff", before, after, "--format", "json"], capture_output=True, text=True)
                told = json.loads(out.stdout)
                meaning = [row for row in told["differences"] if row["part"] != "test"]
                assert told["same"] == (base == other) == (out.returncode == 0) == (not meaning), (names, out.returncode, told)
                assert out.returncode in (0, 1), (names, out)
            for what, _, parts in edits:
                if what in names and parts:
                    assert parts & {row["part"] for row in meaning}, (what, meaning)
            shutil.rmtree(folder)
    for what, times in done.items():
        assert times > 0, f"the edit '{what}' was never tried: it fits no file any more"
    print(f"{len(plan)} rule sets compared in both directions")


main()
