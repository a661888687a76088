#!/usr/bin/env python3
"""Inpatient claims of the provider-fraud set as settlements, and readmissions counted by the rule kind and by hand.

usage: convert_kaggle.py FILE                   writes the settlements
       convert_kaggle.py --check PROGRAM DIR    converts, screens with one rule for each (days, scope), compares the counts

A claim is a stay: psn_no = BeneID, fixmedins_code = Provider, setl_id = mdtrt_id = ClaimID, dates without a time of
day, one line with the whole amount. The count by hand reads the original file and nothing of the conversion.
"""
import argparse
import bisect
import collections
import datetime
import os
import shutil
import sys

import readmission_rules
import shared_data

DAYS = (1, 3, 7, 14, 15, 30)
# Name of the lane -> (same, match, consecutive_scope), and the counts that the set is known for.
LANES = {
    "PERSON-ANY": ("any", "none", "person", (203, 414, 840, 1439, 1517, 2621)),
    "PERSON-SAME": ("institution", "none", "person", (86, 164, 333, 547, 580, 1028)),
    "PERSON-DX3": ("institution", "dx3", "person", (4, 9, 13, 24, 25, 36)),
    "INSTITUTION": ("institution", "none", "institution", (86, 165, 334, 551, 588, 1056)),
    "INSTITUTION-DX3": ("institution", "dx3", "institution", (4, 9, 13, 24, 25, 36)),
}


def claims():
    path = shared_data.folder("kaggle_provider_fraud")
    for name in sorted(os.listdir(path)):
        if name.startswith("Train_Inpatientdata"):
            return list(shared_data.rows(os.path.join(path, name)))
    sys.exit(f"{path}: no inpatient file")


def present(value):
    return value not in ("", "NA", None)


def settlement(claim):
    paid = int(claim["InscClaimAmtReimbursed"]) * 100
    own = int(claim["DeductibleAmtPaid"]) * 100 if present(claim["DeductibleAmtPaid"]) else 0
    yuan = lambda fen: f"{fen // 100}.{fen % 100:02d}"
    codes = [claim[f"ClmDiagnosisCode_{n}"] for n in range(1, 11) if present(claim[f"ClmDiagnosisCode_{n}"])]
    time = claim["DischargeDt"] + " 23:00:00"
    body = {
        "setlinfo": {
            "setl_id": claim["ClaimID"],
            "mdtrt_id": claim["ClaimID"],
            "psn_no": claim["BeneID"],
            "insutype": "310",
            "med_type": "21",
            "setl_time": time,
            "medfee_sumamt": yuan(paid + own),
            "inscp_scp_amt": yuan(paid + own),
            "fund_pay_sumamt": yuan(paid),
            "psn_part_amt": yuan(own),
            "refd_setl_flag": "0",
            "vali_flag": "1",
        },
        "mdtrtinfo": {
            "begntime": claim["AdmissionDt"],
            "endtime": claim["DischargeDt"],
            "atddr_no": claim["AttendingPhysician"],
            "adm_way": "2",
            "dscg_way": "1",
        },
        "diseinfo": [
            {"diag_type": "1", "maindiag_flag": "1" if n == 0 else "0", "diag_srt_no": n + 1, "diag_code": code}
            for n, code in enumerate(codes)
        ],
        "oprninfo": [],
        "feedetail": [
            {
                "feedetl_sn": "1",
                "fee_ocur_time": claim["AdmissionDt"] + " 12:00:00",
                "med_list_codg": "001102000050000",
                "medins_list_codg": "CLAIM",
                "med_chrgitm_type": "14",
                "cnt": 1,
                "pric": yuan(paid + own),
                "det_item_fee_sumamt": yuan(paid + own),
                "inscp_scp_amt": yuan(paid + own),
            }
        ],
    }
    return shared_data.envelope("SETL", claim["Provider"], claim["BeneID"], time, body)


def convert(path):
    ordered = sorted(claims(), key=lambda claim: (claim["DischargeDt"], claim["ClaimID"]))
    shared_data.write(path, (settlement(claim) for claim in ordered))
    return len(ordered)


def count_by_hand(same, match, scope):
    """Readmissions within each number of days: next admission - previous discharge, straight from the original file."""
    stays = collections.defaultdict(list)
    for claim in claims():
        key = (claim["BeneID"], claim["Provider"]) if scope == "institution" else claim["BeneID"]
        bisect.insort(
            stays[key],
            (
                claim["AdmissionDt"],
                claim["DischargeDt"],
                claim["ClaimID"],
                claim["Provider"],
                claim["ClmDiagnosisCode_1"],
            ),
        )
    counts = dict.fromkeys(DAYS, 0)
    for chain in stays.values():
        for before, after in zip(chain, chain[1:]):
            if same == "institution" and before[3] != after[3]:
                continue
            if match == "dx3" and (not present(before[4]) or not present(after[4]) or before[4][:3] != after[4][:3]):
                continue
            gap = (datetime.date.fromisoformat(after[0]) - datetime.date.fromisoformat(before[1])).days
            for days in DAYS:
                counts[days] += 0 <= gap <= days
    return tuple(counts[days] for days in DAYS)


def check(program, folder):
    os.makedirs(folder, exist_ok=True)
    settlements, rules, out = (os.path.join(folder, name) for name in ("kaggle.ndjson", "kaggle_rules", "kaggle_out"))
    size = convert(settlements)
    readmission_rules.write(
        rules,
        [
            dict(id=f"KAG-{lane}-{days:02d}", days=days, same=same, match=match, scope=scope)
            for lane, (same, match, scope, _) in LANES.items()
            for days in DAYS
        ],
    )
    shutil.rmtree(out, ignore_errors=True)
    summary = shared_data.screen(program, settlements, rules, out)
    problems = []
    shared_data.expect(problems, "claims screened", summary["dispositions"]["screened"], size)
    shared_data.expect(problems, "dead letters", summary["dispositions"]["dead"], 0)
    found = collections.Counter(message["rule_id"] for message in shared_data.open_findings(out))
    for lane, (same, match, scope, known) in LANES.items():
        by_hand = count_by_hand(same, match, scope)
        shared_data.expect(problems, f"{lane} by hand", by_hand, known)
        shared_data.expect(
            problems, f"{lane} by rule", tuple(found[f"KAG-{lane}-{days:02d}"] for days in DAYS), by_hand
        )
    return 1 if problems else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?")
    parser.add_argument("--check", nargs=2, metavar=("PROGRAM", "DIR"))
    arguments = parser.parse_args()
    if arguments.check:
        return check(*arguments.check)
    if not arguments.file:
        parser.error("a file or --check is needed")
    print(f"{convert(arguments.file)} settlements")
    return 0


if __name__ == "__main__":
    sys.exit(main())
