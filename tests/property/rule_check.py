#!/usr/bin/env python3
"""`rules check`: every error of a file in one run, the forms of its report, its exit codes, and files that mean harm.

rule_check.py PROGRAM

A file of 500 errors gives 500 located errors. Hostile files (aliases, depth, giant scalars, a million keys, 10 MB of anything) are refused in
bounded time and memory; the bounds are limits of their own, and ratios to the time and memory of the shipped rules.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import xml.dom.minidom

program = os.path.abspath(sys.argv[1])
sanitized = "asan" in program or bool(os.environ.get("ASAN_OPTIONS"))
mistakes = 0


def expect(sentence, true, *evidence):
    global mistakes
    print("ok  " if true else "FAIL", sentence, *(() if true else [str(e)[:800] for e in evidence]))
    mistakes += not true


def run(*arguments):
    run = subprocess.run([program, "--lang", "en", "rules", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120,
                         check=False)
    return run.returncode, run.stdout.decode("utf-8"), run.stderr.decode("utf-8")


def measure(*arguments):
    """Exit code, output, seconds of CPU, MiB at the most."""
    begun = time.monotonic()
    child = subprocess.Popen([program, "--lang", "en", "rules", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    out = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, out.decode("utf-8", "replace"), usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, time.monotonic() - begun


HEAD = """rule: bad
id: TST-001
title: {zh: 样例}
version: 1
status: draft
subject: patient
result: suspicious
effective: {from: 2022-01-01}
basis: [{law: 条例, article: "38"}]
precedence: stay
scope: {visit: INPATIENT_STAY}
kind: readmission_interval
say: {zh: "{gap} 天"}
"""


def errors_of_all_kinds():
    """500 errors, 100 of each of five kinds, and the lines they stand in."""
    lines = HEAD.rstrip("\n").split("\n")
    lines += [f"unknown_{n}: 1" for n in range(100)]
    lines += ["show:"] + [f"  - no_operand_{n}" for n in range(100)]
    lines += ["params:"] + [f"  max_gaps_{n}: 3" for n in range(100)]
    lines += ["yields_to:"] + [f"  - {n:03d}" for n in range(8, 108)]
    lines += ["tests:"]
    for n in range(100):
        lines += [f"  - name: test {n}", "    given: [{settle: {id: S1, stays: [2026-03-01]}}]", "    expect: {outcome: no_hit}"]
    bad = {number for number, line in enumerate(lines, 1)
           if line.startswith(("unknown_", "  - no_operand_", "  max_gaps_")) or "stays:" in line or
           (line.startswith("  - ") and line[4:].isdigit())}
    return "\n".join(lines) + "\n", bad


def main():
    scratch = tempfile.mkdtemp()
    try:
        for part in ("codes", "calendars", "knowledge"):
            shutil.copytree(os.path.join("tests/golden/bad_rules", part), os.path.join(scratch, part))
        path = os.path.join(scratch, "rule.yaml")

        def check(text, *arguments):
            with open(path, "w" if isinstance(text, str) else "wb") as file:
                file.write(text)
            return run("check", *arguments, path)

        text, bad = errors_of_all_kinds()
        code, out, _ = check(text, "--format", "json")
        report = json.loads(out)
        found = {row["line"] for row in report["diagnostics"]}
        expect("500 errors are 500 errors, each at its line", code == 1 and report["errors"] == 500 == len(report["diagnostics"]) and
               found == bad and len(bad) == 500, code, report["errors"], sorted(found ^ bad)[:10])
        expect("each has its code, column, width and source line",
               all(row["code"].startswith("SW") and row["column"] > 0 and row["width"] > 0 and row["snippet"] for row in report["diagnostics"]))
        code, out, _ = check(text)
        expect("the same as text", code == 1 and out.count(": error SW") == 500 and out.count("\n      | ") == 500 and
               "500 errors, 0 warnings" in out, code, out[-300:])

        code, out, _ = check(text, "--format", "sarif")
        sarif = json.loads(out)
        results = sarif["runs"][0]["results"]
        ids = [rule["id"] for rule in sarif["runs"][0]["tool"]["driver"]["rules"]]
        regions = [r["locations"][0]["physicalLocation"]["region"] for r in results]
        expect("SARIF 2.1.0 has them all", code == 1 and sarif["version"] == "2.1.0" and len(results) == 500 and len(ids) == len(set(ids)) and
               all(r["ruleId"] in ids and r["level"] == "error" and r["message"]["text"] for r in results) and
               all(r["startLine"] > 0 and r["endColumn"] > r["startColumn"] > 0 for r in regions))
        code, out, _ = check(text, "--format", "junit")
        suites = xml.dom.minidom.parseString(out).documentElement
        expect("JUnit has the file as a failed case", code == 1 and suites.getAttribute("failures") == "1" and
               suites.getElementsByTagName("failure")[0].firstChild.data.count(": error SW") == 500, out[:300])

        code, out, _ = check(HEAD)
        expect("a good rule: 0", code == 0 and "1 rules" in out, code, out)
        code, out, _ = check(HEAD, "--format", "sarif")
        expect("a good rule as SARIF has no result", code == 0 and json.loads(out)["runs"][0]["results"] == [], out)
        code, out, _ = check(HEAD, "--format", "junit")
        expect("a good rule as JUnit is a case that passed", code == 0 and 'tests="1" failures="0"' in out, out)
        with open(os.path.join(scratch, "knowledge", "plain.yaml"), "w", encoding="utf-8") as file:
            file.write("columns: [{name: a, type: text}]\nkey: [a]\n")
        with open(os.path.join(scratch, "knowledge", "plain.csv"), "w", encoding="utf-8") as file:
            file.write("a\nx\n")
        code, out, _ = check(HEAD)
        expect("warnings alone: 0", code == 0 and "SW1211" in out, code, out)
        code, out, _ = check(HEAD, "--strict")
        expect("warnings under --strict: 3", code == 3, code, out)
        expect("a misspelt option: 2", run("check", "--stric", "--no-such")[0] == 2)
        expect("a path that is not there: 1, and told", run("check", "no/such/path")[0] == 1)
        odd = os.path.join(scratch, "a b&<规则>.yaml")
        os.rename(path, odd)
        code, out, _ = run("check", "--format", "sarif", odd)
        with open(odd, "w", encoding="utf-8") as file:
            file.write(HEAD + "unknown_key: \"<&>\"\n")
        _, out, _ = run("check", "--format", "sarif", odd)
        uri = json.loads(out)["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        expect("paths are percent-encoded", uri.endswith("/a%20b%26%3C%E8%A7%84%E5%88%99%3E.yaml"), uri)
        _, out, _ = run("check", "--format", "junit", odd)
        expect("names of files are escaped", xml.dom.minidom.parseString(out) and "a b&amp;&lt;规则&gt;.yaml" in out, out)
        os.remove(odd)

        # What means harm. 10 MB each, unless a smaller one is worse.
        size = 10_000_000
        small = 4_000_000    # just below the limit of a file: it is read
        hostile = {    # made by a child: what the next child is measured by begins with what we hold
            "10 MB of keys": lambda: "".join(f"key_{n}: 1\n" for n in range(size // 14)),
            "a million keys": lambda: "".join(f"{n:x}:\n" for n in range(1_000_000))[:small],
            "a million keys in brackets": lambda: "{" + ",".join(f"{n:x}" for n in range(1_000_000))[:small],
            "depth in brackets": lambda: "a: " + "[" * small,
            "depth of maps": lambda: "a: " + "{b: " * (small // 4),
            "depth by indentation": lambda: "".join(" " * n + "a:\n" for n in range(2500)),
            "depth by dashes": lambda: "- " * (small // 2),
            "question marks": lambda: "? " * (small // 2),
            "a giant scalar": lambda: "a: " + "x" * small,
            "a giant quoted scalar": lambda: 'a: "' + "\\u0041" * (small // 6) + '"',
            "a giant block scalar": lambda: "a: |\n" + "  line\n" * (small // 7),
            "a giant key": lambda: "x" * small + ": 1",
            "a giant comment": lambda: "a: 1 #" + "x" * small,
            "aliases": lambda: "a: &a [x]\nb: [" + "*a," * (small // 4) + "]\n",
            "laughs": lambda: "".join(f"l{n}: &l{n} [" + ",".join([f"*l{n - 1}" if n else "x"] * 9) + "]\n" for n in range(60)),
            "anchors": lambda: "".join(f"a{n}: &a{n} x\n" for n in range(small // 14)),
            "tags": lambda: "a: " + "!x " * (small // 3),
            "documents": lambda: "--- a\n" * (small // 6),
            "merge keys": lambda: "<<: {a: b}\n" * (small // 11),
            "the same key": lambda: "a: 1\n" * (small // 5),
            "tabs": lambda: "\t" * small,
            "controls": lambda: "a: \x01" * (small // 4),
            "no UTF-8": lambda: b"a: \xff\xfe" * (small // 5),
            "carriage returns": lambda: "a: 1\r" * (small // 5),
            "line separators": lambda: "a: 1\u2028" * (small // 8),
            "wide characters": lambda: "a: " + "规" * (small // 3),
            "quotes that do not end": lambda: "a: '" + "''" * (small // 2),
            "wrong operands": lambda: HEAD + "show: [" + ",".join(f"no_{n}" for n in range(100_000)) + "]\n",
            "many values of a condition": lambda: HEAD.replace("{visit: INPATIENT_STAY}",
                                                       "{insutype: [" + ",".join(f'"{n}"' for n in range(19_000)) + "]}"),
            "nested conditions": lambda: HEAD.replace("{visit: INPATIENT_STAY}", "{not: " * 28 + "{insutype: a}" + "}" * 28),
            "branches of any": lambda: HEAD.replace("{visit: INPATIENT_STAY}",
                                            "{any: [" + ",".join(f'{{insutype: "{n}", hosp_lv: "{n}"}}' for n in range(20_000)) + "]}"),
            "braces in a sentence": lambda: HEAD.replace('"{gap} 天"', '"' + "{gap}" * 12_000 + '"'),
            "exemptions": lambda: HEAD + "unless:\n" + "".join(f"  - {{id: e{n}, if: {{insutype: \"{n}\"}}, reason: r}}\n" for n in range(20_000)),
        }
        best = [measure("check", "rules.d") for _ in range(3)]
        shipped, shipped_mib = min(b[2] for b in best), best[0][3]
        worst = {"seconds": (0, ""), "MiB": (0, "")}
        for name, text in hostile.items():
            writer = os.fork()
            if writer == 0:
                with open(path, "wb") as file:
                    made = text()
                    file.write(made if isinstance(made, bytes) else made.encode("utf-8"))
                os._exit(0)
            os.waitpid(writer, 0)
            code, out, seconds, mib, _ = measure("check", path)
            worst["seconds"], worst["MiB"] = max(worst["seconds"], (seconds, name)), max(worst["MiB"], (mib, name))
            limit = (20, 2000) if sanitized else (2.0, 64)
            harmless = name in ("many values of a condition", "nested conditions", "a giant comment", "branches of any", "braces in a sentence")
            expect(f"{name}: {'read' if code == 0 else 'refused'} in {seconds:.2f} s and {mib:.0f} MiB", (code == 1 or (code == 0 and harmless)) and
                   seconds < limit[0] and mib < limit[1] and len(out) < 4_000_000, code, seconds, mib, out[:300])
        print(f"rules.d takes {shipped:.3f} s and {shipped_mib:.0f} MiB; the worst hostile file {worst['seconds'][0] / max(shipped, 0.001):.1f} x "
              f"the time ({worst['seconds'][1]}) and {worst['MiB'][0] / shipped_mib:.1f} x the memory ({worst['MiB'][1]})")
    finally:
        shutil.rmtree(scratch)
    print(mistakes, "mistakes")
    return 1 if mistakes else 0


sys.exit(main())
