// Publishes the final draw of a month on the topic second-review: once, whole or not at all, however often it is asked for.
//
// One transaction of its own transactional id (GROUP-review), so a second process that closes the same month ends the first one's. What stands on
// the topic is read before anything is sent: the same draw is not sent again, another draw of the same month is refused.
#pragma once

#include "consumers/site.h"
#include "screen/outbox.h"
#include "stream/kafka/client.h"

struct announced { size_t sent, there; };    // messages sent now, and those that stood there already

// outbox: what close_write wrote. STATUS_REJECT: another draw of the month was published before, or there is no such topic.
enum status announce_draw(struct client *client, const struct site *site, int32_t month, const struct outbox *outbox, struct announced *announced,
                          struct error *error);
