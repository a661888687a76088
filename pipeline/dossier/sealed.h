// A dossier's bytes on their way through a topic that others may write to: sealed with the site's key.
//
//   text = base64( body (encode.h) | MAC (16) )        MAC: keyed BLAKE2b over what it is, the person and the body
//
// What was not made by somebody who has the key is never decoded.
#pragma once

#include <stdbool.h>

#include "core/arena.h"
#include "core/text.h"

// Appends the text. key: DIGEST_KEY_BYTES, run.mac_key_file.
void sealed_write(const unsigned char *key, struct slice psn_no, struct slice body, struct text *out);
// The body, in the arena; false when the text is damaged, of another person or of another key.
bool sealed_read(const unsigned char *key, struct slice psn_no, struct slice text, struct arena *arena, struct slice *body);
