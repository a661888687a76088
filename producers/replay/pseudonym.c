#include "producers/replay/pseudonym.h"

enum { PSEUDONYM_HEX = 32 };

// Emptied on the way: record-fields, personal data.
static const char *const personal[] = {"psn_name", "patn_name", "certno", "mdtrt_cert_no", "tel", "coner_name", "coner_tel", "coner_addr",
                                       "coner_rlts_code", "emp_name", "emp_addr", "emp_tel", "curr_addr", "live_addr", "resd_addr"};

static bool is_pseudonym(struct slice s) {
  if (s.size != 2 + PSEUDONYM_HEX || s.data[0] != 'p' || s.data[1] != '_') return false;
  for (size_t i = 2; i < s.size; i++)
    if (!((s.data[i] >= '0' && s.data[i] <= '9') || (s.data[i] >= 'a' && s.data[i] <= 'f'))) return false;
  return true;
}

void pseudonym_of(const unsigned char key[DIGEST_KEY_BYTES], struct slice psn_no, struct text *out) {
  if (is_pseudonym(psn_no)) {
    text_append(out, psn_no);
    return;
  }
  unsigned char mac[DIGEST_BYTES];
  digest_hmac_sha256(key, psn_no, mac);
  TEXT_LITERAL(out, "p_");
  text_hex(out, mac, PSEUDONYM_HEX / 2);
}

// The bytes between the quotes of the string that begins at `at`; false when it never ends.
static bool string_at(struct slice message, size_t at, struct slice *inner, bool *escaped) {
  *escaped = false;
  for (size_t i = at + 1; i < message.size; i++) {
    if (message.data[i] == '\\') {
      *escaped = true;
      i++;
    } else if (message.data[i] == '"') {
      *inner = (struct slice){message.data + at + 1, i - at - 1};
      return true;
    }
  }
  return false;
}

static size_t space(struct slice message, size_t at) {
  while (at < message.size && strchr(" \t\r\n", message.data[at]) != NULL && message.data[at] != '\0') at++;
  return at;
}

enum field { FIELD_OTHER, FIELD_PERSON, FIELD_PERSONAL };

static enum field field_of(struct slice name) {
  if (slice_equal(name, SLICE("psn_no"))) return FIELD_PERSON;
  for (size_t i = 0; i < sizeof personal / sizeof personal[0]; i++)
    if (slice_equal(name, slice_from(personal[i]))) return FIELD_PERSONAL;
  return FIELD_OTHER;
}

// Writes the value that begins at `at` in its new form; 0 when it is of no form that we know.
static size_t value_write(const unsigned char key[DIGEST_KEY_BYTES], struct slice message, size_t at, enum field field, struct text *out) {
  struct slice value;
  bool escaped;
  size_t end = at;
  if (at < message.size && message.data[at] == '"') {
    if (!string_at(message, at, &value, &escaped) || (escaped && field == FIELD_PERSON)) return 0;
    end = at + value.size + 2;
  } else {
    while (end < message.size && strchr("+-.0123456789eEnul", message.data[end]) != NULL && message.data[end] != '\0') end++;
    value = (struct slice){message.data + at, end - at};
    if (value.size == 0) return 0;
    if (slice_equal(value, SLICE("null"))) {
      text_append(out, value);
      return end;
    }
  }
  text_byte(out, '"');
  if (field == FIELD_PERSON && value.size > 0) pseudonym_of(key, value, out);
  text_byte(out, '"');
  return end;
}

enum status pseudonym_write(const unsigned char key[DIGEST_KEY_BYTES], struct slice message, struct text *out) {
  const size_t begin = out->size;
  size_t done = 0;
  for (size_t at = 0; at < message.size;) {
    if (message.data[at] != '"') {
      at++;
      continue;
    }
    struct slice name;
    bool escaped;
    if (!string_at(message, at, &name, &escaped)) goto refuse;
    at += name.size + 2;
    const size_t colon = space(message, at);
    if (colon >= message.size || message.data[colon] != ':') continue;    // a value
    if (escaped) goto refuse;                                             // "psn\u005fno" is psn_no, too
    const enum field field = field_of(name);
    at = space(message, colon + 1);
    if (field == FIELD_OTHER) continue;
    text_append(out, (struct slice){message.data + done, at - done});
    done = at = value_write(key, message, at, field, out);
    if (done == 0) goto refuse;
  }
  text_append(out, (struct slice){message.data + done, message.size - done});
  return STATUS_OK;
refuse:
  out->size = begin;
  return STATUS_REJECT;
}
