#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "core/digest.h"

// One row per noun; a row appears when its file does.
static const struct cli_command *const commands[] = {
};
