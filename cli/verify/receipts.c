// settlewatch verify receipts: prove from the receipts that every record was screened once and that the results are unchanged.
#include "cli/verify/receipts.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/verb.h"

enum { OPTION_FILES = 1000, OPTION_FORMAT, OPTION_DELETED };

struct arguments {
  const char *config, *files;
  bool json, deleted_is_fine;
};

static const struct argp_option options[] = {
    {"config", 'c', "FILE", 0, "Settings of the site: reads its topics", 0},
    {"files", OPTION_FILES, "FOLDER", 0, "Reads the files that `settlewatch screen --out FOLDER` wrote instead", 0},
    {"format", OPTION_FORMAT, "text|json", 0, "How the result is printed (default: text)", 0},
    {"deleted-input", OPTION_DELETED, NULL, 0,
     "Offsets without a record (a transactional producer leaves such) count as proven though their input is deleted by now", 0},
    {0}};

static error_t parse(int key, char *value, struct argp_state *state) {
  struct arguments *arguments = state->input;
  switch (key) {
    case 'c': arguments->config = value; return 0;
    case OPTION_FILES: arguments->files = value; return 0;
    case OPTION_DELETED: arguments->deleted_is_fine = true; return 0;
    case OPTION_FORMAT:
      if (strcmp(value, "json") != 0 && strcmp(value, "text") != 0) argp_error(state, "--format is text or json, not '%s'", value);
      arguments->json = strcmp(value, "json") == 0;
      return 0;
    case ARGP_KEY_ARG: argp_error(state, "'%s' is one argument too many", value); return 0;
    case ARGP_KEY_END:
      if ((arguments->config != NULL) == (arguments->files != NULL)) argp_error(state, "give --config FILE or --files FOLDER");
      return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp argp = {options, parse, "",
                                 "Proves from the receipts that every offset of the input was screened exactly once, by which rule set, that counts "
                                 "add up, and that the results are those that were written: the hash chain is computed again from the output "
                                 "topics. Names each gap and break.\v"
                                 "Reads all topics once; a run may go on meanwhile. docs/receipts.md says what is proven.\n"
                                 "Exit status: 0 unbroken, 1 a gap or break, 65 the files cannot be read, 70 the cluster cannot be asked, 78 bad settings.",
                                 NULL, NULL, NULL};

static int report(const struct findings *findings, const struct arguments *arguments) {
  struct text text = {0};
  const bool fine = arguments->json ? findings_write_json(findings, arguments->deleted_is_fine, &text)
                                    : findings_write_text(findings, cli_chinese() != 0, arguments->deleted_is_fine, &text);
  fwrite(text.data, 1, text.size, stdout);
  text_fini(&text);
  return fine ? CLI_OK : CLI_FOUND;
}

static int verify_cluster(const struct arguments *arguments, struct error *error) {
  struct setup setup;
  int code = CLI_CONFIG;
  if (setup_load(&setup, arguments->config, false)) {
    struct client *client = setup_client(&setup);
    code = CLI_SOFTWARE;
    if (client != NULL) {
      struct findings findings;
      findings_init(&findings, true);
      if (receipts_cluster(&setup, client, &findings, isatty(STDERR_FILENO) != 0, error) == STATUS_OK) code = report(&findings, arguments);
      findings_fini(&findings);
      client_close(client);
    }
  }
  setup_fini(&setup);
  return code;
}

static int run(int argc, char **argv) {
  struct arguments arguments = {0};
  if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0) return CLI_USAGE;
  struct error error = {0};
  int code;
  if (arguments.config != NULL) {
    code = verify_cluster(&arguments, &error);
  } else {
    struct findings findings;
    findings_init(&findings, false);
    code = receipts_files(arguments.files, &findings, &error) == STATUS_OK ? report(&findings, &arguments) : CLI_DATA;
    findings_fini(&findings);
  }
  if (error.status != STATUS_OK) fprintf(stderr, "%s: %s\n", program_invocation_name, error.text);
  return code;
}

const struct cli_verb cli_verify_receipts = {"receipts", "prove that every record was screened once, and the results unchanged", run};
