#!/usr/bin/env python3
"""The tools that prove rules, from outside: formats that CI systems read, coverage and mutants that name what is missing, the
activation gate, versions and exemptions by service date, look-ups, and changes of facts that explain says turn a decision round.

prove_rules.py SETTLEWATCH
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

PROGRAM = os.path.abspath(sys.argv[1])
HERE = os.getcwd()
WORK = tempfile.mkdtemp(prefix="settlewatch-prove-rules-")
ENVIRONMENT = dict(os.environ, XDG_CACHE_HOME=os.path.join(WORK, "cache"), LC_ALL="C.UTF-8")
os.mkdir(ENVIRONMENT["XDG_CACHE_HOME"])
failures = 0


def run(*arguments, code=0):
    done = subprocess.run([PROGRAM, "--lang", "en", *arguments], capture_output=True, text=True, env=ENVIRONMENT, cwd=WORK)
    check(done.returncode == code, f"{' '.join(arguments)} ends with {code}, not {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout + done.stderr


def check(good, what):
    global failures
    if not good:
        failures += 1
        print("FAILED:", what)


def folder(name, *rules):
    """A rule folder with the shipped tables and codes and these rules: {path: text}, or names of shipped ones."""
    path = os.path.join(WORK, name)
    os.makedirs(path)
    for shared in ("codes", "calendars", "knowledge"):
        shutil.copytree(os.path.join(HERE, "rules.d", shared), os.path.join(path, shared))
    for file, text in rules:
        with open(os.path.join(path, file), "w", encoding="utf-8") as out:
            out.write(text)
    return path


def shipped(name):
    with open(os.path.join(HERE, "rules.d", name), encoding="utf-8") as file:
        return file.read()


def without_test(text, name):
    changed = re.sub(r"  - name: " + re.escape(name) + r"\n(?:    .*\n)+", "", text)
    check(changed != text, f"there is a test '{name}'")
    return changed


def formats():
    rules = folder("formats", ("outside.yaml", shipped("bed/bed_outside_stay.yaml")))
    as_json = json.loads(run("rules", "test", "--mutate", "--coverage", "--format", "json", rules))
    root = xml.fromstring(run("rules", "test", "--mutate", "--coverage", "--format", "junit", rules))
    tap = run("rules", "test", "--mutate", "--coverage", "--format", "tap", rules).splitlines()
    size = as_json["tests"]
    check(size == len(as_json["cases"]) > 25 and as_json["failed"] == 0 and as_json["skipped"] == 2, "the shipped rule is green in JSON")
    check(root.get("tests") == str(size) == str(len(root.findall(".//testcase"))) and len(root.findall(".//skipped")) == 2, "JUnit counts alike")
    check(tap[0] == "TAP version 14" and tap[1] == f"1..{size}", "TAP begins with its plan")
    points = [line for line in tap if re.match(r"(not )?ok \d+ - ", line)]
    check([int(p.split()[1]) for p in points] == list(range(1, size + 1)), "TAP numbers its points")
    check(sum("# SKIP equivalent" in p for p in points) == 2, "TAP skips what is equivalent")
    broken = folder("formats-broken", ("outside.yaml", shipped("bed/bed_outside_stay.yaml").replace("      lines: 1\n", "      lines: 2\n")))
    tap = run("rules", "test", "--format", "tap", broken, code=1)
    check(re.search(r"^not ok 1 - ADM-008C: the day before admission$", tap, re.M) and "    lines: expected 2, found 1  <- kind\n" in tap, "TAP names the operand")
    failure = xml.fromstring(run("rules", "test", "--format", "junit", broken, code=1)).find(".//failure")
    check(failure.get("message") == "lines: expected 2, found 1  <- kind", "JUnit names the operand")


def missing_tests():
    text = without_test(shipped("admission/split_admission.yaml"), "16 days by date although less than 16 times 24 hours passed")
    text = without_test(text, "rehabilitation")
    line = text[:text.index("max_gap: 15")].count("\n") + 1
    rules = folder("missing", ("split.yaml", text.replace("yields_to: [ADM-002]\n", "").replace("  - name: a move inside the hospital belongs to the other rule", "  - name: a move inside the hospital")
                               .replace("    with: [ADM-002]\n", "").replace("expect: {hit: short, on: S2, open: false}", "expect: {hit: short, on: S2}")))
    line -= 1
    told = run("rules", "test", "--failed", "--mutate", rules, code=1)
    check(f"split.yaml:{line}\n" in told and "ADM-001: mutant params.max_gap 15 -> 16" in told, "the bound that nobody holds is named with its place")
    check("mutant unless.rehabilitation dropped" in told, "the exemption that nobody tests is named")
    told = run("rules", "test", "--failed", "--coverage=100", rules, code=1)
    check("unless.rehabilitation exempts: never true" in told and "dx3 in [\"Z50\"]: never true" in told, "what is not covered is named")
    run("rules", "test", "--failed", "--coverage=90", rules)
    told = run("rules", "check", "--for-activation", rules, code=1)
    check("SW1152" in told and "SW1153" in told and "SW1154" in told, "the gate tells all three")
    wrong = folder("marker", ("outside.yaml", shipped("bed/bed_outside_stay.yaml").replace("mutant: require endtime dropped", "mutant: params.grace_days 0 -> 1")))
    told = run("rules", "test", "--failed", "--mutate", wrong, code=1)
    check("a test fails on it: the marker is not needed" in told and "mutant require endtime dropped" in told, "a marker is checked")


def gate():
    text = shipped("bed/bed_outside_stay.yaml")
    records = os.path.join(WORK, "gate.ndjson")
    run("generate", "--settlements", "50", "--out", WORK, "--output-file", "gate.ndjson")
    good = folder("gate-good", ("outside.yaml", text))
    memory = os.path.join(ENVIRONMENT["XDG_CACHE_HOME"], "settlewatch", "proven")
    run("screen", "-q", "--no-output", "--rules", good, records)
    with open(memory, encoding="ascii") as file:
        check(re.fullmatch(r"[0-9a-f]{32}\n", file.read()), "what was proved is remembered")
    bad = folder("gate-bad", ("outside.yaml", text.replace("grace_days: 0", "grace_days: 1")))
    told = run("screen", "-q", "--no-output", "--rules", bad, records, code=78)
    check("SW1151" in told and "fails its own test 'the day before admission'" in told, "an active rule that fails its tests is refused")
    with open(memory, encoding="ascii") as file:
        check(len(file.read()) == 33, "what failed is not remembered")
    run("screen", "-q", "--no-output", "--unproven", "--rules", bad, records)
    shadow = folder("gate-shadow", ("outside.yaml", text.replace("grace_days: 0", "grace_days: 1").replace("status: active", "status: shadow")))
    run("screen", "-q", "--no-output", "--rules", shadow, records)
    told = run("rules", "check", "--for-activation", os.path.join(shadow, "outside.yaml"), code=1)
    check("SW1151" in told, "a file that is named is asked whatever its status")


VERSION_TESTS = """
tests:
  - name: by the end of the stay
    given:
      - {settle: {id: S1, patient: P1, stay: [2025-12-20, 2025-12-31], lines: [{sn: "1", category: BED, date: 2025-12-10, price: 40.00}]}}
      - {settle: {id: S2, patient: P2, stay: [2025-12-20, 2026-01-01], lines: [{sn: "1", category: BED, date: 2025-12-10, price: 40.00}]}}
      - {settle: {id: S3, patient: P3, stay: [2025-12-20, %(inside)s], lines: [{sn: "1", category: BED, date: 2025-12-20, price: 40.00}]}}
      - {settle: {id: S4, patient: P4, at: H9, stay: [2026-03-20, 2026-03-31], lines: [{sn: "1", category: BED, date: 2026-03-10, price: 40.00}]}}
      - {settle: {id: S5, patient: P5, at: H9, stay: [2026-03-20, 2026-04-01], lines: [{sn: "1", category: BED, date: 2026-03-10, price: 40.00}]}}
    expect:
%(expect)s
      - {outcome: no_hit, on: S3}
"""


def law_in_force():
    head = shipped("bed/bed_outside_stay.yaml").partition("\ntests:\n")[0].replace("from: 2022-01-01", "from: 2025-01-01, to: 2025-12-31")
    first = head + VERSION_TESTS % {"inside": "2025-12-31", "expect": "      - {hit: outside, severity: 2, on: S1}\n      - {outcome: out_of_scope, reason: not_in_force, on: S2}"}
    head = head.replace("version: 1", "version: 2").replace("from: 2025-01-01, to: 2025-12-31", "from: 2026-01-01")
    head = head.replace("bands:", "unless:\n  - {id: pilot, if: {fixmedins_code: H9}, reason: 试点, owner: 审核科, approved_by: 医保局, until: 2026-03-31}\n\nbands:")
    second = head.replace("severity: 2", "severity: 3") + VERSION_TESTS % {
        "inside": "2026-01-01",
        "expect": "      - {outcome: out_of_scope, reason: not_in_force, on: S1}\n      - {hit: outside, severity: 3, on: S2}\n"
                  "      - {exempt: pilot, on: S4}\n      - {hit: outside, on: S5}"}
    rules = folder("versions", ("first.yaml", first), ("second.yaml", second))
    told = run("rules", "test", "--orders", "5", rules)
    check("2 tests, 0 failed" in told, "each version judges its own days, and an exemption ends with its last day")
    told = run("rules", "test", "--mutate", "--format", "tap", rules, code=1)
    for bound in ("effective.to 2025-12-31 -> 2025-12-30", "effective.to 2025-12-31 -> 2026-01-01", "effective.from 2026-01-01 -> 2025-12-31",
                  "unless.pilot.until 2026-03-31 -> 2026-03-30", "unless.pilot.until 2026-03-31 -> 2026-04-01"):
        check(re.search(rf"^ok \d+ - ADM-008C: mutant {re.escape(bound)}", told, re.M), f"a test holds {bound}")


LOOKED_UP = """
tests:
  - name: two units where two are allowed
    tables: {bed_max: [{hosp_lv: "03", most: 2, effective_to: 2026-05-31}, {hosp_lv: "03", most: 1, effective_from: 2026-06-01}]}
    given:
      - {settle: {id: S1, patient: P1, stay: [2026-05-01, 2026-05-02], lines: [{sn: "1", category: BED, date: 2026-05-01, count: %d, price: 40.00}]}}
      - {settle: {id: S2, patient: P2, stay: [2026-06-01, 2026-06-02], lines: [{sn: "1", category: BED, date: 2026-06-01, count: 2, price: 40.00}]}}
    expect:
      - {outcome: no_hit, on: S1}
      - {hit: excess, on: S2}
"""


def lookups():
    head = shipped("bed/beds_per_day.yaml").partition("\ntests:\n")[0].replace("max: 1", "max: {table: bed_max, by: [hosp_lv]}")
    for name, units, fate in (("lookup-held", 2, "ok"), ("lookup-loose", 1, "not ok")):
        rules = folder(name, ("beds.yaml", head + LOOKED_UP % units))
        with open(os.path.join(rules, "knowledge", "bed_max.yaml"), "w", encoding="utf-8") as out:
            out.write("columns:\n  - {name: hosp_lv, type: text}\n  - {name: most, type: int}\n  - {name: effective_from, type: date}\n"
                      "  - {name: effective_to, type: date}\nkey: [hosp_lv]\neffective: {from: effective_from, to: effective_to}\n"
                      "version: \"1\"\nsource: test\n")
        with open(os.path.join(rules, "knowledge", "bed_max.csv"), "w", encoding="utf-8") as out:
            out.write("hosp_lv,most,effective_from,effective_to\n03,2,,\n")
        told = run("rules", "test", "--mutate", "--format", "tap", rules, code=1)
        check(re.search(r"^ok \d+ - ADM-008B: mutant params.max look-up \+ 1", told, re.M), "a look-up one higher is noticed")
        check(re.search(rf"^{fate} \d+ - ADM-008B: mutant params.max look-up - 1", told, re.M), f"{name}: a look-up one lower: {fate}")


def flips():
    """What explain says would turn the decision round does so when the records really say it, and one day less does not."""
    run("generate", "--settlements", "1500", "--violations", "0.1", "--seed", "5", "--out", WORK)
    records = os.path.join(WORK, "settlements.ndjson")
    rules = os.path.join(HERE, "rules.d")
    run("screen", "-q", "--rules", rules, "--out", os.path.join(WORK, "out"), records)
    with open(records, encoding="utf-8") as file:
        lines = file.readlines()
    cases = {}
    with open(os.path.join(WORK, "out", "inspector-cases.ndjson"), encoding="utf-8") as file:
        for case in map(json.loads, file):
            cases.setdefault(case["rule_id"], []).append(case)
    tried = 0
    for case in cases["ADM-001"]:
        if tried >= 6:
            break
        own = [i for i, line in enumerate(lines) if f'"mdtrt_id":"{case["mdtrt_id"]}"' in line and '"SETL"' in line]
        if len(own) != 1:
            continue
        setl_id = json.loads(lines[own[0]])["body"]["setlinfo"]["setl_id"]
        done = subprocess.run([PROGRAM, "rules", "explain", "--record", records, "--rule", "ADM-001", "--setl", setl_id, "--rules", rules,
                               "--format", "json"], capture_output=True, text=True, env=ENVIRONMENT)
        if done.returncode != 0:
            continue    # cancelled later
        told = json.loads(done.stdout)
        later = [f for f in told["flips"] if len(f["facts"]) == 1 and f["facts"][0]["fact"] == "begntime" and f["facts"][0]["to"] > f["facts"][0]["from"]]
        if told["outcome"] != "hit" or not later:
            continue
        fact, old = later[0]["facts"][0], lines[own[0]]
        for to, outcome in ((fact["to"], later[0]["outcome"]), (day_before(fact["to"]), "hit")):
            if to <= fact["from"]:
                continue
            changed = old.replace(f'"begntime":"{fact["from"]}"', f'"begntime":"{to}"')
            check(changed != old, "the begin stands in the record")
            path = os.path.join(WORK, "changed.ndjson")
            with open(path, "w", encoding="utf-8") as file:
                file.writelines(lines[:own[0]] + [changed] + lines[own[0] + 1:])
            again = json.loads(run("rules", "explain", "--record", path, "--rule", "ADM-001", "--setl", setl_id, "--rules", rules, "--format", "json"))
            check(again["outcome"] == outcome, f"{setl_id} begins {to}: {outcome}, not {again['outcome']}")
            tried += 1
    check(tried >= 4, f"only {tried} changes were tried")
    told = run("rules", "explain", "--record", records, "--rule", "ADM-001", "--setl", "nobody", "--rules", rules, code=65)
    check("has no settlement 'nobody'" in told, "a settlement that is not there is told")
    text = run("rules", "explain", "--record", records, "--rule", "SUB-006", "--setl", cases["SUB-006"][0]["setl_ids"][0], "--rules", rules)
    check("distance to the bounds" in text and "it would not hit, if" in text and "beyond by" in text, "the text has bounds and flips")


def day_before(time):
    day = subprocess.run(["date", "-u", "-d", time[:10] + " 1 day ago", "+%F"], capture_output=True, text=True, check=True).stdout.strip()
    return day + time[10:]


try:
    for test in (formats, missing_tests, gate, law_in_force, lookups, flips):
        test()
finally:
    shutil.rmtree(WORK)
print("failures:", failures)
sys.exit(failures > 0)
