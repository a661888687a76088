#include "screen/fact.h"

#include "core/digest.h"
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

// The same state of the same settlement has the same id, whatever message or process says it.
static struct slice identity(const struct fact *fact, char hex[2 * DIGEST_ID_BYTES]) {
  static const char digits[] = "0123456789abcdef";
  const int64_t numbers[] = {fact->ver, fact->live, fact->recv_time_s};
  unsigned char id[DIGEST_ID_BYTES];
  struct digest digest;
  digest_init(&digest, sizeof id, NULL, 0);
  digest_field(&digest, SLICE("sw-fact-v1"));
  digest_field(&digest, fact->fixmedins_code);
  digest_field(&digest, fact->setl_id);
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    unsigned char bytes[8];
    for (unsigned b = 0; b < 8; b++) bytes[b] = (unsigned char)((uint64_t)numbers[i] >> (8 * b));
    digest_bytes(&digest, bytes, sizeof bytes);
  }
  digest_final(&digest, id);
  for (size_t i = 0; i < sizeof id; i++) {
    hex[2 * i] = digits[id[i] >> 4];
    hex[2 * i + 1] = digits[id[i] & 15];
  }
  return (struct slice){hex, 2 * sizeof id};
}

void fact_write(struct outbox *outbox, const struct fact *fact) {
  char hex[2 * DIGEST_ID_BYTES];
  outbox_begin(outbox, TOPIC_INSTITUTION_FACTS, fact->fixmedins_code, identity(fact, hex), "settlewatch.fact.v1", fact->source,
               fact->recv_time_s);
  write_value(&outbox->bytes, fact);
  outbox_end(outbox);
}
