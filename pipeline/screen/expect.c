#include "screen/expect.h"

#include "record/money.h"
#include "rules/format.h"
#include "rules/operand.h"

enum { WHY_MAX = 6 };

struct expectation {
  struct session *session;
  struct trace *trace;    // of the visit at hand; NULL: terse
  const struct yaml_file *file;
  const struct yaml_node *map;
  struct slice on;
  bool shuffled;
  bool found;    // the visit of `on` is there
};

static bool holds_id(const struct json_value *ids, struct slice setl_id) {
  for (const struct json_value *id = ids != NULL ? ids->child : NULL; id != NULL; id = id->next)
    if (slice_equal(id->text, setl_id)) return true;
  return false;
}

// The finding of the rule on a visit: open ones first.
static const struct published *find_published(const struct session *session, struct slice mdtrt_id, struct slice setl_id, bool open) {
  for (const struct published *published = session->published; published != NULL; published = published->next)
    if (published->open == open && slice_equal(published->rule_id, session->rule->id) && holds_id(published->setl_ids, setl_id) &&
        (mdtrt_id.size == 0 || slice_equal(published->mdtrt_id, mdtrt_id)))
      return published;
  return NULL;
}

static unsigned scale_of(enum value_type type) {
  return type == VALUE_FEN ? MONEY_FEN : (type == VALUE_PRICE ? MONEY_PRICE : (type == VALUE_COUNT ? MONEY_COUNT : 0));
}

static void compare_operand(const struct expectation *expectation, const struct yaml_node *key, const struct verdict *verdict,
                            const struct judge_input *input) {
  struct session *session = expectation->session;
  const int operand = operand_find(session->rule->kind, key->scalar);
  if (operand == OPERAND_NONE) {
    const char *nearest = operand_nearest(session->rule->kind, key->scalar);
    yaml_error(expectation->file, key, 1135, "unknown operand '%.*s'%s%s%s", SLICE_ARG(key->scalar), nearest ? " (did you mean '" : "",
               nearest ? nearest : "", nearest ? "'?)" : "");
    return;
  }
  if (key->value->type != YAML_SCALAR) {
    yaml_error(expectation->file, key->value, 1135, "an operand is compared with one value");
    return;
  }
  const struct value value = judge_operand(session->rule, operand, input, verdict);
  const struct slice wanted = key->value->scalar;
  struct text text = {0};
  value_write(&text, &value);
  bool same = value.type == VALUE_UNKNOWN ? slice_equal(wanted, SLICE("absent")) : slice_equal(text_slice(&text), wanted);
  int64_t number;
  if (!same && (value.type == VALUE_INT || scale_of(value.type) > 0) && money_parse(wanted, scale_of(value.type), &number))
    same = number == value.number;
  if (!same) {
    const struct slice source =
        expectation->trace != NULL
            ? trace_source(expectation->trace, operand, &(struct condition_context){session->rule, input, verdict}) : SLICE_NONE;
    trial_differs(session, "%.*s: expected %.*s, found %.*s%s%.*s", SLICE_ARG(key->scalar), SLICE_ARG(wanted),
                  SLICE_ARG(value.type == VALUE_UNKNOWN ? SLICE("absent") : text_slice(&text)), source.size > 0 ? "  <- " : "",
                  SLICE_ARG(source));
  }
  text_fini(&text);
}

static void compare_fen(const struct expectation *expectation, const char *key, int64_t found) {
  const struct yaml_node *node = yaml_find(expectation->map, key);
  int64_t wanted;
  if (node == NULL || !yaml_is_decimal(expectation->file, node, MONEY_FEN, &wanted) || wanted == found) return;
  struct text text = {0};
  text_format(&text, "%s: expected ", key);
  money_write_fen(&text, wanted);
  TEXT_LITERAL(&text, ", found ");
  money_write_fen(&text, found);
  TEXT_LITERAL(&text, "  <- the published finding, after precedence");
  trial_differs(expectation->session, "%.*s", SLICE_ARG(text_slice(&text)));
  text_fini(&text);
}

static void compare_bool(const struct expectation *expectation, const char *key, bool found) {
  const struct yaml_node *node = yaml_find(expectation->map, key);
  bool wanted;
  if (node == NULL || !yaml_is_bool(expectation->file, node, &wanted) || wanted == found) return;
  trial_differs(expectation->session, "%s: expected %s, found %s", key, wanted ? "true" : "false", found ? "true" : "false");
}

static void compare_published(const struct expectation *expectation, const struct verdict *verdict, const struct judge_input *input) {
  struct session *session = expectation->session;
  const struct published *published = find_published(session, input->visit->mdtrt_id, expectation->on, true);
  const struct yaml_node *open = yaml_find(expectation->map, "open");
  bool wanted = verdict->outcome == OUTCOME_HIT;
  if (open != NULL && !yaml_is_bool(expectation->file, open, &wanted)) return;
  if ((published != NULL) != wanted) {
    trial_differs(session, wanted ? "expected an open finding, found none published" : "expected no open finding, found one of band %.*s",
            SLICE_ARG(published != NULL ? published->band : SLICE_NONE));
    return;
  }
  if (published == NULL) return;
  compare_fen(expectation, "amount", published->vola_fen);
  compare_fen(expectation, "fund_amount", published->fund_fen);
  compare_bool(expectation, "provisional", published->provisional);
}

static void write_verdict(const struct verdict *verdict, struct text *out) {
  text_append(out, slice_from(outcome_name(verdict->outcome)));
  if (verdict->outcome == OUTCOME_HIT) text_format(out, " of band %.*s", SLICE_ARG(verdict->band->name));
  if (verdict->outcome == OUTCOME_EXEMPT || verdict->outcome == OUTCOME_BAD_DATA) text_format(out, " (%.*s)", SLICE_ARG(verdict->reason));
}

// The rows of the trace that made the verdict what it is and not what was expected.
static bool decisive(const struct trace_row *row, const struct verdict *verdict, const struct yaml_node *exempt) {
  if (row->limit.size == 0) return false;
  switch (row->step) {
    case TRACE_EFFECTIVE: return row->truth != TRUTH_TRUE;
    case TRACE_SCOPE: return row->truth != TRUTH_TRUE && (verdict->outcome == OUTCOME_OUT_OF_SCOPE || verdict->outcome == OUTCOME_BAD_DATA);
    case TRACE_REQUIRE: return row->truth != TRUTH_TRUE && verdict->outcome == OUTCOME_BAD_DATA;
    case TRACE_PREDICATE: return verdict->outcome != OUTCOME_OUT_OF_SCOPE && verdict->outcome != OUTCOME_EXEMPT && exempt == NULL;
    case TRACE_EXEMPTION:
      if (verdict->outcome == OUTCOME_EXEMPT) return row->truth == TRUTH_TRUE && slice_equal(row->name, verdict->reason);
      return verdict->outcome == OUTCOME_HIT && exempt != NULL && row->truth != TRUTH_TRUE && slice_equal(row->name, exempt->scalar);
    case TRACE_BAND:
      return verdict->outcome == OUTCOME_ERROR || (verdict->outcome == OUTCOME_HIT && exempt == NULL && row->truth == TRUTH_TRUE &&
                                                   slice_equal(row->name, verdict->band->name));
    case TRACE_OUTCOME: return false;
  }
  return false;
}

static void explain_difference(const struct expectation *expectation, const struct verdict *verdict) {
  const struct trace *trace = expectation->trace;
  struct text line = {0};
  for (size_t i = 0, told = 0; trace != NULL && i < trace->size && told < WHY_MAX; i++) {
    if (!decisive(&trace->rows[i], verdict, yaml_find(expectation->map, "exempt"))) continue;
    text_clear(&line);
    trace_write_row(&trace->rows[i], &line);
    trial_differs(expectation->session, "  because %.*s", SLICE_ARG(text_slice(&line)));
    told++;
  }
  text_fini(&line);
}

// The verdict against hit, exempt, outcome, reason.
static void compare_outcome(const struct expectation *expectation, const struct verdict *verdict) {
  struct session *session = expectation->session;
  const struct yaml_node *hit = yaml_find(expectation->map, "hit"), *exempt = yaml_find(expectation->map, "exempt");
  const struct yaml_node *outcome = yaml_find(expectation->map, "outcome"), *reason = yaml_find(expectation->map, "reason");
  struct text found = {0};
  const size_t before = session->difference->size;
  write_verdict(verdict, &found);
  if (hit != NULL && !(verdict->outcome == OUTCOME_HIT && slice_equal(verdict->band->name, hit->scalar)))
    trial_differs(session, "expected hit of band %.*s, found %.*s", SLICE_ARG(hit->scalar), SLICE_ARG(text_slice(&found)));
  if (exempt != NULL && !(verdict->outcome == OUTCOME_EXEMPT && slice_equal(verdict->reason, exempt->scalar)))
    trial_differs(session, "expected exempt (%.*s), found %.*s", SLICE_ARG(exempt->scalar), SLICE_ARG(text_slice(&found)));
  if (outcome != NULL && !slice_equal(slice_from(outcome_name(verdict->outcome)), outcome->scalar))
    trial_differs(session, "expected %.*s, found %.*s", SLICE_ARG(outcome->scalar), SLICE_ARG(text_slice(&found)));
  const struct yaml_node *severity = yaml_find(expectation->map, "severity");
  int64_t wanted;
  if (severity != NULL && verdict->outcome == OUTCOME_HIT && yaml_is_int(expectation->file, severity, 1, 3, &wanted) &&
      wanted != verdict->band->severity)
    trial_differs(session, "severity: expected %lld, found %d", (long long)wanted, verdict->band->severity);
  if (reason != NULL && !slice_equal(verdict->reason, reason->scalar))
    trial_differs(session, "reason: expected %.*s, found %.*s", SLICE_ARG(reason->scalar), SLICE_ARG(text_slice(&found)));
  if (session->difference->size > before) explain_difference(expectation, verdict);
  text_fini(&found);
}

static void compare(void *context, const struct verdict *verdict, const struct judge_input *input) {
  struct expectation *expectation = context;
  const struct trial_options *options = expectation->session->options;
  bool mine = false;
  for (uint32_t i = 0; i < input->visit->settlements_size; i++) mine |= slice_equal(input->visit->settlements[i].setl_id, expectation->on);
  if (mine) {
    expectation->found = true;
    if (options->seen != NULL) options->seen(options->context, expectation->session->trial, verdict, input, expectation->trace);
    compare_outcome(expectation, verdict);
    if (yaml_find(expectation->map, "withdrawn") == NULL) compare_published(expectation, verdict, input);
    for (const struct yaml_node *key = expectation->map->child; key != NULL; key = key->next)
      if (form_find(&format_expect, key->scalar) == NULL) compare_operand(expectation, key, verdict, input);
  }
  if (expectation->trace != NULL) expectation->trace->size = 0;
}

static void compare_withdrawn(const struct expectation *expectation, const struct yaml_node *band) {
  struct session *session = expectation->session;
  const struct published *open = find_published(session, SLICE_NONE, expectation->on, true);
  const struct published *gone = find_published(session, SLICE_NONE, expectation->on, false);
  if (expectation->shuffled) {
    if (open != NULL) trial_differs(session, "expected no open finding, found one of band %.*s", SLICE_ARG(open->band));
    return;
  }
  bool had = false;
  for (size_t i = 0; i < session->seen_size; i++)
    had |= slice_equal(session->seen[i].setl_id, expectation->on) && slice_equal(session->seen[i].band, band->scalar);
  if (!had) trial_differs(session, "expected a withdrawn finding of band %.*s, there never was one", SLICE_ARG(band->scalar));
  if (gone == NULL) trial_differs(session, "expected a withdrawal, none was published");
  if (open != NULL && gone != NULL && slice_equal(open->mdtrt_id, gone->mdtrt_id))
    trial_differs(session, "expected no open finding, found one of band %.*s", SLICE_ARG(open->band));
}

void expect_check(struct session *session, const struct yaml_file *file, const struct yaml_node *map, struct slice last, bool shuffled,
                  struct error *error) {
  struct expectation expectation = {.session = session, .file = file, .map = map, .on = last, .shuffled = shuffled};
  const struct yaml_node *on = yaml_find(map, "on"), *withdrawn = yaml_find(map, "withdrawn");
  struct trace trace;
  if (on != NULL && !yaml_is_text(file, on, &expectation.on)) return;
  if (!session->options->terse || session->options->seen != NULL) {
    trace_init(&trace, session->arena, &file->name, 1);
    trace.by_line = true;
    expectation.trace = &trace;
  }
  for (struct patient *patient = session->patients; patient != NULL && error->status == STATUS_OK; patient = patient->next)
    if (patient->body.size > 0)
      screen_explain(session->screen, patient->psn_no, text_slice(&patient->body), DATE_ABSENT, session->rule, &session->batch, compare, &expectation,
                     expectation.trace, error);
  if (withdrawn != NULL) compare_withdrawn(&expectation, withdrawn);
  else if (!expectation.found) trial_differs(session, "no visit with the settlement %.*s is left", SLICE_ARG(expectation.on));
}
