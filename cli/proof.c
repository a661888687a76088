#include "cli/proof.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "commit.h"
#include "screen/activation.h"
#include "version.h"

// The folder for what can be made again; empty when this account has none.
static void cache_folder(struct text *out) {
  const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
  if (cache != NULL && cache[0] == '/') {
    text_append(out, slice_from(cache));
  } else if (home != NULL && home[0] == '/') {
    text_format(out, "%s/.cache%c", home, '\0');
    mkdir(out->data, 0700);
    out->size--;
  } else {
    return;
  }
  TEXT_LITERAL(out, "/settlewatch");
}

bool proof_of(const struct ruleset *ruleset, const char *folder, struct diagnostics *diagnostics) {
  struct text path = {0};
  if (folder != NULL) text_append(&path, slice_from(folder));
  else cache_folder(&path);
  const bool remembered = path.size > 0;
  if (remembered) {
    text_byte(&path, '\0');
    mkdir(path.data, 0700);    // when it cannot be made, nothing is remembered
    path.size--;
    text_format(&path, "/proven%c", '\0');
  }
  const struct activation_proof proof = {.memory = remembered ? path.data : NULL,
                                         .program = SLICE(SETTLEWATCH_VERSION " " SETTLEWATCH_COMMIT)};
  const bool good = activation_prove(ruleset, &proof, diagnostics);
  text_fini(&path);
  return good;
}
