// Which settlements come to rest (dossier/asleep.h): nothing but a message that names one can make anybody look at it again.
//
// It is complete and valid, was judged and is clean, is of no stay and of no visit that others are judged by, and neither a refund row nor an
// open finding names it. Pure.
#pragma once

#include "dossier/dossier.h"
#include "rules/rule.h"

bool rest_can(const struct ruleset *ruleset, const struct dossier *dossier, const struct bill *bill);
