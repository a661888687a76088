#!/usr/bin/env python3
"""Reference pages are printed by the program: each row of docs/reference/commands.list is "file<TAB>arguments".

reference.py PROGRAM TREE           fails when a page differs from what the program prints now, or belongs to no row
reference.py --write PROGRAM TREE   writes the pages
"""
import difflib
import os
import shlex
import subprocess
import sys


def rows(folder):
    with open(os.path.join(folder, "commands.list"), encoding="utf-8") as file:
        for line in file:
            line = line.rstrip("\n")
            if line and not line.startswith("#"):
                name, arguments = line.split("\t")
                yield name, arguments


def printed(program, tree, name, arguments):
    run = subprocess.run([program, "--lang", "en"] + shlex.split(arguments), cwd=tree, stdout=subprocess.PIPE, timeout=60, check=False)
    if run.returncode != 0:
        sys.exit(f"settlewatch {arguments}: exit {run.returncode}")
    note = f"<!-- Printed by `settlewatch {arguments}`; do not edit. -->\n" if name.endswith(".md") else ""
    return note + run.stdout.decode("utf-8")


def main():
    arguments = sys.argv[1:]
    write = arguments[:1] == ["--write"]
    if len(arguments) != 2 + write:
        sys.exit(__doc__)
    program, tree = arguments[write:]
    program = os.path.abspath(program)
    folder = os.path.join(tree, "docs", "reference")
    wrong = []
    known = {"commands.list"}
    for name, command in rows(folder):
        known.add(name)
        path = os.path.join(folder, name)
        now = printed(program, tree, name, command)
        if write:
            with open(path, "w", encoding="utf-8") as file:
                file.write(now)
            continue
        was = ""
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                was = file.read()
        if was != now:
            wrong.append(name)
            sys.stdout.writelines(difflib.unified_diff(was.splitlines(True), now.splitlines(True), f"docs/reference/{name}",
                                                       f"settlewatch {command}", n=1))
    if not write:
        for name in sorted(set(os.listdir(folder)) - known):
            wrong.append(name)
            print(f"docs/reference/{name} has no row in commands.list")
    if len(known) == 1:
        sys.exit("docs/reference/commands.list has no rows")
    print(f"{len(known) - 1} pages, {len(wrong)} differ")
    sys.exit(1 if wrong else 0)


main()
