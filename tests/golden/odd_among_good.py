#!/usr/bin/env python3
"""Odd records among good ones: none crashes the program, none is lost, and the good ones' results do not change.

usage: odd_among_good.py SETTLEWATCH RULES [SEED]

Each odd record (odd_records.py) must have its disposition; a dead one stands in the dead letters with its reason, byte, path, source
position and its bytes unchanged. The findings of the good ones are those of a run without the odd ones.
"""
import base64, json, os, random, subprocess, sys, tempfile

program, rules = sys.argv[1], sys.argv[2]
seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(1, 1 << 31)
here = os.path.dirname(os.path.abspath(__file__))
print("seed", seed)
dice = random.Random(seed)


def screen(work, name, path):
    out = os.path.join(work, name)
    done = subprocess.run([program, "screen", path, "--rules", rules, "--out", out, "--quiet", "--summary", "json"], check=True, stdout=subprocess.PIPE)
    return out, json.loads(done.stdout)


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def open_findings(out, but=frozenset()):
    last = {}
    for finding in read(os.path.join(out, "inspector-cases.ndjson")):
        if finding["psn_no"] not in but:
            last[finding["deduction_id"]] = finding
    return {(f["deduction_id"], f["vola_amt"], f["fund_amt"], f["band"]) for f in last.values() if f["stage"] == "proposed"}


def main():
    with tempfile.TemporaryDirectory() as work:
        subprocess.run([program, "generate", "--seed", str(seed), "--settlements", "2000", "--out", work, "--violations", "0.05"], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        subprocess.run([sys.executable, os.path.join(here, "odd_records.py"), work], check=True, stdout=subprocess.DEVNULL)
        good_path = os.path.join(work, "settlements.ndjson")
        good = open(good_path, "rb").read().split(b"\n")[:-1]
        odd = open(os.path.join(work, "odd.ndjson"), "rb").read().split(b"\n")[:-1]
        expected = json.load(open(os.path.join(work, "expected.json"), encoding="utf-8"))
        assert len(odd) == len(expected) >= 100, (len(odd), len(expected))

        # Good ones keep their order; odd ones fall in anywhere.
        places = sorted(dice.randrange(len(good) + 1) for _ in odd)
        mixed, at = [], 0
        for number, (place, line) in enumerate(zip(places, odd)):
            mixed += [(None, g) for g in good[at:place]] + [(number, line)]
            at = place
        mixed += [(None, g) for g in good[at:]]
        mixed_path = os.path.join(work, "mixed.ndjson")
        with open(mixed_path, "wb") as out:
            out.writelines(line + b"\n" for _, line in mixed)

        plain, plain_summary = screen(work, "plain", good_path)
        out, summary = screen(work, "mixed", mixed_path)

        # Blank lines are no records, but they count as lines: offsets are line numbers.
        dead = {letter["source"]["offset"]: letter for letter in read(os.path.join(out, "dead-letters.ndjson"))}
        wrong = []
        counts = {}
        for offset, (number, line) in enumerate(mixed):
            if number is None:
                continue
            want = expected[number]
            letter = dead.pop(offset, None)
            counts[want["disposition"]] = counts.get(want["disposition"], 0) + 1
            if want["disposition"] != "dead":
                if letter is not None:
                    wrong.append((want["name"], "dead letter", letter["reason"]))
                continue
            if letter is None:
                wrong.append((want["name"], "lost"))
                continue
            if base64.b64decode(letter["raw"], validate=True) != line:
                wrong.append((want["name"], "bytes differ"))
            for field, key in (("reason", "reason"), ("byte", "offset"), ("path", "path")):
                if want.get(key) is not None and letter[field] != want[key]:
                    wrong.append((want["name"], field, want[key], letter[field]))
        assert not wrong, wrong[:5]
        # What is left are the good ones' own dead letters: as many as without the odd ones.
        assert len(dead) == sum(plain_summary["dead_letters"].values()), len(dead)
        people = {json.loads(line)["psn_no"] for line in good if b'"psn_no"' in line}
        odd_people = {f["psn_no"] for f in read(os.path.join(out, "inspector-cases.ndjson"))} - people
        assert open_findings(out, odd_people) == open_findings(plain), "the good ones' findings changed"
        assert summary["records"] == plain_summary["records"] + len(odd)
        for disposition in ("duplicate", "superseded", "waiting"):
            assert summary["dispositions"][disposition] == plain_summary["dispositions"][disposition], disposition
    print(f"{len(odd)} odd records among {len(good)} good ones: {counts}")


main()
