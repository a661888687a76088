#!/usr/bin/env python3
"""settlewatch review: from a commit to a published draw that anyone can recompute, and to an extrapolation."""
import gzip
import hashlib
import hmac
import json
import os
import random
import stat
import subprocess
import sys
import tempfile
from fractions import Fraction

program = os.path.abspath(sys.argv[1])
mistakes = 0
SEED = bytes(range(32))
COMMIT = hashlib.sha256(SEED).hexdigest()


def run(*arguments, **options):
    done = subprocess.run([program, "--lang", "en", "review", *arguments], stdin=options.get("stdin", subprocess.DEVNULL),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def expect(sentence, true, *evidence):
    global mistakes
    print("ok  " if true else "FAIL", sentence, *(() if true else evidence))
    mistakes += not true


def yuan(fen):
    return f"{fen // 100}.{fen % 100:02d}"


def fact(setl_id, institution, fen, time="2026-09-15 09:00:00", recv=None, state="live", ver=1):
    return json.dumps({"setl_id": setl_id, "mdtrt_id": "M" + setl_id, "psn_no": "p_1", "fixmedins_code": institution, "med_type": "21",
                       "insutype": "310", "state": state, "ver": ver, "setl_time": time, "recv_time": recv or time,
                       "first_recv_time": time, "medfee_sumamt": yuan(fen), "inscp_scp_amt": yuan(fen), "fund_pay_sumamt": "0.00",
                       "inpatient_review": True, "source": {"input": 0, "partition": 0, "offset": 0}})


def write(path, lines, opener=open):
    with opener(path, "wt", encoding="utf-8") as out:
        out.write("".join(line + "\n" for line in lines))
    return path


def expected_draw(units, rate=500, take_all=10_000_000, floor=500):
    """The draw of one institution's month by the letter of the law, written a second time."""
    chosen = {s: "take_all" for s, fen, _ in units if fen >= take_all}
    rest = sorted(((hmac.new(SEED, f"sw-review-v1|2026-09|{i}|{s}".encode(), hashlib.sha256).digest(), s, fen)
                   for s, fen, i in units if fen < take_all))
    n = -(-len(rest) * rate // 10000)
    k = sum(int.from_bytes(h[:8], "big") < (rate << 64) // 10000 for h, _, _ in rest)
    total = sum(fen for _, fen, _ in units)
    money = sum(fen for _, fen, _ in units if fen >= take_all)
    for at, (_, setl_id, fen) in enumerate(rest):
        if at < max(n, k):
            chosen[setl_id] = "random"
        elif money * 10000 < total * floor:
            chosen[setl_id] = "money"
        else:
            break
        money += fen
    return chosen


def contents(folder):
    found = {}
    for path, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(path, name), "rb") as file:
                found[os.path.relpath(os.path.join(path, name), folder)] = file.read()
    return found


def drawn(folder):
    with open(os.path.join(folder, "second-review.ndjson"), encoding="utf-8") as lines:
        return {row["setl_id"]: row["role"] for row in map(json.loads, lines)}


def replace(path, old, new):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert old in text, (path, old)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new, 1))


def commits(folder):
    seeds = os.path.join(folder, "made.seeds")
    code, out, err = run("commit", "--month", "2999-01", "--seeds", seeds)
    with open(seeds, encoding="utf-8") as file:
        line = file.read().split()
    expect("a commit is printed and the seed is kept", code == 0 and out.split() == ["2999-01", line[2]], code, out, err)
    expect("the commit is the SHA-256 of the seed", hashlib.sha256(bytes.fromhex(line[1])).hexdigest() == line[2])
    expect("the seed is never shown", line[1] not in out + err)
    expect("the file of the seeds is its owner's alone", stat.S_IMODE(os.stat(seeds).st_mode) == 0o600)
    code, out, err = run("commit", "--month", "2999-01", "--seeds", seeds)
    expect("a seed is never replaced", code == 1 and "already" in err and out == "", code, err)
    code, out, _ = run("commit", "--month", "2999-02", "--seeds", seeds)
    with open(seeds, encoding="utf-8") as file:
        rows = [row.split() for row in file]
    expect("another month gets another seed", code == 0 and len(rows) == 2 and rows[0] == line and rows[1][1] != line[1], rows)
    code, _, err = run("commit", "--month", "2020-01", "--seeds", seeds)
    expect("a late commit is warned about", code == 0 and "unfit" in err, err)
    expect("a bad month is a usage error", run("commit", "--month", "2026-13", "--seeds", seeds)[0] == 2)


def closes(folder):
    rng = random.Random(7)
    units = []
    for number in range(3000):
        institution = f"H6201000000{rng.choice('1223334444')}"
        fen = rng.randrange(20_000, 3_000_000) if rng.random() > 0.01 else rng.randrange(10_000_000, 40_000_000)
        units.append((f"S{number:06d}", fen, institution))
    seeds = write(os.path.join(folder, "seeds"), [f"2026-09 {SEED.hex()} {COMMIT} 2026-08-28 10:00:00"])
    os.chmod(seeds, 0o600)
    lines = [fact(*(unit[0], unit[2], unit[1])) for unit in units]
    plain = write(os.path.join(folder, "facts.ndjson"), lines)
    rng.shuffle(lines)
    half = write(os.path.join(folder, "a.ndjson"), lines[:1000])
    packed = write(os.path.join(folder, "b.ndjson.gz"), lines[1000:], gzip.open)
    one, two = os.path.join(folder, "one"), os.path.join(folder, "two")
    code, out, err = run("close", "--month", "2026-09", "--facts", plain, "--seeds", seeds, "--out", one)
    expect("a month is closed", code == 0 and "3000 settlements" in out, code, out, err)
    expect("the seed is not in the archive",
           not any(SEED.hex() in open(os.path.join(path, name), encoding="utf-8").read()
                   for path, _, names in os.walk(one) for name in names))
    expected = {}
    for institution in sorted({unit[2] for unit in units}):
        expected.update(expected_draw([unit for unit in units if unit[2] == institution]))
    expect("the draw is that of a program written from the law alone", drawn(one) == expected)
    code, _, err = run("close", "--month", "2026-09", "--facts", half, packed, "--seeds", seeds, "--out", two, "--summary", "json")
    same = all(open(os.path.join(one, name), "rb").read() == open(os.path.join(two, name), "rb").read()
               for name in ("plan.json", "population.json", "second-review.ndjson", "result.json"))
    expect("the order of the facts, several files and gzip change no byte", code == 0 and same, code, err)
    before = contents(one)
    code, again, err = run("close", "--month", "2026-09", "--facts", plain, "--seeds", seeds, "--out", one)
    expect("a close that is run twice says the same and changes nothing", code == 0 and again == out and contents(one) == before, code, err)
    os.remove(os.path.join(one, "result.json"))
    code, _, err = run("close", "--month", "2026-09", "--facts", plain, "--seeds", seeds, "--out", one)
    expect("a close that was interrupted is finished by the next one", code == 0 and contents(one) == before, code, err)
    code, _, err = run("close", "--month", "2026-09", "--facts", half, "--seeds", seeds, "--out", one)
    expect("an archived population is never replaced", code == 1 and "already" in err and contents(one) == before, code, err)
    rates = write(os.path.join(folder, "rates.yaml"), ["review: {rate_basis_points: 1000}"])
    code, _, err = run("close", "--month", "2026-09", "--facts", plain, "--seeds", seeds, "--out", one, "--config", rates)
    expect("nor is a plan", code == 1 and "already" in err and contents(one) == before, code, err)
    code, _, err = run("close", "--month", "2026-10", "--facts", plain, "--seeds", seeds, "--out", os.path.join(folder, "none"))
    expect("a month without a seed is not drawn", code == 78 and "2026-10" in err, code, err)
    bad = write(os.path.join(folder, "bad.ndjson"), [lines[0], '{"setl_id": "S1"}'])
    code, _, err = run("close", "--month", "2026-09", "--facts", bad, "--seeds", seeds, "--out", os.path.join(folder, "none"))
    expect("a line that is no fact is named", code == 65 and "bad.ndjson:2:" in err, code, err)
    os.chmod(seeds, 0o644)
    _, _, err = run("verify", "--out", two, "--seeds", seeds)
    expect("a file of seeds that others can read is warned about", "600" in err, err)
    os.chmod(seeds, 0o600)
    return seeds, one, two, units


def verifies(folder, seeds, one, two):
    code, out, err = run("verify", "--out", one, "--seeds", seeds)
    expect("a published close is verified", code == 0 and "verified" in out, code, out, err)
    other = write(os.path.join(folder, "other"), [f"2026-09 {SEED[::-1].hex()} {hashlib.sha256(SEED[::-1]).hexdigest()}"])
    os.chmod(other, 0o600)
    expect("another seed is found out", run("verify", "--out", one, "--seeds", other)[0] == 1)
    with open(os.path.join(two, "second-review.ndjson"), encoding="utf-8") as lines:
        rows = lines.readlines()
    first = json.loads(rows[0])
    changes = [("second-review.ndjson", f'"setl_id":"{first["setl_id"]}"', '"setl_id":"S999999"', "an exchanged unit"),
               ("second-review.ndjson", rows[1], "", "a unit left out"),
               ("second-review.ndjson", rows[2], rows[2] * 2, "a unit told twice"),
               ("second-review.ndjson", '"role":"random"', '"role":"take_all"', "another role"),
               ("result.json", '"selected":', '"selected":1', "a changed result"),
               ("population.json", '"sha256":"', '"sha256":"0', "a changed hash"),
               ("plan.json", '"commit":"', '"commit":"0', "a changed commit"),
               ("plan.json", '"rate_basis_points":500', '"rate_basis_points":900', "a changed rate"),
               ("population/H62010000002.txt", "0\n", "1\n", "a changed amount")]
    for name, old, new, what in changes:
        path = os.path.join(two, name)
        with open(path, encoding="utf-8") as file:
            kept = file.read()
        replace(path, old, new)
        code, out, err = run("verify", "--out", two, "--seeds", seeds)
        expect(f"{what} is found out", code == 1 and out != "", code, out, err)
        with open(path, "w", encoding="utf-8") as file:
            file.write(kept)
    expect("the archive put back is verified again", run("verify", "--out", two, "--seeds", seeds)[0] == 0)


def estimates(folder, seeds, one, units):
    institution = "H62010000004"
    mine = {s: fen for s, fen, i in units if i == institution}
    roles = {s: r for s, r in drawn(one).items() if s in mine}
    sample = sorted(s for s, r in roles.items() if r == "random")
    large = sorted(s for s, r in roles.items() if r == "take_all")
    y = {s: 12_345 + 1_000 * k if k % 4 == 0 else 0 for k, s in enumerate(sample)}
    stratum = len(mine) - len(large)

    def case(name, **changes):
        strata = [{"month": "2026-09", "kind": "random", "units": changes.get("units", stratum),
                   "reviewed": [{"setl_id": s, "verified": yuan(y[s])} for s in changes.get("sample", sample)]},
                  {"month": "2026-09", "kind": "take_all", "reviewed": [{"setl_id": s, "verified": "0.00"} for s in large]}]
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"fixmedins_code": institution, "scaling_clause": changes.get("clause", True), "cap": "99999999.00",
                       "mode": changes.get("mode", "lower"), "strata": strata}, file)
        return path

    code, out, err = run("estimate", case("case.json"), "--out", one, "--seeds", seeds)
    result = json.loads(out) if code == 0 else {}
    n, total, squares = len(sample), sum(y.values()), sum(v * v for v in y.values())
    variance = Fraction(stratum * (stratum - n) * (n * squares - total * total), n * n * (n - 1))
    whole = -(-variance.numerator // variance.denominator)
    error = int(whole ** 0.5)
    while error * error < whole:
        error += 1
    while (error - 1) ** 2 >= whole:
        error -= 1
    lower = (Fraction(stratum * total, n) - Fraction(result.get("t_millionths", 0) * error, 10**6)).__floor__()
    expect("a case with everything in order is scaled up", code == 0 and result["scaled"] and result["codes"] == [], code, out, err)
    expect("to the fen of an independent computation",
           (result.get("variance_fen2"), result.get("standard_error"), result.get("lower_bound"), result.get("refused"))
           == (str(whole), yuan(error), yuan(lower), yuan(max(total, lower))), result, whole, error, lower)

    def codes(*arguments):
        code, out, err = run("estimate", *arguments)
        return [row["code"] for row in json.loads(out)["codes"]] if code == 0 else [code, err]

    expect("without its archive nothing is proven", codes(case("case.json"), "--seeds", seeds) == ["X04", "X05", "X06"])
    expect("no clause, no scaling", codes(case("c1.json", clause=False), "--out", one, "--seeds", seeds) == ["X01"])
    expect("a drawn unit that is missing is found out",
           codes(case("c6.json", sample=sample[1:]), "--out", one, "--seeds", seeds) == ["X06"])
    expect("strata that do not add up are found out",
           codes(case("c5.json", units=stratum + 1), "--out", one, "--seeds", seeds) == ["X05"])
    expect("a thin sample falls back to the lower bound", codes(case("c10.json", mode="simple"), "--out", one, "--seeds", seeds) == ["X10"])
    undated = write(os.path.join(folder, "undated"), [f"2026-09 {SEED.hex()} {COMMIT}"])
    os.chmod(undated, 0o600)
    expect("a commit without its date proves nothing", codes(case("case.json"), "--out", one, "--seeds", undated) == ["X04"])
    code, _, err = run("estimate", write(os.path.join(folder, "broken.json"), ['{"fixmedins_code": "H1", "cap": 1.005, "strata": []}']))
    expect("a case file that is wrong is refused by name", code == 65 and "'cap'" in err, code, err)


def settings(folder, seeds, units):
    facts = write(os.path.join(folder, "rated.ndjson"), [fact(s, i, fen) for s, fen, i in units])
    config = write(os.path.join(folder, "site.yaml"), ["review:", f"  seeds_file: {seeds}", "  take_all: 200000.00",
                                                       '  rates: ["H62010000004 2026-09 2026-12 1500"]', "  close_lag_days: 5"])
    rated = os.path.join(folder, "rated")
    code, out, err = run("close", "--month", "2026-09", "--config", config, facts, "--out", rated)
    chosen = expected_draw([unit for unit in units if unit[2] == "H62010000004"], rate=1500, take_all=20_000_000)
    mine = {s: r for s, r in drawn(rated).items() if s in {unit[0] for unit in units if unit[2] == "H62010000004"}} if code == 0 else {}
    expect("rate, take-all amount and closing day come from the settings", code == 0 and mine == chosen and "2026-10-06" in out, code, out, err)
    expect("and the archive remembers them", run("verify", "--out", rated, "--seeds", seeds)[0] == 0)


with tempfile.TemporaryDirectory(prefix="settlewatch-review-") as place:
    commits(place)
    seeds_file, first_archive, second_archive, region = closes(place)
    verifies(place, seeds_file, first_archive, second_archive)
    estimates(place, seeds_file, first_archive, region)
    settings(place, seeds_file, region)
expect("no verb is a usage error", run()[0] == 2)
expect("an unknown verb is a usage error", run("closes")[0] == 2)
sys.exit(1 if mistakes else 0)
