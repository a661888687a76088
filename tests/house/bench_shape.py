#!/usr/bin/env python3
"""bench/run measures one lane of a small file and writes the promised JSON; the multiplied rules are valid ones and pass their tests.

usage: bench_shape.py BUILD SOURCE
"""
import json, os, subprocess, sys, tempfile

build, source = map(os.path.abspath, sys.argv[1:3])
program = f"{build}/settlewatch"
LANE = {"name": str, "records": int, "seconds": float, "cpu_us_per_record": float, "records_per_second": float, "mb_per_second": float,
        "rss_peak_mib": float}
RATIOS = {"decode_to_first_stage", "screen_to_decode", "many_rules_to_shipped", "exactly_once_to_floor"}


def run(*words, code=0):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == code, (words, done.returncode, done.stdout[-3000:])
    return done.stdout


def measure(work, *words):
    table = run(f"{source}/bench/run", "--build", build, "--input", f"{work}/settlements.ndjson", "--rounds", "2", "--seconds", "0", "--json", f"{work}/numbers.json",
                *words)
    with open(f"{work}/numbers.json", encoding="utf-8") as file:
        numbers = json.load(file)
    assert set(numbers) == {"lanes", "ratios"} and set(numbers["ratios"]) == RATIOS, numbers
    for lane in numbers["lanes"]:
        assert {key: type(value) for key, value in lane.items()} == LANE, lane
        assert all(value for value in lane.values()), lane
        assert lane["name"] in table, table
    return numbers


with tempfile.TemporaryDirectory() as work:
    run(program, "generate", "--seed", "5", "--settlements", "300", "--out", work)
    with open(f"{work}/settlements.ndjson", encoding="utf-8") as lines:
        records = sum(1 for _ in lines)
    one = measure(work, "--lane", "decode")
    assert [lane["name"] for lane in one["lanes"]] == ["decode"] and one["lanes"][0]["records"] == records
    assert all(ratio is None for ratio in one["ratios"].values())
    other = measure(work, "--lane", "decode", "--sender", "python")
    assert other["lanes"][0]["records"] == records and other["lanes"][0]["mb_per_second"] > 0
    two = measure(work, "--lane", "first_stage", "--lane", "decode")
    assert two["ratios"]["decode_to_first_stage"] > 0 and two["ratios"]["screen_to_decode"] is None
    run(f"{source}/bench/run", "--build", build, "--lane", "nonsense", code=70)

    made = json.loads(run(sys.executable, f"{source}/bench/multiply_rules.py", f"{source}/rules.d", f"{work}/rules", "--rules", "60", "--rows", "12000"))
    assert made["rules"] == 60 and made["rows"] == 12000 and sum(made["clones"].values()) < 60, made
    assert run(program, "rules", "check", f"{work}/rules").startswith("60 rules,")
    told = run(program, "rules", "test", "--run", "^BENCH", f"{work}/rules")
    assert f"{2 * sum(made['clones'].values())} tests, 0 failed" in told, told[-2000:]
print("the JSON has its shape, and clones of rules hold")
