"""Nothing that is said names a person: recognisable identifiers are planted in good, bad and deadly records, and all that is said is looked through."""
import json, os, signal, subprocess, time

# Of a person, and of one visit: logs may name neither, summaries for people not the first.
PERSON = ["LEAKPSN0001", "62010119570402LEAKX", "LEAKNAME", "1390000LEAK", "漏名氏"]
VISIT = ["LEAKSETL", "LEAKMDTRT", "LEAKFEE", "LEAKMSG"]


def planted(reference, path):
    with open(reference.path, encoding="utf-8", errors="replace") as lines:
        good = json.loads(next(line for line in lines if '"SETL"' in line and '"feedetail"' in line and line.startswith("{")))
    rows = []

    def row(number, **changes):
        record = json.loads(json.dumps(good))
        record.update(msg_id=f"LEAKMSG{number}", psn_no=PERSON[0], certno=PERSON[1], psn_name=PERSON[2] + PERSON[4], tel=PERSON[3])
        record["body"]["setlinfo"].update(setl_id=f"LEAKSETL{number}", mdtrt_id=f"LEAKMDTRT{number}", psn_no=PERSON[0], certno=PERSON[1], psn_name=PERSON[4])
        for line in record["body"].get("feedetail", []):
            line["feedetl_sn"] = f"LEAKFEE{number}-{line['feedetl_sn']}"[:30]
        for name, value in changes.items():
            record[name] = value
        rows.append(json.dumps(record, ensure_ascii=False).encode())
        return record

    for number in range(12):
        row(number)
    row(3, event_time="2026-13-77 LEAKNAME")                       # bad_time
    row(4, ver="LEAKNAME")                                         # bad_version
    row(5, msg_type="LEAKNAME")                                    # unknown_msg_type
    row(6, body="LEAKNAME")                                        # wrong_type
    row(7, psn_no=PERSON[0] * 30)                                  # bad_id
    other = row(8)
    other["body"]["setlinfo"]["psn_no"] = PERSON[3]                # key_mismatch
    rows.append(json.dumps(other, ensure_ascii=False).encode())
    changed = row(9)
    changed["body"]["setlinfo"]["medfee_sumamt"] = "LEAKNAME"      # bad_amount, or other content of the same version
    rows.append(json.dumps(changed, ensure_ascii=False).encode())
    changed["body"]["setlinfo"]["medfee_sumamt"] = "987654.32"     # conflicting_content
    rows.append(json.dumps(changed, ensure_ascii=False).encode())
    whole = rows[0]
    rows += [whole[:len(whole) // 2], whole + b"LEAKNAME", whole.replace(b'"ver"', b'"psn_no":"LEAKPSN0001","ver"', 1), whole.replace(b"LEAKNAME", b"LEAK\xff\xfe", 1),
             b'["LEAKPSN0001"]', b"LEAKPSN0001", whole.replace(b"{", b'{"deep":' * 40, 1), b'{"msg_id":"LEAKMSG","psn_no":"LEAKPSN0001"']
    with open(path, "wb") as out:
        out.write(b"\n".join(rows) + b"\n")
    return len(rows)


def clean(said, *words):
    for word in words:
        at = said.find(word)
        assert at < 0, f"'{word}' is said: …{said[max(0, at - 200):at + 100]}…"


def nothing_that_is_said_names_a_person(make, reference, meddle):
    site = make("leak", partitions=2, workers=2, batch_records=5, kafka={"properties": {"debug": "all", "log_level": "7"}, "session_timeout_ms": 2000})
    path = f"{site.cluster.folder}/planted.ndjson"
    rows = planted(reference, path)
    # Files: with and without a place to write to, in both languages, as text and as JSON.
    for words in (["--out", f"{site.cluster.folder}/leak-out"], ["--out", f"{site.cluster.folder}/leak-out", "--summary", "json"],
                  ["--out", "/proc/nowhere/out"], ["--out", "/dev/full/x"]):
        for language in ("zh", "en"):
            done = subprocess.run([site.program, "--lang", language, "screen", path, "--rules", site.rules, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            clean(done.stderr, *PERSON, *VISIT)
            clean(done.stdout, *PERSON)
    done = subprocess.run([site.program, "verify", "receipts", "--files", f"{site.cluster.folder}/leak-out"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stdout
    clean(done.stdout + done.stderr, *PERSON, *VISIT)

    # Kafka: at every level of the client's log, with kills, and a second start.
    said = site.call("topics", "create") + site.call("replay", path)
    for _ in range(2):
        process = site.start("run", "screen", "--from", "earliest")
        time.sleep(1.5)
        process.send_signal(signal.SIGKILL)
        process.wait()
    said += site.run_to_the_end()
    assert site.covered() == rows, (site.covered(), rows)
    letters = site.call("topics", "dlq", "list")
    assert "dead letters" in letters
    said += letters + site.call("topics", "dlq", "list", "--format", "json") + site.call("topics", "dlq", "retry", "--all", "--yes") + site.run_to_the_end()
    said += site.call("topics", "check") + site.call("verify", "receipts", code=0)
    with open(f"{site.cluster.folder}/leak.log", encoding="utf-8", errors="replace") as log:
        said += log.read()
    assert len(said) > 2000
    clean(said, *PERSON, *VISIT)
    for name in os.listdir(site.state_dir):    # snapshots and locks hold keyed hashes only
        with open(os.path.join(site.state_dir, name), "rb") as file:
            clean(file.read().decode("latin-1"), *PERSON[:4], *VISIT)


CHECKS = [nothing_that_is_said_names_a_person]
