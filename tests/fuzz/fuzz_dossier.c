// Bytes that claim to be a dossier: read, and where they are one, written, viewed and read again.
#include <assert.h>
#include <stdint.h>

#include "dossier/encode.h"
#include "dossier/lines.h"
#include "dossier/write.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct arena arena;
  arena_init(&arena, 1 << 16);
  struct dossier dossier, again;
  dossier_init(&dossier, &arena, SLICE("p_1"));
  struct error error = {0};
  if (encode_read(&dossier, (struct slice){(const char *)data, size}, &error) == STATUS_OK) {
    struct text text = {0}, body = {0};
    dossier_write_text(&text, &dossier, false);
    for (uint32_t i = 0; i < dossier.bills_size; i++) {
      struct bill *bill = &dossier.bills[i];
      if (bill->lines_size <= 4096) lines_unpack(bill->lines, bill->lines_size, &arena, ARENA_ARRAY(&arena, struct stored_line, bill->lines_size));
      dossier_live(&dossier, bill);
      bill->packed = SLICE_NONE;
    }
    encode(&dossier, &body);
    dossier_init(&again, &arena, SLICE("p_1"));
    assert(encode_read(&again, text_slice(&body), &error) == STATUS_OK);
    assert(again.bills_size == dossier.bills_size && again.findings_size == dossier.findings_size);
    dossier_forget(&again, again.watermark_s);
    // The same with those at rest left asleep, but for one.
    dossier_init(&again, &arena, SLICE("p_1"));
    assert(encode_read_awake(&again, (struct slice){(const char *)data, size}, &error) == STATUS_OK);
    assert(again.bills_size + asleep_left(&again.asleep) == dossier.bills_size);
    if (dossier.bills_size > 0 && asleep_wake(&again, dossier.bills[dossier.bills_size / 2].setl_id)) {
      assert(again.bills_size + asleep_left(&again.asleep) == dossier.bills_size);
      text_clear(&body);
      encode(&again, &body);
      dossier_init(&again, &arena, SLICE("p_1"));
      assert(encode_read(&again, text_slice(&body), &error) == STATUS_OK && again.bills_size == dossier.bills_size);
    }
    text_fini(&text);
    text_fini(&body);
  }
  arena_fini(&arena);
  return 0;
}
