"""Partitions that move between the members of a group."""
import re, signal, time

from cluster import same_as_embedded, wait_for


def partitions_taken_away_while_they_waited_are_read_when_they_come_back(make, reference, meddle):
    """The client remembers for good that a partition was paused, also when it belongs to others in between."""
    site = make("moved", workers=1, kafka={"session_timeout_ms": 2000})
    site.call("topics", "create")
    site.call("replay", reference.path)
    meddle("hold", "moved-patient-state")
    processes = {}

    def start(name):
        site.write(instance=name)
        processes[name] = site.start("run", "screen", "--from", "earliest")

    def last_assignment(name):
        lines = re.findall(rf"-{name}-0: (\d+ partitions assigned, \d+ to be rebuilt)", open(site.log.name, encoding="utf-8").read())
        return lines[-1] if lines else ""

    start("a")
    wait_for(lambda: last_assignment("a") == "4 partitions assigned, 4 to be rebuilt", "all of a's partitions wait")
    start("b")
    wait_for(lambda: all(last_assignment(name) == "2 partitions assigned, 2 to be rebuilt" for name in "ab"), "half of them are b's, and wait")
    meddle("release")
    wait_for(lambda: site.covered() == reference.records(4), "all records")
    processes["b"].send_signal(signal.SIGTERM)
    assert processes["b"].wait(timeout=20) == 0
    wait_for(lambda: last_assignment("a") == "4 partitions assigned, 0 to be rebuilt", "all of them are a's again")
    site.call("replay", reference.path)
    wait_for(lambda: site.covered() == 2 * reference.records(4), "all records again")
    processes["a"].send_signal(signal.SIGTERM)
    assert processes["a"].wait(timeout=20) == 0
    same_as_embedded(site, reference, times=2)


def records_that_wait_and_do_not_come_are_told(make, reference, meddle):
    """Nobody reads on behind a transaction of a sender that stays open. A partition that has nothing to give is no such thing."""
    site = make("silent", workers=1, run={"silence_s": 2})
    site.call("topics", "create")
    site.call("replay", reference.path)
    process = site.start("run", "screen", "--from", "earliest")

    def told(words):
        with open(site.log.name, encoding="utf-8") as log:
            return sorted(map(int, re.findall(rf"settlements\[(\d)\]: {words}", log.read())))

    def screened():
        return sum(receipt["records"] for receipt in site.read("screening-receipts"))

    wait_for(lambda: screened() == reference.records(4), "all records")
    time.sleep(6)    # the brokers were asked for the end, which is known
    assert told("records wait") == []
    meddle("hold", "silent-settlements")
    site.call("replay", reference.path)
    wait_for(lambda: told("records wait") == [0, 1, 2, 3], "it is told of each partition")
    time.sleep(6)
    assert told("records wait") == [0, 1, 2, 3], "it is told once"
    assert screened() == reference.records(4)
    meddle("release")
    wait_for(lambda: screened() == 2 * reference.records(4), "what stood behind the transaction")
    wait_for(lambda: told("records come again") == [0, 1, 2, 3], "it is told that it is over")
    time.sleep(6)    # what stands last are the marks of the aborted transaction, which nobody waits for
    assert told("records wait") == [0, 1, 2, 3]
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0
    assert site.open_findings() == reference.open
    site.call("verify", "receipts")


CHECKS = [records_that_wait_and_do_not_come_are_told, partitions_taken_away_while_they_waited_are_read_when_they_come_back]
