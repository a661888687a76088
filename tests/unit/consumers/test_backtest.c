// The parts of a backtest report: bounds, buckets on disk, pages.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "consumers/backtest.h"
#include "consumers/backtest_found.h"
#include "consumers/sheet.h"
#include "consumers/spill.h"
#include "core/memory.h"

static bool holds(const char *text, const struct backtest_report *report) {
  struct backtest_limit limit;
  struct error error = {0};
  if (!backtest_limit_parse(text, &limit, &error)) fail_msg("%s", error.text);
  return backtest_limit_holds(&limit, report);
}

static void a_bound_holds_beyond_its_value_only(void **state) {
  (void)state;
  struct backtest_row rule = {.key = SLICE("ADM-001"), .sides = {{10, 1000, 800, 50}, {12, 900, 700, 60}}, .added = 3, .lost = 1};
  const struct backtest_report report = {.total = {.sides = {{100, 1000000, 1, 500}, {120, 999900, 1, 500}}, .added = 20},
                                         .rules = {.rows = &rule, .size = 1}};
  const struct { const char *text; bool holds; } cases[] = {
      {"findings>+20%", false},        {"findings>+19.99%", true},       {"findings>119", true},           {"findings>120", false},
      {"findings > +19", true},        {"findings<+21", true},           {"vola_amt<-0.99", true},         {"vola_amt<-1.00", false},
      {"vola_amt<-1", false},          {"points>+0%", false},            {"ADM-001:findings>+1", true},    {"ADM-001:points>+0.9", true},
      {"ADM-001:points>+1", false},    {"ADM-001:fund_amt<-12.4%", true}, {"ADM-001:fund_amt<-12.5%", false}, {"new>19", true},
      {"ADM-001:lost>0", true},        {"ADM-009:findings>0", false},    {"ADM-009:findings<1", true}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    if (holds(cases[i].text, &report) != cases[i].holds) fail_msg("%s", cases[i].text);
}

static void a_percentage_of_nothing_is_beyond_every_bound(void **state) {
  (void)state;
  const struct backtest_report report = {.total = {.sides = {{0}, {1, 0, 0, 0}}}};
  assert_true(holds("findings>+1000%", &report));
  assert_false(holds("points>+0%", &report));
}

static void what_is_no_bound_is_refused_with_its_reason(void **state) {
  (void)state;
  static const char *const wrong[] = {"", "findings", "findings=1", "findings>", "findings>+", "findings>%", "findings>+%", "findings>1.5",
                                      "findings>20%", "vola_amt>1.001", "amount>1", ":new>1", "new>+1", "lost>+1%", "points>1e3", "findings>+-1",
                                      "findings>+20%%", "findings>99999999999999999999"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    struct backtest_limit limit;
    struct error error = {0};
    if (backtest_limit_parse(wrong[i], &limit, &error)) fail_msg("'%s' was taken", wrong[i]);
    assert_int_equal(error.status, STATUS_REJECT);
  }
}

static void buckets_come_back_in_order(void **state) {
  (void)state;
  struct error error = {0};
  struct spill *spill = spill_open(&error);
  assert_non_null(spill);
  struct text want[3] = {{0}, {0}, {0}}, got = {0};
  for (unsigned i = 0; i < 5000; i++) {
    char word[32];
    const int size = snprintf(word, sizeof word, "%u.", i * 7919);
    const struct slice bytes = {word, (size_t)size};
    text_append(&want[i % 3], bytes);
    assert_int_equal(spill_put(spill, i % 3, bytes, &error), STATUS_OK);
  }
  assert_true(spill_bytes(spill) > 0);
  for (unsigned b = 0; b < 3; b++) {
    text_clear(&got);
    assert_int_equal(spill_read(spill, b, &got, &error), STATUS_OK);
    assert_true(slice_equal(text_slice(&got), text_slice(&want[b])));
    text_fini(&want[b]);
  }
  text_clear(&got);
  assert_int_equal(spill_read(spill, SPILL_BUCKETS - 1, &got, &error), STATUS_OK);
  assert_int_equal(got.size, 0);
  text_fini(&got);
  spill_close(spill);
}

// ---- comparing ------------------------------------------------------------------------------------------------------------------

struct seen { char words[2000]; size_t size; };

static void see(struct seen *seen, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void see(struct seen *seen, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  seen->size += (size_t)vsnprintf(seen->words + seen->size, sizeof seen->words - seen->size, format, arguments);
  va_end(arguments);
}

static void see_finding(void *context, const struct found *baseline, const struct found *new) {
  const struct found *any = new != NULL ? new : baseline;
  see(context, "%.*s%s %lld/%lld;", SLICE_ARG(any->rule_id), any->shadow ? "*" : "", baseline ? (long long)baseline->vola_fen : -1LL,
      new ? (long long)new->vola_fen : -1LL);
}

static void see_overlap(void *context, unsigned side, struct slice first, struct slice second, uint64_t lines) {
  see(context, "%u:%.*s+%.*s=%llu;", side, SLICE_ARG(first), SLICE_ARG(second), (unsigned long long)lines);
}

static void put(struct text *bucket, unsigned side, bool shadow, const char *rule, int version, const char *stage, const char *amount, const char *lines) {
  struct json_reader *reader = json_reader_create();
  struct arena arena;
  struct text json = {0}, packed = {0}, scratch = {0};
  struct error error = {0};
  const struct json_value *root;
  arena_init(&arena, 0);
  text_format(&json,
              "{\"rule_id\":\"%s\",\"rule_version\":%d,\"stage\":\"%s\",\"psn_no\":\"P1\",\"setl_id\":\"S2\",\"setl_ids\":[\"S1\",\"S2\"],"
              "\"vola_amt\":\"%s\",\"points\":\"5.0\",\"result_type\":\"suspicious\",\"judge_result_detail_dtos\":[%s]}",
              rule, version, stage, amount, lines);
  const struct slice bytes = arena_copy(&arena, text_slice(&json));
  assert_int_equal(json_read(reader, &arena, bytes, &root, &error), STATUS_OK);
  found_pack(&packed, root, side, shadow, &scratch);
  found_frame(bucket, text_slice(&packed));
  text_fini(&json);
  text_fini(&packed);
  text_fini(&scratch);
  arena_fini(&arena);
  json_reader_destroy(reader);
}

#define LINE(sn) "{\"setl_id\":\"S2\",\"feedetl_sn\":\"" sn "\",\"vola_item_type\":1}"
#define EVIDENCE(sn) "{\"setl_id\":\"S2\",\"feedetl_sn\":\"" sn "\",\"vola_item_type\":2}"

static void the_last_word_on_each_finding_counts(void **state) {
  (void)state;
  struct text bucket = {0};
  struct seen seen = {0};
  struct error error = {0};
  put(&bucket, 0, false, "A", 1, "proposed", "1.00", LINE("1") "," LINE("2"));
  put(&bucket, 0, false, "A", 1, "proposed", "2.00", LINE("1") "," LINE("2"));
  put(&bucket, 1, false, "A", 2, "proposed", "3.00", LINE("2"));
  put(&bucket, 1, false, "A", 1, "withdrawn", "0.00", "");     // the other version goes when this one comes
  put(&bucket, 0, false, "B", 1, "proposed", "4.00", LINE("2") "," EVIDENCE("1"));
  put(&bucket, 1, false, "B", 1, "proposed", "4.00", LINE("3"));
  put(&bucket, 1, false, "B", 1, "withdrawn", "0.00", "");
  put(&bucket, 1, true, "C", 1, "proposed", "5.00", LINE("2"));
  put(&bucket, 0, false, "D", 1, "proposed", "6.00", LINE("9"));
  put(&bucket, 0, false, "D", 1, "withdrawn", "0.00", "");
  const struct found_visitor visitor = {see_finding, see_overlap, &seen};
  assert_int_equal(found_compare(text_slice(&bucket), &visitor, &error), STATUS_OK);
  assert_string_equal(seen.words, "A 200/300;B 400/-1;C* -1/500;0:A+B=1;");
  // A bucket that lost its end is not half read.
  seen = (struct seen){0};
  assert_int_equal(found_compare((struct slice){bucket.data, bucket.size - 3}, &visitor, &error), STATUS_FATAL);
  assert_int_equal(seen.size, 0);
  text_fini(&bucket);
}

static void pages_escape_what_they_show(void **state) {
  (void)state;
  struct text out = {0};
  struct sheet sheet;
  static const char *const heads[] = {"a", "b"};
  sheet_begin(&sheet, &out, true, false, "<t>");
  sheet_table(&sheet, heads, 2, 1);
  sheet_cell(&sheet, SLICE("<script>\"'&"));
  sheet_cell(&sheet, SLICE("1"));
  sheet_table_end(&sheet);
  sheet_end(&sheet);
  text_byte(&out, '\0');
  assert_null(strstr(out.data, "<script>"));
  assert_non_null(strstr(out.data, "<td>&lt;script&gt;&quot;&#39;&amp;</td><td class=\"n\">1</td>"));
  assert_non_null(strstr(out.data, "<title>&lt;t&gt;</title>"));
  text_clear(&out);
  sheet_begin(&sheet, &out, false, true, "t");
  sheet_table(&sheet, heads, 2, 1);
  sheet_cell(&sheet, SLICE("规则"));
  sheet_cell(&sheet, SLICE("10"));
  sheet_table_end(&sheet);
  sheet_end(&sheet);
  text_byte(&out, '\0');
  assert_string_equal(out.data, "t\n  a      b\n  规则  10\n");
  text_fini(&out);
}

int main(void) {
  digest_start();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_bound_holds_beyond_its_value_only), cmocka_unit_test(a_percentage_of_nothing_is_beyond_every_bound),
      cmocka_unit_test(what_is_no_bound_is_refused_with_its_reason), cmocka_unit_test(buckets_come_back_in_order),
      cmocka_unit_test(the_last_word_on_each_finding_counts), cmocka_unit_test(pages_escape_what_they_show)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
