// Lines about the running program on standard error, one write each, so that threads do not mix them.
//
// With a time in front, or, under systemd, with the level as journald reads it. Nothing that is said holds a person's number.
#pragma once

enum journal_level { JOURNAL_ERROR = 3, JOURNAL_WARNING = 4, JOURNAL_INFO = 6, JOURNAL_DEBUG = 7 };

void journal_say(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));
// The shape that stream/kafka/client.h wants.
void journal_listener(void *context, int level, const char *text);
