#include "record/whole.h"

#include "core/digest.h"
#include "core/memory.h"

const struct decode_limits decode_limits_default = {.record_bytes_max = 8 << 20, .lines_max = 200000, .depth_max = 32,
                                                    .id_bytes_max = 64, .psn_bytes_max = 128, .date_window = true};

struct walk *walk_create(const struct decode_limits *limits) {
  struct walk *w = memory_take_aligned(sizeof *w, _Alignof(struct walk));
  w->limits = *limits;
  w->id_limits[0] = limits->id_bytes_max;
  w->id_limits[1] = limits->psn_bytes_max;
  w->tokens_per_line = 64;
  w->type_size = SIZE_MAX;
  w->bit_setl_id = fields_bit(OBJECT_SETLINFO, "setl_id");
  w->bit_mdtrt_id = fields_bit(OBJECT_SETLINFO, "mdtrt_id");
  w->bit_sn = fields_bit(OBJECT_LINE, "feedetl_sn");
  w->bit_line_mdtrt_id = fields_bit(OBJECT_FEE_LINE, "mdtrt_id");
  w->bit_body_mdtrt_id = fields_bit(OBJECT_FEE, "mdtrt_id");
  return w;
}

void walk_destroy(struct walk *w) {
  if (w == NULL) return;
  memory_free(w->diagnoses);
  memory_free(w->traces);
  memory_free(w->set);
  memory_free(w->minified);
  memory_free(w);
}

void *whole_grow(void *array, size_t *room, size_t need, size_t element) {
  if (need <= *room) return array;
  while (*room < need) *room = *room < 16 ? 16 : *room * 2;
  return memory_resize(array, *room * element);
}

void whole_set_clear(struct walk *w, size_t members) {
  size_t size = 64;
  while (size < members * 2) size *= 2;
  w->set = whole_grow(w->set, &w->set_room, size, sizeof *w->set);
  memset(w->set, 0, size * sizeof *w->set);
  w->set_mask = size - 1;
}

bool whole_set_add(struct walk *w, struct slice text) {
  size_t slot = digest_hash64(text.data, text.size, 0) & w->set_mask;
  for (; w->set[slot].data != NULL; slot = (slot + 1) & w->set_mask)
    if (slice_equal(w->set[slot], text)) return false;
  w->set[slot] = text;
  return true;
}

bool whole_envelope(struct walk *w) {
  const struct event *event = &w->draft.event;
  const bool own = event->type == EVENT_TICK || event->type == EVENT_DOSSIER;    // of no institution
  if (event->type == EVENT_TYPE_COUNT) return careful_fail_missing(w, w->tokens[0], "msg_type");
  const struct {
    const char *name;
    bool present;
  } needed[] = {
      {"msg_id", event->msg_id.data != NULL},
      {"mdtrtarea_admvs", own || event->mdtrtarea_admvs.data != NULL},
      {"fixmedins_code", own || event->fixmedins_code.data != NULL},
      {"event_time", event->event_time_s != DATE_ABSENT},
      {"recv_time", event->recv_time_s != DATE_ABSENT},
      {"ver", event->ver != 0},
      {"body", w->where[OBJECT_SETL] != 0},
  };
  for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
    if (!needed[i].present) return careful_fail_missing(w, w->tokens[0], needed[i].name);
  return true;
}

// Where a text stands in the message; `otherwise` when its escapes were undone elsewhere.
static size_t offset_of_text(const struct walk *w, struct slice text, size_t otherwise) {
  return text.data >= w->bytes && text.data < w->bytes + w->size ? (size_t)(text.data - w->bytes) : otherwise;
}

bool whole_keys(struct walk *w) {
  struct event *event = &w->draft.event;
  const int kind = fields_body(event->type);
  if (kind < 0) return true;
  const bool fee = event->type == EVENT_FEE;
  const size_t setlinfo = w->where[OBJECT_SETLINFO];
  if (event->psn_no.data == NULL && (!fee || event->setl_id.data != NULL))
    return careful_fail_missing(w, w->tokens[0], "psn_no");
  if (event->type == EVENT_DOSSIER)
    return event->dossier.data != NULL || careful_fail_missing(w, w->where[OBJECT_SETL], "dossier");
  if (!fee && setlinfo == 0) return careful_fail_missing(w, w->where[OBJECT_SETL], "setlinfo");
  if (!fee && event->setl_id.data == NULL) return careful_fail_missing(w, setlinfo, "setl_id");
  if (event->type == EVENT_SETL && event->mdtrt_id.data == NULL) return careful_fail_missing(w, setlinfo, "mdtrt_id");
  if (fee) {
    const bool above = (w->had[OBJECT_SETL] & w->bit_body_mdtrt_id) != 0 || (w->had[OBJECT_SETLINFO] & w->bit_mdtrt_id) != 0;
    if (!above && w->line_alone != SIZE_MAX) return careful_fail_missing(w, w->line_alone, "mdtrt_id");
    if (event->mdtrt_id.data == NULL) return careful_fail_missing(w, w->where[OBJECT_SETL], "mdtrt_id");
  }
  const struct slice person = event->psn_no, in_setlinfo = w->draft.setlinfo_psn_no, elsewhere = w->draft.body_psn_no;
  if (person.data != NULL && in_setlinfo.data != NULL && !slice_equal(person, in_setlinfo))
    return careful_fail(w, REJECT_KEY_MISMATCH, offset_of_text(w, in_setlinfo, setlinfo));
  if (person.data != NULL && elsewhere.data != NULL && !slice_equal(person, elsewhere))
    return careful_fail(w, REJECT_KEY_MISMATCH, w->body_psn_offset);
  if (!w->unordered) return true;
  whole_set_clear(w, event->lines_size);
  for (uint32_t i = 0; i < event->lines_size; i++) {
    const struct slice sn = w->lines[i].feedetl_sn;
    if (whole_set_add(w, sn)) continue;
    return careful_fail(w, REJECT_DUPLICATE_LINE, offset_of_text(w, sn, w->where[OBJECT_SETL]));
  }
  return true;
}

void whole_event(struct walk *w, struct event *out) {
  struct event *event = &w->draft.event;
  const struct draft_stay *stay = &w->draft.stays[0], *list = &w->draft.stays[1];
#define FIRST(member) (stay->member.data != NULL ? stay->member : list->member)
  event->adm_dept_codg = FIRST(adm_dept);
  event->dscg_dept_codg = FIRST(dscg_dept);
  event->adm_way = FIRST(adm_way);
  event->dscg_way = FIRST(dscg_way);
  event->days_rinp_flag_31 = FIRST(days_rinp_flag_31);
#undef FIRST
  const struct draft_stay *begin = stay->begntime_s != DATE_ABSENT ? stay : list;
  const struct draft_stay *end = stay->endtime_s != DATE_ABSENT ? stay : list;
  event->begntime_s = begin->begntime_s;
  event->begntime_day_only = begin->begntime_day_only;
  event->endtime_s = end->endtime_s;
  event->endtime_day_only = end->endtime_day_only;
  event->icu_in_stay_s = DATE_ABSENT;
  for (uint32_t i = 0; i < w->icus_size; i++) {
    const int64_t time_s = w->icus_s[i];
    if (event->icu_in_first_s == DATE_ABSENT || time_s < event->icu_in_first_s) event->icu_in_first_s = time_s;
    if (time_s >= event->begntime_s && (event->icu_in_stay_s == DATE_ABSENT || time_s < event->icu_in_stay_s)) event->icu_in_stay_s = time_s;
  }
  if (event->icu_in_stay_s == event->icu_in_first_s) event->icu_in_stay_s = DATE_ABSENT;
  event->has |=
      (uint32_t)w->had[OBJECT_SETLINFO] & (EVENT_HAS_MEDFEE | EVENT_HAS_INSCP | EVENT_HAS_FUND | EVENT_HAS_FEE_CNT);
  event->lines = w->lines;
  if (event->diagnoses_size > 0) {
    event->diagnoses = ARENA_ARRAY(w->arena, struct diagnosis, event->diagnoses_size);
    memcpy(event->diagnoses, w->diagnoses, event->diagnoses_size * sizeof *event->diagnoses);
  }
  if (event->traces_size > 0) {
    event->traces = ARENA_ARRAY(w->arena, struct slice, event->traces_size);
    memcpy(event->traces, w->traces, event->traces_size * sizeof *event->traces);
  }
  event->source = out->source;
  *out = *event;
}
