#!/usr/bin/env python3
"""Rule sets that change under a running group: nothing is lost, doubled or mixed, and a bad set never replaces a good one.

usage: reload.py SETTLEWATCH RULES [SETTLEMENTS [SEED [CHECK...]]]
"""
import itertools, json, os, random, re, signal, subprocess, sys, time

from cluster import NARROW, judged_by_the_last_set, other_rules, rulesets_by_position, run_checks, wait_for

program, rules = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
settlements = int(sys.argv[3]) if len(sys.argv) > 3 else 1500
seed = int(sys.argv[4]) if len(sys.argv) > 4 else random.SystemRandom().randrange(1, 1 << 31)
LITTLE = {"memory_bytes": 1 << 20, "batch_ms": 10}


def said(site):
    with open(site.log.name, encoding="utf-8") as log:
        return log.read()


def stopped(site, process):
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0, (process.returncode, said(site)[-3000:])


def use(site, folder):
    """From one moment to the next the path of the settings means another folder."""
    new = f"{site.rules}.new"
    os.symlink(folder, new)
    os.replace(new, site.rules)


def month(folder):
    subprocess.run([program, "generate", "--seed", str(seed), "--settlements", str(settlements), "--violations", "0.2", "--no-ticks", "--no-twins", "--only-settlements",
                    "--out", folder], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    path = f"{folder}/settlements.ndjson"
    with open(path, "rb") as file:
        return path, len(file.read().splitlines())


def a_set_every_second_under_load(make, reference):
    """Three sets take turns in two members by SIGHUP: another bound, and the rule as a shadow. Every third signal finds a folder with an error."""
    del reference
    site = make("swapping", workers=2, batch_records=40, run=LITTLE)
    top = site.cluster.folder
    path, lines = month(f"{top}/swapping")
    narrow = other_rules(rules, f"{top}/narrow", *NARROW)
    shadow = other_rules(rules, f"{top}/shadow", ("status: active", "status: shadow"))
    broken = other_rules(rules, f"{top}/broken", ("max_gap: 15", "max_gab: 15"))
    site.rules = f"{top}/in-force"
    os.symlink(rules, site.rules)
    site.call("topics", "create")
    members = []
    for number, name in enumerate("ab", 1):
        site.write(instance=name)
        members.append(site.start("run", "screen", "--from", "earliest"))
        wait_for(lambda: said(site).count("info screening '") == number or members[-1].poll() is not None, "the start of its workers")
    replay = site.start("replay", path, "--rate", str(max(50, lines // 16)))
    signals, turns = 0, itertools.cycle([narrow, broken, shadow, rules])
    while replay.poll() is None:
        use(site, next(turns))
        for member in members:
            member.send_signal(signal.SIGHUP)
        signals += 1
        time.sleep(1)
    assert signals > 8 and replay.wait() == 0
    wait_for(lambda: site.covered() == lines or any(member.poll() is not None for member in members), "all records", 120)
    log = said(site)
    for member in members:
        stopped(site, member)
    assert "refused: it has errors; rule set" in log and "did you mean 'max_gap'?" in log, log[-3000:]
    stalls = [int(us) for us in re.findall(r"changed over in (\d+) us", log)]
    assert stalls and max(stalls) < 100_000, stalls
    ruleset_of = rulesets_by_position(site)
    print(f"        {signals} signals, {ruleset_of.changes} changes in {lines} records, {len(stalls)} changes of workers, {sorted(stalls)[-1]} us at most")
    assert ruleset_of.changes > signals, "each partition should have seen most sets"
    loaded = re.findall(r"rule set ([0-9a-f]{32}): loaded", log)
    assert ruleset_of.hashes <= set(loaded) | {ruleset_of(0, 0)} and len(ruleset_of.hashes) == 3, ruleset_of.hashes
    folders = {}
    for folder in (rules, narrow, shadow):
        out = subprocess.run([program, "screen", path, "--rules", folder, "--quiet", "--summary", "json"], check=True, stdout=subprocess.PIPE, text=True).stdout
        folders[re.search(r'"ruleset":\s*"([0-9a-f]{32})"', out).group(1)] = folder
    for topic in ("credit-deductions", "shadow-findings"):
        judged_by_the_last_set(site, path, folders, ruleset_of, topic)


def the_group_follows_the_control_topic(make, reference):
    """Load, activate, rollback, demote and release reach both members; SIGHUP is not followed meanwhile; a restart keeps to what was activated, and to the
    settings when the files of that are gone."""
    site = make("steered", workers=1, batch_records=40, run=LITTLE)
    top = site.cluster.folder
    narrow = other_rules(rules, f"{top}/steered-narrow", *NARROW)
    site.call("topics", "create")
    members = []

    def start(name):
        before = said(site).count("info screening '") if members else 0
        site.write(instance=name)
        members.append(site.start("run", "screen", "--from", "earliest"))
        wait_for(lambda: said(site).count("info screening '") > before or members[-1].poll() is not None, "the start of its workers")

    def both_tell(words, times=2):
        wait_for(lambda: len(re.findall(words, said(site))) >= times or any(member.poll() is not None for member in members), words, 30)
        assert len(re.findall(words, said(site))) == times, said(site)[-3000:]

    def screening():
        return re.findall(r"screening '.*rule set ([0-9a-f]{32})", said(site))

    start("a")
    start("b")
    ours = screening()[0]
    assert "no rule set was activated" in site.call("rules", "rollback", code=1)
    assert site.call("rules", "load", f"{top}/nowhere", code=78)
    theirs = re.search("[0-9a-f]{32}", site.call("rules", "load", narrow, "--reason", "九天试行")).group()
    both_tell(f"rule set {theirs}: loaded from")
    both_tell("九天试行")
    site.call("rules", "activate", narrow)
    both_tell(f"worker 0: rule set {theirs} from the next transaction on")
    assert said(site).count(f"{theirs}: loaded from") == 2, "it was ready"
    members[0].send_signal(signal.SIGHUP)
    both_tell(f"SIGHUP is not followed: rule set {theirs}", 1)
    site.call("rules", "rollback")
    both_tell(f"worker 0: rule set {ours} from the next transaction on")
    site.call("rules", "activate", narrow)
    both_tell(f"worker 0: rule set {theirs} from the next transaction on", 4)
    site.call("rules", "demote", "ADM-001", "1")
    both_tell("ADM-001 version 1 is demoted to shadow")
    quiet = re.findall(r"rule set ([0-9a-f]{32}) is in force now, after " + theirs, said(site))[-1]
    assert quiet not in (ours, theirs)
    stopped(site, members.pop(0))
    start("a")
    assert screening()[-1] == quiet, "a restart keeps to what was activated, and to what was demoted"
    site.call("replay", reference.path)
    wait_for(lambda: site.covered() == reference.records(4) or any(member.poll() is not None for member in members), "all records", 90)
    assert {receipt["ruleset"] for receipt in site.read("screening-receipts")} == {quiet}
    assert not any(finding["rule_id"] == "ADM-001" for finding in site.read("credit-deductions"))
    assert any(finding["rule_id"] == "ADM-001" for finding in site.read("shadow-findings"))
    site.call("rules", "restore", "ADM-001", "1")
    both_tell("ADM-001 version 1 is restored")
    os.rename(narrow, narrow + "-gone")
    stopped(site, members.pop(0))
    start("b")
    both_tell(f"rule set {theirs} was activated by .* cannot be had from .* any more: rule set {ours} of the settings", 1)
    assert screening()[-1] == ours
    site.call("rules", "release")
    both_tell(f"worker 0: rule set {ours} from the next transaction on", 3)
    for member in members:
        stopped(site, member)


def a_rule_beyond_its_budget_becomes_a_shadow(make, reference):
    """The breaker only asks for it; the message changes the rules, at positions that receipts record. What running processes counted is told."""
    site = make("breaker", workers=2, batch_records=40, run=LITTLE)
    site.rules = other_rules(rules, f"{site.cluster.folder}/budget", (r"(?m)^tests:", "budget: {hit_rate_at_most: 0.05%, min_evaluated: 100}\ntests:"))
    site.write()
    site.call("topics", "create")
    with open(reference.path, "rb") as file:
        lines = file.read().splitlines(keepends=True)
    for number, part in enumerate((lines[:len(lines) // 2], lines[len(lines) // 2:])):
        with open(f"{site.cluster.folder}/half-{number}.ndjson", "wb") as out:
            out.writelines(part)
    site.call("replay", f"{site.cluster.folder}/half-0.ndjson")
    process = site.start("run", "screen", "--from", "earliest")
    wait_for(lambda: "ADM-001 version 1 is demoted to shadow" in said(site) or process.poll() is not None, "the demotion", 30)
    assert re.search(r"error breaker: ADM-001 version 1: \d+ of \d+ decisions hit, and its budget is 0\.05%; the group is told", said(site)), said(site)[-3000:]
    wait_for(lambda: said(site).count("from the next transaction on") == 2 or process.poll() is not None, "both workers")
    site.call("replay", f"{site.cluster.folder}/half-1.ndjson")
    wait_for(lambda: site.covered() == reference.records(4) or process.poll() is not None, "all records", 90)
    stopped(site, process)
    ruleset_of = rulesets_by_position(site)
    assert len(ruleset_of.hashes) == 2 and ruleset_of.changes <= 4, (ruleset_of.hashes, ruleset_of.changes)
    assert any(finding["rule_id"] == "ADM-001" for finding in site.read("shadow-findings"))
    rows = {row["rule_id"]: row for row in json.loads(site.call("rules", "stats", "--format", "json"))["rules"]}
    split = rows["ADM-001"]
    outcomes = ("no_hit", "hit", "exempt", "out_of_scope", "insufficient_history", "bad_data", "error")
    assert split["status"] == "shadow" and split["evaluated"] == sum(split[outcome] for outcome in outcomes) > 100 and split["hit"] > 0
    assert split["hit"] > split["shadow_hits"] > 0 and split["opened"] > 0 and split["shadow_opened"] > 0, split    # before and after the demotion
    assert sum(row["timed"] for row in rows.values()) > 0 and "ADM-001" in site.call("rules", "stats")


CHECKS = [a_rule_beyond_its_budget_becomes_a_shadow, the_group_follows_the_control_topic, a_set_every_second_under_load]

sys.exit(run_checks(CHECKS, program, rules, settlements, seed, sys.argv[5:]))
