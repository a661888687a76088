#!/usr/bin/env python3
"""Multiplies a rule folder: the shipped rules, and clones of them over tables of their own, up to N rules and R table rows.

usage: multiply_rules.py RULES OUT [--rules 3000] [--rows 1000000] [--lists 1] [--seed 1]

What the set looks like is that of a province whose traffic comes from a few of its institutions:

  45 %  price limits     each over a price list of its own; half for listed institutions, half for everybody
  25 %  mappings         each over the filed codes of two institutions, and for these
   5 %  trace codes      each over a product table of its own, for listed institutions
  25 %  rules of a stay  readmission, bed days, idle days; 70 % for listed institutions, 30 % by a table of diagnoses

The institutions are those of the shipped mapping and invented ones, 1 : 11. Most codes of the tables are invented, too, and occur in no
settlement. About 1 % of the rows are of codes that do occur: a mapping for an institution that occurs has a fifth of its filed codes, each
another fifth; a product table for one has all products; and each code with a price stands on --lists more price lists
(1: that of the province beside that of the nation). They are lawful: the same filed
code, the same product, a cap twice as high. Every clone is active, has an id, a name and tables of its own, and a test that expects a hit and one that expects none, taken from its
original (`settlewatch rules test OUT` runs them). The same arguments and the same shipped folder give the same bytes. Prints one line of JSON
about what was made.
"""
import argparse, csv, io, itertools, json, os, random, re, shutil

KINDS = "pmpspmptspmpspmpspms"    # price, mapping, trace, stay
assert {kind: KINDS.count(kind) * 5 for kind in KINDS} == {"p": 45, "m": 25, "t": 5, "s": 25}
MAPPING_WEIGHT = 6                # a mapping has so many rows for one of a price list or product table
MAPPINGS_OF_AN_INSTITUTION = 5    # share its codes
INVENTED_PER_REAL = 11
DIAGNOSES = [f"{letter}{number:02}" for letter in "ABCDEGHIJKLMN" for number in range(100)]
DIAGNOSES_OF_A_TABLE = 20
ORIGINALS = {"p": ["procurement_price"], "m": ["code_mapping"], "t": ["trace_code_product"],
             "s": ["split_admission", "billed_bed_days", "beds_per_day", "bed_outside_stay", "bed_hanging", "transfer_as_readmission"]}
TABLES = {"p": "procurement_price", "m": "item_mapping", "t": "trace_product"}
HOME = "H1"    # where the patients of rule tests are treated


def rule_files(folder):
    """The rule files below a folder, by the name of the rule."""
    found = {}
    for at, folders, names in os.walk(folder):
        if at == folder:
            folders[:] = [f for f in folders if f not in ("codes", "calendars", "knowledge")]
        for name in names:
            if name.endswith(".yaml"):
                with open(os.path.join(at, name), encoding="utf-8") as file:
                    text = file.read()
                found[re.search(r"^rule: (\w+)$", text, re.M)[1]] = text
    return found


def two_tests(text):
    """A rule file with only its first test of a hit and its first of no hit."""
    head, _, tests = text.partition("\ntests:\n")
    tests = re.split(r"^(?=  - name:)", tests, flags=re.M)[1:]
    def first(pattern):
        return next(t for t in tests if re.search(pattern, t[t.index("expect:"):]))
    return f"{head}\n\ntests:\n{first(r'[{ ]hit:')}{first('outcome: no_hit')}"


class Maker:
    def __init__(self, rules, out, size, rows, lists, seed):
        self.dice = random.Random(seed)
        self.out, self.size, self.rows, self.lists = out, size, rows, lists
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(rules, out)
        self.files = rule_files(rules)
        self.originals = {name: two_tests(text) for name, text in self.files.items()}
        self.shipped, self.headers, self.descriptions = {}, {}, {}
        self.shipped_rows = 0
        for name in os.listdir(f"{rules}/knowledge"):
            if name.endswith(".csv"):
                with open(f"{rules}/knowledge/{name}", encoding="utf-8") as file:
                    header, *lines = list(csv.reader(file))
                self.headers[name[:-4]], self.shipped[name[:-4]] = header, lines
                self.shipped_rows += len(lines)
            elif name.endswith(".yaml"):
                with open(f"{rules}/knowledge/{name}", encoding="utf-8") as file:
                    self.descriptions[name[:-5]] = file.read()
        # By institution: its filed codes, again and again, and how many of them one mapping takes.
        self.filed = {}
        for rows in self.keys("item_mapping", "fixmedins_code", "medins_list_codg"):
            self.filed.setdefault(rows[0][0], []).append(rows)
        self.filed = {institution: (itertools.cycle(keys), -(-len(keys) // MAPPINGS_OF_AN_INSTITUTION)) for institution, keys in self.filed.items()}
        self.real = sorted(self.filed)
        invented = [f"H629{number:08}" for number in range(len(self.real) * INVENTED_PER_REAL)]
        step = INVENTED_PER_REAL + 1
        mixed = [self.real[n // step] if n % step == 0 else invented[n - n // step - 1] for n in range(len(self.real) * step)]
        self.institutions = itertools.cycle(mixed)
        self.made_rows = self.made_occurring = 0

    def keys(self, table, *columns):
        """Shipped rows by what finds them: a key's rows stay together, so that each day keeps its row."""
        at = [self.headers[table].index(column) for column in columns]
        found = {}
        for row in self.shipped[table]:
            found.setdefault(tuple(row[a] for a in at), []).append(row)
        return [found[key] for key in sorted(found)]

    def some_institutions(self):
        return list(itertools.islice(self.institutions, self.dice.randint(1, 4)))

    def code(self):
        """A code of the shape of a drug, a patent medicine, a material or a service that occurs nowhere."""
        number = self.dice.getrandbits(40)
        return self.dice.choice([f"XQ{number:021}"[:23], f"ZQ{number:018}"[:20], f"CQ{number:018}"[:20], f"99{number:013}"[:15]])

    def occurring(self, kind, institutions):
        """Rows of codes that occur, key by key."""
        real = [institution for institution in institutions if institution in self.filed]
        if kind == "t":
            return self.shipped[TABLES[kind]] if real else []
        if kind == "m":
            return [row for institution in real for _ in range(self.filed[institution][1]) for row in next(self.filed[institution][0])]
        keys = self.keys("procurement_price", "med_list_codg")
        share = self.lists * len(keys) / self.price_lists
        return [row for rows in self.dice.sample(keys, min(len(keys), int(share + self.dice.random()))) for row in rows]

    def table(self, kind, name, rows, institutions):
        columns = self.headers[TABLES[kind]]
        taken = self.occurring(kind, institutions)[:rows]
        lines = []
        for row in taken:
            row = dict(zip(columns, row))
            if kind == "p":
                row["price"] = f"{float(row['price']) * 2:.6f}".rstrip("0").rstrip(".")
            lines.append([row[c] for c in columns])
        known = {"effective_from": "", "effective_to": ""}
        for n in range(max(0, rows - len(lines))):
            code = self.code()
            row = {"med_list_codg": code, "price": f"{self.dice.randint(1, 90000) / 100:.2f}", "product_prefix": f"{self.dice.randint(1000000, 7999999)}",
                   "fixmedins_code": institutions[n % len(institutions)], "medins_list_codg": f"N{self.dice.getrandbits(32):010}", "medins_list_name": "院内项目", **known}
            lines.append([row[c] for c in columns])
        self.dice.shuffle(lines)
        self.write_table(name, columns, lines, self.descriptions[TABLES[kind]])
        self.made_rows += len(lines)
        self.made_occurring += len(taken)

    def write_table(self, name, columns, lines, description):
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([columns, *lines])
        with open(f"{self.out}/knowledge/{name}.csv", "w", encoding="utf-8") as file:
            file.write(text.getvalue())
        with open(f"{self.out}/knowledge/{name}.yaml", "w", encoding="utf-8") as file:
            file.write(description)

    def diagnoses(self, name):
        chosen = self.dice.sample(DIAGNOSES, DIAGNOSES_OF_A_TABLE)
        self.write_table(name, ["dx3", "name", "effective_from", "effective_to"], [[dx, "", "", ""] for dx in chosen],
                         self.descriptions["cycle_treatment_diagnoses"])
        self.made_rows += len(chosen)
        return chosen

    @staticmethod
    def with_diagnoses(text, chosen):
        """The tests of a rule with diagnoses of its table, other ones where they were other ones."""
        head, line, tests = text.partition("\ntests:\n")
        groups = list(dict.fromkeys(re.findall(r"diagnosis: (\w\d\d)\.", tests)))
        if groups:
            return head + line + re.sub(r"\b(\w\d\d)(?=\.)", lambda m: chosen[groups.index(m[1])] if m[1] in groups else m[1], tests)
        said = f"diagnosis: {chosen[0]}.900"
        return head + line + re.sub(r"(\bid: S\d)(,|\n +)", lambda m: f"{m[1]}, {said}," if m[2] == "," else f"{m[1]}{m[2]}{said}{m[2]}", tests)

    def clone(self, number, kind, rows):
        original = self.dice.choice(ORIGINALS[kind]) if kind == "s" else ORIGINALS[kind][0]
        text, scope = self.originals[original], ""
        name = f"bench_{number:04}"
        if kind == "s":
            if self.dice.random() < 0.3:
                text = self.with_diagnoses(text, self.diagnoses(name))
                scope = f"  dx3: {{in_table: {name}}}\n"
            else:
                scope = f"  fixmedins_code: [{', '.join([HOME, *self.some_institutions()])}]\n"
        else:
            institutions = list(itertools.islice(self.institutions, 2)) if kind == "m" else self.some_institutions()
            self.table(kind, name, rows, institutions)
            if kind != "p" or self.dice.random() < 0.5:
                scope = f"  fixmedins_code: [{', '.join([HOME, *institutions])}]\n"
            text = text.replace("missing_row: bad_data", "missing_row: out_of_scope")    # a mapping has a part of the codes
            text = re.sub(rf"(?<!rule: )\b{TABLES[kind]}\b", name, text)
        text = re.sub(r"^rule: \w+$", f"rule: {original}_{number:04}", text, flags=re.M)
        text = re.sub(r"^id: .*$", f"id: BENCH-{number:04}", text, flags=re.M)
        if scope:
            text = text.replace("\nscope:\n", "\nscope:\n" + scope) if "\nscope:\n" in text else text.replace("\nkind:", f"\nscope:\n{scope}\nkind:")
        folder = f"{self.out}/bench/{number // 100:02}"
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/{name}.yaml", "w", encoding="utf-8") as file:
            file.write(text)

    def make(self):
        clones = self.size - len(self.files)
        kinds = [KINDS[n % len(KINDS)] for n in range(clones)]
        weights = {"m": MAPPING_WEIGHT, "p": 1, "t": 1, "s": 0}
        left, weight = self.rows - self.shipped_rows, sum(weights[kind] for kind in kinds)
        self.price_lists = max(1, kinds.count("p"))
        for number, kind in enumerate(kinds, 1):
            rows = left * weights[kind] // weight if weight and weights[kind] else 0
            before = self.made_rows
            self.clone(number, kind, rows)
            left -= self.made_rows - before
            weight -= weights[kind]
        return {"rules": self.size, "rows": self.shipped_rows + self.made_rows, "rows_of_occurring_codes": self.shipped_rows + self.made_occurring,
                "clones": {kind: kinds.count(kind) for kind in "pmts"}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", metavar="RULES")
    parser.add_argument("out", metavar="OUT")
    parser.add_argument("--rules", type=int, default=3000)
    parser.add_argument("--rows", type=int, default=1000000)
    parser.add_argument("--lists", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if not arguments.rules >= 10 or not arguments.rows >= 10000:
        parser.error("at least 10 rules and 10000 rows")
    if os.path.exists(arguments.out) and not os.path.isdir(f"{arguments.out}/codes") and os.listdir(arguments.out):
        parser.error(f"{arguments.out} is not empty and no rule folder")
    print(json.dumps(Maker(arguments.source, arguments.out, arguments.rules, arguments.rows, arguments.lists, arguments.seed).make()))


if __name__ == "__main__":
    main()
