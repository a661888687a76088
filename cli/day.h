// Days among a command's options.
#pragma once

#include <argp.h>
#include <stdint.h>

// The day, counted as in core/civil.h; an error of usage when value is none. option: without its hyphens.
int32_t day_option(struct argp_state *state, const char *option, const char *value);
