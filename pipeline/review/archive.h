// The published close of a month: what is archived before the draw, what the draw gave, and how anyone recomputes it.
//
//   plan.json             month, floor, rates, take_all, closing instant, commit of the seed
//   population/CODE.txt   one line "setl_id|amount_fen" per unit of institution CODE, ascending
//   population.json       units, amount and SHA-256 of each list and of the whole region's; the late units with their own months
//   ---- all of the above is on disk before the draw is made ----
//   second-review.ndjson  every selected unit, and the provisional draws that no longer count
//   result.json           sizes, selected units and money of each institution and of the region; whether the sample may be scaled
//
// The seed is in none of them; it is published beside them. Texts are the same bytes for the same close.
#pragma once

#include "record/json.h"
#include "review/close.h"

void archive_plan(const struct close *close, struct text *out);
void archive_population(const struct close *close, struct text *out);
void archive_result(const struct close *close, struct text *out);
// "population/H62010000001.txt"; bytes that do not belong into a file name are written %XX.
void archive_list_name(struct slice fixmedins_code, struct text *out);

// Where an archive is read from: name is one of those above. Bytes live in the arena.
struct archive_files {
  void *context;
  enum status (*read)(void *context, const char *name, struct arena *arena, struct slice *bytes, struct error *error);
};

// An archive read back. close has the population and the settings; its seed and draw are still to be made.
struct archive {
  struct draw_settings settings;
  struct close close;
  struct text mistakes;    // one line for each thing that contradicts itself
  size_t mistakes_size;
  bool population_fits;    // every list has the hash, units and amount that were archived
};
// settings->seeds: the seeds as published. STATUS_REJECT when a file is missing or is not what it should be.
enum status archive_read(struct archive *archive, const struct archive_files *files, const struct draw_settings *seeds,
                         struct json_reader *reader, struct arena *arena, struct error *error);
void archive_fini(struct archive *archive);
// Draws again and compares with second-review.ndjson and result.json; adds to mistakes.
enum status archive_verify(struct archive *archive, const struct archive_files *files, struct json_reader *reader, struct error *error);
