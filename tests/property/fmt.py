#!/usr/bin/env python3
"""`rules fmt` keeps what a file says: values, comments, the rule set's hash; and formatting twice is formatting once.

fmt.py PROGRAM [--seed N] [--rounds N]

Every shipped file and every bad rule that can be read is formatted; then again with comments sown at random places: above lines, behind them,
inside brackets, at the ends of lists. What a comment is, is found by another reader of YAML (PyYAML's marks), not by the program.
"""
import argparse
import collections
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

mistakes = 0


def expect(sentence, true, *evidence):
    global mistakes
    if not true and mistakes < 20:
        print("FAIL", sentence, *evidence)
    mistakes += not true


class Texts(yaml.SafeLoader):
    """Every scalar as (its text, whether some tools would not read a text): quotes may come to a code, a number stays one."""


Texts.yaml_implicit_resolvers = {}


def tokens(text):
    return [(t.start_mark.index, t.end_mark.index, t) for t in yaml.scan(text) if isinstance(t, yaml.ScalarToken)]


def comments(text):
    """All comments outside scalars, and behind the '|' of a block scalar."""
    found, at = [], 0
    for start, end, token in tokens(text) + [(len(text), len(text), None)]:
        for line in re.finditer(r"#[^\n]*", text[at:start]):
            found.append(line.group().rstrip())
        if token is not None and token.style in ("|", ">"):
            head = text[start:text.index("\n", start)]
            found += [c.rstrip() for c in re.findall(r"#.*", head)]
        at = end
    return collections.Counter(found)


def sow(text, random):
    """The text with comments at random places where YAML allows them."""
    inside = set()    # characters of scalars that span lines: nothing is put into them
    spans = tokens(text)
    for start, end, token in spans:
        if "\n" in text[start:end]:
            inside.update(range(start, end))
    commas = []
    at = 0
    for start, end, _ in spans + [(len(text), len(text), None)]:
        gap = text[at:start].split("#")[0] if "#" in text[at:start] else text[at:start]
        commas += [at + i + 1 for i, c in enumerate(gap) if c in ",[{"]
        at = end
    out, count = [], 0
    line_start = 0
    places = {}
    for place in commas:
        if random.random() < 0.03:
            places[place] = "flow"
    for line in text.split("\n"):
        end = line_start + len(line)
        if line_start not in inside and random.random() < 0.06 and text[:line_start].rstrip():
            places.setdefault(line_start, "above")
        if end not in inside and line.strip() and "#" not in line and random.random() < 0.06 and not re.search(r"[|>][+-]?$", line):
            places.setdefault(end, "behind")
        line_start = end + 1
    at = 0
    for place in sorted(places):
        out.append(text[at:place])
        count += 1
        word = random.choice(["# 注", "#no space", "# quotes \" and ' and {braces}: [x]", "# - a: b"]) + f" {count}"
        if places[place] == "above":
            indent = len(re.match(r" *", text[place:]).group()) + random.choice([0, 0, 0, 2, 4, -2])
            out.append(" " * max(0, indent) + word + random.choice(["\n", "\n\n", "\n"]))
        elif places[place] == "behind":
            out.append(" " * random.choice([1, 3]) + word)
        else:
            line = text.rfind("\n", 0, place) + 1
            indent = len(re.match(r" *", text[line:]).group()) + 3
            out.append(random.choice([" ", "\n" + " " * indent]) + word + "\n" + " " * indent)
        at = place
    out.append(text[at:])
    return "".join(out)


def values(text):
    return yaml.load(text, Texts)


def run(program, *arguments):
    run = subprocess.run([program, "--lang", "en", "rules", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return run.returncode, run.stdout.decode("utf-8", "replace")


def hash_of(program, folder):
    code, out = run(program, "check", folder)
    found = re.search(r"rule set ([0-9a-f]{32})", out)
    return found.group(1) if found else f"{code}"


def read_all(folder):
    texts = {}
    for path, _, names in os.walk(folder):
        for name in sorted(names):
            if name.endswith(".yaml"):
                with open(os.path.join(path, name), "rb") as file:
                    texts[os.path.join(path, name)] = file.read()
    return texts


def check_folder(program, folder, what):
    """Formats the folder twice and compares. Returns how many files changed and how many could not be read."""
    before = read_all(folder)
    hash_before = hash_of(program, folder)
    code, out = run(program, "fmt", folder)
    expect(f"{what}: fmt ends with 0, or 78 where files are no YAML", code in (0, 78), code, out[:600])
    expect(f"{what}: no file is left alone", "left alone" not in out, out[:600])
    after = read_all(folder)
    expect(f"{what}: nothing is left behind", set(after) == set(before), set(after) ^ set(before))
    changed = refused = 0
    for path, now in after.items():
        was = before[path]
        changed += now != was
        if now == was and f"{path}:" in out:
            refused += 1
            continue
        name = f"{what}: {os.path.relpath(path, folder)}"
        was, now = was.decode(), now.decode()
        try:
            expect(f"{name} keeps its values", values(was) == values(now))
        except yaml.YAMLError as error:
            expect(f"{name} can be read by others", False, error)
            continue
        missing, more = comments(was) - comments(now), comments(now) - comments(was)
        expect(f"{name} keeps its comments", not missing and not more, dict(missing), dict(more))
        expect(f"{name} ends in one line feed and has no spaces at ends of lines",
               now.endswith("\n") and not now.endswith("\n\n") and not re.search(r"[ \t]$", now, re.M) or "|" in now)
    expect(f"{what}: the rule set's hash is the same", hash_before == hash_of(program, folder) or not hash_before.isalnum() or
           len(hash_before) < 32, hash_before)
    if len(hash_before) == 32:
        expect(f"{what}: hash", hash_before == hash_of(program, folder))
    code, out = run(program, "fmt", "--check", folder)
    lines = [line for line in out.split("\n") if line.startswith("/") and line.endswith(".yaml")]
    expect(f"{what}: formatting twice is formatting once", not lines, lines[:5])
    return changed, refused


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("program", type=os.path.abspath)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--rounds", type=int, default=5)
    chosen = arguments.parse_args()
    print("seed", chosen.seed)
    draw = random.Random(chosen.seed)
    with tempfile.TemporaryDirectory() as scratch:
        def copy(source):
            folder = os.path.join(scratch, "rules")
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(source, folder)
            return folder

        check_folder(chosen.program, copy("rules.d"), "rules.d")
        changed, refused = check_folder(chosen.program, copy("tests/golden/bad_rules"), "bad rules")
        print("bad rules:", changed, "changed,", refused, "refused")
        expect("most bad rules can be formatted", changed > 20 and refused < 20, changed, refused)
        sown = 0
        for number in range(chosen.rounds):
            folder = copy("rules.d" if number % 2 == 0 else "tests/golden/bad_rules")
            for path, text in read_all(folder).items():
                try:
                    text = text.decode()
                    new = sow(text, draw)
                    if values(text) != values(new):    # it fell into a scalar
                        continue
                except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError):
                    continue
                sown += sum((comments(new) - comments(text)).values())
                with open(path, "w", encoding="utf-8") as file:
                    file.write(new)
            check_folder(chosen.program, folder, f"round {number}")
        print(sown, "comments sown")
        expect("many comments were sown", sown > 100 * chosen.rounds // 2, sown)

        # A text that lost its quotes gets them back; a number stays a number; nothing but the file asked for is touched.
        folder = copy("rules.d")
        path = os.path.join(folder, "admission", "split_admission.yaml")
        with open(path, encoding="utf-8") as file:
            good = file.read()
        expect("the file has a code to spoil", '- hi_paymtd: "5"' in good)
        with open(path, "w", encoding="utf-8") as file:
            file.write(good.replace('- hi_paymtd: "5"', "- hi_paymtd: 5"))
        expect("a code without quotes is an error", run(chosen.program, "check", folder)[0] == 1)
        code, out = run(chosen.program, "fmt", path)
        expect("fmt quotes the code", code == 0 and run(chosen.program, "check", folder)[0] == 0, code, out)
        code, out = run(chosen.program, "fmt", "--check", path)
        expect("what is formatted passes --check", code == 0 and out == "", code, out)
        with open(path, "a", encoding="utf-8") as file:
            file.write("\n\n# at the end\n\n\n")
        code, out = run(chosen.program, "fmt", "--check", path)
        expect("what is not does not, and is named", code == 1 and out.strip() == path, code, out)
        code, out = run(chosen.program, "fmt", "--diff", path)
        expect("--diff shows the change and makes none", code == 1 and "\n-\n" in out and run(chosen.program, "fmt", "--check", path)[0] == 1, out)
        os.chmod(path, 0o640)
        code, out = run(chosen.program, "fmt", path)
        expect("permissions stay", code == 0 and os.stat(path).st_mode & 0o7777 == 0o640, oct(os.stat(path).st_mode))
        with open(path, "w", encoding="utf-8") as file:
            file.write("rule: [a\n")
        code, out = run(chosen.program, "fmt", path)
        with open(path, encoding="utf-8") as file:
            expect("what is no YAML is told and left alone", code == 78 and "SW1005" in out and file.read() == "rule: [a\n", code, out)
    print(mistakes, "mistakes")
    return 1 if mistakes else 0


sys.exit(main())
