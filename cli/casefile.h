// The case file of an extrapolation: what people found in the sample, and whether the archives of the months bear it out.
//
//   {"fixmedins_code": "H62010000001", "mode": "lower", "scaling_clause": true, "cap": "1234567.00",
//    "strata": [{"month": "2026-09", "kind": "random", "units": 600, "guideline": "2026-1",
//                "reviewed": [{"setl_id": "S1", "verified": "468.00", "final": true, "produced": true, "cancelled_after_close": false}]},
//               {"month": "2026-09", "kind": "take_all", "units": 12, "reviewed": [...]},
//               {"month": "2026-09", "kind": "certainty", "reviewed": [{"setl_id": "S9"}]}]}
//
// kind certainty: settlements with a machine finding that was confirmed before the draw; they are refused directly and are in no
// stratum of the estimate. `final`, `produced` default to true, cancelled_after_close to false; `guideline` may also stand at a unit.
// The months' archives (review/archive.h) prove commit (X04), population (X05) and sample (X06); what they do not prove is held against
// scaling.
#pragma once

#include "review/archive.h"
#include "review/estimate.h"

struct casefile {
  struct slice fixmedins_code;
  struct estimate_input input;
  struct casefile_stratum {
    int32_t month;
    enum casefile_kind { CASEFILE_RANDOM, CASEFILE_TAKE_ALL, CASEFILE_CERTAINTY } kind;
    int64_t units;
    const struct json_value *reviewed;
  } *rows;
  size_t rows_size;
};

// root lives in the arena; so does everything of the case file.
enum status casefile_read(const struct json_value *root, struct arena *arena, struct casefile *casefile, struct error *error);
// Sets commit_fits, population_fits and sample_fits from the archives, which have been read and drawn again without a mistake;
// unfit of a close counts against the commit. A month of the case file without an archive proves nothing. The reason of each that
// does not fit is appended to why, one line each.
void casefile_prove(struct casefile *casefile, const struct archive *archives, size_t size, struct text *why);
