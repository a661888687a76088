#!/usr/bin/env python3
"""Compares what a screen found with the generator's answer key, finding by finding.

usage: check_answer_key.py KEY CREDIT_DEDUCTIONS [--any-order] [--shown N]

Of each deduction_id the last revision counts; stage `proposed` means that the finding is open. Every key line with
expect `open` must have exactly one open finding of that rule and visit with the same money, band and person; no other
finding may be open. A key line with expect `withdrawn` must have been open before and withdrawn in the end; --any-order
drops the first half, because after shuffling the withdrawal may come first. Exit 0: equal; 1: differences, listed; 2:
usage.
"""
import argparse
import collections
import gzip
import json
import sys
from decimal import Decimal


def lines(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                yield json.loads(line)
            except json.JSONDecodeError as error:
                sys.exit(f"{path}:{number}: {error}")


def last_revisions(path):
    """deduction_id -> the finding's last message, and whether it was ever proposed."""
    last, proposed, seen = {}, set(), set()
    for message in lines(path):
        key = message["deduction_id"], message["revision"]
        if key in seen:
            sys.exit(f"{path}: deduction {key[0]} has revision {key[1]} twice")
        seen.add(key)
        if message["stage"] == "proposed":
            proposed.add(key[0])
        if key[0] not in last or message["revision"] > last[key[0]]["revision"]:
            last[key[0]] = message
    return last, proposed


def compare(key_path, deductions_path, any_order):
    key = list(lines(key_path))
    if not key or "answer_key" not in key[0]:
        sys.exit(f"{key_path}: the first line is no header of an answer key")
    header, key = key[0], key[1:]
    last, proposed = last_revisions(deductions_path)
    found, ever = collections.defaultdict(list), set()
    for identity, message in last.items():
        place = message["rule_id"], message["mdtrt_id"]
        if message["stage"] == "proposed":
            found[place].append(message)
        if identity in proposed:
            ever.add(place)

    problems, counts = [], collections.Counter()
    expected = {}
    for row in key:
        place = row["rule_id"], row["mdtrt_id"]
        counts[row["expect"]] += 1
        if row["expect"] == "open":
            expected[place] = row
        elif row["expect"] == "withdrawn" and not any_order and place not in ever:
            problems.append(f"{row['case']}: {place[0]} of {place[1]} was never proposed ({row['why']})")
    for place, row in expected.items():
        messages = found.pop(place, [])
        name = f"{row['case']}: {place[0]} of {place[1]}"
        if len(messages) != 1:
            problems.append(f"{name}: {len(messages)} open findings instead of one ({row['why']})")
            continue
        message = messages[0]
        for field in ("vola_amt", "fund_amt"):
            if Decimal(str(message[field])) != Decimal(row[field]):
                problems.append(f"{name}: {field} {message[field]} instead of {row[field]} ({row['why']})")
        if row["band"] and message.get("band") != row["band"]:
            problems.append(f"{name}: band {message.get('band')} instead of {row['band']}")
        if message["psn_no"] != row["psn_no"] or message["setl_id"] not in row["setl_ids"]:
            problems.append(f"{name}: psn_no {message['psn_no']}, setl_id {message['setl_id']} are not the case's")
        named = {detail["setl_id"] for detail in message["judge_result_detail_dtos"] if "setl_id" in detail}
        if named and not named <= set(row["setl_ids"]):
            problems.append(f"{name}: details name {sorted(named - set(row['setl_ids']))}")
    by_visit = {row["mdtrt_id"]: row for row in key}
    for place, messages in found.items():
        row = by_visit.get(place[1])
        where = f"{row['case']}, expected {row['expect']}: {row['why']}" if row else "an ordinary visit"
        for message in messages:
            problems.append(f"unexpected: {place[0]} of {place[1]}, {message['vola_amt']} ({where})")
    return header, counts, problems


def main():
    parser = argparse.ArgumentParser(description="compares findings with the answer key")
    parser.add_argument("key")
    parser.add_argument("deductions")
    parser.add_argument("--any-order", action="store_true", help="the input was shuffled")
    parser.add_argument("--shown", type=int, default=20, help="differences to list")
    arguments = parser.parse_args()
    header, counts, problems = compare(arguments.key, arguments.deductions, arguments.any_order)
    for problem in problems[: arguments.shown]:
        print(problem)
    if len(problems) > arguments.shown:
        print(f"... and {len(problems) - arguments.shown} more")
    told = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    print(f"seed {header['seed']}, {header['settlements']} settlements: {told}; {len(problems)} differences")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
