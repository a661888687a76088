#include "producers/generate/answer.h"

#include "record/money.h"

static void write_ids(struct text *out, const struct plan *plan) {
  for (unsigned s = 0; s < (bill_has_interim(plan) ? 2u : 1u); s++) {
    if (out->data[out->size - 1] != '[') text_byte(out, ',');
    text_byte(out, '"');
    bill_write_setl_id(out, plan, s);
    text_byte(out, '"');
  }
}

static void begin(struct text *out, const struct region *region, const char *name, uint64_t number, const char *rule,
                  const char *answer, const struct plan *plan) {
  text_format(out, "{\"case\":\"%s-%06llu\",\"rule_id\":\"%s\",\"expect\":\"%s\",\"psn_no\":\"", name,
              (unsigned long long)number, rule, answer);
  region_write_person(out, region, plan->person);
  TEXT_LITERAL(out, "\",\"mdtrt_id\":\"");
  bill_write_mdtrt_id(out, plan);
  TEXT_LITERAL(out, "\",\"setl_ids\":[");
}

void answer_write_case(struct text *out, const struct region *region, const struct plant_case *at, uint32_t part,
                       const struct expect *expect) {
  const struct scenario *scenario = at->scenario;
  const uint32_t earlier = plant_earlier(at, part);
  const bool clean = scenario->answer == PLANT_CLEAN;
  for (unsigned rule = 0; rule < EXPECT_RULES; rule++) {
    if (clean ? (int)rule != scenario->rule || part + 1 != at->size : !expect->found[rule]) continue;
    const bool pair = (rule == EXPECT_ADM_001 || rule == EXPECT_ADM_002) && earlier != UINT32_MAX;
    begin(out, region, scenario->name, at->plans[part].case_number, expect_rule_ids[rule],
          plant_answer_names[scenario->answer], &at->plans[part]);
    if (pair) write_ids(out, &at->plans[earlier]);
    write_ids(out, &at->plans[part]);
    TEXT_LITERAL(out, "],\"vola_amt\":\"");
    money_write_fen(out, clean ? 0 : expect->vola[rule]);
    TEXT_LITERAL(out, "\",\"fund_amt\":\"");
    money_write_fen(out, clean ? 0 : expect->fund[rule]);
    text_format(out, "\",\"band\":\"%s\",\"why\":", clean ? "" : plant_band(at, part, rule));
    text_json(out, slice_from(scenario->why));
    TEXT_LITERAL(out, "}\n");
  }
}

void answer_write_twin(struct text *out, const struct region *region, const struct plan *plan, uint64_t number) {
  begin(out, region, "twin", number, "", "dead_letter", plan);
  write_ids(out, plan);
  TEXT_LITERAL(
      out,
      "],\"vola_amt\":\"0.00\",\"fund_amt\":\"0.00\",\"band\":\"\",\"why\":\"same ids, other content\",\"twin\":true}\n");
}
