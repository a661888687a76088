#!/usr/bin/env python3
"""Intensive-care stays of the MIMIC-III demo as settlements: prescriptions as fee lines, dates of the 22nd century.

usage: convert_mimic.py FILE                   writes the settlements
       convert_mimic.py --check PROGRAM DIR    converts, screens with the shipped rules, counts dispositions and readmissions

Times are shifted but consistent inside a patient, so receive times lie in the same century. The set has no prices: each
line costs one yuan.
"""
import argparse
import collections
import datetime
import os
import shutil
import sys

import readmission_rules
import shared_data

DAYS = (7, 15, 30)
INSTITUTION = "H62010099999"
ADMISSION_WAYS = {"EMERGENCY": "1", "URGENT": "1", "ELECTIVE": "2"}
LEAVING_WAYS = {"DEAD/EXPIRED": "5", "LEFT AGAINST MEDICAL ADVI": "4"}


def table(name):
    return list(shared_data.rows(os.path.join(shared_data.folder("mimic3_demo"), name + ".csv.gz")))


def grouped(name, key="HADM_ID"):
    groups = collections.defaultdict(list)
    for row in table(name):
        groups[row[key]].append(row)
    return groups


def supply_days(order):
    """Days an order covers; None when it ends before it starts or lacks a date."""
    if not order["STARTDATE"] or not order["ENDDATE"]:
        return None
    days = (
        datetime.date.fromisoformat(order["ENDDATE"][:10]) - datetime.date.fromisoformat(order["STARTDATE"][:10])
    ).days + 1
    return days if 0 < days <= 99 else None


def line(order):
    value = {
        "feedetl_sn": order["ROW_ID"],
        "fee_ocur_time": order["STARTDATE"],
        "med_list_codg": "NDC" + (order["NDC"] or "0"),
        "medins_list_codg": order["FORMULARY_DRUG_CD"] or order["DRUG"],
        "medins_list_name": order["DRUG"],
        "med_chrgitm_type": "09",
        "cnt": 1,
        "pric": "1.00",
        "det_item_fee_sumamt": "1.00",
        "inscp_scp_amt": "1.00",
        "medc_way_dscr": order["ROUTE"],
    }
    days = supply_days(order)
    if days is not None:
        value["prd_days"] = days
    return value


def settlements():
    orders, diagnoses, icu = grouped("PRESCRIPTIONS"), grouped("DIAGNOSES_ICD"), grouped("ICUSTAYS")
    for stay in sorted(table("ADMISSIONS"), key=lambda row: (row["DISCHTIME"], row["HADM_ID"])):
        identity = stay["HADM_ID"]
        lines = [line(order) for order in orders[identity]]
        total = f"{len(lines)}.00"
        body = {
            "setlinfo": {
                "setl_id": "S" + identity,
                "mdtrt_id": "M" + identity,
                "psn_no": "MIMIC" + stay["SUBJECT_ID"],
                "insutype": "310",
                "med_type": "21",
                "setl_time": stay["DISCHTIME"],
                "medfee_sumamt": total,
                "inscp_scp_amt": total,
                "fund_pay_sumamt": total,
                "psn_part_amt": "0.00",
                "refd_setl_flag": "0",
                "vali_flag": "1",
            },
            "mdtrtinfo": {
                "begntime": stay["ADMITTIME"],
                "endtime": stay["DISCHTIME"],
                "adm_way": ADMISSION_WAYS.get(stay["ADMISSION_TYPE"], "9"),
                "dscg_way": LEAVING_WAYS.get(stay["DISCHARGE_LOCATION"], "1"),
            },
            "diseinfo": [
                {
                    "diag_type": "1",
                    "maindiag_flag": "1" if row["SEQ_NUM"] == "1" else "0",
                    "diag_code": row["ICD9_CODE"],
                }
                for row in diagnoses[identity]
                if row["ICD9_CODE"]
            ],
            "icuinfo": [
                {"scs_cutd_ward_type": "1", "scs_cutd_inpool_time": row["INTIME"], "scs_cutd_exit_time": row["OUTTIME"]}
                for row in icu[identity]
            ],
            "oprninfo": [],
            "feedetail": lines,
        }
        yield shared_data.envelope("SETL", INSTITUTION, "MIMIC" + stay["SUBJECT_ID"], stay["DISCHTIME"], body)


def readmissions(days, by_date):
    """Readmissions within so many days, by date or by clock, straight from ADMISSIONS."""
    stays = grouped("ADMISSIONS", "SUBJECT_ID")
    time = lambda text: datetime.datetime.fromisoformat(text[:10] if by_date else text)
    count = 0
    for chain in stays.values():
        chain.sort(key=lambda row: (row["ADMITTIME"], row["DISCHTIME"]))
        gaps = [time(after["ADMITTIME"]) - time(before["DISCHTIME"]) for before, after in zip(chain, chain[1:])]
        count += sum(datetime.timedelta() <= gap <= datetime.timedelta(days=days) for gap in gaps)
    return count


def check(program, folder):
    os.makedirs(folder, exist_ok=True)
    path, out, rules = (os.path.join(folder, name) for name in ("mimic.ndjson", "mimic_out", "mimic_rules"))
    shared_data.write(path, settlements())
    problems = []
    admissions = table("ADMISSIONS")
    shutil.rmtree(out, ignore_errors=True)
    summary = shared_data.screen(program, path, "rules.d", out)
    shared_data.expect(
        problems, "stays screened with the shipped rules", summary["dispositions"]["screened"], len(admissions)
    )
    shared_data.expect(problems, "dead letters", summary["dispositions"]["dead"], 0)
    shared_data.expect(
        problems, "outcomes that are errors", sum(row["error"] for row in summary["outcomes"].values()), 0
    )

    readmission_rules.write(
        rules,
        [
            dict(
                id=f"MIM-{unit[0].upper()}-{days:02d}",
                same="any",
                match="none",
                scope="person",
                **{unit: days if unit == "days" else days * 24},
            )
            for unit in ("days", "hours")
            for days in DAYS
        ],
    )
    shutil.rmtree(out)
    shared_data.screen(program, path, rules, out)
    found = collections.Counter(message["rule_id"] for message in shared_data.open_findings(out))
    for unit, known in (("days", (4, 9, 11)), ("hours", (4, 8, 11))):
        by_hand = tuple(readmissions(days, unit == "days") for days in DAYS)
        shared_data.expect(problems, f"readmissions within {DAYS} days in {unit}, by hand", by_hand, known)
        shared_data.expect(
            problems,
            f"readmissions within {DAYS} days in {unit}, by rule",
            tuple(found[f"MIM-{unit[0].upper()}-{days:02d}"] for days in DAYS),
            by_hand,
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
    shared_data.write(arguments.file, settlements())
    return 0


if __name__ == "__main__":
    sys.exit(main())
