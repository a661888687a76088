# Every header compiles alone: one generated line of C per header. Nothing is included before it, so a header that leans on its
# neighbours fails here.
file(GLOB_RECURSE headers RELATIVE ${PROJECT_SOURCE_DIR} CONFIGURE_DEPENDS
     ${PROJECT_SOURCE_DIR}/pipeline/*.h ${PROJECT_SOURCE_DIR}/consumers/*.h ${PROJECT_SOURCE_DIR}/producers/*.h
     ${PROJECT_SOURCE_DIR}/cli/*.h)
set(alone "")
foreach(header ${headers})
  string(MAKE_C_IDENTIFIER ${header} name)
  set(source ${PROJECT_BINARY_DIR}/generated/headers/${name}.c)
  file(CONFIGURE OUTPUT ${source} CONTENT "#include \"${header}\"\n")
  list(APPEND alone ${source})
endforeach()
add_library(headers_compile_alone OBJECT ${alone})
target_link_libraries(headers_compile_alone PRIVATE settlewatch_flags)
