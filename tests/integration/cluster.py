"""A real broker, a real redis-server and the program between them, for the tests of this folder."""
import base64, bisect, collections, json, os, random, re, shutil, socket, subprocess, sys, tempfile, threading, time, traceback

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPTS = os.path.join(HERE, "broker")


class Cluster:
    """One broker or three, and one redis-server, on free ports, in a folder of their own; stopped at the end, whatever happened."""

    def __init__(self, brokers=1, redis_options=(), broker_options=(), on_ports=None, bench=False, secure=False):
        """on_ports is called with the first broker's port as soon as it is known, before the broker is up. bench: a JVM for measurements. secure: access lists."""
        self.folder = tempfile.mkdtemp(prefix="settlewatch-")
        self.brokers, self.redis_options = brokers, redis_options
        try:
            words = [f"{SCRIPTS}/broker-up", "-n", str(brokers), *(["-b"] if bench else []), *(["-a"] if secure else []), *(word for option in broker_options for word in ("-o", option)), f"{self.folder}/kafka"]
            with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as starting:
                if on_ports is not None:
                    wait_for(lambda: os.path.exists(f"{self.folder}/kafka/layout") or starting.poll() is not None, "the broker's ports")
                    with open(f"{self.folder}/kafka/layout", encoding="ascii") as layout:
                        on_ports(int(dict(word.split("=") for word in layout.read().split())["port"]))
                self.servers = starting.stdout.read().strip()
            if starting.returncode != 0:
                raise RuntimeError(f"broker-up ended with {starting.returncode}")
            self.redis = self.redis_up()
        except Exception:
            self.close()
            raise

    def redis_cli(self, *words, data=None):
        return subprocess.run(["redis-cli", "-s", self.redis, *words], check=True, input=data, stdout=subprocess.PIPE).stdout

    def broker_restart(self, *numbers, pause=1):
        subprocess.run([f"{SCRIPTS}/broker-down", "-9", f"{self.folder}/kafka", *map(str, numbers)], check=True)
        time.sleep(pause)
        subprocess.run([f"{SCRIPTS}/broker-up", f"{self.folder}/kafka"], check=True, stdout=subprocess.DEVNULL)

    def redis_up(self):
        return subprocess.run([f"{SCRIPTS}/redis-up", "-u", f"{self.folder}/redis", *self.redis_options], check=True, stdout=subprocess.PIPE,
                              text=True).stdout.strip()

    def redis_restart(self, pause, data=None):
        """data: the file that it finds as its own when it comes back."""
        subprocess.run([f"{SCRIPTS}/redis-down", "-9", f"{self.folder}/redis"], check=True)
        time.sleep(pause)
        if data is not None:
            shutil.copyfile(data, f"{self.folder}/redis/dump.rdb")
        self.redis_up()

    def redis_save(self, path):
        """What Redis holds now, as a file for redis_restart."""
        self.redis_cli("SAVE")
        shutil.copyfile(f"{self.folder}/redis/dump.rdb", path)
        os.remove(f"{self.folder}/redis/dump.rdb")

    def redis_get(self, keys):
        """The values of many keys; redis-cli would take a process for each, or show their bytes in words."""
        if not keys:
            return []
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(self.redis)
            link.sendall(b"*%d\r\n$4\r\nMGET\r\n" % (len(keys) + 1) + b"".join(b"$%d\r\n%s\r\n" % (len(key), key) for key in keys))
            with link.makefile("rb") as answer:
                assert answer.readline() == b"*%d\r\n" % len(keys)
                values = []
                for _ in keys:
                    size = int(answer.readline()[1:])
                    values.append(None if size < 0 else answer.read(size + 2)[:-2])
                return values

    def redis_spoil(self, dice, share):
        """Random bytes, flipped bits, ends cut off and others' values in this share of what Redis holds; how many."""
        keys = [key for key in self.redis_cli("--scan", "--pattern", "{p*").split(b"\n") if key and dice.random() < share]
        values, spoiled, other = b"", 0, b"nobody's"
        for key, value in zip(keys, self.redis_get(keys)):
            if value is None:    # evicted meanwhile
                continue
            kind, at = spoiled % 4, dice.randrange(len(value)) if value else 0
            new = (dice.randbytes(len(value)), value[:at] + bytes([value[at] ^ 1 << dice.randrange(8)]) + value[at + 1:] if value else b"x", value[:at],
                   other)[kind]
            other = value
            values += b"*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n" % (len(key), key, len(new), new)
            spoiled += 1
        if values:
            self.redis_cli("--pipe", data=values)
        return spoiled

    def close(self):
        for command in ("broker-down", "redis-down"):
            folder = f"{self.folder}/{'kafka' if command == 'broker-down' else 'redis'}"
            if os.path.isdir(folder):
                subprocess.run([f"{SCRIPTS}/{command}", folder], stdout=subprocess.DEVNULL)
        shutil.rmtree(self.folder, ignore_errors=True)


class Site:
    """One set of topics with settings of its own."""

    def __init__(self, program, rules, cluster, name, **settings):
        self.program, self.rules, self.cluster, self.name = program, rules, cluster, name
        self.state_dir = f"{cluster.folder}/{name}-state"
        self.config = f"{cluster.folder}/{name}.yaml"
        self.settings = dict(partitions=4, workers=2, batch_records=5000, redis=True, instance="a", kafka={}, run={}, edge={})
        self.processes = []
        self.write(**settings)

    def write(self, **settings):
        s = self.settings
        s.update(settings)
        kafka = {"bootstrap.servers": self.cluster.servers, "group": self.name, "prefix": self.name + "-", "partitions": s["partitions"],
                 "output_partitions": 2, "replication": self.cluster.brokers, "session_timeout_ms": 6000, **s["kafka"]}
        redis = {"url": "unix:" + self.cluster.redis, **s.get("redis_with", {})} if s["redis"] else {"off": True}
        run = {"workers": s["workers"], "batch_records": s["batch_records"], "instance": s["instance"], "state_dir": self.state_dir, **s["run"]}
        kafka = {key: value for key, value in kafka.items() if value is not None}
        with open(self.config, "w", encoding="utf-8") as out:
            json.dump({"rules": self.rules, "kafka": kafka, "redis": redis, "run": run, "edge": s["edge"], "screen": s.get("screen", {}), "record": s.get("record", {})}, out, indent=1)    # JSON is YAML

    def call(self, *words, code=0, timeout=300):
        done = subprocess.run([self.program, *words, "--config", self.config], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout)
        assert done.returncode == code, (words, done.returncode, done.stdout[-2000:], done.stderr[-4000:])
        return done.stdout + done.stderr

    def start(self, *words, log=None):
        self.log = open(log or f"{self.cluster.folder}/{self.name}.log", "ab")
        self.processes.append(subprocess.Popen([self.program, *words, "--config", self.config], stdout=self.log, stderr=self.log))
        return self.processes[-1]

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()

    def tell(self, lines=60):
        """The end of what its processes said."""
        if os.path.exists(f"{self.cluster.folder}/{self.name}.log"):
            with open(f"{self.cluster.folder}/{self.name}.log", encoding="utf-8", errors="replace") as log:
                print(f"-- {self.name}: the end of its journal", *log.read().splitlines()[-lines:], sep="\n", flush=True)

    def run_to_the_end(self, *words, code=0):
        return self.call("run", "screen", "--from", "earliest", "--once-until-end", *words, code=code)

    def read(self, topic, *words):
        out = self.call("topics", "read", topic, "--from-beginning", "--until-end", *words)
        return [json.loads(line) for line in out.splitlines()]

    def open_findings(self):
        return open_findings(self.read("credit-deductions"), self.name)

    def covered(self):
        """How many records the receipts prove, after checking that they cover every offset once, with an unbroken chain."""
        ranges = collections.defaultdict(list)
        for receipt in self.read("screening-receipts"):
            parts = sum(receipt[d] for d in ("screened", "duplicate", "superseded", "unused", "waiting", "dead"))
            assert parts == receipt["records"] == receipt["last_offset"] - receipt["first_offset"] + 1, receipt
            ranges[receipt["partition"]].append(receipt)
        total = 0
        for partition, rows in ranges.items():
            rows.sort(key=lambda row: row["first_offset"])
            offset, chain = 0, "0" * 64
            for number, row in enumerate(rows, 1):
                assert row["first_offset"] == offset, f"{self.name}[{partition}]: offset {offset} is covered by no receipt or by two"
                assert row["receipt"] == number and row["previous"] == chain, (row, number, chain)
                offset, chain = row["last_offset"] + 1, row["chain"]
            total += offset
        return total

    def dead_letters(self):
        """(reason, bytes) of each, sorted."""
        return sorted((m["headers"]["reason"], base64.b64decode(m["value"])) for m in self.read("dead-letters"))


def open_findings(findings, where):
    last, seen = {}, set()
    for finding in findings:
        key = (finding["deduction_id"], finding["revision"])
        assert key not in seen, f"{where}: {key} twice"
        seen.add(key)
        if key[1] > last.get(key[0], {"revision": 0})["revision"]:
            last[key[0]] = finding
    return {(f["deduction_id"], f["vola_amt"], f["fund_amt"], f["band"]) for f in last.values() if f["stage"] == "proposed"}


class Reference:
    """A generated month with odd lines in it, and what the embedded form says about it."""

    def __init__(self, program, rules, folder, seed, settlements):
        subprocess.run([program, "generate", "--seed", str(seed), "--settlements", str(settlements), "--violations", "0.05", "--out", folder], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.path = f"{folder}/input.ndjson"
        odd = [b'{"msg_id":"x"', b"[1,2]", b"\xff\xfe", b'{"msg_type":"SETL","body":{}}', b'{"msg_id":"y","msg_type":"NEWS","body":{}}']
        dice = random.Random(seed)
        with open(f"{folder}/settlements.ndjson", "rb") as lines:
            rows = lines.read().splitlines()
        for line in odd * 4:
            rows.insert(dice.randrange(len(rows)), line)
        with open(self.path, "wb") as out:
            out.write(b"\n".join(rows) + b"\n")
        self.lines = len(rows)
        self.ticks = sum(b'"msg_type":"TICK"' in row for row in rows)
        self.out = f"{folder}/embedded"
        subprocess.run([program, "screen", self.path, "--rules", rules, "--out", self.out, "--quiet", "--summary", "json"], check=True, stdout=subprocess.DEVNULL)
        with open(f"{self.out}/credit-deductions.ndjson", encoding="utf-8") as lines:
            self.open = open_findings(map(json.loads, lines), "embedded")
        with open(f"{self.out}/dead-letters.ndjson", encoding="utf-8") as lines:
            self.dead = sorted((m["reason"], base64.b64decode(m["raw"])) for m in map(json.loads, lines))

    def records(self, partitions):
        return self.lines + self.ticks * (partitions - 1)


class Receipts:
    """When the receipts of each input partition appear to a reader of committed messages, from now on."""

    def __init__(self, site):
        self.times, self.lock = collections.defaultdict(list), threading.Lock()
        self.reader = subprocess.Popen([site.program, "topics", "read", "screening-receipts", "--config", site.config], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.reader.stdout:
            now = time.monotonic()
            if line.endswith(b"\n"):    # the last one is cut when the reader is killed
                with self.lock:
                    self.times[json.loads(line)["partition"]].append(now)

    def seen(self):
        with self.lock:
            return set(self.times)

    def pause(self, partitions, begun, ended):
        """The longest time without a receipt of one of these partitions."""
        longest = 0.0
        with self.lock:
            for partition in partitions:
                times = [begun, *(at for at in self.times[partition] if begun < at < ended), ended]
                longest = max([longest, *(b - a for a, b in zip(times, times[1:]))])
        return longest

    def close(self):
        self.reader.kill()
        self.reader.wait()


def wait_for(condition, what, seconds=60):
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, f"{what}: not within {seconds} s"
        time.sleep(0.05)


def same_as_embedded(site, reference, times=1):
    assert site.covered() == times * reference.records(site.settings["partitions"])
    found = site.open_findings()
    assert found == reference.open, (sorted(found - reference.open)[:3], sorted(reference.open - found)[:3])


def other_rules(rules, folder, *changes, without=()):
    """A copy of the rules in which re-admission is another rule: (old, new) in its file; without some of the folders."""
    shutil.copytree(rules, folder)
    for name in without:
        shutil.rmtree(f"{folder}/{name}")
    with open(f"{folder}/admission/split_admission.yaml", "r+", encoding="utf-8") as file:
        text = file.read()
        for old, new in changes:
            assert re.search(old, text), old
            text = re.sub(old, new, text, count=1)
        file.seek(0)
        file.write(text)
        file.truncate()
    return folder


def rule_ids(folder):
    """The ids of the rules of a folder."""
    return {match for name in sorted(os.listdir(folder)) for match in re.findall(r"(?m)^id: *(\S+)", open(f"{folder}/{name}", encoding="utf-8").read())}


# 9 days instead of 15; without the tests that would refuse it.
NARROW = (("max_gap: 15", "max_gap: 9"), (r"(?s)  - name: 15 days by date.*?(?=  - name)", ""),
          (r"(?s)  - name: a correction moves the discharge and takes.*?(?=  - name)", ""))


def embedded(site, rules, path, name, topic="credit-deductions"):
    """What the embedded form says about a file."""
    out = f"{site.cluster.folder}/embedded-{name}"
    subprocess.run([site.program, "screen", path, "--rules", rules, "--out", out, "--quiet", "--summary", "json"], check=True, stdout=subprocess.DEVNULL)
    with open(f"{out}/{topic}.ndjson", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def rulesets_by_position(site):
    """A function (partition, offset) -> rule set of the receipt that covers it; its hashes: all of them."""
    starts, rulesets = collections.defaultdict(list), collections.defaultdict(list)
    for receipt in sorted(site.read("screening-receipts"), key=lambda receipt: receipt["receipt"]):
        starts[receipt["partition"]].append(receipt["first_offset"])
        rulesets[receipt["partition"]].append(receipt["ruleset"])

    def ruleset_of(partition, offset):
        return rulesets[partition][bisect.bisect_right(starts[partition], offset) - 1]

    ruleset_of.hashes = {ruleset for rows in rulesets.values() for ruleset in rows}
    ruleset_of.changes = sum(a != b for rows in rulesets.values() for a, b in zip(rows, rows[1:]))
    return ruleset_of


def judged_by_the_last_set(site, path, folders, ruleset_of, topic="credit-deductions", kept=None):
    """Each output has the rule set of its position, and what is open of a person is what the set of the person's last record says about all the
    person's records. path: the settlements, without ticks; folders: by hash of the set; kept: the rules that all of the sets have, since what
    another one found stays open when it is gone (persons with such findings are left out)."""
    findings = site.read(topic)
    receipts = {(receipt["partition"], receipt["receipt"]): receipt["ruleset"] for receipt in site.read("screening-receipts")}
    for message in site.read(topic, "--envelope"):
        partition, number, _ = map(int, message["headers"]["receipt"].split("."))
        told = json.loads(base64.b64decode(message["value"])).get("ruleset")
        assert told in (None, receipts[partition, number]), ("of another rule set than its position's", message)
    # Persons of whom a repetition, or a version older than one before it, was screened after their last news are left out: nobody judges by it.
    last, versions, unclear = {}, {}, set()
    for message in site.read("settlements", "--envelope"):
        person, now = message["key"], ruleset_of(message["partition"], message["offset"])
        value = base64.b64decode(message["value"])
        name = tuple(re.search(rb'"%s":"?([^",}]*)' % field, value) for field in (b"msg_type", b"setl_id", b"ver"))
        version = int(name[2][1]) if all(name) else 0
        name = (name[0][1], name[1][1]) if all(name) else value
        if versions.get(name, -1) >= version:
            if last.get(person) != now:
                unclear.add(person)
            continue
        versions[name] = version
        last[person] = now
    said = {ruleset: embedded(site, folder, path, ruleset, topic) for ruleset, folder in folders.items()}
    if kept is not None:
        unclear |= {finding["psn_no"] for rows in [findings, *said.values()] for finding in rows if finding["rule_id"] not in kept}
    person_of = {finding["deduction_id"]: finding["psn_no"] for rows in [findings, *said.values()] for finding in rows}
    found, expected = open_findings(findings, site.name), {ruleset: open_findings(rows, ruleset) for ruleset, rows in said.items()}

    def of(rows, ruleset):
        return {row for row in rows if last[person_of[row[0]]] == ruleset and person_of[row[0]] not in unclear}

    changed = 0
    for ruleset, wanted in expected.items():
        wanted, got = of(wanted, ruleset), of(found, ruleset)
        assert got == wanted, (ruleset, sorted(got - wanted)[:3], sorted(wanted - got)[:3])
        changed += sum(len(of(other, ruleset) ^ wanted) for other in expected.values())
    assert changed > 0, "the rule sets say the same: give more settlements"


def run_checks(checks, program, rules, settlements, seed, only=()):
    """Runs checks, each a function of (make, reference), on one cluster and one input; every failure is told. The exit status."""
    print(f"seed {seed}, {settlements} settlements", flush=True)
    cluster, failed = Cluster(), 0
    try:
        reference = Reference(program, rules, cluster.folder, seed, settlements)
        print(f"{reference.lines} lines, {len(reference.open)} open findings, {len(reference.dead)} dead letters", flush=True)
        for check in [check for check in checks if not only or check.__name__ in only]:
            begin = time.monotonic()
            started = []

            def make(name, **settings):
                site = Site(program, rules, cluster, name, **settings)
                started.append(site)
                return site

            try:
                check(make, reference)
                print(f"ok      {check.__name__} ({time.monotonic() - begin:.1f} s)", flush=True)
            except Exception:
                failed += 1
                print(f"FAILED  {check.__name__}", flush=True)
                traceback.print_exc(file=sys.stdout)
                for site in started:
                    site.tell()
            finally:
                for site in started:
                    site.close()
    finally:
        cluster.close()
    return int(failed > 0)
