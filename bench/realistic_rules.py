#!/usr/bin/env python3
"""Makes a rule folder like that of a region: the shipped rules, and rules made of real lists, up to N.

usage: realistic_rules.py RULES OUT [--data ../shared/data] [--rules 3000] [--seed 1]

The lists are read where they lie and are not part of the project: the national knowledge lists of restricted drugs and items (nhsa_liangku), one
auditor's rule base (medimodel_rules), one hospital system's price lists (cn_hospital_pricelist), the names of ICD-10 (chs_drg_icd). An
entry of a list, one drug or one item with all its codes, is one rule over a table of its own, as in a real library:

  66 %  restrictions     sex, age, kind of insurance, inpatients only, level of the institution, department, diagnoses: a price limit whose
                         scope is those who may not have it
  20 %  prices           an item's or a drug's, half of them for one level of institutions, with the price of another year before it
   3 %  mappings         an institution's local codes beside the national ones, those of the price list
   1 %  trace codes      the codes of drugs
  10 %  rules of a stay  readmission, bed days, idle days: half for listed institutions, half for groups of diagnoses, and ten by level and
                         kind of insurance

Frequencies, courses, surcharges, and pairs of items that exclude each other are left out: the rule kinds have no word for them. Where entries are too
few, they come again for listed institutions. What is overlapping is what overlaps in the lists: an entry concerns a code of the shipped
mapping (what generated settlements have) when it names the code, a prefix of it, or a part of its name, and stands for nothing else there. All
entries that concern such a code are taken, the others are drawn. For a code that occurs the bound is not what the list says but twice
its price: generated patients have drugs without regard to sex, age and diagnosis, and every second bill would hit. One in --hits of
these rows forbids indeed.

Every rule is active and has a test that expects a hit and one that expects none. The same arguments and lists give the same bytes. Prints one line
of JSON about what was made.
"""
import argparse, collections, csv, itertools, json, os, random, re, shutil, sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import multiply_rules

SHARES = {"restriction": 66, "price": 20, "mapping": 3, "trace": 1, "stay": 10}    # of 100 rules
BY_LEVEL = 10                      # rules of a stay that only conditions tell apart
NAME_LEAST, PREFIX_LEAST = 3, 8    # characters of a name, of a prefix, that can concern a code
LOCAL_CODES = 1000                 # of an institution that does not occur
PRODUCTS = 300                     # of a product table
DIAGNOSES_MOST = 40                # groups of a rule
PRICE_UNKNOWN = 100000             # yuan; above whatever is billed
CHANGED = ("2026-01-31", "2026-02-01")
CHILD = "2008-01-01"               # born before: no child
LEVELS = {"三级": ["01", "02", "03", "04", "12"], "二级": ["05", "06", "07", "13"], "一级": ["08", "09", "10", "14", "11"]}
BELOW = {"二级": LEVELS["一级"], "三级": LEVELS["二级"] + LEVELS["一级"]}
DEPARTMENTS = {"(精神|心理)": "A15", "(康复)": "A21", "(急诊)": "A20", "(营养)": "A69"}
NEEDED = {"liangku": "nhsa_liangku", "medimodel": "medimodel_rules", "prices": "cn_hospital_pricelist", "icd": "chs_drg_icd"}
PRICE_TABLE = """columns:
  - {name: med_list_codg, type: text}
  - {name: price, type: price}
  - {name: effective_from, type: date}
  - {name: effective_to, type: date}
key: [med_list_codg]
effective: {from: effective_from, to: effective_to}
version: "1"
source: made for the bench
"""
RULE = """rule: %(name)s
id: %(id)s
title: {zh: %(title)s}
version: 1
status: active
subject: claim
result: suspicious
effective: {from: 2022-01-01}
basis:
  - {law: 医疗保障基金使用监督管理条例, article: "38(4)"}
agreement_class: P56
precedence: %(precedence)s

%(scope)skind: price_limit
params: {table: %(name)s, tolerance_fen: 1, markup_permille: 0}
bands:
  - {name: above, severity: 2}
amount: %(amount)s
say: {zh: "{lines} 行：{med_list_codg} 单价 {pric} 元，上限 {price_cap} 元"}
show: [feedetl_sn, med_list_codg, pric, price_cap, lines]

tests:
  - name: more than is allowed
    tables: {%(name)s: [{med_list_codg: XA1, price: %(cap)s}]}
    given:
      - settle: {id: S1, time: 2026-03-10%(facts)s, lines: [{sn: "1", code: XA1, date: 2026-03-10, count: 1, price: 11.00}]}
    expect: {hit: above, on: S1}
  - name: another code
    tables: {%(name)s: [{med_list_codg: XA1, price: %(cap)s}]}
    given:
      - settle: {id: S1, time: 2026-03-10%(facts)s, lines: [{sn: "1", code: XA1, date: 2026-03-10, count: 1, price: %(cap)s}]}
    expect: {outcome: no_hit, on: S1}
"""

# What a list says of one drug or item. scope, facts: of the rule, and of a test's patient who is in it.
Entry = collections.namedtuple("Entry", "title codes names scope facts prices")


def quoted(words):
    return "[" + ", ".join(f'"{word}"' for word in words) + "]"


class Lists:
    """The real lists, as entries."""

    def __init__(self, data):
        self.at = {}
        for name, folder in NEEDED.items():
            self.at[name] = os.path.join(data, folder)
            if not os.path.isdir(self.at[name]):
                raise FileNotFoundError(f"there is no folder '{self.at[name]}': the lists are not part of the project; --data says where they lie")
        self.diagnoses = collections.defaultdict(list)    # group -> names
        with open(f"{self.at['icd']}/beijing_2022_ZD_INFO.txt", encoding="utf-8") as file:
            for line in file:
                code, _, name = line.strip().partition(" ")
                if re.match(r"[A-Z]\d\d", code):
                    self.diagnoses[code[:3]].append(name)
        self.groups = {}

    def rows(self, name, file):
        with open(f"{self.at[name]}/{file}", encoding="utf-8-sig") as lines:
            return list(csv.DictReader(lines))

    def groups_of(self, words):
        """Groups of ICD-10 with a diagnosis of which one of the words (a|b) is a part."""
        if words not in self.groups:
            parts = [part for part in words.strip("()").split("|") if len(part) > 1]
            self.groups[words] = sorted(group for group, names in self.diagnoses.items() if any(part in name for part in parts for name in names))
        return self.groups[words][:DIAGNOSES_MOST]

    def sex(self, title, codes, names, only):
        # Those who may not have it.
        other = {"男": "2", "女": "1"}.get(only)
        return Entry(f"{title} 限定性别", codes, names, f'  gend: "{other}"\n', f', gender: "{other}"', None) if other else None

    def child(self, title, codes, names):
        return Entry(f"{title} 限定儿童", codes, names, f"  brdy: {{below: {CHILD}}}\n", "", None)

    def restriction(self, column, said, title, codes, names):
        if column == "性别限制":
            return self.sex(title, codes, names, said)
        if column == "年龄限制" and said == "儿童":
            return self.child(title, codes, names)
        if column == "险种限制":
            return Entry(f"{title} 限定险种", codes, names, '  insutype: ["310", "390"]\n', "", None)
        if column == "就医限制" and said == "住院":
            return Entry(f"{title} 限定就医方式", codes, names, "  not: {visit: INPATIENT_STAY}\n", "", None)
        if column == "机构限制" and said in BELOW:
            return Entry(f"{title} 限定机构等级", codes, names, f"  hosp_lv: {quoted(BELOW[said])}\n", f', level: "{BELOW[said][0]}"', None)
        if column == "专科限制" and said in DEPARTMENTS:
            return Entry(f"{title} 限定科室", codes, names,
                         f"  visit: INPATIENT_STAY\n  not: {{adm_dept_codg: {{starts_with: {DEPARTMENTS[said]}}}}}\n",
                         ", stay: [2026-03-08, 2026-03-12], department: B99", None)
        if column == "疾病限制" and self.groups_of(said):
            return Entry(f"{title} 限定疾病", codes, names, f"  not: {{diagnoses: {{starts_with: {quoted(self.groups_of(said))}}}}}\n",
                         ", diagnosis: ZZZ", None)
        return None

    def restrictions(self):
        found = []
        columns = {"限定性别对象": "性别限制", "限定年龄对象": "年龄限制", "限定保险类型": "险种限制", "限定就医方式": "就医限制", "限定机构等级": "机构限制"}
        for file in sorted(os.listdir(self.at["liangku"])):
            kind = next((columns[word] for word in columns if word in file), None)
            if kind is None or "明细" in file:
                continue
            codes = collections.defaultdict(list)
            if "药品" in file:
                for row in self.rows("liangku", file.removesuffix(".csv") + "_明细代码.csv"):
                    codes[row["药品通用名"]].append(row.get("国标代码") or row.get("药品代码"))
            for row in self.rows("liangku", file):
                title = row.get("药品通用名") or row["项目名称"]
                said = row.get("限定对象") or row.get("限定性别") or row.get("限定值域")
                found.append(self.restriction(kind, said, title, codes.get(title) or [row.get("国标代码") or ""], [title]))
        for file, code, name in (("规则_药品限制.csv", "药品编码", "药品名称"), ("规则_诊疗限制.csv", "诊疗编码", "诊疗名称")):
            for row in self.rows("medimodel", file):
                found += [self.restriction(column, row[column], row[name], [row[code]], [row[name]])
                          for column in ("险种限制", "机构限制", "就医限制", "专科限制", "性别限制", "年龄限制", "疾病限制") if row.get(column)]
        return [entry for entry in found if entry and entry.title and any(entry.codes)]

    def prices(self):
        """By name: an item's or a drug's local codes and prices."""
        items, names = {}, {row["DRUG_CODE"]: row["DRUG_NAME"] for row in self.rows("prices", "drug_name_dict_V106.csv")}
        for row in self.rows("prices", "price_list_V301.csv"):
            items.setdefault(row["ITEM_NAME"], {})["00" + row["ITEM_CODE"][:9]] = row["PRICE"]
        for row in self.rows("prices", "drug_price_list_V120.csv"):
            if row["DRUG_CODE"] in names:
                items.setdefault(names[row["DRUG_CODE"]], {})[row["DRUG_CODE"]] = row["RETAIL_PRICE"]
        levels = itertools.cycle([None, "三级", None, "二级", None, "一级"])
        found = []
        for name, prices in sorted(items.items()):
            level = next(levels)
            scope = f"  hosp_lv: {quoted(LEVELS[level])}\n" if level else ""
            found.append(Entry(f"{name} 价格", sorted(prices), [name], scope, f', level: "{LEVELS[level][0]}"' if level else "", prices))
        return found

    def local_codes(self):
        return sorted({(row["ITEM_CODE"], f"00{row['ITEM_CODE'][:9]}0000"[:15]) for row in self.rows("prices", "price_list_V301.csv")})

    def drugs(self):
        return sorted({row.get("国标代码") or row.get("药品代码") for file in os.listdir(self.at["liangku"]) if "明细" in file
                       for row in self.rows("liangku", file)})


class Region(multiply_rules.Maker):
    def __init__(self, rules, out, size, hits, seed, lists):
        super().__init__(rules, out, size, 0, 1, seed)
        self.lists, self.hits, self.number = lists, hits, 0
        self.concerned, self.restricted, self.forbidden = collections.Counter(), 0, 0
        at = [self.headers["item_mapping"].index(column) for column in ("med_list_codg", "medins_list_name")]
        self.billed = {row[at[0]]: row[at[1]].split("(")[0] for row in self.shipped["item_mapping"]}
        self.lawful = {rows[0][0]: rows for rows in self.keys("procurement_price", "med_list_codg")}

    def concerns(self, entry):
        """Codes of the shipped mapping that an entry concerns."""
        codes = {code for code in entry.codes if code}
        return [code for code, name in sorted(self.billed.items())
                if any(code[:size] in codes for size in range(PREFIX_LEAST, len(code) + 1)) or any(len(n) >= NAME_LEAST and n in name for n in entry.names)]

    def priced(self, entry, concerned, name):
        rows = []
        for code in entry.codes:
            if code in concerned or not code:
                continue
            price = float((entry.prices or {}).get(code) or 0)
            if entry.prices:
                rows += [[code, f"{price * 1.1:.4f}", "2015-10-19", CHANGED[0]], [code, f"{price:.4f}", CHANGED[1], ""]]
            else:
                rows.append([code, "0", "", ""])
        for code in concerned:
            self.concerned[code] += 1
            most = 2 * max((float(row[1]) for row in self.lawful.get(code, [])), default=PRICE_UNKNOWN)
            self.restricted += not entry.prices
            if not entry.prices and self.hits and self.restricted % self.hits == 0:
                self.forbidden += 1
                rows.append([code, "0", "", ""])
            elif entry.prices:
                rows += [[code, f"{most * 1.1:.6f}", "2015-10-19", CHANGED[0]], [code, f"{most:.6f}", CHANGED[1], ""]]
            else:
                rows.append([code, f"{most:.6f}", "", ""])
        self.made_rows += len(rows)
        self.made_occurring += len(concerned)
        self.write_table(name, ["med_list_codg", "price", "effective_from", "effective_to"], rows, PRICE_TABLE)

    def write_rule(self, name, text):
        folder = f"{self.out}/bench/{self.number // 100:02}"
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/{name}.yaml", "w", encoding="utf-8") as file:
            file.write(text)

    def entry(self, entry, concerned, again):
        self.number += 1
        name = f"bench_{self.number:04}"
        scope = entry.scope
        if again:
            scope += f"  fixmedins_code: [{', '.join(['H1', *self.some_institutions()])}]\n"
        self.priced(entry, concerned, name)
        title = re.sub(r"[^\w ]", "", entry.title)[:60]
        self.write_rule(name, RULE % {"name": name, "id": f"BENCH-{self.number:04}", "title": f'"{title}"', "facts": entry.facts,
                                      "precedence": "price" if entry.prices else "limit", "amount": "price_difference" if entry.prices else "in_scope_of_lines",
                                      "cap": "10.00" if entry.prices else "0", "scope": f"scope:\n{scope}\n" if scope else ""})

    def entries(self, entries, count):
        """All that concern what occurs, then as many others as it takes, then all of them again for listed institutions."""
        concerned = [(entry, self.concerns(entry)) for entry in entries]
        first, rest = [pair for pair in concerned if pair[1]], [pair for pair in concerned if not pair[1]]
        self.dice.shuffle(first)
        self.dice.shuffle(rest)
        for n, (entry, codes) in enumerate(itertools.islice(itertools.cycle(first + rest), count)):
            self.entry(entry, codes, n >= len(concerned))

    def table(self, kind, name, rows, institutions):
        """Of a mapping or of products: what Maker.clone asks for."""
        columns, known = self.headers[multiply_rules.TABLES[kind]], {"effective_from": "", "effective_to": "", "medins_list_name": "院内项目"}
        lines = [list(row) for row in self.occurring(kind, institutions)]
        self.made_occurring += len(lines)
        if kind == "m":
            made = [{"fixmedins_code": institution, "medins_list_codg": f"L{local}", "med_list_codg": national}
                    for institution in institutions for local, national in self.dice.sample(self.local, min(LOCAL_CODES, len(self.local)))]
        else:
            made = [{"med_list_codg": code, "product_prefix": f"{self.dice.randint(1000000, 7999999)}"}
                    for code in self.dice.sample(self.drug_codes, min(PRODUCTS, len(self.drug_codes)))]
        lines += [[{**known, **row}[column] for column in columns] for row in made]
        self.made_rows += len(lines)
        self.write_table(name, columns, lines, self.descriptions[multiply_rules.TABLES[kind]])

    def by_level(self, number):
        """A rule of a stay that no list tells apart: found by a level and a kind of insurance."""
        original = self.dice.choice(multiply_rules.ORIGINALS["s"])
        insured = self.dice.choice(['"310"', '["310", "390"]'])
        scope = f'  hosp_lv: ["03", "{self.dice.choice(["02", "05", "08", "11"])}"]\n  insutype: {insured}\n'
        text = re.sub(r"^rule: \w+$", f"rule: {original}_{number:04}", self.originals[original], flags=re.M)
        text = re.sub(r"^id: .*$", f"id: BENCH-{number:04}", text, flags=re.M)
        self.write_rule(f"bench_{number:04}", text.replace("\nscope:\n", "\nscope:\n" + scope))

    def make(self):
        left = self.size - len(self.files)
        self.local, self.drug_codes = self.lists.local_codes(), self.lists.drugs()
        shares = {kind: left * share // 100 for kind, share in SHARES.items()}
        shares["restriction"] += left - sum(shares.values())
        self.entries(self.lists.restrictions(), shares["restriction"])
        self.entries(self.lists.prices(), shares["price"])
        for kind in ["m"] * shares["mapping"] + ["t"] * shares["trace"]:
            self.number += 1
            self.clone(self.number, kind, 0)
        for n in range(shares["stay"]):
            self.number += 1
            self.by_level(self.number) if n < BY_LEVEL * self.size // 3000 else self.clone(self.number, "s", 0)
        return {"rules": self.size, "rows": self.shipped_rows + self.made_rows, "rows_of_occurring_codes": self.shipped_rows + self.made_occurring,
                "kinds": shares, "codes_that_occur": len(self.billed), "of_them_on_a_list": len(self.concerned),
                "rules_on_a_listed_code": round(sum(self.concerned.values()) / max(1, len(self.concerned)), 2), "forbidden_rows": self.forbidden}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", metavar="RULES")
    parser.add_argument("out", metavar="OUT")
    parser.add_argument("--data", default=os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "shared", "data"),
                        help="where the lists lie (default: ../shared/data beside the project)")
    parser.add_argument("--rules", type=int, default=3000)
    parser.add_argument("--hits", type=int, default=40, help="one in so many restricted rows of codes that occur forbids; 0: none (default 40)")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.rules < 100 or arguments.hits < 0:
        parser.error("at least 100 rules, and no negative --hits")
    if os.path.exists(arguments.out) and not os.path.isdir(f"{arguments.out}/codes") and os.listdir(arguments.out):
        parser.error(f"{arguments.out} is not empty and no rule folder")
    try:
        lists = Lists(arguments.data)
    except (FileNotFoundError, KeyError) as error:
        print(f"realistic_rules: {error}", file=sys.stderr)
        return 66
    print(json.dumps(Region(arguments.source, arguments.out, arguments.rules, arguments.hits, arguments.seed, lists).make(), ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
