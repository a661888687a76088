// The edge step: a message in which persons are pseudonyms and personal data are gone.
//
// psn_no, wherever it stands in the message, becomes p_ and the first 32 hex digits of HMAC-SHA256(key, psn_no), so that the same person
// keeps one key and the key cannot be turned back; a value of that form stays as it is (nothing is hashed twice). Names, certificates,
// telephone numbers, addresses and employers are emptied. Works on the text, so that everything else keeps its bytes.
#pragma once

#include "core/digest.h"
#include "core/status.h"
#include "core/text.h"

// Appends the message to out. STATUS_REJECT when it cannot be vouched for: not JSON as far as seen, or a key or a person's number
// is written in a way (escapes, a list) that could hide one.
enum status pseudonym_write(const unsigned char key[DIGEST_KEY_BYTES], struct slice message, struct text *out);
// The pseudonym of one number; 34 characters.
void pseudonym_of(const unsigned char key[DIGEST_KEY_BYTES], struct slice psn_no, struct text *out);
