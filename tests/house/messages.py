#!/usr/bin/env python3
"""docs/messages.md names every field that goes out: a small region is screened, and each key of each message is looked up.

messages.py PROGRAM TREE
"""
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile

PAGES = ["credit-deductions", "inspector-cases", "second-review", "institution-facts", "screening-receipts", "dead-letters"]
SEED = "00" * 31 + "01"


def section(page, topic):
    """The words in backticks of the part of the page whose heading names the topic."""
    for part in re.split(r"^## ", page, flags=re.M):
        if f"`{topic}`" in part.split("\n", 1)[0]:
            return set(re.findall(r"`(\w+)`", part))
    sys.exit(f"docs/messages.md has no section on {topic}")


def keys(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            if key not in ("limits", "outputs"):    # its members are parameters of a rule kind (docs/reference/kinds.md), or topics
                yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


def main():
    program, tree = os.path.abspath(sys.argv[1]), sys.argv[2]
    with open(os.path.join(tree, "docs", "messages.md"), encoding="utf-8") as file:
        page = file.read()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        run = lambda *words: subprocess.run([program, *words], cwd=tree, check=True, stdout=subprocess.DEVNULL)
        run("generate", "--seed", "5", "--start", "2026-09-01", "--settlements", "4000", "--violations", "0.02", "--out", folder)
        with open(os.path.join(folder, "settlements.ndjson"), "a", encoding="utf-8") as file:
            file.write('{"msg_id":"x"}\n')
        seeds = os.path.join(folder, "seeds")
        commit = hashlib.sha256(bytes.fromhex(SEED)).hexdigest()
        with open(os.open(seeds, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
            file.write(f"2026-09 {SEED} {commit}\n")
        out = os.path.join(folder, "out")
        run("screen", os.path.join(folder, "settlements.ndjson"), "--rules", "rules.d", "--seeds", seeds, "--out", out, "--quiet")
        for topic in PAGES:
            known, seen, messages = section(page, topic), set(), 0
            with open(os.path.join(out, topic + ".ndjson"), encoding="utf-8") as file:
                for line in file:
                    seen.update(keys(json.loads(line)))
                    messages += 1
            missing = sorted(seen - known)
            print(f"{topic}: {messages} messages, {len(seen)} fields", *(f"; not on the page: {key}" for key in missing))
            wrong += len(missing) + (messages == 0)
    sys.exit(1 if wrong else 0)


main()
