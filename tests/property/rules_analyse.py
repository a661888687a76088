#!/usr/bin/env python3
"""What `rules analyse` says of a rule is what the index does with it.

usage: rules_analyse.py SETTLEWATCH RULES
"""
import csv, json, os, re, shutil, subprocess, sys, tempfile

program, rules = sys.argv[1], sys.argv[2]


def analyse(folder, *options, code=0):
    out = subprocess.run([program, "rules", "analyse", folder, "--format", "json", "--quiet", *options], capture_output=True, text=True)
    assert out.returncode == code, (out.returncode, out.stderr)
    return {row["rule_id"]: row for row in json.loads(out.stdout)["rules"]}


def main():
    shipped = analyse(rules)
    assert not any(row["warning"] for row in shipped.values())
    with open(os.path.join(rules, "knowledge", "procurement_price.csv"), encoding="utf-8-sig") as file:
        codes = [row["med_list_codg"] for row in csv.DictReader(file)]
    price = shipped["SUB-006"]
    assert (price["witness"], price["cost"], price["keys"], price["rows"]) == ("national code", "code", len(set(codes)), len(codes)), price
    assert (shipped["ADM-001"]["cost"], shipped["ADM-001"]["lookback_days"]) == ("history", 16)
    assert "previous.endtime" in shipped["ADM-001"]["stores"]
    with tempfile.TemporaryDirectory() as work:
        folder = os.path.join(work, "rules")
        shutil.copytree(rules, folder)
        name = os.path.join(folder, "admission", "split_admission.yaml")
        with open(name, encoding="utf-8") as file:
            text = file.read()

        def write(pattern, to):
            with open(name, "w", encoding="utf-8") as file:
                file.write(re.sub(pattern, to, text, count=1))

        write(r"scope:\n  visit: INPATIENT_STAY\n", "")
        bare = analyse(folder, code=3)["ADM-001"]
        assert bare["warning"] and bare["witness"] == "none", bare
        write(r"  visit: INPATIENT_STAY\n", "  visit: INPATIENT_STAY\n  fixmedins_code: [H62010000001, H62010000002]\n")
        named = analyse(folder)["ADM-001"]
        assert (named["witness"], named["names"]) == ("institution", 2), named
        write(r"status: active", "status: draft")
        assert analyse(folder)["ADM-001"]["witness"] == "off"
        subprocess.run([program, "generate", "--settlements", "1500", "--out", work], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        past = ["--from", os.path.join(work, "settlements.ndjson")]
        measured = analyse(rules, *past)
        counted = json.loads(subprocess.run([program, "rules", "stats", "--rules", rules, "--format", "json", "--quiet", *past], check=True,
                                            capture_output=True, text=True).stdout)["rules"]
        assert {row["rule_id"]: row["evaluated"] for row in counted} == {row["rule_id"]: row["evaluated"] for row in measured.values()}
        assert 990 <= sum(row["share_thousandths"] for row in measured.values()) <= 1000
        drafted = analyse(folder, *past)["ADM-001"]
        assert drafted["evaluated"] == 0, "a draft was asked"


main()
