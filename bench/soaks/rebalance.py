#!/usr/bin/env python3
"""Members join and leave under load; measures how long the partitions of those that stay stand still.

A real broker and a real redis-server are started on free ports. --members processes screen what a producer feeds at a steady rate; one more
joins and leaves again, --rounds times. A reader of committed messages notes when each receipt appears. Of every rebalance the longest pause of a
partition that stays where it was is told: the largest distance between two of its receipts, from the moment the member starts (or stops) until
ten seconds later. A pause holds the time of an ordinary transaction as well, which is told, too. The member that leaves does so in good order; that it is
gone the group notices after its session (6 s here), and until then its own partitions wait, as they must: it might come back.
"""
import os
import random
import subprocess
import sys
import time

import common

sys.path.insert(0, os.path.join(common.TOP, "tests", "integration"))
from cluster import Cluster, Receipts, Site, wait_for

SETTLE_S = 10


def owners(partitions, members):
    """Who has which, when ranges are shared out by name: the first ones have one more."""
    share, more = divmod(partitions, members)
    return [member for member in range(members) for _ in range(share + (member < more))]


def assigned(member, times):
    with open(member.log, encoding="utf-8") as log:
        return log.read().count("partitions assigned") >= times


class Member:
    """One process of the group, with a name and a journal of its own."""

    def __init__(self, site, name):
        self.site, self.name, self.log = site, name, f"{site.cluster.folder}/{name}.log"
        self.process = None

    def start(self):
        self.site.write(instance=self.name)
        self.process = self.site.start("run", "screen", "--from", "earliest", log=self.log)


def main():
    parser = common.options("rebalance", __doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often the member joins and leaves (default 5)")
    parser.add_argument("--members", type=int, default=2, help="processes that stay (default 2)")
    parser.add_argument("--rate", type=int, default=1000, help="records a second (default 1000)")
    options = parser.parse_args()
    program = os.path.join(common.build(options, "settlewatch"), "settlewatch")
    seed = common.seed_of(options)
    cluster, site, longest = Cluster(), None, 0.0
    try:
        lines = f"{cluster.folder}/lines"
        seconds = 30 + options.rounds * 3 * SETTLE_S
        subprocess.run([program, "generate", "--seed", str(seed), "--settlements", str(seconds * options.rate), "--no-ticks", "--out", lines], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        partitions = 2 * (options.members + 1)
        site = Site(program, os.path.join(common.TOP, "rules.d"), cluster, "rebalance", partitions=partitions, workers=1, run={"batch_ms": 10})
        site.call("topics", "create")
        members = [Member(site, f"m{number}") for number in range(options.members)]
        for member in members:
            member.start()
            wait_for(lambda: assigned(member, 1), "an assignment")
        receipts = Receipts(site)
        site.start("replay", f"{lines}/settlements.ndjson", "--rate", str(options.rate))
        wait_for(lambda: len(receipts.seen()) == partitions, "receipts of all partitions")
        begun = time.monotonic()
        time.sleep(SETTLE_S)
        print(f"ordinary: at most {receipts.pause(range(partitions), begun, time.monotonic()):.3f} s between two receipts of a partition", flush=True)
        two = zip(owners(partitions, options.members), owners(partitions, options.members + 1))
        stay = [partition for partition, (without, beside) in enumerate(two) if without == beside]    # the guest is the last by name
        dice, guest = random.Random(seed), Member(site, "z")
        for number in range(1, options.rounds + 1):
            for what in ("joins", "leaves"):
                time.sleep(dice.random())
                begun = time.monotonic()
                if what == "joins":
                    guest.start()
                    wait_for(lambda: assigned(guest, number), "the guest's assignment")
                else:
                    before = open(members[0].log, encoding="utf-8").read().count("partitions assigned")
                    guest.process.terminate()
                    if guest.process.wait(timeout=60) != 0:
                        raise RuntimeError("the guest did not end well")
                    wait_for(lambda: assigned(members[0], before + 1), "the group notices")
                time.sleep(SETTLE_S / 2)
                pause = receipts.pause(stay, begun, time.monotonic())
                longest = max(longest, pause)
                print(f"round {number}: a member {what}: partitions that stay paused {pause:.3f} s", flush=True)
        receipts.close()
        with open(members[0].log, encoding="utf-8") as log:
            told = [line.rstrip() for line in log if "partitions assigned" in line]
        if any(not line.endswith("assigned, 0 to be rebuilt") for line in told[-2 * options.rounds::2]):
            raise RuntimeError("a partition that stayed was rebuilt when a member joined")
        for member in members:
            member.process.terminate()
            if member.process.wait(timeout=60) != 0:
                raise RuntimeError(f"{member.name} did not end well")
    finally:
        if site is not None:
            site.close()
        cluster.close()
    print(f"rebalances {2 * options.rounds}, longest pause {longest:.3f} s")
    return 0 if longest <= 1.0 else 1


if __name__ == "__main__":
    sys.exit(main())
