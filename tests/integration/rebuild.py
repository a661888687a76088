#!/usr/bin/env python3
"""New rules ask for more of the past than dossiers kept: `state rebuild` gives it to the running group.

usage: rebuild.py SETTLEWATCH RULES MEDDLE [SETTLEMENTS [SEED [CHECK...]]]

The first half of a time is screened by a group that looks back four days and has no rule of re-admission, the second half by one with all rules. What
the second half says about its own visits must be what it would have said had the rules been there from the beginning.
"""
import base64, json, os, random, re, shutil, signal, subprocess, sys, time

from cluster import embedded, open_findings, run_checks, wait_for
from meddling import Meddle

program, rules, helper = (os.path.abspath(path) for path in sys.argv[1:4])
settlements = int(sys.argv[4]) if len(sys.argv) > 4 else 2500
seed = int(sys.argv[5]) if len(sys.argv) > 5 else random.SystemRandom().randrange(1, 1 << 31)
SHORT = {"lookback_days": 3, "lateness_days": 1}
PARTITIONS = 3
KEPT = {"retention_days": 400}


class Time:
    """Settlements in two halves, and what the embedded form says of all of them."""

    def __init__(self, folder):
        subprocess.run([program, "generate", "--seed", str(seed), "--settlements", str(settlements), "--violations", "0.2", "--days", "62", "--no-ticks", "--out", folder], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(f"{folder}/settlements.ndjson", "rb") as file:
            lines = file.read().splitlines(keepends=True)
        # One person has so much that it does not fit one message.
        settled = dict.fromkeys(setl_id for line in lines for setl_id in re.findall(rb'"(?:init_)?setl_id":"([^"]*)"', line))
        of_one = set(list(settled)[::5])
        for number, line in enumerate(lines):
            if of_one & set(re.findall(rb'"(?:init_)?setl_id":"([^"]*)"', line)):
                lines[number] = re.sub(rb'"psn_no":"[^"]*"', rb'"psn_no":"p_of_many"', line)
        self.longest = max(map(len, lines))
        with open(f"{folder}/settlements.ndjson", "wb") as out:
            out.writelines(lines)
        self.halves = [f"{folder}/half-{number}.ndjson" for number in range(2)]
        for path, part in zip(self.halves, (lines[:len(lines) // 2], lines[len(lines) // 2:])):
            with open(path, "wb") as out:
                out.writelines(part)
        self.lines, self.first = len(lines), len(lines) // 2
        # Visits of which the first half says anything.
        early = {setl_id for line in lines[:self.first] for setl_id in re.findall(rb'"(?:init_)?setl_id":"([^"]*)"', line)}
        both = (re.search(rb'"setl_id":"([^"]*)".*?"mdtrt_id":"([^"]*)"', line) for line in lines)
        self.early = {match[2].decode() for match in both if match and match[1] in early}
        begun = (re.search(rb'"setl_id":"([^"]*)".*?"begntime":"([^"]*)"', line) for line in lines)
        self.begun = {match[1].decode(): match[2].decode() for match in begun if match}
        subprocess.run([program, "screen", f"{folder}/settlements.ndjson", "--rules", rules, "--out", f"{folder}/embedded", "--quiet"], check=True,
                       stdout=subprocess.DEVNULL)
        with open(f"{folder}/embedded/credit-deductions.ndjson", encoding="utf-8") as file:
            findings = [json.loads(line) for line in file]
        self.expected = self.of_second_half(findings, "embedded")
        self.setl_ids = {finding["deduction_id"]: finding["setl_ids"] for finding in findings}

    def resting_on_what_is_after(self, time):
        """Of the expected ones those of stays that all began so late; the rules ask what else was on the day of an admission."""
        return {row for row in self.expected if min(self.begun[setl_id] for setl_id in self.setl_ids[row[0]]) > time}

    def of_second_half(self, findings, where):
        return open_findings([finding for finding in findings if finding["mdtrt_id"] not in self.early], where)


def said(site):
    with open(site.log.name, encoding="utf-8") as log:
        return log.read()


def stopped(site, process):
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0, said(site)[-3000:]


def first_half(make, name, past, lacking, screen):
    """A site whose group has screened the first half without some of the rules, and whose settings have them now."""
    site = make(name, partitions=PARTITIONS, workers=1, batch_records=200, run={"batch_ms": 10}, kafka=KEPT, screen=screen, record={"bytes_max": past.longest + 1})
    full, site.rules = site.rules, f"{site.cluster.folder}/{name}-before"
    shutil.copytree(rules, site.rules)
    shutil.rmtree(f"{site.rules}/{lacking}")
    site.write()
    site.call("topics", "create")
    site.call("replay", past.halves[0])
    site.run_to_the_end()
    site.rules = full
    site.write(screen={})
    return site


def second_half(site, past, records):
    process = site.start("run", "screen")
    site.call("replay", past.halves[1])
    wait_for(lambda: site.covered() == records or process.poll() is not None, "all records")
    stopped(site, process)
    return past.of_second_half(site.read("credit-deductions"), site.name)


def numbers(text):
    gain = re.search(r"(\d+) persons have a dossier, (\d+) gain", text)
    sent = re.search(r"(\d+) DOSSIER messages sent", text)
    return int(gain[1]), int(gain[2]), int(sent[1]) if sent else None


def what_was_forgotten_is_given_back(make, reference):
    del reference
    folder = make("where").cluster.folder
    past = Time(f"{folder}/past")
    without = second_half(first_half(make, "without", past, "admission", SHORT), past, past.lines)
    assert past.expected - without, "the rules ask for nothing that was forgotten: give more settlements"    # what yields to these may be there instead
    site = first_half(make, "given", past, "admission", SHORT)
    persons, gain, sent = numbers(site.call("state", "rebuild", "--dry-run"))
    assert gain > 0 and sent is None and site.covered() == past.first == len(site.read("settlements"))
    # Beside the running group; killed at any moment, and done again.
    process = site.start("run", "screen")
    for pause in (0.05, 0.2, 0.4):
        killed = subprocess.Popen([program, "state", "rebuild", "--config", site.config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(pause)
        killed.kill()
        killed.wait()
    site.call("state", "rebuild", "--wait")
    stopped(site, process)
    messages = site.read("settlements", "--envelope")
    given = [message["key"] for message in messages if b'"msg_type":"DOSSIER"' in base64.b64decode(message["value"])]
    assert given.count("p_of_many") >= 2 and len(set(given)) >= gain, "what does not fit one message comes in several"
    records = len(messages)
    assert site.covered() == records
    assert numbers(site.call("state", "rebuild")) == (persons, 0, 0), "nothing is left to give"
    found = second_half(site, past, records + past.lines - past.first)
    assert found == past.expected, (sorted(found - past.expected)[:3], sorted(past.expected - found)[:3])
    assert not any(reason == "bad_seal" for reason, _ in site.dead_letters())
    print(f"        {gain} of {persons} persons gained; {len(past.expected) - len(without)} of {len(past.expected)} findings are there for it")

    # The topic has lost its beginning: files stand in for it, and without them the history begins later.
    aged = first_half(make, "aged", past, "admission", SHORT)
    meddle = Meddle(helper, aged.cluster.servers)
    ends = [0] * PARTITIONS
    for message in aged.read("settlements", "--envelope"):
        ends[message["partition"]] = message["offset"] + 1
    for partition, end in enumerate(ends):
        meddle("truncate", "aged-settlements", partition, end - 3)
    meddle.close()
    assert "the topic has deleted what was before" in aged.call("state", "rebuild", "--dry-run")
    told = aged.call("state", "rebuild", past.halves[0])
    assert re.search(rf"{past.first + 3 * PARTITIONS} records read: {past.first} from files", told), told
    sent = numbers(told)[2]
    assert sent > 0
    found = second_half(aged, past, past.lines + sent)
    sure = past.resting_on_what_is_after(re.search(r"complete since (\S+)", told)[1] + "~")
    assert sure <= found <= past.expected and len(past.expected - without) > len(past.expected - sure), (sorted(found - past.expected)[:3], sorted(sure - found)[:3])
    aged.call("state", "rebuild", f"{folder}/nowhere.ndjson", code=65)


def what_was_let_go_is_judged_after_all(make, reference):
    """Nothing was forgotten, but nobody had looked for substitutions: the lines of most bills are gone, and most people have no newer record."""
    del reference
    past = Time(f"{make('there').cluster.folder}/lines-past")
    site = first_half(make, "lines", past, "substitution", {})
    before = site.open_findings()
    expected = open_findings(embedded(site, rules, past.halves[0], "lines"), "embedded")
    process = site.start("run", "screen")
    told = site.call("state", "rebuild", "--wait")
    persons, gain, sent = numbers(told)
    stopped(site, process)
    found = site.open_findings()
    assert before < found == expected, (sorted(found - expected)[:3], sorted(expected - found)[:3])
    assert 0 < sent < persons / 2 and "complete since the first settlement" in told, told
    assert numbers(site.call("state", "rebuild"))[1:] == (0, 0)
    print(f"        {gain} of {persons} persons; {len(found) - len(before)} of {len(found)} findings are there for it")


CHECKS = [what_was_forgotten_is_given_back, what_was_let_go_is_judged_after_all]

sys.exit(run_checks(CHECKS, program, rules, settlements, seed, sys.argv[6:]))
