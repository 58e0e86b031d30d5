# medarc_library(NAME LIBS …): one static library a folder, from every .cc in it and its subfolders.
# Third-party headers are system headers; which folder may use which library is checked by
# tests/tidy_test.cc.
function(medarc_library name)
  cmake_parse_arguments(ARG "" "" "LIBS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  if(NOT sources)
    file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/empty.cc "")
    set(sources ${CMAKE_CURRENT_BINARY_DIR}/empty.cc)
  endif()
  add_library(medarc_${name} STATIC ${sources})
  target_include_directories(medarc_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(medarc_${name} PUBLIC ${ARG_LIBS} Threads::Threads)
endfunction()

# medarc_test(NAME LABEL … LIBS …): one test binary from tests/NAME/*_test.cc, mirrored folders.
function(medarc_test name)
  cmake_parse_arguments(ARG "" "LABEL" "LIBS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cc)
  if(NOT sources)
    return()
  endif()
  add_executable(${name}_test ${sources})
  target_include_directories(${name}_test PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name}_test PRIVATE ${ARG_LIBS} GTest::gtest GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name}_test)
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABEL}")
endfunction()
