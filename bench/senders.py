#!/usr/bin/env python3
"""Settlements as other senders write them: the same values in other JSON.

usage: senders.py STYLE FROM TO

  loose     ', ' and ': ' between tokens
  ascii     what is not ASCII as \\uXXXX
  python    both, as json.dumps writes
  sorted    keys in alphabetical order, so that the body comes before msg_type and recv_time
  nulls     keys without a value stand there with null
  shuffled  keys in another order each time
"""
import json, random, sys

TIGHT = (",", ":")
ABSENT = {"setlinfo": ["init_setl_id", "clr_optins", "setl_type", "psn_name", "certno", "hifmi_pay", "cvlserv_pay", "fee_cnt"],
          "mdtrtinfo": ["dscg_dept_codg", "endtime", "dscg_way", "dscg_maindiag_code", "trt_type"],
          "feedetail": ["init_feedetl_sn", "prd_days", "fulamt_ownpay_amt", "overlmt_amt", "preselfpay_amt", "bilg_dr_name", "rx_circ_flag", "memo"]}


def with_nulls(message):
    for node, keys in ABSENT.items():
        value = message["body"].get(node, [])
        for each in value if isinstance(value, list) else [value]:
            for key in keys:
                each.setdefault(key, None)
    return message


def shuffled(value, dice):
    if isinstance(value, dict):
        return {key: shuffled(value[key], dice) for key in dice.sample(list(value), len(value))}
    return [shuffled(each, dice) for each in value] if isinstance(value, list) else value


STYLES = {"loose": lambda message, dice: json.dumps(message, ensure_ascii=False),
          "ascii": lambda message, dice: json.dumps(message, separators=TIGHT),
          "python": lambda message, dice: json.dumps(message),
          "sorted": lambda message, dice: json.dumps(message, separators=TIGHT, ensure_ascii=False, sort_keys=True),
          "nulls": lambda message, dice: json.dumps(with_nulls(message), separators=TIGHT, ensure_ascii=False),
          "shuffled": lambda message, dice: json.dumps(shuffled(message, dice), separators=TIGHT, ensure_ascii=False)}


def written(style, lines, seed=1):
    """The lines as a sender of that style writes them."""
    dice = random.Random(seed)
    return (STYLES[style](json.loads(line), dice) for line in lines)


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in STYLES:
        sys.exit(__doc__)
    with open(sys.argv[2], encoding="utf-8") as lines, open(sys.argv[3], "w", encoding="utf-8") as out:
        out.writelines(line + "\n" for line in written(sys.argv[1], lines))


if __name__ == "__main__":
    main()
