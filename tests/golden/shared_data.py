"""Real records for tests: they are read where they lie and never copied into the tree.

The folder is $SETTLEWATCH_DATA or ../shared/data beside the checkout. Without it a test ends with exit code 77, which
ctest shows as skipped.
"""
import csv
import gzip
import json
import os
import subprocess
import sys

SKIPPED = 77
MESSAGE_NUMBER = 0


def folder(name):
    """The folder of a data set, or the end of the test."""
    top = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    root = os.environ.get("SETTLEWATCH_DATA") or os.path.join(top, "..", "shared", "data")
    path = os.path.join(root, name)
    if not os.path.isdir(path):
        print(f"skipped: no folder '{name}' of real records; set SETTLEWATCH_DATA")
        sys.exit(SKIPPED)
    return path


def rows(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def envelope(msg_type, institution, person, event_time, body, infno="2304"):
    global MESSAGE_NUMBER
    MESSAGE_NUMBER += 1
    return {
        "msg_id": f"{institution}{MESSAGE_NUMBER:012d}",
        "msg_type": msg_type,
        "infno": infno,
        "mdtrtarea_admvs": "620100",
        "insuplc_admdvs": "620100",
        "fixmedins_code": institution,
        "psn_no": person,
        "event_time": event_time,
        "recv_time": event_time,
        "ver": 1,
        "body": body,
    }


def write(path, messages):
    with open(path, "w", encoding="utf-8") as file:
        for message in messages:
            file.write(json.dumps(message, ensure_ascii=False, separators=(",", ":")) + "\n")


def screen(program, settlements, rules, out, *options):
    """Runs the embedded screen; returns its summary."""
    done = subprocess.run(
        [program, "screen", settlements, "--rules", rules, "--out", out, "--summary", "json", "--quiet", *options],
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        sys.exit(f"screen ended with {done.returncode}:\n{done.stderr[-4000:]}")
    return json.loads(done.stdout)


def open_findings(out):
    """The last revision of each finding that is open."""
    last = {}
    with open(os.path.join(out, "credit-deductions.ndjson"), encoding="utf-8") as file:
        for line in file:
            message = json.loads(line)
            held = last.get(message["deduction_id"])
            if held is None or message["revision"] > held["revision"]:
                last[message["deduction_id"]] = message
    return [message for message in last.values() if message["stage"] == "proposed"]


def expect(problems, what, found, wanted):
    good = found == wanted
    print(f"{'ok  ' if good else 'FAIL'} {what}: {found}" + ("" if good else f" instead of {wanted}"))
    if not good:
        problems.append(what)
