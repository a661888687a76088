#include "core/status.h"

#include <stdio.h>

enum status error_set(struct error *error, enum status status, const char *format, ...) {
  if (error != NULL && error->status == STATUS_OK) {
    error->status = status;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
  }
  return status;
}
