#!/usr/bin/env python3
"""One input, one answer: whatever the batch size, the number of workers, the order of arrival, the sender's style, and however often a message comes.

usage: same_answer.py SETTLEWATCH RULES [SETTLEMENTS [SEED]]

Compares the sets of open findings (deduction_id, vola_amt, fund_amt, band); where the order of the input is the same, every byte of
every output file as well. Prints the seed; the same seed replays exactly.
"""
import json, os, random, subprocess, sys, tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bench"))
import senders

program, rules = sys.argv[1], sys.argv[2]
size = sys.argv[3] if len(sys.argv) > 3 else "6000"
seed = int(sys.argv[4]) if len(sys.argv) > 4 else random.SystemRandom().randrange(1, 1 << 31)
print("seed", seed)
dice = random.Random(seed)


def screen(work, name, inputs, *options):
    out = os.path.join(work, name)
    subprocess.run([program, "screen", *inputs, "--rules", rules, "--out", out, "--quiet", "--summary", "json", *options], check=True,
                   stdout=subprocess.DEVNULL)
    return out


def open_findings(out):
    last = {}
    revisions = set()
    with open(os.path.join(out, "credit-deductions.ndjson"), encoding="utf-8") as lines:
        for line in lines:
            finding = json.loads(line)
            key = (finding["deduction_id"], finding["revision"])
            assert key not in revisions, f"{out}: {key} twice"
            revisions.add(key)
            if finding["revision"] > last.get(finding["deduction_id"], {"revision": 0})["revision"]:
                last[finding["deduction_id"]] = finding
    return {(f["deduction_id"], f["vola_amt"], f["fund_amt"], f["band"]) for f in last.values() if f["stage"] == "proposed"}


def receipts_add_up(out, records):
    total = 0
    for line in open(os.path.join(out, "screening-receipts.ndjson"), encoding="utf-8"):
        receipt = json.loads(line)
        parts = sum(receipt[d] for d in ("screened", "duplicate", "superseded", "unused", "waiting", "dead"))
        assert parts == receipt["records"] == receipt["last_offset"] - receipt["first_offset"] + 1, receipt
        total += parts
    assert total == records, (out, total, records)
    proven = json.loads(subprocess.run([program, "verify", "receipts", "--files", out, "--format", "json"], check=True, stdout=subprocess.PIPE).stdout)
    assert proven["unbroken"] and sum(lane["records"] for lane in proven["partitions"]) == records, proven


def same_bytes(a, b, but=()):
    for name in sorted(os.listdir(a)):
        if name in but:
            continue
        with open(os.path.join(a, name), "rb") as x, open(os.path.join(b, name), "rb") as y:
            assert x.read() == y.read(), f"{name} differs between {a} and {b}"


def main():
    with tempfile.TemporaryDirectory() as work:
        subprocess.run([program, "generate", "--seed", str(seed), "--settlements", size, "--out", work, "--violations", "0.05", "--no-twins"], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(os.path.join(work, "settlements.ndjson"), encoding="utf-8") as lines:
            messages = lines.read().splitlines()
        kept = messages    # without twins: same key and ver with other content stands outside the order invariant

        def write(name, lines):
            path = os.path.join(work, name)
            with open(path, "w", encoding="utf-8") as out:
                out.write("\n".join(lines) + "\n")
            return path

        plain = write("plain.ndjson", kept)
        reference = screen(work, "reference", [plain])
        want = open_findings(reference)
        assert want, "no finding at all: the comparison would say nothing"
        receipts_add_up(reference, len(kept))
        again = screen(work, "again", [plain])
        same_bytes(reference, again)
        for options in (["--batch", "1"], ["--batch", "7"], ["--workers", "4"], ["--workers", "3", "--batch", "13"]):
            out = screen(work, "option" + "".join(options), [plain], *options)
            same_bytes(reference, out, but=("screening-receipts.ndjson",))
            receipts_add_up(out, len(kept))

        shuffled = kept[:]
        dice.shuffle(shuffled)
        doubled = [line for line in kept for _ in range(2)]
        mixed = kept + kept
        dice.shuffle(mixed)
        for name, lines in (("shuffled", shuffled), ("reversed", kept[::-1]), ("doubled", doubled), ("mixed", mixed)):
            out = screen(work, name, [write(name + ".ndjson", lines)])
            got = open_findings(out)
            assert got == want, f"{name}: only here {sorted(got - want)[:3]}, missing {sorted(want - got)[:3]}"
            receipts_add_up(out, len(lines))
        twice = screen(work, "twice", [plain, plain])
        assert open_findings(twice) == want, "twice"
        for style in senders.STYLES:
            out = screen(work, style, [write(style + ".ndjson", senders.written(style, kept, seed))])
            assert open_findings(out) == want, style
            receipts_add_up(out, len(kept))
    print(f"{len(kept)} messages, {len(want)} open findings: the same {10 + len(senders.STYLES)} ways")


main()
