// What a failed call means for its caller, and the words for it.
//
// A status answers one question: what next? STATUS_REJECT: this input is at fault, go on with the next one.
// STATUS_RETRY: the world is at fault and may recover, call again. STATUS_FATAL: stop.
// The error belongs to the caller and is the last argument; the first failure writes it, later ones leave it
// alone. Wording is lower case, without a full stop, failure first, the subject quoted, then the mend:
// "'max_gap' must be 0..366, not '400'". A place ("file:12:3: " or "topic[0]@17: ") stands in front.
// Broken promises of our own code are no errors: they are asserted.
#pragma once

#include <stdarg.h>

enum status { STATUS_OK, STATUS_REJECT, STATUS_RETRY, STATUS_FATAL };

struct error {
  enum status status;
  char text[1000];
};

// Writes the error unless it already holds one; error may be NULL. Returns status, so that
// `return error_set(error, STATUS_FATAL, "...")` reads well.
enum status error_set(struct error *error, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
