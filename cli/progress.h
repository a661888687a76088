// A bar on standard error while files are read.
#pragma once

#include <stdint.h>

// As embedded_options wants it: bytes done and in all (0: not known), records so far (0: not told).
void progress_show(void *context, uint64_t done, uint64_t total, uint64_t records);
