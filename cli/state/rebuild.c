// settlewatch state rebuild [FILE...] --config FILE: dossiers made anew for rules that ask for more, beside the running group.
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/setup.h"
#include "cli/verb.h"
#include "consumers/rebuild.h"

enum { OPTION_RULES = 1000, OPTION_DRY, OPTION_WAIT };

struct arguments {
  const char *config, *rules;
  const char *paths[256];
  size_t paths_size;
  bool dry_run, wait, quiet;
};

static const struct argp_option options[] = {
    {"config", 'c', "FILE", 0, "Settings of the site", 0},
    {"rules", OPTION_RULES, "PATH", 0, "The rules that ask for more (default: the site's)", 0},
    {"dry-run", OPTION_DRY, NULL, 0, "Counts who would gain, and sends nothing", 0},
    {"wait", OPTION_WAIT, NULL, 0, "Waits until the group has taken all of it", 0},
    {"quiet", 'q', NULL, 0, "No progress", 0},
    {0}};

static error_t parse(int key, char *value, struct argp_state *state) {
  struct arguments *arguments = state->input;
  switch (key) {
    case 'c': arguments->config = value; return 0;
    case 'q': arguments->quiet = true; return 0;
    case OPTION_RULES: arguments->rules = value; return 0;
    case OPTION_DRY: arguments->dry_run = true; return 0;
    case OPTION_WAIT: arguments->wait = true; return 0;
    case ARGP_KEY_ARG:
      if (arguments->paths_size == sizeof arguments->paths / sizeof *arguments->paths) argp_error(state, "more than 256 files");
      arguments->paths[arguments->paths_size++] = value;
      return 0;
    case ARGP_KEY_END:
      if (arguments->dry_run && arguments->wait) argp_error(state, "--dry-run sends nothing that could be waited for");
      return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp argp = {options, parse, "[FILE...]",
                                 "Reads all settlements again under rules that ask for more than the dossiers hold, and gives the running group what they lack: a DOSSIER message "
                                 "for each person who gains by it, on the settlements topic.\v"
                                 "Activate the rules first: until a person's message comes, what they need of the past is insufficient_history, never a finding. "
                                 "The group goes on all the time. FILE: older settlements than the topic still holds, as they stood on it (NDJSON, plain or "
                                 "gzip). The key of run.mac_key_file must be the group's. Running it again is harmless: it gives only what is missing.\n"
                                 "Exit status: 0 done, 65 a file is unreadable, 70 the cluster cannot be asked or the group takes nothing, 78 bad rules or settings.",
                                 NULL, NULL, NULL};

static void progress(void *context, enum rebuild_phase phase, uint64_t done, uint64_t total) {
  static const char *const names[2][REBUILD_PHASES] = {{"reading files", "reading settlements", "comparing", "sending", "the group takes it"},
                                                       {"读取文件", "读取结算", "比对", "发送", "等待消费组"}};
  (void)context;
  const char *name = names[cli_chinese()][phase];
  if (total > 0) fprintf(stderr, "\r\033[K%s %3u %%", name, (unsigned)(done >= total ? 100 : done * 100 / total));
  else fprintf(stderr, "\r\033[K%s %" PRIu64, name, done);
}

static void tell_known(int64_t known_s, bool chinese) {
  struct text text = {0};
  if (known_s == DATE_ABSENT) {
    printf(chinese ? "历史：自第一条结算起完整\n" : "history: complete since the first settlement\n");
  } else if (known_s == INT64_MAX) {
    printf(chinese ? "历史：有分区的结算已全部过期删除\n" : "history: of some partition nothing is left on the topic\n");
  } else {
    date_write_time(&text, known_s);
    printf(chinese ? "历史：自 %.*s 起完整（更早的结算主题已删除）\n" : "history: complete since %.*s: the topic has deleted what was before\n", SLICE_ARG(text_slice(&text)));
  }
  text_fini(&text);
}

static void tell(const struct rebuild_result *result, bool dry_run) {
  const bool chinese = cli_chinese() != 0;
  const uint64_t read = result->from_files + result->from_topic;
  printf(chinese ? "读取 %" PRIu64 " 条（文件 %" PRIu64 "，主题 %" PRIu64 "），其中 %" PRIu64 " 条不可读\n"
                 : "%" PRIu64 " records read: %" PRIu64 " from files, %" PRIu64 " from the topic; %" PRIu64 " not readable\n",
         read, result->from_files, result->from_topic, result->dead);
  tell_known(result->known_s, chinese);
  printf(chinese ? "%" PRIu64 " 人有档案，%" PRIu64 " 人可补全\n" : "%" PRIu64 " persons have a dossier, %" PRIu64 " gain\n", result->persons, result->gaining);
  if (result->too_large > 0)
    printf(chinese ? "%" PRIu64 " 人有单条结算超过消息上限，未发送\n" : "%" PRIu64 " persons have a settlement that fits no message: not sent\n", result->too_large);
  if (!dry_run) printf(chinese ? "已发送 %" PRIu64 " 条 DOSSIER 消息\n" : "%" PRIu64 " DOSSIER messages sent\n", result->messages);
}

static int make_anew(const struct arguments *arguments, struct setup *setup) {
  struct client *client = setup_client(setup);
  if (client == NULL) return CLI_SOFTWARE;
  struct error error = {0};
  struct rebuild_result result;
  const bool shown = !arguments->quiet && isatty(STDERR_FILENO);
  const struct rebuild_options wanted = {.site = setup->site, .ruleset = setup->ruleset, .client = client, .paths = arguments->paths,
                                          .paths_size = arguments->paths_size, .dry_run = arguments->dry_run, .wait = arguments->wait,
                                          .stopping = setup_stopping(), .progress = shown ? progress : NULL};
  const enum status status = rebuild(&wanted, &result, &error);
  if (shown) fputc('\n', stderr);
  if (status == STATUS_OK || status == STATUS_RETRY) tell(&result, arguments->dry_run);
  if (status != STATUS_OK) fprintf(stderr, "%s: %s\n", program_invocation_name, error.text);
  client_close(client);
  return status == STATUS_OK ? CLI_OK : status == STATUS_REJECT ? CLI_DATA : CLI_SOFTWARE;
}

static int run(int argc, char **argv) {
  struct arguments arguments = {0};
  if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0) return CLI_USAGE;
  struct setup setup;
  int code = CLI_CONFIG;
  if (setup_load(&setup, arguments.config, arguments.rules == NULL) && (arguments.rules == NULL || setup_rules(&setup, arguments.rules)))
    code = make_anew(&arguments, &setup);
  setup_fini(&setup);
  return code;
}

const struct cli_verb cli_state_rebuild = {"rebuild", "give dossiers what new rules ask of the past", run};
