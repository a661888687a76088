#include "screen/ledger.h"

#include <assert.h>
#include <stdlib.h>

bool ledger_stands(const struct hit *hits, uint32_t size, uint32_t which) {
  const struct rule *rule = hits[which].verdict.rule;
  for (size_t y = 0; y < rule->yields_to_size; y++) {
    for (uint32_t i = 0; i < size; i++) {
      const struct verdict *other = &hits[i].verdict;
      const bool same_records = other->related == NULL || hits[which].verdict.related == NULL || other->related == hits[which].verdict.related;
      if (i != which && other->rule->status == RULE_ACTIVE && same_records && slice_equal(other->rule->id, rule->yields_to[y])) return false;
    }
  }
  return true;
}

static bool claims_money(const struct rule *rule) {
  return rule->result == RESULT_VIOLATION || rule->result == RESULT_SUSPICIOUS;
}

static int by_order(const void *a, const void *b) {
  const struct hit *x = *(struct hit *const *)a, *y = *(struct hit *const *)b;
  const struct rule *p = x->verdict.rule, *q = y->verdict.rule;
  if (p->result != q->result) return p->result < q->result ? -1 : 1;
  if (p->precedence != q->precedence) return p->precedence < q->precedence ? -1 : 1;
  if (x->claimed_fen != y->claimed_fen) return x->claimed_fen > y->claimed_fen ? -1 : 1;
  return memcmp(x->id, y->id, sizeof x->id);
}

// Takes what is left of the hit's claims; left is by item and may be NULL: then nobody else wants anything.
static void attribute(struct hit *hit, const struct visit *visit, int64_t *left, struct arena *arena) {
  hit->attributed_fen = ARENA_ARRAY(arena, int64_t, hit->verdict.claims_size);
  for (uint32_t c = 0; c < hit->verdict.claims_size; c++) {
    const struct claim *claim = &hit->verdict.claims[c];
    const struct item *item = &visit->items[claim->item];
    assert(claim->item < visit->items_size && claim->claimed_fen >= 0 && claim->claimed_fen <= item->inscp_fen);
    const int64_t free_fen = left != NULL ? left[claim->item] : item->inscp_fen;
    const int64_t fen = claim->claimed_fen < free_fen ? claim->claimed_fen : free_fen;
    if (left != NULL) left[claim->item] -= fen;
    hit->attributed_fen[c] = fen;
    hit->vola_fen += fen;
    if (item->inscp_fen > 0) {
      __extension__ const __int128 part = (__int128)item->fund_fen * fen / item->inscp_fen;
      hit->fund_fen += fen == item->inscp_fen ? item->fund_fen : (int64_t)part;
    }
  }
}

void ledger_resolve(struct hit *hits, uint32_t size, const struct visit *visit, struct arena *arena) {
  struct hit **order = ARENA_ARRAY(arena, struct hit *, size);
  int64_t *left = ARENA_ARRAY(arena, int64_t, visit->items_size);
  for (uint32_t i = 0; i < visit->items_size; i++) left[i] = visit->items[i].inscp_fen;
  uint32_t claiming = 0;
  for (uint32_t i = 0; i < size; i++) {
    struct hit *hit = &hits[i];
    hit->claimed_fen = hit->vola_fen = hit->fund_fen = 0;
    for (uint32_t c = 0; c < hit->verdict.claims_size; c++) hit->claimed_fen += hit->verdict.claims[c].claimed_fen;
    if (!claims_money(hit->verdict.rule)) {
      hit->verdict.claims_size = 0;
      hit->claimed_fen = 0;
    } else if (hit->verdict.rule->status == RULE_SHADOW) {
      attribute(hit, visit, NULL, arena);
    } else {
      order[claiming++] = hit;
    }
  }
  if (claiming > 1) qsort(order, claiming, sizeof *order, by_order);
  for (uint32_t i = 0; i < claiming; i++) attribute(order[i], visit, left, arena);
}
