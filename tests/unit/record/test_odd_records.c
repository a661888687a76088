// Every odd record of tests/golden/odd_records.py meets the disposition, reason, offset and path that stand there.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/digest.h"
#include "core/memory.h"
#include "core/text.h"
#include "record/decode.h"
#include "record/json.h"

static char folder[] = "/tmp/settlewatch-odd-XXXXXX";

static struct slice read_file(const char *name) {
  char path[256];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  assert_int_equal(fseek(file, 0, SEEK_END), 0);
  const size_t size = (size_t)ftell(file);
  rewind(file);
  char *bytes = memory_take(size + DECODE_PADDING);
  assert_int_equal(fread(bytes, 1, size, file), size);
  fclose(file);
  unlink(path);
  return (struct slice){bytes, size};
}

static struct slice text_of(const struct json_value *object, const char *key) {
  const struct json_value *value = json_find(object, key);
  return value != NULL ? value->text : SLICE_NONE;
}

// One line of the report for each record that is not as expected; the number of them.
static unsigned check(const struct json_value *expected, enum status status, const struct decode_failure *failure) {
  const struct slice name = text_of(expected, "name"), reason = text_of(expected, "reason"),
                     path = text_of(expected, "path");
  const bool dead = slice_equal(text_of(expected, "disposition"), SLICE("dead"));
  if (dead != (status == STATUS_REJECT)) {
    print_error("%.*s: %s\n", SLICE_ARG(name), dead ? "not rejected" : reject_name(failure->reason));
    return 1;
  }
  if (!dead) return 0;
  unsigned wrong = 0;
  if (!slice_equal(reason, slice_from(reject_name(failure->reason)))) {
    print_error("%.*s: %s at %zu (%s)\n", SLICE_ARG(name), reject_name(failure->reason), failure->offset, failure->path);
    wrong++;
  }
  if (path.data != NULL && !slice_equal(path, slice_from(failure->path))) {
    print_error("%.*s: at '%s', not '%.*s'\n", SLICE_ARG(name), failure->path, SLICE_ARG(path));
    wrong++;
  }
  const struct slice offset = text_of(expected, "offset");
  if (offset.data != NULL && strtoul(offset.data, NULL, 10) != failure->offset) {
    print_error("%.*s: at %zu, not %.*s\n", SLICE_ARG(name), failure->offset, SLICE_ARG(offset));
    wrong++;
  }
  return wrong;
}

static void every_odd_record_has_its_disposition_reason_and_place(void **state) {
  (void)state;
  assert_non_null(mkdtemp(folder));
  char command[256];
  snprintf(command, sizeof command, "python3 tests/golden/odd_records.py %s --huge-bytes 9000000", folder);
  assert_int_equal(system(command), 0);
  const struct slice lines = read_file("odd.ndjson"), text = read_file("expected.json");
  rmdir(folder);
  struct arena arena, tree;
  arena_init(&arena, 0);
  arena_init(&tree, 0);
  struct json_reader *reader = json_reader_create();
  const struct json_value *root = NULL;
  struct error error = {0};
  assert_int_equal(json_read(reader, &tree, text, &root, &error), STATUS_OK);
  struct decoder *decoder = decoder_create(&decode_limits_default);
  unsigned records = 0, dead = 0, wrong = 0;
  // The second time every key is in the decoder's memory, the third time the instructions are those that every machine has.
  for (unsigned round = 0; round < 3; round++) {
    decode_wide(decoder, round < 2);
    const char *at = lines.data, *end = lines.data + lines.size;
    for (const struct json_value *expected = root->child; expected != NULL; expected = expected->next) {
      const char *next = memchr(at, '\n', (size_t)(end - at));
      assert_non_null(next);
      struct event event;
      struct decode_failure failure;
      memset(&event, 0, sizeof event);
      arena_reset(&arena);
      const enum status status = decode(decoder, &arena, at, (size_t)(next - at), &event, &failure);
      wrong += check(expected, status, &failure);
      records++;
      dead += status == STATUS_REJECT;
      at = next + 1;
    }
    assert_ptr_equal(at, end);
  }
  assert_int_equal(wrong, 0);
  assert_true(dead > 200 && records - dead > 100);
  decoder_destroy(decoder);
  json_reader_destroy(reader);
  arena_fini(&tree);
  arena_fini(&arena);
  memory_free((void *)(uintptr_t)lines.data);
  memory_free((void *)(uintptr_t)text.data);
}

int main(void) {
  digest_start();
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_odd_record_has_its_disposition_reason_and_place)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
