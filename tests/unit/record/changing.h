// Messages with bytes changed by chance, and what another reader says of them.
#pragma once

#include "tests/unit/record/decoding.h"

static uint64_t random_state = 88172645463325252U;
static inline uint64_t next_random(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  return random_state ^= random_state << 17;
}

// Up to two bytes of a message changed, left out or put in. Room for two more bytes is behind it.
static inline size_t change(char *text, size_t size) {
  static const char bytes[] = "{}[]:,\"\\ \t0123456789-+.eEtrufalsn\x01\x7f\x80\xe4\xff/";
  for (unsigned changes = 1 + next_random() % 2; changes > 0; changes--) {
    const size_t at = next_random() % size;
    const char byte = bytes[next_random() % (sizeof bytes - 1)];
    switch (next_random() % 3) {
    case 0: text[at] = byte; break;
    case 1: memmove(text + at, text + at + 1, --size - at); break;
    default: memmove(text + at + 1, text + at, size++ - at); text[at] = byte;
    }
  }
  return size;
}

// A reader that shares nothing with the walk but the library's first stage agrees on what is JSON.
static inline void judge_changed(struct slice whole, unsigned rounds) {
  struct json_reader *reader = json_reader_create();
  struct arena tree;
  arena_init(&tree, 0);
  unsigned broken = 0, good = 0;
  for (unsigned round = 0; round < rounds; round++) {
    char text[8192];
    assert_true(whole.size + 2 <= sizeof text);
    memcpy(text, whole.data, whole.size);
    const size_t size = change(text, whole.size);
    const enum status status = decode_bytes((struct slice){text, size});
    const bool refused = status == STATUS_REJECT && (failure.reason == REJECT_NOT_JSON || failure.reason == REJECT_NOT_UTF8);
    const struct json_value *root;
    struct error error = {0};
    const bool json = json_read(reader, &tree, (struct slice){text, size}, &root, &error) == STATUS_OK;
    if (json && refused) print_error("%.*s\n%s at %zu\n", (int)size, text, reject_name(failure.reason), failure.offset);
    assert_false(json && refused);
    if (status == STATUS_OK && !json && strstr(error.text, "twice") == NULL)
      print_error("%.*s\n%s\n", (int)size, text, error.text);
    assert_true(status == STATUS_REJECT || json || strstr(error.text, "twice") != NULL);
    broken += refused;
    good += status == STATUS_OK;
    if (round % 64 == 0) {
      arena_reset(&arena);
      arena_reset(&tree);
    }
  }
  assert_true(broken > rounds / 6 && good > rounds / 60);
  arena_fini(&tree);
  json_reader_destroy(reader);
}
