// Events written by hand, as the decoder would give them; only what a test says is present.
#pragma once

#include <string.h>

#include "core/arena.h"
#include "core/digest.h"
#include "record/event.h"
#include "record/money.h"

static inline int64_t sample_time(const char *text) {
  int64_t time_s = DATE_ABSENT;
  date_parse(slice_from(text), &time_s, NULL);
  return time_s;
}

static inline struct line sample_line(const char *sn, const char *code, const char *time, const char *cnt, const char *pric, int64_t inscp_fen) {
  struct line line = {.feedetl_sn = slice_from(sn), .med_list_codg = slice_from(code), .medins_list_codg = slice_from("YP1"),
                      .med_chrgitm_type = slice_from("09"), .fee_ocur_time_s = sample_time(time), .inscp_fen = inscp_fen,
                      .has = LINE_HAS_CNT | LINE_HAS_PRIC | LINE_HAS_AMOUNT | LINE_HAS_INSCP};
  money_parse(slice_from(cnt), MONEY_COUNT, &line.cnt);
  money_parse(slice_from(pric), MONEY_PRICE, &line.pric);
  line.det_item_fee_fen = money_product_fen(line.cnt, line.pric);
  return line;
}

static inline struct event sample_settlement(const char *setl_id, const char *mdtrt_id, const char *time, struct line *lines, uint32_t size) {
  struct event event = {.type = EVENT_SETL, .psn_no = SLICE("p_1"), .fixmedins_code = SLICE("H1"), .ver = 1, .setl_id = slice_from(setl_id),
                        .mdtrt_id = slice_from(mdtrt_id), .med_type = SLICE("21"), .insutype = SLICE("310"), .brdy_day = INT32_MIN,
                        .setl_time_s = sample_time(time), .event_time_s = sample_time(time), .recv_time_s = sample_time(time),
                        .begntime_s = DATE_ABSENT, .endtime_s = DATE_ABSENT, .icu_in_first_s = DATE_ABSENT, .icu_in_stay_s = DATE_ABSENT, .lines = lines, .lines_size = size,
                        .has = EVENT_HAS_LINES};
  event.content = digest_hash64(setl_id, strlen(setl_id), (uint64_t)event.ver) | 1;
  for (uint32_t i = 0; i < size; i++) {
    event.inscp_fen += lines[i].inscp_fen;
    event.medfee_fen += lines[i].det_item_fee_fen;
  }
  event.fund_fen = event.inscp_fen / 2;
  event.has |= EVENT_HAS_INSCP | EVENT_HAS_MEDFEE | EVENT_HAS_FUND;
  return event;
}
