#!/usr/bin/env python3
"""Odd records among good ones: none ends the run, none is lost, each becomes what it must, and the good ones' findings stay.

usage: odd_among_good.py PROGRAM [SEED]

The odd records are those of tests/golden/odd_records.py, with one line of 50 MB. Prints the seed; the same seed mixes the same way.
"""
import base64
import json
import os
import random
import subprocess
import sys
import tempfile

program = os.path.abspath(sys.argv[1])
seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(1, 1 << 31)
print("seed", seed)


def run(*words):
    subprocess.run([sys.executable, *words] if words[0].endswith(".py") else words, check=True, stdout=subprocess.DEVNULL)


def lines(path):
    with open(path, "rb") as file:
        return file.read().split(b"\n")[:-1]


def screened(folder, name, records):
    path, out = os.path.join(folder, name + ".ndjson"), os.path.join(folder, name)
    with open(path, "wb") as file:
        file.writelines(record + b"\n" for record in records)
    run(program, "screen", path, "--rules", "rules.d", "--out", out, "--quiet", "--summary", "json")
    return {topic: [json.loads(line) for line in lines(os.path.join(out, topic + ".ndjson"))]
            for topic in ("credit-deductions", "screening-receipts", "dead-letters")}


def open_findings(result):
    last = {}
    for finding in result["credit-deductions"]:
        if finding["revision"] >= last.get(finding["deduction_id"], finding)["revision"]:
            last[finding["deduction_id"]] = finding
    return {(f["deduction_id"], f["vola_amt"], f["fund_amt"], f["band"]) for f in last.values() if f["stage"] == "proposed"}


def counts(result):
    names = ("records", "screened", "duplicate", "superseded", "unused", "waiting", "dead")
    sums = {name: sum(receipt[name] for receipt in result["screening-receipts"]) for name in names}
    assert sums["records"] == sum(sums[name] for name in names[1:]), sums
    return sums


def main():
    with tempfile.TemporaryDirectory() as folder:
        run("tests/golden/odd_records.py", folder)
        run(program, "generate", "--seed", str(seed), "--settlements", "2000", "--violations", "0.05", "--no-twins", "--out", folder)
        odd = lines(os.path.join(folder, "odd.ndjson"))
        good = lines(os.path.join(folder, "settlements.ndjson"))
        with open(os.path.join(folder, "expected.json"), encoding="utf-8") as file:
            expected = json.load(file)
        assert len(odd) == len(expected) >= 100
        # The odd ones keep their order: some of them repeat what stands before.
        places = sorted(random.Random(seed).randrange(len(good) + 1) for _ in odd)
        mixed, line_of, at = [], {}, 0
        for place, record in enumerate(good + [None]):
            while at < len(odd) and places[at] == place:
                line_of[len(mixed)] = at
                mixed.append(odd[at])
                at += 1
            if record is not None:
                mixed.append(record)

        alone, among = screened(folder, "alone", good), screened(folder, "among", mixed)
        before, after = counts(alone), counts(among)
        assert after["records"] == len(mixed), after
        for name in ("screened", "unused", "dead"):
            wanted = sum(e["disposition"] == name for e in expected)
            assert after[name] - before[name] == wanted, (name, before, after, wanted)
        assert open_findings(alone), "the good ones have findings"
        assert open_findings(alone) <= open_findings(among), "findings of good ones are gone"
        more = {finding[0] for finding in open_findings(among) - open_findings(alone)}
        people = {f["psn_no"] for f in among["credit-deductions"] if f["deduction_id"] in more}
        assert all(person.startswith("p_odd") for person in people), people

        letters = {letter["source"]["offset"]: letter for letter in among["dead-letters"] if letter["source"]["offset"] in line_of}
        mistakes = 0
        for line, number in line_of.items():
            want, letter = expected[number], letters.pop(line, None)
            if want["disposition"] != "dead":
                wrong = letter is not None and "is a dead letter"
            elif letter is None:
                wrong = "is no dead letter"
            elif (letter["reason"], letter["byte"]) != (want["reason"], want.get("offset", letter["byte"])):
                wrong = f"has reason {letter['reason']} at {letter['byte']}, not {want['reason']} at {want.get('offset')}"
            else:
                wrong = base64.b64decode(letter["raw"]) != odd[number] and "has other bytes"
            if wrong:
                mistakes += 1
                print(f"'{want['name']}' {wrong}")
        print(f"{len(odd)} odd among {len(good)} good records, {mistakes} mistakes")
        sys.exit(1 if mistakes else 0)


main()
