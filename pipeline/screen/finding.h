// A finding's identity, its fingerprint, and the messages that tell of its changes.
//
// deduction_id = BLAKE2b-128 over length-prefixed texts: "sw-ded-v1", rule id, rule version, subject kind, subject, then the identity ids,
// sorted (decisions 1). The same facts give the same id on every replay. The fingerprint covers everything a person would see except the
// money, which stands beside it; when neither changed there is no message.
#pragma once

#include "dossier/dossier.h"
#include "screen/ledger.h"
#include "screen/step.h"

void finding_id(const struct rule *rule, struct slice psn_no, const struct slice *setl_ids, uint32_t setl_ids_size, unsigned char id[16]);
uint64_t finding_fingerprint(const struct hit *hit, const struct judge_input *input, struct text *scratch);

// The message that caused the change, for detect_time, source and keys.
struct finding_cause {
  const struct ruleset *ruleset;
  const struct event *event;
  struct slice psn_no;
  const char *const *names;    // topics by source.topic
  size_t names_size;
  const int64_t *points;       // tenths of a point by agreement class
  struct text *value, *scratch;    // reused from message to message
};

// proposed: to credit-deductions (violation, suspicious) and inspector-cases, or to shadow-findings alone.
void finding_propose(struct outbox *outbox, const struct hit *hit, const struct finding *finding, const struct judge_input *input,
                     const struct finding_cause *cause);
// withdrawn: the facts are gone. finding holds what is known of it; its amounts are those it had.
void finding_withdraw(struct outbox *outbox, const struct finding *finding, const struct finding_cause *cause);
