#!/usr/bin/env python3
"""Generates a region, screens it with the shipped rules and compares the findings with the answer key.

usage: answer_key.py PROGRAM [--mutants] [--bounds] [GENERATE_OPTION...]

The dead letters must be the marked twins and nothing else. With --mutants the comparison proves itself: findings are
changed in six ways, and each change must be noticed. With --bounds the cases do: every bound of the shipped rules is
moved by one step, every exemption is dropped, and the answer must no longer fit the key.
"""
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from decimal import Decimal

HERE = os.path.dirname(os.path.abspath(__file__))


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-4000:]}")
    return done.stdout


def differs(key, deductions, *options):
    """The checker's output when it finds differences, else None."""
    done = subprocess.run(
        [sys.executable, os.path.join(HERE, "check_answer_key.py"), key, deductions, *options],
        capture_output=True,
        text=True,
    )
    print(done.stdout.splitlines()[-1] if done.stdout else done.stderr)
    if done.returncode not in (0, 1):
        sys.exit(f"the checker ended with {done.returncode}:\n{done.stderr}")
    return done.stdout if done.returncode == 1 else None


def read(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def check_dead_letters(out, key):
    twins = {row["setl_ids"][0] for row in key if row.get("twin")}
    letters = read(os.path.join(out, "dead-letters.ndjson"))
    reasons = {letter["reason"] for letter in letters} - {"conflicting_content"}
    if reasons or len(letters) != len(twins):
        sys.exit(f"{len(letters)} dead letters for {len(twins)} twins; other reasons: {sorted(reasons)}")


def changed(messages, key, mutant, dice):
    """A copy of the messages with one wrong thing in it."""
    copy = [dict(message) for message in messages]
    last = {}
    for at, message in enumerate(copy):
        if message["deduction_id"] not in last or message["revision"] > copy[last[message["deduction_id"]]]["revision"]:
            last[message["deduction_id"]] = at
    still_open = [at for at in last.values() if copy[at]["stage"] == "proposed"]
    gone = [at for at in last.values() if copy[at]["stage"] == "withdrawn"]
    at = dice.choice(still_open)
    if mutant == "one is missing":
        identity = copy[at]["deduction_id"]
        return [message for message in copy if message["deduction_id"] != identity]
    if mutant == "a fen too much":
        copy[at]["vola_amt"] = str(Decimal(copy[at]["vola_amt"]) + Decimal("0.01"))
    elif mutant == "the fund part is off":
        copy[at]["fund_amt"] = str(Decimal(copy[at]["fund_amt"]) + Decimal("0.01"))
    elif mutant == "another band":
        copy[at]["band"] = "none of these"
    elif mutant == "a lawful visit is charged":
        lawful = dice.choice([row for row in key if row.get("expect") == "none"])
        copy.append(
            {**copy[at], "deduction_id": "0" * 32, "mdtrt_id": lawful["mdtrt_id"], "setl_id": lawful["setl_ids"][0]}
        )
    elif mutant == "a withdrawn one is open":
        copy[dice.choice(gone)]["stage"] = "proposed"
    return copy


MUTANTS = (
    "one is missing",
    "a fen too much",
    "the fund part is off",
    "another band",
    "a lawful visit is charged",
    "a withdrawn one is open",
)


def try_mutants(folder, key_path, deductions):
    messages, key, dice = read(deductions), read(key_path), random.Random(1)
    survivors = []
    for mutant in MUTANTS:
        path = os.path.join(folder, "mutant.ndjson")
        with open(path, "w", encoding="utf-8") as file:
            for message in changed(messages, key, mutant, dice):
                file.write(json.dumps(message, ensure_ascii=False) + "\n")
        if differs(key_path, path) is None:
            survivors.append(mutant)
    return survivors


# Rule id -> (what stands in its file, what replaces it): each bound one step to either side where both are possible.
BOUNDS = {
    "ADM-001": (
        ("max_gap: 15", "max_gap: 14"),
        ("max_gap: 15", "max_gap: 16"),
        ("min_gap: 0", "min_gap: 1"),
        ("at_most: 7", "at_most: 6", "above: 7", "above: 6"),
        ("at_most: 7", "at_most: 8", "above: 7", "above: 8"),
        ("match: dx3_or_dept", "match: dx3"),
        ("consecutive_scope: institution", "consecutive_scope: person"),
        ("yields_to: [ADM-002]", "yields_to: []"),
    ),
    "ADM-002": (
        ("max_gap: 24", "max_gap: 23"),
        ("max_gap: 24", "max_gap: 25"),
        ("min_gap: -6", "min_gap: -5"),
        ("min_gap: -6", "min_gap: -7"),
    ),
    "ADM-004": (
        ("idle_days: 3", "idle_days: 2"),
        ("idle_days: 3", "idle_days: 4"),
        ("permille: 500", "permille: 499"),
        ("permille: 500", "permille: 572"),
        ("spread_multiday: true", "spread_multiday: false"),
        ("before_operation: true", "before_operation: false"),
        ("after_operation_days: 2", "after_operation_days: 1"),
        ("after_operation_days: 2", "after_operation_days: 3"),
    ),
    "ADM-008A": (
        ("los_tolerance_days: 0", "los_tolerance_days: 1"),
        ("convention: in_not_out", "convention: both"),
        ("moving_day_once: true", "moving_day_once: false", "icu_day_once: true", "icu_day_once: false"),
    ),
    "ADM-008B": (("  max: 1", "  max: 2"), ("moving_day_max: 2", "moving_day_max: 0")),
    "ADM-008C": (("grace_days: 0", "grace_days: 1"),),
    "SUB-001A": (("update_workdays: 5", "update_workdays: 4"), ("update_workdays: 5", "update_workdays: 6")),
    "SUB-006": (
        ("tolerance_fen: 1", "tolerance_fen: 0"),
        ("tolerance_fen: 1", "tolerance_fen: 2"),
        ("markup_permille: 0", "markup_permille: 1"),
    ),
}


def rule_files():
    for folder, _, names in os.walk("rules.d"):
        for name in names:
            path = os.path.join(folder, name)
            if name.endswith(".yaml"):
                with open(path, encoding="utf-8") as file:
                    text = file.read()
                found = re.search(r"^id: (\S+)$", text, re.MULTILINE)
                if found:
                    yield found.group(1), path, text


def variants():
    """Every changed rule file: (what was changed, its path, its text)."""
    for rule, path, text in rule_files():
        for change in BOUNDS.get(rule, ()):
            head, tests = text.split("\ntests:", 1)
            for before, after in zip(change[::2], change[1::2]):
                if before not in head:
                    sys.exit(f"{path}: '{before}' does not stand there")
                head = head.replace(before, after)
            yield f"{rule} {change[1]}", path, head + "\ntests:" + tests
        for exemption in re.findall(r"^  - id: (\w+)\n", text, re.MULTILINE):
            # The condition becomes one that never holds; the rule's own tests are not run here.
            pattern = rf"(^  - id: {exemption}\n).*?(?=^    reason:)"
            never = '\\1    if: {insutype: "000"}\\n'
            yield f"{rule} without {exemption}", path, re.sub(
                pattern, never, text, count=1, flags=re.MULTILINE | re.DOTALL
            )


def write_without_failing_tests(program, rules, path, text):
    """Writes a changed rule without those of its own tests that notice: no active rule may fail one, and here the answer key is to notice."""
    changed = os.path.join(rules, os.path.relpath(path, "rules.d"))
    with open(changed, "w", encoding="utf-8") as file:
        file.write(text)
    told = subprocess.run([program, "rules", "test", rules, "--failed"], capture_output=True, text=True).stdout
    failing = {int(line) for line in re.findall(rf"{re.escape(changed)}:(\d+)", told)}
    kept, keep = [], True
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("  - name:"):
            keep = number not in failing
        elif line and not line.startswith(" "):
            keep = True
        if keep:
            kept.append(line)
    with open(changed, "w", encoding="utf-8") as file:
        file.write("\n".join(kept))


def try_bounds(program, folder, key_path):
    survivors, tried = [], 0
    for name, path, text in variants():
        rules, out = os.path.join(folder, "rules"), os.path.join(folder, "mutant")
        shutil.rmtree(rules, ignore_errors=True)
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree("rules.d", rules)
        write_without_failing_tests(program, rules, path, text)
        run(program, "screen", os.path.join(folder, "settlements.ndjson"), "--rules", rules, "--out", out, "--quiet")
        print(f"{name}: ", end="")
        tried += 1
        if differs(key_path, os.path.join(out, "credit-deductions.ndjson")) is None:
            survivors.append(name)
    print(f"{tried} rules changed, {len(survivors)} not noticed")
    return survivors


def main():
    program, *options = sys.argv[1:] or sys.exit(__doc__)
    mutants, bounds = "--mutants" in options, "--bounds" in options
    options = [option for option in options if option not in ("--mutants", "--bounds")]
    folder = tempfile.mkdtemp(prefix="answer-key-")
    try:
        out = os.path.join(folder, "out")
        run(program, "generate", "--out", folder, *options)
        run(
            program, "screen", os.path.join(folder, "settlements.ndjson"), "--rules", "rules.d", "--out", out, "--quiet"
        )
        key, deductions = os.path.join(folder, "answer-key.ndjson"), os.path.join(out, "credit-deductions.ndjson")
        problems = differs(key, deductions)
        if problems is not None:
            sys.exit(problems)
        check_dead_letters(out, read(key))
        if mutants:
            survivors = try_mutants(folder, key, deductions)
            if survivors:
                sys.exit(f"the comparison did not notice: {', '.join(survivors)}")
            print(f"{len(MUTANTS)} deliberate differences, all noticed")
        survivors = try_bounds(program, folder, key) if bounds else []
        if survivors:
            sys.exit(f"the cases do not notice: {', '.join(survivors)}")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
