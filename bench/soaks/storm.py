#!/usr/bin/env python3
"""Members that are never restarted through freezes, dying brokers and moving partitions; asks that every partition moves on after each.

A real broker and a real redis-server are started on free ports. Two members of two workers screen what a producer feeds at a steady rate, with
memory for few dossiers. One fault after the other happens, drawn by the seed (--faults of them): a member or the broker is frozen, the broker or Redis
is killed and started again, another member comes and leaves or is killed, the dossiers cannot be read to the end because somebody's transaction is
open; every third time a second fault begins before the first is over. After each fault every partition must show new receipts within --patience
seconds. A process may end only with status 70 when it was fenced, as a service manager would see, and is started again; such ends are told.

At the end the outputs are compared with those of one uninterrupted embedded run, as in `bench/soak kill`.
"""
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import common
from kill import Feed, compare

sys.path.insert(0, os.path.join(common.TOP, "tests", "integration"))
from cluster import Cluster, Receipts, Site
from meddling import Meddle

PARTITIONS = 4


class Group:
    """Members by name; each may be started again only when it was fenced."""

    def __init__(self, site):
        self.site, self.members, self.fenced = site, {}, 0

    def start(self, name):
        every, self.site.config = self.site.config, f"{self.site.cluster.folder}/{name}.yaml"
        self.site.write(instance=name)
        self.members[name] = self.site.start("run", "screen", "--from", "earliest", log=self.log(name))
        self.site.config = every

    def log(self, name):
        return f"{self.site.cluster.folder}/{name}.log"

    def leave(self, name, how):
        process = self.members.pop(name)
        process.send_signal(how)
        code = process.wait(timeout=90)
        if code not in (0, -signal.SIGKILL, 70):
            raise RuntimeError(f"{name} ended with {code}")

    def tend(self):
        for name, process in list(self.members.items()):
            code = process.poll()
            if code is None:
                continue
            with open(self.log(name), encoding="utf-8", errors="replace") as log:
                if code != 70 or "fenced" not in log.read():
                    raise RuntimeError(f"{name} ended with {code}")
            self.fenced += 1
            self.start(name)


def frozen(process, seconds):
    process.send_signal(signal.SIGSTOP)
    time.sleep(seconds)
    process.send_signal(signal.SIGCONT)


def freeze_member(group, dice, meddle):
    del meddle
    frozen(group.members[dice.choice(["a", "b"])], dice.choice([0.5, 3, 8, 12]))


def freeze_broker(group, dice, meddle):
    del meddle
    with open(f"{group.site.cluster.folder}/kafka/b1/pid", encoding="ascii") as pid:
        number = int(pid.read().split()[0])
    os.kill(number, signal.SIGSTOP)
    time.sleep(dice.choice([0.5, 3, 8]))
    os.kill(number, signal.SIGCONT)


def kill_broker(group, dice, meddle):
    del meddle
    group.site.cluster.broker_restart(pause=dice.choice([0, 1, 4]))


def kill_redis(group, dice, meddle):
    del meddle
    group.site.cluster.redis_restart(pause=dice.choice([0, 3]))


def guest_comes(group, dice, meddle):
    del meddle
    group.start("g")
    time.sleep(dice.choice([0.3, 2, 6]))
    if "g" in group.members:
        group.leave("g", dice.choice([signal.SIGTERM, signal.SIGKILL]))


def dossiers_wait(group, dice, meddle):
    """Whoever takes a partition over meanwhile must wait, and so must the partition."""
    if not meddle("hold", f"{group.site.name}-patient-state", must=False):
        return
    try:
        guest_comes(group, dice, None)
        time.sleep(dice.choice([0, 4]))
    finally:
        meddle("release", must=False)


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


def weather(group, dice, meddle, receipts, options):
    for number in range(options.faults):
        fault = dice.choice(FAULTS)
        names = [fault.__name__]
        if dice.randrange(3) == 0:
            frozen_too = subprocess.Popen([sys.executable, "-c", "import os,signal,sys,time; p=int(sys.argv[1]); time.sleep(float(sys.argv[2])); os.kill(p,signal.SIGSTOP);"
                                           " time.sleep(float(sys.argv[3])); os.kill(p,signal.SIGCONT)", str(group.members[dice.choice(["a", "b"])].pid),
                                           str(2 * dice.random()), str(dice.choice([1, 7]))])
            names.append("a member freezes meanwhile")
        else:
            frozen_too = None
        fault(group, dice, meddle)
        if frozen_too is not None:
            frozen_too.wait()
        print(f"{number + 1}: {', '.join(names)}: moved on after {moved_on(group, receipts, options.patience):.1f} s", flush=True)


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
        receipts, group = Receipts(site), Group(site)
        group.start("a")
        group.start("b")
        moved_on(group, receipts, options.patience)
        weather(group, dice, meddle, receipts, options)
        feed.stop()
        receipts.close()
        for name in list(group.members):
            group.leave(name, signal.SIGTERM)
        print(f"{time.monotonic() - begun:.0f} s; {feed.lines} lines fed", flush=True)
        site.write(batch_records=2000)    # what is left goes fast
        site.call("run", "screen", "--once-until-end", timeout=1800)
        lost, doubled, complete = compare(site, cluster.folder, rules, feed, problems)
    except Exception as problem:
        problems.append(repr(problem))
    finally:
        for process in group.members.values() if group else ():
            process.kill()
            process.wait()
        if feed is not None and feed.process.poll() is None:
            feed.process.kill()
        if problems and options.keep:
            os.makedirs(options.keep, exist_ok=True)
            for name in os.listdir(cluster.folder):
                if name.endswith((".log", ".yaml", ".ndjson")):
                    shutil.copy(f"{cluster.folder}/{name}", options.keep)
        meddle.close()
        cluster.close()
    for problem in problems:
        print(f"wrong: {problem}", file=sys.stderr, flush=True)
    print(f"faults {options.faults}, fenced {group.fenced if group else 0}, lost {lost}, doubled {doubled}, receipts complete {'yes' if complete else 'no'}")
    return int(bool(problems) or lost > 0 or doubled > 0 or not complete)


if __name__ == "__main__":
    sys.exit(main())
