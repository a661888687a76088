// What step.h names and needs no screen for.
#include "screen/step.h"

const struct screen_settings screen_settings_default = {
    .lateness_days = 45,
    .lookback_days = 0,
    .history_from_day = INT32_MIN,
    .longest_stay_days = 180,
    .dossier_bytes_max = 16 << 20,
    .dossier_events_max = 200000,
    .provisional_days = 30,
    .points = {[CLASS_P52] = 10, [CLASS_P53_1] = 10, [CLASS_P53] = 20, [CLASS_P54] = 50, [CLASS_P55] = 80, [CLASS_P56] = 120, [CLASS_P57] = 300},
};

static const char *const disposition_names[DISPOSITION_COUNT] = {"screened", "duplicate", "superseded", "unused", "waiting", "dead"};

const char *disposition_name(enum disposition disposition) { return disposition_names[disposition]; }
