// A rule set as it was known on a day: "as known then", beside "as known now".
//
// The service date chooses among versions, rows and exemptions by `effective`; the day something was recorded chooses which of them were there to be
// chosen from. What says `recorded_on: DATE` was not known before that day, the day itself included; what does not say it always was.
//
//   rule version    taken out; the version of its id that ends the day before it begins runs on to the end it had, as before anybody knew better
//   exemption       taken out of its rule
//   override        not applied (overlay.h)
//   table, row      not read (knowledge/table.h); so a file of changes changes nothing
//
// Everything is read and checked first: an error of a rule that was not known yet is an error all the same.
#pragma once

#include "rules/rule.h"

// The day of those who know everything that is in the files.
#define KNOWN_NOW INT32_MAX

// Takes out of rules (sorted by id and version, all read without errors) what was not known on the day; the number that is left.
size_t known_rules(const struct rule **rules, size_t size, int32_t day);
