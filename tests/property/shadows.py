#!/usr/bin/env python3
"""Any number of shadow versions run beside the active one: each finds what it would find alone, and nothing that is active changes.

usage: shadows.py SETTLEWATCH RULES
"""
import json, os, re, shutil, subprocess, sys, tempfile

program, rules = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
SPLIT = "admission/split_admission.yaml"
BOUNDS = {2: 15, 3: 10, 4: 8, 5: 30}    # max_gap of the shadow versions; the active one has 15


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def main():
    work = tempfile.mkdtemp(prefix="settlewatch-shadows-")

    def run(*arguments):
        done = subprocess.run([program, "--lang", "en", *arguments], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, (arguments, done.stderr[-2000:])
        return done.stdout

    def screen(folder):
        out = os.path.join(work, "out")
        shutil.rmtree(out, ignore_errors=True)
        run("screen", records, "--rules", folder, "--out", out, "--quiet", "--unproven")
        return {name: [json.loads(line) for line in read(os.path.join(out, name + ".ndjson")).splitlines()]
                for name in ("credit-deductions", "inspector-cases", "shadow-findings", "institution-facts")}

    def findings(rows, version):
        last = {row["deduction_id"]: row for row in rows if (row["rule_id"], row["rule_version"]) == ("ADM-001", version)}
        return sorted((row["setl_id"], row["band"], row["vola_amt"], row["fund_amt"]) for row in last.values() if row["stage"] != "withdrawn")

    def without_ruleset(rows):
        return [{key: value for key, value in row.items() if key != "ruleset"} for row in rows]

    def variant(name, version, status, bound):
        folder = os.path.join(work, name)
        if not os.path.exists(folder):
            shutil.copytree(rules, folder)
        text = read(os.path.join(rules, SPLIT))    # its tests are about the bound of the first; nobody runs them here
        for pattern, to in (("^version: 1", f"version: {version}"), ("^status: active", f"status: {status}"), ("max_gap: 15", f"max_gap: {bound}")):
            text = re.sub(pattern, to, text, count=1, flags=re.M)
        with open(os.path.join(folder, SPLIT if version == 1 else f"admission/split_{version}.yaml"), "w", encoding="utf-8") as file:
            file.write(text)
        return folder

    run("generate", "--seed", "7", "--settlements", "4000", "--violations", "0.1", "--out", work, "--output-file", "settlements.ndjson")
    records = os.path.join(work, "settlements.ndjson")
    plain = screen(rules)
    active = findings(plain["credit-deductions"], 1)
    assert active and not plain["shadow-findings"]
    for version, bound in BOUNDS.items():
        many = variant("many", version, "shadow", bound)
    beside = screen(many)
    for name in ("credit-deductions", "inspector-cases", "institution-facts"):
        assert without_ruleset(beside[name]) == without_ruleset(plain[name]), name
    sizes = {}
    for version, bound in BOUNDS.items():
        found = findings(beside["shadow-findings"], version)
        alone = findings(screen(variant(f"alone{version}", 1, "active", bound))["credit-deductions"], 1)
        assert [row[0] for row in found] == [row[0] for row in alone], (version, found, alone)
        sizes[bound] = len(found)
    assert [row[0] for row in findings(beside["shadow-findings"], 2)] == [row[0] for row in active]
    assert sizes[8] < sizes[10] < sizes[15] < sizes[30], sizes
    stats = {row["version"]: row for row in json.loads(run("rules", "stats", "--from", records, "--rules", many, "--format", "json", "--quiet"))["rules"]
             if row["rule_id"] == "ADM-001"}
    assert stats[1]["shadow_hits"] == 0 and stats[1]["hit"] > 0 and all(stats[v]["shadow_hits"] == stats[v]["hit"] for v in BOUNDS), stats
    assert stats[2]["shadow_hits"] == stats[1]["hit"] and stats[5]["shadow_hits"] > stats[4]["shadow_hits"]
    shutil.rmtree(work)
    print(f"{len(active)} active findings; shadow versions by bound: {sizes}")


main()
