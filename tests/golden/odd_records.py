#!/usr/bin/env python3
"""Odd records and what must become of each.

  odd_records.py DIR [--huge-bytes N]

writes DIR/odd.ndjson, one record a line, and DIR/expected.json: for each line its name, its disposition (dead, screened, unused) and,
for the dead, reason, offset in the line and path. Screened and unused ones are as absurd as records come in practice, but can be
decoded and keyed. Every record has a person and a settlement of its own, so that they can be mixed among good ones.
"""
import argparse
import json
import os

records = []
ENVELOPE = ["msg_id", "msg_type", "mdtrtarea_admvs", "fixmedins_code", "psn_no", "event_time", "recv_time", "ver", "body"]


def person():
    return "p_odd%05d" % len(records)


def line(number, **fields):
    value = {"feedetl_sn": str(number), "fee_ocur_time": "2026-03-0%d 08:00:00" % number, "med_list_codg": "001109000010000",
             "medins_list_codg": "CW01", "medins_list_name": "普通病房床位费", "med_chrgitm_type": "01", "cnt": 1, "pric": 40.00,
             "det_item_fee_sumamt": 40.00, "inscp_scp_amt": 40.00}
    value.update(fields)
    return value


def settlement(**changes):
    """A good settlement; setlinfo, mdtrtinfo and any other key can be changed."""
    number = len(records)
    value = {
        "msg_id": "H62010000001odd%06d" % number, "msg_type": "SETL", "infno": "2304", "mdtrtarea_admvs": "620100",
        "insuplc_admdvs": "620100", "fixmedins_code": "H62010000001", "psn_no": person(), "event_time": "2026-03-09 10:11:10",
        "recv_time": "2026-03-09 10:11:12", "ver": 1,
        "body": {
            "setlinfo": {"setl_id": "SODD%06d" % number, "mdtrt_id": "MODD%06d" % number, "psn_no": person(), "gend": "1",
                         "brdy": "1957-04-02", "insutype": "310", "med_type": "21", "hosp_lv": "03",
                         "setl_time": "2026-03-09 10:11:10", "medfee_sumamt": 120.00, "inscp_scp_amt": 120.00,
                         "fund_pay_sumamt": 100.00, "refd_setl_flag": "0", "vali_flag": "1"},
            "mdtrtinfo": {"begntime": "2026-02-28 09:30:00", "endtime": "2026-03-09 10:00:00", "adm_dept_codg": "A03",
                          "dscg_dept_codg": "A03", "dscg_way": "1"},
            "diseinfo": [{"diag_type": "1", "maindiag_flag": "1", "diag_code": "I63.900", "diag_name": "脑梗死"}],
            "feedetail": [line(1), line(2), line(3)]}}
    for key, change in changes.items():
        if key in ("setlinfo", "mdtrtinfo"):
            value["body"][key].update(change)
        elif key in value["body"] or key == "icuinfo":
            value["body"][key] = change
        else:
            value[key] = change
    return value


def pack(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def add(name, data, disposition, **more):
    data = data if isinstance(data, bytes) else pack(data)
    assert b"\n" not in data, name
    records.append((data, {"name": name, "disposition": disposition, **more}))


def screened(name, data):
    add(name, data, "screened")


def dead(name, reason, data, path=None, at=None, end=False):
    """at: the fault stands where these bytes stand first; end: where the record ends."""
    data = data if isinstance(data, bytes) else pack(data)
    more = {"reason": reason}
    if at is not None:
        assert isinstance(at, int) or at in data, name
        more["offset"] = at if isinstance(at, int) else data.index(at)
    if end:
        more["offset"] = len(data)
    if path is not None:
        more["path"] = path
    add(name, data, "dead", **more)


def changed(old, new, value=None, count=1):
    data = pack(value or settlement())
    assert old in data, old
    return data.replace(old, new, count)


def truncated():
    whole = pack(settlement())
    places = list(range(1, len(whole) - 1, len(whole) // 24)) + [len(whole) - 1]
    for place in places:
        while whole[place] & 0xC0 == 0x80 or whole[place - 1:place] in (b".", b"-"):
            place += 1
        dead("truncated after %d bytes" % place, "not_json", pack(settlement())[:place], end=True)
    broken = pack(settlement())
    dead("truncated inside a character", "not_utf8", broken[:broken.index("普".encode()) + 1])


def not_json():
    dead("NaN as an amount", "not_json", changed(b'"cnt":1,', b'"cnt":NaN,'), "body.feedetail[0].cnt", b"NaN")
    dead("Infinity as an amount", "not_json", changed(b'"pric":40.0', b'"pric":Infinity'), "body.feedetail[0].pric", b"Infinity")
    dead("minus Infinity", "not_json", changed(b'"pric":40.0', b'"pric":-Infinity'), "body.feedetail[0].pric", b"-Infinity")
    dead("a number with a plus", "not_json", changed(b'"cnt":1,', b'"cnt":+1,'), "body.feedetail[0].cnt", b"+1")
    dead("a number with a leading zero", "not_json", changed(b'"cnt":1,', b'"cnt":01,'), "body.feedetail[0].cnt", b"01,")
    dead("a number that begins with its point", "not_json", changed(b'"cnt":1,', b'"cnt":.5,'), "body.feedetail[0].cnt", b".5,")
    dead("a number that ends with its point", "not_json", changed(b'"cnt":1,', b'"cnt":5.,'), "body.feedetail[0].cnt", b"5.,")
    dead("a hexadecimal number", "not_json", changed(b'"cnt":1,', b'"cnt":0x1F,'), "body.feedetail[0].cnt", b"0x1F")
    dead("two numbers", "not_json", changed(b'"cnt":1,', b'"cnt":1 2,'), "body.feedetail[0].cnt", b"2,\"pric")
    dead("a number in a value that is not read", "not_json", changed(b'"infno":"2304"', b'"infno":1.e5'), "infno", b"1.e5")
    dead("a word that is no literal", "not_json", changed(b'"infno":"2304"', b'"infno":nul'), "infno", b"nul,")
    dead("True with a capital", "not_json", changed(b'"infno":"2304"', b'"infno":True'), "infno", b"True")
    dead("a comma before a brace", "not_json", changed(b'"vali_flag":"1"}', b'"vali_flag":"1",}'), None, b'},"mdtrtinfo')
    dead("a comma before a bracket", "not_json", changed(b'}],"feedetail"', b'},],"feedetail"'), None, b'],"feedetail"')
    dead("two commas", "not_json", changed(b'"infno":"2304",', b'"infno":"2304",,'), None, b',"mdtrtarea')
    dead("no comma", "not_json", changed(b'"infno":"2304",', b'"infno":"2304"'), None, b'"mdtrtarea')
    dead("no colon", "not_json", changed(b'"infno":', b'"infno"'), None, b'"2304"')
    dead("a colon in a list", "not_json", changed(b'"infno":"2304"', b'"infno":["a":1]'), "infno[0]", b":1]")
    dead("a key without quotes", "not_json", changed(b'"infno":', b'infno:'), None, b"infno:")
    dead("single quotes", "not_json", pack(settlement()).replace(b'"', b"'"), None, 1)
    dead("a comment", "not_json", changed(b'"infno":', b'/* x */"infno":'), None, b"/*")
    dead("a raw tab in a string", "not_json", changed(b'"infno":"2304"', b'"infno":"23\t04"'), "infno", b"\t")
    dead("a raw NUL in a string", "not_json", changed(b'"infno":"2304"', b'"infno":"23\x0004"'), "infno", b"\0")
    dead("a raw NUL between tokens", "not_json", changed(b'"infno":', b'\0"infno":'), None, b"\0")
    dead("an escape that is none", "not_json", changed(b'"infno":"2304"', b'"infno":"\\x30"'), "infno", b"\\x30")
    dead("an escape that is none, in a key", "not_json", changed(b'"infno":', b'"inf\\no\\q":'), None, b"\\q")
    dead("an escape that is cut", "not_json", changed(b'"infno":"2304"', b'"infno":"\\u12"'), "infno", b"\\u12")
    dead("half a surrogate pair", "not_json", changed("脑梗死".encode(), b"\\ud83d"), "body.diseinfo[0].diag_name", b"\\ud83d")
    dead("the other half", "not_json", changed("脑梗死".encode(), b"\\ude00x"), "body.diseinfo[0].diag_name", b"\\ude00")
    dead("half a surrogate pair in a code", "not_json", changed(b"I63.900", b"I63\\ud83d\\u0041"), "body.diseinfo[0].diag_code",
         b"\\ud83d")
    dead("something behind", "not_json", pack(settlement()) + b"{}", None)
    dead("a brace too many", "not_json", pack(settlement()) + b"}", None)
    dead("two records in one line", "not_json", pack(settlement()) + b" " + pack(settlement()), None)
    dead("a list", "not_json", b"[" + pack(settlement()) + b"]", "", 0)
    dead("a string", "not_json", b'"SETL"', "", 0)
    dead("a number", "not_json", b"12", "", 0)
    dead("null", "not_json", b"null", "", 0)
    dead("not JSON at all", "not_json", b"msg_id;msg_type;ver", "", 0)
    dead("XML", "not_json", b"<setlinfo><setl_id>S1</setl_id></setlinfo>", "", 0)
    dead("a bracket closes a brace", "not_json", changed(b'"vali_flag":"1"}', b'"vali_flag":"1"]'), None, b'],"mdtrtinfo')
    dead("a value is missing", "not_json", changed(b'"infno":"2304"', b'"infno":'), None)


def not_utf8():
    dead("a byte order mark", "not_utf8", b"\xef\xbb\xbf" + pack(settlement()), "", 0)
    dead("GBK", "not_utf8", changed("普通病房床位费".encode(), "普通病房床位费".encode("gbk")), "body.feedetail[0].medins_list_name")
    dead("UTF-16", "not_utf8", b"\xff\xfe{\0}\0", "", 0)
    dead("a byte that never stands in UTF-8", "not_utf8", changed(b"2304", b"23\xff4"), "infno", b"\xff")
    dead("an overlong slash", "not_utf8", changed(b"2304", b"\xc0\xaf"), "infno", b"\xc0")
    dead("an overlong NUL", "not_utf8", changed(b"2304", b"\xe0\x80\x80"), "infno", b"\xe0")
    dead("a surrogate in UTF-8", "not_utf8", changed(b"2304", b"\xed\xa0\x80"), "infno", b"\xed")
    dead("beyond Unicode", "not_utf8", changed(b"2304", b"\xf4\x90\x80\x80"), "infno", b"\xf4")
    dead("a lone continuation", "not_utf8", changed(b"2304", b"\x80"), "infno", b"\x80")


def too_much(huge_bytes):
    for depth in (33, 10000):
        for opened, closed in ((b"[", b"]"), (b'{"a":', b"}")):
            inner = b"1" if opened != b"[" else b""
            dead("nested %d deep with %s" % (depth, opened.decode()[0]), "too_deep",
                 changed(b'"infno":"2304"', b'"infno":' + opened * depth + inner + closed * depth))
    dead("nested too deep and never closed", "too_deep", changed(b'"infno":"2304"', b'"infno":' + b"[" * 10000))
    head = pack(settlement())[:-1]
    dead("a line of %d bytes" % huge_bytes, "too_large", head + b',"pad":"' + b"x" * (huge_bytes - len(head) - 10) + b'"}')


def wrong_types():
    for key, value in (("msg_id", 7), ("msg_type", ["SETL"]), ("fixmedins_code", {"a": 1}), ("psn_no", 12345), ("event_time", 20260309),
                       ("recv_time", True), ("ver", {}), ("ver", True), ("body", []), ("body", "x"), ("body", 1), ("mdtrtarea_admvs", 620100)):
        dead("%s is %s" % (key, json.dumps(value)), "wrong_type", settlement(**{key: value}), key)
    for key, value in (("setl_id", 17), ("mdtrt_id", ["M"]), ("init_setl_id", {}), ("medfee_sumamt", [1]), ("medfee_sumamt", True), ("fee_cnt", {})):
        dead("%s is %s" % (key, json.dumps(value)), "wrong_type", settlement(setlinfo={key: value}), "body.setlinfo." + key)
    for key, value in (("setlinfo", []), ("setlinfo", "x"), ("feedetail", {"feedetl_sn": "1"}), ("feedetail", "x"), ("feedetail", 3)):
        changes = settlement()
        changes["body"][key] = value
        dead("%s is %s" % (key, json.dumps(value)), "wrong_type", changes, "body." + key)
    dead("a line is a string", "wrong_type", settlement(feedetail=[line(1), "2"]), "body.feedetail[1]")
    dead("a line is null", "wrong_type", settlement(feedetail=[None]), "body.feedetail[0]")
    for key, value in (("feedetl_sn", 1), ("init_feedetl_sn", [1]), ("cnt", {}), ("cnt", []), ("pric", False), ("det_item_fee_sumamt", True)):
        dead("%s of a line is %s" % (key, json.dumps(value)), "wrong_type", settlement(feedetail=[line(1), line(2, **{key: value})]),
             "body.feedetail[1]." + key)


def missing():
    for key in ENVELOPE:
        for name, value in (("missing", None), ("null", "null"), ("empty", '""'), ("a dash", '"-"'), ("the word null", '"null"')):
            record = settlement()
            if value is None:
                del record[key]
            else:
                record[key] = json.loads(value)
            dead("%s is %s" % (key, name), "missing_key", record, key, 0)
    for key in ("setl_id", "mdtrt_id"):
        record = settlement()
        del record["body"]["setlinfo"][key]
        dead("%s is missing" % key, "missing_key", record, "body.setlinfo." + key, b'{"setl_id' if key == "mdtrt_id" else b'{"mdtrt_id')
        dead("%s is empty" % key, "missing_key", settlement(setlinfo={key: ""}), "body.setlinfo." + key)
    record = settlement()
    del record["body"]["setlinfo"]
    dead("setlinfo is missing", "missing_key", record, "body.setlinfo", b'{"mdtrtinfo')
    dead("the body is empty", "missing_key", settlement(body={}), "body.setlinfo", b"{}")
    record = line(2)
    del record["feedetl_sn"]
    dead("feedetl_sn is missing", "missing_key", settlement(feedetail=[line(1), record]), "body.feedetail[1].feedetl_sn")
    dead("feedetl_sn is null", "missing_key", settlement(feedetail=[line(1, feedetl_sn=None)]), "body.feedetail[0].feedetl_sn")
    dead("an empty line", "missing_key", settlement(feedetail=[line(1), {}]), "body.feedetail[1].feedetl_sn", b"{}")
    dead("an empty object", "missing_key", b"{}", "msg_type", 0)
    dead("a cancellation of nothing", "missing_key", settlement(msg_type="SETL_CANCEL", body={"setlinfo": {"mdtrt_id": "M1"}}),
         "body.setlinfo.setl_id")
    dead("a list of nothing", "missing_key", settlement(msg_type="LIST", body={"setlinfo": {"hi_paymtd": "1"}}), "body.setlinfo.setl_id")
    dead("fees of no visit", "missing_key", settlement(msg_type="FEE", body={"setl_id": "S1", "feedetail": [line(1)]}),
         "body.feedetail[0].mdtrt_id")
    dead("fees of half a visit", "missing_key",
         settlement(msg_type="FEE", body={"setl_id": "S1", "feedetail": [line(1, mdtrt_id="M1"), line(2)]}), "body.feedetail[1].mdtrt_id")


def ids_and_versions():
    dead("a setl_id of 65 bytes", "bad_id", settlement(setlinfo={"setl_id": "S" * 65}), "body.setlinfo.setl_id")
    dead("a psn_no of 129 bytes", "bad_id", settlement(psn_no="p" * 129), "psn_no")
    dead("a msg_id of 10,000 bytes", "bad_id", settlement(msg_id="m" * 10000), "msg_id")
    dead("a feedetl_sn of 65 bytes", "bad_id", settlement(feedetail=[line(1, feedetl_sn="1" * 65)]), "body.feedetail[0].feedetl_sn")
    dead("an escaped NUL in an id", "bad_id", settlement(setlinfo={"setl_id": "S1\0x"}), "body.setlinfo.setl_id")
    dead("an escaped line feed in psn_no", "bad_id", settlement(psn_no="p_\n1"), "psn_no")
    dead("DEL in an id", "bad_id", settlement(setlinfo={"mdtrt_id": "M\x7f1"}), "body.setlinfo.mdtrt_id")
    for value in (0, -1, 1.5, "x", "1.0", "", 99999999999999999999):
        if value != "":
            dead("ver is %s" % json.dumps(value), "bad_version", settlement(ver=value), "ver")
    dead("ver is 1e0", "bad_version", changed(b'"ver":1', b'"ver":1e0'), "ver", b"1e0")
    for key in ("event_time", "recv_time"):
        for value in ("2026-02-30 10:00:00", "2026-03-09 25:00:00", "yesterday", "2026/03/09", "2026-3-9", "0000-00-00 00:00:00"):
            dead("%s is %s" % (key, value), "bad_time", settlement(**{key: value}), key)
    for value in ("SETTLE", "setl", "SETL\0", "S" * 5000):
        dead("msg_type is %s" % value[:10].strip("\0"), "unknown_msg_type", settlement(msg_type=value), "msg_type")


def amounts():
    for key, value in (("cnt", "1e2"), ("cnt", "one"), ("cnt", "1,000"), ("cnt", "１２"), ("cnt", "0x10"), ("cnt", "--1"), ("cnt", "1.00001"),
                       ("pric", "40.0000001"), ("det_item_fee_sumamt", "40.001"), ("det_item_fee_sumamt", "NaN"),
                       ("det_item_fee_sumamt", "40 yuan"), ("inscp_scp_amt", 40.005), ("inscp_scp_amt", "+40"),
                       ("cnt", "99999999999999999999")):
        dead("%s of a line is %s" % (key, value), "bad_amount", settlement(feedetail=[line(1), line(2, **{key: value})]),
             "body.feedetail[1]." + key)
    dead("a line amount of 1e308", "bad_amount", changed(b'"cnt":1,', b'"cnt":1e308,'), "body.feedetail[0].cnt", b"1e308")
    dead("an amount with an exponent", "bad_amount", changed(b'"pric":40.0', b'"pric":4E1'), "body.feedetail[0].pric", b"4E1")
    for value in ("1.234", "1e5", "abc", "1.", ".5"):
        dead("medfee_sumamt is %s" % value, "bad_amount", settlement(setlinfo={"medfee_sumamt": value}), "body.setlinfo.medfee_sumamt")
    dead("fee_cnt is -1", "bad_amount", settlement(setlinfo={"fee_cnt": -1}), "body.setlinfo.fee_cnt")
    dead("fee_cnt is 1.5", "bad_amount", settlement(setlinfo={"fee_cnt": 1.5}), "body.setlinfo.fee_cnt")


def twice():
    dead("msg_id twice", "duplicate_key", changed(b'"infno":"2304"', b'"msg_id":"x"'), "msg_id")
    dead("psn_no twice", "duplicate_key", changed(b'"infno":"2304"', b'"psn_no":"p_other"'), "psn_no")
    dead("body twice", "duplicate_key", changed(b'"ver":1,', b'"ver":1,"body":{},'), "body")
    dead("setlinfo twice", "duplicate_key", changed(b'"mdtrtinfo":', b'"setlinfo":{},"mdtrtinfo":'), "body.setlinfo")
    dead("setl_id twice", "duplicate_key", changed(b'"gend":"1"', b'"setl_id":"S2"'), "body.setlinfo.setl_id")
    dead("cnt of a line twice", "duplicate_key", changed(b'"cnt":1,', b'"cnt":1,"cnt":2,'), "body.feedetail[0].cnt", b'"cnt":2')
    dead("a key twice, once with an escape", "duplicate_key", changed(b'"cnt":1,', b'"cnt":1,"c\\u006et":2,'), None, b'"c\\u006et"')
    dead("both spellings of one key", "duplicate_key", settlement(feedetail=[line(1, inscp_amt=40)]), "body.feedetail[0].inscp_amt")
    dead("a line number twice", "duplicate_line", settlement(feedetail=[line(1), line(2), line(1)]), "body.feedetail[2].feedetl_sn")
    dead("a line number twice, with an escape", "duplicate_line",
         changed(b'"feedetl_sn":"3"', b'"feedetl_sn":"\\u0031"'), None)
    dead("another person in setlinfo", "key_mismatch", settlement(setlinfo={"psn_no": "p_other"}), "body.setlinfo.psn_no")
    dead("another person in a line", "key_mismatch", settlement(feedetail=[line(1), line(2, psn_no="p_other")]), "body.feedetail[1].psn_no")
    dead("fees of two settlements", "key_mismatch", settlement(
        msg_type="FEE", body={"mdtrt_id": "M1", "feedetail": [line(1, setl_id="S1"), line(2, setl_id="S2")]}), "body.feedetail[1].setl_id")
    dead("fees of two visits", "key_mismatch", settlement(
        msg_type="FEE", body={"mdtrt_id": "M1", "setl_id": "S1", "feedetail": [line(1, mdtrt_id="M2")]}), "body.feedetail[0].mdtrt_id")


def other_types_of_what_is_no_key():
    for value in (1, 20260309101110, 1.5, True, False, {}, {"a": [1]}, [], ["x"], [[{}]]):
        told = json.dumps(value)
        for key in ("gend", "brdy", "insutype", "med_type", "hosp_lv", "setl_time", "mid_setl_flag", "medins_setl_id"):
            screened("%s is %s" % (key, told), settlement(setlinfo={key: value}))
        for key in ("begntime", "adm_dept_codg", "adm_bed", "dscg_way", "dscg_maindiag_code"):
            screened("%s is %s" % (key, told), settlement(mdtrtinfo={key: value}))
        for key in ("med_list_codg", "medins_list_codg", "med_chrgitm_type", "fee_ocur_time", "drugtracinfo", "prd_days"):
            screened("%s of a line is %s" % (key, told), settlement(feedetail=[line(1, **{key: value}), line(2)]))
        screened("a trace code is %s" % told, settlement(feedetail=[line(1, drugtracinfo=[value, {"drug_trac_codg": value}]), line(2)]))
        screened("a diagnosis is %s" % told, settlement(diseinfo=[value, {"diag_code": value, "diag_type": value}]))
        screened("a stay in intensive care is %s" % told, settlement(icuinfo=[value, {"scs_cutd_inpool_time": value}]))
        for key in ("mdtrtinfo", "diseinfo", "icuinfo"):
            changes = settlement()
            changes["body"][key] = value
            screened("%s is %s" % (key, told), changes)
    for value in ("7d", "7天", "1e2", 99999999, "99999999999999999999", "0.001"):
        screened("prd_days of a line is %s" % value, settlement(feedetail=[line(1, prd_days=value), line(2)]))
    dead("a time of another type that is no JSON", "not_json", changed(b'"setl_time":"', b'"setl_time":[nul],"x":"'), None)
    dead("diagnoses of another type that are no JSON", "not_json", changed(b'"feedetail":', b'"icuinfo":{"a":01},"feedetail":'), None)


def absurd_but_alive():
    for value in ("2026-02-30 08:00:00", "9999-12-31 00:00:00", "0001-01-01", "1900-01-01", "", None, "-", "null", "soon"):
        screened("fee_ocur_time is %s" % value, settlement(feedetail=[line(1, fee_ocur_time=value), line(2)]))
        screened("endtime is %s" % value, settlement(mdtrtinfo={"endtime": value}))
    for value in ("1957-13-01", "2099-01-01", "1800-01-01", "", None, "19570402"):
        screened("brdy is %s" % value, settlement(setlinfo={"brdy": value}))
    screened("the stay ends before it begins", settlement(mdtrtinfo={"begntime": "2026-03-09 10:00:00", "endtime": "2026-02-28 09:30:00"}))
    screened("the line is after the stay", settlement(feedetail=[line(1, fee_ocur_time="2026-03-10 10:00:00")]))
    for key, value in (("gend", "7"), ("gend", ""), ("insutype", "999"), ("med_type", "?"), ("hosp_lv", None), ("medins_setl_id", ""),
                       ("medins_setl_id", "Z" * 500), ("medfee_sumamt", None), ("medfee_sumamt", -120), ("fund_pay_sumamt", ""), ("vali_flag", "-")):
        screened("%s is %s" % (key, str(value)[:20]), settlement(setlinfo={key: value}))
    for key, value in (("med_list_codg", "UNKNOWN"), ("med_list_codg", ""), ("cnt", "-1"), ("cnt", 0), ("cnt", None), ("pric", "0"), ("cnt", "1.0000"),
                       ("pric", "40.000000000"), ("det_item_fee_sumamt", "40"), ("med_chrgitm_type", "zz"), ("init_feedetl_sn", ""),
                       ("drugtracinfo", []), ("drugtracinfo", ""), ("drugtracinfo", "83123450000000000017"), ("drugtracinfo", {}),
                       ("drugtracinfo", [{"drug_trac_code": "83123450000000000017"}, {"drug_trac_codg": None}]), ("prd_days", ""),
                       ("exp_content", {"er_flag": "1", "deep": [[[{}]]]})):
        screened("%s of a line is %s" % (key, str(value)[:20]), settlement(feedetail=[line(1, **{key: value}), line(2)]))
    screened("no lines", settlement(feedetail=[]))
    screened("lines are null", settlement(feedetail=None))
    screened("no diagnoses", settlement(diseinfo=[]))
    screened("diagnoses are empty text", settlement(diseinfo=""))
    screened("an empty diagnosis", settlement(diseinfo=[{}]))
    screened("no visit", settlement(mdtrtinfo={"begntime": None, "endtime": None}))
    screened("an empty icuinfo", settlement(icuinfo=[]))
    screened("unknown keys, twice the same", changed(b'"infno":"2304"', b'"vendor":1,"vendor":{"a":[1,-0.5e-7,true,null]},"":[]'))
    screened("ver as a string", settlement(ver="1"))
    screened("white space everywhere", json.dumps(settlement(), ensure_ascii=False).replace('": ', '" :\t ').encode() + b" \r")
    screened("every character escaped", json.dumps(settlement(), ensure_ascii=True, separators=(",", ":")).encode())
    screened("escaped keys", changed(b'"setlinfo"', b'"\\u0073etlinfo"'))
    screened("a surrogate pair", changed("脑梗死".encode(), b"\\ud83d\\ude00"))
    screened("lines in reverse", settlement(feedetail=[line(3), line(2), line(1)]))
    screened("spaces around codes", settlement(setlinfo={"med_type": " 21 ", "gend": "1 "}))
    screened("the envelope in reverse", dict(reversed(settlement().items())))
    screened("received before it happened", settlement(recv_time="2026-03-08 00:00:00"))
    screened("a tick ten years before it happens", settlement(msg_type="TICK", event_time="2036-03-09 00:00:00", recv_time="2026-03-09 00:00:01", body={}))
    for kind in ("ADMIT", "DISCH", "STAY_CHANGE", "ADMIT_CANCEL", "DISCH_CANCEL", "FEE_CANCEL", "VISIT", "VISIT_CANCEL", "REVERSE", "LEAVE", "BED",
                 "TRANSFER", "INVENT", "AUDIT", "FEEDBACK"):
        add("a %s with an odd body" % kind, settlement(msg_type=kind, body={"setlinfo": 5, "feedetail": "x"}), "unused")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory")
    parser.add_argument("--huge-bytes", type=int, default=50_000_000, help="size of the largest line (default 50,000,000)")
    arguments = parser.parse_args()
    truncated()
    not_json()
    not_utf8()
    wrong_types()
    missing()
    ids_and_versions()
    amounts()
    twice()
    other_types_of_what_is_no_key()
    absurd_but_alive()
    too_much(arguments.huge_bytes)
    os.makedirs(arguments.directory, exist_ok=True)
    with open(os.path.join(arguments.directory, "odd.ndjson"), "wb") as out:
        for data, _ in records:
            out.write(data + b"\n")
    with open(os.path.join(arguments.directory, "expected.json"), "w", encoding="utf-8") as out:
        json.dump([dict(line=number, **expected) for number, (_, expected) in enumerate(records)], out, ensure_ascii=True, indent=0)
        out.write("\n")


if __name__ == "__main__":
    main()
