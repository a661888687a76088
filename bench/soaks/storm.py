#!/usr/bin/env python3
"""Members that are never restarted through freezes, dying brokers and moving partitions; asks that every partition moves on after each.

A real broker and a real redis-server are started on free ports. Two members of two workers screen what a producer feeds at a steady rate, with
memory for few dossiers. One fault after the other happens, drawn by the seed (--faults of them): a member or the broker is frozen, the broker or Redis
is killed and started again, another member comes and leaves or is killed, the dossiers cannot be read to the end because somebody's transaction is
open; every third time a second fault begins before the first is over. After each fault every partition must show new receipts within --patience
seconds. A process may end only with status 70 when it was fenced, as a service manager would see, and is started again; such ends are told.

At the end the outputs are compared with those of one uninterrupted embedded run, as in `bench/soak kill`.
"""
import functools
import os
import random
import signal
import subprocess
import sys
import time

import common
from kill import Feed, catch_up_and_compare, keep, verdict, watched

sys.path.insert(0, os.path.join(common.TOP, "tests", "integration"))
from cluster import Cluster, Receipts, Site
from meddling import Meddle

PARTITIONS = 4


class Group:
    """Members by name; each may be started again only when it was fenced."""

    def __init__(self, site, meddle):
        self.site, self.meddle, self.members, self.said, self.fenced = site, meddle, {}, {}, 0

    def start(self, name):
        every, self.site.config = self.site.config, f"{self.site.cluster.folder}/{name}.yaml"
        self.site.write(instance=name)
        self.said[name] = os.path.getsize(self.log(name)) if os.path.exists(self.log(name)) else 0
        self.members[name] = self.site.start("run", "screen", "--from", "earliest", log=self.log(name))
        self.site.config = every

    def log(self, name):
        return f"{self.site.cluster.folder}/{name}.log"

    def ended(self, name, code, expected=()):
        """Whether it was fenced; any other end that is not expected ends the soak."""
        if code in expected:
            return False
        with open(self.log(name), "rb") as log:
            log.seek(self.said[name])
            if code != 70 or b"fenced" not in log.read():
                raise RuntimeError(f"{name} ended with {code}")
        self.fenced += 1
        return True

    def leave(self, name, how):
        process = self.members.pop(name)
        process.send_signal(how)
        self.ended(name, process.wait(timeout=90), expected=(0 if how == signal.SIGTERM else -how,))

    def tend(self):
        for name, process in list(self.members.items()):
            if process.poll() is not None and self.ended(name, process.returncode):
                self.start(name)


def frozen(send, seconds, after=0):
    time.sleep(after)
    send(signal.SIGSTOP)
    time.sleep(seconds)
    send(signal.SIGCONT)


def one_of(group, dice):
    return group.members[dice.choice(["a", "b"])].send_signal


def freeze_member(group, dice):
    frozen(one_of(group, dice), dice.choice([0.5, 3, 8, 12]))


def freeze_broker(group, dice):
    with open(f"{group.site.cluster.folder}/kafka/b1/pid", encoding="ascii") as pid:
        frozen(functools.partial(os.kill, int(pid.read().split()[0])), dice.choice([0.5, 3, 8]))


def kill_broker(group, dice):
    group.site.cluster.broker_restart(pause=dice.choice([0, 1, 4]))


def kill_redis(group, dice):
    group.site.cluster.redis_restart(pause=dice.choice([0, 3]))


def guest_comes(group, dice):
    group.start("g")
    time.sleep(dice.choice([0.3, 2, 6]))
    group.leave("g", dice.choice([signal.SIGTERM, signal.SIGKILL]))


def dossiers_wait(group, dice):
    """Whoever takes a partition over meanwhile must wait, and so must the partition."""
    group.meddle("hold", f"{group.site.name}-patient-state")
    try:
        guest_comes(group, dice)
        time.sleep(dice.choice([0, 4]))
    finally:
        group.meddle("release")


FAULTS = [freeze_member, freeze_broker, kill_broker, kill_redis, guest_comes, dossiers_wait]


def moved_on(group, receipts, patience):
    begun = time.monotonic()
    waiting = set(range(PARTITIONS))
    while waiting:
        group.tend()
        with receipts.lock:
            waiting -= {p for p in waiting if receipts.times[p] and receipts.times[p][-1] > begun}
        if time.monotonic() - begun > patience:
            raise RuntimeError(f"no receipt of partitions {sorted(waiting)} for {patience} s")
        time.sleep(0.1)
    return time.monotonic() - begun


def weather(group, dice, receipts, options, problems):
    for number in range(options.faults):
        fault, second = dice.choice(FAULTS), None
        if dice.randrange(3) == 0:
            second = watched(problems, frozen, one_of(group, dice), dice.choice([1, 7]), 2 * dice.random())
        fault(group, dice)
        if second is not None:
            second.join()
        seconds = moved_on(group, receipts, options.patience)
        print(f"{number + 1}: {fault.__name__}{', a member freezes meanwhile' if second else ''}: moved on after {seconds:.1f} s", flush=True)


def main():
    parser = common.options("storm", __doc__.split("\n")[0])
    parser.add_argument("--faults", type=int, default=60, help="faults, one after the other (default 60)")
    parser.add_argument("--rate", type=int, default=300, help="records a second (default 300)")
    parser.add_argument("--patience", type=int, default=100, help="seconds until every partition must move on (default 100)")
    parser.add_argument("--keep", metavar="DIR", help="copies logs and lines there when something is wrong")
    options = parser.parse_args()
    build = common.build(options, "settlewatch", "meddle")
    program, rules = os.path.join(build, "settlewatch"), os.path.join(common.TOP, "rules.d")
    seed = common.seed_of(options)
    dice, problems, group, feed, begun = random.Random(seed), [], None, None, time.monotonic()
    lost = doubled = 0
    complete = False
    cluster = Cluster()
    meddle = Meddle(os.path.join(build, "tests", "integration", "meddle"), cluster.servers)
    try:
        subprocess.run([program, "generate", "--seed", str(seed), "--settlements", "60000", "--violations", "0.05", "--out", f"{cluster.folder}/lines"], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        site = Site(program, rules, cluster, "storm", partitions=PARTITIONS, workers=2, batch_records=100,
                    run={"memory_bytes": 4 << 20, "batch_ms": 20, "snapshot_s": 5, "rebuild_ms": 300})
        site.call("topics", "create")
        with open(f"{cluster.folder}/feed.log", "wb") as log:
            feed = Feed(site, f"{cluster.folder}/lines/settlements.ndjson", f"{cluster.folder}/fed.ndjson", options.rate, log)
        feed.start()
        receipts, group = Receipts(site), Group(site, meddle)
        group.start("a")
        group.start("b")
        moved_on(group, receipts, options.patience)
        weather(group, dice, receipts, options, problems)
        feed.stop()
        receipts.close()
        for name in list(group.members):
            group.leave(name, signal.SIGTERM)
        print(f"{time.monotonic() - begun:.0f} s; {feed.lines} lines fed", flush=True)
        lost, doubled, complete = catch_up_and_compare(site, cluster.folder, rules, feed, problems)
    except Exception as problem:
        problems.append(repr(problem))
    finally:
        for process in group.members.values() if group else ():
            process.kill()
            process.wait()
        if feed is not None and feed.process.poll() is None:
            feed.process.kill()
        keep(cluster, options, problems)
        meddle.close()
        cluster.close()
    return verdict(f"faults {options.faults}, fenced {group.fenced if group else 0}", problems, lost, doubled, complete)


if __name__ == "__main__":
    sys.exit(main())
