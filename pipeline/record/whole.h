// Whether what was read of a message is all that its type needs, and the event made of it. Once per message; compiled once.
#pragma once

#include "record/careful.h"

// The array with room for `need` elements at least.
void *whole_grow(void *array, size_t *room, size_t need, size_t element);
// A set of texts; clear makes room for that many.
void whole_set_clear(struct walk *w, size_t members);
bool whole_set_add(struct walk *w, struct slice text);    // true when the text was not in the set yet

// The envelope's keys that the type needs.
bool whole_envelope(struct walk *w);
// The business ids that the type needs, one person throughout, and each line once.
bool whole_keys(struct walk *w);
// What was decoded to the draft becomes the event: the stay of mdtrtinfo, where it is silent that of setlinfo; arrays.
void whole_event(struct walk *w, struct event *out);
