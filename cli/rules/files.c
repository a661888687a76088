#include "cli/rules/files.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "config/folder.h"
#include "core/memory.h"

enum { FOLDERS_MAX = 8, AROUND = 3, CELLS_MAX = 64 << 20 };

static void tell(struct diagnostics *diagnostics, const char *path, const char *text) {
  diagnostics_add(diagnostics, SEVERITY_ERROR, 1139, (struct place){path, 0, 0, 1}, SLICE_NONE, "%s", text);
}

struct walk {
  struct arena *arena;
  struct diagnostics *diagnostics;
  bool (*each)(void *context, const char *path);
  void *context;
};

static bool walk_folder(struct walk *walk, const char *folder, unsigned depth) {
  const char *const *names;
  size_t size;
  if (!folder_list(walk->arena, folder, "", &names, &size)) {
    tell(walk->diagnostics, folder, strerror(errno));
    return true;
  }
  for (size_t i = 0; i < size; i++) {
    const char *path = folder_path(walk->arena, folder, names[i], NULL);
    const size_t length = strlen(names[i]);
    struct stat about;
    if (stat(path, &about) != 0) {
      tell(walk->diagnostics, path, strerror(errno));
    } else if (S_ISDIR(about.st_mode)) {
      if (depth == FOLDERS_MAX) tell(walk->diagnostics, path, "folders are nested too deep");
      else if (!walk_folder(walk, path, depth + 1)) return false;
    } else if (length > 5 && strcmp(names[i] + length - 5, ".yaml") == 0 && !walk->each(walk->context, path)) {
      return false;
    }
  }
  return true;
}

bool files_each(const char *path, struct diagnostics *diagnostics, bool (*each)(void *context, const char *path), void *context) {
  struct stat about;
  if (stat(path, &about) != 0) {
    tell(diagnostics, path, strerror(errno));
    return true;
  }
  if (!S_ISDIR(about.st_mode)) return each(context, path);
  struct arena arena;
  arena_init(&arena, 0);
  struct walk walk = {&arena, diagnostics, each, context};
  const bool good = walk_folder(&walk, path, 0);
  arena_fini(&arena);
  return good;
}

// --- Difference ------------------------------------------------------------------------------------------------------------------------

struct lines {
  struct slice *items;
  size_t size;
};

static struct lines split(struct slice text) {
  struct lines lines = {0};
  size_t count = 1;
  for (size_t i = 0; i < text.size; i++) count += text.data[i] == '\n';
  lines.items = memory_take(count * sizeof *lines.items);
  for (size_t at = 0; at < text.size;) {
    const char *end = memchr(text.data + at, '\n', text.size - at);
    const size_t size = end != NULL ? (size_t)(end - text.data) - at : text.size - at;
    lines.items[lines.size++] = (struct slice){text.data + at, size};
    at += size + 1;
  }
  return lines;
}

// One line of the edit: ' ' both have it, '-' only the first, '+' only the second.
struct edit { char sign; size_t a, b; };

// The longest common subsequence by its table; of very large changes everything is taken out and put in.
static size_t compare(const struct lines *a, const struct lines *b, struct edit *edits) {
  size_t first = 0, last = 0, n = 0;
  while (first < a->size && first < b->size && slice_equal(a->items[first], b->items[first])) first++;
  while (last < a->size - first && last < b->size - first &&
         slice_equal(a->items[a->size - 1 - last], b->items[b->size - 1 - last]))
    last++;
  const size_t rows = a->size - first - last, columns = b->size - first - last;
  const bool small = (rows + 1) * (columns + 1) <= CELLS_MAX / sizeof(uint32_t);
  uint32_t *table = memory_take(small ? (rows + 1) * (columns + 1) * sizeof *table : 1);
  for (size_t i = rows; small && i-- > 0;)
    for (size_t j = columns; j-- > 0;) {
      const uint32_t below = table[(i + 1) * (columns + 1) + j], right = table[i * (columns + 1) + j + 1];
      table[i * (columns + 1) + j] = slice_equal(a->items[first + i], b->items[first + j])
                                         ? table[(i + 1) * (columns + 1) + j + 1] + 1
                                         : below > right ? below : right;
    }
  for (size_t i = 0; i < first; i++) edits[n++] = (struct edit){' ', i, i};
  for (size_t i = 0, j = 0; i < rows || j < columns;) {
    const bool same = small && i < rows && j < columns && slice_equal(a->items[first + i], b->items[first + j]);
    const bool out = j == columns || (i < rows && (!small || table[(i + 1) * (columns + 1) + j] >= table[i * (columns + 1) + j + 1]));
    edits[n++] = (struct edit){same ? ' ' : out ? '-' : '+', first + i, first + j};
    i += same || out;
    j += same || !out;
  }
  for (size_t i = 0; i < last; i++) edits[n++] = (struct edit){' ', a->size - last + i, b->size - last + i};
  memory_free(table);
  return n;
}

void files_diff(const char *name, struct slice before, struct slice after, struct text *out) {
  const struct lines a = split(before), b = split(after);
  struct edit *edits = memory_take((a.size + b.size + 1) * sizeof *edits);
  const size_t size = compare(&a, &b, edits);
  text_format(out, "--- %s\n+++ %s\n", name, name);
  for (size_t at = 0; at < size;) {
    size_t begin = at;
    while (begin < size && edits[begin].sign == ' ') begin++;
    if (begin == size) break;
    size_t end = begin, quiet = 0;    // until so many equal lines that the next change is a hunk of its own
    for (size_t i = begin; i < size && quiet <= 2 * AROUND; i++) {
      quiet = edits[i].sign == ' ' ? quiet + 1 : 0;
      if (quiet == 0) end = i + 1;
    }
    begin = begin - at > AROUND ? begin - AROUND : at;
    end = end + AROUND < size ? end + AROUND : size;
    size_t of_a = 0, of_b = 0;
    for (size_t i = begin; i < end; i++) {
      of_a += edits[i].sign != '+';
      of_b += edits[i].sign != '-';
    }
    text_format(out, "@@ -%zu,%zu +%zu,%zu @@\n", edits[begin].a + 1, of_a, edits[begin].b + 1, of_b);
    for (size_t i = begin; i < end; i++) {
      const struct slice line = edits[i].sign == '+' ? b.items[edits[i].b] : a.items[edits[i].a];
      text_format(out, "%c%.*s\n", edits[i].sign, SLICE_ARG(line));
    }
    at = end;
  }
  memory_free(edits);
  memory_free(a.items);
  memory_free(b.items);
}
