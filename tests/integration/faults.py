#!/usr/bin/env python3
"""What may happen to a running group, one fault a check: the answer is that of an uninterrupted run.

usage: faults.py SETTLEWATCH RULES [SETTLEMENTS [SEED [CHECK...]]]

Kills at random moments, zombies, members that come and go, and a broker that dies are in exactly_once.py; the long form is `bench/soak kill`.
"""
import contextlib, json, os, random, re, signal, subprocess, sys, threading, time

from cluster import NARROW, Cluster, Receipts, Site, embedded, judged_by_the_last_set, open_findings, other_rules, rule_ids, rulesets_by_position, run_checks, same_as_embedded, wait_for
from proxy import Proxy
from wire import FETCH

program, rules = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
settlements = int(sys.argv[3]) if len(sys.argv) > 3 else 2500
seed = int(sys.argv[4]) if len(sys.argv) > 4 else random.SystemRandom().randrange(1, 1 << 31)
LITTLE = {"memory_bytes": 1 << 20, "batch_ms": 10}    # dossiers must come from outside


def said(site):
    return open(site.log.name, encoding="utf-8").read()


def fed(site, reference, seconds):
    site.call("topics", "create")
    return site.start("replay", reference.path, "--rate", str(max(100, reference.lines // seconds)))


def stopped(site, process):
    process.send_signal(signal.SIGTERM)
    code = process.wait(timeout=60)
    assert code == 0, (code, said(site)[-4000:])


def every_named_point_once(make, reference):
    listed = subprocess.run([program, "run", "screen", "--fault-points", "list"], check=True, stdout=subprocess.PIPE, text=True).stdout
    names = [line.split()[0] for line in listed.splitlines()]
    assert "before-commit" in names and "in-revoke" in names, listed
    names = [name for name in names if name not in ("in-revoke", "poison:MARK")]
    site = make("points", workers=1, batch_records=20, run={"snapshot_s": 1, "batch_ms": 10})
    site.call("topics", "create")
    with open(reference.path, "rb") as file:
        lines = file.readlines()
    share = len(lines) // (len(names) + 1) + 1

    def feed(number):    # a share of the lines for each start
        part = f"{site.cluster.folder}/part.ndjson"
        with open(part, "wb") as out:
            out.writelines(lines[number * share:(number + 1) * share])
        site.call("replay", part)

    for number, name in enumerate(names):
        feed(number)
        process = site.start("run", "screen", "--from", "earliest", "--fault-point", name)
        wait_for(lambda: process.poll() is not None, f"the end at {name}", 30)
        assert process.returncode == -signal.SIGKILL, (name, process.returncode, said(site)[-2000:])
    first = site.start("run", "screen", "--from", "earliest", "--fault-point", "in-revoke")
    feed(len(names))
    before = site.covered()
    wait_for(lambda: site.covered() > before or first.poll() is not None, "the first transactions")
    site.write(instance="b")
    second = site.start("run", "screen", "--from", "earliest")
    wait_for(lambda: first.poll() is not None, "the end in the rebalance", 30)
    assert first.returncode == -signal.SIGKILL, (first.returncode, said(site)[-2000:])
    stopped(site, second)
    site.run_to_the_end()
    same_as_embedded(site, reference)


def a_poisoned_record_is_put_aside_after_two_crashes(make, reference):
    with open(reference.path, "rb") as lines:
        rows = [line.rstrip(b"\n") for line in lines if b'"msg_type":"SETL",' in line]
    bad = random.Random(seed).choice(rows)
    mark = json.loads(bad)["msg_id"]
    copies = sum(mark.encode() in row for row in rows)
    site = make("poison", workers=1, batch_records=100)
    site.call("topics", "create")
    site.call("replay", reference.path)
    words = ["run", "screen", "--from", "earliest", "--once-until-end", "--fault-point", f"poison:{mark}"]
    for crash in range(2 * copies):
        process = site.start(*words)
        assert process.wait(timeout=60) == -signal.SIGABRT, (crash, process.returncode, said(site)[-2000:])
        if crash == 0:    # a kill is no crash of the record's
            process = site.start(*words[:-2])
            process.kill()
            process.wait()
    process = site.start(*words)
    assert process.wait(timeout=60) == 0, said(site)[-2000:]
    assert said(site).count("it becomes a dead letter with reason 'poison'") >= copies
    assert site.covered() == reference.records(4)
    dead = site.dead_letters()
    assert dead == sorted(reference.dead + [("poison", bad)] * copies), [letter for letter in dead if letter not in reference.dead]
    others = f"{site.cluster.folder}/without.ndjson"
    with open(reference.path, "rb") as lines, open(others, "wb") as out:
        out.writelines(line for line in lines if mark.encode() not in line)
    assert site.open_findings() == open_findings(embedded(site, rules, others, "without"), "without")


def while_it_runs(make, reference, name, disturb, seconds=5, times=1, **settings):
    """disturb(site, round) is called several times while records come; times: how often the whole input is sent."""
    site = make(name, workers=1, batch_records=50, **{"run": LITTLE, **settings})
    process = None
    for _ in range(times):
        replay = fed(site, reference, seconds) if process is None else site.start("replay", reference.path, "--rate", str(max(100, reference.lines // seconds)))
        process = process or site.start("run", "screen", "--from", "earliest")
        wait_for(lambda: site.covered() > 0 or process.poll() is not None, "the first transactions")
        rounds = 0
        while replay.poll() is None and process.poll() is None:
            disturb(site, rounds)
            rounds += 1
            time.sleep(0.2)
        assert rounds > 0 and replay.wait() == 0 and process.poll() is None, said(site)[-2000:]
    wait_for(lambda: site.covered() == times * reference.records(4) or process.poll() is not None, "all records", 90)
    stopped(site, process)
    same_as_embedded(site, reference, times)
    return said(site)


def redis_is_flushed(make, reference):
    while_it_runs(make, reference, "flushed", lambda site, number: site.cluster.redis_cli("FLUSHALL"))


def redis_goes_back_to_an_old_snapshot(make, reference):
    def disturb(site, number):
        old = f"{site.cluster.folder}/old.rdb"
        if number == 2:
            site.cluster.redis_save(old)
        elif number % 6 == 5:
            site.cluster.redis_restart(0, data=old)

    told = while_it_runs(make, reference, "old", disturb, times=2)
    assert " 0 distrusted" not in told.splitlines()[-1], told[-600:]


def redis_has_wrong_bytes(make, reference):
    dice = random.Random(seed)
    told = while_it_runs(make, reference, "wrong", lambda site, number: site.cluster.redis_spoil(dice, 0.3), times=2)
    assert " 0 distrusted" not in told.splitlines()[-1], told[-600:]


def redis_pauses(make, reference):
    while_it_runs(make, reference, "paused", lambda site, number: number % 8 == 1 and site.cluster.redis_cli("CLIENT", "PAUSE", "900", "ALL"))


def redis_has_two_megabytes(make, reference):
    def disturb(site, number):
        if number == 0:
            site.cluster.redis_cli("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
            site.cluster.redis_cli("CONFIG", "SET", "maxmemory", "2mb")
            filler = b"x" * 8000    # so that ours must go
            site.cluster.redis_cli("--pipe", data=b"".join(b"*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n" % (len(key), key, len(filler), filler)
                                                            for key in (b"filler%d" % step for step in range(200))))

    try:
        while_it_runs(make, reference, "evicting", disturb, times=2)
        cluster_info = make("info").cluster.redis_cli("INFO", "stats").decode()
        assert int(re.search(r"evicted_keys:(\d+)", cluster_info).group(1)) > 0, "nothing was evicted"
    finally:
        make("info").cluster.redis_cli("CONFIG", "SET", "maxmemory", "0")


def the_disk_is_full_under_the_snapshots(make, reference):
    """A snapshot's new file leads to /dev/full, which takes no byte."""
    def disturb(site, number):
        for partition in range(4):
            name = f"{site.state_dir}/full-patient-state-{partition}.index.new"
            if not os.path.lexists(name):
                os.symlink("/dev/full", name)

    told = while_it_runs(make, reference, "full", disturb, run={**LITTLE, "snapshot_s": 1})
    assert "No space left on device: a restart will take longer" in told, told[-2000:]


@contextlib.contextmanager
def behind_a_proxy(name, **settings):
    """(proxy, site) on a cluster of their own."""
    proxy = Proxy()
    cluster = Cluster(broker_options=(f"advertised.listeners=PLAINTEXT://127.0.0.1:{proxy.port}",), on_ports=lambda port: setattr(proxy, "target", ("127.0.0.1", port)))
    site = None
    try:
        site = Site(program, rules, cluster, name, **settings)
        site.write(kafka={"bootstrap.servers": f"127.0.0.1:{proxy.port}"})
        yield proxy, site
    finally:
        if site is not None:
            site.close()
        cluster.close()
        proxy.close()


def ends_of_transactions_are_late_or_unanswered(make, reference):
    """A commit that is held back for longer than we wait, and commits whose answers are lost, behind a proxy."""
    del make
    with behind_a_proxy("late", workers=1, batch_records=50, run=LITTLE) as (proxy, site):
        replay = fed(site, reference, 4)
        process = site.start("run", "screen", "--from", "earliest")
        wait_for(lambda: site.covered() > 0 or process.poll() is not None, "the first transactions")
        proxy.unanswered = 3
        wait_for(lambda: proxy.unanswered == 0 or process.poll() is not None, "three lost answers")
        proxy.late_s = [2, 12]
        wait_for(lambda: not proxy.late_s or process.poll() is not None, "late ends")
        assert replay.wait(timeout=60) == 0
        wait_for(lambda: site.covered() == reference.records(4) or process.poll() is not None, "all records", 90)
        stopped(site, process)
        assert "the commit is not answered, asking again" in said(site) and "producer: replaced" in said(site), said(site)[-2000:]
        assert proxy.ends > 10
        same_as_embedded(site, reference)
        # Another group must not begin on this state. That the brokers do not hand it out is no sign that nothing is there.
        site.write(kafka={"bootstrap.servers": f"127.0.0.1:{proxy.port}", "group": "another"}, run={**LITTLE, "startup_s": 2})
        assert "holds dossiers, but group 'another' has no position" in site.call("topics", "check", code=1)
        proxy.deaf = (FETCH,)
        assert "whether it holds dossiers cannot be read within 2 s" in site.call("topics", "check", code=70)


def a_member_that_is_fenced_while_it_commits_ends(make, reference):
    """Another process of its name joins while a commit is unanswered and the group already wants its partitions back: what the client says
    of that stands behind the rebalance."""
    del make
    with behind_a_proxy("fenced", workers=1, batch_records=50, run=LITTLE) as (proxy, site):
        site.call("topics", "create")
        site.call("replay", reference.path)
        first = site.start("run", "screen", "--from", "earliest")
        wait_for(lambda: site.covered() == reference.records(4) or first.poll() is not None, "all records")
        one = f"{site.cluster.folder}/one.ndjson"
        with open(reference.path, "rb") as lines, open(one, "wb") as out:
            out.write(next(line for line in lines if b'"msg_type":"SETL"' in line))
        proxy.late_answers_s = [6]
        site.call("replay", one)
        wait_for(lambda: not proxy.late_answers_s, "a commit")
        others = []
        for name, state_dir in (("z", site.state_dir), ("a", site.state_dir + "-other")):
            site.write(instance=name, run={**LITTLE, "state_dir": state_dir})
            others.append(site.start("run", "screen", "--from", "earliest"))
            time.sleep(1.5)
        assert first.wait(timeout=30) == 70 and re.search("error worker 0: kafka consumer: .*fenced", said(site)), said(site)[-3000:]
        site.call("replay", one)
        wait_for(lambda: site.covered() == reference.records(4) + 2, "the others go on")
        for process in others:
            stopped(site, process)
        assert site.open_findings() == reference.open


def another_rule_set_takes_over(make, reference):
    """Two members change to other rules one after the other, while records come, and later back again. The other rules lack a group, so that
    dossiers hold other things (another projection): each set reads those that the other one left. What holds of a person is what the rules of the
    person's last record say about all of them; and no transaction has two rule sets."""
    del reference
    site = make("rolling", workers=1, batch_records=50, run=LITTLE)
    folder, other = f"{site.cluster.folder}/rolling", f"{site.cluster.folder}/other-rules"
    subprocess.run([program, "generate", "--seed", str(seed), "--settlements", str(settlements), "--violations", "0.2", "--no-ticks", "--no-twins", "--only-settlements",
                    "--out", folder], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    path = f"{folder}/settlements.ndjson"
    other_rules(rules, other, *NARROW, without=("substitution",))
    site.call("topics", "create")
    replay = site.start("replay", path, "--rate", str(settlements // 12))
    members = []
    for name in "ab":
        site.write(instance=name)
        members.append(site.start("run", "screen", "--from", "earliest"))
        wait_for(lambda: "assigned" in said(site), "an assignment")
    wait_for(lambda: site.covered() > settlements // 3, "a third of the records")
    for folder, share in ((other, 2), (rules, 1)):
        site.rules = folder
        for number, name in enumerate("ab"):
            stopped(site, members[number])
            site.write(instance=name)
            members[number] = site.start("run", "screen", "--from", "earliest")
            time.sleep(1)
        wait_for(lambda: site.covered() > settlements * 2 // 3 or share == 1, "two thirds of the records")
    assert replay.wait(timeout=60) == 0
    with open(path, "rb") as file:
        lines = file.read().splitlines()
    wait_for(lambda: site.covered() == len(lines) or any(member.poll() is not None for member in members), "all records")
    for member in members:
        stopped(site, member)

    ruleset_of = rulesets_by_position(site)
    first = ruleset_of(0, 0)
    folders = {first: rules, **{ruleset: other for ruleset in ruleset_of.hashes - {first}}}
    assert len(folders) == 2 and ruleset_of.changes >= 8, (folders, ruleset_of.changes)    # there and back, each of the partitions
    kept = {rule for folder in ("admission", "bed") for rule in rule_ids(f"{rules}/{folder}")}
    judged_by_the_last_set(site, path, folders, ruleset_of, kept=kept)


def a_member_comes_and_goes_and_the_others_hardly_pause(make, reference):
    """What stays with a member keeps its index and dossiers. The best of three is held against a second, since the machine may be busy; the measure
    is `bench/soak rebalance`."""
    site = make("pause", partitions=4, workers=1, run=LITTLE, kafka={"session_timeout_ms": 2000})
    site.call("topics", "create")
    site.start("replay", reference.path, "--rate", str(max(100, reference.lines // 25)))
    journals = {name: f"{site.cluster.folder}/pause-{name}.log" for name in "abz"}

    def started(name):
        site.write(instance=name)
        return site.start("run", "screen", "--from", "earliest", log=journals[name])

    def assignments(name):
        with open(journals[name], encoding="utf-8") as journal:
            return [line.rstrip() for line in journal if "partitions assigned" in line]

    members = []
    for name in "ab":
        members.append(started(name))
        wait_for(lambda: os.path.exists(journals[name]) and assignments(name), "an assignment")
    receipts, joins = Receipts(site), []
    wait_for(lambda: len(receipts.seen()) == 4, "receipts of all partitions")
    for number in range(1, 4):
        begun, before = time.monotonic(), len(assignments("a"))
        guest = started("z")
        wait_for(lambda: len(assignments("a")) > before, "the join")
        assert assignments("a")[-1].endswith(": 2 partitions assigned, 0 to be rebuilt"), assignments("a")
        time.sleep(1)
        joins.append(receipts.pause((0, 1, 2), begun, time.monotonic()))    # by name: 3 becomes the newcomer's
        stopped(site, guest)
        wait_for(lambda: len(assignments("a")) > before + 1, "the end of the session")
    receipts.close()
    print("        pauses " + ", ".join(f"{pause:.2f} s" for pause in joins), flush=True)
    assert min(joins) < 1 and max(joins) < 10, joins
    for member in members:
        stopped(site, member)
    site.run_to_the_end()


CHECKS = [every_named_point_once, a_poisoned_record_is_put_aside_after_two_crashes, redis_is_flushed, redis_goes_back_to_an_old_snapshot, redis_has_wrong_bytes,
          redis_pauses, redis_has_two_megabytes, the_disk_is_full_under_the_snapshots, ends_of_transactions_are_late_or_unanswered, a_member_that_is_fenced_while_it_commits_ends, another_rule_set_takes_over,
          a_member_comes_and_goes_and_the_others_hardly_pause]

sys.exit(run_checks(CHECKS, program, rules, settlements, seed, sys.argv[5:]))
