# Flags, sanitizers and the options of the build. Everything that compiles our code links settlewatch_flags.
option(SETTLEWATCH_WERROR "Warnings are errors" OFF)
option(SETTLEWATCH_BENCH "Build the benches" ON)
option(SETTLEWATCH_FUZZ "Build the libFuzzer targets (clang)" OFF)
option(SETTLEWATCH_HEADERS "Check that every header compiles alone" OFF)
set(SETTLEWATCH_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize takes them")
include(CTest)

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_library(settlewatch_flags INTERFACE)
target_compile_definitions(settlewatch_flags INTERFACE _GNU_SOURCE)
target_compile_options(settlewatch_flags INTERFACE
  -UNDEBUG -fstack-protector-strong -fno-omit-frame-pointer
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wformat=2 -Wundef -Wvla -Wcast-qual -Wwrite-strings
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes -Wmissing-prototypes>
  $<$<BOOL:${SETTLEWATCH_WERROR}>:-Werror>)
target_include_directories(settlewatch_flags INTERFACE ${PROJECT_SOURCE_DIR}/pipeline ${PROJECT_SOURCE_DIR})
if(SETTLEWATCH_SANITIZE)
  target_compile_options(settlewatch_flags INTERFACE -fsanitize=${SETTLEWATCH_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(settlewatch_flags INTERFACE -fsanitize=${SETTLEWATCH_SANITIZE})
endif()

if(SETTLEWATCH_SANITIZE MATCHES thread)
  # Whatever links librdkafka links this too: its C11 threads become visible to the sanitizer.
  add_library(tsan_threads OBJECT ${PROJECT_SOURCE_DIR}/tests/support/tsan_threads.c)
  target_link_libraries(tsan_threads PRIVATE settlewatch_flags)
endif()

# settlewatch_room(NAME SOURCES a.c b.c USES room_core PkgConfig::x): one folder of the pipeline as a static library.
function(settlewatch_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;USES" ${ARGN})
  add_library(room_${name} STATIC ${ROOM_SOURCES})
  target_link_libraries(room_${name} PUBLIC settlewatch_flags ${ROOM_USES})
endfunction()
