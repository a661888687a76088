// Gives a dossier back what it forgot or never stored, from another one of the same person, made of the same messages under a set that asks
// for more.
//
//   bills      what either has; of each message the newer version, and of the same settlement the one with its lines. Where the dossier lacked
//              the settlement itself, the bill is marked `given`: its findings were told, or were none, before it was forgotten, and their
//              revisions are not known any more
//   known      since the earlier of the two times, where the two overlap
//   findings   those of the dossier alone: they are what was published, with their revisions
//   ruleset    none: so all of it is judged anew, and what is different from what was published is told
//
// Merging twice changes nothing.
#pragma once

#include "dossier/dossier.h"

// Into dossier, from `fuller`; both with everybody awake and in one arena. False when there was nothing to gain.
bool merge(struct dossier *dossier, const struct dossier *fuller);
