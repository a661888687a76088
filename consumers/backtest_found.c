#include "consumers/backtest_found.h"

#include <stdlib.h>

#include "core/digest.h"
#include "core/memory.h"
#include "dossier/pack.h"
#include "record/money.h"

enum { FOUND_OPEN = 1, FOUND_SHADOW = 2, FOUND_SIDE = 4 };

// ---- packing ----------------------------------------------------------------------------------------------------------------------

static struct slice text_of(const struct json_value *object, const char *key) {
  struct slice s = SLICE_NONE;
  json_text(object, key, &s, NULL);
  return s;
}

static int by_hash(const void *a, const void *b) {
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static uint64_t line_hash(const struct json_value *detail) {
  const struct slice sn = text_of(detail, "feedetl_sn"), setl_id = text_of(detail, "setl_id");
  return digest_hash64(sn.data, sn.size, digest_hash64(setl_id.data, setl_id.size, 0));
}

static void pack_lines(struct text *out, const struct json_value *message) {
  const struct json_value *details = json_find(message, "judge_result_detail_dtos");
  uint64_t *hashes = memory_take(((details != NULL ? details->size : 0) + 1) * sizeof *hashes);
  size_t size = 0;
  for (const struct json_value *detail = details != NULL ? details->child : NULL; detail != NULL; detail = detail->next) {
    int64_t role = 0;
    json_int(detail, "vola_item_type", 1, 2, &role, NULL);
    if (role == 1) hashes[size++] = line_hash(detail);
  }
  if (size > 1) qsort(hashes, size, sizeof *hashes, by_hash);
  pack_unsigned(out, size);
  for (size_t i = 0; i < size; i++) pack_u64(out, hashes[i]);
  memory_free(hashes);
}

// [{"operand":"gap","value":"5","unit":"days"}]
static void write_evidence(struct text *out, const struct json_value *message) {
  static const char *const keys[] = {"operand", "value", "unit"};
  const struct json_value *list = json_find(message, "vola_evid");
  text_byte(out, '[');
  for (const struct json_value *item = list != NULL ? list->child : NULL; item != NULL; item = item->next) {
    text_append(out, item == list->child ? SLICE("{") : SLICE(",{"));
    for (unsigned k = 0; k < 3; k++) {
      text_format(out, "%s\"%s\":", k > 0 ? "," : "", keys[k]);
      text_json(out, text_of(item, keys[k]));
    }
    text_byte(out, '}');
  }
  text_byte(out, ']');
}

// gap 5; dx3 I63
static void write_shown(struct text *out, const struct json_value *message) {
  const struct json_value *list = json_find(message, "vola_evid");
  for (const struct json_value *item = list != NULL ? list->child : NULL; item != NULL; item = item->next) {
    const struct slice value = text_of(item, "value");
    if (value.size > 0) text_format(out, "%s%.*s %.*s", out->size > 0 ? "; " : "", SLICE_ARG(text_of(item, "operand")), SLICE_ARG(value));
  }
}

static int64_t tenths_of(const struct json_value *message) {
  const struct slice result = text_of(message, "result_type");
  if (!slice_equal(result, SLICE("violation")) && !slice_equal(result, SLICE("suspicious"))) return 0;
  int64_t tenths = 0;
  money_parse(text_of(message, "points"), 1, &tenths);
  return tenths;
}

void found_pack(struct text *out, const struct json_value *message, unsigned side, bool shadow, struct text *scratch) {
  const bool open = slice_equal(text_of(message, "stage"), SLICE("proposed"));
  int64_t version = 0, vola_fen = 0, fund_fen = 0;
  json_int(message, "rule_version", 1, INT64_MAX, &version, NULL);
  pack_unsigned(out, (open ? FOUND_OPEN : 0u) | (shadow ? FOUND_SHADOW : 0u) | (side != 0 ? FOUND_SIDE : 0u));
  pack_signed(out, version);
  pack_text(out, text_of(message, "rule_id"));
  pack_text(out, text_of(message, "psn_no"));
  const struct json_value *ids = json_find(message, "setl_ids");
  pack_unsigned(out, ids != NULL ? ids->size : 0);
  for (const struct json_value *id = ids != NULL ? ids->child : NULL; id != NULL; id = id->next) pack_text(out, id->text);
  if (!open) return;
  json_fen(message, "vola_amt", &vola_fen, NULL);
  json_fen(message, "fund_amt", &fund_fen, NULL);
  pack_text(out, text_of(message, "fixmedins_code"));
  pack_text(out, text_of(message, "setl_id"));
  pack_text(out, text_of(message, "band"));
  pack_signed(out, vola_fen);
  pack_signed(out, fund_fen);
  pack_signed(out, tenths_of(message));
  pack_lines(out, message);
  pack_text(out, text_of(message, "vola_cont"));
  pack_text(out, text_of(message, "vola_cont_en"));
  text_clear(scratch);
  write_evidence(scratch, message);
  pack_text(out, text_slice(scratch));
  text_clear(scratch);
  write_shown(scratch, message);
  pack_text(out, text_slice(scratch));
}

void found_frame(struct text *out, struct slice packed) {
  pack_unsigned(out, packed.size);
  pack_bytes(out, packed.data, packed.size);
}

static void unpack_found(struct unpack *in, struct found *found, struct arena *arena) {
  const uint64_t flags = unpack_unsigned(in);
  *found = (struct found){.open = (flags & FOUND_OPEN) != 0, .shadow = (flags & FOUND_SHADOW) != 0, .side = (flags & FOUND_SIDE) != 0};
  found->version = unpack_signed(in);
  found->rule_id = unpack_text(in, arena);
  found->psn_no = unpack_text(in, arena);
  const uint64_t ids = unpack_unsigned(in);
  if (ids > unpack_left(in)) in->bad = true;
  if (in->bad) return;
  found->setl_ids_size = (uint32_t)ids;
  found->setl_ids = ARENA_ARRAY(arena, struct slice, ids);
  for (uint32_t i = 0; i < found->setl_ids_size; i++) found->setl_ids[i] = unpack_text(in, arena);
  if (!found->open) return;
  found->institution = unpack_text(in, arena);
  found->setl_id = unpack_text(in, arena);
  found->band = unpack_text(in, arena);
  found->vola_fen = unpack_signed(in);
  found->fund_fen = unpack_signed(in);
  found->points = unpack_signed(in);
  const uint64_t lines = unpack_unsigned(in);
  if (lines > unpack_left(in) / sizeof *found->lines) in->bad = true;
  if (in->bad) return;
  found->lines_size = (uint32_t)lines;
  found->lines = ARENA_ARRAY(arena, uint64_t, lines);
  for (uint32_t i = 0; i < found->lines_size; i++) found->lines[i] = unpack_u64(in);
  found->sentence_zh = unpack_text(in, arena);
  found->sentence_en = unpack_text(in, arena);
  found->evidence = unpack_text(in, arena);
  found->shown = unpack_text(in, arena);
}

// ---- comparing --------------------------------------------------------------------------------------------------------------------

static int by_finding(const struct found *x, const struct found *y) {
  int order = slice_compare(x->psn_no, y->psn_no);
  if (order == 0) order = slice_compare(x->rule_id, y->rule_id);
  if (order == 0) order = (int)x->shadow - (int)y->shadow;
  for (uint32_t i = 0; order == 0 && i < x->setl_ids_size && i < y->setl_ids_size; i++) order = slice_compare(x->setl_ids[i], y->setl_ids[i]);
  return order != 0 ? order : (x->setl_ids_size > y->setl_ids_size) - (x->setl_ids_size < y->setl_ids_size);
}

// Then side, version, and the order they came in: the last of a version speaks for it.
static int by_order(const void *a, const void *b) {
  const struct found *x = *(struct found *const *)a, *y = *(struct found *const *)b;
  int order = by_finding(x, y);
  if (order == 0) order = (int)x->side - (int)y->side;
  if (order == 0) order = (x->version > y->version) - (x->version < y->version);
  return order != 0 ? order : (x > y) - (x < y);
}

static int by_visit(const void *a, const void *b) {
  const struct found *x = *(struct found *const *)a, *y = *(struct found *const *)b;
  int order = (int)x->side - (int)y->side;
  if (order == 0) order = slice_compare(x->psn_no, y->psn_no);
  if (order == 0) order = slice_compare(x->setl_id, y->setl_id);
  return order != 0 ? order : slice_compare(x->rule_id, y->rule_id);
}

static uint64_t common(const struct found *a, const struct found *b) {
  uint64_t both = 0;
  for (uint32_t i = 0, j = 0; i < a->lines_size && j < b->lines_size;) {
    const uint64_t x = a->lines[i], y = b->lines[j];
    both += x == y;
    i += x <= y;
    j += y <= x;
  }
  return both;
}

// Several findings of one rule on one visit (pairs with several earlier stays) claim the same lines: the one with most lines stands for them.
static size_t one_of_each_rule(struct found **rows, size_t size) {
  size_t kept = 0;
  for (size_t i = 0; i < size; i++) {
    if (kept > 0 && slice_equal(rows[kept - 1]->rule_id, rows[i]->rule_id)) {
      if (rows[i]->lines_size > rows[kept - 1]->lines_size) rows[kept - 1] = rows[i];
    } else {
      rows[kept++] = rows[i];
    }
  }
  return kept;
}

static bool same_visit(const struct found *a, const struct found *b) {
  return a->side == b->side && slice_equal(a->psn_no, b->psn_no) && slice_equal(a->setl_id, b->setl_id);
}

static void find_overlaps(struct found **open, size_t size, const struct found_visitor *visitor) {
  if (size > 1) qsort(open, size, sizeof *open, by_visit);
  for (size_t first = 0, end; first < size; first = end) {
    for (end = first + 1; end < size && same_visit(open[first], open[end]);) end++;
    const size_t rules = one_of_each_rule(open + first, end - first);
    for (size_t a = first; a < first + rules; a++)
      for (size_t b = a + 1; b < first + rules; b++)
        visitor->overlap(visitor->context, open[a]->side, open[a]->rule_id, open[b]->rule_id, common(open[a], open[b]));
  }
}

enum status found_compare(struct slice bucket, const struct found_visitor *visitor, struct error *error) {
  struct arena arena;
  arena_init(&arena, 1 << 20);
  struct unpack in = unpack_from(bucket);
  struct found *rows = NULL, **order = NULL, **open = NULL;
  size_t size = 0, capacity = 0, open_size = 0;
  while (unpack_left(&in) > 0 && !in.bad) {
    struct unpack one = unpack_from(unpack_bytes(&in, unpack_unsigned(&in)));
    if (size == capacity) {
      capacity = capacity ? capacity * 2 : 1024;
      rows = memory_resize(rows, capacity * sizeof *rows);
    }
    unpack_found(&one, &rows[size++], &arena);
    in.bad |= one.bad || unpack_left(&one) > 0;
  }
  const enum status status = in.bad ? error_set(error, STATUS_FATAL, "what was put aside is damaged") : STATUS_OK;
  if (status == STATUS_OK) {
    order = memory_take((size + 1) * sizeof *order);
    open = memory_take((size + 1) * sizeof *open);
    for (size_t i = 0; i < size; i++) order[i] = &rows[i];
    if (size > 1) qsort(order, size, sizeof *order, by_order);
    for (size_t first = 0, end; first < size; first = end) {
      struct found *sides[2] = {NULL, NULL};
      for (end = first; end < size && by_finding(order[first], order[end]) == 0; end++) {
        const struct found *next = end + 1 < size ? order[end + 1] : NULL;
        const bool last = next == NULL || by_finding(order[end], next) != 0 || next->side != order[end]->side || next->version != order[end]->version;
        if (last && order[end]->open) sides[order[end]->side] = order[end];
      }
      if (sides[0] == NULL && sides[1] == NULL) continue;
      visitor->finding(visitor->context, sides[0], sides[1]);
      for (unsigned side = 0; side < 2; side++)
        if (sides[side] != NULL && !sides[side]->shadow) open[open_size++] = sides[side];
    }
    find_overlaps(open, open_size, visitor);
  }
  memory_free(rows);
  memory_free(order);
  memory_free(open);
  arena_fini(&arena);
  return status;
}
