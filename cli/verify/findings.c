#include "cli/verify/findings.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/memory.h"

enum { HELD_BYTES_MAX = 256 << 20 };

static void keep_topic(char *to, size_t room, struct slice *topic) {
  snprintf(to, room, "%.*s", SLICE_ARG(*topic));
  *topic = slice_from(to);
}

static void on_break(void *context, const struct proof_break *found) {
  struct findings *findings = context;
  findings->kinds[found->kind]++;
  if (findings->breaks_size == FINDINGS_KEPT) return;
  struct finding_break *kept = &findings->breaks[findings->breaks_size++];
  kept->found = *found;
  keep_topic(kept->topic, sizeof kept->topic, &kept->found.topic);
}

void findings_add_hole(struct findings *findings, const struct proof_hole *hole) {
  if (findings->holes_size == FINDINGS_HOLES) findings->flush(findings->context);
  struct finding_hole *kept = &findings->holes[findings->holes_size++];
  *kept = (struct finding_hole){.hole = *hole};
  keep_topic(kept->topic, sizeof kept->topic, &kept->hole.topic);
}

static void on_hole(void *context, const struct proof_hole *hole) { findings_add_hole(context, hole); }

void findings_init(struct findings *findings, bool holes) {
  *findings = (struct findings){0};
  findings->breaks = memory_take(FINDINGS_KEPT * sizeof *findings->breaks);
  if (holes) findings->holes = memory_take(FINDINGS_HOLES * sizeof *findings->holes);
  const struct proof_settings settings = {.context = findings, .tell = on_break, .hole = holes ? on_hole : NULL,
                                          .held_bytes_max = HELD_BYTES_MAX};
  findings->proof = proof_create(&settings);
}

void findings_fini(struct findings *findings) {
  proof_destroy(findings->proof);
  memory_free(findings->breaks);
  memory_free(findings->holes);
}

static bool good(const struct findings *findings, bool deleted_is_fine) {
  return proof_breaks(findings->proof) == (deleted_is_fine ? findings->kinds[PROOF_UNPROVEN] : 0);
}

static int order(const struct proof_lane *a, const struct proof_lane *b) {
  const int topics = slice_compare(a->topic, b->topic);
  return topics != 0 ? topics : (a->partition > b->partition) - (a->partition < b->partition);
}

// All lanes in the order of their names; memory_free.
static struct proof_lane *lanes_of(const struct findings *findings, size_t *size) {
  *size = proof_lanes(findings->proof, NULL, 0);
  struct proof_lane *lanes = memory_take((*size + 1) * sizeof *lanes);
  proof_lanes(findings->proof, lanes, *size);
  for (size_t i = 1; i < *size; i++) {
    const struct proof_lane one = lanes[i];
    size_t at = i;
    for (; at > 0 && order(&lanes[at - 1], &one) > 0; at--) lanes[at] = lanes[at - 1];
    lanes[at] = one;
  }
  return lanes;
}

static void write_break(struct text *out, const struct proof_break *found, bool chinese) {
  text_append(out, found->topic);
  if (found->partition >= 0) text_format(out, "[%" PRId32 "]", found->partition);
  if (found->first_offset >= 0)
    text_format(out, chinese ? "，偏移量 %" PRId64 "..%" PRId64 : ", offsets %" PRId64 "..%" PRId64, found->first_offset, found->last_offset);
  if (found->receipt > 0) text_format(out, chinese ? "，回执 %" PRIu64 : ", receipt %" PRIu64, found->receipt);
  text_format(out, chinese ? "：%s（%s）" : ": %s (%s)", proof_kind_meaning(found->kind, chinese), proof_kind_name(found->kind));
  if (found->expected[0] != '\0') text_format(out, chinese ? "；应为：%s" : "; expected: %s", found->expected);
  text_byte(out, '\n');
}

static void write_lane(struct text *out, const struct proof_lane *lane, bool chinese) {
  text_append(out, lane->topic);
  text_format(out, chinese ? "[%" PRId32 "]：偏移量 %" PRId64 "..%" PRId64 "，回执 %" PRIu64 "，记录 %" PRIu64 "（"
                           : "[%" PRId32 "]: offsets %" PRId64 "..%" PRId64 ", %" PRIu64 " receipts, %" PRIu64 " records (",
              lane->partition, lane->first_offset, lane->next_offset - 1, lane->receipts, lane->records);
  bool more = false;
  for (unsigned d = 0; d < DISPOSITION_COUNT; d++) {
    if (lane->dispositions[d] == 0) continue;
    text_format(out, "%s%" PRIu64 " %s", more ? ", " : "", lane->dispositions[d], disposition_name((enum disposition)d));
    more = true;
  }
  text_format(out, chinese ? "），结果 %" PRIu64 "\n" : "), %" PRIu64 " results\n", lane->outputs);
  for (size_t i = 0; i < lane->spans_size; i++)
    text_format(out, chinese ? "  偏移量 %" PRId64 "..%" PRId64 "：规则集 %.*s，回执 %" PRIu64 "\n"
                             : "  offsets %" PRId64 "..%" PRId64 ": rule set %.*s, %" PRIu64 " receipts\n",
                lane->spans[i].first_offset, lane->spans[i].last_offset, SLICE_ARG(lane->spans[i].ruleset), lane->spans[i].receipts);
}

bool findings_write_text(const struct findings *findings, bool chinese, bool deleted_is_fine, struct text *out) {
  size_t size;
  struct proof_lane *lanes = lanes_of(findings, &size);
  uint64_t receipts = 0, records = 0, outputs = 0;
  for (size_t i = 0; i < size; i++) {
    if (lanes[i].receipts > 0) write_lane(out, &lanes[i], chinese);
    receipts += lanes[i].receipts;
    records += lanes[i].records;
    outputs += lanes[i].outputs;
  }
  memory_free(lanes);
  for (size_t i = 0; i < findings->breaks_size; i++) write_break(out, &findings->breaks[i].found, chinese);
  const uint64_t breaks = proof_breaks(findings->proof);
  if (breaks > findings->breaks_size)
    text_format(out, chinese ? "另有 %" PRIu64 " 处\n" : "and %" PRIu64 " more\n", breaks - findings->breaks_size);
  if (findings->to_come > 0)
    text_format(out, chinese ? "尚未筛查的偏移量：%" PRIu64 "\n" : "%" PRIu64 " offsets are still to be screened\n", findings->to_come);
  if (findings->newer > 0)
    text_format(out, chinese ? "读取期间新提交的结果：%" PRIu64 "，下次验证\n" : "%" PRIu64 " results were committed meanwhile: verify again to see them\n",
                findings->newer);
  if (findings->foreign > 0)
    text_format(out, chinese ? "其他来源写入的消息：%" PRIu64 "\n" : "%" PRIu64 " messages of other origin stand in the output topics\n", findings->foreign);
  const bool fine = good(findings, deleted_is_fine);
  if (fine)
    text_format(out, chinese ? "完整：分区 %zu，回执 %" PRIu64 "，记录 %" PRIu64 " 均恰好筛查一次，结果 %" PRIu64 " 未被改动\n"
                             : "unbroken: %zu partitions, %" PRIu64 " receipts, %" PRIu64 " records screened once each, %" PRIu64 " results unchanged\n",
                size, receipts, records, outputs);
  else
    text_format(out, chinese ? "不完整：%" PRIu64 " 处\n" : "broken: %" PRIu64 " places\n", breaks);
  return fine;
}

static void write_lane_json(struct text *out, const struct proof_lane *lane) {
  TEXT_LITERAL(out, "{\"topic\":");
  text_json(out, lane->topic);
  text_format(out, ",\"partition\":%" PRId32 ",\"first_offset\":%" PRId64 ",\"last_offset\":%" PRId64 ",\"receipts\":%" PRIu64 ",\"records\":%" PRIu64,
              lane->partition, lane->first_offset, lane->next_offset - 1, lane->receipts, lane->records);
  for (unsigned d = 0; d < DISPOSITION_COUNT; d++)
    text_format(out, ",\"%s\":%" PRIu64, disposition_name((enum disposition)d), lane->dispositions[d]);
  text_format(out, ",\"results\":%" PRIu64 ",\"rulesets\":[", lane->outputs);
  for (size_t i = 0; i < lane->spans_size; i++) {
    text_format(out, "%s{\"ruleset\":", i > 0 ? "," : "");
    text_json(out, lane->spans[i].ruleset);
    text_format(out, ",\"first_offset\":%" PRId64 ",\"last_offset\":%" PRId64 ",\"receipts\":%" PRIu64 "}", lane->spans[i].first_offset,
                lane->spans[i].last_offset, lane->spans[i].receipts);
  }
  TEXT_LITERAL(out, "]}");
}

static void write_number_json(struct text *out, const char *name, int64_t value, bool known) {
  if (known) text_format(out, ",\"%s\":%" PRId64, name, value);
  else text_format(out, ",\"%s\":null", name);
}

bool findings_write_json(const struct findings *findings, bool deleted_is_fine, struct text *out) {
  const bool fine = good(findings, deleted_is_fine);
  size_t size;
  struct proof_lane *lanes = lanes_of(findings, &size);
  text_format(out, "{\"unbroken\":%s,\"partitions\":[", fine ? "true" : "false");
  bool more = false;
  for (size_t i = 0; i < size; i++) {
    if (lanes[i].receipts == 0) continue;
    if (more) text_byte(out, ',');
    write_lane_json(out, &lanes[i]);
    more = true;
  }
  memory_free(lanes);
  TEXT_LITERAL(out, "],\"breaks\":[");
  for (size_t i = 0; i < findings->breaks_size; i++) {
    const struct proof_break *found = &findings->breaks[i].found;
    text_format(out, "%s{\"kind\":\"%s\",\"topic\":", i > 0 ? "," : "", proof_kind_name(found->kind));
    text_json(out, found->topic);
    write_number_json(out, "partition", found->partition, found->partition >= 0);
    write_number_json(out, "receipt", (int64_t)found->receipt, found->receipt > 0);
    write_number_json(out, "first_offset", found->first_offset, found->first_offset >= 0);
    write_number_json(out, "last_offset", found->last_offset, found->first_offset >= 0);
    TEXT_LITERAL(out, ",\"expected\":");
    text_json(out, slice_from(found->expected));
    text_byte(out, '}');
  }
  text_format(out, "],\"breaks_in_all\":%" PRIu64 ",\"to_come\":%" PRIu64 ",\"newer\":%" PRIu64 ",\"foreign\":%" PRIu64 "}\n",
              proof_breaks(findings->proof), findings->to_come, findings->newer, findings->foreign);
  return fine;
}
