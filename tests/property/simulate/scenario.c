#include "tests/property/simulate/scenario.h"

#include <stdlib.h>

#include "core/memory.h"
#include "record/date.h"
#include "record/money.h"

enum { PEOPLE_MAX = 5, LINES_MAX = 16, FIRST_DAY = 20513 };    // 2026-03-01

struct fee { int sn, init, day, cnt, price_fen; const char *category; };

struct stay {
  unsigned person, institution;
  int setl, visit, init_setl, ver;     // init_setl > 0: a refund row of that settlement
  int begin_day, end_day;
  const char *med_type, *diagnosis, *department, *adm_way, *dscg_way, *planned;    // NULL: not told
  struct fee fees[LINES_MAX];
  int fees_size, fee_cnt;              // fee_cnt > 0: the lines come apart
  bool interim, day_only;
};

struct writing {
  struct scenario *scenario;
  struct draws *draws;
  int32_t partition_of[PEOPLE_MAX];
  int setl, visit, message;
};

static unsigned below(struct writing *writing, unsigned bound) { return draws_below(writing->draws, bound); }
static bool often(struct writing *writing, unsigned per_thousand) { return draws_chance(writing->draws, per_thousand); }

// --- One message -----------------------------------------------------------------------------------------------------------------

#define SAY(out, literal) TEXT_LITERAL(out, literal)

static void name(struct text *out, const char *prefix, int number) {
  text_append(out, slice_from(prefix));
  text_int(out, number);
}

static void field(struct text *out, const char *key, const char *value) {
  if (value == NULL) return;
  SAY(out, ",\"");
  text_append(out, slice_from(key));
  SAY(out, "\":\"");
  text_append(out, slice_from(value));
  text_byte(out, '"');
}

static void amount(struct text *out, const char *key, int64_t fen) {
  SAY(out, ",\"");
  text_append(out, slice_from(key));
  SAY(out, "\":");
  money_write_fen(out, fen);
}

static struct scenario_message *add(struct scenario *scenario) {
  if (scenario->size == scenario->capacity) {
    scenario->capacity = scenario->capacity == 0 ? 128 : 2 * scenario->capacity;
    scenario->messages = memory_resize(scenario->messages, scenario->capacity * sizeof *scenario->messages);
  }
  scenario->messages[scenario->size] = (struct scenario_message){0};
  return &scenario->messages[scenario->size++];
}

static struct text *begin(struct writing *writing, const char *type, unsigned person, unsigned institution, int64_t time_s, int ver) {
  struct scenario *scenario = writing->scenario;
  struct scenario_message *message = add(scenario);
  struct text *out = &scenario->bytes;
  message->partition = writing->partition_of[person];
  message->key = out->size;
  name(out, "P", (int)person);
  message->key_size = out->size - message->key;
  message->value = out->size;
  SAY(out, "{\"msg_id\":\"");
  name(out, "m", ++writing->message);
  SAY(out, "\",\"msg_type\":\"");
  text_append(out, slice_from(type));
  SAY(out, "\",\"mdtrtarea_admvs\":\"620100\",\"fixmedins_code\":\"");
  name(out, "H", (int)institution);
  SAY(out, "\",\"psn_no\":\"");
  name(out, "P", (int)person);
  SAY(out, "\",\"event_time\":\"");
  date_write_time(out, time_s);
  SAY(out, "\",\"recv_time\":\"");
  date_write_time(out, time_s + 2);
  SAY(out, "\",\"ver\":");
  text_int(out, ver);
  SAY(out, ",\"body\":{\"setlinfo\":{\"setl_id\":\"");
  return out;
}

static void end(struct writing *writing) {
  struct scenario *scenario = writing->scenario;
  SAY(&scenario->bytes, "}}");
  struct scenario_message *message = &scenario->messages[scenario->size - 1];
  message->value_size = scenario->bytes.size - message->value;
}

static int64_t settled_s(const struct stay *stay) { return date_of_day(stay->end_day) + 11 * 3600 + stay->setl % 3600; }

static void write_fees(struct text *out, const struct stay *stay, int from, int to) {
  SAY(out, "\"feedetail\":[");
  for (int i = from; i < to; i++) {
    const struct fee *fee = &stay->fees[i];
    if (i > from) text_byte(out, ',');
    SAY(out, "{\"feedetl_sn\":\"");
    text_int(out, fee->sn);
    if (fee->init > 0) {
      SAY(out, "\",\"init_feedetl_sn\":\"");
      text_int(out, fee->init);
    }
    SAY(out, "\",\"fee_ocur_time\":\"");
    date_write_day(out, fee->day);
    if (!stay->day_only) SAY(out, " 12:00:00");
    SAY(out, "\",\"med_list_codg\":\"C");
    text_append(out, slice_from(fee->category));
    SAY(out, "\",\"med_chrgitm_type\":\"");
    text_append(out, slice_from(fee->category));
    SAY(out, "\",\"cnt\":");
    text_int(out, fee->cnt);
    amount(out, "pric", fee->price_fen);
    amount(out, "det_item_fee_sumamt", (int64_t)fee->cnt * fee->price_fen);
    amount(out, "inscp_scp_amt", (int64_t)fee->cnt * fee->price_fen);
    text_byte(out, '}');
  }
  text_byte(out, ']');
}

static void write_settlement(struct writing *writing, const struct stay *stay) {
  struct text *out = begin(writing, "SETL", stay->person, stay->institution, settled_s(stay), stay->ver);
  int64_t total = 0;
  for (int i = 0; i < stay->fees_size; i++) total += (int64_t)stay->fees[i].cnt * stay->fees[i].price_fen;
  if (stay->init_setl > 0) total = -total;
  name(out, "S", stay->setl);
  SAY(out, "\",\"mdtrt_id\":\"");
  name(out, "M", stay->visit);
  text_byte(out, '"');
  field(out, "med_type", stay->med_type);
  SAY(out, ",\"setl_time\":\"");
  date_write_time(out, settled_s(stay));
  text_byte(out, '"');
  amount(out, "medfee_sumamt", total);
  amount(out, "inscp_scp_amt", total);
  amount(out, "fund_pay_sumamt", total * 3 / 4);
  if (stay->init_setl > 0) {
    SAY(out, ",\"refd_setl_flag\":\"1\",\"init_setl_id\":\"");
    name(out, "S", stay->init_setl);
    text_byte(out, '"');
  }
  if (stay->interim) SAY(out, ",\"mid_setl_flag\":\"1\"");
  if (stay->fee_cnt > 0) {
    SAY(out, ",\"fee_cnt\":");
    text_int(out, stay->fee_cnt);
  }
  SAY(out, "},\"mdtrtinfo\":{\"begntime\":\"");
  date_write_time(out, date_of_day(stay->begin_day) + 9 * 3600);
  SAY(out, "\",\"endtime\":\"");
  date_write_time(out, date_of_day(stay->end_day) + 10 * 3600);
  text_byte(out, '"');
  field(out, "adm_dept_codg", stay->department);
  field(out, "dscg_dept_codg", stay->department);
  field(out, "adm_way", stay->adm_way);
  field(out, "dscg_way", stay->dscg_way);
  SAY(out, "},\"diseinfo\":[{\"diag_type\":\"1\",\"maindiag_flag\":\"1\",\"diag_code\":\"");
  text_append(out, slice_from(stay->diagnosis));
  SAY(out, "\"}],");
  write_fees(out, stay, 0, stay->fee_cnt > 0 || stay->init_setl > 0 ? 0 : stay->fees_size);
  end(writing);
}

static void write_fee_message(struct writing *writing, const struct stay *stay, int from, int to) {
  struct text *out = begin(writing, "FEE", stay->person, stay->institution, settled_s(stay) - 60, stay->ver);
  name(out, "S", stay->setl);
  SAY(out, "\",\"mdtrt_id\":\"");
  name(out, "M", stay->visit);
  SAY(out, "\"},");
  write_fees(out, stay, from, to);
  end(writing);
}

static void write_cancel(struct writing *writing, const struct stay *stay, int ver) {
  struct text *out = begin(writing, "SETL_CANCEL", stay->person, stay->institution, settled_s(stay) + 7200, ver);
  name(out, "S", stay->setl);
  SAY(out, "\",\"mdtrt_id\":\"");
  name(out, "M", stay->visit);
  SAY(out, "\"}");
  end(writing);
}

static void write_list(struct writing *writing, const struct stay *stay, int ver) {
  static const char *const ways[] = {"1", "2", "3", NULL}, *const leavings[] = {"1", "2", "4", NULL}, *const plans[] = {"1", "2", "2", NULL};
  struct text *out = begin(writing, "LIST", stay->person, stay->institution, settled_s(stay) + DATE_DAY_SECONDS, ver);
  name(out, "S", stay->setl);
  SAY(out, "\",\"mdtrt_id\":\"");
  name(out, "M", stay->visit);
  text_byte(out, '"');
  field(out, "adm_way", ways[below(writing, 4)]);
  field(out, "dscg_way", leavings[below(writing, 4)]);
  field(out, "days_rinp_flag_31", plans[below(writing, 4)]);
  SAY(out, "}");
  end(writing);
}

// --- Stories ---------------------------------------------------------------------------------------------------------------------

static void fee(struct stay *stay, int day, const char *category, int cnt, int price_fen, int init) {
  if (stay->fees_size == LINES_MAX) return;
  stay->fees[stay->fees_size] = (struct fee){stay->fees_size + 1, init, day, cnt, price_fen, category};
  stay->fees_size++;
}

// A stay of some days in which something is done; beds as many as nights.
static struct stay stay_new(struct writing *writing, unsigned person, unsigned institution, int begin_day, int days) {
  static const char *const diagnoses[] = {"I63.900", "I63.801", "J18.900", "Z51.100"};
  struct stay stay = {.person = person, .institution = institution, .setl = ++writing->setl, .visit = ++writing->visit, .ver = 1,
                      .begin_day = begin_day, .end_day = begin_day + days, .med_type = often(writing, 60) ? "24" : "21",
                      .diagnosis = diagnoses[below(writing, 4) * below(writing, 2)], .department = often(writing, 700) ? "A03" : "A07",
                      .adm_way = often(writing, 100) ? "1" : "2", .dscg_way = often(writing, 100) ? "2" : "1",
                      .day_only = often(writing, 300)};
  if (often(writing, 250)) stay.adm_way = NULL;
  if (often(writing, 250)) stay.dscg_way = NULL;
  fee(&stay, begin_day, "01", days, 4000, 0);
  fee(&stay, begin_day, "05", 1, 10000 + 100 * (int)below(writing, 50), 0);
  if (days > 2) fee(&stay, begin_day + 2, "09", 2, 1250, 0);
  return stay;
}

// What happens to a settlement after it was sent.
static void afterlife(struct writing *writing, struct stay *stay) {
  if (often(writing, 300)) write_list(writing, stay, 1);
  if (often(writing, 60)) write_list(writing, stay, 2);
  if (often(writing, 250)) {
    struct stay corrected = *stay;
    corrected.ver = 2;
    if (often(writing, 400)) corrected.end_day += 1 + (int)below(writing, 4);
    if (often(writing, 300)) corrected.diagnosis = "J18.900";
    if (often(writing, 500)) corrected.fees[0].cnt += (int)below(writing, 3) - 1;
    if (often(writing, 150)) corrected.institution = 1 + below(writing, 3);
    if (often(writing, 150)) corrected.visit = ++writing->visit;
    if (corrected.fees[0].cnt < 1) corrected.fees[0].cnt = 1;
    write_settlement(writing, &corrected);
    if (often(writing, 200)) {
      corrected.ver = 3;
      corrected.fees[0].cnt++;
      write_settlement(writing, &corrected);
    }
    if (often(writing, 150)) {    // says version 2 again, but something else
      corrected.ver = 2;
      corrected.fees[0].price_fen += 100;
      write_settlement(writing, &corrected);
    }
  }
  if (often(writing, 120)) write_cancel(writing, stay, 1);
  if (often(writing, 60)) {    // cancelled by a producer whose own transaction came to nothing
    write_cancel(writing, stay, 2);
    writing->scenario->messages[writing->scenario->size - 1].aborted = true;
  }
  if (often(writing, 80)) {    // undone by a refund row, which sometimes does not name the whole amount and then undoes nothing
    struct stay refund = *stay;
    refund.init_setl = stay->setl;
    refund.setl = ++writing->setl;
    refund.end_day++;
    if (often(writing, 200)) refund.fees[0].cnt++;
    write_settlement(writing, &refund);
    if (often(writing, 200)) write_cancel(writing, &refund, 1);
  }
}

static void send(struct writing *writing, struct stay *stay) {
  write_settlement(writing, stay);
  afterlife(writing, stay);
}

static void again_soon(struct writing *writing, unsigned person) {    // 分解住院
  const unsigned institution = 1 + below(writing, 2);
  int day = FIRST_DAY + (int)below(writing, 10);
  for (unsigned stays = 2 + below(writing, 2), i = 0; i < stays; i++) {
    struct stay stay = stay_new(writing, person, often(writing, 850) ? institution : 3 - institution, day, 3 + (int)below(writing, 4));
    send(writing, &stay);
    day = stay.end_day + (int)below(writing, 18);
  }
}

static void beds(struct writing *writing, unsigned person) {    // 虚增床日、院外床位费、一日多床位费
  struct stay stay = stay_new(writing, person, 1 + below(writing, 2), FIRST_DAY + (int)below(writing, 30), 2 + (int)below(writing, 4));
  if (often(writing, 500)) stay.fees[0].cnt += 1 + (int)below(writing, 2);
  if (often(writing, 400)) fee(&stay, stay.begin_day - 1, "01", 1, 4000, 0);
  if (often(writing, 400)) fee(&stay, stay.begin_day + 1, "01", 1, 6000, 0);
  if (often(writing, 300)) fee(&stay, stay.begin_day + 1, "01", -1, 4000, often(writing, 500) ? 1 : 0);
  send(writing, &stay);
}

static void idle_days(struct writing *writing, unsigned person) {    // 挂床住院
  struct stay stay = stay_new(writing, person, 1 + below(writing, 2), FIRST_DAY + (int)below(writing, 20), 7 + (int)below(writing, 4));
  stay.fees_size = 1;
  stay.day_only = true;
  for (int day = stay.begin_day; day < stay.end_day; day++) fee(&stay, day, "07", 1, 2000, 0);
  if (often(writing, 700)) fee(&stay, stay.begin_day, "05", 1, 8000, 0);
  send(writing, &stay);
}

static void in_parts(struct writing *writing, unsigned person) {    // a bill whose lines come by FEE
  struct stay stay = stay_new(writing, person, 1 + below(writing, 2), FIRST_DAY + (int)below(writing, 20), 4);
  fee(&stay, stay.begin_day + 1, "01", 1 + (int)below(writing, 2), 4000, 0);
  stay.fee_cnt = stay.fees_size;
  const int middle = 1 + (int)below(writing, (unsigned)stay.fees_size - 1);
  write_fee_message(writing, &stay, 0, middle);
  write_fee_message(writing, &stay, often(writing, 300) ? middle - 1 : middle, stay.fees_size);
  write_settlement(writing, &stay);
  if (often(writing, 300)) {
    struct stay corrected = stay;
    corrected.ver = 2;
    corrected.fees[0].cnt++;
    write_fee_message(writing, &corrected, 0, 1);
  }
  if (often(writing, 200)) write_cancel(writing, &stay, 1);
}

static void interim(struct writing *writing, unsigned person) {    // two settlements of one stay
  struct stay first = stay_new(writing, person, 1 + below(writing, 2), FIRST_DAY + (int)below(writing, 20), 3);
  struct stay second = first;
  first.interim = true;
  second.setl = ++writing->setl;
  second.begin_day = first.begin_day;
  second.end_day = first.end_day + 3;
  for (int i = 0; i < second.fees_size; i++) second.fees[i].day += 3;
  if (often(writing, 500)) second.fees[0].cnt += 2;
  send(writing, &first);
  send(writing, &second);
}

static void outpatient(struct writing *writing, unsigned person) {
  struct stay stay = stay_new(writing, person, 1 + below(writing, 2), FIRST_DAY + (int)below(writing, 40), 0);
  stay.med_type = "11";
  stay.fees_size = 0;
  fee(&stay, stay.begin_day, "09", 1 + (int)below(writing, 3), 1250, 0);
  send(writing, &stay);
}

typedef void story(struct writing *writing, unsigned person);
static story *const stories[] = {again_soon, again_soon, again_soon, beds, beds, idle_days, in_parts, interim, outpatient};

static void write_rubbish(struct writing *writing) {
  static const char *const rubbish[] = {"{\"msg_id\":\"x\"", "", "[]", "{\"msg_id\":\"x\",\"msg_type\":\"SETL\",\"psn_no\":\"P0\",\"body\":{}}"};
  struct scenario_message *message = add(writing->scenario);
  const struct slice text = slice_from(rubbish[below(writing, 4)]);
  message->partition = (int32_t)below(writing, (unsigned)writing->scenario->partitions);
  message->value = writing->scenario->bytes.size;
  message->value_size = text.size;
  text_append(&writing->scenario->bytes, text);
}

static void write_tick(struct writing *writing, int32_t partition, int day) {
  struct scenario_message *message = add(writing->scenario);
  struct text *out = &writing->scenario->bytes;
  message->partition = partition;
  message->value = out->size;
  SAY(out, "{\"msg_id\":\"");
  name(out, "t", ++writing->message);
  SAY(out, "\",\"msg_type\":\"TICK\",\"mdtrtarea_admvs\":\"620100\",\"fixmedins_code\":\"H0\",\"event_time\":\"");
  date_write_time(out, date_of_day(day));
  SAY(out, "\",\"recv_time\":\"");
  date_write_time(out, date_of_day(day) + 1);
  SAY(out, "\",\"ver\":1,\"body\":{}}");
  message->value_size = out->size - message->value;
}

// --- Order -----------------------------------------------------------------------------------------------------------------------

struct placed { uint64_t place; struct scenario_message message; };

static int by_place(const void *a, const void *b) {
  const struct placed *x = a, *y = b;
  return (x->place > y->place) - (x->place < y->place);
}

// Every message moves by up to `reach` places; some come twice, and some of their producers' transactions were aborted.
static void disorder(struct writing *writing) {
  struct scenario *scenario = writing->scenario;
  const size_t size = scenario->size;
  const unsigned reach = below(writing, 3) == 0 ? 1 : 2 + below(writing, (unsigned)size);
  for (size_t i = 0; i < size; i++) {
    if (scenario->messages[i].key_size == 0 || !often(writing, 120)) continue;
    const struct scenario_message copy = scenario->messages[i];    // sent twice; perhaps only the second time for good
    *add(scenario) = copy;
    if (often(writing, 300)) scenario->messages[scenario->size - 1].aborted = true;
  }
  for (int32_t p = 0; p < scenario->partitions; p++) {
    if (!often(writing, 400)) continue;
    struct scenario_message *gap = add(scenario);
    gap->gap = true;
    gap->partition = p;
  }
  struct placed *placed = memory_take(scenario->size * sizeof *placed);
  for (size_t i = 0; i < scenario->size; i++) {
    const uint64_t from = i < size ? i : below(writing, (unsigned)size);
    placed[i] = (struct placed){(from + below(writing, reach)) * 4096 + i, scenario->messages[i]};
  }
  qsort(placed, scenario->size, sizeof *placed, by_place);
  for (size_t i = 0; i < scenario->size; i++) scenario->messages[i] = placed[i].message;
  memory_free(placed);
}

void scenario_make(struct scenario *scenario, const struct scenario_options *options, struct draws *draws) {
  text_clear(&scenario->bytes);
  scenario->size = 0;
  scenario->partitions = options->partitions;
  struct writing writing = {.scenario = scenario, .draws = draws};
  const unsigned people = 1 + below(&writing, PEOPLE_MAX), messages_max = 8 + below(&writing, often(&writing, 800) ? 8 : 24);
  for (unsigned person = 0; person < people; person++)
    writing.partition_of[person] = (int32_t)below(&writing, (unsigned)options->partitions);
  while (scenario->size < messages_max) {
    stories[below(&writing, sizeof stories / sizeof *stories)](&writing, below(&writing, people));
    if (often(&writing, 60)) write_rubbish(&writing);
  }
  disorder(&writing);
  if (!options->ticks) return;
  for (int32_t p = 0; p < options->partitions; p++) {
    // In place of a message in the middle would be a different scenario: time passes at the end, in steps, and once in between.
    write_tick(&writing, p, FIRST_DAY + 20 + (int)below(&writing, 30));
    const size_t between = below(&writing, (unsigned)scenario->size);
    const struct scenario_message moved = scenario->messages[between];
    scenario->messages[between] = scenario->messages[scenario->size - 1];
    scenario->messages[scenario->size - 1] = moved;
    write_tick(&writing, p, FIRST_DAY + 50 + (int)below(&writing, 60));
  }
}

void scenario_fini(struct scenario *scenario) {
  text_fini(&scenario->bytes);
  memory_free(scenario->messages);
}
