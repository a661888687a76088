// settlewatch replay FILE... --config FILE: publishes files of settlements.
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/setup.h"
#include "producers/replay/replay.h"

struct arguments {
  const char *config;
  const char *paths[256];
  size_t paths_size;
  unsigned long rate;
  bool quiet;
};

static const struct argp_option options[] = {
    {"config", 'c', "FILE", 0, "Settings of the site", 0},
    {"rate", 'r', "N", 0, "Records per second (default: as fast as it goes)", 0},
    {"quiet", 'q', NULL, 0, "No progress bar", 0},
    {0}};

static error_t parse(int key, char *value, struct argp_state *state) {
  struct arguments *arguments = state->input;
  char *end = NULL;
  switch (key) {
    case 'c': arguments->config = value; return 0;
    case 'q': arguments->quiet = true; return 0;
    case 'r':
      arguments->rate = strtoul(value, &end, 10);
      if (end == value || *end != '\0' || arguments->rate < 1 || arguments->rate > 10000000) argp_error(state, "--rate is 1..10000000, not '%s'", value);
      return 0;
    case ARGP_KEY_ARG:
      if (arguments->paths_size == sizeof arguments->paths / sizeof *arguments->paths) argp_error(state, "more than 256 files");
      arguments->paths[arguments->paths_size++] = value;
      return 0;
    case ARGP_KEY_NO_ARGS: argp_error(state, "a file is needed; '-' is standard input"); return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp argp = {options, parse, "FILE...",
                                 "Publishes settlements from NDJSON files (plain or gzip; - is standard input) to the site's topic, keyed by person.\v"
                                 "With edge.pseudonymise in the settings, psn_no becomes a pseudonym and personal data are emptied on the way.\n"
                                 "Exit status: 0 all sent, 1 some lines were not sent (counted), 65 a file is unreadable, 70 the cluster does not take "
                                 "the records, 78 bad settings.", NULL, NULL, NULL};

static void progress(void *context, uint64_t done, uint64_t total, uint64_t records) {
  (void)context;
  if (total > 0)
    fprintf(stderr, "\r%3u %%  %llu records", (unsigned)(done >= total ? 100 : done * 100 / total), (unsigned long long)records);
  else
    fprintf(stderr, "\r%llu records", (unsigned long long)records);
}

static bool stopping(void *context) { return atomic_load((const atomic_bool *)context); }

static int publish_files(const struct arguments *arguments, struct setup *setup, struct client *client) {
  const struct site *site = setup->site;
  const char *topic = topics_name(&setup->arena, site->kafka.prefix, TOPIC_SETTLEMENTS);
  struct error error = {0};
  unsigned char key[DIGEST_KEY_BYTES];
  atomic_bool *stop = (atomic_bool *)(uintptr_t)setup_stopping();
  struct replay_options replay = {.paths = arguments->paths, .paths_size = arguments->paths_size, .decode = site->engine.decode,
                                  .pseudonym_key = site->edge.pseudonymise ? key : NULL, .rate = arguments->rate, .context = stop,
                                  .progress = arguments->quiet || !isatty(STDERR_FILENO) ? NULL : progress, .stopping = stopping};
  struct replay_result result = {0};
  struct publish *publish = NULL;
  enum status status = site->edge.pseudonymise ? site_edge_key(site, key, &error) : STATUS_OK;
  if (status == STATUS_OK) status = client_partitions(client, topic, &replay.partitions, &error);
  if (status == STATUS_OK && replay.partitions == 0)
    status = error_set(&error, STATUS_FATAL, "there is no topic '%s': make it with `settlewatch topics create`", topic);
  if (status == STATUS_OK) {
    publish = publish_open(client, topic, site->kafka.input_bytes_max, &error);
    status = publish != NULL ? replay_run(publish, &replay, &result, &error) : STATUS_FATAL;
  }
  if (replay.progress != NULL) fputc('\n', stderr);
  printf("%llu records to %s: %llu ticks, %llu without a key; not sent: %llu too large, %llu that cannot be made pseudonymous\n",
         (unsigned long long)result.records, topic, (unsigned long long)result.ticks, (unsigned long long)result.unkeyed,
         (unsigned long long)result.too_large, (unsigned long long)result.refused);
  if (status != STATUS_OK) fprintf(stderr, "%s: %s\n", program_invocation_name, error.text);
  publish_close(publish);
  explicit_bzero(key, sizeof key);
  if (status != STATUS_OK) return status == STATUS_REJECT ? CLI_DATA : CLI_SOFTWARE;
  return result.too_large + result.refused > 0 ? CLI_FOUND : CLI_OK;
}

static int run(int argc, char **argv) {
  struct arguments arguments = {0};
  if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0) return CLI_USAGE;
  struct setup setup;
  int code = CLI_CONFIG;
  if (setup_load(&setup, arguments.config, false)) {
    struct client *client = setup_client(&setup);
    code = client != NULL ? publish_files(&arguments, &setup, client) : CLI_SOFTWARE;
    client_close(client);
  }
  setup_fini(&setup);
  return code;
}

const struct cli_command cli_replay = {"replay", "publish settlements from files", run};
