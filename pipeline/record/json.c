#include "record/json.h"

#include "record/date.h"
#include "record/money.h"

const struct json_value *json_find(const struct json_value *object, const char *key) {
  if (object == NULL || object->type != JSON_OBJECT) return NULL;
  for (const struct json_value *member = object->child; member != NULL; member = member->next)
    if (slice_equal(member->key, slice_from(key))) return member;
  return NULL;
}

static const struct json_value *present(const struct json_value *object, const char *key) {
  const struct json_value *value = json_find(object, key);
  return value == NULL || value->type == JSON_NULL || (value->type == JSON_TEXT && value->text.size == 0) ? NULL : value;
}

static bool refuse(struct error *error, const char *key, const struct json_value *value, const char *wanted) {
  static const char *const shapes[] = {"null", "a boolean", "a number", "a text", "a list", "an object"};
  if (value->text.size == 0)
    error_set(error, STATUS_REJECT, "'%s' must be %s, not %s", key, wanted, shapes[value->type]);
  else
    error_set(error, STATUS_REJECT, "'%s' must be %s, not '%.*s'", key, wanted, SLICE_ARG(value->text));
  return false;
}

bool json_text(const struct json_value *object, const char *key, struct slice *out, struct error *error) {
  const struct json_value *value = present(object, key);
  if (value == NULL) return false;
  if (value->type != JSON_TEXT) return refuse(error, key, value, "a text");
  *out = value->text;
  return true;
}

// The text of a number or a text as an integer of the scale.
static bool scaled(const struct json_value *value, unsigned scale, int64_t *out) {
  return (value->type == JSON_NUMBER || value->type == JSON_TEXT) && money_parse(value->text, scale, out);
}

bool json_int(const struct json_value *object, const char *key, int64_t min, int64_t max, int64_t *out, struct error *error) {
  const struct json_value *value = present(object, key);
  if (value == NULL) return false;
  int64_t number;
  if (!scaled(value, 0, &number) || number < min || number > max) return refuse(error, key, value, "a whole number in its range");
  *out = number;
  return true;
}

bool json_fen(const struct json_value *object, const char *key, int64_t *out, struct error *error) {
  const struct json_value *value = present(object, key);
  if (value == NULL) return false;
  if (!scaled(value, MONEY_FEN, out)) return refuse(error, key, value, "an amount of yuan with two digits");
  return true;
}

bool json_bool(const struct json_value *object, const char *key, bool *out, struct error *error) {
  const struct json_value *value = present(object, key);
  if (value == NULL) return false;
  if (value->type != JSON_BOOL) return refuse(error, key, value, "true or false");
  *out = value->text.size == 4;
  return true;
}

bool json_time(const struct json_value *object, const char *key, int64_t *out, struct error *error) {
  const struct json_value *value = present(object, key);
  if (value == NULL) return false;
  if (value->type != JSON_TEXT || !date_parse(value->text, out, NULL)) return refuse(error, key, value, "a time");
  return true;
}
