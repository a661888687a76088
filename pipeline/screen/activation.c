#include "screen/activation.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "core/digest.h"
#include "rules/kinds/kind.h"
#include "screen/coverage.h"
#include "screen/mutate.h"
#include "screen/trial.h"

enum { ARENA_BLOCK = 64 << 10, FAILED_CODE = 1151, MISSING_CODE = 1152, COVERAGE_CODE = 1153, MUTANT_CODE = 1154 };
enum { KEY_BYTES = 32, REMEMBERED_MAX = 64 };

struct gate {
  const struct rule *rule;
  struct diagnostics *diagnostics;
  struct coverage coverage;
  bool good;
};

__attribute__((format(printf, 4, 5))) static void refuse(struct gate *gate, unsigned code, struct place place, const char *format, ...) {
  char line[2000];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  diagnostics_add(gate->diagnostics, SEVERITY_ERROR, code, place, gate->rule->file->source, "%s", line);
  gate->good = false;
}

static void tell_test(void *context, const struct trial *trial) {
  struct gate *gate = context;
  if (trial->passed) return;
  const char *stop = memchr(trial->difference.data, '\n', trial->difference.size);
  const size_t first = stop != NULL ? (size_t)(stop - trial->difference.data) : trial->difference.size;
  refuse(gate, FAILED_CODE, trial->place, "%.*s fails its own test '%.*s': %.*s", SLICE_ARG(gate->rule->id), SLICE_ARG(trial->name), (int)first,
         trial->difference.data);
}

static void see(void *context, const struct trial *trial, const struct verdict *verdict, const struct judge_input *input,
                const struct trace *trace) {
  struct gate *gate = context;
  (void)trial;
  (void)input;
  coverage_see(&gate->coverage, verdict, trace);
}

static void tell_mutant(void *context, const struct mutant *mutant) {
  if (mutant->fate == MUTANT_SURVIVED)
    refuse(context, MUTANT_CODE, mutant->place, "no test of %.*s fails on the change '%.*s'", SLICE_ARG(mutant->rule->id),
           SLICE_ARG(mutant->what));
  else if (mutant->fate == MUTANT_MARKED_WRONGLY)
    refuse(context, MUTANT_CODE, mutant->place, "'%.*s' is not equivalent: %.*s", SLICE_ARG(mutant->what), SLICE_ARG(mutant->by));
}

static bool expects(const struct yaml_node *expect, const char *key, struct slice word) {
  const struct yaml_node *node = yaml_find(expect, key);
  return node != NULL && (!slice_present(word) || slice_equal(node->scalar, word));
}

// Whether some test expects it. word SLICE_NONE: any.
static bool tested(const struct rule *rule, const char *key, struct slice word) {
  for (const struct yaml_node *test = rule->tests != NULL ? rule->tests->child : NULL; test != NULL; test = test->next) {
    const struct yaml_node *expect = yaml_find(test, "expect");
    if (expect == NULL) continue;
    if (expect->type == YAML_MAP && expects(expect, key, word)) return true;
    for (const struct yaml_node *one = expect->type == YAML_LIST ? expect->child : NULL; one != NULL; one = one->next)
      if (expects(one, key, word)) return true;
  }
  return false;
}

static void check_there(struct gate *gate) {
  const struct rule *rule = gate->rule;
  const struct yaml_node *root = rule->file->root, *list = yaml_find(root, "unless"), *status = yaml_find(root, "status");
  const struct place place = rule->tests != NULL ? rule->tests->place : status->place;
  if (!tested(rule, "hit", SLICE_NONE)) refuse(gate, MISSING_CODE, place, "no test of %.*s expects a hit", SLICE_ARG(rule->id));
  if (!tested(rule, "outcome", SLICE("no_hit"))) refuse(gate, MISSING_CODE, place, "no test of %.*s expects no_hit", SLICE_ARG(rule->id));
  if (rule->kind->lookback_days != NULL && !tested(rule, "withdrawn", SLICE_NONE))
    refuse(gate, MISSING_CODE, place, "%.*s looks at earlier records, and no test expects a withdrawal", SLICE_ARG(rule->id));
  const struct yaml_node *item = list != NULL ? list->child : NULL;
  for (size_t i = 0; i < rule->exemptions_size; i++, item = item->next)
    if (!tested(rule, "exempt", rule->exemptions[i].id))
      refuse(gate, MISSING_CODE, item->place, "no test of %.*s expects 'exempt: %.*s'", SLICE_ARG(rule->id), SLICE_ARG(rule->exemptions[i].id));
}

static void check_coverage(struct gate *gate) {
  for (size_t i = 0; i < gate->coverage.size; i++) {
    const struct coverage_item *item = &gate->coverage.items[i];
    struct text missing = {0};
    if (!coverage_lacks(item, &missing)) continue;
    refuse(gate, COVERAGE_CODE, item->place, "no test of %.*s sees this %.*s: %.*s", SLICE_ARG(gate->rule->id), SLICE_ARG(text_slice(&missing)),
           SLICE_ARG(item->what));
    text_fini(&missing);
  }
}

bool activation_check(const struct ruleset *ruleset, const struct rule *rule, bool tests_only, struct diagnostics *diagnostics) {
  struct gate gate = {.rule = rule, .diagnostics = diagnostics, .good = true};
  struct trial_options options = {.tell = tell_test, .context = &gate};
  if (tests_only) {
    trial_run(ruleset, rule, &options);
    return gate.good;
  }
  struct arena arena;
  arena_init(&arena, ARENA_BLOCK);
  coverage_init(&gate.coverage, rule, &arena);
  options.seen = see;
  check_there(&gate);
  // Where tests fail, what they cover and what they catch says nothing.
  if (trial_run(ruleset, rule, &options).failed == 0) {
    check_coverage(&gate);
    mutate_rule(ruleset, rule, tell_mutant, &gate);
  }
  arena_fini(&arena);
  return gate.good;
}

// --- Proved before ---------------------------------------------------------------------------------------------------------------

// The set as a whole, because a test may load its neighbours; the tests themselves are no part of the set's own hash.
static void key_of(const struct ruleset *ruleset, struct slice program, struct text *out) {
  struct digest digest;
  unsigned char bytes[KEY_BYTES / 2];
  struct text tests = {0};
  digest_init(&digest, sizeof bytes, NULL, 0);
  digest_field(&digest, program);
  digest_bytes(&digest, ruleset->digest, sizeof ruleset->digest);
  for (size_t i = 0; i < ruleset->size; i++) {
    if (ruleset->rules[i]->status != RULE_ACTIVE || ruleset->rules[i]->tests == NULL) continue;
    text_clear(&tests);
    yaml_canonical(ruleset->rules[i]->tests, &tests);
    digest_field(&digest, text_slice(&tests));
  }
  digest_final(&digest, bytes);
  text_hex(out, bytes, sizeof bytes);
  text_fini(&tests);
}

// One key a line; what is no key is passed over.
static bool read_memory(const char *path, struct text *out) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) return false;
  char line[KEY_BYTES + 2];
  while (out->size < (size_t)REMEMBERED_MAX * (KEY_BYTES + 1) && fgets(line, sizeof line, file) != NULL)
    if (strlen(line) == KEY_BYTES + 1 && line[KEY_BYTES] == '\n') text_append(out, (struct slice){line, KEY_BYTES + 1});
  fclose(file);
  return true;
}

static bool remembers(const struct text *memory, struct slice key) {
  for (size_t at = 0; at + KEY_BYTES <= memory->size; at += KEY_BYTES + 1)
    if (memcmp(memory->data + at, key.data, KEY_BYTES) == 0) return true;
  return false;
}

// The newest key stands first, the oldest are forgotten; the file is there whole or not at all.
static void remember(const char *path, const struct text *memory, struct slice key) {
  struct text name = {0};
  text_format(&name, "%s.%ld%c", path, (long)getpid(), '\0');
  FILE *file = fopen(name.data, "wbe");
  if (file != NULL) {
    const size_t most = (size_t)(REMEMBERED_MAX - 1) * (KEY_BYTES + 1), size = memory->size < most ? memory->size : most;
    const bool written = fwrite(key.data, 1, key.size, file) == key.size && fputc('\n', file) != EOF &&
                         (size == 0 || fwrite(memory->data, 1, size, file) == size);
    const bool closed = fclose(file) == 0;
    if (!written || !closed || rename(name.data, path) != 0) unlink(name.data);
  }
  text_fini(&name);
}

bool activation_prove(const struct ruleset *ruleset, const struct activation_proof *proof, struct diagnostics *diagnostics) {
  struct text key = {0}, memory = {0};
  key_of(ruleset, proof->program, &key);
  bool good = true;
  if (proof->memory == NULL || !read_memory(proof->memory, &memory) || !remembers(&memory, text_slice(&key))) {
    for (size_t i = 0; i < ruleset->size; i++)
      if (ruleset->rules[i]->status == RULE_ACTIVE) good &= activation_check(ruleset, ruleset->rules[i], true, diagnostics);
    if (good && proof->memory != NULL) remember(proof->memory, &memory, text_slice(&key));
  }
  text_fini(&key);
  text_fini(&memory);
  return good;
}
