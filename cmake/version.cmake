# version.h: what `settlewatch --version` says. The commit is read at configure time.
execute_process(COMMAND git -C ${PROJECT_SOURCE_DIR} rev-parse --short=12 HEAD
                OUTPUT_VARIABLE SETTLEWATCH_COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT SETTLEWATCH_COMMIT)
  set(SETTLEWATCH_COMMIT unknown)
endif()
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/version.h CONTENT
"#pragma once
#define SETTLEWATCH_VERSION \"${PROJECT_VERSION}\"
#define SETTLEWATCH_COMMIT \"${SETTLEWATCH_COMMIT}\"
")
