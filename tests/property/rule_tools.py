#!/usr/bin/env python3
"""`rules new`, `show`, `explain-rule` and the handbook: what they print is right for every kind and for every shipped rule.

rule_tools.py PROGRAM
"""
import html.parser
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import jsonschema
import yaml

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from editor import Editor  # noqa: E402

program = os.path.abspath(sys.argv[1])
mistakes = 0


def expect(sentence, true, *evidence):
    global mistakes
    if not true:
        print("FAIL", sentence, *[str(e)[:800] for e in evidence])
    mistakes += not true


def run(*arguments, lang="en"):
    run = subprocess.run([program, "--lang", lang, "rules", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=False)
    return run.returncode, run.stdout.decode("utf-8"), run.stderr.decode("utf-8")


class Balanced(html.parser.HTMLParser):
    """Every tag is closed, none runs anything or fetches anything."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.wrong, self.text = [], set(), [], []

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        if tag != "meta":
            self.open.append(tag)
        self.wrong += [f"{name}={value}" for name, value in attrs if name not in ("lang", "charset")]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}>")

    def handle_data(self, data):
        self.text.append(data)


def check_new(scratch):
    kinds = re.findall(r"^## `(\w+)`", run("doc", "kinds")[1], re.M)
    expect("there are kinds", len(kinds) >= 8, kinds)
    schema = jsonschema.Draft7Validator(json.loads(run("schema")[1]))
    for number, kind in enumerate(kinds):
        path = os.path.join(scratch, "rules.d", "admission", f"new_{kind}.yaml")
        code, out, err = run("new", kind, "--id", f"NEW-{number:03d}")
        with open(path, "w", encoding="utf-8") as file:
            file.write(out)
        expect(f"new {kind}", code == 0 and err == "", code, err)
        expect(f"new {kind} is a draft with its id", f"id: NEW-{number:03d}\n" in out and "status: draft" in out and f"kind: {kind}\n" in out)
        expect(f"new {kind} passes check", run("check", path)[0] == 0, run("check", path)[1])
        code, tested, _ = run("test", path)
        expect(f"new {kind} has tests that run and pass", code == 0 and re.search(r"^[12] tests, 0 failed", tested, re.M), tested)
        expect(f"new {kind} is formatted", run("fmt", "--check", path)[0] == 0)
        value = yaml.load(out, Editor)
        expect(f"new {kind} fits the schema", schema.is_valid(value), jsonschema.exceptions.best_match(schema.iter_errors(value)))
        section = run("doc", "kinds")[1].split(f"## `{kind}`")[1].split("\n## ")[0]
        rows = re.findall(r"^\| `(\w+)` \| [^|]*\| [^|]*\| [^|]*\| [^|]*\| [^|]*\|$", section.split("| Name | Type | Unit |")[0], re.M)
        expect(f"new {kind} has every parameter with words in Chinese", rows and all(
            re.search(rf"  # [^\n]*[\u4e00-\u9fff][^\n]*\n  {name}: ", out) for name in rows), rows)
    expect("a misspelt kind gets a guess", run("new", "unit_limits")[0] == 2 and "did you mean 'unit_limit'?" in run("new", "unit_limits")[2])
    expect("a bad id is a usage error", run("new", "unit_limit", "--id", "adm")[0] == 2)
    code, out, _ = run("check", os.path.join(scratch, "rules.d"))
    expect("all of them beside the shipped ones", code == 0, out)


def check_show(scratch):
    path = os.path.join(scratch, "rules.d", "admission", "split_admission.yaml")
    rules = os.path.join(scratch, "rules.d")

    def hash_now():
        return json.loads(run("show", "ADM-001", "--rules", rules, "--format", "json")[1])["hash"]

    rule = json.loads(run("show", "ADM-001", "--rules", rules, "--format", "json")[1])
    expect("show as JSON has parameters and bands", rule["params"]["max_gap"] == "15" and len(rule["bands"]) == 4 and rule["tests"] > 20, rule)
    expect("show by name is the same", run("show", "split_admission", "--rules", rules)[1] == run("show", "ADM-001", "--rules", rules)[1])
    first = hash_now()
    with open(path, encoding="utf-8") as file:
        good = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write("# a comment\n" + good.replace("note: ", "note: other "))
    expect("comments and notes do not count", hash_now() == first)
    with open(path, "w", encoding="utf-8") as file:
        file.write(good.replace("max_gap: 15", "max_gap: 14"))
    expect("a bound counts", hash_now() != first)
    with open(path, "w", encoding="utf-8") as file:
        file.write(good)
    code, _, err = run("show", "ADM-01", "--rules", rules)
    expect("a rule that is not there gets a guess", code == 2 and "did you mean 'ADM-0" in err, code, err)


def check_words(scratch):
    listed = re.findall(r"^([A-Z]+-\d+\w*) ", run("list", "rules.d")[1], re.M)
    for rule in listed:
        shown = json.loads(run("show", rule, "--format", "json")[1])
        for lang, wanted in (("zh", "适用范围"), ("en", "Scope")):
            code, out, err = run("explain-rule", rule, lang=lang)
            expect(f"explain-rule {rule} in {lang}", code == 0 and wanted in out and err == "", code, err)
            expect(f"explain-rule {rule} in {lang} has no hole", not re.search(r"\{|\}|\(null\)|  \.|：。", out), out)
            expect(f"explain-rule {rule} in {lang} names each band and each reason",
                   all(b["name"] in out for b in shown["bands"] if len(shown["bands"]) > 1) and all(e["reason"] in out for e in shown["unless"]))
            items = [line for line in out.split("\n") if line.startswith("  - ")]
            expect(f"explain-rule {rule} in {lang}: sentences end", all(line.endswith(("。", ".")) for line in items), items)
            if lang == "en":
                own = "\n".join(items)
                for reason in [e["reason"] for e in shown["unless"]]:
                    own = own.replace(reason, "")
                own = re.sub(r"Law: .*|Agreement class: .*", "", own)
                expect(f"explain-rule {rule} in English is English", not re.search(r"[\u4e00-\u9fff]", own), re.findall(r".*[\u4e00-\u9fff].*", own))
    expect("every rule was asked for", len(listed) >= 9, listed)
    # One rule with everything that the language has.
    path = os.path.join(scratch, "rules.d", "admission", "everything.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write("""rule: everything
id: TST-001
title: {zh: "<script>alert(1)</script> & \\"名\\" | `x` [y]", en: Everything}
version: 1
status: shadow
subject: patient
result: lead
effective: {from: 2022-01-01, to: 2030-12-31}
basis: [{law: 条例, article: "38"}]
precedence: stay
scope:
  all:
    - visit: [INP, INP_EMERG]
    - any: [{insutype: ["310", "390"]}, {not: {hosp_lv: {starts_with: ["0", "1"]}}}]
    - {medfee_sumamt: {above: 100.50, at_most: 20000.00}}
    - {begntime: {at_least: 2022-01-01}}
    - {dx3: {in_table: cycle_treatment_diagnoses}}
    - {diagnoses: {starts_with: C}}
    - {rescue_within_24h: false}
    - {atddr_no: {present: true}}
kind: readmission_interval
params: {max_gap: 3, gap_unit: hours, match: none}
unless:
  - {id: one, if: {fixmedins_code: H1}, reason: 试点, owner: 审核科, approved_by: 医保局, until: 2027-12-31}
bands:
  - {name: near, if: {gap: {at_most: 1}}, severity: 3}
  - {name: far, if: {gap: {above: 1}}, severity: 1}
say: {zh: "{gap} {{小时}}"}
""")
    rules = os.path.join(scratch, "rules.d")
    code, out, err = run("explain-rule", "TST-001", "--rules", rules, lang="zh")
    for words in ("普通住院、急诊住院之一", "险种类型为 310、390", "以 0、1 开头", "100.51 元、不超过 20000.00 元", "列在知识表 cycle_treatment_diagnoses 中",
                  "任一诊断编码以 C 开头", "不是：入院24小时内有抢救", "主治医师编码有值", "间隔不超过 3 小时", "不少于 2 小时", "2027-12-31",
                  "审核科负责", "至 2030-12-31", "2022-01-01"):
        expect(f"everything in Chinese has '{words}'", words in out, out, err)
    code, out, err = run("explain-rule", "TST-001", "--rules", rules)
    for words in ("kind of visit is INP, INP_EMERG", " or ", "it is not so that", "at least 100.51 yuan and at most 20000.00 yuan", "stands in table",
                  "any of the diagnoses starts with C", "attending doctor is known", "the gap is at most 3 hours"):
        expect(f"everything in English has '{words}'", words in out, out, err)
    code, out, _ = run("explain-rule", "TST-001", "--rules", rules, "--format", "html", lang="zh")
    expect("explain-rule as HTML escapes", "<script>" not in out and "&lt;script&gt;" in out, out)
    check_handbook(rules, listed + ["TST-001"])


def check_lookups(scratch):
    """A number from a table: as a value, as a bound, as a parameter; its operand with and without brackets."""
    knowledge = os.path.join(scratch, "rules.d", "knowledge", "limit_days")
    with open(knowledge + ".yaml", "w", encoding="utf-8") as file:
        file.write("columns: [{name: level, type: text}, {name: days, type: int}]\nkey: [level]\nversion: \"1\"\nsource: here\n")
    with open(knowledge + ".csv", "w", encoding="utf-8") as file:
        file.write("level,days\n03,3\n02,5\n")
    path = os.path.join(scratch, "rules.d", "bed", "lookups.yaml")
    stays = "".join(f"""  - name: a stay of {days} days in a hospital of level {level}
    given:
      - {{settle: {{id: S1, level: "{level}", stay: [2026-03-01, 2026-03-{1 + days:02d}], in_scope: 100.00}}}}
    expect: {{outcome: {outcome}, on: S1}}
""" for days, level, outcome in ((3, "03", "no_hit"), (4, "03", "out_of_scope"), (3, "02", "out_of_scope"), (5, "02", "no_hit")))
    with open(path, "w", encoding="utf-8") as file:
        file.write("""rule: lookups
id: TST-002
title: {zh: 查表}
version: 1
status: draft
subject: claim
result: lead
effective: {from: 2022-01-01}
basis: [{law: 条例, article: "38"}]
precedence: quantity
scope:
  payable_days: {table: limit_days, by: hosp_lv}
  not: {payable_days: {above: {table: limit_days, by: [hosp_lv], column: days}}}
kind: unit_limit
params: {max: {table: limit_days, by: hosp_lv}, fees: [BED]}
say: {zh: "{units}"}
tests:
""" + stays)
    code, out, _ = run("test", path)
    expect("look-ups decide", code == 0 and "4 tests, 0 failed" in out, out, run("check", path)[1])
    code, out, _ = run("explain-rule", "TST-002", "--rules", path, lang="zh")
    expect("look-ups are said", "应计床日为知识表 limit_days（按医院等级）规定的值" in out and "数量不超过 知识表 limit_days" in out, out)


def check_handbook(rules, listed):
    code, book, err = run("doc", "--rules", rules)
    expect("the handbook is the default page", code == 0 and book == run("doc", "handbook", "--rules", rules)[1], err)
    expect("the handbook is the same in any language", book == run("doc", "--rules", rules, lang="zh")[1])
    for rule in listed:
        expect(f"the handbook has {rule}", f"\n## {rule} " in book)
    expect("drafts are left out", "NEW-00" not in book)
    expect("Markdown escapes", r"\<script\>" in book and r"\`x\` \[y\]" in book and r"\|" in book, book[:200])
    for rule, section in zip(listed, [book.split(f"\n## {rule} ")[1].split("\n## ")[0] for rule in listed]):
        if rule == "TST-001":
            continue
        expect(f"{rule} has examples of a hit, of none, and advice", "### 示例：立案的情形" in section and "### 示例：不构成的情形" in section and
               "### 收到通知后怎么办" in section, section)
        tables = re.findall(r"(?:^\|.*\n)+", section, re.M)
        expect(f"tables of {rule} are tables", all(len({len(re.findall(r"(?<!\\)\|", line)) for line in t.strip().split("\n")}) == 1 for t in tables), tables)
    code, page, _ = run("doc", "handbook", "--format", "html", "--rules", rules)
    parser = Balanced()
    parser.feed(page)
    parser.close()
    expect("HTML is balanced and runs and fetches nothing", not parser.open and not parser.wrong and
           not {"script", "img", "link", "iframe", "a"} & parser.seen and "http" not in page, parser.open, parser.wrong, parser.seen)
    expect("HTML says what Markdown says", all(rule in "".join(parser.text) for rule in listed) and "<script>alert(1)</script>" in "".join(parser.text))
    expect("HTML can be printed", "@media print" in page)
    expect("a page that is not there: 2", run("doc", "handbuch")[0] == 2)


def main():
    scratch = tempfile.mkdtemp()
    try:
        shutil.copytree("rules.d", os.path.join(scratch, "rules.d"))
        check_new(scratch)
        check_show(scratch)
        check_words(scratch)
        check_lookups(scratch)
    finally:
        shutil.rmtree(scratch)
    print(mistakes, "mistakes")
    return 1 if mistakes else 0


sys.exit(main())
