// settlewatch generate: a synthetic region's settlements and their answer key, as files, on standard output or to the site's
// topic.
#include "producers/generate/generate.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "cli/cli.h"
#include "cli/setup.h"
#include "core/text.h"
#include "record/date.h"
#include "record/money.h"
#include "stream/kafka/publish.h"

enum {
  OPTION_SEED = 256,
  OPTION_SETTLEMENTS,
  OPTION_DAYS,
  OPTION_OUT,
  OPTION_START,
  OPTION_INSTITUTIONS,
  OPTION_PATIENTS,
  OPTION_VIOLATIONS,
  OPTION_GZIP,
  OPTION_KEY,
  OPTION_TABLES,
  OPTION_NO_TICKS,
  OPTION_NO_TWINS,
  OPTION_ONLY_SETTLEMENTS,
  OPTION_OUTPUT_FILE,
  OPTION_CONFIG
};

struct settings {
  struct generate_options options;
  const char *out, *key, *tables, *output_file, *config;
  bool gzip;
};

static uint64_t number(struct argp_state *state, const char *name, const char *text, uint64_t most) {
  char *end = NULL;
  errno = 0;
  const unsigned long long value = strtoull(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value > most) {
    argp_error(state, "'--%s' must be a whole number up to %llu, not '%s'", name, (unsigned long long)most, text);
  }
  return value;
}

static error_t take(int key, char *text, struct argp_state *state) {
  struct settings *settings = state->input;
  struct generate_options *options = &settings->options;
  int64_t value;
  switch (key) {
    case OPTION_SEED: options->seed = number(state, "seed", text, UINT64_MAX); return 0;
    case OPTION_SETTLEMENTS: options->settlements = number(state, "settlements", text, UINT64_C(4000000000)); return 0;
    case OPTION_DAYS: options->days = (uint32_t)number(state, "days", text, 3660); return 0;
    case OPTION_INSTITUTIONS: options->institutions = (uint32_t)number(state, "institutions", text, 99999); return 0;
    case OPTION_PATIENTS: options->patients = (uint32_t)number(state, "patients", text, 400000000); return 0;
    case OPTION_START:
      if (!date_parse(slice_from(text), &value, NULL))
        argp_error(state, "'--start' must be a date such as 2026-03-01, not '%s'", text);
      options->start_day = date_day(value);
      return 0;
    case OPTION_VIOLATIONS:
      if (!money_parse(slice_from(text), MONEY_RATIO, &value) || value < 0 || value > 2000) {
        argp_error(state, "'--violations' must be 0..0.2 with at most four decimals, not '%s'", text);
      }
      options->violations_e4 = (uint32_t)value;
      return 0;
    case OPTION_OUT: settings->out = text; return 0;
    case OPTION_CONFIG: settings->config = text; return 0;
    case OPTION_KEY: settings->key = text; return 0;
    case OPTION_TABLES: settings->tables = text; return 0;
    case OPTION_OUTPUT_FILE: settings->output_file = text; return 0;
    case OPTION_GZIP: settings->gzip = true; return 0;
    case OPTION_NO_TICKS: options->ticks = false; return 0;
    case OPTION_NO_TWINS: options->twins = false; return 0;
    case OPTION_ONLY_SETTLEMENTS: options->only_settlements = true; return 0;
    case ARGP_KEY_ARG: argp_error(state, "unexpected argument '%s'", text); return EINVAL;
    default: return ARGP_ERR_UNKNOWN;
  }
}

// A file that appears under its name when it is complete, or standard output.
struct output {
  struct text name, part;
  FILE *file;
  gzFile zip;
  struct text buffer;
  uint64_t settlements, in_all;
  bool progress;
};

static bool output_failed(const struct output *output, struct error *error) {
  error_set(error, STATUS_FATAL, "cannot write '%s': %s", output->part.data != NULL ? output->part.data : "standard output",
            strerror(errno));
  return false;
}

// folder NULL: standard output; "": name is a path.
static bool output_open(struct output *output, const char *folder, const char *name, bool gzip, struct error *error) {
  if (folder == NULL) {
    output->file = stdout;
    return true;
  }
  text_format(&output->name, "%s%s%s%s", folder, folder[0] != 0 ? "/" : "", name, gzip ? ".gz" : "");
  text_byte(&output->name, '\0');
  text_format(&output->part, "%s.part", output->name.data);
  text_byte(&output->part, '\0');
  if (gzip) output->zip = gzopen(output->part.data, "wb1");
  else output->file = fopen(output->part.data, "wb");
  return output->zip != NULL || output->file != NULL || output_failed(output, error);
}

static bool output_flush(struct output *output, struct error *error) {
  const size_t size = output->buffer.size;
  if (size == 0) return true;
  const bool good = output->zip != NULL ? gzwrite(output->zip, output->buffer.data, (unsigned)size) == (int)size
                                        : fwrite(output->buffer.data, 1, size, output->file) == size;
  text_clear(&output->buffer);
  return good || output_failed(output, error);
}

static bool output_line(struct output *output, struct slice line, struct error *error) {
  text_append(&output->buffer, line);
  text_byte(&output->buffer, '\n');
  return output->buffer.size < 1u << 20 || output_flush(output, error);
}

// Gives the file its name when `good`, else removes it.
static bool output_close(struct output *output, bool good, struct error *error) {
  good = good && output_flush(output, error);
  if (output->zip != NULL && gzclose(output->zip) != Z_OK) good = good && output_failed(output, error);
  if (output->file != NULL && (output->file == stdout ? fflush(stdout) : fclose(output->file)) != 0)
    good = good && output_failed(output, error);
  if (output->name.data != NULL) {
    if (good && rename(output->part.data, output->name.data) != 0) good = output_failed(output, error);
    if (!good) unlink(output->part.data);
  }
  text_fini(&output->name);
  text_fini(&output->part);
  text_fini(&output->buffer);
  return good;
}

static bool on_message(void *context, const struct generate_message *message, struct error *error) {
  return output_line(context, message->bytes, error);
}

static void on_progress(void *context, uint64_t settlements, uint64_t in_all) {
  const struct output *output = context;
  if (!output->progress) return;
  const int done = in_all == 0 ? 40 : (int)(settlements >= in_all ? 40 : settlements * 40 / in_all);
  fprintf(stderr, "\r[%.*s%.*s] %llu", done, "########################################", 40 - done,
          "........................................", (unsigned long long)settlements);
}

static bool write_whole(const char *folder, const char *name, struct slice bytes, struct error *error) {
  struct output output = {0};
  if (!output_open(&output, folder, name, false, error)) return output_close(&output, false, error);
  text_append(&output.buffer, bytes);
  return output_close(&output, true, error);
}

static bool make_folder(const char *folder, struct error *error) {
  if (mkdir(folder, 0777) == 0 || errno == EEXIST) return true;
  error_set(error, STATUS_FATAL, "cannot make the folder '%s': %s", folder, strerror(errno));
  return false;
}

static bool write_tables(const struct settings *settings, struct error *error) {
  struct text out = {0};
  bool good = make_folder(settings->tables, error);
  for (int n = 0; good && generate_tables[n] != NULL; n++) {
    struct text name = {0};
    text_format(&name, "%s.csv", generate_tables[n]);
    text_byte(&name, '\0');
    text_clear(&out);
    good = generate_table(&settings->options, generate_tables[n], &out) &&
           write_whole(settings->tables, name.data, text_slice(&out), error);
    text_fini(&name);
  }
  text_fini(&out);
  return good;
}

static bool write_settlements(const struct settings *settings, struct generate_counts *counts, struct error *error) {
  struct output output = {.progress = settings->output_file == NULL && isatty(STDERR_FILENO)};
  struct text key = {0};
  const bool standard = settings->output_file != NULL && strcmp(settings->output_file, "-") == 0;
  bool good = standard || make_folder(settings->out, error);
  const char *name = settings->output_file != NULL ? settings->output_file : "settlements.ndjson";
  good = good && output_open(&output, standard ? NULL : settings->out, name, settings->gzip && !standard, error);
  const struct generate_sink sink = {&output, on_message, on_progress};
  const bool with_key = !standard || settings->key != NULL;
  good = good && generate(&settings->options, &sink, with_key ? &key : NULL, counts, error) == STATUS_OK;
  if (output.progress) fputs("\r\033[K", stderr);
  good = output_close(&output, good, error);
  if (good && with_key) {
    const char *path = settings->key != NULL ? settings->key : "answer-key.ndjson";
    const bool plain = settings->key == NULL;
    good = write_whole(plain ? settings->out : "", path, text_slice(&key), error);
  }
  text_fini(&key);
  return good;
}

// What goes to the site's topic: keyed as replay keys it, a TICK to every partition, since time belongs to all.
struct publishing {
  struct publish *publish;
  int32_t partitions;
  uint64_t too_large;
  bool stopped;
};

static bool on_publish(void *context, const struct generate_message *message, struct error *error) {
  struct publishing *publishing = context;
  const bool tick = strcmp(message->msg_type, "TICK") == 0;
  publishing->stopped = atomic_load(setup_stopping());
  if (publishing->stopped) return false;
  for (int32_t partition = tick ? 0 : -1; partition < (tick ? publishing->partitions : 0); partition++) {
    struct error refused = {0};
    const enum status status =
        publish_send(publishing->publish, partition, tick ? SLICE_NONE : message->key, message->bytes, &refused);
    publishing->too_large += status == STATUS_REJECT;
    if (status != STATUS_OK && status != STATUS_REJECT) {
      error_set(error, status, "%s", refused.text);
      return false;
    }
  }
  return true;
}

static bool publish_all(const struct settings *settings, struct setup *setup, struct client *client, struct error *error) {
  const char *topic = topics_name(&setup->arena, setup->site->kafka.prefix, TOPIC_SETTLEMENTS);
  struct publishing publishing = {0};
  struct generate_counts counts = {0};
  struct text key = {0};
  bool good = client_partitions(client, topic, &publishing.partitions, error) == STATUS_OK;
  if (good && publishing.partitions == 0) {
    error_set(error, STATUS_FATAL, "there is no topic '%s': make it with `settlewatch topics create`", topic);
    good = false;
  }
  if (good) publishing.publish = publish_open(client, topic, setup->site->kafka.input_bytes_max, error);
  good = publishing.publish != NULL;
  if (good) {
    const struct generate_sink sink = {&publishing, on_publish, NULL};
    good = generate(&settings->options, &sink, settings->key != NULL ? &key : NULL, &counts, error) == STATUS_OK ||
           publishing.stopped;
    struct error late = {0};
    const enum status flushed = publish_flush(publishing.publish, &late);
    if (good && flushed != STATUS_OK) good = error_set(error, flushed, "%s", late.text) == STATUS_OK;
  }
  if (publishing.publish != NULL) {
    printf("%llu records to %s; not sent: %llu too large%s\n", (unsigned long long)publish_delivered(publishing.publish),
           topic, (unsigned long long)publishing.too_large, publishing.stopped ? "; stopped" : "");
  }
  publish_close(publishing.publish);
  if (good && settings->key != NULL && !publishing.stopped) good = write_whole("", settings->key, text_slice(&key), error);
  text_fini(&key);
  return good;
}

static int run_publish(const struct settings *settings) {
  struct setup setup;
  int code = CLI_CONFIG;
  if (setup_load(&setup, settings->config, false)) {
    struct client *client = setup_client(&setup);
    struct error error = {0};
    code = client != NULL && publish_all(settings, &setup, client, &error) ? CLI_OK : CLI_SOFTWARE;
    if (error.text[0] != 0) fprintf(stderr, "%s: %s\n", program_invocation_name, error.text);
    client_close(client);
  }
  setup_fini(&setup);
  return code;
}

static int run(int argc, char **argv) {
  static const struct argp_option options[] = {
      {"seed", OPTION_SEED, "N", 0, "Seed (default 1); the same options and seed give the same bytes", 0},
      {"settlements", OPTION_SETTLEMENTS, "N", 0, "How many settlements (default: what the patients make in the days)", 0},
      {"days", OPTION_DAYS, "N", 0, "Days of traffic (default 31)", 0},
      {"start", OPTION_START, "DATE", 0, "First day (default 2026-03-01)", 0},
      {"institutions", OPTION_INSTITUTIONS, "N", 0, "Hospitals, clinics and pharmacies (default 24, at least 6)", 0},
      {"patients", OPTION_PATIENTS, "N", 0, "People (default: as many as the settlements need, or 20000)", 0},
      {"violations", OPTION_VIOLATIONS, "RATE", 0,
       "Planted violations per settlement (default 0.005); near misses come with them", 0},
      {"out", OPTION_OUT, "DIR", 0, "Writes DIR/settlements.ndjson and DIR/answer-key.ndjson", 0},
      {"output-file", OPTION_OUTPUT_FILE, "NAME", 0, "Name of the file in DIR; '-' is standard output, then without a key",
       0},
      {"config", OPTION_CONFIG, "FILE", 0, "Publishes to the topic of the site with these settings, instead of files", 0},
      {"gzip", OPTION_GZIP, NULL, 0, "Compresses the settlements", 0},
      {"key", OPTION_KEY, "FILE", 0, "Where the answer key goes", 0},
      {"tables", OPTION_TABLES, "DIR", 0, "Writes the region's knowledge tables; alone it writes nothing else", 0},
      {"no-ticks", OPTION_NO_TICKS, NULL, 0, "No TICK each day", 0},
      {"no-twins", OPTION_NO_TWINS, NULL, 0, "No messages that repeat ids with other content", 0},
      {"only-settlements", OPTION_ONLY_SETTLEMENTS, NULL, 0, "SETL and SETL_CANCEL only", 0},
      {0}};
  static const struct argp argp = {
      .options = options,
      .parser = take,
      .doc =
          "Makes the settlements of a synthetic region, in the order of their arrival, with an answer key.\v"
          "docs/generate.md describes what is planted and the form of the answer key."};
  struct settings settings = {.options = generate_options_default};
  if (argp_parse(&argp, argc, argv, 0, NULL, &settings) != 0) return CLI_USAGE;
  const bool standard = settings.output_file != NULL && strcmp(settings.output_file, "-") == 0;
  const bool settlements = settings.out != NULL || standard;
  if (settings.config != NULL && settlements) {
    fprintf(stderr, "%s: '--config' publishes, so '--out' and '--output-file' cannot stand beside it\n", argv[0]);
    return CLI_USAGE;
  }
  if (!settlements && settings.tables == NULL && settings.config == NULL) {
    fprintf(stderr, "%s: nothing to write: '--out', '--tables', '--config' or '--output-file -' is needed\n", argv[0]);
    return CLI_USAGE;
  }
  struct error error = {0};
  struct generate_counts counts = {0};
  const bool good = (settings.tables == NULL || write_tables(&settings, &error)) &&
                    (!settlements || write_settlements(&settings, &counts, &error));
  if (!good) {
    fprintf(stderr, "%s: %s\n", argv[0], error.text);
    return CLI_SOFTWARE;
  }
  if (settings.config != NULL) return run_publish(&settings);
  if (settlements && !standard) {
    printf("settlements: %llu\nmessages: %llu\nbytes: %llu\nplanted: %llu open, %llu lawful, %llu withdrawn\n",
           (unsigned long long)counts.settlements, (unsigned long long)counts.messages, (unsigned long long)counts.bytes,
           (unsigned long long)counts.cases[0], (unsigned long long)counts.cases[1], (unsigned long long)counts.cases[2]);
  }
  return CLI_OK;
}

const struct cli_command cli_generate = {"generate", "make the settlements of a synthetic region, with an answer key", run};
