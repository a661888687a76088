// The files of a folder in byte order of their names, so that loading does not depend on the file system.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"

// Names (not paths) of what lies in the folder and ends in suffix, hidden ones left out. False when the folder cannot be read;
// errno says why.
bool folder_list(struct arena *arena, const char *folder, const char *suffix, const char *const **names, size_t *size);
// "folder/name" in the arena; name may be several parts, as in folder_path(arena, folder, "codes/", "med_type", ".yaml", NULL).
const char *folder_path(struct arena *arena, const char *folder, const char *name, ...) __attribute__((sentinel));
