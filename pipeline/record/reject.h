// Why a message is a dead letter: a closed list with stable names, which stand in the dead letters and in the counters.
//
// Only what cannot be decoded or keyed is rejected (record-fields: dispositions); everything else that is missing or absurd
// is absent, and rules that need it answer bad_data.
#pragma once

#include <stdbool.h>

#include "core/slice.h"

#define REJECT_REASONS(X)                                                                                      \
  X(NONE, "none", "not rejected", \
    "未拒收") \
  X(EMPTY, "empty", "the message has no bytes, or only white space", \
    "消息为空或只有空白") \
  X(TOO_LARGE, "too_large", "longer than record_bytes_max", \
    "超过单条消息上限 record_bytes_max") \
  X(NOT_UTF8, "not_utf8", "not valid UTF-8, or a byte order mark in front", \
    "不是有效的 UTF-8，或带有字节顺序标记") \
  X(NOT_JSON, "not_json", "not one JSON object: truncated, malformed or followed by something else", \
    "不是一个完整的 JSON 对象：截断、格式错误或后有多余内容") \
  X(TOO_DEEP, "too_deep", "nested deeper than record_depth_max", \
    "嵌套深度超过 record_depth_max") \
  X(DUPLICATE_KEY, "duplicate_key", "a key that is read stands twice in one object", \
    "同一对象内读取的字段重复") \
  X(WRONG_TYPE, "wrong_type", "the envelope, a node, an id or an amount has a value of another JSON type", \
    "信封、节点、编号或金额的 JSON 类型不符") \
  X(MISSING_KEY, "missing_key", "a required key of the envelope, of the business id or of a line is absent", \
    "缺少信封、业务号或明细的必填字段") \
  X(BAD_ID, "bad_id", "an id is longer than its limit or holds a control character", \
    "编号过长或含控制字符") \
  X(BAD_VERSION, "bad_version", "ver is not a whole number from 1", \
    "ver 不是从 1 起的整数") \
  X(BAD_TIME, "bad_time", "event_time or recv_time of the envelope is not a time", \
    "信封的 event_time 或 recv_time 不是时间") \
  X(UNKNOWN_TYPE, "unknown_msg_type", "msg_type is not on the list", \
    "msg_type 不在清单内") \
  X(BAD_AMOUNT, "bad_amount", "an amount, price or count that is present is not a number of its scale", \
    "金额、单价或数量不是规定精度的数字") \
  X(TOO_MANY_LINES, "too_many_lines", "more fee lines than record_lines_max", \
    "费用明细行数超过 record_lines_max") \
  X(DUPLICATE_LINE, "duplicate_line", "a feedetl_sn stands twice in one message", \
    "同一消息内 feedetl_sn 重复") \
  X(KEY_MISMATCH, "key_mismatch", "body and envelope, or message key and envelope, name different persons", \
    "消息体与信封（或消息键与信封）的人员不一致") \
  X(CONFLICT, "conflicting_content", "same business id and ver as an accepted message, other content", \
    "业务号与 ver 相同而内容不同") \
  X(DOSSIER_LIMIT, "dossier_limit", "the subject's dossier is at its hard limit", \
    "该人员档案已达硬上限") \
  X(BAD_SEAL, "bad_seal", "a DOSSIER that is damaged, or was not sealed with this site's key", \
    "DOSSIER 消息已损坏，或未用本站密钥封印") \
  X(POISON, "poison", "processing this message ended the program repeatedly", \
    "处理该消息多次导致程序终止")

enum reject {
#define X(name, text, meaning, meaning_zh) REJECT_##name,
  REJECT_REASONS(X)
#undef X
      REJECT_COUNT
};

const char *reject_name(enum reject reject);
const char *reject_meaning(enum reject reject, bool chinese);
