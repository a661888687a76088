#!/usr/bin/env python3
"""The same answer over Kafka as from files, whatever happens on the way.

usage: exactly_once.py SETTLEWATCH RULES [SETTLEMENTS [SEED]]

Starts a broker and a redis-server of its own. Each check is a function below; all are run, and every failure is told. The seed printed
makes the same input and the same moments again.
"""
import base64, json, os, random, re, select, shutil, signal, subprocess, sys, time

from cluster import run_checks, same_as_embedded, wait_for

program, rules = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
settlements = int(sys.argv[3]) if len(sys.argv) > 3 else 6000
seed = int(sys.argv[4]) if len(sys.argv) > 4 else random.SystemRandom().randrange(1, 1 << 31)


def screened(site, reference):
    site.call("topics", "create")
    site.call("replay", reference.path)
    return site.run_to_the_end()


def with_redis(make, reference):
    site = make("redis")
    log = screened(site, reference)
    same_as_embedded(site, reference)
    assert site.dead_letters() == reference.dead
    assert b"{p" in site.cluster.redis_cli("--scan", "--pattern", "{p*"), "nothing was cached"
    for message in site.read("credit-deductions", "--envelope"):
        headers = message["headers"]
        assert headers["ce_specversion"] == "1.0" and headers["ce_type"].startswith("settlewatch.") and headers["ce_id"] and headers["ce_source"], headers
    for psn_no in {m["key"] for m in site.read("second-review", "--envelope")} | {f["psn_no"] for f in site.read("credit-deductions")}:
        assert psn_no not in log, "the journal names a person"


def without_redis(make, reference):
    site = make("noredis", redis=False, workers=1)
    screened(site, reference)
    same_as_embedded(site, reference)


def partitions_wait_paused_for_their_indexes(make, reference):
    """Nothing may be learned inside the assignment, and no snapshot helps: every partition is paused and resumed."""
    site = make("paused", workers=2, run={"rebuild_ms": 0})
    screened(site, reference)
    same_as_embedded(site, reference)
    shutil.rmtree(site.state_dir)
    site.call("replay", reference.path)
    log = site.run_to_the_end()
    assert re.search(r"ready, [1-9]\d* subjects", log), log
    same_as_embedded(site, reference, times=2)


def a_backlog_larger_than_the_clients_queue_is_taken_without_pauses(make, reference):
    """A client that found its queue full would look again a second later: dozens of times here."""
    site = make("queue", workers=1, kafka={"properties": {"queued.max.messages.kbytes": "2048"}})
    site.call("topics", "create")
    for _ in range(3):
        site.call("replay", reference.path)
    begun = time.monotonic()
    site.run_to_the_end()
    assert time.monotonic() - begun < 20
    same_as_embedded(site, reference, times=3)


def small_transactions_and_many_restarts_with_little_memory(make, reference):
    """Dossiers come from Redis and from the topic, since hardly any stay in memory; snapshots are read back."""
    site = make("little", batch_records=200, run={"memory_bytes": 1 << 20})
    screened(site, reference)
    same_as_embedded(site, reference)
    site.call("replay", reference.path)
    log = site.run_to_the_end()
    assert " 0 from cache" not in log.splitlines()[-1], log[-600:]
    same_as_embedded(site, reference, times=2)
    site.write(redis=False)
    site.call("replay", reference.path)
    log = site.run_to_the_end()
    assert " 0 from the topic" not in log.splitlines()[-1], log[-600:]
    same_as_embedded(site, reference, times=3)


def wrong_bytes_in_redis(make, reference):
    site = make("lies", run={"memory_bytes": 1 << 20})
    screened(site, reference)
    keys = [key for key in site.cluster.redis_cli("--scan", "--pattern", "{p*").split(b"\n") if key]
    values = b""
    for number, key in enumerate(keys):
        value = site.cluster.redis_cli("GET", key)[:-1]
        if number % 3 == 0:
            value = value[:20] + bytes([value[20] ^ 1]) + value[21:]    # a bit of the body
        elif number % 3 == 1:
            value = site.cluster.redis_cli("GET", keys[number - 1])[:-1]    # another person's
        else:
            continue
        values += b"*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n" % (len(key), key, len(value), value)
        if number > 300:
            break
    site.cluster.redis_cli("--pipe", data=values)
    site.call("replay", reference.path)
    log = site.run_to_the_end()
    assert " 0 distrusted" not in log.splitlines()[-1], log[-600:]
    same_as_embedded(site, reference, times=2)


def killed_in_the_middle(make, reference):
    site = make("killed", batch_records=100)
    site.call("topics", "create")
    # Most arrives while processes are killed, and some is left for the end, however slow the machine is.
    parts = [f"{site.cluster.folder}/killed-{number}.ndjson" for number in range(2)]
    with open(reference.path, "rb") as file:
        rows = file.read().splitlines(keepends=True)
    for path, part in zip(parts, (rows[:-1000], rows[-1000:])):
        with open(path, "wb") as out:
            out.writelines(part)
    replay = site.start("replay", parts[0], "--rate", str(max(200, reference.lines // 20)))
    dice, killed = random.Random(seed), 0
    while replay.poll() is None and killed < 5:
        process = site.start("run", "screen", "--from", "earliest")
        before = site.covered()
        wait_for(lambda: site.covered() > before or process.poll() is not None, "the first transactions after a restart")
        time.sleep(dice.random() / 5)
        assert process.poll() is None, open(site.log.name).read()[-3000:]
        process.send_signal(signal.SIGKILL)
        process.wait()
        killed += 1
    assert killed > 1
    assert replay.wait(timeout=120) == 0
    site.call("replay", parts[1])
    site.run_to_the_end()
    same_as_embedded(site, reference)


def terminated_while_records_come(make, reference):
    site = make("drained")
    site.call("topics", "create")
    replay = site.start("replay", reference.path, "--rate", str(max(250, reference.lines // 12)))
    for _ in range(3):
        process = site.start("run", "screen", "--from", "earliest")
        before = site.covered()
        wait_for(lambda: site.covered() > before or process.poll() is not None, "the first transactions")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0, open(site.log.name).read()[-3000:]
    assert replay.wait(timeout=60) == 0
    site.run_to_the_end()
    same_as_embedded(site, reference)


def two_processes_share_the_partitions(make, reference):
    """A second member joins while records come, and the first leaves."""
    one = make("shared", workers=1)
    one.call("topics", "create")
    replay = one.start("replay", reference.path, "--rate", str(max(500, reference.lines // 8)))
    first = one.start("run", "screen", "--from", "earliest")
    wait_for(lambda: one.covered() > 0 or first.poll() is not None, "the first transactions")
    one.write(instance="b")
    second = one.start("run", "screen", "--from", "earliest")
    assert replay.wait(timeout=60) == 0
    first.send_signal(signal.SIGTERM)
    assert first.wait(timeout=20) == 0
    wait_for(lambda: one.covered() == reference.records(4) or second.poll() is not None, "the second member takes over all")
    second.send_signal(signal.SIGTERM)
    assert second.wait(timeout=20) == 0
    same_as_embedded(one, reference)


def a_frozen_member_comes_back_as_a_zombie(make, reference):
    """Frozen in the middle for longer than its session, while another takes over; what it still wants to commit is refused."""
    site = make("zombie", workers=1, batch_records=100)
    site.call("topics", "create")
    replay = site.start("replay", reference.path, "--rate", str(max(300, reference.lines // 16)))
    first = site.start("run", "screen", "--from", "earliest")
    wait_for(lambda: site.covered() > 0 or first.poll() is not None, "the first transactions")
    site.write(instance="b")
    second = site.start("run", "screen", "--from", "earliest")
    time.sleep(1 + random.Random(seed).random())
    first.send_signal(signal.SIGSTOP)
    assert replay.wait(timeout=90) == 0
    wait_for(lambda: site.covered() == reference.records(4) or second.poll() is not None, "the second takes over all", 90)
    first.send_signal(signal.SIGCONT)
    site.call("replay", reference.path)
    wait_for(lambda: site.covered() == 2 * reference.records(4) or second.poll() is not None, "the rest", 90)
    for process in (first, second):
        process.send_signal(signal.SIGTERM)
    assert second.wait(timeout=20) == 0
    assert first.wait(timeout=20) in (0, 70)    # it may have been fenced: the service manager would start it again
    same_as_embedded(site, reference, times=2)


def the_broker_is_killed_and_comes_back(make, reference):
    """A broker that dies over an answer may fence a static member with its own name: then the service manager starts it again."""
    site = make("broker", batch_records=100)
    site.call("topics", "create")
    site.call("replay", reference.path)
    process = site.start("run", "screen", "--from", "earliest")
    wait_for(lambda: site.covered() > 0 or process.poll() is not None, "the first transactions")
    site.cluster.broker_restart()
    site.call("replay", reference.path)
    for _ in range(4):
        wait_for(lambda: site.covered() == 2 * reference.records(4) or process.poll() is not None, "all records after the restart", 120)
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)
        said = open(site.log.name).read()
        if process.returncode == 0:
            break
        assert process.returncode == 70 and "fenced" in said, said[-3000:]
        process = site.start("run", "screen", "--from", "earliest")
    assert process.returncode == 0, said[-3000:]
    same_as_embedded(site, reference, times=2)


def redis_dies_and_comes_back_empty(make, reference):
    site = make("nocache", batch_records=100, run={"memory_bytes": 1 << 20})
    site.call("topics", "create")
    replay = site.start("replay", reference.path, "--rate", str(max(300, reference.lines // 6)))
    process = site.start("run", "screen", "--from", "earliest")
    wait_for(lambda: site.covered() > 0 or process.poll() is not None, "the first transactions")
    site.cluster.redis_restart(pause=2)
    assert replay.wait(timeout=90) == 0
    wait_for(lambda: site.covered() == reference.records(4) or process.poll() is not None, "all records", 90)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0
    same_as_embedded(site, reference)


def a_topic_is_followed(make, reference):
    """Each message is told when it comes, also into a pipe."""
    del reference
    site = make("followed", workers=1)
    site.call("topics", "create")
    path = f"{site.cluster.folder}/followed.ndjson"
    with open(path, "w", encoding="ascii") as out:
        out.write('{"msg_id":"y","msg_type":"NEWS","body":{}}\n')
    reader = subprocess.Popen([program, "topics", "read", "settlements", "--from-beginning", "--config", site.config], stdout=subprocess.PIPE, text=True)
    site.processes.append(reader)
    site.call("replay", path)
    assert select.select([reader.stdout], [], [], 20)[0], "nothing is told"
    assert json.loads(reader.stdout.readline())["msg_id"] == "y"


def wrong_topics_are_told(make, reference):
    del reference
    site = make("wrong", partitions=3)
    assert "missing" in site.call("topics", "check", code=1)
    site.call("topics", "create")
    site.call("topics", "check")
    site.write(partitions=4)
    told = site.call("topics", "check", code=1)
    assert told.count("3 partitions, must be 4") == 2, told
    site.call("run", "screen", "--from", "earliest", code=78)
    site.write(partitions=3, kafka={"input_bytes_max": 20000000})
    told = site.call("topics", "check", code=1)
    assert "wrong-dead-letters: max.message.bytes is" in told and "wrong-settlements: max.message.bytes is" in told, told
    short = make("short", kafka={"retention_days": 3})
    short.call("topics", "create")
    assert "retention.ms is 259200000, must be at least" in short.call("topics", "check", code=1)


def a_first_deployment_says_where_to_begin(make, reference):
    site = make("first", workers=1)
    site.call("topics", "create")
    site.call("replay", reference.path)
    assert "--from earliest" in site.call("run", "screen", "--once-until-end", code=70)
    site.run_to_the_end()
    site.call("run", "screen", "--once-until-end")    # now there are positions
    same_as_embedded(site, reference)


def one_process_of_a_name(make, reference):
    del reference
    site = make("locked", workers=1)
    site.call("topics", "create")
    first = site.start("run", "screen", "--from", "earliest")
    wait_for(lambda: os.path.exists(f"{site.state_dir}/a.lock"), "the first process has its lock")
    assert "is locked" in site.call("run", "screen", "--from", "earliest", code=70)
    first.send_signal(signal.SIGTERM)
    assert first.wait(timeout=20) == 0


def nobody_answers(make, reference):
    del reference
    site = make("nobody", kafka={"bootstrap.servers": "127.0.0.1:1"}, run={"startup_s": 2})
    begin = time.monotonic()
    assert "accepted us within 2 s" in site.call("run", "screen", code=70)
    assert time.monotonic() - begin < 10


def a_dossier_is_shown(make, reference):
    site = make("shown", workers=1)
    screened(site, reference)
    finding = site.read("credit-deductions")[0]
    told = site.call("state", "show", finding["psn_no"])
    assert finding["setl_id"] in told, told[:2000]
    site.call("state", "show", "p_" + "0" * 32, code=1)
    # The same dossiers say why: every open finding of a few is explained as a hit, with the messages it rests on.
    last = {finding["deduction_id"]: finding for finding in site.read("credit-deductions")}
    for finding in [f for f in last.values() if f["stage"] == "proposed"][:5]:
        told = json.loads(site.call("rules", "explain", "--psn", finding["psn_no"], "--setl", finding["setl_id"], "--rule", finding["rule_id"],
                                    "--format", "json"))
        assert (told["outcome"], told["psn_no"], told["setl_id"]) == ("hit", finding["psn_no"], finding["setl_id"]), told
        assert told["from"].startswith("patient-state[") and told["flips"], told
        for row in told["trace"]:
            assert row["step"] != "scope" or re.match(r"\S*settlements\[\d+\]@\d+ body\.", row["source"]), row
    assert json.loads(site.call("rules", "explain", "--psn", finding["psn_no"], "--rule", "SUB-006", "--format", "json"))["outcome"]
    site.call("rules", "explain", "--psn", "p_" + "0" * 32, "--rule", "ADM-001", code=1)
    site.call("rules", "explain", "--psn", finding["psn_no"], "--setl", "nobody", "--rule", "ADM-001", code=65)


def persons_become_pseudonyms_at_the_edge(make, reference):
    site = make("edge", workers=1)
    key = f"{site.cluster.folder}/edge.key"
    with open(key, "w", encoding="ascii") as out:
        out.write("00" * 32)
    os.chmod(key, 0o600)
    plain = f"{site.cluster.folder}/plain.ndjson"
    with open(reference.path, "rb") as lines, open(plain, "wb") as out:
        for line in lines.read().splitlines()[:200]:
            out.write(line.replace(b'"psn_no":"p_', b'"psn_name":"\xe5\xbc\xa0\xe4\xb8\x89","psn_no":"6201').replace(b'"msg_type":"NEWS"', b'"certno":"62010219570402"') + b"\n")
    site.call("topics", "create")
    site.write(edge={"pseudonymise": True, "key_file": key})
    site.call("replay", plain, code=1 if any(l.startswith((b'{"msg_id":"x"', b"[1,2]", b"\xff")) for l in open(plain, "rb")) else 0)
    for message in site.read("settlements", "--envelope"):
        value = base64.b64decode(message["value"])
        assert b'"psn_no":"6201' not in value and "张三".encode() not in value and b"62010219570402" not in value, value
        assert b'"psn_no"' not in value or message["key"].startswith("p_"), message["key"]


CHECKS = [with_redis, without_redis, partitions_wait_paused_for_their_indexes, a_backlog_larger_than_the_clients_queue_is_taken_without_pauses, small_transactions_and_many_restarts_with_little_memory, wrong_bytes_in_redis, killed_in_the_middle,
          terminated_while_records_come, two_processes_share_the_partitions,
          a_frozen_member_comes_back_as_a_zombie, the_broker_is_killed_and_comes_back, redis_dies_and_comes_back_empty, a_topic_is_followed, wrong_topics_are_told, a_first_deployment_says_where_to_begin,
          one_process_of_a_name, nobody_answers, a_dossier_is_shown, persons_become_pseudonyms_at_the_edge]


sys.exit(run_checks(CHECKS, program, rules, settlements, seed, sys.argv[5:]))
