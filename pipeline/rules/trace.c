#include "rules/trace.h"

#include "core/memory.h"
#include "core/utf8.h"
#include "rules/operand.h"

const char *const trace_step_words[] = {"effective", "scope", "require", "predicate", "exemption", "band", "outcome", NULL};

void trace_init(struct trace *trace, struct arena *arena, const char *const *topics, size_t topics_size) {
  *trace = (struct trace){.arena = arena, .topics = topics, .topics_size = topics_size};
}

struct trace_row *trace_add(struct trace *trace, enum trace_step step) {
  if (trace->size == trace->capacity) {
    const size_t capacity = trace->capacity ? trace->capacity * 2 : 32;
    struct trace_row *rows = ARENA_ARRAY(trace->arena, struct trace_row, capacity);
    if (trace->size > 0) memcpy(rows, trace->rows, trace->size * sizeof *rows);
    trace->rows = rows;
    trace->capacity = capacity;
  }
  trace->rows[trace->size] = (struct trace_row){.step = step, .number = OPERAND_NONE};
  return &trace->rows[trace->size++];
}

static struct slice keep(struct trace *trace, struct text *text) {
  const struct slice kept = arena_copy(trace->arena, text->size > 0 ? text_slice(text) : SLICE(""));
  text_fini(text);
  return kept;
}

static struct slice words_of(struct trace *trace, const struct value *value) {
  struct text text = {0};
  value_write(&text, value);
  return keep(trace, &text);
}

// Where the operand's value came from: the last settlement's message and the field.
struct slice trace_source(struct trace *trace, int operand, const struct condition_context *context) {
  if (operand & OPERAND_KIND) return slice_from(operand_row(context->rule->kind, operand)->source);
  const struct visit *visit = operand & OPERAND_PREVIOUS ? context->verdict->related : context->input->visit;
  if (visit == NULL) return SLICE("no earlier stay");
  struct text text = {0};
  if (visit->settlements_size > 0) {
    const struct source *source = &visit->settlements[visit->settlements_size - 1].source;
    if (trace->topics != NULL && source->topic < trace->topics_size) {
      text_append(&text, slice_from(trace->topics[source->topic]));
    } else {
      text_format(&text, "#%u", source->topic);
    }
    if (trace->by_line) text_format(&text, ":%lld ", (long long)source->offset + 1);
    else text_format(&text, "[%d]@%lld ", source->partition, (long long)source->offset);
  }
  text_append(&text, slice_from(operand_row(NULL, operand)->source));
  return keep(trace, &text);
}

static struct slice value_of(struct trace *trace, int operand, const struct condition_context *context) {
  const struct operand *row = operand_of(operand);
  if (row == NULL || !row->many) {
    const struct value value = judge_operand(context->rule, operand, context->input, context->verdict);
    return words_of(trace, &value);
  }
  uint32_t size;
  const struct slice *texts =
      operand_values(operand, operand & OPERAND_PREVIOUS ? context->verdict->related : context->input->visit, &size);
  struct text text = {0};
  for (uint32_t i = 0; i < size; i++) {
    if (i > 0) TEXT_LITERAL(&text, ", ");
    text_append(&text, texts[i]);
  }
  if (size == 0) TEXT_LITERAL(&text, "-");
  return keep(trace, &text);
}

// How far a number lies from its nearer bound: positive outside, zero or negative inside.
static bool distance_to(int64_t number, int64_t low, int64_t high, int64_t *distance) {
  bool found = false;
  int64_t one;
  if (low != INT64_MIN && !__builtin_sub_overflow(low, number, &one)) {
    *distance = one;
    found = true;
  }
  if (high != INT64_MAX && !__builtin_sub_overflow(number, high, &one) && (!found || one > *distance)) {
    *distance = one;
    found = true;
  }
  return found;
}

static void bounds_of(const struct condition_node *node, const struct condition_context *context, int64_t *low,
                      int64_t *high) {
  *low = node->low_lookup ? INT64_MIN : node->low;
  *high = node->high_lookup ? INT64_MAX : node->high;
  int64_t bound;
  if (node->low_lookup != NULL && lookup_value(node->low_lookup, context->input, context->verdict, &bound))
    *low = bound + node->low_above;
  if (node->high_lookup != NULL && lookup_value(node->high_lookup, context->input, context->verdict, &bound))
    *high = bound - node->high_below;
}

static enum truth add_node(struct trace *trace, enum trace_step step, struct slice name, const struct condition *condition,
                           uint32_t at, unsigned depth, const struct condition_context *context) {
  static const char *const groups[] = {[CONDITION_ALL] = "all", [CONDITION_ANY] = "any", [CONDITION_NOT] = "not"};
  const struct condition_node *node = &condition->nodes[at];
  const size_t place = trace->size;    // rows may move while the children are added
  trace_add(trace, step);
  struct trace_row row = {.step = step, .name = name, .depth = depth, .limit = SLICE(""), .number = OPERAND_NONE};
  if (condition_is_test(node->op)) {
    row.node = node->node;
    row.number = node->operand;
    struct text limit = {0};
    condition_write_limit(context->rule, node, context, &limit);
    row.operand = slice_from(operand_text(context->rule->kind, node->operand));
    row.value = value_of(trace, node->operand, context);
    row.limit = keep(trace, &limit);
    row.source = trace_source(trace, node->operand, context);
    row.truth = condition_test(node, context);
    if (node->op == CONDITION_RANGE) {
      const struct value value = judge_operand(context->rule, node->operand, context->input, context->verdict);
      int64_t low, high;
      bounds_of(node, context, &low, &high);
      row.unit = value.type;
      row.has_distance = value.type != VALUE_UNKNOWN && distance_to(value.number, low, high, &row.distance);
    }
  } else {
    row.operand = slice_from(groups[node->op]);
    const enum truth decisive = node->op == CONDITION_ALL ? TRUTH_FALSE : TRUTH_TRUE;
    row.truth = truth_not(decisive);
    for (uint32_t child = at + 1; child < node->end; child = condition->nodes[child].end) {
      const enum truth one = add_node(trace, step, name, condition, child, depth + 1, context);
      if (node->op == CONDITION_NOT) {
        row.truth = truth_not(one);
      } else if (one == decisive || (one == TRUTH_UNKNOWN && row.truth != decisive)) {
        row.truth = one;
      }
    }
  }
  trace->rows[place] = row;
  return row.truth;
}

void trace_condition(struct trace *trace, enum trace_step step, struct slice name, const struct condition *condition,
                     const struct condition_context *context) {
  if (trace == NULL || condition == NULL) return;
  add_node(trace, step, name, condition, 0, 0, context);
}

void trace_operand(struct trace *trace, enum trace_step step, int operand, enum truth truth,
                   const struct condition_context *context) {
  if (trace == NULL) return;
  struct trace_row *row = trace_add(trace, step);
  row->number = operand;
  row->operand = slice_from(operand_text(context->rule->kind, operand));
  row->value = value_of(trace, operand, context);
  row->limit = step == TRACE_REQUIRE ? SLICE("present") : SLICE("");
  row->source = trace_source(trace, operand, context);
  row->truth = truth;
}

void trace_range(struct trace *trace, const char *what, const struct value *value, int64_t low, int64_t high) {
  if (trace == NULL) return;
  struct trace_row *row = trace_add(trace, TRACE_PREDICATE);
  row->operand = arena_copy(trace->arena, slice_from(what));
  row->value = words_of(trace, value);
  row->source = SLICE("kind");
  row->bound = true;
  struct text limit = {0};
  for (unsigned high_side = 0; high_side < 2; high_side++) {
    const int64_t bound = high_side ? high : low;
    if (bound == (high_side ? INT64_MAX : INT64_MIN)) continue;
    text_append(&limit, limit.size > 0 ? SLICE(" and ") : SLICE(""));
    text_append(&limit, high_side ? SLICE("at_most ") : SLICE("at_least "));
    value_write(&limit, &(struct value){.type = value->type == VALUE_UNKNOWN ? VALUE_INT : value->type, .number = bound});
  }
  row->limit = keep(trace, &limit);
  row->truth = value->type == VALUE_UNKNOWN ? TRUTH_UNKNOWN : truth_of(value->number >= low && value->number <= high);
  row->unit = value->type;
  row->has_distance = value->type != VALUE_UNKNOWN && distance_to(value->number, low, high, &row->distance);
}

void trace_say(struct trace *trace, const char *what, struct slice value, struct slice limit, enum truth truth) {
  if (trace == NULL) return;
  struct trace_row *row = trace_add(trace, TRACE_PREDICATE);
  row->operand = arena_copy(trace->arena, slice_from(what));
  row->value = arena_copy(trace->arena, slice_present(value) ? value : SLICE("-"));
  row->limit = slice_present(limit) ? arena_copy(trace->arena, limit) : SLICE("");
  row->source = SLICE("kind");
  row->truth = truth;
}

void trace_amend(struct trace *trace, const struct verdict *verdict, struct slice reason) {
  struct trace_row *row = &trace->rows[trace->size - 1];
  row->operand = slice_from(outcome_name(verdict->outcome));
  row->value = reason;
  row->limit = SLICE("");
  row->truth = truth_of(verdict->outcome == OUTCOME_HIT);
}

static size_t columns_of(struct slice s) {
  size_t columns = 0;
  for (size_t at = 0; at < s.size;) {
    unsigned size;
    const uint32_t code = utf8_first((struct slice){s.data + at, s.size - at}, &size);
    columns += size ? utf8_columns(code) : 1;
    at += size ? size : 1;
  }
  return columns;
}

static void pad(struct text *out, struct slice s, size_t width) {
  text_append(out, s);
  for (size_t n = columns_of(s); n < width; n++) text_byte(out, ' ');
}

static void write_distance(const struct trace_row *row, struct text *out) {
  if (!row->has_distance) return;
  const bool beyond = row->distance > 0;
  const int64_t far = beyond ? row->distance : -row->distance;
  text_append(out, beyond ? SLICE("  beyond by ") : SLICE("  room "));
  if (row->unit == VALUE_TIME) {
    text_format(out, "%lld s", (long long)far);
  } else if (row->unit == VALUE_DAY) {
    text_format(out, "%lld d", (long long)far);
  } else {
    value_write(out, &(struct value){.type = row->unit, .number = far});
  }
}

static const struct slice truths[] = {{"false", 5}, {"true", 4}, {"unknown", 7}};

void trace_write_row(const struct trace_row *row, struct text *out) {
  text_append(out, slice_from(trace_step_words[row->step]));
  if (row->name.size > 0) text_format(out, " %.*s", SLICE_ARG(row->name));
  text_format(out, ": %.*s %.*s", SLICE_ARG(row->operand), SLICE_ARG(row->value));
  if (row->limit.size > 0) text_format(out, ", %.*s", SLICE_ARG(row->limit));
  text_format(out, " is %.*s", SLICE_ARG(truths[row->truth]));
  write_distance(row, out);
  if (row->source.size > 0) text_format(out, "  <- %.*s", SLICE_ARG(row->source));
}

void trace_write(const struct trace *trace, struct text *out) {
  enum { STEP = 10, OPERAND_MAX = 44, VALUE_MAX = 28, TRUTH = 8 };
  size_t operand = 0, value = 0;
  for (size_t i = 0; i < trace->size; i++) {
    const struct trace_row *row = &trace->rows[i];
    const size_t o = columns_of(row->name) + (row->name.size > 0) + 2 * row->depth + columns_of(row->operand),
                 v = columns_of(row->value);
    if (o > operand && o <= OPERAND_MAX) operand = o;
    if (v > value && v <= VALUE_MAX) value = v;
  }
  struct text label = {0};
  for (size_t i = 0; i < trace->size; i++) {
    const struct trace_row *row = &trace->rows[i];
    text_clear(&label);
    text_append(&label, row->name);
    if (row->name.size > 0) text_byte(&label, ' ');
    for (unsigned d = 0; d < row->depth; d++) TEXT_LITERAL(&label, "  ");
    text_append(&label, row->operand);
    pad(out, slice_from(trace_step_words[row->step]), STEP);
    pad(out, text_slice(&label), operand + 2);
    pad(out, row->step == TRACE_OUTCOME ? SLICE("") : truths[row->truth], row->step == TRACE_OUTCOME ? 0 : TRUTH);
    pad(out, row->value, value + 2);
    text_append(out, row->limit);
    write_distance(row, out);
    if (row->source.size > 0) {
      TEXT_LITERAL(out, "  <- ");
      text_append(out, row->source);
    }
    while (out->size > 0 && out->data[out->size - 1] == ' ') out->size--;
    text_byte(out, '\n');
  }
  text_fini(&label);
}
