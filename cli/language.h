// The language of the messages for people: Chinese or English. Chosen once by main, before any noun runs.
#pragma once

#include <stdbool.h>

#include "core/slice.h"

// "zh" or "en"; false for anything else.
bool language_choose(struct slice name);
// Takes `--lang zh`, `--lang=en` out of argv wherever they stand before a `--`, and chooses. False, with a message on
// standard error, when the language is missing or unknown.
bool language_take(int *argc, char **argv);
