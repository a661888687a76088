#!/usr/bin/env python3
"""The JSON Schema of rule files against the files: every shipped file fits it, and what is wrong in form does not.

rule_schema.py PROGRAM TREE

Every YAML file of rules.d must be valid. Of the corpus of bad rules, those whose error lies in the form (an unknown key, a wrong word, a
missing key, a wrong type, an operand that is not there) must be invalid; the rest are beyond a schema and are counted.
"""
import copy
import json
import os
import re
import subprocess
import sys

import jsonschema
import yaml

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from editor import Editor  # noqa: E402

# Codes of errors that a schema can see. Of 1018 and 1026 only some: "no" is a text to it, as 2026-02-30 is.
SEEN = {1007, 1017, 1019, 1020, 1021, 1022, 1102, 1103, 1105, 1108, 1109, 1111, 1112, 1113, 1136}
# A third decimal is a number all the same, and so is 010; a band needs a condition only beside another; what a sentence names.
UNSEEN = {"amount_three_decimals.yaml", "band_without_if.yaml", "version_octal.yaml", "previous_without_pair.yaml"}

mistakes = 0


def expect(sentence, true, *evidence):
    global mistakes
    if not true:
        print("FAIL", sentence, *evidence)
    mistakes += not true


def read(path):
    with open(path, encoding="utf-8") as file:
        return yaml.load(file, Editor)


def why(validator, value):
    error = jsonschema.exceptions.best_match(validator.iter_errors(value))
    return f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" if error else ""


def main():
    program, tree = os.path.abspath(sys.argv[1]), sys.argv[2]
    run = subprocess.run([program, "rules", "schema"], stdout=subprocess.PIPE, check=True)
    schema = json.loads(run.stdout)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    own = subprocess.run([program, "rules", "schema", "--rules", os.path.join(tree, "rules.d")], stdout=subprocess.PIPE, check=True)
    site = jsonschema.Draft7Validator(json.loads(own.stdout))

    shipped = 0
    for folder, _, names in sorted(os.walk(os.path.join(tree, "rules.d"))):
        for name in sorted(names):
            if not name.endswith(".yaml"):
                continue
            path, shipped = os.path.join(folder, name), shipped + 1
            value = read(path)
            expect(f"{path} fits", validator.is_valid(value), why(validator, value))
            expect(f"{path} fits the site's own", site.is_valid(value), why(site, value))
            with open(path, encoding="utf-8") as file:
                line = file.readline()
            named = re.match(r"# yaml-language-server: \$schema=(\S+)$", line)
            expect(f"{path} names the schema in its first line", named, line)
            if named:    # rules.d is installed beside the schema, and stands beside it in the source tree
                where = os.path.normpath(os.path.join(os.path.relpath(folder, tree), named.group(1)))
                expect(f"{path} names the schema beside rules.d", where == "rules.schema.json", where)
            # Each key misspelt is found, at every depth that has a form.
            if isinstance(value, dict):
                for key in value:
                    bad = {("x" + k if k == key else k): v for k, v in value.items()}
                    expect(f"{path}: '{key}' misspelt is found", not validator.is_valid(bad))
            if "bands" in value:
                bad = copy.deepcopy(value)
                bad["bands"][0]["if"] = {"gab": {"at_most": 7}}
                expect(f"{path}: an operand that is not there is found", not validator.is_valid(bad))
    expect("rules were found", shipped >= 20, shipped)

    overlay = {"overlay": "a", "owner": "b", "reason": "c", "rules": [
        {"id": "ADM-001", "version": 1, "reason": "d", "owner": "e", "params": {"max_gap": 7},
         "unless": [{"id": "pilot", "if": {"fixmedins_code": "H1"}, "reason": "f", "until": "2027-12-31"}]}]}
    expect("an overlay fits", validator.is_valid(overlay), why(validator, overlay))
    overlay["rules"][0]["unless"][0]["if"] = {"fixmedins": "H1"}
    expect("an overlay's exemption without such an operand does not", not validator.is_valid(overlay))

    refused = seen = 0
    bad_rules = os.path.join(tree, "tests", "golden", "bad_rules")
    for name in sorted(os.listdir(bad_rules)):
        path = os.path.join(bad_rules, name)
        if not name.endswith(".yaml"):
            continue
        with open(path, encoding="utf-8") as file:
            codes = [int(code) for code in re.findall(r"^# expect: SW(\d+)", file.read(), re.M)]
        if 1008 in codes:    # an alias may make a circle
            continue
        try:
            value = read(path)
        except yaml.YAMLError:
            continue
        valid = validator.is_valid(value)
        refused += not valid
        if set(codes) & SEEN and name not in UNSEEN:
            seen += 1
            expect(f"{name} ({codes}) is refused", not valid)
    print(f"{shipped} shipped files, {refused} bad files refused, {seen} of them must be, {mistakes} mistakes")
    expect("most of the corpus is seen", refused >= 70, refused)
    return 1 if mistakes else 0


sys.exit(main())
