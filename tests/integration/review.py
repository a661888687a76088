"""`review close` from the topic: the final draw is published to second-review, once however often it is asked for."""
import base64, collections, hashlib, json, os, subprocess

MONTH = "2025-03"


def closed_months_are_published_once(make, reference, meddle):
    site = make("rev", partitions=2, workers=1, redis=False)
    folder = site.cluster.folder
    seed = bytes(range(32))
    seeds = f"{folder}/rev.seeds"
    with open(os.open(seeds, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as out:
        out.write(f"{MONTH} {seed.hex()} {hashlib.sha256(seed).hexdigest()} 2025-02-20 10:00:00\n")
    subprocess.run([site.program, "generate", "--seed", "3", "--settlements", "800", "--start", f"{MONTH}-01", "--days", "31", "--out", f"{folder}/rev"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    review = {"review": {"seeds_file": seeds}}

    def write(**settings):
        site.write(**settings)
        with open(site.config, encoding="utf-8") as file:
            text = json.load(file)
        with open(site.config, "w", encoding="utf-8") as out:
            json.dump({**text, **review}, out)

    def close(out, code=0):
        return site.call("--lang", "en", "review", "close", "--month", MONTH, "--out", f"{folder}/{out}", code=code)

    def drawn(out):
        with open(f"{folder}/{out}/second-review.ndjson", encoding="utf-8") as lines:
            return collections.Counter(line.rstrip("\n") for line in lines)

    def published():
        finals = [message for message in site.read("second-review", "--envelope") if b'"provisional":false' in base64.b64decode(message["value"])]
        for message in finals:
            value, headers = json.loads(base64.b64decode(message["value"])), message["headers"]
            assert headers["ce_source"] == "/settlewatch/review" and headers["ce_type"] == "settlewatch.draw.v1" and headers["ce_id"].startswith(value["draw_id"]), headers
            assert headers["ce_time"] == "2025-04-04T00:00:00+08:00" and message["key"] == value["fixmedins_code"], message
        return collections.Counter(base64.b64decode(message["value"]).decode() for message in finals)

    write()
    site.call("topics", "create")
    site.call("replay", f"{folder}/rev/settlements.ndjson")
    site.run_to_the_end()
    provisional = site.read("second-review")
    assert provisional and all(draw["provisional"] for draw in provisional), "nothing drawn in the stream"
    told, expected = close("closed"), drawn("closed")
    assert expected and sum(expected.values()) == len(expected) and f"{len(expected)} messages to second-review, 0 were there" in told, told
    assert published() == expected

    # Again, into the same folder and into another one: nothing is doubled.
    assert f"0 messages to second-review, {len(expected)} were there" in close("closed")
    close("other")
    assert drawn("other") == expected and published() == expected
    # From the same facts as a file it is the same draw.
    with open(f"{folder}/facts.ndjson", "w", encoding="utf-8") as out:
        out.writelines(json.dumps(fact) + "\n" for fact in site.read("institution-facts"))
    site.call("review", "close", "--month", MONTH, "--facts", f"{folder}/facts.ndjson", "--out", f"{folder}/embedded")
    assert drawn("embedded") == expected and published() == expected
    # A sender that died in the middle left nothing that anyone sees; the next close says it all.
    meddle("transact", "rev-second-review", 0, "abort", "H1", next(iter(expected)))
    assert f"0 messages to second-review, {len(expected)} were there" in close("closed")
    # Another draw of a closed month is refused: here by another rate.
    review["review"]["rate_basis_points"] = 2000
    write()
    told = close("more", code=1)
    assert "another draw of 2025-03 stands on 'rev-second-review' already" in told, told
    assert published() == expected
    del review["review"]["rate_basis_points"]
    # What the screen wrote is still proven; the close's messages are another source's.
    report = json.loads(site.call("verify", "receipts", "--format", "json").splitlines()[-1])
    assert report["unbroken"] and report["foreign"] == len(expected), report


CHECKS = [closed_months_are_published_once]
