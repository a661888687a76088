#include "rules/judge.h"

#include "record/money.h"
#include "rules/condition.h"
#include "rules/kinds/claims.h"
#include "rules/kinds/kind.h"
#include "rules/lookup.h"
#include "rules/operand.h"
#include "rules/trace.h"

const char *outcome_name(enum outcome outcome) {
  static const char *const names[] = {
#define X(name, text) text,
      OUTCOMES(X)
#undef X
  };
  return names[outcome];
}

void value_write(struct text *out, const struct value *value) {
  switch (value->type) {
    case VALUE_UNKNOWN: text_byte(out, '-'); break;
    case VALUE_TEXT: text_append(out, value->text); break;
    case VALUE_INT: text_int(out, value->number); break;
    case VALUE_FEN: money_write_fen(out, value->number); break;
    case VALUE_PRICE: money_write_scaled(out, value->number, MONEY_PRICE); break;
    case VALUE_COUNT: money_write_scaled(out, value->number, MONEY_COUNT); break;
    case VALUE_TIME: date_write_time(out, value->number); break;
    case VALUE_DAY: date_write_day(out, (int32_t)value->number); break;
    case VALUE_BOOL: text_append(out, value->number ? SLICE("true") : SLICE("false")); break;
  }
}

static struct slice missing_word(int operand) {
  const struct operand *row = operand_of(operand);
  return row != NULL ? slice_from(row->missing) : SLICE("missing_operand");
}

// An outcome that ends the judgement before the predicate; a trace wants the predicate all the same.
static void settle(struct verdict *verdict, enum outcome outcome, struct slice reason) {
  if (verdict->outcome != OUTCOME_NO_HIT) return;
  verdict->outcome = outcome;
  verdict->reason = reason;
}

static void check_effective(const struct rule *rule, const struct condition_context *context, struct verdict *verdict) {
  const int32_t day = view_service_day(context->input->visit);
  const bool in_force = day >= rule->from_day && day <= rule->to_day;
  if (!in_force) settle(verdict, OUTCOME_OUT_OF_SCOPE, SLICE("not_in_force"));
  struct trace *trace = context->input->trace;
  if (trace == NULL) return;
  struct trace_row *row = trace_add(trace, TRACE_EFFECTIVE);
  struct text text = {0};
  if (day != INT32_MIN) date_write_day(&text, day);
  row->operand = SLICE("service date");
  row->value = arena_copy(trace->arena, text_slice(&text));
  text_clear(&text);
  if (rule->from_day != INT32_MIN) date_write_day(&text, rule->from_day);
  TEXT_LITERAL(&text, " .. ");
  if (rule->to_day != INT32_MAX) date_write_day(&text, rule->to_day);
  row->limit = arena_copy(trace->arena, text_slice(&text));
  row->truth = truth_of(in_force);
  text_fini(&text);
}

static void check_scope(const struct rule *rule, const struct condition_context *context, struct verdict *verdict) {
  trace_condition(context->input->trace, TRACE_SCOPE, SLICE(""), rule->scope, context);
  if (rule->scope == NULL || context->input->scope_holds || verdict->outcome != OUTCOME_NO_HIT) return;
  if ((rule->visits >> context->input->visit->symbol & 1) == 0) {
    settle(verdict, OUTCOME_OUT_OF_SCOPE, SLICE("scope"));
    return;
  }
  switch (condition_evaluate(rule->scope, context)) {
    case TRUTH_TRUE: break;
    case TRUTH_FALSE: settle(verdict, OUTCOME_OUT_OF_SCOPE, SLICE("scope")); break;
    case TRUTH_UNKNOWN: settle(verdict, OUTCOME_BAD_DATA, missing_word(condition_unknown(rule->scope, context))); break;
  }
}

// The record's lines are in no row of the rule's table: nothing of it concerns the rule.
static void check_witness(const struct rule *rule, const struct condition_context *context, struct verdict *verdict) {
  if (rule->kind->unit != KIND_CLAIM || rule->kind->witness == WITNESS_VISIT || context->input->candidates_size > 0) return;
  settle(verdict, OUTCOME_OUT_OF_SCOPE, SLICE("no_row"));
  if (context->input->trace == NULL) return;
  struct trace_row *row = trace_add(context->input->trace, TRACE_SCOPE);
  row->operand = SLICE("lines with a row");
  row->value = SLICE("0");
  row->limit = SLICE("at_least 1");
  row->source = slice_from(rule->kind->witness_table(rule)->name);
  row->truth = TRUTH_FALSE;
}

static void check_require(const struct rule *rule, const struct condition_context *context, struct verdict *verdict) {
  for (size_t i = 0; i < rule->require_size; i++) {
    const struct value value = judge_operand(rule, rule->require[i], context->input, context->verdict);
    const bool present = value.type != VALUE_UNKNOWN;
    trace_operand(context->input->trace, TRACE_REQUIRE, rule->require[i], truth_of(present), context);
    if (!present) settle(verdict, OUTCOME_BAD_DATA, missing_word(rule->require[i]));
  }
}

// True while a field that is unknown now may still come: the list (4101) has its time after the settlement.
static bool may_still_come(const struct judge_input *input) {
  const struct visit *visit = input->visit;
  if (visit->settled_s == DATE_ABSENT) return true;
  return input->history->watermark_s < visit->settled_s + input->provisional_days * DATE_DAY_SECONDS;
}

static void check_exemptions(const struct rule *rule, const struct condition_context *context, struct verdict *verdict) {
  const int32_t day = view_service_day(context->input->visit);
  bool unknown = false;
  for (size_t i = 0; i < rule->exemptions_size; i++) {
    const struct exemption *exemption = &rule->exemptions[i];
    trace_condition(context->input->trace, TRACE_EXEMPTION, exemption->id, exemption->condition, context);
    if (day > exemption->until_day) continue;
    switch (condition_evaluate(exemption->condition, context)) {
      case TRUTH_TRUE:
        if (verdict->outcome != OUTCOME_HIT) break;    // the first that holds gives its name
        verdict->outcome = OUTCOME_EXEMPT;
        verdict->reason = exemption->id;
        if (context->input->trace == NULL) return;
        break;
      case TRUTH_UNKNOWN: unknown = true; break;
      case TRUTH_FALSE: break;
    }
  }
  if (verdict->outcome == OUTCOME_HIT && unknown) verdict->provisional |= may_still_come(context->input);
}

// Bands exclude each other. While none is certain, the mildest of those that are possible applies, and may still change.
static void choose_band(const struct rule *rule, const struct condition_context *context, struct verdict *verdict) {
  const struct band *certain = NULL, *possible = NULL;
  for (size_t i = 0; i < rule->bands_size; i++) {
    const struct band *band = &rule->bands[i];
    trace_condition(context->input->trace, TRACE_BAND, band->name, band->condition, context);
    const enum truth truth = band->condition == NULL ? TRUTH_TRUE : condition_evaluate(band->condition, context);
    if (truth == TRUTH_TRUE && certain == NULL) certain = band;
    if (truth == TRUTH_UNKNOWN && (possible == NULL || band->severity < possible->severity)) possible = band;
  }
  if (verdict->outcome != OUTCOME_HIT) return;
  verdict->band = certain != NULL ? certain : possible;
  if (certain == NULL && possible != NULL) verdict->provisional |= may_still_come(context->input);
  if (verdict->band == NULL) {
    verdict->outcome = OUTCOME_ERROR;
    verdict->reason = SLICE("no_band");
  }
}

static void trace_values(const struct rule *rule, const struct condition_context *context) {
  for (size_t i = 0; i < rule->kind->operands_size; i++)
    trace_operand(context->input->trace, TRACE_PREDICATE, (int)i | OPERAND_KIND,
                  truth_of(context->verdict->values[i].type != VALUE_UNKNOWN), context);
}

static void trace_outcome(struct trace *trace, const struct verdict *verdict) {
  struct trace_row *row = trace_add(trace, TRACE_OUTCOME);
  row->operand = slice_from(outcome_name(verdict->outcome));
  row->value = verdict->outcome == OUTCOME_HIT ? verdict->band->name : arena_copy(trace->arena, verdict->reason);
  row->limit = verdict->provisional ? SLICE("provisional") : SLICE("");
  row->truth = truth_of(verdict->outcome == OUTCOME_HIT);
}

void judge(const struct rule *rule, const struct judge_input *input, struct verdict *verdict) {
  // Of the values only those that the kind has: most of a verdict is never used.
  memset(verdict, 0, offsetof(struct verdict, values) + rule->kind->operands_size * sizeof verdict->values[0]);
  verdict->rule = rule;
  verdict->outcome = OUTCOME_NO_HIT;
  verdict->visit = input->visit;
  const struct condition_context context = {rule, input, verdict};
  check_effective(rule, &context, verdict);
  if (verdict->outcome == OUTCOME_NO_HIT || input->trace != NULL) check_scope(rule, &context, verdict);
  if (verdict->outcome == OUTCOME_NO_HIT || input->trace != NULL) check_witness(rule, &context, verdict);
  if (verdict->outcome == OUTCOME_NO_HIT || input->trace != NULL) check_require(rule, &context, verdict);
  const enum outcome before = verdict->outcome;
  const struct slice before_reason = verdict->reason;
  if (before != OUTCOME_NO_HIT && input->trace == NULL) return;
  verdict->outcome = OUTCOME_NO_HIT;
  verdict->reason = SLICE_NONE;
  struct rule copy;
  const struct rule *resolved = lookup_resolve(rule, input, verdict, &copy);
  if (resolved != NULL) rule->kind->evaluate(resolved, input, verdict);
  else claims_refuse(verdict, BAD_UNKNOWN_PARAMETER);
  if (input->trace != NULL) trace_values(rule, &context);
  if (verdict->outcome == OUTCOME_HIT || input->trace != NULL) check_exemptions(rule, &context, verdict);
  if (verdict->outcome == OUTCOME_HIT || input->trace != NULL) choose_band(rule, &context, verdict);
  if (before != OUTCOME_NO_HIT) {    // a trace asked for the rest; it must not change the answer
    verdict->outcome = before;
    verdict->reason = before_reason;
  }
  if (verdict->outcome != OUTCOME_HIT) {
    verdict->band = NULL;
    verdict->provisional = false;
    verdict->claims_size = verdict->related_items_size = 0;
  }
  if (input->trace != NULL) trace_outcome(input->trace, verdict);
}
