# version.h: what `settlewatch --version` says. The commit is looked up at every build (cmake/commit.cmake), the libraries are
# those that were found; a row each, "name version".
set(libraries "")
foreach(row librdkafka:RDKAFKA hiredis:HIREDIS libyaml:YAML zlib:ZLIB simdjson:SIMDJSON libsodium:SODIUM xxHash:XXHASH libcsv:CSV)
  string(REPLACE ":" ";" row ${row})
  list(GET row 0 label)
  list(GET row 1 prefix)
  string(APPEND libraries " \\\n  LIBRARY(\"${label}\", \"${${prefix}_VERSION}\")")
endforeach()
if(SETTLEWATCH_SANITIZE)
  set(flavour "${CMAKE_BUILD_TYPE}, ${SETTLEWATCH_SANITIZE} sanitizers")
else()
  set(flavour "${CMAKE_BUILD_TYPE}")
endif()
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/version.h CONTENT
"#pragma once
#define SETTLEWATCH_VERSION \"${PROJECT_VERSION}\"
#define SETTLEWATCH_BUILD \"${flavour}, ${CMAKE_C_COMPILER_ID} ${CMAKE_C_COMPILER_VERSION}\"
#define SETTLEWATCH_LIBRARIES(LIBRARY)${libraries}
")
add_custom_target(settlewatch_commit BYPRODUCTS ${PROJECT_BINARY_DIR}/generated/commit.h
  COMMAND ${CMAKE_COMMAND} -DSOURCE=${PROJECT_SOURCE_DIR} -DOUT=${PROJECT_BINARY_DIR}/generated/commit.h
          -P ${PROJECT_SOURCE_DIR}/cmake/commit.cmake
  COMMENT "")
