#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/text.h"
#include "stream/file/reader.h"

static char path[] = "/tmp/settlewatch-reader-XXXXXX";

static void write_file(const void *bytes, size_t size) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, size, file), size);
  fclose(file);
}

static void append(void *context, const char *bytes, size_t size) { text_append(context, (struct slice){bytes, size}); }

// All lines joined by '|', too large ones in brackets.
static void reads_as(const void *bytes, size_t size, size_t record_max, size_t batch_records, const char *want) {
  write_file(bytes, size);
  const char *paths[] = {path};
  const struct reader_limits limits = {record_max, batch_records, 64};
  struct reader *reader = reader_open(paths, 1, &limits);
  struct text got = {0};
  const struct record *records;
  size_t count;
  struct error error = {0};
  while (reader_take(reader, &records, &count, &error) == STATUS_OK && count > 0) {
    for (size_t i = 0; i < count; i++) {
      if (records[i].too_large) {
        text_byte(&got, '[');
        assert_int_equal(reader_stream(reader, append, &got, &error), STATUS_OK);
        text_byte(&got, ']');
      } else {
        text_append(&got, records[i].value);
        for (unsigned p = 0; p < DECODE_PADDING; p++) (void)*(const volatile char *)(records[i].value.data + records[i].value.size + p);
      }
      text_format(&got, "@%d|", (int)records[i].source.offset);
    }
  }
  assert_int_equal(error.status, STATUS_OK);
  text_byte(&got, '\0');
  assert_string_equal(got.data, want);
  text_fini(&got);
  reader_close(reader);
}

static void one_line_is_one_record(void **state) {
  (void)state;
  static const char text[] = "a\nbb\r\n\n  \nccc";
  for (size_t batch = 1; batch < 5; batch++) reads_as(text, sizeof text - 1, 100, batch, "a@0|bb\r@1|ccc@4|");
  reads_as("", 0, 100, 3, "");
  reads_as("\n\n\n", 3, 100, 3, "");
}

static void bytes_are_handed_out_as_they_stand(void **state) {
  (void)state;
  static const char text[] = "\xef\xbb\xbfx\n\xff\xfe\n\x01";
  reads_as(text, sizeof text - 1, 100, 2, "\xef\xbb\xbfx@0|\xff\xfe@1|\x01@2|");
}

static void a_line_over_the_limit_is_streamed_and_the_others_go_on(void **state) {
  (void)state;
  static const char text[] = "ab\n0123456789\ncd\n0123456789";
  reads_as(text, sizeof text - 1, 5, 9, "ab@0|[0123456789]@1|cd@2|[0123456789]@3|");
  // Far larger than any buffer.
  const size_t size = 3u << 20;
  char *large = malloc(size);
  memset(large, 'z', size);
  large[size - 2] = '\n';
  large[size - 1] = 'e';
  write_file(large, size);
  const char *paths[] = {path};
  struct reader *reader = reader_open(paths, 1, &(struct reader_limits){1000, 10, 4096});
  const struct record *records;
  size_t count;
  struct error error = {0};
  assert_int_equal(reader_take(reader, &records, &count, &error), STATUS_OK);
  assert_int_equal(count, 1);
  assert_true(records[0].too_large);
  assert_int_equal(records[0].value.size, 1000);
  struct text got = {0};
  assert_int_equal(reader_stream(reader, append, &got, &error), STATUS_OK);
  assert_int_equal(got.size, size - 2);
  assert_int_equal(reader_take(reader, &records, &count, &error), STATUS_OK);
  assert_true(count == 1 && slice_equal(records[0].value, SLICE("e")));
  text_fini(&got);
  reader_close(reader);
  free(large);
}

static void a_file_that_cannot_be_read_is_named(void **state) {
  (void)state;
  static const char *const bad[] = {"/nonexistent/x.ndjson", "/"};
  for (size_t i = 0; i < 2; i++) {
    struct reader *reader = reader_open(&bad[i], 1, &(struct reader_limits){100, 10, 4096});
    const struct record *records;
    size_t count;
    struct error error = {0};
    assert_int_equal(reader_take(reader, &records, &count, &error), STATUS_REJECT);
    assert_non_null(strstr(error.text, bad[i]));
    reader_close(reader);
  }
  // gzip whose data end too early
  static const unsigned char gzip[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b};
  write_file(gzip, sizeof gzip);
  const char *paths[] = {path};
  struct reader *reader = reader_open(paths, 1, &(struct reader_limits){100, 10, 4096});
  const struct record *records;
  size_t count;
  struct error error = {0};
  assert_int_equal(reader_take(reader, &records, &count, &error), STATUS_REJECT);
  assert_non_null(strstr(error.text, path));
  reader_close(reader);
}

// What a gzip file of two members reads as up to a size, or why it is refused.
static void members_read_as(const unsigned char *bytes, size_t size, const char *want, const char *why) {
  write_file(bytes, size);
  const char *paths[] = {path};
  struct reader *reader = reader_open(paths, 1, &(struct reader_limits){100, 10, 4096});
  const struct record *records;
  size_t count;
  struct error error = {0};
  struct text got = {0};
  while (reader_take(reader, &records, &count, &error) == STATUS_OK && count > 0)
    for (size_t i = 0; i < count; i++) text_format(&got, "%.*s|", SLICE_ARG(records[i].value));
  text_byte(&got, '\0');
  if (why == NULL) {
    assert_int_equal(error.status, STATUS_OK);
    assert_string_equal(got.data, want);
  } else {
    assert_int_equal(error.status, STATUS_REJECT);
    if (strstr(error.text, why) == NULL) fail_msg("%zu bytes: %s", size, error.text);
  }
  text_fini(&got);
  reader_close(reader);
}

static void no_member_of_a_gzip_file_is_lost(void **state) {
  (void)state;
  // "a\nb", then "c\nd\n"
  static const unsigned char first[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x4b, 0xe4, 0x4a, 0x02, 0x00, 0xfb, 0x90, 0x07, 0xef, 0x03, 0x00, 0x00, 0x00},
                             second[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x4b, 0xe6, 0x4a, 0xe1, 0x02, 0x00, 0x9a, 0x45, 0x04, 0xe4, 0x04, 0x00, 0x00, 0x00};
  unsigned char both[sizeof first + sizeof second + 4] = {0};
  memcpy(both, first, sizeof first);
  memcpy(both + sizeof first, second, sizeof second);
  const size_t size = sizeof first + sizeof second;
  members_read_as(both, size, "a|bc|d|", NULL);
  for (size_t cut = 2; cut < size; cut++)
    if (cut == sizeof first) members_read_as(both, cut, "a|b|", NULL);
    else members_read_as(both, cut, NULL, cut == sizeof first + 1 ? "is no gzip" : "end too early");
  for (size_t zeros = 1; zeros <= 4; zeros++) members_read_as(both, size + zeros, "a|bc|d|", NULL);
  both[size + 3] = 'x';
  members_read_as(both, size + 4, NULL, "is no gzip");
  both[sizeof first + 1] ^= 1;
  members_read_as(both, size, NULL, "is no gzip");
  both[sizeof first + 1] ^= 1;
  both[size - 6] ^= 1;
  members_read_as(both, size, NULL, "incorrect data check");
  both[size - 6] ^= 1;
  // A member behind zero bytes is not looked for: what was between may be lost.
  memmove(both + sizeof first + 2, both + sizeof first, sizeof second);
  memset(both + sizeof first, 0, 2);
  members_read_as(both, size + 2, NULL, "is no gzip");
}

int main(void) {
  const int descriptor = mkstemp(path);
  if (descriptor < 0) return 1;
  close(descriptor);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_line_is_one_record), cmocka_unit_test(bytes_are_handed_out_as_they_stand),
      cmocka_unit_test(a_line_over_the_limit_is_streamed_and_the_others_go_on), cmocka_unit_test(a_file_that_cannot_be_read_is_named),
      cmocka_unit_test(no_member_of_a_gzip_file_is_lost)};
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  unlink(path);
  return failed;
}
