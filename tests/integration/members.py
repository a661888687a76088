"""Partitions that move between the members of a group."""
import re, signal

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


CHECKS = [partitions_taken_away_while_they_waited_are_read_when_they_come_back]
