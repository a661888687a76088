// What is in a file, plain or gzip: `-` is standard input. zlib is named in the .c only.
//
// A gzip file may have several members, one after the other, and zero bytes behind the last one (RFC 1952 and what gzip(1) takes). Anything
// else behind a member is damage, not the end: a file that lost its middle must not pass for a short one.
// One content, one thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

struct content;
// STATUS_REJECT: it cannot be opened; the error says why, without the path.
enum status content_open(const char *path, struct content **content, struct error *error);
void content_close(struct content *content);    // NULL is none
// Fills `to`; *got is less than size at the end only. STATUS_REJECT: it cannot be read, or is damaged; what came before it is in `to`, *got of it.
enum status content_read(struct content *content, char *to, size_t size, size_t *got, struct error *error);
// Bytes read of the file as it stands on disk.
uint64_t content_taken(const struct content *content);
