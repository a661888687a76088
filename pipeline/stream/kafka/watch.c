#include "stream/kafka/watch.h"

#include "stream/kafka/handle.h"

enum { ANSWER_MS = 1000, PAUSE_MS = 5000 };

bool watch_look(struct watch *watch, struct client *client, const char *topic, int32_t partition, int64_t known, int silence_s) {
  const int64_t now_ms = handle_now_ms();
  if (watch->since_ms == 0 || known != watch->known) {
    if (watch->told) client_say(client, 6, "%s[%d]: records come again, up to offset %lld", topic, (int)partition, (long long)known);
    *watch = (struct watch){.known = known, .since_ms = now_ms, .asked_ms = now_ms};
    return false;
  }
  if (watch->told || now_ms - watch->since_ms < (int64_t)silence_s * 1000 || now_ms - watch->asked_ms < PAUSE_MS) return false;
  watch->asked_ms = now_ms;
  int64_t first, end;
  struct error no_answer = {0};    // the library tells of brokers that are away
  if (client_range_once(client, topic, partition, &first, &end, ANSWER_MS, &no_answer) != STATUS_OK || end <= known) return true;
  watch->told = true;
  client_say(client, 4, "%s[%d]: records wait from offset %lld to %lld, and none has come for %lld s: a sender's transaction is open, or reading stands still",
             topic, (int)partition, (long long)known, (long long)end - 1, (long long)(now_ms - watch->since_ms) / 1000);
  return true;
}
