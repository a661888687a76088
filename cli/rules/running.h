// The statistics that running processes leave in their state folder (consumers/tally.h), added up.
#pragma once

#include <stdbool.h>

// Exit code: CLI_OK, CLI_CONFIG for settings or a folder that cannot be read, CLI_DATA when nothing is there.
int running_stats(const char *config, bool json);
