#!/usr/bin/env python3
"""A region's overlay means what the same edits of the base mean, is told when the base changes below it, and conflicts where both change a thing.

usage: overlay.py SETTLEWATCH RULES
"""
import json, os, re, shutil, subprocess, sys, tempfile

program, rules = sys.argv[1], sys.argv[2]
SPLIT, TABLE = "admission/split_admission.yaml", "knowledge/procurement_price"
OVERLAY = """\
overlay: lanzhou
base: %s
owner: 审核科
reason: 地方口径
rules:
  - id: ADM-001
    version: 1
    %s
    reason: 协议约定
    owner: 审核科
    params: {max_gap: 12}
    unless:
      - {id: pilot, if: {fixmedins_code: H62010000017}, reason: 试点, owner: 审核科, approved_by: 医保局, until: 2026-12-31}
  - {id: ADM-004, version: 1, derived_from: "%s", reason: 试运行, owner: 审核科, status: shadow}
"""


def run(*arguments):
    return subprocess.run([program, "rules", *arguments], capture_output=True, text=True)


def edit(folder, path, *edits):
    name = os.path.join(folder, path)
    with open(name, encoding="utf-8") as file:
        text = file.read()
    for pattern, to in edits:
        text, count = re.subn(pattern, to, text, count=1, flags=re.M)
        assert count, (path, pattern)
    with open(name, "w", encoding="utf-8") as file:
        file.write(text)


def same(a, b):
    out = run("diff", *a, *b, "--format", "json")
    assert out.returncode == 0 and json.loads(out.stdout)["same"], out.stdout + out.stderr


def codes(out):
    return re.findall(r"(warning|error) (SW\d+)", out.stdout + out.stderr)


def main():
    with tempfile.TemporaryDirectory() as work:
        base, local = os.path.join(work, "base"), os.path.join(work, "local")
        shutil.copytree(rules, base)
        os.makedirs(os.path.join(local, "knowledge"))

        def write(said="", other="", text=OVERLAY, where="../base"):
            with open(os.path.join(local, "overlay.yaml"), "w", encoding="utf-8") as file:
                file.write(text % (where, said, other))

        # the fingerprints are asked for, then hold
        write("note_missing: 1")
        assert ("error", "SW1007") in codes(run("check", local))
        write("", "0000000000000000")
        asked = run("check", local)
        marks = re.findall(r'write: derived_from: "([0-9a-f]{16})"|is ([0-9a-f]{16}) now', asked.stdout)
        assert codes(asked) == [("warning", "SW1163")] * 2 and asked.returncode == 0, asked.stdout
        write(f'derived_from: "{marks[0][0]}"', marks[1][1])
        assert not codes(run("check", local)), run("check", local).stdout

        # the exemption is listed with its end, before, near and after it
        for day, word in (("2026-11-15", ""), ("2026-12-15", "ends soon"), ("2027-01-01", "ended")):
            row, = [line for line in run("list", "--exemptions", "--as-of", day, local, "--lang", "en").stdout.splitlines() if " pilot " in line]
            assert re.search(rf"pilot +2026-12-31 +{word} +审核科 +医保局 +试点$", row), row

        # the same as the base edited by hand; alone, or with its base named first
        for end in (".yaml", ".csv"):
            shutil.copy(os.path.join(base, TABLE + end), os.path.join(local, TABLE + end))
        with open(os.path.join(local, TABLE + ".csv"), encoding="utf-8") as file:
            rows = file.readlines()
        with open(os.path.join(local, TABLE + ".csv"), "w", encoding="utf-8") as file:
            file.writelines(rows[:3] + rows[4:])
        edited = os.path.join(work, "edited")
        shutil.copytree(base, edited)
        shutil.copy(os.path.join(local, TABLE + ".csv"), os.path.join(edited, TABLE + ".csv"))
        exemption = "  - {id: pilot, if: {fixmedins_code: H62010000017}, reason: 试点, owner: 审核科, approved_by: 医保局, until: 2026-12-31}\n"
        with open(os.path.join(edited, SPLIT), encoding="utf-8") as file:
            text = file.read()
        place = re.search(r"^bands:", text, flags=re.M).start()
        before = text[:place].rstrip("\n") + "\n" + exemption
        with open(os.path.join(edited, SPLIT), "w", encoding="utf-8") as file:
            file.write((before + "\n" + text[place:]).replace("max_gap: 15", "max_gap: 12", 1))
        edit(edited, "admission/bed_hanging.yaml", ("^status: active", "status: shadow"))
        same([local], [edited])
        sets = [re.search(r"rule set ([0-9a-f]{32})", run("check", *paths, "--lang", "en").stdout).group(1) for paths in
                ([local], [base, local], [local, base], [edited])]
        assert len(set(sets)) == 1, sets

        # a rule of the region's own
        own = os.path.join(local, "own.yaml")
        shutil.copy(os.path.join(base, "bed", "beds_per_day.yaml"), own)
        edit(local, "own.yaml", ("^id: .*", "id: LOC-001"), ("^rule: .*", "rule: beds_here"))
        out = json.loads(run("diff", edited, local, "--format", "json").stdout)
        assert [(row["rule_id"], row["type"]) for row in out["differences"]] == [("LOC-001", "added")], out
        os.remove(own)

        # a change file instead of the whole table
        whole = {end: os.path.join(work, "table" + end) for end in (".yaml", ".csv")}
        for end in whole:
            shutil.move(os.path.join(local, TABLE + end), whole[end])
        with open(whole[".yaml"], encoding="utf-8") as file:
            described = file.read().replace("columns:\n", "columns:\n  - {name: change, type: text}\n", 1)
        with open(os.path.join(local, TABLE + ".changes.yaml"), "w", encoding="utf-8") as file:
            file.write(described)
        with open(os.path.join(local, TABLE + ".changes.csv"), "w", encoding="utf-8") as file:
            file.write("change," + rows[0] + "removed," + rows[3])
        out = json.loads(run("diff", edited, local, "--format", "json").stdout)
        assert [(row["owner"], row["type"]) for row in out["differences"]] == [("procurement_price.changes", "added")], out
        with open(os.path.join(local, TABLE + ".changes.csv"), "a", encoding="utf-8") as file:
            file.write("added," + rows[4])
        assert ("error", "SW1214") in codes(run("check", local))
        for end in whole:
            os.remove(os.path.join(local, TABLE + ".changes" + end))
            shutil.move(whole[end], os.path.join(local, TABLE + end))

        # the base changes: told; three ways; conflicts where both changed a thing
        changed = os.path.join(work, "changed")
        shutil.copytree(base, changed)
        edit(changed, SPLIT, ("^  zh: .*|zh: 分解住院（短间隔再入院）", "zh: 分解住院（新）"))
        assert codes(run("check", changed, local)) == [("warning", "SW1163")]
        three = run("diff", "--three-way", base, changed, local, "--format", "json")
        told = json.loads(three.stdout)
        assert three.returncode == 0 and not told["conflicts"] and [row["name"] for row in told["base"]] == ["title.zh"], told
        assert "max_gap" in [row["name"] for row in told["overlay"]]
        edit(changed, SPLIT, ("max_gap: 15", "max_gap: 20"))
        three = run("diff", "--three-way", base, changed, local, "--format", "json")
        conflict, = json.loads(three.stdout)["conflicts"]
        assert three.returncode == 1
        assert (conflict["base"]["name"], conflict["base"]["before"], conflict["base"]["after"], conflict["overlay"]["after"]) == \
               ("max_gap", "15", "20", "12"), conflict
        text = run("diff", "--three-way", base, changed, local, "--lang", "en").stdout
        assert "conflict ADM-001 parameter max_gap: was 15, the base says 20, here 12" in text and text.endswith("1 conflicts\n")
        edit(changed, SPLIT, ("max_gap: 20", "max_gap: 12"))    # both say the same now
        assert run("diff", "--three-way", base, changed, local).returncode == 0
        edit(changed, SPLIT, ("^version: 1", "version: 2"))
        gone = run("diff", "--three-way", base, changed, local)
        assert gone.returncode == 1 and ("error", "SW1162") in codes(gone), gone.stderr

        # what is wrong stands at its place in the overlay
        for pattern, to, code, place in ((r"max_gap: 12", "max_gapp: 12", "SW1007", "overlay.yaml:11:"), (r"max_gap: 12", "max_gap: x", "SW", "overlay.yaml:11:"),
                                         (r"status: shadow", "status: asleep", "SW1103", "overlay.yaml:14:"), (r"    owner: 审核科\n", "", "SW1161", "overlay.yaml:6:"),
                                         (r"ADM-004", "ADM-001", "SW1161", "overlay.yaml:14:"), (r"base: \S+", "base: nowhere", "SW1139", "nowhere"),
                                         (r"id: pilot", "id: psychiatric", "SW1122", "overlay.yaml:13:"), (r"params: .*", "tests: {a: b}", "SW1017", "overlay.yaml:11:")):
            write(f'derived_from: "{marks[0][0]}"', marks[1][1])
            edit(local, "overlay.yaml", (pattern, to))
            out = run("check", local)
            lines = [line for line in out.stdout.splitlines() if "error" in line and code in line and place in line]
            assert out.returncode == 1 and lines, (pattern, to, out.stdout)
        write("", "", "overlay: a\nbase: %s\nowner: b\nreason: c\nrules: []\n# %s%s\n", "../local")    # itself
        assert run("check", local).returncode == 1


main()
