#!/usr/bin/env python3
"""Kills the screen over a state topic with many dossiers, and measures how long the next start takes to its first commit.

A real broker and a real redis-server are started on free ports. Settlements are generated and screened; then bench_fill multiplies the
dossiers that this made, whole and under other persons' names, until the state topic holds --dossiers of them. The screen runs over it until it
has written a snapshot of its indexes, and is killed with -9 in the middle of its work. Then, with records waiting, it is started twice: once
beside the snapshot, and, after one more kill, without it. The time is from the start of the process to the moment a reader of
committed messages has the first new receipt.
"""
import glob
import os
import re
import signal
import subprocess
import sys
import time

import common

sys.path.insert(0, os.path.join(common.TOP, "tests", "integration"))
from cluster import Cluster, Site, wait_for


def first_commit(site, waiting):
    """Starts the screen; (the process, seconds to the first new receipt)."""
    site.call("replay", waiting)
    with subprocess.Popen([site.program, "topics", "read", "screening-receipts", "--config", site.config], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as reader:
        try:
            time.sleep(2)    # it reads what comes from now on
            begun = time.monotonic()
            process = site.start("run", "screen")
            line = reader.stdout.readline()
            seconds = time.monotonic() - begun
        finally:
            reader.kill()
    if not line or process.poll() is not None:
        raise RuntimeError(f"the screen ended with {process.poll()}")
    return process, seconds


def killed(site, process, seconds):
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()
    snapshots = glob.glob(f"{site.state_dir}/*.index")
    return len(snapshots), sum(os.path.getsize(path) for path in snapshots)


def main():
    parser = common.options("recover", __doc__.split("\n")[0])
    parser.add_argument("--dossiers", type=int, default=1000000, help="on the state topic (default 1000000)")
    parser.add_argument("--workers", type=int, default=2, help="of the one process (default 2)")
    options = parser.parse_args()
    folder = common.build(options, "settlewatch", "bench_fill")
    program, filler = os.path.join(folder, "settlewatch"), os.path.join(folder, "bench", "bench_fill")
    seed = common.seed_of(options)
    cluster, site = Cluster(bench=True), None
    try:
        lines = f"{cluster.folder}/lines"
        subprocess.run([program, "generate", "--seed", str(seed), "--settlements", str(min(20000, options.dossiers)), "--out", lines], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        subprocess.run([program, "generate", "--seed", str(seed + 1), "--settlements", "4000", "--no-ticks", "--out", f"{lines}2"], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        site = Site(program, os.path.join(common.TOP, "rules.d"), cluster, "recover", partitions=4, workers=options.workers, batch_records=1000)
        site.call("topics", "create")
        site.call("replay", f"{lines}/settlements.ndjson")
        site.run_to_the_end()
        begun = time.monotonic()
        filled = subprocess.run([filler, site.config, str(options.dossiers)], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1]
        print(f"state topic: {filled}, filled in {time.monotonic() - begun:.0f} s", flush=True)
        for path in glob.glob(f"{site.state_dir}/*.index"):
            os.remove(path)

        # The first start learns all; a snapshot follows a while later.
        site.write(run={"snapshot_s": 3})
        process, seconds = first_commit(site, f"{lines}2/settlements.ndjson")
        print(f"first start, everything to be learned: first commit after {seconds:.2f} s", flush=True)
        wait_for(lambda: len(glob.glob(f"{site.state_dir}/*.index")) == site.settings["partitions"], "the snapshots", 120)
        site.call("replay", f"{lines}2/settlements.ndjson")
        number, size = killed(site, process, 0.2)
        print(f"killed; {number} snapshots of {size} bytes", flush=True)
        process, with_snapshot = first_commit(site, f"{lines}2/settlements.ndjson")
        killed(site, process, 0)
        for path in glob.glob(f"{site.state_dir}/*.index"):
            os.remove(path)
        process, without = first_commit(site, f"{lines}2/settlements.ndjson")
        with open(site.log.name, encoding="utf-8") as log:
            learned = sum(map(int, re.findall(r"ready, (\d+) subjects", log.read())[-site.settings["partitions"]:]))
        print(f"{learned} subjects in the indexes after the last start", flush=True)
        process.terminate()
        if process.wait(timeout=60) != 0 or learned < options.dossiers:
            raise RuntimeError("the last start did not learn every dossier, or did not end well")
        site.covered()
    finally:
        if site is not None:
            site.close()
        cluster.close()
    print(f"first commit after {with_snapshot:.2f} s with snapshot, {without:.2f} s without")
    return 0


if __name__ == "__main__":
    sys.exit(main())
