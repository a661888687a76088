#!/usr/bin/env python3
"""A backtest says exactly what two runs of the screen say, whatever the number of workers and the order of the files.

usage: backtest.py SETTLEWATCH RULES [SETTLEMENTS [SEED]]
"""
import collections, decimal, hashlib, json, os, random, re, shutil, subprocess, sys, tempfile

program, rules = sys.argv[1], sys.argv[2]
size = sys.argv[3] if len(sys.argv) > 3 else "4000"
seed = int(sys.argv[4]) if len(sys.argv) > 4 else random.SystemRandom().randrange(1, 1 << 31)
print("seed", seed)
dice = random.Random(seed)
SPLIT = "admission/split_admission.yaml"


def edit(folder, path, pattern, to):
    name = os.path.join(folder, path)
    with open(name, encoding="utf-8") as file:
        text = file.read()
    new, count = re.subn(pattern, to, text, count=1, flags=re.M)
    assert count, (path, pattern)
    with open(name, "w", encoding="utf-8") as file:
        file.write(new)


def changed(work, name, *edits):
    folder = os.path.join(work, name)
    shutil.copytree(rules, folder)
    for one in edits:
        edit(folder, *one)
    return folder


def backtest(new, past, *options, code=0):
    files = [part for path in past for part in ("--from", path)]
    out = subprocess.run([program, "rules", "backtest", *files, "--rules", new, "--baseline", rules, "--format", "json", "--quiet", *options],
                         capture_output=True)
    assert out.returncode == code, (out.returncode, out.stderr.decode())
    return out.stdout


def report_of(out):
    told = json.loads(out)
    start, end = out.index(b'"report":') + 9, out.rindex(b',"content_hash"')
    assert hashlib.blake2b(out[start:end], digest_size=32).hexdigest() == told["content_hash"]
    return told["report"]


def open_findings(work, name, folder, past):
    """What a plain run leaves open: (rule, identity) to amounts, band, points."""
    out = os.path.join(work, name)
    subprocess.run([program, "screen", *past, "--rules", folder, "--out", out, "--quiet", "--unproven", "--summary", "json"], check=True, stdout=subprocess.DEVNULL)
    last = {}
    with open(os.path.join(out, "inspector-cases.ndjson"), encoding="utf-8") as lines:
        for line in lines:
            finding = json.loads(line)
            if finding["revision"] > last.get(finding["deduction_id"], {"revision": 0})["revision"]:
                last[finding["deduction_id"]] = finding
    shutil.rmtree(out)
    return {(f["rule_id"], f["psn_no"], tuple(f["setl_ids"])):
            (decimal.Decimal(f["vola_amt"]), decimal.Decimal(f["fund_amt"]),
             decimal.Decimal(f["points"] if f["result_type"] in ("violation", "suspicious") else 0), f["band"])
            for f in last.values() if f["stage"] == "proposed"}


def expected(old, new):
    """The rows of a report by rule, from the findings of two runs."""
    rows = collections.defaultdict(lambda: {"baseline": [0, 0, 0, 0], "new": [0, 0, 0, 0], "added": 0, "lost": 0, "changed": 0})
    for name, findings in (("baseline", old), ("new", new)):
        for (rule, _, _), (vola, fund, points, _) in findings.items():
            sums = rows[rule][name]
            for i, value in enumerate((1, vola, fund, points)):
                sums[i] += value
    for key in old.keys() | new.keys():
        row = rows[key[0]]
        row["added"] += key not in old
        row["lost"] += key not in new
        row["changed"] += key in old and key in new and old[key] != new[key]
    return rows


def same_rows(report, want):
    assert {row["rule_id"] for row in report["by_rule"]} == set(want)
    for row in report["by_rule"]:
        for side in ("baseline", "new"):
            told = [row[side]["findings"]] + [decimal.Decimal(row[side][name]) for name in ("vola_amt", "fund_amt", "points")]
            assert told == want[row["rule_id"]][side], (row, want[row["rule_id"]])
        for name in ("added", "lost", "changed"):
            assert row[name] == want[row["rule_id"]][name], (row, want[row["rule_id"]])
    for group in ("by_level", "by_institution"):
        for name in ("added", "lost", "changed"):
            assert sum(row[name] for row in report[group]) == report["total"][name]
        for side in ("baseline", "new"):
            for name in ("vola_amt", "fund_amt", "points"):
                assert sum(decimal.Decimal(row[side][name]) for row in report[group]) == decimal.Decimal(report["total"][side][name])


def main():
    with tempfile.TemporaryDirectory() as work:
        subprocess.run([program, "generate", "--seed", str(seed), "--settlements", size, "--out", work, "--violations", "0.05", "--no-twins"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        past = [os.path.join(work, "settlements.ndjson")]
        shorter = changed(work, "shorter", (SPLIT, "max_gap: 15", "max_gap: 10"))
        told = backtest(shorter, past)
        report = report_of(told)
        old, new = open_findings(work, "old", rules, past), open_findings(work, "new", shorter, past)
        same_rows(report, expected(old, new))
        assert report["total"]["lost"] > 0 and report["total"]["added"] == 0, "no stay between 11 and 15 days: nothing is tested"
        lost = {key for key in old if key not in new}
        assert {key[0] for key in lost} == {"ADM-001"}
        for change in report["largest"]:
            key = [key for key in lost if key[2] == tuple(change["setl_ids"])]
            assert key or change["change"] == "changed", change
            gap = [e["value"] for e in change["evidence"] if e["operand"] == "gap"]
            assert change["change"] == "changed" or (11 <= int(gap[0]) <= 15 and f"gap is {gap[0]}" in change["why_en"]), change

        # the same for any number of workers, and for any files in any order
        for workers in ("2", "4"):
            assert backtest(shorter, past, "--workers", workers) == told, f"{workers} workers give another report"
        with open(past[0], encoding="utf-8") as lines:
            messages = lines.readlines()
        parts = [open(os.path.join(work, f"part-{i}.ndjson"), "w", encoding="utf-8") for i in range(3)]
        for message in messages:
            dice.choice(parts).write(message)
        names = [part.name for part in parts]
        for part in parts:
            part.close()
        for turn in range(2):
            dice.shuffle(names)
            assert backtest(shorter, names, "--workers", str(turn + 1)) == told, f"another report for {names}"

        # nothing for the same rules, and everything back for the opposite change
        nothing = report_of(backtest(rules, past))
        assert [nothing["total"][name] for name in ("added", "lost", "changed")] == [0, 0, 0] and not nothing["largest"]
        assert nothing["total"]["baseline"] == nothing["total"]["new"] == report["total"]["baseline"]
        trial = report_of(backtest(changed(work, "trial", (SPLIT, "^status: active", "status: shadow")), past))
        stays = sum(1 for key in old if key[0] == "ADM-001")
        assert trial["shadow"]["added"] == stays and [row["lost"] for row in trial["by_rule"] if row["rule_id"] == "ADM-001"] == [stays]
        newer = report_of(backtest(changed(work, "newer", (SPLIT, "^version: 1", "version: 2")), past))
        assert [newer["total"][name] for name in ("added", "lost", "changed")] == [0, 0, 0], "a version alone changes no finding"

        # statistics: the same findings, every decision counted once
        told_stats = []
        for workers in ("1", "3"):
            out = subprocess.run([program, "rules", "stats", "--from", past[0], "--rules", rules, "--format", "json", "--quiet", "--workers", workers],
                                 check=True, capture_output=True).stdout
            told_stats.append(json.loads(out)["rules"])
        outcomes = ("no_hit", "hit", "exempt", "out_of_scope", "insufficient_history", "bad_data", "error")
        for row in told_stats[0]:
            assert row["evaluated"] == sum(row[name] for name in outcomes) and row["hit"] >= row["open"], row
            amounts = [value[0] for key, value in old.items() if key[0] == row["rule_id"]]
            assert row["open"] == len(amounts) and decimal.Decimal(row["vola_amt"]) == sum(amounts), row
        untimed = [[{key: value for key, value in row.items() if key not in ("timed", "ns_each")} for row in rows] for rows in told_stats]
        assert untimed[0] == untimed[1] and any(row["timed"] for row in told_stats[0])

        # bounds
        for bound, holds in (("findings<-0%", True), ("findings>+0%", False), ("lost>0", True), ("ADM-001:lost>0", True), ("ADM-002:lost>0", False),
                             (f"lost>{report['total']['lost']}", False), (f"lost>{report['total']['lost'] - 1}", True),
                             (f"vola_amt<{report['total']['new']['vola_amt']}", False), ("vola_amt<-0.01", True), ("points>-0.1", False),
                             ("findings<-90%", False)):
            backtest(shorter, past, "--fail-if", bound, code=1 if holds else 0)
        for wrong in ("findings", "findings>", "findings>+x", "money>1", "findings>20%", "new>+5", ":new>1", "vola_amt>1.234", "NO-SUCH:new>1"):
            backtest(shorter, past, "--fail-if", wrong, code=2)
        backtest(shorter, [os.path.join(work, "none.ndjson")], code=65)

        # pages: escaped, whole
        odd = changed(work, "odd", (SPLIT, "zh: 分解住院（短间隔再入院）", 'zh: "<b>&分解住院"'), (SPLIT, "max_gap: 15", "max_gap: 10"))
        backtest(odd, past, "--out", os.path.join(work, "pages"), "--lang", "zh")
        with open(os.path.join(work, "pages", "backtest.html"), encoding="utf-8") as file:
            html = file.read()
        assert "&lt;b&gt;&amp;分解住院" in html and "<b>" not in html and "<script" not in html and "http" not in html and html.endswith("</html>\n")
        for name in ("backtest.json", "backtest.txt"):
            with open(os.path.join(work, "pages", name), encoding="utf-8") as file:
                assert report_of(backtest(odd, past)) == json.load(file)["report"] if name.endswith("json") else "ADM-001" in file.read()
    print(f"{report['total']['lost']} findings lost, as two runs say; {len(report['largest'])} explained")


main()
