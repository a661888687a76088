#include "screen/fact.h"

#include "record/json.h"
#include "record/money.h"

// name is the key with its punctuation, so that a fact costs appends only.
static void text_field(struct text *out, struct slice name, struct slice value) {
  text_append(out, name);
  text_json(out, value);
}

static void time_field(struct text *out, struct slice name, int64_t time_s) {
  text_append(out, name);
  if (time_s == DATE_ABSENT) {
    TEXT_LITERAL(out, "null");
    return;
  }
  text_byte(out, '"');
  date_write_time(out, time_s);
  text_byte(out, '"');
}

static void amount_field(struct text *out, struct slice name, int64_t fen) {
  text_append(out, name);
  text_byte(out, '"');
  money_write_fen(out, fen);
  text_byte(out, '"');
}

static void int_field(struct text *out, struct slice name, int64_t value) {
  text_append(out, name);
  text_int(out, value);
}

static void write_value(struct text *out, const struct fact *fact) {
  text_field(out, SLICE("{\"setl_id\":"), fact->setl_id);
  text_field(out, SLICE(",\"mdtrt_id\":"), fact->mdtrt_id);
  text_field(out, SLICE(",\"psn_no\":"), fact->psn_no);
  text_field(out, SLICE(",\"fixmedins_code\":"), fact->fixmedins_code);
  text_field(out, SLICE(",\"med_type\":"), fact->med_type);
  text_field(out, SLICE(",\"insutype\":"), fact->insutype);
  text_field(out, SLICE(",\"state\":"), fact->live ? SLICE("live") : SLICE("withdrawn"));
  int_field(out, SLICE(",\"ver\":"), fact->ver);
  time_field(out, SLICE(",\"setl_time\":"), fact->setl_time_s);
  time_field(out, SLICE(",\"recv_time\":"), fact->recv_time_s);
  time_field(out, SLICE(",\"first_recv_time\":"), fact->first_recv_time_s);
  amount_field(out, SLICE(",\"medfee_sumamt\":"), fact->medfee_fen);
  amount_field(out, SLICE(",\"inscp_scp_amt\":"), fact->inscp_fen);
  amount_field(out, SLICE(",\"fund_pay_sumamt\":"), fact->fund_fen);
  text_append(out, fact->inpatient_review ? SLICE(",\"inpatient_review\":true") : SLICE(",\"inpatient_review\":false"));
  int_field(out, SLICE(",\"source\":{\"input\":"), fact->source.topic);
  int_field(out, SLICE(",\"partition\":"), fact->source.partition);
  int_field(out, SLICE(",\"offset\":"), fact->source.offset);
  TEXT_LITERAL(out, "}}");
}

void fact_write(struct outbox *outbox, const struct fact *fact) {
  // The same state of the same settlement has the same id, whatever process says it: setl_id.ver.state.recv_time.
  char id[192];
  const size_t setl_id = fact->setl_id.size < 128 ? fact->setl_id.size : 128;
  memcpy(id, fact->setl_id.data, setl_id);
  char *to = id + setl_id;
  const int64_t numbers[] = {fact->ver, fact->live, fact->recv_time_s};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    *to++ = '.';
    for (uint64_t left = (uint64_t)numbers[i];; left >>= 4) {
      *to++ = "0123456789abcdef"[left & 15];
      if (left < 16) break;
    }
  }
  outbox_begin(outbox, TOPIC_INSTITUTION_FACTS, fact->fixmedins_code, (struct slice){id, (size_t)(to - id)}, "settlewatch.fact.v1",
               fact->source, fact->recv_time_s);
  text_reserve(&outbox->bytes, 1024);
  write_value(&outbox->bytes, fact);
  outbox_end(outbox);
}

static enum status missing(const char *key, struct error *error) {
  return error_set(error, STATUS_REJECT, "not a fact: '%s' is missing", key);
}

enum status fact_read(struct json_reader *reader, struct arena *arena, struct slice line, struct fact *fact, struct error *error) {
  const struct json_value *root;
  if (json_read(reader, arena, line, &root, error) != STATUS_OK) return STATUS_REJECT;
  *fact = (struct fact){.setl_time_s = DATE_ABSENT, .recv_time_s = DATE_ABSENT, .first_recv_time_s = DATE_ABSENT};
  struct error wrong = {0};    // of a member that is there
  const struct { const char *key; struct slice *to; bool required; } texts[] = {
      {"setl_id", &fact->setl_id, true},       {"mdtrt_id", &fact->mdtrt_id, false},
      {"psn_no", &fact->psn_no, false},        {"fixmedins_code", &fact->fixmedins_code, true},
      {"med_type", &fact->med_type, false},    {"insutype", &fact->insutype, false}};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (!json_text(root, texts[i].key, texts[i].to, &wrong) && texts[i].required && wrong.status == STATUS_OK)
      return missing(texts[i].key, error);
  const struct { const char *key; int64_t *to; bool required; } times[] = {{"setl_time", &fact->setl_time_s, true},
                                                                           {"recv_time", &fact->recv_time_s, true},
                                                                           {"first_recv_time", &fact->first_recv_time_s, false}};
  for (size_t i = 0; i < sizeof times / sizeof *times; i++)
    if (!json_time(root, times[i].key, times[i].to, &wrong) && times[i].required && wrong.status == STATUS_OK)
      return missing(times[i].key, error);
  const struct { const char *key; int64_t *to; bool required; } amounts[] = {
      {"medfee_sumamt", &fact->medfee_fen, true}, {"inscp_scp_amt", &fact->inscp_fen, false}, {"fund_pay_sumamt", &fact->fund_fen, false}};
  for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++)
    if (!json_fen(root, amounts[i].key, amounts[i].to, &wrong) && amounts[i].required && wrong.status == STATUS_OK)
      return missing(amounts[i].key, error);
  if (!json_int(root, "ver", 0, INT64_MAX, &fact->ver, &wrong) && wrong.status == STATUS_OK) return missing("ver", error);
  if (!json_bool(root, "inpatient_review", &fact->inpatient_review, &wrong) && wrong.status == STATUS_OK)
    return missing("inpatient_review", error);
  struct slice state = SLICE_NONE;
  if (!json_text(root, "state", &state, &wrong) && wrong.status == STATUS_OK) return missing("state", error);
  fact->live = slice_equal(state, SLICE("live"));
  if (!fact->live && !slice_equal(state, SLICE("withdrawn")))
    error_set(&wrong, STATUS_REJECT, "'state' must be live or withdrawn, not '%.*s'", SLICE_ARG(state));
  if (wrong.status != STATUS_OK) return error_set(error, STATUS_REJECT, "not a fact: %s", wrong.text);
  if (fact->first_recv_time_s == DATE_ABSENT) fact->first_recv_time_s = fact->recv_time_s;

  const struct json_value *source = json_find(root, "source");
  int64_t number;
  if (json_int(source, "input", 0, UINT32_MAX, &number, NULL)) fact->source.topic = (uint32_t)number;
  if (json_int(source, "partition", INT32_MIN, INT32_MAX, &number, NULL)) fact->source.partition = (int32_t)number;
  if (json_int(source, "offset", 0, INT64_MAX, &number, NULL)) fact->source.offset = number;
  return STATUS_OK;
}
