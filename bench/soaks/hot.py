#!/usr/bin/env python3
"""One patient with very many settlements on a partition; measures whether the others of that partition wait.

A real broker and a real redis-server are started on free ports; one partition, one process, one worker. First ordinary patients' records come at a
steady rate, and the longest distance between two receipts is told. Then all --settlements of the one patient come as fast as they are taken
(outpatient bills of a real mix, all inside the horizon, so that nothing may be forgotten). Then ordinary records come again at that rate, every
twentieth of them the hot patient's, whose whole dossier each of those goes through; the longest distance between two receipts is told again.
"""
import itertools
import os
import re
import subprocess
import sys
import time

import common

sys.path.insert(0, os.path.join(common.TOP, "tests", "integration"))
from cluster import Cluster, Receipts, Site, wait_for

SETTLE_S, SHARE, BILL_BYTES = 20, 20, 6000    # a bill of an outpatient visit is shorter than that
HOT = "p_" + "0" * 31 + "1"


def bills(path, size):
    """So many messages of outpatient settlements of a generated file; some correct one that came before."""
    with open(path, encoding="utf-8") as lines:
        found = (line for line in lines if '"msg_type":"SETL"' in line and len(line) < BILL_BYTES)
        return list(itertools.islice(found, size))


def of_hot(line):
    return re.sub(r'"psn_no":"p_[0-9a-f]+"', f'"psn_no":"{HOT}"', line)


def settlements_of(lines):
    return {re.search(r'"setl_id":"([^"]*)"', line).group(1) for line in lines}


def put(path, lines):
    with open(path, "w", encoding="utf-8") as out:
        out.writelines(lines)
    return path


def main():
    parser = common.options("hot", __doc__.split("\n")[0])
    parser.add_argument("--settlements", type=int, default=100000, help="of the one patient (default 100000)")
    parser.add_argument("--rate", type=int, default=500, help="records a second of the others (default 500)")
    options = parser.parse_args()
    program = os.path.join(common.build(options, "settlewatch"), "settlewatch")
    seed = common.seed_of(options)
    cluster, site = Cluster(bench=True), None
    try:
        folder, ordinary = cluster.folder, SETTLE_S * options.rate
        need = options.settlements + 2 * ordinary
        subprocess.run([program, "generate", "--seed", str(seed), "--settlements", str(need + need // 8), "--no-ticks", "--no-twins", "--out", f"{folder}/lines"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        lines = bills(f"{folder}/lines/settlements.ndjson", need)
        hot, before, after = lines[:options.settlements], lines[options.settlements:-ordinary], lines[-ordinary:]
        site = Site(program, os.path.join(common.TOP, "rules.d"), cluster, "hot", partitions=1, workers=1)
        site.call("topics", "create")
        process, receipts = site.start("run", "screen", "--from", "earliest"), Receipts(site)

        def steady(name, records):
            begun = time.monotonic()
            site.call("replay", put(f"{folder}/{name}.ndjson", records), "--rate", str(options.rate))
            ended = time.monotonic()
            wait_for(lambda: process.poll() is not None or receipts.pause([0], ended, time.monotonic()) > 2, "the end of the records", 60)
            return receipts.pause([0], begun + 1, ended)

        time.sleep(3)    # it reads what comes from now on
        alone = steady("before", before)
        begun = time.monotonic()
        site.call("replay", put(f"{folder}/hot.ndjson", [of_hot(line) for line in hot]))
        done = len(before) + len(hot)
        wait_for(lambda: time.sleep(1) or site.covered() >= done or process.poll() is not None, "the hot patient's settlements", 900)
        each_ms = (time.monotonic() - begun) * 1000 / len(hot)
        beside = steady("after", [of_hot(line) if number % SHARE == 0 else line for number, line in enumerate(after)])
        sent = settlements_of([*hot, *after[::SHARE]])
        if process.poll() is not None:
            raise RuntimeError(f"the screen ended with {process.poll()}")
        receipts.close()
        held = len(re.findall(r"^settlement ", site.call("state", "show", HOT), flags=re.M))
        process.terminate()
        if process.wait(timeout=60) != 0:
            raise RuntimeError("the screen did not end well")
    finally:
        if site is not None:
            site.close()
        cluster.close()
    print(f"{each_ms:.2f} ms for each settlement of the one patient until there were so many")
    print(f"hot patient {held} settlements, longest pause {alone:.3f} s without, {beside:.3f} s with")
    return 0 if held == len(sent) and beside <= max(1.0, 2 * alone) else 1


if __name__ == "__main__":
    sys.exit(main())
