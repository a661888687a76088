#!/usr/bin/env python3
"""Kills members of a running group with -9 at random moments and at named points, and asks that nothing is lost or doubled.

A real broker (or three) and a real redis-server are started on free ports. Members screen what a producer feeds at a steady rate; each is
killed at a random moment (--kills counts these) and started again at once. Besides, every sixth start is armed with a named point of
`settlewatch run screen --fault-points list`, where the process kills itself; these kills are told on a line of their own.

A kill counts as "inside a transaction" when the broker, asked between the death and the new start, holds a transaction of a worker of the
dead process that is neither committed nor aborted, and that no earlier kill was counted for. A commit that the broker was already
told of does not count.

At the end the outputs, as a reader of committed messages sees them, are compared with those of one uninterrupted embedded run over the
same lines: lost = open findings that are missing, or differ in amount or band; doubled = findings that the embedded run does not have, or
the same (deduction_id, revision) twice. Dead letters are compared, too; the receipts must cover each offset exactly once in an unbroken
chain, and `settlewatch verify receipts` must find every output as it was written.
"""
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

import common

sys.path.insert(0, os.path.join(common.TOP, "tests", "integration"))
import wire
from cluster import Cluster, Site, open_findings

PER_KILL = 450    # generated settlements for each kill; after the last line the feed begins anew
NAMED = ["after-take", "after-fetch", "after-screen", "after-begin", "after-stage", "before-commit", "after-commit", "after-index", "after-cache",
         "in-snapshot", "in-assign", "after-assign"]
REDIS = {"evict": ("--maxmemory", "2mb", "--maxmemory-policy", "allkeys-lru")}


class Feed(threading.Thread):
    """Lines of a file into `settlewatch replay -`, from the beginning again after the last, until told to stop; keeps what it fed."""

    def __init__(self, site, source, kept, rate, log=None):
        super().__init__(daemon=True)
        self.source, self.kept, self.stopping, self.lines, self.rounds, self.failed = source, kept, threading.Event(), 0, 0, None
        self.process = subprocess.Popen([site.program, "replay", "-", "--quiet", "--rate", str(rate), "--config", site.config], stdin=subprocess.PIPE,
                                        stdout=subprocess.DEVNULL, stderr=log)

    def run(self):
        try:
            with open(self.kept, "wb") as kept:
                while not self.stopping.is_set():
                    self.rounds += 1
                    with open(self.source, "rb") as lines:
                        for line in lines:
                            if self.stopping.is_set():
                                break
                            self.process.stdin.write(line)
                            kept.write(line)
                            self.lines += 1
                self.process.stdin.close()
        except OSError as problem:
            self.failed = problem

    def stop(self):
        self.stopping.set()
        self.join()
        code = self.process.wait(timeout=300)
        if self.failed or code != 0:
            raise RuntimeError(f"the producer ended with {code}: {self.failed}")


class Member:
    """One process of the group, with a name of its own."""

    def __init__(self, site, number, dice):
        self.site, self.dice, self.name = site, dice, f"m{number}"
        self.config = f"{site.cluster.folder}/{self.name}.yaml"
        self.log = open(f"{site.cluster.folder}/{self.name}.log", "ab")
        self.process, self.point, self.starts = None, None, 0
        mine, site.config = site.config, self.config
        site.write(instance=self.name)
        site.config = mine

    def start(self, named=True):
        self.starts += 1
        self.point = self.dice.choice(NAMED) if named and self.starts % 6 == 0 else None
        words = ["--fault-point", f"{self.point}:{1 if 'assign' in self.point else self.dice.randrange(1, 6)}"] if self.point else []
        self.process = subprocess.Popen([self.site.program, "run", "screen", "--from", "earliest", "--config", self.config, *words], stdout=self.log,
                                        stderr=self.log)
        # One that is to end by itself gets time for it. Of the others every fourth is killed at any moment of its start, and the rest at any
        # moment of two seconds after it got its partitions, however long a busy machine takes for that.
        self.said, self.late = os.path.getsize(self.log.name), 0 if self.dice.randrange(4) == 0 else 2 * self.dice.random()
        self.due = time.monotonic() + (15 if self.point else self.dice.random() if self.late == 0 else 30)

    def at_work(self):
        """Whether this start got its partitions; the moment of its death is set when it did."""
        with open(self.log.name, "rb") as log:
            log.seek(self.said)
            if b"partitions assigned" not in log.read():
                return False
        if self.late > 0 and not self.point:
            self.due, self.late = time.monotonic() + self.late, 0
        return True

    def kill(self):
        self.process.kill()
        self.process.wait()


class Tally:
    def __init__(self):
        self.kills = self.inside = self.named = self.named_inside = self.fenced = 0
        self.points, self.counted = {}, set()

    def dead(self, member, servers, host):
        """Asks the broker what the process that just died left open."""
        fresh = wire.open_transactions(servers, f"{member.site.name}-{host}-{member.name}-") - self.counted
        self.counted |= fresh
        return bool(fresh)


def disturb(cluster, mode, dice, stopping, told):
    """What happens to Redis meanwhile."""
    old = f"{cluster.folder}/old.rdb"
    while not stopping.wait({"flush": 2, "garbage": 1, "stale": 8}.get(mode, 60)):
        if mode == "flush":
            cluster.redis_cli("FLUSHALL")
            told["times"] += 1
        elif mode == "garbage":
            told["times"] += cluster.redis_spoil(dice, 0.05)
        elif mode == "stale":
            if not os.path.exists(old):
                cluster.redis_save(old)
            else:
                cluster.redis_restart(0, data=old)
                told["times"] += 1


def kill_leaders(site, dice, stopping, told):
    """Every now and then the broker that leads some partition of the input dies, and comes back."""
    topic = f"{site.name}-settlements"
    while not stopping.wait(12):
        for server in site.cluster.servers.split(","):
            try:
                leaders, _ = wire.leaders(server, topic)
            except OSError:
                continue
            site.cluster.broker_restart(leaders[dice.randrange(len(leaders))], pause=2)
            told["times"] += 1
            break


def watched(problems, work, *arguments):
    def run():
        try:
            work(*arguments)
        except Exception as problem:
            problems.append(f"{work.__name__}: {problem}")

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def kill_them(members, tally, options, site, feed, problems):
    host = "".join(c if c.isalnum() or c == "-" else "_" for c in os.uname().nodename)
    for member in members:
        member.start()
    told = time.monotonic()
    while tally.kills < options.kills and not problems:
        time.sleep(0.01)
        for member in members:
            code = member.process.poll()
            if code is None and member.late > 0:
                member.at_work()
            if code is None and time.monotonic() < member.due:
                continue
            if code is None:
                member.kill()
                inside = tally.dead(member, site.cluster.servers, host)
                tally.kills += 1
                tally.inside += inside
            elif code == -signal.SIGKILL and member.point:
                inside = tally.dead(member, site.cluster.servers, host)
                tally.named += 1
                tally.named_inside += inside
                tally.points[member.point] = tally.points.get(member.point, 0) + 1
            elif code == 70 and options.brokers == 3:
                tally.fenced += 1    # a dying broker may fence a static member: the service manager starts it again
            else:
                problems.append(f"{member.name} ended by itself with {code}, see {member.log.name}")
                break
            if tally.kills < options.kills:
                member.start()
        if time.monotonic() - told > 20:
            told = time.monotonic()
            print(f"{tally.kills} kills, {tally.inside} inside a transaction, {tally.named} at named points, {feed.lines} lines fed", flush=True)
    for member in members:    # the last ones are to end as asked
        if member.point and member.process.poll() is None:
            member.kill()
        if member.process.poll() is not None:
            member.start(named=False)
    limit = time.monotonic() + 60
    while not all(member.at_work() or member.process.poll() is not None for member in members) and time.monotonic() < limit:
        time.sleep(0.05)


def catch_up_and_compare(site, folder, rules, feed, problems):
    """Screens what is left, and holds all outputs against those of one embedded run; (lost, doubled, whether the receipts are complete)."""
    site.write(batch_records=2000)    # what is left goes fast
    site.call("run", "screen", "--once-until-end", timeout=1800)
    out = f"{folder}/embedded"
    subprocess.run([site.program, "screen", feed.kept, "--rules", rules, "--out", out, "--quiet", "--summary", "json"], check=True, stdout=subprocess.DEVNULL)
    with open(f"{out}/credit-deductions.ndjson", encoding="utf-8") as lines:
        wanted = open_findings(map(json.loads, lines), "embedded")
    with open(f"{out}/dead-letters.ndjson", encoding="utf-8") as lines:
        dead = sorted((m["reason"], m["raw"]) for m in map(json.loads, lines))
    last, seen, twice = {}, set(), 0
    for finding in site.read("credit-deductions"):
        key = finding["deduction_id"], finding["revision"]
        twice += key in seen
        seen.add(key)
        if key[1] > last.get(key[0], {"revision": 0})["revision"]:
            last[key[0]] = finding
    found = {(f["deduction_id"], f["vola_amt"], f["fund_amt"], f["band"]) for f in last.values() if f["stage"] == "proposed"}
    if sorted((m["headers"]["reason"], m["value"]) for m in site.read("dead-letters")) != dead:
        problems.append("the dead letters differ from those of the embedded run")
    with open(feed.kept, "rb") as lines:    # a TICK goes to every partition
        ends = sum(site.settings["partitions"] if b'"msg_type":"TICK"' in line else 1 for line in lines)
    try:
        complete = site.covered() == ends
        if not complete:
            problems.append(f"the receipts cover {site.covered()} of {ends} records")
    except AssertionError as problem:
        complete = False
        problems.append(f"receipts: {problem}")
    try:
        site.call("verify", "receipts")
    except AssertionError as problem:
        complete = False
        problems.append(f"verify receipts: {problem}")
    print(f"{ends} records, {len(wanted)} open findings, {len(dead)} dead letters", flush=True)
    return len(wanted - found), len(found - wanted) + twice, complete


def keep(cluster, options, problems):
    if not problems or not options.keep:
        return
    os.makedirs(options.keep, exist_ok=True)
    for name in os.listdir(cluster.folder):
        if name.endswith((".log", ".yaml", ".ndjson")):
            shutil.copy(f"{cluster.folder}/{name}", options.keep)


def verdict(counts, problems, lost, doubled, complete):
    """The problems, the last line, and the exit status."""
    for problem in problems:
        print(f"wrong: {problem}", file=sys.stderr, flush=True)
    print(f"{counts}, lost {lost}, doubled {doubled}, receipts complete {'yes' if complete else 'no'}")
    return int(bool(problems) or lost > 0 or doubled > 0 or not complete)


def main():
    parser = common.options("kill", __doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=300, help="kills at random moments (default 300)")
    parser.add_argument("--members", type=int, default=2, help="processes of the group (default 2)")
    parser.add_argument("--brokers", type=int, choices=(1, 3), default=1, help="with 3, leaders are killed and started again meanwhile")
    parser.add_argument("--redis", choices=("on", "off", "flush", "stale", "garbage", "evict"), default="on", help="what happens to Redis meanwhile")
    parser.add_argument("--rate", type=int, help="records a second (default 700, with three brokers 250)")
    parser.add_argument("--keep", metavar="DIR", help="copies logs and lines there when something is wrong")
    options = parser.parse_args()
    options.rate = options.rate or (700 if options.brokers == 1 else 250)
    program = os.path.join(common.build(options, "settlewatch"), "settlewatch")
    seed = common.seed_of(options)
    dice, begun = random.Random(seed), time.monotonic()
    rules = os.path.join(common.TOP, "rules.d")
    problems, tally, told = [], Tally(), {"times": 0}
    cluster = Cluster(brokers=options.brokers, redis_options=REDIS.get(options.redis, ()))
    lost = doubled = 0
    complete = False
    members = []
    try:
        source = f"{cluster.folder}/lines"
        subprocess.run([program, "generate", "--seed", str(seed), "--settlements", str(max(20000, options.kills * PER_KILL)), "--violations", "0.05", "--out", source],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        site = Site(program, rules, cluster, "kill", partitions=4, workers=1, redis=options.redis != "off", batch_records=10,
                    run={"memory_bytes": 4 << 20, "batch_ms": 10, "snapshot_s": 1})
        site.call("topics", "create")
        feed = Feed(site, f"{source}/settlements.ndjson", f"{cluster.folder}/fed.ndjson", options.rate)
        feed.start()
        stopping = threading.Event()
        threads = [watched(problems, disturb, cluster, options.redis, random.Random(seed + 1), stopping, told)]
        if options.brokers == 3:
            threads.append(watched(problems, kill_leaders, site, random.Random(seed + 2), stopping, told))
        members = [Member(site, number + 1, random.Random(seed + 10 + number)) for number in range(options.members)]
        kill_them(members, tally, options, site, feed, problems)
        stopping.set()
        for thread in threads:
            thread.join()
        seconds = time.monotonic() - begun
        feed.stop()
        for member in members:
            member.process.terminate()
            if member.process.wait(timeout=60) != 0 and options.brokers == 1:
                problems.append(f"{member.name} did not end well")
        print(f"{seconds:.0f} s; {tally.kills} kills at random moments; {tally.named} more at named points, {tally.named_inside} of them inside a transaction: "
              + ", ".join(f"{name} {times}" for name, times in sorted(tally.points.items())), flush=True)
        print(f"{feed.lines} lines fed in {feed.rounds} rounds; Redis {options.redis}" + (f", {told['times']} disturbances" if told["times"] else "")
              + (f"; {tally.fenced} members ended by a dying broker" if tally.fenced else ""), flush=True)
        lost, doubled, complete = catch_up_and_compare(site, cluster.folder, rules, feed, problems)
    except Exception as problem:
        problems.append(repr(problem))
    finally:
        for member in members:
            if member.process and member.process.poll() is None:
                member.process.kill()
                member.process.wait()
        keep(cluster, options, problems)
        cluster.close()
    return verdict(f"kills {tally.kills}, inside a transaction {tally.inside}", problems, lost, doubled, complete)


if __name__ == "__main__":
    sys.exit(main())
