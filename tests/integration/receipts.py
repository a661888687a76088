"""`verify receipts` over topics as they were written, and after somebody meddled with them."""
import json

from cluster import wait_for


def verdict(site, code, *words):
    return json.loads(site.call("verify", "receipts", "--format", "json", *words, code=code).splitlines()[-1])


def kinds(report):
    return {found["kind"] for found in report["breaks"]}


def receipts_of_a_run_are_unbroken(make, reference, meddle):
    site = make("proof", batch_records=300)
    site.call("topics", "create")
    site.call("replay", reference.path)
    site.run_to_the_end()
    report = verdict(site, 0)
    assert report["unbroken"] and not report["breaks"] and report["to_come"] == 0, report
    assert sum(p["records"] for p in report["partitions"]) == reference.records(4) == site.covered()
    assert all(p["first_offset"] == 0 and len(p["rulesets"]) == 1 for p in report["partitions"])
    assert sum(p["results"] for p in report["partitions"]) == sum(
        len(site.read(topic, "--envelope")) for topic in ("credit-deductions", "inspector-cases", "shadow-findings", "second-review", "dead-letters",
                                                          "institution-facts"))
    text = site.call("verify", "receipts")
    assert "unbroken: 4 partitions" in text and "rule set" in text, text

    # Further records, screened later by a second run, one of them behind a control record and one that was aborted.
    key = '{"msg_id":"late"}'
    meddle("transact", "proof-settlements", 0, "commit", "p1", key)
    meddle("transact", "proof-settlements", 0, "abort", "p1", key)
    meddle("transact", "proof-settlements", 0, "commit", "p1", key)
    assert verdict(site, 0)["to_come"] >= 4
    site.run_to_the_end()
    report = verdict(site, 0)
    assert sum(p["records"] for p in report["partitions"]) == reference.records(4) + 2, report
    changed_topics_are_told(site, meddle)


def changed_topics_are_told(site, meddle):
    for topic, what, nth, expected in (("credit-deductions", "change", 5, "changed"), ("dead-letters", "change", 3, "changed"),
                                       ("institution-facts", "change", 77, "changed"), ("second-review", "drop", 0, "missing"),
                                       ("inspector-cases", "double", 4, "extra"), ("credit-deductions", "invent", 5, "extra")):
        if not site.read(topic, "--envelope"):
            continue
        meddle("rewrite", f"proof-{topic}", what, nth)
        report = verdict(site, 1)
        assert expected in kinds(report), (topic, what, report["breaks"])
        found = next(found for found in report["breaks"] if (found["kind"], found["topic"]) == (expected, topic))
        assert found["partition"] is not None and found["receipt"] > 0 and found["expected"], found
    # All that is left of the marks goes with the header: somebody wrote into an output topic.
    meddle("send", "proof-credit-deductions", 0, "H1", '{"deduction_id":"x"}')
    assert "extra" in kinds(verdict(site, 1))


def receipts_that_are_gone_are_gaps(make, reference, meddle):
    site = make("hole", workers=1, batch_records=400, redis=False, kafka={"session_timeout_ms": 2000})
    site.call("topics", "create")
    site.call("replay", reference.path)
    site.run_to_the_end()
    meddle("send", "hole-credit-deductions", 0, "H1", '{"decision":1}', "ce_source=/somebody/else")
    assert verdict(site, 0)["foreign"] == 1
    number = len(site.read("screening-receipts")) // 2
    meddle("rewrite", "hole-screening-receipts", "drop", number)
    report = verdict(site, 1)
    assert "gap" in kinds(report) and kinds(report) & {"number", "extra"}, report["breaks"]
    gap = next(found for found in report["breaks"] if found["kind"] == "gap")
    assert gap["topic"] == "hole-settlements" and gap["last_offset"] >= gap["first_offset"] and "records" in gap["expected"], gap
    # A position that somebody moved back: the next start would screen again.
    wait_for(lambda: meddle("position", "hole", "hole-settlements", 0, 1, must=False), "the end of the last member's session", 20)
    assert "position" in kinds(verdict(site, 1))


CHECKS = [receipts_of_a_run_are_unbroken, receipts_that_are_gone_are_gaps]
