# Writes OUT (commit.h) when the commit of SOURCE has changed; "-dirty" tells that files differ from it.
find_program(GIT git)
set(commit "")
if(GIT)
  execute_process(COMMAND ${GIT} --no-optional-locks -c safe.directory=${SOURCE} -C ${SOURCE} describe --always --dirty --abbrev=12
                          --exclude=*
                  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT commit)
  set(commit unknown)
endif()
file(CONFIGURE OUTPUT ${OUT} CONTENT "#pragma once\n#define SETTLEWATCH_COMMIT \"${commit}\"\n")
