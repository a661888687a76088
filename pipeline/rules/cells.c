#include "rules/cells.h"

#include "core/memory.h"
#include "rules/operand.h"

enum { VARIABLES_MAX = 12, TESTS_MAX = 24, CELLS_MAX = 1024, CASES_MAX = 1 << 16 };

struct test {
  const struct condition_node *node;
  unsigned char *truth;    // where the truth of the current case goes
};

// One operand, or one test whose truth is free (a table, a look-up, one of several diagnoses).
struct variable {
  int operand;
  struct test tests[TESTS_MAX];
  size_t tests_size;
  struct cell {
    uint64_t truths;    // two bits per test
    bool absent;
    struct value sample;
  } *cells;
  size_t cells_size;
};

struct walk {
  const struct rule *rule;
  struct variable *variables;
  size_t size;
  bool free_both, too_many;
};

static bool is_free(const struct condition_node *node) {
  const struct operand *operand = operand_of(node->operand);
  return node->op == CONDITION_TABLE || (operand != NULL && operand->many && node->op != CONDITION_PRESENT) ||
         (node->op == CONDITION_RANGE && (node->low_lookup != NULL || node->high_lookup != NULL));
}

static void add_test(struct walk *walk, const struct condition_node *node, unsigned char *truth) {
  const bool free_test = is_free(node);
  struct variable *variable = NULL;
  for (size_t i = 0; i < walk->size && variable == NULL && !free_test; i++)
    if (walk->variables[i].operand == node->operand) variable = &walk->variables[i];
  if (variable == NULL) {
    if (walk->size == VARIABLES_MAX) {
      walk->too_many = true;
      return;
    }
    variable = &walk->variables[walk->size++];
    *variable = (struct variable){.operand = free_test ? OPERAND_NONE : node->operand};
  }
  if (variable->tests_size == TESTS_MAX) {
    walk->too_many = true;
  } else {
    variable->tests[variable->tests_size++] = (struct test){node, truth};
  }
}

static void add_cell(struct walk *walk, struct variable *variable, uint64_t truths, bool absent,
                     const struct value *sample) {
  for (size_t i = 0; i < variable->cells_size; i++)
    if (variable->cells[i].truths == truths && variable->cells[i].absent == absent) return;
  if (variable->cells_size == CELLS_MAX) {
    walk->too_many = true;
    return;
  }
  variable->cells[variable->cells_size++] = (struct cell){truths, absent, *sample};
}

static void try_value(struct walk *walk, struct variable *variable, struct value value) {
  uint64_t truths = 0;
  for (size_t t = 0; t < variable->tests_size; t++)
    truths |= (uint64_t)condition_test_value(variable->tests[t].node, &value) << (2 * t);
  add_cell(walk, variable, truths, value.type == VALUE_UNKNOWN, &value);
}

static void try_number(struct walk *walk, struct variable *variable, enum value_type type, int64_t number) {
  int64_t low, high;
  if (operand_range(walk->rule, variable->operand, &low, &high) && (number < low || number > high)) return;
  try_value(walk, variable, (struct value){.type = type, .number = number});
}

static void try_text(struct walk *walk, struct variable *variable, struct arena *arena, struct slice text,
                     const char *tail) {
  const size_t tail_size = strlen(tail);
  char *copy = arena_take(arena, text.size + tail_size + 1);
  if (text.size > 0) memcpy(copy, text.data, text.size);
  memcpy(copy + text.size, tail, tail_size);
  try_value(walk, variable, (struct value){.type = VALUE_TEXT, .text = {copy, text.size + tail_size}});
}

// Values around every constant, and one far from all: each cell has one of them.
static void find_cells(struct walk *walk, struct variable *variable, struct arena *arena) {
  static const int64_t far = INT64_MAX / 4;
  if (variable->operand == OPERAND_NONE) {
    for (unsigned truth = walk->free_both ? TRUTH_FALSE : TRUTH_UNKNOWN; truth <= TRUTH_UNKNOWN; truth++)
      add_cell(walk, variable, truth, false, &(struct value){0});
    return;
  }
  try_value(walk, variable, (struct value){0});
  const int codes = operand_codes(variable->operand);
  const enum value_type type = operand_row(walk->rule->kind, variable->operand)->type;
  if (codes >= 0) {
    for (unsigned s = 1; s < operand_symbols[codes]; s++)
      try_value(
          walk, variable,
          (struct value){.type = VALUE_TEXT, .number = s, .text = slice_from(code_symbol_name((enum code_table)codes, s))});
    return;
  }
  if (type == VALUE_BOOL) {
    try_number(walk, variable, type, 0);
    try_number(walk, variable, type, 1);
    return;
  }
  int64_t low = -far, high = far;
  operand_range(walk->rule, variable->operand, &low, &high);
  if (type == VALUE_TEXT) {
    try_text(walk, variable, arena, SLICE("(another)"), "");
  } else {
    try_number(walk, variable, type, low);
    try_number(walk, variable, type, high);
  }
  for (size_t t = 0; t < variable->tests_size && !walk->too_many; t++) {
    const struct condition_node *node = variable->tests[t].node;
    if (node->op == CONDITION_TEXTS || node->op == CONDITION_PREFIXES) {
      for (uint32_t i = 0; i < node->texts_size; i++) {
        try_text(walk, variable, arena, node->texts[i], "");
        try_text(walk, variable, arena, node->texts[i], "~");
      }
    } else if (node->op == CONDITION_NUMBERS) {
      for (uint32_t i = 0; i < node->numbers_size; i++)
        for (int64_t d = -1; d <= 1; d++) try_number(walk, variable, type, node->numbers[i] + d);
    } else if (node->op == CONDITION_RANGE) {
      for (int64_t d = -1; d <= 1; d++) {
        if (node->low != INT64_MIN) try_number(walk, variable, type, node->low + d);
        if (node->high != INT64_MAX) try_number(walk, variable, type, node->high + d);
      }
    }
  }
}

static void write_case(const struct walk *walk, const size_t *at, struct text *words) {
  text_clear(words);
  for (size_t v = 0; v < walk->size; v++) {
    const struct variable *variable = &walk->variables[v];
    if (variable->operand == OPERAND_NONE) continue;
    text_format(words, "%s%s ", words->size > 0 ? ", " : "", operand_text(walk->rule->kind, variable->operand));
    value_write(words, &variable->cells[at[v]].sample);
  }
}

bool cells_walk(const struct rule *rule, const struct condition *const *conditions, size_t size, bool free_both,
                bool (*visit)(void *context, const struct cells_case *one), void *context) {
  struct arena arena;
  arena_init(&arena, 0);
  struct walk walk = {
      .rule = rule, .free_both = free_both, .variables = ARENA_ZEROED(&arena, struct variable, VARIABLES_MAX)};
  unsigned char **node_truths = ARENA_ZEROED(&arena, unsigned char *, size + 1),
                *truths = ARENA_ZEROED(&arena, unsigned char, size + 1);
  struct text words = {0};
  for (size_t c = 0; c < size; c++) {
    if (conditions[c] == NULL) continue;
    node_truths[c] = ARENA_ZEROED(&arena, unsigned char, conditions[c]->size);
    for (uint32_t i = 0; i < conditions[c]->size && !walk.too_many; i++)
      if (condition_is_test(conditions[c]->nodes[i].op)) add_test(&walk, &conditions[c]->nodes[i], &node_truths[c][i]);
  }
  size_t cases = 1;
  for (size_t v = 0; v < walk.size && !walk.too_many; v++) {
    walk.variables[v].cells = ARENA_ARRAY(&arena, struct cell, CELLS_MAX);
    find_cells(&walk, &walk.variables[v], &arena);
    cases *= walk.variables[v].cells_size;
    walk.too_many |= cases > CASES_MAX;
  }
  size_t at[VARIABLES_MAX] = {0};
  for (size_t n = 0; n < cases && !walk.too_many; n++) {
    struct cells_case one = {.truths = truths, .complete = true, .words = &words};
    for (size_t v = 0, left = n; v < walk.size; v++) {
      at[v] = left % walk.variables[v].cells_size;
      left /= walk.variables[v].cells_size;
      const struct cell *cell = &walk.variables[v].cells[at[v]];
      one.complete &= !cell->absent;
      for (size_t t = 0; t < walk.variables[v].tests_size; t++)
        *walk.variables[v].tests[t].truth = (unsigned char)(cell->truths >> (2 * t) & 3);
    }
    for (size_t c = 0; c < size; c++)
      truths[c] = conditions[c] == NULL ? TRUTH_TRUE : (unsigned char)condition_combine(conditions[c], node_truths[c]);
    write_case(&walk, at, &words);
    if (!visit(context, &one)) break;
  }
  text_fini(&words);
  arena_fini(&arena);
  return !walk.too_many;
}

struct possible {
  size_t size;
  bool found;
};

static bool visit_possible(void *context, const struct cells_case *one) {
  struct possible *possible = context;
  bool all = true;
  for (size_t c = 0; c < possible->size; c++) all &= one->truths[c] == TRUTH_TRUE;
  possible->found |= all;
  return !all;
}

bool cells_possible(const struct rule *rule, const struct condition *const *conditions, size_t size) {
  struct possible possible = {.size = size};
  return !cells_walk(rule, conditions, size, true, visit_possible, &possible) || possible.found;
}
