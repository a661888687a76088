// Where `verify receipts` reads: the topics of a site, or a folder of files that the embedded form wrote.
#pragma once

#include "cli/setup.h"
#include "cli/verify/findings.h"

// progress: a line about it on standard error. STATUS_OK: read to the end; what was found is in findings.
enum status receipts_cluster(struct setup *setup, struct client *client, struct findings *findings, bool progress, struct error *error);
enum status receipts_files(const char *folder, struct findings *findings, struct error *error);
