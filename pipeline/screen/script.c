#include "screen/script.h"

#include <stdio.h>

#include "record/date.h"
#include "record/money.h"
#include "rules/words.h"

enum { CODE_WORDS = 1135, LINES_MAX = 10000, VERSION_MAX = 1000, EVENING_SECONDS = 18 * 3600, HOUR_SECONDS = 3600, DESK_SECONDS = 600 };

// What later records of a test need of a settlement.
struct script_bill {
  struct script_bill *next;
  struct slice setl_id, mdtrt_id, psn_no, fixmedins_code;
  int64_t ver, list_ver;
  int64_t medfee_fen, inscp_fen, fund_fen;
};

void script_init(struct script *script, const struct yaml_file *file, const struct codes *codes, struct arena *arena) {
  *script = (struct script){.file = file, .codes = codes, .arena = arena, .clock_s = DATE_ABSENT, .received_s = DATE_ABSENT};
}

struct slice script_last(const struct script *script) { return script->bills != NULL ? script->bills->setl_id : SLICE_NONE; }

// --- Reading -------------------------------------------------------------------------------------------------------------------

static bool wrong(const struct script *script, const struct yaml_node *node, const char *text) {
  yaml_error(script->file, node, CODE_WORDS, "%s", text);
  return false;
}

static bool read_text(const struct script *script, const struct yaml_node *map, const char *key, const char *fallback, struct slice *out) {
  const struct yaml_node *node = yaml_find(map, key);
  *out = slice_from(fallback);
  return node == NULL || yaml_is_text(script->file, node, out);
}

static bool read_decimal(const struct script *script, const struct yaml_node *map, const char *key, unsigned scale, int64_t *out,
                         bool *given) {
  const struct yaml_node *node = yaml_find(map, key);
  *given = node != NULL;
  return node == NULL || yaml_is_decimal(script->file, node, scale, out);
}

static bool read_time(const struct script *script, const struct yaml_node *node, int64_t *time_s, bool *day_only) {
  if (node->type == YAML_SCALAR && date_parse(node->scalar, time_s, day_only)) return true;
  return wrong(script, node, "not a time: 2026-03-01 or \"2026-03-01 10:00:00\"");
}

// The site's raw code for a symbol: the shortest number that maps to it on the day.
static bool raw_code(struct script *script, enum code_table table, const struct yaml_node *node, int32_t day, char raw[16]) {
  struct slice name;
  if (!yaml_is_text(script->file, node, &name)) return false;
  const int symbol = code_symbol_find(table, name);
  if (symbol < 0) {
    yaml_error(script->file, node, CODE_WORDS, "'%.*s' is no symbol of codes/%s.yaml", SLICE_ARG(name), code_table_files[table]);
    return false;
  }
  static const int ends[] = {10, 100, 1000, 10000};    // numbers of 1, 2, 3, 4 digits
  int *known = &script->raw[table][symbol];
  for (int digits = *known != 0 ? *known / 10000 : 1; digits <= 4; digits++)
    for (int number = *known != 0 ? *known % 10000 : 0; number < ends[digits - 1]; number++) {
      const int size = snprintf(raw, 16, "%0*d", digits, number);
      if (codes_symbol(script->codes, table, (struct slice){raw, (size_t)size}, day) != (unsigned)symbol) continue;
      *known = digits * 10000 + number;
      return true;
    }
  yaml_error(script->file, node, CODE_WORDS, "no code of codes/%s.yaml maps to '%.*s'", code_table_files[table], SLICE_ARG(name));
  return false;
}

static struct script_bill *find_bill(const struct script *script, struct slice setl_id) {
  struct script_bill *bill = script->bills;
  while (bill != NULL && !slice_equal(bill->setl_id, setl_id)) bill = bill->next;
  return bill;
}

static struct script_bill *add_bill(struct script *script, struct slice setl_id) {
  struct script_bill *bill = ARENA_ZEROED(script->arena, struct script_bill, 1);
  bill->setl_id = setl_id;
  bill->next = script->bills;
  return script->bills = bill;
}

// --- Writing -------------------------------------------------------------------------------------------------------------------

// Commas stand in front of all but the first member.
static void put_key(struct text *out, const char *key) {
  if (out->data[out->size - 1] != '{') text_byte(out, ',');
  text_json(out, slice_from(key));
  text_byte(out, ':');
}
static void put_text(struct text *out, const char *key, struct slice value) {
  if (!slice_present(value)) return;
  put_key(out, key);
  text_json(out, value);
}
static void put_fen(struct text *out, const char *key, int64_t fen) {
  put_key(out, key);
  text_byte(out, '"');
  money_write_fen(out, fen);
  text_byte(out, '"');
}
static void put_scaled(struct text *out, const char *key, int64_t value, unsigned scale) {
  put_key(out, key);
  text_byte(out, '"');
  money_write_scaled(out, value, scale);
  text_byte(out, '"');
}
static void put_time(struct text *out, const char *key, int64_t time_s, bool day_only) {
  put_key(out, key);
  text_byte(out, '"');
  if (day_only) date_write_day(out, date_day(time_s));
  else date_write_time(out, time_s);
  text_byte(out, '"');
}

static bool put_symbol(struct script *script, struct text *out, const struct yaml_node *map, const char *word, const char *key,
                       enum code_table table, int32_t day) {
  const struct yaml_node *node = yaml_find(map, word);
  char raw[16];
  if (node == NULL) return true;
  if (!raw_code(script, table, node, day, raw)) return false;
  put_text(out, key, slice_from(raw));
  return true;
}

static void put_envelope(struct script *script, struct text *out, const char *type, struct slice fixmedins_code, struct slice psn_no,
                         struct slice region, int64_t event_time_s, int64_t ver) {
  script->time_s = event_time_s;
  if (script->clock_s == DATE_ABSENT || event_time_s > script->clock_s) script->clock_s = event_time_s;
  script->received_s = script->received_s == DATE_ABSENT || script->clock_s + 1 > script->received_s + 1 ? script->clock_s + 1
                                                                                                          : script->received_s + 1;
  char id[24];
  snprintf(id, sizeof id, "T%06u", ++script->sequence);
  text_byte(out, '{');
  put_text(out, "msg_id", slice_from(id));
  put_text(out, "msg_type", slice_from(type));
  put_text(out, "mdtrtarea_admvs", region);
  put_text(out, "insuplc_admdvs", region);
  put_text(out, "fixmedins_code", fixmedins_code);
  put_text(out, "psn_no", psn_no);
  put_time(out, "event_time", event_time_s, false);
  put_time(out, "recv_time", script->received_s, false);
  put_key(out, "ver");
  text_int(out, ver);
  put_key(out, "body");
  text_byte(out, '{');
}

struct sums { int64_t amount, inscp; };

static bool put_line(struct script *script, const struct yaml_node *line, struct text *out, struct sums *sums) {
  if (!form_known(script->file, line, &words_line)) return false;
  struct slice sn, code, hospital_code, refund_of, category;
  int64_t cnt = 10000, pric = 0, amount = 0, inscp = 0, over = 0, own = 0, days = 0;
  bool has_cnt, has_price, has_amount, has_inscp, has_over, has_own, has_days;
  if (!read_text(script, line, "sn", NULL, &sn) || !read_text(script, line, "code", NULL, &code) ||
      !read_text(script, line, "hospital_code", NULL, &hospital_code) || !read_text(script, line, "refund_of", NULL, &refund_of) ||
      !read_text(script, line, "category", "OTHER", &category) || !read_decimal(script, line, "count", MONEY_COUNT, &cnt, &has_cnt) ||
      !read_decimal(script, line, "price", MONEY_PRICE, &pric, &has_price) ||
      !read_decimal(script, line, "amount", MONEY_FEN, &amount, &has_amount) ||
      !read_decimal(script, line, "in_scope", MONEY_FEN, &inscp, &has_inscp) ||
      !read_decimal(script, line, "over_limit", MONEY_FEN, &over, &has_over) ||
      !read_decimal(script, line, "self_paid", MONEY_FEN, &own, &has_own) ||
      !read_decimal(script, line, "days", MONEY_DAYS, &days, &has_days))
    return false;
  if (!slice_present(sn)) return wrong(script, line, "a line needs 'sn'");
  if (!has_amount) amount = has_price ? money_product_fen(cnt, pric) : 0;
  if (!has_inscp) inscp = amount - over - own;
  text_byte(out, '{');
  put_text(out, "feedetl_sn", sn);
  put_text(out, "init_feedetl_sn", refund_of);
  put_text(out, "med_list_codg", code);
  put_text(out, "medins_list_codg", hospital_code);
  const struct yaml_node *date = yaml_find(line, "date"), *traces = yaml_find(line, "trace");
  int64_t time_s = script->clock_s != DATE_ABSENT ? script->clock_s : 0;
  bool day_only = false;
  if (date != NULL) {
    if (!read_time(script, date, &time_s, &day_only)) return false;
    put_time(out, "fee_ocur_time", time_s, day_only);
  }
  if (!slice_equal(category, SLICE("none"))) {
    char raw[16];
    const struct yaml_node *node = yaml_find(line, "category");
    const struct yaml_node other = {.type = YAML_SCALAR, .quoted = true, .scalar = category, .place = line->place};
    if (!raw_code(script, CODES_FEE, node != NULL ? node : &other, date_day(time_s), raw)) return false;
    put_text(out, "med_chrgitm_type", slice_from(raw));
  }
  put_scaled(out, "cnt", cnt, MONEY_COUNT);
  if (has_price) put_scaled(out, "pric", pric, MONEY_PRICE);
  put_fen(out, "det_item_fee_sumamt", amount);
  put_fen(out, "inscp_scp_amt", inscp);
  if (has_over) put_fen(out, "overlmt_amt", over);
  if (has_own) put_fen(out, "fulamt_ownpay_amt", own);
  if (has_days) put_scaled(out, "prd_days", days, MONEY_DAYS);
  if (traces != NULL) {
    if (!yaml_is_list(script->file, traces)) return false;
    put_key(out, "drugtracinfo");
    text_byte(out, '[');
    for (const struct yaml_node *trace = traces->child; trace != NULL; trace = trace->next) {
      struct slice text;
      if (!yaml_is_text(script->file, trace, &text)) return false;
      if (trace != traces->child) text_byte(out, ',');
      text_byte(out, '{');
      put_text(out, "drug_trac_codg", text);
      text_byte(out, '}');
    }
    text_byte(out, ']');
  }
  text_byte(out, '}');
  sums->amount += amount;
  sums->inscp += inscp;
  return true;
}

static bool put_lines(struct script *script, const struct yaml_node *lines, struct text *out, struct sums *sums) {
  if (!yaml_is_list(script->file, lines)) return false;
  if (lines->size > LINES_MAX) return wrong(script, lines, "too many lines for a test");
  for (const struct yaml_node *line = lines->child; line != NULL; line = line->next) {
    if (line != lines->child) text_byte(out, ',');
    if (!put_line(script, line, out, sums)) return false;
  }
  return true;
}

// A text or a list of texts; the first one is the main diagnosis.
static bool put_diagnoses(struct script *script, const struct yaml_node *node, struct text *out) {
  if (node == NULL) return true;
  const struct yaml_node *first = node->type == YAML_LIST ? node->child : node;
  put_key(out, "diseinfo");
  text_byte(out, '[');
  for (const struct yaml_node *one = first; one != NULL; one = node->type == YAML_LIST ? one->next : NULL) {
    struct slice code;
    if (!yaml_is_text(script->file, one, &code)) return false;
    if (one != first) text_byte(out, ',');
    text_byte(out, '{');
    put_text(out, "diag_type", SLICE("1"));
    put_text(out, "maindiag_flag", one == first ? SLICE("1") : SLICE("0"));
    put_text(out, "diag_code", code);
    text_byte(out, '}');
  }
  text_byte(out, ']');
  return true;
}

struct stay {
  int64_t begin_s, end_s;    // DATE_ABSENT
  bool begin_day_only, end_day_only;
};

static bool read_stay(const struct script *script, const struct yaml_node *node, struct stay *stay) {
  *stay = (struct stay){DATE_ABSENT, DATE_ABSENT, false, false};
  if (node == NULL) return true;
  if (!yaml_is_list(script->file, node)) return false;
  if (node->size < 1 || node->size > 2) return wrong(script, node, "a stay is [begin, end], [begin] while it is open, or [none, end]");
  const bool begins = node->child->type != YAML_SCALAR || !slice_equal(node->child->scalar, SLICE("none"));
  return (!begins || read_time(script, node->child, &stay->begin_s, &stay->begin_day_only)) &&
         (node->size == 1 || read_time(script, node->child->next, &stay->end_s, &stay->end_day_only));
}

// When the settlement was made, unless it says so itself: at the desk ten minutes after the end, in the evening of a day without
// a time, or an hour after the record before.
static int64_t settled_at(const struct script *script, const struct stay *stay) {
  const bool ended = stay->end_s != DATE_ABSENT;
  const int64_t time_s = ended ? stay->end_s : stay->begin_s;
  if (time_s == DATE_ABSENT) return script->clock_s != DATE_ABSENT ? script->clock_s + HOUR_SECONDS : date_of_day(20454) + EVENING_SECONDS;
  return time_s + ((ended ? stay->end_day_only : stay->begin_day_only) ? EVENING_SECONDS : DESK_SECONDS);
}

static bool put_departments(const struct script *script, const struct yaml_node *node, struct text *out) {
  struct slice entered = SLICE("A01"), left;
  if (node != NULL && node->type == YAML_LIST) {
    if (node->size != 2) return wrong(script, node, "departments are [entered, left]");
    if (!yaml_is_text(script->file, node->child, &entered) || !yaml_is_text(script->file, node->child->next, &left)) return false;
  } else {
    if (node != NULL && !yaml_is_text(script->file, node, &entered)) return false;
    left = entered;
  }
  if (!slice_equal(entered, SLICE("none"))) put_text(out, "adm_dept_codg", entered);
  if (!slice_equal(left, SLICE("none"))) put_text(out, "dscg_dept_codg", left);
  return true;
}

static bool write_settle(struct script *script, const struct yaml_node *map, bool correct, struct text *out) {
  if (!form_known(script->file, map, &words_settle)) return false;
  struct slice setl_id, mdtrt_id, psn_no, at, hi_paymtd, insutype, level, gender, born, region, ward, doctor, refund_of;
  if (!read_text(script, map, "id", NULL, &setl_id)) return false;
  if (!slice_present(setl_id)) return wrong(script, map, "a settlement needs 'id'");
  struct script_bill *bill = find_bill(script, setl_id);
  if (correct && bill == NULL) return wrong(script, map, "nothing to correct: no settlement of this id stands before");
  struct text name = {0};
  text_format(&name, "M-%.*s", SLICE_ARG(setl_id));
  const struct slice own_visit = arena_copy(script->arena, text_slice(&name));
  text_fini(&name);
  if (!read_text(script, map, "of", NULL, &mdtrt_id) || !read_text(script, map, "patient", NULL, &psn_no) ||
      !read_text(script, map, "at", NULL, &at) || !read_text(script, map, "hi_paymtd", NULL, &hi_paymtd) ||
      !read_text(script, map, "insutype", "310", &insutype) || !read_text(script, map, "level", "03", &level) ||
      !read_text(script, map, "gender", "1", &gender) || !read_text(script, map, "born", "1957-04-02", &born) ||
      !read_text(script, map, "region", "620100", &region) || !read_text(script, map, "ward", NULL, &ward) ||
      !read_text(script, map, "doctor", "D1", &doctor) || !read_text(script, map, "refund_of", NULL, &refund_of))
    return false;
  if (!slice_present(mdtrt_id)) mdtrt_id = bill != NULL ? bill->mdtrt_id : own_visit;
  if (!slice_present(psn_no)) psn_no = bill != NULL ? bill->psn_no : SLICE("P1");
  if (!slice_present(at)) at = bill != NULL ? bill->fixmedins_code : SLICE("H1");
  struct stay stay;
  const struct yaml_node *stay_node = yaml_find(map, "stay"), *time_node = yaml_find(map, "time"), *icu_node = yaml_find(map, "icu");
  const struct yaml_node *visit_node = yaml_find(map, "visit"), *lines = yaml_find(map, "lines"), *ver_node = yaml_find(map, "ver");
  if (!read_stay(script, stay_node, &stay)) return false;
  int64_t time_s = settled_at(script, &stay), icu_s = DATE_ABSENT, fund = 0, total = 0, inscp = 0;
  bool day_only = false, icu_day_only, has_fund, has_total, has_inscp, interim = false, is_void = false;
  if (time_node != NULL) {
    if (!read_time(script, time_node, &time_s, &day_only)) return false;
    if (day_only) time_s += EVENING_SECONDS;
    if (stay.begin_s == DATE_ABSENT) stay = (struct stay){time_s, time_s, false, false};
  }
  if (icu_node != NULL && !read_time(script, icu_node, &icu_s, &icu_day_only)) return false;
  if (!read_decimal(script, map, "fund", MONEY_FEN, &fund, &has_fund) || !read_decimal(script, map, "total", MONEY_FEN, &total, &has_total) ||
      !read_decimal(script, map, "in_scope", MONEY_FEN, &inscp, &has_inscp))
    return false;
  const struct yaml_node *interim_node = yaml_find(map, "interim"), *void_node = yaml_find(map, "void");
  if (interim_node != NULL && !yaml_is_bool(script->file, interim_node, &interim)) return false;
  if (void_node != NULL && !yaml_is_bool(script->file, void_node, &is_void)) return false;
  int64_t ver = bill != NULL ? bill->ver + 1 : 1, fee_count = 0;
  if (ver_node != NULL && !yaml_is_int(script->file, ver_node, 1, VERSION_MAX, &ver)) return false;
  const struct yaml_node *fee_node = yaml_find(map, "fee_count");
  if (fee_node != NULL && !yaml_is_int(script->file, fee_node, 1, LINES_MAX, &fee_count)) return false;
  const int32_t day = date_day(time_s);

  struct text detail = {0};
  struct sums sums = {0};
  bool good = true;
  if (lines != NULL) {
    good = put_lines(script, lines, &detail, &sums);
  } else if (fee_node == NULL && !slice_present(refund_of)) {
    // One line stands for the whole bill.
    if (!has_inscp) inscp = has_total ? total : 10000;
    sums = (struct sums){has_total ? total : inscp, inscp};
    TEXT_LITERAL(&detail, "{");
    put_text(&detail, "feedetl_sn", SLICE("1"));
    put_time(&detail, "fee_ocur_time", stay.begin_s != DATE_ABSENT ? stay.begin_s : time_s, stay.begin_s != DATE_ABSENT && stay.begin_day_only);
    put_text(&detail, "med_list_codg", SLICE("009999999990000"));
    put_scaled(&detail, "cnt", 10000, MONEY_COUNT);
    put_fen(&detail, "pric", sums.amount);
    put_fen(&detail, "det_item_fee_sumamt", sums.amount);
    put_fen(&detail, "inscp_scp_amt", sums.inscp);
    text_byte(&detail, '}');
  }
  if (slice_present(refund_of)) {
    const struct script_bill *original = find_bill(script, refund_of);
    if (original == NULL) good = wrong(script, yaml_find(map, "refund_of"), "no settlement of this id stands before");
    else if (!has_total && !has_inscp && !has_fund) {
      total = -original->medfee_fen;
      inscp = -original->inscp_fen;
      fund = -original->fund_fen;
    }
  } else {
    if (!has_total) total = sums.amount;
    if (!has_inscp) inscp = sums.inscp;
    if (!has_fund) fund = inscp;
  }

  put_envelope(script, out, "SETL", at, psn_no, region, time_s, ver);
  put_key(out, "setlinfo");
  text_byte(out, '{');
  put_text(out, "setl_id", setl_id);
  put_text(out, "mdtrt_id", mdtrt_id);
  put_text(out, "psn_no", psn_no);
  put_text(out, "gend", gender);
  put_text(out, "brdy", born);
  put_text(out, "insutype", insutype);
  put_text(out, "hosp_lv", level);
  put_text(out, "hi_paymtd", hi_paymtd);
  const struct yaml_node usual = {.type = YAML_SCALAR, .quoted = true, .scalar = stay_node != NULL ? SLICE("INP") : SLICE("OUTP"),
                                  .place = map->place};
  char raw[16];
  if (visit_node == NULL || visit_node->type != YAML_SCALAR || !slice_equal(visit_node->scalar, SLICE("none"))) {
    good &= raw_code(script, CODES_MED_TYPE, visit_node != NULL ? visit_node : &usual, day, raw);
    if (good) put_text(out, "med_type", slice_from(raw));
  }
  put_time(out, "setl_time", time_s, false);
  put_fen(out, "medfee_sumamt", total);
  put_fen(out, "inscp_scp_amt", inscp);
  put_fen(out, "fund_pay_sumamt", fund);
  put_text(out, "refd_setl_flag", slice_present(refund_of) ? SLICE("1") : SLICE("0"));
  put_text(out, "init_setl_id", refund_of);
  put_text(out, "vali_flag", is_void ? SLICE("0") : SLICE("1"));
  put_text(out, "mid_setl_flag", interim ? SLICE("1") : SLICE("0"));
  good &= put_symbol(script, out, map, "planned", "days_rinp_flag_31", CODES_READMISSION_PLAN, day);
  if (fee_node != NULL) {
    put_key(out, "fee_cnt");
    text_int(out, fee_count);
  }
  text_byte(out, '}');
  put_key(out, "mdtrtinfo");
  text_byte(out, '{');
  if (stay.begin_s != DATE_ABSENT) put_time(out, "begntime", stay.begin_s, stay.begin_day_only);
  if (stay.end_s != DATE_ABSENT) put_time(out, "endtime", stay.end_s, stay.end_day_only);
  good &= put_departments(script, yaml_find(map, "department"), out);
  put_text(out, "wardarea_codg", ward);
  put_text(out, "atddr_no", doctor);
  good &= put_symbol(script, out, map, "admission_way", "adm_way", CODES_ADM_WAY, day);
  good &= put_symbol(script, out, map, "discharge_way", "dscg_way", CODES_DSCG_WAY, day);
  text_byte(out, '}');
  good &= put_diagnoses(script, yaml_find(map, "diagnosis"), out);
  if (icu_s != DATE_ABSENT) {
    put_key(out, "icuinfo");
    TEXT_LITERAL(out, "[{");
    put_time(out, "scs_cutd_inpool_time", icu_s, false);
    TEXT_LITERAL(out, "}]");
  }
  if (fee_node == NULL) {
    put_key(out, "feedetail");
    text_byte(out, '[');
    text_append(out, text_slice(&detail));
    text_byte(out, ']');
  }
  TEXT_LITERAL(out, "}}");
  text_fini(&detail);
  if (bill == NULL) bill = add_bill(script, setl_id);
  *bill = (struct script_bill){.next = bill->next, .setl_id = setl_id, .mdtrt_id = mdtrt_id, .psn_no = psn_no, .fixmedins_code = at,
                               .ver = ver, .list_ver = bill->list_ver, .medfee_fen = total, .inscp_fen = inscp, .fund_fen = fund};
  return good;
}

// --- The other records -----------------------------------------------------------------------------------------------------------

struct about {
  struct slice setl_id, psn_no, fixmedins_code;
  struct script_bill *bill;
  int64_t time_s;
};

// Which settlement a record is about, and when it was made. key: what names the settlement.
static bool read_about(const struct script *script, const struct yaml_node *map, const char *key, struct about *about) {
  *about = (struct about){.time_s = script->clock_s != DATE_ABSENT ? script->clock_s + HOUR_SECONDS : DATE_ABSENT};
  if (map->type == YAML_SCALAR) {
    if (!yaml_is_text(script->file, map, &about->setl_id)) return false;
  } else if (!yaml_is_map(script->file, map) || !read_text(script, map, key, NULL, &about->setl_id) ||
             !read_text(script, map, "patient", NULL, &about->psn_no) || !read_text(script, map, "at", NULL, &about->fixmedins_code)) {
    return false;
  }
  if (!slice_present(about->setl_id)) return wrong(script, map, "which settlement?");
  about->bill = find_bill(script, about->setl_id);
  if (!slice_present(about->psn_no)) about->psn_no = about->bill != NULL ? about->bill->psn_no : SLICE("P1");
  if (!slice_present(about->fixmedins_code)) about->fixmedins_code = about->bill != NULL ? about->bill->fixmedins_code : SLICE("H1");
  const struct yaml_node *time = map->type == YAML_MAP ? yaml_find(map, "time") : NULL;
  bool day_only = false;
  if (time != NULL && !read_time(script, time, &about->time_s, &day_only)) return false;
  if (about->time_s == DATE_ABSENT) return wrong(script, map, "the first record of a test needs a 'time'");
  return true;
}

static bool write_cancel(struct script *script, const struct yaml_node *map, struct text *out) {
  if (map->type == YAML_MAP && !form_known(script->file, map, &words_cancel)) return false;
  struct about about;
  if (!read_about(script, map, "id", &about)) return false;
  put_envelope(script, out, "SETL_CANCEL", about.fixmedins_code, about.psn_no, SLICE("620100"), about.time_s, 1);
  put_key(out, "setlinfo");
  text_byte(out, '{');
  put_text(out, "setl_id", about.setl_id);
  if (about.bill != NULL) put_text(out, "mdtrt_id", about.bill->mdtrt_id);
  put_text(out, "psn_no", about.psn_no);
  TEXT_LITERAL(out, "}}}");
  return true;
}

static bool write_list(struct script *script, const struct yaml_node *map, struct text *out) {
  if (!form_known(script->file, map, &words_list)) return false;
  struct about about;
  if (!read_about(script, map, "of", &about)) return false;
  const int32_t day = date_day(about.time_s);
  const int64_t ver = about.bill != NULL ? ++about.bill->list_ver : 1;
  put_envelope(script, out, "LIST", about.fixmedins_code, about.psn_no, SLICE("620100"), about.time_s, ver);
  put_key(out, "setlinfo");
  text_byte(out, '{');
  put_text(out, "setl_id", about.setl_id);
  if (about.bill != NULL) put_text(out, "mdtrt_id", about.bill->mdtrt_id);
  put_text(out, "psn_no", about.psn_no);
  bool good = put_symbol(script, out, map, "admission_way", "adm_way", CODES_ADM_WAY, day);
  good &= put_symbol(script, out, map, "discharge_way", "dscg_way", CODES_DSCG_WAY, day);
  good &= put_symbol(script, out, map, "planned", "days_rinp_flag_31", CODES_READMISSION_PLAN, day);
  text_byte(out, '}');
  good &= put_diagnoses(script, yaml_find(map, "diagnosis"), out);
  TEXT_LITERAL(out, "}}");
  return good;
}

static bool write_fee(struct script *script, const struct yaml_node *map, struct text *out) {
  if (!form_known(script->file, map, &words_fee)) return false;
  struct about about;
  const struct yaml_node *lines = yaml_find(map, "lines");
  if (!read_about(script, map, "of", &about)) return false;
  if (lines == NULL) return wrong(script, map, "fee lines need 'lines'");
  struct text mdtrt_id = {0};
  text_format(&mdtrt_id, "M-%.*s", SLICE_ARG(about.setl_id));
  put_envelope(script, out, "FEE", about.fixmedins_code, about.psn_no, SLICE("620100"), about.time_s, 1);
  put_key(out, "setlinfo");
  text_byte(out, '{');
  put_text(out, "setl_id", about.setl_id);
  put_text(out, "mdtrt_id", about.bill != NULL ? about.bill->mdtrt_id : text_slice(&mdtrt_id));
  put_text(out, "psn_no", about.psn_no);
  text_byte(out, '}');
  put_key(out, "feedetail");
  text_byte(out, '[');
  struct sums sums = {0};
  const bool good = put_lines(script, lines, out, &sums);
  TEXT_LITERAL(out, "]}}");
  text_fini(&mdtrt_id);
  return good;
}

static bool write_tick(struct script *script, const struct yaml_node *node, struct text *out) {
  int64_t time_s;
  bool day_only = false;
  if (!read_time(script, node, &time_s, &day_only)) return false;
  put_envelope(script, out, "TICK", SLICE("H1"), SLICE_NONE, SLICE("620100"), time_s, 1);
  TEXT_LITERAL(out, "}}");
  return true;
}

bool script_write(struct script *script, const struct yaml_node *step, struct text *out) {
  if (!form_known(script->file, step, &words_record)) return false;
  if (step->size != 1) return wrong(script, step, "one record in each item of 'given'");
  const struct slice key = step->child->scalar;
  const struct yaml_node *value = step->child->value;
  if (slice_equal(key, SLICE("settle"))) return write_settle(script, value, false, out);
  if (slice_equal(key, SLICE("correct"))) return write_settle(script, value, true, out);
  if (slice_equal(key, SLICE("cancel"))) return write_cancel(script, value, out);
  if (slice_equal(key, SLICE("list"))) return write_list(script, value, out);
  if (slice_equal(key, SLICE("fee"))) return write_fee(script, value, out);
  return write_tick(script, value, out);
}
