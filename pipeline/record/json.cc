#include <simdjson.h>

#include <cstring>
#include <string_view>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"    // slice.h is C: compound literals
extern "C" {
#include "core/memory.h"
#include "record/json.h"
}
#pragma GCC diagnostic pop

namespace ondemand = simdjson::ondemand;

struct json_reader {
  ondemand::parser parser;
  char *padded;
  size_t capacity;
};

namespace {

struct slice keep(struct arena *arena, std::string_view text) {
  return arena_copy(arena, slice{text.data(), text.size()});
}

std::string_view trimmed(std::string_view token) {
  while (!token.empty() && std::string_view(" \t\r\n").find(token.back()) != std::string_view::npos) token.remove_suffix(1);
  return token;
}

// -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?
bool is_number(std::string_view text) {
  size_t at = 0;
  const auto digits = [&] {
    const size_t from = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') at++;
    return at - from;
  };
  if (at < text.size() && text[at] == '-') at++;
  const size_t whole = at;
  const size_t size = digits();
  if (size == 0 || (size > 1 && text[whole] == '0')) return false;
  if (at < text.size() && text[at] == '.') {
    at++;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    at++;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) at++;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

const char *stands_twice(const struct json_value *object, struct slice key) {
  for (const struct json_value *member = object->child; member != nullptr; member = member->next)
    if (slice_equal(member->key, key)) return "a key stands twice in one object";
  return nullptr;
}

// NULL, or what is wrong.
template <typename Value>
const char *build(Value &value, struct arena *arena, struct json_value *out, unsigned depth) {
  ondemand::json_type type;
  if (auto error = value.type().get(type)) return simdjson::error_message(error);
  if (depth > JSON_DEPTH_MAX) return "nested too deep";
  struct json_value **link = &out->child;
  switch (type) {
    case ondemand::json_type::object: {
      out->type = JSON_OBJECT;
      ondemand::object object;
      if (auto error = value.get_object().get(object)) return simdjson::error_message(error);
      for (auto each : object) {
        ondemand::field field;
        if (auto error = std::move(each).get(field)) return simdjson::error_message(error);
        std::string_view key;
        if (auto error = field.unescaped_key().get(key)) return simdjson::error_message(error);
        if (out->size == JSON_KEYS_MAX) return "too many keys in one object";
        if (const char *wrong = stands_twice(out, slice{key.data(), key.size()})) return wrong;
        struct json_value *member = ARENA_ZEROED(arena, struct json_value, 1);
        member->key = keep(arena, key);
        *link = member;
        link = &member->next;
        out->size++;
        if (const char *wrong = build(field.value(), arena, member, depth + 1)) return wrong;
      }
      return nullptr;
    }
    case ondemand::json_type::array: {
      out->type = JSON_LIST;
      ondemand::array array;
      if (auto error = value.get_array().get(array)) return simdjson::error_message(error);
      for (auto each : array) {
        ondemand::value element;
        if (auto error = std::move(each).get(element)) return simdjson::error_message(error);
        struct json_value *item = ARENA_ZEROED(arena, struct json_value, 1);
        *link = item;
        link = &item->next;
        out->size++;
        if (const char *wrong = build(element, arena, item, depth + 1)) return wrong;
      }
      return nullptr;
    }
    case ondemand::json_type::string: {
      out->type = JSON_TEXT;
      std::string_view text;
      if (auto error = value.get_string().get(text)) return simdjson::error_message(error);
      out->text = keep(arena, text);
      return nullptr;
    }
    case ondemand::json_type::number: {
      out->type = JSON_NUMBER;
      std::string_view token;
      if (auto error = simdjson::simdjson_result<std::string_view>(value.raw_json_token()).get(token))
        return simdjson::error_message(error);
      token = trimmed(token);
      if (!is_number(token)) return "not a number";
      out->text = keep(arena, token);
      return nullptr;
    }
    case ondemand::json_type::boolean: {
      out->type = JSON_BOOL;
      bool is;
      if (auto error = value.get_bool().get(is)) return simdjson::error_message(error);
      out->text = is ? slice{"true", 4} : slice{"false", 5};
      return nullptr;
    }
    case ondemand::json_type::null: {
      out->type = JSON_NULL;
      std::string_view token;
      if (auto error = simdjson::simdjson_result<std::string_view>(value.raw_json_token()).get(token))
        return simdjson::error_message(error);
      return trimmed(token) == "null" ? nullptr : "neither null nor anything else";
    }
  }
  return "not JSON";
}

}  // namespace

struct json_reader *json_reader_create(void) { return new json_reader(); }

void json_reader_destroy(struct json_reader *reader) {
  if (reader == nullptr) return;
  memory_free(reader->padded);
  delete reader;
}

enum status json_read(struct json_reader *reader, struct arena *arena, struct slice bytes, const struct json_value **root,
                      struct error *error) {
  const size_t room = bytes.size + simdjson::SIMDJSON_PADDING;
  if (reader->capacity < room) {
    reader->padded = static_cast<char *>(memory_resize(reader->padded, room * 2));
    reader->capacity = room * 2;
  }
  if (bytes.size > 0) std::memcpy(reader->padded, bytes.data, bytes.size);
  std::memset(reader->padded + bytes.size, 0, simdjson::SIMDJSON_PADDING);
  struct json_value *value = ARENA_ZEROED(arena, struct json_value, 1);
  ondemand::document document;
  const auto opened = reader->parser.iterate(reader->padded, bytes.size, reader->capacity).get(document);
  const char *wrong = opened ? simdjson::error_message(opened) : build(document, arena, value, 0);
  if (wrong == nullptr && !document.current_location().error()) wrong = "something stands behind the value";
  if (wrong != nullptr) return error_set(error, STATUS_REJECT, "not JSON: %s", wrong);
  *root = value;
  return STATUS_OK;
}
