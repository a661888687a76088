"""`topics dlq`: dead letters listed, shown, sent back and put away, each once."""
import base64, json


def listed(site, *words):
    return [json.loads(line) for line in site.call("topics", "dlq", "list", "--format", "json", *words).splitlines()]


def dead_letters_are_looked_after(make, reference, meddle):
    site = make("letters", workers=1, redis=False)
    site.call("topics", "create")
    site.call("replay", reference.path)
    site.run_to_the_end()
    rows = listed(site)
    assert len(rows) == len(reference.dead) and all(row["state"] == "open" for row in rows)
    assert sorted(row["reason"] for row in rows) == [reason for reason, _ in reference.dead]
    reasons = {row["reason"] for row in rows}
    assert len(reasons) > 2
    one = rows[0]["reason"]
    assert len(listed(site, "--reason", one)) == sum(row["reason"] == one for row in rows)
    assert len(listed(site, "--partition", rows[0]["partition"].__str__())) == sum(row["partition"] == rows[0]["partition"] for row in rows)
    assert not listed(site, "--since", "2999-01-01") and len(listed(site, "--since", "2020-01-01")) == len(rows)
    text = site.call("topics", "dlq", "list")
    assert f"{len(rows)} dead letters" in text and rows[0]["number"] in text, text

    # The bytes, and the place in them.
    raw = {(m["partition"], m["offset"]): base64.b64decode(m["value"]) for m in site.read("dead-letters", "--envelope")}
    for row in rows[:6]:
        partition, offset = map(int, row["number"].split("."))
        shown = site.call("topics", "dlq", "show", row["number"])
        assert "▶" in shown and f"reason: {row['reason']}" in shown, shown
        assert row["size"] == len(raw[partition, offset])
    site.call("topics", "dlq", "show", "0.999999", code=1)
    site.call("topics", "dlq", "show", "nonsense", code=2)

    # A corrected record goes back, to the partition of its person, and is screened.
    letter = next(row for row in rows if row["reason"] == "missing_key" or row["reason"] == "not_json")
    with open(f"{reference.path}", encoding="utf-8", errors="replace") as lines:
        good = next(line for line in lines if line.startswith('{"msg_id":') and '"SETL"' in line and '"psn_no"' in line)
    record = json.loads(good)
    record["msg_id"], record["psn_no"] = "corrected-1", "p_corrected"
    record["body"]["setlinfo"]["setl_id"] = "S-corrected"
    if "psn_no" in record["body"]["setlinfo"]:
        record["body"]["setlinfo"]["psn_no"] = "p_corrected"
    path = f"{site.cluster.folder}/corrected.json"
    with open(path, "w", encoding="utf-8") as out:
        json.dump(record, out)
    before = len(site.read("settlements", "--envelope"))
    site.call("topics", "dlq", "retry", letter["number"], "--file", path, "--by", "auditor", "--reason-text", "field was cut off")
    after = site.read("settlements", "--envelope")
    assert len(after) == before + 1
    sent = next(m for m in after if m["headers"].get("dead-letter") == letter["number"])
    assert sent["key"] == "p_corrected" and json.loads(base64.b64decode(sent["value"]))["msg_id"] == "corrected-1", sent
    decided = next(row for row in listed(site) if row["number"] == letter["number"])
    assert decided["state"] == "retried" and decided["by"] == "auditor" and decided["why"] == "field was cut off", decided
    log = site.run_to_the_end()
    assert "S-corrected" in site.call("state", "show", "p_corrected"), log
    # Not twice by mistake.
    assert "was retried" in site.call("topics", "dlq", "retry", letter["number"], code=1)
    assert len(site.read("settlements", "--envelope")) == before + 1
    site.call("topics", "dlq", "retry", letter["number"], "--again", "--file", path)
    assert len(site.read("settlements", "--envelope")) == before + 2

    # Dropped, with who and why; without why it is a usage error.
    other = next(row for row in rows if row["number"] != letter["number"] and row["reason"] != one)
    site.call("topics", "dlq", "drop", other["number"], code=2)
    site.call("topics", "dlq", "drop", other["number"], "--reason-text", "test of the source")
    assert [row["number"] for row in listed(site, "--state", "dropped")] == [other["number"]]
    site.call("topics", "dlq", "drop", "0.999999", "--reason-text", "none", code=1)

    # All of a reason: first told, then done, unchanged; they come back as dead letters, and the receipts hold with the input's control records.
    still = len(listed(site, "--reason", one, "--state", "open"))
    assert f"{still} open dead letters" in site.call("topics", "dlq", "retry", "--all", "--reason", one, code=1)
    assert len(listed(site, "--reason", one, "--state", "open")) == still
    site.call("topics", "dlq", "retry", "--all", "--reason", one, "--yes")
    assert not listed(site, "--reason", one, "--state", "open")
    site.run_to_the_end()
    assert len(listed(site, "--reason", one, "--state", "open")) == still
    assert json.loads(site.call("verify", "receipts", "--format", "json"))["unbroken"]


CHECKS = [dead_letters_are_looked_after]
