"""Topics that are not as they must be: told by `topics check`, and refused at the start of the screen before anything is consumed."""
from cluster import wait_for

DAY = 86400000
# What breaks: topic, settings it is made anew with (None: it is deleted), what is said. On top of what `topics create` makes.
CASES = [(topic, None, "missing") for topic in (
    "settlements", "patient-state", "credit-deductions", "inspector-cases", "shadow-findings", "second-review", "screening-receipts", "dead-letters",
    "institution-facts", "institution-state")] + [
    ("settlements", {"partitions": 3}, "3 partitions, must be 2"),
    ("patient-state", {"partitions": 4}, "4 partitions, must be 2"),
    ("patient-state", {"cleanup.policy": "delete"}, "cleanup.policy is 'delete', must be 'compact'"),
    ("patient-state", {"cleanup.policy": "compact,delete"}, "cleanup.policy is 'compact,delete', must be 'compact'"),
    ("settlements", {"cleanup.policy": "compact"}, "cleanup.policy is 'compact', must be 'delete'"),
    ("screening-receipts", {"cleanup.policy": "compact"}, "cleanup.policy is 'compact', must be 'delete'"),
    ("dead-letters", {"cleanup.policy": "compact"}, "cleanup.policy is 'compact', must be 'delete'"),
    ("settlements", {"retention.ms": DAY}, "retention.ms is 86400000, must be at least"),
    ("settlements", {"retention.bytes": 1 << 30}, "retention.bytes is 1073741824, must be -1"),
    ("settlements", {"message.timestamp.type": "CreateTime", "retention.ms": 4000 * DAY}, "message.timestamp.type=LogAppendTime"),
    ("settlements", {"message.timestamp.before.max.ms": DAY}, "message.timestamp.before.max.ms is 86400000"),
    ("settlements", {"max.message.bytes": 100000}, "max.message.bytes is 100000, must be at least"),
    ("patient-state", {"max.message.bytes": 100000}, "max.message.bytes is 100000, must be at least"),
    ("dead-letters", {"max.message.bytes": 8650752}, "max.message.bytes is 8650752, must be at least"),
    ("screening-receipts", {"retention.ms": DAY}, "retention.ms is 86400000, must be at least"),
    ("credit-deductions", {"retention.bytes": 1 << 20}, "retention.bytes is 1048576, must be -1"),
    ("settlements", {"min.insync.replicas": 2}, "min.insync.replicas is 2, must be at most 1"),
    ("patient-state", {"min.insync.replicas": 3}, "min.insync.replicas is 3, must be at most 1"),
    ("patient-state", {"unclean.leader.election.enable": "true"}, "unclean.leader.election.enable is 'true'"),
    ("patient-state", {"delete.retention.ms": 1000}, "delete.retention.ms is 1000, must be at least"),
    ("patient-state", {"min.compaction.lag.ms": 30 * DAY}, "min.compaction.lag.ms is"),
    ("patient-state", {"segment.ms": 1000}, "segment.ms is 1000, must be at least"),
    ("settlements", {"segment.bytes": 1 << 20}, "segment.bytes is 1048576, must be at least"),
]
COMPACT = {"cleanup.policy": "compact", "max.message.bytes": 16842752}
KEPT = {"cleanup.policy": "delete", "retention.ms": -1, "retention.bytes": -1, "max.message.bytes": 8716288, "message.timestamp.type": "CreateTime"}
INPUT = dict(KEPT, **{"message.timestamp.type": "LogAppendTime", "max.message.bytes": 8650752, "retention.ms": 4000 * DAY})


def shape(topic, odd):
    settings = dict(COMPACT if topic.endswith("-state") else INPUT if topic == "settlements" else KEPT, **odd)
    partitions = settings.pop("partitions", 2)
    return [partitions, 1] + [f"{name}={value}" for name, value in settings.items()]


def refused(site, said):
    """Both say it, and nothing is consumed: the group has no position."""
    told = site.call("topics", "check", code=1)
    assert said in told, (said, told)
    log = site.call("run", "screen", "--from", "earliest", "--once-until-end", code=78)
    assert said in log and "not as they must be" in log and " records (" not in log, (said, log)
    return told


def topics_that_are_not_as_they_must_be_are_refused(make, reference, meddle):
    site = make("odd", partitions=2, workers=1, redis=False)
    site.call("topics", "create")
    site.call("replay", reference.path)
    assert "all topics are as they must be" in site.call("topics", "check")
    for topic, odd, said in CASES:
        name = f"odd-{topic}"
        if odd is None:
            meddle("delete", name)
        else:
            meddle("topic", name, *shape(topic, odd))
        told = refused(site, said)
        problems = [line for line in told.splitlines() if " info " not in line]
        assert len(problems) <= 2 and name in told, (topic, odd, told)    # this and nothing else
        assert len(told.splitlines()) <= 5, told                          # while the cluster settles, a word is said once
        meddle("topic", name, *shape(topic, {"partitions": 2}))
    site.call("topics", "check")
    print(f"        {len(CASES)} topics refused", flush=True)


def settings_that_do_not_fit_the_cluster_are_refused(make, reference, meddle):
    site = make("fits", partitions=2, workers=1, redis=False, kafka={"session_timeout_ms": 2000})
    site.call("topics", "create")
    site.write(kafka={"replication": 3, "session_timeout_ms": 2000})
    refused(site, "1 copies of a partition, must be at least 3")
    site.write(kafka={"prefix": "nobody-", "session_timeout_ms": 2000})
    refused(site, "nobody-settlements: missing")
    site.write(kafka={"session_timeout_ms": 2000})
    site.call("replay", reference.path)
    site.run_to_the_end()
    site.call("topics", "check")
    # Another group on the same state would screen all again.
    site.write(kafka={"group": "another", "session_timeout_ms": 2000})
    refused(site, "holds dossiers, but group 'another' has no position")
    site.write(kafka={"session_timeout_ms": 2000, "group": "fits"})
    # Partitions that were added after the deployment.
    meddle("grow", "fits-settlements", 3)
    refused(site, "3 partitions, must be 2")
    site.write(partitions=3)
    refused(site, "fits-patient-state: 2 partitions, must be 3")
    site.write(partitions=2)
    # Topics made anew under a group that has positions.
    meddle("topic", "fits-settlements", *shape("settlements", {}))
    refused(site, "holds dossiers, but group 'fits' has no position")    # the brokers drop positions with their topic
    site.call("replay", reference.path)
    wait_for(lambda: all([meddle("position", "fits", "fits-settlements", p, 5, must=False) for p in (0, 1)]), "the end of the last member's session", 20)
    site.call("topics", "check")
    meddle("position", "fits", "fits-settlements", 1, 999999)
    refused(site, "the topic was made anew")
    for partition in (0, 1):
        meddle("position", "fits", "fits-settlements", partition, 5)
    meddle("topic", "fits-patient-state", *shape("patient-state", {}))
    refused(site, "every patient's past would be forgotten")


CHECKS = [topics_that_are_not_as_they_must_be_are_refused, settings_that_do_not_fit_the_cluster_are_refused]
