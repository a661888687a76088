"""Rule folders for counting readmissions: one rule for each way to count, everything else as shipped."""
import os
import shutil

RULE = """rule: {name}
id: {id}
title: {{zh: 再入院, en: Readmission within {max_gap} {gap_unit}}}
version: 1
status: active
subject: patient
result: suspicious
effective: {{from: 2000-01-01}}
basis:
  - {{law: test, article: "1"}}
precedence: stay
require: [begntime, endtime]
scope:
  visit: INPATIENT_STAY
kind: readmission_interval
params:
  min_gap: 0
  max_gap: {max_gap}
  gap_unit: {gap_unit}
  same: {same}
  match: {match}
  consecutive_scope: {scope}
bands:
  - {{name: all, severity: 1}}
amount: in_scope_of_later_stay
say: {{zh: "{{gap}}", en: "{{gap}}"}}
show: [gap]
tests:
  - name: a stay after a stay
    given:
      - {{settle: {{id: S1, patient: P1, at: H1, stay: [2026-03-01, 2026-03-06],
                   diagnosis: I63.900, in_scope: 100.00, fund: 80.00}}}}
      - {{settle: {{id: S2, patient: P1, at: H1, stay: [2026-03-07, 2026-03-09],
                   diagnosis: I63.900, in_scope: 200.00, fund: 150.00}}}}
    expect: {{hit: all, on: S2, amount: 200.00}}
  - name: the only stay
    given:
      - {{settle: {{id: S1, patient: P1, at: H1, stay: [2026-03-01, 2026-03-06],
                   diagnosis: I63.900, in_scope: 100.00, fund: 80.00}}}}
    expect: {{outcome: no_hit}}
"""


def write(folder, rules):
    """The site's code tables, calendars and tables, and the rules: dicts with id, same, match, scope and days or hours."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for part in ("codes", "calendars", "knowledge"):
        shutil.copytree(os.path.join("rules.d", part), os.path.join(folder, part))
    for rule in rules:
        unit = "days" if "days" in rule else "hours"
        name = rule["id"].lower().replace("-", "_")
        with open(os.path.join(folder, name + ".yaml"), "w", encoding="utf-8") as file:
            file.write(
                RULE.format(
                    name=name,
                    id=rule["id"],
                    max_gap=rule[unit],
                    gap_unit=unit,
                    same=rule["same"],
                    match=rule["match"],
                    scope=rule["scope"],
                )
            )
