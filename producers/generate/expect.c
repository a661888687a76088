#include "producers/generate/expect.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/digest.h"
#include "core/memory.h"
#include "record/money.h"

const char *const expect_rule_ids[EXPECT_RULES] = {"ADM-001",  "ADM-002",  "ADM-004", "ADM-008A", "ADM-008B",
                                                   "ADM-008C", "SUB-001A", "SUB-005", "SUB-006"};

// Rank in the ledger: 违规 (0..) before 可疑 (10..), then the class in the order of the closed enumeration.
enum { CLASS_STAY, CLASS_FICTITIOUS, CLASS_DUPLICATE, CLASS_QUANTITY, CLASS_PRICE, SUSPICIOUS = 10 };
static const int ranks[EXPECT_RULES] = {
    [EXPECT_ADM_001] = SUSPICIOUS + CLASS_STAY,
    [EXPECT_ADM_002] = SUSPICIOUS + CLASS_STAY,
    [EXPECT_ADM_004] = SUSPICIOUS + CLASS_STAY,
    [EXPECT_ADM_008A] = CLASS_QUANTITY,
    [EXPECT_ADM_008B] = CLASS_QUANTITY,
    [EXPECT_ADM_008C] = CLASS_FICTITIOUS,
    [EXPECT_SUB_001A] = SUSPICIOUS + CLASS_FICTITIOUS,
    [EXPECT_SUB_005] = SUSPICIOUS + CLASS_FICTITIOUS,
    [EXPECT_SUB_006] = SUSPICIOUS + CLASS_PRICE,
};

void expect_clear(struct expect *expect) { *expect = (struct expect){0}; }

void expect_note(struct expect *expect, enum expect_rule rule, uint32_t line, enum expect_share share, int64_t part) {
  assert(expect->size < EXPECT_NOTES);
  expect->notes[expect->size++] = (struct expect_note){rule, share, line, part};
  expect->found[rule] = true;
}

void expect_stay(struct expect *expect, enum expect_rule rule) { expect->stay[rule] = expect->found[rule] = true; }

__extension__ typedef __int128 wide;

struct part {
  uint32_t line;
  int64_t remainder;
};

// Largest remainder first; ties: the smaller feedetl_sn in byte order.
static int part_order(const void *a, const void *b) {
  const struct part *x = a, *y = b;
  if (x->remainder != y->remainder) return x->remainder > y->remainder ? -1 : 1;
  char sn[2][12];
  snprintf(sn[0], sizeof sn[0], "%u", x->line + 1);
  snprintf(sn[1], sizeof sn[1], "%u", y->line + 1);
  return strcmp(sn[0], sn[1]);
}

static void split_fund(const struct bill *bill, unsigned settlement, int64_t *fund) {
  int64_t whole = 0;
  for (uint32_t n = 0; n < bill->size; n++) whole += bill->lines[n].settlement == settlement ? bill->lines[n].net_inscp : 0;
  const int64_t sum = bill->totals[settlement].fund;
  if (whole == 0) return;
  struct part *parts = memory_take((bill->size + 1) * sizeof *parts);
  uint32_t size = 0;
  int64_t left = sum;
  for (uint32_t n = 0; n < bill->size; n++) {
    const struct bill_line *line = &bill->lines[n];
    if (line->settlement != settlement || line->net_inscp == 0) continue;
    const wide product = (wide)sum * line->net_inscp;
    fund[n] = (int64_t)(product / whole);
    parts[size++] = (struct part){n, (int64_t)(product % whole)};
    left -= fund[n];
  }
  qsort(parts, size, sizeof *parts, part_order);
  for (uint32_t n = 0; left > 0; n++, left--) fund[parts[n].line]++;
  memory_free(parts);
}

static int64_t claim(const struct bill *bill, const struct expect_note *note) {
  const struct bill_line *line = &bill->lines[note->line];
  if (note->share == EXPECT_WHOLE) return line->net_inscp;
  const int64_t part = note->share == EXPECT_FEN ? note->part : money_share(line->net_inscp, note->part, line->net_cnt);
  return part < line->net_inscp ? part : line->net_inscp;
}

static int text_order(const void *a, const void *b) {
  return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

static void deduction_id(enum expect_rule rule, const struct bill *bill, const struct plan *earlier,
                         unsigned char out[DIGEST_ID_BYTES]) {
  struct text texts[5] = {0};
  struct slice ids[4];
  size_t size = 0;
  region_write_person(&texts[4], bill->region, bill->plan.person);
  for (unsigned s = 0; s < bill->settlements; s++, size++) bill_write_setl_id(&texts[size], &bill->plan, s);
  const bool pair = rule == EXPECT_ADM_001 || rule == EXPECT_ADM_002;
  for (unsigned s = 0; pair && earlier != NULL && s < (bill_has_interim(earlier) ? 2u : 1u); s++, size++) {
    bill_write_setl_id(&texts[size], earlier, s);
  }
  for (size_t n = 0; n < size; n++) ids[n] = text_slice(&texts[n]);
  qsort(ids, size, sizeof *ids, text_order);
  struct digest digest;
  digest_init(&digest, DIGEST_ID_BYTES, NULL, 0);
  const struct slice fixed[5] = {SLICE("sw-ded-v1"), slice_from(expect_rule_ids[rule]), SLICE("1"), SLICE("patient"),
                                 text_slice(&texts[4])};
  for (int n = 0; n < 5; n++) digest_field(&digest, fixed[n]);
  for (size_t n = 0; n < size; n++) digest_field(&digest, ids[n]);
  digest_final(&digest, out);
  for (int n = 0; n < 5; n++) text_fini(&texts[n]);
}

struct finding {
  enum expect_rule rule;
  int64_t claimed;
  int64_t *lines;
  unsigned char id[DIGEST_ID_BYTES];
};

static int ledger_order(const void *a, const void *b) {
  const struct finding *x = a, *y = b;
  if (ranks[x->rule] != ranks[y->rule]) return ranks[x->rule] < ranks[y->rule] ? -1 : 1;
  if (x->claimed != y->claimed) return x->claimed > y->claimed ? -1 : 1;
  return memcmp(x->id, y->id, sizeof x->id);
}

void expect_attribute(struct expect *expect, const struct bill *bill, const struct plan *earlier) {
  struct finding findings[EXPECT_RULES];
  size_t size = 0;
  int64_t *fund = memory_take((bill->size + 1) * sizeof *fund);
  int64_t *left = memory_take((bill->size + 1) * sizeof *left);
  for (unsigned s = 0; s < bill->settlements; s++) split_fund(bill, s, fund);
  for (uint32_t n = 0; n < bill->size; n++) left[n] = bill->lines[n].net_inscp;
  for (unsigned rule = 0; rule < EXPECT_RULES; rule++) {
    if (!expect->found[rule]) continue;
    struct finding *finding = &findings[size++];
    *finding = (struct finding){.rule = rule, .lines = memory_take((bill->size + 1) * sizeof(int64_t))};
    for (uint32_t n = 0; expect->stay[rule] && n < bill->size; n++) finding->lines[n] = bill->lines[n].net_inscp;
    for (uint32_t n = 0; n < expect->size; n++) {
      if (expect->notes[n].rule == rule) finding->lines[expect->notes[n].line] = claim(bill, &expect->notes[n]);
    }
    for (uint32_t n = 0; n < bill->size; n++) finding->claimed += finding->lines[n];
    deduction_id(rule, bill, earlier, finding->id);
  }
  qsort(findings, size, sizeof *findings, ledger_order);
  for (size_t f = 0; f < size; f++) {
    const enum expect_rule rule = findings[f].rule;
    expect->vola[rule] = expect->fund[rule] = 0;
    for (uint32_t n = 0; n < bill->size; n++) {
      const int64_t part = findings[f].lines[n] < left[n] ? findings[f].lines[n] : left[n];
      if (part == 0) continue;
      left[n] -= part;
      expect->vola[rule] += part;
      expect->fund[rule] +=
          part == bill->lines[n].net_inscp ? fund[n] : (int64_t)((wide)fund[n] * part / bill->lines[n].net_inscp);
    }
    memory_free(findings[f].lines);
  }
  memory_free(fund);
  memory_free(left);
}
