// The words of the records in a rule's tests, as typed rows: the loader and screen/script.c check with them, editors complete and explain by them, and
// `rules fmt` puts them into their order. OWN definitions: the symbols of a code table by its file,
// fee, and fee_or_none, med_type_or_none, time_or_none.
#pragma once

#include "config/form.h"

// One record of `given`: exactly one of its keys.
extern const struct form words_record;
extern const struct form words_settle, words_line, words_list, words_fee, words_cancel;
