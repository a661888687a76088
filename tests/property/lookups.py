#!/usr/bin/env python3
"""Any whole number of a rule may come from a table: looked up by the level of the institution it gives what the number itself gives.

usage: lookups.py SETTLEWATCH RULES
"""
import csv, json, os, re, shutil, subprocess, sys, tempfile

program, rules = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
# Of each shipped kind the numbers that change something here: file, parameter, as shipped, another one.
NUMBERS = [("admission/split_admission", "max_gap", 15, 9), ("admission/split_admission", "min_gap", 0, 2), ("admission/bed_hanging", "idle_days", 3, 5),
           ("admission/bed_hanging", "idle_ratio_permille", None, 900), ("admission/bed_hanging", "holiday_run_days", None, 0),
           ("admission/bed_hanging", "after_operation_days", None, 0), ("bed/billed_bed_days", "los_tolerance_days", None, 1),
           ("bed/beds_per_day", "max", None, 2), ("bed/bed_outside_stay", "grace_days", None, 2),
           ("substitution/procurement_price", "tolerance_fen", None, 3000), ("substitution/procurement_price", "markup_permille", None, 150)]


def main():
    work = tempfile.mkdtemp(prefix="settlewatch-lookups-")

    def run(*arguments, code=0):
        done = subprocess.run([program, "--lang", "en", *arguments], capture_output=True, text=True, timeout=300)
        assert done.returncode == code, (arguments, done.stdout[-2000:], done.stderr[-2000:])
        return done.stdout + done.stderr

    run("generate", "--seed", "3", "--settlements", "2500", "--violations", "0.1", "--out", work, "--output-file", "settlements.ndjson")
    records = os.path.join(work, "settlements.ndjson")
    with open(records, encoding="utf-8") as lines:
        levels = sorted(set(re.findall(r'"hosp_lv":"(\w+)"', lines.read())))
    assert len(levels) >= 2, levels

    def folder_with(edits, rows=()):
        """edits: (file, parameter, what it says); rows: (level, parameter, number) of the table."""
        folder = os.path.join(work, "rules")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(rules, folder)
        for file, name, says in edits:
            path = os.path.join(folder, file + ".yaml")
            with open(path, encoding="utf-8") as text:
                text = text.read()
            text, count = re.subn(rf"^  {name}: .*", f"  {name}: {says}", text, count=1, flags=re.M)
            if count == 0:
                text, count = re.subn(r"^params:$", f"params:\n  {name}: {says}", text, count=1, flags=re.M)
            assert count == 1, (file, name)
            with open(path, "w", encoding="utf-8") as out:
                out.write(text)
        if rows:
            with open(os.path.join(folder, "knowledge/by_level.yaml"), "w", encoding="utf-8") as out:
                out.write("columns:\n  - {name: hosp_lv, type: text}\n" + "".join(f"  - {{name: {name}, type: int}}\n" for _, name in dict.fromkeys((0, r[1]) for r in rows)) +
                          "key: [hosp_lv]\nversion: \"1\"\nsource: test\n")
            with open(os.path.join(folder, "knowledge/by_level.csv"), "w", encoding="utf-8", newline="") as out:
                names = list(dict.fromkeys(row[1] for row in rows))
                cells = {}
                for level, name, number in rows:
                    cells.setdefault(level, {})[name] = number
                writer = csv.writer(out)
                writer.writerow(["hosp_lv", *names])
                writer.writerows([level, *[cells[level].get(name, "") for name in names]] for level in cells)
        return folder

    def findings(folder):
        out = os.path.join(work, "out")
        shutil.rmtree(out, ignore_errors=True)
        run("screen", records, "--rules", folder, "--out", out, "--quiet", "--unproven")
        with open(os.path.join(out, "credit-deductions.ndjson"), encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        for row in rows:
            del row["ruleset"]
        return rows

    look_up = "{{table: by_level, by: hosp_lv, column: {}}}"
    plain, changed = findings(rules), 0
    # As shipped, all at once: nothing changes.
    known = [(file, name, shipped) for file, name, shipped, _ in NUMBERS if shipped is not None]
    assert findings(folder_with([(file, name, look_up.format(name)) for file, name, _ in known],
                                [(level, name, shipped) for _, name, shipped in known for level in levels])) == plain
    # Another number for all levels is that number.
    for file, name, _, other in NUMBERS:
        want = findings(folder_with([(file, name, other)]))
        got = findings(folder_with([(file, name, look_up.format(name))], [(level, name, other) for level in levels]))
        assert got == want, (file, name, len(got), len(want))
        changed += want != plain
    assert changed >= 6, changed
    # Each level its own: half of them as shipped, half another.
    half = levels[::2]
    mixed = findings(folder_with([("admission/split_admission", "max_gap", look_up.format("max_gap"))],
                                 [(level, "max_gap", 15 if level in half else 9) for level in levels]))
    assert mixed not in (plain, findings(folder_with([("admission/split_admission", "max_gap", 9)])))
    # A level that the table does not know accuses nobody; a number out of bounds is refused.
    nobody = folder_with([("bed/beds_per_day", "max", look_up.format("max"))], [("no-such-level", "max", 1)])
    rule = re.search(r"^id: (\S+)", open(os.path.join(rules, "bed/beds_per_day.yaml"), encoding="utf-8").read(), flags=re.M).group(1)
    assert any(row["rule_id"] == rule for row in plain) and not any(row["rule_id"] == rule for row in findings(nobody))
    told = run("rules", "check", folder_with([("admission/bed_hanging", "idle_days", look_up.format("idle_days"))], [("x", "idle_days", 3), ("y", "idle_days", 31)]), code=1)
    assert "'idle_days' must be 1..30, and column 'idle_days' of table 'by_level' has 31 in row 2" in told, told
    shutil.rmtree(work)
    print(f"{len(NUMBERS)} numbers looked up, {changed} of them change findings")


main()
