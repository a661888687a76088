// What must come out, by a plain batch evaluation: all messages of a person at once, nothing remembered between them.
//
//   messages in the order of their offsets -> the latest version of each -> what is neither cancelled nor undone nor incomplete
//     -> visits -> every rule on every visit -> whose money -> findings
//
// Shared with the program: the decoder, the making of visits out of bills (dossier/history.h), the judge with its index, the sharing of
// money (screen/ledger.h), the id of a finding. Not shared, because it is what the simulation is about: the step (screen/step.c, apply.c)
// with its rules of what is judged again when, dossiers as bytes, store, state, engine, worker, receipts; nor does anything here know of
// transactions, partitions' owners or repetitions.
//
// When the rule set changes on the way, what the rules of the old set found stays open (nobody may withdraw it), and what the new set
// knows is as the new set says; each message was screened by the set that its receipt names.
#pragma once

#include "rules/rule.h"
#include "stream/memory/broker.h"

struct oracle_finding {
  unsigned char id[16];
  const struct rule *rule;
  struct slice psn_no, band;
  int32_t partition;
  int64_t vola_fen, fund_fen;
  bool provisional;
};

struct oracle_bill {
  struct slice psn_no, setl_id;
  int32_t partition;
  int64_t ver;            // of the settlement; 0: not there yet
  bool cancelled, live;
};

struct oracle_dead { int32_t partition; int64_t offset; };

struct oracle;
struct oracle *oracle_create(int64_t provisional_days);
void oracle_destroy(struct oracle *oracle);
// Evaluates everything that a read_committed reader finds in the broker's input. set_of: the rule set by which an offset was screened.
void oracle_run(struct oracle *oracle, const struct broker *broker,
                const struct ruleset *(*set_of)(void *context, int32_t partition, int64_t offset), void *context);
const struct oracle_finding *oracle_findings(const struct oracle *oracle, size_t *size);
const struct oracle_bill *oracle_bills(const struct oracle *oracle, size_t *size);
const struct oracle_dead *oracle_dead(const struct oracle *oracle, size_t *size);    // input messages that are dead letters
// How many messages were twice the same, and of an older version, than what was there.
void oracle_repeated(const struct oracle *oracle, uint64_t *duplicate, uint64_t *superseded);
