#!/usr/bin/env python3
"""A hospital's real price list and the national code lists as knowledge tables, and settlements that bill every row of
them.

usage: convert_pricelist.py DIR                    writes DIR/rules (shipped rules, real tables) and DIR/pricelist.ndjson
       convert_pricelist.py --check PROGRAM DIR    the same, screens, and compares findings and money with what was billed

Each item, drug and diagnosis code is billed lawfully once. Beside the lawful bills stand some that raise every price by
two fen, swap the national codes of two items, or carry the trace code of the next drug; their findings are counted
exactly. National codes of local services are made up of the local ones, since no real correspondence is known.
"""
import argparse
import collections
import csv
import os
import shutil
import sys
from decimal import Decimal

import shared_data

INSTITUTION = "H62010088888"
CHUNK = 50
NEVER = "9"  # no trace code of the tables begins so


def chunks(values, size=CHUNK):
    return [values[at : at + size] for at in range(0, len(values), size)]


def price_list():
    """local code -> (name, price), the highest price where a code stands several times."""
    folder = shared_data.folder("cn_hospital_pricelist")
    prices = {}
    for name, code, title, price in (
        ("price_list_V301", "ITEM_CODE", "ITEM_NAME", "PRICE"),
        ("drug_price_list_V120", "DRUG_CODE", "DRUG_SPEC", "RETAIL_PRICE"),
    ):
        for row in shared_data.rows(os.path.join(folder, name + ".csv")):
            try:
                value = Decimal(row[price])
            except ArithmeticError:
                continue
            local = row[code].strip()
            if local and (local not in prices or value > prices[local][1]):
                prices[local] = (row[title].strip(), value)
    return prices


def drug_codes():
    folder, codes = shared_data.folder("nhsa_liangku"), []
    for name in sorted(os.listdir(folder)):
        if "明细代码" not in name:
            continue
        for row in shared_data.rows(os.path.join(folder, name)):
            code = (row.get("药品代码") or row.get("国标代码") or "").strip()
            if code:
                codes.append(code)
    return sorted(set(codes))


def diagnosis_codes():
    folder = shared_data.folder("chs_drg_icd")
    with open(os.path.join(folder, "beijing_2022_ZD_INFO.txt"), encoding="utf-8") as file:
        return [line.split(" ", 1) for line in file.read().splitlines() if " " in line]


def national(local):
    return f"00{local[:9]}{local[9:]:0<4}" if len(local) == 11 and local.isdigit() else "L" + local


def write_table(folder, name, header, values):
    with open(os.path.join(folder, name + ".csv"), "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(values)


def write_rules(folder, prices, drugs):
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree("rules.d", folder)
    tables = os.path.join(folder, "knowledge")
    dates = ("effective_from", "effective_to")
    write_table(
        tables,
        "item_mapping",
        ("fixmedins_code", "medins_list_codg", "med_list_codg", "medins_list_name", *dates),
        [(INSTITUTION, local, national(local), name, "", "") for local, (name, _) in prices.items()]
        + [(INSTITUTION, "D" + code, code, "", "", "") for code in drugs],
    )
    caps = {}
    for local, (_, price) in prices.items():
        caps[national(local)] = max(price, caps.get(national(local), price))
    write_table(
        tables,
        "procurement_price",
        ("med_list_codg", "price", *dates),
        [(code, price, "", "") for code, price in caps.items()],
    )
    write_table(
        tables,
        "trace_product",
        ("product_prefix", "med_list_codg", *dates),
        [(prefix(number), code, "", "") for number, code in enumerate(drugs)],
    )
    return caps


def prefix(number):
    return f"8{number:06d}"


def fen(value):
    return value.quantize(Decimal("0.01"), rounding="ROUND_HALF_UP")


class Bills:
    """Settlements in order of time, with what each must cost."""

    def __init__(self):
        self.messages, self.expected = [], collections.Counter()

    def add(self, lines, diagnoses=(), rule=None, money=None):
        number = len(self.messages) + 1
        time = f"2026-03-{number % 28 + 1:02d} 10:00:00"
        total = sum((line["amount"] for line in lines), Decimal(0))
        for at, line in enumerate(lines, 1):
            amount = str(line.pop("amount"))
            line.update(
                feedetl_sn=str(at), fee_ocur_time=time, cnt="1", det_item_fee_sumamt=amount, inscp_scp_amt=amount
            )
        body = {
            "setlinfo": {
                "setl_id": f"S{number:06d}",
                "mdtrt_id": f"M{number:06d}",
                "psn_no": f"P{number:06d}",
                "insutype": "310",
                "med_type": "11",
                "setl_time": time,
                "medfee_sumamt": str(total),
                "inscp_scp_amt": str(total),
                "fund_pay_sumamt": str(total),
                "psn_part_amt": "0.00",
                "refd_setl_flag": "0",
                "vali_flag": "1",
            },
            "mdtrtinfo": {"begntime": time, "endtime": time},
            "diseinfo": [
                {
                    "diag_type": "1",
                    "maindiag_flag": "1" if n == 0 else "0",
                    "diag_srt_no": n + 1,
                    "diag_code": code,
                    "diag_name": name,
                }
                for n, (code, name) in enumerate(diagnoses)
            ],
            "oprninfo": [],
            "feedetail": lines,
        }
        self.messages.append(shared_data.envelope("SETL", INSTITUTION, f"P{number:06d}", time, body, "2207"))
        if rule is not None:
            self.expected[rule] += 1
            self.expected[rule + " money"] += money


def item(local, code, name, price, fee="05"):
    return {
        "med_list_codg": code,
        "medins_list_codg": local,
        "medins_list_name": name,
        "med_chrgitm_type": fee,
        "pric": str(price),
        "amount": fen(price),
    }


def drug(code, trace):
    return {
        **item("D" + code, code, "", Decimal("12.50"), "09"),
        "drugtracinfo": [{"drug_trac_codg": trace + "0000000000017"}],
    }


def convert(folder):
    prices, drugs, diagnoses = price_list(), drug_codes(), diagnosis_codes()
    caps = write_rules(os.path.join(folder, "rules"), prices, drugs)
    bills = Bills()
    locals_ = sorted(prices)
    for part in chunks(locals_):
        bills.add([item(local, national(local), prices[local][0], caps[national(local)]) for local in part])
        raised = [
            item(local, national(local), prices[local][0], caps[national(local)] + Decimal("0.02")) for local in part
        ]
        bills.add(raised, rule="SUB-006", money=Decimal("0.02") * len(part))
        if len(part) > 1 and national(part[0]) != national(part[1]):
            swapped = item(part[0], national(part[1]), prices[part[0]][0], caps[national(part[1])])
            bills.add([swapped], rule="SUB-001A", money=swapped["amount"])
    for start, part in enumerate(chunks(list(enumerate(drugs)))):
        bills.add([drug(code, prefix(number)) for number, code in part])
        bills.add([drug(code, NEVER + prefix(number)[1:]) for number, code in part])
        bills.add(
            [drug(code, prefix((number + 1) % len(drugs))) for number, code in part],
            rule="SUB-005",
            money=Decimal("12.50") * len(part),
        )
    for part in chunks(diagnoses, 10):
        bills.add([item(locals_[0], national(locals_[0]), "", caps[national(locals_[0])])], diagnoses=part)
    path = os.path.join(folder, "pricelist.ndjson")
    shared_data.write(path, bills.messages)
    print(
        f"{len(prices)} items, {len(drugs)} drug codes, {len(diagnoses)} diagnosis codes in {len(bills.messages)} settlements"
    )
    return path, bills


def check(program, folder):
    os.makedirs(folder, exist_ok=True)
    path, bills = convert(folder)
    out = os.path.join(folder, "pricelist_out")
    shutil.rmtree(out, ignore_errors=True)
    summary = shared_data.screen(program, path, os.path.join(folder, "rules"), out)
    problems = []
    shared_data.expect(problems, "settlements screened", summary["dispositions"]["screened"], len(bills.messages))
    shared_data.expect(problems, "dead letters", summary["dispositions"]["dead"], 0)
    shared_data.expect(
        problems, "outcomes that are errors", sum(row["error"] for row in summary["outcomes"].values()), 0
    )
    findings, money = collections.Counter(), collections.Counter()
    for message in shared_data.open_findings(out):
        findings[message["rule_id"]] += 1
        money[message["rule_id"]] += Decimal(message["vola_amt"])
    for rule in ("SUB-001A", "SUB-005", "SUB-006"):
        shared_data.expect(problems, f"{rule} findings", findings.pop(rule, 0), bills.expected[rule])
        shared_data.expect(problems, f"{rule} yuan", str(money[rule]), str(bills.expected[rule + " money"]))
    shared_data.expect(problems, "other findings", dict(findings), {})
    return 1 if problems else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--check", nargs=2, metavar=("PROGRAM", "DIR"))
    arguments = parser.parse_args()
    if arguments.check:
        return check(*arguments.check)
    if not arguments.folder:
        parser.error("a folder or --check is needed")
    os.makedirs(arguments.folder, exist_ok=True)
    convert(arguments.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
