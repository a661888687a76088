#!/usr/bin/env python3
"""As known then, as known now: with --as-of a folder means what it meant before later knowledge was written into it.

usage: as_of.py SETTLEWATCH RULES
"""
import json, os, re, shutil, subprocess, sys, tempfile

program, rules = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
SPLIT, TABLE = "admission/split_admission", "knowledge/procurement_price"
KNOWN = "2026-03-01"    # the day from which the later knowledge was there
EVE = "2026-02-28"
SETTLEMENTS = "3000"


def run(*arguments, code=0):
    done = subprocess.run([program, "--lang", "en", *arguments], capture_output=True, text=True, timeout=300)
    assert done.returncode == code, (arguments, done.returncode, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout + done.stderr


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def change(path, *edits):
    text = read(path)
    for pattern, to in edits:
        text, count = re.subn(pattern, to, text, count=1, flags=re.M)
        assert count, (path, pattern)
    write(path, text)


def main():
    work = tempfile.mkdtemp(prefix="settlewatch-as-of-")
    records = os.path.join(work, "settlements.ndjson")
    run("generate", "--seed", "11", "--settlements", SETTLEMENTS, "--violations", "0.1", "--out", work, "--output-file", "settlements.ndjson")

    def screen(folder, *more):
        out = os.path.join(work, "out")
        shutil.rmtree(out, ignore_errors=True)
        run("screen", records, "--rules", folder, "--out", out, "--quiet", "--unproven", *more)
        return {name: read(os.path.join(out, name)) for name in os.listdir(out)}

    def findings(outputs):
        rows = [json.loads(line) for line in outputs["credit-deductions.ndjson"].splitlines()]
        last = {row["deduction_id"]: row for row in rows}
        return {key: (row["rule_id"], row["rule_version"], row["vola_amt"]) for key, row in last.items() if row["stage"] == "proposed"}

    def copy(name):
        folder = os.path.join(work, name)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(rules, folder)
        return folder

    plain = screen(rules)
    assert any(rule == "ADM-001" for rule, _, _ in findings(plain).values()) and any(rule == "SUB-006" for rule, _, _ in findings(plain).values())
    assert screen(rules, "--as-of", "1999-12-31") == plain    # what does not say when it was recorded always was

    # A later version with another bound, two times over; an exemption for all; every stay of last year is judged by them now.
    later = copy("later")
    old = read(os.path.join(later, SPLIT + ".yaml"))
    begins = f"effective: {{from: 2025-01-01, to: 2025-12-31}}\nrecorded_on: {KNOWN}"
    for version, says in ((2, begins), (3, f"effective: {{from: 2026-01-01}}\nrecorded_on: {KNOWN}")):
        text = old.replace("version: 1", f"version: {version}", 1).replace("max_gap: 15", "max_gap: 10", 1)
        # its tests are about the bound of the version before it
        write(os.path.join(later, f"{SPLIT}_{version}.yaml"), re.sub(r"^effective: .*", says, text, count=1, flags=re.M).split("\ntests:")[0] + "\n")
        change(os.path.join(later, f"{SPLIT}_{version}.yaml"), ("^status: active", "status: shadow"))
    change(os.path.join(later, SPLIT + ".yaml"), ("^effective: .*", "effective: {from: 2022-01-01, to: 2024-12-31}"))
    price = os.path.join(later, "substitution/procurement_price.yaml")
    exempt = f"  - {{id: bought_before, if: {{visit: {{present: true}}}}, reason: 政策过渡, recorded_on: {KNOWN}}}\n"
    text = read(price)
    write(price, text.replace("unless:\n", "unless:\n" + exempt, 1) if "\nunless:\n" in text
          else re.sub(r"^(bands|amount|say):", lambda m: "unless:\n" + exempt + "\n" + m.group(0), text, count=1, flags=re.M))
    now = findings(screen(later))
    assert not any(rule in ("ADM-001", "SUB-006") for rule, _, _ in now.values()), "the versions of today are shadows, the exemption is for all"
    for day in (EVE, "2025-06-30"):
        assert screen(later, "--as-of", day) == plain, day    # every byte, the hash of the rule set too
    assert findings(screen(later, "--as-of", KNOWN)) == now

    # The trace is of the version that was in force on the service date, known then or now.
    stay = next(json.loads(line) for line in plain["credit-deductions.ndjson"].splitlines() if '"ADM-001"' in line)
    explain = ("rules", "explain", "--record", records, "--setl", stay["setl_id"], "--rule", "ADM-001", "--rules", later, "--format", "json")
    versions = [json.loads(run(*explain, *more))["version"] for more in ((), ("--as-of", EVE))]
    assert versions[0] in (2, 3) and versions[1] == 1, versions

    # The trace of one decision says the same; so does the backtest.
    hit = next(json.loads(line) for line in plain["credit-deductions.ndjson"].splitlines() if '"SUB-006"' in line)
    explain = ("rules", "explain", "--record", records, "--setl", hit["setl_id"], "--rule", "SUB-006", "--rules", later)
    assert "bought_before" in run(*explain) and "bought_before" not in run(*explain, "--as-of", EVE)
    report = json.loads(run("rules", "backtest", "--from", records, "--rules", later, "--baseline", later, "--baseline-as-of", EVE, "--format", "json",
                            "--quiet"))["report"]
    same = json.loads(run("rules", "backtest", "--from", records, "--rules", later, "--as-of", EVE, "--baseline", rules, "--format", "json",
                          "--quiet"))["report"]
    sides = report["total"]
    assert sides["baseline"]["findings"] == len(findings(plain)) and sides["new"]["findings"] == len(now), sides
    assert same["new"]["ruleset"] == same["baseline"]["ruleset"] and same["total"]["changed"] == same["total"]["lost"] == 0, same["total"]

    # Prices that were found wrong later: the row of then and that of now stand beside each other.
    rows = read(os.path.join(rules, TABLE + ".csv")).splitlines()
    cheap = copy("cheap")
    change(os.path.join(cheap, TABLE + ".yaml"), ("^key:", "  - {name: known_from, type: date}\n  - {name: known_to, type: date}\nkey:"),
           ("^effective:.*", r"\g<0>\nrecorded: {from: known_from, to: known_to}\nunique: true"))
    ahead = [f"{row},,{EVE}" for row in rows[1:]] + [re.sub(r"^([^,]*),[^,]*", r"\1,999999", row) + f",{KNOWN}," for row in rows[1:]]
    write(os.path.join(cheap, TABLE + ".csv"), "\n".join([rows[0] + ",known_from,known_to"] + ahead) + "\n")
    assert findings(screen(cheap, "--as-of", EVE)) == findings(plain)
    assert not any(rule == "SUB-006" for rule, _, _ in findings(screen(cheap)).values())

    # The same by a file of changes that was recorded as a whole.
    changes = copy("changes")
    described = read(os.path.join(changes, TABLE + ".yaml")).replace("columns:\n", "columns:\n  - {name: change, type: text}\n", 1)
    write(os.path.join(changes, TABLE + ".changes.yaml"), described + f"recorded_on: {KNOWN}\n")
    write(os.path.join(changes, TABLE + ".changes.csv"),
          "\n".join(["change," + rows[0]] + ["changed," + re.sub(r"^([^,]*),[^,]*", r"\1,999999", row) for row in rows[1:]]) + "\n")
    assert findings(screen(changes, "--as-of", EVE)) == findings(plain)
    assert not any(rule == "SUB-006" for rule, _, _ in findings(screen(changes)).values())

    # A region's override that came later.
    local = os.path.join(work, "local")
    os.makedirs(local)
    override = f"  - {{id: ADM-001, version: 1, reason: 地方口径, owner: 审核科, recorded_on: {KNOWN}, status: shadow}}\n"
    write(os.path.join(local, "overlay.yaml"), f"overlay: lanzhou\nbase: {rules}\nowner: 审核科\nreason: 地方口径\nrules:\n{override}")
    assert screen(local, "--as-of", EVE) == plain and not any(rule == "ADM-001" for rule, _, _ in findings(screen(local)).values())

    # Nothing known yet; a day that is none.
    lone = os.path.join(later, f"{SPLIT}_2.yaml")
    assert "recorded later" in run("screen", records, "--rules", lone, "--out", os.path.join(work, "none"), "--as-of", EVE, code=78)
    assert "--as-of is a day" in run("screen", records, "--as-of", "2026-02-30", code=2)
    told = run("rules", "diff", rules, later, code=1)
    assert "recorded_on" in told and KNOWN in told, told
    shutil.rmtree(work)
    print(f"{len(findings(plain))} findings as known then, {len(now)} as known now")


main()
