// Output topics as NDJSON files: one file per topic, one line per message, under its name only when complete.
//
// Lines are written to NAME.ndjson.part, flushed with fsync and renamed by writer_finish; a run that stops leaves .part files only. The line is
// the message's value; of a dead letter it is a JSON object with reason, place, source and the raw bytes in base64. A full disk is
// an error that says so. One writer, one thread.
#pragma once

#include <stdint.h>

#include "core/status.h"
#include "screen/outbox.h"

struct writer;
// Makes the folder if needed. Old files of the topics are replaced when the run finishes. Topics that get no message get an empty file.
struct writer *writer_open(const char *folder, struct error *error);
// state topics are not written: the embedded form keeps its dossiers in memory.
enum status writer_put(struct writer *writer, const struct outbox *outbox, struct error *error);
// The raw bytes of the dead letter that comes next are streamed: begin, pieces, end. entry: its headers.
enum status writer_stream_begin(struct writer *writer, const struct outbox *outbox, const struct outbox_entry *entry, struct error *error);
void writer_stream_piece(void *writer, const char *bytes, size_t size);
enum status writer_stream_end(struct writer *writer, struct error *error);
enum status writer_finish(struct writer *writer, struct error *error);
void writer_close(struct writer *writer);    // without finish: the .part files stay
// The topic's file name in the folder: "credit-deductions.ndjson".
const char *writer_file_name(enum topic topic);
