#include "screen/fact.h"

#include "record/json.h"
#include "record/money.h"

// A fact is written for every settlement: into memory that has room for all of it. name is the key with its punctuation.
static char *put_text(char *to, struct slice name, struct slice value) { return text_put_json(text_put(to, name), value); }

static char *put_time(char *to, struct slice name, int64_t time_s) {
  to = text_put(to, name);
  if (time_s == DATE_ABSENT) return text_put(to, SLICE("null"));
  *to++ = '"';
  to = date_put_time(to, time_s);
  *to++ = '"';
  return to;
}

static char *put_amount(char *to, struct slice name, bool none, int64_t fen) {
  to = text_put(to, name);
  if (none) return text_put(to, SLICE("null"));
  *to++ = '"';
  to = money_put_fen(to, fen);
  *to++ = '"';
  return to;
}

static char *put_int(char *to, struct slice name, int64_t value) { return text_put_int(text_put(to, name), value); }

enum { VALUE_BYTES = 1024 };    // all but the texts

static size_t room_of(const struct fact *fact) {
  return VALUE_BYTES + 6 * (fact->setl_id.size + fact->mdtrt_id.size + fact->psn_no.size + fact->fixmedins_code.size +
                            fact->med_type.size + fact->insutype.size);
}

// When this message and the first of the settlement arrived: most often it is the same one.
static char *put_times(char *to, const struct fact *fact) {
  const char *first = to + SLICE(",\"recv_time\":").size;
  to = put_time(to, SLICE(",\"recv_time\":"), fact->recv_time_s);
  const size_t size = (size_t)(to - first);
  if (fact->first_recv_time_s != fact->recv_time_s) return put_time(to, SLICE(",\"first_recv_time\":"), fact->first_recv_time_s);
  return text_put(text_put(to, SLICE(",\"first_recv_time\":")), (struct slice){first, size});
}

static char *put_value(char *to, const struct fact *fact) {
  to = put_text(to, SLICE("{\"setl_id\":"), fact->setl_id);
  to = put_text(to, SLICE(",\"mdtrt_id\":"), fact->mdtrt_id);
  to = put_text(to, SLICE(",\"psn_no\":"), fact->psn_no);
  to = put_text(to, SLICE(",\"fixmedins_code\":"), fact->fixmedins_code);
  to = put_text(to, SLICE(",\"med_type\":"), fact->med_type);
  to = put_text(to, SLICE(",\"insutype\":"), fact->insutype);
  to = put_text(to, SLICE(",\"state\":"), fact->live ? SLICE("live") : SLICE("withdrawn"));
  to = put_int(to, SLICE(",\"ver\":"), fact->ver);
  to = put_time(to, SLICE(",\"setl_time\":"), fact->setl_time_s);
  to = put_times(to, fact);
  to = put_amount(to, SLICE(",\"medfee_sumamt\":"), fact->no_medfee, fact->medfee_fen);
  to = put_amount(to, SLICE(",\"inscp_scp_amt\":"), fact->no_inscp, fact->inscp_fen);
  to = put_amount(to, SLICE(",\"fund_pay_sumamt\":"), fact->no_fund, fact->fund_fen);
  to = text_put(to, fact->inpatient_review ? SLICE(",\"inpatient_review\":true") : SLICE(",\"inpatient_review\":false"));
  to = put_int(to, SLICE(",\"source\":{\"input\":"), fact->source.topic);
  to = put_int(to, SLICE(",\"partition\":"), fact->source.partition);
  to = put_int(to, SLICE(",\"offset\":"), fact->source.offset);
  return text_put(to, SLICE("}}"));
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
  const char *end = put_value(text_reserve(&outbox->bytes, room_of(fact)), fact);
  outbox->bytes.size = (size_t)(end - outbox->bytes.data);
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
  const struct { const char *key; int64_t *to; bool *none; } amounts[] = {{"medfee_sumamt", &fact->medfee_fen, &fact->no_medfee},
                                                                          {"inscp_scp_amt", &fact->inscp_fen, &fact->no_inscp},
                                                                          {"fund_pay_sumamt", &fact->fund_fen, &fact->no_fund}};
  if (json_find(root, "medfee_sumamt") == NULL) return missing("medfee_sumamt", error);    // null says that it is not known
  for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++) *amounts[i].none = !json_fen(root, amounts[i].key, amounts[i].to, &wrong);
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
